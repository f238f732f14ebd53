//! Rules across entries: nothing twice, no reference into nothing, nothing that a set could not
//! dial.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use model::{CallerIdScheme, Clip, EntryId, Number};

use crate::{
    config::Config, entries::LineCallerId, problem::Fault, read::Report, secret::SecretId,
};

/// Everything that needs more than one entry to be seen.
pub(crate) fn entries(config: &Config, report: &mut Report) {
    extensions(config, report);
    names(config, report);
    ports_and_numbers(config, report);
    codes(config, report);
    music(config, report);
    pins(config, report);
    flashes(config, report);
    references(config, report);
    answers(config, report);
    sockets(config, report);
}

/// Every reference must be to a secret of the store.
pub(crate) fn secrets(known: &BTreeSet<SecretId>, report: &mut Report) {
    let unknown: Vec<_> = report
        .secrets()
        .iter()
        .filter(|(_, id)| !known.contains(id))
        .cloned()
        .collect();
    for (key, id) in unknown {
        report.add_at(&key, Fault::Secret, vec![("value", id.to_string())]);
    }
}

/// Things that may be there once, with the key that has each.
#[derive(Default)]
struct Unique(BTreeMap<String, String>);

impl Unique {
    fn add(&mut self, value: &str, key: String, report: &mut Report) {
        let Some(other) = self.0.get(value) else {
            self.0.insert(value.into(), key);
            return;
        };
        taken(value, &key, other, report);
    }
}

/// `value` at `key` is what stands at `other` already.
fn taken(value: &str, key: &str, other: &str, report: &mut Report) {
    let params = vec![
        ("value", value.to_owned()),
        ("other", other.to_owned()),
        ("line", report.place(other).to_string()),
    ];
    report.add_at(key, Fault::Duplicate, params);
}

fn key_of(report: &Report, id: &EntryId, key: &str) -> String {
    format!("{}.{key}", report.entry_path(id).unwrap_or_default())
}

/// Every number that is dialled inside, with the entry and the key that has it.
pub(crate) fn inside_numbers(
    config: &Config,
) -> impl Iterator<Item = (&Number, &EntryId, &'static str)> {
    let people = config
        .people
        .iter()
        .map(|p| (p.extension.as_ref(), &p.id, "extension"));
    let devices = config
        .devices
        .iter()
        .map(|d| (d.extension.as_ref(), &d.id, "extension"));
    let analog = config
        .analog
        .iter()
        .map(|a| (a.extension.as_ref(), &a.id, "extension"));
    let conferences = config
        .conferences
        .iter()
        .map(|c| (Some(&c.number), &c.id, "number"));
    let all = people.chain(devices).chain(analog).chain(conferences);
    all.filter_map(|(number, id, key)| Some((number?, id, key)))
}

fn extensions(config: &Config, report: &mut Report) {
    let mut unique = Unique::default();
    for (number, id, key) in inside_numbers(config) {
        let key = key_of(report, id, key);
        if config
            .country
            .emergency
            .iter()
            .any(|e| e == number.as_str())
        {
            report.add_at(&key, Fault::Emergency, vec![("value", number.to_string())]);
        }
        unique.add(number.as_str(), key, report);
    }
}

/// Logins of people, and names with which phones register. Both can be dialled as names, so neither
/// is anybody else's extension. One that is the entry's own extension is unique with it.
fn names(config: &Config, report: &mut Report) {
    let owners: BTreeMap<&str, (&EntryId, &str)> = inside_numbers(config)
        .map(|(number, id, key)| (number.as_str(), (id, key)))
        .collect();
    let people = config.people.iter().map(|p| (&p.login, "login", &p.id));
    let devices = config
        .devices
        .iter()
        .map(|d| (&d.sip_user, "sip_user", &d.id));
    let mut unique = [Unique::default(), Unique::default()];
    for (name, key, id) in people.chain(devices) {
        let at = key_of(report, id, key);
        match owners.get(name.as_str()) {
            Some((owner, _)) if *owner == id => {}
            Some((owner, number)) => taken(name, &at, &key_of(report, owner, number), report),
            None => unique[usize::from(key == "sip_user")].add(name, at, report),
        }
    }
}

fn ports_and_numbers(config: &Config, report: &mut Report) {
    let mut ports = Unique::default();
    for analog in &config.analog {
        ports.add(&analog.port, key_of(report, &analog.id, "port"), report);
    }
    for line in &config.lines {
        ports.add(&line.port, key_of(report, &line.id, "port"), report);
    }
    let mut numbers = Unique::default();
    for number in &config.numbers {
        numbers.add(
            number.number.as_str(),
            key_of(report, &number.id, "number"),
            report,
        );
    }
}

/// What people hear who wait must be there.
fn music(config: &Config, report: &mut Report) {
    let wanted = config.office.music.as_ref();
    if let Some(id) = wanted
        && !(config.music_on_hold().is_some() && report.is_written(id))
    {
        let params = vec![("kind", "music".to_owned()), ("value", id.to_string())];
        report.add_at("office.music", Fault::Reference, params);
    }
    sounds_differ(config, report);
}

/// A sound is played under a number made from its content: two contents must not share one.
fn sounds_differ(config: &Config, report: &mut Report) {
    let music = config.music.iter();
    let music = music.map(|one| (one.clip(), &one.id, &one.source));
    let prompts = config.prompts.iter();
    let prompts = prompts.map(|one| (one.clip(), &one.id, &one.source));
    let mut clips: BTreeMap<Clip, &EntryId> = BTreeMap::new();
    for (clip, id, source) in music.chain(prompts) {
        let Some(other) = clips.get(&clip) else {
            clips.insert(clip, id);
            continue;
        };
        let key = key_of(report, id, "source");
        taken(source, &key, &key_of(report, other, "source"), report);
    }
}

/// Who dials the PIN of everybody is no moderator.
fn pins(config: &Config, report: &mut Report) {
    for conference in &config.conferences {
        if conference.pin.is_some() && conference.pin == conference.moderator_pin {
            let key = key_of(report, &conference.id, "moderator_pin");
            taken("…", &key, &key_of(report, &conference.id, "pin"), report);
        }
    }
}

/// A flash is shorter than a hang-up and longer than nothing.
fn flashes(config: &Config, report: &mut Report) {
    for analog in &config.analog {
        let (least, most) = analog.flash_ms(&config.country);
        if least < most {
            continue;
        }
        let params = vec![
            ("value", most.to_string()),
            ("min", (least + 1).to_string()),
            ("max", "1500".to_owned()),
        ];
        let key = key_of(report, &analog.id, "flash_max_ms");
        report.add_at(&key, Fault::Range, params);
    }
}

/// A set sends digit after digit: a code that begins like a number, or the other way round, could
/// not be told from it. An extension that begins like another is fine: the digit timeout decides.
fn codes(config: &Config, report: &mut Report) {
    let outside = config.codes.outside.iter();
    let outside = outside.map(|number| ("codes.outside".to_owned(), number.clone()));
    let codes: Vec<_> = config
        .codes
        .iter()
        .map(|(code, number)| (format!("codes.{}", code.key()), number.clone()))
        .chain(outside)
        .collect();
    for (at, (key, number)) in codes.iter().enumerate() {
        for (other_key, other) in &codes[..at] {
            overlap(key, number, other_key, other, report);
        }
    }
    for (number, id, number_key) in inside_numbers(config) {
        for (key, code) in &codes {
            let entry = key_of(report, id, number_key);
            overlap(&entry, number, key, code, report);
        }
    }
}

fn overlap(key: &str, number: &Number, other: &str, other_number: &Number, report: &mut Report) {
    let (a, b) = (number.as_str(), other_number.as_str());
    if a.starts_with(b) || b.starts_with(a) {
        let params = vec![
            ("value", a.to_owned()),
            ("other", other.to_owned()),
            ("other_value", b.to_owned()),
            ("line", report.place(other).to_string()),
        ];
        report.add_at(key, Fault::Overlap, params);
    }
}

fn references(config: &Config, report: &mut Report) {
    let mut check = |from: &EntryId, key: &str, to: &Option<EntryId>, kind: &str, found: bool| {
        if let Some(to) = to
            && !(found && report.is_written(to))
        {
            let params = vec![("kind", kind.to_owned()), ("value", to.to_string())];
            let key = key_of(report, from, key);
            report.add_at(&key, Fault::Reference, params);
        }
    };
    for conference in &config.conferences {
        let (id, greeting) = (&conference.id, &conference.greeting);
        let found = config.greeting(conference).is_some();
        check(id, "greeting", greeting, "prompt", found);
    }
    for device in &config.devices {
        let found = device
            .person
            .as_ref()
            .is_none_or(|id| config.person(id).is_some());
        check(&device.id, "person", &device.person, "person", found);
    }
    for number in &config.numbers {
        let trunk = number
            .trunk
            .as_ref()
            .is_none_or(|id| config.trunks.iter().any(|t| t.id == *id));
        check(&number.id, "trunk", &number.trunk, "trunk", trunk);
        let schedule = number
            .schedule
            .as_ref()
            .is_none_or(|id| config.schedules.iter().any(|s| s.id == *id));
        check(
            &number.id,
            "schedule",
            &number.schedule,
            "schedule",
            schedule,
        );
        let answer = number
            .answer
            .as_ref()
            .is_none_or(|id| config.number_of(id).is_some());
        check(
            &number.id,
            "answer",
            &number.answer,
            "person, device, analog set or conference with a number",
            answer,
        );
    }
}

/// Who is called when a line rings.
fn answers(config: &Config, report: &mut Report) {
    for line in &config.lines {
        let onward = line.to.as_ref();
        if let Some(to) = onward.filter(|to| config.country.emergency.contains(to)) {
            let key = key_of(report, &line.id, "to");
            report.add_at(&key, Fault::Emergency, vec![("value", to.clone())]);
        }
        let aon = line.caller_id == LineCallerId::Aon;
        if aon && !config.country.caller_id.contains(&CallerIdScheme::Aon) {
            let key = key_of(report, &line.id, "caller_id");
            let params = vec![
                ("country", config.office.country.to_string()),
                ("value", "aon".into()),
            ];
            report.add_at(&key, Fault::CallerId, params);
        }
        let Some(answer) = &line.answer else { continue };
        if config.number_of(answer).is_none() || !report.is_written(answer) {
            let kind = "person, device, analog set or conference with a number".to_owned();
            let params = vec![("kind", kind), ("value", answer.to_string())];
            let key = key_of(report, &line.id, "answer");
            report.add_at(&key, Fault::Reference, params);
        }
    }
}

/// Two sockets of one kind cannot share an address, and voice needs its ports for itself.
fn sockets(config: &Config, report: &mut Report) {
    let network = &config.network;
    let mut tcp: Vec<(SocketAddr, &str)> = Vec::new();
    let mut udp: Vec<(SocketAddr, &str)> = Vec::new();
    tcp.extend(network.sip_tcp.iter().map(|a| (*a, "network.sip_tcp")));
    tcp.extend(network.sip_tls.iter().map(|a| (*a, "network.sip_tls")));
    tcp.extend(network.panel_http.map(|a| (a, "network.panel_http")));
    tcp.extend(network.panel_https.map(|a| (a, "network.panel_https")));
    udp.extend(network.sip_udp.iter().map(|a| (*a, "network.sip_udp")));
    for list in [&tcp, &udp] {
        for (at, (address, key)) in list.iter().enumerate() {
            let taken = list[..at]
                .iter()
                .find(|(other, _)| same_socket(*address, *other));
            if let Some((_, other)) = taken {
                let line = report.place(other).to_string();
                let params = vec![
                    ("value", address.to_string()),
                    ("other", (*other).into()),
                    ("line", line),
                ];
                report.add_at(key, Fault::AddressTaken, params);
            }
        }
    }
    for (address, key) in udp {
        if network.rtp_ports.contains(address.port()) {
            let line = report.place(key).to_string();
            let params = vec![
                ("port", address.port().to_string()),
                ("other", key.into()),
                ("line", line),
            ];
            report.add_at("network.rtp_ports", Fault::PortsOverlap, params);
        }
    }
}

/// Whether binding one address takes the other: the same port of the same or of every address.
#[must_use]
pub fn same_socket(a: SocketAddr, b: SocketAddr) -> bool {
    let any = a.ip().is_unspecified() || b.ip().is_unspecified();
    a.port() == b.port() && a.port() != 0 && a.is_ipv4() == b.is_ipv4() && (any || a.ip() == b.ip())
}

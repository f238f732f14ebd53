//! Who has this number, this name, this id: the questions of routing.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use model::{EntryId, Number};

use crate::{
    codes::Code,
    config::Config,
    entries::{Analog, Conference, Device, Line, Music, Person, Prompt},
    media_section::Media,
    secret::SecretId,
};

/// What answers a dialled number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answerer<'c> {
    /// A person: all their phones.
    Person(&'c Person),
    /// A phone that is nobody's.
    Device(&'c Device),
    /// The set on a port.
    Analog(&'c Analog),
    /// A conference.
    Conference(&'c Conference),
    /// A dial code, with the number dialled after it where the code takes one.
    Code {
        /// Which code.
        code: Code,
        /// What was dialled after it.
        rest: Option<Number>,
    },
    /// The public network.
    Outside {
        /// The digits to be dialled there.
        number: String,
        /// It is an emergency number of the country.
        emergency: bool,
    },
}

/// Who registers and calls under a SIP user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SipOwner<'c> {
    /// A person, under their extension.
    Person(&'c Person),
    /// A further phone.
    Device(&'c Device),
}

impl<'c> SipOwner<'c> {
    /// The entry that owns the registration.
    #[must_use]
    pub const fn id(&self) -> &'c EntryId {
        match self {
            Self::Person(person) => &person.id,
            Self::Device(device) => &device.id,
        }
    }

    /// The secret that holds the password; without one nobody can register.
    #[must_use]
    pub const fn secret(&self) -> Option<&'c SecretId> {
        match self {
            Self::Person(person) => person.sip_password.as_ref(),
            Self::Device(device) => device.sip_password.as_ref(),
        }
    }
}

/// What the digits dialled so far are, and what they can still become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match<'c> {
    /// Who answers if dialling ends here.
    pub exact: Option<Answerer<'c>>,
    /// Whether more digits can lead to another number.
    pub longer: bool,
}

/// Positions in the lists of [`Config`] by number, name and id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Directory {
    numbers: BTreeMap<String, Slot>,
    sip_users: BTreeMap<String, Slot>,
    logins: BTreeMap<String, usize>,
    ids: BTreeMap<EntryId, Slot>,
    /// Digits of the longest extension or number of a conference.
    inside_digits_max: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Person(usize),
    Device(usize),
    Analog(usize),
    Conference(usize),
    Line(usize),
    Code(Code),
}

impl Directory {
    pub(crate) fn new(config: &Config) -> Self {
        let mut out = Self::default();
        for (at, person) in config.people.iter().enumerate() {
            out.add(&person.id, person.extension.as_ref(), Slot::Person(at));
            out.logins.entry(person.login.clone()).or_insert(at);
            if let Some(extension) = &person.extension {
                out.sip_users
                    .entry(extension.as_str().into())
                    .or_insert(Slot::Person(at));
            }
        }
        for (at, device) in config.devices.iter().enumerate() {
            out.add(&device.id, device.extension.as_ref(), Slot::Device(at));
            out.sip_users
                .entry(device.sip_user.clone())
                .or_insert(Slot::Device(at));
        }
        for (at, analog) in config.analog.iter().enumerate() {
            out.add(&analog.id, analog.extension.as_ref(), Slot::Analog(at));
        }
        for (at, conference) in config.conferences.iter().enumerate() {
            out.add(
                &conference.id,
                Some(&conference.number),
                Slot::Conference(at),
            );
        }
        for (at, line) in config.lines.iter().enumerate() {
            out.add(&line.id, None, Slot::Line(at));
        }
        out.inside_digits_max = out.numbers.keys().map(String::len).max().unwrap_or(0);
        for (code, number) in config.codes.iter() {
            out.numbers
                .entry(number.as_str().into())
                .or_insert(Slot::Code(code));
        }
        out
    }

    fn add(&mut self, id: &EntryId, number: Option<&Number>, slot: Slot) {
        self.ids.insert(id.clone(), slot);
        if let Some(number) = number {
            self.numbers.entry(number.as_str().into()).or_insert(slot);
        }
    }

    /// Whether a number longer than `digits` begins with it.
    fn has_longer(&self, digits: &str) -> bool {
        let after = (Bound::Excluded(digits), Bound::Unbounded);
        let next = self.numbers.range::<str, _>(after).next();
        next.is_some_and(|(number, _)| number.starts_with(digits))
    }
}

impl Config {
    /// The person with this id.
    #[must_use]
    pub fn person(&self, id: &EntryId) -> Option<&Person> {
        match self.directory.ids.get(id)? {
            Slot::Person(at) => self.people.get(*at),
            _ => None,
        }
    }

    /// The device with this id.
    #[must_use]
    pub fn device(&self, id: &EntryId) -> Option<&Device> {
        match self.directory.ids.get(id)? {
            Slot::Device(at) => self.devices.get(*at),
            _ => None,
        }
    }

    /// How voice travels to and from whoever registers as this person or device; as in `[media]` for
    /// everybody else.
    #[must_use]
    pub fn media_of(&self, id: &EntryId) -> Media {
        if let Some(person) = self.person(id) {
            return Media {
                codecs: person.codecs.clone(),
                encryption: person.media_encryption,
                dtmf: person.dtmf,
                auto_level: person.auto_level,
                denoise: person.denoise,
                comfort_noise: person.comfort_noise,
                threads: self.media.threads,
            };
        }
        match self.device(id) {
            Some(device) => Media {
                codecs: device.codecs.clone(),
                encryption: device.media_encryption,
                dtmf: device.dtmf,
                auto_level: device.auto_level,
                denoise: device.denoise,
                comfort_noise: device.comfort_noise,
                threads: self.media.threads,
            },
            None => self.media.clone(),
        }
    }

    /// The analog set with this id.
    #[must_use]
    pub fn analog_set(&self, id: &EntryId) -> Option<&Analog> {
        match self.directory.ids.get(id)? {
            Slot::Analog(at) => self.analog.get(*at),
            _ => None,
        }
    }

    /// The analog set on the port of this name.
    #[must_use]
    pub fn analog_on(&self, port: &str) -> Option<&Analog> {
        self.analog.iter().find(|analog| analog.port == port)
    }

    /// The conference with this id.
    #[must_use]
    pub fn conference(&self, id: &EntryId) -> Option<&Conference> {
        match self.directory.ids.get(id)? {
            Slot::Conference(at) => self.conferences.get(*at),
            _ => None,
        }
    }

    /// The music that people hear who wait; `None`: that of the exchange's own.
    #[must_use]
    pub fn music_on_hold(&self) -> Option<&Music> {
        let id = self.office.music.as_ref()?;
        self.music.iter().find(|music| music.id == *id)
    }

    /// The prompt with this id.
    #[must_use]
    pub fn prompt(&self, id: &EntryId) -> Option<&Prompt> {
        self.prompts.iter().find(|prompt| prompt.id == *id)
    }

    /// What everybody hears before entering the conference.
    #[must_use]
    pub fn greeting(&self, conference: &Conference) -> Option<&Prompt> {
        self.prompt(conference.greeting.as_ref()?)
    }

    /// The conferences that a prompt greets in.
    pub fn greeted_by(&self, prompt: &EntryId) -> impl Iterator<Item = &Conference> {
        self.conferences
            .iter()
            .filter(move |conference| conference.greeting.as_ref() == Some(prompt))
    }

    /// The person with this login.
    #[must_use]
    pub fn person_by_login(&self, login: &str) -> Option<&Person> {
        self.people.get(*self.directory.logins.get(login)?)
    }

    /// The further phones of a person, in the order of the text.
    pub fn devices_of(&self, person: &EntryId) -> impl Iterator<Item = &Device> {
        self.devices
            .iter()
            .filter(move |device| device.person.as_ref() == Some(person))
    }

    /// Who registers and calls as `user`: the user part of an address of record.
    #[must_use]
    pub fn sip_owner(&self, user: &str) -> Option<SipOwner<'_>> {
        match self.directory.sip_users.get(user)? {
            Slot::Person(at) => self.people.get(*at).map(SipOwner::Person),
            Slot::Device(at) => self.devices.get(*at).map(SipOwner::Device),
            Slot::Analog(_) | Slot::Conference(_) | Slot::Line(_) | Slot::Code(_) => None,
        }
    }

    /// Everybody who may register, by SIP user name in the order of names.
    pub fn sip_owners(&self) -> impl Iterator<Item = (&str, SipOwner<'_>)> {
        let users = self.directory.sip_users.keys();
        users.filter_map(|user| Some((user.as_str(), self.sip_owner(user)?)))
    }

    /// Every secret that the configuration refers to: what the store must have, and may not drop.
    #[must_use]
    pub fn secrets(&self) -> BTreeSet<&SecretId> {
        let people = self.people.iter().filter_map(|p| p.sip_password.as_ref());
        let devices = self.devices.iter().filter_map(|d| d.sip_password.as_ref());
        let trunks = self.trunks.iter().filter_map(|t| t.password.as_ref());
        people.chain(devices).chain(trunks).collect()
    }

    /// Who or what answers `dialled`.
    #[must_use]
    pub fn answerer(&self, dialled: &str) -> Option<Answerer<'_>> {
        match self.directory.numbers.get(dialled) {
            Some(Slot::Code(code)) if code.takes_extension() => None,
            Some(slot) => self.answerer_at(*slot),
            None => match self.code_before(dialled) {
                Some((code, rest)) => {
                    let rest = Some(Number::new(rest).ok()?);
                    Some(Answerer::Code { code, rest })
                }
                None => self.outside(dialled).map(|outside| Answerer::Outside {
                    number: outside.number.to_owned(),
                    emergency: outside.emergency,
                }),
            },
        }
    }

    /// The number at which an entry is reached from inside, if it has one.
    #[must_use]
    pub fn number_of(&self, id: &EntryId) -> Option<&Number> {
        match *self.directory.ids.get(id)? {
            Slot::Person(at) => self.people.get(at)?.extension.as_ref(),
            Slot::Device(at) => self.devices.get(at)?.extension.as_ref(),
            Slot::Analog(at) => self.analog.get(at)?.extension.as_ref(),
            Slot::Conference(at) => self.conferences.get(at).map(|c| &c.number),
            Slot::Line(_) | Slot::Code(_) => None,
        }
    }

    /// What the digits dialled so far on a set are and can still become. `exact` and `longer` both
    /// set: wait for `limits.digit_timeout_s`. Neither: the digits lead nowhere.
    #[must_use]
    pub fn could_become(&self, digits: &str) -> Match<'_> {
        if let Some((_, rest)) = self.code_before(digits) {
            // After a code that takes an extension: whatever the extension could become.
            let exact = self
                .extension_ahead(rest)
                .then(|| self.answerer(digits))
                .flatten();
            return Match {
                exact,
                longer: self.directory.has_longer(rest),
            };
        }
        let takes_more = matches!(
            self.directory.numbers.get(digits),
            Some(Slot::Code(code)) if code.takes_extension()
        );
        let exact = self.answerer(digits);
        // Where somebody inside answers, only a longer inside number is waited for.
        let out =
            matches!(exact, None | Some(Answerer::Outside { .. })) && self.may_lead_out(digits);
        Match {
            longer: takes_more || self.directory.has_longer(digits) || out,
            exact,
        }
    }

    pub(crate) const fn inside_digits_max(&self) -> usize {
        self.directory.inside_digits_max
    }

    /// The line with this id.
    #[must_use]
    pub fn line(&self, id: &EntryId) -> Option<&Line> {
        match self.directory.ids.get(id)? {
            Slot::Line(at) => self.lines.get(*at),
            _ => None,
        }
    }

    /// The line on the port of this name.
    #[must_use]
    pub fn line_on(&self, port: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.port == port)
    }

    fn extension_ahead(&self, digits: &str) -> bool {
        let slot = self.directory.numbers.get(digits);
        slot.is_some_and(|slot| !matches!(slot, Slot::Code(_)))
    }

    /// The code that takes an extension with which `digits` begin, and the digits after it.
    fn code_before<'d>(&self, digits: &'d str) -> Option<(Code, &'d str)> {
        let mut codes = self.codes.iter().filter(|(code, _)| code.takes_extension());
        codes.find_map(|(code, number)| {
            let rest = digits.strip_prefix(number.as_str())?;
            (!rest.is_empty()).then_some((code, rest))
        })
    }

    fn answerer_at(&self, slot: Slot) -> Option<Answerer<'_>> {
        match slot {
            Slot::Person(at) => self.people.get(at).map(Answerer::Person),
            Slot::Device(at) => self.devices.get(at).map(Answerer::Device),
            Slot::Analog(at) => self.analog.get(at).map(Answerer::Analog),
            Slot::Conference(at) => self.conferences.get(at).map(Answerer::Conference),
            Slot::Line(_) => None,
            Slot::Code(code) => Some(Answerer::Code { code, rest: None }),
        }
    }
}

//! The office of a world: its configuration text, and who sits where.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use config::{Config, Document, Streams, UnknownSecrets};
use model::{Random, Seed};
use pbx::Passwords;

use crate::phone::Srtp;
use crate::plan::Features;

/// The exchange's SIP address.
pub(crate) const BOX: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 168, 1, 5)), 5060);
/// Its address for protected signalling.
pub(crate) const BOX_TLS: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 168, 1, 5)), 5061);
/// What is dialled for the echo test.
pub(crate) const ECHO: &str = "*43";
/// The conference without a PIN.
pub(crate) const ROOM: &str = "9000";
/// A number that nobody has.
pub(crate) const NOBODY: &str = "2999";
/// Stands for a new number of the public network.
pub(crate) const OUTSIDE: &str = "outside";
/// Whom everybody calls in need, in every country that these worlds are in.
pub(crate) const EMERGENCY: &str = "112";
/// Seconds that phones ring at most.
pub(crate) const RING_S: u64 = 25;

/// A place with a telephone: a SIP phone or an analog set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seat {
    /// The configuration entry under which it calls and is called.
    pub entry: String,
    /// Its number.
    pub number: String,
    /// Where a SIP phone is; `None` = an analog set.
    pub host: Option<SocketAddr>,
    /// The translator before it.
    pub public: Option<IpAddr>,
    /// The password of a SIP phone.
    pub password: String,
    /// The phone speaks over connections.
    pub(crate) tcp: bool,
    /// Its connections are protected.
    pub(crate) tls: bool,
    /// What its phone knows of protected voice.
    pub(crate) srtp: Srtp,
    /// What the configuration asks of its voice; empty = nothing.
    pub(crate) policy: &'static str,
    /// All calls of the person are recorded.
    pub(crate) recorded: bool,
    /// The jack of a set.
    pub jack: Option<u16>,
    /// The number of an outside line, from 0; whoever is behind it is taken for one person.
    pub line: Option<u16>,
    /// Of a line: its port, the entry that answers it, and more of its own.
    port: String,
    answers: String,
    keys: &'static str,
}

/// Whether this number leads out of the office.
#[must_use]
pub(crate) fn is_outside(number: &str) -> bool {
    number == EMERGENCY || number.len() > 6
}

/// One of `numbers`. A number of the public network is a new one every time, so that what is dialled on a
/// line tells who dialled it.
pub(crate) fn pick(numbers: &[String], random: &mut Random) -> String {
    let at = random.below(numbers.len() as u32) as usize;
    match numbers[at].as_str() {
        OUTSIDE => format!("6{:08}", random.below(100_000_000)),
        number => number.to_owned(),
    }
}

/// The office.
#[derive(Clone, Debug)]
pub(crate) struct Office {
    /// The configuration.
    pub config: Arc<Config>,
    /// The passwords of its phones.
    pub passwords: Passwords,
    /// All telephones; the talker of a mark is an index of this.
    pub seats: Vec<Seat>,
}

impl Office {
    /// The number of whoever answers the line of a seat.
    #[must_use]
    pub(crate) fn answering(&self, seat: usize) -> &str {
        let entry = &self.seats[seat].answers;
        let mut seats = self.seats.iter();
        seats
            .find(|seat| seat.entry == *entry)
            .map_or("", |seat| &seat.number)
    }

    /// The office of a seed.
    ///
    /// # Panics
    /// When the text written here is no legal configuration.
    #[must_use]
    pub(crate) fn new(seed: Seed, features: &Features) -> Self {
        // Where nothing is written the exchange knows all, Opus first.
        let media = match features.wide && !features.opus {
            true => "[media]\ncodecs = [\"g722\", \"pcma\", \"pcmu\"]\n",
            false => "",
        };
        // No world waits for the night.
        let tests = match features.line_tests {
            true => "line_tests = \"mon-sun 00:00-24:00\"\n",
            false => "",
        };
        let mut text = format!(
            "format = 1\n[office]\nname = \"World\"\ncountry = \"{}\"\n{tests}{media}[network]\nsip_udp = \
             [\"{BOX}\"]\nsip_tcp = [\"{BOX}\"]\nsip_tls = [\"{BOX_TLS}\"]\n[limits]\nring_timeout_s = {RING_S}\n[codes]\necho_test = \"{ECHO}\"\n\
             [[conference]]\nid = \"room\"\nnumber = \"{ROOM}\"\nlimit = 12\n",
            features.country
        );
        if features.greets {
            let source = "f".repeat(64);
            text += &format!(
                "greeting = \"hello\"\n[[prompt]]\nid = \"hello\"\nsource = \"{source}\"\n"
            );
        }
        let mut seats = Vec::new();
        for at in 0..features.phones {
            // Every fourth phone is a second one of the person before.
            seats.push(Seat::phone(at, at - at / 4, features));
        }
        for jack in 0..features.sets {
            seats.push(Seat::set(jack));
        }
        for line in 0..features.lines {
            seats.push(Seat::line(line, features));
        }
        let mut entries: Vec<&Seat> = seats.iter().collect();
        entries.dedup_by_key(|seat| &seat.entry);
        for seat in entries {
            seat.write(&mut text);
        }
        let document = Document::parse(&text).expect("the office's text is TOML");
        let (mut plain, mut secret) =
            (Random::derive(seed, "ids"), Random::derive(seed, "secrets"));
        let mut streams = Streams {
            plain: &mut plain,
            secret: &mut secret,
        };
        let known = BTreeSet::new();
        let imported = config::import(&document, &known, UnknownSecrets::Refuse, &mut streams)
            .expect("the office's text is a configuration");
        let secrets = imported.secrets.into_iter();
        let reveal =
            |(id, secret): (config::SecretId, config::Secret)| (id, secret.reveal().into());
        Self {
            config: Arc::new(imported.config),
            passwords: secrets.map(reveal).collect(),
            seats,
        }
    }
}

impl Seat {
    fn phone(at: usize, person: usize, features: &Features) -> Self {
        let low = u8::try_from(at).unwrap_or(250);
        let (host, public) = if at % 3 == 2 && features.nat {
            let public = Ipv4Addr::new(203, 0, 113, low + 1);
            (Ipv4Addr::new(10, 0, low, 7), Some(public.into()))
        } else {
            (Ipv4Addr::new(192, 168, 1, 100 + low), None)
        };
        Self {
            entry: format!("person-{person}"),
            number: format!("20{person:02}"),
            host: Some(SocketAddr::new(host.into(), 5060)),
            tcp: public.is_none() && at % 4 == 1 && features.tcp,
            public,
            password: format!("s3cret-word-{person}-x"),
            jack: None,
            line: None,
            recorded: features.hush_s > 0 && person.is_multiple_of(2),
            ..Self::default()
        }
        .protect(at, person, features)
    }

    /// Gives the phone its part in a world in which some protect their voice. Two phones of one person
    /// are alike.
    fn protect(mut self, at: usize, person: usize, features: &Features) -> Self {
        if !features.srtp {
            return self;
        }
        let last = at + 1 == features.phones && !at.is_multiple_of(4);
        (self.policy, self.srtp) = match person % 3 {
            // Nobody can do this.
            _ if last && !at.is_multiple_of(3) => ("require", Srtp::None),
            0 => ("offer", Srtp::BestEffort),
            1 => ("require", Srtp::Savp),
            _ => ("off", Srtp::None),
        };
        self.tls = self.srtp == Srtp::BestEffort && self.public.is_none();
        self.tcp |= self.tls;
        self
    }

    /// The phone cannot do what is asked of it.
    #[must_use]
    pub(crate) fn is_unfit(&self) -> bool {
        self.policy == "require" && self.srtp == Srtp::None
    }

    fn set(jack: u16) -> Self {
        Self {
            entry: format!("set-{jack}"),
            number: format!("30{}", jack + 1),
            jack: Some(jack),
            ..Self::default()
        }
    }

    fn line(line: u16, features: &Features) -> Self {
        Self {
            entry: format!("line-{line}"),
            number: format!("22666000{line}"),
            line: Some(features.sets + line),
            port: format!("fxo{}", line + 1),
            // A person, who may have two phones, and a set.
            answers: ["person-2", "set-0", "person-0"][usize::from(line) % 3].to_owned(),
            keys: ["", "dialling = \"pulse\"\n"][usize::from(line) % 2],
            ..Self::default()
        }
    }

    /// Adds the configuration entry.
    fn write(&self, text: &mut String) {
        let (entry, number, password) = (&self.entry, &self.number, &self.password);
        // Writing to a string cannot fail.
        let _ = match (self.jack, self.line) {
            (None, None) => write!(
                text,
                "[[person]]\nid = \"{entry}\"\nname = \"Name of {entry}\"\nextension = \
                 \"{number}\"\nsip_password = \"{password}\"\n{}{}",
                if self.recorded {
                    "record = \"all\"\n"
                } else {
                    ""
                },
                match self.policy {
                    "" => String::new(),
                    policy => format!("media_encryption = \"{policy}\"\n"),
                }
            ),
            (Some(jack), _) => write!(
                text,
                "[[analog]]\nid = \"{entry}\"\nname = \"Name of {entry}\"\nport = \"fxs{}\"\n\
                 extension = \"{number}\"\ncall_waiting = false\n",
                jack + 1
            ),
            (None, Some(_)) => write!(
                text,
                "[[line]]\nid = \"{entry}\"\nname = \"Name of {entry}\"\nport = \"{}\"\n\
                 answer = \"{}\"\n{}",
                self.port, self.answers, self.keys,
            ),
        };
    }
}

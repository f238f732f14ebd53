//! What a world is made of: everything follows from a seed and a profile.

use core::fmt;
use core::time::Duration;

use hal_sim::{LifelinePlan, RelayKind};
use model::{Codec, Random, Seed};

use crate::network::Weather;
use crate::phone::{Manner, Srtp};

/// Clocks of cheap telephones are off by this much at most, in parts per million.
const DRIFT_PPM: u32 = 200;

/// A kind of world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// A perfect network and polite phones: everything must be exact.
    Quiet,
    /// An ordinary working day.
    Office,
    /// All faults that the seed chooses.
    Storm,
    /// Many long calls on lossless paths: sound must be exact.
    Audio,
    /// Most calls go to a conference, on lossless paths; some mute themselves, some hold, and in
    /// some worlds the power fails.
    Rooms,
    /// Outside lines with everything that is wrong with them, and people who call in, out and in need.
    Lines,
    /// Few calls, each as long as the world, between clocks that are off: delay must not grow.
    Drift,
    /// Phones that change codecs and numbers of payloads in the middle of calls, both ends at once too.
    Phones,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 8] = [
        Self::Quiet,
        Self::Office,
        Self::Storm,
        Self::Audio,
        Self::Rooms,
        Self::Drift,
        Self::Lines,
        Self::Phones,
    ];

    /// Which profiles seeds have in turn: those that find most come more often.
    const OF_SEEDS: [Self; 14] = [
        Self::Quiet,
        Self::Office,
        Self::Storm,
        Self::Audio,
        Self::Rooms,
        Self::Drift,
        Self::Lines,
        Self::Phones,
        Self::Office,
        Self::Storm,
        Self::Phones,
        Self::Rooms,
        Self::Phones,
        Self::Lines,
    ];

    /// The profile of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.to_string() == name)
    }

    /// The profile that a seed has if nobody says another.
    #[must_use]
    pub const fn of_seed(seed: u64) -> Self {
        Self::OF_SEEDS[(seed % 14) as usize]
    }

    /// Whether phones are made mute in some of these worlds: where next to nothing is lost, and not all sound must be exact.
    const fn has_shuts(self) -> bool {
        matches!(
            self,
            Self::Office | Self::Rooms | Self::Phones | Self::Lines
        )
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quiet => "quiet",
            Self::Office => "office",
            Self::Storm => "storm",
            Self::Audio => "audio",
            Self::Rooms => "rooms",
            Self::Lines => "lines",
            Self::Drift => "drift",
            Self::Phones => "phones",
        })
    }
}

/// What is switched on in a world.
#[derive(Clone, Debug)]
pub struct Features {
    /// SIP phones.
    pub phones: usize,
    /// Analog sets.
    pub sets: u16,
    /// Outside lines.
    pub lines: u16,
    /// ISO code of the country.
    pub country: &'static str,
    /// Mean time between two faults of a line, in s; 0 = never.
    pub line_fault_s: u32,
    /// Lines are measured at any hour, and an installer asks for more: the mean time between that, in s; 0 = never.
    pub measure_s: u32,
    /// A relay between a set and a line.
    pub lifeline: Option<LifelinePlan>,
    /// Somebody asks for a test of it: the mean time between that, in s.
    pub lifeline_test_s: u32,
    /// Its relay sticks: the mean time between that, in s; 0 = never.
    pub relay_fault_s: u32,
    /// The hours in which lines are measured and lifelines tested are all.
    pub line_tests: bool,
    /// Some phones are behind translators.
    pub nat: bool,
    /// Some phones speak over connections.
    pub tcp: bool,
    /// Phones with bad manners.
    pub rude: bool,
    /// People hold and come back.
    pub holds: bool,
    /// People meet in a conference rather than call each other.
    pub rooms: bool,
    /// The conference greets whoever enters.
    pub greets: bool,
    /// They mute themselves there.
    pub mutes: bool,
    /// Phones are made mute for a while by their own keys: they send silence, or nothing.
    pub shuts: bool,
    /// Some phones know G.722 only, some G.711 only, and the exchange translates.
    pub wide: bool,
    /// Some phones know Opus, and half of those nothing else. Dear, for the exchange encodes for each.
    pub opus: bool,
    /// Phones change what they speak in the middle of calls.
    pub changes: bool,
    /// Some phones protect their voice, and some must.
    pub srtp: bool,
    /// Every second person is recorded; mean time between two pauses or ends of pauses, in s; 0 = nobody is.
    pub hush_s: u32,
    /// Mean time between two moments at which both ends of a call change at once, in s; 0 = never.
    pub cross_s: u32,
    /// The phones' clocks are off by up to so much, in parts per million.
    pub drift_ppm: u32,
    /// Mean pause between two calls of a person, in s.
    pub pause_s: u32,
    /// Longest talk, in s.
    pub talk_s: u32,
    /// Mean time between power cuts, in s; 0 = never.
    pub power_cut_s: u32,
    /// Mean time between two cuts of somebody's path, in s; 0 = never.
    pub path_cut_s: u32,
    /// Mean time between two new starts of a translator, in s; 0 = never.
    pub rebind_s: u32,
    /// Mean time between two new starts of a phone, in s; 0 = never.
    pub reboot_s: u32,
    /// Longest time that the disk takes for a commit, in ms.
    pub sync_ms: u32,
    /// Media planes, as many as the program has media threads.
    pub planes: usize,
    /// Legs that the media plane carries: few, so that full is normal in storms.
    pub media_legs: usize,
    /// The network's faults.
    pub weather: Weather,
}

/// A world to be played.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Where all randomness comes from.
    pub seed: u64,
    /// What kind of world.
    pub profile: Profile,
    /// Virtual time with faults; healing and the last test calls come on top.
    pub length: Duration,
}

impl Plan {
    /// Ten virtual minutes of this seed in the profile that it has.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            profile: Profile::of_seed(seed),
            length: Duration::from_secs(600),
        }
    }

    /// The seed in the form that streams of randomness start from.
    #[must_use]
    pub fn bytes(&self) -> Seed {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.seed.to_le_bytes());
        bytes
    }

    /// What the seed switches on.
    #[must_use]
    pub fn features(&self) -> Features {
        let mut random = Random::derive(self.bytes(), "features");
        let mut features = Features {
            phones: 4 + random.below(5) as usize,
            sets: 2,
            lines: 0,
            country: "PL",
            line_fault_s: 0,
            measure_s: 0,
            lifeline: None,
            lifeline_test_s: 0,
            relay_fault_s: 0,
            line_tests: false,
            nat: false,
            tcp: false,
            rude: false,
            holds: false,
            rooms: false,
            greets: false,
            mutes: false,
            shuts: false,
            wide: false,
            opus: false,
            changes: false,
            srtp: false,
            hush_s: 0,
            cross_s: 0,
            drift_ppm: 0,
            pause_s: 40,
            talk_s: 60,
            power_cut_s: 0,
            path_cut_s: 0,
            rebind_s: 0,
            reboot_s: 0,
            sync_ms: 5,
            planes: 1 + Random::derive(self.bytes(), "planes").below(3) as usize,
            media_legs: 40,
            weather: Weather {
                delay_ms: 1 + random.below(10),
                ..Weather::default()
            },
        };
        match self.profile {
            Profile::Quiet => {}
            Profile::Audio => audio(&mut features, &mut random),
            Profile::Drift => {
                features.wide = true;
                features.drift_ppm = DRIFT_PPM;
                features.pause_s = 5;
                features.talk_s = 3_600;
                features.weather.jitter_ms = random.below(10);
            }
            Profile::Lines => lines(&mut features, &mut random, self.bytes()),
            Profile::Rooms => rooms(&mut features, &mut random),
            Profile::Phones => phones(&mut features, &mut random),
            Profile::Office => working_day(&mut features, &mut random),
            Profile::Storm => storm(&mut features, &mut random),
        }
        let in_two = || Random::derive(self.bytes(), "shuts").below(2) == 0;
        features.shuts = self.profile.has_shuts() && in_two();
        features.opus = Random::derive(self.bytes(), "opus").below(6) == 0;
        features
    }
}

/// Long calls where nothing is lost.
fn audio(features: &mut Features, random: &mut Random) {
    features.nat = random.below(2) == 0;
    features.pause_s = 10;
    features.talk_s = 200;
    features.weather.jitter_ms = random.below(10);
    features.wide = random.below(2) == 0;
    features.drift_ppm = DRIFT_PPM * random.below(2);
}

/// An ordinary working day.
fn working_day(features: &mut Features, random: &mut Random) {
    features.phones += 4;
    features.nat = true;
    features.tcp = true;
    features.holds = true;
    features.pause_s = 120;
    features.talk_s = 120;
    features.weather.jitter_ms = 5;
    features.weather.loss_ppm = 1_000;
    features.wide = random.below(2) == 0;
    features.drift_ppm = DRIFT_PPM;
}

/// A busy conference; whether phones differ and the power fails is the seed's choice.
fn rooms(features: &mut Features, random: &mut Random) {
    features.phones = 5 + random.below(6) as usize;
    features.rooms = true;
    features.mutes = true;
    features.holds = true;
    features.pause_s = 15;
    features.talk_s = 90;
    features.power_cut_s = 200 * random.below(2);
    features.weather.jitter_ms = random.below(5);
    features.wide = random.below(2) == 0;
    features.drift_ppm = DRIFT_PPM * random.below(2);
    features.greets = random.below(2) == 0;
}

/// Restless phones on lossless paths.
fn phones(features: &mut Features, random: &mut Random) {
    features.phones = 4 + random.below(5) as usize;
    features.changes = true;
    features.cross_s = 15 * random.below(2);
    features.srtp = random.below(3) > 0;
    features.hush_s = 10 * random.below(2);
    features.power_cut_s = 200 * u32::from(random.below(3) == 0);
    features.holds = true;
    features.rooms = random.below(3) == 0;
    features.mutes = features.rooms;
    features.nat = random.below(2) == 0;
    features.tcp = random.below(2) == 0;
    features.pause_s = 12;
    features.talk_s = 90;
    features.weather.jitter_ms = random.below(5);
    features.wide = random.below(2) == 0;
    features.drift_ppm = DRIFT_PPM * random.below(2);
}

/// Countries whose exchanges differ in tones, ringing, caller ID and the flash, and whose tones are no
/// talker's mark. All tell the caller after the first ring: a set that is lifted while its caller is told before
/// any ring has answered, which the oracles see by the bell only.
const COUNTRIES: [&str; 8] = ["PL", "DE", "IT", "FR", "SK", "FR", "ES", "CZ"];

/// A small office that lives by its lines.
fn lines(features: &mut Features, random: &mut Random, seed: Seed) {
    features.phones = 3 + random.below(3) as usize;
    features.sets = 2 + random.below(2) as u16;
    features.lines = 1 + random.below(3) as u16;
    features.country = COUNTRIES[random.below(COUNTRIES.len() as u32) as usize];
    features.line_fault_s = 90 * random.below(2);
    features.power_cut_s = 200 * random.below(2);
    features.holds = random.below(2) == 0;
    features.pause_s = 15;
    features.talk_s = 40;
    features.weather.jitter_ms = random.below(5);
    features.measure_s = 45 * random.below(2);
    features.line_tests = features.measure_s > 0;
    lifeline(features, &mut Random::derive(seed, "lifeline"));
}

/// In three of four worlds one of the sets has a line without power, too.
fn lifeline(features: &mut Features, random: &mut Random) {
    let kind = match random.below(4) {
        0 => return,
        1 => RelayKind::Sensed,
        2 => RelayKind::Joins,
        _ => RelayKind::Blind,
    };
    features.lifeline = Some(LifelinePlan {
        set: 1 + random.below(features.sets.into()) as usize,
        line: 1 + random.below(features.lines.into()) as usize,
        kind,
    });
    features.lifeline_test_s = 20;
    features.relay_fault_s = 60 * random.below(2);
    features.line_tests |= random.below(2) == 0;
}

/// Each fault is on or off, and as strong as it happens to be.
fn storm(features: &mut Features, random: &mut Random) {
    let mut maybe = |most: u32| match random.below(2) {
        0 => 0,
        _ => 1 + random.below(most),
    };
    features.nat = maybe(1) > 0;
    features.rude = maybe(1) > 0;
    features.tcp = maybe(1) > 0;
    features.holds = maybe(1) > 0;
    features.pause_s = 15;
    features.power_cut_s = maybe(1) * 200;
    features.path_cut_s = maybe(1) * 120;
    features.rebind_s = maybe(1) * 100;
    features.reboot_s = maybe(1) * 150;
    features.sync_ms = 5 + maybe(200);
    features.media_legs = if maybe(1) > 0 { 6 } else { 40 };
    features.weather = Weather {
        loss_ppm: maybe(100_000),
        burst_ppm: maybe(2_000),
        burst_ms: 3_000,
        delay_ms: 1 + maybe(150),
        jitter_ms: maybe(80),
        reorder_ppm: maybe(50_000),
        duplicate_ppm: maybe(50_000),
    };
    features.wide = maybe(1) > 0;
    features.drift_ppm = maybe(DRIFT_PPM);
}

impl Features {
    /// Whether sound or signalling may break off by a fault other than the weather.
    #[must_use]
    pub const fn breaks(&self) -> bool {
        self.power_cut_s + self.path_cut_s + self.rebind_s + self.reboot_s > 0
            || self.rude
            || self.media_legs < 20
    }

    /// Whether calls can be forgotten by both ends at once.
    #[must_use]
    pub const fn is_forgetful(&self) -> bool {
        self.rude || self.reboot_s > 0 || self.power_cut_s > 0 || self.path_cut_s > 0
    }

    /// How a phone of this world is built.
    #[must_use]
    pub(crate) fn manner(&self, random: &mut Random) -> Manner {
        let mut one_in = |n: u32| random.below(n) == 0;
        let rude = self.rude;
        let codecs = match (one_in(3), one_in(3), self.wide && one_in(2)) {
            (false, false, true) => vec![Codec::G722],
            (true, _, true) => vec![Codec::G722, Codec::Pcma],
            (false, true, true) => vec![Codec::Pcma],
            (false, _, false) => vec![Codec::Pcma, Codec::Pcmu],
            (true, false, false) => vec![Codec::Pcmu, Codec::Pcma],
            (true, true, false) => vec![Codec::Pcmu],
        };
        let codecs = match self.changes {
            true => self.all_codecs(codecs),
            false => codecs,
        };
        let opus = self.opus && one_in(3);
        let codecs = match opus.then(|| one_in(2)) {
            Some(true) => vec![Codec::Opus],
            Some(false) => [vec![Codec::Opus], codecs].concat(),
            None => codecs,
        };
        Manner {
            md5_only: one_in(4),
            expires_s: if one_in(2) { 60 } else { 180 },
            refresh_percent: match (rude && one_in(4), rude && one_in(3)) {
                (true, _) => 110,
                (false, true) => 98,
                (false, false) => 50,
            },
            keep_alive_s: 20,
            forgets_bye: rude && one_in(3),
            hasty_bye: rude && one_in(2),
            storms: rude && one_in(3),
            early_media: one_in(4),
            codecs,
            events: self.changes && one_in(2),
            srtp: Srtp::None,
        }
    }

    /// What else phones know that change: they begin with `codecs`, and need not stay with them.
    fn all_codecs(&self, mut codecs: Vec<Codec>) -> Vec<Codec> {
        let wide = self.wide.then_some(Codec::G722);
        for codec in [Codec::Pcma, Codec::Pcmu].into_iter().chain(wide) {
            if !codecs.contains(&codec) {
                codecs.push(codec);
            }
        }
        codecs
    }
}

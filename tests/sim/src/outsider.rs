//! Those behind the outside lines: a carrier's exchange each, and whoever calls or is called there.

use core::f32::consts::TAU;
use core::time::Duration;

use config::{Country, Tone};
use hal_port::{Cadence, FRAME, Frame};
use hal_sim::{
    Act, CarrierRules, CarrierTones, Disconnect, Fate, LineFaults, LineSettings, Manner, People,
};
use model::{Instant, Random};

use crate::plan::Features;
use crate::sound::{Ear, MARKS_HZ};

/// Return loss of carriers' hybrids in dB, as of lines that are balanced. Worse ones cannot be learned beside marks,
/// which never pause: a tone beside a tone leaves too little to learn from.
const ECHO_DB_LEAST: u8 = 18;
const ECHO_DB_SPAN: u32 = 7;

/// Somebody outside, and what the carrier sees of the line.
#[derive(Debug)]
pub(crate) struct Outsider {
    /// The seat.
    pub seat: usize,
    /// The jack's number.
    pub jack: u16,
    port: String,
    number: String,
    mark: String,
    random: Random,
    pause_s: u32,
    talk_s: u32,
    /// When the person acts unasked.
    pub due: Instant,
    /// Acts unasked; otherwise only answers.
    pub lively: bool,
    /// Far parties' ears are one: a line has one talk at a time.
    pub ear: Ear,
    /// What the carrier is doing, and since when.
    pub doing: &'static str,
    /// See `doing`.
    pub since: Instant,
    /// The call that is on the line.
    pub call: Option<String>,
    /// The number that the office dialled for it.
    pub dialled: String,
    /// What the port has begun to dial by pulses: what comes of it is another matter while a set is on the line too.
    pub pulsed: String,
    /// How hang-ups out there show.
    disconnect: Disconnect,
    /// Hang-ups that showed so since the exchange has power: it learns from them.
    pub seen: u32,
    /// Answers out there show as reversals.
    answer_reversal: bool,
    /// What becomes of the next number that is dialled.
    fate: Fate,
    /// How the end of the call that is on the line shows, whatever the carrier does with the next one.
    pub end: End,
    /// Something is wrong with the line.
    pub faults: LineFaults,
    /// How much weaker what the office says comes back from the carrier's hybrid, in dB: it belongs to the line
    /// as it was built, and no fault changes it.
    echo_db: u8,
    /// What the port told last and an exchange that starts anew must be told again.
    pub told: Told,
    /// A violation was said of what it is doing.
    pub accused: bool,
}

/// What there is for the exchange to notice when a call is over out there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    /// It is not over.
    #[default]
    Open,
    /// The far party hung up.
    HungUp(Disconnect),
    /// It came to nothing.
    TurnedAway(Fate),
}

/// Facts that a port tells once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    /// There is no battery.
    pub dead: bool,
    /// A parallel set is on it.
    pub in_use: bool,
    /// The polarity is not the usual one.
    pub reversed: bool,
    /// A burst sounds.
    pub ring: bool,
}

impl Outsider {
    /// Somebody who begins to call some time after `now`; `number` is what their calls show.
    #[must_use]
    pub(crate) fn new(
        seat: usize,
        (line, jack): (u16, u16),
        number: &str,
        mut random: Random,
        features: &Features,
        now: Instant,
    ) -> Self {
        let first_ms = 5_000 + random.below(features.pause_s * 1_000);
        let disconnect = Disconnect::ALL[random.below(6) as usize];
        let answer_reversal = random.below(2) == 0;
        Self {
            seat,
            jack,
            port: format!("fxo{}", line + 1),
            number: number.to_owned(),
            mark: MARKS_HZ[seat].to_string(),
            random,
            pause_s: features.pause_s,
            talk_s: features.talk_s,
            due: now + Duration::from_millis(first_ms.into()),
            lively: true,
            ear: Ear::default(),
            doing: "idle",
            since: now,
            call: None,
            dialled: String::new(),
            pulsed: String::new(),
            disconnect,
            seen: 0,
            answer_reversal,
            fate: Fate::default(),
            end: End::Open,
            faults: LineFaults::default(),
            echo_db: 0,
            told: Told::default(),
            accused: false,
        }
    }

    /// What the carrier is doing now, and what the port dialled last.
    pub(crate) fn look(&self, people: &mut People) -> (&'static str, String) {
        let carrier = people.carrier(&self.port);
        carrier.map_or(("idle", String::new()), |carrier| {
            (carrier.doing(), carrier.dialled().to_owned())
        })
    }

    fn make(&self, people: &mut People, act: &Act) -> bool {
        people.act(&self.port, act).is_ok()
    }

    fn settle(&self, people: &mut People, settings: LineSettings) {
        self.make(people, &Act::Line(settings));
    }

    /// The line is laid as it happens to be.
    pub(crate) fn lay(&mut self, people: &mut People, hybrid: &mut Random) {
        self.echo_db = ECHO_DB_LEAST + hybrid.below(ECHO_DB_SPAN) as u8;
        self.set_faults(people, LineFaults::default());
    }

    /// Something goes wrong with the line, or is mended.
    pub(crate) fn set_faults(&mut self, people: &mut People, faults: LineFaults) {
        self.faults = faults;
        let faults = Some(LineFaults {
            echo_db: self.echo_db,
            ..faults
        });
        self.settle(
            people,
            LineSettings {
                faults,
                ..LineSettings::default()
            },
        );
    }

    /// Nothing works on it while this lasts.
    pub(crate) const fn is_out(&self) -> bool {
        self.faults.dead || self.faults.parallel || self.faults.stuck
    }

    /// What the port dialled where this came of it.
    pub(crate) fn wanted<'d>(&'d self, dialled: &'d str) -> &'d str {
        match self.pulsed.as_str() {
            "" => dialled,
            pulsed => pulsed,
        }
    }

    /// Talks in this call.
    pub(crate) fn talks_in(&self, call: &str) -> bool {
        self.doing == "talking" && self.call.as_deref() == Some(call)
    }

    /// Calls the office, and speaks as soon as somebody answers; whether the line is free for that.
    pub(crate) fn call(&mut self, people: &mut People) -> bool {
        let shown = match self.random.below(6) {
            0 => String::new(),
            _ => self.number.clone(),
        };
        let call = Act::Call {
            number: Some(shown),
            name: None,
        };
        let mark = self.mark.clone();
        self.make(people, &call) && self.make(people, &Act::Talk { mark })
    }

    /// Hangs up, if off hook.
    pub(crate) fn leave(&self, people: &mut People) {
        // On hook is where the receiver shall be.
        self.make(people, &Act::HangUp);
    }

    /// Whoever is called out there answers after so many rings, or does not.
    pub(crate) fn behave(&self, people: &mut People, answer: Option<u8>) {
        let manner = Manner {
            answer_after_rings: answer,
            say: Some(self.mark.clone()),
            ..Manner::default()
        };
        self.make(people, &Act::Behave(manner));
    }

    /// What the next call out there meets: whether somebody answers, and how that and its end show.
    pub(crate) fn plan_next(&mut self, people: &mut People) {
        let fate = match self.random.below(10) {
            0 => Fate::Busy,
            1 => Fate::Congestion,
            2 => Fate::SpecialInfo,
            3 => Fate::Silence,
            _ => Fate::Rings,
        };
        if self.random.below(8) == 0 {
            // The carrier was rebuilt.
            self.disconnect = Disconnect::ALL[self.random.below(6) as usize];
            self.answer_reversal = self.random.below(2) == 0;
            self.seen = 0;
        }
        self.fate = fate;
        let settings = LineSettings {
            disconnect: Some(self.disconnect),
            fate: Some(fate),
            answer_reversal: Some(self.answer_reversal),
            ..LineSettings::default()
        };
        self.settle(people, settings);
        let rings = 1 + self.random.below(4) as u8;
        let answer = (self.random.below(5) > 0).then_some(rings);
        self.behave(people, answer);
    }

    /// Nothing is wrong, and everything is as most carriers have it.
    pub(crate) fn heal(&mut self, people: &mut People) {
        self.lively = false;
        self.due = Instant::FAR;
        self.set_faults(people, LineFaults::default());
        (self.fate, self.disconnect) = (Fate::Rings, Disconnect::BusyTone);
        let settings = LineSettings {
            disconnect: Some(self.disconnect),
            fate: Some(self.fate),
            answer_reversal: Some(false),
            ..LineSettings::default()
        };
        self.settle(people, settings);
        self.behave(people, Some(1));
        self.leave(people);
    }

    /// The carrier does something else from now on.
    pub(crate) fn turned(&mut self, now: Instant, doing: &'static str, people: &mut People) {
        let before = self.doing;
        (self.doing, self.since, self.accused) = (doing, now, false);
        self.end = match doing {
            "clearing" => End::HungUp(self.disconnect),
            "turned_away" => End::TurnedAway(self.fate),
            _ => End::Open,
        };
        let wait_ms = match doing {
            // Patience goes on from the announcement.
            "ringing" if before == "announcing" => return,
            "idle" => {
                self.call = None;
                if self.lively {
                    self.plan_next(people);
                }
                2_000 + self.random.below(self.pause_s * 2_000)
            }
            "announcing" | "ringing" => 1_000 + self.random.below(45_000),
            "talking" => {
                self.ear.forget();
                1_000 + self.random.below(self.talk_s * 1_000)
            }
            _ => {
                self.due = Instant::FAR;
                return;
            }
        };
        self.due = match self.lively {
            true => now + Duration::from_millis(wait_ms.into()),
            false => Instant::FAR,
        };
    }

    /// Whoever was called says hello before all else, so that the answer is heard.
    pub(crate) fn greet(&self, people: &mut People) {
        if let Some(carrier) = people.carrier(&self.port) {
            for block in hello() {
                // A full line says the rest never; half a word is a voice too.
                let _ = carrier.speak_block(&block);
            }
        }
        let mark = self.mark.clone();
        self.make(people, &Act::Talk { mark });
    }

    /// Does what is due.
    pub(crate) fn act(&mut self, now: Instant, people: &mut People) {
        self.due = Instant::FAR;
        if !self.lively {
            return;
        }
        match self.doing {
            "idle" => {
                let free = self.call(people);
                if !free {
                    // Another set, or nothing, is on the line: some other time.
                    let ms = 5_000 + self.random.below(self.pause_s * 1_000);
                    self.due = now + Duration::from_millis(ms.into());
                }
            }
            "announcing" | "ringing" | "talking" => self.leave(people),
            _ => {}
        }
    }
}

/// A second of voice: three harmonics of a pitch that moves, in syllables, below all marks.
pub(crate) fn hello() -> impl Iterator<Item = Frame> {
    const BLOCKS: usize = 120;
    let mut turns = 0.0_f32;
    (0..BLOCKS * FRAME)
        .map(move |n| {
            let s = n as f32 / 8_000.0;
            let pitch = 115.0 + 35.0 * (TAU * 1.3 * s).sin();
            turns = (turns + pitch / 8_000.0) % 1.0;
            let loud = 3_000.0 * (TAU * 2.5 * s).sin().abs();
            let voice: f32 = (1_u8..=3).map(|k| (TAU * f32::from(k) * turns).sin()).sum();
            (loud * voice) as i16
        })
        .collect::<Vec<i16>>()
        .chunks_exact(FRAME)
        .map(|block| {
            let mut frame = [0; FRAME];
            frame.copy_from_slice(block);
            frame
        })
        .collect::<Vec<Frame>>()
        .into_iter()
}

/// A carrier's exchange of this country.
pub(crate) fn carrier(country: &Country) -> CarrierRules {
    let usual = CarrierRules::default();
    let tone = |tone| *country.tone(tone);
    CarrierRules {
        // Every country rings.
        ring: Cadence::new(&country.ring.cadence_ms).unwrap_or(usual.ring),
        ring_hz: country.ring.hz,
        caller_id: country
            .caller_id
            .first()
            .copied()
            .unwrap_or(usual.caller_id),
        tones: CarrierTones {
            dial: tone(Tone::Dial),
            ringback: tone(Tone::Ringback),
            busy: tone(Tone::Busy),
            congestion: tone(Tone::Congestion),
            special_info: tone(Tone::SpecialInfo),
            howler: tone(Tone::Howler),
        },
        ..usual
    }
}

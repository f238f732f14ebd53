//! The party at the other end of a simulated line.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::carrier::{Carrier, Stage};
use super::rules::{Disconnect, LineFaults};
use crate::act::{Act, ActError, Manner};
use crate::ear::Ear;
use crate::hearing;
use crate::mark::Mark;
use crate::recognise::NamedTone;
use crate::report::Report;
use crate::sound::Sound;

/// The number from which a call comes that names none.
const NUMBER: &str = "225551234";

/// The far party.
#[derive(Debug, Default)]
pub(crate) struct Far {
    pub(crate) off_hook: bool,
    pub(crate) talking: Option<Mark>,
    pub(crate) ear: Ear,
    manner: Manner,
    since: Duration,
    entertained: Duration,
}

impl Far {
    /// A talk begins.
    pub(crate) fn begins(&mut self, now: Duration, outgoing: bool) {
        self.off_hook = true;
        self.since = now;
        self.entertained = now;
        self.ear.clear();
        if outgoing && self.talking.is_none() {
            self.talking = self.manner.say.as_deref().and_then(Mark::new);
        }
    }

    /// The port hung up: the far party hears that and does the same.
    pub(crate) fn released(&mut self) {
        self.off_hook = false;
        self.talking = None;
    }

    pub(crate) const fn wants_to_think(&self) -> bool {
        self.manner.answer_after_rings.is_some()
            || self.manner.stay_s.is_some()
            || self.manner.patience_s.is_some()
    }
}

/// What the exchange at the other end of a line sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineReport {
    /// What it is doing: `idle`, `announcing`, `ringing`, `dialling`, `routing`, `ringback`,
    /// `turned_away`, `talking`, `clearing`.
    pub stage: String,
    /// The port closes the loop.
    pub seized: bool,
    /// What the port dialled last.
    pub dialled: String,
    /// Times that the port flashed the hook since the start.
    pub flashes: u32,
    /// How a hang-up of the far party shows.
    pub disconnect: Disconnect,
    /// What is wrong with the line.
    pub faults: LineFaults,
}

impl Carrier {
    /// Makes the far party do something.
    ///
    /// # Errors
    /// [`ActError`]; nothing is done then.
    pub fn act(&mut self, act: &Act) -> Result<(), ActError> {
        match act {
            Act::Call { number, name } => {
                let number = number.as_deref().unwrap_or(NUMBER);
                self.ring_up(number, name.as_deref().unwrap_or_default())?;
                self.far.off_hook = true;
                self.far.talking = None;
                Ok(())
            }
            Act::Lift => match self.stage {
                Stage::Ringback { .. } => {
                    self.talk(true);
                    Ok(())
                }
                _ if self.far.off_hook => Err(ActError::OffHook),
                _ => Err(ActError::NotRung),
            },
            Act::HangUp => self.hang_up(),
            Act::Talk { mark } => {
                let mark = Mark::new(mark).ok_or_else(|| ActError::Mark(mark.clone()))?;
                self.speak(Some(mark))
            }
            Act::Quiet => self.speak(None),
            Act::Dial { digits } => self.press(digits),
            Act::Behave(manner) => {
                self.far.manner = manner.clone();
                Ok(())
            }
            Act::Line(settings) => {
                self.settle(*settings);
                Ok(())
            }
            Act::Flash | Act::PulseDial { .. } => Err(ActError::NoSet),
        }
    }

    fn hang_up(&mut self) -> Result<(), ActError> {
        if !self.far.off_hook {
            return Err(ActError::OnHook);
        }
        self.far.released();
        match self.stage {
            Stage::Announcing(_) | Stage::Ringing { .. } => self.idle(),
            Stage::Talking => self.far_hung_up(),
            _ => {}
        }
        Ok(())
    }

    /// Speaks this mark as soon as somebody hears it, or is silent.
    fn speak(&mut self, mark: Option<Mark>) -> Result<(), ActError> {
        if !self.far.off_hook {
            return Err(ActError::OnHook);
        }
        if matches!(self.stage, Stage::Talking) {
            let sound = match mark.as_ref().and_then(Mark::spec) {
                Some(spec) => Sound::Signal(spec),
                None => Sound::Pause { ms: 10 },
            };
            if !self.say(sound) {
                return Err(ActError::Busy);
            }
        }
        self.far.talking = mark;
        Ok(())
    }

    fn press(&mut self, digits: &str) -> Result<(), ActError> {
        if !matches!(self.stage, Stage::Talking) {
            return Err(ActError::OnHook);
        }
        for c in digits.chars() {
            let digit = model::Digit::from_char(c);
            let digit = digit.ok_or_else(|| ActError::Digits(digits.into()))?;
            if !self.say(Sound::Key(digit)) {
                return Err(ActError::Busy);
            }
        }
        if let Some(spec) = self.far.talking.as_ref().and_then(Mark::spec) {
            self.say(Sound::Signal(spec));
        }
        Ok(())
    }

    /// The far party does what its manner says is due.
    pub(crate) fn far_thinks(&mut self, tones: &[NamedTone]) {
        let manner = &self.far.manner;
        if let (Stage::Ringback { since }, Some(rings)) = (&self.stage, manner.answer_after_rings) {
            let burst = self.rules.ring.burst_start_ms(u64::from(rings)) + 500;
            if self.now >= *since + Duration::from_millis(burst) {
                self.talk(true);
            }
            return;
        }
        if !matches!(self.stage, Stage::Talking) {
            return;
        }
        let stay = manner.stay_s.map(|s| Duration::from_secs(s.into()));
        let stays_on = stay.is_none_or(|stay| self.now < self.far.since + stay);
        let bored = match manner.patience_s {
            None => false,
            Some(patience) => {
                if !hearing::is_dull(&self.far.ear, tones) {
                    self.far.entertained = self.now;
                }
                self.now >= self.far.entertained + Duration::from_secs(patience.into())
            }
        };
        if !stays_on || bored {
            self.far.released();
            self.far_hung_up();
        }
    }

    /// What the far party sees and hears, listening for `marks` and for a country's `tones`.
    #[must_use]
    pub fn report(&self, tones: &[NamedTone], marks: &[&Mark]) -> Report {
        let rung = match self.stage {
            Stage::Ringback { since } => Some(since),
            _ => None,
        };
        let ms = |since: Duration| {
            u64::try_from(self.now.saturating_sub(since).as_millis()).unwrap_or(u64::MAX)
        };
        let ring = &self.rules.ring;
        let rings = rung.map_or(0, |since| ring.bursts_begun_at(ms(since)));
        let talking = matches!(self.stage, Stage::Talking);
        let waiting = self.said.saturating_sub(self.links.copper.wire.spoken());
        Report {
            port: self.port.clone(),
            off_hook: self.far.off_hook,
            ringing: rung.is_some_and(|since| ring.is_on_at(ms(since))),
            rung: rung.is_some(),
            rings: u32::try_from(rings).unwrap_or(u32::MAX),
            ring_cadence_ms: rung.map_or_else(Vec::new, |_| ring.steps_ms().to_vec()),
            linefeed: self.fed(),
            display: None,
            lamp: false,
            fax: Vec::new(),
            metered: 0,
            talking: self.far.talking.as_ref().map(|mark| mark.name().into()),
            waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
            blocks: self.links.copper.wire.blocks(),
            dropped: self.links.copper.wire.dropped(),
            hearing: talking.then(|| hearing::hearing(&self.far.ear, tones, marks)),
            line: Some(LineReport {
                stage: self.stage.name().into(),
                seized: self.closed,
                dialled: self.dialled.clone(),
                flashes: self.flashes,
                disconnect: self.rules.disconnect,
                faults: self.faults,
            }),
        }
    }
}

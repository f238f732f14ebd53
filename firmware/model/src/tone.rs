//! A tone as data: what is played, in what order, for how long.

use serde::{Deserialize, Serialize};

use crate::limits::TONE_STEPS_MAX;

/// One step of a tone: up to four sines at once, or silence when all are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToneStep {
    /// Frequencies in Hz, 0 = none.
    pub hz: [u16; 2],
    /// Frequencies of the few tones that have more: howlers, some dial tones.
    pub more_hz: [u16; 2],
    /// When not 0, `hz[0]` is amplitude modulated by this frequency, 90 % deep.
    pub am_hz: u16,
    /// Duration in ms, 0 = until stopped.
    pub ms: u16,
    /// Played only the first time through.
    pub once: bool,
    /// Level against the tone's own, in dB.
    pub rel_db: i8,
}

impl ToneStep {
    /// All four frequencies in Hz, 0 = none.
    #[must_use]
    pub const fn sines(&self) -> [u16; 4] {
        [self.hz[0], self.hz[1], self.more_hz[0], self.more_hz[1]]
    }
}

/// A whole tone. Played in order; after the last step it goes on at the first step that is not
/// `once`; if every step is `once` the tone ends. Fixed in size so that it crosses rings as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToneSpec {
    steps: [ToneStep; TONE_STEPS_MAX],
    len: u8,
    /// Level of each sine in dBm0, usually −10 to −25.
    pub level_dbm0: i8,
}

impl ToneSpec {
    /// A tone of these steps, each sine at `level_dbm0`; `None` if there are no steps or more than
    /// `limits::TONE_STEPS_MAX`.
    #[must_use]
    pub fn new(steps: &[ToneStep], level_dbm0: i8) -> Option<Self> {
        let mut all = [ToneStep::default(); TONE_STEPS_MAX];
        if steps.is_empty() {
            return None;
        }
        all.get_mut(..steps.len())?.copy_from_slice(steps);
        Some(Self {
            steps: all,
            len: u8::try_from(steps.len()).ok()?,
            level_dbm0,
        })
    }

    /// The steps in order, at least one.
    #[must_use]
    pub fn steps(&self) -> &[ToneStep] {
        self.steps.get(..usize::from(self.len)).unwrap_or(&[])
    }
}

//! The dual tone that announces caller ID: CAS (GR-30-CORE §2.5) and DT-AS (EN 300 659-1 §6.2), 2,130 and
//! 2,750 Hz.

use crate::goertzel::Goertzel;
use crate::level::{peak_of, power_of};
use crate::tone::{RAMP_SAMPLES, Voice};
use crate::{SAMPLES_PER_MS, TICK_SAMPLES};

const HZ: [f32; 2] = [2_130.0, 2_750.0];
/// Weakest of the two: −40 dBm0.
const WEAKEST_DBM0: i16 = -40;
/// Least part of all energy in the two.
const PURITY_MIN: f32 = 0.7;
/// Greatest ratio of one to the other: 8 dB.
const TWIST_MAX: f32 = 6.3;
/// How long it lasts, in blocks of 10 ms: 75 to 110 ms, and what blocks at its ends cut off.
const BLOCKS: core::ops::RangeInclusive<u8> = 6..=12;

/// The tone being played.
#[derive(Clone, Debug)]
pub struct AlertSender {
    voices: [Voice; 2],
    /// Samples left.
    left: u32,
}

impl AlertSender {
    /// Plays it for `ms`, each sine at `dbm0`.
    #[must_use]
    pub fn new(ms: u16, dbm0: i8) -> Self {
        let mut voices = HZ.map(Voice::new);
        for voice in &mut voices {
            voice.aim(peak_of(i16::from(dbm0).min(0)));
        }
        Self {
            voices,
            left: u32::from(ms).saturating_mul(SAMPLES_PER_MS),
        }
    }

    /// Whether only silence would follow.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.left == 0
    }

    /// Writes the next samples over all of `out`.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            if self.left == RAMP_SAMPLES {
                for voice in &mut self.voices {
                    voice.aim(0.0);
                }
            }
            *sample = match self.left {
                0 => 0,
                _ => self.voices.iter_mut().map(Voice::next).sum::<f32>() as i16,
            };
            self.left = self.left.saturating_sub(1);
        }
    }
}

/// Hears it.
#[derive(Clone, Debug)]
pub struct AlertDetector {
    bank: Goertzel<2>,
    blocks: u8,
    /// A block within that did not agree: the edges of the tone seldom lie on those of blocks.
    missed: bool,
}

impl Default for AlertDetector {
    fn default() -> Self {
        Self::new()
    }
}

impl AlertDetector {
    /// One that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bank: Goertzel::new(HZ),
            blocks: 0,
            missed: false,
        }
    }

    /// Listens to 10 ms; whether a tone of the right length has just ended.
    pub fn feed(&mut self, block: &[f32]) -> bool {
        if self.is_here(block) {
            self.blocks = self.blocks.saturating_add(1);
            self.missed = false;
            return false;
        }
        if self.blocks > 0 && !core::mem::replace(&mut self.missed, true) {
            return false;
        }
        self.missed = false;
        BLOCKS.contains(&core::mem::take(&mut self.blocks))
    }

    fn is_here(&self, block: &[f32]) -> bool {
        let energy: f32 = block.iter().map(|s| s * s).sum();
        let samples = TICK_SAMPLES as f32;
        if block.len() != TICK_SAMPLES || energy < power_of(WEAKEST_DBM0) * samples {
            return false;
        }
        let whole = energy * samples / 2.0;
        let [low, high] = self.bank.measure(block).map(|bin| bin.power() / whole);
        low + high > PURITY_MIN && low < high * TWIST_MAX && high < low * TWIST_MAX
    }
}

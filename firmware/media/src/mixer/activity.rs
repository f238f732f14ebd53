//! Whether somebody speaks. Only to save work: who is taken for silent is left out of the mix, so
//! in doubt one speaks, and whoever spoke counts as speaking for a while longer.

use dsp::level::mean_square;

/// Louder than −42 dBm0 is never silence, however steady it is. Mean squares.
const LOUD: f32 = 16_000.0;
/// Below −64 dBm0 nothing is heard.
const QUIET: f32 = 100.0;
/// Between them one speaks who is 9 dB above the noise around him.
const ABOVE_NOISE: f32 = 8.0;
/// The noise is the least level of late: it may rise by 4 dB a second.
const RISE: f32 = 1.01;
/// Pauses shorter than this are speech: 600 ms.
const HANGOVER_TICKS: u8 = 60;

/// The ear of the mixer for one leg.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Activity {
    noise: f32,
    left: u8,
}

impl Activity {
    pub(crate) const fn new() -> Self {
        Self {
            noise: QUIET,
            left: 0,
        }
    }

    /// Whether somebody speaks in this block of 10 ms, or did a moment ago.
    pub(crate) fn hears(&mut self, block: &[i16]) -> bool {
        let level = mean_square(block);
        let speaks = level > LOUD || (level > QUIET && level > self.noise * ABOVE_NOISE);
        self.noise = level.clamp(1.0, (self.noise * RISE).max(QUIET / ABOVE_NOISE));
        self.left = if speaks {
            HANGOVER_TICKS
        } else {
            self.left.saturating_sub(1)
        };
        self.left > 0
    }

    /// Who begins is listened to closely for a while.
    pub(crate) const fn begin(&mut self) {
        *self = Self {
            left: HANGOVER_TICKS,
            ..Self::new()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: &mut u32, peak: i32) -> Vec<i16> {
        let mut next = || {
            *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((*seed >> 16) as i32 % (2 * peak + 1) - peak) as i16
        };
        (0..80).map(|_| next()).collect()
    }

    #[test]
    fn a_quiet_talker_in_a_quiet_room_is_heard_and_pauses_are_speech() {
        let mut activity = Activity::new();
        let mut seed = 1;
        for _ in 0..200 {
            activity.hears(&noise(&mut seed, 8));
        }
        assert!(!activity.hears(&noise(&mut seed, 8)));
        let quiet: Vec<i16> = (0..80).map(|n| if n % 16 < 8 { 60 } else { -60 }).collect();
        assert!(activity.hears(&quiet), "−45 dBm0 over −65");
        for tick in 0..HANGOVER_TICKS - 1 {
            assert!(activity.hears(&noise(&mut seed, 8)), "{tick}");
        }
        assert!(!activity.hears(&noise(&mut seed, 8)));
    }

    #[test]
    fn steady_noise_becomes_silence_and_a_loud_tone_never_does() {
        let mut activity = Activity::new();
        let mut seed = 1;
        let ended = (0..1_500).find(|_| !activity.hears(&noise(&mut seed, 100)));
        assert!(ended.is_some(), "the fan of a room is no speech for ever");
        let tone: Vec<i16> = (0..80)
            .map(|n| if n % 16 < 8 { 300 } else { -300 })
            .collect();
        assert!((0..5_000).all(|_| activity.hears(&tone)));
    }
}

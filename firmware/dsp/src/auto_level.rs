//! Automatic level: quiet talkers are raised and loud ones lowered, slowly, and noise stays where it
//! is.

use crate::level::{gain, mean_square, power_of};

/// What speech is brought to, in dBm0 while it lasts.
const AIM_DBM0: i16 = -18;
/// Sound below this, in dBm0, is not speech, whatever the noise is.
const WEAKEST_DBM0: i16 = -45;
/// Speech is at least this much above the noise, in dB.
const OVER_NOISE_DB: i16 = 9;
/// Most and least gain in dB.
const MOST_DB: i16 = 15;
const LEAST_DB: i16 = -12;
/// Part of the way to the wanted gain in a block of 10 ms: raising takes two seconds, lowering a
/// quarter of one.
const RAISE: f32 = 0.006;
const LOWER: f32 = 0.05;
/// How fast the known noise rises (1 dB a second) and the known speech follows, per block.
const NOISE_RISE: f32 = 1.002_3;
const FOLLOW: f32 = 0.03;

/// The level control of one talker.
#[derive(Clone, Copy, Debug)]
pub struct AutoLevel {
    /// Mean square of the noise and of the speech.
    noise: f32,
    speech: f32,
    gain: f32,
}

impl Default for AutoLevel {
    fn default() -> Self {
        Self::new()
    }
}

impl AutoLevel {
    /// A control that has heard nothing and changes nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            noise: f32::MAX,
            speech: power_of(AIM_DBM0),
            gain: 1.0,
        }
    }

    /// The gain in force, as a factor.
    #[must_use]
    pub const fn gain(&self) -> f32 {
        self.gain
    }

    /// Changes a block of 10 ms in place. Peaks are lowered at once, so nothing is cut off.
    pub fn process(&mut self, block: &mut [i16]) {
        let power = mean_square(block);
        self.noise = (self.noise * NOISE_RISE).min(power.max(1.0));
        let threshold =
            (self.noise * power_of(OVER_NOISE_DB) / power_of(0)).max(power_of(WEAKEST_DBM0));
        let before = self.gain;
        if power > threshold {
            self.speech += (power - self.speech) * FOLLOW;
            let wanted = (power_of(AIM_DBM0) / self.speech).sqrt();
            let wanted = wanted.clamp(gain(LEAST_DB), gain(MOST_DB));
            let part = if wanted > self.gain { RAISE } else { LOWER };
            self.gain += (wanted - self.gain) * part;
        }
        let peak = block.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
        let most = 32_000.0 / f32::from(peak.max(1));
        self.gain = self.gain.min(most.max(gain(LEAST_DB)));
        // A straight line from the gain of the block before: no click; but never above the limit.
        let start = before.min(most.max(gain(LEAST_DB)));
        let step = (self.gain - start) / block.len().max(1) as f32;
        let mut now = start;
        for sample in block {
            now += step;
            *sample = (f32::from(*sample) * now) as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::{peak_of, rms_dbm0};
    use crate::sine::Sine;

    /// Talks and pauses half a second each, over noise; gives the level of talk and of noise at the
    /// end.
    fn run(talk_dbm0: i16, noise_dbm0: i16, seconds: usize) -> (f32, f32) {
        let mut control = AutoLevel::new();
        let mut sine = Sine::new(500.0);
        let mut state = 1_u32;
        let (mut talk, mut noise) = (0.0, 0.0);
        for tick in 0..seconds * 100 {
            let talks = tick / 50 % 2 == 0;
            let mut block = [0_i16; 80];
            for sample in &mut block {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let even = (state >> 8) as f32 / 8_388_608.0 - 1.0;
                let mut value = even * peak_of(noise_dbm0) * 1.22;
                if talks {
                    value += sine.next() * peak_of(talk_dbm0);
                }
                *sample = value as i16;
            }
            control.process(&mut block);
            if talks {
                talk = rms_dbm0(&block);
            } else {
                noise = rms_dbm0(&block);
            }
        }
        (talk, noise)
    }

    #[test]
    fn quiet_and_loud_talkers_come_near_each_other() {
        for dbm0 in [-32, -28, -18, -10, -3] {
            let (talk, _) = run(dbm0, -65, 20);
            assert!((-22.0..-14.0).contains(&talk), "{dbm0} dBm0 became {talk}");
        }
        // No more than 15 dB are given.
        let (talk, _) = run(-42, -70, 30);
        assert!((talk + 27.0).abs() < 1.5, "{talk}");
    }

    #[test]
    fn noise_alone_is_not_raised() {
        for dbm0 in [-60, -45, -35] {
            let mut control = AutoLevel::new();
            let mut noise = crate::comfort::ComfortNoise::new();
            // dBov are 6.1 dB below dBm0.
            noise.set(&[(6 - dbm0) as u8]);
            for _ in 0..6_000 {
                let mut block = [0; 80];
                noise.fill(&mut block);
                control.process(&mut block);
            }
            assert!(control.gain() < 1.5, "{dbm0}: {}", control.gain());
        }
    }

    #[test]
    fn a_shout_after_a_whisper_is_not_cut_off() {
        let mut control = AutoLevel::new();
        let mut sine = Sine::new(400.0);
        let mut peak = 0;
        for tick in 0..3_000 {
            let loud = if tick < 2_500 { peak_of(-32) } else { 31_000.0 };
            let mut block = [0_i16; 80];
            for sample in &mut block {
                *sample = (sine.next() * loud) as i16;
            }
            control.process(&mut block);
            peak = block.iter().map(|s| s.unsigned_abs()).fold(peak, u16::max);
        }
        assert!(peak <= 32_100, "{peak}");
    }
}

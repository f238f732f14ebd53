//! The echo of our dial tone hides the first key: while one is played, what comes back of it is taken out.

use crate::TICK_SAMPLES;
use crate::level::power_of;

/// Below this the port plays nothing that could hide a key: −45 dBm0.
const AUDIBLE_DBM0: i16 = -45;
/// Playing is a dial tone when the filter leaves less than this part of it.
const DIAL_TONE_REST: f32 = 0.05;
/// Card periods for which the filter stays after the dial tone: 100 ms.
const HOLD_PERIODS: u8 = 10;

/// Takes dial tone out of what is heard while dial tone is played. Not always, since low sounds are how
/// speech is told from keys.
#[derive(Clone, Debug, Default)]
pub(super) struct DialToneGuard {
    heard: DialToneFilter,
    played: DialToneFilter,
    /// Periods for which the filter stays in use.
    hold: u8,
}

impl DialToneGuard {
    /// The sound of one period without our dial tone; `played` went to the line meanwhile.
    pub(super) fn filter(&mut self, heard: &[i16], played: &[i16]) -> [f32; TICK_SAMPLES] {
        self.watch(played);
        let mut sound = [0.0; TICK_SAMPLES];
        for (slot, &sample) in sound.iter_mut().zip(heard) {
            let plain = f32::from(sample);
            let filtered = self.heard.next(plain);
            *slot = if self.hold > 0 { filtered } else { plain };
        }
        sound
    }

    fn watch(&mut self, played: &[i16]) {
        let (mut all, mut rest) = (0.0_f32, 0.0_f32);
        for &sample in played.iter().take(TICK_SAMPLES) {
            let plain = f32::from(sample);
            let filtered = self.played.next(plain);
            all += plain * plain;
            rest += filtered * filtered;
        }
        let audible = all > power_of(AUDIBLE_DBM0) * TICK_SAMPLES as f32;
        self.hold = if audible && rest < all * DIAL_TONE_REST {
            HOLD_PERIODS
        } else {
            self.hold.saturating_sub(1)
        };
    }
}

/// Takes 340–450 Hz, where every country's dial tone lies, down by 53 dB and leaves the keys'
/// frequencies within ±0.45 dB. Two sections found by numeric search: zeros at 360.6 and 437.5 Hz,
/// poles at 685.4 Hz (radius 0.954) and 941.7 Hz (radius 0.688).
#[derive(Clone, Copy, Debug, Default)]
struct DialToneFilter {
    first: Section,
    second: Section,
}

impl DialToneFilter {
    fn next(&mut self, sample: f32) -> f32 {
        const GAIN: f32 = 0.460_8;
        let sample = self
            .first
            .next(sample * GAIN, -1.920_327, [-1.638_048, 0.909_980]);
        self.second
            .next(sample, -1.883_089, [-1.017_139, 0.473_939])
    }
}

/// Two zeros on the unit circle and two poles, transposed direct form II.
#[derive(Clone, Copy, Debug, Default)]
struct Section {
    state: [f32; 2],
}

impl Section {
    fn next(&mut self, sample: f32, zero: f32, pole: [f32; 2]) -> f32 {
        let [first, second] = self.state;
        let out = sample + first;
        self.state = [
            zero * sample + second - pole[0] * out,
            sample - pole[1] * out,
        ];
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::rms_dbm0;
    use crate::tone::Tone;
    use model::{ToneSpec, ToneStep};

    fn gain_at(hz: u16) -> f32 {
        let step = ToneStep {
            hz: [hz, 0],
            ..ToneStep::default()
        };
        let mut tone = Tone::new(ToneSpec::new(&[step], -10).expect("one step"));
        let mut filter = DialToneFilter::default();
        let mut block = [0; 1_600];
        tone.fill(&mut block);
        let out = block.map(|sample| filter.next(f32::from(sample)) as i16);
        rms_dbm0(&out[800..]) - rms_dbm0(&block[800..])
    }

    #[test]
    fn the_filter_takes_dial_tones_and_leaves_keys() {
        for hz in [350, 400, 413, 420, 425, 438, 440, 450] {
            assert!(gain_at(hz) < -48.0, "{hz} Hz: {}", gain_at(hz));
        }
        for hz in [697, 770, 852, 941, 1_209, 1_336, 1_477, 1_633] {
            assert!(gain_at(hz).abs() < 0.6, "{hz} Hz: {}", gain_at(hz));
        }
    }
}

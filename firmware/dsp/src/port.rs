//! What listens at an analog port, on exactly paired samples in the card's own clock (design §3).

use model::Digit;

use crate::TICK_SAMPLES;
use crate::dtmf::{DtmfReceiver, Key};
use crate::level::power_of;

/// Below this the port plays nothing that could hide a key: −45 dBm0.
const AUDIBLE_DBM0: i16 = -45;
/// Playing is a dial tone when the filter leaves less than this part of it.
const DIAL_TONE_REST: f32 = 0.05;
/// Card periods for which the filter stays after the dial tone: 100 ms.
const HOLD_PERIODS: u8 = 10;

/// News of one card period; `released` comes before `pressed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortHeard {
    /// A key that was let go, and how long it was down in ms.
    pub released: Option<(Digit, u16)>,
    /// A key that went down.
    pub pressed: Option<Digit>,
}

/// The listener of one port. Call [`PortDsp::process`] once per card period of 10 ms.
#[derive(Clone, Debug, Default)]
pub struct PortDsp {
    keys: DtmfReceiver,
    heard: DialToneFilter,
    played: DialToneFilter,
    /// Periods for which the filter stays in use.
    hold: u8,
}

impl PortDsp {
    /// A listener that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The key that is down.
    #[must_use]
    pub fn down(&self) -> Option<Digit> {
        self.keys.down()
    }

    /// Listens to one period: `rx` came from the line while `tx` was played to it. Both have
    /// [`TICK_SAMPLES`] samples; more are ignored.
    pub fn process(&mut self, rx: &[i16], tx: &[i16]) -> PortHeard {
        self.watch_dial_tone(tx);
        let mut sound = [0.0; TICK_SAMPLES];
        let length = rx.len().min(TICK_SAMPLES);
        for (slot, &sample) in sound.iter_mut().zip(rx) {
            let plain = f32::from(sample);
            let filtered = self.heard.next(plain);
            *slot = if self.hold > 0 { filtered } else { plain };
        }
        let mut heard = PortHeard::default();
        let sound = sound.get(..length).unwrap_or_default();
        self.keys.feed(sound, |key| match key {
            Key::Pressed(digit) => heard.pressed = Some(digit),
            Key::Released { digit, ms } => heard.released = Some((digit, ms)),
        });
        heard
    }

    /// The echo of a dial tone hides the first key: while one is played, what comes back of it is
    /// taken out. Not always, since low sounds are how speech is told from keys.
    fn watch_dial_tone(&mut self, tx: &[i16]) {
        let (mut all, mut rest) = (0.0_f32, 0.0_f32);
        for &sample in tx.iter().take(TICK_SAMPLES) {
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
    use crate::dtmf::DtmfSender;
    use crate::level::rms_dbm0;
    use crate::tone::Tone;
    use model::{ToneSpec, ToneStep};

    fn steady(hz: [u16; 2], dbm0: i8) -> Tone {
        let step = ToneStep {
            hz,
            ..ToneStep::default()
        };
        Tone::new(ToneSpec::new(&[step], dbm0).expect("one step"))
    }

    fn gain_at(hz: u16) -> f32 {
        let mut tone = steady([hz, 0], -10);
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

    /// Plays `tone` to the line, whose echo comes back 10 dB weaker, while a key is pressed.
    fn heard_over(tone: &mut Tone, key_dbm0: i8) -> Vec<PortHeard> {
        let digit = Digit::from_char('5').expect("a key");
        let mut port = PortDsp::new();
        let mut all = Vec::new();
        let mut key = DtmfSender::new(digit, 100, key_dbm0, key_dbm0);
        for period in 0..80 {
            let mut tx = [0; TICK_SAMPLES];
            tone.fill(&mut tx);
            let mut rx = tx.map(|sample| sample / 3);
            if period >= 40 {
                let mut pressed = [0; TICK_SAMPLES];
                key.fill(&mut pressed);
                crate::mix::add_saturating(&mut rx, &pressed);
            }
            let heard = port.process(&rx, &tx);
            if heard != PortHeard::default() {
                all.push(heard);
            }
        }
        all
    }

    #[test]
    fn the_first_key_is_heard_over_every_dial_tone() {
        for hz in [[425, 0], [350, 440], [413, 438], [400, 0]] {
            let heard = heard_over(&mut steady(hz, -10), -20);
            assert_eq!(heard.len(), 2, "{hz:?}: {heard:?}");
            assert_eq!(heard[0].pressed, Digit::from_char('5'));
            let (digit, ms) = heard[1].released.expect("released last");
            assert_eq!(Some(digit), Digit::from_char('5'));
            assert!((80..=120).contains(&ms), "{ms}");
        }
    }

    #[test]
    fn without_a_key_a_dial_tone_is_no_key() {
        let mut port = PortDsp::new();
        let mut tone = steady([350, 440], -5);
        for _ in 0..500 {
            let mut tx = [0; TICK_SAMPLES];
            tone.fill(&mut tx);
            assert_eq!(port.process(&tx, &tx), PortHeard::default());
        }
        assert_eq!(port.down(), None);
    }
}

//! A set that is a fax machine (ITU-T T.30 §4): what it sends to be known, and what it knows the other one by.

use core::f32::consts::TAU;

use dsp::fax::FaxDetector;
use dsp::level::peak_of;
use hal_port::Frame;
use model::{FaxTone, ToneSpec, ToneStep};

/// Samples of one second.
const RATE: u32 = 8_000;
const MS: u32 = RATE / 1_000;
/// What machines send at most (T.30 §4: −9 to −12 dBm at the line).
const DBM0: i8 = -12;
/// The calling tone, and its pause.
const CALLING_HZ: u16 = 1_100;
const CALLING_MS: (u16, u16) = (500, 3_000);
/// Silence after the answer: 1.8 to 2.5 s. Then the called tone of 2.6 to 4 s, and silence of 75 ± 20 ms.
const ANSWER_SILENCE: u32 = 2_000 * MS;
const CALLED_HZ: f32 = 2_100.0;
const CALLED: u32 = 3_000 * MS;
const CALLED_SILENCE: u32 = 75 * MS;
/// Flags before a frame last 1 s ± 15 %; until somebody answers the frame comes again after 3 s.
const FLAGS: u32 = 1_000 * MS;
const AGAIN: u32 = 3_000 * MS;
/// V.21, channel 2: 1 and 0, 300 bits a second.
const BIT_HZ: [f32; 2] = [1_850.0, 1_650.0];
const BITS: u32 = 300;
/// 01111110, sent without an end.
const FLAG: u32 = 0b0111_1110;

/// The calling tone, endless.
pub(crate) fn calling() -> Option<ToneSpec> {
    let on = ToneStep {
        hz: [CALLING_HZ, 0],
        ms: CALLING_MS.0,
        ..ToneStep::default()
    };
    let off = ToneStep {
        ms: CALLING_MS.1,
        ..ToneStep::default()
    };
    ToneSpec::new(&[on, off], DBM0)
}

/// What a called machine sends, sample by sample, until nobody wants it any more.
#[derive(Debug, Default)]
pub(crate) struct Called {
    /// Samples since the answer.
    at: u32,
    /// Of the sine that is being sent: bits change its pitch and not its phase.
    phase: f32,
}

impl Called {
    /// The pitch of this moment.
    fn hz(&self) -> Option<f32> {
        let tone = self.at.checked_sub(ANSWER_SILENCE)?;
        if tone < CALLED {
            return Some(CALLED_HZ);
        }
        let frames = tone.checked_sub(CALLED + CALLED_SILENCE)?;
        let flags = frames % (FLAGS + AGAIN);
        (flags < FLAGS).then(|| {
            let bit = flags * BITS / RATE % 8;
            BIT_HZ[(FLAG >> (7 - bit) & 1) as usize]
        })
    }

    pub(crate) fn fill(&mut self, out: &mut [i16]) {
        let peak = peak_of(DBM0.into());
        for sample in out {
            *sample = match self.hz() {
                Some(hz) => {
                    self.phase = (self.phase + TAU * hz / RATE as f32) % TAU;
                    (peak * self.phase.sin()) as i16
                }
                None => 0,
            };
            self.at = self.at.saturating_add(1);
        }
    }
}

/// What the machine has heard of another one since it is in a call.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    detector: FaxDetector,
    tones: Vec<FaxTone>,
}

impl Heard {
    pub(crate) fn take(&mut self, frame: &Frame) -> Option<FaxTone> {
        let tone = self.detector.process(frame);
        self.tones.extend(tone);
        tone
    }

    pub(crate) fn tones(&self) -> Vec<FaxTone> {
        self.tones.clone()
    }
}

#[cfg(test)]
mod tests {
    use hal_port::FRAME;

    use super::*;

    /// By the detector, and by where the sound is: 2 s nothing, 3 s of 2100 Hz, a moment, 1 s of flags.
    #[test]
    fn a_called_machine_is_known() {
        let mut machine = Called::default();
        let mut heard = Heard::default();
        let mut told = Vec::new();
        let mut loud = Vec::new();
        for block in 0..1_200 {
            let mut frame = [0; FRAME];
            machine.fill(&mut frame);
            told.extend(heard.take(&frame).map(|tone| (block, tone)));
            loud.push((dsp::level::rms_dbm0(&frame) + 12.0).abs() < 1.5);
        }
        assert_eq!(heard.tones(), [FaxTone::Ced, FaxTone::Preamble]);
        assert!((240..=260).contains(&told[0].0), "{told:?}");
        assert!((520..=550).contains(&told[1].0), "{told:?}");
        for (from, to, on) in [
            (0, 200, false),
            (200, 500, true),
            (501, 507, false),
            (508, 607, true),
            (608, 907, false),
            (908, 1_007, true),
        ] {
            let blocks = &loud[from..to];
            assert!(blocks.iter().all(|&loud| loud == on), "{from}: {blocks:?}");
        }
    }
}

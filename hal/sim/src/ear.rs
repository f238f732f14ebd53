//! What a person remembers of the sound at the earpiece.

use std::collections::VecDeque;

use hal_port::{FRAME, Frame};

/// Samples remembered: 12 s, two rounds of the longest ringback.
const MEMORY: usize = 12 * 8_000;
/// Samples of the finest step in time: 5 ms.
const STEP: usize = 40;
const STEP_MS: u32 = 5;
/// What is weaker is a pause, in dBm0.
const PAUSE_DBM0: i16 = -46;
/// A gap shorter than this is no pause, a burst shorter than this no sound: edges and clicks.
const GLITCH_STEPS: usize = 6;

/// The last seconds at the earpiece.
#[derive(Debug)]
pub(crate) struct Ear {
    samples: VecDeque<i16>,
    last: Frame,
}

/// A stretch of sound or of pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) on: bool,
    /// First sample in the memory, and how many.
    pub(crate) start: usize,
    pub(crate) len: usize,
}

impl Run {
    /// Length in ms.
    pub(crate) fn ms(&self) -> u32 {
        (self.len / STEP) as u32 * STEP_MS
    }
}

impl Default for Ear {
    fn default() -> Self {
        Self {
            samples: VecDeque::new(),
            last: [0; FRAME],
        }
    }
}

impl Ear {
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn take(&mut self, frame: &Frame) {
        let over = (self.samples.len() + FRAME).saturating_sub(MEMORY);
        self.samples.drain(..over);
        self.samples.extend(frame);
        self.last = *frame;
    }

    /// The last block that came.
    pub(crate) fn last(&self) -> Frame {
        self.last
    }

    /// The last `ms` of sound, less if there is not so much.
    pub(crate) fn recent(&self, ms: usize) -> Vec<i16> {
        let from = self.samples.len().saturating_sub(ms * 8);
        self.samples.range(from..).copied().collect()
    }
}

/// `samples` as alternating sound and pause, oldest first; the last one goes on.
pub(crate) fn runs(samples: &[i16]) -> Vec<Run> {
    let floor = dsp::level::power_of(PAUSE_DBM0);
    let mut on: Vec<bool> = samples
        .chunks_exact(STEP)
        .map(|step| dsp::level::mean_square(step) >= floor)
        .collect();
    smooth(&mut on);
    let mut runs: Vec<Run> = Vec::new();
    for (at, &on) in on.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if run.on == on => run.len += STEP,
            _ => runs.push(Run {
                on,
                start: at * STEP,
                len: STEP,
            }),
        }
    }
    runs
}

/// Removes stretches that are too short to mean anything, except at the ends, which are cut off.
fn smooth(on: &mut [bool]) {
    let mut start = 0;
    while start < on.len() {
        let state = on[start];
        let len = on[start..].iter().take_while(|&&s| s == state).count();
        let end = start + len;
        if start > 0 && end < on.len() && len < GLITCH_STEPS {
            on[start..end].fill(!state);
        }
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_their_lengths() {
        let mut sound = vec![0; 800];
        sound.extend([4_000_i16, -4_000].repeat(1_000));
        sound.extend([0; 160]);
        sound.extend([4_000_i16, -4_000].repeat(1_000));
        sound.extend([0; 1_600]);
        let got: Vec<_> = runs(&sound).iter().map(|r| (r.on, r.ms())).collect();
        assert_eq!(got, [(false, 100), (true, 520), (false, 200)]);
    }

    #[test]
    fn memory_is_bounded() {
        let mut ear = Ear::default();
        for _ in 0..2_000 {
            ear.take(&[1; FRAME]);
        }
        assert_eq!(ear.recent(60_000).len(), MEMORY);
        assert_eq!(ear.recent(10).len(), 80);
    }
}

//! Plays a [`ToneSpec`]: exact levels and cadence, continuous phase, no clicks.

use model::{ToneSpec, ToneStep};

use crate::level::peak_of;
use crate::sine::Sine;
use crate::{RATE_HZ, SAMPLES_PER_MS};

/// A sine reaches full level, or silence, in this many samples: 5 ms.
pub(crate) const RAMP_SAMPLES: u32 = RATE_HZ / 200;

/// A tone being played. Make one when the tone starts; its first sample is the first of the
/// first step.
#[derive(Clone, Debug)]
pub struct Tone {
    spec: ToneSpec,
    /// Index of the current step.
    at: usize,
    /// Samples left of the current step; `None` = until stopped.
    left: Option<u32>,
    voices: [Voice; 4],
    modulator: Sine,
    modulated: bool,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Playing,
    /// Samples of fading left.
    Fading(u32),
    Over,
}

impl Tone {
    /// A tone at its start.
    #[must_use]
    pub fn new(spec: ToneSpec) -> Self {
        let mut tone = Self {
            spec,
            at: 0,
            left: None,
            voices: [Voice::default(); 4],
            modulator: Sine::default(),
            modulated: false,
            phase: Phase::Playing,
        };
        tone.enter(0);
        tone
    }

    /// Writes the next samples over all of `out`: silence once the tone is over.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            *sample = self.next();
        }
    }

    /// Fades out over 5 ms; the tone is over then.
    pub fn stop(&mut self) {
        if self.phase == Phase::Playing {
            self.phase = Phase::Fading(RAMP_SAMPLES);
            for voice in &mut self.voices {
                voice.aim(0.0);
            }
        }
    }

    /// Whether only silence would follow: stopped, or all steps were to be played once and are.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    fn next(&mut self) -> i16 {
        match self.phase {
            Phase::Over => return 0,
            Phase::Fading(0) => {
                self.phase = Phase::Over;
                return 0;
            }
            Phase::Fading(left) => self.phase = Phase::Fading(left.saturating_sub(1)),
            Phase::Playing => self.advance(),
        }
        if self.phase == Phase::Over {
            return 0;
        }
        let [first, others @ ..] = &mut self.voices;
        let mut sum = first.next();
        if self.modulated {
            sum *= 1.0 + 0.9 * self.modulator.next();
        }
        for voice in others {
            sum += voice.next();
        }
        sum as i16
    }

    /// Counts the current step down before its next sample, turning sines down ahead of a step
    /// that does not have them so that the step boundary is where the cadence says.
    fn advance(&mut self) {
        let Some(left) = self.left else { return };
        if left == 0 {
            match self.following() {
                Some(next) => self.enter(next),
                None => self.phase = Phase::Over,
            }
        } else if left == RAMP_SAMPLES {
            let next = self.following().and_then(|at| self.step(at));
            for (index, voice) in self.voices.iter_mut().enumerate() {
                if next.is_none_or(|step| step_hz(step, index) == 0) {
                    voice.aim(0.0);
                }
            }
        }
        self.left = self.left.map(|left| left.saturating_sub(1));
    }

    fn step(&self, at: usize) -> Option<ToneStep> {
        self.spec.steps().get(at).copied()
    }

    /// The step after the current one: the next, or the first that repeats.
    fn following(&self) -> Option<usize> {
        let next = self.at.saturating_add(1);
        if next < self.spec.steps().len() {
            return Some(next);
        }
        self.spec.steps().iter().position(|step| !step.once)
    }

    fn enter(&mut self, at: usize) {
        let Some(step) = self.step(at) else {
            self.phase = Phase::Over;
            return;
        };
        self.at = at;
        self.left = match step.ms {
            0 => None,
            ms => Some(u32::from(ms).saturating_mul(SAMPLES_PER_MS)),
        };
        let dbm0 = i16::from(self.spec.level_dbm0).saturating_add(i16::from(step.rel_db));
        let peak = peak_of(dbm0.min(0));
        for (index, voice) in self.voices.iter_mut().enumerate() {
            match step_hz(step, index) {
                0 => voice.aim(0.0),
                hz => {
                    voice.sine.set_hz(f32::from(hz));
                    voice.aim(peak);
                }
            }
        }
        // The modulation depth stays while a modulated tone fades; silence keeps it.
        if step_hz(step, 0) != 0 {
            self.modulated = step.am_hz != 0;
            self.modulator.set_hz(f32::from(step.am_hz));
        }
    }
}

fn step_hz(step: ToneStep, index: usize) -> u16 {
    step.sines().get(index).copied().unwrap_or(0)
}

/// One sine with a level that moves in straight lines.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Voice {
    sine: Sine,
    level: f32,
    target: f32,
    slope: f32,
}

impl Voice {
    /// A silent sine.
    pub(crate) fn new(hz: f32) -> Self {
        Self {
            sine: Sine::new(hz),
            ..Self::default()
        }
    }

    /// Moves to the peak `target` within the ramp.
    pub(crate) fn aim(&mut self, target: f32) {
        self.target = target;
        self.slope = (target - self.level) / RAMP_SAMPLES as f32;
    }

    /// The next sample.
    pub(crate) fn next(&mut self) -> f32 {
        let before = self.level;
        let step = self.slope;
        self.level = if (self.target - before).abs() <= step.abs() {
            self.target
        } else {
            before + step
        };
        let sample = self.sine.next();
        if before == 0.0 { 0.0 } else { sample * before }
    }
}

#[cfg(test)]
mod tests;

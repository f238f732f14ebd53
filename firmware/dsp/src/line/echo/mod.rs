//! The line echo canceller of a port (G.168): what is played comes back from the hybrid, and is taken out.

mod adaptive;
mod disabler;
mod suppressor;
#[cfg(test)]
mod tests;
mod whitening;

use model::EchoSettings;
use model::limits::ECHO_TAIL_SAMPLES;

use adaptive::{Adaptive, Powers};
use disabler::Disabler;
use suppressor::Suppressor;

use super::kernel::LANES;
use crate::level::power_of;
use crate::{SAMPLES_PER_MS, TICK_SAMPLES};

/// Below this what was played tells nothing of the echo: −40 dBm0.
const TELLING_DBM0: i16 = -40;

/// How well the echo of a second was taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EchoFigures {
    /// How much weaker the echo of what was played is than that, in dB, as the filter makes it: of the last second in
    /// which enough was played; `None` while nothing was learned.
    pub return_loss_db: Option<f32>,
    /// How much of it the filter took away on top, in dB; `None` if too little was played or somebody
    /// spoke over it. The suppressor does not count.
    pub enhancement_db: Option<f32>,
}

/// A canceller of one line. Only [`Self::new`] allocates.
#[derive(Clone, Debug)]
pub struct EchoCanceller {
    settings: EchoSettings,
    adaptive: Adaptive,
    suppressor: Suppressor,
    disabler: Disabler,
    disabled: bool,
    /// Of the block under way, for the suppressor; none if it has nothing to do.
    powers: Option<Powers>,
    /// Sums of the second where it tells something.
    sums: Sums,
    /// How much weaker the echo was than its sound, as a ratio of powers.
    return_ratio: f32,
}

/// Sums of mean squares.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    /// What was played.
    played: f32,
    /// Its echo, as the filter in use makes it.
    echo: f32,
    /// What came.
    near: f32,
    /// What was left of that.
    rest: f32,
}

impl EchoCanceller {
    /// A canceller that knows nothing of the line yet. Its tail is 8 ms at least and
    /// `limits::ECHO_TAIL_SAMPLES` at most.
    #[must_use]
    pub fn new(settings: EchoSettings) -> Self {
        Self {
            settings,
            adaptive: Adaptive::new(taps(settings)),
            suppressor: Suppressor::new(),
            disabler: Disabler::new(),
            disabled: false,
            powers: None,
            sums: Sums::default(),
            return_ratio: 0.0,
        }
    }

    /// Sets it anew. With another tail it begins anew, too. Allocates nothing.
    pub fn set(&mut self, settings: EchoSettings) {
        if taps(settings) != taps(self.settings) {
            self.adaptive.resize(taps(settings));
            self.return_ratio = 0.0;
        }
        self.settings = settings;
    }

    /// Forgets the call and keeps what is known of the line.
    pub fn reset(&mut self) {
        self.suppressor = Suppressor::new();
        self.disabler = Disabler::new();
        self.disabled = false;
        self.powers = None;
        self.sums = Sums::default();
    }

    /// Whether a modem's 2,100 Hz with reversals has switched it off.
    #[must_use]
    pub const fn is_disabled(&self) -> bool {
        self.disabled
    }

    /// Takes the echo of `played` out of `block`, which was recorded meanwhile, and replaces what is left of it:
    /// [`Self::cancel`] and [`Self::suppress`] in one.
    pub fn process(&mut self, played: &[i16], block: &mut [i16], bypass: bool) {
        self.cancel(played, block, bypass);
        self.suppress(block);
    }

    /// Takes the echo of `played` out of `block`, which was recorded meanwhile; both have
    /// [`TICK_SAMPLES`] samples, a shorter block stays as it is. `bypass` keeps out of the way of data.
    /// What is left is what the line said, and all of it: the sound for whatever listens to the line.
    pub fn cancel(&mut self, played: &[i16], block: &mut [i16], bypass: bool) {
        self.powers = None;
        if played.len() != TICK_SAMPLES || block.len() != TICK_SAMPLES {
            return;
        }
        let (mut far, mut near) = ([0.0; TICK_SAMPLES], [0.0; TICK_SAMPLES]);
        for (slot, &sample) in far.iter_mut().zip(played) {
            *slot = f32::from(sample);
        }
        for (slot, &sample) in near.iter_mut().zip(&*block) {
            *slot = f32::from(sample);
        }
        self.disabled = self.disabler.feed(&far, &near);
        if self.disabled || bypass {
            self.adaptive.listen(&far);
            return;
        }
        let mut out = [0.0; TICK_SAMPLES];
        let powers = self.adaptive.run(&far, &near, &mut out);
        self.adaptive.mend();
        self.count(&powers);
        self.powers = Some(powers);
        for (slot, sample) in block.iter_mut().zip(out) {
            *slot = sample.round() as i16;
        }
    }

    /// Replaces what [`Self::cancel`] left of the echo in this `block` by the noise of the line, for people's ears:
    /// a tone that does not change may be taken for that noise. Does nothing where it is switched off.
    pub fn suppress(&mut self, block: &mut [i16]) {
        let Some(powers) = self.powers.take().filter(|_| self.settings.suppress) else {
            return;
        };
        let spoken_over = self.adaptive.is_spoken_over();
        self.suppressor.run(block, &powers, spoken_over);
    }

    fn count(&mut self, powers: &Powers) {
        if powers.far > power_of(TELLING_DBM0) && !self.adaptive.is_spoken_over() {
            self.sums.played += powers.played;
            self.sums.echo += powers.echo;
            self.sums.near += powers.near;
            self.sums.rest += powers.rest;
        }
    }

    /// The figures since they were last asked for.
    pub fn figures(&mut self) -> EchoFigures {
        let Sums {
            played,
            echo,
            near,
            rest,
        } = core::mem::take(&mut self.sums);
        // Not by the taps: where nothing was played they are what chance made of them, and a voice or a tone leaves
        // most of the band untried.
        if played > 0.0 {
            self.return_ratio = echo / played;
        }
        let ratio = self.return_ratio;
        EchoFigures {
            return_loss_db: (ratio > 0.0).then(|| -10.0 * ratio.log10()),
            enhancement_db: (near > 0.0).then(|| 10.0 * (near / rest.max(1e-3)).log10()),
        }
    }
}

fn taps(settings: EchoSettings) -> usize {
    let taps = usize::from(settings.tail_ms).saturating_mul(SAMPLES_PER_MS as usize);
    taps.clamp(64, ECHO_TAIL_SAMPLES).next_multiple_of(LANES)
}

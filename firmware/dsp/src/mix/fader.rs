//! How loud one is in a mix, changed without a click.

use model::Gain;

use super::kernel;
use crate::simd::vectorised;

/// The factor of amplitude of a gain.
#[must_use]
pub const fn factor(gain: Gain) -> f32 {
    match gain {
        Gain::Mute => 0.0,
        Gain::Db(0) => 1.0,
        Gain::Db(db) => crate::level::gain(db as i16),
    }
}

/// The gain of one part of a mix. A change takes one block; blocks are 10 ms, so who joins, leaves
/// or is turned up or down is heard to do so within 10 ms and without a click.
#[derive(Clone, Copy, Debug)]
pub struct Fader {
    now: f32,
    wanted: f32,
}

impl Fader {
    /// A fader that stands at `gain`. Begin with [`Gain::Mute`] and [`Fader::set`] the gain to
    /// fade in.
    #[must_use]
    pub const fn new(gain: Gain) -> Self {
        let now = factor(gain);
        Self { now, wanted: now }
    }

    /// Moves to `gain` over the next block.
    pub const fn set(&mut self, gain: Gain) {
        self.wanted = factor(gain);
    }

    /// Nothing is heard, now and until it is set again: the part may be left out.
    #[must_use]
    pub fn is_mute(&self) -> bool {
        self.now == 0.0 && self.wanted == 0.0
    }

    /// Adds `block` to `sum`, as loud as it is to be.
    pub fn add(&mut self, sum: &mut [i32], block: &[i16]) {
        let from = core::mem::replace(&mut self.now, self.wanted);
        if from == 1.0 && self.wanted == 1.0 {
            return super::add(sum, block);
        }
        if from == 0.0 && self.wanted == 0.0 {
            return;
        }
        let step = (self.wanted - from) / block.len().max(1) as f32;
        vectorised(|| kernel::add_ramp(sum, block, from + step, step));
    }
}

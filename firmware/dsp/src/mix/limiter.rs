//! From a sum of many to what one ear bears.

use super::kernel;
use crate::simd::vectorised;

/// Up to here a sum is passed on as it is, to the bit: 2 dB below full scale.
const CEILING: u32 = 26_000;
/// A block is followed in so many parts: 1.25 ms each.
const PARTS: usize = 8;
/// How much the gain rises in a part: 21 dB a second, so that the gaps between the peaks of a
/// voice do not pump.
const RECOVERY: f32 = 1.003;

/// Turns loud sound down instead of cutting it off. The gain falls within 1.25 ms, ahead of the
/// peak where that is in the same block, and comes back by 21 dB a second; what is too loud before
/// the gain has fallen is bent, never wrapped, never cut. Quiet sound passes to the bit.
///
/// One for each mix that somebody hears; it costs one pass over the block until it is needed.
#[derive(Clone, Copy, Debug)]
pub struct Limiter {
    gain: f32,
}

impl Default for Limiter {
    fn default() -> Self {
        Self::new()
    }
}

impl Limiter {
    /// A limiter at rest.
    #[must_use]
    pub const fn new() -> Self {
        Self { gain: 1.0 }
    }

    /// The gain at the end of the last block, 1 = untouched.
    #[must_use]
    pub const fn gain(&self) -> f32 {
        self.gain
    }

    /// Writes `sum`, a block of 10 ms, to `out`, over the shorter of the two.
    pub fn run(&mut self, sum: &[i32], out: &mut [i16]) {
        let peak = super::clip(sum, out);
        if peak > CEILING || self.gain < 1.0 {
            self.turn_down(sum, out);
        }
    }

    fn turn_down(&mut self, sum: &[i32], out: &mut [i16]) {
        let size = sum.len().min(out.len()).div_ceil(PARTS).max(1);
        let mut parts = sum.chunks(size).map(bearable).peekable();
        for (sum, out) in sum.chunks(size).zip(out.chunks_mut(size)) {
            let here = parts.next().unwrap_or(1.0);
            let ahead = parts.peek().copied().unwrap_or(1.0);
            let wanted = (self.gain * RECOVERY).min(here).min(ahead).min(1.0);
            let step = (wanted - self.gain) / sum.len().max(1) as f32;
            let ramp = (self.gain + step, step);
            vectorised(|| kernel::limit(sum, out, ramp, CEILING as f32));
            self.gain = wanted;
        }
    }
}

/// The gain at which a part just reaches the ceiling.
fn bearable(part: &[i32]) -> f32 {
    let peak = part
        .iter()
        .fold(1, |peak: u32, &total| peak.max(total.unsigned_abs()));
    CEILING as f32 / peak as f32
}

//! From a sum of many to what one ear bears.

use super::kernel;
use crate::simd::vectorised;

/// Up to here a sum is passed on as it is, to the bit: 2 dB below full scale.
const CEILING: u32 = 26_000;
/// A block is followed in so many parts: 1.25 ms each.
const PARTS: usize = 8;
/// The longest block, in samples: 10 ms at 16 kHz.
const BLOCK_MAX: usize = PARTS * kernel::PART_MAX;
const _: () = assert!(BLOCK_MAX == 160);
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
            for (sum, out) in sum.chunks(BLOCK_MAX).zip(out.chunks_mut(BLOCK_MAX)) {
                self.turn_down(sum, out);
            }
        }
    }

    /// Finds the gain of every sample first, so that all of them are turned down in one go.
    fn turn_down(&mut self, sum: &[i32], out: &mut [i16]) {
        let sum = sum.get(..out.len()).unwrap_or(sum);
        let size = sum.len().div_ceil(PARTS).max(1);
        let mut peaks = [0; PARTS];
        vectorised(|| kernel::peaks(sum, size, &mut peaks));
        let bearable = |peak: u32| CEILING as f32 / peak.max(CEILING) as f32;
        let mut ramps = [(1.0, 0.0); PARTS];
        for (part, (sum, ramp)) in sum.chunks(size).zip(&mut ramps).enumerate() {
            let here_and_ahead = peaks.iter().skip(part).take(2).copied().max();
            let wanted = (self.gain * RECOVERY).min(bearable(here_and_ahead.unwrap_or(0)));
            let step = (wanted - self.gain) / sum.len() as f32;
            *ramp = (self.gain + step, step);
            self.gain = wanted;
        }
        let mut gains = [1.0; BLOCK_MAX];
        vectorised(|| kernel::ramp(&mut gains, size, &ramps));
        vectorised(|| kernel::limit(sum, &gains, out, CEILING as f32));
    }
}

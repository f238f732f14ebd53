//! Between 8 and 16 kHz.
//!
//! All filters have linear phase. Stop bands are at least 60 dB down; pass bands are flat within
//! 0.1 dB.

use super::design::response;
use crate::fir::{BLOCK, Line, rounded};

/// Bits of fraction of the taps: one less than 16, for the sums of loud sound.
const BITS: u32 = 14;

/// Taps of the half-band filter that are not zero, but for the middle one.
const HALF_TAPS: usize = 26;
/// Its middle, counted in samples at the higher rate.
const HALF_MIDDLE: usize = HALF_TAPS - 1;
/// What of a sample at the lower rate is the middle tap's delay.
const HALF_DELAY: usize = HALF_MIDDLE / 2;
/// Times 2, because every second sample at the higher rate begins as zero.
static HALF: [i16; HALF_TAPS] = half_taps();

/// 8 to 16 kHz. Flat to 3.4 kHz; images of that are at least 60 dB down.
#[derive(Clone, Debug)]
pub struct Up2 {
    line: Line,
}

/// 16 to 8 kHz. Flat to 3.4 kHz, 6 dB down at 4 kHz, at least 60 dB down from 4.6 kHz on.
#[derive(Clone, Debug)]
pub struct Down2 {
    /// The first and the second samples of pairs.
    lines: [Line; 2],
}

macro_rules! at_rest {
    ($name:ident { $field:ident: $value:expr }) => {
        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl $name {
            /// A converter that has heard silence.
            #[must_use]
            pub const fn new() -> Self {
                Self { $field: $value }
            }
        }
    };
}

at_rest!(Up2 { line: Line::new() });
at_rest!(Down2 {
    lines: [Line::new(), Line::new()]
});

impl Up2 {
    /// Samples at 16 kHz by which the output is late: 1.6 ms.
    pub const DELAY: usize = HALF_MIDDLE;

    /// Makes two samples of each one, for as many as both slices hold, and returns how many were
    /// made.
    pub fn run(&mut self, input: &[i16], out: &mut [i16]) -> usize {
        for (input, out) in input.chunks(BLOCK).zip(out.chunks_mut(2 * BLOCK)) {
            let new = load(&mut self.line, input.iter().copied());
            let between = self.line.filtered(&HALF);
            let whole = self.line.delayed(HALF_DELAY);
            for (pair, (&sum, &sample)) in out
                .chunks_exact_mut(2)
                .zip(between.iter().zip(whole))
                .take(new)
            {
                pair.copy_from_slice(&[rounded(sum, BITS), sample]);
            }
            self.line.advance(new);
        }
        input.len().min(out.len() / 2).saturating_mul(2)
    }
}

impl Down2 {
    /// Samples at 16 kHz by which the output is late: 1.6 ms.
    pub const DELAY: usize = HALF_MIDDLE;

    /// Makes one sample of each two, for as many as both slices hold, and returns how many were
    /// made. An odd last sample is left out.
    pub fn run(&mut self, input: &[i16], out: &mut [i16]) -> usize {
        let [firsts, seconds] = &mut self.lines;
        for (input, out) in input.chunks(2 * BLOCK).zip(out.chunks_mut(BLOCK)) {
            let new = load(firsts, input.iter().step_by(2).copied());
            load(seconds, input.iter().skip(1).step_by(2).copied());
            let sums = seconds.filtered(&HALF);
            let middle = firsts.delayed(HALF_DELAY);
            for (sample, (&sum, &middle)) in out.iter_mut().zip(sums.iter().zip(middle)).take(new) {
                let sum = sum.wrapping_add(i32::from(middle).wrapping_shl(BITS));
                *sample = rounded(sum, BITS.wrapping_add(1));
            }
            firsts.advance(new);
            seconds.advance(new);
        }
        (input.len() / 2).min(out.len())
    }
}

/// Writes the block of a line and returns how many samples that were.
fn load(line: &mut Line, samples: impl Iterator<Item = i16>) -> usize {
    let places = line.block().iter_mut().zip(samples);
    places.map(|(place, sample)| *place = sample).count()
}

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "runs in the compiler, where a fault is a build error"
)]
const fn half_taps() -> [i16; HALF_TAPS] {
    let mut taps = [0; HALF_TAPS];
    let mut at = 0;
    while at < HALF_TAPS {
        let from_middle = 2.0 * at as f64 - HALF_MIDDLE as f64;
        taps[at] = whole(2.0 * response(from_middle, 0.25, HALF_MIDDLE as f64 + 1.0));
        at += 1;
    }
    taps
}

/// The nearest tap in steps of 2^−14.
const fn whole(tap: f64) -> i16 {
    let scaled = tap * (1 << BITS) as f64;
    (if scaled < 0.0 {
        scaled - 0.5
    } else {
        scaled + 0.5
    }) as i16
}

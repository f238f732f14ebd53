//! Finite impulse responses over blocks: what the filters of G.722 and of [`crate::resample`]
//! have in common. Sums are 32-bit integers, so every machine makes the same samples.

use crate::simd::vectorised;

/// Samples filtered in one go: 10 ms at 8 kHz.
pub(crate) const BLOCK: usize = 80;
/// Samples of the past that a line remembers; a filter has at most one tap more.
const PAST: usize = 32;
/// Sums made side by side.
const LANES: usize = 16;
const _: () = assert!(BLOCK.is_multiple_of(LANES));

/// Samples on their way through a filter: the past, then a block.
#[derive(Clone, Debug)]
pub(crate) struct Line([i16; PAST + BLOCK]);

impl Line {
    pub(crate) const fn new() -> Self {
        Self([0; PAST + BLOCK])
    }

    /// Where a new block is written, whole or its beginning.
    pub(crate) fn block(&mut self) -> &mut [i16] {
        self.0.get_mut(PAST..).unwrap_or(&mut [])
    }

    /// The block as it was `by` samples ago, at most [`PAST`].
    pub(crate) fn delayed(&self, by: usize) -> &[i16] {
        let from = PAST.saturating_sub(by);
        let to = from.saturating_add(BLOCK);
        self.0.get(from..to).unwrap_or(&[])
    }

    /// The first `new` samples of the block become the past.
    pub(crate) fn advance(&mut self, new: usize) {
        let new = new.min(BLOCK);
        self.0.copy_within(new..new.saturating_add(PAST), 0);
    }

    /// The block filtered; the first of `taps` belongs to the oldest sample.
    pub(crate) fn filtered<const TAPS: usize>(&self, taps: &[i16; TAPS]) -> [i32; BLOCK] {
        const { assert!(TAPS <= PAST + 1) };
        vectorised(|| self.filter(taps))
    }

    #[inline(always)]
    fn filter<const TAPS: usize>(&self, taps: &[i16; TAPS]) -> [i32; BLOCK] {
        let mut out = [0; BLOCK];
        let first = PAST.saturating_add(1).saturating_sub(TAPS);
        for (group, sums) in out.chunks_exact_mut(LANES).enumerate() {
            let from = group.wrapping_mul(LANES).wrapping_add(first);
            let mut lanes = [0_i32; LANES];
            for (further, &tap) in taps.iter().enumerate() {
                let window = self.0.get(from.wrapping_add(further)..);
                let Some(window) = window.and_then(|rest| rest.first_chunk::<LANES>()) else {
                    continue;
                };
                for (sum, &sample) in lanes.iter_mut().zip(window) {
                    *sum = sum.wrapping_add(i32::from(sample).wrapping_mul(i32::from(tap)));
                }
            }
            sums.copy_from_slice(&lanes);
        }
        out
    }
}

/// A sum of products without its `bits` of fraction, rounded, clipped to a sample.
#[inline(always)]
pub(crate) fn rounded(sum: i32, bits: u32) -> i16 {
    let half = 1_i32.wrapping_shl(bits.wrapping_sub(1));
    clipped(sum.wrapping_add(half).wrapping_shr(bits))
}

/// Clips to 16 bits.
#[inline(always)]
pub(crate) fn clipped(sample: i32) -> i16 {
    sample.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_filtered_as_by_definition() {
        let taps: [i16; 5] = [1, -2, 300, 4, 7];
        let input: Vec<i16> = (0..400)
            .map(|n| (n * 7_919 % 20_011 - 10_000) as i16)
            .collect();
        let mut line = Line::new();
        let (mut made, mut late, mut done) = (Vec::new(), Vec::new(), 0);
        for step in [80, 1, 33, 80, 80, 80, 46] {
            line.block()[..step].copy_from_slice(&input[done..done + step]);
            made.extend_from_slice(&line.filtered(&taps)[..step]);
            late.extend_from_slice(&line.delayed(3)[..step]);
            line.advance(step);
            done += step;
        }
        for n in 0..400_usize {
            let sum: i32 = (0..5)
                .filter_map(|k| {
                    Some(i32::from(taps[k]) * i32::from(*input.get((n + k).wrapping_sub(4))?))
                })
                .sum();
            assert_eq!(made[n], sum, "{n}");
            assert_eq!(late[n], *input.get(n.wrapping_sub(3)).unwrap_or(&0));
        }
        // The same on any processor.
        let loud = [i16::MIN; PAST + BLOCK];
        for line in [Line(loud), line] {
            assert_eq!(line.filtered(&taps), line.filter(&taps));
        }
    }

    #[test]
    fn rounding_is_to_the_nearest_and_never_wraps() {
        assert_eq!(rounded(3 << 13, 14), 2);
        assert_eq!(rounded(-(3 << 13), 14), -1);
        assert_eq!(rounded(i32::MAX - 8_192, 14), i16::MAX);
        assert_eq!(clipped(i32::MIN), i16::MIN);
    }
}

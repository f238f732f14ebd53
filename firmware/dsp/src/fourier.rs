//! The discrete Fourier transform of a block of samples and back, in place of fixed size.

use core::f32::consts::TAU;

use crate::simd::vectorised;

/// Samples of the longest transform.
pub(crate) const LONGEST: usize = 512;

/// A complex number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Complex {
    pub(crate) re: f32,
    pub(crate) im: f32,
}

impl Complex {
    /// Magnitude squared.
    pub(crate) fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }

    pub(crate) fn times(self, gain: f32) -> Self {
        Self {
            re: self.re * gain,
            im: self.im * gain,
        }
    }
}

/// Transforms of one size.
#[derive(Clone, Debug)]
pub(crate) struct Fourier {
    /// e^(−2πik/[`LONGEST`]).
    turns: [Complex; LONGEST / 2],
    size: usize,
}

impl Fourier {
    /// Transforms of `size` samples: a power of two, [`LONGEST`] at most.
    pub(crate) fn new(size: usize) -> Self {
        let mut turns = [Complex::default(); LONGEST / 2];
        for (k, turn) in turns.iter_mut().enumerate() {
            let angle = TAU * k as f32 / LONGEST as f32;
            *turn = Complex {
                re: angle.cos(),
                im: -angle.sin(),
            };
        }
        Self {
            turns,
            size: size.next_power_of_two().min(LONGEST),
        }
    }

    /// Transforms `block`; `scratch` is written over. Both are as long as the transform.
    pub(crate) fn run(&self, block: &mut [Complex; LONGEST], scratch: &mut [Complex; LONGEST]) {
        let bits = self.size.trailing_zeros();
        for (at, slot) in scratch.iter_mut().enumerate().take(self.size) {
            let mirrored = at
                .reverse_bits()
                .wrapping_shr(usize::BITS.wrapping_sub(bits));
            *slot = block.get(mirrored).copied().unwrap_or_default();
        }
        let size = self.size;
        vectorised(|| butterflies(scratch.get_mut(..size).unwrap_or(&mut []), &self.turns));
        core::mem::swap(block, scratch);
    }

    /// Transforms back, but for a factor of the size.
    pub(crate) fn run_back(
        &self,
        block: &mut [Complex; LONGEST],
        scratch: &mut [Complex; LONGEST],
    ) {
        // Transforming the conjugate gives the conjugate of what is wanted.
        for value in block.iter_mut() {
            value.im = -value.im;
        }
        self.run(block, scratch);
        for value in block.iter_mut() {
            value.im = -value.im;
        }
    }
}

/// All steps of a transform whose input is in mirrored order.
#[inline(always)]
fn butterflies(block: &mut [Complex], turns: &[Complex; LONGEST / 2]) {
    let mut half = 1_usize;
    while half < block.len() {
        let stride = LONGEST.checked_div(half.wrapping_mul(2)).unwrap_or(1);
        for group in block.chunks_exact_mut(half.wrapping_mul(2)) {
            let (first, second) = group.split_at_mut(half);
            let pairs = first.iter_mut().zip(second.iter_mut());
            for ((a, b), turn) in pairs.zip(turns.iter().step_by(stride)) {
                let turned = Complex {
                    re: b.re * turn.re - b.im * turn.im,
                    im: b.re * turn.im + b.im * turn.re,
                };
                *b = Complex {
                    re: a.re - turned.re,
                    im: a.im - turned.im,
                };
                a.re += turned.re;
                a.im += turned.im;
            }
        }
        half = half.wrapping_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sum_that_it_is_said_to_be_and_comes_back() {
        for size in [256_usize, 512] {
            let fourier = Fourier::new(size);
            let mut block = [Complex::default(); LONGEST];
            let mut state = 3_u32;
            for value in &mut block[..size] {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                value.re = (state >> 16) as f32 - 32_768.0;
            }
            let original = block;
            let mut scratch = [Complex::default(); LONGEST];
            fourier.run(&mut block, &mut scratch);
            for k in [0, 1, 7, size / 2, size - 3] {
                let (mut re, mut im) = (0.0_f64, 0.0_f64);
                for (n, value) in original[..size].iter().enumerate() {
                    let angle = std::f64::consts::TAU * (k * n % size) as f64 / size as f64;
                    re += f64::from(value.re) * angle.cos();
                    im -= f64::from(value.re) * angle.sin();
                }
                let (re_off, im_off) = (re - f64::from(block[k].re), im - f64::from(block[k].im));
                assert!(re_off.abs() < 2.0 && im_off.abs() < 2.0, "{size} {k}");
            }
            fourier.run_back(&mut block, &mut scratch);
            for (before, after) in original[..size].iter().zip(&block) {
                assert!((before.re - after.re / size as f32).abs() < 0.05);
                assert!(after.im.abs() / (size as f32) < 0.05);
            }
        }
    }
}

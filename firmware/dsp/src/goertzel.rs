//! The strength and phase of one frequency in a block (Goertzel's recursion).

use core::f32::consts::TAU;

use crate::simd::vectorised;

/// Some frequencies to be looked for, all at once.
///
/// Sums and products are written out everywhere in this crate: a fused `mul_add` is a library call
/// on processors that may lack it, and ten times slower.
#[derive(Clone, Copy, Debug)]
pub struct Goertzel<const N: usize> {
    cos: [f32; N],
    sin: [f32; N],
}

/// What a block holds of a frequency: a complex number, its phase being that of the tone at the
/// end of the block.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// In phase.
    pub re: f32,
    /// In quadrature.
    pub im: f32,
}

impl<const N: usize> Goertzel<N> {
    /// A detector for these frequencies in samples of 8 kHz.
    #[must_use]
    pub fn new(hz: [f32; N]) -> Self {
        Self {
            cos: hz.map(|hz| (TAU * hz / crate::RATE_HZ as f32).cos()),
            sin: hz.map(|hz| (TAU * hz / crate::RATE_HZ as f32).sin()),
        }
    }

    /// Measures a block. A sine of peak A that fills n samples gives a magnitude of A · n / 2.
    #[must_use]
    #[inline(always)] // into loops that are compiled for wider vectors
    pub fn measure(&self, block: &[f32]) -> [Bin; N] {
        let (last, before) = vectorised(|| recursion(&self.cos.map(|cos| 2.0 * cos), block));
        let mut bins = [Bin::default(); N];
        let turns = self.cos.iter().zip(&self.sin);
        let states = last.iter().zip(&before);
        for ((bin, (cos, sin)), (last, before)) in bins.iter_mut().zip(turns).zip(states) {
            *bin = Bin {
                re: last - before * cos,
                im: before * sin,
            };
        }
        bins
    }
}

/// The last two states of all recursions, which run side by side.
#[inline(always)]
fn recursion<const N: usize>(coefficients: &[f32; N], block: &[f32]) -> ([f32; N], [f32; N]) {
    let (mut last, mut before) = ([0.0_f32; N], [0.0_f32; N]);
    for &sample in block {
        let mut now = [0.0_f32; N];
        for (((now, last), before), c) in now.iter_mut().zip(&last).zip(&before).zip(coefficients) {
            *now = c * last + (sample - before);
        }
        before = last;
        last = now;
    }
    (last, before)
}

impl Bin {
    /// Magnitude squared.
    #[must_use]
    pub fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }

    /// The angle in radians by which this bin's phase is ahead of `earlier`, −π to π.
    #[must_use]
    pub fn ahead_of(self, earlier: Self) -> f32 {
        let re = self.re * earlier.re + self.im * earlier.im;
        let im = self.im * earlier.re - self.re * earlier.im;
        im.atan2(re)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(hz: f32, from: usize, length: usize) -> Vec<f32> {
        (from..from + length)
            .map(|n| 1_000.0 * (TAU * hz * n as f32 / 8_000.0).sin())
            .collect()
    }

    #[test]
    fn a_tone_is_found_where_it_is() {
        let tone = block(1_000.0, 0, 80);
        let [found, beside] = Goertzel::new([1_000.0, 1_200.0]).measure(&tone);
        let found = found.power().sqrt();
        assert!((found - 40_000.0).abs() < 50.0, "{found}");
        let beside = beside.power().sqrt();
        assert!(beside < 100.0, "{beside}");
    }

    #[test]
    fn the_phase_runs_with_the_frequency() {
        let goertzel = Goertzel::new([770.0]);
        let [first] = goertzel.measure(&block(780.0, 0, 102));
        let [second] = goertzel.measure(&block(780.0, 34, 102));
        let turned = second.ahead_of(first) / TAU;
        let wanted = (780.0_f32 * 34.0 / 8_000.0).fract();
        assert!((turned - wanted).abs() < 0.02, "{turned} {wanted}");
    }
}

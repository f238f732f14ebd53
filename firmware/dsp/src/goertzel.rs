//! The strength and phase of one frequency in a block (Goertzel's recursion).

use core::f32::consts::TAU;

/// One frequency to be looked for.
#[derive(Clone, Copy, Debug)]
pub struct Goertzel {
    cos: f32,
    sin: f32,
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

impl Goertzel {
    /// A detector for `hz` in samples of 8 kHz.
    #[must_use]
    pub fn new(hz: f32) -> Self {
        let (sin, cos) = (TAU * hz / crate::RATE_HZ as f32).sin_cos();
        Self { cos, sin }
    }

    /// Measures a block. A sine of peak A that fills N samples gives a magnitude of A · N / 2.
    #[must_use]
    pub fn measure(&self, block: &[f32]) -> Bin {
        let coefficient = 2.0 * self.cos;
        let (mut last, mut before) = (0.0_f32, 0.0_f32);
        for &sample in block {
            let now = coefficient.mul_add(last, sample - before);
            before = last;
            last = now;
        }
        Bin {
            re: before.mul_add(-self.cos, last),
            im: before * self.sin,
        }
    }
}

impl Bin {
    /// Magnitude squared.
    #[must_use]
    pub fn power(self) -> f32 {
        self.re.mul_add(self.re, self.im * self.im)
    }

    /// The angle in radians by which this bin's phase is ahead of `earlier`, −π to π.
    #[must_use]
    pub fn ahead_of(self, earlier: Self) -> f32 {
        let re = self.re.mul_add(earlier.re, self.im * earlier.im);
        let im = self.im.mul_add(earlier.re, -(self.re * earlier.im));
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
        let found = Goertzel::new(1_000.0).measure(&tone).power().sqrt();
        assert!((found - 40_000.0).abs() < 50.0, "{found}");
        let beside = Goertzel::new(1_200.0).measure(&tone).power().sqrt();
        assert!(beside < 100.0, "{beside}");
    }

    #[test]
    fn the_phase_runs_with_the_frequency() {
        let goertzel = Goertzel::new(770.0);
        let first = goertzel.measure(&block(780.0, 0, 102));
        let second = goertzel.measure(&block(780.0, 34, 102));
        let turned = second.ahead_of(first) / TAU;
        let wanted = (780.0_f32 * 34.0 / 8_000.0).fract();
        assert!((turned - wanted).abs() < 0.02, "{turned} {wanted}");
    }
}

//! Windowed-sinc low-pass filters, computed by the compiler: every machine has the same taps, and
//! the reader sees where they come from (A. Oppenheim, R. Schafer, Discrete-Time Signal
//! Processing, §7.5.3: the Kaiser window).

use core::f64::consts::PI;

/// Shape of the Kaiser window for 65 dB of attenuation: 0.1102 (A − 8.7).
pub(super) const SHAPE: f64 = 6.2;

/// The response, at `at` samples from its middle, of a low pass that cuts at `cut` of the sampling
/// rate (half amplitude there) and is `reach` samples long to either side.
pub(crate) const fn response(at: f64, cut: f64, reach: f64) -> f64 {
    let place = at / reach;
    let inside = 1.0 - place * place;
    if inside <= 0.0 {
        return 0.0;
    }
    2.0 * cut * sinc(2.0 * cut * at) * bessel(SHAPE * SHAPE * inside) / bessel(SHAPE * SHAPE)
}

/// sin(πx)/(πx).
const fn sinc(x: f64) -> f64 {
    // Whole turns do not matter to the sine, and its series likes small numbers.
    let turns = (x / 2.0) as i64 as f64;
    let angle = PI * (x - 2.0 * turns);
    if x.abs() < 1e-9 {
        return 1.0;
    }
    sine(angle) / (PI * x)
}

/// By its series, for −2π to 2π.
const fn sine(x: f64) -> f64 {
    let mut term = x;
    let mut sum = x;
    let mut n = 1.0;
    while n < 40.0 {
        term *= -x * x / ((n + 1.0) * (n + 2.0));
        sum += term;
        n += 2.0;
    }
    sum
}

/// The modified Bessel function I0 of the root of `square`, by its series.
const fn bessel(square: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut n = 1.0;
    while n < 40.0 {
        term *= square / (4.0 * n * n);
        sum += term;
        n += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_agree_with_the_library() {
        for n in -60..=60 {
            let x = f64::from(n) / 10.0;
            assert!((sine(x) - x.sin()).abs() < 1e-12, "{x}");
            let wanted = if n == 0 {
                1.0
            } else {
                (PI * x).sin() / (PI * x)
            };
            assert!((sinc(x) - wanted).abs() < 1e-9, "{x}");
        }
        // Abramowitz and Stegun, table 9.8: I0(1), I0(5).
        assert!((bessel(1.0) - 1.266_065_877_752).abs() < 1e-9);
        assert!((bessel(25.0) - 27.239_871_823_604).abs() < 1e-9);
    }
}

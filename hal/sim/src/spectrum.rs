//! Which frequencies are in a piece of sound, and how loud.

use core::f64::consts::PI;

use dsp::RATE_HZ;
use dsp::level::ZERO_DBM0_PEAK;

/// Points of the transform: bins of 3.9 Hz.
const POINTS: usize = 2_048;
/// Most samples looked at: 200 ms.
pub(crate) const WINDOW: usize = 1_600;
/// Range that telephone sound is looked for in, in Hz.
const RANGE_HZ: (f64, f64) = (200.0, 3_700.0);
/// What is weaker than this is noise, in dBm0.
const FLOOR_DBM0: f64 = -55.0;
/// What is this much weaker than the strongest is leakage of the window, in dB.
const LEAKAGE_DB: f64 = 26.0;
/// Beside a stronger sine an edge inside the window makes shoulders: within this many Hz a peak
/// counts only when it is no more than `SHOULDER_DB` weaker.
const SHOULDER_HZ: f64 = 60.0;
const SHOULDER_DB: f64 = 10.0;
/// Most peaks reported.
const PEAKS_MAX: usize = 6;

/// One sine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Peak {
    pub(crate) hz: f64,
    pub(crate) dbm0: f64,
}

/// The sines in `samples` (the first [`WINDOW`] of them), strongest first.
pub(crate) fn peaks(samples: &[i16]) -> Vec<Peak> {
    let samples = &samples[..samples.len().min(WINDOW)];
    if samples.len() < 160 {
        return Vec::new();
    }
    let power = power_db(samples);
    let mut found: Vec<Peak> = (1..POINTS / 2 - 1)
        .filter(|&k| power[k] > power[k - 1] && power[k] >= power[k + 1])
        .map(|k| refine(&power, k))
        .filter(|p| p.dbm0 > FLOOR_DBM0 && RANGE_HZ.0 < p.hz && p.hz < RANGE_HZ.1)
        .collect();
    found.sort_by(|a, b| b.dbm0.total_cmp(&a.dbm0));
    let mut kept: Vec<Peak> = Vec::new();
    for peak in found {
        let hidden = kept.iter().any(|strong| {
            let below = strong.dbm0 - peak.dbm0;
            let near = (strong.hz - peak.hz).abs() < SHOULDER_HZ;
            below > LEAKAGE_DB || (near && below > SHOULDER_DB)
        });
        if !hidden && kept.len() < PEAKS_MAX {
            kept.push(peak);
        }
    }
    kept
}

/// The level in dBm0 that a sine at each bin would have.
fn power_db(samples: &[i16]) -> Vec<f64> {
    let mut re = vec![0.0; POINTS];
    let mut im = vec![0.0; POINTS];
    let length = samples.len() as f64;
    let mut window_sum = 0.0;
    for (n, &sample) in samples.iter().enumerate() {
        let weight = 0.5 - 0.5 * (2.0 * PI * (n as f64 + 0.5) / length).cos();
        window_sum += weight;
        re[n] = weight * f64::from(sample);
    }
    transform(&mut re, &mut im);
    let full = f64::from(ZERO_DBM0_PEAK) * window_sum / 2.0;
    re.iter()
        .zip(&im)
        .take(POINTS / 2)
        .map(|(re, im)| 10.0 * ((re * re + im * im) / (full * full)).max(1e-20).log10())
        .collect()
}

/// The top of the parabola through a bin and its neighbours.
fn refine(db: &[f64], k: usize) -> Peak {
    let (left, top, right) = (db[k - 1], db[k], db[k + 1]);
    let bend = left - 2.0 * top + right;
    let shift = if bend == 0.0 {
        0.0
    } else {
        0.5 * (left - right) / bend
    };
    Peak {
        hz: (k as f64 + shift) * f64::from(RATE_HZ) / POINTS as f64,
        dbm0: top - 0.25 * (left - right) * shift,
    }
}

/// Fast Fourier transform in place, radix 2; the length is [`POINTS`].
fn transform(re: &mut [f64], im: &mut [f64]) {
    let bits = POINTS.trailing_zeros();
    for i in 0..POINTS {
        let j = i.reverse_bits() >> (usize::BITS - bits);
        if i < j {
            re.swap(i, j);
            im.swap(i, j);
        }
    }
    let mut half = 1;
    while half < POINTS {
        for k in 0..half {
            let (sin, cos) = (-PI * k as f64 / half as f64).sin_cos();
            for a in (k..POINTS).step_by(2 * half) {
                let b = a + half;
                let (x, y) = (re[b] * cos - im[b] * sin, re[b] * sin + im[b] * cos);
                (re[b], im[b]) = (re[a] - x, im[a] - y);
                (re[a], im[a]) = (re[a] + x, im[a] + y);
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sines(parts: &[(f64, f64)], samples: usize) -> Vec<i16> {
        let at = |n: usize| {
            let sum: f64 = parts
                .iter()
                .map(|&(hz, dbm0)| {
                    let peak = f64::from(ZERO_DBM0_PEAK) * 10_f64.powf(dbm0 / 20.0);
                    peak * (2.0 * PI * hz * n as f64 / 8_000.0).sin()
                })
                .sum();
            sum.round() as i16
        };
        (0..samples).map(at).collect()
    }

    #[track_caller]
    fn check(parts: &[(f64, f64)], samples: usize) {
        let found = peaks(&sines(parts, samples));
        assert_eq!(found.len(), parts.len(), "{parts:?} gave {found:?}");
        for &(hz, dbm0) in parts {
            let near = |p: &&Peak| (p.hz - hz).abs() < 3.0 && (p.dbm0 - dbm0).abs() < 0.7;
            assert!(found.iter().any(|p| near(&p)), "{hz} Hz in {found:?}");
        }
    }

    #[test]
    fn finds_frequency_and_level() {
        check(&[(1_000.0, -16.0)], WINDOW);
        check(&[(425.0, -10.0)], 1_200);
        check(&[(400.0, -13.0), (450.0, -13.0)], WINDOW);
        check(&[(350.0, -22.0), (440.0, -18.0)], WINDOW);
        check(&[(697.0, -11.0), (1_209.0, -9.0)], 800);
        check(&[], WINDOW);
    }
}

//! What makes speech white, so that a canceller learns from it as fast as from noise.

/// Order of the prediction.
pub(super) const ORDER: usize = 8;
/// White noise added before the prediction, as a part of the power: 30 dB down.
const FLOOR: f32 = 1.001;

/// Prediction coefficients of `samples` by Levinson's recursion: what is left of a sample is
/// `s[n] + Σ a[k]·s[n − 1 − k]`.
pub(super) fn predictor(samples: &[f32]) -> [f32; ORDER] {
    let mut correlation = [0.0_f32; ORDER + 1];
    for (lag, value) in correlation.iter_mut().enumerate() {
        let late = samples.get(lag..).unwrap_or(&[]);
        *value = samples.iter().zip(late).map(|(a, b)| a * b).sum();
    }
    let mut a = [0.0_f32; ORDER];
    let mut rest = correlation[0] * FLOOR + 1.0;
    for at in 0..ORDER {
        let next = correlation.get(at.saturating_add(1)).copied();
        let past = correlation.get(1..=at).unwrap_or(&[]);
        let sum: f32 = a.iter().zip(past.iter().rev()).map(|(a, r)| a * r).sum();
        let k = -(next.unwrap_or(0.0) + sum) / rest;
        let before = a;
        for (n, slot) in a.iter_mut().enumerate().take(at) {
            let mirror = at.saturating_sub(n).saturating_sub(1);
            *slot += k * before.get(mirror).copied().unwrap_or(0.0);
        }
        if let Some(slot) = a.get_mut(at) {
            *slot = k;
        }
        rest *= 1.0 - k * k;
    }
    a
}

/// What is left of `samples` after the prediction, from the sample at [`ORDER`] on.
#[inline(always)]
pub(super) fn whiten(a: &[f32; ORDER], samples: &[f32], out: &mut [f32]) {
    for (slot, window) in out.iter_mut().zip(samples.windows(ORDER + 1)) {
        let mut sum = window.last().copied().unwrap_or(0.0);
        for (a, sample) in a.iter().zip(window.iter().rev().skip(1)) {
            sum += a * sample;
        }
        *slot = sum;
    }
}

//! The inner loops of cancellers and ears, in sums side by side.

/// Sums made side by side; a filter has a multiple of this many taps.
pub(super) const LANES: usize = 16;

/// Σ a·b.
#[inline(always)]
pub(super) fn product(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

/// Σ weight·x².
#[inline(always)]
pub(super) fn weighted_energy(weights: &[f32], x: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    for (w, x) in weights.chunks_exact(LANES).zip(x.chunks_exact(LANES)) {
        for ((sum, w), x) in sums.iter_mut().zip(w).zip(x) {
            *sum += w * x * x;
        }
    }
    sums.iter().sum()
}

/// filter += step·weight·x.
#[inline(always)]
pub(super) fn adapt(filter: &mut [f32], weights: &[f32], x: &[f32], step: f32) {
    let parts = filter.chunks_exact_mut(LANES);
    let inputs = weights.chunks_exact(LANES).zip(x.chunks_exact(LANES));
    for (filter, (weights, x)) in parts.zip(inputs) {
        for ((tap, weight), x) in filter.iter_mut().zip(weights).zip(x) {
            *tap += step * weight * x;
        }
    }
}

/// Σ a·b where there are fewer taps: a multiple of eight.
#[inline(always)]
pub(super) fn short_product(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

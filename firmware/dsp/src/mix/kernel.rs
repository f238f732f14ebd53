//! The inner loops of mixing, for [`crate::simd::vectorised`]: no branch, no saturating 32-bit sum
//! (which no processor has), nothing that stops a compiler from working on many samples at once.

use crate::fir::clipped;

#[inline(always)]
pub(super) fn add(sum: &mut [i32], block: &[i16]) {
    for (total, &sample) in sum.iter_mut().zip(block) {
        *total = total.wrapping_add(i32::from(sample));
    }
}

#[inline(always)]
pub(super) fn subtract(sum: &mut [i32], block: &[i16]) {
    for (total, &sample) in sum.iter_mut().zip(block) {
        *total = total.wrapping_sub(i32::from(sample));
    }
}

#[inline(always)]
pub(super) fn clip(sum: &[i32], out: &mut [i16]) -> u32 {
    let mut peak = 0;
    for (heard, &total) in out.iter_mut().zip(sum) {
        peak = peak.max(total.unsigned_abs());
        *heard = clipped(total);
    }
    peak
}

#[inline(always)]
pub(super) fn add_saturating(out: &mut [i16], block: &[i16]) {
    for (total, &sample) in out.iter_mut().zip(block) {
        *total = total.saturating_add(sample);
    }
}

/// `sum` times a gain that is `gain` at its first sample and `step` more at each further one, bent
/// beyond `knee`.
#[inline(always)]
pub(super) fn limit(sum: &[i32], out: &mut [i16], (gain, step): (f32, f32), knee: f32) {
    let room = f32::from(i16::MAX) - knee;
    for (at, (heard, &total)) in out.iter_mut().zip(sum).enumerate() {
        let value = total as f32 * (gain + step * at as f32);
        let over = (value.abs() - knee).max(0.0);
        let bent = value.abs().min(knee) + room * over / (over + room);
        *heard = bent.copysign(value).round_ties_even() as i16;
    }
}

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

/// The greatest magnitude of each part of `size` samples.
#[inline(always)]
pub(super) fn peaks(sum: &[i32], size: usize, peaks: &mut [u32]) {
    for (part, peak) in sum.chunks(size).zip(peaks) {
        *peak = part
            .iter()
            .fold(0, |peak, total| peak.max(total.unsigned_abs()));
    }
}

/// The longest part with one ramp, in samples.
pub(super) const PART_MAX: usize = 20;

/// Where samples stand in a part: a table, because a counter with its checks is made one by one.
const PLACES: [f32; PART_MAX] = [
    0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0,
    17.0, 18.0, 19.0,
];

/// The gain of each sample, in parts of `size` samples: at the first of a part, and what it rises by.
#[inline(always)]
pub(super) fn ramp(gains: &mut [f32], size: usize, ramps: &[(f32, f32)]) {
    for (part, &(gain, step)) in gains.chunks_mut(size).zip(ramps) {
        for (slot, place) in part.iter_mut().zip(&PLACES) {
            *slot = gain + step * place;
        }
    }
}

/// `sum` times its gains, bent beyond `knee`.
#[inline(always)]
pub(super) fn limit(sum: &[i32], gains: &[f32], out: &mut [i16], knee: f32) {
    let room = f32::from(i16::MAX) - knee;
    for (heard, (&total, &gain)) in out.iter_mut().zip(sum.iter().zip(gains)) {
        let value = total as f32 * gain;
        let over = (value.abs() - knee).max(0.0);
        let bent = value.abs().min(knee) + room * over / (over + room);
        *heard = rounded(bent.copysign(value));
    }
}

/// The nearest whole number, of two the even one, of a value within 16 bits. Added to 1.5 · 2²³ the
/// number stands in the lowest bits of the sum, rounded by the processor; the language's own conversion
/// minds values that do not fit, and keeps a compiler from working on many at once.
#[inline(always)]
pub(super) fn rounded(value: f32) -> i16 {
    const WHOLE: f32 = 12_582_912.0;
    (value + WHOLE).to_bits() as i16
}

//! Adding sound: a bridge sums all who speak in 32 bits, takes each listener's own part out again,
//! and limits what is left to what an ear bears.
//!
//! Sums of up to 65,536 parts cannot overflow; beyond that they wrap.

mod kernel;
mod limiter;

pub use limiter::Limiter;

use crate::simd::vectorised;

/// Adds `block` to `sum`, over the shorter of the two.
pub fn add(sum: &mut [i32], block: &[i16]) {
    vectorised(|| kernel::add(sum, block));
}

/// Takes `block` out of `sum` again, over the shorter of the two.
pub fn subtract(sum: &mut [i32], block: &[i16]) {
    vectorised(|| kernel::subtract(sum, block));
}

/// The sum clipped to 16 bits, over the shorter of the two; returns the greatest magnitude that
/// was in it.
pub fn clip(sum: &[i32], out: &mut [i16]) -> u32 {
    vectorised(|| kernel::clip(sum, out))
}

/// Adds `block` to `out` with clipping, over the shorter of the two.
pub fn add_saturating(out: &mut [i16], block: &[i16]) {
    vectorised(|| kernel::add_saturating(out, block));
}

#[cfg(test)]
mod tests;

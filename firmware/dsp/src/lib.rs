//! Samples: codecs, tones, DTMF, levels, packet loss concealment, mixing.
//!
//! A sample is an `i16`, linear, with the A-law decoder's scale: a sine of 0 dBm0 has a peak of
//! [`level::ZERO_DBM0_PEAK`]. It belongs to 8 kHz, but where a codec says 16. Nothing here does
//! I/O, reads a clock or panics on any input. But for [`mod@file`] nothing allocates after
//! construction, and all of it may run on a media thread.
#![deny(unsafe_code)] // lifted in `simd` alone
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic,
        clippy::unwrap_used,
        clippy::expect_used
    )
)]

pub mod auto_level;
pub mod codec;
pub mod comfort;
pub mod conceal;
pub mod denoise;
pub mod dtmf;
pub mod emodel;
pub mod fax;
pub mod file;
mod fir;
mod fourier;
pub mod g711;
pub mod g722;
pub mod goertzel;
pub mod level;
pub mod line;
pub mod mix;
pub mod resample;
#[allow(unsafe_code)]
mod simd;
mod sine;
pub mod stretch;
pub mod tone;

/// Samples of one second of all narrow-band sound.
pub const RATE_HZ: u32 = 8_000;
/// Samples of one millisecond.
pub const SAMPLES_PER_MS: u32 = RATE_HZ / 1_000;
/// Samples of one 10 ms tick and of one period of an analog card.
pub const TICK_SAMPLES: usize = 80;

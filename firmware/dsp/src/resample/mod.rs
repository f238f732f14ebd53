//! Changing the sampling rate: by a whole ratio between 8, 16 and 48 kHz, and by a hair between
//! two clocks.

mod design;
mod drift;
mod whole;

pub(crate) use design::response;
pub use drift::Drift;
pub use whole::{Down2, Down3, Up2, Up3};

#[cfg(test)]
mod tests;

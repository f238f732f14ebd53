//! Changing the sampling rate: between 8 and 16 kHz, and by a hair between two clocks.

mod crossing;
mod design;
mod drift;
mod whole;

pub use crossing::Crossing;
pub(crate) use design::response;
pub use drift::Drift;
pub use whole::{Down2, Up2};

#[cfg(test)]
mod tests;

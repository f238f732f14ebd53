//! Line chips on SPI: [`fxs::FxsLine`] drives a Si3210 or Si3215 (a set hangs on it),
//! [`fxo::FxoLine`] a Si3050 with a Si3019 (it hangs on another exchange).
//!
//! Both are the control half of a port; its sound goes over the PCM highway and is somebody else's.
//! They stand on `embedded-hal` alone, read no clock and never wait: all that takes time is a state
//! machine that `advance` moves on. A register access is at most three bytes on the bus, and one
//! `advance` makes at most about a hundred of them (bring-up) or four (in service).
//!
//! Sources, in comments by these names: *3215* = Si3215 data sheet rev. 0.92, *3230* = Si3230 data
//! sheet rev. 0.96 (registers that the Si3215 lacks), *3050* = Si3050 + Si3011/18/19 data sheet
//! rev. 1.5. Where a published driver is the only source, the comment says so.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod bus;
pub mod fxo;
pub mod fxs;
mod health;
mod trouble;

pub use bus::{NoPin, SharedPin, SharedSpi};
pub use trouble::{SlicError, Trouble};

use serde::{Deserialize, Serialize};

/// What a slot of the PCM highway holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotFormat {
    /// 16-bit linear.
    #[default]
    Linear,
    /// 8-bit A-law.
    ALaw,
    /// 8-bit µ-law.
    MuLaw,
}

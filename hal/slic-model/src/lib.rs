//! The line chips as models: register by register, with the line at the other end.
//!
//! A driver cannot tell a model from its chip: it sees a [`embedded_hal::spi::SpiDevice`] and an
//! interrupt pin. A test holds the other handle: it lets time pass, lifts the set, breaks things.
//! Models are strict. What the data sheet forbids (a reserved bit, an access while the chip is busy,
//! a fed line without battery …) is noted as a violation, and a test that finds one fails.
//!
//! Time is what the test hands in, plus what each byte takes on the bus: a driver that polls inside
//! one `advance` sees time pass. What the data sheet leaves open is a parameter.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod byte_wire;
pub mod daa;
pub mod slic;

pub use byte_wire::{BusStuck, IntPin, Spi};

//! The whole exchange in a virtual world: the real `Pbx` and `Plane`, and around them, played from
//! one seed, a network, a disk, phones, sets, people and power. One thread, no clock, no socket.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod books;
mod disk;
mod exchange;
mod hearing;
mod meddler;
mod network;
mod office;
mod outsider;
mod person;
mod phone;
mod plan;
mod planes;
mod proof;
mod sitter;
mod sound;
mod srtp;
mod station;
mod stream;
#[cfg(test)]
mod street;
mod tapes;
mod trace;
mod truth;
mod world;

pub use plan::{Features, Plan, Profile};
pub use trace::Trace;
pub use world::{Outcome, run};

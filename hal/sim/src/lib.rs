//! A simulated board: FXS ports, each with a set and a person at it, and FXO ports, each with a carrier's
//! exchange behind it and a far party there.
//!
//! It is the default board of a box without hardware and the telephone half of the simulation. It
//! never reads a clock and starts no thread: time is what [`SimControl`] and [`People`] are handed,
//! and, for all sound, the number of blocks that [`SimAudio`] exchanged. The three parts of a port live
//! on different threads and share only atomics and wait-free rings.
//!
//! ```text
//! control thread   People ──acts──> SimControl ──events──> exchange
//!                    │  ^ <──bell───┘
//!                 sounds heard
//!                    v  │
//! media thread     SimAudio <──exchange──> exchange
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod act;
mod audio;
mod control;
mod display;
mod ear;
mod fax;
mod hearing;
mod line;
mod mark;
mod people;
mod person;
mod recognise;
mod relay;
mod report;
mod set;
mod sound;
mod spectrum;
mod wire;

pub use act::{Act, ActError, Manner};
pub use audio::SimAudio;
pub use control::{SimControl, SimError};
pub use display::Display;
pub use line::{
    Aon, Carrier, CarrierRules, CarrierTones, Disconnect, Fate, LineAudio, LineControl, LineFaults,
    LineReport, LineSettings,
};
pub use mark::Mark;
pub use people::People;
pub use person::Person;
pub use recognise::NamedTone;
pub use relay::{LifelinePlan, RelayKind, RelayStuck};
pub use report::{Hearing, Partial, Report, ToneGuess};
pub use set::{BoardPlan, SetOptions, SimBoard, SimLine, SimPort};

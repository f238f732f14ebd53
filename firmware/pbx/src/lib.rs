//! The control plane as one state machine: SIP on one side, call control in the middle, ports and
//! media on the other side.
//!
//! [`Pbx`] does no I/O, reads no clock and draws no randomness of its own: `handle(now, input)`,
//! then `poll` until `None`, then `next_deadline`. The program and the simulation differ only in
//! who drives it. It never touches a sample.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod advertised;
mod announce;
mod auth;
mod caller;
mod clips;
mod effects;
mod flows;
mod incoming;
mod input;
mod leg;
mod line_profile;
mod lines;
mod media;
mod messages;
mod metering;
mod off_hook;
mod pbx;
mod pool;
mod ports;
mod recording;
mod redact;
mod registrar;
mod ringer;
mod rooms;
mod set_side;
mod set_sound;
mod set_test;
mod setup;
mod status;
mod stun;
mod supervision;
mod talk;
mod tape;
mod two_calls;
mod usage_side;
mod voice;
mod waiting_caller;
mod wire;
mod world;

pub use auth::{Keys, Passwords, Question, Vault, Verdict};
pub use input::{Counters, Input, Jack, Lifeline, Output};
pub use lines::PortFigures;
pub use pbx::{Figures, Pbx};
pub use redact::Redactor;
pub use set_test::SetTest;
pub use setup::Setup;
pub use tape::{Entry, Fingerprint, Replayed, Snapshot, Tape, TapeError, Taped};

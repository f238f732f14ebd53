//! The data plane as one state machine: legs, bridges, relay, mixer, one tick.
//!
//! It never does I/O, reads a clock, allocates after construction, blocks, logs or panics on what
//! comes from outside, and it does not know who is talking. The driver (`engine` in the program,
//! the world in the simulation) hands in packets, blocks of ports, commands and the time, and
//! carries out what [`Plane::poll`] says.
#![forbid(unsafe_code)]
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

mod block;
mod clip;
mod command;
mod decoded;
mod flows;
mod inband;
mod keying;
mod listening;
mod mixer;
mod moving;
mod obey;
mod outgoing;
mod output;
mod paths;
mod pause;
mod placement;
mod plane;
mod port_leg;
mod quality;
mod reporting;
mod rtp_leg;
mod secure;
mod sending;
mod slot;
mod source;
mod stage;
mod tap;
mod tick;
mod timers;
mod wiring;

pub use clip::{Clip, ClipSound};
pub use command::PlaneCommand;
pub use flows::{Flow, Rewrite};
pub use moving::Moving;
pub use output::{Channel, Output, Pace, Retired, TapPart, Tapped};
pub use paths::Paths;
pub use placement::{Errand, Placement};
pub use plane::{Due, Plane, PlaneFigures, TICK};
pub use port_leg::PortLeg;
pub use rtp_leg::RtpLeg;
pub use secure::Keys;
pub use sending::Codecs;

//! Call control: which legs a call has, who rings, who is connected, when it ends and why.
//!
//! A SIP phone, an analog set, later a trunk or a line are all a *leg* here; `pbx` translates. This
//! crate never sees SIP, hardware or SQL, reads no clock and does no I/O. Every decision writes an
//! event that names the rule which fired.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod call;
mod dial;
mod directory;
mod effect;
mod end;
mod hold;
mod narrate;
mod outside;
mod ring;
mod room;
mod route;
mod set;
mod switch;
mod tapes;

#[cfg(test)]
mod tests;

pub use directory::{
    Dialled, Directory, HotLine, Line, Phone, Progress, Recall, RoomRules, SetRules, SetState,
};
pub use effect::{Effect, LegEvent, NewCall, Ring, Sound};
pub use switch::{Refusal, Switch, Timers};

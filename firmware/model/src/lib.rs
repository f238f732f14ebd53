//! The words of the exchange: ids, numbers, time, events, commands, limits.
//!
//! Plain, serialisable data and nothing else: this crate never decides anything, never does I/O,
//! and depends on nothing of ours. Every other crate speaks in these words.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod cause;
mod codec;
mod command;
mod event;
mod id;
pub mod limits;
mod media;
mod net;
mod number;
mod party;
mod random;
mod rule;
mod state;
mod time;
mod tone;

pub use cause::Cause;
pub use codec::{Codec, Digit};
pub use command::Command;
pub use event::{Event, EventBody, LegKind, MediaFigures, Record, Target};
pub use id::{
    BridgeId, CallId, EntryId, FlowId, LegId, MediaLeg, PairId, ParseIdError, PartyId, PortId, Seq,
};
pub use media::{Learn, MediaCommand, MediaEvent, MediaFault, Route, RtpIdentity, RtpParams};
pub use net::Transport;
pub use number::{Number, NumberError};
pub use party::Party;
pub use random::{Random, Seed};
pub use rule::Rule;
pub use state::{Binding, StateChange};
pub use time::{Instant, Now, Trust, Wall};
pub use tone::{ToneSpec, ToneStep};

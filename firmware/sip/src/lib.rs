//! SIP without I/O: bytes to messages and back, transactions, dialogs, digest, registration
//! arithmetic and SDP. This crate never opens a socket, reads a clock or draws from the operating
//! system's randomness, and it knows no extension and no trunk.
//!
//! The wire is read and written by our own code (design §5). Reading is lenient and every leniency
//! is counted under a name ([`Leniency`]); writing is exact.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod agent;
pub mod binding;
mod dialog;
pub mod digest;
mod fault;
mod framing;
mod grammar;
mod header;
mod host;
mod leniency;
mod message;
mod method;
mod name_addr;
mod params;
mod peer;
pub mod sdp;
mod transaction;
mod uri;
mod usage;
mod value;
mod via;

pub use agent::{
    Advertised, Agent, AgentConfig, AgentCounters, AgentError, AgentSizes, How, InviteParams,
    Outcome, Output, UsageEvent,
};
pub use fault::Fault;
pub use framing::{Frame, Framer, FramingError};
pub use header::{Contacts, Header, HeaderName, Headers};
pub use host::Host;
pub use leniency::{Leniencies, Leniency};
pub use message::{Message, ParseError, Parsed, Request, Response, parse, reason_phrase};
pub use method::Method;
pub use name_addr::NameAddr;
pub use params::Params;
pub use peer::Peer;
pub use transaction::{ClientKey, ServerKey, Timing};
pub use uri::{Scheme, Uri};
pub use usage::{DialogId, UsageKey};
pub use value::{CSeq, Event, MediaType, RAck, Reason, Refresher, Replaces, SessionExpires};
pub use via::{Via, ViaTransport};

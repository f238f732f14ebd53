//! The configuration: what an administrator decides, as one ordered, commented TOML text, checked as
//! a whole. This crate reads and checks texts, imports them, says how two differ, merges and undoes;
//! `store` keeps the versions and the secrets. A pure core: texts in, values and texts out.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod check;
mod codes;
mod config;
pub mod country;
mod diff;
mod entries;
mod format;
mod import;
mod limits_section;
mod lookup;
mod merge;
mod network;
mod office;
mod problem;
mod read;
mod schema;
mod secret;
mod text;
mod words;

#[cfg(test)]
mod tests;

pub use codes::{Code, Codes};
pub use config::{Config, FORMAT, Known};
pub use country::{Country, CountryCode, Tone};
pub use diff::{Change, Fields, Place, Plain, diff};
pub use entries::{
    Analog, Conference, Device, Hours, OutsideNumber, Person, Role, Schedule, Trunk, TrunkTransport,
};
pub use format::{EXTENSION_LEN_MAX, PASSWORD_LEN_MAX, PASSWORD_LEN_MIN};
pub use import::{Imported, Secret, Streams, UnknownSecrets, import};
pub use limits_section::Limits;
pub use lookup::{Answerer, Match, SipOwner};
pub use merge::{Conflict, MergeError, merge, undo};
pub use network::{ExternalAddress, FormError, Network, PortRange, Subnet};
pub use office::{Language, Office};
pub use problem::{Fault, PROBLEMS_MAX, Problem, Problems};
pub use schema::{KeyHelp, reference, schema};
pub use secret::SecretId;
pub use text::Document;

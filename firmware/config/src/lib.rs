//! The configuration: what an administrator decides, as one ordered, commented TOML text, checked as
//! a whole. This crate reads and checks texts, imports them, says how two differ, merges and undoes;
//! `store` keeps the versions and the secrets. A pure core: texts in, values and texts out.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod check;
mod codes;
mod config;
pub mod country;
mod entries;
mod format;
mod limits_section;
mod lookup;
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
pub use entries::{
    Analog, Conference, Device, Hours, OutsideNumber, Person, Role, Schedule, Trunk, TrunkTransport,
};
pub use format::{EXTENSION_LEN_MAX, PASSWORD_LEN_MAX, PASSWORD_LEN_MIN};
pub use limits_section::Limits;
pub use lookup::{Answerer, Match, SipOwner};
pub use network::{ExternalAddress, FormError, Network, PortRange, Subnet};
pub use office::{Language, Office};
pub use problem::{Fault, PROBLEMS_MAX, Problem, Problems};
pub use secret::SecretId;
pub use text::Document;

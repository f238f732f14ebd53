//! The configuration: what an administrator decides, as one ordered, commented TOML text, checked as
//! a whole. This crate reads and checks texts, imports them, says how two differ, merges and undoes;
//! `store` keeps the versions and the secrets. A pure core: texts in, values and texts out.
//!
//! A text's way: [`Document::parse`] reads it, [`import()`] checks it, adds ids and takes passwords out,
//! and gives the [`Config`] that the exchange runs on. The panel changes a text with [`edit()`] and
//! imports the result; two people who changed one version come together with [`merge()`]; [`undo()`] takes
//! one version out of the middle; [`diff()`] says in words what a version did.
//!
//! ```
//! use std::collections::BTreeSet;
//! use config::{Answerer, Document, Streams, UnknownSecrets, import};
//! use model::Random;
//!
//! let text = "[office]\ncountry = \"PL\"\n[[person]]\nextension = \"2005\"\nsip_password = \"s3cret-2005\"\n";
//! let (mut plain, mut secret) = (Random::new([1; 32]), Random::new([2; 32]));
//! let mut streams = Streams { plain: &mut plain, secret: &mut secret };
//! let imported = import(&Document::parse(text)?, &BTreeSet::new(), UnknownSecrets::Refuse, &mut streams)?;
//! assert!(matches!(imported.config.answerer("2005"), Some(Answerer::Person(_))));
//! let (id, password) = imported.secrets.first_key_value().expect("one password");
//! assert_eq!(password.reveal(), "s3cret-2005");
//! assert!(imported.document.text().contains(&format!("sip_password = {{ secret = \"{id}\" }}")));
//! # Ok::<(), config::Problems>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod check;
mod codes;
mod config;
pub mod country;
mod diff;
mod edit;
mod entries;
mod format;
mod import;
mod limits_section;
mod lookup;
mod media_section;
mod merge;
mod network;
mod office;
mod outside;
mod problem;
mod read;
mod schema;
mod secret;
mod set_caller_id;
mod text;
mod words;

#[cfg(test)]
mod tests;

pub use check::same_socket;
pub use codes::{Code, Codes};
pub use config::{Config, FORMAT, Known};
pub use country::{Country, CountryCode, Tone};
pub use diff::{Change, Fields, Place, Plain, diff};
pub use edit::{Edit, EditError, edit};
pub use entries::{
    Analog, Conference, Device, HangUpSign, Hours, Line, LineCallerId, LineDialling, LineFlash,
    Music, OutsideNumber, Person, Prompt, Recording, Role, Schedule, Trunk, TrunkTransport,
};
pub use format::{EXTENSION_LEN_MAX, PASSWORD_LEN_MAX, PASSWORD_LEN_MIN};
pub use import::{Imported, Secret, Streams, UnknownSecrets, import, reimport};
pub use limits_section::Limits;
pub use lookup::{Answerer, Match, SipOwner};
pub use media_section::{Dtmf, Encryption, Media};
pub use merge::{Conflict, MergeError, merge, undo};
pub use model::Language;
pub use network::{ExternalAddress, FormError, Network, PortRange, Subnet};
pub use office::Office;
pub use outside::OutsideCall;
pub use problem::{Fault, PROBLEMS_MAX, Problem, Problems};
pub use schema::{KeyHelp, ValueKind, reference, schema};
pub use secret::SecretId;
pub use set_caller_id::SetCallerId;
pub use text::Document;

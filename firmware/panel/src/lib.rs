//! The panel: HTTP API, login, live events, and the web-ui's files. The only HTTP server.
//!
//! It decides nothing about calls. What it shows it was told through [`Feed`] or asks of
//! [`Exchange`]; what it changes it asks [`Exchange`] to change, where the wish queues with
//! everything else. It runs on threads of its own, so that a slow page never delays a call.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod api;
pub mod convert;

mod answer;
mod archive;
mod assets;
mod authority;
mod bearer;
mod card;
mod desk;
mod doctor;
mod exchange;
mod feed;
mod guard;
mod password;
mod playing;
mod routes;
mod server;
mod sessions;
mod throttle;
mod vault;
mod web_phones;

pub use archive::{Archive, Sound};
pub use authority::{Authority, fingerprint};
pub use bearer::{Right, token_hash};
pub use desk::Clock;
pub use doctor::Doctor;
pub use exchange::{Author, CallFile, Exchange, FirstAdministrator, PhoneAccount, Refusal};
pub use feed::{FEED_BEHIND_MAX, Feed};
pub use routes::openapi;
pub use server::{
    CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_MAX, HEAD_TIME_MAX, Moves, Panel, PanelParts, serve,
};
pub use vault::{MemoryVault, StoredSession, StoredToken, Vault, VaultError};
pub use web_phones::{LineLost, WebInbox, WebLine, WebPhoneWord, WebPhones, web_phones};

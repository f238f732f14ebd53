//! What the panel asks of the exchange. `centralka` implements it on top of the control thread,
//! the configuration and the store; tests implement it with a few maps.
//!
//! Every method may block for a moment (a database read, a question to the control thread) and is
//! called on tokio's blocking pool, but the ones that say they must not.

use std::collections::BTreeMap;

use model::{CallId, Party, PartyId, Record};

use crate::api::{
    BoardAct, CallPage, ConfigDraft, ConfigText, Fault, Health, Heard, MediaThread, NewPerson,
    Office, Person, Transport,
};
use crate::{archive::Archive, doctor::Doctor};

/// Who asks for a change, for the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Id of the person's entry.
    pub person: String,
    /// The person's name.
    pub name: String,
}

/// Why the exchange does not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing (any more): 404.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// A field of the request cannot be accepted: 422. The first text names the field, the second
    /// the rule, such as `extension_taken`, the third says it in English.
    #[error("{field}: {message}")]
    Field {
        /// Which field.
        field: &'static str,
        /// Name of the rule, the key of translations.
        rule: &'static str,
        /// In English, with what to do next.
        message: String,
    },
    /// It does not fit the present state, such as dialling with the handset on the set: 409.
    #[error("{message}")]
    State {
        /// Name of the error, the key of translations.
        error: &'static str,
        /// In English, with what to do next.
        message: String,
    },
    /// Somebody else changed the same part of the configuration: 409.
    #[error("the configuration was changed in the meantime")]
    Conflict,
    /// The configuration text is wrong: 422.
    #[error("the configuration text has {} faults", .0.len())]
    Text(Vec<Fault>),
    /// The exchange cannot take it now: 503.
    #[error("the exchange is busy or stopping")]
    Busy,
    /// Our own fault: 500. The text goes to the log, never to the browser.
    #[error("{0}")]
    Internal(String),
}

/// The first administrator, as typed on the claim page and checked by the panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstAdministrator {
    /// Name, 1 to 80 characters.
    pub name: String,
    /// Name to sign in with, lower case.
    pub login: String,
}

/// How a phone of a person signs in.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneAccount {
    /// The person's name.
    pub name: String,
    /// SIP user.
    pub user: String,
    /// SIP password in clear.
    pub password: String,
    /// Address or name of the box as phones reach it.
    pub server: String,
    /// Port there.
    pub port: u16,
    /// Transport there.
    pub transport: Transport,
}

/// A call as the ledger has it, with the people's data its events refer to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFile {
    /// Every record of the call, in order.
    pub records: Vec<Record>,
    /// The rows of the `party` table that the records name.
    pub parties: BTreeMap<PartyId, Party>,
}

/// The exchange, seen from the panel.
pub trait Exchange: Archive + Doctor {
    /// The office of the configuration in force. Must not block.
    fn office(&self) -> Office;

    /// Sites, as `https://host:port`, whose pages may be phones beside the panel's own. Must not
    /// block.
    fn web_origins(&self) -> Vec<String>;

    /// Everybody in the configuration in force, by extension. Must not block.
    fn people(&self) -> Vec<Person>;

    /// Makes the person with this login an administrator, or adds one.
    ///
    /// # Errors
    /// [`Refusal::Field`] and whatever a save can answer.
    fn first_administrator(&self, wish: FirstAdministrator) -> Result<Person, Refusal>;

    /// Adds a person with a generated SIP password and saves the configuration; the new version's
    /// number is returned too.
    ///
    /// # Errors
    /// [`Refusal::Field`] with rule `extension_taken`, and whatever a save can answer.
    fn add_person(&self, by: &Author, wish: NewPerson) -> Result<(Person, u64), Refusal>;

    /// Gives a person this name to sign in with and saves the configuration, unless it is the
    /// person's already.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Field`] with rule `login_taken`, and whatever a save can
    /// answer.
    fn give_login(&self, by: &Author, person: &str, login: &str) -> Result<(), Refusal>;

    /// How the person's phones sign in. `host` is the name or address by which the browser
    /// reaches the box: phones can most likely use the same.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an unknown person or one without an extension.
    fn phone_account(&self, person: &str, host: &str) -> Result<PhoneAccount, Refusal>;

    /// Calls that are over, newest first: at most `limit` (1 to 200), older than the call `before`.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if `before` is no call.
    fn recent_calls(&self, before: Option<CallId>, limit: u16) -> Result<CallPage, Refusal>;

    /// Everything the ledger knows of a call.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an unknown call.
    fn call_file(&self, call: CallId) -> Result<CallFile, Refusal>;

    /// The name and extension of a configuration entry (person or analog set), also a removed one
    /// if it is still known. Must not block.
    fn entry_party(&self, entry: &str) -> Option<crate::api::Party>;

    /// Ends a call in progress; a call that is over already is no error.
    ///
    /// # Errors
    /// [`Refusal::Busy`].
    fn hang_up(&self, by: &Author, call: CallId) -> Result<(), Refusal>;

    /// Records nothing of a call until it is resumed; idempotent.
    ///
    /// # Errors
    /// [`Refusal::State`] with `not_recorded` for a call that is not being recorded, [`Refusal::Busy`].
    fn pause_recording(&self, by: &Author, call: CallId, paused: bool) -> Result<(), Refusal>;

    /// The configuration text in force.
    ///
    /// # Errors
    /// [`Refusal::Internal`].
    fn config(&self) -> Result<ConfigText, Refusal>;

    /// Checks a text as a whole and puts it in force; returns the new version.
    ///
    /// # Errors
    /// [`Refusal::Text`] or [`Refusal::Conflict`]; both change nothing.
    fn save_config(&self, by: &Author, draft: ConfigDraft) -> Result<u64, Refusal>;

    /// Takes the change of one version back out; returns the new version.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] or [`Refusal::Conflict`].
    fn undo_config(&self, by: &Author, version: u64) -> Result<u64, Refusal>;

    /// Makes the person at a simulated set act. The set's new state arrives through the feed.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an unknown port, [`Refusal::State`] where the act does not fit.
    fn act(&self, port: &str, act: BoardAct) -> Result<(), Refusal>;

    /// What a simulated set hears: listens for up to half a second.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an unknown port.
    fn hear(&self, port: &str) -> Result<Heard, Refusal>;

    /// How the media threads fare. Must not block.
    fn media_threads(&self) -> Vec<MediaThread>;

    /// How the exchange is. Must not block.
    fn health(&self) -> Health;

    /// The exchange's figures as Prometheus text; the panel adds its own. Must not block.
    fn metrics(&self) -> String;
}

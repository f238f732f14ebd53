//! People and how their phones sign in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Administrator,
    /// See and steer calls.
    Supervisor,
    /// Telephone.
    User,
    /// Look at what was granted; has no phone.
    External,
}

/// Somebody in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// Immutable id of the entry.
    pub id: String,
    /// Name.
    pub name: String,
    /// Extension; empty for people without a phone.
    pub extension: String,
    /// Name to sign in to the panel with; empty without web access.
    pub login: String,
    /// What the person may do.
    pub role: Role,
    /// Whether the entry is an analog set and not a person.
    #[serde(default)]
    pub analog: bool,
}

/// Somebody to be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// Name, 1 to 80 characters.
    pub name: String,
    /// Extension, 2 to 8 digits, free until now.
    pub extension: String,
    /// What the person may do.
    pub role: Role,
}

/// How somebody signs in to the panel from now on.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebAccess {
    /// The name to sign in with, 2 to 40 characters.
    pub login: String,
    /// The web password, 10 to 200 characters.
    pub password: String,
}

/// Somebody was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonAdded {
    /// The entry.
    pub person: Person,
    /// What to type into the phone.
    pub card: PhoneCard,
    /// Version of the configuration that this made; `config/undo` takes it back.
    pub version: u64,
}

/// What to type into a phone so that it can sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PhoneCard {
    /// The person's name, for the phone's display.
    pub name: String,
    /// User name, also called account or authentication name.
    pub user: String,
    /// SIP password.
    pub password: String,
    /// Server, also called registrar or domain: address or name, without port.
    pub server: String,
    /// Port of the server.
    pub port: u16,
    /// How signalling should travel.
    pub transport: super::Transport,
    /// `sip:user:password@server:port;transport=…`, the text of the QR code.
    pub uri: String,
    /// The QR code as an SVG picture.
    pub qr_svg: String,
}

impl core::fmt::Debug for PhoneCard {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // The password must not reach a log.
        f.debug_struct("PhoneCard")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

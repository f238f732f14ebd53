//! The configuration text.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The text in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigText {
    /// Its version.
    pub version: u64,
    /// The TOML text, comments and order kept.
    pub text: String,
}

/// A text to be checked and put in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigDraft {
    /// The version the change began from.
    pub base_version: u64,
    /// The whole new text.
    pub text: String,
    /// Why, for the history; may be empty.
    pub reason: String,
}

/// A new version is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigSaved {
    /// Its number.
    pub version: u64,
}

/// Take one version's change back out of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigUndo {
    /// The version whose change is taken back.
    pub version: u64,
}

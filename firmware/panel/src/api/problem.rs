//! The body of every answer that is not a success.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What went wrong and what to do next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Name of the error, the key of translations.
    pub error: String,
    /// The same for a reader of English, with what to do next.
    pub message: String,
    /// The field of the request that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Seconds to wait before trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
    /// All that is wrong with a configuration text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
}

/// One thing that is wrong with a configuration text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// Line of the text, from 1; 0 if it concerns the whole.
    pub line: u32,
    /// The key, such as `person.extension`.
    pub key: String,
    /// Name of the rule that is broken.
    pub rule: String,
    /// In words.
    pub message: String,
}

//! What is asked of a set: a test, in which it is rung with every way of caller ID and somebody watches its
//! display, and a lamp for messages.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SetTestOutcome {
    /// It was sent.
    Sent,
    /// It was not sent to its end: the set was used.
    Cut,
    /// The set did not take part.
    Unanswered,
    /// The port cannot send it.
    Impossible,
}

/// One way of telling a set who calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetTestStep {
    /// The number that the set shows if it reads this way.
    pub number: String,
    /// The way, as `[[analog]] caller_id` of the configuration has it.
    pub way: String,
    /// What became of it; absent while it has yet to come.
    pub outcome: Option<SetTestOutcome>,
}

/// How far the test of a set is; the steps of the last one stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetTest {
    /// Its steps, in order.
    pub steps: Vec<SetTestStep>,
    /// The way that the configuration has for the set: `auto`, `off` or one that is tried; empty for a set that it
    /// does not have.
    pub used: String,
}

/// The way by which a set is told who calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetWay {
    /// One that a test tries, or `auto`: as is usual in the country.
    pub way: String,
}

/// How many messages wait for whoever uses a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitingMessages {
    /// So many; 0 = none: its lamp goes out.
    pub messages: u8,
}

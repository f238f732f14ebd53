//! Wishes of people and programs, put in at the front of the exchange where they queue with
//! everything else: one writer of call state.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::CallId;

/// What the panel, the CLI or the service manager can ask of the running exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// End this call, cause `administrator`. Unknown calls are no error: it is over already.
    HangUp(CallId),
    /// Refuse new calls from now on, end the rest after `grace` with cause `stopping`.
    Stop {
        /// How long calls in progress may go on.
        grace: Duration,
    },
}

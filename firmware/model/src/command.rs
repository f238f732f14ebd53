//! Wishes of people and programs, put in at the front of the exchange where they queue with
//! everything else: one writer of call state.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{CallId, ClaimStep, EntryId, LineSign, PortId, RecordingId, ToneSignature};

/// What the panel, the CLI, the service manager and the recorder say to the running exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// End this call, cause `administrator`. Unknown calls are no error: it is over already.
    HangUp(CallId),
    /// Record nothing of this call until it is resumed. A call that is not recorded, is paused or is over
    /// is left as it is.
    PauseRecording(CallId),
    /// Record this call again, if its recording is paused.
    ResumeRecording(CallId),
    /// The recorder made the file of this recording.
    RecordingKept {
        /// The call.
        call: CallId,
        /// Which recording of it.
        recording: RecordingId,
        /// How long it is, in ms.
        ms: u64,
        /// Bytes of the file.
        bytes: u64,
        /// SHA-256 of the file, in hexadecimal digits.
        sha256: String,
    },
    /// The recorder has nothing of this recording.
    RecordingLost {
        /// The call.
        call: CallId,
        /// Which recording of it.
        recording: RecordingId,
    },
    /// What ended a call on a line was no hang-up: it counts as false, and its tone is not learned any
    /// more. A line that is not there (any more) is no error.
    FalseHangUp {
        /// The `[[line]]` entry.
        line: EntryId,
        /// The sign that was believed.
        sign: LineSign,
        /// The tone by which it was known, if by one.
        tone: Option<ToneSignature>,
    },
    /// Search for the impedance that balances this line best, as soon as it is idle. A line that is not there
    /// (any more) is no error.
    BalanceLine(EntryId),
    /// Test the lifeline of this line, as soon as it and its set are idle. One without a lifeline is left alone.
    TestLifeline(EntryId),
    /// So many messages wait for whoever uses this set: whoever keeps them says so. Sets that are not in the
    /// configuration are no error: they are gone already.
    SetMessages {
        /// The `[[analog]]` entry.
        set: EntryId,
        /// How many; 0 = none.
        messages: u8,
    },
    /// Ring the set on this jack with every way of caller ID, one after the other, so that somebody who
    /// watches its display can tell which it reads. A set that is off hook or in a call is left alone.
    TestSet {
        /// The jack.
        port: PortId,
    },
    /// Refuse new calls from now on, end the rest after `grace` with cause `stopping`.
    Stop {
        /// How long calls in progress may go on.
        grace: Duration,
    },
    /// A claim code was made or used: it is written down.
    Claim(ClaimStep),
}

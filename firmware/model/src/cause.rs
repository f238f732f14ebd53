//! Why a call or a leg ended.

use serde::{Deserialize, Serialize};

/// The reason of an end, independent of SIP and of the line; translated at the edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A party hung up after the answer.
    Normal,
    /// The caller hung up before the answer.
    Cancelled,
    /// The called party is busy.
    Busy,
    /// It rang and nobody answered in time.
    NoAnswer,
    /// The called party refused.
    Rejected,
    /// Another phone took the call.
    ElsewhereAnswered,
    /// The dialled number does not exist.
    NotFound,
    /// The extension exists and no phone of it can be reached now.
    Unreachable,
    /// The caller may not do this.
    Forbidden,
    /// The parties have no codec or transport in common.
    NotAcceptable,
    /// One party insists on protected voice and the other has none, or the protection failed.
    Unprotected,
    /// The number is not complete or not legal.
    BadNumber,
    /// A limit of the exchange was reached.
    Congestion,
    /// The far end fell silent: no answer to signalling or session timer ran out.
    PeerLost,
    /// The far end broke the protocol.
    ProtocolError,
    /// The configuration no longer knows the party.
    Removed,
    /// An administrator ended the call.
    Administrator,
    /// The moderator of a conference ended the call.
    Moderator,
    /// The exchange is being stopped.
    Stopping,
    /// The power failed during the call; set at the next start.
    PowerLost,
    /// Our own fault.
    Internal,
}

impl Cause {
    /// Every cause, in the order of the enum.
    pub const ALL: [Self; 21] = [
        Self::Normal,
        Self::Cancelled,
        Self::Busy,
        Self::NoAnswer,
        Self::Rejected,
        Self::ElsewhereAnswered,
        Self::NotFound,
        Self::Unreachable,
        Self::Forbidden,
        Self::NotAcceptable,
        Self::Unprotected,
        Self::BadNumber,
        Self::Congestion,
        Self::PeerLost,
        Self::ProtocolError,
        Self::Removed,
        Self::Administrator,
        Self::Moderator,
        Self::Stopping,
        Self::PowerLost,
        Self::Internal,
    ];

    /// The Q.850 cause value for a Reason header (RFC 3326, RFC 3398 §7.2.4.1).
    #[must_use]
    pub const fn q850(self) -> u8 {
        match self {
            Self::Normal
            | Self::Cancelled
            | Self::ElsewhereAnswered
            | Self::Administrator
            | Self::Moderator => 16,
            Self::Busy => 17,
            Self::NoAnswer => 19,
            Self::Rejected | Self::Forbidden => 21,
            Self::NotFound | Self::Removed => 1,
            Self::Unreachable => 20,
            Self::NotAcceptable | Self::Unprotected => 88,
            Self::BadNumber => 28,
            Self::Congestion => 42,
            Self::PeerLost => 102,
            Self::ProtocolError => 111,
            Self::Stopping | Self::PowerLost | Self::Internal => 41,
        }
    }
}

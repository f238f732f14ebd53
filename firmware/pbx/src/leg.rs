//! A SIP phone as a leg: the usage on one side, the place in the media plane on the other.

use model::{CallId, EntryId, Instant, LegId, MediaLeg, Seq};
use sip::{Peer, UsageKey};

use crate::talk::Talk;

/// How far the leg has come on the SIP side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not answered.
    Early,
    /// To be answered as soon as the start of the call is on disk, at the latest at `until`.
    Answering {
        /// What must be durable.
        wait_for: Seq,
        /// When patience ends.
        until: Instant,
    },
    /// Answered.
    Up,
    /// Released; the media plane has yet to report.
    Leaving {
        /// When we stop waiting for it.
        until: Instant,
    },
}

/// One SIP leg.
#[derive(Debug)]
pub(crate) struct SipLeg {
    pub(crate) id: LegId,
    pub(crate) call: CallId,
    /// The configuration entry whose phone it is.
    pub(crate) owner: EntryId,
    /// `None` once the usage has ended.
    pub(crate) usage: Option<UsageKey>,
    pub(crate) peer: Peer,
    /// Whether this is the caller.
    pub(crate) inbound: bool,
    pub(crate) stage: Stage,
    pub(crate) media: Option<MediaLeg>,
    pub(crate) talk: Talk,
}

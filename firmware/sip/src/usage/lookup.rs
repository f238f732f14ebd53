//! Finding a call by its dialog, and the dialog of a call: for Replaces (RFC 3891) and dialog-info.

use super::{Phase, UsageKey};
use crate::{Agent, Replaces, agent::matching};

/// What names a dialog (RFC 3261 §12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialogId {
    /// Call-ID.
    pub call_id: String,
    /// Our tag.
    pub local_tag: String,
    /// The peer's tag.
    pub remote_tag: String,
}

impl Agent {
    /// The call whose dialog `replaces` names (RFC 3891 §3), and whether it is not yet answered.
    #[must_use]
    pub fn find(&self, replaces: &Replaces) -> Option<(UsageKey, bool)> {
        let key = matching::read_tag(&replaces.to_tag)?;
        let usage = self.usages.get(&key)?;
        let same = *usage.local_tag == *replaces.to_tag
            && *usage.call_id == *replaces.call_id
            && usage.over.is_none()
            && usage.has_remote_tag(&replaces.from_tag);
        let early = match usage.phase {
            Phase::Outgoing(_) | Phase::Incoming(_) => true,
            Phase::Established => false,
        };
        same.then_some((key, early))
    }

    /// The dialog of a call; `None` for an outgoing call without an answer.
    #[must_use]
    pub fn dialog_id(&self, usage: UsageKey) -> Option<DialogId> {
        let usage = self.usages.get(&usage)?;
        let dialog = usage.dialog.as_ref()?;
        Some(DialogId {
            call_id: usage.call_id.to_string(),
            local_tag: usage.local_tag.to_string(),
            remote_tag: dialog.remote_tag.to_string(),
        })
    }
}

//! Refreshed registrations: the most frequent change there is, and the least interesting. Each
//! is written so rarely that an idle office hardly touches its flash.

use std::{collections::BTreeMap, time::Duration};

use model::{Binding, EntryId, StateChange};

use crate::{REFRESH_LAG, REFRESH_WRITE, clock::Stopwatch};

type Key = (EntryId, String);

/// Registrations as they are on the disk, and the refreshes that wait for their minute.
#[derive(Default)]
pub(super) struct Refreshes {
    written: BTreeMap<Key, Binding>,
    waiting: BTreeMap<Key, Binding>,
    since: Option<Stopwatch>,
}

impl Refreshes {
    /// With the registrations that are on the disk.
    pub(super) fn new(written: Vec<Binding>) -> Self {
        let written = written
            .into_iter()
            .map(|binding| (key(&binding), binding))
            .collect();
        Self {
            written,
            ..Self::default()
        }
    }

    /// Takes a refresh in; anything else comes back, to be written with the next commit.
    pub(super) fn sort(&mut self, change: StateChange) -> Option<StateChange> {
        match &change {
            StateChange::Refreshed(binding) => {
                self.refresh(binding.clone());
                return None;
            }
            StateChange::Bound(binding) => {
                self.waiting.remove(&key(binding));
                self.written.insert(key(binding), binding.clone());
            }
            StateChange::Unbound { owner, key } => {
                let key = (owner.clone(), key.clone());
                self.waiting.remove(&key);
                self.written.remove(&key);
            }
            StateChange::DigestMd5 { .. }
            | StateChange::LineTones { .. }
            | StateChange::LineBalance { .. }
            | StateChange::Lifeline { .. }
            | StateChange::Messages { .. } => {}
        }
        Some(change)
    }

    fn refresh(&mut self, binding: Binding) {
        let key = key(&binding);
        if self
            .written
            .get(&key)
            .is_some_and(|written| is_good_enough(written, &binding))
        {
            self.waiting.remove(&key);
            return;
        }
        self.waiting.insert(key, binding);
        self.since.get_or_insert_with(Stopwatch::start);
    }

    /// How long until the waiting ones are written; none when none waits.
    pub(super) fn left(&self) -> Option<Duration> {
        self.since.map(|since| since.left(REFRESH_WRITE))
    }

    /// What is to be written now: all that wait, when their minute is over or `all` is asked for.
    pub(super) fn due(&self, all: bool) -> Vec<StateChange> {
        if !all && !self.left().is_some_and(|left| left.is_zero()) {
            return Vec::new();
        }
        self.waiting
            .values()
            .cloned()
            .map(StateChange::Refreshed)
            .collect()
    }

    /// What [`Self::due`] gave is on the disk.
    pub(super) fn written(&mut self) {
        self.written.append(&mut self.waiting);
        self.since = None;
    }
}

fn key(binding: &Binding) -> Key {
    (binding.owner.clone(), binding.key.clone())
}

/// Whether a restart with `written` would ring the phone where `now` says it is: the expiry lags
/// little enough, and all else is the same but for what counts up with each refresh and the
/// connection, which does not outlive the program.
fn is_good_enough(written: &Binding, now: &Binding) -> bool {
    let mut as_written = now.clone();
    as_written.expires = written.expires;
    as_written.cseq = written.cseq;
    as_written.call_id.clone_from(&written.call_id);
    as_written.flow = written.flow;
    as_written == *written && now.expires <= written.expires.plus(REFRESH_LAG)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Transport, Wall};

    fn binding(seconds: i64) -> Binding {
        Binding {
            owner: EntryId::new("jan").expect("a legal id"),
            key: "a".into(),
            contact: "sip:a@192.0.2.7".into(),
            path: vec![],
            source: "192.0.2.7:5060".parse().expect("an address"),
            local: "192.0.2.1:5060".parse().expect("an address"),
            transport: Transport::Udp,
            flow: None,
            call_id: "x".into(),
            cseq: u32::try_from(seconds).expect("small"),
            expires: Wall::from_secs(seconds),
            user_agent: String::new(),
            q: 1_000,
        }
    }

    fn sort(refreshes: &mut Refreshes, change: StateChange) -> usize {
        let _ = refreshes.sort(change);
        refreshes.due(true).len()
    }

    #[test]
    fn a_refresh_is_written_when_it_tells_something_new() {
        let mut refreshes = Refreshes::new(vec![binding(100)]);
        let lag = i64::try_from(REFRESH_LAG.as_secs()).expect("small");
        for seconds in [100, 160, 100 + lag] {
            assert_eq!(
                sort(&mut refreshes, StateChange::Refreshed(binding(seconds))),
                0
            );
        }
        assert_eq!(refreshes.left(), None, "an idle office writes nothing");
        let late = binding(101 + lag);
        assert_eq!(
            sort(&mut refreshes, StateChange::Refreshed(late.clone())),
            1
        );
        assert!(refreshes.left().is_some() && refreshes.due(false).is_empty());
        refreshes.written();
        assert_eq!(sort(&mut refreshes, StateChange::Refreshed(late)), 0);

        let again = Binding {
            call_id: "y".into(),
            flow: Some(model::FlowId(3)),
            ..binding(170)
        };
        let lagging = Binding {
            expires: binding(101 + lag).expires,
            ..again
        };
        assert_eq!(sort(&mut refreshes, StateChange::Refreshed(lagging)), 0);
        let moved = Binding {
            source: "192.0.2.8:5060".parse().expect("an address"),
            ..binding(110)
        };
        assert_eq!(sort(&mut refreshes, StateChange::Refreshed(moved)), 1);
        let gone = StateChange::Unbound {
            owner: binding(1).owner,
            key: "a".into(),
        };
        assert_eq!(sort(&mut refreshes, gone), 0);
        assert_eq!(
            sort(&mut refreshes, StateChange::Refreshed(binding(110))),
            1
        );
        assert_eq!(sort(&mut refreshes, StateChange::Bound(binding(120))), 0);
    }
}

//! The calls in progress, for pages that show them as they are now.

use std::collections::BTreeMap;

use model::{CallId, EventBody, Record};

use super::{CallStory, Names};
use crate::api::ChangeBody;

/// The stories of all calls in progress.
#[derive(Debug, Default)]
pub struct CallBook {
    open: BTreeMap<CallId, CallStory>,
    /// Those that something happened in and that no page was told of yet; the last one last.
    fresh: Vec<CallId>,
}

impl CallBook {
    /// Takes the next record of the ledger.
    pub fn record(&mut self, record: &Record, names: &dyn Names) {
        let Some(call) = record.event.call else {
            return;
        };
        if let EventBody::CallStarted { .. } = record.event.body {
            self.open.insert(call, CallStory::new(call, record.at));
        }
        if let Some(story) = self.open.get_mut(&call) {
            story.fold(record, names);
            self.fresh.retain(|&other| other != call);
            self.fresh.push(call);
        }
    }

    /// What pages must be told: of each call what it is now, once, however much happened in it since
    /// the last time; in the order in which it happened, for what ended last stands first in the list.
    pub fn news(&mut self) -> Vec<ChangeBody> {
        let fresh = std::mem::take(&mut self.fresh).into_iter();
        fresh.filter_map(|call| self.tell(call)).collect()
    }

    fn tell(&mut self, call: CallId) -> Option<ChangeBody> {
        let story = self.open.get(&call)?;
        if !story.is_over() {
            return Some(ChangeBody::Call(story.live()));
        }
        let summary = story.summary();
        self.open.remove(&call);
        Some(ChangeBody::Ended(summary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Party;
    use model::{Cause, EntryId, Event, LegId, Now, PartyId, Rule, Seq};

    struct Nobody;

    impl Names for Nobody {
        fn party(&self, _: PartyId) -> Option<model::Party> {
            None
        }

        fn entry(&self, _: &EntryId) -> Option<Party> {
            None
        }
    }

    fn record(call: u128, body: EventBody) -> Record {
        Record {
            seq: Seq(1),
            at: Now::default(),
            event: Event {
                call: Some(CallId(call)),
                leg: Some(LegId(1)),
                rule: Rule::CallFromPhone,
                body,
            },
        }
    }

    fn told(book: &mut CallBook, bodies: &[(u128, EventBody)]) -> Vec<&'static str> {
        for (call, body) in bodies {
            book.record(&record(*call, body.clone()), &Nobody);
        }
        let word = |news| match news {
            ChangeBody::Call(_) => "goes on",
            ChangeBody::Ended(_) => "ended",
            _ => "something else",
        };
        book.news().into_iter().map(word).collect()
    }

    #[test]
    fn each_call_is_told_once_as_it_is_now() {
        let begun = EventBody::CallStarted {
            from: PartyId(1),
            to: PartyId(2),
        };
        let answered = EventBody::CallAnswered { by: LegId(1) };
        let ended = EventBody::CallEnded {
            cause: Cause::Normal,
            duration: core::time::Duration::ZERO,
            talk: None,
        };
        let mut book = CallBook::default();
        let all = [
            (2, begun.clone()),
            (2, EventBody::LegRang),
            (1, begun),
            (2, answered),
            (1, ended.clone()),
            (3, EventBody::LegRang),
        ];
        assert_eq!(told(&mut book, &all), ["goes on", "ended"]);
        assert!(told(&mut book, &[]).is_empty());
        assert!(told(&mut book, &[(1, EventBody::LegRang)]).is_empty());
        assert_eq!(told(&mut book, &[(2, ended)]), ["ended"]);
    }
}

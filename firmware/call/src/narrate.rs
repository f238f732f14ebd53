//! Writing the ledger: every fact of a call goes through here, so that each names call, leg and rule.

use std::collections::VecDeque;

use model::{CallId, Event, EventBody, LegId, Party, PartyId, Random, Rule};

use crate::Effect;

/// The way out of call control.
#[derive(Clone, Debug)]
pub(crate) struct Narrator {
    pub(crate) out: VecDeque<Effect>,
    pub(crate) random: Random,
}

impl Narrator {
    pub(crate) fn new(random: Random) -> Self {
        Self {
            out: VecDeque::new(),
            random,
        }
    }

    /// A fact of the call as a whole.
    pub(crate) fn call(&mut self, call: CallId, rule: Rule, body: EventBody) {
        self.out.push_back(Effect::Event(Event {
            call: Some(call),
            leg: None,
            rule,
            body,
        }));
    }

    /// A fact of one leg.
    pub(crate) fn leg(&mut self, call: CallId, leg: LegId, rule: Rule, body: EventBody) {
        self.out.push_back(Effect::Event(Event {
            call: Some(call),
            leg: Some(leg),
            rule,
            body,
        }));
    }

    /// Puts people's data aside and returns the id by which events may name it.
    pub(crate) fn party(&mut self, party: Party) -> PartyId {
        let id = PartyId(self.random.next_u128());
        self.out.push_back(Effect::Party(id, party));
        id
    }

    pub(crate) fn wish(&mut self, effect: Effect) {
        self.out.push_back(effect);
    }
}

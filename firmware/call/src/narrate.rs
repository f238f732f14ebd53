//! Writing the ledger: every fact of a call goes through here, so that each names call, leg and rule.

use std::collections::VecDeque;

use model::{CallId, Event, EventBody, LegId, Party, PartyId, Random, Rule};

use crate::Effect;

/// The way out of call control.
#[derive(Clone, Debug)]
pub(crate) struct Narrator {
    pub(crate) out: VecDeque<Effect>,
    pub(crate) random: Random,
    /// The id given last.
    last: u128,
}

impl Narrator {
    pub(crate) fn new(random: Random) -> Self {
        let mut narrator = Self {
            out: VecDeque::new(),
            random,
            last: 0,
        };
        narrator.last = narrator.random.next_u128();
        narrator
    }

    /// Starts the randomness of ids anew.
    pub(crate) fn reseed(&mut self, random: Random) {
        self.random = random;
        self.last = self.random.next_u128();
    }

    /// The next id: a random step above the last one, so that nobody can guess it and yet rows of
    /// one time stand together in the store, on one page instead of on one each.
    pub(crate) fn id(&mut self) -> u128 {
        let step = u128::from(self.random.next_u64()) + 1;
        self.last = self.last.wrapping_add(step);
        self.last
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
        let id = PartyId(self.id());
        self.out.push_back(Effect::Party(id, party));
        id
    }

    pub(crate) fn wish(&mut self, effect: Effect) {
        self.out.push_back(effect);
    }
}

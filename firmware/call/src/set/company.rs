//! Who talks with whom around sets that are with two parties at once, and is recorded with them.

use std::collections::BTreeSet;

use model::LegId;

use crate::{
    Switch,
    call::{Call, Stage},
};

impl Switch {
    /// Whoever comes to a talk around sets is a part of the recordings that are made there, and of none when they
    /// part.
    pub(crate) fn record_company(&mut self) {
        if self.tapes.is_idle() {
            return;
        }
        let mut guests = BTreeSet::new();
        for id in self.tapes.calls() {
            if let Some(call) = self.calls.get(&id) {
                guests.extend(self.guests_of(call).into_iter().map(|leg| (leg, id)));
            }
        }
        self.tapes.invite(guests, &self.legs, &mut self.tell);
    }

    /// Legs of other calls who talk with the parties of this one, each party by one leg.
    fn guests_of(&self, call: &Call) -> Vec<LegId> {
        let up = call.legs.iter().filter(|leg| leg.stage == Stage::Up);
        let mut all: Vec<LegId> = up.map(|leg| leg.id).collect();
        let own = all.len();
        let mut at = 0;
        while let Some(&leg) = all.get(at) {
            let beyond = self.beside(leg).and_then(|other| self.partner_of(other));
            for next in [self.partner_of(leg), beyond].into_iter().flatten() {
                let other = self.beside(next);
                let is_new = |leg: &LegId| !all.contains(leg);
                if is_new(&next) && other.as_ref().is_none_or(is_new) {
                    all.push(next);
                }
            }
            at += 1;
        }
        all.split_off(own)
    }

    /// The other leg of a set that is with two parties at once.
    fn beside(&self, leg: LegId) -> Option<LegId> {
        let (one, other) = self.both_of(leg)?;
        Some(if one == leg { other } else { one })
    }
}

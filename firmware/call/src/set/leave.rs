//! A set is hung up: its parties are connected with each other, or the set is rung for whoever is held or
//! waits.

use core::time::Duration;

use model::{Cause, EventBody, Instant, LegId, Now, Party, PortId, Rule};

use super::{Aside, Mode};
use crate::{Directory, Effect, Ring, Switch};

impl Switch {
    /// The set was hung up.
    pub fn set_hung_up(&mut self, now: Now, port: PortId, dir: &impl Directory) {
        let Some(desk) = self.sets.desks.get_mut(&port) else {
            return;
        };
        desk.mode = Mode::Plain;
        let (active, aside, enquiry) = (desk.active, desk.aside, desk.enquiry);
        let rules = dir.set_rules(&desk.owner);
        let ring = dir.ring_timeout(&desk.owner);
        let party = |leg| self.partner_of(leg).is_some();
        let both = match (active, aside) {
            (Some(active), Some((other, _))) => party(active) && party(other),
            _ => false,
        };
        match (active, aside) {
            (None, None) => {}
            (Some(active), None) => self.hang_up_leg(now, active),
            (_, Some((waiting, Aside::Waiting))) => {
                self.let_go(now, port);
                let call = self.call_of(waiting).and_then(|id| self.calls.get(&id));
                let ring = call.map_or(Ring::Inside, |call| call.ring);
                self.ring_for(port, waiting, ring);
            }
            (Some(active), Some((held, Aside::Held)))
                if rules.transfer && both && enquiry == Some(active) =>
            {
                self.transfer(now, held, active, Rule::TransferHungUp);
            }
            (Some(active), Some((held, Aside::Held)))
                if rules.transfer && enquiry == Some(active) && self.rings(active) =>
            {
                self.pass_on(port, held, ring);
            }
            (_, Some((held, Aside::Held))) => {
                self.let_go(now, port);
                self.ring_back(now, port, held, ring);
            }
            (Some(active), Some((other, Aside::Together))) if rules.transfer && both => {
                self.transfer(now, other, active, Rule::TransferHungUp);
            }
            (active, Some((other, Aside::Together))) => {
                self.sets.desks.remove(&port);
                for leg in active.into_iter().chain([other]) {
                    self.hang_up_leg(now, leg);
                }
            }
        }
        self.say_farewells(now);
    }

    /// The set that was hung up while it rang at the other end is lifted again: the leg that it goes on
    /// with.
    pub fn take_back(&mut self, port: PortId) -> Option<LegId> {
        let desk = self.sets.desks.get_mut(&port)?;
        let Mode::Passing { .. } = desk.mode else {
            return None;
        };
        desk.mode = Mode::Plain;
        let (active, held) = (desk.active?, desk.aside?.0);
        self.sound_at_partner(held, true);
        Some(active)
    }

    /// The set was lifted while it was rung for the party that it holds.
    pub(crate) fn recalled(&mut self, port: PortId, leg: LegId) {
        if let Some(desk) = self.sets.desks.get_mut(&port) {
            desk.mode = Mode::Plain;
        }
        self.back_to(leg, Rule::PartyResumed);
    }

    fn hang_up_leg(&mut self, now: Now, leg: LegId) {
        if let Some(call) = self.call_of(leg) {
            self.ended(now, call, leg, Cause::Normal, Rule::PartyHungUp);
        }
    }

    /// Ends the active call; what follows at the set is not what follows a far end's hang-up.
    fn let_go(&mut self, now: Now, port: PortId) {
        if let Some(active) = self.detach(port) {
            self.hang_up_leg(now, active);
        }
    }

    /// Rings the set for the party that it holds.
    pub(super) fn ring_back(&mut self, now: Now, port: PortId, held: LegId, ring: Duration) {
        if let Some(desk) = self.sets.desks.get_mut(&port) {
            let until: Instant = now.mono + ring;
            desk.mode = Mode::RungBack { until };
        }
        self.sound_at_partner(held, true);
        if let Some(call) = self.call_of(held) {
            self.tell
                .leg(call, held, Rule::HoldRecall, EventBody::LegRang);
        }
        self.ring_for(port, held, Ring::Back);
    }

    /// Rings the set for a leg that it has.
    fn ring_for(&mut self, port: PortId, leg: LegId, ring: Ring) {
        if let Some(desk) = self.sets.desks.get_mut(&port) {
            desk.active = Some(leg);
            desk.aside = None;
        }
        let Some(id) = self.call_of(leg) else { return };
        let from = match self.calls.get(&id) {
            Some(call) if call.caller != leg => call.from.clone(),
            _ => Party::default(),
        };
        self.tell.wish(Effect::RingPort {
            leg,
            call: id,
            port,
            from,
            ring,
        });
    }

    /// The set hung up while it rings at the other end: the held party waits for the answer.
    fn pass_on(&mut self, port: PortId, held: LegId, ring: Duration) {
        if let Some(desk) = self.sets.desks.get_mut(&port) {
            desk.mode = Mode::Passing { ring };
        }
        self.sound_at_partner(held, true);
    }

    /// Whom a set called answers after the set was hung up: the held party gets the call.
    pub(crate) fn pass(&mut self, now: Now, leg: LegId) {
        if let Some(held) = self.sets.passing(leg) {
            self.transfer(now, held, leg, Rule::TransferHungUp);
        }
    }

    /// The parties of both legs are connected, and the set has nothing to do with them any more.
    pub(super) fn transfer(&mut self, now: Now, a: LegId, b: LegId, rule: Rule) {
        let (Some(one), Some(other)) = (self.call_of(a), self.call_of(b)) else {
            return;
        };
        let (Some(left), Some(right)) = (self.partner_of(a), self.partner_of(b)) else {
            return;
        };
        // Whoever was passed on before has a call of their own, which ends with that of the other.
        let (Some(home), Some(far)) = (self.call_of(left), self.call_of(right)) else {
            return;
        };
        self.sets.desks.retain(|_, desk| !desk.has(a));
        self.join_books([home, far], rule);
        for (call, with) in [
            (one, None),
            (other, None),
            (home, Some(far)),
            (far, Some(home)),
        ] {
            if let Some(call) = self.calls.get_mut(&call) {
                call.joined = with;
            }
        }
        self.tell.wish(Effect::Connect(left, right));
        for (call, leg, goes_on) in [(one, a, one == home), (other, b, other == far)] {
            match goes_on {
                true => self.release(now, call, leg, Cause::Normal),
                false => self.end(now, call, Cause::Normal, rule),
            }
        }
        for leg in [left, right] {
            self.sound_anew(leg);
        }
    }
}

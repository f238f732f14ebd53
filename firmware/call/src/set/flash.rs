//! What a short press of the hook means. In most of the world it asks for a digit when there is something
//! to choose; in North America it goes round: the other call, both at once, the first again.

use model::{Cause, EntryId, LegId, LegKind, Now, PortId, Rule};

use super::{Aside, CHOICE, Mode};
use crate::{Directory, Effect, Recall, Sound, Switch};

impl Switch {
    /// The person at a set that is off hook pressed the hook for a moment.
    pub fn flash(&mut self, now: Now, port: PortId, dir: &impl Directory) {
        self.pressed(now, port, dir);
        self.say_farewells(now);
    }

    fn pressed(&mut self, now: Now, port: PortId, dir: &impl Directory) {
        let Some(desk) = self.sets.desks.get(&port) else {
            return;
        };
        let (owner, mode) = (desk.owner.clone(), desk.mode);
        let (active, aside, enquiry) = (desk.active, desk.aside, desk.enquiry);
        match mode {
            Mode::Plain => {}
            Mode::Choosing { .. } => {
                if let Some(active) = active {
                    self.back_to(active, Rule::FlashReturn);
                }
                return;
            }
            Mode::RungBack { .. } | Mode::Passing { .. } => return,
        }
        let goes_round = dir.set_rules(&owner).recall == Recall::GoesRound;
        match (active, aside) {
            (Some(active), None) if self.talks(active) => {
                self.enquire(now, port, active, &owner, dir);
            }
            (Some(_) | None, None) => {}
            (None, Some((waiting, Aside::Waiting))) => self.take(now, port, waiting),
            (None, Some((other, Aside::Held | Aside::Together))) => self.return_to(port, other),
            (Some(active), Some((waiting, Aside::Waiting))) if goes_round => {
                self.put_aside(active, Rule::WaitingTaken);
                self.take(now, port, waiting);
            }
            (Some(active), Some((held, Aside::Held))) if !self.talks(active) => {
                self.detach(port);
                if let Some(call) = self.call_of(active) {
                    self.end(now, call, Cause::Cancelled, Rule::CallerGaveUp);
                }
                self.return_to(port, held);
            }
            (Some(active), Some((held, Aside::Held)))
                if goes_round
                    && enquiry.is_some()
                    && self.partner_of(active).is_some()
                    && self.partner_of(held).is_some() =>
            {
                self.unite(port);
            }
            (Some(active), Some((held, Aside::Held))) if goes_round => {
                self.swap(port, active, held);
            }
            (Some(active), Some((other, Aside::Together))) if goes_round => {
                // The one who was called last leaves.
                let last = enquiry.unwrap_or(other);
                let first = if last == active { other } else { active };
                self.drop_party(now, last);
                self.return_to(port, first);
            }
            (Some(active), Some(_)) => self.ask(now, port, active),
        }
    }

    /// A digit is to say what for the hook was pressed.
    fn ask(&mut self, now: Now, port: PortId, active: LegId) {
        self.put_aside(active, Rule::FlashChoice);
        if let Some(desk) = self.sets.desks.get_mut(&port) {
            let until = now.mono + CHOICE;
            desk.mode = Mode::Choosing { until };
        }
        self.tell.wish(Effect::Play(active, Sound::RecallDial));
    }

    /// The party is held and the person may call somebody else.
    fn enquire(
        &mut self,
        now: Now,
        port: PortId,
        active: LegId,
        owner: &EntryId,
        dir: &impl Directory,
    ) {
        let kind = LegKind::Port {
            owner: owner.clone(),
            port,
        };
        let party = dir.presented(owner);
        let Ok((_, leg)) = self.open(now, kind, party, None, Rule::FlashEnquiry, dir) else {
            // No room for another call: everything stays as it is.
            return;
        };
        self.put_aside(active, Rule::FlashEnquiry);
        if let Some(desk) = self.sets.desks.get_mut(&port) {
            desk.active = Some(leg);
            desk.aside = Some((active, Aside::Held));
            desk.enquiry = Some(leg);
        }
        self.tell.wish(Effect::Attend { leg, port });
        self.tell.wish(Effect::Play(leg, Sound::RecallDial));
    }

    /// The set is with this party alone; nobody else is left at it.
    pub(super) fn return_to(&mut self, port: PortId, leg: LegId) {
        let Some(desk) = self.sets.desks.get_mut(&port) else {
            return;
        };
        desk.active = Some(leg);
        match desk.aside.take_if(|(aside, _)| *aside == leg) {
            Some((_, Aside::Together)) => self.alone_again(port, leg),
            Some(_) | None => self.back_to(leg, Rule::FlashReturn),
        }
    }

    /// The active party is held and the held one is back.
    pub(super) fn swap(&mut self, port: PortId, active: LegId, held: LegId) {
        self.put_aside(active, Rule::FlashSwap);
        if let Some(desk) = self.sets.desks.get_mut(&port) {
            desk.aside = Some((active, Aside::Held));
            desk.active = Some(held);
        }
        self.back_to(held, Rule::FlashSwap);
    }

    /// The person parts with a party.
    pub(super) fn drop_party(&mut self, now: Now, leg: LegId) {
        if let Some(call) = self.call_of(leg) {
            self.end(now, call, Cause::Normal, Rule::FlashDrop);
        }
    }
}

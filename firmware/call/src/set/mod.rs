//! One telephone and two calls: waiting, holding, both at once, and what is left when somebody hangs up.
//!
//! A set has one ear and one mouth. Which of its legs they belong to is kept here, a *desk* per port;
//! what the person wishes by the hook is decided in `flash`, by digits after it in `choice`, by hanging
//! up in `leave`.

mod choice;
mod company;
mod flash;
mod leave;
mod meanwhile;
#[cfg(test)]
mod tests;

use core::time::Duration;
use std::collections::BTreeMap;

use model::{CallId, Cause, EntryId, EventBody, Instant, LegId, Now, PortId, Protection, Rule};

use crate::{
    Directory, Effect, Sound, Switch,
    call::{Phase, Service, Stage},
};

/// How long a digit is awaited after the hook was pressed between two parties.
const CHOICE: Duration = Duration::from_secs(5);

/// What the second leg of a set is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aside {
    /// Its caller waits for the person to take the call.
    Waiting,
    /// Its party is held.
    Held,
    /// Its party and the other hear each other and the set.
    Together,
}

/// What the set is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// What its legs say.
    Plain,
    /// The hook was pressed between two parties: a digit says what for.
    Choosing { until: Instant },
    /// It hangs on its hook and is rung for the party that it holds.
    RungBack { until: Instant },
    /// It hangs on its hook; the held party gets whom it called when that one answers. The time is how long
    /// it would be rung otherwise.
    Passing { ring: Duration },
}

/// The calls of one set.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    owner: EntryId,
    /// The leg that its ear and mouth belong to, or that it rings for.
    active: Option<LegId>,
    aside: Option<(LegId, Aside)>,
    /// The leg by which the set itself called the second party.
    enquiry: Option<LegId>,
    mode: Mode,
}

/// All sets that have a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sets {
    desks: BTreeMap<PortId, Desk>,
}

impl Desk {
    fn has(&self, leg: LegId) -> bool {
        self.active == Some(leg) || self.aside.is_some_and(|(aside, _)| aside == leg)
    }
}

impl Sets {
    /// The set of a port is lifted or rung for this leg, its first.
    pub(crate) fn first(&mut self, port: PortId, owner: EntryId, leg: LegId) {
        let desk = Desk {
            owner,
            active: Some(leg),
            aside: None,
            enquiry: None,
            mode: Mode::Plain,
        };
        self.desks.insert(port, desk);
    }

    /// Whether the set has a call, though it may hang on its hook.
    pub(crate) fn is_used(&self, port: PortId) -> bool {
        self.desks.contains_key(&port)
    }

    /// The port whose set has this leg.
    fn port_of(&self, leg: LegId) -> Option<PortId> {
        let mut desks = self.desks.iter();
        desks.find(|(_, desk)| desk.has(leg)).map(|(&port, _)| port)
    }

    /// Whether a digit on this leg says what is to become of two parties.
    pub(crate) fn chooses(&self, leg: LegId) -> bool {
        let desk = self.port_of(leg).and_then(|port| self.desks.get(&port));
        desk.is_some_and(|desk| matches!(desk.mode, Mode::Choosing { .. }))
    }

    /// Whether what this leg hears asks for a digit.
    fn is_asked(&self, leg: LegId) -> bool {
        let desk = self.port_of(leg).and_then(|port| self.desks.get(&port));
        let active = desk.is_some_and(|desk| desk.active == Some(leg));
        active && self.chooses(leg)
    }

    /// Whether this set is with two parties at once.
    pub(crate) fn is_together(&self, leg: LegId) -> bool {
        let desk = self.port_of(leg).and_then(|port| self.desks.get(&port));
        desk.is_some_and(|desk| matches!(desk.aside, Some((_, Aside::Together))))
    }

    /// The port of a set that is rung for the party that it holds with this leg.
    pub(crate) fn rung_back(&self, leg: LegId) -> Option<PortId> {
        let port = self.port_of(leg)?;
        let mode = self.desks.get(&port)?.mode;
        matches!(mode, Mode::RungBack { .. }).then_some(port)
    }

    /// The held leg of a set that hung up while it rang at the far end of this leg.
    fn passing(&self, leg: LegId) -> Option<LegId> {
        let desk = self.desks.get(&self.port_of(leg)?)?;
        let passes = matches!(desk.mode, Mode::Passing { .. }) && desk.active == Some(leg);
        desk.aside.filter(|_| passes).map(|(held, _)| held)
    }

    fn deadline(desk: &Desk) -> Option<Instant> {
        match desk.mode {
            Mode::Choosing { until } | Mode::RungBack { until } => Some(until),
            Mode::Plain | Mode::Passing { .. } => None,
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<(Instant, &'static str)> {
        let deadlines = self.desks.values().filter_map(Self::deadline);
        deadlines.min().map(|at| (at, "the person at a set"))
    }

    fn due(&self, now: Instant) -> Option<PortId> {
        let due = |(_, desk): &(&PortId, &Desk)| Self::deadline(desk).is_some_and(|at| at <= now);
        self.desks.iter().find(due).map(|(&port, _)| port)
    }
}

impl Switch {
    /// Does what is due at sets.
    pub(crate) fn sets_timeout(&mut self, now: Now) {
        while let Some(port) = self.sets.due(now.mono) {
            let Some(desk) = self.sets.desks.get_mut(&port) else {
                return;
            };
            match core::mem::replace(&mut desk.mode, Mode::Plain) {
                Mode::Choosing { .. } => {
                    if let Some(active) = desk.active {
                        self.back_to(active, Rule::FlashReturn);
                    }
                }
                Mode::RungBack { .. } => {
                    let call = desk.active.and_then(|leg| self.call_of(leg));
                    if let Some(call) = call {
                        self.end(now, call, Cause::NoAnswer, Rule::HoldForgotten);
                    }
                }
                Mode::Plain | Mode::Passing { .. } => {}
            }
        }
    }

    /// Whether the set of this entry can be told of a second caller; its port.
    pub(crate) fn can_wait(&self, owner: &EntryId, dir: &impl Directory) -> Option<PortId> {
        if !dir.set_rules(owner).call_waiting {
            return None;
        }
        let mut desks = self.sets.desks.iter();
        let (&port, desk) = desks.find(|(_, desk)| desk.owner == *owner)?;
        let free = desk.aside.is_none() && desk.mode == Mode::Plain;
        let talks = desk.active.is_some_and(|leg| self.talks(leg));
        (free && talks).then_some(port)
    }

    /// A second caller waits for the set.
    pub(crate) fn wait_at(&mut self, port: PortId, leg: LegId) {
        if let Some(desk) = self.sets.desks.get_mut(&port) {
            desk.aside = Some((leg, Aside::Waiting));
        }
    }

    /// The set is gone with all its calls: its hardware failed.
    pub fn set_lost(&mut self, port: PortId) {
        self.sets.desks.remove(&port);
    }

    /// Whether the leg's call is being talked in.
    fn talks(&self, leg: LegId) -> bool {
        let call = self.call_of(leg).and_then(|id| self.calls.get(&id));
        call.is_some_and(|call| {
            matches!(call.phase, Phase::Talking { .. })
                && call
                    .legs
                    .iter()
                    .any(|l| l.id == leg && l.stage == Stage::Up)
        })
    }

    /// Whether it rings at the far end of this caller's leg.
    fn rings(&self, leg: LegId) -> bool {
        let call = self.call_of(leg).and_then(|id| self.calls.get(&id));
        call.is_some_and(|call| matches!(call.phase, Phase::Ringing { .. }))
    }

    /// Whom this leg talks with.
    pub(crate) fn partner_of(&self, leg: LegId) -> Option<LegId> {
        let call = self.calls.get(&self.call_of(leg)?)?;
        let joined = || self.calls.get(&call.joined?)?.partner(leg);
        call.partner(leg).or_else(joined)
    }

    /// The set holds the party of this leg.
    fn put_aside(&mut self, leg: LegId, rule: Rule) {
        if let Some(call) = self.call_of(leg) {
            self.hold(call, leg, true, rule);
        }
    }

    /// The set's ear and mouth belong to this leg; its party, if it was held, is back.
    fn back_to(&mut self, leg: LegId, rule: Rule) {
        let Some(port) = self.sets.port_of(leg) else {
            return;
        };
        if let Some(desk) = self.sets.desks.get_mut(&port) {
            desk.active = Some(leg);
            desk.mode = Mode::Plain;
        }
        // With two parties at once nothing has to be turned back.
        if !self.sets.is_together(leg) {
            self.tell.wish(Effect::Attend { leg, port });
        }
        let Some(id) = self.call_of(leg) else { return };
        let call = self.calls.get(&id);
        // A tone may have been played over what the leg heard.
        self.tell
            .wish(match call.and_then(|call| call.service.as_ref()) {
                Some(Service::Echo) => Effect::Play(leg, Sound::Echo),
                Some(Service::Room(_)) | None => Effect::Return(leg),
            });
        self.sound_meanwhile(leg);
        self.hold(id, leg, false, rule);
    }

    /// The person takes the call that waits.
    fn take(&mut self, now: Now, port: PortId, leg: LegId) {
        if let Some(desk) = self.sets.desks.get_mut(&port) {
            let before = desk.active.replace(leg);
            desk.aside = before.map(|before| (before, Aside::Held));
            desk.mode = Mode::Plain;
        }
        self.tell.wish(Effect::Attend { leg, port });
        if let Some(id) = self.call_of(leg) {
            let body = EventBody::LegAnswered {
                codec: None,
                protection: Protection::Clear,
            };
            self.answered(now, id, leg, body, Rule::WaitingTaken);
        }
    }

    /// All three hear each other.
    fn unite(&mut self, port: PortId) {
        let Some(desk) = self.sets.desks.get_mut(&port) else {
            return;
        };
        let (Some(active), Some((other, _))) = (desk.active, desk.aside) else {
            return;
        };
        desk.aside = Some((other, Aside::Together));
        desk.mode = Mode::Plain;
        self.unhold(active);
        self.unhold(other);
        let parties = [active, other].map(|leg| self.partner_of(leg));
        if let [Some(one), Some(two)] = [active, other].map(|leg| self.call_of(leg)) {
            self.join_books([one, two], Rule::FlashTogether);
        }
        self.tell.wish(Effect::Unite {
            port,
            legs: [active, other],
            parties,
        });
        for leg in parties.into_iter().flatten() {
            self.sound_anew(leg);
        }
        self.sound_meanwhile(active);
    }

    /// The set's leg is no longer held; who hears whom is said otherwise.
    fn unhold(&mut self, leg: LegId) {
        let Some(id) = self.call_of(leg) else { return };
        let state = self.calls.get_mut(&id).and_then(|call| call.leg(leg));
        if state.is_some_and(|leg| core::mem::take(&mut leg.held)) {
            self.tell
                .leg(id, leg, Rule::FlashTogether, EventBody::LegResumed);
        }
    }

    /// The set parts with its active leg, whose end means nothing more to it.
    fn detach(&mut self, port: PortId) -> Option<LegId> {
        let desk = self.sets.desks.get_mut(&port)?;
        let leg = desk.active.take()?;
        desk.enquiry.take_if(|enquiry| *enquiry == leg);
        Some(leg)
    }

    /// The parties of two calls hear each other, say the books.
    fn join_books(&mut self, [one, other]: [CallId; 2], rule: Rule) {
        for (call, with) in [(one, other), (other, one)] {
            self.tell.call(call, rule, EventBody::CallJoined { with });
        }
    }

    /// A leg is on its way out: whoever else is at its set is what is left.
    pub(crate) fn set_left(&mut self, now: Now, id: CallId, leg: LegId) {
        let Some(port) = self.sets.port_of(leg) else {
            return;
        };
        let call = self.calls.get(&id);
        let talked = call.is_some_and(|call| match call.phase {
            Phase::Ending(end) => end.talk.is_some(),
            _ => false,
        });
        let Some(desk) = self.sets.desks.get_mut(&port) else {
            return;
        };
        if desk.enquiry == Some(leg) {
            desk.enquiry = None;
        }
        let mode = desk.mode;
        if desk.active == Some(leg) {
            desk.active = None;
            match desk.aside {
                None => {
                    self.sets.desks.remove(&port);
                }
                Some((other, Aside::Together)) => self.alone_again(port, other),
                Some((other, Aside::Held)) => match mode {
                    Mode::Passing { ring } => self.ring_back(now, port, other, ring),
                    // Whoever heard a tone instead of an answer presses the hook again.
                    _ if !talked => {}
                    _ => {
                        desk.aside = None;
                        desk.active = Some(other);
                        self.back_to(other, Rule::HoldReturn);
                    }
                },
                Some((_, Aside::Waiting)) => desk.mode = Mode::Plain,
            }
            return;
        }
        let aside = desk.aside.take().map(|(_, aside)| aside);
        match (desk.active, aside, mode) {
            (Some(active), Some(Aside::Together), _) => self.alone_again(port, active),
            (Some(active), _, Mode::Choosing { .. }) => self.back_to(active, Rule::FlashReturn),
            (Some(active), _, Mode::Passing { .. }) => {
                // Nobody is left to whom the called party could be given.
                if let Some(call) = self.call_of(active) {
                    self.end(now, call, Cause::Cancelled, Rule::CallerGaveUp);
                }
            }
            (None, ..) => {
                self.sets.desks.remove(&port);
            }
            (Some(_), ..) => {}
        }
    }

    /// Of two parties at once one is left.
    fn alone_again(&mut self, port: PortId, leg: LegId) {
        let Some(desk) = self.sets.desks.get_mut(&port) else {
            return;
        };
        desk.active = Some(leg);
        desk.aside = None;
        let before = core::mem::replace(&mut desk.mode, Mode::Plain);
        self.tell.wish(Effect::Attend { leg, port });
        if let Some(partner) = self.partner_of(leg) {
            self.tell.wish(Effect::Connect(leg, partner));
            self.sound_anew(partner);
        }
        self.sound_meanwhile(leg);
        if matches!(before, Mode::Choosing { .. }) {
            // Nobody is left to choose between.
            self.back_to(leg, Rule::FlashReturn);
        }
    }
}

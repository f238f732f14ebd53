//! How calls and legs end, and why.

use model::{CallId, Cause, EventBody, LegId, MediaFigures, Now, Rule, SecurityFault};

use crate::{
    Effect, Switch,
    call::{End, Phase, Stage},
};

impl Switch {
    /// A party hung up or was lost; `rule` stands behind a fault.
    pub(crate) fn ended(&mut self, now: Now, id: CallId, leg: LegId, cause: Cause, rule: Rule) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let is_caller = leg == call.caller;
        let trying = matches!(call.phase, Phase::Ringing { .. } | Phase::Dialling { .. });
        let answered = matches!(call.phase, Phase::Talking { .. } | Phase::Ending(_));
        if trying && !is_caller {
            self.refused(now, id, leg, cause, None);
            return;
        }
        let (cause, rule) = match cause {
            Cause::Normal | Cause::Cancelled if answered => (Cause::Normal, Rule::PartyHungUp),
            Cause::Normal | Cause::Cancelled if is_caller => {
                // A line says how it was seen that its caller gave up, or what became of itself.
                let seen = [Rule::LineAbandoned, Rule::LineDead, Rule::PortFault].contains(&rule);
                let rule = if seen { rule } else { Rule::CallerGaveUp };
                (Cause::Cancelled, rule)
            }
            // Hung up again before the caller had the answer.
            Cause::Normal | Cause::Cancelled => (Cause::Rejected, Rule::PhoneRefused),
            fault => (fault, rule),
        };
        let was_up = call.leg(leg).is_some_and(|leg| leg.stage != Stage::Leaving);
        self.release(now, id, leg, cause);
        if was_up {
            self.end(now, id, cause, rule);
        }
    }

    /// A line's far party hung up, as `rule` saw.
    pub(crate) fn line_ended(&mut self, now: Now, id: CallId, leg: LegId, rule: Rule) {
        let talking = self
            .calls
            .get(&id)
            .is_some_and(|call| matches!(call.phase, Phase::Talking { .. }));
        if talking {
            self.release(now, id, leg, Cause::Normal);
            self.end(now, id, Cause::Normal, rule);
        } else {
            self.ended(now, id, leg, Cause::Normal, rule);
        }
    }

    /// Ends the call: every leg is released, and the last `Gone` writes `CallEnded`.
    pub(crate) fn end(&mut self, now: Now, id: CallId, cause: Cause, rule: Rule) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let talk = match call.phase {
            Phase::Ending(_) => return,
            Phase::Talking { since } => Some(now.mono.since(since)),
            Phase::Dialling { .. }
            | Phase::Ringing { .. }
            | Phase::Answering { .. }
            | Phase::TurnedAway => None,
        };
        call.phase = Phase::Ending(End {
            cause,
            rule,
            at: now.mono,
            talk,
        });
        let legs: Vec<LegId> = call.legs.iter().map(|leg| leg.id).collect();
        self.tapes.end(id, &mut self.tell);
        for &leg in &legs {
            self.rooms.leave(now, leg, rule, &mut self.tell);
        }
        for leg in legs {
            self.release(now, id, leg, cause);
        }
        let joined = self.calls.get_mut(&id).and_then(|call| call.joined.take());
        if let Some(joined) = joined {
            self.end(now, joined, cause, rule);
        }
    }

    pub(crate) fn release(&mut self, now: Now, id: CallId, leg: LegId, cause: Cause) {
        let Some(state) = self.calls.get_mut(&id).and_then(|call| call.leg(leg)) else {
            return;
        };
        if state.stage == Stage::Leaving {
            return;
        }
        state.stage = Stage::Leaving;
        state.cause = Some(cause);
        self.tapes.leave(leg, &mut self.tell);
        self.tell.wish(Effect::Release { leg, cause });
        self.set_left(now, id, leg);
    }

    pub(crate) fn gone(&mut self, now: Now, id: CallId, leg: LegId, media: MediaFigures) {
        self.legs.remove(&leg);
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Some(at) = call.legs.iter().position(|known| known.id == leg) else {
            return;
        };
        let gone = call.legs.remove(at);
        let cause = gone.cause.unwrap_or(Cause::Internal);
        let rule = match (&call.phase, cause) {
            (_, Cause::ElsewhereAnswered) => Rule::AnsweredElsewhere,
            (Phase::Ending(end), _) if end.cause == cause => end.rule,
            (_, other) => rule_of(other),
        };
        let body = EventBody::LegEnded {
            cause,
            status: gone.status,
            media,
        };
        self.tell.leg(id, leg, rule, body);
        if !call.legs.is_empty() {
            return;
        }
        let end = match call.phase {
            Phase::Ending(end) => end,
            Phase::Dialling { .. }
            | Phase::Ringing { .. }
            | Phase::Answering { .. }
            | Phase::TurnedAway
            | Phase::Talking { .. } => End {
                cause,
                rule,
                at: now.mono,
                talk: None,
            },
        };
        let body = EventBody::CallEnded {
            cause: end.cause,
            duration: end.at.since(call.started),
            talk: end.talk,
        };
        self.calls.remove(&id);
        self.tell.call(id, end.rule, body);
    }
}

/// The rule that stands behind a cause when nothing more precise is known.
pub(crate) const fn rule_of(cause: Cause) -> Rule {
    match cause {
        Cause::Normal => Rule::PartyHungUp,
        Cause::Cancelled => Rule::CallerGaveUp,
        Cause::Busy | Cause::Rejected | Cause::Forbidden => Rule::PhoneRefused,
        Cause::NoAnswer => Rule::RingTimeout,
        Cause::ElsewhereAnswered => Rule::AnsweredElsewhere,
        Cause::NotFound | Cause::BadNumber => Rule::DialledUnknown,
        Cause::Unreachable => Rule::RingNoPhone,
        Cause::NotAcceptable => Rule::NoCommonCodec,
        Cause::Unprotected => Rule::NoCommonProtection,
        Cause::Congestion => Rule::NoMediaPorts,
        Cause::PeerLost => Rule::DialogLost,
        Cause::ProtocolError | Cause::Internal => Rule::PeerMisbehaved,
        Cause::Removed => Rule::ConfigSaved,
        Cause::Administrator => Rule::Operator,
        Cause::Moderator => Rule::ConferenceModerator,
        Cause::Stopping => Rule::Stopping,
        Cause::PowerLost => Rule::PowerLost,
    }
}

/// Why a leg that must be protected is not.
pub(crate) const fn rule_of_fault(fault: SecurityFault) -> Rule {
    match fault {
        SecurityFault::Timeout => Rule::MediaKeysLate,
        SecurityFault::WrongFingerprint => Rule::MediaKeysForged,
        SecurityFault::Handshake => Rule::MediaKeysFailed,
        SecurityFault::Clear => Rule::MediaInClear,
    }
}

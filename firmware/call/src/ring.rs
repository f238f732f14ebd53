//! From the first ring to the answer: what the called phones do, and which of them has the call.

use model::{CallId, Cause, EventBody, LegId, Now, Rule};

use crate::{
    Effect, Sound, Switch,
    call::{Phase, Service, Stage},
    end::rule_of,
};

impl Switch {
    pub(crate) fn rang(&mut self, id: CallId, leg: LegId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let first = !call.legs.iter().any(|leg| leg.rang);
        let caller = call.caller;
        let heard = match call.leg(leg) {
            Some(leg) if leg.stage == Stage::Trying && !leg.rang => {
                leg.rang = true;
                leg.heard
            }
            _ => return,
        };
        self.tell.leg(id, leg, Rule::PhoneRang, EventBody::LegRang);
        if first {
            self.tell.wish(Effect::Alert(caller));
        }
        // Who hears the far end hears its ringing too.
        if first && !heard {
            self.tell.wish(Effect::Play(caller, Sound::Ringback));
        }
    }

    /// Sound before the answer is passed on when one phone is called; among several nobody is
    /// heard before the answer, or the caller would hear them all.
    pub(crate) fn early_media(&mut self, id: CallId, leg: LegId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let alone = call.trying().count() == 1;
        let caller = call.caller;
        match call.leg(leg) {
            Some(leg) if leg.stage == Stage::Trying && !leg.early => {
                leg.early = true;
                leg.heard = alone;
            }
            _ => return,
        }
        let body = EventBody::LegEarlyMedia;
        self.tell.leg(id, leg, Rule::PhoneEarlyMedia, body);
        if alone {
            self.tell.wish(Effect::ConnectEarly {
                caller,
                called: leg,
            });
        }
    }

    pub(crate) fn answered(
        &mut self,
        now: Now,
        id: CallId,
        leg: LegId,
        body: EventBody,
        seen: Rule,
    ) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let caller = call.caller;
        if leg == caller {
            // The far end of its own answer: somebody else said it first.
            self.tell.leg(id, leg, Rule::CallerConnected, body);
            self.caller_answered(now, id);
            return;
        }
        if !matches!(call.phase, Phase::Ringing { .. }) {
            // Two phones answered at once: the second is told that the first has it.
            self.release(now, id, leg, Cause::ElsewhereAnswered);
            return;
        }
        call.phase = Phase::Answering { by: leg };
        if let Some(leg) = call.leg(leg) {
            leg.stage = Stage::Up;
        }
        let others: Vec<LegId> = call.trying().map(|leg| leg.id).collect();
        self.tell.leg(id, leg, seen, body);
        for other in others {
            self.release(now, id, other, Cause::ElsewhereAnswered);
        }
        self.tell.wish(Effect::Answer(caller));
        self.tell.wish(Effect::Connect(caller, leg));
    }

    /// The answer is on its way to the caller: the talk time runs from here.
    fn caller_answered(&mut self, now: Now, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Phase::Answering { by } = call.phase else {
            return;
        };
        call.phase = Phase::Talking { since: now.mono };
        let caller = call.caller;
        if let Some(leg) = call.leg(caller) {
            leg.stage = Stage::Up;
        }
        let rule = match &call.service {
            None => Rule::PhoneAnswered,
            Some(Service::Echo) => Rule::DialledEchoTest,
            Some(Service::Room(_)) => Rule::DialledConference,
        };
        let body = EventBody::CallAnswered { by };
        self.tell.call(id, rule, body);
        self.record(id);
        self.rooms.answered(now, caller, &mut self.tell);
        self.pass(now, caller);
    }

    pub(crate) fn refused(
        &mut self,
        now: Now,
        id: CallId,
        leg: LegId,
        cause: Cause,
        status: Option<u16>,
    ) {
        let rule = match status {
            Some(_) => Rule::PhoneRefused,
            None if cause == Cause::PeerLost => Rule::PhoneSilent,
            None => rule_of(cause),
        };
        self.refused_for(now, (id, leg), cause, status, rule);
    }

    /// The party did not take the call, as `rule` saw.
    pub(crate) fn refused_for(
        &mut self,
        now: Now,
        (id, leg): (CallId, LegId),
        cause: Cause,
        status: Option<u16>,
        rule: Rule,
    ) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let is_caller = leg == call.caller;
        if let Some(leg) = call.leg(leg) {
            leg.status = status;
        }
        call.note_refusal(cause, rule);
        let refusal = call.refusal.unwrap_or((cause, rule));
        self.release(now, id, leg, cause);
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let last = call.trying().next().is_none();
        if is_caller || (last && matches!(call.phase, Phase::Ringing { .. })) {
            let cause = match refusal.0 {
                Cause::PeerLost if !is_caller => Cause::Unreachable,
                other => other,
            };
            self.end(now, id, cause, refusal.1);
        }
    }
}

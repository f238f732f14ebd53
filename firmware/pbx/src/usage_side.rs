//! What happens on the SIP side of a leg, told to call control.

use call::LegEvent;
use model::{Cause, LegId, Now, Rule};
use sip::{How, UsageEvent, UsageKey};

use crate::{
    Pbx,
    leg::Stage,
    status::cause_of_end,
    talk::{Outcome, TalkError},
};

impl Pbx {
    pub(crate) fn usage_event(&mut self, now: Now, usage: UsageKey, event: UsageEvent) {
        let Some(&id) = self.by_usage.get(&usage) else {
            return;
        };
        match event {
            UsageEvent::Ringing => self.leg_event(now, id, LegEvent::Rang),
            UsageEvent::EarlyMedia { sdp, .. } => self.early_media(now, id, &sdp),
            UsageEvent::Answered { sdp, .. } => self.phone_answered(now, id, sdp.as_deref()),
            UsageEvent::Offer { sdp } => self.offered(now, id, usage, sdp.as_deref()),
            UsageEvent::AnswerToOurOffer { sdp } => {
                let Some(leg) = self.legs.get_mut(&id) else {
                    return;
                };
                let before = leg.talk.outcome();
                match (leg.talk.hear_answer(&sdp), before) {
                    // The caller left the offer to us: with its answer the session begins.
                    (Ok(()), None) => self.session_begins(now, id),
                    (Ok(()), Some(_)) => self.tell_change(now, id, before),
                    // RFC 6141 §3.4: the session goes on as it was.
                    (Err(_), Some(_)) => {}
                    (Err(error), None) => self.leg_event(now, id, LegEvent::Ended(error.cause())),
                }
            }
            UsageEvent::OfferTurn => self.align(now, id),
            UsageEvent::Info { content_type, body } => self.info(now, id, &content_type, &body),
            UsageEvent::Request { server, request } => {
                let response = self.agent.response_to(&request, 405);
                // A transaction that is gone has no use for an answer.
                let _ = self.agent.respond(now.mono, server, &response);
            }
            UsageEvent::Ended { how, .. } => {
                self.by_usage.remove(&usage);
                self.usage_ended(now, id, &how);
            }
            UsageEvent::Progress { .. }
            | UsageEvent::OfferRefused { .. }
            | UsageEvent::Confirmed
            | UsageEvent::Cancelled => {}
        }
    }

    fn early_media(&mut self, now: Now, id: LegId, sdp: &[u8]) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        if leg.talk.hear_answer(sdp).is_err() {
            // Whoever cannot describe sound before the answer may still describe it with it.
            self.leg_event(now, id, LegEvent::Rang);
            return;
        }
        self.apply_talk(id);
        self.leg_event(now, id, LegEvent::EarlyMedia);
    }

    fn phone_answered(&mut self, now: Now, id: LegId, sdp: Option<&[u8]>) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        if matches!(leg.stage, Stage::Leaving { .. }) {
            return;
        }
        leg.stage = Stage::Up;
        let heard = sdp.map_or(Ok(()), |sdp| leg.talk.hear_answer(sdp));
        let outcome = heard.and_then(|()| leg.talk.outcome().ok_or(TalkError::NothingCommon));
        match outcome {
            Ok(outcome) => {
                self.apply_talk(id);
                let answered = LegEvent::Answered(Some(outcome.codec), outcome.protection);
                self.leg_event(now, id, answered);
            }
            Err(error) => self.leg_event(now, id, LegEvent::Ended(error.cause())),
        }
    }

    /// The peer changes the session: hold, codec, address.
    fn offered(&mut self, now: Now, id: LegId, usage: UsageKey, sdp: Option<&[u8]>) {
        let partner = self.partner_codec(id);
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        // What runs is kept where they still have it; a new codec is the other party's if it can be.
        let before = leg.talk.outcome();
        let current = before.map(|outcome| outcome.codec);
        let preferred: Vec<_> = current.into_iter().chain(partner).collect();
        let reply = match sdp {
            Some(sdp) => leg
                .talk
                .hear_offer(sdp)
                .and_then(|()| leg.talk.answer(&preferred)),
            None => Ok(leg.talk.offer_again(&preferred)),
        };
        match reply {
            Ok(reply) => {
                // A usage that is gone has its end on the way.
                let _ = self.agent.accept_offer(now.mono, usage, reply);
                if sdp.is_some() {
                    self.tell_change(now, id, before);
                    self.align_partner(now, id);
                }
            }
            Err(_) => {
                // RFC 6141 §3.4: the session goes on as it was.
                let _ = self.agent.reject_offer(now.mono, usage, 488);
            }
        }
    }

    /// A leg that was answered knows now how it speaks.
    fn session_begins(&mut self, now: Now, id: LegId) {
        self.apply_talk(id);
        if let Some(outcome) = self.legs.get(&id).and_then(|leg| leg.talk.outcome()) {
            let answered = LegEvent::Answered(Some(outcome.codec), outcome.protection);
            self.leg_event(now, id, answered);
        }
    }

    /// The session is another one than `before`.
    fn tell_change(&mut self, now: Now, id: LegId, before: Option<Outcome>) {
        self.apply_talk(id);
        let Some(leg) = self.legs.get(&id) else {
            return;
        };
        let (held, outcome) = (leg.talk.is_held(), leg.talk.outcome());
        let event = if held {
            LegEvent::Held
        } else {
            LegEvent::Resumed
        };
        self.leg_event(now, id, event);
        if let Some(now_is) = outcome.filter(|_| outcome != before) {
            let changed = LegEvent::CodecChanged(now_is.codec, now_is.protection);
            self.leg_event(now, id, changed);
        }
    }

    fn usage_ended(&mut self, now: Now, id: LegId, how: &How) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        leg.usage = None;
        let early = leg.stage == Stage::Early && !leg.inbound;
        if matches!(leg.stage, Stage::Leaving { .. }) {
            return;
        }
        let (cause, status) = match how {
            // Answered and hung up again, and the BYE was faster than the answer.
            How::Bye if early => (Cause::Rejected, None),
            _ => cause_of_end(how),
        };
        let event = match how {
            _ if early => LegEvent::Refused { cause, status },
            How::SessionExpired => LegEvent::Lost(Rule::SessionTimer),
            How::AckMissing => LegEvent::Lost(Rule::AckMissing),
            _ => LegEvent::Ended(cause),
        };
        self.leg_event(now, id, event);
    }
}

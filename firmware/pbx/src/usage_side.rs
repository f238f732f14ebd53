//! What happens on the SIP side of a leg, told to call control.

use call::LegEvent;
use model::{Cause, Digit, LegId, Now, Rule};
use sip::{How, UsageEvent, UsageKey};

use crate::{Pbx, leg::Stage, status::cause_of_end, talk::Change};

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
                let change = self.hear_answer(id, &sdp);
                self.tell_change(now, id, change);
            }
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
        let heard = match sdp {
            Some(sdp) => leg.talk.hear_answer(sdp).is_ok(),
            None => leg.talk.codec().is_some(),
        };
        if heard {
            let codec = leg.talk.codec();
            self.apply_talk(id);
            self.leg_event(now, id, LegEvent::Answered(codec));
        } else {
            self.leg_event(now, id, LegEvent::Ended(Cause::NotAcceptable));
        }
    }

    /// The peer changes the session: hold, codec, address.
    fn offered(&mut self, now: Now, id: LegId, usage: UsageKey, sdp: Option<&[u8]>) {
        let law = self.config.country.law;
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        let before = leg.talk.codec();
        let reply = match sdp {
            Some(sdp) => leg
                .talk
                .hear_offer(sdp)
                .and_then(|()| leg.talk.answer(before, law)),
            None => Ok(leg.talk.offer_again(law)),
        };
        match reply {
            Ok(reply) => {
                // A usage that is gone has its end on the way.
                let _ = self.agent.accept_offer(now.mono, usage, reply);
                if sdp.is_some() {
                    let change = Change {
                        codec: self.legs.get(&id).and_then(|leg| leg.talk.codec()) != before,
                    };
                    self.tell_change(now, id, Some(change));
                }
            }
            Err(_) => {
                // RFC 6141 §3.4: the session goes on as it was.
                let _ = self.agent.reject_offer(now.mono, usage, 488);
            }
        }
    }

    fn hear_answer(&mut self, id: LegId, sdp: &[u8]) -> Option<Change> {
        let leg = self.legs.get_mut(&id)?;
        let before = leg.talk.codec();
        leg.talk.hear_answer(sdp).ok()?;
        Some(Change {
            codec: leg.talk.codec() != before,
        })
    }

    fn tell_change(&mut self, now: Now, id: LegId, change: Option<Change>) {
        let Some(change) = change else { return };
        self.apply_talk(id);
        let Some(leg) = self.legs.get(&id) else {
            return;
        };
        let (held, codec) = (leg.talk.is_held(), leg.talk.codec());
        let event = if held {
            LegEvent::Held
        } else {
            LegEvent::Resumed
        };
        self.leg_event(now, id, event);
        if let (true, Some(codec)) = (change.codec, codec) {
            self.leg_event(now, id, LegEvent::CodecChanged(codec));
        }
    }

    /// Digits in INFO, in the two forms in use; everything else was answered and is let go.
    fn info(&mut self, now: Now, id: LegId, content_type: &str, body: &[u8]) {
        let Ok(text) = core::str::from_utf8(body) else {
            return;
        };
        let key = match content_type {
            "application/dtmf" => text.trim().chars().next(),
            "application/dtmf-relay" => text.lines().find_map(|line| {
                let (name, value) = line.split_once('=')?;
                let is_signal = name.trim().eq_ignore_ascii_case("signal");
                is_signal.then(|| value.trim().chars().next())?
            }),
            _ => None,
        };
        if let Some(digit) = key.and_then(Digit::from_char) {
            self.leg_event(now, id, LegEvent::Digit(digit));
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
        let (cause, status) = cause_of_end(how);
        let event = match how {
            _ if early => LegEvent::Refused { cause, status },
            How::SessionExpired => LegEvent::Lost(Rule::SessionTimer),
            How::AckMissing => LegEvent::Lost(Rule::AckMissing),
            _ => LegEvent::Ended(cause),
        };
        self.leg_event(now, id, event);
    }
}

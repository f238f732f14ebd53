//! Requests that the phone gets, and how it answers.

use core::time::Duration;

use model::Instant;

use super::sdp;
use super::session::Session;
use super::{Call, GIVE_UP, Message, Notice, Phone, RING_MOST, Stage, T1, T2, uri_of};

/// A refusal that waits for its ACK.
#[derive(Debug)]
pub(super) struct Refusal {
    call_id: String,
    pub(super) at: Instant,
    interval: Duration,
    end: Instant,
    bytes: Vec<u8>,
}

/// Answers that are kept for repeated requests.
const ANSWERS_KEPT: usize = 32;

impl Phone {
    /// Takes a request of the exchange.
    pub(super) fn request(&mut self, now: Instant, message: &Message) {
        let key = format!("{} {}", message.branch(), message.method());
        let known = self.answered.iter().rev().find(|(known, _)| *known == key);
        if let Some((_, bytes)) = known {
            self.out.push_back(bytes.clone());
            return;
        }
        match message.method() {
            "INVITE" if message.to_tag().is_empty() => self.called(now, message),
            "INVITE" | "UPDATE" => self.offered(now, message),
            "ACK" => self.acknowledged(now, message),
            "CANCEL" => self.cancelled(now, message),
            "BYE" => self.hung_up(now, message),
            "OPTIONS" | "NOTIFY" => {
                self.reply(message, 200, None);
            }
            _ => {
                self.reply(message, 405, None);
            }
        }
    }

    /// Sends a response and remembers it for repetitions; gives its bytes.
    pub(super) fn reply(&mut self, request: &Message, status: u16, sdp: Option<&str>) -> Vec<u8> {
        let mut to = request.get("to").to_owned();
        if request.to_tag().is_empty() && status > 100 {
            // The tag follows from the call, so that all responses of a dialog have the same.
            let tag: u32 = request
                .get("call-id")
                .bytes()
                .fold(7, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b)));
            to = format!("{to};tag={tag:08x}{}", self.address.port());
        }
        let mut message = Message::new(format!("SIP/2.0 {status} {}", phrase(status)));
        for via in request.all("via") {
            message = message.with("Via", via);
        }
        for route in request.all("record-route") {
            message = message.with("Record-Route", route);
        }
        message = message
            .with("From", request.get("from"))
            .with("To", to)
            .with("Call-ID", request.get("call-id"))
            .with("CSeq", request.get("cseq"))
            .with("Contact", self.contact());
        if let Some(sdp) = sdp {
            message = message.with_sdp(sdp);
        }
        let bytes = message.bytes();
        let key = format!("{} {}", request.branch(), request.method());
        self.answered.retain(|(known, _)| *known != key);
        if self.answered.len() >= ANSWERS_KEPT {
            self.answered.pop_front();
        }
        self.answered.push_back((key, bytes.clone()));
        self.out.push_back(bytes.clone());
        bytes
    }

    /// Somebody calls.
    fn called(&mut self, now: Instant, invite: &Message) {
        if self.call.is_some() {
            let bytes = self.reply(invite, 486, None);
            self.expect_ack(now, invite, bytes);
            return;
        }
        let heard = sdp::read(&invite.body, &self.manner.codecs);
        let heard = heard.filter(|heard| heard.suits(self.manner.srtp));
        if !invite.body.is_empty() && heard.is_none() {
            let bytes = self.reply(invite, 488, None);
            self.expect_ack(now, invite, bytes);
            return;
        }
        let mut session = Session::new(&self.manner, &mut self.random);
        let early = self.manner.early_media.then_some(heard).flatten();
        let bytes = match early {
            Some(heard) => {
                let sdp = session.answer(now, self.media, &heard, "sendrecv");
                self.reply(invite, 183, Some(&sdp))
            }
            None => self.reply(invite, 180, None),
        };
        let local = Message::parse(&bytes).map(|reply| reply.get("to").to_owned());
        self.call = Some(Call {
            id: invite.get("call-id").into(),
            stage: Stage::Ringing,
            outgoing: false,
            heard,
            holding: false,
            shut: None,
            session,
            local: local.unwrap_or_default(),
            remote: invite.get("from").into(),
            target: uri_of(invite.get("contact")).into(),
            cseq: 0,
            remote_cseq: invite.cseq(),
            patience: now + RING_MOST,
            invite: invite.clone(),
            ack: None,
            unacked: None,
            leaving: false,
            tries: 0,
        });
        self.notices.push_back(Notice::Rings);
    }

    /// An offer inside the call, or a refresh of the session.
    fn offered(&mut self, now: Instant, request: &Message) {
        let pending = self.clients.iter().any(super::Client::is_invite);
        let codecs = self.manner.codecs.clone();
        let media = self.media;
        let known = self
            .call
            .as_mut()
            .filter(|c| c.id == request.get("call-id"));
        let Some(call) = known.filter(|call| call.stage == Stage::Up) else {
            let bytes = self.reply(request, 481, None);
            self.expect_ack(now, request, bytes);
            return;
        };
        if pending {
            // Both of us offer at once (RFC 3261 §14.2).
            let bytes = self.reply(request, 491, None);
            self.expect_ack(now, request, bytes);
            return;
        }
        call.remote_cseq = call.remote_cseq.max(request.cseq());
        let heard = sdp::read(&request.body, &codecs);
        let heard = heard.filter(|heard| heard.suits(self.manner.srtp));
        if heard.is_none() && !request.body.is_empty() {
            // RFC 3261 §14.2: the session goes on as it was.
            let bytes = self.reply(request, 488, None);
            self.expect_ack(now, request, bytes);
            return;
        }
        call.heard = heard.or(call.heard);
        let direction = match (call.holding, call.heard.is_some_and(|h| h.they_receive)) {
            (true, true) => "sendonly",
            (true, false) => "inactive",
            (false, true) => "sendrecv",
            (false, false) => "recvonly",
        };
        let sdp = match heard {
            Some(_) => call.answer(now, media, direction),
            None => call.offer(media, direction),
        };
        let wanted = request.method() == "INVITE" || !request.body.is_empty();
        let bytes = self.reply(request, 200, wanted.then_some(sdp.as_str()));
        if let (Some(call), "INVITE") = (&mut self.call, request.method()) {
            call.unacked = Some((now + T1, T1, now + GIVE_UP, bytes));
        }
    }

    fn acknowledged(&mut self, now: Instant, ack: &Message) {
        let id = ack.get("call-id");
        self.refusals.retain(|refusal| refusal.call_id != id);
        if let Some(call) = self.call.as_mut().filter(|call| call.id == id) {
            call.unacked = None;
            if !ack.body.is_empty() {
                call.heard = sdp::read(&ack.body, &self.manner.codecs).or(call.heard);
            }
            if call.leaving {
                self.hang_up(now);
            }
        }
    }

    fn cancelled(&mut self, now: Instant, cancel: &Message) {
        let id = cancel.get("call-id");
        let ringing = |call: &mut Call| call.id == id && call.stage == Stage::Ringing;
        let Some(call) = self.call.take_if(ringing) else {
            let known = self.call.as_ref().is_some_and(|call| call.id == id);
            self.reply(cancel, if known { 200 } else { 481 }, None);
            return;
        };
        self.reply(cancel, 200, None);
        let bytes = self.reply(&call.invite, 487, None);
        self.expect_ack(now, &call.invite, bytes);
        self.notices.push_back(Notice::Over(487));
    }

    fn hung_up(&mut self, now: Instant, bye: &Message) {
        let id = bye.get("call-id");
        let mine = self.call.take_if(|call| call.id == id);
        self.reply(bye, if mine.is_some() { 200 } else { 481 }, None);
        if let Some(call) = mine {
            // A second offer of ours that is under way has nobody to answer it.
            self.clients.retain(|client| !client.is_invite());
            if call.stage == Stage::Ringing {
                let bytes = self.reply(&call.invite, 487, None);
                self.expect_ack(now, &call.invite, bytes);
            }
            self.notices.push_back(Notice::Over(0));
        }
    }

    /// A refusal of an INVITE is repeated until its ACK comes (RFC 3261 §17.2.1, timers G and H).
    pub(super) fn expect_ack(&mut self, now: Instant, request: &Message, bytes: Vec<u8>) {
        if request.method() == "INVITE" && !self.tcp {
            self.refusals.push(Refusal {
                call_id: request.get("call-id").into(),
                at: now + T1,
                interval: T1,
                end: now + GIVE_UP,
                bytes,
            });
        }
    }

    pub(super) fn repeat_refusals(&mut self, now: Instant) {
        let out = &mut self.out;
        self.refusals.retain_mut(|refusal| {
            if refusal.at <= now {
                out.push_back(refusal.bytes.clone());
                refusal.interval = refusal.interval.saturating_mul(2).min(T2);
                refusal.at = now + refusal.interval;
            }
            refusal.end > now
        });
    }

    /// Repeats a 200 that was not acknowledged; after 32 s the call is given up (§13.3.1.4).
    pub(super) fn repeat_answer(&mut self, now: Instant) {
        let Some(call) = &mut self.call else { return };
        let Some((at, interval, end, bytes)) = &mut call.unacked else {
            return;
        };
        if *at > now {
            return;
        }
        if *end <= now {
            call.unacked = None;
            self.in_dialog(now, "BYE", None);
            self.call = None;
            self.notices.push_back(Notice::Over(0));
            return;
        }
        let next: Duration = interval.saturating_mul(2).min(T2);
        *interval = next;
        *at = now + next;
        self.out.push_back(bytes.clone());
    }
}

const fn phrase(status: u16) -> &'static str {
    match status {
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        405 => "Method Not Allowed",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        491 => "Request Pending",
        603 => "Decline",
        _ => "Answer",
    }
}

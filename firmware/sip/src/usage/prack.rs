//! Reliable provisional responses of both roles: RFC 3262.

use core::time::Duration;
use std::collections::VecDeque;

use model::Instant;

use super::{Negotiation, OurOffer, Phase, SDP, TheirOffer, UsageKey};
use crate::{
    Agent, CSeq, HeaderName, How, Method, RAck, Request, Response, UsageEvent,
    agent::{Alarm, Owner, Part, UsageTimer},
    transaction::ServerKey,
};

/// Provisional responses that wait for the PRACK of the one before; newer ones replace the last.
const WAITING_MAX: usize = 8;

/// The called side: what was sent reliably and what waits.
#[derive(Debug, Default)]
pub(crate) struct Reliable {
    /// The last RSeq used; 0 before the first.
    rseq: u32,
    /// The one without PRACK.
    open: Option<Open>,
    waiting: VecDeque<(u16, Option<Vec<u8>>)>,
}

/// A reliable provisional response without PRACK.
#[derive(Debug)]
struct Open {
    status: u16,
    bytes: Vec<u8>,
    pause: Duration,
    has_sdp: bool,
}

impl Reliable {
    /// Whether the 2xx must wait (§3: it must if a response with SDP is not acknowledged).
    pub(crate) fn blocks_answer(&self) -> bool {
        let waits = self.waiting.iter().any(|(_, sdp)| sdp.is_some());
        waits || self.open.as_ref().is_some_and(|open| open.has_sdp)
    }
}

/// What a provisional response is for the calling side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reliability {
    /// Not sent reliably.
    Plain,
    /// Sent reliably, in order, and acknowledged now.
    Acknowledged,
    /// Sent again, or out of order: it is as if it had not come (§4).
    Discard,
}

impl Agent {
    /// Calling side: acknowledges a reliable provisional response (§4).
    pub(crate) fn prack_if_reliable(
        &mut self,
        now: Instant,
        key: UsageKey,
        tag: &str,
        cseq: &CSeq,
        response: &Response,
    ) -> Reliability {
        let headers = &response.headers;
        let reliable = headers.require().any(|o| o.eq_ignore_ascii_case("100rel"));
        let (true, Ok(Some(rseq))) = (reliable, headers.rseq()) else {
            return Reliability::Plain;
        };
        let Some(usage) = self.usages.get_mut(&key) else {
            return Reliability::Discard;
        };
        let Phase::Outgoing(outgoing) = &mut usage.phase else {
            return Reliability::Discard;
        };
        let Some(fork) = outgoing.fork_mut(tag) else {
            return Reliability::Discard;
        };
        if fork.rseq.is_some_and(|last| rseq != last.wrapping_add(1)) {
            return Reliability::Discard;
        }
        fork.rseq = Some(rseq);
        let number = fork.dialog.sequence.next_local();
        let (local, call_id) = (&usage.local, &usage.call_id);
        let mut prack = fork.dialog.request(Method::Prack, number, local, call_id);
        let rack = RAck {
            rseq,
            cseq: cseq.clone(),
        };
        prack.headers.push(HeaderName::RAck, rack.to_string());
        let peer = usage.peer;
        self.sign_request(&mut prack);
        self.start_client(now, peer, prack, Owner::Usage(key, Part::Prack));
        Reliability::Acknowledged
    }

    /// Called side: sends a provisional response reliably, or lets it wait.
    pub(crate) fn ring_reliably(
        &mut self,
        now: Instant,
        key: UsageKey,
        status: u16,
        sdp: Option<Vec<u8>>,
    ) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let Phase::Incoming(incoming) = &mut usage.phase else {
            return;
        };
        let reliable = &mut incoming.reliable;
        if reliable.open.is_some() {
            if reliable.waiting.len() == WAITING_MAX {
                reliable.waiting.pop_back();
            }
            reliable.waiting.push_back((status, sdp));
            return;
        }
        if reliable.rseq == 0 {
            // §3: the first value is drawn from 1 to 2³¹−1; a small one leaves room to count.
            reliable.rseq = self.random.below(1 << 16) + 1;
        } else {
            reliable.rseq = reliable.rseq.wrapping_add(1);
        }
        let rseq = reliable.rseq;
        // The answer is given once; a later response does not repeat it (RFC 6337 §2.2).
        let sdp = sdp.filter(|_| !incoming.settled);
        if let Some(sdp) = &sdp {
            usage.local_sdp.clone_from(sdp);
            if usage.negotiation == Negotiation::Fresh {
                usage.negotiation = Negotiation::Ours(OurOffer::InProvisional);
            }
        }
        let (server, has_sdp) = (incoming.server, sdp.is_some());
        let Ok(mut response) = self.early_answer(key, status) else {
            return;
        };
        response.headers.push(HeaderName::Require, "100rel");
        response.headers.push(HeaderName::RSeq, rseq.to_string());
        if let Some(sdp) = sdp {
            response.set_body(SDP, sdp);
        }
        let mut bytes = Vec::new();
        response.write(&mut bytes);
        let timing = self.config.timing;
        if let Some(usage) = self.usages.get_mut(&key)
            && let Phase::Incoming(incoming) = &mut usage.phase
        {
            incoming.reliable.open = Some(Open {
                status,
                bytes: bytes.clone(),
                pause: timing.t1,
                has_sdp,
            });
        }
        self.send_response_bytes(now, server, status, bytes);
        let repeat = Alarm::Usage(key, UsageTimer::RepeatProvisional);
        let missing = Alarm::Usage(key, UsageTimer::PrackMissing);
        self.alarms.set_after(repeat, now, timing.t1);
        self.alarms.set_after(missing, now, timing.give_up());
    }

    /// Time to repeat the provisional response: at doubling pauses without a cap (§3).
    pub(crate) fn repeat_provisional(&mut self, now: Instant, key: UsageKey) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let Phase::Incoming(incoming) = &mut usage.phase else {
            return;
        };
        let server = incoming.server;
        let Some(open) = &mut incoming.reliable.open else {
            return;
        };
        open.pause *= 2;
        let (status, bytes, pause) = (open.status, open.bytes.clone(), open.pause);
        self.send_response_bytes(now, server, status, bytes);
        let repeat = Alarm::Usage(key, UsageTimer::RepeatProvisional);
        self.alarms.set_after(repeat, now, pause);
    }

    /// No PRACK in 64·T1: the INVITE is refused with a 5xx (§3).
    pub(crate) fn prack_missing(&mut self, now: Instant, key: UsageKey) {
        let Some(usage) = self.usages.get(&key) else {
            return;
        };
        let Phase::Incoming(incoming) = &usage.phase else {
            return;
        };
        let server = incoming.server;
        let mut response = incoming.head.response(504);
        self.sign_response(&mut response);
        self.send_response(now, server, &response);
        self.end(now, key, How::PrackMissing, None);
    }

    /// Called side: a PRACK came (§3).
    pub(crate) fn usage_prack(
        &mut self,
        now: Instant,
        key: UsageKey,
        server: ServerKey,
        request: Request,
    ) {
        let Ok(rack) = request.headers.rack() else {
            self.reply(now, server, &request, 400);
            return;
        };
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let matches = match &mut usage.phase {
            Phase::Incoming(incoming) => {
                let wanted = rack.rseq == incoming.reliable.rseq
                    && rack.cseq.number == incoming.cseq
                    && rack.cseq.method == Method::Invite;
                let open = incoming.reliable.open.take_if(|_| wanted);
                incoming.settled |= open.as_ref().is_some_and(|open| open.has_sdp);
                open.is_some()
            }
            Phase::Outgoing(_) | Phase::Established => false,
        };
        if !matches {
            self.reply(now, server, &request, 481);
            return;
        }
        self.alarms
            .clear(Alarm::Usage(key, UsageTimer::RepeatProvisional));
        self.alarms
            .clear(Alarm::Usage(key, UsageTimer::PrackMissing));
        let answered = self.settle_early(key);
        if request.body.is_empty() {
            self.reply(now, server, &request, 200);
        } else if answered {
            self.reply(now, server, &request, 200);
            let sdp = request.body;
            self.tell(key, UsageEvent::AnswerToOurOffer { sdp });
        } else {
            // §5: a new offer in the PRACK, answered in its 200.
            self.their_offer(now, key, server, request);
        }
        self.after_prack(now, key);
    }

    /// Our SDP in the acknowledged response was the answer to the INVITE's offer, or our offer:
    /// says whether it was ours, so that the PRACK brings the answer.
    fn settle_early(&mut self, key: UsageKey) -> bool {
        let Some(usage) = self.usages.get_mut(&key) else {
            return false;
        };
        let settled = match &usage.phase {
            Phase::Incoming(incoming) => incoming.settled,
            Phase::Outgoing(_) | Phase::Established => false,
        };
        let ours = usage.negotiation == Negotiation::Ours(OurOffer::InProvisional);
        let theirs = usage.negotiation == Negotiation::Theirs(TheirOffer::Initial);
        if settled && (ours || theirs) {
            usage.negotiation = Negotiation::Settled;
        }
        settled && ours
    }

    /// What waited for the PRACK: the next provisional response, or the answer.
    fn after_prack(&mut self, now: Instant, key: UsageKey) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let Phase::Incoming(incoming) = &mut usage.phase else {
            return;
        };
        if let Some((status, sdp)) = incoming.reliable.waiting.pop_front() {
            self.ring_reliably(now, key, status, sdp);
            return;
        }
        if let Some(sdp) = incoming.held_answer.take() {
            // The call is incoming and unanswered, so this cannot be refused.
            let _ = self.answer_now(now, key, sdp);
            return;
        }
        self.send_queued(now, key);
    }

    /// Hands an offer of the peer to the user.
    pub(crate) fn tell_offer(&mut self, key: UsageKey, sdp: Option<Vec<u8>>) {
        self.tell(key, UsageEvent::Offer { sdp });
    }
}

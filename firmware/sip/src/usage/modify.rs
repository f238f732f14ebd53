//! Changing a session that exists: re-INVITE and UPDATE in both directions, glare and refreshes.
//! RFC 3261 §14, RFC 3311, RFC 4028, RFC 6141.

use core::time::Duration;

use model::Instant;

use super::{
    Negotiation, OurOffer, Phase, SDP, TheirOffer, UsageKey, allows_update,
    session_timer::{self, Grant, grant},
};
use crate::{
    Agent, AgentConfig, AgentError, CSeq, HeaderName, How, Method, Request, Response, UsageEvent,
    agent::{Alarm, Head, Owner, Part, UsageTimer},
    transaction::{ClientKey, ServerKey},
};

/// A request of the peer that waits for the user's word.
#[derive(Debug)]
pub(crate) struct Waiting {
    head: Head,
    method: Method,
    cseq: u32,
    grant: Grant,
}

impl Waiting {
    pub(crate) fn new(head: Head, request: &Request, config: &AgentConfig) -> Self {
        Self {
            head,
            method: request.method.clone(),
            cseq: request.headers.cseq().map_or(0, |cseq| cseq.number),
            grant: grant(config, &request.headers),
        }
    }
}

/// A re-INVITE or UPDATE of ours under way.
#[derive(Debug)]
pub(crate) struct Modification {
    pub(crate) client: ClientKey,
    pub(crate) method: Method,
    /// The offer in it; `None` for an UPDATE that only refreshes.
    sdp: Option<Vec<u8>>,
    /// Whether it only refreshes the session timer.
    refresh: bool,
}

/// What waits for its turn.
#[derive(Debug)]
pub(crate) enum Queued {
    /// This offer.
    Offer(Vec<u8>),
    /// The user's next offer, which is made when it may go.
    Turn,
    /// Our last description again, for the session timer.
    Refresh,
}

impl Agent {
    /// Offers the peer another session description: by re-INVITE, before the answer by UPDATE. If
    /// an offer cannot go out now (another is under way, an ACK is missing, glare) it goes as soon
    /// as it can; a newer one replaces it. `AnswerToOurOffer` or `OfferRefused` tells the result. If the
    /// peer's own offer is accepted before, this one may not fit any more: then [`UsageEvent::OfferTurn`]
    /// asks for it anew.
    ///
    /// # Errors
    /// [`AgentError::NotNow`] if the call is over.
    pub fn offer(&mut self, now: Instant, usage: UsageKey, sdp: Vec<u8>) -> Result<(), AgentError> {
        self.live(usage)?.queued = Some(Queued::Offer(sdp));
        self.send_queued(now, usage);
        Ok(())
    }

    /// Asks for a turn to offer: [`UsageEvent::OfferTurn`] comes as soon as an offer can go out, at once
    /// if that is now.
    ///
    /// # Errors
    /// [`AgentError::NotNow`] if the call is over.
    pub fn ask_turn(&mut self, now: Instant, usage: UsageKey) -> Result<(), AgentError> {
        self.live(usage)?.queued = Some(Queued::Turn);
        self.send_queued(now, usage);
        Ok(())
    }

    /// Sends the offer that waits, if it may go now.
    pub(crate) fn send_queued(&mut self, now: Instant, key: UsageKey) {
        let retry = Alarm::Usage(key, UsageTimer::RetryOffer);
        if self.alarms.is_set(retry) {
            return;
        }
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let free = usage.negotiation.is_settled()
            && usage.modification.is_none()
            && usage.waiting.is_none()
            && usage.pending_ack.is_none()
            && usage.late_ack.is_none()
            && usage.over.is_none();
        let method = match &usage.phase {
            Phase::Established => Method::Invite,
            Phase::Outgoing(_) | Phase::Incoming(_) if usage.peer_updates => Method::Update,
            Phase::Outgoing(_) | Phase::Incoming(_) => return,
        };
        if !free {
            return;
        }
        match usage.queued.take() {
            Some(Queued::Offer(sdp)) => self.modify(now, key, method, Some(sdp), false),
            Some(Queued::Turn) => self.tell(key, UsageEvent::OfferTurn),
            Some(Queued::Refresh) => {
                let sdp = usage.local_sdp.clone();
                self.modify(now, key, method, Some(sdp), true);
            }
            None => {}
        }
    }

    /// Sends a re-INVITE or UPDATE.
    fn modify(
        &mut self,
        now: Instant,
        key: UsageKey,
        method: Method,
        sdp: Option<Vec<u8>>,
        refresh: bool,
    ) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let peer = usage.peer;
        let Some(mut request) = usage.request_early(method.clone()) else {
            return;
        };
        let headers = &mut request.headers;
        headers.push(HeaderName::Allow, self.texts.allow.as_str());
        headers.push(HeaderName::Supported, self.texts.supported.as_str());
        if matches!(usage.phase, Phase::Established) {
            usage.timer.ask(&self.config, headers);
        }
        if let Some(sdp) = &sdp {
            request.set_body(SDP, sdp.clone());
        }
        self.sign_request(&mut request);
        let client = self.start_client(now, peer, request, Owner::Usage(key, Part::Modify));
        if method == Method::Invite {
            let limit = Alarm::Usage(key, UsageTimer::CancelOffer);
            self.alarms.set_after(limit, now, OPEN_MAX);
        }
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        if sdp.is_some() {
            usage.negotiation = Negotiation::Ours(OurOffer::Request(client));
        }
        usage.modification = Some(Modification {
            client,
            method,
            sdp,
            refresh,
        });
    }

    /// The peer has left our re-INVITE open for too long; it would block every other offer.
    pub(crate) fn cancel_offer(&mut self, now: Instant, key: UsageKey) {
        let usage = self.usages.get(&key);
        let client = usage.and_then(|usage| usage.modification.as_ref().map(|m| m.client));
        if let Some(client) = client {
            self.cancel_client(now, client, None);
        }
    }

    /// A response to a re-INVITE or UPDATE of ours.
    pub(crate) fn modify_response(
        &mut self,
        now: Instant,
        key: UsageKey,
        client: ClientKey,
        cseq: &CSeq,
        response: Response,
    ) {
        if response.status < 200 {
            return;
        }
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let Some(done) = usage.modification.take_if(|m| m.client == client) else {
            return;
        };
        self.alarms
            .clear(Alarm::Usage(key, UsageTimer::CancelOffer));
        if usage.negotiation == Negotiation::Ours(OurOffer::Request(client)) {
            usage.negotiation = Negotiation::Settled;
        }
        if response.status < 300 {
            self.modified(now, key, client, cseq, (done, response));
        } else {
            self.not_modified(now, key, done, &response);
        }
    }

    fn modified(
        &mut self,
        now: Instant,
        key: UsageKey,
        client: ClientKey,
        cseq: &CSeq,
        (done, response): (Modification, Response),
    ) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        if let Some(dialog) = &mut usage.dialog {
            dialog.refresh_target(&response.headers);
        }
        usage.peer_updates |= allows_update(&response.headers);
        let established = matches!(usage.phase, Phase::Established);
        let offered = done.sdp.is_some();
        if let Some(sdp) = done.sdp {
            usage.local_sdp = sdp;
        }
        let timer = usage.timer;
        if done.method == Method::Invite {
            self.acknowledge(key, client, cseq.number, None);
        }
        if established {
            // A peer without timers answers without Session-Expires; if the duty to refresh is
            // ours it stays so.
            let kept = timer.agreed.filter(|agreed| agreed.we_refresh);
            let agreed = session_timer::agreed_by(&response.headers).or(kept);
            self.start_session(now, key, agreed);
        }
        if offered && !response.body.is_empty() {
            let sdp = response.body;
            self.tell(key, UsageEvent::AnswerToOurOffer { sdp });
        }
        self.send_queued(now, key);
    }

    /// A refused change leaves the session as it was (RFC 6141 §3.3), but for the two answers that
    /// say that there is none.
    fn not_modified(
        &mut self,
        now: Instant,
        key: UsageKey,
        done: Modification,
        response: &Response,
    ) {
        match response.status {
            408 => self.finish(now, key, How::Timeout, None),
            481 => self.finish(now, key, How::UnknownToPeer, None),
            491 => self.after_glare(now, key, done),
            422 if self.raise_timer(key, response) => {
                self.modify(now, key, done.method, done.sdp, done.refresh);
            }
            405 | 501 if done.method == Method::Update => {
                if let Some(usage) = self.usages.get_mut(&key) {
                    usage.peer_updates = false;
                }
                self.change_refused(now, key, done, response.status);
            }
            status => self.change_refused(now, key, done, status),
        }
    }

    fn change_refused(&mut self, now: Instant, key: UsageKey, done: Modification, status: u16) {
        if done.refresh {
            // Try again while the session lasts; at its end the other timer speaks.
            let refresh = Alarm::Usage(key, UsageTimer::Refresh);
            self.alarms.set_after(refresh, now, REFRESH_AGAIN);
        } else {
            self.tell(key, UsageEvent::OfferRefused { status });
        }
        self.send_queued(now, key);
    }

    fn raise_timer(&mut self, key: UsageKey, response: &Response) -> bool {
        let usage = self.usages.get_mut(&key);
        usage.is_some_and(|usage| usage.timer.raise(&response.headers))
    }

    /// Both sides offered at once. The side that owns the Call-ID waits 2.1 to 4 s, the other 0 to
    /// 2 s, in steps of 10 ms (§14.1).
    fn after_glare(&mut self, now: Instant, key: UsageKey, done: Modification) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let tens = if usage.is_caller {
            210 + self.random.below(191)
        } else {
            self.random.below(201)
        };
        let pause = Duration::from_millis(u64::from(tens) * 10);
        match done.sdp {
            Some(sdp) => {
                usage.queued.get_or_insert(match done.refresh {
                    true => Queued::Refresh,
                    false => Queued::Offer(sdp),
                });
                let retry = Alarm::Usage(key, UsageTimer::RetryOffer);
                self.alarms.set_after(retry, now, pause);
            }
            None => {
                let refresh = Alarm::Usage(key, UsageTimer::Refresh);
                self.alarms.set_after(refresh, now, pause);
            }
        }
    }

    /// Half of the session interval is over (RFC 4028 §10): refresh by UPDATE where the peer knows
    /// it, else by a re-INVITE that repeats our last description.
    pub(crate) fn refresh(&mut self, now: Instant, key: UsageKey) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        if usage.modification.is_some() || usage.pending_ack.is_some() {
            let refresh = Alarm::Usage(key, UsageTimer::Refresh);
            self.alarms.set_after(refresh, now, REFRESH_AGAIN);
            return;
        }
        if usage.peer_updates {
            self.modify(now, key, Method::Update, None, true);
            return;
        }
        usage.queued.get_or_insert(Queued::Refresh);
        self.send_queued(now, key);
        // Another offer may be in the way; what settles it sends the queued one.
    }

    /// Accepts an offer of the peer with our answer, or, where the peer asked for one, with our
    /// offer. For the 2xx to an INVITE without offer it sends the ACK.
    ///
    /// # Errors
    /// [`AgentError::NotNow`] if no offer waits.
    pub fn accept_offer(
        &mut self,
        now: Instant,
        usage: UsageKey,
        sdp: Vec<u8>,
    ) -> Result<(), AgentError> {
        let call = self.live(usage)?;
        match call.negotiation {
            Negotiation::Theirs(TheirOffer::InAnswer) => {
                call.negotiation = Negotiation::Settled;
                call.local_sdp.clone_from(&sdp);
                self.send_late_ack(usage, Some(sdp));
                self.send_queued(now, usage);
                Ok(())
            }
            Negotiation::Theirs(TheirOffer::Request(server)) => {
                call.negotiation = Negotiation::Settled;
                self.accept(now, usage, server, sdp)
            }
            Negotiation::Theirs(TheirOffer::Wanted(server)) => {
                call.negotiation = Negotiation::Ours(OurOffer::InAnswer);
                self.accept(now, usage, server, sdp)
            }
            Negotiation::Theirs(TheirOffer::Initial)
            | Negotiation::Fresh
            | Negotiation::Ours(_)
            | Negotiation::Settled => Err(AgentError::NotNow),
        }
    }

    fn accept(
        &mut self,
        now: Instant,
        key: UsageKey,
        server: ServerKey,
        sdp: Vec<u8>,
    ) -> Result<(), AgentError> {
        let usage = self.live(key)?;
        let Some(waiting) = usage.waiting.take() else {
            return Err(AgentError::NotNow);
        };
        usage.local_sdp.clone_from(&sdp);
        if let Some(queued @ Queued::Offer(_)) = &mut usage.queued {
            // It was made for the session as it was before.
            *queued = Queued::Turn;
        }
        let (contact, peer) = (usage.contact.clone(), usage.peer);
        let established = matches!(usage.phase, Phase::Established);
        let extra = usage.extra.clone();
        let mut response = waiting.head.response(200);
        let headers = &mut response.headers;
        if waiting.method != Method::Prack {
            headers.push(HeaderName::Contact, &*contact);
            headers.push(HeaderName::Allow, self.texts.allow.as_str());
            headers.push(HeaderName::Supported, self.texts.supported.as_str());
        }
        headers.copy_all(&extra);
        let renews = established && waiting.method != Method::Prack;
        let agreed = if renews {
            waiting.grant.apply(headers)
        } else {
            None
        };
        response.set_body(SDP, sdp);
        self.sign_response(&mut response);
        let mut bytes = Vec::new();
        response.write(&mut bytes);
        self.send_response_bytes(now, server, 200, bytes.clone());
        if waiting.method == Method::Invite {
            self.await_ack(now, key, waiting.cseq, bytes, (peer, false));
        }
        if renews {
            self.start_session(now, key, agreed);
        }
        self.send_queued(now, key);
        Ok(())
    }

    /// Refuses an offer of the peer (488 and the like); the session goes on as it was. A call whose
    /// 2xx brought the offer ends.
    ///
    /// # Errors
    /// [`AgentError::NotNow`] if no offer waits.
    pub fn reject_offer(
        &mut self,
        now: Instant,
        usage: UsageKey,
        status: u16,
    ) -> Result<(), AgentError> {
        let call = self.live(usage)?;
        match call.negotiation {
            Negotiation::Theirs(TheirOffer::InAnswer) => {
                self.finish(now, usage, How::Local, None);
                Ok(())
            }
            Negotiation::Theirs(TheirOffer::Request(server) | TheirOffer::Wanted(server)) => {
                self.refuse_waiting_with(now, usage, server, status);
                self.send_queued(now, usage);
                Ok(())
            }
            Negotiation::Theirs(TheirOffer::Initial)
            | Negotiation::Fresh
            | Negotiation::Ours(_)
            | Negotiation::Settled => Err(AgentError::NotNow),
        }
    }

    fn refuse_waiting_with(&mut self, now: Instant, key: UsageKey, server: ServerKey, status: u16) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let Some(waiting) = usage.waiting.take() else {
            return;
        };
        usage.negotiation = Negotiation::Settled;
        let mut response = waiting.head.response(status);
        self.sign_response(&mut response);
        self.send_response(now, server, &response);
    }

    /// The call ends while an offer of the peer waits: its request is answered 487.
    pub(crate) fn refuse_waiting(&mut self, now: Instant, key: UsageKey) {
        if let Some(server) = self.waiting_server(key) {
            self.refuse_waiting_with(now, key, server, 487);
        }
    }

    /// The peer cancels its re-INVITE.
    pub(crate) fn cancel_waiting(&mut self, now: Instant, key: UsageKey, invite: ServerKey) {
        if self.waiting_server(key) == Some(invite) {
            self.refuse_waiting_with(now, key, invite, 487);
            self.send_queued(now, key);
        }
    }

    fn waiting_server(&self, key: UsageKey) -> Option<ServerKey> {
        match self.usages.get(&key)?.negotiation {
            Negotiation::Theirs(TheirOffer::Request(server) | TheirOffer::Wanted(server)) => {
                Some(server)
            }
            Negotiation::Theirs(TheirOffer::Initial | TheirOffer::InAnswer)
            | Negotiation::Fresh
            | Negotiation::Ours(_)
            | Negotiation::Settled => None,
        }
    }
}

/// How long a re-INVITE may stay open after a provisional response: timer C (§16.6), as for the
/// first INVITE of a call.
const OPEN_MAX: Duration = Duration::from_secs(180);

/// The pause before a refresh that could not be done is tried again.
const REFRESH_AGAIN: Duration = Duration::from_secs(10);

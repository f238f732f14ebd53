//! The called side of an INVITE: RFC 3261 §13.3.

use core::time::Duration;

use model::{Instant, limits};

use super::{
    Negotiation, OurOffer, Phase, Reliable, SDP, TheirOffer, Usage, UsageKey,
    session_timer::{Grant, grant},
};
use crate::{
    Agent, AgentConfig, AgentError, HeaderName, Headers, How, Method, NameAddr, Peer, Request,
    Response,
    agent::{Alarm, Head, UsageTimer, matching},
    transaction::ServerKey,
};

/// The provisional response is repeated this often, so that proxies do not cancel the call
/// (§13.3.1.1: at least every minute once timer C, three minutes, is near).
const KEEP_RINGING: Duration = Duration::from_secs(60);

/// An INVITE that we have not answered with a 2xx.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) server: ServerKey,
    pub(crate) head: Head,
    pub(crate) cseq: u32,
    /// The session timer for the 2xx.
    grant: Grant,
    /// Whether the caller requires reliable provisional responses (RFC 3262 §3).
    reliable_wanted: bool,
    /// The reliable provisional responses.
    pub(crate) reliable: Reliable,
    /// Whether our SDP went out in a provisional response that was acknowledged.
    pub(crate) settled: bool,
    /// A 2xx that waits for the PRACK of an earlier response with SDP (RFC 3262 §5).
    pub(crate) held_answer: Option<Vec<u8>>,
    /// The last plain provisional response, repeated once a minute.
    last: Option<(u16, Vec<u8>)>,
}

impl Incoming {
    pub(crate) fn new(server: ServerKey, head: Head, cseq: u32, headers: &Headers) -> Self {
        Self {
            server,
            head,
            cseq,
            grant: Grant::None,
            reliable_wanted: headers.require().any(|o| o.eq_ignore_ascii_case("100rel")),
            reliable: Reliable::default(),
            settled: false,
            held_answer: None,
            last: None,
        }
    }

    /// Notes what timer the INVITE asks for.
    pub(crate) fn grant_timer(&mut self, config: &AgentConfig, headers: &Headers) {
        self.grant = grant(config, headers);
    }
}

impl Agent {
    /// Makes a call of an INVITE of [`Output::Request`](crate::Output::Request), to be asked before
    /// anything else is handed in. Who is not let in is answered with [`Agent::respond`] instead, and
    /// no call is ever made of it. From here on 100 goes by itself if the user takes a while, who goes
    /// on with [`Agent::ring`], [`Agent::answer`] or [`Agent::reject`].
    ///
    /// `None`: there is no call, and the INVITE is answered where it can be: 503 at
    /// `limits::SIP_DIALOGS`, 422 for a session timer that is too short, 400 for headers without sense.
    pub fn admit(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        peer: &Peer,
    ) -> Option<UsageKey> {
        if request.method != Method::Invite || !self.is_open(server) {
            return None;
        }
        if self.usages.len() >= limits::SIP_DIALOGS {
            self.counters.overload += 1;
            let mut response = self.response_to(request, 503);
            let seconds = self.config.retry_after_s.to_string();
            response.headers.push(HeaderName::RetryAfter, seconds);
            self.send_response(now, server, &response);
            return None;
        }
        let headers = &request.headers;
        let (Ok(from), Ok(to), Ok(call_id), Ok(cseq)) = (
            headers.from_(),
            headers.to(),
            headers.call_id(),
            headers.cseq(),
        ) else {
            self.counters.malformed += 1;
            self.reply(now, server, request, 400);
            return None;
        };
        if self.refuse_small_timer(now, server, request) {
            return None;
        }
        let key = UsageKey(self.next_key());
        let tag = matching::tag(key, self.random.next_u64());
        let first_cseq = self.random.below(1 << 16);
        let contact = self.plain_contact(peer).text();
        let mut usage = Usage::incoming(
            server,
            Head::of(request, &tag),
            request,
            &from,
            &to,
            (call_id, &tag, &contact),
            (cseq.number, first_cseq),
            *peer,
        );
        if let Phase::Incoming(incoming) = &mut usage.phase {
            incoming.grant_timer(&self.config, headers);
        }
        self.usages.insert(key, Box::new(usage));
        if let Some(server) = self.servers.get_mut(&server) {
            server.usage = Some(key);
        }
        self.promise_trying(now, server);
        Some(key)
    }

    /// Sets the Contact of all our messages of this call from now on; without it, it is made of the
    /// advertised address.
    ///
    /// # Errors
    /// [`AgentError::NotNow`] if the call is over.
    pub fn set_contact(&mut self, usage: UsageKey, contact: &NameAddr) -> Result<(), AgentError> {
        self.live(usage)?.contact = contact.text().into();
        Ok(())
    }

    /// Adds `headers` to all our messages of this call from now on (P-Asserted-Identity and the
    /// like), instead of those given before.
    ///
    /// # Errors
    /// [`AgentError::NotNow`] if the call is over.
    pub fn set_headers(&mut self, usage: UsageKey, headers: Headers) -> Result<(), AgentError> {
        self.live(usage)?.extra = headers;
        Ok(())
    }

    /// Tells the caller how far the call is: `status` 180 to 183 and so on, with our SDP for early
    /// media or without. Sent reliably if the caller requires that (RFC 3262); then further ones
    /// wait for its PRACK by themselves.
    ///
    /// # Errors
    /// [`AgentError::NotNow`] if this is no unanswered incoming call or `status` is not 101 to 199.
    pub fn ring(
        &mut self,
        now: Instant,
        usage: UsageKey,
        status: u16,
        sdp: Option<Vec<u8>>,
    ) -> Result<(), AgentError> {
        let call = self.live(usage)?;
        let Phase::Incoming(incoming) = &mut call.phase else {
            return Err(AgentError::NotNow);
        };
        if !(101..=199).contains(&status) || incoming.held_answer.is_some() {
            return Err(AgentError::NotNow);
        }
        // Where we must offer, the first reliable response must do it (RFC 3262 §5); without SDP at
        // hand it is sent plainly.
        let may = sdp.is_some() || call.negotiation != Negotiation::Fresh;
        if incoming.reliable_wanted && may {
            self.ring_reliably(now, usage, status, sdp);
            return Ok(());
        }
        let server = incoming.server;
        let mut response = self.early_answer(usage, status)?;
        if let Some(sdp) = sdp {
            response.set_body(SDP, sdp);
        }
        let mut bytes = Vec::new();
        response.write(&mut bytes);
        if let Some(call) = self.usages.get_mut(&usage)
            && let Phase::Incoming(incoming) = &mut call.phase
        {
            incoming.last = Some((status, bytes.clone()));
        }
        self.send_response_bytes(now, server, status, bytes);
        let keep = Alarm::Usage(usage, UsageTimer::KeepRinging);
        self.alarms.set_after(keep, now, KEEP_RINGING);
        Ok(())
    }

    /// Another minute without an answer.
    pub(crate) fn keep_ringing(&mut self, now: Instant, key: UsageKey) {
        let Some(usage) = self.usages.get(&key) else {
            return;
        };
        let Phase::Incoming(incoming) = &usage.phase else {
            return;
        };
        let server = incoming.server;
        if let Some((status, bytes)) = incoming.last.clone() {
            self.send_response_bytes(now, server, status, bytes);
            let keep = Alarm::Usage(key, UsageTimer::KeepRinging);
            self.alarms.set_after(keep, now, KEEP_RINGING);
        }
    }

    /// A response to the INVITE with what all of them carry.
    pub(crate) fn early_answer(
        &mut self,
        key: UsageKey,
        status: u16,
    ) -> Result<Response, AgentError> {
        let usage = self.live(key)?;
        let Phase::Incoming(incoming) = &usage.phase else {
            return Err(AgentError::NotNow);
        };
        let mut response = incoming.head.response(status);
        let headers = &mut response.headers;
        headers.push(HeaderName::Contact, &*usage.contact);
        headers.copy_all(&usage.extra);
        self.add_capabilities(&mut response);
        self.sign_response(&mut response);
        Ok(response)
    }

    /// Answers an incoming call with 200. `sdp` is our answer, or our offer if the INVITE had none;
    /// it is left out where a provisional response brought it reliably already.
    ///
    /// # Errors
    /// [`AgentError::NotNow`] if this is no unanswered incoming call.
    pub fn answer(
        &mut self,
        now: Instant,
        usage: UsageKey,
        sdp: Vec<u8>,
    ) -> Result<(), AgentError> {
        let call = self.live(usage)?;
        let Phase::Incoming(incoming) = &mut call.phase else {
            return Err(AgentError::NotNow);
        };
        if incoming.reliable.blocks_answer() {
            // RFC 3262 §5: the 2xx waits for the PRACK of a response that carried SDP.
            incoming.held_answer = Some(sdp);
            return Ok(());
        }
        self.answer_now(now, usage, sdp)
    }

    pub(crate) fn answer_now(
        &mut self,
        now: Instant,
        key: UsageKey,
        sdp: Vec<u8>,
    ) -> Result<(), AgentError> {
        let mut response = self.early_answer(key, 200)?;
        let usage = self.live(key)?;
        let Phase::Incoming(incoming) = &usage.phase else {
            return Err(AgentError::NotNow);
        };
        let (server, cseq) = (incoming.server, incoming.cseq);
        let agreed = incoming.grant.apply(&mut response.headers);
        if !incoming.settled {
            response.set_body(SDP, sdp.clone());
            usage.local_sdp = sdp;
        }
        match usage.negotiation {
            Negotiation::Fresh => usage.negotiation = Negotiation::Ours(OurOffer::InAnswer),
            Negotiation::Theirs(TheirOffer::Initial) => {
                usage.negotiation = Negotiation::Settled;
            }
            Negotiation::Settled | Negotiation::Ours(_) | Negotiation::Theirs(_) => {}
        }
        usage.phase = Phase::Established;
        let peer = usage.peer;
        for timer in [
            UsageTimer::KeepRinging,
            UsageTimer::RepeatProvisional,
            UsageTimer::PrackMissing,
        ] {
            self.alarms.clear(Alarm::Usage(key, timer));
        }
        let mut bytes = Vec::new();
        response.write(&mut bytes);
        self.send_response_bytes(now, server, 200, bytes.clone());
        self.await_ack(now, key, cseq, bytes, (peer, true));
        self.start_session(now, key, agreed);
        Ok(())
    }

    /// An unanswered call whose connection broke: nobody can hear an answer any more.
    pub(crate) fn abandon(&mut self, now: Instant, key: UsageKey) {
        let Some(usage) = self.usages.get(&key) else {
            return;
        };
        if let Phase::Incoming(incoming) = &usage.phase {
            let server = incoming.server;
            let response = incoming.head.response(500);
            self.send_response(now, server, &response);
            self.end(now, key, How::TransportFailed, None);
        }
    }

    /// Refuses an incoming call: 300 to 699 with `headers` (challenges, Contact, Retry-After,
    /// Warning, Reason). The user is told `Ended` at once.
    ///
    /// # Errors
    /// [`AgentError::NotNow`] if this is no unanswered incoming call or `status` is no refusal.
    pub fn reject(
        &mut self,
        now: Instant,
        usage: UsageKey,
        status: u16,
        headers: &Headers,
    ) -> Result<(), AgentError> {
        let call = self.live(usage)?;
        let Phase::Incoming(incoming) = &call.phase else {
            return Err(AgentError::NotNow);
        };
        if !(300..=699).contains(&status) {
            return Err(AgentError::NotNow);
        }
        let server = incoming.server;
        let mut response = incoming.head.response(status);
        response.headers.copy_all(headers);
        self.sign_response(&mut response);
        self.send_response(now, server, &response);
        self.end(now, usage, How::Local, None);
        Ok(())
    }
}

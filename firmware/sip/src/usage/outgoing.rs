//! The calling side of an INVITE: RFC 3261 §13.2, with forks (§13.2.2.4) and reliable provisional
//! responses (RFC 3262 §4).

use model::{Instant, limits};

use super::{
    Negotiation, OurOffer, Phase, SDP, SessionTimer, TheirOffer, Usage, UsageKey, allows_update,
    end::q850, session_timer,
};
use crate::{
    Agent, AgentError, CSeq, HeaderName, Headers, How, InviteParams, Method, NameAddr, Output,
    Request, Response, Uri, UsageEvent,
    agent::{Failure, Owner, Part, matching, session},
    dialog::{Dialog, Routes},
    grammar::Decimal,
    transaction::ClientKey,
};

/// Early dialogs of one INVITE that are kept; more forks than this ring unseen.
const FORKS_MAX: usize = 16;

/// An INVITE of ours without a 2xx.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) client: ClientKey,
    request_uri: Uri,
    forks: Vec<Fork>,
    /// The remote tag whose early media the user hears of.
    media: Option<Box<str>>,
}

/// An early dialog.
#[derive(Debug)]
pub(crate) struct Fork {
    pub(crate) dialog: Dialog,
    /// RSeq of the last reliable provisional response (RFC 3262 §4).
    pub(crate) rseq: Option<u32>,
    sdp: Option<Vec<u8>>,
    /// Whether `sdp` came reliably, so that the session is settled and UPDATE may be used.
    pub(crate) settled: bool,
}

impl Outgoing {
    /// The early dialog with this remote tag.
    pub(crate) fn fork(&self, tag: &str) -> Option<&Fork> {
        self.forks.iter().find(|f| *f.dialog.remote_tag == *tag)
    }

    /// The same, to change it.
    pub(crate) fn fork_mut(&mut self, tag: &str) -> Option<&mut Fork> {
        self.forks.iter_mut().find(|f| *f.dialog.remote_tag == *tag)
    }

    /// The only early dialog, if its session is settled.
    pub(crate) fn settled_fork(&mut self) -> Option<&mut Dialog> {
        match self.forks.as_mut_slice() {
            [only] if only.settled => Some(&mut only.dialog),
            _ => None,
        }
    }
}

impl Agent {
    /// Starts a call.
    ///
    /// # Errors
    /// [`AgentError::Full`] at `limits::SIP_DIALOGS` or `limits::SIP_TRANSACTIONS`.
    pub fn invite(&mut self, now: Instant, params: InviteParams) -> Result<UsageKey, AgentError> {
        let full = self.usages.len() >= limits::SIP_DIALOGS
            || self.clients.len() >= limits::SIP_TRANSACTIONS;
        if full {
            self.counters.overload += 1;
            return Err(AgentError::Full);
        }
        let key = UsageKey(self.next_key());
        let tag = matching::tag(key, self.random.next_u64());
        let call_id = self.new_call_id();
        let cseq = self.random.below(1 << 16) + 1;
        let contact = match &params.contact {
            Some(contact) => contact.text(),
            None => self.plain_contact(&params.peer).text(),
        };
        let local = params.from.clone().with_tag(&tag).text();
        let request = self.initial_invite(&params, (&local, &call_id, &contact), cseq);
        let uri = params.request_uri.clone();
        let client = self.start_client(now, params.peer, request, Owner::Usage(key, Part::Invite));
        let offered = params.offer.is_some();
        let usage = Usage {
            call_id: call_id.into(),
            local: local.into(),
            local_tag: tag.into(),
            contact: contact.into(),
            peer: params.peer,
            is_caller: true,
            dialog: None,
            phase: Phase::Outgoing(Outgoing {
                client,
                request_uri: uri,
                forks: Vec::new(),
                media: None,
            }),
            negotiation: if offered {
                Negotiation::Ours(OurOffer::Initial)
            } else {
                Negotiation::Fresh
            },
            waiting: None,
            local_sdp: params.offer.unwrap_or_default(),
            queued: None,
            modification: None,
            pending_ack: None,
            late_ack: None,
            peer_updates: false,
            timer: SessionTimer::default(),
            extra: Headers::new(),
            over: None,
        };
        self.usages.insert(key, Box::new(usage));
        Ok(key)
    }

    fn initial_invite(
        &self,
        params: &InviteParams,
        (local, call_id, contact): (&str, &str, &str),
        cseq: u32,
    ) -> Request {
        let mut headers = Headers::with_capacity(18, 768);
        let hops = Decimal::of(params.max_forwards);
        headers.push(HeaderName::MaxForwards, hops.as_str());
        let routes = Routes::preloaded(params.route.clone());
        let uri = routes.apply(&params.request_uri, &mut headers);
        headers.push(HeaderName::From, local);
        headers.push(HeaderName::To, params.to.text());
        headers.push(HeaderName::CallId, call_id);
        headers.push_cseq(cseq, &Method::Invite);
        headers.push(HeaderName::Contact, contact);
        headers.push(HeaderName::Allow, self.texts.allow.as_str());
        let supported = if params.offer.is_some() {
            self.texts.supported.as_str()
        } else {
            // With 100rel the peer could put its offer into a 1xx and want our answer in PRACK.
            self.texts.supported_without_100rel.as_str()
        };
        headers.push(HeaderName::Supported, supported);
        SessionTimer::default().ask(&self.config, &mut headers);
        headers.copy_all(&params.headers);
        let mut request = Request::new(Method::Invite, uri);
        request.headers = headers;
        self.sign_request(&mut request);
        if let Some(sdp) = &params.offer {
            request.set_body(SDP, sdp.clone());
        }
        request
    }

    /// A response to the INVITE that starts the call.
    pub(crate) fn invite_response(
        &mut self,
        now: Instant,
        key: UsageKey,
        client: ClientKey,
        cseq: &CSeq,
        response: Response,
    ) {
        if (101..=299).contains(&response.status) {
            self.stay_on_connection(key, client, &response.headers);
        }
        match response.status {
            ..=100 => {}
            101..=199 => self.early_response(now, key, cseq, &response),
            200..=299 => self.answered(now, key, client, cseq, response),
            422 if self.invite_again(now, key, client, cseq, &response) => {}
            status => {
                let q850 = q850(&response.headers);
                let how = How::Refused {
                    status,
                    reason: response.reason,
                    headers: Box::new(response.headers),
                };
                self.end(now, key, how, q850);
            }
        }
    }

    /// A provisional response: an early dialog, PRACK, ringing, early media.
    fn early_response(&mut self, now: Instant, key: UsageKey, cseq: &CSeq, response: &Response) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let Phase::Outgoing(outgoing) = &mut usage.phase else {
            return;
        };
        let to = response.headers.to().ok().filter(|to| to.tag().is_some());
        let Some(to) = to else {
            // Without a tag there is no early dialog, but it may ring (RFC 2543 peers).
            self.tell_progress(key, response.status);
            return;
        };
        let tag: Box<str> = to.tag().unwrap_or("").into();
        outgoing.learn(&to, &response.headers, cseq);
        usage.peer_updates |= allows_update(&response.headers);
        let reliable = match self.prack_if_reliable(now, key, &tag, cseq, response) {
            super::prack::Reliability::Plain => false,
            super::prack::Reliability::Acknowledged => true,
            super::prack::Reliability::Discard => return,
        };
        self.early_media(now, key, &tag, response, reliable);
    }

    fn early_media(
        &mut self,
        now: Instant,
        key: UsageKey,
        tag: &str,
        response: &Response,
        reliable: bool,
    ) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let Phase::Outgoing(outgoing) = &mut usage.phase else {
            return;
        };
        let status = response.status;
        let body = session(&response.headers, response.body.clone());
        let Some(sdp) = body else {
            self.tell_progress(key, status);
            return;
        };
        let first = outgoing.media.get_or_insert_with(|| tag.into());
        let chosen = **first == *tag;
        let Some(fork) = outgoing.fork_mut(tag) else {
            return;
        };
        let changed = fork.sdp.as_ref() != Some(&sdp);
        fork.sdp = Some(sdp.clone());
        fork.settled |= reliable;
        if reliable && usage.negotiation == Negotiation::Ours(OurOffer::Initial) {
            usage.negotiation = Negotiation::Settled;
        }
        if chosen && changed {
            self.tell(key, UsageEvent::EarlyMedia { sdp, status });
        } else if !chosen {
            self.tell_progress(key, status);
        }
        self.send_queued(now, key);
    }

    fn tell_progress(&mut self, key: UsageKey, status: u16) {
        let event = if status == 180 {
            UsageEvent::Ringing
        } else {
            UsageEvent::Progress { status }
        };
        self.tell(key, event);
    }

    /// The first 2xx chooses the dialog of the call. Another one is of another fork, acknowledged
    /// and ended at once (§13.2.2.4).
    fn answered(
        &mut self,
        now: Instant,
        key: UsageKey,
        client: ClientKey,
        cseq: &CSeq,
        response: Response,
    ) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let Phase::Outgoing(outgoing) = &mut usage.phase else {
            self.end_unwanted(now, client, cseq, &response);
            return;
        };
        let Ok(to) = response.headers.to() else {
            self.counters.malformed += 1;
            return;
        };
        let mut dialog =
            Dialog::of_response(&response.headers, &to, &outgoing.request_uri, cseq.number);
        let mut early_sdp = None;
        if let Some(fork) = outgoing.fork_mut(&dialog.remote_tag) {
            // PRACK and UPDATE counted on; the route set is taken from the 2xx (§13.2.2.4).
            dialog.sequence = fork.dialog.sequence;
            early_sdp = fork.sdp.take();
        }
        let tag = dialog.remote_tag.clone();
        usage.dialog = Some(dialog);
        usage.phase = Phase::Established;
        usage.peer_updates = allows_update(&response.headers);
        let body = session(&response.headers, response.body);
        let their_offer = usage.negotiation == Negotiation::Fresh && body.is_some();
        if their_offer {
            usage.late_ack = Some(client);
            usage.negotiation = Negotiation::Theirs(TheirOffer::InAnswer);
        } else if !usage.negotiation.is_request() {
            // An UPDATE that is still under way keeps its place.
            usage.negotiation = Negotiation::Settled;
        }
        if their_offer {
            self.keep_ack(client, &tag, Vec::new());
        } else {
            self.acknowledge(key, client, cseq.number, None);
        }
        let agreed = session_timer::agreed_by(&response.headers);
        self.start_session(now, key, agreed);
        let headers = Box::new(response.headers);
        let sdp = body.or(early_sdp);
        self.tell(key, UsageEvent::Answered { sdp, headers });
        self.send_queued(now, key);
    }

    /// Sends the ACK of a 2xx in the call's dialog and keeps it for repeated 2xx.
    pub(crate) fn acknowledge(
        &mut self,
        key: UsageKey,
        client: ClientKey,
        cseq: u32,
        answer: Option<Vec<u8>>,
    ) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let peer = usage.peer;
        let Some(mut ack) = usage.request(Method::Ack, Some(cseq)) else {
            return;
        };
        let tag = usage
            .dialog
            .as_ref()
            .map(|dialog| dialog.remote_tag.clone())
            .unwrap_or_default();
        if let Some(sdp) = answer {
            ack.set_body(SDP, sdp);
        }
        let bytes = self.send_ack(&peer, ack);
        self.keep_ack(client, &tag, bytes);
    }

    /// Sends the ACK that waited for our answer, if one does.
    pub(crate) fn send_late_ack(&mut self, key: UsageKey, answer: Option<Vec<u8>>) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let Some(client) = usage.late_ack.take() else {
            return;
        };
        // Nothing else was sent in the dialog before its ACK, so its number is the INVITE's.
        let cseq = usage.dialog.as_ref().map_or(0, |d| d.invite_cseq);
        self.acknowledge(key, client, cseq, answer);
    }

    /// The peer wants a longer session interval: the INVITE again with it (RFC 4028 §7.3).
    fn invite_again(
        &mut self,
        now: Instant,
        key: UsageKey,
        client: ClientKey,
        cseq: &CSeq,
        response: &Response,
    ) -> bool {
        let Some(usage) = self.usages.get_mut(&key) else {
            return false;
        };
        if !usage.timer.raise(&response.headers) {
            return false;
        }
        let part = self.clients.get(&client).and_then(|c| c.invite.as_ref());
        let Some(mut request) = part.map(|part| part.request.clone()) else {
            return false;
        };
        let headers = &mut request.headers;
        headers.remove(&HeaderName::Via);
        headers.set(
            HeaderName::CSeq,
            format!("{} INVITE", cseq.number.saturating_add(1)),
        );
        usage.timer.ask(&self.config, headers);
        if usage.negotiation != Negotiation::Fresh {
            request.body = usage.local_sdp.clone();
        }
        let peer = usage.peer;
        let again = self.start_client(now, peer, request, Owner::Usage(key, Part::Invite));
        if let Some(usage) = self.usages.get_mut(&key)
            && let Phase::Outgoing(outgoing) = &mut usage.phase
        {
            outgoing.client = again;
            outgoing.forks.clear();
            outgoing.media = None;
        }
        true
    }

    /// A request of a call came to nothing.
    pub(crate) fn usage_request_failed(
        &mut self,
        now: Instant,
        key: UsageKey,
        client: ClientKey,
        part: Part,
        failure: Failure,
    ) {
        let how = match failure {
            Failure::Timeout => How::Timeout,
            Failure::Transport => How::TransportFailed,
        };
        match part {
            Part::Invite => self.end(now, key, how, None),
            // §12.2.1.2: a request in the dialog that nobody answers ends the dialog.
            Part::Modify => self.finish(now, key, how, None),
            Part::User => {
                let outcome = failure.into();
                self.out.push_back(Output::Response { client, outcome });
                self.finish(now, key, how, None);
            }
            // The call may still be answered; if the peer is gone, the INVITE will tell.
            Part::Prack => {}
        }
    }
}

impl Outgoing {
    /// Notes the early dialog of a response.
    fn learn(&mut self, to: &NameAddr, headers: &Headers, cseq: &CSeq) {
        let tag = to.tag().unwrap_or("");
        if let Some(fork) = self.fork_mut(tag) {
            fork.dialog.refresh_target(headers);
        } else if self.forks.len() < FORKS_MAX {
            self.forks.push(Fork {
                dialog: Dialog::of_response(headers, to, &self.request_uri, cseq.number),
                rseq: None,
                sdp: None,
                settled: false,
            });
        }
    }
}

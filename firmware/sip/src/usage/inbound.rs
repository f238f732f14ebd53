//! Requests of the peer inside a call: RFC 3261 §12.2.2, §14.2, RFC 3311 §5.2, RFC 6086; and the
//! timers of a call.

use model::Instant;

use super::{Negotiation, Phase, TheirOffer, Usage, UsageKey, Verdict, allows_update};
use crate::{
    Agent, CSeq, HeaderName, How, Method, Peer, Reason, Request, Response, UsageEvent,
    agent::{Head, Part, UsageTimer, is_sdp},
    dialog::{Dialog, Order},
    transaction::{ClientKey, ServerKey},
};

impl Usage {
    /// The dialog with this remote tag, early or not.
    fn dialog_with(&mut self, tag: &str) -> Option<&mut Dialog> {
        if let Some(dialog) = &mut self.dialog {
            return Some(dialog);
        }
        match &mut self.phase {
            Phase::Outgoing(outgoing) => outgoing.fork_mut(tag).map(|fork| &mut fork.dialog),
            Phase::Incoming(_) | Phase::Established => None,
        }
    }
}

impl Agent {
    /// A request other than ACK and CANCEL came in the dialog of a call.
    pub(crate) fn usage_request(
        &mut self,
        now: Instant,
        key: UsageKey,
        server: ServerKey,
        peer: &Peer,
        request: Request,
        cseq: u32,
    ) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let refreshes = matches!(request.method, Method::Invite | Method::Update);
        let tag = request.headers.from_tag().unwrap_or("");
        let over = usage.over.is_some();
        let order = usage.dialog_with(tag).map(|dialog| {
            let order = dialog.sequence.receive(cseq);
            if refreshes && order == Order::InOrder {
                dialog.refresh_target(&request.headers);
            }
            order
        });
        match order {
            Some(Order::InOrder) => {}
            Some(Order::Stale) => {
                // §12.2.2: a request out of order.
                self.reply_later(now, server, &request);
                return;
            }
            None => {
                self.reply(now, server, &request, 481);
                return;
            }
        }
        usage.peer = *peer;
        if over && request.method != Method::Bye {
            self.reply(now, server, &request, 481);
            return;
        }
        match request.method {
            Method::Bye => self.usage_bye(now, key, server, &request),
            Method::Invite => self.usage_reinvite(now, key, server, request),
            Method::Update => self.usage_update(now, key, server, request),
            Method::Prack => self.usage_prack(now, key, server, request),
            Method::Info => self.usage_info(now, key, server, &request),
            Method::Options => self.usage_options(now, server, &request),
            Method::Ack
            | Method::Cancel
            | Method::Register
            | Method::Refer
            | Method::Subscribe
            | Method::Notify
            | Method::Message
            | Method::Publish
            | Method::Other(_) => {
                let request = Box::new(request);
                self.tell(key, UsageEvent::Request { server, request });
            }
        }
    }

    /// 500 with a short Retry-After (§14.2).
    fn reply_later(&mut self, now: Instant, server: ServerKey, request: &Request) {
        let mut response = self.response_to(request, 500);
        let seconds = self.random.below(11).to_string();
        response.headers.push(HeaderName::RetryAfter, seconds);
        self.send_response(now, server, &response);
    }

    fn usage_info(&mut self, now: Instant, key: UsageKey, server: ServerKey, request: &Request) {
        self.reply(now, server, request, 200);
        let kind = request.headers.content_type().ok().flatten();
        let content_type = kind.map(|kind| kind.essence).unwrap_or_default();
        let body = request.body.clone();
        self.tell(key, UsageEvent::Info { content_type, body });
    }

    /// OPTIONS inside a dialog only asks whether we live (§11.2).
    fn usage_options(&mut self, now: Instant, server: ServerKey, request: &Request) {
        let response = self.capabilities(request);
        self.send_response(now, server, &response);
    }

    /// A re-INVITE (§14.2).
    fn usage_reinvite(&mut self, now: Instant, key: UsageKey, server: ServerKey, request: Request) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        if let Some(transaction) = self.servers.get_mut(&server) {
            transaction.usage = Some(key);
        }
        let established = matches!(usage.phase, Phase::Established);
        if !established || usage.pending_ack.is_some() || usage.waiting.is_some() {
            // A second INVITE before the first is through (§14.2).
            self.reply_later(now, server, &request);
            return;
        }
        if usage
            .modification
            .as_ref()
            .is_some_and(|m| m.method == Method::Invite)
        {
            self.reply(now, server, &request, 491);
            return;
        }
        if self.refuse_small_timer(now, server, &request) {
            return;
        }
        self.their_offer(now, key, server, request);
    }

    /// An UPDATE (RFC 3311 §5.2). Without SDP it only refreshes.
    fn usage_update(&mut self, now: Instant, key: UsageKey, server: ServerKey, request: Request) {
        if self.refuse_small_timer(now, server, &request) {
            return;
        }
        if !request.body.is_empty() {
            self.their_offer(now, key, server, request);
            return;
        }
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        usage.peer_updates |= allows_update(&request.headers);
        let established = matches!(usage.phase, Phase::Established);
        let contact = usage.contact.clone();
        let mut response = self.response_to(&request, 200);
        response.headers.push(HeaderName::Contact, &*contact);
        if established {
            let grant = super::session_timer::grant(&self.config, &request.headers);
            let agreed = grant.apply(&mut response.headers);
            self.start_session(now, key, agreed);
        }
        self.send_response(now, server, &response);
    }

    /// 422 to a session timer below our limit (RFC 4028 §9).
    pub(crate) fn refuse_small_timer(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
    ) -> bool {
        use super::session_timer::{Grant, grant};
        match grant(&self.config, &request.headers) {
            Grant::TooSmall => {}
            Grant::None | Grant::Timer { .. } => return false,
        }
        let mut response = self.response_to(request, 422);
        let min_se = self.config.min_se_s.to_string();
        response.headers.push(HeaderName::MinSe, min_se);
        self.send_response(now, server, &response);
        true
    }

    /// An offer in a re-INVITE, UPDATE or PRACK, or a re-INVITE that wants one.
    pub(crate) fn their_offer(
        &mut self,
        now: Instant,
        key: UsageKey,
        server: ServerKey,
        mut request: Request,
    ) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        match usage.negotiation.judge() {
            Verdict::Welcome => {}
            Verdict::Glare => {
                self.reply(now, server, &request, 491);
                return;
            }
            Verdict::TooEarly => {
                self.reply_later(now, server, &request);
                return;
            }
        }
        let sdp = (!request.body.is_empty() && is_sdp(&request.headers))
            .then(|| core::mem::take(&mut request.body));
        usage.negotiation = Negotiation::Theirs(match sdp {
            Some(_) => TheirOffer::Request(server),
            None => TheirOffer::Wanted(server),
        });
        usage.peer_updates |= allows_update(&request.headers);
        let tag = usage.local_tag.to_string();
        usage.waiting = Some(super::modify::Waiting::new(
            Head::of(&request, &tag),
            &request,
            &self.config,
        ));
        if request.method == Method::Invite {
            let trying = Response::to_request(&request, 100, "");
            self.send_response(now, server, &trying);
        }
        self.tell_offer(key, sdp);
    }

    /// A response to a request of a call.
    pub(crate) fn usage_response(
        &mut self,
        now: Instant,
        key: UsageKey,
        part: Part,
        client: ClientKey,
        cseq: &CSeq,
        response: Response,
    ) {
        match part {
            Part::Invite => self.invite_response(now, key, client, cseq, response),
            Part::Modify => self.modify_response(now, key, client, cseq, response),
            Part::Prack => {}
            Part::User => self.user_response(now, key, client, response),
        }
    }

    /// A timer of a call ran out.
    pub(crate) fn usage_timer(&mut self, now: Instant, key: UsageKey, timer: UsageTimer) {
        match timer {
            UsageTimer::RepeatAnswer => self.repeat_answer(now, key),
            UsageTimer::AckMissing => self.ack_missing(now, key),
            UsageTimer::RepeatProvisional => self.repeat_provisional(now, key),
            UsageTimer::PrackMissing => self.prack_missing(now, key),
            UsageTimer::KeepRinging => self.keep_ringing(now, key),
            UsageTimer::RetryOffer => self.send_queued(now, key),
            UsageTimer::CancelOffer => self.cancel_offer(now, key),
            UsageTimer::Refresh => self.refresh(now, key),
            UsageTimer::Expire => {
                let reason = Reason::sip(408, "Session expired");
                self.finish(now, key, How::SessionExpired, Some(&reason));
            }
        }
    }
}

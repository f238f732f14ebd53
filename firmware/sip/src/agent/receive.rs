//! The way of a request that came in: retransmission, ACK, CANCEL, checks, then dialog or user.

use model::Instant;

use super::{Agent, Fresh, Output, matching};
use crate::{
    Method, Peer, Request,
    transaction::ServerKey,
    usage::{Phase, Usage, UsageKey},
};

impl Agent {
    /// A request came from `peer`.
    pub(crate) fn receive_request(&mut self, now: Instant, peer: &Peer, mut request: Request) {
        let (Ok(mut via), Ok(cseq)) = (request.headers.via_top(), request.headers.cseq()) else {
            // Without Via or CSeq there is neither a way back nor a transaction.
            self.counters.malformed += 1;
            return;
        };
        // The identity is read before `received` and `rport` are filled in.
        let match_method = if request.method == Method::Ack {
            &Method::Invite
        } else {
            &request.method
        };
        let salt = self.branch_salt;
        let branch = matching::server_match(salt, &via, &request.headers, &cseq, match_method);
        via.mark_source(peer.remote);
        request.headers.set_via_top(&via);
        let known = self.by_branch.get(&branch).copied();
        if request.method == Method::Ack {
            self.receive_ack(now, peer, known, &request);
            return;
        }
        if let Some(key) = known {
            self.repeated_request(now, key);
            return;
        }
        let merge = matching::merge_key(self.merge_salt, &request.headers, &cseq);
        let fresh = Fresh {
            via,
            cseq,
            branch,
            merge,
        };
        if request.method == Method::Cancel {
            self.receive_cancel(now, peer, &request, &fresh);
            return;
        }
        self.receive_new(now, peer, request, &fresh);
    }

    /// A request that is no retransmission, ACK or CANCEL.
    fn receive_new(&mut self, now: Instant, peer: &Peer, request: Request, fresh: &Fresh) {
        let merged = request.headers.to_tag().is_none() && self.merged.contains_key(&fresh.merge);
        let Some(server) = self.start_server(peer, &request, fresh) else {
            return;
        };
        if merged {
            self.counters.merged += 1;
            self.reply(now, server, &request, 482);
            return;
        }
        if let Some(response) = self.objection(&request) {
            self.counters.refused += 1;
            self.send_response(now, server, &response);
            return;
        }
        if let Some((key, usage)) = self.usage_named(&request) {
            if usage.has_remote_tag(request.headers.from_tag().unwrap_or("")) {
                self.usage_request(now, key, server, peer, request, fresh.cseq.number);
                return;
            }
            if answered_and_gone(&request, usage) {
                self.usage_bye(now, key, server, &request);
                return;
            }
        }
        if needs_dialog(&request) {
            self.counters.unknown_dialog += 1;
            self.reply(now, server, &request, 481);
            return;
        }
        self.out.push_back(Output::Request {
            server,
            request,
            peer: *peer,
        });
    }

    /// An ACK: of a refusal, then its transaction absorbs it, or of a 2xx, then it is the call's.
    fn receive_ack(
        &mut self,
        now: Instant,
        peer: &Peer,
        known: Option<ServerKey>,
        request: &Request,
    ) {
        let for_call = known.is_none_or(|key| self.server_ack(now, key));
        if !for_call {
            return;
        }
        match (self.usage_of(request), request.headers.cseq()) {
            (Some(usage), Ok(cseq)) => self.usage_ack(now, usage, peer, cseq.number, request),
            _ => self.counters.stray_acks += 1,
        }
    }

    /// A CANCEL: it has a transaction of its own and is answered whatever becomes of the INVITE
    /// (RFC 3261 §9.2).
    fn receive_cancel(&mut self, now: Instant, peer: &Peer, request: &Request, fresh: &Fresh) {
        let (salt, headers) = (self.branch_salt, &request.headers);
        let of_invite =
            matching::server_match(salt, &fresh.via, headers, &fresh.cseq, &Method::Invite);
        let invite = self.by_branch.get(&of_invite).copied();
        let Some(server) = self.start_server(peer, request, fresh) else {
            return;
        };
        let Some(invite) = invite else {
            self.counters.unknown_dialog += 1;
            self.reply(now, server, request, 481);
            return;
        };
        let usage = self.servers.get(&invite).and_then(|server| server.usage);
        let local_tag = usage
            .and_then(|key| self.usages.get(&key))
            .map(|usage| usage.local_tag.to_string());
        // §9.2: the To tag of the answer should be that of the INVITE's answer.
        let mut response = match &local_tag {
            Some(tag) => crate::Response::to_request(request, 200, tag),
            None => self.response_to(request, 200),
        };
        if local_tag.is_some() {
            self.sign_response(&mut response);
        }
        self.send_response(now, server, &response);
        if let Some(usage) = usage
            && self.is_open(invite)
        {
            self.usage_cancelled(now, usage, invite, request);
        }
    }

    /// The call to which a request belongs: our tag in To, the peer's in From, and the Call-ID.
    fn usage_of(&self, request: &Request) -> Option<UsageKey> {
        let (key, usage) = self.usage_named(request)?;
        let remote_tag = request.headers.from_tag().unwrap_or("");
        usage.has_remote_tag(remote_tag).then_some(key)
    }

    /// The call with the tag in To and the Call-ID of a request.
    fn usage_named(&self, request: &Request) -> Option<(UsageKey, &Usage)> {
        let headers = &request.headers;
        let local_tag = headers.to_tag()?;
        let key = matching::read_tag(local_tag)?;
        let usage = self.usages.get(&key)?;
        let call_id = headers.call_id().ok()?;
        let ours = *usage.local_tag == *local_tag && *usage.call_id == *call_id;
        ours.then_some((key, usage.as_ref()))
    }

    /// Answers `request` with nothing but a status.
    pub(crate) fn reply(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        status: u16,
    ) {
        let response = self.response_to(request, status);
        self.send_response(now, server, &response);
    }
}

/// Whether a request of the call is a BYE that overtook all responses of its dialog: whoever knows our tag and
/// Call-ID got our INVITE, and only who answered it may say BYE (RFC 3261 §15). Were it told that there is no such
/// dialog (§15.1.2), the answer that comes later would begin a call without a peer.
fn answered_and_gone(request: &Request, usage: &Usage) -> bool {
    let is_bye = request.method == Method::Bye && request.headers.from_tag().is_some();
    is_bye && matches!(usage.phase, Phase::Outgoing(_))
}

/// Whether the request makes sense only in a dialog of ours: it has a To tag that we do not know
/// and is of a kind that we handle ourselves, or it never stands alone.
fn needs_dialog(request: &Request) -> bool {
    match request.method {
        Method::Bye | Method::Prack | Method::Update | Method::Info => true,
        Method::Invite => request.headers.to_tag().is_some(),
        Method::Ack
        | Method::Cancel
        | Method::Register
        | Method::Options
        | Method::Refer
        | Method::Subscribe
        | Method::Notify
        | Method::Message
        | Method::Publish
        | Method::Other(_) => false,
    }
}

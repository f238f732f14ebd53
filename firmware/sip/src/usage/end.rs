//! The end of a call, from either side: RFC 3261 §15, §9, RFC 3326.

use model::Instant;

use super::{Phase, UsageKey};
use crate::{
    Agent, AgentError, HeaderName, Headers, How, Method, Peer, Reason, Request, UsageEvent,
    agent::{Alarm, Owner, UsageTimer},
    transaction::ServerKey,
};

impl Agent {
    /// Ends a call in whatever state it is: BYE, CANCEL or a refusal (`480`). The user is told
    /// `Ended` at once; what the wire still needs goes on behind.
    ///
    /// # Errors
    /// [`AgentError::NotNow`] if the call is over already.
    pub fn hang_up(
        &mut self,
        now: Instant,
        usage: UsageKey,
        reason: Option<Reason>,
    ) -> Result<(), AgentError> {
        let call = self.live(usage)?;
        match &call.phase {
            Phase::Outgoing(_) => self.cancel(now, usage, reason),
            Phase::Incoming(_) => {
                let mut headers = Headers::new();
                if let Some(reason) = reason {
                    headers.push(HeaderName::Reason, reason.to_string());
                }
                self.reject(now, usage, 480, &headers)
            }
            Phase::Established => {
                self.finish(now, usage, How::Local, reason.as_ref());
                Ok(())
            }
        }
    }

    /// Cancels a call that the peer has not answered. A 2xx that crosses the CANCEL is acknowledged
    /// and followed by BYE; the CANCEL is held until a provisional response came. The user is told
    /// `Ended` at once. An answered call is hung up instead.
    ///
    /// # Errors
    /// [`AgentError::NotNow`] if the call is over already or not an outgoing one.
    pub fn cancel(
        &mut self,
        now: Instant,
        usage: UsageKey,
        reason: Option<Reason>,
    ) -> Result<(), AgentError> {
        let call = self.live(usage)?;
        match &call.phase {
            Phase::Outgoing(outgoing) => {
                let client = outgoing.client;
                self.cancel_client(now, client, reason);
                self.end(now, usage, How::Local, None);
                Ok(())
            }
            Phase::Incoming(_) => Err(AgentError::NotNow),
            Phase::Established => self.hang_up(now, usage, reason),
        }
    }

    /// Ends an established call with BYE and tells the user how it ended.
    pub(crate) fn finish(
        &mut self,
        now: Instant,
        key: UsageKey,
        how: How,
        reason: Option<&Reason>,
    ) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let told = usage.over.is_some();
        let ack_gave_up = matches!(how, How::AckMissing);
        if !told {
            self.tell(key, UsageEvent::Ended { how, q850: None });
        }
        self.end_early(now, key, reason);
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let acked = usage.pending_ack.is_none() || usage.is_caller || ack_gave_up;
        if !acked {
            // §15: the called side must not send BYE before the ACK came or was given up.
            usage.over = Some(reason.cloned());
            for timer in [
                UsageTimer::RetryOffer,
                UsageTimer::Refresh,
                UsageTimer::Expire,
            ] {
                self.alarms.clear(Alarm::Usage(key, timer));
            }
            return;
        }
        self.send_late_ack(key, None);
        self.send_bye(now, key, reason);
        self.remove_usage(now, key);
    }

    /// A call without an answer ends: its INVITE is cancelled or refused.
    fn end_early(&mut self, now: Instant, key: UsageKey, reason: Option<&Reason>) {
        let Some(usage) = self.usages.get(&key) else {
            return;
        };
        match &usage.phase {
            Phase::Outgoing(outgoing) => {
                let client = outgoing.client;
                self.cancel_client(now, client, reason.cloned());
            }
            Phase::Incoming(incoming) => {
                let server = incoming.server;
                let response = incoming.head.response(480);
                self.send_response(now, server, &response);
            }
            Phase::Established => return,
        }
        self.remove_usage(now, key);
    }

    /// Sends BYE; nobody waits for its answer.
    pub(crate) fn send_bye(&mut self, now: Instant, key: UsageKey, reason: Option<&Reason>) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let peer = usage.peer;
        let Some(mut bye) = usage.request(Method::Bye, None) else {
            return;
        };
        if let Some(reason) = reason {
            bye.headers.push(HeaderName::Reason, reason.to_string());
        }
        self.sign_request(&mut bye);
        self.start_client(now, peer, bye, Owner::Nobody);
    }

    /// Tells the end of a call and forgets it, without sending anything.
    pub(crate) fn end(&mut self, now: Instant, key: UsageKey, how: How, q850: Option<u16>) {
        let Some(usage) = self.usages.get(&key) else {
            return;
        };
        if usage.over.is_none() {
            self.tell(key, UsageEvent::Ended { how, q850 });
        }
        self.remove_usage(now, key);
    }

    /// Forgets a call; its transactions end by themselves, and what the user never answered is
    /// answered.
    pub(crate) fn remove_usage(&mut self, now: Instant, key: UsageKey) {
        self.refuse_waiting(now, key);
        let usage = self.usages.remove(&key);
        if let Some(open) = usage.and_then(|usage| usage.modification) {
            self.disown_client(now, open.client);
        }
        self.alarms.clear_usage(key);
    }

    /// The peer's BYE (§15.1.2). One before the answer ends the INVITE too; the answer that comes after
    /// it is acknowledged and ends nothing any more.
    pub(crate) fn usage_bye(
        &mut self,
        now: Instant,
        key: UsageKey,
        server: ServerKey,
        request: &Request,
    ) {
        self.reply(now, server, request, 200);
        self.send_late_ack(key, None);
        let Some(usage) = self.usages.get(&key) else {
            return;
        };
        match &usage.phase {
            Phase::Incoming(incoming) => {
                let invite = incoming.server;
                let response = incoming.head.response(487);
                self.send_response(now, invite, &response);
            }
            Phase::Outgoing(outgoing) => {
                // Only who answered may say BYE (§15), so the answer was overtaken or lost, and no other
                // fork rings any more.
                let client = outgoing.client;
                let tag = request.headers.from_tag().unwrap_or("");
                self.note_left(client, tag);
                self.cancel_client(now, client, None);
            }
            Phase::Established => {}
        }
        self.end(now, key, How::Bye, q850(&request.headers));
    }

    /// The peer's CANCEL matched the open INVITE of this call (§9.2).
    pub(crate) fn usage_cancelled(
        &mut self,
        now: Instant,
        key: UsageKey,
        invite: ServerKey,
        request: &Request,
    ) {
        let Some(usage) = self.usages.get(&key) else {
            return;
        };
        if let Phase::Incoming(incoming) = &usage.phase
            && incoming.server == invite
        {
            let response = incoming.head.response(487);
            self.send_response(now, invite, &response);
            let sip_cause = cause(&request.headers, "SIP");
            self.tell(key, UsageEvent::Cancelled);
            self.end(
                now,
                key,
                How::Cancelled { sip_cause },
                q850(&request.headers),
            );
            return;
        }
        // A re-INVITE is cancelled: the session stays as it was.
        self.cancel_waiting(now, key, invite);
    }

    /// The call, if its user does not yet know it as ended.
    pub(crate) fn live(&mut self, key: UsageKey) -> Result<&mut super::Usage, AgentError> {
        match self.usages.get_mut(&key) {
            Some(usage) if usage.over.is_none() => Ok(usage),
            Some(_) | None => Err(AgentError::NotNow),
        }
    }

    /// Sends the requests of a call to `peer` from now on: its phone came back on another
    /// connection.
    ///
    /// # Errors
    /// [`AgentError::NotNow`] if the call is over.
    pub fn move_to(&mut self, usage: UsageKey, peer: Peer) -> Result<(), AgentError> {
        self.live(usage)?.peer = peer;
        Ok(())
    }
}

/// The Q.850 cause of Reason (RFC 3326).
pub(crate) fn q850(headers: &Headers) -> Option<u16> {
    cause(headers, "Q.850")
}

fn cause(headers: &Headers, protocol: &str) -> Option<u16> {
    headers
        .reasons()
        .into_iter()
        .find(|reason| reason.protocol.eq_ignore_ascii_case(protocol))
        .and_then(|reason| reason.cause)
}

//! The ACKs of an INVITE of ours: of a refusal inside its transaction (RFC 3261 §17.1.1.3), of a
//! 2xx end to end (§13.2.2.4), and the end of 2xx that nobody wants.

use model::Instant;

use super::{Agent, Output, Owner, matching};
use crate::{
    CSeq, HeaderName, Method, Peer, Request, Response, Via, dialog::Dialog, transaction::ClientKey,
};

impl Agent {
    /// A 2xx that was acknowledged before came again: so does its ACK (RFC 3261 §13.2.2.4).
    pub(crate) fn repeat_ack(&mut self, key: ClientKey, response: &Response) -> bool {
        let tag = response.headers.to_tag().unwrap_or("");
        let Some(client) = self.clients.get(&key) else {
            return false;
        };
        let acks = client.invite.iter().flat_map(|part| part.acks.iter());
        let Some((_, bytes)) = acks.into_iter().find(|(known, _)| **known == *tag) else {
            return false;
        };
        if !bytes.is_empty() {
            self.out.push_back(Output::Send {
                peer: client.peer,
                bytes: bytes.to_vec(),
            });
        }
        true
    }

    /// Notes the ACK that goes to `tag`; empty bytes while it must wait for an answer.
    pub(crate) fn keep_ack(&mut self, key: ClientKey, tag: &str, bytes: Vec<u8>) {
        let Some(client) = self.clients.get_mut(&key) else {
            return;
        };
        let Some(part) = &mut client.invite else {
            return;
        };
        let bytes = bytes.into_boxed_slice();
        match part.acks.iter_mut().find(|(known, _)| **known == *tag) {
            Some((_, kept)) => *kept = bytes,
            None => part.acks.push((tag.into(), bytes)),
        }
    }

    /// The far end with this tag said BYE before its answer came.
    pub(crate) fn note_left(&mut self, key: ClientKey, tag: &str) {
        let part = self.clients.get_mut(&key).and_then(|c| c.invite.as_mut());
        if let Some(part) = part {
            part.left = Some(tag.into());
        }
    }

    /// A 2xx for a call that nobody wants: a late fork, or one that crossed our CANCEL. It is
    /// acknowledged and ended at once (RFC 3261 §13.2.2.4, §9.1); one that its own BYE overtook is
    /// acknowledged only, so that it is not repeated.
    pub(crate) fn end_unwanted(
        &mut self,
        now: Instant,
        key: ClientKey,
        cseq: &CSeq,
        response: &Response,
    ) {
        let Some(client) = self.clients.get(&key) else {
            return;
        };
        let (Some(part), Ok(to)) = (&client.invite, response.headers.to()) else {
            return;
        };
        let peer = client.peer;
        let invite = &part.request;
        let mut dialog = Dialog::of_response(&response.headers, &to, &invite.uri, cseq.number);
        let from = invite
            .headers
            .get(&HeaderName::From)
            .unwrap_or("")
            .to_owned();
        let call_id = invite.headers.call_id().unwrap_or("").to_owned();
        let ack = dialog.request(Method::Ack, cseq.number, &from, &call_id);
        let left = part.left.as_deref() == Some(&*dialog.remote_tag);
        let number = dialog.sequence.next_local();
        let bye = dialog.request(Method::Bye, number, &from, &call_id);
        let bytes = self.send_ack(&peer, ack);
        self.keep_ack(key, &dialog.remote_tag, bytes);
        if left {
            return;
        }
        self.start_client(now, peer, bye, Owner::Nobody);
    }

    /// Sends the ACK of a 2xx, a transaction of its own (RFC 3261 §13.2.2.4), and gives its bytes.
    pub(crate) fn send_ack(&mut self, peer: &Peer, mut ack: Request) -> Vec<u8> {
        let key = ClientKey(self.next_key());
        let branch = matching::branch(key, self.random.next_u64());
        let via = Via::new(peer.transport, self.advertised(peer), &branch);
        ack.headers.insert_front(HeaderName::Via, via.text());
        let mut bytes = Vec::new();
        ack.write(&mut bytes);
        self.out.push_back(Output::Send {
            peer: *peer,
            bytes: bytes.clone(),
        });
        bytes
    }

    /// The ACK of a refusal belongs to the INVITE's own transaction (RFC 3261 §17.1.1.3).
    pub(crate) fn acknowledge_refusal(&mut self, key: ClientKey, response: &Response) {
        let Some(client) = self.clients.get(&key) else {
            return;
        };
        let Some(part) = &client.invite else { return };
        let peer = client.peer;
        let mut ack = follow_up(&part.request, Method::Ack);
        if let Some(to) = response.headers.get(&HeaderName::To) {
            ack.headers.set(HeaderName::To, to);
        }
        self.send_message(&peer, |out| ack.write(out));
    }
}

/// An ACK or CANCEL made of the INVITE it follows: the same request URI, Via, Route, From, To,
/// Call-ID and CSeq number (RFC 3261 §9.1, §17.1.1.3).
pub(crate) fn follow_up(invite: &Request, method: Method) -> Request {
    let mut request = Request::new(method, invite.uri.clone());
    let headers = &mut request.headers;
    for name in [
        HeaderName::Via,
        HeaderName::MaxForwards,
        HeaderName::Route,
        HeaderName::From,
        HeaderName::To,
        HeaderName::CallId,
    ] {
        headers.copy_from(&invite.headers, &name);
    }
    let number = invite.headers.cseq().map_or(0, |cseq| cseq.number);
    headers.push_cseq(number, &request.method);
    request
}

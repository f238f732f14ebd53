//! Requests that are too long for a datagram go over TCP instead (RFC 3261 §18.1.1), and come back to
//! UDP where the peer takes no connection.

use core::time::Duration;
use std::net::SocketAddr;

use model::{Instant, Transport, limits};

use super::{Agent, Client, client::Machine};
use crate::{
    HeaderName, Headers, Peer, Request, UsageKey,
    transaction::{ClientKey, InviteClient, NonInviteClient},
};

/// Bytes of a Via of ours and of Content-Length, which a request gets last.
const LAST_HEADERS: usize = 150;
/// A peer that took no connection is asked again after this time.
const ASK_AGAIN: Duration = Duration::from_secs(600);
const VIA_TCP: &[u8] = b"Via: SIP/2.0/TCP ";
const VIA_UDP: &[u8] = b"Via: SIP/2.0/UDP ";

impl Agent {
    /// The way that this request takes: a connection (still to be found: no flow) for a long one.
    pub(super) fn way_of(&self, now: Instant, peer: Peer, request: &Request) -> Peer {
        let known = self.streamless.get(&peer.remote);
        let refused = known.is_some_and(|&since| now.since(since) < ASK_AGAIN);
        if peer.transport != Transport::Udp || refused || length(request) <= limits::SIP_UDP_MAX {
            return peer;
        }
        Peer {
            transport: Transport::Tcp,
            flow: None,
            ..peer
        }
    }

    /// The phone took a long INVITE over a connection and names TCP in its Contact: what follows in the
    /// call goes there too (RFC 3261 §12.1.2, §18.1.1). One that names no transport is spoken to as before.
    pub(crate) fn stay_on_connection(
        &mut self,
        key: UsageKey,
        client: ClientKey,
        headers: &Headers,
    ) {
        let by_tcp = |client: &&Client| client.peer.transport == Transport::Tcp;
        let Some(client) = self.clients.get(&client).filter(by_tcp) else {
            return;
        };
        let contact = headers.contact_uri().ok();
        let named = contact.as_ref().and_then(|uri| uri.param("transport"));
        let names_tcp = named.is_some_and(|name| name.eq_ignore_ascii_case("tcp"));
        if names_tcp && let Some(usage) = self.usages.get_mut(&key) {
            usage.peer = client.peer;
        }
    }

    /// No connection to `remote` could be had for [`Output::Send`](super::Output::Send) over TCP
    /// without a flow, or it broke: what waits for an answer is sent as datagrams.
    pub fn stream_failed(&mut self, now: Instant, remote: SocketAddr) {
        let waits = |client: &Client| {
            let peer = &client.peer;
            let wide = peer.transport == Transport::Tcp && peer.flow.is_none();
            wide && peer.remote == remote && !client.is_final()
        };
        let waiting = self.clients.iter().filter(|(_, client)| waits(client));
        let keys: Vec<ClientKey> = waiting.map(|(key, _)| *key).collect();
        if keys.is_empty() {
            return;
        }
        self.streamless
            .retain(|_, since| now.since(*since) < ASK_AGAIN);
        if self.streamless.len() < limits::SIP_FLOWS {
            self.streamless.insert(remote, now);
        }
        for key in keys {
            self.narrow(now, key);
        }
    }

    /// Begins a transaction anew, over UDP. Its branch stays: the peer takes it for a repetition if
    /// it has seen it.
    fn narrow(&mut self, now: Instant, key: ClientKey) {
        let timing = self.config.timing;
        self.alarms.clear_client(key);
        let Some(client) = self.clients.get_mut(&key) else {
            return;
        };
        client.peer.transport = Transport::Udp;
        if let Some(at) = client
            .bytes
            .windows(VIA_TCP.len())
            .position(|bytes| bytes == VIA_TCP)
        {
            client.bytes[at..at + VIA_UDP.len()].copy_from_slice(VIA_UDP);
        }
        if let Some(part) = &mut client.invite
            && let Some(via) = part.request.headers.get(&HeaderName::Via)
        {
            // Ours is the only one.
            let via = via.replacen("SIP/2.0/TCP", "SIP/2.0/UDP", 1);
            part.request.headers.set(HeaderName::Via, via);
        }
        let effects = match &mut client.machine {
            Machine::Invite(machine) => {
                let (fresh, effects) = InviteClient::start(&timing, false);
                *machine = fresh;
                effects
            }
            Machine::Other(machine) => {
                let (fresh, effects) = NonInviteClient::start(&timing, false);
                *machine = fresh;
                effects
            }
        };
        self.apply_client(now, key, effects);
    }
}

/// How long a request will be, at most.
fn length(request: &Request) -> usize {
    let headers = request.headers.iter();
    let headers: usize = headers
        .map(|header| header.name.as_str().len() + header.value.len() + 4)
        .sum();
    let line = request.method.as_str().len() + request.uri.as_str().len();
    line + headers + request.body.len() + LAST_HEADERS
}

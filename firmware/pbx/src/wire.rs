//! Bytes that come and go: datagrams, streams in frames, and what is no message of SIP.

use std::net::SocketAddr;

use model::{FlowId, Now, Transport};
use sip::Peer;

use crate::{Output, pbx::Pbx, stun};

impl Pbx {
    /// A datagram came.
    pub(crate) fn datagram(
        &mut self,
        now: Now,
        local: SocketAddr,
        remote: SocketAddr,
        bytes: &[u8],
    ) {
        if stun::is_stun(bytes) {
            if let Some(bytes) = stun::answer(bytes, remote) {
                self.out.push_back(Output::Datagram {
                    local,
                    remote,
                    bytes,
                });
            }
            return;
        }
        // Keep-alives without an answer: CRLF, a zero byte, four zero bytes, by vendor.
        if bytes.iter().all(|b| matches!(b, b'\r' | b'\n' | 0)) {
            return;
        }
        self.message(now, Peer::udp(local, remote), bytes);
    }

    /// Bytes of a stream came.
    pub(crate) fn flow_bytes(&mut self, now: Now, flow: FlowId, bytes: &[u8]) {
        let Some(known) = self.flows.get_mut(flow) else {
            return;
        };
        known.push(bytes);
        loop {
            let Some(known) = self.flows.get_mut(flow) else {
                return;
            };
            match known.next_frame() {
                None => return,
                Some(Ok(sip::Frame::Message(bytes))) => {
                    known.patience = None;
                    let peer = known.peer;
                    self.message(now, peer, &bytes);
                }
                Some(Ok(sip::Frame::Ping)) => {
                    // RFC 5626 §3.5.1: a double CRLF is answered with a single one.
                    let bytes = b"\r\n".to_vec();
                    self.out.push_back(Output::Bytes { flow, bytes });
                }
                Some(Ok(sip::Frame::Pong)) => {}
                Some(Err(_)) => {
                    self.counters.sip_garbage += 1;
                    self.out.push_back(Output::Close { flow });
                    self.flow_closed(now, flow);
                    return;
                }
            }
        }
    }

    fn message(&mut self, now: Now, peer: Peer, bytes: &[u8]) {
        match sip::parse(bytes) {
            Ok(parsed) => {
                if !parsed.leniencies.is_empty() {
                    self.counters.sip_lenient += 1;
                }
                self.agent.receive(now.mono, &peer, parsed.message);
            }
            Err(error) => {
                self.counters.sip_garbage += 1;
                self.agent.receive_malformed(&peer, &error);
            }
        }
        self.settle(now);
    }

    /// Puts bytes of a SIP message on their way.
    pub(crate) fn send(&mut self, now: Now, peer: Peer, bytes: Vec<u8>) {
        let flow = match (peer.flow, peer.transport) {
            (None, Transport::Tcp) => match self.stream_to(&peer) {
                Some(flow) => Some(flow),
                None => {
                    self.counters.flows_refused += 1;
                    self.agent.stream_failed(now.mono, peer.remote);
                    return;
                }
            },
            (flow, _) => flow,
        };
        self.out.push_back(match flow {
            Some(flow) => Output::Bytes { flow, bytes },
            None => Output::Datagram {
                local: peer.local,
                remote: peer.remote,
                bytes,
            },
        });
    }
}

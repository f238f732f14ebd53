//! Connections: framing of what arrives, keep-alives, and the time a newcomer has to say something.

use core::time::Duration;
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use model::{FlowId, Instant, Transport, limits};
use sip::{Frame, Framer, FramingError, Peer};

use crate::{Output, Pbx};

/// Ids from here on are of connections that we make.
const OUTBOUND: u64 = 1 << 63;

/// One connection.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) peer: Peer,
    frames: Frames,
    /// Until the first whole message: when we lose patience.
    pub(crate) patience: Option<Instant>,
}

/// How messages are told apart.
#[derive(Debug)]
enum Frames {
    /// By their length, in a stream.
    Stream(Framer),
    /// By the WebSocket, which carries one message at a time (RFC 7118 §5.2).
    Whole(Option<Vec<u8>>),
}

impl Frames {
    fn of(transport: Transport) -> Self {
        match transport {
            Transport::Ws | Transport::Wss => Self::Whole(None),
            Transport::Udp | Transport::Tcp | Transport::Tls => Self::Stream(Framer::default()),
        }
    }
}

impl Flow {
    /// Takes what came: a piece of a stream, or a message of a WebSocket.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        match &mut self.frames {
            Frames::Stream(framer) => framer.push(bytes),
            Frames::Whole(message) => *message = Some(bytes.to_vec()),
        }
    }

    /// The next message or keep-alive, if it is complete.
    pub(crate) fn next_frame(&mut self) -> Option<Result<Frame, FramingError>> {
        match &mut self.frames {
            Frames::Stream(framer) => framer.next(),
            Frames::Whole(message) => Some(match message.take()? {
                long if long.len() > limits::SIP_MESSAGE_MAX => Err(FramingError::TooLong),
                ping if ping == b"\r\n\r\n" => Ok(Frame::Ping),
                blank if blank.iter().all(u8::is_ascii_whitespace) => Ok(Frame::Pong),
                whole => Ok(Frame::Message(whole)),
            }),
        }
    }
}

/// All connections.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    all: BTreeMap<FlowId, Flow>,
    per_address: BTreeMap<IpAddr, usize>,
    made: u64,
}

impl Flows {
    /// Takes a connection that is up; `false` at the limit of all, or of one address.
    pub(crate) fn opened(
        &mut self,
        now: Instant,
        flow: FlowId,
        transport: Transport,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> bool {
        if let Some(known) = self.all.get_mut(&flow) {
            known.peer.local = local;
            return true;
        }
        if self.all.len() >= limits::SIP_FLOWS {
            return false;
        }
        let of_address = self.per_address.entry(remote.ip()).or_default();
        if *of_address >= limits::SIP_FLOWS_PER_ADDRESS {
            return false;
        }
        *of_address += 1;
        let patience = Duration::from_secs(limits::SIP_FLOW_FIRST_MESSAGE_S);
        let peer = Peer {
            transport,
            local,
            remote,
            flow: Some(flow),
        };
        let fresh = Flow {
            peer,
            frames: Frames::of(transport),
            patience: Some(now + patience),
        };
        self.all.insert(flow, fresh);
        true
    }

    /// A connection that we begin to make to `remote`; it can be written to at once.
    pub(crate) fn make(
        &mut self,
        transport: Transport,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Peer {
        let flow = FlowId(OUTBOUND | self.made);
        self.made += 1;
        let peer = Peer {
            transport,
            local,
            remote,
            flow: Some(flow),
        };
        *self.per_address.entry(remote.ip()).or_default() += 1;
        let fresh = Flow {
            peer,
            frames: Frames::of(transport),
            patience: None,
        };
        self.all.insert(flow, fresh);
        peer
    }

    /// Every connection, and how many we made.
    pub(crate) fn list(&self) -> (Vec<Peer>, u64) {
        (self.all.values().map(|flow| flow.peer).collect(), self.made)
    }

    /// The connections of a snapshot; nothing half-read is in them.
    pub(crate) fn restore((peers, made): &(Vec<Peer>, u64)) -> Self {
        let mut flows = Self {
            made: *made,
            ..Self::default()
        };
        for &peer in peers {
            let Some(id) = peer.flow else { continue };
            *flows.per_address.entry(peer.remote.ip()).or_default() += 1;
            let flow = Flow {
                peer,
                frames: Frames::of(peer.transport),
                patience: None,
            };
            flows.all.insert(id, flow);
        }
        flows
    }

    pub(crate) fn get_mut(&mut self, flow: FlowId) -> Option<&mut Flow> {
        self.all.get_mut(&flow)
    }

    pub(crate) fn get(&self, flow: FlowId) -> Option<&Flow> {
        self.all.get(&flow)
    }

    /// A connection to `remote` that is up or being made.
    pub(crate) fn to(&self, transport: Transport, remote: SocketAddr) -> Option<Peer> {
        self.all
            .values()
            .map(|flow| flow.peer)
            .find(|peer| peer.transport == transport && peer.remote == remote)
    }

    pub(crate) fn closed(&mut self, flow: FlowId) -> Option<Peer> {
        let gone = self.all.remove(&flow)?;
        let address = gone.peer.remote.ip();
        if let Some(left) = self.per_address.get_mut(&address) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.per_address.remove(&address);
            }
        }
        Some(gone.peer)
    }

    /// Newcomers that have said nothing whole in time.
    pub(crate) fn silent(&self, now: Instant) -> Vec<FlowId> {
        let due = |flow: &Flow| flow.patience.is_some_and(|at| at <= now);
        self.all
            .iter()
            .filter(|(_, flow)| due(flow))
            .map(|(&id, _)| id)
            .collect()
    }

    pub(crate) fn next_deadline(&self) -> Option<(Instant, &'static str)> {
        self.all
            .values()
            .filter_map(|flow| flow.patience)
            .min()
            .map(|at| (at, "first message of a connection"))
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }
}

impl Pbx {
    /// A TCP connection for a request that is too long for a datagram: one that is there, or a new
    /// one; `None` at the limit.
    pub(crate) fn stream_to(&mut self, peer: &Peer) -> Option<FlowId> {
        if let Some(known) = self.flows.to(Transport::Tcp, peer.remote) {
            return known.flow;
        }
        if self.flows.len() >= limits::SIP_FLOWS {
            return None;
        }
        let made = self.flows.make(Transport::Tcp, peer.local, peer.remote);
        let flow = made.flow?;
        self.out.push_back(Output::Connect {
            flow,
            transport: Transport::Tcp,
            remote: peer.remote,
        });
        Some(flow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_all_connections_and_gets_its_places_back() {
        let mut flows = Flows::default();
        let local: SocketAddr = "192.0.2.1:5060".parse().expect("literal");
        let open = |flows: &mut Flows, id: usize, host: &str| {
            let remote = SocketAddr::new(host.parse().expect("literal"), 7_000);
            let flow = FlowId(u64::try_from(id).expect("small"));
            flows.opened(Instant::ZERO, flow, Transport::Tcp, local, remote)
        };
        let most = limits::SIP_FLOWS_PER_ADDRESS;
        assert!((0..most).all(|id| open(&mut flows, id, "192.0.2.7")));
        assert!(!open(&mut flows, most, "192.0.2.7"));
        assert!(
            open(&mut flows, most, "192.0.2.8"),
            "others are not concerned"
        );
        flows.closed(FlowId(0));
        assert!(open(&mut flows, most + 1, "192.0.2.7"));
        assert_eq!(flows.len(), most + 1);
    }

    #[test]
    fn half_a_message_does_not_keep_a_connection() {
        let mut flows = Flows::default();
        let at: SocketAddr = "192.0.2.1:5060".parse().expect("literal");
        let began = Instant::from_millis(700);
        assert!(flows.opened(began, FlowId(1), Transport::Tcp, at, at));
        let flow = flows.get_mut(FlowId(1)).expect("it is open");
        flow.push(b"OPTIONS sip:x SIP/2.0\r\nVia: ");
        assert!(flow.next_frame().is_none());
        let due = began + Duration::from_secs(limits::SIP_FLOW_FIRST_MESSAGE_S);
        assert_eq!(flows.next_deadline().map(|(at, _)| at), Some(due));
        assert_eq!(flows.silent(Instant::from_millis(due.as_millis() - 1)), []);
        assert_eq!(flows.silent(due), [FlowId(1)]);
    }
}

//! Connections between phones and the exchange: bytes in order, cut anywhere, late rather than lost,
//! until the path, the power or the phone breaks them.

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use model::{FlowId, Instant, Transport};
use pbx::Input;

use crate::exchange::Effect;
use crate::office::{BOX, BOX_TLS};
use crate::phone::Message;
use crate::world::{Happening, World};

/// What came and is no whole message yet.
#[derive(Debug, Default)]
struct Framer(Vec<u8>);

impl Framer {
    /// Takes bytes; gives the messages that they complete.
    fn take(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.0.extend(bytes);
        let mut whole = Vec::new();
        loop {
            let blank = self
                .0
                .iter()
                .take_while(|b| matches!(b, b'\r' | b'\n'))
                .count();
            self.0.drain(..blank);
            let Some(head) = self.0.windows(4).position(|four| four == b"\r\n\r\n") else {
                return whole;
            };
            let length =
                Message::parse(&self.0).map_or(0, |m| m.get("content-length").parse().unwrap_or(0));
            let end = head + 4 + length;
            if self.0.len() < end {
                return whole;
            }
            whole.push(self.0.drain(..end).collect());
        }
    }
}

#[derive(Debug)]
struct Stream {
    seat: usize,
    /// Bytes are never earlier than those before them, by direction.
    latest: [Instant; 2],
    to_exchange: Framer,
    to_phone: Framer,
}

/// All connections.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    all: BTreeMap<FlowId, Stream>,
    /// The connection that a seat's phone uses.
    current: BTreeMap<usize, FlowId>,
    made: u64,
}

impl Streams {
    fn open(&mut self, seat: usize, flow: FlowId, now: Instant) {
        let stream = Stream {
            seat,
            latest: [now; 2],
            to_exchange: Framer::default(),
            to_phone: Framer::default(),
        };
        self.all.insert(flow, stream);
        self.current.insert(seat, flow);
    }
}

/// Something that happens on a connection.
#[derive(Debug)]
pub(crate) enum OnStream {
    /// It is up, seen from the exchange.
    Up(FlowId),
    /// Bytes reach the exchange.
    Reach(FlowId, Vec<u8>),
    /// Bytes reach the phone.
    Arrive(FlowId, Vec<u8>),
    /// The exchange notices that it is down.
    Down(FlowId),
}

impl World {
    /// The phone of `seat` sends bytes, over a new connection if it has none.
    pub(crate) fn stream_send(&mut self, seat: usize, bytes: &[u8]) {
        let host = self.stations[seat].host().ip();
        if self.network.stream_delay(self.now, host).is_none() {
            // Not even a connection comes about.
            return;
        }
        let flow = match self.streams.current.get(&seat) {
            Some(&flow) => flow,
            None => {
                // Ids of the exchange's own connections begin far above.
                self.streams.made += 1;
                let flow = FlowId(self.streams.made);
                self.streams.open(seat, flow, self.now);
                self.on_stream(flow, 0, OnStream::Up(flow));
                flow
            }
        };
        let cut = bytes.len() / 3;
        for part in [&bytes[..cut], &bytes[cut..]] {
            if !part.is_empty() {
                self.on_stream(flow, 0, OnStream::Reach(flow, part.to_vec()));
            }
        }
    }

    /// Plans what happens at the other end of a connection.
    fn on_stream(&mut self, flow: FlowId, direction: usize, what: OnStream) {
        let Some(stream) = self.streams.all.get_mut(&flow) else {
            return;
        };
        let host = self.stations[stream.seat].host().ip();
        let Some(delay) = self.network.stream_delay(self.now, host) else {
            return;
        };
        let at = (self.now + delay).max(stream.latest[direction]);
        stream.latest[direction] = at;
        self.later(at.since(self.now), Happening::Stream(what));
    }

    /// Takes what the exchange does on connections.
    pub(crate) fn stream_effect(&mut self, effect: Effect) {
        match effect {
            Effect::Connect(flow, remote) => self.stream_connect(flow, remote),
            Effect::Bytes(flow, bytes) => {
                self.trace.effect(self.now, &bytes);
                let seat = self.streams.all.get(&flow).map(|stream| stream.seat);
                if let (Some(seat), Some(message)) = (seat, Message::parse(&bytes)) {
                    self.trace_message(seat, "<-", &message);
                    self.truth.left(self.now, seat, &message);
                }
                self.on_stream(flow, 1, OnStream::Arrive(flow, bytes));
            }
            Effect::Close(flow) => self.stream_lost(flow),
            _ => {}
        }
    }

    fn stream_connect(&mut self, flow: FlowId, remote: SocketAddr) {
        let at = self
            .stations
            .iter()
            .position(|s| s.phone.tcp && s.host().ip() == remote.ip());
        let reachable = at.filter(|&at| {
            let host = self.stations[at].host().ip();
            self.network.stream_delay(self.now, host).is_some()
        });
        match reachable {
            Some(seat) => {
                self.streams.open(seat, flow, self.now);
                self.on_stream(flow, 0, OnStream::Up(flow));
            }
            None => self.later(
                Duration::from_secs(3),
                Happening::Stream(OnStream::Down(flow)),
            ),
        }
    }

    /// A connection does something.
    pub(crate) fn stream_happens(&mut self, what: OnStream) {
        match what {
            OnStream::Up(flow) => self.stream_up(flow),
            OnStream::Reach(flow, bytes) => self.stream_reach(flow, bytes),
            OnStream::Arrive(flow, bytes) => self.stream_arrive(flow, &bytes),
            OnStream::Down(flow) => self.input(Input::FlowClosed { flow }),
        }
    }

    fn stream_up(&mut self, flow: FlowId) {
        let Some(seat) = self.streams.all.get(&flow).map(|stream| stream.seat) else {
            return;
        };
        if self.exchange.is_none() {
            self.stream_lost(flow);
            return;
        }
        let mut remote = self.stations[seat].host();
        remote.set_port(30_000 + (flow.0 % 20_000) as u16);
        let (transport, local) = match self.stations[seat].phone.tls {
            true => (Transport::Tls, BOX_TLS),
            false => (Transport::Tcp, BOX),
        };
        self.input(Input::FlowOpened {
            flow,
            transport,
            local,
            remote,
        });
    }

    fn stream_reach(&mut self, flow: FlowId, bytes: Vec<u8>) {
        if self.exchange.is_none() {
            self.stream_lost(flow);
            return;
        }
        let Some(stream) = self.streams.all.get_mut(&flow) else {
            return;
        };
        let seat = stream.seat;
        for message in stream.to_exchange.take(&bytes) {
            if let Some(message) = Message::parse(&message) {
                self.trace_message(seat, "->", &message);
                self.truth.reached(self.now, seat, &message, &self.office);
                self.notice_changes();
            }
        }
        self.input(Input::Bytes { flow, bytes });
    }

    fn stream_arrive(&mut self, flow: FlowId, bytes: &[u8]) {
        let Some(stream) = self.streams.all.get_mut(&flow) else {
            return;
        };
        let seat = stream.seat;
        for message in stream.to_phone.take(bytes) {
            let mut out = Vec::new();
            self.stations[seat].receive_message(self.now, &message, &mut out);
            self.carry(seat, out);
        }
    }

    /// The connection is gone, and the phone notices at once.
    fn stream_lost(&mut self, flow: FlowId) {
        let Some(stream) = self.streams.all.remove(&flow) else {
            return;
        };
        let seat = stream.seat;
        self.truth.connection_lost(seat);
        if self.streams.current.get(&seat) == Some(&flow) {
            self.streams.current.remove(&seat);
            self.stations[seat].connection_lost(self.now);
        }
    }

    /// Everything that the phone of `seat` was connected by breaks; the exchange notices after `wait`.
    pub(crate) fn break_streams(&mut self, seat: usize, wait: Duration) {
        let of_seat = |(_, stream): &(&FlowId, &Stream)| stream.seat == seat;
        let flows: Vec<FlowId> = self
            .streams
            .all
            .iter()
            .filter(of_seat)
            .map(|(f, _)| *f)
            .collect();
        for flow in flows {
            self.stream_lost(flow);
            self.later(wait, Happening::Stream(OnStream::Down(flow)));
        }
    }

    /// The power of the exchange took all connections with it.
    pub(crate) fn break_all_streams(&mut self) {
        for flow in self.streams.all.keys().copied().collect::<Vec<_>>() {
            self.stream_lost(flow);
        }
    }
}

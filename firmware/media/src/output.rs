//! What the plane asks of its driver, kept in buffers that never grow.

use std::collections::VecDeque;
use std::net::SocketAddr;

use model::{MediaEvent, MediaLeg, limits};

use crate::{PortLeg, RtpLeg};

/// Which socket of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// The even port: sound.
    Rtp,
    /// The odd port: reports.
    Rtcp,
}

/// One thing for the driver to do, in the order given.
#[derive(Debug)]
pub enum Output<'a> {
    /// Send this datagram.
    Transmit {
        /// From the sockets of this leg.
        leg: MediaLeg,
        /// Which of the two.
        channel: Channel,
        /// The far end.
        to: SocketAddr,
        /// The datagram.
        bytes: &'a [u8],
    },
    /// Tell the control plane.
    Event(MediaEvent),
    /// The leg's object is no longer used: close its sockets and free it elsewhere. Comes right
    /// after `LegRemoved` or `LegFailed`.
    Dead(MediaLeg, Retired),
}

/// The object of a leg that is over, to be freed by a thread that may free.
#[derive(Debug)]
pub enum Retired {
    /// It spoke RTP.
    Rtp(Box<RtpLeg>),
    /// It was a port.
    Port(Box<PortLeg>),
}

/// Bytes per leg of datagrams that wait for the driver: 60 ms of G.711.
const BYTES: usize = 512;
/// Datagrams per leg that wait: one of sound and one report, and a digit.
const DATAGRAMS: usize = 3;
/// Events per leg that wait.
const EVENTS: usize = 4;
/// Objects that wait; one input retires at most one.
const RETIRED: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Datagram {
    leg: MediaLeg,
    channel: Channel,
    to: SocketAddr,
    start: usize,
    len: usize,
}

/// Everything that `poll` will give out.
#[derive(Debug)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    datagrams: VecDeque<Datagram>,
    events: VecDeque<MediaEvent>,
    retired: VecDeque<(MediaLeg, Retired)>,
    /// What did not fit: the driver did not drain.
    pub(crate) overflow: u64,
}

impl Outbox {
    /// Room for what one tick of so many legs asks for.
    pub(crate) fn new(legs: usize) -> Self {
        let room = |each: usize| legs.saturating_add(4).saturating_mul(each);
        Self {
            bytes: Vec::with_capacity(room(BYTES).max(limits::RTP_PACKET_MAX)),
            datagrams: VecDeque::with_capacity(room(DATAGRAMS)),
            events: VecDeque::with_capacity(room(EVENTS)),
            retired: VecDeque::with_capacity(RETIRED),
            overflow: 0,
        }
    }

    /// Queues a datagram made of `head` and `body`; whether there was room.
    pub(crate) fn transmit(
        &mut self,
        (leg, channel): (MediaLeg, Channel),
        to: SocketAddr,
        head: &[u8],
        body: &[u8],
    ) -> bool {
        let start = self.bytes.len();
        let len = head.len().saturating_add(body.len());
        let room = self.bytes.capacity().saturating_sub(start) >= len
            && self.datagrams.len() < self.datagrams.capacity();
        if !room {
            self.overflow = self.overflow.saturating_add(1);
            return false;
        }
        self.bytes.extend_from_slice(head);
        self.bytes.extend_from_slice(body);
        self.datagrams.push_back(Datagram {
            leg,
            channel,
            to,
            start,
            len,
        });
        true
    }

    pub(crate) fn event(&mut self, event: MediaEvent) {
        if self.events.len() < self.events.capacity() {
            self.events.push_back(event);
        } else {
            self.overflow = self.overflow.saturating_add(1);
        }
    }

    /// Queues a dead object. Never dropped here, for dropping frees: one input retires at most one
    /// object and the driver drains after each.
    pub(crate) fn retire(&mut self, leg: MediaLeg, object: Retired) {
        self.retired.push_back((leg, object));
    }

    /// Address and length of the bytes and of the list of datagrams.
    pub(crate) fn memory(&self) -> [(usize, usize); 2] {
        let (list, _) = self.datagrams.as_slices();
        let list_len = self
            .datagrams
            .capacity()
            .saturating_mul(size_of::<Datagram>());
        [
            (self.bytes.as_ptr().addr(), self.bytes.capacity()),
            (list.as_ptr().addr(), list_len),
        ]
    }

    pub(crate) fn poll(&mut self) -> Option<Output<'_>> {
        if let Some(datagram) = self.datagrams.pop_front() {
            let end = datagram.start.saturating_add(datagram.len);
            return Some(Output::Transmit {
                leg: datagram.leg,
                channel: datagram.channel,
                to: datagram.to,
                bytes: self.bytes.get(datagram.start..end).unwrap_or(&[]),
            });
        }
        self.bytes.clear();
        if let Some(event) = self.events.pop_front() {
            return Some(Output::Event(event));
        }
        self.retired
            .pop_front()
            .map(|(leg, object)| Output::Dead(leg, object))
    }
}

//! Datagrams of handshakes between the media thread and its helper.

use std::net::SocketAddr;

use model::{MediaLeg, limits};
use rtrb::Consumer;

use crate::link::Sender;
use crate::status::{Counters, count};
use crate::worker::Worker;

/// One thread's ends of the two rings of handshakes: what it says, and what it hears.
pub(crate) type Flights = (Sender<Flight>, Consumer<Flight>);

/// A datagram of a DTLS handshake, in either direction; holds its octets, so that the media thread
/// neither allocates nor frees.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) leg: MediaLeg,
    /// The far end; `None` = wherever the leg's far end is.
    pub(crate) far: Option<SocketAddr>,
    len: usize,
    octets: [u8; limits::RTP_PACKET_MAX],
}

impl Flight {
    /// `None` if it is longer than any datagram of ours.
    pub(crate) fn new(leg: MediaLeg, far: Option<SocketAddr>, bytes: &[u8]) -> Option<Self> {
        let mut octets = [0; limits::RTP_PACKET_MAX];
        octets.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self {
            leg,
            far,
            len: bytes.len(),
            octets,
        })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or(&[])
    }
}

impl Worker {
    /// Sends what the helper says in handshakes.
    pub(crate) fn send_flights(&mut self) {
        for _ in 0..limits::DTLS_RING {
            let Ok(flight) = self.flights.1.pop() else {
                return;
            };
            self.plane
                .send_handshake(flight.leg, flight.far, flight.bytes());
            self.drain();
        }
    }
}

/// Hands what a far end says in a handshake to the helper. What finds no room is lost, as any
/// datagram may be: the far end repeats it.
pub(crate) fn pass_flight(
    flights: &mut Sender<Flight>,
    counters: &Counters,
    leg: MediaLeg,
    from: SocketAddr,
    bytes: &[u8],
) {
    let flight = Flight::new(leg, Some(from), bytes);
    if flight.is_none_or(|flight| flights.send(flight).is_err()) {
        count(&counters.flights_lost, 1);
    }
}

//! Who we talk to, and over what.

use std::net::SocketAddr;

use model::{FlowId, Transport};

/// The two ends of a way that SIP bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    /// How the bytes travel.
    pub transport: Transport,
    /// Our address.
    pub local: SocketAddr,
    /// Theirs, as the packet or connection shows it; never taken from a header.
    pub remote: SocketAddr,
    /// The connection, for a transport that has one.
    pub flow: Option<FlowId>,
}

impl Peer {
    /// A UDP peer.
    #[must_use]
    pub const fn udp(local: SocketAddr, remote: SocketAddr) -> Self {
        Self {
            transport: Transport::Udp,
            local,
            remote,
            flow: None,
        }
    }
}

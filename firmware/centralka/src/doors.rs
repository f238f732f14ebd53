//! Opening the SIP ports, and saying clearly which setting is to blame when one cannot be had.

use std::net::SocketAddr;

use anyhow::Result;
use config::Config;

use crate::control::{Bound, Listener, SipSocket};

/// The SIP sockets.
pub(crate) struct Doors {
    pub(crate) udp: Vec<SipSocket>,
    pub(crate) listeners: Vec<Listener>,
}

impl Doors {
    /// Binds every address of the configuration.
    pub(crate) fn bind(config: &Config) -> Result<Self> {
        let network = &config.network;
        let mut doors = Self {
            udp: Vec::new(),
            listeners: Vec::new(),
        };
        for &address in &network.sip_udp {
            doors
                .udp
                .push(taken(SipSocket::bind(address), "sip_udp", address)?);
        }
        for &address in &network.sip_tcp {
            let listener = Listener::bind(address, false);
            doors.listeners.push(taken(listener, "sip_tcp", address)?);
        }
        for &address in &network.sip_tls {
            let listener = Listener::bind(address, true);
            doors.listeners.push(taken(listener, "sip_tls", address)?);
        }
        Ok(doors)
    }

    /// The addresses and ports that were bound.
    pub(crate) fn bound(&self) -> Bound {
        let of = |secure| {
            let wanted = self.listeners.iter().filter(move |l| l.secure == secure);
            wanted.map(|listener| listener.bound).collect()
        };
        Bound {
            sip_udp: self.udp.iter().map(SipSocket::bound).collect(),
            sip_tcp: of(false),
            sip_tls: of(true),
        }
    }
}

/// Says which setting names an address that cannot be had, and what to do.
pub(crate) fn taken<T>(result: std::io::Result<T>, key: &str, address: SocketAddr) -> Result<T> {
    result.map_err(|error| {
        let advice = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program uses it; stop that or choose another port"
            }
            std::io::ErrorKind::PermissionDenied => {
                "ports below 1024 need a right; choose another port"
            }
            std::io::ErrorKind::AddrNotAvailable => "this machine does not have that address",
            _ => "see the cause",
        };
        anyhow::anyhow!("network.{key}: {address} cannot be opened: {advice} ({error})")
    })
}

//! The one place that decides which address of ours a peer is told (design §3, the boundary of
//! `Pbx`): Via and Contact by SIP, and the connection line of SDP.

use std::net::{IpAddr, SocketAddr};

use config::{Config, ExternalAddress};
use model::Transport;
use sip::{Host, Peer, Uri};

use crate::Pbx;

/// The address of ours that `remote` shall use, given that packets reach us at `local`.
///
/// A peer on a local network is told the address at which it reached us. Everybody else is told
/// the external address, where there is one: the box stands behind address translation.
pub(crate) fn advertised(
    config: &Config,
    external: Option<IpAddr>,
    local: SocketAddr,
    remote: SocketAddr,
) -> IpAddr {
    if config.network.is_local(remote.ip()) {
        return local.ip().to_canonical();
    }
    let configured = match &config.network.external_address {
        ExternalAddress::Ip(address) => Some(*address),
        ExternalAddress::Auto | ExternalAddress::Name(_) => external,
    };
    configured.unwrap_or_else(|| local.ip().to_canonical())
}

impl Pbx {
    /// Our address for the voice of a call with this peer.
    pub(crate) fn media_address(&self, peer: &Peer) -> IpAddr {
        advertised(&self.config, self.external, peer.local, peer.remote)
    }

    /// A SIP URI of ours that the peer can reach, for Contact and From.
    pub(crate) fn signalling_uri(&self, peer: &Peer, user: &str) -> Uri {
        let address = self.media_address(peer);
        let own = peer.local.port();
        // A connection that we made has a local port on which nobody listens. Where the system chose
        // the listening port (0 in the configuration), that of a connection made to us is it.
        let chosen = |sockets: &[SocketAddr]| {
            let port = sockets.first().map(SocketAddr::port);
            port.map(|port| if port == 0 { own } else { port })
        };
        let port = match peer.transport {
            Transport::Udp => Some(own),
            Transport::Tcp => chosen(&self.config.network.sip_tcp),
            Transport::Tls => chosen(&self.config.network.sip_tls),
            Transport::Ws | Transport::Wss => None,
        };
        let user = (!user.is_empty()).then_some(user);
        let uri = Uri::sip(user, &Host::from(address), port);
        match peer.transport.as_uri_param() {
            Some(transport) => uri.with_param("transport", Some(transport)),
            None => uri,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_behind_translation_tells_each_side_its_own_address() {
        let text = "[office]\ncountry = \"PL\"\n[network]\nexternal_address = \"203.0.113.9\"\n";
        let config = Config::parse(text).expect("a legal text");
        let local: SocketAddr = "192.168.1.5:5060".parse().expect("literal");
        for (remote, expected) in [
            ("192.168.1.77:5060", "192.168.1.5"),
            ("198.51.100.7:5060", "203.0.113.9"),
        ] {
            let remote = remote.parse().expect("literal");
            let got = advertised(&config, None, local, remote);
            assert_eq!(got.to_string(), expected);
        }
    }
}

//! The kinds of addresses that the exchange opens, and a clear word about one that cannot be had.

pub(crate) mod bind;
mod listener;
mod udp;

use std::{io, net::SocketAddr};

pub(crate) use listener::Listener;
pub(crate) use udp::SipSocket;

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    SipUdp,
    SipTcp,
    SipTls,
    PanelHttp,
    PanelHttps,
}

impl Kind {
    /// Its key in `[network]`.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::SipUdp => "sip_udp",
            Self::SipTcp => "sip_tcp",
            Self::SipTls => "sip_tls",
            Self::PanelHttp => "panel_http",
            Self::PanelHttps => "panel_https",
        }
    }

    pub(crate) const fn is_udp(self) -> bool {
        matches!(self, Self::SipUdp)
    }

    pub(crate) const fn is_panel(self) -> bool {
        matches!(self, Self::PanelHttp | Self::PanelHttps)
    }
}

/// An address that cannot be had, which setting names it, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("network.{}: {address} cannot be opened: {reason}", kind.key())]
pub(crate) struct Unavailable {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    pub(crate) reason: String,
}

impl Unavailable {
    pub(crate) fn of(kind: Kind, address: SocketAddr, error: &io::Error) -> Self {
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => "another program uses it; stop that or choose another port",
            io::ErrorKind::PermissionDenied => "ports below 1024 need a right; choose another port",
            io::ErrorKind::AddrNotAvailable => "this machine does not have that address",
            _ => "see the cause",
        };
        Self {
            kind,
            address,
            reason: format!("{advice} ({error})"),
        }
    }
}

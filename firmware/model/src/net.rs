//! Words for the ways a peer reaches the box.

use serde::{Deserialize, Serialize};

/// How SIP bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Datagrams, RFC 3261 §18.
    Udp,
    /// A stream, RFC 3261 §18.
    Tcp,
    /// TLS over TCP, RFC 3261 §26.3.
    Tls,
    /// WebSocket, RFC 7118.
    Ws,
    /// Secure WebSocket, RFC 7118.
    Wss,
}

impl Transport {
    /// Whether the transport itself repeats what is lost, so that transactions need not
    /// (RFC 3261 §17: every transport but UDP).
    #[must_use]
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// Whether nobody between the two ends can read along.
    #[must_use]
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// The name in a Via header, RFC 3261 §20.42 and RFC 7118 §5.2.
    #[must_use]
    pub const fn as_via(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// The value of a URI's `transport` parameter; `None` where the default says enough.
    #[must_use]
    pub const fn as_uri_param(self) -> Option<&'static str> {
        match self {
            Self::Udp => None,
            Self::Tcp => Some("tcp"),
            Self::Tls => Some("tls"),
            Self::Ws | Self::Wss => Some("ws"),
        }
    }
}

//! The Via header (RFC 3261 §20.42, RFC 3581).

use core::fmt;
use std::net::{IpAddr, SocketAddr};

use model::Transport;

use crate::{
    Fault, Host, Params,
    grammar::{Decimal, find, is_space, is_token, number, split, text_of, trim},
    host::{Dotted, write_host},
    params::raw_param,
};

/// The start of a branch made by RFC 3261 (§8.1.1.7).
pub(crate) const MAGIC: &str = "z9hG4bK";

/// Bytes that [`Via::mark_source`] may add: `;received=` with an IPv6 address, and a port.
const SOURCE_ROOM: usize = 56;

/// The transport of a Via.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ViaTransport {
    /// One we speak.
    Known(Transport),
    /// Another token.
    Other(Box<str>),
}

impl ViaTransport {
    fn as_str(&self) -> &str {
        match self {
            Self::Known(known) => known.as_via(),
            Self::Other(text) => text,
        }
    }
}

/// One element of a Via header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Via {
    /// What the sender used.
    pub transport: ViaTransport,
    /// Where the sender says it is.
    pub host: Host,
    /// Its port, if written.
    pub port: Option<u16>,
    /// branch, rport, received, …
    pub params: Params,
}

impl Via {
    /// Its text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::with_capacity(self.params.as_str().len() + 64);
        text.push_str("SIP/2.0/");
        text.push_str(self.transport.as_str());
        text.push(' ');
        write_host(&mut text, &self.host, self.port);
        text.push_str(self.params.as_str());
        text
    }

    /// Our own Via: with `branch` and an empty `rport` (RFC 3581 §3).
    #[must_use]
    pub fn new(transport: Transport, sent_by: SocketAddr, branch: &str) -> Self {
        let mut params = Params::with_capacity(branch.len() + 16);
        params.set("branch", Some(branch));
        params.set("rport", None);
        Self {
            transport: ViaTransport::Known(transport),
            host: sent_by.ip().into(),
            port: Some(sent_by.port()),
            params,
        }
    }

    /// Reads one element: `SIP / 2.0 / UDP host:port ;params`, white space where the grammar
    /// allows it.
    ///
    /// # Errors
    /// [`Fault::Malformed`], [`Fault::Host`] or [`Fault::Params`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let parts = Parts::of(text)?;
        let (host, port) = Host::parse_with_port(parts.sent_by)?;
        Ok(Self {
            transport: parts.transport,
            host,
            port,
            params: Params::parse_to_grow(parts.params, SOURCE_ROOM)?,
        })
    }

    /// Whether [`Via::parse`] can read it; says whether its branch was made by RFC 3261 rules.
    pub(crate) fn check(text: &str) -> Result<bool, Fault> {
        let Parts {
            sent_by, params, ..
        } = Parts::of(text)?;
        Host::check_with_port(sent_by)?;
        Params::check(params)?;
        Ok(raw_param(params, "branch").is_some_and(is_magic))
    }

    /// The branch in the text of a Via, without reading all of it; the same as [`Via::branch`] gives.
    pub(crate) fn branch_of(text: &str) -> Option<&str> {
        let params = Parts::of(text).ok()?.params;
        raw_param(params, "branch").filter(|branch| !branch.is_empty())
    }

    /// The branch, if there is one.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.params
            .get("branch")
            .filter(|branch| !branch.is_empty())
    }

    /// Whether the branch was made by RFC 3261 rules and identifies the transaction by itself
    /// (RFC 3261 §17.2.3). The cookie is compared without regard to case.
    #[must_use]
    pub fn has_magic_branch(&self) -> bool {
        self.branch().is_some_and(is_magic)
    }

    /// Whether `rport` stands there, filled or empty (RFC 3581 §4).
    #[must_use]
    pub fn wants_rport(&self) -> bool {
        self.params.contains("rport")
    }

    /// The filled-in `rport`.
    #[must_use]
    pub fn rport(&self) -> Option<u16> {
        self.params.get("rport").and_then(number)
    }

    /// The `received` address, with or without brackets (RFC 5118 §4.5).
    #[must_use]
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.get("received")?;
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
        bare.unwrap_or(text).parse().ok()
    }

    /// Notes where the request really came from: `received` always where it differs or `rport`
    /// was asked for, `rport` where it was asked for (RFC 3261 §18.2.1, RFC 3581 §4).
    pub fn mark_source(&mut self, source: SocketAddr) {
        let asked = self.wants_rport();
        if asked {
            self.params
                .set("rport", Some(Decimal::of(source.port()).as_str()));
        }
        if asked || self.host.ip() != Some(source.ip()) {
            match source.ip() {
                IpAddr::V4(v4) => self.params.set("received", Some(Dotted::of(v4).as_str())),
                IpAddr::V6(v6) => self.params.set("received", Some(&text_of(&v6, 40))),
            }
        } else {
            // A `received` set by the sender itself would misdirect the response.
            self.params.remove("received");
        }
    }

    /// The sent-by port or the transport's default (RFC 3261 §18.1.1: 5060, TLS 5061; RFC 7118
    /// §5.2: 80 and 443).
    #[must_use]
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(match &self.transport {
            ViaTransport::Known(Transport::Tls) => 5061,
            ViaTransport::Known(Transport::Ws) => 80,
            ViaTransport::Known(Transport::Wss) => 443,
            ViaTransport::Known(Transport::Udp | Transport::Tcp) | ViaTransport::Other(_) => 5060,
        })
    }
}

/// One element, its address and parameters not read yet.
struct Parts<'a> {
    transport: ViaTransport,
    sent_by: &'a str,
    params: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Result<Self, Fault> {
        const BAD: Fault = Fault::Malformed("Via");
        let text = trim(text);
        let (name, rest) = split(text, b'/').ok_or(BAD)?;
        let (version, rest) = split(rest, b'/').ok_or(BAD)?;
        if !trim(name).eq_ignore_ascii_case("SIP") || trim(version) != "2.0" {
            return Err(BAD);
        }
        let rest = rest.trim_ascii_start();
        let end = rest.bytes().position(is_space).ok_or(BAD)?;
        let transport = read_transport(&rest[..end]).ok_or(BAD)?;
        let rest = &rest[end..];
        let params_at = find(rest, b';').unwrap_or(rest.len());
        Ok(Self {
            transport,
            sent_by: trim(&rest[..params_at]),
            params: &rest[params_at..],
        })
    }
}

pub(crate) fn is_magic(branch: &str) -> bool {
    let prefix = branch.get(..MAGIC.len());
    prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(MAGIC))
}

fn read_transport(text: &str) -> Option<ViaTransport> {
    const ALL: [Transport; 5] = [
        Transport::Udp,
        Transport::Tcp,
        Transport::Tls,
        Transport::Ws,
        Transport::Wss,
    ];
    let known = ALL
        .into_iter()
        .find(|t| t.as_via().eq_ignore_ascii_case(text));
    match known {
        Some(known) => Some(ViaTransport::Known(known)),
        None if is_token(text) => Some(ViaTransport::Other(text.into())),
        None => None,
    }
}

impl fmt::Display for ViaTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

//! Hosts: names and addresses as they stand in URIs and Via headers.

use core::fmt::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    Fault,
    grammar::{ByteClass, Decimal, find, number, trim},
};

/// A host of a URI or a Via.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// A domain name as written.
    Name(Box<str>),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address; written in brackets.
    V6(Ipv6Addr),
}

impl Host {
    /// Reads a host without a port.
    ///
    /// # Errors
    /// [`Fault::Host`] if it is neither a name nor an address.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or(Fault::Host)?;
            let v6 = inner.parse().ok().or_else(|| three_colons(inner));
            return v6.map(Self::V6).ok_or(Fault::Host);
        }
        let digit_first = text.as_bytes().first().is_some_and(u8::is_ascii_digit);
        if digit_first && let Ok(v4) = text.parse() {
            return Ok(Self::V4(v4));
        }
        check_name(text)?;
        Ok(Self::Name(text.into()))
    }

    /// Reads `host [":" port]`, white space around the colon allowed as Via allows it
    /// (RFC 3261 §25.1 `sent-by`).
    ///
    /// # Errors
    /// [`Fault::Host`], also for a port above 65535 or an IPv6 address without brackets.
    pub fn parse_with_port(text: &str) -> Result<(Self, Option<u16>), Fault> {
        let HostPort { host, port } = HostPort::of(text)?;
        Self::parse(host).map(|host| (host, port))
    }

    /// Whether [`Host::parse_with_port`] can read it.
    ///
    /// # Errors
    /// As [`Host::parse_with_port`].
    pub(crate) fn check_with_port(text: &str) -> Result<(), Fault> {
        match HostPort::of(text)? {
            // An IPv4 address would be a name too.
            HostPort { host, .. } if !host.starts_with('[') => check_name(host),
            HostPort { host, .. } => Self::parse(host).map(drop),
        }
    }

    /// The address, if the host is one.
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::V4(v4) => Some(IpAddr::V4(*v4)),
            Self::V6(v6) => Some(IpAddr::V6(*v6)),
        }
    }

    /// Whether both name the same host: names without regard to case (RFC 3261 §19.1.4).
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(a), Self::Name(b)) => a.eq_ignore_ascii_case(b),
            (Self::V4(a), Self::V4(b)) => a == b,
            (Self::V6(a), Self::V6(b)) => a == b,
            (Self::Name(_) | Self::V4(_) | Self::V6(_), _) => false,
        }
    }
}

/// A host and its port, if one stands there.
struct HostPort<'a> {
    host: &'a str,
    port: Option<u16>,
}

impl<'a> HostPort<'a> {
    fn of(text: &'a str) -> Result<Self, Fault> {
        // Colons of an IPv6 address stand in brackets.
        let address = if text.starts_with('[') {
            find(text, b']').ok_or(Fault::Host)?
        } else {
            0
        };
        let colon = find(&text[address..], b':').map(|at| address + at);
        let port = match colon {
            Some(at) => Some(number(trim(&text[at + 1..])).ok_or(Fault::Host)?),
            None => None,
        };
        let host = &text[..colon.unwrap_or(text.len())];
        Ok(Self {
            host: host.trim_ascii_end(),
            port,
        })
    }
}

fn check_name(text: &str) -> Result<(), Fault> {
    const NAME: &ByteClass = &ByteClass::alphanumeric_and(b"-._");
    let legal = !text.is_empty() && text.len() <= 253 && text.bytes().all(|b| NAME.has(b));
    if legal { Ok(()) } else { Err(Fault::Host) }
}

/// RFC 5118 §4.10: the grammar of RFC 3261 allows three colons before an embedded IPv4 address.
fn three_colons(text: &str) -> Option<Ipv6Addr> {
    let (head, v4) = text.split_once(":::")?;
    let _: Ipv4Addr = v4.parse().ok()?;
    format!("{head}::{v4}").parse().ok()
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => Self::V4(v4),
            IpAddr::V6(v6) => Self::V6(v6),
        }
    }
}

/// An IPv4 address as text: the standard library's way pads each number, and addresses stand twenty
/// times in the messages of a call.
pub(crate) struct Dotted {
    text: [u8; 15],
    len: usize,
}

impl Dotted {
    pub(crate) fn of(address: Ipv4Addr) -> Self {
        let (mut text, mut len) = ([0; 15], 0);
        for (at, octet) in address.octets().into_iter().enumerate() {
            let digits = [octet / 100, octet / 10 % 10, octet % 10];
            let skip = if octet >= 100 {
                0
            } else {
                2 - usize::from(octet >= 10)
            };
            let dot = (at > 0).then_some(b'.');
            let digits = digits.into_iter().skip(skip).map(|digit| b'0' + digit);
            for byte in dot.into_iter().chain(digits) {
                text[len] = byte;
                len += 1;
            }
        }
        Self { text, len }
    }

    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(&self.text[..self.len]).unwrap_or("")
    }
}

/// Appends `host[:port]`.
pub(crate) fn write_host(out: &mut String, host: &Host, port: Option<u16>) {
    match host {
        Host::Name(name) => out.push_str(name),
        Host::V4(v4) => out.push_str(Dotted::of(*v4).as_str()),
        Host::V6(v6) => {
            // Writing into a String cannot fail.
            let _ = write!(out, "[{v6}]");
        }
    }
    if let Some(port) = port {
        out.push(':');
        out.push_str(Decimal::of(port).as_str());
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(v4) => f.write_str(Dotted::of(*v4).as_str()),
            Self::V6(v6) => write!(f, "[{v6}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_the_standard_library_does() {
        for octets in [[0, 9, 10, 99], [100, 199, 200, 255], [255; 4], [0; 4]] {
            let address = Ipv4Addr::from(octets);
            assert_eq!(Dotted::of(address).as_str(), address.to_string());
        }
    }

    #[test]
    fn hosts_and_ports() {
        let read = |text| Host::parse_with_port(text).map(|(h, p)| (h.to_string(), p));
        assert_eq!(read("a.example:5070"), Ok(("a.example".into(), Some(5070))));
        assert_eq!(read("192.0.2.1 : 1"), Ok(("192.0.2.1".into(), Some(1))));
        assert_eq!(
            read("[2001:db8::1]:9"),
            Ok(("[2001:db8::1]".into(), Some(9)))
        );
        assert_eq!(read("[2001:db8::1]"), Ok(("[2001:db8::1]".into(), None)));
        assert_eq!(read("[1:::192.0.2.1]"), read("[1::192.0.2.1]"));
        for bad in [
            "[1:::2]",
            "",
            "2001:db8::1",
            "[::1",
            "a b",
            "a:70000",
            "a:",
            "a:-1",
            "[1.2.3.4]",
        ] {
            assert_eq!(read(bad), Err(Fault::Host), "{bad}");
        }
    }
}

//! `[network]`: where the box listens, and how the world sees it.

use core::{fmt, str::FromStr};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::{format, problem::Bad, read::Section, schema};

/// Most sockets of one kind.
const SOCKETS_MAX: usize = 16;
/// Fewest RTP ports: two pairs for one call, and as many that are not free again yet.
const RTP_PORTS_MIN: u32 = 8;
/// Most networks in `local_networks`.
const NETWORKS_MAX: usize = 64;

/// Addresses and ports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(default)]
pub struct Network {
    /// Addresses for SIP over UDP; port 0 lets the system choose.
    #[schemars(with = "Vec<schema::SocketText>", length(max = 16))]
    pub sip_udp: Vec<SocketAddr>,
    /// Addresses for SIP over TCP.
    #[schemars(with = "Vec<schema::SocketText>", length(max = 16))]
    pub sip_tcp: Vec<SocketAddr>,
    /// Addresses for SIP over TLS.
    #[schemars(with = "Vec<schema::SocketText>", length(max = 16))]
    pub sip_tls: Vec<SocketAddr>,
    /// Address of the panel without encryption, or `off`.
    #[schemars(with = "schema::SocketOrOffText")]
    #[serde(serialize_with = "or_off")]
    pub panel_http: Option<SocketAddr>,
    /// Address of the panel with encryption, or `off`.
    #[schemars(with = "schema::SocketOrOffText")]
    #[serde(serialize_with = "or_off")]
    pub panel_https: Option<SocketAddr>,
    /// UDP ports for voice, first and last; every leg of a call takes an even port and the next.
    #[schemars(with = "schema::PortsText")]
    pub rtp_ports: PortRange,
    /// Networks that reach the box under its own address, without address translation between.
    #[schemars(with = "Vec<schema::SubnetText>", length(max = 64))]
    pub local_networks: Vec<Subnet>,
    /// How all other networks see the box: an IP address, a name, or `auto` to learn it from trunks.
    #[schemars(with = "String")]
    pub external_address: ExternalAddress,
    /// Sites, as `https://host` or `https://host:port`, whose pages may connect browsers as phones
    /// beside the panel's own pages.
    #[schemars(length(max = 16))]
    pub web_origins: Vec<String>,
}

impl Default for Network {
    fn default() -> Self {
        let any = |port| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
        let private = [
            "127.0.0.0/8",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "169.254.0.0/16",
            "::1/128",
            "fc00::/7",
            "fe80::/10",
        ];
        Self {
            sip_udp: vec![any(5060)],
            sip_tcp: vec![any(5060)],
            sip_tls: vec![any(5061)],
            panel_http: Some(any(8080)),
            panel_https: Some(any(8443)),
            rtp_ports: PortRange {
                first: 20_000,
                last: 29_999,
            },
            local_networks: private
                .iter()
                .filter_map(|text| text.parse().ok())
                .collect(),
            external_address: ExternalAddress::Auto,
            web_origins: Vec::new(),
        }
    }
}

impl Network {
    pub(crate) fn read(mut section: Section<'_, '_>) -> Self {
        let default = Self::default();
        let mut sockets = |key| section.list(key, SOCKETS_MAX, format::socket);
        let sip_udp = sockets("sip_udp").unwrap_or(default.sip_udp);
        let sip_tcp = sockets("sip_tcp").unwrap_or(default.sip_tcp);
        let sip_tls = sockets("sip_tls").unwrap_or(default.sip_tls);
        let mut panel = |key| section.parsed(key, format::socket_or_off);
        let panel_http = panel("panel_http").unwrap_or(default.panel_http);
        let panel_https = panel("panel_https").unwrap_or(default.panel_https);
        let rtp_ports = section.parsed("rtp_ports", |text| {
            let expected = "two UDP ports from 1024 on, like 20000-29999, with at least 8 between";
            text.parse().map_err(|_| Bad::malformed(text, expected))
        });
        let local = section.list("local_networks", NETWORKS_MAX, |text| {
            let expected = "a network like 192.168.0.0/16 or fd00::/8";
            text.parse().map_err(|_| Bad::malformed(text, expected))
        });
        let external = section.parsed("external_address", ExternalAddress::parse);
        let origins = section.list("web_origins", SOCKETS_MAX, origin);
        section.finish();
        Self {
            sip_udp,
            sip_tcp,
            sip_tls,
            panel_http,
            panel_https,
            rtp_ports: rtp_ports.unwrap_or(default.rtp_ports),
            local_networks: local.unwrap_or(default.local_networks),
            external_address: external.unwrap_or(default.external_address),
            web_origins: origins.unwrap_or_default(),
        }
    }

    /// Whether `address` reaches the box without address translation between.
    #[must_use]
    pub fn is_local(&self, address: IpAddr) -> bool {
        self.local_networks
            .iter()
            .any(|network| network.contains(address))
    }
}

/// UDP ports from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    /// First port.
    pub first: u16,
    /// Last port, larger than `first`.
    pub last: u16,
}

impl PortRange {
    /// Whether `port` is one of them.
    #[must_use]
    pub const fn contains(&self, port: u16) -> bool {
        self.first <= port && port <= self.last
    }
}

/// The text was not of the form its type is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not of the form this value is written in")]
pub struct FormError;

impl FromStr for PortRange {
    type Err = FormError;

    fn from_str(text: &str) -> Result<Self, FormError> {
        let (first, last) = text.split_once('-').ok_or(FormError)?;
        let first: u16 = first.trim().parse().map_err(|_| FormError)?;
        let last: u16 = last.trim().parse().map_err(|_| FormError)?;
        let enough = u32::from(last) + 1 >= u32::from(first) + RTP_PORTS_MIN;
        (first >= 1024 && enough)
            .then_some(Self { first, last })
            .ok_or(FormError)
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// A network by its address and the number of leading bits that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    address: IpAddr,
    bits: u8,
}

impl Subnet {
    /// Whether `address` is in the network. An IPv4 address mapped into IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.bits);
                let cut = |a: u32| a.checked_shr(shift).unwrap_or(0);
                cut(network.to_bits()) == cut(address.to_bits())
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.bits);
                let cut = |a: u128| a.checked_shr(shift).unwrap_or(0);
                cut(network.to_bits()) == cut(address.to_bits())
            }
            _ => false,
        }
    }
}

impl FromStr for Subnet {
    type Err = FormError;

    fn from_str(text: &str) -> Result<Self, FormError> {
        let (address, bits) = text.split_once('/').unwrap_or((text, ""));
        let address: IpAddr = address.parse().map_err(|_| FormError)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = if text.contains('/') {
            bits.parse().map_err(|_| FormError)?
        } else {
            most
        };
        (bits <= most)
            .then_some(Self { address, bits })
            .ok_or(FormError)
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// How networks that are not local see the box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalAddress {
    /// As trunks and phones report it (`received`, `rport`).
    Auto,
    /// A fixed address.
    Ip(IpAddr),
    /// A name of the DNS, looked up again when its time is over.
    Name(String),
}

impl ExternalAddress {
    fn parse(text: &str) -> Result<Self, Bad> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Ip(address));
        }
        let expected = "an IP address, a host name or `auto`";
        format::host_name(text)
            .map(Self::Name)
            .map_err(|_| Bad::malformed(text, expected))
    }
}

impl fmt::Display for ExternalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Ip(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A site as browsers name it: scheme, host and, where it is not the scheme's own, the port.
fn origin(text: &str) -> Result<String, Bad> {
    let legal = |rest: &str| {
        let site = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        !rest.is_empty() && rest.len() <= 260 && rest.chars().all(site)
    };
    let rest = text
        .strip_prefix("https://")
        .or(text.strip_prefix("http://"));
    if rest.is_some_and(legal) {
        return Ok(text.to_owned());
    }
    let expected = "a site like https://crm.example or https://crm.example:8443, without a path";
    Err(Bad::malformed(text, expected))
}

fn or_off<S: Serializer>(address: &Option<SocketAddr>, serializer: S) -> Result<S::Ok, S::Error> {
    match address {
        Some(address) => serializer.collect_str(address),
        None => serializer.serialize_str("off"),
    }
}

macro_rules! serialize_as_text {
    ($($name:ident)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
serialize_as_text!(PortRange Subnet ExternalAddress);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_what_they_should() {
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        let office: Subnet = "192.168.0.0/16".parse().expect("a network");
        assert!(office.contains(address("192.168.7.9")));
        assert!(office.contains(address("::ffff:192.168.7.9")));
        assert!(!office.contains(address("192.169.0.1")));
        assert!(!office.contains(address("fd00::1")));
        let all: Subnet = "0.0.0.0/0".parse().expect("a network");
        assert!(all.contains(address("203.0.113.9")));
        let one: Subnet = "fd00::1".parse().expect("a network");
        assert!(one.contains(address("fd00::1")) && !one.contains(address("fd00::2")));
        for bad in ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "x/8", "::/129"] {
            assert_eq!(bad.parse::<Subnet>(), Err(FormError), "{bad}");
        }
        assert_eq!(Network::default().local_networks.len(), 8);
    }

    #[test]
    fn port_ranges_have_room() {
        assert!("20000-20007".parse::<PortRange>().is_ok());
        for bad in [
            "",
            "20000",
            "20000-20006",
            "30000-20000",
            "80-900",
            "20000-70000",
        ] {
            assert_eq!(bad.parse::<PortRange>(), Err(FormError), "{bad}");
        }
    }
}

//! Under which names and addresses the box can be opened, and which of them its authority may vouch
//! for.

use std::{
    collections::BTreeSet,
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use config::{Config, ExternalAddress};
use rcgen::{CidrSubnet, GeneralSubtree, NameConstraints};
use serde::{Deserialize, Serialize};

/// Most of each kind in one certificate.
const MOST: usize = 64;
/// Names that no public certificate authority gives out (RFC 6761, RFC 6762, RFC 8375, ICANN's
/// `internal`), with everything below them.
const PRIVATE_ZONES: [&str; 5] = ["localhost", "local", "lan", "home.arpa", "internal"];

/// Names and addresses, each once and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Names {
    pub(super) names: BTreeSet<String>,
    pub(super) addresses: BTreeSet<IpAddr>,
}

impl Names {
    /// What this machine is called now and in this configuration.
    pub(super) fn of_box(config: &Config) -> Self {
        let mut all = Self::default();
        for name in ["localhost", "centralka.local"] {
            all.names.insert(name.to_owned());
        }
        if let Ok(host) = fs::read_to_string("/proc/sys/kernel/hostname") {
            all.add_host(&host);
        }
        all.add_address(Ipv4Addr::LOCALHOST.into());
        all.add_address(Ipv6Addr::LOCALHOST.into());
        // Without a list of interfaces what is configured remains.
        for interface in nix::ifaddrs::getifaddrs().into_iter().flatten() {
            let Some(address) = interface.address else {
                continue;
            };
            if let Some(v4) = address.as_sockaddr_in() {
                all.add_address(v4.ip().into());
            } else if let Some(v6) = address.as_sockaddr_in6() {
                all.add_address(v6.ip().into());
            }
        }
        let network = &config.network;
        match &network.external_address {
            ExternalAddress::Auto => {}
            ExternalAddress::Ip(address) => all.add_address(*address),
            ExternalAddress::Name(name) => all.add_name(name),
        }
        let listening = network.sip_tls.iter().chain(&network.panel_https);
        for socket in listening {
            all.add_address(socket.ip());
        }
        all
    }

    fn add_host(&mut self, host: &str) {
        let host = host.trim();
        self.add_name(host);
        // Found in the office's network by multicast DNS.
        if !host.is_empty() && !host.contains('.') {
            self.add_name(&format!("{host}.local"));
        }
    }

    fn add_name(&mut self, name: &str) {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let labels = name.split('.').all(|label| !label.is_empty());
        if labels && name.len() <= 253 && name.chars().all(legal) && self.names.len() < MOST {
            self.names.insert(name);
        }
    }

    fn add_address(&mut self, address: IpAddr) {
        let address = address.to_canonical();
        // A link's own addresses cannot stand in a URL.
        let of_link = matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
        let usable = !address.is_unspecified() && !address.is_multicast() && !of_link;
        if usable && self.addresses.len() < MOST {
            self.addresses.insert(address);
        }
    }

    /// Those that are private by nature, and those that `granted` names beside them; and the others.
    pub(super) fn divided(&self, granted: &Self) -> (Self, Vec<String>) {
        let (mut covered, mut others) = (Self::default(), Vec::new());
        for name in &self.names {
            if granted.names.contains(name) || is_private_name(name) {
                covered.names.insert(name.clone());
            } else {
                others.push(name.clone());
            }
        }
        for address in &self.addresses {
            if granted.addresses.contains(address) || is_private_address(*address) {
                covered.addresses.insert(*address);
            } else {
                others.push(address.to_string());
            }
        }
        (covered, others)
    }

    /// What the authority may vouch for: private names and addresses, and these (RFC 5280
    /// §4.2.1.10). Whoever steals its key cannot pass for a bank.
    pub(super) fn constraints(&self) -> NameConstraints {
        let zones = PRIVATE_ZONES.map(str::to_owned);
        let names = zones.into_iter().chain(self.names.iter().cloned());
        let networks = private_networks()
            .into_iter()
            .chain(self.addresses.iter().map(|&address| match address {
                IpAddr::V4(_) => (address, 32),
                IpAddr::V6(_) => (address, 128),
            }));
        let subtree = |(address, bits)| {
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, bits))
        };
        NameConstraints {
            permitted_subtrees: names
                .map(GeneralSubtree::DnsName)
                .chain(networks.map(subtree))
                .collect(),
            excluded_subtrees: Vec::new(),
        }
    }
}

fn is_private_name(name: &str) -> bool {
    PRIVATE_ZONES.iter().any(|zone| {
        name.strip_suffix(zone)
            .is_some_and(|front| front.is_empty() || front.ends_with('.'))
    })
}

/// Networks whose addresses are nobody's in public (RFC 1918, 3927, 4193, 6598, loopback).
fn private_networks() -> [(IpAddr, u8); 8] {
    let v4 = |a, b, bits| (IpAddr::from([a, b, 0, 0]), bits);
    [
        v4(10, 0, 8),
        v4(172, 16, 12),
        v4(192, 168, 16),
        v4(127, 0, 8),
        v4(169, 254, 16),
        v4(100, 64, 10),
        (Ipv6Addr::LOCALHOST.into(), 128),
        (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0).into(), 7),
    ]
}

fn is_private_address(address: IpAddr) -> bool {
    private_networks().iter().any(|(network, bits)| {
        let subnet = format!("{network}/{bits}").parse::<config::Subnet>();
        subnet.is_ok_and(|subnet| subnet.contains(address))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_vouches_for_private_names_only() {
        let mut all = Names::default();
        for name in [
            "box",
            "box.local",
            "pbx.example.com",
            "bad name",
            "locallocal",
        ] {
            all.add_name(name);
        }
        for address in [
            "192.168.1.5",
            "203.0.113.9",
            "fe80::1",
            "fd00::5",
            "0.0.0.0",
        ] {
            all.add_address(address.parse().expect("literal"));
        }
        let (covered, others) = all.divided(&Names::default());
        assert_eq!(Vec::from_iter(&covered.names), ["box.local"]);
        let addresses: Vec<String> = covered.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["192.168.1.5", "fd00::5"]);
        assert_eq!(
            others,
            ["box", "locallocal", "pbx.example.com", "203.0.113.9"]
        );
        let (covered, others) = all.divided(&all);
        assert_eq!((covered, others), (all, Vec::new()));
    }

    #[test]
    fn the_box_knows_itself() {
        let text = "[office]\ncountry = \"PL\"\n[network]\n\
            external_address = \"Pbx.Example.com\"\npanel_https = \"192.168.7.7:443\"\n";
        let config = Config::parse(text).expect("a legal text");
        let names = Names::of_box(&config);
        for name in ["localhost", "centralka.local", "pbx.example.com"] {
            assert!(names.names.contains(name), "{name}: {names:?}");
        }
        for address in ["127.0.0.1", "::1", "192.168.7.7"] {
            let address: IpAddr = address.parse().expect("literal");
            assert!(names.addresses.contains(&address), "{address}: {names:?}");
        }
    }
}

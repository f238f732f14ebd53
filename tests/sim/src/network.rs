//! The network between the exchange and everybody else: per host a path with faults of its own, and
//! translators of addresses between some hosts and the exchange.

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use model::{Instant, Random, Seed};

/// The faults of a path. Chances are per million packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weather {
    /// Single losses.
    pub loss_ppm: u32,
    /// Beginnings of a burst of losses.
    pub burst_ppm: u32,
    /// Longest burst.
    pub burst_ms: u32,
    /// One-way delay.
    pub delay_ms: u32,
    /// Added to the delay at random.
    pub jitter_ms: u32,
    /// Packets that may overtake others.
    pub reorder_ppm: u32,
    /// Packets that come twice.
    pub duplicate_ppm: u32,
}

impl Weather {
    /// Whether nothing is ever lost.
    #[must_use]
    pub const fn is_lossless(&self) -> bool {
        self.loss_ppm == 0 && self.burst_ppm == 0
    }

    /// Whether so little is lost that sound is always there.
    #[must_use]
    pub const fn is_gentle(&self) -> bool {
        self.loss_ppm <= 2_000 && self.burst_ppm == 0 && self.jitter_ms <= 30
    }
}

/// A datagram at a place where it can be seen.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    /// Source as the receiver sees it.
    pub from: SocketAddr,
    /// Destination as the receiver knows it.
    pub to: SocketAddr,
    /// Its payload.
    pub bytes: Vec<u8>,
}

#[derive(Debug)]
struct Path {
    random: Random,
    burst_until: Instant,
    /// Nothing passes until then.
    cut_until: Instant,
    /// Latest arrival so far, by direction: who does not overtake comes after it.
    latest: [Instant; 2],
    nat: Option<Nat>,
}

/// A translator: one public address, mappings that are forgotten when unused.
#[derive(Debug)]
struct Nat {
    public: IpAddr,
    forget_after: Duration,
    next_port: u16,
    by_inside: BTreeMap<SocketAddr, (u16, Instant)>,
}

/// All paths.
#[derive(Debug)]
pub(crate) struct Network {
    /// The faults of now.
    pub weather: Weather,
    paths: BTreeMap<IpAddr, Path>,
    /// Public addresses and the host behind each.
    publics: BTreeMap<IpAddr, IpAddr>,
}

impl Network {
    /// A network without hosts.
    #[must_use]
    pub(crate) const fn new(weather: Weather) -> Self {
        Self {
            weather,
            paths: BTreeMap::new(),
            publics: BTreeMap::new(),
        }
    }

    /// Connects a host; `public` puts a translator before it that forgets unused mappings.
    pub(crate) fn connect(&mut self, seed: Seed, host: IpAddr, public: Option<(IpAddr, Duration)>) {
        let nat = public.map(|(public, forget_after)| Nat {
            public,
            forget_after,
            next_port: 40_000,
            by_inside: BTreeMap::new(),
        });
        self.publics
            .insert(nat.as_ref().map_or(host, |nat| nat.public), host);
        let path = Path {
            random: Random::derive(seed, &format!("path {host}")),
            burst_until: Instant::ZERO,
            cut_until: Instant::ZERO,
            latest: [Instant::ZERO; 2],
            nat,
        };
        self.paths.insert(host, path);
    }

    /// Nothing passes to or from `host` until `until`.
    pub(crate) fn cut(&mut self, host: IpAddr, until: Instant) {
        if let Some(path) = self.paths.get_mut(&host) {
            path.cut_until = until;
        }
    }

    /// The translator before `host` starts anew: all mappings are others. Whether there is one.
    pub(crate) fn rebind(&mut self, host: IpAddr) -> bool {
        match self.paths.get_mut(&host).and_then(|path| path.nat.as_mut()) {
            Some(nat) => {
                nat.by_inside.clear();
                true
            }
            None => false,
        }
    }

    /// How long bytes of a connection take now; `None` while the path is cut. A loss is made good
    /// by its repetition.
    pub(crate) fn stream_delay(&mut self, now: Instant, host: IpAddr) -> Option<Duration> {
        let weather = self.weather;
        let path = self
            .paths
            .get_mut(&host)
            .filter(|path| now >= path.cut_until)?;
        let lost = path.chance(weather.loss_ppm) || path.chance(weather.burst_ppm);
        let again_ms = if lost { 300 } else { 0 };
        let jitter_us = path.random.below(weather.jitter_ms * 1_000 + 1);
        let ms = u64::from(weather.delay_ms) + again_ms;
        Some(Duration::from_millis(ms) + Duration::from_micros(jitter_us.into()))
    }

    /// A datagram from a host to the exchange: when it arrives, zero, one or two times.
    pub(crate) fn take_from_host(
        &mut self,
        now: Instant,
        mut packet: Packet,
    ) -> Vec<(Instant, Packet)> {
        let Some(path) = self.paths.get_mut(&packet.from.ip()) else {
            return Vec::new();
        };
        if let Some(nat) = &mut path.nat {
            packet.from = nat.outside_of(now, packet.from);
        }
        path.carry(now, 0, &self.weather, packet)
    }

    /// A datagram from the exchange to whatever is at its destination.
    pub(crate) fn take_from_exchange(
        &mut self,
        now: Instant,
        mut packet: Packet,
    ) -> Vec<(Instant, Packet)> {
        let host = self.publics.get(&packet.to.ip());
        let Some(path) = host.and_then(|host| self.paths.get_mut(host)) else {
            return Vec::new();
        };
        if let Some(nat) = &path.nat {
            match nat.inside_of(now, packet.to) {
                Some(inside) => packet.to = inside,
                None => return Vec::new(),
            }
        }
        path.carry(now, 1, &self.weather, packet)
    }
}

impl Nat {
    fn outside_of(&mut self, now: Instant, inside: SocketAddr) -> SocketAddr {
        let fresh = self
            .by_inside
            .get(&inside)
            .filter(|(_, used)| now.since(*used) < self.forget_after)
            .map(|(port, _)| *port);
        let port = fresh.unwrap_or_else(|| {
            self.next_port = self.next_port.wrapping_add(1).max(40_000);
            self.next_port
        });
        self.by_inside.insert(inside, (port, now));
        SocketAddr::new(self.public, port)
    }

    fn inside_of(&self, now: Instant, outside: SocketAddr) -> Option<SocketAddr> {
        let of_port = |(_, (port, used)): &(&SocketAddr, &(u16, Instant))| {
            *port == outside.port() && now.since(*used) < self.forget_after
        };
        self.by_inside
            .iter()
            .find(of_port)
            .map(|(inside, _)| *inside)
    }
}

impl Path {
    fn carry(
        &mut self,
        now: Instant,
        direction: usize,
        weather: &Weather,
        packet: Packet,
    ) -> Vec<(Instant, Packet)> {
        if now < self.cut_until || now < self.burst_until {
            return Vec::new();
        }
        if self.chance(weather.burst_ppm) {
            let ms = self.random.below(weather.burst_ms.max(1));
            self.burst_until = now + Duration::from_millis(ms.into());
            return Vec::new();
        }
        if self.chance(weather.loss_ppm) {
            return Vec::new();
        }
        let first = self.arrival(now, direction, weather);
        if self.chance(weather.duplicate_ppm) {
            let second = self.arrival(now, direction, weather);
            return vec![(first, packet.clone()), (second, packet)];
        }
        vec![(first, packet)]
    }

    fn arrival(&mut self, now: Instant, direction: usize, weather: &Weather) -> Instant {
        let jitter_us = self.random.below(weather.jitter_ms * 1_000 + 1);
        let us = u64::from(weather.delay_ms) * 1_000 + u64::from(jitter_us);
        let at = now + Duration::from_micros(us);
        if self.chance(weather.reorder_ppm) {
            return at;
        }
        let at = at.max(self.latest[direction]);
        self.latest[direction] = at;
        at
    }

    fn chance(&mut self, ppm: u32) -> bool {
        ppm > 0 && self.random.below(1_000_000) < ppm
    }
}

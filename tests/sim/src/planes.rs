//! The media planes of the exchange, as many as the seed wants: what the program does with threads
//! and rings is done here with function calls. Legs go from one to the other as there, and arrive
//! when all that is said at that moment has been said.

use std::net::SocketAddr;

use media::{Channel, Errand, Moving, Plane, PlaneCommand, RtpLeg};
use model::{BridgeId, Instant, MediaEvent, MediaLeg, Now, Random, RtpIdentity, Seed};

/// Bridges of each plane: few, so that full is normal.
const BRIDGES: usize = 40;

/// All planes and what is where.
pub(crate) struct Planes {
    pub(crate) all: Vec<Plane>,
    placement: media::Placement,
    /// Who is between two planes, and where to.
    on_the_way: Vec<(usize, Moving, BridgeId)>,
    /// Says whether a hint about a leg's place is followed.
    coin: Random,
}

impl Planes {
    pub(crate) fn new(start: Now, planes: usize, legs: usize, seed: Seed) -> Self {
        let all = (0..planes).map(|_| Plane::with_limits(start, legs, BRIDGES));
        Self {
            all: all.collect(),
            placement: media::Placement::new(planes),
            on_the_way: Vec::new(),
            coin: Random::derive(seed, "planes"),
        }
    }

    pub(crate) fn next_deadline(&self) -> Instant {
        let all = self.all.iter().filter_map(Plane::next_deadline);
        all.map(|(at, _)| at).min().unwrap_or(Instant::FAR)
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.next_deadline() <= now
    }

    pub(crate) fn timeout(&mut self, now: Instant) {
        for plane in &mut self.all {
            plane.timeout(now);
        }
    }

    /// The plane of a leg.
    pub(crate) fn of(&mut self, leg: MediaLeg) -> Option<&mut Plane> {
        self.all.get_mut(self.placement.plane_of(leg)?)
    }

    pub(crate) fn packet(
        &mut self,
        now: Instant,
        leg: MediaLeg,
        (channel, from): (Channel, SocketAddr),
        bytes: &[u8],
    ) {
        if let Some(plane) = self.of(leg) {
            plane.packet(now, leg, channel, from, bytes);
        }
    }

    /// A new leg, where its like is or anywhere else.
    pub(crate) fn seat(
        &mut self,
        now: Instant,
        leg: MediaLeg,
        identity: RtpIdentity,
        beside: Option<MediaLeg>,
    ) {
        let beside = beside.filter(|_| self.coin.below(2) == 0);
        let plane = self.placement.seat_rtp(leg, beside);
        let object = RtpLeg::boxed(identity);
        if let Some(plane) = self.all.get_mut(plane) {
            plane.command(now, PlaneCommand::AddRtpLeg { leg, object });
        }
    }

    pub(crate) fn command(&mut self, now: Instant, command: PlaneCommand) {
        self.placement.command(command);
        self.run_errands(now);
    }

    fn run_errands(&mut self, now: Instant) {
        while let Some(errand) = self.placement.poll() {
            match errand {
                Errand::Do(plane, command) => {
                    if let Some(plane) = self.all.get_mut(plane) {
                        plane.command(now, command);
                    }
                }
                Errand::Move {
                    leg,
                    from,
                    to,
                    bridge,
                } => {
                    let plane = self.all.get_mut(from);
                    match plane.and_then(|plane| plane.depart(now, leg)) {
                        Some(moving) => self.on_the_way.push((to, moving, bridge)),
                        None => {
                            self.placement.arrived(leg);
                        }
                    }
                }
            }
        }
    }

    /// Lets those arrive who are on the way; whether there was anybody.
    pub(crate) fn deliver(&mut self, now: Instant) -> bool {
        if self.on_the_way.is_empty() {
            return false;
        }
        for (to, moving, bridge) in core::mem::take(&mut self.on_the_way) {
            let leg = moving.leg();
            if let Some(plane) = self.all.get_mut(to) {
                plane.arrive(now, moving, bridge);
            }
            self.placement.arrived(leg);
        }
        self.run_errands(now);
        true
    }

    /// What an event of a plane means for all of them; whether the exchange is told.
    pub(crate) fn judge(&mut self, plane: usize, event: &MediaEvent) -> bool {
        match *event {
            MediaEvent::LegRemoved { leg, .. } | MediaEvent::LegFailed { leg, .. } => {
                self.placement.gone(leg);
                true
            }
            // Each has the clip; one tells.
            MediaEvent::ClipReady { .. } | MediaEvent::ClipFailed { .. } => plane == 0,
            _ => true,
        }
    }

    /// Legs that went from one plane to another.
    pub(crate) fn moves(&self) -> u64 {
        self.placement.moves()
    }
}

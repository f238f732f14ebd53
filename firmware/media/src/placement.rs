//! Where legs and bridges live when there are several planes, one a thread: a bridge is on one
//! plane, and so are all legs in it. Who joins a bridge of another plane moves there. What is said
//! to a leg on its way waits here until it has arrived.
//!
//! Asked by the driver for every command; it knows nothing of threads but their numbers.

use std::collections::{BTreeMap, VecDeque};

use model::{BridgeId, Hearer, MediaCommand, MediaLeg, PortId, Route, TapId, limits};

use crate::PlaneCommand;

/// What the driver does next.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "commands are handed on as they are, nearly always"
)]
pub enum Errand {
    /// Give this to the plane of that number.
    Do(usize, PlaneCommand),
    /// Take a leg out of one plane and let it arrive at another; then call
    /// [`Placement::arrived`].
    Move {
        /// Who.
        leg: MediaLeg,
        /// The plane it is on.
        from: usize,
        /// The plane of the bridge.
        to: usize,
        /// The bridge that it joins there.
        bridge: BridgeId,
    },
}

/// Where a leg is.
#[derive(Clone, Copy, Debug)]
struct Place {
    leg: MediaLeg,
    /// Where it is, or will be when it has arrived.
    plane: usize,
    moving: bool,
    bridge: Option<BridgeId>,
    port: Option<PortId>,
    /// A handshake is about its keys.
    shakes: bool,
}

/// Where a bridge is, while it has legs.
#[derive(Clone, Copy, Debug, Default)]
struct Home {
    plane: usize,
    legs: usize,
}

/// What a plane has to do.
#[derive(Clone, Copy, Debug, Default)]
struct Burden {
    legs: usize,
    full: bool,
}

/// The map of all planes.
#[derive(Debug)]
pub struct Placement {
    /// By slot.
    places: Vec<Option<Place>>,
    /// By number of the bridge.
    homes: Vec<Home>,
    /// Planes of ports that were in use; others are on the first.
    ports: BTreeMap<PortId, usize>,
    taps: BTreeMap<TapId, MediaLeg>,
    planes: Vec<Burden>,
    /// What waits for whose arrival.
    held: VecDeque<(MediaLeg, PlaneCommand)>,
    errands: VecDeque<Errand>,
    moves: u64,
}

impl Placement {
    /// A map of so many planes, at least one and at most `limits::MEDIA_THREADS`.
    #[must_use]
    pub fn new(planes: usize) -> Self {
        let planes = planes.clamp(1, limits::MEDIA_THREADS);
        Self {
            places: vec![None; limits::MEDIA_LEGS],
            homes: vec![Home::default(); limits::BRIDGES],
            ports: BTreeMap::new(),
            taps: BTreeMap::new(),
            planes: vec![Burden::default(); planes],
            held: VecDeque::new(),
            errands: VecDeque::new(),
            moves: 0,
        }
    }

    /// How many planes there are.
    #[must_use]
    pub const fn planes(&self) -> usize {
        self.planes.len()
    }

    /// Legs that moved so far.
    #[must_use]
    pub const fn moves(&self) -> u64 {
        self.moves
    }

    /// The next errand; call until `None` after each input.
    pub fn poll(&mut self) -> Option<Errand> {
        self.errands.pop_front()
    }

    /// The plane for a new leg that speaks RTP: that of `beside`, else the one with the fewest legs.
    pub fn seat_rtp(&mut self, leg: MediaLeg, beside: Option<MediaLeg>) -> usize {
        let known = beside
            .and_then(|leg| self.place(leg))
            .map(|place| place.plane);
        let plane = known.unwrap_or_else(|| self.least());
        self.seat(leg, plane, None)
    }

    /// The plane for a new leg that is a port: where the port is.
    pub fn seat_port(&mut self, leg: MediaLeg, port: PortId) -> usize {
        let plane = self.ports.get(&port).copied().unwrap_or(0);
        self.seat(leg, plane, Some(port))
    }

    fn least(&self) -> usize {
        let planes = self.planes.iter().enumerate();
        let least = planes.min_by_key(|(_, burden)| (burden.full, burden.legs));
        least.map_or(0, |(at, _)| at)
    }

    fn seat(&mut self, leg: MediaLeg, plane: usize, port: Option<PortId>) -> usize {
        let Some(place) = self.places.get_mut(usize::from(leg.slot)) else {
            return plane;
        };
        if let Some(taken) = place {
            // The plane of who sits there refuses it.
            return taken.plane;
        }
        *place = Some(Place {
            leg,
            plane,
            moving: false,
            bridge: None,
            port,
            shakes: false,
        });
        self.burden(plane, 1);
        plane
    }

    fn burden(&mut self, plane: usize, change: isize) {
        if let Some(burden) = self.planes.get_mut(plane) {
            burden.legs = burden.legs.saturating_add_signed(change);
        }
    }

    fn place(&self, leg: MediaLeg) -> Option<&Place> {
        let place = self.places.get(usize::from(leg.slot))?.as_ref();
        place.filter(|place| place.leg == leg)
    }

    fn place_mut(&mut self, leg: MediaLeg) -> Option<&mut Place> {
        let place = self.places.get_mut(usize::from(leg.slot))?.as_mut();
        place.filter(|place| place.leg == leg)
    }

    /// The plane that a leg is on, or on its way to; `None` if it is not there (any more).
    #[must_use]
    pub fn plane_of(&self, leg: MediaLeg) -> Option<usize> {
        self.place(leg).map(|place| place.plane)
    }

    /// Takes a command in: it goes to the plane that it is for, waits, or makes legs move.
    pub fn command(&mut self, command: PlaneCommand) {
        if let Some(leg) = self.waits_for(&command) {
            self.held.push_back((leg, command));
            return;
        }
        match &command {
            PlaneCommand::AddRtpLeg { leg, .. } => {
                let plane = self.seat_rtp(*leg, None);
                self.give(plane, command);
            }
            PlaneCommand::AddPortLeg { leg, object } => {
                let plane = self.seat_port(*leg, object.port());
                self.give(plane, command);
            }
            PlaneCommand::Plain(plain) => {
                let plain = *plain;
                self.plain(&plain, command);
            }
            // Every plane has its own; who makes them addresses them.
            PlaneCommand::AddClip { .. } => self.give(0, command),
            PlaneCommand::SetRtp { leg, .. }
            | PlaneCommand::SetKeys { leg, .. }
            | PlaneCommand::SetIce { leg, .. }
            | PlaneCommand::SetVoice { leg, .. } => {
                let plane = self.plane_of(*leg).unwrap_or(0);
                self.give(plane, command);
            }
        }
    }

    fn plain(&mut self, plain: &MediaCommand, command: PlaneCommand) {
        match *plain {
            MediaCommand::SetRoute { leg, route } => return self.route(leg, route, command),
            MediaCommand::DropClip { .. } => {
                for plane in 0..self.planes.len() {
                    self.give(plane, PlaneCommand::Plain(*plain));
                }
                return;
            }
            MediaCommand::StartTap { leg, tap } => {
                self.taps.insert(tap, leg);
            }
            MediaCommand::StartDtls { leg, .. } => {
                if let Some(place) = self.place_mut(leg) {
                    place.shakes = true;
                }
            }
            _ => {}
        }
        let plane = self.plane_for(plain);
        if let MediaCommand::StopTap { tap } = plain {
            self.taps.remove(tap);
        }
        self.give(plane, command);
    }

    /// The plane that a command is for; one that nobody can obey is refused and counted there.
    fn plane_for(&self, plain: &MediaCommand) -> usize {
        let home = |bridge: BridgeId| self.homes.get(usize::from(bridge.0)).map(|h| h.plane);
        let plane = match *plain {
            MediaCommand::SetHearing { bridge, .. }
            | MediaCommand::Say {
                to: Hearer::Bridge(bridge),
                ..
            } => home(bridge),
            _ => self.subject(plain).and_then(|leg| self.plane_of(leg)),
        };
        plane.unwrap_or(0)
    }

    /// The leg that a command is about.
    fn subject(&self, plain: &MediaCommand) -> Option<MediaLeg> {
        match *plain {
            MediaCommand::SetRtp { leg, .. }
            | MediaCommand::SetRoute { leg, .. }
            | MediaCommand::Say {
                to: Hearer::Leg(leg),
                ..
            }
            | MediaCommand::StartTap { leg, .. }
            | MediaCommand::SetKeys { leg, .. }
            | MediaCommand::StartDtls { leg, .. }
            | MediaCommand::SetIce { leg, .. }
            | MediaCommand::SetVoice { leg, .. }
            | MediaCommand::SendDigit { leg, .. }
            | MediaCommand::SetPortSound { leg, .. }
            | MediaCommand::PlayOnPort { leg, .. }
            | MediaCommand::KeepSound { leg, .. }
            | MediaCommand::RemoveLeg { leg } => Some(leg),
            MediaCommand::PauseTap { tap, .. } | MediaCommand::StopTap { tap } => {
                self.taps.get(&tap).copied()
            }
            MediaCommand::AddRtpLeg { .. }
            | MediaCommand::AddPortLeg { .. }
            | MediaCommand::SetHearing { .. }
            | MediaCommand::Say { .. }
            | MediaCommand::LoadClip { .. }
            | MediaCommand::DropClip { .. }
            | MediaCommand::DropPair { .. }
            | MediaCommand::UsePorts { .. } => None,
        }
    }

    /// Who must have arrived before a command can be obeyed.
    fn waits_for(&self, command: &PlaneCommand) -> Option<MediaLeg> {
        if self.planes.len() == 1 {
            return None;
        }
        let moves = |leg: &MediaLeg| self.place(*leg).is_some_and(|place| place.moving);
        let plain = match command {
            PlaneCommand::AddRtpLeg { .. }
            | PlaneCommand::AddPortLeg { .. }
            | PlaneCommand::AddClip { .. } => return None,
            PlaneCommand::SetRtp { leg, .. }
            | PlaneCommand::SetKeys { leg, .. }
            | PlaneCommand::SetIce { leg, .. }
            | PlaneCommand::SetVoice { leg, .. } => return Some(*leg).filter(moves),
            PlaneCommand::Plain(plain) => plain,
        };
        match *plain {
            MediaCommand::SetHearing {
                listener, speaker, ..
            } => [listener, speaker].into_iter().find(moves),
            MediaCommand::Say {
                to: Hearer::Bridge(bridge),
                ..
            } => {
                let places = self.places.iter().flatten();
                let mut coming = places.filter(|p| p.moving && p.bridge == Some(bridge));
                coming.next().map(|place| place.leg)
            }
            _ => self.subject(plain).filter(moves),
        }
    }

    /// A leg hears something else: it may leave a bridge, and join one of another plane.
    fn route(&mut self, leg: MediaLeg, route: Route, command: PlaneCommand) {
        let Some(place) = self.place(leg).copied() else {
            return self.give(0, command);
        };
        let wanted = match route {
            Route::Bridge(bridge) if usize::from(bridge.0) < self.homes.len() => Some(bridge),
            _ => None,
        };
        if place.bridge != wanted {
            self.leave(place.bridge);
            if let Some(place) = self.place_mut(leg) {
                place.bridge = wanted;
            }
            if let Some(bridge) = wanted {
                self.join(place, bridge);
            }
        }
        let home = wanted.and_then(|bridge| Some((bridge, self.homes.get(usize::from(bridge.0))?)));
        match home.map(|(bridge, home)| (bridge, home.plane)) {
            Some((bridge, plane)) if plane != place.plane => self.send(place, plane, bridge),
            _ => self.give(place.plane, command),
        }
    }

    fn leave(&mut self, bridge: Option<BridgeId>) {
        let home = bridge.and_then(|bridge| self.homes.get_mut(usize::from(bridge.0)));
        if let Some(home) = home {
            home.legs = home.legs.saturating_sub(1);
        }
    }

    /// The first leg brings the bridge to its plane. A port stays where it is when it meets a single
    /// leg that speaks RTP: that one comes, so that ports of one card stay together.
    fn join(&mut self, place: Place, bridge: BridgeId) {
        let at = usize::from(bridge.0);
        let Some(home) = self.homes.get(at).copied() else {
            return;
        };
        let mut plane = home.plane;
        if home.legs == 0 {
            plane = place.plane;
        } else if home.legs == 1 && place.port.is_some() && plane != place.plane {
            let places = self.places.iter().flatten();
            let mut others = places.filter(|p| p.bridge == Some(bridge) && p.leg != place.leg);
            let lone = others.find(|p| p.port.is_none() && !p.moving).copied();
            if let Some(lone) = lone {
                plane = place.plane;
                self.send(lone, plane, bridge);
            }
        }
        if let Some(home) = self.homes.get_mut(at) {
            home.plane = plane;
            home.legs = home.legs.saturating_add(1);
        }
    }

    fn send(&mut self, place: Place, to: usize, bridge: BridgeId) {
        let (leg, from) = (place.leg, place.plane);
        if let Some(place) = self.place_mut(leg) {
            place.plane = to;
            place.moving = true;
        }
        if let Some(port) = place.port {
            self.ports.insert(port, to);
        }
        self.burden(from, -1);
        self.burden(to, 1);
        self.moves = self.moves.saturating_add(1);
        self.errands.push_back(Errand::Move {
            leg,
            from,
            to,
            bridge,
        });
    }

    fn give(&mut self, plane: usize, command: PlaneCommand) {
        self.errands.push_back(Errand::Do(plane, command));
    }

    /// A leg is where it was to go, or was not there to be moved: what waited for it is done. Whether
    /// a handshake about its keys is to be told.
    pub fn arrived(&mut self, leg: MediaLeg) -> bool {
        let mut shakes = false;
        if let Some(place) = self.place_mut(leg) {
            place.moving = false;
            shakes = place.shakes;
        }
        for (on, command) in core::mem::take(&mut self.held) {
            if on == leg {
                self.command(command);
            } else {
                self.held.push_back((on, command));
            }
        }
        shakes
    }

    /// A leg is over, or could not be.
    pub fn gone(&mut self, leg: MediaLeg) {
        let Some(place) = self.place(leg).copied() else {
            return;
        };
        self.leave(place.bridge);
        self.burden(place.plane, -1);
        self.taps.retain(|_, of| *of != leg);
        if let Some(place) = self.places.get_mut(usize::from(leg.slot)) {
            *place = None;
        }
    }

    /// A plane is at its limit or has room again. `Some` says that this holds for the whole: new legs
    /// avoid a full plane as long as others have room.
    pub fn overloaded(&mut self, plane: usize, full: bool) -> Option<bool> {
        let before = self.planes.iter().all(|burden| burden.full);
        if let Some(burden) = self.planes.get_mut(plane) {
            burden.full = full;
        }
        let after = self.planes.iter().all(|burden| burden.full);
        (before != after).then_some(after)
    }
}

#[cfg(test)]
mod tests;

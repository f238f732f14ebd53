//! Legs that go from one media thread to another, with their sockets or their port. They go right
//! after a tick and arrive before the next one; what comes for them meanwhile waits in their
//! sockets, which the kernel keeps.

use std::collections::VecDeque;
use std::time::Duration;

use media::Moving;
use model::{BridgeId, MediaLeg, limits};
use rtrb::Consumer;

use crate::link::{FromMedia, Pair, Sender};
use crate::ports::Port;
use crate::status::count;
use crate::worker::Worker;

/// Legs on the way between two threads; more wait until there is room.
pub(crate) const ON_THE_WAY: usize = 64;
/// A leg that could not arrive before the next tick goes after it. One that takes longer all the same has
/// one tick less: it hears and says everything, 10 ms later, which the jitter buffers on both sides take in
/// (`media/tests/plane/moving.rs`: `a_leg_that_arrives_after_its_tick_is_late_but_nothing_is_lost`).
const MARGIN: Duration = Duration::from_millis(2);

/// What a leg is heard and spoken to by.
pub(crate) enum Baggage {
    Pair(Pair),
    Port(Box<Port>),
}

/// A leg on its way.
pub(crate) struct Arrival {
    /// The number of the thread that it comes from.
    from: usize,
    moving: Moving,
    bridge: BridgeId,
    baggage: Option<Baggage>,
}

/// The other media threads, as one of them sees them.
pub(crate) struct Peers {
    /// The number of this one.
    own: usize,
    /// The ways there, by number; none to itself.
    to: Vec<Option<Sender<Arrival>>>,
    /// The ways from there.
    from: Vec<Consumer<Arrival>>,
    /// Who is to go, where, and into which bridge.
    leaving: VecDeque<(MediaLeg, usize, BridgeId)>,
}

impl Peers {
    pub(crate) fn new(
        own: usize,
        to: Vec<Option<Sender<Arrival>>>,
        from: Vec<Consumer<Arrival>>,
    ) -> Self {
        let room = if from.is_empty() {
            0
        } else {
            limits::MEDIA_LEGS
        };
        Self {
            own,
            to,
            from,
            leaving: VecDeque::with_capacity(room),
        }
    }

    /// A leg is to go as soon as may be. The control thread says nothing of it until it has arrived,
    /// so every leg is here at most once.
    pub(crate) fn depart(&mut self, leg: MediaLeg, to: usize, bridge: BridgeId) {
        self.leaving.push_back((leg, to, bridge));
    }

    /// Hands over what waits; whether nobody waits for room any more.
    pub(crate) fn flush(&mut self) -> bool {
        let all = self.to.iter_mut().flatten();
        let flushed = all.fold(true, |flushed, to| {
            let done = to.flush();
            to.wake();
            flushed && done
        });
        let next = self.leaving.front().map(|&(_, to, _)| to);
        flushed && next.is_none_or(|to| self.has_room(to))
    }

    fn has_room(&self, to: usize) -> bool {
        let to = self.to.get(to).and_then(Option::as_ref);
        to.is_none_or(Sender::has_room)
    }
}

impl Worker {
    /// Sends those away who are to go, unless the next tick is near.
    pub(crate) fn send_legs(&mut self) {
        while let Some(&(leg, to, bridge)) = self.peers.leaving.front() {
            let now = self.clock.now();
            let tick = self.plane.next_tick();
            if tick.is_some_and(|tick| tick.since(now) < MARGIN) || !self.peers.has_room(to) {
                return;
            }
            self.peers.leaving.pop_front();
            let Some(moving) = self.plane.depart(now, leg) else {
                self.tell_arrived(leg);
                continue;
            };
            self.drain();
            for tap in moving.taps() {
                if let Some(tracks) = &mut self.tracks {
                    tracks.moved(tap, to);
                }
            }
            let baggage = match moving.port() {
                None => self.leave(leg).map(Baggage::Pair),
                Some(id) => {
                    let all = &mut self.ports.all;
                    let at = all.iter().position(|port| port.id == id);
                    at.map(|at| Baggage::Port(all.swap_remove(at)))
                }
            };
            let arrival = Arrival {
                from: self.peers.own,
                moving,
                bridge,
                baggage,
            };
            let way = self.peers.to.get_mut(to).and_then(Option::as_mut);
            // There is room, as was seen, and a way to every thread that is named.
            if way.is_none_or(|way| way.send(arrival).is_err()) {
                count(&self.counters.commands_lost, 1);
            }
        }
        for to in self.peers.to.iter_mut().flatten() {
            to.wake();
        }
    }

    /// Takes those in who arrive.
    pub(crate) fn receive_legs(&mut self) {
        for at in 0..self.peers.from.len() {
            for _ in 0..ON_THE_WAY {
                // They had this tick where they come from.
                self.run_due();
                if self.ports.wait() {
                    self.doing.more_orders = true;
                    return;
                }
                let next = self.peers.from.get_mut(at).and_then(|from| from.pop().ok());
                let Some(arrival) = next else { break };
                self.receive_leg(arrival);
            }
        }
    }

    fn receive_leg(&mut self, arrival: Arrival) {
        let now = self.clock.now();
        let Arrival {
            from,
            moving,
            bridge,
            baggage,
        } = arrival;
        let leg = moving.leg();
        let free = self
            .seats
            .get(usize::from(leg.slot))
            .is_some_and(Option::is_none);
        match baggage {
            Some(Baggage::Port(port)) => self.ports.all.push(port),
            Some(Baggage::Pair(pair)) => {
                self.doing.joining = Some((leg, pair));
                if free {
                    self.welcome();
                }
            }
            None => {}
        }
        for tap in moving.taps() {
            if let Some(tracks) = &mut self.tracks {
                tracks.came(tap, from);
            }
        }
        self.plane.arrive(now, moving, bridge);
        self.drain();
        self.tell_arrived(leg);
    }

    /// The control thread waits for this, with all that it has to say to the leg, and asks for no second move of it
    /// before: of these there is one for each leg at most, and none is lost, however many events wait. So the
    /// control thread needs no deadline for it.
    fn tell_arrived(&mut self, leg: MediaLeg) {
        self.events.insist(FromMedia::Arrived(leg));
    }
}

//! A media thread: owns sockets, the ports' audio halves and the `Plane`. After its start it
//! neither allocates nor locks, logs or panics, and makes no system call but waiting, receiving
//! and sending (and watching or leaving the sockets of a leg that comes or goes).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use media::{Channel, Output, Pace, Plane, PlaneCommand, Retired, TapPart, Tapped};
use model::{Codec, Instant, MediaCommand, MediaEvent, MediaFault, MediaLeg, TapId, limits};
use rtrb::Consumer;

use crate::clock::Clock;
use crate::dtls_link::{Flights, pass_flight};
use crate::flight::{Recorder, Turn};
use crate::link::{Dead, FromMedia, Pair, Sender, ToMedia, Waker};
use crate::load::{Level, Load, WINDOW};
use crate::ports::{LOOK, Ports, Told};
use crate::status::{Counters, answered, count, raise};
use crate::sys;
use crate::tracks::TrackSink;
use crate::travel::Peers;
use crate::watch::{Watch, is_of};

/// Legs that are over and wait for the helper before it is woken for them; a few wait up to a second.
const DEAD_MAX: usize = 32;
/// Events that nobody waits for before the control thread is woken for them: it looks at the end of a
/// call and with every other event.
const LEFT_MAX: usize = limits::MEDIA_RING / 8;
/// Commands executed per turn.
const COMMANDS_MAX: usize = 64;
/// Octets of a step of kept sound.
const EVIDENCE_PIECE: usize = 1_000;
/// A tick that is later than the next one's time.
const OVERRUN: Duration = Duration::from_millis(10);
/// The token of the waker; those of sockets are below.
const WAKER: u64 = u64::MAX;

/// One octet more than is taken, so that longer ones are seen to be too long.
pub(crate) type Buffer = [u8; limits::RTP_PACKET_MAX + 1];

/// A leg's sockets.
pub(crate) struct Seat {
    pub(crate) leg: MediaLeg,
    pub(crate) pair: Pair,
    /// Where its RTP socket is watched.
    pub(crate) pace: Pace,
}

/// Everything the media thread owns.
pub(crate) struct Worker {
    pub(crate) clock: Clock,
    pub(crate) plane: Plane,
    pub(crate) watch: Watch,
    /// The datagram in work.
    pub(crate) buffer: Box<Buffer>,
    /// By slot of the leg.
    pub(crate) seats: Vec<Option<Seat>>,
    /// Those that are here at present; room for all of the board.
    pub(crate) ports: Ports,
    /// From the control thread.
    pub(crate) orders: Consumer<ToMedia>,
    pub(crate) dead: Sender<Dead>,
    /// The other media threads.
    pub(crate) peers: Peers,
    /// What far ends say in handshakes, and what the helper answers.
    pub(crate) flights: Flights,
    pub(crate) tracks: Option<TrackSink>,
    pub(crate) events: Sender<FromMedia>,
    pub(crate) waker: Waker,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) recorder: Recorder,
    pub(crate) doing: Doing,
}

/// What the media thread is about.
#[derive(Default)]
pub(crate) struct Doing {
    load: Load,
    /// What this turn did so far.
    pub(crate) current: Turn,
    /// More orders may wait than a turn executes.
    pub(crate) more_orders: bool,
    /// Sockets of a leg that the plane has not taken yet.
    pub(crate) joining: Option<(MediaLeg, Pair)>,
}

/// Places for the sockets of all legs.
pub(crate) fn seats() -> Vec<Option<Seat>> {
    let empty = std::iter::repeat_with(|| None);
    empty.take(limits::MEDIA_LEGS).collect()
}

pub(crate) fn token(slot: u16, channel: Channel) -> u64 {
    let odd = match channel {
        Channel::Rtp => 0,
        Channel::Rtcp => 1,
    };
    u64::from(slot) * 2 + odd
}

pub(crate) fn untoken(token: u64) -> (usize, Channel) {
    let channel = if token & 1 == 0 {
        Channel::Rtp
    } else {
        Channel::Rtcp
    };
    (usize::try_from(token / 2).unwrap_or(usize::MAX), channel)
}

impl Worker {
    /// Runs until `stop`.
    pub(crate) fn run(mut self) {
        answered(&self.counters.real_time, &sys::become_real_time());
        answered(&self.counters.locked, &self.lock());
        if self.watch.hasty.add_calls(self.waker.fd(), WAKER).is_err() {
            return;
        }
        while !self.stop.load(Ordering::Acquire) {
            let timeout_ns = self.timeout_ns();
            self.watch.hasty.wait(timeout_ns);
            self.turn();
        }
    }

    /// Locks the plane's memory and the stack, and with it brings them in.
    fn lock(&self) -> std::io::Result<()> {
        sys::lock_stack()?;
        for (address, len) in self.plane.memory() {
            sys::lock_memory(address, len)?;
        }
        Ok(())
    }

    /// How long to wait; `None` = until something comes.
    fn timeout_ns(&mut self) -> Option<u64> {
        if self.ports.wait() {
            return u64::try_from(LOOK.as_nanos()).ok();
        }
        if self.doing.more_orders {
            return Some(0);
        }
        if !self.events.flush() || !self.dead.flush() || !self.peers.flush() {
            return Some(1_000_000);
        }
        let due = self.plane.next_deadline().map(|(due, _)| due);
        let left = due.map(|due| due.since(self.clock.now()));
        // A thread that gave something up looks whether it still must, even without work.
        let look = (self.doing.load.level > Level::Normal).then_some(WINDOW);
        let left = left.into_iter().chain(look).min()?;
        Some(u64::try_from(left.as_nanos()).unwrap_or(u64::MAX))
    }

    fn turn(&mut self) {
        let now = self.clock.now();
        count(&self.counters.wakes, 1);
        let mut index = 0;
        while let Some(token) = self.watch.hasty.token(index) {
            if token == WAKER {
                self.doing.more_orders = true;
            } else {
                self.serve(now, token);
            }
            index += 1;
        }
        if self.doing.more_orders {
            if self.plane.is_behind(now) {
                self.gather(now);
            }
            self.doing.more_orders = self.obey(now);
            self.send_flights();
            self.receive_legs();
        }
        self.run_due();
        self.send_legs();
        self.events.wake();
        self.events.wake_for(LEFT_MAX);
        self.flights.0.wake();
        self.dead.wake_for(DEAD_MAX);
        let end = self.clock.now();
        self.note(now, end);
        if self.doing.load.is_due(end) {
            self.judge(end);
        }
    }

    /// Writes the turn down.
    fn note(&mut self, began: Instant, end: Instant) {
        let mut turn = std::mem::take(&mut self.doing.current);
        turn.took = end.since(began);
        raise(&self.counters.turn_us_max, micros(turn.took));
        count(&self.counters.datagrams_in, u64::from(turn.datagrams_in));
        count(&self.counters.datagrams_out, u64::from(turn.datagrams_out));
        if turn.late >= OVERRUN {
            count(&self.counters.overruns, 1);
        }
        self.recorder.record(began, turn);
    }

    /// Judges the load of the last second.
    fn judge(&mut self, now: Instant) {
        let used_ns = sys::thread_cpu_ns();
        self.counters
            .cpu_us
            .store(used_ns / 1_000, Ordering::Relaxed);
        let flows = u64::try_from(self.plane.flows().count()).unwrap_or(0);
        self.counters.flows.store(flows, Ordering::Relaxed);
        let before = self.doing.load.level;
        let changed = self.doing.load.judge(now, used_ns);
        let Load {
            permille, level, ..
        } = self.doing.load;
        let counters = &self.counters;
        counters.load_permille.store(permille, Ordering::Relaxed);
        counters.level.store(level as u64, Ordering::Relaxed);
        if !changed || before.max(level) < Level::Full {
            return;
        }
        let full = level == Level::Full;
        if full {
            count(&self.counters.overloads, 1);
        }
        self.tell(MediaEvent::Overloaded(full));
        self.events.wake();
    }

    /// Takes one datagram of a ready socket; what is left makes it ready again.
    fn serve(&mut self, now: Instant, token: u64) {
        let (slot, channel) = untoken(token);
        let Some(Some(Seat { leg, pair, .. })) = self.seats.get(slot) else {
            return;
        };
        let leg = *leg;
        let socket = pair.socket(channel);
        let Some((len, from)) = sys::receive(socket, &mut *self.buffer) else {
            return;
        };
        self.doing.current.datagrams_in += 1;
        let datagram = self.buffer.get(..len).unwrap_or(&[]);
        self.plane.packet(now, leg, channel, from, datagram);
        self.drain();
    }

    /// Executes orders; whether there may be more.
    fn obey(&mut self, now: Instant) -> bool {
        for _ in 0..COMMANDS_MAX {
            let Ok(order) = self.orders.pop() else {
                return false;
            };
            match order {
                ToMedia::Command(PlaneCommand::AddPortLeg { leg, object }) => {
                    self.add_port_leg(now, leg, object);
                }
                ToMedia::Command(PlaneCommand::Plain(MediaCommand::KeepSound { leg, tap })) => {
                    self.keep_sound(now, leg, tap);
                }
                ToMedia::Command(PlaneCommand::Plain(command)) if self.port_obeys(&command) => {}
                ToMedia::Command(command) => self.plane.command(now, command),
                ToMedia::AddRtpLeg(leg, object, pair) => {
                    self.doing.joining = Some((leg, pair));
                    self.plane
                        .command(now, PlaneCommand::AddRtpLeg { leg, object });
                }
                ToMedia::Depart(leg, to, bridge) => self.peers.depart(leg, to, bridge),
            }
            self.drain();
            self.welcome();
        }
        true
    }

    /// The plane took the leg: its sockets are watched from now on.
    pub(crate) fn welcome(&mut self) {
        let Some((leg, pair)) = self.doing.joining.take() else {
            return;
        };
        self.watch.begin(leg, &pair);
        if let Some(place) = self.seats.get_mut(usize::from(leg.slot)) {
            let pace = Pace::default();
            *place = Some(Seat { leg, pair, pace });
            self.counters.legs.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn add_port_leg(&mut self, now: Instant, leg: MediaLeg, object: Box<media::PortLeg>) {
        let wanted = object.port();
        let port = self
            .ports
            .all
            .iter_mut()
            .find(|port| port.id == wanted && port.leg.is_none());
        match port {
            Some(port) => {
                port.begin(leg);
                self.plane
                    .command(now, PlaneCommand::AddPortLeg { leg, object });
            }
            None => {
                self.tell(MediaEvent::LegFailed {
                    leg,
                    fault: MediaFault::NoPort,
                });
                self.bury(Retired::Port(leg, object), None);
                self.dead.wake();
            }
        }
    }

    /// Does to the sound of a port what the command wishes; whether it was such a command and the
    /// leg is on a port. The plane refuses and counts all that nobody can do.
    fn port_obeys(&mut self, command: &MediaCommand) -> bool {
        let (MediaCommand::SetPortSound { leg, .. } | MediaCommand::PlayOnPort { leg, .. }) =
            command
        else {
            return false;
        };
        let port = self.ports.of(*leg);
        port.is_some_and(|port| port.dsp.obey(command))
    }

    /// Gives the last seconds of a port's line to whoever writes tracks down, all at once.
    fn keep_sound(&mut self, now: Instant, leg: MediaLeg, tap: TapId) {
        let port = self.ports.of(leg);
        let (Some(port), Some(tracks)) = (port, &mut self.tracks) else {
            return;
        };
        let at = now;
        let pieces = port.dsp.recent();
        for payload in pieces.iter().flat_map(|piece| piece.chunks(EVIDENCE_PIECE)) {
            let codec = Codec::Pcma;
            let part = TapPart::Sound { codec, payload };
            tracks.push(&Tapped { tap, at, part });
        }
        let part = TapPart::Ended;
        tracks.push(&Tapped { tap, at, part });
    }

    /// Runs what is due. The time is read anew, for packets and orders took theirs.
    pub(crate) fn run_due(&mut self) {
        let now = self.clock.now();
        let Some((due, _)) = self.plane.next_deadline() else {
            return;
        };
        if due > now {
            return;
        }
        let ticks = self.plane.tick_is_due(now);
        if ticks && self.ports.hold(now, &self.clock) {
            return;
        }
        if ticks {
            self.doing.current.late = now.since(due);
            raise(
                &self.counters.tick_late_us_max,
                micros(self.doing.current.late),
            );
            self.gather(now);
            self.hear_ports();
        }
        self.plane.timeout(now);
        if ticks {
            self.ports.tell(&mut self.plane);
        }
        self.drain();
        let figures = self.plane.figures();
        self.counters.ticks.store(figures.ticks, Ordering::Relaxed);
        self.counters
            .ticks_missed
            .store(figures.ticks_missed, Ordering::Relaxed);
        self.counters
            .refused
            .store(figures.refused, Ordering::Relaxed);
        self.counters
            .orphans
            .store(figures.orphans, Ordering::Relaxed);
        let counters = &self.counters;
        for (counter, figure) in [
            (&counters.unauthentic, figures.unauthentic),
            (&counters.checks_refused, figures.checks_refused),
            (&counters.unprotected, figures.unprotected),
        ] {
            counter.store(figure, Ordering::Relaxed);
        }
    }

    /// One block of every port in use, and what is heard in it.
    fn hear_ports(&mut self) {
        let (events, counters) = (&mut self.events, &self.counters);
        self.ports.hear(&mut self.plane, |leg, told| match told {
            Told::Slips(samples) => count(&counters.card_slips, samples),
            Told::Heard(heard) => {
                if let Some(event) = MediaEvent::of_line(leg, heard)
                    && events.send(FromMedia::Event(event)).is_err()
                {
                    count(&counters.events_lost, 1);
                }
            }
        });
    }

    /// Carries out what the plane says.
    pub(crate) fn drain(&mut self) {
        while let Some(output) = self.plane.poll() {
            match output {
                Output::Transmit {
                    leg,
                    channel,
                    to,
                    bytes,
                } => {
                    let seat = self.seats.get(usize::from(leg.slot));
                    let Some(Some(seat)) = seat.filter(|seat| is_of(seat, leg)) else {
                        continue;
                    };
                    if sys::send(seat.pair.socket(channel), to, bytes) {
                        self.doing.current.datagrams_out += 1;
                    } else {
                        count(&self.counters.send_failed, 1);
                    }
                }
                Output::Handshake { leg, from, bytes } => {
                    pass_flight(&mut self.flights.0, &self.counters, leg, from, bytes);
                }
                // The quality of a second is only looked at: the first to go.
                Output::Event(MediaEvent::QualitySecond { .. })
                    if self.doing.load.level > Level::Normal => {}
                Output::Event(event) => self.tell(event),
                Output::Tap(step) => {
                    if let Some(tracks) = &mut self.tracks {
                        tracks.push(&step);
                    }
                }
                Output::Pace { leg, pace } => self.watch.pace(&mut self.seats, leg, pace),
                Output::Dead(object) => self.part(object),
            }
        }
    }

    /// A leg is over: its sockets are left, its port is free.
    fn part(&mut self, object: Retired) {
        let pair = match &object {
            Retired::Port(leg, object) => {
                let id = object.port();
                if let Some(port) = self.ports.of(*leg).filter(|port| port.id == id) {
                    port.leg = None;
                }
                None
            }
            Retired::Keys(_)
            | Retired::Codecs(_)
            | Retired::Paths(_)
            | Retired::Voice(_)
            | Retired::Clip(..) => None,
            Retired::Rtp(leg, _) => match self.doing.joining.take() {
                // The plane refused it: its sockets were never watched.
                Some((_, pair)) => Some(pair),
                None => self.leave(*leg),
            },
        };
        let rare = matches!(object, Retired::Port(..) | Retired::Clip(..));
        self.bury(object, pair);
        if rare {
            // The helper looks by itself only while pairs of ports are out.
            self.dead.wake();
        }
    }

    pub(crate) fn leave(&mut self, leg: MediaLeg) -> Option<Pair> {
        let place = self.seats.get_mut(usize::from(leg.slot))?;
        let seat = place.take_if(|seat| seat.leg == leg)?;
        self.watch.end(&seat);
        self.counters.legs.fetch_sub(1, Ordering::Relaxed);
        Some(seat.pair)
    }

    /// Sends a dead object to where it may be freed. There are never more of them than the ring
    /// and its queue hold; should it happen, freeing here is better than a leak.
    fn bury(&mut self, object: Retired, pair: Option<Pair>) {
        drop(self.dead.send(Dead { object, pair }));
    }

    /// Says something to the control thread, which is not woken for what nobody waits for.
    fn tell(&mut self, event: MediaEvent) {
        let waits = matches!(
            event,
            MediaEvent::LegRemoved { .. }
                | MediaEvent::FirstPacket { .. }
                | MediaEvent::SourceLearned { .. }
                | MediaEvent::QualityMinute { .. }
        );
        let event = FromMedia::Event(event);
        let told = if waits {
            self.events.leave(event)
        } else {
            self.events.send(event)
        };
        if told.is_err() {
            count(&self.counters.events_lost, 1);
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

//! The media threads: sockets, clock, priority and rings around `media::Plane`.
//!
//! Two threads. The *media thread* owns the sockets, the audio halves of the board's ports and the
//! plane; the *media helper* binds ports ahead of need, frees what is over and does DTLS. The control thread
//! speaks to both through [`Engine`], in the plain words of `model`, and never waits: the handle
//! holds the pairs that the helper announced, so that a leg goes to the media thread on the shortest
//! way, with its sockets and its object. This crate decides nothing about calls.

mod clock;
mod dtls;
mod dtls_link;
mod flight;
mod link;
mod load;
mod pool;
mod status;
mod supply;
mod sys;
mod tracks;
mod watch;
mod worker;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use hal_port::AudioHalf;
use media::{Plane, PlaneCommand, PortLeg, RtpLeg};
use model::{
    Fingerprint, MediaCommand, MediaEvent, MediaFault, Now, PairId, PortId, Random, Seed, limits,
};
use rtrb::Consumer;

use crate::clock::Clock;
use crate::flight::{Flight, Recorder};
use crate::link::{Pair, Sender, ToControl, ToHelper, ToMedia, Waker};
use crate::pool::Pool;
use crate::status::{Counters, count};
use crate::supply::Helper;
use crate::watch::Watch;
use crate::worker::{Doing, Port, Worker};

pub use crate::flight::Stretch;
pub use crate::status::{EngineStatus, Granted};
pub use media::{ClipSound, TapPart, Tapped};

pub use crate::tracks::{ClipSource, NoClips, TrackReader, TrackSink, tracks};

/// Slots of every ring. Few: a ring goes round, so that all of it is in memory soon.
const SLOTS: usize = limits::MEDIA_RING;
/// What may wait behind a full ring: room that nobody touches before it is needed.
const WAITING: usize = 16 * limits::MEDIA_RING;
/// The helper is called when no more pairs than this wait: filling up then is done before they run
/// out, and is one turn of the helper for many calls.
const PAIRS_LOW: usize = limits::PAIRS_AHEAD / 2;
/// Files that all legs, pairs ahead and pairs at rest need, and some for the rest of the program.
const FILES: u64 =
    2 * (limits::MEDIA_LEGS + limits::PAIRS_AHEAD + pool::RESTING_MAX) as u64 + 1_024;

/// What the engine is started with.
pub struct EngineConfig {
    /// First and last UDP port for media; both 0 = any.
    pub rtp_ports: (u16, u16),
    /// The audio halves of the board's ports.
    pub ports: Vec<(PortId, Box<dyn AudioHalf>)>,
    /// What the order of the ports is shuffled by: from the secret stream.
    pub seed: Seed,
    /// The time: its calendar part is what reports to far ends start from.
    pub start: Now,
    /// Where clips come from.
    pub clips: Box<dyn ClipSource>,
    /// Where recorded tracks go; without it nothing of them leaves the engine.
    pub tracks: Option<TrackSink>,
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The range has no even port with its neighbour.
    #[error("rtp_ports {0}-{1} has no pair of ports: an even one and the next")]
    NoPairs(u16, u16),
    /// The system refused what every process may have.
    #[error("the system refused {what}")]
    System {
        /// What was asked for.
        what: &'static str,
        /// Its answer.
        source: io::Error,
    },
}

/// The running engine, as the control thread holds it.
pub struct Engine {
    orders: Sender<ToMedia>,
    wishes: Sender<ToHelper>,
    from_media: Consumer<MediaEvent>,
    from_helper: Consumer<ToControl>,
    /// Pairs that wait for a leg, and how many there are with those in the ring.
    pairs: BTreeMap<PairId, Pair>,
    stock: Arc<AtomicUsize>,
    /// What the handle itself has to say.
    own: VecDeque<MediaEvent>,
    /// Wakes the control thread.
    control: Waker,
    /// The call of `control` was taken back since the rings were found empty.
    cleared: bool,
    media: Waker,
    helper: Waker,
    stop: Arc<AtomicBool>,
    counters: Arc<Counters>,
    fingerprint: Fingerprint,
    flight: Arc<Flight>,
    threads: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Starts both threads.
    ///
    /// # Errors
    /// [`EngineError`]: nothing is left running then.
    pub fn start(config: EngineConfig) -> Result<Self, EngineError> {
        let (first, last) = check_range(config.rtp_ports)?;
        sys::allow_files(FILES);
        let system = |what| move |source| EngineError::System { what, source };
        let [control, media, helper] = wakers().map_err(system("an eventfd"))?;
        let (orders, orders_out) = link::ring(SLOTS, WAITING, &media);
        let (wishes, wishes_out) = link::ring(SLOTS, WAITING, &helper);
        let (to_media, prepared) = link::ring(SLOTS, WAITING, &media);
        let (dead, dead_out) = link::ring(SLOTS, limits::MEDIA_LEGS, &helper);
        let (media_events, from_media) = link::ring(SLOTS, WAITING, &control);
        let (to_control, from_helper) = link::ring(SLOTS, WAITING, &control);
        let (stop, stock) = <(Arc<AtomicBool>, Arc<AtomicUsize>)>::default();
        let (flight, clock, counters) =
            (Flight::shared(), Clock::start(), Arc::<Counters>::default());
        let (handshakes, flights, fingerprint) =
            dtls::open(clock.now(), &media, &helper).map_err(system("DTLS"))?;
        let helper_thread = Helper {
            clock,
            pool: Pool::new(first, last, &mut Random::new(config.seed)),
            wishes: wishes_out,
            dead: dead_out,
            to_media,
            to_control,
            handshakes,
            clips: config.clips,
            stock: stock.clone(),
            out: 0,
            waker: helper.clone(),
            stop: stop.clone(),
            counters: counters.clone(),
        };
        let worker = Worker {
            clock,
            plane: Plane::new(at(clock, config.start)),
            watch: Watch::new().map_err(system("an epoll instance"))?,
            buffer: Box::new([0; limits::RTP_PACKET_MAX + 1]),
            seats: worker::seats(),
            ports: config.ports.into_iter().map(port).collect(),
            orders: orders_out,
            prepared,
            dead,
            flights,
            tracks: config.tracks,
            events: media_events,
            waker: media.clone(),
            stop: stop.clone(),
            counters: counters.clone(),
            recorder: Recorder::new(flight.clone()),
            doing: Doing::default(),
        };
        Self {
            orders,
            wishes,
            from_media,
            from_helper,
            pairs: BTreeMap::new(),
            stock,
            own: VecDeque::new(),
            control,
            cleared: false,
            media,
            helper,
            stop,
            counters,
            fingerprint,
            flight,
            threads: Vec::new(),
        }
        .begin(worker, helper_thread)
    }

    fn begin(mut self, worker: Worker, helper: Helper) -> Result<Self, EngineError> {
        self.spawn("media-0", move || worker.run())?;
        self.spawn("media-helper", move || helper.run())?;
        Ok(self)
    }

    fn spawn(
        &mut self,
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), EngineError> {
        let thread = thread::Builder::new()
            .name(name.into())
            .spawn(work)
            .map_err(|source| EngineError::System {
                what: "a thread",
                source,
            })?;
        self.threads.push(thread);
        Ok(())
    }

    /// SHA-256 of the certificate that DTLS shows, for `a=fingerprint` (RFC 8122 §5); another one
    /// after each start.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Hands a command over. Never waits: what does not fit into the ring is kept here and goes
    /// with the next `send` or `poll`. Call [`Engine::flush`] after the last of a turn.
    ///
    /// Commands reach the media thread in their order, but for those that the helper works on
    /// first: these come later than what was said before them.
    pub fn send(&mut self, command: MediaCommand) {
        let order = match command {
            MediaCommand::AddRtpLeg {
                leg,
                pair,
                identity,
            } => match self.take(pair) {
                Some(pair) => ToMedia::AddRtpLeg(leg, RtpLeg::boxed(identity), pair),
                None => {
                    let fault = MediaFault::NoPair;
                    self.own.push_back(MediaEvent::LegFailed { leg, fault });
                    self.control.wake();
                    return;
                }
            },
            MediaCommand::DropPair { pair } => {
                if let Some(pair) = self.take(pair) {
                    self.wish(ToHelper::Spare(pair));
                }
                return;
            }
            MediaCommand::AddPortLeg { leg, port } => {
                let object = PortLeg::boxed(port);
                ToMedia::Command(PlaneCommand::AddPortLeg { leg, object })
            }
            MediaCommand::LoadClip { .. }
            | MediaCommand::UsePorts { .. }
            | MediaCommand::DropClip { .. }
            | MediaCommand::StartDtls { .. } => {
                self.wish(ToHelper::Command(command));
                return;
            }
            _ => ToMedia::Command(command.into()),
        };
        if self.orders.send(order).is_err() {
            count(&self.counters.commands_lost, 1);
        }
    }

    fn wish(&mut self, wish: ToHelper) {
        if self.wishes.send(wish).is_err() {
            count(&self.counters.commands_lost, 1);
        }
    }

    /// Takes a pair that was announced; the helper is called when few are left.
    fn take(&mut self, id: PairId) -> Option<Pair> {
        let pair = self.pairs.remove(&id)?;
        if self.stock.fetch_sub(1, Ordering::AcqRel) == PAIRS_LOW {
            self.helper.wake();
        }
        Some(pair)
    }

    /// Wakes the engine for the commands sent; whether all of them left this thread. If not, call
    /// again within some milliseconds.
    pub fn flush(&mut self) -> bool {
        let all = self.orders.flush() & self.wishes.flush();
        self.orders.wake();
        self.wishes.wake();
        all
    }

    /// The next event; call until `None` whenever [`Engine::event_fd`] became readable.
    pub fn poll(&mut self) -> Option<MediaEvent> {
        loop {
            if let Some(event) = self.own.pop_front() {
                return Some(event);
            }
            if let Ok(event) = self.from_media.pop() {
                return Some(event);
            }
            match self.from_helper.pop() {
                Ok(ToControl::Pair(id, pair)) => {
                    let port = pair.rtp.port;
                    self.pairs.insert(id, pair);
                    return Some(MediaEvent::PairReady { pair: id, port });
                }
                Ok(ToControl::Event(event)) => return Some(event),
                Err(_) => {}
            }
            // Only after the call was taken back is an empty ring the last word; who pushes after
            // that calls again.
            if std::mem::replace(&mut self.cleared, true) || !self.control.clear() {
                self.cleared = false;
                return None;
            }
        }
    }

    /// Readable when events wait: for the control thread's poller. It stays readable until
    /// [`Engine::poll`] answered `None`.
    #[must_use]
    pub fn event_fd(&self) -> BorrowedFd<'_> {
        self.control.fd()
    }

    /// Figures and how the threads run.
    #[must_use]
    pub fn status(&self) -> EngineStatus {
        self.counters.read()
    }

    /// A handle for who only looks: the guard thread and the metrics.
    #[must_use]
    pub fn watcher(&self) -> Watcher {
        Watcher {
            counters: self.counters.clone(),
            flight: self.flight.clone(),
            media: self.media.clone(),
        }
    }

    /// Ends both threads; all legs and sockets are gone when this returns.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.media.wake();
        self.helper.wake();
        for thread in self.threads.drain(..) {
            // A thread that panicked has ended too; the panic was reported when it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.end();
    }
}

impl AsFd for Engine {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event_fd()
    }
}

/// Looks at the engine from another thread.
#[derive(Clone, Debug)]
pub struct Watcher {
    counters: Arc<Counters>,
    flight: Arc<Flight>,
    media: Waker,
}

impl Watcher {
    /// Figures and how the threads run.
    #[must_use]
    pub fn status(&self) -> EngineStatus {
        self.counters.read()
    }

    /// What the last seconds of the media thread were like, oldest first.
    #[must_use]
    pub fn flight(&self) -> Vec<Stretch> {
        self.flight.read()
    }

    /// Asks the media thread for a sign of life: `wakes` grows within some milliseconds.
    pub fn ping(&self) {
        self.media.wake();
    }
}

fn wakers() -> io::Result<[Waker; 3]> {
    Ok([Waker::new()?, Waker::new()?, Waker::new()?])
}

/// The calendar of `start` at this moment of our clock.
fn at(clock: Clock, start: Now) -> Now {
    let mono = clock.now();
    Now { mono, ..start }
}

fn check_range((first, last): (u16, u16)) -> Result<(u16, u16), EngineError> {
    let even = first.saturating_add(first & 1);
    if (first, last) != (0, 0) && (first == 0 || even >= last) {
        return Err(EngineError::NoPairs(first, last));
    }
    Ok((first, last))
}

fn port((id, audio): (PortId, Box<dyn AudioHalf>)) -> Port {
    let mut dsp = dsp::line::PortDsp::new();
    dsp.set(&model::PortSound {
        listens: model::PortListens {
            keys: true,
            ..model::PortListens::default()
        },
        ..model::PortSound::default()
    });
    Port {
        id,
        audio,
        dsp,
        leg: None,
    }
}

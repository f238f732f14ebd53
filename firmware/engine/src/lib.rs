//! The media threads: sockets, clock, priority and rings around `media::Plane`.
//!
//! *Media threads*, each of which owns the sockets of its legs, some audio halves of the board's ports
//! and a plane; and one *media helper*, which binds ports ahead of need, frees what is over and does
//! DTLS. The control thread speaks to all through [`Engine`], in the plain words of `model`, and never
//! waits: the handle holds the pairs that the helper announced, so that a leg goes to its media thread
//! on the shortest way, with its sockets and its object, and it knows which leg is on which thread
//! (`media::Placement`). A leg that joins a bridge of another thread goes there by itself
//! (`travel`). This crate decides nothing about calls.

mod clock;
mod crew;
mod dtls;
mod dtls_link;
mod flight;
mod link;
mod load;
mod pool;
mod ports;
mod status;
mod supply;
mod sys;
mod tracks;
mod travel;
mod watch;
mod watcher;
mod worker;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use hal_port::AudioHalf;
use media::{Errand, Placement, PlaneCommand, PortLeg, RtpLeg};
use model::{
    ClipId, Fingerprint, MediaCommand, MediaEvent, MediaFault, Now, PairId, PortId, Seed, limits,
};
use rtrb::Consumer;

use crate::link::{FromMedia, Pair, Sender, ToControl, ToHelper, ToMedia, Waker};
use crate::status::count;

pub use crate::flight::Stretch;
pub use crate::status::{EngineStatus, Granted};
pub use crate::watcher::Watcher;
pub use media::{ClipSound, TapPart, Tapped};

pub use crate::tracks::{ClipSource, NoClips, TrackReader, TrackSink, tracks};

/// The helper is called when no more pairs than this wait: filling up then is done before they run
/// out, and is one turn of the helper for many calls.
const PAIRS_LOW: usize = limits::PAIRS_AHEAD / 2;
/// What the engine is started with.
pub struct EngineConfig {
    /// Media threads: at least one, at most `limits::MEDIA_THREADS`.
    pub threads: usize,
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
    /// Where recorded tracks go, for each thread one; without it nothing of them leaves the engine.
    pub tracks: Vec<TrackSink>,
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
    /// By media thread.
    orders: Vec<Sender<ToMedia>>,
    wishes: Sender<ToHelper>,
    /// By media thread.
    from_media: Vec<Consumer<FromMedia>>,
    /// What was taken out of the rings before its turn.
    early: VecDeque<(usize, FromMedia)>,
    from_helper: Consumer<ToControl>,
    /// What is where.
    placement: Placement,
    /// Clips that some of the planes have answered for: how many, and whether any could not take it.
    answers: BTreeMap<ClipId, (usize, bool)>,
    /// Pairs that wait for a leg, and how many there are with those in the ring.
    pairs: BTreeMap<PairId, Pair>,
    stock: Arc<AtomicUsize>,
    /// What the handle itself has to say.
    own: VecDeque<MediaEvent>,
    /// Wakes the control thread.
    control: Waker,
    /// The call of `control` was taken back since the rings were found empty.
    cleared: bool,
    /// What was heard made orders that were not called out yet.
    made_orders: bool,
    helper: Waker,
    stop: Arc<AtomicBool>,
    fingerprint: Fingerprint,
    watcher: Watcher,
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
    /// Starts all threads.
    ///
    /// # Errors
    /// [`EngineError`]: nothing is left running then.
    pub fn start(config: EngineConfig) -> Result<Self, EngineError> {
        crew::start(config)
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
    /// Commands reach a media thread in their order, but for those that the helper works on first,
    /// which come later than what was said before them, and those about a leg that is on its way to
    /// another thread, which wait for it.
    pub fn send(&mut self, command: MediaCommand) {
        match command {
            MediaCommand::AddRtpLeg {
                leg,
                pair,
                identity,
                beside,
            } => match self.take(pair) {
                Some(pair) => {
                    let thread = self.placement.seat_rtp(leg, beside);
                    let object = RtpLeg::boxed(identity);
                    self.order(thread, ToMedia::AddRtpLeg(leg, object, pair));
                }
                None => {
                    let fault = MediaFault::NoPair;
                    self.own.push_back(MediaEvent::LegFailed { leg, fault });
                    self.control.wake();
                }
            },
            MediaCommand::DropPair { pair } => {
                if let Some(pair) = self.take(pair) {
                    self.wish(ToHelper::Spare(pair));
                }
            }
            MediaCommand::AddPortLeg { leg, port } => {
                let object = PortLeg::boxed(port);
                self.place(PlaneCommand::AddPortLeg { leg, object });
            }
            MediaCommand::LoadClip { .. }
            | MediaCommand::UsePorts { .. }
            | MediaCommand::DropClip { .. } => self.wish(ToHelper::Command(command)),
            MediaCommand::StartDtls {
                leg,
                role,
                fingerprint,
            } => {
                self.place(command.into());
                let thread = self.placement.plane_of(leg).unwrap_or(0);
                self.wish(ToHelper::Shake {
                    thread,
                    leg,
                    role,
                    fingerprint,
                });
            }
            _ => self.place(command.into()),
        }
    }

    /// Gives a command to the thread that it is for, or moves a leg first.
    fn place(&mut self, command: PlaneCommand) {
        self.placement.command(command);
        self.run_errands();
    }

    fn run_errands(&mut self) {
        while let Some(errand) = self.placement.poll() {
            match errand {
                Errand::Do(thread, command) => self.order(thread, ToMedia::Command(command)),
                Errand::Move {
                    leg,
                    from,
                    to,
                    bridge,
                } => {
                    count(&self.watcher.rest.moves, 1);
                    // One for each leg at most: until it has arrived all else that is for it waits here.
                    if let Some(orders) = self.orders.get_mut(from) {
                        orders.insist(ToMedia::Depart(leg, to, bridge));
                    }
                }
            }
        }
    }

    fn order(&mut self, thread: usize, order: ToMedia) {
        let orders = self.orders.get_mut(thread);
        if orders.is_none_or(|orders| orders.send(order).is_err()) {
            count(&self.watcher.rest.commands_lost, 1);
        }
    }

    fn wish(&mut self, wish: ToHelper) {
        if self.wishes.send(wish).is_err() {
            count(&self.watcher.rest.commands_lost, 1);
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
        let mut all = self.wishes.flush();
        self.wishes.wake();
        for orders in &mut self.orders {
            all &= orders.flush();
            orders.wake();
        }
        all
    }

    /// The next event; call until `None` whenever [`Engine::event_fd`] became readable.
    pub fn poll(&mut self) -> Option<MediaEvent> {
        loop {
            if let Some(event) = self.next_event() {
                return Some(event);
            }
            // Only after the call was taken back is an empty ring the last word; who pushes after
            // that calls again.
            if std::mem::replace(&mut self.cleared, true) || !self.control.clear() {
                self.cleared = false;
                // What was heard may have made orders. What does not leave now goes with the next
                // `send` or `poll`.
                self.flush();
                return None;
            }
        }
    }

    /// The next event that lies there, whether [`Engine::event_fd`] is readable or not, without a system
    /// call. That a leg is over, that its first packet came, where it comes from and how a minute was
    /// is not called out: who waits for it looks by this, or hears it with the next event that is.
    pub fn glance(&mut self) -> Option<MediaEvent> {
        let event = self.next_event();
        if event.is_none() && std::mem::take(&mut self.made_orders) {
            self.flush();
        }
        event
    }

    fn next_event(&mut self) -> Option<MediaEvent> {
        loop {
            if let Some(event) = self.own.pop_front() {
                return Some(event);
            }
            while let Some((thread, said)) = self.next_said() {
                if let Some(event) = self.hear_media(thread, said) {
                    return Some(event);
                }
            }
            let answer = self.from_helper.pop().ok()?;
            if let Some(event) = self.hear_helper(answer) {
                return Some(event);
            }
        }
    }

    /// What a media thread said next.
    fn next_said(&mut self) -> Option<(usize, FromMedia)> {
        if let Some(said) = self.early.pop_front() {
            return Some(said);
        }
        let mut rings = self.from_media.iter_mut().enumerate();
        rings.find_map(|(thread, ring)| Some((thread, ring.pop().ok()?)))
    }

    fn hear_media(&mut self, thread: usize, said: FromMedia) -> Option<MediaEvent> {
        let leg = match said {
            FromMedia::Event(event) => return self.judge(thread, event),
            FromMedia::Arrived(leg) => leg,
        };
        // All that the thread it comes from said of it is in that one's ring by now, and comes before
        // what this one says.
        let mut before = VecDeque::new();
        for (other, ring) in self.from_media.iter_mut().enumerate() {
            while other != thread
                && let Ok(said) = ring.pop()
            {
                before.push_back((other, said));
            }
        }
        before.append(&mut self.early);
        self.early = before;
        if self.placement.arrived(leg)
            && let Some(thread) = self.placement.plane_of(leg)
        {
            self.wish(ToHelper::Moved(leg, thread));
        }
        self.run_errands();
        self.made_orders = true;
        None
    }

    /// What an event of one media thread means for the whole.
    fn judge(&mut self, thread: usize, event: MediaEvent) -> Option<MediaEvent> {
        match event {
            MediaEvent::LegRemoved { leg, .. } | MediaEvent::LegFailed { leg, .. } => {
                self.placement.gone(leg);
                Some(event)
            }
            MediaEvent::Overloaded(full) => {
                let whole = self.placement.overloaded(thread, full);
                whole.map(MediaEvent::Overloaded)
            }
            MediaEvent::ClipReady { clip, .. } => self.clip_answer(clip, event, false),
            MediaEvent::ClipFailed { clip } => self.clip_answer(clip, event, true),
            event => Some(event),
        }
    }

    /// A plane has a clip or could not take it: told when the last one answered.
    fn clip_answer(&mut self, clip: ClipId, event: MediaEvent, failed: bool) -> Option<MediaEvent> {
        let (answers, any_failed) = self.answers.entry(clip).or_default();
        *answers += 1;
        *any_failed |= failed;
        if *answers < self.orders.len() {
            return None;
        }
        let failed = *any_failed;
        self.answers.remove(&clip);
        Some(if failed {
            MediaEvent::ClipFailed { clip }
        } else {
            event
        })
    }

    fn hear_helper(&mut self, answer: ToControl) -> Option<MediaEvent> {
        match answer {
            ToControl::Pair(id, pair) => {
                let port = pair.rtp.port;
                self.pairs.insert(id, pair);
                return Some(MediaEvent::PairReady { pair: id, port });
            }
            ToControl::Event(event) => return Some(event),
            ToControl::Command(command) => self.place(command.into()),
            ToControl::Keys(leg, keys) => self.place(PlaneCommand::SetKeys { leg, keys }),
            ToControl::Clip(thread, clip, object) => {
                let command = PlaneCommand::AddClip { clip, object };
                self.order(thread, ToMedia::Command(command));
            }
        }
        self.made_orders = true;
        None
    }

    /// Readable when events wait that somebody is woken for: for the control thread's poller. It stays readable until
    /// [`Engine::poll`] answered `None`.
    #[must_use]
    pub fn event_fd(&self) -> BorrowedFd<'_> {
        self.control.fd()
    }

    /// Figures of all threads together, and how they run.
    #[must_use]
    pub fn status(&self) -> EngineStatus {
        self.watcher.status()
    }

    /// A handle for who only looks: the guard thread and the metrics.
    #[must_use]
    pub fn watcher(&self) -> Watcher {
        self.watcher.clone()
    }

    /// Ends all threads; all legs and sockets are gone when this returns.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.watcher.ping();
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

/// Makes the calling thread a real-time one, as a media thread: for the thread of a sound device.
///
/// # Errors
/// The system's, usually that it is not permitted: the thread then runs as it did.
pub fn become_real_time() -> io::Result<()> {
    sys::become_real_time()
}

//! The media threads: sockets, clock, priority and rings around `media::Plane`.
//!
//! Two threads. The *media thread* owns the sockets, the audio halves of the board's ports and the
//! plane; the *media helper* binds ports, builds the objects of legs and frees them. The control
//! thread speaks to both through [`Engine`], in the plain words of `model`, and never waits. This
//! crate decides nothing about calls.

mod clock;

mod link;
mod pool;
mod status;
mod supply;
mod sys;
mod worker;

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use hal_port::AudioHalf;
use media::Plane;
use model::{MediaCommand, MediaEvent, Now, PortId, Random, Seed, limits};
use rtrb::Consumer;

use crate::clock::Clock;
use crate::link::{Sender, Waker};
use crate::pool::Pool;
use crate::status::{Counters, count};
use crate::supply::Helper;
use crate::sys::{Epoll, Ready};
use crate::worker::{Port, Worker};

pub use crate::status::{EngineStatus, Granted};

/// Commands that may wait in the control thread behind a full ring.
const COMMANDS_WAITING: usize = 4 * limits::MEDIA_RING;
/// Files that all legs and pairs ahead need, and some for the rest of the program.
const FILES: u64 = 2 * (limits::MEDIA_LEGS as u64 + limits::PAIRS_AHEAD as u64) + 1_024;

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
    commands: Sender<MediaCommand>,
    from_media: Consumer<MediaEvent>,
    from_helper: Consumer<MediaEvent>,
    /// Wakes the control thread.
    control: Waker,
    media: Waker,
    helper: Waker,
    stop: Arc<AtomicBool>,
    counters: Arc<Counters>,
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
        let (first, last) = config.rtp_ports;
        let even = first.saturating_add(first & 1);
        if (first, last) != (0, 0) && (first == 0 || even >= last) {
            return Err(EngineError::NoPairs(first, last));
        }
        sys::allow_files(FILES);
        let system = |what| move |source| EngineError::System { what, source };
        let control = Waker::new().map_err(system("an eventfd"))?;
        let media = Waker::new().map_err(system("an eventfd"))?;
        let helper = Waker::new().map_err(system("an eventfd"))?;
        let slots = limits::MEDIA_RING;
        let (commands, commands_out) = link::ring(slots, COMMANDS_WAITING, &helper);
        let (to_media, orders) = link::ring(slots, slots, &media);
        let (dead, dead_out) = link::ring(slots, limits::MEDIA_LEGS, &helper);
        let (media_events, from_media) = link::ring(slots, slots, &control);
        let (helper_events, from_helper) = link::ring(slots, slots, &control);
        let stop = Arc::new(AtomicBool::new(false));
        let counters = Arc::new(Counters::default());
        let clock = Clock::start();
        let helper_thread = Helper {
            clock,
            pool: Pool::new(first, last, &mut Random::new(config.seed)),
            commands: commands_out,
            dead: dead_out,
            to_media,
            events: helper_events,
            waker: helper.clone(),
            stop: stop.clone(),
            counters: counters.clone(),
        };
        let start = Now {
            mono: clock.now(),
            ..config.start
        };
        let worker = Worker {
            clock,
            plane: Plane::new(start),
            epoll: Epoll::new().map_err(system("an epoll instance"))?,
            ready: Ready::new(worker::READY_MAX),
            pairs: std::iter::repeat_with(|| None)
                .take(limits::MEDIA_LEGS)
                .collect(),
            ports: config.ports.into_iter().map(port).collect(),
            orders,
            dead,
            events: media_events,
            waker: media.clone(),
            stop: stop.clone(),
            counters: counters.clone(),
            more_orders: false,
            joining: None,
        };
        let mut engine = Self {
            commands,
            from_media,
            from_helper,
            control,
            media,
            helper,
            stop,
            counters,
            threads: Vec::new(),
        };
        engine.spawn("media-0", move || worker.run())?;
        engine.spawn("media-helper", move || helper_thread.run())?;
        Ok(engine)
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

    /// Hands a command over. Never waits: what does not fit into the ring is kept here and goes
    /// with the next `send` or `poll`. Call [`Engine::flush`] after the last of a turn.
    pub fn send(&mut self, command: MediaCommand) {
        if self.commands.send(command).is_err() {
            count(&self.counters.commands_lost, 1);
        }
    }

    /// Wakes the engine for the commands sent; whether all of them left this thread. If not, call
    /// again within some milliseconds.
    pub fn flush(&mut self) -> bool {
        let all = self.commands.flush();
        self.commands.wake();
        all
    }

    /// The next event; call until `None` whenever [`Engine::event_fd`] became readable.
    pub fn poll(&mut self) -> Option<MediaEvent> {
        loop {
            if let Ok(event) = self.from_media.pop() {
                return Some(event);
            }
            if let Ok(event) = self.from_helper.pop() {
                return Some(event);
            }
            // Only after the call was taken back is an empty ring the last word.
            if !self.control.clear() {
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
    media: Waker,
}

impl Watcher {
    /// Figures and how the threads run.
    #[must_use]
    pub fn status(&self) -> EngineStatus {
        self.counters.read()
    }

    /// Asks the media thread for a sign of life: `wakes` grows within some milliseconds.
    pub fn ping(&self) {
        self.media.wake();
    }
}

fn port((id, audio): (PortId, Box<dyn AudioHalf>)) -> Port {
    Port {
        id,
        audio,
        dsp: dsp::PortDsp::new(),
        leg: None,
    }
}

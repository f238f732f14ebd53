//! What other threads tell the control thread, and their way to it.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    time::Duration,
};

use config::Config;
use mio::Waker;
use model::{Command, limits};
use pbx::{Counters, Figures};

use crate::doors::{Listener, SipSocket};

/// What other threads tell the control thread.
#[derive(Debug)]
pub(crate) enum Word {
    /// A wish.
    Command(Command),
    /// A new version of the configuration, checked and saved.
    Config {
        version: u64,
        text: Arc<str>,
        config: Arc<Config>,
        passwords: BTreeMap<config::SecretId, String>,
    },
    /// The external address was looked up.
    External(Option<IpAddr>),
    /// Somebody wants the figures.
    Figures(SyncSender<(Figures, Counters)>),
    /// Somebody wants to know how the analog ports are.
    Ports(SyncSender<Vec<model::LineHealth>>),
    /// How far the test of a set is, after beginning one if wished; `None` = no such port.
    SetTest {
        port: String,
        begin: bool,
        answer: SyncSender<Option<Vec<pbx::SetTest>>>,
    },
    /// A question to the people at the simulated sets.
    Board {
        port: String,
        ask: BoardAsk,
        answer: SyncSender<Result<Option<hal_sim::Report>, hal_sim::ActError>>,
    },
    /// Somebody wants to know how the buttons of the board are.
    Buttons(SyncSender<Vec<hal_board::ButtonReport>>),
    /// Other addresses are configured; their sockets are bound.
    Doors(SipChange),
    /// The guard wants a sign of life.
    Alive,
}

impl Word {
    /// A wish that takes the exchange down in order.
    pub(crate) fn stop(grace_s: u16) -> Self {
        Self::Command(Command::Stop {
            grace: Duration::from_secs(u64::from(grace_s)),
        })
    }
}

/// A question to the simulated board.
#[derive(Clone, Debug)]
pub(crate) enum BoardAsk {
    /// Do this.
    Act(hal_sim::Act),
    /// Tell what you see and hear.
    Hear,
    /// Press the button of that name, or let it go.
    Button { held: bool },
}

/// Sockets that come and go.
#[derive(Debug)]
pub(crate) struct SipChange {
    pub(crate) udp: Vec<Arc<SipSocket>>,
    pub(crate) listeners: Vec<Listener>,
    /// Bound addresses that are given up, `true` for UDP.
    pub(crate) close: Vec<(bool, SocketAddr)>,
    pub(crate) done: SyncSender<()>,
}

/// A way to the control thread; clones lead to the same one.
#[derive(Clone)]
pub(crate) struct Mouth {
    queue: SyncSender<Word>,
    waker: Arc<Waker>,
}

/// The queue is full or the control thread is gone.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the exchange is busy or stopping; try again")]
pub(crate) struct NotHeard;

impl Mouth {
    /// The queue to the control thread, which `waker` wakes, and its other end.
    pub(crate) fn new(waker: Waker) -> (Self, Receiver<Word>) {
        let (queue, words) = sync_channel(limits::COMMAND_QUEUE + limits::MEDIA_RING);
        let waker = Arc::new(waker);
        (Self { queue, waker }, words)
    }

    /// Says something; never waits.
    pub(crate) fn say(&self, word: Word) -> Result<(), NotHeard> {
        match self.queue.try_send(word) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => return Err(NotHeard),
        }
        // The thread wakes by its own deadlines too; a lost wake-up only delays.
        let _ = self.waker.wake();
        Ok(())
    }

    /// Says something that must be heard, waiting while the queue is full. Not for the control
    /// thread, nor for threads that it waits for.
    pub(crate) fn insist(&self, word: Word) -> Result<(), NotHeard> {
        self.queue.send(word).map_err(|_| NotHeard)?;
        // As above.
        let _ = self.waker.wake();
        Ok(())
    }

    /// Wakes the control thread without saying anything.
    pub(crate) fn wake(&self) {
        // As above.
        let _ = self.waker.wake();
    }

    /// Asks for the figures and waits for the answer; `None` when the exchange does not answer
    /// within two seconds.
    pub(crate) fn figures(&self) -> Option<(Figures, Counters)> {
        let (answer, wait) = sync_channel(1);
        self.say(Word::Figures(answer)).ok()?;
        wait.recv_timeout(Duration::from_secs(2)).ok()
    }
}

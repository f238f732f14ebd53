//! The control thread: drives `Pbx` with what sockets, ports, media and people bring, and carries
//! out what it wishes. All deciding is in `pbx`; this file only waits and passes on.

mod board;
mod doors;
mod driver;
mod gather;
mod listener;
mod stream;
mod turn;
mod udp;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
};

use config::Config;
use hal_port::{ControlHalf, ErrorKind};
use mio::{Poll, Token, Waker};
use model::{Command, FlowId, Instant, limits};
use panel::{WebInbox, WebLine};
use pbx::{Counters, Figures};

pub(crate) use board::Board;
pub(crate) use doors::UdpDoor;
pub(crate) use driver::{Driver, Outside};
pub(crate) use gather::Gather;
pub(crate) use listener::Listener;
use stream::Stream;
pub(crate) use udp::SipSocket;

use crate::{clock::Clock, tls::Tls};

/// The control half of a port, whatever the back end.
pub(crate) type Jack = Box<dyn ControlHalf<Error = ErrorKind> + Send>;

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
    External(Option<std::net::IpAddr>),
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
        ask: crate::exchange::BoardAsk,
        answer: SyncSender<Result<Option<hal_sim::Report>, hal_sim::ActError>>,
    },
    /// Other addresses are configured; their sockets are bound.
    Doors(crate::porter::SipChange),
    /// The guard wants a sign of life.
    Alive,
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
        wait.recv_timeout(std::time::Duration::from_secs(2)).ok()
    }
}

/// Everything the control thread owns.
pub(crate) struct Control {
    pub(crate) driver: Driver,
    pub(crate) poll: Poll,
    pub(crate) words: Receiver<Word>,
    pub(crate) clock: Clock,
    pub(crate) sockets: BTreeMap<usize, UdpDoor>,
    pub(crate) listeners: BTreeMap<usize, Listener>,
    pub(crate) streams: BTreeMap<FlowId, Stream>,
    /// What browsers say that are phones, and the ways back to them.
    pub(crate) browsers: WebInbox,
    pub(crate) lines: BTreeMap<FlowId, WebLine>,
    /// Streams with more to read than one turn allows.
    pub(crate) unread: Vec<FlowId>,
    /// What a burst did not empty, though the poller will not name it again.
    pub(crate) again: Vec<Token>,
    pub(crate) next_flow: u64,
    pub(crate) board: Board,
    /// When the ports are sampled next.
    pub(crate) sample_at: Instant,
    pub(crate) tls: Option<Tls>,
    pub(crate) heart: Arc<crate::guard::Heart>,
    pub(crate) buffer: Vec<u8>,
}

/// Tokens: the waker, the media plane, then UDP sockets, then listeners, then connections by flow.
pub(crate) const WAKER: Token = Token(0);
pub(crate) const MEDIA: Token = Token(1);
pub(crate) const SOCKETS: usize = 2;
pub(crate) const LISTENERS: usize = 1_000;
pub(crate) const FLOWS: usize = 10_000;

/// The queue to the control thread and its two ends.
pub(crate) fn mouth(poll: &Poll) -> std::io::Result<(Mouth, Receiver<Word>)> {
    let (queue, words) = sync_channel(limits::COMMAND_QUEUE + limits::MEDIA_RING);
    let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
    Ok((Mouth { queue, waker }, words))
}

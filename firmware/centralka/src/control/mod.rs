//! The control thread: drives `Pbx` with what sockets, ports, media and people bring, and carries
//! out what it wishes. All deciding is in `pbx`; this file only waits and passes on.

mod board;
mod doors;
mod driver;
mod gather;
mod handshakes;
mod parting;
mod stream;
mod turn;

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc::Receiver},
};

use mio::{Poll, Token};
use model::{FlowId, Instant};
use panel::{WebInbox, WebLine};

pub(crate) use board::{Board, Face};
pub(crate) use doors::UdpDoor;
pub(crate) use driver::{Driver, Outside};
pub(crate) use gather::Gather;
pub(crate) use handshakes::Handshakes;
pub(crate) use parting::Parting;
use stream::Stream;

use crate::{clock::Clock, doors::Listener, recovery::Recovery, tls::Tls, word::Word};

/// Everything the control thread owns.
pub(crate) struct Control {
    pub(crate) driver: Driver,
    pub(crate) poll: Poll,
    pub(crate) words: Receiver<Word>,
    pub(crate) clock: Clock,
    pub(crate) sockets: BTreeMap<usize, UdpDoor>,
    pub(crate) listeners: BTreeMap<usize, Listener>,
    pub(crate) streams: BTreeMap<FlowId, Stream>,
    /// Those of them that are not up yet.
    pub(crate) handshakes: Handshakes,
    /// What browsers say that are phones, and the ways back to them.
    pub(crate) browsers: WebInbox,
    pub(crate) lines: BTreeMap<FlowId, WebLine>,
    /// Streams with more to read than one turn allows.
    pub(crate) unread: Vec<FlowId>,
    /// What a burst did not empty, though the poller will not name it again.
    pub(crate) again: Vec<Token>,
    pub(crate) next_flow: u64,
    pub(crate) board: Board,
    /// Who makes a claim code when the button for it is held.
    pub(crate) recovery: Recovery,
    /// When the ports are sampled next.
    pub(crate) sample_at: Instant,
    pub(crate) tls: Option<Tls>,
    pub(crate) heart: Arc<crate::guard::Heart>,
    pub(crate) buffer: Vec<u8>,
}

/// Tokens: the waker, the media plane, the buttons of the board, then UDP sockets, then listeners, then connections by flow.
pub(crate) const WAKER: Token = Token(0);
pub(crate) const MEDIA: Token = Token(1);
pub(crate) const BUTTONS: Token = Token(2);
pub(crate) const SOCKETS: usize = 3;
pub(crate) const LISTENERS: usize = 1_000;
pub(crate) const FLOWS: usize = 10_000;

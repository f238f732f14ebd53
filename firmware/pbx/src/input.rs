//! What goes into the control plane and what comes out. All of it is plain data, so that a run can
//! be written down and played again.

use std::{net::SocketAddr, sync::Arc};

use config::Config;
use hal_port::{PortCommand, PortEvent};
use model::{
    Command, FlowId, MediaCommand, MediaEvent, Party, PartyId, PortId, Record, Seq, StateChange,
    Transport,
};

/// One thing that happened outside.
#[derive(Clone, Debug)]
pub enum Input {
    /// A connection is up: accepted, or asked for by [`Output::Connect`].
    FlowOpened {
        /// Inbound ids are the shell's (below `1 << 63`), outbound ones the exchange's.
        flow: FlowId,
        /// TCP, TLS or WebSocket.
        transport: Transport,
        /// Our address.
        local: SocketAddr,
        /// Theirs.
        remote: SocketAddr,
    },
    /// Bytes of a connection, in order: of a stream, cut anywhere; of a WebSocket, one message.
    Bytes {
        /// Which connection.
        flow: FlowId,
        /// At least one byte.
        bytes: Vec<u8>,
    },
    /// A connection is down, or could not be made.
    FlowClosed {
        /// Which connection.
        flow: FlowId,
    },
    /// A datagram on a SIP port.
    Datagram {
        /// The address it was sent to.
        local: SocketAddr,
        /// Where it came from.
        remote: SocketAddr,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// The configured name of the external address was looked up.
    External(Option<std::net::IpAddr>),
    /// A port of the board reports.
    Port {
        /// Which jack.
        port: PortId,
        /// What happened.
        event: PortEvent,
    },
    /// The media plane reports.
    Media(MediaEvent),
    /// Somebody wishes.
    Command(Command),
    /// A version of the configuration comes into force.
    Config {
        /// Its number in the history.
        version: u64,
        /// The whole text, for the books.
        text: Arc<str>,
        /// The same, checked.
        config: Arc<Config>,
    },
    /// Everything up to this record is on disk.
    Durable(Seq),
    /// Nothing but time.
    Tick,
}

/// One thing to be done outside. Executed in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Make a connection; `FlowOpened` or `FlowClosed` follows. Bytes may be handed in before.
    Connect {
        /// Its id from now on.
        flow: FlowId,
        /// TCP or TLS.
        transport: Transport,
        /// Where to.
        remote: SocketAddr,
    },
    /// Send on a connection.
    Bytes {
        /// Which connection.
        flow: FlowId,
        /// At least one byte.
        bytes: Vec<u8>,
    },
    /// Send a datagram.
    Datagram {
        /// The address it comes from.
        local: SocketAddr,
        /// Where to.
        remote: SocketAddr,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// Close a connection; no `FlowClosed` follows.
    Close {
        /// Which connection.
        flow: FlowId,
    },
    /// A wish to a port.
    Port {
        /// Which jack.
        port: PortId,
        /// What.
        command: PortCommand,
    },
    /// A wish to the media plane.
    Media(MediaCommand),
    /// People's data behind an id, always before the first record that names it.
    Party(PartyId, Party),
    /// A line of the ledger.
    Record(Record),
    /// A change of state to be stored.
    State(StateChange),
}

/// A jack of the board as the exchange sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jack {
    /// Its number on the board.
    pub port: PortId,
    /// Its name on the board, as `[[analog]] port` gives it.
    pub name: String,
    /// Which end of a line it is.
    pub kind: hal_port::PortKind,
    /// What its hardware can do.
    pub capabilities: hal_port::Capabilities,
    /// Of a set: the relay that joins it to a line without power, if it has one.
    pub lifeline: Option<Lifeline>,
}

/// The lifeline of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Lifeline {
    /// The line's jack.
    pub line: PortId,
    /// A contact of the relay tells where it has the set.
    pub sensed: bool,
    /// The relay was let go before the start, as it is without power, and still is: the set may be in a call.
    pub released: bool,
}

/// Counters of the control plane for `/metrics`; they only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages that were no SIP and got no answer.
    pub sip_garbage: u64,
    /// Messages that were read with at least one leniency.
    pub sip_lenient: u64,
    /// Requests whose credentials were wrong.
    pub auth_wrong: u64,
    /// Requests whose nonce or count was used before.
    pub auth_replayed: u64,
    /// Calls refused because no port pair was ready.
    pub no_media_ports: u64,
    /// Connections refused at the limit of all, or of one address.
    pub flows_refused: u64,
    /// Registrations refused at the limit of the exchange or of one owner.
    pub bindings_refused: u64,
    /// Calls refused at the limit of calls.
    pub too_many_calls: u64,
    /// Calls refused because the media plane was at its limit.
    pub media_overloaded: u64,
    /// 200s that went before their call was durable.
    pub durable_late: u64,
    /// Legs that had to be protected and were not.
    pub security_failed: u64,
    /// Media legs that did not report their end in time.
    pub media_silent: u64,
    /// Calls on outside lines whose far party was seen to hang up.
    pub line_hang_ups: u64,
    /// Hang-ups of far parties that were none: somebody spoke after.
    pub false_hang_ups: u64,
    /// Prompts and music that could not be played.
    pub clips_failed: u64,
}

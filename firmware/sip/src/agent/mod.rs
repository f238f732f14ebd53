//! The agent: transactions, dialogs and calls of one box as one plain struct.
//!
//! It is handed parsed messages and the time, and says through [`Agent::poll`] what to send and
//! what happened. It opens no socket, reads no clock and draws only from the randomness it was
//! given, so that the same inputs give the same bytes.

mod ack;
mod alarm;
mod cancel;
mod checks;
mod client;
mod config;
pub(crate) mod matching;
mod output;
mod receive;
mod server;
mod wide;

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
};

use model::{FlowId, Instant, Random};

use crate::{
    HeaderName, Message, NameAddr, ParseError, Peer, Request, Response, Uri,
    grammar::Hex,
    transaction::{ClientKey, ServerKey},
    usage::{Usage, UsageKey},
};
pub(crate) use alarm::{Alarm, Alarms, UsageTimer};
pub(crate) use cancel::Cancel;
pub(crate) use checks::{is_sdp, session};
pub(crate) use client::{Client, Failure, Owner, Part};
pub use config::AgentConfig;
use config::Texts;
pub use output::{AgentError, How, InviteParams, Outcome, Output, UsageEvent};
pub(crate) use server::{Fresh, Head, Server};

/// What went by or was refused, counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentCounters {
    /// Requests answered 503 because a limit was reached.
    pub overload: u64,
    /// Requests that came by two ways and were answered 482.
    pub merged: u64,
    /// Requests absorbed as retransmissions.
    pub repeated_requests: u64,
    /// Responses that belong to no transaction, dropped.
    pub stray_responses: u64,
    /// ACKs that belong to nothing, dropped.
    pub stray_acks: u64,
    /// Requests for a dialog that does not exist, answered 481.
    pub unknown_dialog: u64,
    /// Messages whose headers made no sense, answered 400 or dropped.
    pub malformed: u64,
    /// Requests refused with 405, 415, 416, 420 or 483.
    pub refused: u64,
    /// Answered transactions forgotten before their time to make room for new ones.
    pub forgotten_early: u64,
}

/// How many things live in an agent; all zero when it rests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentSizes {
    /// Client transactions.
    pub clients: usize,
    /// Server transactions, answered ones included.
    pub servers: usize,
    /// Calls.
    pub usages: usize,
    /// Running timers.
    pub alarms: usize,
    /// Entries of the lookup tables.
    pub index: usize,
}

/// Says under which address the box is reached from a peer; see [`Agent::set_advertised`].
pub type Advertised = Box<dyn Fn(&Peer) -> SocketAddr + Send>;

/// The signalling of one box.
///
/// Transactions (RFC 3261 §17, RFC 6026), dialogs (§12) and calls (§13 to §15, RFC 3262, 3311,
/// 4028, 6141), driven by its owner: hand in one input, take [`Agent::poll`] until it is empty,
/// wake it at [`Agent::next_deadline`].
///
/// ```
/// use model::{Instant, Random};
/// use sip::{Agent, AgentConfig, Output, Peer, parse};
///
/// let mut agent = Agent::new(AgentConfig::default(), Random::new([1; 32]));
/// let peer = Peer::udp("192.0.2.1:5060".parse().unwrap(), "192.0.2.2:5060".parse().unwrap());
/// let bytes = b"OPTIONS sip:192.0.2.1 SIP/2.0\r\n\
///     Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1;rport\r\n\
///     From: <sip:a@192.0.2.2>;tag=1\r\nTo: <sip:192.0.2.1>\r\n\
///     Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
/// let now = Instant::ZERO;
/// match parse(bytes) {
///     Ok(parsed) => agent.receive(now, &peer, parsed.message),
///     Err(error) => agent.receive_malformed(&peer, &error),
/// }
/// let mut sent = Vec::new();
/// while let Some(output) = agent.poll() {
///     match output {
///         Output::Send { bytes, .. } => sent.push(bytes),
///         Output::Request { server, request, .. } => {
///             let response = agent.capabilities(&request);
///             agent.respond(now, server, &response).expect("not yet answered");
///         }
///         Output::Usage { .. } | Output::Response { .. } => {}
///     }
/// }
/// assert!(sent[0].starts_with(b"SIP/2.0 200 OK\r\n"));
/// assert!(agent.next_deadline().is_some()); // timer J
/// ```
pub struct Agent {
    pub(crate) config: AgentConfig,
    pub(crate) texts: Texts,
    pub(crate) random: Random,
    advertised: Option<Advertised>,
    last_key: u64,
    /// Mixed into the merge keys, so that nobody outside can make two requests collide.
    pub(crate) merge_salt: u64,
    /// The same for the matching of requests; it stays as long as the agent, as do transactions.
    pub(crate) branch_salt: u64,
    pub(crate) clients: BTreeMap<ClientKey, Client>,
    pub(crate) servers: BTreeMap<ServerKey, Server>,
    /// Server transactions by what their requests are matched by.
    pub(crate) by_branch: BTreeMap<u64, ServerKey>,
    pub(crate) merged: BTreeMap<u64, ServerKey>,
    /// Answered server transactions that only absorb, oldest first.
    pub(crate) absorbing: VecDeque<ServerKey>,
    pub(crate) usages: BTreeMap<UsageKey, Box<Usage>>,
    pub(crate) alarms: Alarms,
    pub(crate) out: VecDeque<Output>,
    pub(crate) counters: AgentCounters,
    /// Peers that took no connection, and when.
    streamless: BTreeMap<SocketAddr, Instant>,
}

impl core::fmt::Debug for Agent {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Agent")
            .field("sizes", &self.sizes())
            .field("counters", &self.counters)
            .finish_non_exhaustive()
    }
}

impl Agent {
    /// An agent that has seen nothing. `random` must be the plain stream: tags, branches and
    /// Call-IDs are made of it.
    #[must_use]
    pub fn new(config: AgentConfig, mut random: Random) -> Self {
        let salt = random.next_u64();
        Self {
            texts: Texts::of(&config),
            config,
            merge_salt: salt,
            branch_salt: salt,
            last_key: first_key(&mut random),
            random,
            advertised: None,
            clients: BTreeMap::new(),
            servers: BTreeMap::new(),
            by_branch: BTreeMap::new(),
            merged: BTreeMap::new(),
            absorbing: VecDeque::new(),
            usages: BTreeMap::new(),
            alarms: Alarms::default(),
            out: VecDeque::new(),
            counters: AgentCounters::default(),
            streamless: BTreeMap::new(),
        }
    }

    /// From now on Via and Contact name what `advertised` says for a peer instead of the peer's
    /// local address (a box behind NAT, design §3).
    pub fn set_advertised(&mut self, advertised: Advertised) {
        self.advertised = Some(advertised);
    }

    /// Takes new settings; calls and transactions under way go on.
    pub fn set_config(&mut self, config: AgentConfig) {
        self.texts = Texts::of(&config);
        self.config = config;
    }

    /// Starts the randomness of tags, branches and Call-IDs anew, for a replay from here on: from
    /// now on this agent says the same bytes as a new one with the same `random`. What lives goes
    /// on under its old names.
    pub fn reseed(&mut self, random: Random) {
        self.random = random;
        self.merge_salt = self.random.next_u64();
        self.last_key = first_key(&mut self.random);
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &AgentConfig {
        &self.config
    }

    /// One parsed message came from `peer`.
    pub fn receive(&mut self, now: Instant, peer: &Peer, message: Message) {
        match message {
            Message::Request(request) => self.receive_request(now, peer, request),
            Message::Response(response) => self.receive_response(now, response),
        }
    }

    /// Bytes came from `peer` that are no legal message: a request that can be answered gets its 400,
    /// 505 or 513, without a transaction.
    pub fn receive_malformed(&mut self, peer: &Peer, error: &ParseError) {
        self.counters.malformed += 1;
        let tag = self.loose_tag();
        if let Some(mut response) = error.response(&tag) {
            self.sign_response(&mut response);
            self.send_message(peer, |out| response.write(out));
        }
    }

    /// The connection `flow` is gone. Client transactions on it fail, and calls that came by it and
    /// are not answered end; answered ones go on, as the peer may come back on another connection
    /// ([`Agent::move_to`]), and find out by their own requests if it does not.
    pub fn flow_failed(&mut self, now: Instant, flow: FlowId) {
        let keys: Vec<UsageKey> = self
            .usages
            .iter()
            .filter(|(_, usage)| usage.peer.flow == Some(flow) && usage.is_ringing_here())
            .map(|(key, _)| *key)
            .collect();
        for key in keys {
            self.abandon(now, key);
        }
        let lost = |client: &Client| client.peer.flow == Some(flow);
        self.fail_clients(now, lost);
    }

    /// A message could not be sent to `peer` (ICMP error, connection refused).
    pub fn send_failed(&mut self, now: Instant, peer: &Peer) {
        let to = *peer;
        self.fail_clients(now, |client: &Client| client.peer == to);
    }

    fn fail_clients(&mut self, now: Instant, lost: impl Fn(&Client) -> bool) {
        let keys: Vec<ClientKey> = self
            .clients
            .iter()
            .filter(|(_, client)| !client.is_final() && lost(client))
            .map(|(key, _)| *key)
            .collect();
        for key in keys {
            self.client_failed(now, key, Failure::Transport);
        }
    }

    /// When the agent wants [`Agent::timeout`], and why.
    #[must_use]
    pub fn next_deadline(&self) -> Option<(Instant, &'static str)> {
        self.alarms.next()
    }

    /// Runs every timer that is due.
    pub fn timeout(&mut self, now: Instant) {
        while let Some(alarm) = self.alarms.pop_due(now) {
            match alarm {
                Alarm::Client(key, timer) => self.client_timer(now, key, timer),
                Alarm::Server(key, timer) => self.server_timer(now, key, timer),
                Alarm::Usage(key, timer) => self.usage_timer(now, key, timer),
            }
        }
    }

    /// The next thing to do or know; `None` when there is nothing more.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// What was counted so far.
    #[must_use]
    pub const fn counters(&self) -> AgentCounters {
        self.counters
    }

    /// How much lives now.
    #[must_use]
    pub fn sizes(&self) -> AgentSizes {
        AgentSizes {
            clients: self.clients.len(),
            servers: self.servers.len(),
            usages: self.usages.len(),
            alarms: self.alarms.len(),
            index: self.by_branch.len() + self.merged.len() + self.absorbing.len(),
        }
    }

    /// Whether a call, or a request that waits for its answer, uses `bound` over UDP; an unspecified
    /// IP address stands for any.
    #[must_use]
    pub fn speaks_from(&self, bound: SocketAddr) -> bool {
        let uses = |peer: &Peer| {
            let local = peer.local;
            let same_ip = bound.ip().is_unspecified() || bound.ip() == local.ip();
            peer.transport == model::Transport::Udp && same_ip && bound.port() == local.port()
        };
        let waits = |client: &Client| uses(&client.peer) && !client.is_final();
        self.usages.values().any(|usage| uses(&usage.peer)) || self.clients.values().any(waits)
    }

    /// A response to `request` with everything that RFC 3261 §8.2.6.2 wants copied, a To tag where
    /// it has none, and Server.
    #[must_use]
    pub fn response_to(&mut self, request: &Request, status: u16) -> Response {
        let tag = self.loose_tag();
        let mut response = Response::to_request(request, status, &tag);
        self.sign_response(&mut response);
        response
    }

    /// The 200 to an OPTIONS outside a dialog: what the box can do (RFC 3261 §11.2).
    #[must_use]
    pub fn capabilities(&mut self, request: &Request) -> Response {
        let mut response = self.response_to(request, 200);
        self.add_capabilities(&mut response);
        response.headers.push(HeaderName::Accept, "application/sdp");
        response
    }

    /// Adds Allow and Supported.
    pub(crate) fn add_capabilities(&self, response: &mut Response) {
        let headers = &mut response.headers;
        headers.push(HeaderName::Allow, self.texts.allow.as_str());
        headers.push(HeaderName::Supported, self.texts.supported.as_str());
    }

    /// The address under which `peer` reaches us.
    pub(crate) fn advertised(&self, peer: &Peer) -> SocketAddr {
        self.advertised.as_ref().map_or(peer.local, |f| f(peer))
    }

    /// A Contact made of the advertised address alone.
    pub(crate) fn plain_contact(&self, peer: &Peer) -> NameAddr {
        let at = self.advertised(peer);
        let mut uri = Uri::sip(None, &at.ip().into(), Some(at.port()));
        if let Some(transport) = peer.transport.as_uri_param() {
            uri = uri.with_param("transport", Some(transport));
        }
        NameAddr::new(uri)
    }

    /// Adds Server.
    pub(crate) fn sign_response(&self, response: &mut Response) {
        if !self.config.user_agent.is_empty() {
            let headers = &mut response.headers;
            headers.push(HeaderName::Server, self.config.user_agent.as_str());
        }
    }

    pub(crate) const fn next_key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }

    /// A tag that names no usage.
    pub(crate) fn loose_tag(&mut self) -> String {
        Hex::of(self.random.next_u64()).digits(16).to_owned()
    }

    pub(crate) fn new_call_id(&mut self) -> String {
        let [high, low] = core::array::from_fn(|_| Hex::of(self.random.next_u64()));
        [high.digits(16), low.digits(16)].concat()
    }

    pub(crate) fn tell(&mut self, usage: UsageKey, event: UsageEvent) {
        self.out.push_back(Output::Usage { usage, event });
    }
}

/// The number before the first key. It is drawn, so that the keys after a [`Agent::reseed`] are
/// those of a new agent and yet never meet those that live: 2⁵⁶ starts, some thousand lives.
fn first_key(random: &mut Random) -> u64 {
    random.next_u64() >> 8
}

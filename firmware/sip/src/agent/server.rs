//! Server transactions: requests that we were sent.

use model::{Instant, limits};

use super::{Agent, AgentError, Alarm, Output};
use crate::{
    CSeq, HeaderName, Headers, Method, Peer, Request, Response, Via,
    transaction::{Effects, InviteServer, NonInviteServer, ServerKey, Timer},
    usage::{Phase, UsageKey},
};

/// The machine of a server transaction.
#[derive(Clone, Copy, Debug)]
enum Machine {
    Invite(InviteServer),
    Other(NonInviteServer),
}

/// A server transaction. Once answered it is no more than its key and the bytes of the answer, as
/// thousands of them wait for timer J on UDP.
#[derive(Debug)]
pub(crate) struct Server {
    machine: Machine,
    pub(crate) peer: Peer,
    /// The last response, for retransmission; not a 2xx to an INVITE, which the call repeats.
    last: Box<[u8]>,
    branch: u64,
    merge: u64,
    /// The call whose INVITE this is.
    pub(crate) usage: Option<UsageKey>,
}

impl Server {
    const fn is_final(&self) -> bool {
        match &self.machine {
            Machine::Invite(machine) => machine.is_final(),
            Machine::Other(machine) => machine.is_final(),
        }
    }

    const fn is_accepted(&self) -> bool {
        matches!(&self.machine, Machine::Invite(machine) if machine.is_accepted())
    }
}

/// What is kept of a request until it is answered: enough for any response.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// Via, From, To with our tag, Call-ID, CSeq and Record-Route.
    headers: Headers,
    /// For the 100 alone.
    timestamp: Option<Box<str>>,
}

impl Head {
    /// The head of `request`, with `tag` at To if it has none.
    pub(crate) fn of(request: &Request, tag: &str) -> Self {
        let mut headers = Response::to_request(request, 200, tag).headers;
        headers.copy_from(&request.headers, &HeaderName::RecordRoute);
        let timestamp = request.headers.get(&HeaderName::Timestamp);
        Self {
            headers,
            timestamp: timestamp.map(Box::from),
        }
    }

    /// The 100 to the request (RFC 3261 §8.2.6.1): without `tag`, which is ours, and with its
    /// Timestamp.
    fn trying(&self, tag: &str) -> Response {
        let mut response = self.response(100);
        let headers = &mut response.headers;
        headers.remove(&HeaderName::RecordRoute);
        let ours = |to: &str| {
            let bare = to.strip_suffix(tag)?.strip_suffix(";tag=")?;
            Some(bare.to_owned())
        };
        if let Some(to) = headers.get(&HeaderName::To).and_then(ours) {
            headers.set(HeaderName::To, to);
        }
        if let Some(timestamp) = self.timestamp.as_deref() {
            headers.push(HeaderName::Timestamp, timestamp);
        }
        response
    }

    /// A response with these headers; Record-Route only where it makes a dialog (§12.1.1).
    pub(crate) fn response(&self, status: u16) -> Response {
        let mut response = Response::new(status);
        response.headers = Headers::with_capacity(16, 768);
        response.headers.copy_all(&self.headers);
        if status >= 300 {
            response.headers.remove(&HeaderName::RecordRoute);
        }
        response
    }
}

/// A request that belongs to no transaction yet.
pub(crate) struct Fresh {
    pub(crate) via: Via,
    pub(crate) cseq: CSeq,
    /// See [`super::matching::server_match`].
    pub(crate) branch: u64,
    /// See [`super::matching::merge_key`].
    pub(crate) merge: u64,
}

impl Agent {
    /// Answers a request of [`Output::Request`] or [`UsageEvent::Request`](super::UsageEvent). The
    /// response should come from [`Agent::response_to`]. Several provisional responses and one
    /// final one may be given.
    ///
    /// # Errors
    /// [`AgentError::NotNow`] if the transaction is answered or gone.
    pub fn respond(
        &mut self,
        now: Instant,
        server: ServerKey,
        response: &Response,
    ) -> Result<(), AgentError> {
        if self.send_response(now, server, response) {
            Ok(())
        } else {
            Err(AgentError::NotNow)
        }
    }

    /// Starts the server transaction of a new request. `None` at overload, after a stateless 503.
    pub(crate) fn start_server(
        &mut self,
        peer: &Peer,
        request: &Request,
        fresh: &Fresh,
    ) -> Option<ServerKey> {
        if self.servers.len() >= limits::SIP_TRANSACTIONS && !self.forget_oldest() {
            self.counters.overload += 1;
            self.refuse_stateless(peer, request);
            return None;
        }
        let reliable = peer.transport.is_reliable();
        let machine = if fresh.cseq.method == Method::Invite {
            Machine::Invite(InviteServer::start(reliable))
        } else {
            Machine::Other(NonInviteServer::start(reliable))
        };
        let key = ServerKey(self.next_key());
        self.by_branch.insert(fresh.branch, key);
        self.merged.entry(fresh.merge).or_insert(key);
        self.servers.insert(
            key,
            Server {
                machine,
                peer: *peer,
                last: Box::default(),
                branch: fresh.branch,
                merge: fresh.merge,
                usage: None,
            },
        );
        Some(key)
    }

    /// Forgets the longest answered transaction before its time J; its retransmissions would then
    /// be taken for new requests, which costs less than refusing new ones.
    fn forget_oldest(&mut self) -> bool {
        while let Some(key) = self.absorbing.pop_front() {
            if self.servers.contains_key(&key) {
                self.counters.forgotten_early += 1;
                self.remove_server(key);
                self.forget_timers();
                return true;
            }
        }
        false
    }

    /// Under a flood of small requests every one leaves a timer behind whose transaction is forgotten
    /// early. Looked at only when there are twice as many timers as transactions may be, so that each is
    /// looked at once on average.
    fn forget_timers(&mut self) {
        if self.alarms.lingering() <= 4 * limits::SIP_TRANSACTIONS {
            return;
        }
        let (clients, servers) = (&self.clients, &self.servers);
        self.alarms.forget_lingering(|alarm| match alarm {
            Alarm::Client(key, _) => clients.contains_key(&key),
            Alarm::Server(key, _) => servers.contains_key(&key),
            Alarm::Usage(..) => true,
        });
    }

    /// 503 without a transaction (RFC 3261 §8.2.7).
    fn refuse_stateless(&mut self, peer: &Peer, request: &Request) {
        let mut response = self.response_to(request, 503);
        let seconds = self.config.retry_after_s.to_string();
        response.headers.push(HeaderName::RetryAfter, seconds);
        self.send_message(peer, |out| response.write(out));
    }

    /// Sends `trying` when nothing else was answered within [`Timing::trying`](crate::Timing): a
    /// refusal or a ringing phone mostly comes first and makes it needless (RFC 3261 §17.2.1).
    pub(crate) fn promise_trying(&mut self, now: Instant, key: ServerKey) {
        let after = self.config.timing.trying();
        let alarm = Alarm::Server(key, Timer::Retransmit);
        self.alarms.set_after(alarm, now, after);
    }

    /// Makes the promised 100 the last response, if there is none: it is made only now, because
    /// hardly any call needs it.
    fn make_trying(&mut self, key: ServerKey) {
        let Some(server) = self.servers.get_mut(&key).filter(|s| s.last.is_empty()) else {
            return;
        };
        let usage = server.usage.and_then(|usage| self.usages.get(&usage));
        let Some(usage) = usage else { return };
        if let Phase::Incoming(incoming) = &usage.phase
            && incoming.server == key
        {
            let mut bytes = Vec::new();
            incoming.head.trying(&usage.local_tag).write(&mut bytes);
            server.last = bytes.into_boxed_slice();
        }
    }

    /// Sends `response` through its transaction; says whether the transaction took it.
    pub(crate) fn send_response(
        &mut self,
        now: Instant,
        key: ServerKey,
        response: &Response,
    ) -> bool {
        let mut bytes = Vec::new();
        response.write(&mut bytes);
        self.send_response_bytes(now, key, response.status, bytes)
    }

    /// The same with the bytes ready.
    pub(crate) fn send_response_bytes(
        &mut self,
        now: Instant,
        key: ServerKey,
        status: u16,
        bytes: Vec<u8>,
    ) -> bool {
        let timing = self.config.timing;
        let Some(server) = self.servers.get_mut(&key) else {
            return false;
        };
        let effects = match &mut server.machine {
            Machine::Invite(machine) => machine.respond(&timing, status),
            Machine::Other(machine) => machine.respond(&timing, status),
        };
        if effects == Effects::NONE {
            return false;
        }
        server.last = bytes.into_boxed_slice();
        let absorbs = server.is_final() && matches!(server.machine, Machine::Other(_));
        if (300..700).contains(&status) {
            // A refused request may come again with the same CSeq from a careless peer; only what
            // is open or accepted is a merged request.
            let merge = server.merge;
            if self.merged.get(&merge) == Some(&key) {
                self.merged.remove(&merge);
            }
        }
        if absorbs && !effects.done {
            self.absorbing.push_back(key);
            if self.absorbing.len() > limits::SIP_ABSORBING {
                self.forget_oldest();
            }
        }
        self.apply_server(now, key, effects);
        if let Some(server) = self.servers.get_mut(&key)
            && server.is_accepted()
        {
            server.last = Box::default();
        }
        true
    }

    /// Does what a server machine asks for.
    fn apply_server(&mut self, now: Instant, key: ServerKey, effects: Effects) {
        if effects.send {
            self.make_trying(key);
        }
        if effects.send
            && let Some(server) = self.servers.get(&key)
            && !server.last.is_empty()
        {
            self.out.push_back(Output::Send {
                peer: server.peer,
                bytes: server.last.to_vec(),
            });
        }
        for timer in effects.stop.into_iter().flatten() {
            self.alarms.clear(Alarm::Server(key, timer));
        }
        for (timer, after) in effects.start.into_iter().flatten() {
            self.alarms.set_after(Alarm::Server(key, timer), now, after);
        }
        if effects.done {
            self.remove_server(key);
        }
    }

    fn remove_server(&mut self, key: ServerKey) {
        let Some(server) = self.servers.remove(&key) else {
            return;
        };
        if self.by_branch.get(&server.branch) == Some(&key) {
            self.by_branch.remove(&server.branch);
        }
        if self.merged.get(&server.merge) == Some(&key) {
            self.merged.remove(&server.merge);
        }
        // Timer J is the same for all, so they end in the order of the queue; one that ends out of
        // order is passed over when it comes to the front.
        while let Some(front) = self.absorbing.front()
            && !self.servers.contains_key(front)
        {
            self.absorbing.pop_front();
        }
        self.alarms.clear_server(key);
    }

    /// A request came whose transaction exists.
    pub(crate) fn repeated_request(&mut self, now: Instant, key: ServerKey) {
        self.counters.repeated_requests += 1;
        let Some(server) = self.servers.get(&key) else {
            return;
        };
        let effects = match &server.machine {
            Machine::Invite(machine) => machine.repeated(),
            Machine::Other(machine) => machine.repeated(),
        };
        self.apply_server(now, key, effects);
    }

    /// An ACK came that matches an INVITE transaction by its branch; says whether it belongs to
    /// the call behind it.
    pub(crate) fn server_ack(&mut self, now: Instant, key: ServerKey) -> bool {
        let timing = self.config.timing;
        let Some(server) = self.servers.get_mut(&key) else {
            return false;
        };
        let effects = match &mut server.machine {
            Machine::Invite(machine) => machine.ack(&timing),
            Machine::Other(_) => Effects::NONE,
        };
        self.apply_server(now, key, effects);
        effects.pass
    }

    /// A timer of a server transaction ran out.
    pub(crate) fn server_timer(&mut self, now: Instant, key: ServerKey, timer: Timer) {
        let timing = self.config.timing;
        let Some(server) = self.servers.get_mut(&key) else {
            return;
        };
        let effects = match &mut server.machine {
            Machine::Invite(machine) => machine.timer(&timing, timer),
            Machine::Other(machine) => machine.timer(timer),
        };
        self.apply_server(now, key, effects);
    }

    /// Whether the request is not yet finally answered.
    pub(crate) fn is_open(&self, key: ServerKey) -> bool {
        self.servers
            .get(&key)
            .is_some_and(|server| !server.is_final())
    }

    /// Sends a message outside every transaction.
    pub(crate) fn send_message(&mut self, peer: &Peer, write: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = Vec::new();
        write(&mut bytes);
        self.out.push_back(Output::Send { peer: *peer, bytes });
    }
}

//! Agents on a virtual network: latency, loss, duplication and reordering from one seed.
#![allow(dead_code, reason = "each test file uses its part of the rig")]

pub(crate) mod script;

use std::{
    collections::{BTreeMap, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use model::{Instant, Random};
use sip::{
    Agent, AgentConfig, ClientKey, HeaderName, Headers, How, InviteParams, Message, Method,
    NameAddr, Outcome, Output, Peer, Request, ServerKey, Uri, UsageEvent, UsageKey, parse,
};

/// How the network treats packets.
#[derive(Clone, Copy)]
pub(crate) struct Weather {
    /// Smallest and largest time in the air; a difference reorders.
    pub(crate) latency_ms: (u32, u32),
    pub(crate) loss_percent: u32,
    pub(crate) duplicate_percent: u32,
}

/// What an agent said, sorted for the tests.
#[derive(Default)]
struct Heard {
    requests: VecDeque<(ServerKey, Request)>,
    incoming: VecDeque<(UsageKey, Request)>,
    events: BTreeMap<UsageKey, VecDeque<UsageEvent>>,
    responses: BTreeMap<ClientKey, VecDeque<Outcome>>,
    sent: usize,
}

/// Says of a message (sender, text) whether it is to be dropped.
pub(crate) type Censor = Box<dyn FnMut(usize, &str) -> bool>;

/// Makes further messages of a message: what an attacker would send.
pub(crate) type Mutator = Box<dyn FnMut(&str) -> Vec<Vec<u8>>>;

/// Some agents and the air between them.
pub(crate) struct World {
    pub(crate) now: Instant,
    agents: Vec<Agent>,
    heard: Vec<Heard>,
    air: BTreeMap<(Instant, u64), (usize, usize, Vec<u8>)>,
    count: u64,
    weather: Weather,
    random: Random,
    cut: bool,
    hash: u64,
    hostile: bool,
    /// The start lines of all messages, in the order they were sent.
    pub(crate) log: Vec<String>,
    /// Drops a message (sender, text) before it takes off.
    pub(crate) censor: Option<Censor>,
    pub(crate) mutator: Option<Mutator>,
}

pub(crate) fn sdp(text: &str) -> Vec<u8> {
    format!("v=0\r\ns={text}\r\n").into_bytes()
}

pub(crate) fn ended(event: UsageEvent) -> How {
    match event {
        UsageEvent::Ended { how, .. } => how,
        other => panic!("not ended: {other:?}"),
    }
}

pub(crate) fn peer(from: usize, to: usize) -> Peer {
    let at = |n: usize| format!("192.0.2.{}:5060", n + 1).parse().expect("address");
    Peer::udp(at(from), at(to))
}

pub(crate) fn uri(text: &str) -> Uri {
    Uri::parse(text).expect("legal URI")
}

impl World {
    pub(crate) fn perfect() -> Self {
        Self::new(
            1,
            Weather {
                latency_ms: (1, 1),
                loss_percent: 0,
                duplicate_percent: 0,
            },
        )
    }

    pub(crate) fn new(seed: u8, weather: Weather) -> Self {
        let config = AgentConfig {
            user_agent: "Test".into(),
            ..AgentConfig::default()
        };
        let agent = |n: u8| Agent::new(config.clone(), Random::new([seed ^ (n * 16); 32]));
        Self {
            now: Instant::from_millis(1_000),
            agents: vec![agent(1), agent(2)],
            heard: vec![Heard::default(), Heard::default()],
            air: BTreeMap::new(),
            count: 0,
            weather,
            random: Random::new([seed; 32]),
            cut: false,
            hash: 0,
            hostile: false,
            log: Vec::new(),
            censor: None,
            mutator: None,
        }
    }

    pub(crate) fn agent(&mut self, n: usize) -> &mut Agent {
        &mut self.agents[n]
    }

    /// Calls into an agent and takes what it says.
    pub(crate) fn with<T>(&mut self, n: usize, act: impl FnOnce(&mut Agent, Instant) -> T) -> T {
        let result = act(&mut self.agents[n], self.now);
        self.drain(n);
        result
    }

    pub(crate) fn cut(&mut self) {
        self.cut = true;
    }

    pub(crate) fn heal(&mut self) {
        self.cut = false;
    }

    pub(crate) fn sent(&self, n: usize) -> usize {
        self.heard[n].sent
    }

    fn drain(&mut self, n: usize) {
        while let Some(output) = self.agents[n].poll() {
            let heard = &mut self.heard[n];
            match output {
                Output::Send { peer, bytes } => {
                    heard.sent += 1;
                    self.launch(n, &peer, bytes);
                }
                Output::Request {
                    server,
                    request,
                    peer,
                } if request.method == Method::Invite => {
                    let usage = self.agents[n].admit(self.now, server, &request, &peer);
                    heard.incoming.extend(usage.map(|usage| (usage, request)));
                }
                Output::Request {
                    server, request, ..
                } => heard.requests.push_back((server, request)),
                Output::Usage { usage, event } => {
                    let events = heard.events.entry(usage).or_default();
                    let over = events
                        .back()
                        .is_some_and(|e| matches!(e, UsageEvent::Ended { .. }));
                    assert!(!over, "{event:?} after the end");
                    events.push_back(event);
                }
                Output::Response { client, outcome } => {
                    heard
                        .responses
                        .entry(client)
                        .or_default()
                        .push_back(outcome);
                }
            }
        }
    }

    fn launch(&mut self, from: usize, peer: &Peer, bytes: Vec<u8>) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let line = text.lines().next().unwrap_or("").to_owned();
        self.log.push(format!("{from} {line}"));
        let mut hasher = DefaultHasher::new();
        (self.hash, self.now, &bytes).hash(&mut hasher);
        self.hash = hasher.finish();
        let to = match peer.remote.ip().to_string().as_str() {
            "192.0.2.1" => 0,
            "192.0.2.2" => 1,
            _ => return,
        };
        let dropped = self
            .censor
            .as_mut()
            .is_some_and(|censor| censor(from, &text));
        if self.cut || dropped {
            return;
        }
        if let Some(mut mutator) = self.mutator.take() {
            for changed in mutator(&text) {
                self.fly(from, to, changed);
            }
            self.mutator = Some(mutator);
        }
        let mut copies = 1;
        if self.random.below(100) < self.weather.loss_percent {
            copies = 0;
        } else if self.random.below(100) < self.weather.duplicate_percent {
            copies = 2;
        }
        for _ in 0..copies {
            self.fly(from, to, bytes.clone());
        }
    }

    fn fly(&mut self, from: usize, to: usize, bytes: Vec<u8>) {
        let (least, most) = self.weather.latency_ms;
        let ms = least + self.random.below(most - least + 1);
        let at = self.now.plus(core::time::Duration::from_millis(ms.into()));
        self.count += 1;
        self.air.insert((at, self.count), (from, to, bytes));
    }

    /// Lets `ms` milliseconds go by.
    pub(crate) fn run_ms(&mut self, ms: u64) {
        let end = self.now.plus(core::time::Duration::from_millis(ms));
        loop {
            let packet = self.air.keys().next().map(|(at, _)| *at);
            let timers = self
                .agents
                .iter()
                .filter_map(|a| a.next_deadline())
                .map(|d| d.0);
            let Some(next) = packet
                .into_iter()
                .chain(timers)
                .min()
                .filter(|at| *at <= end)
            else {
                break;
            };
            self.now = self.now.max(next);
            self.step();
        }
        self.now = end;
    }

    fn step(&mut self) {
        while let Some(entry) = self.air.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let (from, to, bytes) = entry.remove();
            self.deliver(from, to, &bytes);
        }
        for n in 0..self.agents.len() {
            self.with(n, |agent, now| agent.timeout(now));
        }
    }

    /// Puts a message into agent `to` as if it came from `from`.
    pub(crate) fn deliver(&mut self, from: usize, to: usize, bytes: &[u8]) {
        self.hostile |= self.mutator.is_some();
        let parsed = match parse(bytes) {
            Ok(parsed) => parsed,
            // Mutated copies need not be legal.
            Err(_) if self.hostile => return,
            Err(error) => panic!("{error:?}:\n{}", String::from_utf8_lossy(bytes)),
        };
        self.give(from, to, parsed.message);
    }

    pub(crate) fn give(&mut self, from: usize, to: usize, message: Message) {
        let peer = peer(to, from);
        self.with(to, |agent, now| agent.receive(now, &peer, message));
    }

    /// Lets every timer run out and requires that nothing is left.
    pub(crate) fn rest(&mut self) {
        self.run_ms(200_000);
        for (n, agent) in self.agents.iter().enumerate() {
            assert_eq!(agent.sizes(), sip::AgentSizes::default(), "agent {n}");
        }
    }

    pub(crate) fn take_event(&mut self, n: usize, usage: UsageKey) -> UsageEvent {
        let log = self.log.join("\n");
        let events = self.heard[n].events.get_mut(&usage);
        events
            .and_then(VecDeque::pop_front)
            .unwrap_or_else(|| panic!("agent {n} heard nothing of {usage:?}:\n{log}"))
    }

    pub(crate) fn next_event(&mut self, n: usize, usage: UsageKey) -> Option<UsageEvent> {
        self.heard[n].events.get_mut(&usage)?.pop_front()
    }

    pub(crate) fn no_event(&mut self, n: usize, usage: UsageKey) {
        let events = self.heard[n].events.get(&usage);
        assert!(events.is_none_or(VecDeque::is_empty), "{events:?}");
    }

    pub(crate) fn take_incoming(&mut self, n: usize) -> (UsageKey, Request) {
        let log = self.log.join("\n");
        let incoming = self.heard[n].incoming.pop_front();
        incoming.unwrap_or_else(|| panic!("no call at agent {n}:\n{log}"))
    }

    pub(crate) fn take_request(&mut self, n: usize) -> (ServerKey, Request) {
        self.heard[n].requests.pop_front().expect("a request")
    }

    pub(crate) fn has_request(&self, n: usize) -> bool {
        !self.heard[n].requests.is_empty()
    }

    pub(crate) fn has_incoming(&self, n: usize) -> bool {
        !self.heard[n].incoming.is_empty()
    }

    pub(crate) fn take_response(&mut self, n: usize, client: ClientKey) -> Outcome {
        let responses = self.heard[n].responses.get_mut(&client);
        responses.and_then(VecDeque::pop_front).expect("a response")
    }

    pub(crate) fn next_response(&mut self, n: usize, client: ClientKey) -> Option<Outcome> {
        self.heard[n].responses.get_mut(&client)?.pop_front()
    }

    /// A hash of all bytes that were sent, in order.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.hash
    }

    pub(crate) fn options(&mut self, n: usize) -> ClientKey {
        let mut request = Request::new(Method::Options, uri("sip:b@192.0.2.2"));
        request.headers.push(HeaderName::From, "<sip:a@192.0.2.1>");
        request.headers.push(HeaderName::To, "<sip:b@192.0.2.2>");
        let to = peer(n, 1 - n);
        self.with(n, |agent, now| {
            agent.request(now, to, request).expect("room")
        })
    }

    pub(crate) fn invite(&mut self, n: usize, offer: Option<Vec<u8>>) -> UsageKey {
        let params = invite_params(n, offer);
        self.with(n, |agent, now| agent.invite(now, params).expect("room"))
    }

    /// A call that is answered and confirmed.
    pub(crate) fn call(&mut self) -> (UsageKey, UsageKey) {
        let a = self.invite(0, Some(sdp("offer")));
        self.run_ms(20);
        let (b, _) = self.take_incoming(1);
        self.with(1, |agent, now| {
            agent.answer(now, b, sdp("answer")).expect("open")
        });
        self.run_ms(20);
        assert!(matches!(self.take_event(0, a), UsageEvent::Answered { .. }));
        assert!(matches!(self.take_event(1, b), UsageEvent::Confirmed));
        (a, b)
    }
}

pub(crate) fn invite_params(n: usize, offer: Option<Vec<u8>>) -> InviteParams {
    InviteParams {
        peer: peer(n, 1 - n),
        request_uri: uri("sip:b@192.0.2.2"),
        from: NameAddr::parse("\"A\" <sip:a@192.0.2.1>").expect("legal"),
        to: NameAddr::parse("<sip:b@192.0.2.2>").expect("legal"),
        contact: None,
        route: Vec::new(),
        headers: Headers::new(),
        offer,
        max_forwards: 70,
    }
}

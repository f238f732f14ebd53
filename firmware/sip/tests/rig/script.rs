//! One agent against hand-written messages: a second view on the wire, made of text alone.

use std::collections::VecDeque;

use model::{Instant, Random, Transport};
use sip::{
    Agent, AgentConfig, AgentSizes, Method, Outcome, Output, Peer, Request, ServerKey, UsageEvent,
    UsageKey, parse,
};

use super::peer;

/// An agent, its peer being the test itself.
pub(crate) struct Script {
    pub(crate) agent: Agent,
    pub(crate) now: Instant,
    pub(crate) peer: Peer,
    pub(crate) sent: VecDeque<String>,
    /// Where the last message went.
    pub(crate) last_peer: Option<Peer>,
    pub(crate) sent_at: VecDeque<u64>,
    pub(crate) events: VecDeque<UsageEvent>,
    pub(crate) outcomes: VecDeque<Outcome>,
    pub(crate) incoming: VecDeque<(UsageKey, Request)>,
    pub(crate) requests: VecDeque<(ServerKey, Request)>,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::with_config(AgentConfig::default())
    }

    pub(crate) fn with_config(config: AgentConfig) -> Self {
        Self {
            agent: Agent::new(config, Random::new([3; 32])),
            now: Instant::from_millis(0),
            peer: peer(0, 1),
            sent: VecDeque::new(),
            last_peer: None,
            sent_at: VecDeque::new(),
            events: VecDeque::new(),
            outcomes: VecDeque::new(),
            incoming: VecDeque::new(),
            requests: VecDeque::new(),
        }
    }

    /// The same over a stream.
    pub(crate) fn on_stream() -> Self {
        let mut script = Self::new();
        script.peer.transport = Transport::Tcp;
        script.peer.flow = Some(model::FlowId(1));
        script
    }

    pub(crate) fn act<T>(&mut self, act: impl FnOnce(&mut Agent, Instant) -> T) -> T {
        let result = act(&mut self.agent, self.now);
        self.drain();
        result
    }

    fn drain(&mut self) {
        while let Some(output) = self.agent.poll() {
            match output {
                Output::Send { bytes, peer } => {
                    self.last_peer = Some(peer);
                    self.sent.push_back(String::from_utf8(bytes).expect("text"));
                    self.sent_at.push_back(self.now.as_millis());
                }
                Output::Request {
                    server,
                    request,
                    peer,
                } if request.method == Method::Invite => {
                    let usage = self.agent.admit(self.now, server, &request, &peer);
                    let call = usage.map(|usage| (usage, request));
                    self.incoming.extend(call);
                }
                Output::Request {
                    server, request, ..
                } => self.requests.push_back((server, request)),
                Output::Usage { event, .. } => self.events.push_back(event),
                Output::Response { outcome, .. } => self.outcomes.push_back(outcome),
            }
        }
    }

    /// The peer sends `head` (lines ended by LF, no empty line) and `body`.
    pub(crate) fn say(&mut self, head: &str, body: &str) {
        let mut text = head.trim().replace('\n', "\r\n");
        if !body.is_empty() {
            text.push_str("\r\nContent-Type: application/sdp");
        }
        text.push_str(&format!("\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        let parsed = parse(text.as_bytes()).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
        let peer = self.peer;
        self.act(|agent, now| agent.receive(now, &peer, parsed.message));
    }

    /// The peer answers `request` (a message that the agent sent) with `status`.
    pub(crate) fn answer(&mut self, request: &str, status: &str, to_tag: &str, more: &str) {
        self.answer_with(request, status, to_tag, more, "");
    }

    pub(crate) fn answer_with(
        &mut self,
        request: &str,
        status: &str,
        to_tag: &str,
        more: &str,
        body: &str,
    ) {
        let mut text = format!("SIP/2.0 {status}\n");
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            let value = header(request, name);
            text.push_str(&format!("{name}: {value}"));
            if name == "To" && !value.contains(";tag=") && !to_tag.is_empty() {
                text.push_str(&format!(";tag={to_tag}"));
            }
            text.push('\n');
        }
        text.push_str(more);
        self.say(&text, body);
    }

    /// Lets `ms` milliseconds go by, running timers.
    pub(crate) fn wait_ms(&mut self, ms: u64) {
        let end = self.now.plus(core::time::Duration::from_millis(ms));
        while let Some((at, _)) = self.agent.next_deadline().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.act(|agent, now| agent.timeout(now));
        }
        self.now = end;
    }

    /// The next message that the agent sent.
    pub(crate) fn take(&mut self) -> String {
        self.sent_at.pop_front();
        self.sent.pop_front().expect("the agent sent something")
    }

    /// The next message, whose start line must begin so.
    pub(crate) fn expect(&mut self, start: &str) -> String {
        let text = self.take();
        assert!(text.starts_with(start), "wanted {start}, got\n{text}");
        text
    }

    /// Nobody answers the INVITE: the 100 that goes then.
    pub(crate) fn trying(&mut self) -> String {
        self.silent();
        self.wait_ms(124);
        self.silent();
        self.wait_ms(1);
        self.expect("SIP/2.0 100 Trying\r\n")
    }

    pub(crate) fn silent(&self) {
        assert!(self.sent.is_empty(), "{:#?}", self.sent);
    }

    pub(crate) fn event(&mut self) -> UsageEvent {
        self.events.pop_front().expect("an event")
    }

    pub(crate) fn no_event(&self) {
        assert!(self.events.is_empty(), "{:?}", self.events);
    }

    /// Forgets everything sent so far.
    pub(crate) fn skip(&mut self) {
        self.sent.clear();
        self.sent_at.clear();
    }

    /// The times of all messages sent since the last look, in milliseconds.
    pub(crate) fn times(&mut self) -> Vec<u64> {
        self.sent.clear();
        self.sent_at.drain(..).collect()
    }

    /// Lets all timers run out and requires that nothing is left.
    pub(crate) fn rest(&mut self) {
        self.wait_ms(200_000);
        assert_eq!(self.agent.sizes(), AgentSizes::default());
    }
}

/// The value of a header in a message's text.
pub(crate) fn header<'a>(text: &'a str, name: &str) -> &'a str {
    let prefix = format!("{name}: ");
    let found = text.lines().find_map(|line| line.strip_prefix(&*prefix));
    found.unwrap_or_else(|| panic!("no {name} in\n{text}"))
}

pub(crate) fn has_header(text: &str, name: &str) -> bool {
    let prefix = format!("{name}: ");
    text.lines().any(|line| line.starts_with(&*prefix))
}

pub(crate) fn body(text: &str) -> &str {
    text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

pub(crate) fn tag(value: &str) -> &str {
    value.split_once(";tag=").expect("a tag").1
}

/// An INVITE of Alice as RFC 3665 §3.1 has it; `more` adds lines.
pub(crate) fn invite(branch: &str, more: &str) -> String {
    format!(
        "INVITE sip:bob@192.0.2.1 SIP/2.0\n\
         Via: SIP/2.0/UDP client.atlanta.example.com:5060;branch={branch};rport\n\
         Max-Forwards: 70\n\
         From: Alice <sip:alice@atlanta.example.com>;tag=9fxced76sl\n\
         To: Bob <sip:bob@biloxi.example.com>\n\
         Call-ID: 3848276298220188511@atlanta.example.com\n\
         CSeq: 1 INVITE\n\
         Contact: <sip:alice@client.atlanta.example.com>\n{more}"
    )
}

/// A request of Alice in the dialog that `ours` (a response of the agent) made.
pub(crate) fn in_dialog(method: &str, cseq: &str, branch: &str, ours: &str, more: &str) -> String {
    format!(
        "{method} sip:bob@192.0.2.1 SIP/2.0\n\
         Via: SIP/2.0/UDP client.atlanta.example.com:5060;branch={branch}\n\
         Max-Forwards: 70\n\
         From: Alice <sip:alice@atlanta.example.com>;tag=9fxced76sl\n\
         To: {}\n\
         Call-ID: 3848276298220188511@atlanta.example.com\n\
         CSeq: {cseq}\n{more}",
        header(ours, "To")
    )
}

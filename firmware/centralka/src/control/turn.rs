//! One turn of the control thread: wait, take what came, tell the exchange.

use std::{io, time::Duration};

use hal_board::ButtonUse;
use mio::{Events, Interest, Token};
use model::{Command, FlowId, Instant, MediaEvent, Now, PortId, Transport, limits};
use panel::{WebLine, WebPhoneWord};
use pbx::Input;

use super::{
    BUTTONS, Control, FLOWS, LISTENERS, MEDIA, Outside, SOCKETS, WAKER, Word,
    stream::{Progress, Stream},
};

/// Datagrams and words taken in one turn before timers and others have theirs.
const BURST: usize = 256;
/// Between two samples of the ports.
const SAMPLES: Duration = Duration::from_secs(60);
/// Longest sleep: the guard wants signs of life.
const SLEEP_MAX: Duration = Duration::from_secs(1);

impl Control {
    /// Runs until the exchange has stopped.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1_024);
        // The first ports for voice lie there already: a call that waits at the door needs one.
        self.hear_media();
        while !self.driver.pbx.is_stopped() {
            self.heart.beat();
            match self.poll.poll(&mut events, Some(self.sleep())) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            }
            for token in std::mem::take(&mut self.again) {
                self.ready(token);
            }
            for event in &events {
                self.ready(event.token());
            }
            let unread = std::mem::take(&mut self.unread);
            for flow in unread {
                self.read_stream(flow);
            }
            self.hear_words();
            self.hear_browsers();
            self.run_jacks();
            self.close_unfinished();
            self.tick();
        }
        self.say_goodbye();
        Ok(())
    }

    /// How long nothing is due.
    fn sleep(&self) -> Duration {
        if !(self.unread.is_empty() && self.again.is_empty()) {
            return Duration::ZERO;
        }
        let board = self.board.next_deadline();
        let now = self.clock.now().mono;
        let handshake = self.handshakes.next_deadline();
        let own = self.driver.next_deadline();
        let next = own.into_iter().chain(board).chain(handshake).min();
        let wait = next.map_or(SLEEP_MAX, |at| at.since(now)).min(SLEEP_MAX);
        // mio rounds down to milliseconds; a little late is better than spinning.
        if wait.is_zero() {
            wait
        } else {
            wait + Duration::from_millis(1)
        }
    }

    fn ready(&mut self, token: Token) {
        match token.0 {
            _ if token == WAKER => {}
            _ if token == MEDIA => self.hear_media(),
            _ if token == BUTTONS => self.board.button_moved(),
            at if at >= FLOWS => {
                let flow = self.flow_of(at);
                self.stream_ready(flow);
            }
            at if at >= LISTENERS => self.accept(at - LISTENERS),
            at => self.receive(at - SOCKETS),
        }
    }

    /// Datagrams of one socket. The socket is edge-triggered: what a burst leaves is taken in the
    /// next turn, so that a flood keeps nothing else waiting.
    fn receive(&mut self, at: usize) {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut left = BURST;
        while let Some(socket) = self.sockets.get(&at) {
            if left == 0 {
                self.again.push(Token(SOCKETS + at));
                break;
            }
            left -= 1;
            match socket.socket.receive(&mut buffer) {
                Ok((len, local, remote)) => {
                    let bytes = buffer.get(..len).unwrap_or_default().to_vec();
                    self.tell(Input::Datagram {
                        local,
                        remote,
                        bytes,
                    });
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                // An ICMP error of an earlier datagram: SIP's timers deal with it.
                Err(e) => {
                    tracing::trace!(%e, "datagram error");
                }
            }
        }
        self.buffer = buffer;
    }

    /// Connections that wait; what a burst leaves is taken in the next turn.
    pub(super) fn accept(&mut self, at: usize) {
        for _ in 0..BURST {
            let Some(listener) = self.listeners.get(&at) else {
                return;
            };
            let (socket, remote) = match listener.accept() {
                Ok(Some(taken)) => taken,
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    return;
                }
            };
            if self.streams.len() >= limits::SIP_FLOWS {
                continue;
            }
            let tls = self.tls.as_ref().filter(|_| listener.secure);
            let patience = Duration::from_secs(limits::SIP_HANDSHAKE_S);
            let deadline = self.clock.now().mono + patience;
            let server = tls.map(|tls| &tls.server);
            let Ok(stream) = Stream::accepted(socket, remote, server, deadline) else {
                continue;
            };
            let flow = FlowId(self.next_flow);
            self.next_flow += 1;
            self.add_stream(flow, stream);
            self.stream_ready(flow);
        }
        self.again.push(Token(LISTENERS + at));
    }

    fn add_stream(&mut self, flow: FlowId, mut stream: Stream) {
        let interest = Interest::READABLE | Interest::WRITABLE;
        let token = Token(FLOWS + Self::slot_of(flow));
        if let Err(error) = self
            .poll
            .registry()
            .register(&mut stream.socket, token, interest)
        {
            tracing::warn!(%error, "a connection could not be watched");
            return;
        }
        self.handshakes.begin(flow, stream.deadline);
        self.streams.insert(flow, stream);
    }

    /// Outbound flows have their highest bit set: the token has it lowest.
    fn slot_of(flow: FlowId) -> usize {
        usize::try_from(flow.0.rotate_left(1)).unwrap_or(usize::MAX - FLOWS)
    }

    fn flow_of(&self, at: usize) -> FlowId {
        let slot = u64::try_from(at - FLOWS).unwrap_or(0);
        FlowId(slot.rotate_right(1))
    }

    fn stream_ready(&mut self, flow: FlowId) {
        let Some(stream) = self.streams.get_mut(&flow) else {
            return;
        };
        if stream.flush().is_err() {
            self.drop_stream(flow);
            return;
        }
        self.read_stream(flow);
    }

    fn read_stream(&mut self, flow: FlowId) {
        let Some(stream) = self.streams.get_mut(&flow) else {
            return;
        };
        let mut bytes = Vec::new();
        let progress = stream.read(&mut bytes);
        let announce = !stream.announced && stream.is_ready();
        if announce {
            stream.announced = true;
            self.handshakes.end(flow, stream.deadline);
            let (transport, local, remote) = (stream.transport, stream.local, stream.remote);
            self.tell(Input::FlowOpened {
                flow,
                transport,
                local,
                remote,
            });
        }
        let more = bytes.len() >= Stream::READ_MAX;
        if !bytes.is_empty() {
            self.tell(Input::Bytes { flow, bytes });
        }
        match progress {
            Progress::Dead => self.drop_stream(flow),
            Progress::Alive if more => self.unread.push(flow),
            Progress::Alive => {}
        }
    }

    /// A connection is lost: the exchange is told, if it knew.
    fn drop_stream(&mut self, flow: FlowId) {
        if let Some(mut stream) = self.streams.remove(&flow) {
            self.handshakes.end(flow, stream.deadline);
            let _ = self.poll.registry().deregister(&mut stream.socket);
            self.tell(Input::FlowClosed { flow });
        }
    }

    /// Connections that never became one.
    fn close_unfinished(&mut self) {
        let now = self.clock.now().mono;
        while let Some(flow) = self.handshakes.next_due(now) {
            self.drop_stream(flow);
        }
    }

    fn hear_browsers(&mut self) {
        for _ in 0..BURST {
            let Some(word) = self.browsers.next_word() else {
                return;
            };
            match word {
                WebPhoneWord::Opened {
                    number,
                    secure,
                    local,
                    remote,
                    line,
                } => {
                    let flow = web_flow(number);
                    let transport = if secure {
                        Transport::Wss
                    } else {
                        Transport::Ws
                    };
                    self.lines.insert(flow, line);
                    self.tell(Input::FlowOpened {
                        flow,
                        transport,
                        local,
                        remote,
                    });
                }
                WebPhoneWord::Said { number, bytes } => {
                    let flow = web_flow(number);
                    if self.lines.contains_key(&flow) {
                        self.tell(Input::Bytes { flow, bytes });
                    }
                }
                WebPhoneWord::Closed { number } => {
                    let flow = web_flow(number);
                    if self.lines.remove(&flow).is_some() {
                        self.tell(Input::FlowClosed { flow });
                    }
                }
            }
        }
        self.again.push(WAKER);
    }

    fn hear_words(&mut self) {
        for _ in 0..BURST {
            let Ok(word) = self.words.try_recv() else {
                return;
            };
            match word {
                Word::Command(command) => self.tell(Input::Command(command)),
                Word::Config {
                    version,
                    text,
                    config,
                    passwords,
                } => {
                    self.driver.pbx.replace_passwords(passwords);
                    self.tell(Input::Config {
                        version,
                        text,
                        config,
                    });
                }
                Word::External(address) => self.tell(Input::External(address)),
                Word::Figures(answer) => {
                    // Nobody waits any more if this fails.
                    let _ =
                        answer.try_send((self.driver.pbx.figures(), self.driver.pbx.counters()));
                }
                Word::Ports(answer) => {
                    let now = self.clock.now().wall;
                    let figures = self.driver.pbx.port_figures();
                    // Nobody waits any more if this fails.
                    let _ = answer.try_send(self.board.health(now, figures));
                }
                Word::SetTest {
                    port,
                    begin,
                    answer,
                } => {
                    let port = self.board.port_named(&port);
                    if let Some(port) = port.filter(|_| begin) {
                        self.tell(Input::Command(Command::TestSet { port }));
                    }
                    // Nobody waits any more if this fails.
                    let _ = answer.try_send(port.map(|port| self.driver.pbx.set_test(port)));
                }
                Word::Board { port, ask, answer } => {
                    let now = self.clock.now().mono;
                    // Nobody waits any more if this fails.
                    let _ = answer.try_send(self.board.ask(now, &port, &ask));
                }
                Word::Buttons(answer) => {
                    // Nobody waits any more if this fails.
                    let _ = answer.try_send(self.board.buttons());
                }
                Word::Doors(change) => self.change_doors(change),
                Word::Alive => {}
            }
        }
        self.again.push(WAKER);
    }

    /// What the media side said. Its event is edge-triggered: all of it is taken.
    fn hear_media(&mut self) {
        while let Some(event) = self.driver.engine.poll() {
            self.media_said(event);
        }
    }

    fn media_said(&mut self, event: MediaEvent) {
        // The figures of a second are for who watches: nothing is decided by them, and the tape
        // would be full of them.
        let MediaEvent::QualitySecond { leg, second } = event else {
            self.tell(Input::Media(event));
            return;
        };
        if self.driver.live.wants_quality()
            && let Some(leg) = self.driver.pbx.leg_of(leg)
        {
            self.driver.live.quality(leg, second);
        }
    }

    fn run_jacks(&mut self) {
        let now = self.clock.now().mono;
        for purpose in self.board.pressed(now) {
            match purpose {
                ButtonUse::Recover => self.recovery.wanted(),
            }
        }
        let said = self.board.advance(now);
        for (port, event) in said {
            self.tell(Input::Port { port, event });
        }
    }

    /// Once a minute: what the ports measure, for the books.
    fn sample_ports(&mut self, now: Now) {
        if now.mono < self.sample_at {
            return;
        }
        self.sample_at = now.mono + SAMPLES;
        let figures = self.driver.pbx.port_figures();
        let samples = self.board.samples(now.wall, figures);
        self.driver.kept.samples.extend(samples);
    }

    fn tick(&mut self) {
        let now = self.clock.now();
        while let Some(event) = self.driver.glance(now.mono) {
            self.media_said(event);
        }
        self.sample_ports(now);
        let due = self.driver.exchange_deadline();
        if due.is_some_and(|at| at <= now.mono) {
            self.tell_at(now, Input::Tick);
        }
        if let Some(input) = self.driver.committed() {
            self.tell_at(now, input);
        }
        self.close_left();
        self.driver.flush(now.mono);
    }

    fn say_goodbye(&mut self) {
        let now = self.clock.now();
        self.driver.finish(now);
        for stream in self.streams.values_mut() {
            stream.close();
        }
    }

    fn tell(&mut self, input: Input) {
        self.tell_at(self.clock.now(), input);
    }

    fn tell_at(&mut self, now: Now, input: Input) {
        let mut lost = Vec::new();
        let mut made = Vec::new();
        let mut hands = Hands {
            sockets: &self.sockets,
            streams: &mut self.streams,
            lines: &mut self.lines,
            board: &mut self.board,
            tls: self.tls.as_ref(),
            deadline: now.mono + Duration::from_secs(limits::SIP_CONNECT_S),
            lost: &mut lost,
            made: &mut made,
        };
        self.driver.drive(now, input, &mut hands);
        for (flow, stream) in made {
            self.add_stream(flow, stream);
        }
        for flow in lost {
            if let Some(mut stream) = self.streams.remove(&flow) {
                self.handshakes.end(flow, stream.deadline);
                let _ = self.poll.registry().deregister(&mut stream.socket);
            }
            self.tell_at(now, Input::FlowClosed { flow });
        }
    }
}

/// Flows of browsers are numbered by the panel, beside those of our own listeners.
const fn web_flow(number: u64) -> FlowId {
    FlowId(1 << 62 | number)
}

/// The sockets and ports, while the exchange acts on them.
struct Hands<'c> {
    sockets: &'c std::collections::BTreeMap<usize, super::UdpDoor>,
    streams: &'c mut std::collections::BTreeMap<FlowId, Stream>,
    lines: &'c mut std::collections::BTreeMap<FlowId, WebLine>,
    board: &'c mut super::Board,
    tls: Option<&'c crate::tls::Tls>,
    deadline: Instant,
    /// Connections that broke while being written to.
    lost: &'c mut Vec<FlowId>,
    /// Connections that are being made.
    made: &'c mut Vec<(FlowId, Stream)>,
}

impl Outside for Hands<'_> {
    fn connect(&mut self, flow: FlowId, transport: Transport, remote: std::net::SocketAddr) {
        let tls = match (transport, self.tls) {
            (Transport::Tls, Some(tls)) => Some(&tls.client),
            (Transport::Tcp, _) => None,
            (Transport::Tls | Transport::Udp | Transport::Ws | Transport::Wss, _) => {
                self.lost.push(flow);
                return;
            }
        };
        match Stream::connecting(remote, tls, self.deadline) {
            Ok(stream) => self.made.push((flow, stream)),
            Err(error) => {
                tracing::debug!(%remote, %error, "no connection");
                self.lost.push(flow);
            }
        }
    }

    fn bytes(&mut self, flow: FlowId, bytes: &[u8]) {
        if let Some(line) = self.lines.get(&flow) {
            if line.send(bytes.to_vec()).is_err() {
                self.lines.remove(&flow);
                self.lost.push(flow);
            }
            return;
        }
        let made = self.made.iter_mut().find(|(made, _)| *made == flow);
        let stream = made.map(|(_, stream)| stream);
        let Some(stream) = stream.or_else(|| self.streams.get_mut(&flow)) else {
            return;
        };
        if stream.write(bytes) == Progress::Dead {
            self.lost.push(flow);
        }
    }

    fn datagram(
        &mut self,
        local: std::net::SocketAddr,
        remote: std::net::SocketAddr,
        bytes: &[u8],
    ) {
        let family =
            |socket: &&crate::doors::SipSocket| socket.bound().is_ipv4() == remote.is_ipv4();
        let same = |socket: &&crate::doors::SipSocket| {
            let bound = socket.bound();
            let same_ip = bound.ip() == local.ip() || bound.ip().is_unspecified();
            bound.port() == local.port() && same_ip
        };
        let mut sockets = self.sockets.values().map(|door| &*door.socket);
        let mut usable = sockets.by_ref().filter(family);
        // An answer to what came to an address that was given up since.
        let first = usable.next();
        let exact = first.into_iter().chain(usable).find(same);
        let Some(socket) = exact.or(first) else {
            return;
        };
        if let Err(error) = socket.send(local, remote, bytes) {
            // SIP repeats what is lost.
            tracing::debug!(%remote, %error, "datagram not sent");
        }
    }

    fn close(&mut self, flow: FlowId) {
        self.lines.remove(&flow);
        if let Some(mut stream) = self.streams.remove(&flow) {
            stream.close();
        }
    }

    fn port(&mut self, port: PortId, command: hal_port::PortCommand) {
        self.board.command(port, command);
    }
}

//! The driver of the real machines: `Pbx` and some `Plane`s with a simulated board, in virtual time. What
//! the program does with threads, sockets and rings is done here with function calls.

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use dsp::line::PortDsp;
use hal_port::{
    AudioHalf, ControlHalf, ErrorKind, FRAME, Frame, KindOnly, LoopHook, Port, PortCommand,
};
use hal_sim::{BoardPlan, CarrierRules, LifelinePlan, People, RelayKind, SetOptions, SimBoard};
use media::{Channel, Clip, ClipSound, PlaneCommand, PortLeg, Retired, TapPart};
use model::{
    FlowId, Instant, MediaCommand, MediaEvent, MediaFault, MediaLeg, Now, PairId, Party, PartyId,
    PortId, PortListens, PortSound, Record, Seq, StateChange, TapId, Trust, Wall,
};
use pbx::{Input, Jack, Keys, Lifeline, Output, Pbx, Setup};

use crate::office::BOX;
use crate::planes::Planes;
use crate::tapes::Step;

/// The calendar at the beginning of the world.
const BEGINNING: Wall = Wall::from_secs(1_790_000_000);
/// Port pairs that wait for legs.
const PAIRS_AHEAD: usize = 8;

/// Something that the exchange did.
#[derive(Debug)]
pub(crate) enum Effect {
    /// A datagram from one of its addresses.
    Datagram(SocketAddr, SocketAddr, Vec<u8>),
    /// A line for the ledger.
    Record(Record),
    /// People's data.
    Party(PartyId, Party),
    /// A change of state.
    State(StateChange),
    /// It wants a connection.
    Connect(FlowId, SocketAddr),
    /// Bytes on a connection.
    Bytes(FlowId, Vec<u8>),
    /// It closed a connection.
    Close(FlowId),
    /// The bell of a jack begins or ends.
    Bell(PortId, bool),
    /// A step of a track for the disk, and when its sound was said.
    Tapped(TapId, Instant, Step),
    /// The relay of a jack's lifeline is let go (`true`) or drawn.
    Relay(PortId, bool),
    /// A line's port begins to dial this digit by pulses.
    Pulses(PortId, u8),
}

/// A jack of the board.
struct BoardPort {
    port: Port,
    control: Box<dyn ControlHalf<Error = ErrorKind>>,
    audio: Box<dyn AudioHalf>,
    lifeline: Option<Lifeline>,
}

/// The board and who sits at it. It outlives the exchange's power.
pub(crate) struct Board {
    ports: Vec<BoardPort>,
    /// Those at the sets.
    pub people: People,
    /// Blocks that went to the sets since the world looked last, with their jacks.
    pub(crate) heard: Vec<(u16, Frame)>,
    /// The leg on each jack and the listener for keys.
    pub(crate) legs: Vec<(Option<MediaLeg>, PortDsp)>,
}

impl Board {
    /// A board with so many sets, lines whose exchanges behave like this, and lifelines between them.
    #[must_use]
    pub(crate) fn new(
        sets: u16,
        lines: Vec<CarrierRules>,
        lifelines: Vec<LifelinePlan>,
    ) -> Option<Self> {
        let board = SimBoard::with(BoardPlan {
            sets: sets.into(),
            set_options: SetOptions { bounce_ms: 3 },
            lines,
            lifelines,
        })?;
        let line_of = |name: &str| {
            let mut lines = board.lines.iter().zip(sets..);
            let found = lines.find(|(line, _)| line.port.name == name);
            found.map(|(_, port)| PortId(port))
        };
        let relays = board.ports.iter().map(|port| {
            let (line, kind) = port.lifeline.as_ref()?;
            let sensed = *kind == RelayKind::Sensed;
            let released = true;
            line_of(line).map(|line| Lifeline {
                line,
                sensed,
                released,
            })
        });
        let relays: Vec<Option<Lifeline>> = relays.collect();
        let sets = board.ports.into_iter().zip(relays);
        let sets = sets.map(|(port, lifeline)| BoardPort {
            lifeline,
            port: port.port,
            control: Box::new(KindOnly(port.control)),
            audio: Box::new(port.audio),
        });
        let lines = board.lines.into_iter().map(|line| BoardPort {
            lifeline: None,
            port: line.port,
            control: Box::new(KindOnly(line.control)),
            audio: Box::new(line.audio),
        });
        let ports: Vec<BoardPort> = sets.chain(lines).collect();
        let mut board = Self {
            legs: ports.iter().map(|_| (None, listener())).collect(),
            heard: Vec::new(),
            ports,
            people: board.people,
        };
        board.power_off(true);
        Some(board)
    }
}

/// The exchange under power.
pub(crate) struct Exchange {
    /// The control plane.
    pub pbx: Pbx,
    planes: Planes,
    boot: Instant,
    /// Pairs that wait, by id, with their RTP port.
    pairs: BTreeMap<PairId, u16>,
    /// Legs by RTP port.
    by_port: BTreeMap<u16, MediaLeg>,
    by_leg: BTreeMap<MediaLeg, u16>,
    next_pair: u32,
    /// What it did and the world has not taken yet.
    pub effects: Vec<Effect>,
    reports: Vec<MediaEvent>,
}

/// What listens at a set.
fn listener() -> PortDsp {
    let mut port = PortDsp::new();
    port.set(&PortSound {
        listens: PortListens {
            keys: true,
            ..PortListens::default()
        },
        ..PortSound::default()
    });
    port
}

/// The times at `now` of an exchange that was switched on at `boot`.
#[must_use]
pub(crate) fn times(now: Instant, boot: Instant) -> Now {
    Now {
        mono: Instant::ZERO + now.since(boot),
        wall: BEGINNING.plus(now.since(Instant::ZERO)),
        trust: Trust::Synced,
    }
}

impl Exchange {
    /// Switches the exchange on, with so many media planes. `setup` needs neither jacks nor pairs.
    #[must_use]
    pub(crate) fn start(
        now: Instant,
        mut setup: Setup,
        keys: Keys,
        (board, planes): (&mut Board, usize),
    ) -> Self {
        let jack = |(at, port): (usize, &BoardPort)| Jack {
            port: PortId(at as u16),
            name: port.port.name.clone(),
            kind: port.port.kind,
            capabilities: port.port.capabilities,
            lifeline: port.lifeline,
        };
        setup.jacks = board.ports.iter().enumerate().map(jack).collect();
        for (leg, dsp) in &mut board.legs {
            (*leg, *dsp) = (None, listener());
        }
        let then = times(now, now);
        let mut exchange = Self {
            planes: Planes::new(then, planes, setup.media_legs, setup.seed),
            pbx: Pbx::new(then, setup, Box::new(keys)),
            boot: now,
            pairs: BTreeMap::new(),
            by_port: BTreeMap::new(),
            by_leg: BTreeMap::new(),
            next_pair: 0,
            effects: Vec::new(),
            reports: Vec::new(),
        };
        exchange.announce_pairs();
        exchange.settle(now, board);
        exchange
    }

    /// When `timeout` has something to do.
    #[must_use]
    pub(crate) fn next_deadline(&self) -> Instant {
        let pbx = self.pbx.next_deadline().map_or(Instant::FAR, |(at, _)| at);
        let first = pbx.min(self.planes.next_deadline());
        if first == Instant::FAR {
            return first;
        }
        self.boot + first.since(Instant::ZERO)
    }

    /// Whether a part of the journal could begin at `now`: see [`Pbx::restart_point`].
    #[cfg(test)]
    pub(crate) fn can_begin(&mut self, now: Instant) -> bool {
        let seed = [0; 32];
        self.pbx
            .restart_point(times(now, self.boot), seed)
            .is_some()
    }

    /// See [`Pbx::awaited`].
    pub(crate) fn awaited(&self) -> Option<Seq> {
        self.pbx.awaited()
    }

    /// Hands an input to the control plane.
    pub(crate) fn input(&mut self, now: Instant, input: Input, board: &mut Board) {
        self.run_planes(now, board);
        self.pbx.handle(times(now, self.boot), input);
        self.settle(now, board);
    }

    /// A datagram came to one of its addresses.
    pub(crate) fn datagram(
        &mut self,
        now: Instant,
        from: SocketAddr,
        to: SocketAddr,
        bytes: Vec<u8>,
        board: &mut Board,
    ) {
        if to.port() == BOX.port() {
            let (local, remote) = (to, from);
            let input = Input::Datagram {
                local,
                remote,
                bytes,
            };
            self.input(now, input, board);
            return;
        }
        let channel = if to.port().is_multiple_of(2) {
            Channel::Rtp
        } else {
            Channel::Rtcp
        };
        if let Some(&leg) = self.by_port.get(&(to.port() & !1)) {
            let mono = times(now, self.boot).mono;
            self.planes.packet(mono, leg, (channel, from), &bytes);
            self.settle(now, board);
        }
    }

    /// Time has come to `now`.
    pub(crate) fn timeout(&mut self, now: Instant, board: &mut Board) {
        let times = times(now, self.boot);
        self.run_planes(now, board);
        if self
            .pbx
            .next_deadline()
            .is_some_and(|(at, _)| at <= times.mono)
        {
            self.pbx.handle(times, Input::Tick);
        }
        self.settle(now, board);
    }

    /// Runs what is due in the planes: before anything else of this moment, for who goes from one to
    /// another goes between two ticks.
    fn run_planes(&mut self, now: Instant, board: &mut Board) {
        let now = times(now, self.boot).mono;
        if self.planes.is_due(now) {
            let asked = self.hear_ports(now, board);
            self.planes.timeout(now);
            self.tell_ports(&asked, board);
        }
    }

    /// As the engine does it: each port in use gives a block before its plane's tick, and takes one after it;
    /// which they were.
    fn hear_ports(&mut self, now: Instant, board: &mut Board) -> Vec<bool> {
        let mut asked = Vec::with_capacity(board.ports.len());
        for (port, (leg, listener)) in board.ports.iter_mut().zip(&mut board.legs) {
            let plane = leg.and_then(|leg| Some((leg, self.planes.of(leg)?)));
            let plane = plane.filter(|(_, plane)| plane.tick_is_due(now));
            asked.push(plane.is_some());
            let Some((leg, plane)) = plane else { continue };
            let mut rx = [0; FRAME];
            port.audio.take(&mut rx);
            listener.from_line(&mut rx, |heard| {
                self.reports.extend(MediaEvent::of_line(leg, heard));
            });
            plane.port_said(leg, &rx);
        }
        asked
    }

    fn tell_ports(&mut self, asked: &[bool], board: &mut Board) {
        let ports = board.ports.iter_mut().zip(&mut board.legs);
        for ((at, (port, (leg, listener))), asked) in ports.enumerate().zip(asked) {
            let Some(leg) = leg.filter(|_| *asked) else {
                continue;
            };
            let plane = self.planes.of(leg);
            let hears = plane.and_then(|plane| plane.port_hears(leg).copied());
            let mut tx = hears.unwrap_or([0; FRAME]);
            listener.to_line(&mut tx);
            port.audio.give(&tx);
            board.heard.push((at as u16, tx));
        }
    }

    /// Carries out what both machines say until they are quiet.
    fn settle(&mut self, now: Instant, board: &mut Board) {
        let times = times(now, self.boot);
        loop {
            self.drain_planes(board);
            if let Some(output) = self.pbx.poll() {
                self.obey(times, output, board);
            } else if self.reports.is_empty() {
                if !self.planes.deliver(times.mono) {
                    return;
                }
            } else {
                let event = self.reports.remove(0);
                // As in the program: the figures of a second are not for the control plane.
                if !matches!(event, MediaEvent::QualitySecond { .. }) {
                    self.pbx.handle(times, Input::Media(event));
                }
            }
        }
    }

    fn obey(&mut self, now: Now, output: Output, board: &mut Board) {
        match output {
            Output::Datagram {
                local,
                remote,
                bytes,
            } => {
                self.effects.push(Effect::Datagram(local, remote, bytes));
            }
            Output::Port { port, command } => {
                match command {
                    PortCommand::StartRing(_) => self.effects.push(Effect::Bell(port, true)),
                    PortCommand::StopRing => self.effects.push(Effect::Bell(port, false)),
                    PortCommand::Lifeline(released) => {
                        self.effects.push(Effect::Relay(port, released));
                    }
                    PortCommand::PulseDigit(digit) => {
                        self.effects.push(Effect::Pulses(port, digit));
                    }
                    _ => {}
                }
                if let Some(port) = board.ports.get_mut(usize::from(port.0)) {
                    // A set lifted this instant refuses to ring; its report is on the way.
                    let _ = port.control.apply(command);
                }
            }
            Output::Media(command) => self.command(now.mono, command, board),
            Output::Party(id, party) => self.effects.push(Effect::Party(id, party)),
            Output::Record(record) => self.effects.push(Effect::Record(record)),
            Output::State(change) => self.effects.push(Effect::State(change)),
            Output::Connect { flow, remote, .. } => {
                self.effects.push(Effect::Connect(flow, remote));
            }
            Output::Bytes { flow, bytes } => self.effects.push(Effect::Bytes(flow, bytes)),
            Output::Close { flow } => self.effects.push(Effect::Close(flow)),
        }
    }

    fn command(&mut self, now: Instant, command: MediaCommand, board: &mut Board) {
        let command = match command {
            MediaCommand::AddRtpLeg {
                leg,
                pair,
                identity,
                beside,
            } => {
                let Some(port) = self.pairs.remove(&pair) else {
                    let fault = MediaFault::NoPair;
                    self.reports.push(MediaEvent::LegFailed { leg, fault });
                    return;
                };
                self.by_port.insert(port, leg);
                self.by_leg.insert(leg, port);
                self.announce_pairs();
                return self.planes.seat(now, leg, identity, beside);
            }
            MediaCommand::AddPortLeg { leg, port } => {
                if let Some(place) = board.legs.get_mut(usize::from(port.0)) {
                    *place = (Some(leg), listener());
                }
                let object = PortLeg::boxed(port);
                PlaneCommand::AddPortLeg { leg, object }
            }
            MediaCommand::DropPair { pair } => {
                self.pairs.remove(&pair);
                return;
            }
            MediaCommand::SetPortSound { leg, .. } | MediaCommand::PlayOnPort { leg, .. } => {
                let mut places = board.legs.iter_mut();
                if let Some((_, dsp)) = places.find(|(owner, _)| *owner == Some(leg)) {
                    dsp.obey(&command);
                }
                return;
            }
            // Nobody writes tracks down here.
            MediaCommand::KeepSound { .. } => return,
            MediaCommand::LoadClip { clip } => {
                for plane in &mut self.planes.all {
                    if let Some(object) = sound_of(clip) {
                        plane.command(now, PlaneCommand::AddClip { clip, object });
                    }
                }
                return;
            }
            command => command.into(),
        };
        self.planes.command(now, command);
    }

    fn announce_pairs(&mut self) {
        while self.pairs.len() < PAIRS_AHEAD {
            let pair = PairId(self.next_pair);
            let port = 20_000 + (self.next_pair % 5_000) as u16 * 2;
            self.next_pair += 1;
            self.pairs.insert(pair, port);
            self.reports.push(MediaEvent::PairReady { pair, port });
        }
    }

    fn drain_planes(&mut self, board: &mut Board) {
        let mut events = Vec::new();
        for (at, plane) in self.planes.all.iter_mut().enumerate() {
            while let Some(output) = plane.poll() {
                match output {
                    media::Output::Transmit {
                        leg,
                        channel,
                        to,
                        bytes,
                    } => {
                        let Some(&port) = self.by_leg.get(&leg) else {
                            continue;
                        };
                        let port = port + u16::from(channel == Channel::Rtcp);
                        let from = SocketAddr::new(BOX.ip(), port);
                        self.effects
                            .push(Effect::Datagram(from, to, bytes.to_vec()));
                    }
                    media::Output::Event(event) => events.push((at, event)),
                    // DTLS is tried out over real sockets, in engine and e2e.
                    media::Output::Handshake { .. } => {}
                    media::Output::Tap(tapped) => {
                        let at = self.boot + tapped.at.since(Instant::ZERO);
                        let step = match tapped.part {
                            TapPart::Began => Step::Began,
                            TapPart::Sound { payload, .. } => Step::Sound(payload.to_vec()),
                            TapPart::Paused | TapPart::Resumed | TapPart::Ended => Step::Other,
                        };
                        self.effects.push(Effect::Tapped(tapped.tap, at, step));
                    }
                    media::Output::Pace { .. } => {}
                    media::Output::Dead(object) => {
                        let (Retired::Rtp(leg, _) | Retired::Port(leg, _)) = object else {
                            continue;
                        };
                        if let Some(port) = self.by_leg.remove(&leg) {
                            self.by_port.remove(&port);
                        }
                        for (place, _) in board.legs.iter_mut().filter(|(l, _)| *l == Some(leg)) {
                            *place = None;
                        }
                    }
                }
            }
        }
        for (at, event) in events {
            if self.planes.judge(at, &event) {
                self.reports.push(event);
            }
        }
    }

    /// Whoever is held hears this tone of whole tens of Hz from now on, instead of nothing.
    #[cfg(test)]
    pub(crate) fn set_music(&mut self, now: Instant, hz: u16) {
        let step = core::f32::consts::TAU * f32::from(hz) / 8_000.0;
        let sound: Vec<i16> = (0..1_600)
            .map(|at: u16| (3_000.0 * (step * f32::from(at)).sin()) as i16)
            .collect();
        let clip = model::Clip::OwnMusic.id();
        let now = times(now, self.boot).mono;
        for plane in &mut self.planes.all {
            let sound = ClipSound::new(&sound, 8_000).expect("short and of a known rate");
            plane.command(now, MediaCommand::DropClip { clip }.into());
            let object = Clip::boxed(Arc::new(sound));
            plane.command(now, PlaneCommand::AddClip { clip, object });
        }
    }

    /// Legs that went from one media plane to another.
    pub(crate) fn moves(&self) -> u64 {
        self.planes.moves()
    }
}

/// How high the words are that were uploaded, in Hz.
pub(crate) const WORDS_HZ: u16 = 1_900;

/// What is played in this world. Words that were uploaded, whose hash begins with zeros, are a tone of
/// [`WORDS_HZ`] for 4 s; they are heard in streets only, where nobody speaks so.
fn sound_of(clip: model::ClipId) -> Option<Box<Clip>> {
    let Some(model::Clip::UploadedPrompt(0)) = model::Clip::of(clip) else {
        return clip_of_nothing();
    };
    let turn = f64::from(WORDS_HZ) / 8_000.0 * core::f64::consts::TAU;
    let tone = |n| (4_000.0 * (turn * f64::from(n)).sin()) as i16;
    let samples: Vec<i16> = (0..32_000).map(tone).collect();
    Some(Clip::boxed(Arc::new(ClipSound::new(&samples, 8_000)?)))
}

/// What is played otherwise: a moment without a sound, so that no ear takes it for a talker. It
/// lies over what a conference hears at every entry, and is short so that many leave no gap.
fn clip_of_nothing() -> Option<Box<Clip>> {
    let sound = ClipSound::new(&[0; 1_600], 8_000)?;
    Some(Clip::boxed(Arc::new(sound)))
}

impl Board {
    /// Moves contacts and people; gives what the ports report.
    pub(crate) fn advance(&mut self, now: Instant) -> Vec<(u16, hal_port::PortEvent)> {
        let since = now.since(Instant::ZERO);
        let mut events = Vec::new();
        for _ in 0..2 {
            for (at, port) in self.ports.iter_mut().enumerate() {
                port.control.advance(since);
                while let Some(event) = port.control.poll_event() {
                    events.push((at as u16, event));
                }
            }
            self.people.advance(now);
        }
        events
    }

    /// The program dies: bells stop, and a lifeline has its set on the line. The power of the board, if that fails too, puts lines on hook.
    pub(crate) fn power_off(&mut self, board_too: bool) {
        for port in &mut self.ports {
            // What a port cannot do it does not do, and stopping a bell that does not ring has no effect.
            let _ = port.control.apply(PortCommand::StopRing);
            let _ = port.control.apply(PortCommand::Lifeline(true));
            if board_too {
                let _ = port.control.apply(PortCommand::SetHook(LoopHook::OnHook));
            }
        }
    }

    /// When a contact moves or somebody acts.
    #[must_use]
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let from_duration = |at: Duration| Instant::ZERO + at;
        let contacts = self
            .ports
            .iter()
            .filter_map(|port| port.control.next_deadline());
        contacts
            .map(from_duration)
            .chain(self.people.next_deadline())
            .min()
    }
}

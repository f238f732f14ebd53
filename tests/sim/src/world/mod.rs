//! The world: one queue of what happens next, and everybody who takes part.

mod board;
mod lifelines;
mod lines;
mod mid_call;
mod power;
mod review;

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::IpAddr;

use model::{EventBody, Instant, LegKind, LineNews, Random, Record, Rule, Seed};
use pbx::Input;

use crate::disk::Disk;
use crate::exchange::{Board, Effect, Exchange};
use crate::hearing::Hearing;
use crate::network::{Network, Packet};
use crate::office::{BOX, ECHO, EMERGENCY, NOBODY, OUTSIDE, Office, ROOM};
use crate::outsider::{Outsider, carrier};
use crate::person::Person;
use crate::phone::{Message, Phone, user_of};
use crate::plan::{Features, Plan};
use crate::sitter::Sitter;
use crate::srtp::is_clear;
use crate::station::{Heard, Station};
use crate::stream::{OnStream, Streams};
use crate::tapes::Tapes;
use crate::trace::Trace;
use crate::truth::Truth;
use lifelines::Watched;

/// Violations that are kept.
const VIOLATIONS_MAX: usize = 20;
/// Oracles that look at the whole world do so this often.
const REVIEW: Duration = Duration::from_millis(500);

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Over every effect.
    pub hash: u64,
    /// How many there were.
    pub effects: u64,
    /// What was wrong; empty = nothing.
    pub violations: Vec<String>,
    /// Figures for people.
    pub summary: String,
    /// Calls in the ledger.
    pub calls: usize,
    /// Connections between two parties.
    pub talks: u64,
    /// Windows of 50 ms in which mixed or translated sound was heard.
    pub mixed: u64,
    /// Packets of Opus with somebody's voice that phones heard: untouched ones, and windows of translated ones.
    pub opus: [u64; 2],
    /// How often a phone was made mute.
    pub shuts: u64,
    /// Legs that went from one media plane to another since the exchange started last.
    pub moves: u64,
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A datagram of a seat reaches the exchange.
    Reaches(usize, Packet),
    /// A datagram reaches the host of a seat.
    Arrives(usize, Packet),
    PowerCut,
    PowerOn,
    /// Something on a connection.
    Stream(OnStream),
    PathCut,
    Rebind,
    Reboot,
    /// Something goes wrong with a line.
    LineFault,
    /// The line of this place is mended.
    LineMends(usize),
    /// An installer wants a line measured, whatever goes on there.
    Measure,
    /// Somebody wants a call not to be recorded for a while, or again.
    Hush,
    /// Both ends of a call change how they speak, at once.
    Cross,
    /// An installer wants the lifeline tested, whatever goes on there.
    TestLifeline,
    /// The relay of the lifeline moves no more.
    RelaySticks,
    /// It moves again.
    RelayMoves,
    /// Somebody outside calls on the line of this place, whatever goes on there.
    Glare(usize),
    Review,
}

/// Everything.
pub(crate) struct World {
    pub(crate) features: Features,
    pub(crate) office: Office,
    pub(crate) now: Instant,
    pub(crate) trace: Trace,
    pub(crate) network: Network,
    pub(crate) streams: Streams,
    pub(crate) disk: Disk,
    pub(crate) exchange: Option<Exchange>,
    pub(crate) board: Board,
    board_due: Instant,
    pub(crate) stations: Vec<Station>,
    pub(crate) sitters: Vec<Sitter>,
    /// Those behind the lines.
    pub(crate) outsiders: Vec<Outsider>,
    /// The lifeline, if there is one.
    lifeline: Option<Watched>,
    /// Who called in need, and since when a line could have carried that.
    emergencies: Vec<(Instant, usize)>,
    pub(crate) truth: Truth,
    pub(crate) hearing: Hearing,
    pub(crate) tapes: Tapes,
    /// Faults happen.
    pub(crate) hostile: bool,
    pub(crate) violations: Vec<String>,
    seed: Seed,
    fate: Random,
    agenda: BTreeMap<(Instant, u64), Happening>,
    order: u64,
    seats_by_ip: BTreeMap<IpAddr, usize>,
    numbers: Vec<String>,
    next_seq: u64,
    boots: u64,
    /// When the power came last.
    powered: Instant,
}

/// Plays a world to its end. `print` gets every line of the trace.
#[must_use]
pub fn run(plan: &Plan, print: Option<fn(&str)>) -> Outcome {
    let mut world = World::new(plan, print);
    world.pass(plan.length);
    crate::proof::heal_and_prove(&mut world);
    let calls = crate::books::check(&mut world);
    let (hearing, truth) = (&world.hearing, &world.truth);
    let opus = |at: usize| world.stations.iter().map(|station| station.opus[at]).sum();
    let opus: [u64; 2] = [0, 1].map(opus);
    Outcome {
        hash: world.trace.hash(),
        effects: world.trace.effects,
        summary: format!(
            "{} seats, {calls} calls, {} invites, {} talks, {} exact packets, {} mixed windows, \
             longest way {:?}, mixed {:?}, {} starts, {} recorded packets, {} pauses, \
             Opus {opus:?}, {} times mute",
            world.office.seats.len(),
            truth.invites,
            truth.talks,
            hearing.exact,
            hearing.mixed,
            hearing.delay_max,
            hearing.mixed_delay_max,
            world.boots,
            world.tapes.kept,
            world.tapes.pauses,
            truth.shuts,
        ),
        calls,
        talks: truth.talks,
        mixed: hearing.mixed,
        opus,
        shuts: truth.shuts,
        moves: world.exchange.as_ref().map_or(0, Exchange::moves),
        violations: world.violations,
    }
}

impl World {
    /// A world at its beginning, the exchange switched on.
    ///
    /// # Panics
    /// When the plan has more sets than a board.
    #[must_use]
    pub(crate) fn new(plan: &Plan, print: Option<fn(&str)>) -> Self {
        let (seed, features) = (plan.bytes(), plan.features());
        let office = Office::new(seed, &features);
        let inside = office.seats.iter().filter(|seat| seat.line.is_none());
        let mut numbers: Vec<String> = inside.map(|seat| seat.number.clone()).collect();
        numbers.dedup();
        numbers.extend([ECHO.into(), NOBODY.into()]);
        if features.lines > 0 {
            numbers.extend(vec![OUTSIDE.to_owned(); numbers.len()]);
            numbers.push(EMERGENCY.into());
        }
        if features.rooms {
            numbers.extend(vec![ROOM.to_owned(); 2 * numbers.len()]);
        }
        let mut world = Self {
            now: Instant::ZERO,
            trace: Trace::new(print),
            network: Network::new(features.weather),
            streams: Streams::default(),
            disk: Disk::new(Random::derive(seed, "disk"), features.sync_ms),
            exchange: None,
            board: Board::new(
                features.sets,
                vec![carrier(&office.config.country); features.lines.into()],
                features.lifeline.into_iter().collect(),
            )
            .expect("few sets and lines"),
            board_due: Instant::ZERO,
            stations: Vec::new(),
            sitters: Vec::new(),
            outsiders: Vec::new(),
            lifeline: None,
            emergencies: Vec::new(),
            truth: Truth::default(),
            hearing: Hearing::default(),
            tapes: Tapes::default(),
            hostile: true,
            violations: Vec::new(),
            seed,
            fate: Random::derive(seed, "fate"),
            agenda: BTreeMap::new(),
            order: 0,
            seats_by_ip: BTreeMap::new(),
            numbers,
            next_seq: 1,
            boots: 0,
            powered: Instant::ZERO,
            features,
            office,
        };
        world.seat_everybody();
        world.lifeline = world.features.lifeline.map(Watched::new);
        world.power_on();
        world.plan_faults();
        world.later(REVIEW, Happening::Review);
        world
    }

    fn seat_everybody(&mut self) {
        let seats = self.office.seats.clone();
        for (at, seat) in seats.iter().enumerate() {
            let stream = |what: &str| Random::derive(self.seed, &format!("{what} {at}"));
            if let Some(jack) = seat.jack {
                let mut sitter = Sitter::new(at, jack, stream("person"), &self.features, self.now);
                sitter.behave(&mut self.board.people, Some(2), Some(20));
                let plan = self.features.lifeline;
                sitter.lifeline = plan.is_some_and(|plan| plan.set == usize::from(jack) + 1);
                self.sitters.push(sitter);
                continue;
            }
            if let Some(jack) = seat.line {
                let line = (jack - self.features.sets, jack);
                let random = stream("person");
                let (features, now) = (&self.features, self.now);
                let mut outsider = Outsider::new(at, line, &seat.number, random, features, now);
                outsider.lay(&mut self.board.people, &mut stream("hybrid"));
                outsider.plan_next(&mut self.board.people);
                self.outsiders.push(outsider);
                continue;
            }
            let Some(host) = seat.host else { continue };
            let mut random = stream("phone");
            let manner = self.features.manner(&mut random);
            let on = self.now + Duration::from_millis(random.below(2_000).into());
            let user = (seat.number.as_str(), seat.password.as_str());
            let phone = Phone::new(user, host, BOX, manner, random, on);
            let mut phone = phone;
            (phone.tcp, phone.tls) = (seat.tcp, seat.tls);
            phone.manner.srtp = seat.srtp;
            let person = Person::new(stream("person"), &self.features, self.now);
            let most = self.features.drift_ppm;
            let off_ppm = i64::from(stream("clock").below(2 * most + 1)) - i64::from(most);
            self.stations
                .push(Station::new(at as u8, phone, person, off_ppm));
            let forget = Duration::from_secs(45);
            let public = seat.public.map(|public| (public, forget));
            self.network.connect(self.seed, host.ip(), public);
            self.seats_by_ip
                .insert(seat.public.unwrap_or(host.ip()), at);
        }
    }

    fn plan_faults(&mut self) {
        for (mean_s, happening) in [
            (self.features.power_cut_s, Happening::PowerCut),
            (self.features.path_cut_s, Happening::PathCut),
            (self.features.rebind_s, Happening::Rebind),
            (self.features.reboot_s, Happening::Reboot),
            (self.features.line_fault_s, Happening::LineFault),
            (self.features.measure_s, Happening::Measure),
            (self.features.cross_s, Happening::Cross),
            (self.features.hush_s, Happening::Hush),
            (self.features.lifeline_test_s, Happening::TestLifeline),
            (self.features.relay_fault_s, Happening::RelaySticks),
        ] {
            self.plan_fault(mean_s, happening);
        }
    }

    fn plan_fault(&mut self, mean_s: u32, happening: Happening) {
        if mean_s > 0 {
            let ms = 1_000 + self.fate.below(mean_s * 2_000);
            self.later(Duration::from_millis(ms.into()), happening);
        }
    }

    pub(crate) fn later(&mut self, wait: Duration, happening: Happening) {
        self.at(self.now + wait, happening);
    }

    fn at(&mut self, at: Instant, happening: Happening) {
        self.order += 1;
        self.agenda.insert((at, self.order), happening);
    }

    /// Something is not as it must be.
    pub(crate) fn violation(&mut self, what: &str) {
        self.trace
            .line(self.now, "ORACLE", "violated", format_args!("{what}"));
        if self.violations.len() < VIOLATIONS_MAX {
            let s = self.now.as_millis() as f64 / 1_000.0;
            self.violations.push(format!("{s:.3} s: {what}"));
        }
    }

    /// Lets so much time go by.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = Some(self.next_deadline()).filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.step();
        }
        self.now = end;
    }

    fn next_deadline(&self) -> Instant {
        let agenda = self
            .agenda
            .first_key_value()
            .map_or(Instant::FAR, |(key, _)| key.0);
        let exchange = self
            .exchange
            .as_ref()
            .map_or(Instant::FAR, Exchange::next_deadline);
        let stations = self.stations.iter().map(|station| station.due).min();
        let sitters = self.sitters.iter().map(|sitter| sitter.due).min();
        let outsiders = self.outsiders.iter().map(|outsider| outsider.due).min();
        agenda
            .min(exchange)
            .min(self.disk.next_deadline())
            .min(self.board_due)
            .min(stations.unwrap_or(Instant::FAR))
            .min(sitters.unwrap_or(Instant::FAR))
            .min(outsiders.unwrap_or(Instant::FAR))
    }

    fn step(&mut self) {
        while let Some(entry) = self.agenda.first_entry().filter(|e| e.key().0 <= self.now) {
            let happening = entry.remove();
            self.happen(happening);
        }
        if let Some(seq) = self.disk.timeout(self.now) {
            self.input(Input::Durable(seq));
        }
        if self.board_due <= self.now {
            self.watch_board();
        }
        if self
            .exchange
            .as_ref()
            .is_some_and(|e| e.next_deadline() <= self.now)
        {
            let (now, board) = (self.now, &mut self.board);
            if let Some(exchange) = &mut self.exchange {
                exchange.timeout(now, board);
            }
            self.take_effects();
            self.sets_hear();
        }
        for at in 0..self.stations.len() {
            if self.stations[at].due <= self.now {
                let mut out = Vec::new();
                self.stations[at].timeout(self.now, &self.numbers, &mut out);
                self.carry(at, out);
            }
        }
        for at in 0..self.sitters.len() {
            if self.sitters[at].due <= self.now {
                let dark = self.in_the_dark();
                let people = &mut self.board.people;
                self.sitters[at].act(self.now, people, &self.numbers, dark);
                self.begins_in_the_dark();
                self.watch_board();
            }
        }
        for at in 0..self.outsiders.len() {
            if self.outsiders[at].due <= self.now {
                self.outsiders[at].act(self.now, &mut self.board.people);
                self.watch_board();
            }
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Reaches(seat, packet) => self.reaches(seat, packet),
            Happening::Arrives(seat, packet) => self.arrives(seat, &packet),
            Happening::Stream(what) => self.stream_happens(what),
            Happening::PowerCut => self.power_cut(),
            Happening::PowerOn => self.power_on(),
            Happening::PathCut => {
                let seat = self.fate.below(self.stations.len() as u32) as usize;
                let ms = self.fate.below(40_000);
                let until = self.now + Duration::from_millis(ms.into());
                if self.hostile {
                    self.network.cut(self.stations[seat].host().ip(), until);
                    self.break_streams(seat, Duration::from_millis(ms.into()));
                    self.trace.line(
                        self.now,
                        "network",
                        "cut",
                        format_args!("seat {seat}, {ms} ms"),
                    );
                    self.plan_fault(self.features.path_cut_s, Happening::PathCut);
                }
            }
            Happening::Rebind => {
                let seat = self.fate.below(self.stations.len() as u32) as usize;
                if self.hostile {
                    let done = self.network.rebind(self.stations[seat].host().ip());
                    self.trace.line(
                        self.now,
                        "network",
                        "rebind",
                        format_args!("seat {seat} {done}"),
                    );
                    self.plan_fault(self.features.rebind_s, Happening::Rebind);
                }
            }
            Happening::Reboot => {
                let seat = self.fate.below(self.stations.len() as u32) as usize;
                if self.hostile {
                    self.reboot(seat);
                    self.plan_fault(self.features.reboot_s, Happening::Reboot);
                }
            }
            Happening::LineFault => self.line_fault(),
            Happening::Measure => self.measure_a_line(),
            Happening::Cross => self.cross(),
            Happening::Hush => self.hush(),
            Happening::LineMends(line) => self.line_mends(line),
            Happening::TestLifeline => self.ask_for_lifeline(),
            Happening::RelaySticks => self.relay_sticks(),
            Happening::RelayMoves => self.relay_is_mended(),
            Happening::Glare(line) => {
                let people = &mut self.board.people;
                self.outsiders[line].call(people);
                self.watch_board();
            }
            Happening::Review => {
                self.review();
                self.later(REVIEW, Happening::Review);
            }
        }
    }

    fn reaches(&mut self, seat: usize, packet: Packet) {
        if self.exchange.is_none() {
            return;
        }
        if packet.to.port() == BOX.port()
            && let Some(message) = Message::parse(&packet.bytes)
        {
            self.trace_message(seat, "->", &message);
            self.truth.reached(self.now, seat, &message, &self.office);
            self.notice_changes();
            if message.method() == "INVITE" && message.status().is_none() {
                self.in_need(seat, user_of(message.uri()));
            }
        }
        if let Some(key) = self.stations[seat].key_of(&packet.bytes) {
            let kind = packet.bytes[1] & 0x7f;
            self.trace.line(
                self.now,
                &format!("seat {seat}"),
                "key",
                format_args!("{key} as {kind}"),
            );
            self.truth.pressed(self.now, seat, Some(key));
            self.notice_changes();
        }
        let (now, board) = (self.now, &mut self.board);
        if let Some(exchange) = &mut self.exchange {
            exchange.datagram(now, packet.from, packet.to, packet.bytes, board);
        }
        self.take_effects();
    }

    fn arrives(&mut self, seat: usize, packet: &Packet) {
        let mut out = Vec::new();
        let heard = self.stations[seat].receive(self.now, packet, &mut out);
        self.carry(seat, out);
        let wrong = core::mem::take(&mut self.stations[seat].wrong);
        // Where calls break off, packets of the last one come into the next.
        let strict = self.features.changes;
        for wrong in wrong.into_iter().filter(|_| strict) {
            self.violation(&format!("seat {seat}: {wrong}"));
        }
        for heard in heard {
            self.heard(seat, heard);
        }
    }

    fn heard(&mut self, listener: usize, heard: Heard) {
        if usize::from(heard.talker) >= self.office.seats.len() {
            // A signal of the exchange that lies near a mark that nobody has.
            return;
        }
        let talker = self.stations.get(usize::from(heard.talker));
        let sent = talker.and_then(|talker| match heard.count {
            Some(count) => talker.sent_at(count),
            None => talker.back(),
        });
        let (now, truth, features) = (self.now, &self.truth, &self.features);
        let wrong = self
            .hearing
            .heard(now, listener, heard, sent, truth, features);
        if let Some(wrong) = wrong {
            self.violation(&wrong);
        }
    }

    /// Puts a seat's datagrams on their way.
    pub(crate) fn carry(&mut self, seat: usize, packets: Vec<Packet>) {
        let shut = self.stations[seat].phone.shut(self.now);
        if shut.is_some() != self.truth.is_shut(seat) {
            self.trace.line(
                self.now,
                &format!("seat {seat}"),
                "mute",
                format_args!("{shut:?}"),
            );
        }
        self.truth.phone_shuts(seat, shut.map(|shut| shut.since));
        self.notice_changes();
        for packet in packets {
            if packet.to == BOX && self.stations[seat].phone.tcp {
                self.stream_send(seat, &packet.bytes);
                continue;
            }
            for (at, packet) in self.network.take_from_host(self.now, packet) {
                self.at(at, Happening::Reaches(seat, packet));
            }
        }
    }

    pub(crate) fn input(&mut self, input: Input) {
        let (now, board) = (self.now, &mut self.board);
        if let Some(exchange) = &mut self.exchange {
            exchange.input(now, input, board);
        }
        self.take_effects();
    }

    fn take_effects(&mut self) {
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        for effect in core::mem::take(&mut exchange.effects) {
            match effect {
                Effect::Datagram(from, to, bytes) => self.sends(Packet { from, to, bytes }),
                Effect::Bell(port, on) => self.bell(port, on),
                Effect::Tapped(tap, at, step) => self.tapped((tap, at), &step),
                Effect::Relay(port, released) => self.relay_moved(port, released),
                Effect::Pulses(port, digit) => self.line_pulses(port, digit),
                Effect::Record(ref record) => {
                    self.recorded(record);
                    self.disk.write(self.now, effect);
                }
                Effect::Connect(..) | Effect::Bytes(..) | Effect::Close(_) => {
                    self.stream_effect(effect);
                }
                Effect::Party(..) | Effect::State(_) => self.disk.write(self.now, effect),
            }
        }
        if !self.outsiders.is_empty() {
            // A line may have been taken, or put on hook.
            let due = self.board.next_deadline().unwrap_or(Instant::FAR);
            self.board_due = self.board_due.min(due.max(self.now));
        }
        if let Some(awaited) = self.exchange.as_ref().and_then(Exchange::awaited) {
            self.disk.hurry(self.now, awaited);
        }
    }

    fn recorded(&mut self, record: &Record) {
        let text = format!("{record:?}");
        self.trace.effect(self.now, text.as_bytes());
        let (rule, body) = (record.event.rule.name(), &record.event.body);
        let (seq, next) = (record.seq, self.next_seq);
        self.trace
            .line(self.now, "ledger", rule, format_args!("{seq} {body:?}"));
        if seq.0 != next {
            self.violation(&format!("record {seq} instead of {next}"));
        }
        self.next_seq = seq.0 + 1;
        self.tapes.record(self.now, record);
        self.set_called(&record.event);
        if let EventBody::Line {
            news: LineNews::Lifeline { verdict },
            ..
        } = *body
        {
            self.lifeline_told(verdict);
        }
        let EventBody::LegStarted {
            kind: LegKind::Line { port, .. },
            ..
        } = body
        else {
            return;
        };
        let mut outsiders = self.outsiders.iter();
        let line = outsiders.position(|outsider| outsider.jack == port.0);
        if let Some(line) = line.filter(|_| record.event.rule == Rule::LineSeized && self.hostile)
            && self.fate.below(4) == 0
        {
            let ms = self.fate.below(500);
            self.later(Duration::from_millis(ms.into()), Happening::Glare(line));
        }
    }

    fn sends(&mut self, packet: Packet) {
        self.trace.effect(self.now, &packet.bytes);
        let Some(&seat) = self.seats_by_ip.get(&packet.to.ip()) else {
            return;
        };
        if packet.from == BOX
            && let Some(message) = Message::parse(&packet.bytes)
        {
            self.trace_message(seat, "<-", &message);
            self.truth.left(self.now, seat, &message);
            self.notice_changes();
        }
        let policy = self.office.seats[seat].policy;
        let voice = packet.from.port() != BOX.port();
        if voice && policy == "require" && is_clear(&packet.bytes, packet.from.port() % 2 == 1) {
            self.violation(&format!("a packet goes to seat {seat} in clear"));
        }
        for (at, packet) in self.network.take_from_exchange(self.now, packet) {
            self.at(at, Happening::Arrives(seat, packet));
        }
    }

    /// Whoever came to a conference, left it or was muted there changes what all others hear.
    pub(crate) fn notice_changes(&mut self) {
        for (seat, at) in core::mem::take(&mut self.truth.joined) {
            self.hearing.begins(at, seat);
        }
        for seat in core::mem::take(&mut self.truth.changed) {
            self.hearing.changed(self.now, seat);
        }
    }

    pub(crate) fn trace_message(&mut self, seat: usize, way: &str, message: &Message) {
        if self.trace.is_read() {
            let (first, cseq, id) = (&message.first, message.get("cseq"), message.get("call-id"));
            let id = id.get(..8).unwrap_or(id);
            self.trace.line(
                self.now,
                &format!("seat {seat}"),
                way,
                format_args!("{first} [{cseq}] {id}"),
            );
        }
    }
}

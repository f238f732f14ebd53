//! The world: one queue of what happens next, and everybody who takes part.

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::IpAddr;

use hal_port::PortEvent;
use model::{Instant, PortId, Random, Seed};
use pbx::{Figures, Input, Keys, Setup};

use crate::disk::Disk;
use crate::exchange::{Board, Effect, Exchange, times};
use crate::hearing::Hearing;
use crate::network::{Network, Packet, Weather};
use crate::office::{BOX, ECHO, NOBODY, Office, ROOM};
use crate::person::Person;
use crate::phone::{Message, Phone, Stage};
use crate::plan::{Features, Plan};
use crate::sitter::Sitter;
use crate::station::{Heard, Station};
use crate::stream::{OnStream, Streams};
use crate::trace::Trace;
use crate::truth::Truth;

/// Violations that are kept.
const VIOLATIONS_MAX: usize = 20;
/// Oracles that look at the whole world do so this often.
const REVIEW: Duration = Duration::from_millis(500);
/// Sets are looked at this often while something goes on at one.
const POLL: Duration = Duration::from_millis(hal_port::POLL_MS);

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
    pub(crate) truth: Truth,
    pub(crate) hearing: Hearing,
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
}

/// Plays a world to its end. `print` gets every line of the trace.
#[must_use]
pub fn run(plan: &Plan, print: Option<fn(&str)>) -> Outcome {
    let mut world = World::new(plan, print);
    world.pass(plan.length);
    crate::proof::heal_and_prove(&mut world);
    let calls = crate::books::check(&mut world);
    let (hearing, truth) = (&world.hearing, &world.truth);
    Outcome {
        hash: world.trace.hash(),
        effects: world.trace.effects,
        summary: format!(
            "{} seats, {calls} calls, {} invites, {} talks, {} exact packets, {} mixed windows, \
             longest way {:?}, mixed {:?}, {} starts",
            world.office.seats.len(),
            truth.invites,
            truth.talks,
            hearing.exact,
            hearing.mixed,
            hearing.delay_max,
            hearing.mixed_delay_max,
            world.boots,
        ),
        calls,
        talks: truth.talks,
        mixed: hearing.mixed,
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
        let mut numbers: Vec<String> = office.seats.iter().map(|s| s.number.clone()).collect();
        numbers.dedup();
        numbers.extend([ECHO.into(), NOBODY.into()]);
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
            board: Board::new(features.sets, Vec::new()).expect("few sets"),
            board_due: Instant::ZERO,
            stations: Vec::new(),
            sitters: Vec::new(),
            truth: Truth::default(),
            hearing: Hearing::default(),
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
            features,
            office,
        };
        world.seat_everybody();
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
                self.sitters.push(sitter);
                continue;
            }
            let Some(host) = seat.host else { continue };
            let mut random = stream("phone");
            let manner = self.features.manner(&mut random);
            let on = self.now + Duration::from_millis(random.below(2_000).into());
            let user = (seat.number.as_str(), seat.password.as_str());
            let phone = Phone::new(user, host, BOX, manner, random, on);
            let mut phone = phone;
            phone.tcp = seat.tcp;
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
        agenda
            .min(exchange)
            .min(self.disk.next_deadline())
            .min(self.board_due)
            .min(stations.unwrap_or(Instant::FAR))
            .min(sitters.unwrap_or(Instant::FAR))
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
                let people = &mut self.board.people;
                self.sitters[at].act(self.now, people, &self.numbers);
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
            Happening::Review => {
                self.review();
                self.later(REVIEW, Happening::Review);
            }
        }
    }

    fn reboot(&mut self, seat: usize) {
        self.trace
            .line(self.now, "phone", "reboot", format_args!("seat {seat}"));
        let on = self.now + Duration::from_secs(5);
        self.stations[seat].phone.reboot(on);
        self.break_streams(seat, Duration::from_millis(10));
        let mut out = Vec::new();
        self.stations[seat].settle(self.now, &mut out);
        self.carry(seat, out);
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
        for heard in heard {
            self.heard(seat, heard);
        }
    }

    fn heard(&mut self, listener: usize, heard: Heard) {
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
                Effect::Record(ref record) => {
                    let text = format!("{record:?}");
                    self.trace.effect(self.now, text.as_bytes());
                    let (rule, body) = (record.event.rule.name(), &record.event.body);
                    self.trace.line(
                        self.now,
                        "ledger",
                        rule,
                        format_args!("{} {body:?}", record.seq),
                    );
                    if record.seq.0 != self.next_seq {
                        self.violation(&format!(
                            "record {} instead of {}",
                            record.seq, self.next_seq
                        ));
                    }
                    self.next_seq = record.seq.0 + 1;
                    self.disk.write(self.now, effect);
                }
                Effect::Connect(..) | Effect::Bytes(..) | Effect::Close(_) => {
                    self.stream_effect(effect);
                }
                Effect::Party(..) | Effect::State(_) => self.disk.write(self.now, effect),
            }
        }
        if let Some(awaited) = self.exchange.as_ref().and_then(Exchange::awaited) {
            self.disk.hurry(self.now, awaited);
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
        for (at, packet) in self.network.take_from_exchange(self.now, packet) {
            self.at(at, Happening::Arrives(seat, packet));
        }
    }

    /// Whoever came to a conference, left it or was muted there changes what all others hear.
    fn notice_changes(&mut self) {
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

    fn bell(&mut self, port: PortId, on: bool) {
        self.trace.effect(self.now, &[port.0 as u8, u8::from(on)]);
        self.trace.line(
            self.now,
            "bell",
            if on { "on" } else { "off" },
            format_args!("jack {port}"),
        );
        if let Some(sitter) = self.sitters.iter_mut().find(|s| s.jack == port.0) {
            sitter.rung = on;
        }
        self.board_due = self.now;
    }

    fn sets_hear(&mut self) {
        for (jack, frame) in core::mem::take(&mut self.board.heard) {
            let mut sitters = self.sitters.iter_mut();
            let Some(sitter) = sitters.find(|s| s.jack == jack && s.off_hook) else {
                continue;
            };
            let (seat, talkers) = (sitter.seat, sitter.ear.hear(frame.into_iter()));
            for talker in talkers {
                self.heard(
                    seat,
                    Heard {
                        talker,
                        count: None,
                    },
                );
            }
        }
    }

    /// Somebody at a set was made to act: the hook moves at once.
    pub(crate) fn look_at_sets(&mut self) {
        self.watch_board();
    }

    fn watch_board(&mut self) {
        let (now, board) = (self.now, &mut self.board);
        let events = board.advance(now);
        for (jack, event) in events {
            self.port_event(jack, event);
        }
        let busy = self
            .sitters
            .iter()
            .any(|sitter| sitter.off_hook || sitter.rung);
        let poll = if busy { self.now + POLL } else { Instant::FAR };
        let due = self.board.next_deadline().unwrap_or(Instant::FAR);
        // What is due already was done; it is not done again before time goes on.
        self.board_due = poll.min(due.max(self.now + Duration::from_micros(100)));
    }

    fn port_event(&mut self, jack: u16, event: PortEvent) {
        self.trace.line(
            self.now,
            "port",
            "report",
            format_args!("jack {jack} {event:?}"),
        );
        let Some(sitter) = self.sitters.iter_mut().find(|s| s.jack == jack) else {
            return;
        };
        let powered = self.exchange.is_some();
        match event {
            PortEvent::OffHook => {
                sitter.off_hook = true;
                sitter.ear.forget();
                let rung = core::mem::take(&mut sitter.rung);
                if powered {
                    let seat = sitter.seat;
                    if let Some(number) = sitter.dialling.take() {
                        sitter.dialled = Some(number);
                    }
                    let number = sitter.dialled.clone();
                    self.truth.lifted(self.now, seat, rung, &self.office);
                    if let (false, Some(number)) = (rung, number) {
                        self.truth.dialled(self.now, seat, &number);
                    }
                }
            }
            PortEvent::OnHook => {
                sitter.off_hook = false;
                sitter.dialled = None;
                let seat = sitter.seat;
                self.truth.hung_up(self.now, seat);
            }
            _ => {}
        }
        self.input(Input::Port {
            port: PortId(jack),
            event,
        });
    }

    fn power_cut(&mut self) {
        if !self.hostile {
            return;
        }
        self.trace.line(self.now, "power", "off", format_args!(""));
        self.exchange = None;
        self.board.power_off();
        self.break_all_streams();
        for sitter in &mut self.sitters {
            sitter.rung = false;
        }
        self.disk.cut();
        self.truth.power_cut(self.now);
        let ms = 500 + self.fate.below(8_000);
        self.later(Duration::from_millis(ms.into()), Happening::PowerOn);
        self.plan_fault(self.features.power_cut_s, Happening::PowerCut);
    }

    fn power_on(&mut self) {
        if self.exchange.is_some() {
            return;
        }
        self.boots += 1;
        self.truth.power_on(self.now);
        let found = self.disk.recover(self.now, times(self.now, self.now));
        self.next_seq = found.next_seq.0;
        self.trace.line(
            self.now,
            "power",
            "on",
            format_args!("{} bindings", found.bindings.len()),
        );
        let stream = |what: &str| Random::derive(self.seed, &format!("{what} {}", self.boots));
        let (mut plain, mut secret) = ([0; 32], [0; 32]);
        stream("plain").fill(&mut plain);
        stream("secret").fill(&mut secret);
        let setup = Setup {
            config: self.office.config.clone(),
            version: 1,
            jacks: Vec::new(),
            bindings: found.bindings,
            md5: found.md5,
            next_seq: found.next_seq,
            seed: plain,
            media_legs: self.features.media_legs,
            pairs: Vec::new(),
            external: None,
            flows: (Vec::new(), 0),
            fingerprint: None,
            line_tones: Vec::new(),
            resumed: false,
        };
        let keys = Keys::new(secret, self.office.passwords.clone());
        let media = (&mut self.board, self.features.planes);
        self.exchange = Some(Exchange::start(self.now, setup, keys, media));
        self.take_effects();
        let lifted: Vec<u16> = self
            .sitters
            .iter()
            .filter(|s| s.off_hook)
            .map(|s| s.jack)
            .collect();
        for jack in lifted {
            self.port_event(jack, PortEvent::OffHook);
        }
    }

    /// Everything in use, or nothing without power.
    pub(crate) fn figures(&self) -> Figures {
        self.exchange
            .as_ref()
            .map_or_else(Figures::default, |e| e.pbx.figures())
    }

    /// The faults stop.
    pub(crate) fn heal(&mut self) {
        self.hostile = false;
        let delay_ms = self.features.weather.delay_ms;
        self.network.weather = Weather {
            delay_ms,
            ..Weather::default()
        };
        for station in &self.stations {
            self.network.cut(station.host().ip(), self.now);
        }
        self.trace
            .line(self.now, "world", "healed", format_args!(""));
    }

    fn review(&mut self) {
        for late in self.truth.review(self.now) {
            self.violation(&late);
        }
        for station in 0..self.stations.len() {
            let call = self.stations[station].phone.call.as_ref();
            let still = call.is_some_and(|call| {
                call.stage != Stage::Up
                    || call.holding
                    || call.heard.is_none_or(|heard| !heard.they_receive)
            });
            if still {
                self.hearing.changed(self.now, station);
            }
        }
        if self.features.breaks() && self.hostile || !self.network.weather.is_gentle() {
            return;
        }
        if !self.features.breaks() {
            for wrong in self.truth.ring_for_nobody(self.now, &self.office) {
                self.violation(&wrong);
            }
        }
        let (stations, sitters) = (&self.stations, &self.sitters);
        let talks = |(seat, id): &(usize, String)| match stations.get(*seat) {
            Some(station) => station
                .phone
                .call
                .as_ref()
                .is_some_and(|call| call.id == *id),
            None => sitters.iter().any(|s| s.seat == *seat && s.off_hook),
        };
        for silent in self.hearing.review(self.now, &self.truth, talks) {
            self.violation(&silent);
        }
    }
}

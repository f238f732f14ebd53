//! The machine itself: its parts, and how one input runs through them until all is quiet.

use core::time::Duration;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use call::{Switch, Timers};
use config::Config;
use model::{
    BridgeId, CallId, Command, Digit, EntryId, Event, EventBody, Fingerprint, Instant, LegId,
    MediaLeg, Now, PortId, Random, Record, Rule, Seq, limits,
};
use sip::{Agent, UsageKey};

use crate::{
    Counters, Input, Output, Vault,
    advertised::advertised,
    announce::Announcements,
    auth::Challenger,
    clips::Clips,
    flows::Flows,
    leg::SipLeg,
    lines::{Begun, Lines, PortFigures, figures},
    metering::Meters,
    pool::{Bridges, LegSlots, Pairs},
    ports::Jacks,
    registrar::Registrar,
    ringer::Ringer,
    set_test::Tests,
    waiting_caller::WaitingCaller,
};

/// How much of everything is in use: back to zero when the office is quiet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Calls that are not over.
    pub calls: usize,
    /// Legs on SIP phones.
    pub sip_legs: usize,
    /// Sets off hook or ringing.
    pub sets_busy: usize,
    /// Outside lines that are used or ring.
    pub lines_busy: usize,
    /// Outside lines that have no battery or are out of service.
    pub lines_dead: usize,
    /// Lines whose lifeline was found not to switch.
    pub lifelines_stuck: usize,
    /// Slots of the media plane in use.
    pub media_legs: usize,
    /// Bridges in use.
    pub bridges: usize,
    /// Port pairs that wait for a leg.
    pub pairs_ready: usize,
    /// SIP transactions.
    pub transactions: usize,
    /// SIP calls (usages).
    pub usages: usize,
    /// Registrations.
    pub bindings: usize,
    /// Connections.
    pub flows: usize,
}

/// The control plane.
pub struct Pbx {
    pub(crate) config: Arc<Config>,
    pub(crate) version: u64,
    pub(crate) agent: Agent,
    pub(crate) switch: Switch,
    pub(crate) registrar: Registrar,
    pub(crate) challenger: Challenger,
    pub(crate) vault: Box<dyn Vault + Send>,
    pub(crate) flows: Flows,
    pub(crate) jacks: Jacks,
    pub(crate) lines: Lines,
    pub(crate) ringer: Ringer,
    /// Sets on hook that are being told who calls.
    pub(crate) announcements: Announcements,
    /// Sets in a call that are to be told of a second caller.
    pub(crate) waiting_callers: BTreeMap<PortId, WaitingCaller>,
    /// Outside calls of sets that are metered.
    pub(crate) meters: Meters,
    /// How many messages wait, by `[[analog]]` entry.
    pub(crate) messages: BTreeMap<EntryId, u8>,
    /// Sets that are rung to see what they show.
    pub(crate) tests: Tests,
    /// SIP legs by leg, and the ways to find them. Each has its own place: it is large, and whatever
    /// comes or goes in the map moves its neighbours.
    pub(crate) legs: BTreeMap<LegId, Box<SipLeg>>,
    pub(crate) by_usage: BTreeMap<UsageKey, LegId>,
    pub(crate) by_media: BTreeMap<MediaLeg, Owner>,
    /// Legs that wait for something: their deadlines.
    pub(crate) waiting: BTreeSet<(Instant, LegId)>,
    pub(crate) bridge_of: BTreeMap<LegId, BridgeId>,
    /// The bridge of each conference that people talk in.
    pub(crate) room_bridges: BTreeMap<EntryId, BridgeId>,
    pub(crate) bridges: Bridges,
    pub(crate) clips: Clips,
    pub(crate) slots: LegSlots,
    pub(crate) slots_in_all: usize,
    pub(crate) pairs: Pairs,
    /// The media plane carries what it can: no new calls.
    pub(crate) media_overloaded: bool,
    pub(crate) started_at: BTreeMap<CallId, Seq>,
    pub(crate) next_seq: Seq,
    pub(crate) durable: Seq,
    /// The latest record that an answer waited for.
    pub(crate) awaited: Seq,
    pub(crate) plain: Random,
    /// Codes for a flash that people have begun to press.
    pub(crate) begun: Begun,
    pub(crate) external: Option<IpAddr>,
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) counters: Counters,
    pub(crate) out: VecDeque<Output>,
    pub(crate) clock_offset: Option<i64>,
}

/// Whose a place in the media plane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A SIP leg's.
    Sip(LegId),
    /// A jack's.
    Port(PortId),
    /// An outside line's.
    Line(PortId),
    /// Nobody's any more; it is on its way out.
    Leaving,
}

impl Pbx {
    /// Takes one input and runs it through all parts until they are quiet.
    pub fn handle(&mut self, now: Now, input: Input) {
        self.watch_clock(now);
        match input {
            Input::FlowOpened {
                flow,
                transport,
                local,
                remote,
            } => {
                let opened = self.flows.opened(now.mono, flow, transport, local, remote);
                if !opened {
                    self.counters.flows_refused += 1;
                    self.out.push_back(Output::Close { flow });
                }
            }
            Input::Bytes { flow, bytes } => self.flow_bytes(now, flow, &bytes),
            Input::FlowClosed { flow } => self.flow_closed(now, flow),
            Input::Datagram {
                local,
                remote,
                bytes,
            } => self.datagram(now, local, remote, &bytes),
            Input::External(address) => {
                self.external = address;
                self.tell_agent_addresses();
            }
            Input::Port { port, event } => self.port_event(now, port, event),
            Input::Media(event) => self.media_event(now, event),
            Input::Command(Command::HangUp(call)) => self.switch.hang_up(now, call),
            Input::Command(Command::PauseRecording(call)) => self.switch.pause_recording(call),
            Input::Command(Command::ResumeRecording(call)) => self.switch.resume_recording(call),
            Input::Command(
                command @ (Command::RecordingKept { .. } | Command::RecordingLost { .. }),
            ) => {
                self.recorder_said(now, command);
            }
            Input::Command(Command::FalseHangUp { line, sign, tone }) => {
                self.not_hung_up(now, &line, sign, tone);
            }
            Input::Command(Command::SetMessages { set, messages }) => {
                self.set_messages(now, set, messages);
            }
            Input::Command(Command::BalanceLine(line)) => self.balance_line(now, &line),
            Input::Command(Command::TestLifeline(line)) => self.test_lifeline(now, &line),
            Input::Command(Command::TestSet { port }) => self.test_set(now, port),
            Input::Command(Command::Stop { grace }) => self.begin_stop(now, grace),
            Input::Command(Command::Claim(step)) => {
                self.note(now, step.rule(), EventBody::Claim { step });
            }
            Input::Config {
                version, config, ..
            } => self.reconfigure(now, version, config),
            Input::Durable(seq) => {
                self.durable = self.durable.max(seq);
                self.answer_what_is_durable(now);
            }
            Input::Tick => {}
        }
        self.run_deadlines(now);
        self.settle(now);
    }

    /// The next thing to be done outside.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// The record whose commit an answer waits for, if one does: the driver has it committed at
    /// once and says [`Input::Durable`].
    #[must_use]
    pub fn awaited(&self) -> Option<Seq> {
        (self.awaited > self.durable).then_some(self.awaited)
    }

    /// When `handle` wants [`Input::Tick`] at the latest, and why.
    #[must_use]
    pub fn next_deadline(&self) -> Option<(Instant, &'static str)> {
        let waiting = self.waiting.first().map(|&(at, _)| (at, "a leg waits"));
        let sets = self.jacks.next_deadline().map(|at| (at, "a set"));
        let lines = self.lines.next_deadline();
        let bells = self.ringer.next_deadline().map(|at| (at, "a bell"));
        let told = self.announcements.next_deadline();
        let told = told.map(|at| (at, "a set is told who calls"));
        let tests = self.tests.next_deadline().map(|at| (at, "a test of a set"));
        let meters = self.meters.next_deadline().map(|at| (at, "metering"));
        [
            self.agent.next_deadline(),
            self.switch.next_deadline(),
            self.registrar.next_deadline(),
            self.flows.next_deadline(),
            waiting,
            sets,
            lines,
            bells,
            told,
            meters,
            tests,
        ]
        .into_iter()
        .flatten()
        .min_by_key(|&(at, _)| at)
    }

    /// Counters for `/metrics`.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// How much of everything is in use.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let sizes = self.agent.sizes();
        Figures {
            calls: self.switch.calls(),
            sip_legs: self.legs.len(),
            sets_busy: self.jacks.busy(),
            lines_busy: self.lines.busy(),
            lines_dead: self.lines.dead(),
            lifelines_stuck: self.lines.lifelines_stuck(),
            media_legs: self.slots_in_all - self.slots.free(),
            bridges: self.bridges.used(),
            pairs_ready: self.pairs.len(),
            transactions: sizes.clients + sizes.servers,
            usages: sizes.usages,
            bindings: self.registrar.len(),
            flows: self.flows.len(),
        }
    }

    /// What is known of the ports, for the line doctor.
    #[must_use]
    pub fn port_figures(&self) -> Vec<PortFigures> {
        let country = &self.config.country;
        figures(
            &self.jacks,
            &self.lines,
            &self.ringer,
            country,
            &self.messages,
        )
    }

    /// Whether a call, or a request that waits for its answer, uses `bound`, a UDP address of ours.
    #[must_use]
    pub fn speaks_from(&self, bound: SocketAddr) -> bool {
        self.agent.speaks_from(bound)
    }

    /// Whether the exchange was told to stop and nothing is left to do.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.switch.is_stopping() && self.switch.calls() == 0 && self.legs.is_empty()
    }

    /// Whether this key decides something: it is part of a number that is being dialled, of a PIN
    /// or of a command. All other digits are people's affairs and are not written down.
    #[must_use]
    pub fn decides(&self, media: MediaLeg, digit: Digit) -> bool {
        let leg = self.leg_of(media);
        leg.is_some_and(|leg| self.switch.listens(leg, digit) || self.may_flash(leg, digit))
    }

    /// Takes over the passwords of the configuration that follows.
    pub fn replace_passwords(&mut self, passwords: crate::Passwords) {
        self.vault.replace(passwords);
    }

    /// The last words before the program ends: `ExchangeStopped`.
    pub fn finish(&mut self, now: Now) {
        self.note(now, Rule::Operator, EventBody::ExchangeStopped);
    }

    fn begin_stop(&mut self, now: Now, grace: Duration) {
        if !self.switch.is_stopping() {
            self.note(now, Rule::Operator, EventBody::ExchangeStopping);
        }
        self.end_searches(now);
        self.switch.stop(now.mono + grace);
    }

    fn reconfigure(&mut self, now: Now, version: u64, config: Arc<Config>) {
        self.switch.set_timers(timers(&config));
        self.jacks.assign(|name| analog_on(&config, name));
        self.lines.assign(&self.jacks.list(), &config);
        let before = core::mem::replace(&mut self.config, config);
        self.version = version;
        let ports = self.config.network.rtp_ports;
        if before.network.rtp_ports != ports {
            self.use_ports(ports);
        }
        self.tell_agent_addresses();
        self.load_clips();
        self.tell_profiles();
        self.note(now, Rule::ConfigSaved, EventBody::ConfigApplied { version });
        self.show_all_messages(now);
        self.drop_unknown_owners(now);
    }

    /// The agent writes Via and Contact by the same rule as we write SDP.
    pub(crate) fn tell_agent_addresses(&mut self) {
        let (config, external) = (Arc::clone(&self.config), self.external);
        self.agent.set_advertised(Box::new(move |peer| {
            let ip = advertised(&config, external, peer.local, peer.remote);
            SocketAddr::new(ip, peer.local.port())
        }));
    }

    fn run_deadlines(&mut self, now: Now) {
        self.agent.timeout(now.mono);
        let world =
            crate::world::World::of(&self.config, &self.registrar, &self.jacks, &self.lines);
        self.switch.timeout(now, &world);
        for flow in self.flows.silent(now.mono) {
            self.out.push_back(Output::Close { flow });
            self.flow_closed(now, flow);
        }
        self.expire_bindings(now);
        self.ring_bells(now);
        self.run_announcements(now);
        self.run_meters(now);
        self.run_tests(now);
        self.run_set_timers(now);
        self.line_timeouts(now);
        while let Some(&(at, leg)) = self.waiting.first() {
            if at > now.mono {
                break;
            }
            self.waiting.pop_first();
            self.leg_waited(now, leg);
        }
    }

    /// Runs what the agent and call control have to say until both are quiet.
    pub(crate) fn settle(&mut self, now: Now) {
        loop {
            if let Some(output) = self.agent.poll() {
                self.agent_output(now, output);
            } else if let Some(effect) = self.switch.poll() {
                self.effect(now, effect);
            } else {
                return;
            }
        }
    }

    /// Writes a fact of the exchange itself.
    pub(crate) fn note(&mut self, now: Now, rule: Rule, body: EventBody) {
        self.record(
            now,
            Event {
                call: None,
                leg: None,
                rule,
                body,
            },
        );
    }

    /// Gives a fact its place in the ledger.
    pub(crate) fn record(&mut self, now: Now, event: Event) {
        let seq = self.next_seq;
        self.next_seq = Seq(seq.0 + 1);
        match (event.call, &event.body) {
            (Some(call), EventBody::CallStarted { .. }) => {
                self.started_at.insert(call, seq);
            }
            (Some(call), EventBody::CallEnded { .. }) => {
                self.started_at.remove(&call);
            }
            _ => {}
        }
        let at = now;
        self.out
            .push_back(Output::Record(Record { seq, at, event }));
    }

    /// Notes when the calendar moved against the monotonic clock by more than a second.
    fn watch_clock(&mut self, now: Now) {
        let mono_us = i64::try_from(now.mono.as_nanos() / 1_000).unwrap_or(i64::MAX);
        let offset = now.wall.0.saturating_sub(mono_us);
        let Some(before) = self.clock_offset.replace(offset) else {
            return;
        };
        if offset.abs_diff(before) > 1_000_000 {
            let body = EventBody::ClockStepped {
                from: model::Wall(before.saturating_add(mono_us)),
                to: now.wall,
                trust: now.trust,
            };
            self.note(now, Rule::ClockChanged, body);
        }
    }
}

pub(crate) fn timers(config: &Config) -> Timers {
    Timers {
        dial: Duration::from_secs(u64::from(config.limits.dial_timeout_s)),
        digit: Duration::from_secs(u64::from(config.limits.digit_timeout_s)),
    }
}

pub(crate) fn analog_on(config: &Config, jack: &str) -> Option<EntryId> {
    let entry = config.analog.iter().find(|entry| entry.port == jack)?;
    Some(entry.id.clone())
}

const _: () = assert!(limits::MEDIA_LEGS <= u16::MAX as usize);

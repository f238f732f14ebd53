//! The control half of a simulated FXO port: what the hardware makes of the line.

use core::time::Duration;
use std::{collections::VecDeque, sync::Arc};

use hal_port::{
    ControlHalf, FLASH_MS, Impedance, Linefeed, LoopHook, PortCommand, PortEvent, Reading,
};
use rtrb::{Consumer, Producer};

use super::copper::{Contact, Copper, Fact, What};
use crate::control::SimError;
use crate::relay::Relay;

/// Break and make of a dialled pulse in ms.
const PULSE_MS: (u64, u64) = (60, 40);
/// Ringing of this length is a burst; a pause of this length ends one.
const RING_MS: [u64; 2] = [200, 100];
/// A line without battery for so long is dead; with battery again for so long it is not.
const BATTERY_MS: [u64; 2] = [1_000, 200];
/// A reversal is believed after this time.
const REVERSAL_MS: [u64; 2] = [50, 50];
/// A break of the current is one from this length on.
const CURRENT_MS: [u64; 2] = [50, 50];
/// A parallel set is believed after this time.
const IN_USE_MS: [u64; 2] = [100, 100];
/// Voltage of the line on hook, and with a loop closed.
const IDLE_VOLTS: i16 = 48;
const LOOP_VOLTS: i16 = 8;

/// A fact that is believed once it has lasted.
#[derive(Clone, Copy, Debug)]
struct Belief {
    seen: bool,
    since: Duration,
    told: bool,
    /// How long `false` and `true` must last, in ms.
    hold_ms: [u64; 2],
}

impl Belief {
    const fn new(state: bool, hold_ms: [u64; 2]) -> Self {
        Self {
            seen: state,
            since: Duration::ZERO,
            told: state,
            hold_ms,
        }
    }

    fn see(&mut self, at: Duration, state: bool) {
        if self.seen != state {
            self.seen = state;
            self.since = at;
        }
    }

    /// Takes the state as it is, without a word.
    fn take(&mut self, at: Duration, state: bool) {
        self.see(at, state);
        self.told = state;
    }

    fn due(&self) -> Option<Duration> {
        let hold = self.hold_ms[usize::from(self.seen)];
        (self.seen != self.told).then(|| self.since + Duration::from_millis(hold))
    }
}

/// A step of what the contact was told to do.
#[derive(Clone, Copy, Debug)]
enum Move {
    Contact(bool),
    Done,
}

/// The control half of a simulated FXO port.
#[derive(Debug)]
pub struct LineControl {
    copper: Arc<Copper>,
    facts: Consumer<Fact>,
    contacts: Producer<Contact>,
    now: Duration,
    ring_vrms: u8,
    ring_hz: u16,
    // The line.
    feed: Linefeed,
    /// The exchange has said how it feeds the line.
    known: bool,
    ringing: bool,
    parallel: bool,
    /// Of the lifeline that brings a set onto the line.
    relay: Option<Arc<Relay>>,
    loop_tenth_ma: i16,
    foreign_volts: i16,
    /// What of the idle line's voltage no exchange gives, as it was seen last.
    foreign_seen: Option<i16>,
    rung: bool,
    line_impedance: Option<Impedance>,
    // The port.
    impedance: Impedance,
    hook: LoopHook,
    closed: bool,
    moves: VecDeque<(Duration, Move)>,
    /// The polarity of the idle line, once there was battery.
    idle: Option<Linefeed>,
    told_battery: bool,
    ring: Belief,
    battery: Belief,
    reversed: Belief,
    current: Belief,
    in_use: Belief,
    events: VecDeque<PortEvent>,
}

impl LineControl {
    pub(crate) fn new(
        copper: Arc<Copper>,
        facts: Consumer<Fact>,
        contacts: Producer<Contact>,
        ring: (u8, u16),
        relay: Option<Arc<Relay>>,
    ) -> Self {
        Self {
            copper,
            facts,
            contacts,
            now: Duration::ZERO,
            ring_vrms: ring.0,
            ring_hz: ring.1,
            feed: Linefeed::Forward,
            known: false,
            ringing: false,
            parallel: false,
            relay,
            loop_tenth_ma: 250,
            foreign_volts: 0,
            foreign_seen: None,
            rung: false,
            line_impedance: None,
            impedance: Impedance::default(),
            hook: LoopHook::OnHook,
            closed: false,
            moves: VecDeque::new(),
            idle: None,
            told_battery: false,
            ring: Belief::new(false, RING_MS),
            battery: Belief::new(false, BATTERY_MS),
            reversed: Belief::new(false, REVERSAL_MS),
            current: Belief::new(true, CURRENT_MS),
            in_use: Belief::new(false, IN_USE_MS),
            events: VecDeque::new(),
        }
    }

    /// Plays what happened on the line and what the contact was told, each at its own time.
    fn play(&mut self) {
        loop {
            let moved = self.moves.front().map(|&(at, _)| at);
            let fact = self.facts.peek().ok().map(|fact| fact.at);
            let next = [moved, fact].into_iter().flatten().min();
            let Some(next) = next.filter(|&next| next <= self.now) else {
                break;
            };
            self.judge(next);
            if moved == Some(next) {
                if let Some((at, step)) = self.moves.pop_front() {
                    self.step(at, step);
                }
            } else if let Ok(fact) = self.facts.pop() {
                match fact.what {
                    What::Feed(feed) => {
                        self.feed = feed;
                        self.known = true;
                    }
                    What::Ringing(on) => self.ringing = on,
                    What::Parallel(off_hook) => self.parallel = off_hook,
                    What::LoopTenthMa(current) => self.loop_tenth_ma = current,
                    What::Impedance(line) => {
                        self.line_impedance = line;
                        self.match_line();
                    }
                    What::ForeignVolts(volts) => self.foreign_volts = volts.clamp(-100, 100),
                }
            }
            self.look(next);
        }
        if let Some(relay) = &self.relay {
            relay.set_line_volts(self.volts());
            self.look(self.now);
        }
        self.judge(self.now);
        if !self.closed && !self.ringing {
            self.foreign_seen = Some(Reading::beyond_exchange(self.volts()));
        }
        let fed = self.feed != Linefeed::Open;
        self.copper.wire.set_live(self.closed && fed);
        self.copper
            .set_listening(self.hook == LoopHook::Listening && fed);
    }

    /// Another set on the line is off hook.
    fn has_parallel(&self) -> bool {
        let loaded = |relay: &Arc<Relay>| relay.loads_line();
        self.parallel || self.relay.as_ref().is_some_and(loaded)
    }

    /// DC voltage between tip and ring now.
    fn volts(&self) -> i16 {
        let size = if self.closed || self.has_parallel() {
            LOOP_VOLTS
        } else {
            IDLE_VOLTS
        };
        let fed = match self.feed {
            Linefeed::Forward => size,
            Linefeed::Reverse => -size,
            Linefeed::Open => 0,
        };
        // A closed loop draws down whatever has no strength.
        if self.closed {
            fed
        } else {
            fed + self.foreign_volts
        }
    }

    /// What the port says comes back as far as its impedance is not the line's.
    fn match_line(&self) {
        let line = self.line_impedance;
        let loss = line.map(|line| self.impedance.return_loss_db10(line));
        self.copper.set_mismatch_db10(loss.unwrap_or(0));
    }

    /// Takes the state of the line into the beliefs.
    fn look(&mut self, at: Duration) {
        let fed = self.feed != Linefeed::Open;
        let on_hook = self.hook != LoopHook::OffHook;
        self.rung |= self.ringing;
        self.ring.see(at, self.ringing && on_hook);
        self.battery.see(at, fed || self.ringing);
        if fed && self.known {
            let idle = *self.idle.get_or_insert(self.feed);
            self.reversed.see(at, self.feed != idle);
        }
        if !on_hook && self.moves.is_empty() {
            self.current.see(at, fed);
        } else {
            self.current.take(at, true);
        }
        if on_hook {
            let parallel = self.has_parallel();
            self.in_use.see(at, parallel && fed && !self.ringing);
        } else {
            self.in_use.take(at, false);
        }
    }

    /// Tells what has lasted long enough by `at`, in order.
    fn judge(&mut self, at: Duration) {
        loop {
            let beliefs = [
                (&mut self.battery, PortEvent::Battery as fn(bool) -> _),
                (&mut self.ring, PortEvent::Ring),
                (&mut self.reversed, PortEvent::Reversed),
                (&mut self.current, PortEvent::Current),
                (&mut self.in_use, PortEvent::InUse),
            ];
            let due = beliefs
                .into_iter()
                .filter_map(|(belief, event)| Some((belief.due()?, belief, event)))
                .filter(|(due, ..)| *due <= at)
                .min_by_key(|(due, ..)| *due);
            let Some((_, belief, event)) = due else { break };
            belief.told = belief.seen;
            let event = event(belief.seen);
            self.told_battery |= matches!(event, PortEvent::Battery(_));
            self.events.push_back(event);
        }
        // A line that has been dead since the start is told so once, too.
        let silent_start = Duration::from_millis(BATTERY_MS[0]);
        if !self.told_battery && !self.battery.seen && at >= silent_start {
            self.told_battery = true;
            self.events.push_back(PortEvent::Battery(false));
        }
    }

    fn step(&mut self, at: Duration, step: Move) {
        match step {
            Move::Contact(closed) => self.contact(at, closed),
            Move::Done => self.events.push_back(PortEvent::Done),
        }
    }

    fn contact(&mut self, at: Duration, closed: bool) {
        if self.closed != closed {
            self.closed = closed;
            // A carrier that does not look for so long misses what no exchange would.
            let _ = self.contacts.push(Contact { at, closed });
        }
    }

    fn set_hook(&mut self, hook: LoopHook) {
        self.moves.clear();
        self.hook = hook;
        self.contact(self.now, hook == LoopHook::OffHook);
        self.look(self.now);
        self.play();
    }

    /// Opens the loop `times` times and closes it again.
    fn open_loop(&mut self, times: u64, open_ms: u64, close_ms: u64) -> Result<(), SimError> {
        if self.hook != LoopHook::OffHook || !self.moves.is_empty() {
            return Err(SimError::NotNow);
        }
        let mut at = self.now;
        for _ in 0..times {
            self.moves.push_back((at, Move::Contact(false)));
            at += Duration::from_millis(open_ms);
            self.moves.push_back((at, Move::Contact(true)));
            at += Duration::from_millis(close_ms);
        }
        self.moves.push_back((at, Move::Done));
        self.play();
        Ok(())
    }
}

impl ControlHalf for LineControl {
    type Error = SimError;

    fn advance(&mut self, now: Duration) {
        if self.now.is_zero() {
            self.look(Duration::ZERO);
        }
        self.now = self.now.max(now);
        self.play();
    }

    fn next_deadline(&self) -> Option<Duration> {
        let beliefs = [
            &self.battery,
            &self.ring,
            &self.reversed,
            &self.current,
            &self.in_use,
        ];
        let due = beliefs.into_iter().filter_map(Belief::due);
        let moved = self.moves.front().map(|&(at, _)| at);
        let waiting = (!self.facts.is_empty()).then_some(self.now);
        let start = (!self.told_battery).then(|| Duration::from_millis(BATTERY_MS[0]));
        due.chain(moved).chain(waiting).chain(start).min()
    }

    fn apply(&mut self, command: PortCommand) -> Result<(), SimError> {
        match command {
            PortCommand::SetHook(hook) => self.set_hook(hook),
            PortCommand::Flash(ms) if !FLASH_MS.contains(&ms) => return Err(SimError::Range),
            PortCommand::Flash(ms) => self.open_loop(1, ms.into(), 0)?,
            PortCommand::PulseDigit(digit) if digit > 9 => return Err(SimError::Range),
            PortCommand::PulseDigit(digit) => {
                let pulses = if digit == 0 { 10 } else { u64::from(digit) };
                self.open_loop(pulses, PULSE_MS.0, PULSE_MS.1)?;
            }
            PortCommand::SetProfile(profile) if !profile.is_sound() => {
                return Err(SimError::Profile);
            }
            PortCommand::SetProfile(profile) => {
                self.impedance = profile.impedance;
                self.match_line();
            }
            PortCommand::StartRing(_)
            | PortCommand::StopRing
            | PortCommand::SetLinefeed(_)
            | PortCommand::SetHookTimes(_)
            | PortCommand::SetOnHookSound(_)
            | PortCommand::SetNeon(_)
            | PortCommand::MeterPulse(_)
            | PortCommand::Lifeline(_) => return Err(SimError::Unsupported),
        }
        Ok(())
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        self.events.pop_front()
    }

    fn reading(&self) -> Reading {
        let fed = self.feed != Linefeed::Open;
        Reading {
            volts: Some(self.volts()),
            loop_tenth_ma: Some(if self.closed && fed {
                self.loop_tenth_ma
            } else {
                0
            }),
            ring_vrms: self.rung.then_some(self.ring_vrms),
            ring_tenth_hz: self.rung.then_some(self.ring_hz * 10),
            foreign_volts: self.foreign_seen,
            celsius: None,
        }
    }
}

use core::time::Duration;
use std::{collections::VecDeque, sync::Arc};

use hal_port::{
    Cadence, ControlHalf, Error, ErrorKind, HookDetector, HookTimes, Linefeed, POLL_MS,
    PortCommand, PortEvent, Reading,
};
use rtrb::{Consumer, Producer};

use crate::relay::SetEnd;
use crate::wire::{Bell, Hand, Wire};

/// A dial's break and make in ms: 10 pulses per second, ratio 60/40.
const PULSE_MS: (u64, u64) = (60, 40);
/// How long a hand rests after lifting or pressing, and after hanging up, in ms: nobody is quicker,
/// and lifting again sooner would be a flash.
const REST_MS: u64 = 300;
const REST_HUNG_UP_MS: u64 = 1_200;
/// Pause between dialled digits in ms.
const DIGIT_PAUSE_MS: u64 = 700;

/// When a display that is rung on a reversed line closes the loop, from the beginning of the burst, and how long it
/// waits then for who calls (NTT: an exchange waits 6 s for the first and 7 s for its end).
const DISPLAY_LIFTS: Duration = Duration::from_millis(250);
const DISPLAY_READS: Duration = Duration::from_secs(5);

/// Why a command was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimError {
    /// A set that is off hook cannot be rung.
    OffHook,
    /// A loop without battery cannot be rung.
    LoopOpen,
    /// The hook times cannot be told apart.
    HookTimes,
    /// The line profile has a figure out of range.
    Profile,
    /// The port has no such thing.
    Unsupported,
    /// A time or a digit is out of range.
    Range,
    /// The loop is open, or something is being pulsed.
    NotNow,
}

impl Error for SimError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::OffHook | Self::LoopOpen | Self::NotNow => ErrorKind::State,
            Self::HookTimes | Self::Profile | Self::Range => ErrorKind::Argument,
            Self::Unsupported => ErrorKind::Unsupported,
        }
    }
}

/// The control half of a simulated FXS port.
#[derive(Debug)]
pub struct SimControl {
    wire: Arc<Wire>,
    hands: Consumer<Hand>,
    bells: Producer<Bell>,
    now: Duration,
    /// The contact's movements to come: when, and closed or open.
    moves: VecDeque<(Duration, bool)>,
    /// When the hand is free for the next movement.
    busy_until: Duration,
    /// Length of the contact's bounce in ms; 0 = a perfect contact.
    bounce_ms: u8,
    hook: HookDetector,
    bell: Bell,
    bell_told: Bell,
    on_hook_sound: bool,
    /// The display has closed the loop: since when, and how often it had read something before.
    display: Option<(Duration, u32)>,
    /// The bell sounded at the last look.
    in_burst: bool,
    bursts: u32,
    /// The metering pulse that is being sent is over then.
    metering_until: Duration,
    /// The voltage on the loop when it was last not fed.
    foreign_seen: Option<i16>,
    lifeline: Option<SetEnd>,
    events: VecDeque<PortEvent>,
}

impl SimControl {
    pub(crate) fn new(
        wire: Arc<Wire>,
        hands: Consumer<Hand>,
        bells: Producer<Bell>,
        bounce_ms: u8,
        lifeline: Option<SetEnd>,
    ) -> Self {
        Self {
            wire,
            hands,
            bells,
            now: Duration::ZERO,
            moves: VecDeque::new(),
            busy_until: Duration::ZERO,
            bounce_ms,
            hook: HookDetector::new(HookTimes::default()),
            bell: Bell::default(),
            bell_told: Bell::default(),
            on_hook_sound: false,
            display: None,
            in_burst: false,
            bursts: 0,
            metering_until: Duration::ZERO,
            foreign_seen: None,
            lifeline,
            events: VecDeque::new(),
        }
    }

    /// Plays the hand's movements that are due, each at its own time even if polled late.
    fn move_hook(&mut self) {
        loop {
            while let Some((at, closed)) = self.moves.pop_front_if(|(at, _)| *at <= self.now) {
                self.sense(at);
                // Whoever lifts or hangs up has the loop.
                self.set_display(None);
                self.bell.closed = closed;
                if let Some(lifeline) = &mut self.lifeline {
                    lifeline.hook(at, closed);
                }
                self.sense(at);
            }
            if !self.moves.is_empty() || self.busy_until > self.now {
                break;
            }
            let Ok(hand) = self.hands.pop() else { break };
            self.plan(hand);
        }
        self.sense(self.now);
        self.move_display();
        // A port is brought up before it feeds anything.
        if self.bell.linefeed == Linefeed::Open || self.foreign_seen.is_none() {
            let line = self.lifeline.as_ref().map_or(0, SetEnd::volts);
            let volts = self.wire.foreign_volts().saturating_add(line);
            self.foreign_seen = Some(Reading::on_open_loop(volts));
        }
        self.look_at_lifeline();
        self.tell_audio();
    }

    /// When the display answers the bell: the line is reversed and rung, and nobody has a hand at the hook.
    fn display_lifts_at(&self) -> Option<Duration> {
        let idle = !self.bell.closed && self.moves.is_empty() && self.hands.is_empty();
        let reversed = self.bell.linefeed == Linefeed::Reverse && !self.is_away();
        let (since, _) = self.bell.ringing.filter(|_| idle && reversed)?;
        Some(since + DISPLAY_LIFTS)
    }

    /// The display closes the loop to be told who calls, and opens it when it was told.
    fn move_display(&mut self) {
        if self.display_lifts_at().is_some_and(|at| at <= self.now) {
            self.set_display(Some((self.now, self.wire.readings())));
            self.bell.closed = true;
        } else if let Some((since, before)) = self.display
            && (self.wire.readings() != before || self.now >= since + DISPLAY_READS)
        {
            self.set_display(None);
            self.bell.closed = false;
        }
        self.sense(self.now);
    }

    fn set_display(&mut self, display: Option<(Duration, u32)>) {
        self.display = display;
        self.wire.set_reads(display.is_some());
    }

    fn look_at_lifeline(&mut self) {
        if let Some(lifeline) = &mut self.lifeline {
            lifeline.hook(self.now, self.bell.closed);
            let seen = lifeline.look(self.bell.linefeed, self.foreign_seen);
            self.events.extend(seen);
        }
    }

    /// Whether the relay of its lifeline has the set on the line.
    fn is_away(&self) -> bool {
        self.lifeline.as_ref().is_some_and(SetEnd::is_away)
    }

    /// Tells the audio half what passes the loop now, and counts the bursts of the bell.
    fn tell_audio(&mut self) {
        let ringing = self.bell.ringing.is_some_and(|(since, cadence)| {
            let ms = self.now.saturating_sub(since).as_millis();
            cadence.is_on_at(u64::try_from(ms).unwrap_or(u64::MAX))
        });
        let away = self.is_away();
        let ringing = ringing && !away;
        if ringing && !self.in_burst {
            self.bursts = self.bursts.wrapping_add(1);
            self.wire.set_bursts(self.bursts);
        }
        self.in_burst = ringing;
        let fed = self.bell.linefeed != Linefeed::Open;
        let whispers = self.on_hook_sound && fed && !self.bell.closed && !ringing && !away;
        self.wire.set_whispers(whispers);
        self.wire
            .set_reversed(self.bell.linefeed == Linefeed::Reverse);
        self.wire.set_live(self.is_live());
    }

    /// Current flows: sound passes.
    fn is_live(&self) -> bool {
        self.bell.closed && self.bell.linefeed != Linefeed::Open && !self.is_away()
    }

    /// The line circuit looks at the loop. Without battery it sees nothing and keeps its opinion.
    fn sense(&mut self, at: Duration) {
        if self.bell.linefeed != Linefeed::Open {
            let closed = self.bell.closed && !self.is_away();
            self.hook.sample(at, closed);
        }
        while let Some(event) = self.hook.poll() {
            if event == PortEvent::OffHook {
                // Ring trip: the line circuit stops ringing by itself.
                self.bell.ringing = None;
            }
            self.events.push_back(event);
        }
    }

    fn plan(&mut self, hand: Hand) {
        let mut at = self.now.max(self.busy_until);
        match hand {
            Hand::Put { closed } => {
                self.contact(at, closed);
                at += Duration::from_millis(if closed { REST_MS } else { REST_HUNG_UP_MS });
            }
            Hand::Contact { closed } => self.contact(at, closed),
            Hand::Flash { ms } => {
                self.contact(at, false);
                at += Duration::from_millis(u64::from(ms));
                self.contact(at, true);
                at += Duration::from_millis(REST_MS);
            }
            Hand::Pulses { pulses } => {
                let (open, close) = PULSE_MS;
                for _ in 0..pulses {
                    // The dial's contact is wiped and does not bounce.
                    self.moves.push_back((at, false));
                    at += Duration::from_millis(open);
                    self.moves.push_back((at, true));
                    at += Duration::from_millis(close);
                }
                at += Duration::from_millis(DIGIT_PAUSE_MS);
            }
        }
        self.busy_until = at;
    }

    /// Moves the hook's contact, which may bounce for a while.
    fn contact(&mut self, at: Duration, closed: bool) {
        self.moves.push_back((at, closed));
        for ms in (1..u64::from(self.bounce_ms)).step_by(2) {
            let back = at + Duration::from_millis(ms);
            self.moves.push_back((back, !closed));
            self.moves
                .push_back((back + Duration::from_millis(1), closed));
        }
    }

    /// Tells the person what the set shows. When the ring is full it is told next time: only the
    /// last state counts.
    fn tell(&mut self) {
        let rung = self.bell.ringing.filter(|_| !self.is_away());
        let bell = Bell {
            ringing: rung,
            ..self.bell
        };
        if bell != self.bell_told && self.bells.push(bell).is_ok() {
            self.bell_told = bell;
        }
    }

    fn start_ring(&mut self, cadence: Cadence) -> Result<(), SimError> {
        if self.bell.linefeed == Linefeed::Open {
            return Err(SimError::LoopOpen);
        }
        if self.hook.is_off_hook() {
            return Err(SimError::OffHook);
        }
        self.bell.ringing = Some((self.now, cadence));
        Ok(())
    }
}

impl SimControl {
    /// Sends a metering pulse, which the set counts.
    fn meter(&mut self, ms: u16) -> Result<(), SimError> {
        if !(50..=1_000).contains(&ms) {
            return Err(SimError::Range);
        }
        if !self.hook.is_off_hook() || !self.is_live() || self.now < self.metering_until {
            return Err(SimError::NotNow);
        }
        self.metering_until = self.now + Duration::from_millis(ms.into());
        self.bell.metered = self.bell.metered.saturating_add(1);
        Ok(())
    }
}

impl ControlHalf for SimControl {
    type Error = SimError;

    fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        self.move_hook();
        self.tell();
    }

    /// Movements that a person makes from now on are not known yet: after an act, advance.
    fn next_deadline(&self) -> Option<Duration> {
        let movement = self.moves.front().map(|&(at, _)| at);
        let waiting = (!self.hands.is_empty()).then_some(self.busy_until.max(self.now));
        let hook = match self.bell.linefeed {
            Linefeed::Open => None,
            Linefeed::Forward | Linefeed::Reverse => self.hook.next_deadline(),
        };
        // Where the relay has the set is looked at while the loop is not fed.
        let unfed = self.bell.linefeed == Linefeed::Open && self.lifeline.is_some();
        let look = unfed.then(|| self.now + Duration::from_millis(POLL_MS));
        let told = (!self.events.is_empty()).then_some(self.now);
        let reads = self.display.map(|(since, _)| since + DISPLAY_READS);
        let display = self.display_lifts_at().or(reads);
        let all = [movement, waiting, hook, look, told, display];
        all.into_iter().flatten().min()
    }

    fn apply(&mut self, command: PortCommand) -> Result<(), SimError> {
        match command {
            PortCommand::StartRing(cadence) => self.start_ring(cadence)?,
            PortCommand::StopRing => self.bell.ringing = None,
            PortCommand::SetLinefeed(feed) => {
                self.bell.linefeed = feed;
                if feed == Linefeed::Open {
                    self.bell.ringing = None;
                }
                self.tell_audio();
            }
            PortCommand::SetHookTimes(times) => {
                if !times.are_sound() {
                    return Err(SimError::HookTimes);
                }
                self.hook.set_times(times);
            }
            PortCommand::SetProfile(profile) if !profile.is_sound() => {
                return Err(SimError::Profile);
            }
            PortCommand::SetProfile(_) => {}
            PortCommand::SetOnHookSound(on) => {
                self.on_hook_sound = on;
                self.tell_audio();
            }
            PortCommand::SetNeon(on) => self.bell.neon = on,
            PortCommand::MeterPulse(ms) => self.meter(ms)?,
            PortCommand::Lifeline(released) => {
                let lifeline = self.lifeline.as_mut().ok_or(SimError::Unsupported)?;
                lifeline.release(released);
                self.move_hook();
            }
            PortCommand::SetHook(_) | PortCommand::Flash(_) | PortCommand::PulseDigit(_) => {
                return Err(SimError::Unsupported);
            }
        }
        self.tell();
        Ok(())
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        self.events.pop_front()
    }

    fn reading(&self) -> Reading {
        let reading = Reading {
            foreign_volts: self.foreign_seen,
            ..Reading::default()
        };
        let lifeline = self.lifeline.as_ref();
        lifeline.map_or(reading, |lifeline| lifeline.of_set(reading))
    }
}

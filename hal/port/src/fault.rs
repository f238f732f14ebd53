//! Middleware that spoils a port on purpose, in a way that repeats: faults are counted off, never
//! drawn at random here. The simulation draws the plans.

use core::time::Duration;
use std::collections::VecDeque;

use crate::{
    AudioHalf, ControlHalf, Error, ErrorKind, FRAME, FaultKind, Frame, FrameStatus, PortCommand,
    PortEvent, Readiness, Reading,
};

/// What goes wrong on a control half.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ControlFaults {
    /// Events come this much late, in order.
    pub event_delay: Duration,
    /// Every n-th command is refused with [`ErrorKind::Bus`]; 0 = none.
    pub refuse_every: u32,
}

/// A control half with faults.
#[derive(Debug)]
pub struct FaultyControl<C> {
    inner: C,
    faults: ControlFaults,
    now: Duration,
    commands: u32,
    lost: Option<FaultKind>,
    off_hook: bool,
    late: VecDeque<(Duration, PortEvent)>,
}

/// Events that may be held back: a port has no more between two polls in a delay worth testing.
const LATE_MAX: usize = 64;

impl<C: ControlHalf> FaultyControl<C> {
    /// `inner` with these faults.
    pub fn new(inner: C, faults: ControlFaults) -> Self {
        Self {
            inner,
            faults,
            now: Duration::ZERO,
            commands: 0,
            lost: None,
            off_hook: false,
            late: VecDeque::with_capacity(LATE_MAX),
        }
    }

    /// Replaces the plan of faults.
    pub fn set_faults(&mut self, faults: ControlFaults) {
        self.faults = faults;
    }

    /// The port breaks: reports a fault, refuses every command, reports nothing more. What the wrapped
    /// port reports meanwhile is lost, as with real hardware.
    pub fn break_down(&mut self, kind: FaultKind) {
        if self.lost.is_none() {
            self.lost = Some(kind);
            self.hold(PortEvent::Fault(kind));
        }
    }

    /// The port works again.
    pub fn recover(&mut self) {
        if self.lost.take().is_some() {
            self.hold(PortEvent::Recovered);
            if self.off_hook {
                self.hold(PortEvent::OffHook);
            }
        }
    }

    /// The wrapped half.
    pub fn inner(&mut self) -> &mut C {
        &mut self.inner
    }

    fn hold(&mut self, event: PortEvent) {
        if self.late.len() < LATE_MAX {
            self.late
                .push_back((self.now + self.faults.event_delay, event));
        }
    }
}

impl<C: ControlHalf> ControlHalf for FaultyControl<C> {
    type Error = ErrorKind;

    fn advance(&mut self, now: Duration) {
        self.now = now;
        self.inner.advance(now);
        while let Some(event) = self.inner.poll_event() {
            match event {
                PortEvent::OffHook => self.off_hook = true,
                PortEvent::OnHook => self.off_hook = false,
                PortEvent::Flash
                | PortEvent::PulseDigit(_)
                | PortEvent::Ring(_)
                | PortEvent::Battery(_)
                | PortEvent::Reversed(_)
                | PortEvent::Current(_)
                | PortEvent::InUse(_)
                | PortEvent::Done
                | PortEvent::Lifeline(_)
                | PortEvent::Fault(_)
                | PortEvent::Recovered => {}
            }
            if self.lost.is_none() {
                self.hold(event);
            }
        }
    }

    fn next_deadline(&self) -> Option<Duration> {
        let late = self.late.front().map(|&(due, _)| due);
        [late, self.inner.next_deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn apply(&mut self, command: PortCommand) -> Result<(), ErrorKind> {
        if self.lost.is_some() {
            return Err(ErrorKind::Fault);
        }
        self.commands = self.commands.wrapping_add(1);
        let every = self.faults.refuse_every;
        if every > 0 && self.commands.is_multiple_of(every) {
            return Err(ErrorKind::Bus);
        }
        self.inner.apply(command).map_err(|error| error.kind())
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        self.late
            .pop_front_if(|(due, _)| *due <= self.now)
            .map(|(_, event)| event)
    }

    fn reading(&self) -> Reading {
        self.inner.reading()
    }
}

/// What goes wrong on an audio half. All counts are in blocks of 10 ms; 0 = never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AudioFaults {
    /// Every n-th block from the line is lost: silence, counted as overrun.
    pub lose_rx_every: u32,
    /// Every n-th block to the line is lost: silence, counted as underrun.
    pub lose_tx_every: u32,
    /// The line is dead: silence both ways.
    pub dead: bool,
}

/// An audio half with faults.
#[derive(Debug)]
pub struct FaultyAudio<A> {
    inner: A,
    faults: AudioFaults,
    blocks: u32,
}

impl<A: AudioHalf> FaultyAudio<A> {
    /// `inner` with these faults.
    pub fn new(inner: A, faults: AudioFaults) -> Self {
        Self {
            inner,
            faults,
            blocks: 0,
        }
    }

    /// Replaces the plan of faults.
    pub fn set_faults(&mut self, faults: AudioFaults) {
        self.faults = faults;
    }

    /// Whether something that happens to every n-th block happens to this one.
    const fn hits(&self, every: u32) -> bool {
        every > 0 && self.blocks.is_multiple_of(every)
    }

    /// Whether the block given in this exchange is lost.
    const fn loses_tx(&self) -> bool {
        self.faults.dead || self.hits(self.faults.lose_tx_every)
    }
}

impl<A: AudioHalf> AudioHalf for FaultyAudio<A> {
    fn take(&mut self, rx: &mut Frame) -> FrameStatus {
        self.blocks = self.blocks.wrapping_add(1);
        let rx_lost = self.faults.dead || self.hits(self.faults.lose_rx_every);
        let mut status = self.inner.take(rx);
        if self.loses_tx() {
            status.underrun = status.underrun.saturating_add(FRAME as u16);
        }
        if rx_lost {
            rx.fill(0);
            status.overrun = status.overrun.saturating_add(FRAME as u16);
            status.silent = true;
        }
        status
    }

    fn give(&mut self, tx: &Frame) {
        const SILENCE: Frame = [0; FRAME];
        self.inner.give(if self.loses_tx() { &SILENCE } else { tx });
    }

    fn readiness(&mut self) -> Readiness {
        self.inner.readiness()
    }

    fn card(&self) -> Option<u16> {
        self.inner.card()
    }

    fn latency_samples(&self) -> u16 {
        self.inner.latency_samples()
    }
}

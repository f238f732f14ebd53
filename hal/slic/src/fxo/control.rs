//! The words of `hal-port` on a chip.

use core::time::Duration;
use std::collections::VecDeque;

use embedded_hal::{digital::InputPin, spi::SpiDevice};
use hal_port::{ControlHalf, FLASH_MS, PortCommand, PortEvent, Reading};

use super::bring_up::BringUp;
use super::registers::DAA_CONTROL_1;
use super::{FxoLine, hook::Hook, watch::Line};
use crate::health::{Chip, Health, Life};
use crate::{SlicError, Trouble, bus::Registers};

impl<S: SpiDevice, P: InputPin> Chip for FxoLine<S, P> {
    type BringUp = BringUp;

    fn now(&self) -> Duration {
        self.now
    }

    fn health(&mut self) -> &mut Health<BringUp> {
        &mut self.health
    }

    fn events(&mut self) -> &mut VecDeque<PortEvent> {
        &mut self.events
    }

    fn begin(now: Duration) -> BringUp {
        BringUp::start(now)
    }

    fn bring_up(&mut self, at: BringUp) -> Result<Option<BringUp>, Trouble> {
        self.go_on(at)
    }

    fn serve(&mut self) -> Result<(), Trouble> {
        self.watch()
    }

    fn abandon(&mut self) {
        // On a dead bus this does nothing.
        let _ = self.bus.write(DAA_CONTROL_1, 0);
        self.hook = Hook::default();
        self.line = Line::default();
        self.reading = Reading::default();
    }

    /// Idle; what is on the line is told anew.
    fn resume(&mut self) {
        self.line = Line::default();
    }
}

impl<S: SpiDevice, P: InputPin> FxoLine<S, P> {
    fn set_profile(&mut self, profile: hal_port::LineProfile) -> Result<(), SlicError> {
        if !profile.is_sound() {
            return Err(SlicError::Argument);
        }
        // In a call a write could be heard.
        let news = core::mem::replace(&mut self.profile, profile) != profile;
        if news && self.health.works() {
            self.write_profile()?;
        }
        Ok(())
    }
}

impl<S: SpiDevice, P: InputPin> ControlHalf for FxoLine<S, P> {
    type Error = SlicError;

    fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        self.live();
    }

    fn next_deadline(&self) -> Option<Duration> {
        Some(match self.health.life {
            Life::BringUp(at) => at.due,
            Life::Down { until } => until,
            Life::Service | Life::Probation { .. } => self
                .hook
                .next_deadline()
                .map_or(self.next_look, |due| due.min(self.next_look)),
        })
    }

    fn apply(&mut self, command: PortCommand) -> Result<(), SlicError> {
        if let Some(trouble) = self.health.fault {
            return Err(trouble.into());
        }
        match command {
            PortCommand::SetHook(held) if self.health.is_in_service() => Ok(self.hold(held)?),
            PortCommand::SetHook(_) => Err(SlicError::State),
            PortCommand::Flash(ms) if FLASH_MS.contains(&ms) => {
                self.start_breaks(1, Duration::from_millis(u64::from(ms)))
            }
            PortCommand::Flash(_) => Err(SlicError::Argument),
            PortCommand::PulseDigit(digit) => self.start_pulses(digit),
            PortCommand::SetProfile(profile) => self.set_profile(profile),
            PortCommand::StartRing(_)
            | PortCommand::StopRing
            | PortCommand::SetLinefeed(_)
            | PortCommand::SetHookTimes(_)
            | PortCommand::SetOnHookSound(_)
            | PortCommand::SetNeon(_)
            | PortCommand::MeterPulse(_)
            | PortCommand::Lifeline(_) => Err(SlicError::Unsupported),
        }
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        self.events.pop_front()
    }

    fn reading(&self) -> Reading {
        self.reading
    }
}

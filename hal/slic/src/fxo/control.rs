//! The words of `hal-port` on a chip.

use core::time::Duration;

use embedded_hal::{digital::InputPin, spi::SpiDevice};
use hal_port::{ControlHalf, PortCommand, PortEvent, Reading};

use super::bring_up::BringUp;
use super::registers::DAA_CONTROL_1;
use super::{FxoLine, Life, hook::Hook, watch::Line};
use crate::{SlicError, Trouble, bus::Registers, health::PROBATION};

/// Shortest and longest flash.
const FLASH_MS: core::ops::RangeInclusive<u16> = 50..=1_500;

impl<S: SpiDevice, P: InputPin> FxoLine<S, P> {
    fn live(&mut self) -> Result<(), Trouble> {
        match self.life {
            Life::BringUp(at) => {
                self.life = match self.bring_up(at)? {
                    Some(at) => Life::BringUp(at),
                    None if self.health.fault.is_some() => Life::Probation {
                        until: self.now + PROBATION,
                    },
                    None => Life::Service,
                };
            }
            Life::Probation { until } => {
                self.serve()?;
                // What is on the line is told when the port is back.
                self.events
                    .retain(|event| matches!(event, PortEvent::Fault(_)));
                if self.now >= until {
                    self.recover();
                }
            }
            Life::Service => self.serve()?,
            Life::Down { until } => {
                if self.now >= until {
                    self.life = Life::BringUp(BringUp::start(self.now));
                }
            }
        }
        Ok(())
    }

    /// Out of service: the loop is opened as well as can be, and all is tried again later.
    fn fail(&mut self, trouble: Trouble) {
        // On a dead bus this does nothing.
        let _ = self.bus.write(DAA_CONTROL_1, 0);
        let (pause, event) = self.health.fail(trouble);
        self.life = Life::Down {
            until: self.now + pause,
        };
        self.hook = Hook::default();
        self.line = Line::default();
        self.reading = Reading::default();
        if let Some(event) = event {
            self.put(event);
        }
    }

    /// Idle; what is on the line is told anew.
    fn recover(&mut self) {
        self.health.recover();
        self.life = Life::Service;
        self.line = Line::default();
        self.put(PortEvent::Recovered);
    }

    const fn works(&self) -> bool {
        matches!(self.life, Life::Service | Life::Probation { .. })
    }

    fn set_profile(&mut self, profile: hal_port::LineProfile) -> Result<(), SlicError> {
        if !profile.is_sound() {
            return Err(SlicError::Argument);
        }
        self.profile = profile;
        if self.works() {
            self.write_profile()?;
        }
        Ok(())
    }
}

impl<S: SpiDevice, P: InputPin> ControlHalf for FxoLine<S, P> {
    type Error = SlicError;

    fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        if let Err(trouble) = self.live() {
            self.fail(trouble);
        }
    }

    fn next_deadline(&self) -> Option<Duration> {
        Some(match self.life {
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
            PortCommand::SetHook(held) if self.life == Life::Service => Ok(self.hold(held)?),
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
            | PortCommand::MeterPulse(_) => Err(SlicError::Unsupported),
        }
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        self.events.pop_front()
    }

    fn reading(&self) -> Reading {
        self.reading
    }
}

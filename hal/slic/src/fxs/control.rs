//! The words of `hal-port` on a chip.

use core::time::Duration;
use std::collections::VecDeque;

use embedded_hal::{digital::InputPin, spi::SpiDevice};
use hal_port::{ControlHalf, HookDetector, Linefeed, PortCommand, PortEvent, Reading};

use super::bring_up::BringUp;
use super::registers::{DC_DC_OFF, LINEFEED, POWER_DOWN_1, feed};
use super::{FxsLine, line_settings, watch};
use crate::health::{Chip, Health, Life};
use crate::{SlicError, Trouble, bus::Registers};

impl<S: SpiDevice, P: InputPin> Chip for FxsLine<S, P> {
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
        // On a dead bus these do nothing.
        let _ = self.bus.write(LINEFEED, feed::OPEN);
        let _ = self.bus.write(POWER_DOWN_1, DC_DC_OFF);
        self.wish.told = feed::OPEN;
        self.wish.ringing = None;
        self.wish.feed = Linefeed::Forward;
        self.wish.on_hook_sound = false;
        self.meter_until = None;
        self.alarms = watch::Alarms::default();
        // What lies on the line may be the reason.
        self.reading = Reading {
            foreign_volts: self.reading.foreign_volts,
            ..Reading::default()
        };
        self.open_since = None;
        self.trip_until = Duration::ZERO;
        self.closed = false;
        // Whoever has lifted meanwhile is told as lifted when the port is back.
        self.hook = HookDetector::new(self.hook_times);
    }

    /// Idle and on hook, unless the hook says otherwise from now on.
    fn resume(&mut self) {
        if self.hook.is_off_hook() {
            self.put(PortEvent::OffHook);
        }
    }
}

impl<S: SpiDevice, P: InputPin> FxsLine<S, P> {
    fn set_profile(&mut self, profile: hal_port::LineProfile) -> Result<(), SlicError> {
        if !profile.is_sound() {
            return Err(SlicError::Argument);
        }
        if self.health.works() {
            let part = self.settings.part;
            line_settings::change(&mut self.bus, &mut self.indirect, &profile, part)?;
        }
        self.profile = profile;
        Ok(())
    }
}

impl<S: SpiDevice, P: InputPin> ControlHalf for FxsLine<S, P> {
    type Error = SlicError;

    fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        self.live();
    }

    fn next_deadline(&self) -> Option<Duration> {
        Some(match self.health.life {
            Life::BringUp(at) => at.due,
            Life::Down { until } => until,
            Life::Service | Life::Probation { .. } => {
                let planned = [self.wish.next_edge(self.now), self.meter_until];
                let planned = planned.into_iter().flatten();
                planned.fold(self.next_look, Duration::min)
            }
        })
    }

    fn apply(&mut self, command: PortCommand) -> Result<(), SlicError> {
        if let Some(trouble) = self.health.fault {
            return Err(trouble.into());
        }
        match command {
            PortCommand::StartRing(cadence) => self.start_ring(cadence),
            PortCommand::StopRing => self.change_wish(|wish, _| wish.ringing = None),
            PortCommand::SetLinefeed(feed) => self.change_wish(|wish, _| {
                wish.feed = feed;
                if feed == Linefeed::Open {
                    wish.ringing = None;
                }
            }),
            PortCommand::SetHookTimes(times) => {
                if !times.are_sound() {
                    return Err(SlicError::Argument);
                }
                self.hook_times = times;
                self.hook.set_times(times);
                Ok(())
            }
            PortCommand::SetProfile(profile) => self.set_profile(profile),
            PortCommand::SetOnHookSound(on) => self.change_wish(|wish, _| wish.on_hook_sound = on),
            PortCommand::MeterPulse(ms) => self.start_meter_pulse(ms),
            PortCommand::SetNeon(_)
            | PortCommand::Lifeline(_)
            | PortCommand::SetHook(_)
            | PortCommand::Flash(_)
            | PortCommand::PulseDigit(_) => Err(SlicError::Unsupported),
        }
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        self.events.pop_front()
    }

    fn reading(&self) -> Reading {
        self.reading
    }
}

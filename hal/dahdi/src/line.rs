//! A channel with a line on it (FXS-signalled).

use core::time::Duration;
use std::sync::Arc;

use hal_port::{
    Capabilities, ControlHalf, FLASH_MS, LoopHook, Port, PortCommand, PortEvent, PortKind,
};

use crate::watch::Watch;
use crate::{
    Channel, DahdiAudio, DahdiError, Errno, Params, Request, event, gains, hook, signalling,
};

/// Replaces what is being dialled.
const DIAL_REPLACE: i32 = 2;

/// The control half of a line's channel. The kernel tells no parallel sets and no voltages, and lets sound
/// through on hook: what is not listened to is silenced here.
pub struct DahdiLine<C> {
    watch: Watch<C>,
    held: LoopHook,
    /// A flash or a digit is under way.
    busy: bool,
    battery: Option<bool>,
    reversed: bool,
    flows: bool,
}

impl<C: Channel> core::fmt::Debug for DahdiLine<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DahdiLine")
            .field("name", &self.watch.name)
            .finish()
    }
}

impl<C: Channel> DahdiLine<C> {
    /// The port `name` on a channel that is configured for a line, with its audio half.
    ///
    /// # Errors
    /// The channel is configured for something else, or the kernel refuses.
    pub fn new(name: String, channel: Arc<C>) -> Result<(Self, DahdiAudio<C>), DahdiError> {
        let kinds = [signalling::FXSKS, signalling::FXSLS];
        let (watch, audio) = Watch::open(name, channel, kinds)?;
        watch.set_deaf(true);
        let line = Self {
            watch,
            held: LoopHook::OnHook,
            busy: false,
            battery: None,
            reversed: false,
            flows: true,
        };
        Ok((line, audio))
    }

    /// What this port is.
    #[must_use]
    pub fn port(&self) -> Port {
        Port {
            name: self.watch.name.clone(),
            kind: PortKind::Fxo,
            capabilities: Capabilities {
                pulse: true,
                on_hook_sound: true,
                ..Capabilities::default()
            },
        }
    }

    fn set_battery(&mut self, battery: bool) {
        if self.battery != Some(battery) {
            self.battery = Some(battery);
            self.watch.put(PortEvent::Battery(battery));
        }
    }

    fn look(&mut self) -> Result<(), Errno> {
        let params = Params::of(&*self.watch.channel)?;
        if self.battery.is_none() {
            self.set_battery(params.alarms() == 0);
        }
        while let Some(event) = self.watch.fetch()? {
            match event {
                event::RING_BEGIN => self.watch.put(PortEvent::Ring(true)),
                event::RING_OFF_HOOK => self.watch.put(PortEvent::Ring(false)),
                event::ALARM => self.set_battery(false),
                event::NO_ALARM => self.set_battery(true),
                event::POLARITY => {
                    self.reversed = !self.reversed;
                    self.watch.put(PortEvent::Reversed(self.reversed));
                }
                event::ON_HOOK if self.held == LoopHook::OffHook => {
                    self.flows = false;
                    self.watch.put(PortEvent::Current(false));
                }
                event::HOOK_COMPLETE | event::DIAL_COMPLETE if self.busy => {
                    self.busy = false;
                    self.watch.put(PortEvent::Done);
                }
                _ => {}
            }
        }
        if self.held == LoopHook::OffHook && !self.flows && params.is_off_hook() {
            self.flows = true;
            self.watch.put(PortEvent::Current(true));
        }
        Ok(())
    }

    fn hold(&mut self, held: LoopHook) -> Result<(), DahdiError> {
        let off = held == LoopHook::OffHook;
        if off != (self.held == LoopHook::OffHook) {
            let wish = if off { hook::OFF } else { hook::ON };
            self.watch.give(Request::HOOK, wish)?;
            self.flows = true;
            self.busy = false;
        }
        self.watch.set_deaf(held == LoopHook::OnHook);
        self.held = held;
        Ok(())
    }

    fn must_be_idle_off_hook(&self) -> Result<(), DahdiError> {
        if self.held == LoopHook::OffHook && !self.busy {
            Ok(())
        } else {
            Err(DahdiError::State)
        }
    }

    fn flash(&mut self, ms: u16) -> Result<(), DahdiError> {
        if !FLASH_MS.contains(&ms) {
            return Err(DahdiError::Argument);
        }
        self.must_be_idle_off_hook()?;
        let mut params = Params::of(&*self.watch.channel)?;
        params.set_flash_ms(ms);
        self.watch
            .channel
            .request(Request::SET_PARAMS, &mut params.0)?;
        match self.watch.give(Request::HOOK, hook::FLASH) {
            Ok(()) | Err(Errno::IN_PROGRESS) => {
                self.busy = true;
                Ok(())
            }
            Err(errno) => Err(errno.into()),
        }
    }

    fn pulse(&mut self, digit: u8) -> Result<(), DahdiError> {
        if digit > 9 {
            return Err(DahdiError::Argument);
        }
        self.must_be_idle_off_hook()?;
        let mut dial = [0; 260];
        let operation = DIAL_REPLACE.to_ne_bytes();
        for (octet, value) in dial
            .iter_mut()
            .zip(operation.into_iter().chain([b'P', b'0' + digit]))
        {
            *octet = value;
        }
        self.watch.channel.request(Request::DIAL, &mut dial)?;
        self.busy = true;
        Ok(())
    }
}

impl<C: Channel> ControlHalf for DahdiLine<C> {
    type Error = DahdiError;

    fn advance(&mut self, now: Duration) {
        if self.watch.is_due(now) && self.look().is_err() {
            self.watch.lose();
        }
    }

    fn next_deadline(&self) -> Option<Duration> {
        self.watch.next_deadline()
    }

    fn apply(&mut self, command: PortCommand) -> Result<(), DahdiError> {
        self.watch.must_be_there()?;
        match command {
            PortCommand::SetHook(held) => self.hold(held),
            PortCommand::Flash(ms) => self.flash(ms),
            PortCommand::PulseDigit(digit) => self.pulse(digit),
            PortCommand::SetProfile(profile) if !profile.is_sound() => Err(DahdiError::Argument),
            PortCommand::SetProfile(profile) => Ok(gains::set(&*self.watch.channel, &profile)?),
            PortCommand::StartRing(_)
            | PortCommand::StopRing
            | PortCommand::SetLinefeed(_)
            | PortCommand::SetHookTimes(_)
            | PortCommand::SetOnHookSound(_)
            | PortCommand::SetNeon(_)
            | PortCommand::MeterPulse(_)
            | PortCommand::Lifeline(_) => Err(DahdiError::Unsupported),
        }
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        self.watch.poll_event()
    }
}

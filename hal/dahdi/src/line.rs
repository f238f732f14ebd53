//! A channel with a line on it (FXS-signalled).

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use hal_port::{
    Capabilities, ControlHalf, FaultKind, LoopHook, Port, PortCommand, PortEvent, PortKind,
};

use crate::channel::{give, prepare, take};
use crate::{
    Channel, DahdiAudio, DahdiError, Errno, Params, Request, event, gains, hook, signalling,
};

/// How often the kernel is asked.
const LOOK: Duration = Duration::from_millis(10);
/// Events fetched in one go.
const EVENTS_MAX: usize = 64;
const FLASH_MS: core::ops::RangeInclusive<u16> = 50..=1_500;
/// Replaces what is being dialled.
const DIAL_REPLACE: i32 = 2;

/// The control half of a line's channel. The kernel tells no parallel sets and no voltages.
pub struct DahdiLine<C> {
    name: String,
    now: Duration,
    next_look: Duration,
    held: LoopHook,
    /// A flash or a digit is under way.
    busy: bool,
    battery: Option<bool>,
    reversed: bool,
    flows: bool,
    gone: bool,
    events: VecDeque<PortEvent>,
    channel: Arc<C>,
}

impl<C: Channel> core::fmt::Debug for DahdiLine<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DahdiLine")
            .field("name", &self.name)
            .finish()
    }
}

impl<C: Channel> DahdiLine<C> {
    /// The port `name` on a channel that is configured for a line, with its audio half.
    ///
    /// # Errors
    /// The channel is configured for something else, or the kernel refuses.
    pub fn new(name: String, channel: Arc<C>) -> Result<(Self, DahdiAudio<C>), DahdiError> {
        let kind = Params::of(&*channel)?.signalling();
        if ![signalling::FXSKS, signalling::FXSLS].contains(&kind) {
            return Err(DahdiError::Unsupported);
        }
        prepare(&*channel)?;
        give(&*channel, Request::HOOK, hook::ON)?;
        let audio = DahdiAudio::new(Arc::clone(&channel));
        let line = Self {
            name,
            now: Duration::ZERO,
            next_look: Duration::ZERO,
            held: LoopHook::OnHook,
            busy: false,
            battery: None,
            reversed: false,
            flows: true,
            gone: false,
            events: VecDeque::with_capacity(EVENTS_MAX),
            channel,
        };
        Ok((line, audio))
    }

    /// What this port is.
    #[must_use]
    pub fn port(&self) -> Port {
        Port {
            name: self.name.clone(),
            kind: PortKind::Fxo,
            capabilities: Capabilities {
                pulse: true,
                on_hook_sound: true,
                ..Capabilities::default()
            },
        }
    }

    fn put(&mut self, event: PortEvent) {
        if self.events.len() < EVENTS_MAX {
            self.events.push_back(event);
        }
    }

    fn set_battery(&mut self, battery: bool) {
        if self.battery != Some(battery) {
            self.battery = Some(battery);
            self.put(PortEvent::Battery(battery));
        }
    }

    fn look(&mut self) -> Result<(), Errno> {
        let params = Params::of(&*self.channel)?;
        if self.battery.is_none() {
            self.set_battery(params.alarms() == 0);
        }
        for _ in 0..EVENTS_MAX {
            match take(&*self.channel, Request::GET_EVENT)? {
                event::NONE => break,
                event::REMOVED => return Err(Errno::NO_DEVICE),
                event::RING_BEGIN => self.put(PortEvent::Ring(true)),
                event::RING_OFF_HOOK => self.put(PortEvent::Ring(false)),
                event::ALARM => self.set_battery(false),
                event::NO_ALARM => self.set_battery(true),
                event::POLARITY => {
                    self.reversed = !self.reversed;
                    self.put(PortEvent::Reversed(self.reversed));
                }
                event::ON_HOOK if self.held == LoopHook::OffHook => {
                    self.flows = false;
                    self.put(PortEvent::Current(false));
                }
                event::HOOK_COMPLETE | event::DIAL_COMPLETE if self.busy => {
                    self.busy = false;
                    self.put(PortEvent::Done);
                }
                _ => {}
            }
        }
        if self.held == LoopHook::OffHook && !self.flows && params.is_off_hook() {
            self.flows = true;
            self.put(PortEvent::Current(true));
        }
        Ok(())
    }

    fn hold(&mut self, held: LoopHook) -> Result<(), DahdiError> {
        let off = held == LoopHook::OffHook;
        if off != (self.held == LoopHook::OffHook) {
            let wish = if off { hook::OFF } else { hook::ON };
            give(&*self.channel, Request::HOOK, wish)?;
            self.flows = true;
            self.busy = false;
        }
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
        let mut params = Params::of(&*self.channel)?;
        params.set_flash_ms(ms);
        self.channel.request(Request::SET_PARAMS, &mut params.0)?;
        match give(&*self.channel, Request::HOOK, hook::FLASH) {
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
        self.channel.request(Request::DIAL, &mut dial)?;
        self.busy = true;
        Ok(())
    }
}

impl<C: Channel> ControlHalf for DahdiLine<C> {
    type Error = DahdiError;

    fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        if self.gone || self.now < self.next_look {
            return;
        }
        self.next_look = self.now + LOOK;
        if self.look().is_err() {
            self.gone = true;
            self.put(PortEvent::Fault(FaultKind::Lost));
        }
    }

    fn next_deadline(&self) -> Option<Duration> {
        (!self.gone).then_some(self.next_look)
    }

    fn apply(&mut self, command: PortCommand) -> Result<(), DahdiError> {
        if self.gone {
            return Err(DahdiError::Fault);
        }
        match command {
            PortCommand::SetHook(held) => self.hold(held),
            PortCommand::Flash(ms) => self.flash(ms),
            PortCommand::PulseDigit(digit) => self.pulse(digit),
            PortCommand::SetProfile(profile) if !profile.is_sound() => Err(DahdiError::Argument),
            PortCommand::SetProfile(profile) => Ok(gains::set(&*self.channel, &profile)?),
            PortCommand::StartRing(_)
            | PortCommand::StopRing
            | PortCommand::SetLinefeed(_)
            | PortCommand::SetHookTimes(_)
            | PortCommand::SetOnHookSound(_)
            | PortCommand::SetNeon(_)
            | PortCommand::MeterPulse(_) => Err(DahdiError::Unsupported),
        }
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        self.events.pop_front()
    }
}

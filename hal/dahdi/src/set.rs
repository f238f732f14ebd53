//! A channel with a set on it (FXO-signalled).

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use hal_port::{
    Cadence, Capabilities, ControlHalf, FaultKind, HookDetector, HookTimes, Linefeed, Port,
    PortCommand, PortEvent, PortKind,
};

use crate::channel::{give, prepare, take};
use crate::{
    Channel, DahdiAudio, DahdiError, Errno, Params, Request, event, gains, hook, signalling,
};

/// How often the kernel is asked.
const LOOK: Duration = Duration::from_millis(10);
/// How long the kernel lets sound through to a set on hook, asked for anew in time.
const TRANSFER_MS: i32 = 6_000;
const TRANSFER_AGAIN: Duration = Duration::from_secs(5);
/// Events fetched in one go.
const EVENTS_MAX: usize = 64;

/// The control half of a set's channel.
pub struct DahdiSet<C> {
    name: String,
    now: Duration,
    next_look: Duration,
    hook: HookDetector,
    ringing: bool,
    feed: Linefeed,
    /// Sound is let through to the set on hook; asked for anew at this time.
    transfer_again: Option<Duration>,
    gone: bool,
    events: VecDeque<PortEvent>,
    channel: Arc<C>,
}

impl<C: Channel> core::fmt::Debug for DahdiSet<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DahdiSet")
            .field("name", &self.name)
            .finish()
    }
}

impl<C: Channel> DahdiSet<C> {
    /// The port `name` on a channel that is configured for a set, with its audio half.
    ///
    /// # Errors
    /// The channel is configured for something else, or the kernel refuses.
    pub fn new(name: String, channel: Arc<C>) -> Result<(Self, DahdiAudio<C>), DahdiError> {
        let kind = Params::of(&*channel)?.signalling();
        if ![signalling::FXOKS, signalling::FXOLS].contains(&kind) {
            return Err(DahdiError::Unsupported);
        }
        prepare(&*channel)?;
        give(&*channel, Request::HOOK, hook::ON)?;
        let audio = DahdiAudio::new(Arc::clone(&channel));
        let set = Self {
            name,
            now: Duration::ZERO,
            next_look: Duration::ZERO,
            hook: HookDetector::new(HookTimes::default()),
            ringing: false,
            feed: Linefeed::Forward,
            transfer_again: None,
            gone: false,
            events: VecDeque::with_capacity(EVENTS_MAX),
            channel,
        };
        Ok((set, audio))
    }

    /// What this port is.
    #[must_use]
    pub fn port(&self) -> Port {
        Port {
            name: self.name.clone(),
            kind: PortKind::Fxs,
            capabilities: Capabilities {
                ring_vrms: 60,
                reversal: true,
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

    fn look(&mut self) -> Result<(), Errno> {
        for _ in 0..EVENTS_MAX {
            match take(&*self.channel, Request::GET_EVENT)? {
                event::NONE => break,
                event::REMOVED => return Err(Errno::NO_DEVICE),
                // What the hook did is seen below.
                _ => {}
            }
        }
        let closed = Params::of(&*self.channel)?.is_off_hook();
        self.hook.sample(self.now, closed);
        while let Some(event) = self.hook.poll() {
            match event {
                PortEvent::OffHook => {
                    // The kernel has ended ringing by itself.
                    self.ringing = false;
                    give(&*self.channel, Request::HOOK, hook::OFF)?;
                }
                PortEvent::OnHook => give(&*self.channel, Request::HOOK, hook::ON)?,
                _ => {}
            }
            self.put(event);
        }
        if self.transfer_again.is_some_and(|at| at <= self.now) && !self.hook.is_off_hook() {
            give(&*self.channel, Request::ON_HOOK_TRANSFER, TRANSFER_MS)?;
            self.transfer_again = Some(self.now + TRANSFER_AGAIN);
        }
        Ok(())
    }

    fn start_ring(&mut self, cadence: Cadence) -> Result<(), DahdiError> {
        if self.hook.is_off_hook() {
            return Err(DahdiError::State);
        }
        self.stop_ring()?;
        let mut steps = [0; 64];
        for (octets, &ms) in steps.chunks_exact_mut(4).zip(cadence.steps_ms()) {
            octets.copy_from_slice(&i32::from(ms).to_ne_bytes());
        }
        self.channel.request(Request::SET_CADENCE, &mut steps)?;
        give(&*self.channel, Request::HOOK, hook::RING)?;
        self.ringing = true;
        Ok(())
    }

    fn stop_ring(&mut self) -> Result<(), Errno> {
        if core::mem::take(&mut self.ringing) {
            give(&*self.channel, Request::HOOK, hook::RING_OFF)?;
        }
        Ok(())
    }

    fn set_feed(&mut self, feed: Linefeed) -> Result<(), DahdiError> {
        let polarity = match feed {
            // The kernel opens a line only for the half second of a kewl start.
            Linefeed::Open => return Err(DahdiError::Unsupported),
            Linefeed::Forward => 0,
            Linefeed::Reverse => 1,
        };
        if feed != self.feed {
            give(&*self.channel, Request::SET_POLARITY, polarity)?;
            self.feed = feed;
        }
        Ok(())
    }

    fn set_on_hook_sound(&mut self, on: bool) -> Result<(), DahdiError> {
        if on && !self.hook.is_off_hook() {
            give(&*self.channel, Request::ON_HOOK_TRANSFER, TRANSFER_MS)?;
        }
        self.transfer_again = on.then(|| self.now + TRANSFER_AGAIN);
        Ok(())
    }
}

impl<C: Channel> ControlHalf for DahdiSet<C> {
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
            PortCommand::StartRing(cadence) => self.start_ring(cadence),
            PortCommand::StopRing => Ok(self.stop_ring()?),
            PortCommand::SetLinefeed(feed) => self.set_feed(feed),
            PortCommand::SetHookTimes(times) if !times.are_sound() => Err(DahdiError::Argument),
            PortCommand::SetHookTimes(times) => {
                self.hook.set_times(times);
                Ok(())
            }
            PortCommand::SetProfile(profile) if !profile.is_sound() => Err(DahdiError::Argument),
            PortCommand::SetProfile(profile) => Ok(gains::set(&*self.channel, &profile)?),
            PortCommand::SetOnHookSound(on) => self.set_on_hook_sound(on),
            PortCommand::SetNeon(_)
            | PortCommand::MeterPulse(_)
            | PortCommand::SetHook(_)
            | PortCommand::Flash(_)
            | PortCommand::PulseDigit(_) => Err(DahdiError::Unsupported),
        }
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        self.events.pop_front()
    }
}

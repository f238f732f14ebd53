//! A channel with a set on it (FXO-signalled).

use core::time::Duration;
use std::sync::Arc;

use hal_port::{
    Cadence, Capabilities, ControlHalf, HookDetector, HookTimes, Linefeed, Port, PortCommand,
    PortEvent, PortKind,
};

use crate::watch::Watch;
use crate::{
    Channel, DahdiAudio, DahdiError, Errno, Params, Request, gains, hook, lamp, signalling,
};

/// How long the kernel lets sound through to a set on hook, asked for anew in time.
const TRANSFER_MS: i32 = 6_000;
const TRANSFER_AGAIN: Duration = Duration::from_secs(5);

/// The control half of a set's channel.
pub struct DahdiSet<C> {
    watch: Watch<C>,
    hook: HookDetector,
    ringing: bool,
    feed: Linefeed,
    /// Sound is let through to the set on hook; asked for anew at this time.
    transfer_again: Option<Duration>,
    /// The driver can light a neon lamp.
    neon: bool,
}

impl<C: Channel> core::fmt::Debug for DahdiSet<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DahdiSet")
            .field("name", &self.watch.name)
            .finish()
    }
}

impl<C: Channel> DahdiSet<C> {
    /// The port `name` on a channel that is configured for a set, with its audio half.
    ///
    /// # Errors
    /// The channel is configured for something else, or the kernel refuses.
    pub fn new(name: String, channel: Arc<C>) -> Result<(Self, DahdiAudio<C>), DahdiError> {
        let kinds = [signalling::FXOKS, signalling::FXOLS];
        let (watch, audio) = Watch::open(name, channel, kinds)?;
        // Who ran before us may have left it lit.
        let neon = watch.give(Request::SET_LAMP, lamp::NEON).is_ok()
            && watch.give(Request::MESSAGES, 0).is_ok();
        let set = Self {
            watch,
            hook: HookDetector::new(HookTimes::default()),
            ringing: false,
            feed: Linefeed::Forward,
            transfer_again: None,
            neon,
        };
        Ok((set, audio))
    }

    /// What this port is.
    #[must_use]
    pub fn port(&self) -> Port {
        Port {
            name: self.watch.name.clone(),
            kind: PortKind::Fxs,
            capabilities: Capabilities {
                ring_vrms: 60,
                reversal: true,
                pulse: true,
                on_hook_sound: true,
                neon: self.neon,
                ..Capabilities::default()
            },
        }
    }

    fn look(&mut self) -> Result<(), Errno> {
        // What the hook did is seen below.
        while self.watch.fetch()?.is_some() {}
        let closed = Params::of(&*self.watch.channel)?.is_off_hook();
        self.hook.sample(self.watch.now, closed);
        while let Some(event) = self.hook.poll() {
            match event {
                PortEvent::OffHook => {
                    // The kernel has ended ringing by itself.
                    self.ringing = false;
                    self.watch.give(Request::HOOK, hook::OFF)?;
                }
                PortEvent::OnHook => self.watch.give(Request::HOOK, hook::ON)?,
                _ => {}
            }
            self.watch.put(event);
        }
        if self.transfer_again.is_some_and(|at| at <= self.watch.now) && !self.hook.is_off_hook() {
            self.watch.give(Request::ON_HOOK_TRANSFER, TRANSFER_MS)?;
            self.transfer_again = Some(self.watch.now + TRANSFER_AGAIN);
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
        self.watch
            .channel
            .request(Request::SET_CADENCE, &mut steps)?;
        self.watch.give(Request::HOOK, hook::RING)?;
        self.ringing = true;
        Ok(())
    }

    fn stop_ring(&mut self) -> Result<(), Errno> {
        if core::mem::take(&mut self.ringing) {
            self.watch.give(Request::HOOK, hook::RING_OFF)?;
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
            self.watch.give(Request::SET_POLARITY, polarity)?;
            self.feed = feed;
        }
        Ok(())
    }

    fn set_on_hook_sound(&mut self, on: bool) -> Result<(), DahdiError> {
        if on && !self.hook.is_off_hook() {
            self.watch.give(Request::ON_HOOK_TRANSFER, TRANSFER_MS)?;
        }
        self.transfer_again = on.then(|| self.watch.now + TRANSFER_AGAIN);
        Ok(())
    }
}

impl<C: Channel> ControlHalf for DahdiSet<C> {
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
            PortCommand::StartRing(cadence) => self.start_ring(cadence),
            PortCommand::StopRing => Ok(self.stop_ring()?),
            PortCommand::SetLinefeed(feed) => self.set_feed(feed),
            PortCommand::SetHookTimes(times) if !times.are_sound() => Err(DahdiError::Argument),
            PortCommand::SetHookTimes(times) => {
                self.hook.set_times(times);
                Ok(())
            }
            PortCommand::SetProfile(profile) if !profile.is_sound() => Err(DahdiError::Argument),
            PortCommand::SetProfile(profile) => Ok(gains::set(&*self.watch.channel, &profile)?),
            PortCommand::SetOnHookSound(on) => self.set_on_hook_sound(on),
            PortCommand::SetNeon(lit) if self.neon => {
                Ok(self.watch.give(Request::MESSAGES, i32::from(lit))?)
            }
            PortCommand::SetNeon(_)
            | PortCommand::MeterPulse(_)
            | PortCommand::Lifeline(_)
            | PortCommand::SetHook(_)
            | PortCommand::Flash(_)
            | PortCommand::PulseDigit(_) => Err(DahdiError::Unsupported),
        }
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        self.watch.poll_event()
    }
}

//! What both kinds of port do alike: the file, when it is looked at, what waits to be told.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use hal_port::{FaultKind, PortEvent};

use crate::channel::{give, prepare, take};
use crate::{Channel, DahdiAudio, DahdiError, Errno, Params, Request, event, hook};

/// How often the kernel is asked.
const LOOK: Duration = Duration::from_millis(10);
/// Events fetched in one go.
const EVENTS_MAX: usize = 64;

/// A channel that is looked at.
pub(crate) struct Watch<C> {
    pub(crate) name: String,
    pub(crate) channel: Arc<C>,
    pub(crate) now: Duration,
    next_look: Duration,
    gone: bool,
    events: VecDeque<PortEvent>,
}

impl<C: Channel> Watch<C> {
    /// The port `name` on a channel that must be configured for one of `kinds`: on hook, with its audio
    /// half.
    pub(crate) fn open(
        name: String,
        channel: Arc<C>,
        kinds: [i32; 2],
    ) -> Result<(Self, DahdiAudio<C>), DahdiError> {
        if !kinds.contains(&Params::of(&*channel)?.signalling()) {
            return Err(DahdiError::Unsupported);
        }
        prepare(&*channel)?;
        give(&*channel, Request::HOOK, hook::ON)?;
        let audio = DahdiAudio::new(Arc::clone(&channel));
        let watch = Self {
            name,
            channel,
            now: Duration::ZERO,
            next_look: Duration::ZERO,
            gone: false,
            events: VecDeque::with_capacity(EVENTS_MAX),
        };
        Ok((watch, audio))
    }

    /// Time has come to `now`; whether the kernel is to be asked.
    pub(crate) fn is_due(&mut self, now: Duration) -> bool {
        self.now = self.now.max(now);
        let due = !self.gone && self.now >= self.next_look;
        if due {
            self.next_look = self.now + LOOK;
        }
        due
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        (!self.gone).then_some(self.next_look)
    }

    /// Everything that happened at the channel. While one event waits, the kernel gives no sound.
    pub(crate) fn fetch(&self) -> impl Iterator<Item = Result<i32, Errno>> + use<C> {
        let channel = Arc::clone(&self.channel);
        let next = move || match take(&*channel, Request::GET_EVENT) {
            Ok(event::NONE) => None,
            Ok(event::REMOVED) => Some(Err(Errno::NO_DEVICE)),
            answer => Some(answer),
        };
        core::iter::from_fn(next).take(EVENTS_MAX)
    }

    /// The card was removed, or its driver answers no more.
    pub(crate) fn lose(&mut self) {
        self.gone = true;
        self.put(PortEvent::Fault(FaultKind::Lost));
    }

    /// Refuses once the card is gone.
    pub(crate) const fn must_be_there(&self) -> Result<(), DahdiError> {
        if self.gone {
            Err(DahdiError::Fault)
        } else {
            Ok(())
        }
    }

    pub(crate) fn put(&mut self, event: PortEvent) {
        if self.events.len() < EVENTS_MAX {
            self.events.push_back(event);
        }
    }

    pub(crate) fn poll_event(&mut self) -> Option<PortEvent> {
        self.events.pop_front()
    }

    /// A request with one number.
    pub(crate) fn give(&self, request: Request, value: i32) -> Result<(), Errno> {
        give(&*self.channel, request, value)
    }
}

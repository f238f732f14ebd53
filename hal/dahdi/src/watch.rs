//! What both kinds of port do alike: the file, when it is looked at, what waits to be told.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use hal_port::{FaultKind, PortEvent};
use rtrb::{Consumer, RingBuffer};

use crate::channel::{EVENTS_MAX, give, prepare, take};
use crate::{Channel, DahdiAudio, DahdiError, Errno, Params, Request, event, hook};

/// How often the kernel is asked.
const LOOK: Duration = Duration::from_millis(10);

/// A channel that is looked at.
pub(crate) struct Watch<C> {
    pub(crate) name: String,
    pub(crate) channel: Arc<C>,
    pub(crate) now: Duration,
    next_look: Duration,
    gone: bool,
    /// Events that the audio half fetched: they would have stopped the sound.
    fetched: Consumer<i32>,
    /// Nothing of the line is heard.
    deaf: Arc<AtomicBool>,
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
        let deaf = Arc::<AtomicBool>::default();
        let (fetches, fetched) = RingBuffer::new(EVENTS_MAX);
        let audio = DahdiAudio::new(Arc::clone(&channel), Arc::clone(&deaf), fetches);
        let watch = Self {
            name,
            channel,
            now: Duration::ZERO,
            next_look: Duration::ZERO,
            gone: false,
            fetched,
            deaf,
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

    /// The next thing that happened at the channel.
    pub(crate) fn fetch(&mut self) -> Result<Option<i32>, Errno> {
        let event = match self.fetched.pop() {
            Ok(event) => event,
            Err(_) => take(&*self.channel, Request::GET_EVENT)?,
        };
        match event {
            event::NONE => Ok(None),
            event::REMOVED => Err(Errno::NO_DEVICE),
            event => Ok(Some(event)),
        }
    }

    /// Whether what the line says is kept from the audio half.
    pub(crate) fn set_deaf(&self, deaf: bool) {
        self.deaf.store(deaf, Ordering::Relaxed);
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

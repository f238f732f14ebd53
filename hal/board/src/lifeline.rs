use core::time::Duration;
use std::collections::VecDeque;

use embedded_hal::digital::{InputPin, OutputPin};
use hal_port::{
    ControlHalf, ErrorKind, LifelineSight, Linefeed, POLL_MS, PortCommand, PortEvent, Reading,
};

use crate::hardware::Lifeline;

/// The port of a set that has a lifeline: carries [`PortCommand::Lifeline`] out and tells where the set is seen;
/// everything else is the port's own. Dropped, the relay is let go.
#[derive(Debug)]
pub struct LifelineJack<C, O: OutputPin, I> {
    inner: C,
    relay: Lifeline<O>,
    sense: Option<I>,
    sight: LifelineSight,
    /// How the port was told to feed its loop.
    feed: Linefeed,
    now: Duration,
    events: VecDeque<PortEvent>,
}

impl<C, O: OutputPin, I: InputPin> LifelineJack<C, O, I> {
    /// `inner` with its relay as it is, and the pin of its [`crate::Relay::sense`].
    pub fn new(inner: C, relay: Lifeline<O>, sense: Option<I>) -> Self {
        let mut sight = LifelineSight::default();
        sight.moved(!relay.is_drawn());
        Self {
            inner,
            relay,
            sense,
            sight,
            feed: Linefeed::Forward,
            now: Duration::ZERO,
            events: VecDeque::new(),
        }
    }

    /// What the contact says; nothing without one, and of one that cannot be read.
    fn contact(&mut self) -> Option<bool> {
        let pin = self.relay.relay().sense.as_ref()?;
        let low = self.sense.as_mut()?.is_low().ok()?;
        Some(low == pin.active_low)
    }
}

impl<C: ControlHalf<Error = ErrorKind>, O: OutputPin, I: InputPin> ControlHalf
    for LifelineJack<C, O, I>
{
    type Error = ErrorKind;

    fn advance(&mut self, now: Duration) {
        self.now = now;
        self.inner.advance(now);
        while let Some(event) = self.inner.poll_event() {
            if matches!(event, PortEvent::Fault(_)) {
                // A port that comes back feeds its loop.
                self.feed = Linefeed::Forward;
            }
            self.events.push_back(event);
        }
        let contact = self.contact();
        let volts = self.inner.reading().foreign_volts;
        let seen = self.sight.look(contact, self.feed, volts);
        self.events.extend(seen);
    }

    fn next_deadline(&self) -> Option<Duration> {
        let sense = self.sense.as_ref();
        let look = sense.map(|_| self.now + Duration::from_millis(POLL_MS));
        look.into_iter().chain(self.inner.next_deadline()).min()
    }

    fn apply(&mut self, command: PortCommand) -> Result<(), ErrorKind> {
        if let PortCommand::Lifeline(released) = command {
            self.relay.draw(!released).map_err(|_| ErrorKind::Bus)?;
            self.sight.moved(released);
            return Ok(());
        }
        self.inner.apply(command)?;
        if let PortCommand::SetLinefeed(feed) = command {
            self.feed = feed;
        }
        Ok(())
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        self.events.pop_front().or_else(|| self.inner.poll_event())
    }

    fn reading(&self) -> Reading {
        self.sight.of_set(self.inner.reading())
    }
}

impl<C, O: OutputPin, I> Drop for LifelineJack<C, O, I> {
    fn drop(&mut self) {
        // The kernel takes the pin back in any case.
        let _ = self.relay.draw(false);
    }
}

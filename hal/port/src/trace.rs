use core::time::Duration;
use std::collections::VecDeque;

use serde::Serialize;

use crate::{ControlHalf, Error, ErrorKind, PortCommand, PortEvent, Reading};

/// What passed a traced port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TraceWhat {
    /// The port reported this.
    Event(PortEvent),
    /// This was carried out.
    Done(PortCommand),
    /// This was refused.
    Refused(PortCommand, ErrorKind),
}

/// What passed a traced port, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TraceEntry {
    /// The last time handed to `advance`.
    pub at: Duration,
    /// What passed.
    pub what: TraceWhat,
}

/// Keeps the last commands and events of the control half it wraps; changes nothing.
#[derive(Debug)]
pub struct Trace<C> {
    inner: C,
    now: Duration,
    keep: usize,
    entries: VecDeque<TraceEntry>,
}

impl<C: ControlHalf> Trace<C> {
    /// Wraps `inner` and keeps its last `keep` entries.
    pub fn new(inner: C, keep: usize) -> Self {
        Self {
            inner,
            now: Duration::ZERO,
            keep,
            entries: VecDeque::with_capacity(keep),
        }
    }

    /// What passed, oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &TraceEntry> {
        self.entries.iter()
    }

    /// The wrapped half.
    pub fn inner(&mut self) -> &mut C {
        &mut self.inner
    }

    fn note(&mut self, what: TraceWhat) {
        if self.entries.len() >= self.keep {
            self.entries.pop_front();
        }
        if self.keep > 0 {
            self.entries.push_back(TraceEntry { at: self.now, what });
        }
    }
}

impl<C: ControlHalf> ControlHalf for Trace<C> {
    type Error = C::Error;

    fn advance(&mut self, now: Duration) {
        self.now = now;
        self.inner.advance(now);
    }

    fn next_deadline(&self) -> Option<Duration> {
        self.inner.next_deadline()
    }

    fn apply(&mut self, command: PortCommand) -> Result<(), Self::Error> {
        let result = self.inner.apply(command);
        self.note(match &result {
            Ok(()) => TraceWhat::Done(command),
            Err(error) => TraceWhat::Refused(command, error.kind()),
        });
        result
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        let event = self.inner.poll_event()?;
        self.note(TraceWhat::Event(event));
        Some(event)
    }

    fn reading(&self) -> Reading {
        self.inner.reading()
    }
}

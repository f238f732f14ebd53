//! The engine as other threads see it: who only looks.

use std::sync::Arc;

use crate::flight::{Flight, Stretch};
use crate::link::Waker;
use crate::status::{Counters, EngineStatus};

/// What is seen of one media thread.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) counters: Arc<Counters>,
    pub(crate) flight: Arc<Flight>,
    pub(crate) waker: Waker,
}

/// Looks at the engine from another thread.
#[derive(Clone, Debug)]
pub struct Watcher {
    pub(crate) threads: Vec<Seen>,
    /// What the helper and the handle of the control thread count.
    pub(crate) rest: Arc<Counters>,
}

impl Watcher {
    /// Figures of all threads together, and how they run.
    #[must_use]
    pub fn status(&self) -> EngineStatus {
        let threads = self.threads.iter().map(|seen| seen.counters.read());
        threads.fold(self.rest.read(), EngineStatus::and)
    }

    /// Figures of each media thread, in their order.
    #[must_use]
    pub fn threads(&self) -> Vec<EngineStatus> {
        let threads = self.threads.iter();
        threads.map(|seen| seen.counters.read()).collect()
    }

    /// What the last seconds of a media thread were like, oldest first; nothing if there is none of
    /// that number.
    #[must_use]
    pub fn flight(&self, thread: usize) -> Vec<Stretch> {
        let seen = self.threads.get(thread);
        seen.map_or_else(Vec::new, |seen| seen.flight.read())
    }

    /// Asks the media threads for a sign of life: `wakes` of each grows within some milliseconds.
    pub fn ping(&self) {
        for seen in &self.threads {
            seen.waker.wake();
        }
    }
}

//! The one clock of the media threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use model::Instant;

use crate::sys;

/// The monotonic clock, counted from when this was made; with analog ports in use it follows their
/// card, so that a tick comes when the card has a block. All threads have the same one.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    origin_ns: u64,
    /// Nanoseconds by which it is ahead of the monotonic one.
    ahead_ns: Arc<AtomicI64>,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            origin_ns: sys::monotonic_ns(),
            ahead_ns: Arc::default(),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        let since = sys::monotonic_ns().saturating_sub(self.origin_ns);
        Instant::from_nanos(since.saturating_add_signed(self.ahead_ns.load(Ordering::Relaxed)))
    }

    /// How far it is ahead.
    #[cfg(test)]
    pub(crate) fn ahead_ns(&self) -> i64 {
        self.ahead_ns.load(Ordering::Relaxed)
    }

    /// What is to happen from now on happens so many nanoseconds sooner, or later if negative.
    pub(crate) fn hasten(&self, ns: i64) {
        self.ahead_ns.fetch_add(ns, Ordering::Relaxed);
    }
}

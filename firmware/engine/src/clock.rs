//! The one clock of the media threads.

use model::Instant;

use crate::sys;

/// The monotonic clock, counted from when this was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin_ns: u64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            origin_ns: sys::monotonic_ns(),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_nanos(sys::monotonic_ns().saturating_sub(self.origin_ns))
    }
}

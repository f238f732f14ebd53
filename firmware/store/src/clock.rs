//! The one place of this crate that reads a clock: how long the writer waits and how long
//! things took. Times of records are handed in by the exchange.

use std::time::{Duration, Instant};

/// Time since this was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "the crate's one reading of the clock"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// What is left until `after`, zero when it has passed.
    pub(crate) fn left(&self, after: Duration) -> Duration {
        after.saturating_sub(self.elapsed())
    }
}

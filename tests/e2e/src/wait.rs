//! Waiting for what is awaited, and no longer.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Time between two looks at a condition that nobody announces.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The moment after which waiting is a failure.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// `limit` from now.
    #[must_use]
    pub fn after(limit: Duration) -> Self {
        Self(now() + limit)
    }

    /// What is left of it; `None` when it has passed.
    #[must_use]
    pub fn left(self) -> Option<Duration> {
        let left = self.0.saturating_duration_since(now());
        (!left.is_zero()).then_some(left)
    }
}

/// The one clock of the tests.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "real programs live in real time; this is the tests' one clock"
)]
pub fn now() -> Instant {
    Instant::now()
}

/// Looks until `probe` has something.
///
/// # Panics
/// With `what`, when `limit` passes without.
#[track_caller]
pub fn until<T>(limit: Duration, what: &str, probe: impl FnMut() -> Option<T>) -> T {
    match within(limit, probe) {
        Some(found) => found,
        None => panic!("waited {limit:?} in vain: {what}"),
    }
}

/// Looks until `probe` has something or `limit` has passed.
pub fn within<T>(limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Deadline::after(limit);
    loop {
        if let Some(found) = probe() {
            return Some(found);
        }
        let left = deadline.left()?;
        thread::park_timeout(left.min(LOOK_EVERY));
    }
}

/// Seconds.
#[must_use]
pub const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

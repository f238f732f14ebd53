//! The generator's clocks: one for intervals, one that the kernel's receive times are given in.

use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

/// Now, for intervals.
#[expect(
    clippy::disallowed_methods,
    reason = "the one clock of the bench, which measures real time"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Nanoseconds since 1970: comparable with the kernel's receive times.
pub(crate) fn realtime_ns() -> u64 {
    clock_gettime(ClockId::CLOCK_REALTIME).map_or(0, |time| {
        Duration::from(time)
            .as_nanos()
            .try_into()
            .unwrap_or(u64::MAX)
    })
}

/// Does nothing for `length`. Only for pacing and for letting a process settle, never for waiting
/// until something has happened.
pub(crate) fn idle(length: Duration) {
    let _ = nix::poll::ppoll(&mut [], Some(length.into()), None);
}

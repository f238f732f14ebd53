//! Three words for time: [`Instant`] (monotonic, drives timers), [`Wall`] (calendar, shown to
//! people and used by schedules) and media time (a sample count, `u64`, local to `rtp` and `media`).

use core::time::Duration;

use serde::{Deserialize, Serialize};

/// A point on the monotonic clock: nanoseconds since the start of the process or of the
/// simulation. It never goes back and does not survive a restart.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Instant(u64);

impl Instant {
    /// The start of time.
    pub const ZERO: Self = Self(0);
    /// Later than everything that will ever be scheduled.
    pub const FAR: Self = Self(u64::MAX);

    /// An instant `ns` nanoseconds after [`Instant::ZERO`].
    #[must_use]
    pub const fn from_nanos(ns: u64) -> Self {
        Self(ns)
    }

    /// An instant `ms` milliseconds after [`Instant::ZERO`].
    #[must_use]
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }

    /// Nanoseconds since [`Instant::ZERO`].
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since [`Instant::ZERO`].
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// The time from `earlier` to `self`, zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// `self` moved later by `by`; stays at [`Instant::FAR`] at the end of time.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        let ns = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(ns))
    }

    /// The next whole multiple of `step` since [`Instant::ZERO`], `self` if it is one: what is in no
    /// hurry runs together with others. A `step` of zero changes nothing.
    #[must_use]
    pub fn rounded_up(self, step: Duration) -> Self {
        let step = u64::try_from(step.as_nanos()).unwrap_or(u64::MAX).max(1);
        Self(self.0.div_ceil(step).saturating_mul(step))
    }
}

impl core::ops::Add<Duration> for Instant {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        self.plus(by)
    }
}

/// A calendar time: microseconds since 1970-01-01T00:00:00Z. May jump in both directions.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Wall(pub i64);

impl Wall {
    /// The calendar time `s` whole seconds after the Unix epoch.
    #[must_use]
    pub const fn from_secs(s: i64) -> Self {
        Self(s.saturating_mul(1_000_000))
    }

    /// Whole seconds since the Unix epoch, rounded towards the past.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Milliseconds since the Unix epoch, rounded towards the past.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// `self` moved later by `by`.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        let us = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(us))
    }
}

/// How far the calendar time can be believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// The clock was never set; the time is at best that of the last ledger entry.
    #[default]
    Unset,
    /// The clock runs from a battery or from the last ledger entry, not checked since the start.
    Restored,
    /// The operating system says that the clock is synchronised.
    Synced,
}

/// What every core is handed with each input instead of a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// Drives every timer.
    pub mono: Instant,
    /// For people, schedules and nonces.
    pub wall: Wall,
    /// How far `wall` can be believed.
    pub trust: Trust,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_saturates_instead_of_wrapping() {
        let late = Instant::FAR.plus(Duration::from_secs(1));
        assert_eq!(late, Instant::FAR);
        assert_eq!(Instant::ZERO.since(Instant::from_millis(5)), Duration::ZERO);
        assert_eq!(Wall::from_secs(-1).as_secs(), -1);
    }

    #[test]
    fn rounding_up_never_goes_back_and_keeps_whole_steps() {
        let step = Duration::from_millis(500);
        let up = |ms| Instant::from_millis(ms).rounded_up(step).as_millis();
        assert_eq!((up(0), up(1), up(500), up(501)), (0, 500, 500, 1_000));
        assert_eq!(Instant::FAR.rounded_up(step), Instant::FAR);
        let odd = Instant::from_nanos(7);
        assert_eq!(odd.rounded_up(Duration::ZERO), odd);
    }
}

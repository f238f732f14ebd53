//! `[limits]`: how much and how long.

use core::ops::RangeInclusive;

use model::limits;
use schemars::JsonSchema;
use serde::Serialize;

use crate::read::Section;

/// Limits that an administrator may set, each below what the program can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(default)]
pub struct Limits {
    /// Calls at once in the whole exchange; the next one hears congestion.
    #[schemars(range(min = 1, max = 600))]
    pub calls: u16,
    /// Seconds that phones ring before the call goes on.
    #[schemars(range(min = 5, max = 300))]
    pub ring_timeout_s: u16,
    /// Seconds of dial tone before the first digit.
    #[schemars(range(min = 5, max = 60))]
    pub dial_timeout_s: u16,
    /// Seconds between two digits, after which what was dialled counts as complete.
    #[schemars(range(min = 1, max = 20))]
    pub digit_timeout_s: u16,
    /// Shortest time in seconds for which a phone may register.
    #[schemars(range(min = 30, max = 3600))]
    pub registration_min_s: u16,
    /// Longest time in seconds for which a phone is registered.
    #[schemars(range(min = 60, max = 43200))]
    pub registration_max_s: u16,
    /// Seconds that calls may go on when the exchange is told to stop.
    #[schemars(range(min = 0, max = 600))]
    pub stop_wait_s: u16,
    /// Analog sets whose bells sound at the same moment: what the ringing supply of the board bears.
    /// Further ones ring in the pauses of the others, or wait.
    #[schemars(range(min = 1, max = 64))]
    pub bells_at_once: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: *Self::CALLS.end(),
            ring_timeout_s: 30,
            dial_timeout_s: 15,
            digit_timeout_s: 4,
            registration_min_s: 60,
            registration_max_s: 3600,
            stop_wait_s: 20,
            bells_at_once: 8,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked by the assertion below"
)]
const CALLS_MAX: u16 = limits::CALLS as u16;
const _: () = assert!(CALLS_MAX as usize == limits::CALLS);

impl Limits {
    const CALLS: RangeInclusive<u16> = 1..=CALLS_MAX;
    /// Sensible times of ringing, in seconds.
    pub(crate) const RING_TIMEOUT_S: RangeInclusive<u16> = 5..=300;

    pub(crate) fn read(mut section: Section<'_, '_>) -> Self {
        let default = Self::default();
        let mut whole = |key, range, default| section.whole(key, range).unwrap_or(default);
        let limits = Self {
            calls: whole("calls", Self::CALLS, default.calls),
            ring_timeout_s: whole(
                "ring_timeout_s",
                Self::RING_TIMEOUT_S,
                default.ring_timeout_s,
            ),
            dial_timeout_s: whole("dial_timeout_s", 5..=60, default.dial_timeout_s),
            digit_timeout_s: whole("digit_timeout_s", 1..=20, default.digit_timeout_s),
            registration_min_s: whole("registration_min_s", 30..=3600, default.registration_min_s),
            registration_max_s: whole(
                "registration_max_s",
                60..=43_200,
                default.registration_max_s,
            ),
            stop_wait_s: whole("stop_wait_s", 0..=600, default.stop_wait_s),
            bells_at_once: whole("bells_at_once", 1..=64, default.bells_at_once),
        };
        if limits.registration_min_s > limits.registration_max_s {
            section.range_bad(
                "registration_max_s",
                limits.registration_max_s,
                limits.registration_min_s..=43_200,
            );
        }
        section.finish();
        limits
    }
}

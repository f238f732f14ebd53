//! A track: what one party says, with the time of each piece of it.

use model::{Instant, TapId};

use crate::outgoing::Heard;

/// A stream whose own clock is this far from ours begins anew for the track.
const APART_NS: u64 = 200_000_000;

/// When a stream's time was set beside ours.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    ssrc: u32,
    timestamp: u32,
    at: Instant,
}

/// The track of a leg.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tap {
    pub(crate) id: TapId,
    pub(crate) paused: bool,
    anchor: Option<Anchor>,
}

impl Tap {
    pub(crate) const fn new(id: TapId) -> Self {
        Self {
            id,
            paused: false,
            anchor: None,
        }
    }

    /// When the first sample of a packet was said: by the timestamps, which do not jitter, as long
    /// as they go with our clock.
    pub(crate) fn time_of(&mut self, now: Instant, heard: &Heard, clock_hz: u32) -> Instant {
        let by_timestamp = self.anchor.filter(|a| a.ssrc == heard.ssrc).map(|anchor| {
            let units = heard.timestamp.wrapping_sub(anchor.timestamp).cast_signed();
            let ns = i64::from(units).saturating_mul(1_000_000_000);
            let ns = ns.checked_div(i64::from(clock_hz)).unwrap_or(0);
            anchor.at.as_nanos().saturating_add_signed(ns)
        });
        let near = by_timestamp.filter(|&ns| ns.abs_diff(now.as_nanos()) < APART_NS);
        let at = near.map_or(now, Instant::from_nanos);
        let newer = self
            .anchor
            .is_none_or(|a| near.is_none() || at.as_nanos() > a.at.as_nanos());
        if newer {
            // Anchored anew at each packet: differences stay small enough for the arithmetic.
            self.anchor = Some(Anchor {
                ssrc: heard.ssrc,
                timestamp: heard.timestamp,
                at,
            });
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(timestamp: u32) -> Heard {
        Heard {
            slot: 0,
            ssrc: 9,
            seq: 0,
            timestamp,
            marker: false,
            resumed: false,
        }
    }

    #[test]
    fn a_tracks_time_is_that_of_the_far_clock_without_jitter() {
        let mut tap = Tap::new(TapId(1));
        let mut at = |ms, timestamp| {
            let at = tap.time_of(Instant::from_millis(ms), &heard(timestamp), 8_000);
            at.as_millis()
        };
        assert_eq!(at(1_000, u32::MAX - 79), 1_000);
        assert_eq!(at(1_033, 80), 1_020, "13 ms late");
        assert_eq!(at(1_034, 400), 1_060, "one lost: the gap shows");
        assert_eq!(at(1_035, 240), 1_040, "out of order");
        assert_eq!(at(5_000, 560), 5_000, "its clock stood still");
        assert_eq!(at(5_021, 720), 5_020);
    }
}

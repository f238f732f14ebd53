//! A track: what one party says, with the time of each piece of it.

use model::{Instant, TapId, limits};

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

/// A track of a leg.
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

/// The tracks of a leg.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Taps([Option<Tap>; limits::TAPS_OF_LEG]);

impl Taps {
    /// Takes one more; whether there was room.
    pub(crate) fn add(&mut self, tap: TapId) -> bool {
        let free = self.0.iter_mut().find(|place| place.is_none());
        free.map(|place| *place = Some(Tap::new(tap))).is_some()
    }

    /// Ends one; whether it was there.
    pub(crate) fn remove(&mut self, tap: TapId) -> bool {
        let mine = |place: &&mut Option<Tap>| place.is_some_and(|one| one.id == tap);
        let place = self.0.iter_mut().find(mine);
        place.map(|place| *place = None).is_some()
    }

    pub(crate) fn get_mut(&mut self, tap: TapId) -> Option<&mut Tap> {
        self.iter_mut().find(|one| one.id == tap)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Tap> {
        self.0.iter().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Tap> {
        self.0.iter_mut().flatten()
    }

    pub(crate) fn first(&self) -> Option<TapId> {
        self.iter().map(|tap| tap.id).next()
    }

    pub(crate) fn count(&self) -> usize {
        self.iter().count()
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

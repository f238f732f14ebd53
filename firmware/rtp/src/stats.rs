//! The figures of a leg, gathered from the parts that counted them.

use core::time::Duration;

use model::MediaFigures;

use crate::jitter::JitterFigures;
use crate::rtcp::ReportsHeard;
use crate::session::Received;

/// What the far end's reports said so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FarFigures {
    /// Packets that we sent and the far end missed.
    pub lost: u64,
    /// Last known round trip.
    pub round_trip: Option<Duration>,
}

impl FarFigures {
    /// Files what a compound told.
    pub fn note(&mut self, heard: &ReportsHeard) {
        if let Some(reception) = heard.reception {
            // Duplicates can make the far end's count negative.
            self.lost = u64::try_from(reception.lost).unwrap_or(0);
        }
        self.round_trip = heard.round_trip.or(self.round_trip);
    }
}

/// Fills in the figures that this crate knows; `clock_hz` is the codec's RTP clock. Packets of
/// strangers and malformed ones are counted by who drops them; `concealed` here is what was
/// missing when it was due.
#[must_use]
pub fn figures(
    received: &Received,
    packets_out: u64,
    jitter: Option<&JitterFigures>,
    far: &FarFigures,
    clock_hz: u32,
) -> MediaFigures {
    let late = jitter.map_or(0, |figures| figures.late);
    let missing = jitter.map_or(0, |figures| figures.missing);
    let us = u64::from(received.jitter_max)
        .saturating_mul(1_000_000)
        .checked_div(clock_hz.into())
        .unwrap_or(0);
    let round_trip_us = far.round_trip.map_or(0, |time| time.as_micros());
    MediaFigures {
        packets_in: received.packets.saturating_sub(late),
        packets_out,
        lost: received.lost,
        late,
        duplicate: received.duplicates,
        stranger: received.unexpected,
        malformed: 0,
        jitter_us_max: u32::try_from(us).unwrap_or(u32::MAX),
        lost_far: far.lost,
        round_trip_us: u32::try_from(round_trip_us).unwrap_or(u32::MAX),
        concealed: missing,
    }
}

//! What the far end's reports said of the sound that we send.

use core::time::Duration;

use crate::rtcp::ReportsHeard;

/// What the far end's reports said so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FarFigures {
    /// Packets that we sent and the far end missed.
    pub lost: u64,
    /// Part of our packets that it missed between its last two reports, in 1/256.
    pub fraction_lost: u8,
    /// Last known round trip.
    pub round_trip: Option<Duration>,
    /// Part of our packets that came to it too late, in 1/256.
    pub late_256: u8,
    /// What it thinks of how we sound, in hundredths of an opinion score; 0 = it did not say.
    pub mos_100: u16,
}

impl FarFigures {
    /// Files what a compound told.
    pub fn note(&mut self, heard: &ReportsHeard) {
        if let Some(reception) = heard.reception {
            // Duplicates can make the far end's count negative.
            self.lost = u64::try_from(reception.lost).unwrap_or(0);
            self.fraction_lost = reception.fraction_lost;
        }
        if let Some(metrics) = heard.metrics {
            self.late_256 = metrics.late_256;
            let tenths = metrics.talking_10.or(metrics.listening_10).unwrap_or(0);
            self.mos_100 = u16::from(tenths).saturating_mul(10);
        }
        self.round_trip = heard.round_trip.or(self.round_trip);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Reception;

    #[test]
    fn the_last_known_stays() {
        let mut far = FarFigures::default();
        let trip = Duration::from_millis(30);
        let reception = |lost| {
            Some(Reception {
                lost,
                fraction_lost: 9,
                ..Reception::default()
            })
        };
        far.note(&ReportsHeard {
            reception: reception(7),
            round_trip: Some(trip),
            ..ReportsHeard::default()
        });
        far.note(&ReportsHeard::default());
        let known = FarFigures {
            lost: 7,
            fraction_lost: 9,
            round_trip: Some(trip),
            ..FarFigures::default()
        };
        assert_eq!(far, known);
        far.note(&ReportsHeard {
            reception: reception(-2),
            ..ReportsHeard::default()
        });
        assert_eq!(far.lost, 0, "duplicates outnumber losses");
    }
}

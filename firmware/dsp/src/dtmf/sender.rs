use model::Digit;

use super::pair_of;
use crate::SAMPLES_PER_MS;
use crate::level::peak_of;
use crate::tone::{RAMP_SAMPLES, Voice};

/// A key being played. The ramps of 5 ms (Q.23 rise time) lie inside its duration.
#[derive(Clone, Debug)]
pub struct DtmfSender {
    low: Voice,
    high: Voice,
    /// Samples left.
    left: u32,
}

impl DtmfSender {
    /// A key that sounds for `ms` (10 at least), the row tone at `low_dbm0` and the column tone at
    /// `high_dbm0`. Usual levels: −11 and −9 dBm0 in Europe, −10 and −10 in North America.
    #[must_use]
    pub fn new(digit: Digit, ms: u16, low_dbm0: i8, high_dbm0: i8) -> Self {
        let (low_hz, high_hz) = pair_of(digit);
        let mut low = Voice::new(low_hz);
        let mut high = Voice::new(high_hz);
        low.aim(peak_of(i16::from(low_dbm0).min(0)));
        high.aim(peak_of(i16::from(high_dbm0).min(0)));
        Self {
            low,
            high,
            left: u32::from(ms.max(10)).saturating_mul(SAMPLES_PER_MS),
        }
    }

    /// Writes the next samples over all of `out`: silence once the key is over.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            if self.left == RAMP_SAMPLES {
                self.low.aim(0.0);
                self.high.aim(0.0);
            }
            *sample = match self.left {
                0 => 0,
                _ => (self.low.next() + self.high.next()) as i16,
            };
            self.left = self.left.saturating_sub(1);
        }
    }

    /// Ends the key within 5 ms.
    pub fn stop(&mut self) {
        self.left = self.left.min(RAMP_SAMPLES);
    }

    /// Whether only silence would follow.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.left == 0
    }
}

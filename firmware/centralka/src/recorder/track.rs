//! One party's frames on the time line of the recording.

use core::time::Duration;

use dsp::codec::{Decoder, SAMPLES_MAX};
use model::{Codec, Instant, OpusParams};

/// How far a packet's time may be off before it counts as a gap: packets of a relayed call are
/// marked with the time they came, which swings with the network.
const SWING: Duration = Duration::from_millis(60);

/// Decodes a track and says where its samples lie.
pub(super) struct Voice {
    hz: u32,
    decoder: Option<(Codec, Decoder)>,
    /// Where the next packet belongs if it follows without a gap, in samples from the beginning.
    next: u64,
    samples: Box<[i16]>,
}

impl Voice {
    /// A track of a recording with `hz` samples a second: 8,000 or 16,000.
    pub(super) fn new(hz: u32) -> Self {
        Self {
            hz,
            decoder: None,
            next: 0,
            samples: vec![0; 2 * SAMPLES_MAX].into_boxed_slice(),
        }
    }

    /// Decodes a packet said at `at`; where its first sample belongs, and its samples. `None` for a
    /// packet that cannot be decoded.
    pub(super) fn decode(
        &mut self,
        beginning: Instant,
        at: Instant,
        codec: Codec,
        payload: &[u8],
    ) -> Option<(u64, &[i16])> {
        let (_, decoder) = match &mut self.decoder {
            Some(known) if known.0 == codec => known,
            other => {
                let decoder = Decoder::new(codec, OpusParams::default()).ok()?;
                other.insert((codec, decoder))
            }
        };
        let narrow = decoder.sample_hz() < self.hz;
        let len = decoder.decode(payload, &mut self.samples).ok()?;
        let len = if narrow {
            widen(&mut self.samples, len)
        } else {
            len
        };
        let place = samples_of(at.since(beginning), self.hz);
        let swing = samples_of(SWING, self.hz);
        if place.abs_diff(self.next) > swing {
            self.next = place;
        }
        let place = self.next;
        self.next += len as u64;
        Some((place, self.samples.get(..len)?))
    }
}

/// Twice as many samples: between two of them lies their mean. The ear does not miss more: nothing
/// above 4 kHz was there.
fn widen(samples: &mut [i16], len: usize) -> usize {
    for at in (0..len).rev() {
        let here = samples[at];
        let after = samples.get(2 * (at + 1)).copied().filter(|_| at + 1 < len);
        let between = (i32::from(here) + i32::from(after.unwrap_or(here))) / 2;
        samples[2 * at] = here;
        samples[2 * at + 1] = i16::try_from(between).unwrap_or(here);
    }
    2 * len
}

fn samples_of(time: Duration, hz: u32) -> u64 {
    let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX / 64_000);
    us * u64::from(hz) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_as_many_samples_lie_between() {
        let mut samples = [10, 20, -40, 0, 0, 0, 0];
        assert_eq!(widen(&mut samples, 3), 6);
        assert_eq!(samples[..6], [10, 15, 20, -10, -40, -40]);
    }

    #[test]
    fn a_swing_is_no_gap_and_a_gap_is_one() {
        let mut voice = Voice::new(8_000);
        let zero = Instant::from_millis(5_000);
        let mut place = |ms: u64| {
            let at = Instant::from_millis(5_000 + ms);
            voice
                .decode(zero, at, Codec::Pcma, &[0xd5; 160])
                .map(|(place, _)| place)
        };
        assert_eq!(place(0), Some(0));
        assert_eq!(place(45), Some(160), "late by 25 ms");
        assert_eq!(place(40), Some(320));
        assert_eq!(place(500), Some(4_000), "a pause");
        assert_eq!(place(520), Some(4_160));
    }
}

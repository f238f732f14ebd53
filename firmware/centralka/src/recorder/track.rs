//! One party's frames on the time line of the recording.

use core::time::Duration;

use dsp::codec::{Decoder, SAMPLES_MAX};
use dsp::resample::Up2;
use model::{Codec, Instant, OpusParams};

/// How far a packet's time may be off before it counts as a gap: packets of a relayed call are
/// marked with the time they came, which swings with the network.
const SWING: Duration = Duration::from_millis(60);

/// Decodes a track and says where its samples lie.
pub(super) struct Voice {
    hz: u32,
    decoder: Option<(Codec, Decoder)>,
    /// Makes 16 kHz of a party at 8 kHz.
    doubler: Up2,
    /// Where the next packet belongs if it follows without a gap, in samples from the beginning.
    next: u64,
    /// As decoded.
    decoded: Box<[i16]>,
    /// Twice as many.
    doubled: Box<[i16]>,
}

impl Voice {
    /// A track of a recording with `hz` samples a second: 8,000 or 16,000.
    pub(super) fn new(hz: u32) -> Self {
        Self {
            hz,
            decoder: None,
            doubler: Up2::new(),
            next: 0,
            decoded: vec![0; SAMPLES_MAX].into_boxed_slice(),
            doubled: vec![0; 2 * SAMPLES_MAX].into_boxed_slice(),
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
                self.doubler = Up2::new();
                other.insert((codec, decoder))
            }
        };
        let narrow = decoder.sample_hz() < self.hz;
        let len = decoder.decode(payload, &mut self.decoded).ok()?;
        let decoded = self.decoded.get(..len)?;
        let place = samples_of(at.since(beginning), self.hz);
        let swing = samples_of(SWING, self.hz);
        if place.abs_diff(self.next) > swing {
            self.next = place;
            // What was said before the gap has nothing to do with what comes after it.
            self.doubler = Up2::new();
        }
        let place = self.next;
        if !narrow {
            self.next += len as u64;
            return Some((place, decoded));
        }
        let len = self.doubler.run(decoded, &mut self.doubled);
        self.next += len as u64;
        // The filter is late: its output belongs before the packet's place. At the beginning of
        // the recording that is the silence that the filter began with.
        let late = Up2::DELAY as u64;
        let unheard = usize::try_from(late.saturating_sub(place)).unwrap_or(len);
        Some((place.saturating_sub(late), self.doubled.get(unheard..len)?))
    }
}

fn samples_of(time: Duration, hz: u32) -> u64 {
    let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX / 64_000);
    us * u64::from(hz) / 1_000_000
}

#[cfg(test)]
mod tests {
    use dsp::g711::Law;

    use super::*;

    #[test]
    fn a_party_at_8_khz_lies_at_its_place_among_those_at_16() {
        const CLICK: usize = 83;
        let mut voice = Voice::new(16_000);
        let mut line = vec![0_i16; 60_000];
        let silence = Law::A.encode(0);
        // From the beginning, one after another, and after a pause.
        for ms in [0, 20, 40, 2_000] {
            let mut payload = [silence; 160];
            payload[CLICK] = Law::A.encode(8_000);
            let at = Instant::from_millis(ms);
            let (place, samples) = voice
                .decode(Instant::ZERO, at, Codec::Pcma, &payload)
                .expect("A-law");
            let place = usize::try_from(place).expect("seconds");
            for (sum, &sample) in line[place..].iter_mut().zip(samples) {
                *sum += sample;
            }
        }
        let clicks: Vec<usize> = (0..line.len()).filter(|&at| line[at] > 6_000).collect();
        assert_eq!(
            clicks,
            [0, 20, 40, 2_000].map(|ms| ms * 16 + 2 * CLICK),
            "each click on the sample it was on"
        );
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

//! Between two clocks that are almost the same: a card's or a far end's, and ours.
//!
//! A sinc of 24 samples, read between its stored phases. Position is kept to 2^−32 of a sample and
//! goes on through changes of the ratio, so a change bends pitch by less than anybody hears and
//! never clicks.

use super::design::response;
use crate::simd::vectorised;

/// Samples that make one.
const TAPS: usize = 24;
/// Stored phases between one sample and the next; straight lines between them are exact to −80 dB.
const PHASES: usize = 128;
const PHASE_BITS: u32 = PHASES.ilog2();
/// One sample in the unit of positions.
const ONE: u64 = 1 << 32;

static SINC: [[f32; TAPS]; PHASES + 1] = table();

/// Follows a clock that drifts. Flat to 0.42 of the sampling rate, images at least 60 dB down.
#[derive(Clone, Debug)]
pub struct Drift {
    /// The last samples, each twice, [`TAPS`] apart, so that they are always in one piece.
    past: [f32; 2 * TAPS],
    /// Where the oldest one is.
    oldest: usize,
    /// How far the next output lies past the middle of `past`, in 2^−32 of a sample; whole
    /// samples are still to be taken in.
    position: u64,
    /// Input samples to an output sample, in 2^−32.
    step: u64,
}

impl Default for Drift {
    fn default() -> Self {
        Self::new()
    }
}

impl Drift {
    /// Samples by which the output is late.
    pub const DELAY: usize = TAPS / 2;
    /// The greatest difference between two clocks that is followed, in parts per million.
    pub const MAX_PPM: f32 = 500.0;

    /// A converter at ratio 1 that has heard silence.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            past: [0.0; 2 * TAPS],
            oldest: 0,
            position: ONE,
            step: ONE,
        }
    }

    /// How much faster the input's clock runs than the output's, in parts per million, within
    /// ±[`Drift::MAX_PPM`]. May change at any time.
    pub fn set_ppm(&mut self, ppm: f32) {
        let ppm = if ppm.is_nan() { 0.0 } else { ppm };
        let ppm = ppm.clamp(-Self::MAX_PPM, Self::MAX_PPM);
        self.step = ((1.0 + f64::from(ppm) * 1e-6) * ONE as f64) as u64;
    }

    /// Input samples that making `samples` would take now.
    #[must_use]
    pub fn input_for(&self, samples: usize) -> usize {
        let Some(steps) = (samples as u64).checked_sub(1) else {
            return 0;
        };
        let reach = self
            .position
            .saturating_add(self.step.saturating_mul(steps));
        (reach >> 32) as usize
    }

    /// Converts until `input` is used up or `out` is full, and returns how many samples were taken
    /// and made. Nothing is lost between calls.
    pub fn run(&mut self, input: &[i16], out: &mut [i16]) -> (usize, usize) {
        vectorised(|| self.convert(input, out))
    }

    #[inline(always)]
    fn convert(&mut self, input: &[i16], out: &mut [i16]) -> (usize, usize) {
        let mut taken = input.iter();
        let mut made = 0_usize;
        for sample in out {
            while self.position >= ONE {
                let Some(&next) = taken.next() else {
                    return (input.len(), made);
                };
                self.take(next);
                self.position = self.position.wrapping_sub(ONE);
            }
            *sample = self.here() as i16; // saturates
            self.position = self.position.saturating_add(self.step);
            made = made.saturating_add(1);
        }
        (input.len().saturating_sub(taken.len()), made)
    }

    #[inline(always)]
    fn take(&mut self, sample: i16) {
        let sample = f32::from(sample);
        for at in [self.oldest, self.oldest.wrapping_add(TAPS)] {
            if let Some(place) = self.past.get_mut(at) {
                *place = sample;
            }
        }
        self.oldest = if self.oldest >= TAPS - 1 {
            0
        } else {
            self.oldest.wrapping_add(1)
        };
    }

    /// The sample at the position, below [`ONE`].
    #[inline(always)]
    fn here(&self) -> f32 {
        let phase = (self.position >> (32 - PHASE_BITS)) as usize;
        let below = self.position & ((ONE >> PHASE_BITS) - 1);
        let part = below as f32 / (ONE >> PHASE_BITS) as f32;
        let window = self.past.get(self.oldest..).unwrap_or(&[]);
        let (Some(window), Some([low, high])) = (
            window.first_chunk::<TAPS>(),
            SINC.get(phase..).and_then(|rows| rows.first_chunk::<2>()),
        ) else {
            return 0.0;
        };
        let (low, high) = (product(window, low), product(window, high));
        (low + (high - low) * part).round_ties_even()
    }
}

/// The inner product, in eight sums side by side.
#[inline(always)]
fn product(a: &[f32; TAPS], b: &[f32; TAPS]) -> f32 {
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Row p is the filter for a position p/128 past the middle; each row passes a constant as it is.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "runs in the compiler, where a fault is a build error"
)]
const fn table() -> [[f32; TAPS]; PHASES + 1] {
    let mut table = [[0.0; TAPS]; PHASES + 1];
    let mut phase = 0;
    while phase <= PHASES {
        let past_middle = phase as f64 / PHASES as f64;
        let mut row = [0.0; TAPS];
        let mut sum = 0.0;
        let mut at = 0;
        while at < TAPS {
            let place = at as f64 - (TAPS / 2 - 1) as f64 - past_middle;
            row[at] = response(place, 0.5, (TAPS / 2) as f64);
            sum += row[at];
            at += 1;
        }
        at = 0;
        while at < TAPS {
            table[phase][at] = (row[at] / sum) as f32;
            at += 1;
        }
        phase += 1;
    }
    table
}

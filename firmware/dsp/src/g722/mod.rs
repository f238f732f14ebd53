//! G.722 at 64 kbit/s (mode 1), bit-exact to ITU-T G.722 (09/2012).
//!
//! Two samples at 16 kHz are one octet. Linear samples are used as they are, as all speakers of
//! G.722 over RTP do. The codec delays by 22 samples of 16 kHz (1.4 ms) from encoder to decoder.

mod band;
mod tables;

use band::{Band, product};
use tables::{
    CODE_LOW, HIGH_LOG_MAX, HIGH_OUT, HIGH_SCALE, HIGH_STEP, LEVEL_HIGH, LEVELS_LOW,
    LEVELS_LOW_NONE, LOW_LOG_MAX, LOW_OUT, LOW_OUT_FINE, LOW_SCALE, LOW_STEP, MIRROR,
};

use crate::fir::{BLOCK, Line, clipped};

/// Scale factors at rest (§6.2.1.3, §6.2.2.3).
const REST: (i16, i16) = (32, 8);
/// Taps of half of the quadrature mirror filter.
const HALF: usize = 12;

/// Both predictors, the same at both ends.
#[derive(Clone, Copy, Debug)]
struct Bands {
    low: Band,
    high: Band,
}

impl Bands {
    const fn new() -> Self {
        Self {
            low: Band::new(REST.0),
            high: Band::new(REST.1),
        }
    }

    /// Blocks 2, 3 and 4 of both bands for one octet.
    #[inline(always)]
    fn follow(&mut self, octet: u8) {
        // INVQAL: the predictor follows the four upper bits only, so that the far end may take
        // the lower ones away.
        let coarse = usize::from((octet >> 2) & 15);
        let difference = product(self.low.scale, at(&LOW_OUT, coarse));
        self.low
            .adapt(at(&LOW_STEP, coarse), LOW_LOG_MAX, &LOW_SCALE);
        self.low.predict(difference);
        let high = usize::from(octet >> 6);
        let difference = product(self.high.scale, at(&HIGH_OUT, high));
        self.high
            .adapt(at(&HIGH_STEP, high), HIGH_LOG_MAX, &HIGH_SCALE);
        self.high.predict(difference);
    }
}

/// One direction of one leg: linear samples to octets.
#[derive(Clone, Debug)]
pub struct Encoder {
    bands: Bands,
    /// The first and the second samples of pairs.
    firsts: Line,
    seconds: Line,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An encoder at rest.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bands: Bands::new(),
            firsts: Line::new(),
            seconds: Line::new(),
        }
    }

    /// Encodes two samples at 16 kHz an octet, as many as both slices hold, and returns how many
    /// octets that were. An odd last sample is left out.
    pub fn encode_into(&mut self, linear: &[i16], octets: &mut [u8]) -> usize {
        let whole = (linear.len() / 2).min(octets.len());
        let blocks = linear.chunks(2 * BLOCK).zip(octets.chunks_mut(BLOCK));
        for (linear, octets) in blocks {
            self.encode_block(linear, octets);
        }
        whole
    }

    fn encode_block(&mut self, linear: &[i16], octets: &mut [u8]) {
        let pairs = (linear.len() / 2).min(octets.len());
        let places = self.firsts.block().iter_mut().zip(self.seconds.block());
        for ((first, second), pair) in places.zip(linear.chunks_exact(2)).take(pairs) {
            if let [a, b] = *pair {
                (*first, *second) = (a, b);
            }
        }
        // The transmit filter (§6.1): the bands are sum and difference of its two halves.
        let olds = self.firsts.filtered(&TAPS_OLD);
        let news = self.seconds.filtered(&TAPS_NEW);
        let halves = news.iter().zip(&olds);
        // A copy that nothing else can touch stays in registers.
        let mut bands = self.bands;
        for (octet, (&new, &old)) in octets.iter_mut().zip(halves).take(pairs) {
            let low = limit(new.wrapping_add(old) >> 14);
            let high = limit(new.wrapping_sub(old) >> 14);
            *octet = bands.encode(low, high);
        }
        self.bands = bands;
        self.firsts.advance(pairs);
        self.seconds.advance(pairs);
    }
}

impl Bands {
    /// Blocks 1 to 4 of both bands (figures 4 and 5).
    #[inline(always)]
    fn encode(&mut self, low: i16, high: i16) -> u8 {
        // SUBTRA, QUANTL
        let error = low.saturating_sub(self.low.predicted);
        let size = error ^ (error >> 15);
        let passed = levels_passed(size, self.low.scale);
        let codes = if error < 0 {
            &CODE_LOW[1]
        } else {
            &CODE_LOW[0]
        };
        let low_code = codes.get(passed & 31).copied().unwrap_or(0);
        // SUBTRA, QUANTH
        let error = high.saturating_sub(self.high.predicted);
        let size = i32::from(error ^ (error >> 15));
        let level = LEVEL_HIGH.wrapping_mul(i32::from(self.high.scale)) >> 12;
        let high_code = match (error < 0, size >= level) {
            (true, false) => 1,
            (true, true) => 0,
            (false, false) => 3,
            (false, true) => 2,
        };
        let octet = (high_code << 6) | low_code;
        self.follow(octet);
        octet
    }

    /// Blocks 5 and 6 of the lower band, 2 to 5 of the upper (figures 7 and 8), then the
    /// predictors follow.
    #[inline(always)]
    fn decode(&mut self, octet: u8) -> (i16, i16) {
        self.rebuild(octet, at(&LOW_OUT_FINE, usize::from(octet & 63)))
    }

    /// The same with what the lower band's bits of the octet stand for: all six of them in mode 1.
    #[inline(always)]
    fn rebuild(&mut self, octet: u8, fine: i16) -> (i16, i16) {
        let low = self
            .low
            .predicted
            .saturating_add(product(self.low.scale, fine));
        let high = product(self.high.scale, at(&HIGH_OUT, usize::from(octet >> 6)));
        let high = self.high.predicted.saturating_add(high);
        self.follow(octet);
        (limit(low.into()), limit(high.into()))
    }
}

/// How many decision levels `size` has reached at this scale. The levels rise, so all are compared
/// side by side instead of one after the other.
#[inline(always)]
fn levels_passed(size: i16, scale: i16) -> usize {
    let scale = u32::from(scale.unsigned_abs());
    let mut passed = [0_i16; 8];
    for levels in &LEVELS_LOW {
        for (count, &level) in passed.iter_mut().zip(levels) {
            let level = (u32::from(level).wrapping_mul(scale) >> 16) as i16;
            *count = count.wrapping_add(i16::from(size >= level));
        }
    }
    let passed = passed.iter().fold(0, |sum: i16, &n| sum.wrapping_add(n));
    usize::from(passed.wrapping_sub(LEVELS_LOW_NONE).unsigned_abs())
}

/// Both bands' samples have 15 bits (LIMIT).
#[inline(always)]
fn limit(sample: i32) -> i16 {
    sample.clamp(-16_384, 16_383) as i16
}

#[inline(always)]
fn at<const N: usize>(table: &[i16; N], index: usize) -> i16 {
    table.get(index).copied().unwrap_or(0)
}

/// Taps 23, 21 … 1, for the older samples of pairs, oldest first.
const TAPS_OLD: [i16; HALF] = taps(0);
/// Taps 22, 20 … 0, for the newer ones.
const TAPS_NEW: [i16; HALF] = taps(1);

/// Every second tap of the filter from `first` on; it is the same from both ends.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "runs in the compiler, where a fault is a build error"
)]
const fn taps(first: usize) -> [i16; HALF] {
    let mut taps = [0; HALF];
    let mut at = 0;
    while at < HALF {
        let tap = first + 2 * at;
        taps[at] = MIRROR[if tap < HALF { tap } else { 2 * HALF - 1 - tap }];
        at += 1;
    }
    taps
}

/// One direction of one leg: octets to linear samples.
#[derive(Clone, Debug)]
pub struct Decoder {
    bands: Bands,
    sums: Line,
    differences: Line,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder at rest.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bands: Bands::new(),
            sums: Line::new(),
            differences: Line::new(),
        }
    }

    /// Decodes octets into two samples at 16 kHz each, as many as both slices hold, and returns
    /// how many samples that were.
    pub fn decode_into(&mut self, octets: &[u8], linear: &mut [i16]) -> usize {
        let whole = octets.len().min(linear.len() / 2);
        let blocks = octets.chunks(BLOCK).zip(linear.chunks_mut(2 * BLOCK));
        for (octets, linear) in blocks {
            self.decode_block(octets, linear);
        }
        whole.saturating_mul(2)
    }

    fn decode_block(&mut self, octets: &[u8], linear: &mut [i16]) {
        let pairs = octets.len().min(linear.len() / 2);
        let mut bands = self.bands; // as in the encoder
        let places = self.sums.block().iter_mut().zip(self.differences.block());
        for ((sum, difference), &octet) in places.zip(octets).take(pairs) {
            let (low, high) = bands.decode(octet);
            *sum = low.wrapping_add(high); // both have 15 bits
            *difference = low.wrapping_sub(high);
        }
        self.bands = bands;
        // The receive filter (§6.1).
        let firsts = self.differences.filtered(&TAPS_NEW);
        let seconds = self.sums.filtered(&TAPS_OLD);
        let halves = firsts.iter().zip(&seconds);
        for (out, (&first, &second)) in linear.chunks_exact_mut(2).zip(halves).take(pairs) {
            out.copy_from_slice(&[clipped(first >> 11), clipped(second >> 11)]);
        }
        self.sums.advance(pairs);
        self.differences.advance(pairs);
    }
}

#[cfg(test)]
mod tests;

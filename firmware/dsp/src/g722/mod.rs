//! G.722 at 64 kbit/s (mode 1), bit-exact to ITU-T G.722 (09/2012).
//!
//! Two samples at 16 kHz are one octet. Linear samples are used as they are, as all speakers of
//! G.722 over RTP do. The codec delays by 22 samples of 16 kHz (1.4 ms) from encoder to decoder.

mod band;
mod tables;

use band::{Band, product};
use tables::{
    CODE_LOW, HIGH_LOG_MAX, HIGH_OUT, HIGH_SCALE, HIGH_STEP, LEVEL_HIGH, LEVELS_LOW,
    LEVELS_LOW_COUNT, LOW_LOG_MAX, LOW_OUT, LOW_OUT_FINE, LOW_SCALE, LOW_STEP, MIRROR,
};

/// Scale factors at rest (§6.2.1.3, §6.2.2.3).
const REST: (i16, i16) = (32, 8);
/// Taps of the quadrature mirror filter.
const TAPS: usize = 24;
/// Samples of the past that the filter needs besides the two new ones.
const PAST: usize = TAPS - 2;
/// Octets coded in one go: 10 ms.
const BLOCK: usize = 80;
/// The same for the sum and the difference that the decoder filters apart.
const HALF_PAST: usize = TAPS / 2 - 1;

/// Both predictors, the same at both ends.
#[derive(Clone, Debug)]
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
    past: [i16; PAST],
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
            past: [0; PAST],
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
        let mut line = [0_i16; PAST + 2 * BLOCK];
        let pairs = (linear.len() / 2).min(octets.len());
        copy(&mut line, &self.past);
        copy(line.get_mut(PAST..).unwrap_or(&mut []), linear);
        for (octet, window) in octets.iter_mut().zip(pairwise(&line)).take(pairs) {
            let (low, high) = split(window);
            *octet = self.bands.encode(low, high);
        }
        let used = pairs.saturating_mul(2);
        copy(&mut self.past, line.get(used..).unwrap_or(&[]));
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
        let fine = at(&LOW_OUT_FINE, usize::from(octet & 63));
        let low = self
            .low
            .predicted
            .saturating_add(product(self.low.scale, fine));
        let high = product(self.high.scale, at(&HIGH_OUT, usize::from(octet >> 6)));
        let high = self.high.predicted.saturating_add(high);
        self.follow(octet);
        (limit(low), limit(high))
    }
}

/// How many decision levels `size` has reached at this scale. The levels rise, so all are compared
/// side by side instead of one after the other.
#[inline(always)]
fn levels_passed(size: i16, scale: i16) -> usize {
    let scale = u32::from(scale.unsigned_abs());
    let mut passed = [0_i16; 8];
    for (group, levels) in LEVELS_LOW.chunks_exact(8).enumerate() {
        for (lane, (count, &level)) in passed.iter_mut().zip(levels).enumerate() {
            let level = (u32::from(level).wrapping_mul(scale) >> 16) as i16;
            let real = group.wrapping_mul(8).wrapping_add(lane) < LEVELS_LOW_COUNT;
            *count = count.wrapping_add(i16::from(real && size >= level));
        }
    }
    usize::from(
        passed
            .iter()
            .fold(0_u16, |sum, &count| sum.wrapping_add(count.unsigned_abs())),
    )
}

/// The transmit filter (§6.1): the lower and the upper band from 24 samples, the newest last.
#[inline(always)]
fn split(window: &[i16; TAPS]) -> (i16, i16) {
    let mut low = 0_i32;
    let mut high = 0_i32;
    for ((&sample, plus), minus) in window.iter().zip(SPLIT_LOW).zip(SPLIT_HIGH) {
        low = low.wrapping_add(i32::from(sample).wrapping_mul(i32::from(plus)));
        high = high.wrapping_add(i32::from(sample).wrapping_mul(i32::from(minus)));
    }
    (limit32(low >> 14), limit32(high >> 14))
}

/// The receive filter (§6.1): a sample from twelve sums or differences, the newest last.
#[inline(always)]
fn join(window: &[i16; TAPS / 2], taps: &[i16; TAPS / 2]) -> i16 {
    let mut sum = 0_i32;
    for (&part, &tap) in window.iter().zip(taps) {
        sum = sum.wrapping_add(i32::from(part).wrapping_mul(i32::from(tap)));
    }
    (sum >> 11).clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// Both bands' samples have 15 bits (LIMIT).
#[inline(always)]
fn limit(sample: i16) -> i16 {
    sample.clamp(-16_384, 16_383)
}

#[inline(always)]
fn limit32(sample: i32) -> i16 {
    sample.clamp(-16_384, 16_383) as i16
}

#[inline(always)]
fn at<const N: usize>(table: &[i16; N], index: usize) -> i16 {
    table.get(index).copied().unwrap_or(0)
}

/// The filter's taps for the lower band, newest sample last; it is symmetric.
const SPLIT_LOW: [i16; TAPS] = taps(0, 1, 1);
/// The same for the upper band: every second tap, of the older sample of a pair, is negative.
const SPLIT_HIGH: [i16; TAPS] = taps(0, 1, -1);
/// Taps 0, 2, 4 … for the sums.
const JOIN_SUMS: [i16; TAPS / 2] = taps(0, 2, 1);
/// Taps 1, 3, 5 … for the differences.
const JOIN_DIFFERENCES: [i16; TAPS / 2] = taps(1, 2, 1);

/// Every `step`th tap from `first`, those of even place times `even`.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "runs in the compiler, where a fault is a build error"
)]
const fn taps<const N: usize>(first: usize, step: usize, even: i16) -> [i16; N] {
    let mut taps = [0; N];
    let mut at = 0;
    while at < N {
        let tap = first + step * at;
        let mirrored = if tap < TAPS / 2 { tap } else { TAPS - 1 - tap };
        taps[at] = if tap.is_multiple_of(2) { even } else { 1 } * MIRROR[mirrored];
        at += 1;
    }
    taps
}

/// Every second window of 24.
fn pairwise(line: &[i16]) -> impl Iterator<Item = &[i16; TAPS]> {
    line.windows(TAPS)
        .step_by(2)
        .filter_map(|window| window.try_into().ok())
}

/// Copies over the shorter of the two.
fn copy(to: &mut [i16], from: &[i16]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = from;
    }
}

/// One direction of one leg: octets to linear samples.
#[derive(Clone, Debug)]
pub struct Decoder {
    bands: Bands,
    sums: [i16; HALF_PAST],
    differences: [i16; HALF_PAST],
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
            sums: [0; HALF_PAST],
            differences: [0; HALF_PAST],
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
        let mut sums = [0_i16; HALF_PAST + BLOCK];
        let mut differences = [0_i16; HALF_PAST + BLOCK];
        copy(&mut sums, &self.sums);
        copy(&mut differences, &self.differences);
        let new = sums
            .iter_mut()
            .zip(&mut differences)
            .skip(HALF_PAST)
            .zip(octets);
        for ((sum, difference), &octet) in new.take(pairs) {
            let (low, high) = self.bands.decode(octet);
            *sum = low.wrapping_add(high); // both have 15 bits
            *difference = low.wrapping_sub(high);
        }
        let windows = sums
            .array_windows::<12>()
            .zip(differences.array_windows::<12>());
        let pairs_out = linear.chunks_exact_mut(2);
        for ((sums, differences), out) in windows.zip(pairs_out).take(pairs) {
            if let [first, second] = out {
                *first = join(differences, &JOIN_DIFFERENCES);
                *second = join(sums, &JOIN_SUMS);
            }
        }
        copy(&mut self.sums, sums.get(pairs..).unwrap_or(&[]));
        copy(
            &mut self.differences,
            differences.get(pairs..).unwrap_or(&[]),
        );
    }
}

#[cfg(test)]
mod tests;

//! Levels: what 0 dBm0 is in samples, gains, and measuring.

use crate::simd::vectorised;

/// Peak of a sine of 0 dBm0 in 16-bit samples: A-law overload (32768) is +3.14 dBm0 (G.711 §3).
/// The µ-law figure is 22656; the difference of 0.07 dB is ignored everywhere.
pub const ZERO_DBM0_PEAK: f32 = 22_827.0;

/// Mean square of a sine of 0 dBm0.
const ZERO_DBM0_POWER: f32 = ZERO_DBM0_PEAK * ZERO_DBM0_PEAK / 2.0;

/// What [`rms_dbm0`] says of digital silence, in dBm0.
pub const SILENCE_DBM0: f32 = -96.0;

/// One decibel as a factor of amplitude: 10^(1/20).
const DECIBEL: f32 = 1.122_018_5;

/// The amplitude factor of `db` decibels.
#[must_use]
pub const fn gain(db: i16) -> f32 {
    // By repeated multiplication: the same on every machine, and usable in constants.
    let mut factor = 1.0;
    let mut left = db.unsigned_abs();
    while left > 0 {
        factor *= DECIBEL;
        left = left.saturating_sub(1);
    }
    if db < 0 { 1.0 / factor } else { factor }
}

/// The peak, in 16-bit samples, of a sine of `dbm0`.
#[must_use]
pub const fn peak_of(dbm0: i16) -> f32 {
    ZERO_DBM0_PEAK * gain(dbm0)
}

/// Sums that are made side by side, so that vectors can be used: each is in its own order on every
/// machine, and so is the end.
const LANES: usize = 16;

/// What a block is like, found in one pass.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    squares: f32,
    samples: u32,
    peak: u16,
}

impl Measured {
    /// Measures a block.
    #[must_use]
    pub fn of(block: &[i16]) -> Self {
        let (squares, peak) = vectorised(|| measure(block));
        Self {
            squares,
            samples: block.len() as u32,
            peak,
        }
    }

    /// The largest distance from zero.
    #[must_use]
    pub const fn peak(&self) -> u16 {
        self.peak
    }

    /// Mean square; 0 for an empty block.
    #[must_use]
    pub fn mean_square(&self) -> f32 {
        self.squares / self.samples.max(1) as f32
    }
}

/// The sums in work.
struct Lanes {
    squares: [f32; LANES],
    high: [i16; LANES],
    low: [i16; LANES],
}

impl Lanes {
    #[inline(always)]
    fn take(&mut self, samples: &[i16; LANES]) {
        for (sum, &sample) in self.squares.iter_mut().zip(samples) {
            *sum += f32::from(sample) * f32::from(sample);
        }
        for (high, &sample) in self.high.iter_mut().zip(samples) {
            *high = sample.max(*high);
        }
        for (low, &sample) in self.low.iter_mut().zip(samples) {
            *low = sample.min(*low);
        }
    }
}

/// Sum of squares, and peak.
#[inline(always)]
fn measure(block: &[i16]) -> (f32, u16) {
    let mut lanes = Lanes {
        squares: [0.0; LANES],
        high: [0; LANES],
        low: [0; LANES],
    };
    let (whole, rest) = block.as_chunks::<LANES>();
    for samples in whole {
        lanes.take(samples);
    }
    if !rest.is_empty() {
        let mut last = [0; LANES];
        for (slot, &sample) in last.iter_mut().zip(rest) {
            *slot = sample;
        }
        lanes.take(&last);
    }
    let high = lanes.high.iter().fold(0, |high: i16, &s| high.max(s));
    let low = lanes.low.iter().fold(0, |low: i16, &s| low.min(s));
    let peak = high.unsigned_abs().max(low.unsigned_abs());
    (lanes.squares.iter().sum(), peak)
}

/// Mean square of a block; 0 for an empty one.
#[must_use]
pub fn mean_square(samples: &[i16]) -> f32 {
    Measured::of(samples).mean_square()
}

/// The level of a block in dBm0, [`SILENCE_DBM0`] at least.
#[must_use]
pub fn rms_dbm0(samples: &[i16]) -> f32 {
    power_dbm0(mean_square(samples))
}

/// The level of a mean square in dBm0, [`SILENCE_DBM0`] at least.
#[must_use]
pub fn power_dbm0(mean_square: f32) -> f32 {
    if mean_square <= 0.0 {
        return SILENCE_DBM0;
    }
    (10.0 * (mean_square / ZERO_DBM0_POWER).log10()).max(SILENCE_DBM0)
}

/// The mean square of a signal of `dbm0`: for comparing without a logarithm.
#[must_use]
pub const fn power_of(dbm0: i16) -> f32 {
    let gain = gain(dbm0);
    ZERO_DBM0_POWER * gain * gain
}

/// The level and the clipping of a stretch of sound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metering {
    squares: f64,
    samples: u32,
    clipped: u32,
}

impl Metering {
    /// Nothing was measured.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            squares: 0.0,
            samples: 0,
            clipped: 0,
        }
    }

    /// Measures a block.
    pub fn measure(&mut self, block: &[i16]) {
        self.note(block, &Measured::of(block));
    }

    /// Takes in a block that was measured already. A sample within 2 % of the end of the scale counts
    /// as clipped: the largest value of G.711 is 1.6 % below it.
    pub fn note(&mut self, block: &[i16], measured: &Measured) {
        const END: u16 = 32_112;
        if measured.peak >= END {
            let clipped = block.iter().filter(|s| s.unsigned_abs() >= END).count();
            self.clipped = self.clipped.saturating_add(clipped as u32);
        }
        self.squares += f64::from(measured.squares);
        self.samples = self.samples.saturating_add(measured.samples);
    }

    /// Level in dBm0, [`SILENCE_DBM0`] if nothing was measured.
    #[must_use]
    pub fn dbm0(&self) -> f32 {
        power_dbm0((self.squares / f64::from(self.samples.max(1))) as f32)
    }

    /// Samples that were measured.
    #[must_use]
    pub const fn samples(&self) -> u32 {
        self.samples
    }

    /// Samples at the end of the scale.
    #[must_use]
    pub const fn clipped(&self) -> u32 {
        self.clipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metering_counts_level_and_clipping() {
        let mut metering = Metering::new();
        assert_eq!((metering.dbm0(), metering.samples()), (SILENCE_DBM0, 0));
        metering.measure(&[16_141, -16_141].repeat(40));
        metering.measure(&[16_141, i16::MIN, i16::MAX, 32_112, -32_111]);
        assert_eq!((metering.samples(), metering.clipped()), (85, 3));
        assert!((0.0..1.0).contains(&metering.dbm0()));
    }

    #[test]
    fn a_block_of_any_length_is_measured() {
        let block: Vec<i16> = (0..163_i16).map(|n| (n * 199) ^ -(n & 1)).collect();
        for length in [0, 1, 15, 16, 17, 80, 160, 163] {
            let block = &block[..length];
            let squares: f64 = block.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
            let measured = Measured::of(block);
            let wanted = (squares / length.max(1) as f64) as f32;
            assert!((measured.mean_square() - wanted).abs() <= wanted * 1e-6);
            let peak = block.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
            assert_eq!(measured.peak(), peak, "{length}");
        }
        assert_eq!(Measured::of(&[5, i16::MIN]).peak(), 32_768);
    }

    #[test]
    fn gain_matches_its_definition() {
        for db in -60..=20_i16 {
            let wanted = 10_f32.powf(f32::from(db) / 20.0);
            assert!((gain(db) / wanted - 1.0).abs() < 1e-4, "{db}");
        }
    }

    #[test]
    fn levels_of_known_blocks() {
        assert_eq!(rms_dbm0(&[]), SILENCE_DBM0);
        assert_eq!(rms_dbm0(&[0; 80]), SILENCE_DBM0);
        // A square wave of the RMS of 0 dBm0.
        let square = [16_141_i16, -16_141].repeat(40);
        assert!(rms_dbm0(&square).abs() < 0.01);
        assert!((power_dbm0(power_of(-30)) + 30.0).abs() < 0.01);
        assert!(rms_dbm0(&[i16::MIN; 8]) > 6.0);
    }
}

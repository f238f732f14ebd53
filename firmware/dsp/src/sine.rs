//! A sine oscillator by phase accumulation: the frequency is exact to 1 µHz, the phase never
//! jumps, and every machine makes the same samples.

use core::f64::consts::TAU;

/// Table steps of a whole turn; straight lines between them leave distortion below −100 dB.
const STEPS: usize = 1_024;
const FRACTION_BITS: u32 = 22;

static TABLE: [f32; STEPS + 1] = table();

/// A running sine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sine {
    /// Part of a turn, 2^32 being the whole.
    phase: u32,
    step: u32,
}

impl Sine {
    /// A sine of `hz`, starting at zero, for 8 kHz samples.
    pub(crate) fn new(hz: f32) -> Self {
        let mut sine = Self::default();
        sine.set_hz(hz);
        sine
    }

    /// Changes the frequency and keeps the phase. Range 0 to 4000 Hz.
    pub(crate) fn set_hz(&mut self, hz: f32) {
        let turns = f64::from(hz.clamp(0.0, 4_000.0)) / f64::from(crate::RATE_HZ);
        self.step = (turns * 4_294_967_296.0) as u32;
    }

    /// The next sample, −1 to 1.
    pub(crate) fn next(&mut self) -> f32 {
        let at = (self.phase >> FRACTION_BITS) as usize;
        let part = (self.phase & ((1 << FRACTION_BITS) - 1)) as f32 / (1 << FRACTION_BITS) as f32;
        self.phase = self.phase.wrapping_add(self.step);
        let here = TABLE.get(at).copied().unwrap_or(0.0);
        let next = TABLE.get(at.saturating_add(1)).copied().unwrap_or(0.0);
        here + (next - here) * part
    }
}

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "runs in the compiler, where a fault is a build error"
)]
const fn table() -> [f32; STEPS + 1] {
    let mut table = [0.0; STEPS + 1];
    let mut at = 0;
    while at <= STEPS {
        table[at] = sine_of(TAU * at as f64 / STEPS as f64) as f32;
        at += 1;
    }
    table
}

/// The sine by its power series; `x` from 0 to 2π, exact to 1e-9.
#[expect(clippy::arithmetic_side_effects, reason = "runs in the compiler")]
pub(crate) const fn sine_of(x: f64) -> f64 {
    let mut term = x;
    let mut sum = x;
    let mut n = 1;
    while n < 20 {
        let k = (2 * n) as f64;
        term = -term * x * x / (k * (k + 1.0));
        sum += term;
        n += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_true_sine() {
        for hz in [16.0_f32, 425.0, 1_633.0, 3_999.0] {
            let mut sine = Sine::new(hz);
            for n in 0..8_000_u32 {
                let wanted = (TAU * f64::from(hz) * f64::from(n) / 8_000.0).sin();
                let error = f64::from(sine.next()) - wanted;
                assert!(error.abs() < 2e-5, "{hz} Hz, sample {n}: {error}");
            }
        }
    }
}

//! The noise of a pause, described in a few octets and made from them (RFC 3389).

use crate::conceal::product;

/// Reflection coefficients that are made and used; more are ignored.
pub const ORDER: usize = 6;
/// Octets of a description: the level and [`ORDER`] coefficients.
pub const DESCRIPTION: usize = 1 + ORDER;
/// Samples that are described at most.
const FRAME: usize = 640;
/// Weakest level, in −dBov.
const WEAKEST: u8 = 127;
/// Full scale: 0 dBov.
const OVERLOAD: f32 = 32_768.0;
/// A coefficient of one step (RFC 3389 §3.1): 258 of 32768.
const STEP: f32 = 258.0 / 32_768.0;

/// Describes noise: the level of `samples` in −dBov, then its spectrum as reflection coefficients.
#[must_use]
pub fn describe(samples: &[i16]) -> [u8; DESCRIPTION] {
    let mut sound = [0.0_f32; FRAME];
    let length = samples.len().min(FRAME);
    for (slot, &sample) in sound.iter_mut().zip(samples) {
        *slot = f32::from(sample);
    }
    let mut correlation = [0.0_f32; ORDER + 1];
    for (lag, value) in correlation.iter_mut().enumerate() {
        let early = sound.get(..length.saturating_sub(lag)).unwrap_or(&[]);
        let late = sound.get(lag..length).unwrap_or(&[]);
        *value = product(early, late);
    }
    let mut out = [127; DESCRIPTION];
    let power = correlation.first().copied().unwrap_or(0.0) / length.max(1) as f32;
    let level = -10.0 * (power / (OVERLOAD * OVERLOAD)).max(1e-13).log10();
    let spectrum = reflections(&correlation);
    if let Some((first, rest)) = out.split_first_mut() {
        *first = (level.round() as u8).min(WEAKEST);
        for (octet, k) in rest.iter_mut().zip(spectrum) {
            *octet = (127.0 + k / STEP).round().clamp(1.0, 253.0) as u8;
        }
    }
    out
}

/// Durbin's recursion.
fn reflections(correlation: &[f32; ORDER + 1]) -> [f32; ORDER] {
    let mut out = [0.0; ORDER];
    let mut filter = [0.0_f32; ORDER];
    // A ten-thousandth of white noise keeps pure tones from being followed exactly.
    let mut rest = correlation.first().copied().unwrap_or(0.0) * 1.000_1 + 1.0;
    for (at, slot) in out.iter_mut().enumerate() {
        let mut sum = correlation
            .get(at.saturating_add(1))
            .copied()
            .unwrap_or(0.0);
        let past = correlation.get(1..=at).unwrap_or(&[]);
        for (a, r) in filter.iter().zip(past.iter().rev()) {
            sum -= a * r;
        }
        let k = (sum / rest).clamp(-0.99, 0.99);
        let before = filter;
        for (n, a) in filter.iter_mut().enumerate().take(at) {
            let mirror = at.saturating_sub(n).saturating_sub(1);
            *a -= k * before.get(mirror).copied().unwrap_or(0.0);
        }
        if let Some(a) = filter.get_mut(at) {
            *a = k;
        }
        *slot = k;
        rest *= 1.0 - k * k;
    }
    out
}

/// Makes noise by the last description; silence before the first.
#[derive(Clone, Debug)]
pub struct ComfortNoise {
    /// Strength of the noise that goes into the filter, and what it comes to little by little.
    strength: f32,
    aim: f32,
    reflections: [f32; ORDER],
    /// The backward path of the lattice.
    memory: [f32; ORDER],
    state: u32,
}

impl Default for ComfortNoise {
    fn default() -> Self {
        Self::new()
    }
}

impl ComfortNoise {
    /// A generator that is silent.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            strength: 0.0,
            aim: 0.0,
            reflections: [0.0; ORDER],
            memory: [0.0; ORDER],
            state: 0x2545_f491,
        }
    }

    /// Makes noise by this description from now on; an empty one is silence.
    pub fn set(&mut self, description: &[u8]) {
        let Some((&level, spectrum)) = description.split_first() else {
            self.aim = 0.0;
            return;
        };
        self.reflections = [0.0; ORDER];
        let mut through = 1.0_f32;
        for (k, &octet) in self.reflections.iter_mut().zip(spectrum) {
            *k = ((f32::from(octet) - 127.0) * STEP).clamp(-0.99, 0.99);
            through *= 1.0 - *k * *k;
        }
        let dbov = -f32::from(level & WEAKEST);
        let rms = if level >= WEAKEST {
            0.0
        } else {
            OVERLOAD * 10_f32.powf(dbov / 20.0)
        };
        self.aim = rms * through.sqrt();
    }

    /// Whether there is nothing to be heard.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.aim <= 0.0 && self.strength < 0.5
    }

    /// The next samples.
    pub fn fill(&mut self, out: &mut [i16]) {
        if self.is_silent() {
            out.fill(0);
            return;
        }
        for slot in out {
            // Half of the way in about 4 ms of 8 kHz: no click where noise begins or changes.
            self.strength += (self.aim - self.strength) * 0.02;
            self.state = self
                .state
                .wrapping_mul(1_664_525)
                .wrapping_add(1_013_904_223);
            // Even noise from −√3 to √3 has a strength of 1.
            let even = (self.state >> 8) as f32 / 8_388_608.0 - 1.0;
            let mut forward = even * 1.732_050_8 * self.strength;
            for (at, k) in self.reflections.iter().enumerate().rev() {
                let before = self.memory.get(at).copied().unwrap_or(0.0);
                forward += k * before;
                // What leaves the last stage leads nowhere.
                if let Some(next) = self.memory.get_mut(at.saturating_add(1)) {
                    *next = before - k * forward;
                }
            }
            if let Some(first) = self.memory.first_mut() {
                *first = forward;
            }
            *slot = forward as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goertzel::Goertzel;
    use crate::level::mean_square;

    fn noise(description: &[u8]) -> Vec<i16> {
        let mut maker = ComfortNoise::new();
        maker.set(description);
        let mut out = vec![0; 16_000];
        maker.fill(&mut out);
        out.split_off(800)
    }

    fn dbov(samples: &[i16]) -> f32 {
        10.0 * (mean_square(samples) / (OVERLOAD * OVERLOAD)).log10()
    }

    /// Power below and above 2 kHz, in dB of each other.
    fn tilt(samples: &[i16]) -> f32 {
        let bank = Goertzel::new([300.0, 700.0, 1_100.0, 2_900.0, 3_300.0, 3_700.0]);
        let mut sums = [0.0_f32; 6];
        for block in samples.chunks_exact(80) {
            let block: Vec<f32> = block.iter().map(|&s| f32::from(s)).collect();
            for (sum, bin) in sums.iter_mut().zip(bank.measure(&block)) {
                *sum += bin.power();
            }
        }
        let low: f32 = sums[..3].iter().sum();
        let high: f32 = sums[3..].iter().sum();
        10.0 * (low / high).log10()
    }

    #[test]
    fn the_level_is_that_of_the_description() {
        for level in [20, 40, 60, 75] {
            let made = dbov(&noise(&[level]));
            assert!((made + f32::from(level)).abs() < 1.0, "{level}: {made}");
        }
        assert!(noise(&[127]).iter().all(|&s| s == 0));
        assert!(noise(&[]).iter().all(|&s| s == 0));
    }

    #[test]
    fn described_and_made_again_it_sounds_alike() {
        // White noise through one pole: dull for a positive one, sharp for a negative one.
        for pole in [0.8_f32, 0.4, 0.0, -0.6] {
            let mut state = 9_u32;
            let mut last = 0.0;
            let original: Vec<i16> = (0..16_000)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    last = last * pole + ((state >> 8) as f32 / 8_388_608.0 - 1.0) * 300.0;
                    last as i16
                })
                .collect();
            let again = noise(&describe(&original[..640]));
            assert!((dbov(&again) - dbov(&original)).abs() < 1.5, "{pole}");
            let (old, new) = (tilt(&original), tilt(&again));
            assert!((old - new).abs() < 2.5, "{pole}: {old} and {new} dB");
        }
    }

    #[test]
    fn any_description_is_bearable() {
        for a in (0..=255).step_by(15) {
            for b in (0..=255).step_by(15) {
                for c in [0, 127, 255] {
                    let made = noise(&[20, a, b, c, a, b, c, a, b]);
                    assert!(made.iter().any(|&s| s != 0));
                    assert!(dbov(&made) < -10.0, "{a} {b} {c}: {}", dbov(&made));
                }
            }
        }
        assert_eq!(describe(&[]).len(), DESCRIPTION);
        assert_eq!(describe(&[0; 160])[0], WEAKEST);
    }
}

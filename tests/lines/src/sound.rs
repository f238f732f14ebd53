//! What lines and codecs do to sound.

use dsp::g711::Law;
use dsp::level::{mean_square, power_dbm0};

use crate::Random;

/// Level in dBm0.
#[must_use]
pub fn dbm0(sound: &[i16]) -> f32 {
    power_dbm0(mean_square(sound))
}

/// Louder or softer.
#[must_use]
pub fn scaled(sound: &[i16], db: f32) -> Vec<i16> {
    let factor = 10_f32.powf(db / 20.0);
    sound
        .iter()
        .map(|&s| (f32::from(s) * factor) as i16)
        .collect()
}

/// Both at once.
#[must_use]
pub fn mixed(a: &[i16], b: &[i16]) -> Vec<i16> {
    let longest = a.len().max(b.len());
    let at = |sound: &[i16], n: usize| sound.get(n).copied().unwrap_or(0);
    (0..longest)
        .map(|n| at(a, n).saturating_add(at(b, n)))
        .collect()
}

/// With white noise of this level.
#[must_use]
pub fn noisy(sound: &[i16], dbm0: f32, random: &mut Random) -> Vec<i16> {
    // Even noise of peak 1 has a mean square of a third.
    let peak = dsp::level::ZERO_DBM0_PEAK / 2_f32.sqrt() * 10_f32.powf(dbm0 / 20.0) * 3_f32.sqrt();
    let noise = |s: &i16| (f32::from(*s) + random.between(-peak, peak)) as i16;
    sound.iter().map(noise).collect()
}

/// Through G.711 and back.
#[must_use]
pub fn through(law: Law, sound: &[i16]) -> Vec<i16> {
    sound.iter().map(|&s| law.decode(law.encode(s))).collect()
}

/// What a hybrid answers to a click, for 7 ms: 9 dB weaker than what it is sent.
#[must_use]
pub fn hybrid() -> Vec<f32> {
    let tap = |n: usize| {
        let x = (n as f32) - 8.0;
        0.28 * (-x / 9.0).exp() * (x * 0.9).cos()
    };
    (0..64).map(|n| if n < 8 { 0.0 } else { tap(n) }).collect()
}

/// What it sends back of this.
#[must_use]
pub fn echo_of(played: &[i16]) -> Vec<i16> {
    let taps = hybrid();
    (0..played.len())
        .map(|n| {
            let parts = taps.iter().enumerate().take(n + 1);
            parts
                .map(|(k, tap)| tap * f32::from(played[n - k]))
                .sum::<f32>() as i16
        })
        .collect()
}

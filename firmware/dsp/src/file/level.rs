//! How loud a sound is, and what it takes to make it as loud as all others.

use crate::resample::response;

/// Samples of a block whose power is measured: 20 ms.
const BLOCK: usize = 320;
/// Mean square, at full scale 1, of active sound: −26 dBov (ITU-T P.56, G.191 `sv56`).
const TARGET: f32 = 0.002_511_886;
/// Sound is active down to 15.9 dB below its active level (P.56 §5.3).
const MARGIN: f32 = 0.025_704;
/// Greatest peak, also between samples: −1 dB.
const PEAK_MAX: f32 = 0.891_25;
/// Greatest gain: what is 30 dB too quiet is mostly noise.
const GAIN_MAX: f32 = 31.623;

/// The factor that brings `sound` (full scale 1, 16 kHz) to its level.
pub(super) fn gain_for(sound: &[f32]) -> f32 {
    let active = active_power(sound);
    if active <= 0.0 {
        return 1.0;
    }
    let wanted = (TARGET / active).sqrt();
    wanted.min(PEAK_MAX / true_peak(sound)).min(GAIN_MAX)
}

/// Mean square of what is not a pause: the blocks that are at most 15.9 dB below that mean square
/// themselves.
fn active_power(sound: &[f32]) -> f32 {
    let power =
        |block: &[f32]| block.iter().map(|s| s * s).sum::<f32>() / block.len().max(1) as f32;
    let powers: Vec<f32> = sound.chunks(BLOCK).map(power).collect();
    let mut active = 0.0_f32;
    // Each round leaves out more pauses, until nothing changes: a few rounds.
    for _ in 0..32 {
        let (mut sum, mut count) = (0.0_f64, 0.0_f64);
        for &power in powers.iter().filter(|&&power| power > active * MARGIN) {
            sum += f64::from(power);
            count += 1.0;
        }
        let next = (sum / f64::max(count, 1.0)) as f32;
        if next <= active {
            break;
        }
        active = next;
    }
    active
}

/// The greatest magnitude of the sound, also at three places between every two samples.
fn true_peak(sound: &[f32]) -> f32 {
    const REACH: usize = 8;
    let rows = [0.25, 0.5, 0.75].map(|past| {
        let mut taps = [0.0_f32; 2 * REACH];
        for (at, tap) in taps.iter_mut().enumerate() {
            let place = at as f64 - (REACH as f64 - 1.0) - past;
            *tap = response(place, 0.5, REACH as f64) as f32;
        }
        taps
    });
    let mut peak = sound
        .iter()
        .fold(f32::MIN_POSITIVE, |peak, s| peak.max(s.abs()));
    for window in sound.array_windows::<{ 2 * REACH }>() {
        for taps in &rows {
            let between: f32 = window.iter().zip(taps).map(|(a, b)| a * b).sum();
            peak = peak.max(between.abs());
        }
    }
    peak
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_do_not_count_and_peaks_between_samples_do() {
        let tone = |n: usize| (n as f32 * 0.3).sin() * 0.1;
        let spoken: Vec<f32> = (0..32_000)
            .map(|n| if n < 4_000 { tone(n) } else { 0.000_1 })
            .collect();
        let level = 10.0 * active_power(&spoken).log10();
        assert!((level + 23.0).abs() < 0.3, "{level} dBov");
        // A quarter of the rate, 45 degrees off: samples see 0.707 of it.
        let turn = |n: usize| {
            (n as f32 * core::f32::consts::FRAC_PI_2 + core::f32::consts::FRAC_PI_4).sin()
        };
        let sound: Vec<f32> = (0..400).map(turn).collect();
        let peak = true_peak(&sound);
        assert!((peak - 1.0).abs() < 0.02, "{peak}");
    }
}

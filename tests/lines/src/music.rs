//! Music as it comes over a telephone: melodies, chords and drums.

use std::f32::consts::TAU;

use crate::Random;

/// So many seconds of it.
pub(crate) fn music(seconds: f32, random: &mut Random) -> Vec<i16> {
    let samples = (seconds * 8_000.0) as usize;
    let mut out = vec![0.0_f32; samples];
    let beat = (8_000.0 * 60.0 / random.between(60.0, 180.0)) as usize;
    let root = random.between(110.0, 330.0);
    let timbre = random.below(4);
    let staccato = random.between(0.35, 1.0);
    let chords = random.below(3) > 0;
    let drums = random.below(3) > 0;
    let scale = [0, 2, 4, 5, 7, 9, 11, 12];
    let mut step = random.below(scale.len());
    for (at, start) in (0..samples).step_by(beat).enumerate() {
        step = (step + scale.len() + random.below(5) - 2) % scale.len();
        let hz = root * 2_f32.powf(scale[step] as f32 / 12.0);
        let length = (beat as f32 * staccato) as usize;
        note(&mut out[start..], length, hz, timbre, 5_000.0);
        if chords && at % 4 == 0 {
            for third in [0, 4, 7] {
                let hz = root / 2.0 * 2_f32.powf(third as f32 / 12.0);
                note(&mut out[start..], beat * 4, hz, timbre, 2_000.0);
            }
        }
        if drums {
            let end = (start + 600).min(samples);
            for (n, sample) in out[start..end].iter_mut().enumerate() {
                *sample += random.between(-4_000.0, 4_000.0) * (-(n as f32) / 150.0).exp();
            }
        }
    }
    out.into_iter().map(|s| s as i16).collect()
}

/// One note; no instrument is a sine for long, so there are overtones, a little vibrato, and it fades.
fn note(out: &mut [f32], length: usize, hz: f32, timbre: usize, peak: f32) {
    let overtones: &[f32] = match timbre {
        0 => &[1.0, 0.25, 0.06],
        1 => &[1.0, 0.6, 0.45, 0.3, 0.2, 0.15],
        2 => &[1.0, 0.0, 0.33, 0.0, 0.2, 0.0, 0.14],
        _ => &[0.7, 1.0, 0.5, 0.7, 0.2, 0.3],
    };
    let length = length.min(out.len());
    for (n, sample) in out[..length].iter_mut().enumerate() {
        let t = n as f32 / 8_000.0;
        let rise = (n as f32 / 80.0).min(1.0) * ((length - n) as f32 / 160.0).min(1.0);
        let fade = (-t * if timbre == 3 { 4.0 } else { 0.8 }).exp();
        let phase = TAU * hz * t + 0.02 * hz / 5.5 * (TAU * 5.5 * t).sin();
        let sum: f32 = overtones
            .iter()
            .enumerate()
            .filter(|(h, _)| hz * (*h as f32 + 1.0) < 3_600.0)
            .map(|(h, part)| part * (phase * (h as f32 + 1.0)).sin())
            .sum();
        *sample += peak * rise * fade * sum;
    }
}

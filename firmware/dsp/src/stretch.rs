//! Time made longer or shorter without a click: by whole pitch periods where two of them are alike
//! (waveform similarity overlap-add), or by single samples where nobody hears it.
//!
//! The jitter buffer changes its wait by this and follows the far end's clock; the analog card's
//! clock is followed by [`slip`] alone.

use crate::conceal::product;

/// Shortest and longest period that is taken out or put in, in samples of 8 kHz: 2.5 and 10 ms.
const PERIOD: (usize, usize) = (20, 80);
/// Samples of 8 kHz that are compared and blended: 4 ms.
pub const BLEND: usize = 32;
/// Least likeness of two periods that may stand for each other, 1 being equality.
const ALIKE: f32 = 0.85;
/// Samples of 8 kHz that [`alike`] must see: 14 ms.
pub const SEEN: usize = PERIOD.1 + BLEND;

/// The period, in samples and not above `most`, after which the beginning of `sound` repeats itself
/// best; `None` if it does so badly. `scale` is 1 at 8 kHz and 2 at 16 kHz; `sound` has at least
/// [`SEEN`] · `scale` samples.
#[must_use]
pub fn alike(sound: &[i16], scale: usize, most: usize) -> Option<usize> {
    let mut floats = [0.0_f32; 2 * SEEN];
    let seen = SEEN.saturating_mul(scale).min(floats.len());
    let sound = sound.get(..seen)?;
    for (slot, &sample) in floats.iter_mut().zip(sound) {
        *slot = f32::from(sample);
    }
    let blend = BLEND.saturating_mul(scale);
    let first = floats.get(..blend)?;
    let own = product(first, first);
    let longest = PERIOD.1.saturating_mul(scale).min(most);
    let mut best = None;
    let mut score = ALIKE;
    for lag in PERIOD.0.saturating_mul(scale)..=longest {
        let later = floats.get(lag..lag.saturating_add(blend))?;
        let theirs = product(later, later);
        // Of different loudness they are not alike either.
        let alike = 2.0 * product(first, later) / (own + theirs + 1.0);
        if alike > score {
            score = alike;
            best = Some(lag);
        }
    }
    best
}

/// Makes `sound` ready to lose its first `period` samples: what follows them begins as they do.
pub fn shorten(sound: &mut [i16], scale: usize, period: usize) {
    blend(sound, scale, 0, period);
}

/// Makes `sound` ready to be preceded by a copy of its first `period` samples, taken before this:
/// it begins as what follows them does.
pub fn lengthen(sound: &mut [i16], scale: usize, period: usize) {
    blend(sound, scale, period, 0);
}

/// Writes over `to`: from what is at `from` into what is there.
fn blend(sound: &mut [i16], scale: usize, from: usize, to: usize) {
    let length = BLEND.saturating_mul(scale);
    for n in 0..length {
        let weight = (n as f32 + 1.0) / (length as f32 + 1.0);
        let before = sound.get(from.saturating_add(n)).copied().unwrap_or(0);
        if let Some(slot) = sound.get_mut(to.saturating_add(n)) {
            let (before, after) = (f32::from(before), f32::from(*slot));
            *slot = (before + (after - before) * weight) as i16;
        }
    }
}

/// Where, in `sound`, one sample more or less is heard least: before the second of the two
/// neighbours most alike; 0 if there are less than two.
#[must_use]
pub fn slip(sound: &[i16]) -> usize {
    let mut best = (0, u16::MAX);
    for (at, pair) in sound.windows(2).enumerate() {
        if let [a, b] = pair
            && a.abs_diff(*b) < best.1
        {
            best = (at.saturating_add(1), a.abs_diff(*b));
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use core::f32::consts::TAU;

    use super::*;

    fn vowel(rate: usize, hz: f32, length: usize) -> Vec<i16> {
        (0..length)
            .map(|n| {
                let at = TAU * hz * n as f32 / rate as f32;
                let sum: f32 = (1..=6).map(|k| (at * k as f32).sin() / k as f32).sum();
                (4_000.0 * sum) as i16
            })
            .collect()
    }

    fn steepest(sound: &[i16]) -> u16 {
        let steps = sound.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
        steps.max().unwrap_or(0)
    }

    #[test]
    fn a_vowel_loses_or_gains_a_whole_period_without_a_click() {
        for (rate, scale) in [(8_000, 1), (16_000, 2)] {
            for hz in [110.0, 160.0, 233.0, 390.0] {
                let sound = vowel(rate, hz, rate / 10);
                let period = alike(&sound, scale, usize::MAX).expect("it repeats itself");
                let exact = rate as f32 / hz;
                let times = (period as f32 / exact).round();
                let off = (period as f32 - times * exact).abs();
                assert!(off < 1.0, "{rate} Hz, {hz} Hz: {period}");

                let mut shorter = sound.clone();
                shorten(&mut shorter, scale, period);
                let shorter = &shorter[period..];
                let mut longer = sound.clone();
                lengthen(&mut longer, scale, period);
                let longer = [&sound[..period], &longer].concat();
                assert!(shorter[0].abs_diff(sound[0]) < steepest(&sound) / 2);
                assert_eq!(longer.len(), sound.len() + period);
                for changed in [shorter, &longer] {
                    let limit = steepest(&sound) + steepest(&sound) / 8;
                    assert!(steepest(changed) <= limit, "{rate} Hz, {hz} Hz");
                }
            }
        }
    }

    #[test]
    fn noise_and_short_sound_are_left_alone() {
        let mut state = 1_u32;
        let noise: Vec<i16> = (0..200)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 17) as i16 - 16_384
            })
            .collect();
        assert_eq!(alike(&noise, 1, usize::MAX), None);
        assert_eq!(alike(&vowel(8_000, 200.0, SEEN - 1), 1, usize::MAX), None);
        assert_eq!(alike(&vowel(8_000, 200.0, SEEN), 1, 19), None);
    }

    #[test]
    fn a_single_sample_slips_where_it_is_flattest() {
        assert_eq!(slip(&[0, 900, 1_000, 1_010, 400]), 3);
        assert_eq!(slip(&[5]), 0);
    }
}

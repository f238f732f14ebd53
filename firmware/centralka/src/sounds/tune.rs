//! Music for those who wait, made here: slow broken chords, plucked softly, over a quiet ground.
//! Every note rings on past the end into the beginning, so that it goes round without a seam.

use core::f64::consts::TAU;

use super::RATE_HZ;

/// Seconds between two notes.
const STEP_S: f32 = 0.375;
/// Seconds that a plucked note is heard.
const RING_S: f32 = 2.6;
/// Mean level against full scale: −24 dB.
const LEVEL: f32 = 0.063;
/// Each chord as semitones from C3: its ground, then what is plucked. Two bars a chord.
const CHORDS: [[i32; 5]; 8] = [
    [0, 12, 16, 19, 23],
    [-3, 9, 12, 16, 19],
    [-7, 5, 9, 12, 16],
    [-5, 7, 11, 14, 17],
    [-8, 4, 11, 16, 19],
    [-3, 9, 16, 19, 24],
    [2, 9, 14, 17, 21],
    [-5, 7, 14, 17, 23],
];
/// Which of a chord's notes are plucked, one a step; 0 is a rest.
const ORDER: [usize; 16] = [1, 2, 3, 4, 3, 2, 3, 0, 1, 3, 2, 4, 0, 3, 2, 0];

/// The samples at 16 kHz: 48 seconds.
pub(super) fn samples() -> Vec<i16> {
    let step = (STEP_S * RATE_HZ as f32) as usize;
    let mut music = vec![0.0; step * ORDER.len() * CHORDS.len()];
    for (bar, chord) in CHORDS.iter().enumerate() {
        let begin = bar * ORDER.len() * step;
        let ground = chord[0];
        pad(&mut music, begin, ORDER.len() * step, hz(ground));
        pad(&mut music, begin, ORDER.len() * step, hz(ground + 7));
        for (at, &which) in ORDER.iter().enumerate().filter(|(_, which)| **which > 0) {
            // The first of a bar is a little stronger, as a hand would.
            let strength = if at % 8 == 0 { 1.0 } else { 0.75 };
            pluck(&mut music, begin + at * step, hz(chord[which]), strength);
        }
    }
    let power = music.iter().map(|s| s * s).sum::<f32>() / music.len() as f32;
    let gain = LEVEL * 32_768.0 / power.sqrt().max(f32::EPSILON);
    let int = |s: f32| (s * gain).clamp(-30_000.0, 30_000.0) as i16;
    music.into_iter().map(int).collect()
}

/// The pitch so many semitones from C3.
fn hz(semitones: i32) -> f32 {
    130.81 * (semitones as f32 / 12.0).exp2()
}

/// A string, plucked: overtones that fade the faster the higher they are.
fn pluck(music: &mut [f32], begin: usize, hz: f32, strength: f32) {
    let length = (RING_S * RATE_HZ as f32) as usize;
    for (overtone, share) in [(1.0, 1.0), (2.0, 0.35), (3.0, 0.12)] {
        let fade = (-2.2 * overtone / RATE_HZ as f32).exp();
        let mut swell = strength * share;
        let wave = Wave::new(hz * overtone);
        for (at, sample) in wave.take(length).enumerate() {
            // Nothing begins or ends with a step.
            let rise = (at as f32 / 80.0).min(1.0);
            let end = ((length - at) as f32 / 1_600.0).min(1.0);
            add(music, begin + at, sample * swell * rise * end);
            swell *= fade;
        }
    }
}

/// A quiet ground under a whole chord, fading in and out over its neighbours.
fn pad(music: &mut [f32], begin: usize, length: usize, hz: f32) {
    let over = RATE_HZ as usize;
    for (at, sample) in Wave::new(hz).take(length + over).enumerate() {
        let rise = (at as f32 / over as f32).min(1.0);
        let fall = ((length + over - at) as f32 / over as f32).min(1.0);
        add(music, begin + at, sample * rise * fall * 0.12);
    }
}

/// What rings past the end is heard at the beginning.
fn add(music: &mut [f32], at: usize, sample: f32) {
    let length = music.len().max(1);
    if let Some(slot) = music.get_mut(at % length) {
        *slot += sample;
    }
}

/// A sine, each sample from the two before it; long enough ones need the wider numbers.
struct Wave {
    factor: f64,
    last: [f64; 2],
}

impl Wave {
    fn new(hz: f32) -> Self {
        let angle = TAU * f64::from(hz) / f64::from(RATE_HZ);
        Self {
            factor: 2.0 * angle.cos(),
            last: [0.0, -angle.sin()],
        }
    }
}

impl Iterator for Wave {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        let [last, before] = self.last;
        self.last = [self.factor * last - before, last];
        Some(last as f32)
    }
}

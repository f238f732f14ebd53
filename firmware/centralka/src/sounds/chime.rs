//! Coming and going in a conference: two soft notes, upwards and downwards.

use core::f32::consts::TAU;

use model::Chime;

use super::RATE_HZ;

const NOTE_MS: usize = 140;
/// Against full scale: −20 dB at its peak.
const PEAK: f32 = 3_277.0;

/// The samples.
pub(super) fn samples(chime: Chime) -> Vec<i16> {
    let notes = match chime {
        Chime::Joined => [659.3, 880.0],
        Chime::Left => [880.0, 659.3],
    };
    notes.into_iter().flat_map(note).collect()
}

fn note(hz: f32) -> impl Iterator<Item = i16> {
    let length = NOTE_MS * RATE_HZ as usize / 1_000;
    (0..length).map(move |at| {
        let part = at as f32 / length as f32;
        // Rises fast, fades slowly, begins and ends in silence.
        let swell = (part * 20.0).min(1.0) * (1.0 - part).powi(2);
        let phase = TAU * hz * at as f32 / RATE_HZ as f32;
        (phase.sin() * swell * PEAK) as i16
    })
}

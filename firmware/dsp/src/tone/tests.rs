use model::{ToneSpec, ToneStep};

use super::*;
use crate::goertzel::Goertzel;
use crate::level::{ZERO_DBM0_PEAK, rms_dbm0};

fn step(hz: [u16; 2], ms: u16) -> ToneStep {
    ToneStep {
        hz,
        ms,
        ..ToneStep::default()
    }
}

fn play(steps: &[ToneStep], dbm0: i8, ms: usize) -> Vec<i16> {
    let mut tone = Tone::new(ToneSpec::new(steps, dbm0).expect("steps"));
    let mut out = vec![0; ms * 8];
    // Odd blocks: where a block ends must not be heard.
    for block in out.chunks_mut(77) {
        tone.fill(block);
    }
    out
}

/// The level of one frequency in dBm0.
fn level_of(hz: f32, samples: &[i16]) -> f32 {
    let block: Vec<f32> = samples.iter().map(|&s| f32::from(s)).collect();
    let [bin] = Goertzel::new([hz]).measure(&block);
    let peak = bin.power().sqrt() * 2.0 / block.len() as f32;
    20.0 * (peak / ZERO_DBM0_PEAK).log10()
}

#[test]
fn level_and_frequency_are_exact() {
    for (hz, dbm0) in [
        (425_u16, -10_i8),
        (350, -22),
        (1_004, 0),
        (2_100, -13),
        (3_400, -30),
    ] {
        let sound = play(&[step([hz, 0], 0)], dbm0, 1_100);
        let steady = &sound[800..];
        assert!((rms_dbm0(steady) - f32::from(dbm0)).abs() < 0.05, "{hz} Hz");
        // In one second a bin is 1 Hz wide: an error of 0.1 Hz would cost 0.14 dB.
        assert!(
            (level_of(f32::from(hz), steady) - f32::from(dbm0)).abs() < 0.05,
            "{hz} Hz"
        );
    }
}

#[test]
fn both_sines_have_the_level_of_the_tone() {
    let sound = play(&[step([350, 440], 0)], -13, 1_100);
    let steady = &sound[800..];
    assert!((level_of(350.0, steady) + 13.0).abs() < 0.05);
    assert!((level_of(440.0, steady) + 13.0).abs() < 0.05);
    let mut weaker = step([425, 0], 0);
    weaker.rel_db = -6;
    assert!((rms_dbm0(&play(&[weaker], -13, 200)[800..]) + 19.0).abs() < 0.05);
}

#[test]
fn modulation_is_ninety_percent_deep() {
    let mut japanese = step([400, 0], 0);
    japanese.am_hz = 16;
    let sound = play(&[japanese], -13, 1_100);
    let steady = &sound[800..];
    assert!(
        (level_of(400.0, steady) + 13.0).abs() < 0.1,
        "the carrier keeps its level"
    );
    // Each side band has half the depth: 20·log10(0.45) = −6.9 dB.
    for side in [384.0, 416.0] {
        assert!((level_of(side, steady) + 19.9).abs() < 0.2, "{side} Hz");
    }
}

#[test]
fn the_cadence_is_exact_to_the_sample() {
    let sound = play(&[step([425, 0], 500), step([0, 0], 500)], -10, 4_000);
    for (second, samples) in sound.chunks(8_000).enumerate() {
        assert!(
            samples[4_000..].iter().all(|&s| s == 0),
            "silence in second {second}"
        );
        assert!(
            rms_dbm0(&samples[3_000..3_960]) > -10.1,
            "sound in second {second}"
        );
        assert!(
            rms_dbm0(&samples[40..1_000]) > -10.1,
            "at once in second {second}"
        );
    }
}

#[test]
fn no_sample_jumps() {
    let steps = [
        step([425, 0], 50),
        step([0, 0], 30),
        step([1_400, 0], 40),
        step([950, 440], 60),
    ];
    let sound = play(&steps, -10, 2_000);
    // The steepest slope of the loudest pair, and a little for the ramps.
    let peak = peak_of(-10);
    let slope = peak * core::f32::consts::TAU * (1_400.0 + 440.0) / 8_000.0 * 1.1;
    for pair in sound.windows(2) {
        let jump = (f32::from(pair[1]) - f32::from(pair[0])).abs();
        assert!(jump <= slope, "{jump} > {slope}");
    }
}

#[test]
fn steps_to_be_played_once_are_played_once() {
    let mut first = step([950, 0], 100);
    first.once = true;
    let sound = play(&[first, step([425, 0], 100), step([0, 0], 100)], -10, 700);
    assert!(level_of(950.0, &sound[80..720]) > -11.0);
    for from in [800, 2_400, 4_000] {
        assert!(
            level_of(425.0, &sound[from + 80..from + 720]) > -11.0,
            "{from}"
        );
        assert!(
            sound[from + 800..from + 1_600].iter().all(|&s| s == 0),
            "{from}"
        );
    }
}

#[test]
fn a_tone_of_only_once_steps_ends() {
    let mut only = step([425, 0], 100);
    only.once = true;
    let mut tone = Tone::new(ToneSpec::new(&[only], -10).expect("one step"));
    let mut out = [0; 800];
    tone.fill(&mut out);
    assert!(out[799].abs() < 500, "faded out: {}", out[799]);
    tone.fill(&mut out);
    assert!(tone.is_over());
    assert!(out.iter().all(|&s| s == 0));
}

#[test]
fn stopping_fades_and_ends() {
    let mut tone = Tone::new(ToneSpec::new(&[step([425, 0], 0)], -10).expect("one step"));
    let mut out = [0; 803];
    tone.fill(&mut out);
    let last = out[802];
    tone.stop();
    let mut tail = [0; 80];
    tone.fill(&mut tail);
    assert!(
        (f32::from(tail[0]) - f32::from(last)).abs() < 3_000.0,
        "no click"
    );
    assert!(rms_dbm0(&tail[..20]) > -16.0, "still sounds");
    assert!(tail[41..].iter().all(|&s| s == 0));
    assert!(tone.is_over());
}

#[test]
fn too_loud_a_tone_is_held_at_zero_dbm0() {
    let sound = play(&[step([1_000, 0], 0)], 20, 200);
    assert!(rms_dbm0(&sound[800..]).abs() < 0.1);
}

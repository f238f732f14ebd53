use core::f32::consts::TAU;

use proptest::prelude::*;

use super::*;
use crate::level::rms_dbm0;

/// A vowel of `pitch_hz`: falling overtones.
fn vowel(pitch_hz: f32, from: usize, length: usize) -> Vec<i16> {
    (from..from + length)
        .map(|n| {
            let at = TAU * pitch_hz * n as f32 / 8_000.0;
            let sum: f32 = (1..=8).map(|k| (at * k as f32).sin() / k as f32).sum();
            (4_000.0 * sum) as i16
        })
        .collect()
}

/// Plays a vowel in 10 ms blocks, those listed as lost being concealed.
fn with_gaps(pitch_hz: f32, blocks: usize, lost: &[usize]) -> Vec<i16> {
    let mut conceal = Conceal::new(8_000);
    let mut out = Vec::new();
    for block in 0..blocks {
        let mut samples = vowel(pitch_hz, block * 80, 80);
        if lost.contains(&block) {
            samples.fill(0);
            conceal.lost(&mut samples);
        } else {
            conceal.good(&mut samples);
        }
        out.extend(samples);
    }
    assert_eq!(conceal.concealed(), lost.len() as u64 * 80);
    out
}

#[test]
fn without_gaps_nothing_is_changed() {
    assert_eq!(with_gaps(120.0, 20, &[]), vowel(120.0, 0, 1_600));
}

#[test]
fn a_lost_packet_of_a_vowel_is_made_up_closely() {
    for pitch_hz in [70.0, 95.0, 120.0, 160.0, 199.0] {
        let truth = vowel(pitch_hz, 0, 3_200);
        let made = with_gaps(pitch_hz, 40, &[20, 21]);
        let error: Vec<i16> = made
            .iter()
            .zip(&truth)
            .map(|(a, b)| a.saturating_sub(*b))
            .collect();
        let signal = rms_dbm0(&truth[1_600..1_760]);
        // The first 10 ms are not faded: the error there is that of the joint and of the pitch.
        let noise = rms_dbm0(&error[1_600..1_680]);
        assert!(signal - noise > 6.0, "{pitch_hz} Hz: {signal} − {noise}");
        assert!(
            rms_dbm0(&made[1_600..1_760]) > signal - 3.0,
            "{pitch_hz} Hz: no dip"
        );
        assert!(
            rms_dbm0(&made[1_600..1_760]) < signal + 2.0,
            "{pitch_hz} Hz: no bump"
        );
        assert_eq!(made[2_000..], truth[2_000..], "{pitch_hz} Hz: whole again");
    }
}

#[test]
fn a_long_gap_fades_to_silence_in_sixty_milliseconds() {
    let lost: Vec<usize> = (20..32).collect();
    let made = with_gaps(110.0, 40, &lost);
    let level = |block: usize| rms_dbm0(&made[block * 80..(block + 1) * 80]);
    for block in 21..26 {
        assert!(
            level(block) <= level(block - 1) + 1.5,
            "falls in block {block}"
        );
    }
    assert!(level(21) > level(19) - 4.0);
    for block in 26..32 {
        assert!(
            made[block * 80..(block + 1) * 80].iter().all(|&s| s == 0),
            "{block}"
        );
    }
    // The blend back lasts 10 ms at most and starts from silence.
    assert!(made[32 * 80].abs() < 1_000);
    assert_eq!(made[33 * 80..], vowel(110.0, 33 * 80, 560)[..]);
}

#[test]
fn joints_do_not_click() {
    let steepest = vowel(90.0, 0, 1_600)
        .windows(2)
        .map(|w| (i32::from(w[1]) - i32::from(w[0])).abs())
        .max()
        .expect("samples");
    for lost in [
        vec![20],
        vec![20, 21, 22],
        vec![20, 22, 24],
        (20..30).collect(),
    ] {
        for pair in with_gaps(90.0, 40, &lost).windows(2) {
            let jump = (i32::from(pair[1]) - i32::from(pair[0])).abs();
            assert!(jump <= steepest * 3 / 2, "{lost:?}: {jump} > {steepest}");
        }
    }
}

#[test]
fn a_gap_before_anything_was_heard_is_silence() {
    let mut conceal = Conceal::new(8_000);
    let mut out = [7; 160];
    conceal.lost(&mut out);
    assert_eq!(out, [0; 160]);
}

proptest! {
    #[test]
    fn any_sound_any_gaps_any_blocks(
        blocks in proptest::collection::vec((any::<bool>(), 0_usize..500, any::<i16>()), 0..60)
    ) {
        let mut conceal = Conceal::new(8_000);
        let mut state = 1_u32;
        for (lost, length, loud) in blocks {
            let mut samples: Vec<i16> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    ((i32::from(loud) * (state >> 16) as i32) >> 16) as i16
                })
                .collect();
            if lost {
                conceal.lost(&mut samples);
            } else {
                conceal.good(&mut samples);
            }
        }
    }
}

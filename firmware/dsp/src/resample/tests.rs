use super::*;
use proptest::prelude::*;
use std::f64::consts::TAU;

fn sine(hz: f64, rate: f64, samples: usize) -> Vec<i16> {
    (0..samples)
        .map(|n| (10_000.0 * (TAU * hz * n as f64 / rate).sin()).round() as i16)
        .collect()
}

/// Amplitude of one frequency, seen through a window without side lobes that matter.
fn strength(samples: &[i16], hz: f64, rate: f64) -> f64 {
    let (mut re, mut im, mut weight) = (0.0, 0.0, 0.0);
    let all = samples.len() as f64;
    for (n, &sample) in samples.iter().enumerate() {
        let at = TAU * (n as f64 + 0.5) / all;
        // Blackman–Harris, 92 dB.
        let window =
            0.35875 - 0.48829 * at.cos() + 0.14128 * (2.0 * at).cos() - 0.01168 * (3.0 * at).cos();
        let angle = TAU * hz * n as f64 / rate;
        re += window * f64::from(sample) * angle.cos();
        im += window * f64::from(sample) * angle.sin();
        weight += window;
    }
    2.0 * re.hypot(im) / weight
}

fn decibels(strength: f64) -> f64 {
    20.0 * (strength / 10_000.0).max(1e-9).log10()
}

type Run = fn(&[i16]) -> Vec<i16>;

fn up2(input: &[i16]) -> Vec<i16> {
    let mut out = vec![0; input.len() * 2];
    assert_eq!(Up2::new().run(input, &mut out), out.len());
    out
}

fn down2(input: &[i16]) -> Vec<i16> {
    let mut out = vec![0; input.len() / 2];
    assert_eq!(Down2::new().run(input, &mut out), out.len());
    out
}

/// From rate, to rate, end of the pass band.
const KINDS: [(Run, f64, f64, f64); 2] = [
    (up2, 8_000.0, 16_000.0, 3_400.0),
    (down2, 16_000.0, 8_000.0, 3_400.0),
];

/// Delay in samples at the higher rate, and the ratio.
const DELAYS: [(Run, usize, i32, i32); 2] = [(up2, Up2::DELAY, 2, 1), (down2, Down2::DELAY, 1, 2)];

#[test]
fn pass_bands_are_flat() {
    for (run, from, to, end) in KINDS {
        for part in 1..=20 {
            let hz = end * f64::from(part) / 20.0;
            let out = run(&sine(hz, from, 9_600));
            let heard = decibels(strength(&out[400..], hz, to));
            assert!(heard.abs() < 0.1, "{from} to {to}: {hz} Hz {heard} dB");
        }
    }
}

#[test]
fn images_and_aliases_are_sixty_decibels_down() {
    for (run, from, to, end) in KINDS {
        let (low, high) = (from.min(to), from.max(to));
        for part in 0..=40 {
            // What the filter must stop, at the higher rate, and what it would be heard as.
            let share = f64::from(part) / 40.0;
            let hz = if from < to {
                end * (0.02 + 0.98 * share)
            } else {
                (low - end) + (high / 2.0 - (low - end)) * share * 0.999
            };
            let out = run(&sine(hz, from, 9_600));
            let folded = (hz / low).round() * low - hz;
            let places: Vec<f64> = if from < to {
                (1..=2)
                    .map(|n| f64::from(n) * low - hz)
                    .filter(|&f| f < high / 2.0)
                    .collect()
            } else {
                vec![folded.abs()]
            };
            for place in places {
                let heard = decibels(strength(&out[400..], place, to));
                assert!(
                    heard < -60.0,
                    "{from} to {to}: {hz} Hz at {place} Hz: {heard} dB"
                );
            }
        }
    }
}

#[test]
fn delays_are_what_they_say() {
    for (run, delay, up, down) in DELAYS {
        // Slow enough that all agree on it, and found to a tenth of a sample.
        let rate = 8_000.0;
        let input = sine(300.0, rate, 2_400);
        let out = run(&input);
        let wanted = |late: f64| -> f64 {
            let mut error = 0.0;
            for (n, &sample) in out.iter().enumerate().skip(300).take(400) {
                let at = (n as f64 * f64::from(down) - late) / f64::from(up);
                let ideal = 10_000.0 * (TAU * 300.0 * at / rate).sin();
                error += (ideal - f64::from(sample)).powi(2);
            }
            error
        };
        // The newest of `down` samples makes the output: that much of the delay is not there.
        let late = delay as f64 - f64::from(down - 1);
        assert!(
            wanted(late) < wanted(late - 0.1) && wanted(late) < wanted(late + 0.1),
            "{up}/{down}"
        );
    }
}

/// A full-scale square wave overshoots behind every edge: there it would wrap.
#[test]
fn loud_sound_is_limited_and_never_wraps() {
    let sign_at = |at: f64| (at / 40.0).floor().rem_euclid(2.0) < 1.0;
    let square: Vec<i16> = (0..9_600)
        .map(|n| {
            if sign_at(f64::from(n)) {
                i16::MAX
            } else {
                i16::MIN
            }
        })
        .collect();
    for (run, delay, up, down) in DELAYS {
        let mut limited = 0;
        for (n, &sample) in run(&square).iter().enumerate().skip(400) {
            let at =
                (n as f64 * f64::from(down) + f64::from(down - 1) - delay as f64) / f64::from(up);
            if (1.0 + f64::from(down)..39.0 - f64::from(down)).contains(&at.rem_euclid(40.0)) {
                assert_eq!(sample > 0, sign_at(at), "{up}/{down} at {at}: {sample}");
                limited += u32::from(matches!(sample, i16::MIN | i16::MAX));
            }
        }
        assert!(limited > 100, "{up}/{down}: {limited}");
    }
}

/// Signal to everything that is not the sine itself, in dB, at a ratio.
fn purity(ppm: f32, hz: f64, rate: f64) -> f64 {
    let mut drift = Drift::new();
    drift.set_ppm(ppm);
    let input = sine(hz, rate, 40_000);
    let mut out = vec![0; 39_000];
    let needed = drift.input_for(out.len());
    assert_eq!(drift.run(&input[..needed], &mut out), (needed, out.len()));
    let ratio = 1.0 + f64::from(ppm) * 1e-6;
    residue(&out[100..], hz * ratio, rate)
}

/// What is left of a sine of that frequency after the best fit was taken away, in dB below it.
fn residue(samples: &[i16], hz: f64, rate: f64) -> f64 {
    let (mut ss, mut cc, mut sc, mut xs, mut xc) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (n, &x) in samples.iter().enumerate() {
        let (s, c) = (TAU * hz * n as f64 / rate).sin_cos();
        let x = f64::from(x);
        (ss, cc, sc, xs, xc) = (ss + s * s, cc + c * c, sc + s * c, xs + x * s, xc + x * c);
    }
    let (a, b) = (
        (xs * cc - xc * sc) / (ss * cc - sc * sc),
        (xc * ss - xs * sc) / (ss * cc - sc * sc),
    );
    let (mut signal, mut rest) = (0.0, 0.0);
    for (n, &x) in samples.iter().enumerate() {
        let (s, c) = (TAU * hz * n as f64 / rate).sin_cos();
        signal += (a * s + b * c).powi(2);
        rest += (f64::from(x) - a * s - b * c).powi(2);
    }
    10.0 * (signal / rest).log10()
}

#[test]
fn a_drifting_clock_leaves_a_sine_a_sine() {
    for ppm in [-500.0, -37.0, 0.0, 0.01, 100.0, 500.0] {
        for hz in [200.0, 1_000.0, 3_000.0, 3_350.0] {
            let narrow = purity(ppm, hz, 8_000.0);
            assert!(narrow > 58.0, "{ppm} ppm, {hz} Hz: {narrow} dB");
            let wide = purity(ppm, hz * 2.0, 16_000.0);
            assert!(wide > 58.0, "{ppm} ppm, {} Hz: {wide} dB", hz * 2.0);
        }
    }
}

/// A sine is a straight line to its own recursion: x[n+1] − 2cos(w)x[n] + x[n−1] is as good as zero
/// wherever there is no click.
#[test]
fn changes_of_the_ratio_do_not_click() {
    let (hz, rate) = (440.0, 8_000.0);
    let input = sine(hz, rate, 16_000);
    let mut drift = Drift::new();
    let mut out = vec![0; 15_800];
    let mut used = 0;
    for (n, block) in out.chunks_mut(80).enumerate() {
        drift.set_ppm([0.0, 500.0, -500.0, 3.0, -100.0][n % 5]);
        let (taken, made) = drift.run(&input[used..], block);
        assert_eq!(made, block.len());
        used += taken;
    }
    let turn = 2.0 * (TAU * hz / rate).cos();
    for (n, w) in out.windows(3).enumerate().skip(100) {
        let bend = f64::from(w[0]) - turn * f64::from(w[1]) + f64::from(w[2]);
        assert!(bend.abs() < 8.0, "click of {bend} at {n}");
    }
}

proptest! {
    #[test]
    fn pieces_make_the_same_as_the_whole(
        input in prop::collection::vec(any::<i16>(), 1..900),
        cuts in prop::collection::vec(1_usize..200, 1..20),
    ) {
        let (mut up, mut down) = (Up2::new(), Down2::new());
        let (mut high, mut low) = (Vec::new(), Vec::new());
        let mut rest = input.as_slice();
        for cut in cuts.iter().cycle() {
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            let mut out = vec![0; now.len() * 2];
            prop_assert_eq!(up.run(now, &mut out), out.len());
            let mut back = vec![0; now.len()];
            prop_assert_eq!(down.run(&out, &mut back), back.len());
            high.extend(out);
            low.extend(back);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(&high, &up2(&input));
        prop_assert_eq!(low, down2(&high));
    }

    #[test]
    fn drift_takes_what_it_said_and_loses_nothing(
        ppm in -600.0_f32..600.0,
        blocks in prop::collection::vec(0_usize..200, 1..40),
    ) {
        let mut drift = Drift::new();
        drift.set_ppm(ppm);
        let (mut used, mut made) = (0, 0);
        for block in blocks {
            let input = vec![5; drift.input_for(block)];
            let mut out = vec![0; block];
            let (taken, written) = drift.run(&input, &mut out);
            prop_assert_eq!((taken, written), (input.len(), block));
            used += taken;
            made += written;
        }
        let ratio = 1.0 + f64::from(ppm.clamp(-500.0, 500.0)) * 1e-6;
        prop_assert!((made as f64 * ratio - used as f64).abs() < 2.0);
    }
}

#[test]
fn a_full_output_or_an_empty_input_is_no_fault() {
    let mut drift = Drift::new();
    drift.set_ppm(f32::NAN);
    assert_eq!(drift.run(&[1; 10], &mut []), (0, 0));
    assert_eq!(drift.run(&[], &mut [0; 10]), (0, 0));
    assert_eq!(drift.run(&[1; 10], &mut [0; 4]), (4, 4));
    assert_eq!(Up2::new().run(&[1; 3], &mut [0; 5]), 4);
    assert_eq!(Down2::new().run(&[1; 7], &mut [0; 9]), 3);
}

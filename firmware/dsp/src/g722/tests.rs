mod sub_bands;

use super::*;

/// Vectors made by libspandsp, see `tests/vectors/g722/README.md`.
macro_rules! vector {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/vectors/g722/", $name)).as_slice()
    };
}

fn samples(bytes: &[u8]) -> Vec<i16> {
    let pairs = bytes.chunks_exact(2);
    pairs.map(|b| i16::from_le_bytes([b[0], b[1]])).collect()
}

/// Encodes in pieces of `step` samples.
fn encode(pcm: &[i16], step: usize) -> Vec<u8> {
    let mut encoder = Encoder::new();
    let mut octets = vec![0; pcm.len() / 2];
    for (pcm, octets) in pcm.chunks(step).zip(octets.chunks_mut(step / 2)) {
        assert_eq!(encoder.encode_into(pcm, octets), octets.len());
    }
    octets
}

fn decode(octets: &[u8], step: usize) -> Vec<i16> {
    let mut decoder = Decoder::new();
    let mut pcm = vec![0; octets.len() * 2];
    for (octets, pcm) in octets.chunks(step).zip(pcm.chunks_mut(step * 2)) {
        assert_eq!(decoder.decode_into(octets, pcm), pcm.len());
    }
    pcm
}

#[test]
fn encoder_agrees_with_libspandsp_to_the_bit() {
    let cases = [
        ("voice", vector!("voice.pcm"), vector!("voice.g722")),
        ("noise", vector!("noise.pcm"), vector!("noise.g722")),
        ("sweep", vector!("sweep.pcm"), vector!("sweep.g722")),
        ("square", vector!("square.pcm"), vector!("square.g722")),
        ("quiet", vector!("quiet.pcm"), vector!("quiet.g722")),
    ];
    for (name, pcm, octets) in cases {
        for step in [2, 160, 320, 3_200, 58] {
            let made = encode(&samples(pcm), step);
            let differs = made.iter().zip(octets).position(|(a, b)| a != b);
            assert_eq!((differs, made.len()), (None, octets.len()), "{name} {step}");
        }
    }
}

/// But where the output passes 16 bits: there libspandsp wraps, and the Recommendation limits.
#[test]
fn decoder_agrees_with_libspandsp_to_the_bit() {
    let cases = [
        ("voice", vector!("voice.g722"), vector!("voice.decoded")),
        ("noise", vector!("noise.g722"), vector!("noise.decoded")),
        ("sweep", vector!("sweep.g722"), vector!("sweep.decoded")),
        ("square", vector!("square.g722"), vector!("square.decoded")),
        ("quiet", vector!("quiet.g722"), vector!("quiet.decoded")),
        ("octets", vector!("octets.g722"), vector!("octets.decoded")),
    ];
    for (name, octets, pcm) in cases {
        let wanted = samples(pcm);
        for step in [1, 80, 160, 1_600, 37] {
            let made = decode(octets, step);
            let differs = made.iter().zip(&wanted).position(|(&a, &b)| {
                let limited = matches!(a, i16::MIN | i16::MAX) && (a ^ b) < 0;
                a != b && !limited
            });
            assert_eq!((differs, made.len()), (None, wanted.len()), "{name} {step}");
        }
    }
}

/// Recommendation §6.1: sub-band samples are limited to 15 bits, not wrapped. A full-scale square
/// wave passes that by overshoot and must come back as one, at full strength.
#[test]
fn the_loudest_sound_stays_itself() {
    let pcm: Vec<i16> = (0..3_200)
        .map(|n| if n / 20 % 2 == 0 { i16::MAX } else { i16::MIN })
        .collect();
    let heard = decode(&encode(&pcm, 320), 160);
    let delayed = &heard[22..];
    let (mut like, mut power) = (0.0, 0.0);
    for (&a, &b) in pcm.iter().zip(delayed).skip(400) {
        like += f64::from(a) * f64::from(b);
        power += f64::from(a) * f64::from(a);
    }
    assert!(like / power > 0.9, "{}", like / power);
}

#[test]
fn levels_are_counted_as_if_one_after_the_other() {
    for scale in [32, 33, 500, 4_095, 16_383] {
        for size in (0..=i16::MAX).step_by(7) {
            let wanted = LEVELS_LOW.as_flattened()[..29]
                .iter()
                .take_while(|&&level| {
                    i32::from(size) >= (i32::from(level / 16) * i32::from(scale)) >> 12
                })
                .count();
            assert_eq!(levels_passed(size, scale), wanted, "{size} at {scale}");
        }
    }
}

#[test]
fn slices_convert_what_both_sides_hold() {
    let mut octets = [0; 3];
    assert_eq!(Encoder::new().encode_into(&[0; 5], &mut octets), 2);
    assert_eq!(Encoder::new().encode_into(&[0; 9], &mut octets), 3);
    let mut pcm = [0; 5];
    assert_eq!(Decoder::new().decode_into(&octets, &mut pcm), 4);
    assert_eq!(Decoder::new().decode_into(&[], &mut pcm), 0);
}

/// Signal to distortion of a sine of 1,020 Hz in dB, as ITU-T O.132 measures: what is left beside the
/// best fit of the tone.
fn distance(dbm0: f32) -> f32 {
    let turn = std::f64::consts::TAU * 1_020.0 / 16_000.0;
    let peak = f64::from(crate::level::ZERO_DBM0_PEAK) * 10_f64.powf(f64::from(dbm0) / 20.0);
    let pcm: Vec<i16> = (0..32_000)
        .map(|n| (peak * (turn * f64::from(n)).sin()).round() as i16)
        .collect();
    let heard = decode(&encode(&pcm, 320), 160);
    let heard = &heard[16_000..];
    let (mut re, mut im, mut all) = (0.0, 0.0, 0.0);
    for (n, &sample) in (0..).zip(heard) {
        let (sin, cos) = (turn * f64::from(n)).sin_cos();
        let sample = f64::from(sample);
        re += sample * cos;
        im += sample * sin;
        all += sample * sample;
    }
    let count = heard.len() as f64;
    let tone = 2.0 * (re * re + im * im) / count;
    (10.0 * (tone / (all - tone).max(1.0)).log10()) as f32
}

/// Adaptive steps have no weak level: louder is clearer, up to 47 dB.
#[test]
fn a_tone_is_clear_at_every_level() {
    let mut softer = 0.0;
    for tenths in (-500_i16..=0).step_by(6) {
        let level = f32::from(tenths) / 10.0;
        let clear = distance(level);
        let wanted = (61.5 + 0.75 * level).min(44.0);
        assert!(clear >= wanted, "{level} dBm0: {clear} dB");
        assert!(
            clear >= softer - 0.3,
            "{level} dBm0: {softer}, then {clear}"
        );
        softer = clear;
    }
}

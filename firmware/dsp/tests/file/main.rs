//! Replays the committed corpus of the fuzz target `audio_file` and seeded mutations of it.

mod property;

use std::path::PathBuf;

use dsp::file::{FileFault, Playing, read};
use model::Random;
use property::audio_file;

fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus/audio_file");
    let entries = std::fs::read_dir(folder).expect("the corpus is committed");
    let mut all: Vec<(String, Vec<u8>)> = entries
        .map(|entry| {
            let entry = entry.expect("readable");
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).expect("readable"))
        })
        .collect();
    all.sort();
    all
}

fn file(name: &str) -> Vec<u8> {
    let found = corpus().into_iter().find(|(n, _)| n == name);
    found.expect("in the corpus").1
}

/// Strength of a frequency in the middle of a sound.
fn strength(samples: &[i16], hz: f64, rate: f64) -> f64 {
    let edge = samples.len() / 8;
    let middle = &samples[edge..samples.len() - edge];
    let (mut re, mut im) = (0.0, 0.0);
    for (n, &sample) in middle.iter().enumerate() {
        let angle = n as f64 * hz / rate * std::f64::consts::TAU;
        re += f64::from(sample) * angle.cos();
        im += f64::from(sample) * angle.sin();
    }
    2.0 * f64::hypot(re, im) / middle.len() as f64
}

/// Name, length in ms, and how far the length may be off: coders pad.
const TONES: [(&str, u32, u32); 6] = [
    ("plain.wav", 200, 1),
    ("alaw.wav", 300, 1),
    ("wide.wav", 20, 1),
    ("tone.mp3", 400, 30),
    ("tone.ogg", 400, 2),
    ("tone.flac", 250, 1),
];

#[test]
fn every_kind_is_read_at_the_same_level_and_at_both_rates() {
    for (name, ms, off) in TONES {
        let clip = read(&file(name), Playing::Once).expect(name);
        assert!(clip.ms().abs_diff(ms) <= off, "{name}: {} ms", clip.ms());
        // −20 dBm0 is a peak of 2322 in a sine (ITU-T P.56: −26 dBov).
        for (samples, rate) in [(&clip.wide, 16_000.0), (&clip.narrow, 8_000.0)] {
            let heard = strength(samples, 440.0, rate);
            let off = 20.0 * (heard / 2_322.0).log10();
            assert!(off.abs() < 0.7, "{name} at {rate}: {off} dB");
        }
    }
}

#[test]
fn what_is_not_read_says_why() {
    let fault = |bytes: &[u8]| read(bytes, Playing::Once).expect_err("no sound file");
    assert_eq!(fault(&file("opus_inside.ogg")), FileFault::UnknownCodec);
    assert_eq!(fault(&file("adpcm_inside.wav")), FileFault::UnknownCodec);
    assert_eq!(fault(b""), FileFault::UnknownKind);
    assert_eq!(fault(b"%PDF-1.7 and so on"), FileFault::UnknownKind);
    assert_eq!(
        fault(b"ID3\x04\0\0\x7f\x7f\x7f\x7f"),
        FileFault::UnknownKind
    );
    assert_eq!(fault(&file("plain.wav")[..30]), FileFault::Damaged);
}

#[test]
fn a_file_that_was_cut_off_plays_as_far_as_it_goes() {
    for name in ["plain.wav", "tone.mp3", "tone.flac"] {
        let whole = file(name);
        let clip = read(&whole[..whole.len() * 3 / 4], Playing::Once).expect(name);
        let all = read(&whole, Playing::Once).expect(name);
        assert!(
            clip.ms() > all.ms() / 3 && clip.ms() < all.ms(),
            "{name}: {} ms",
            clip.ms()
        );
    }
}

/// Some seconds in an unoptimised build.
const MUTATIONS: u32 = 800;

#[test]
fn damaged_files_are_no_danger() {
    let seeds: Vec<Vec<u8>> = corpus().into_iter().map(|(_, bytes)| bytes).collect();
    let mut random = Random::derive([42; 32], "audio_file");
    let mut draw =
        |below: usize| random.below(u32::try_from(below.max(1)).expect("small")) as usize;
    let (mut read, mut refused) = (0, 0);
    for seed in &seeds {
        audio_file(seed);
    }
    for _ in 0..MUTATIONS {
        let mut bytes = seeds[draw(seeds.len())].clone();
        for _ in 0..=draw(6) {
            // Mostly in the heads, where the lies are.
            let reach = if draw(2) == 0 {
                bytes.len()
            } else {
                80.min(bytes.len())
            };
            let at = draw(reach);
            match draw(6) {
                0 => bytes[at] = draw(256) as u8,
                1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][draw(5)],
                2 => bytes[at] ^= 1 << draw(8),
                3 => bytes.truncate(at.max(12)),
                4 => drop(bytes.drain(at..(at + draw(40)).min(bytes.len()))),
                _ => {
                    let piece: Vec<u8> = (0..4).map(|_| [0, 0xff][draw(2)]).collect();
                    let end = (at + 4).min(bytes.len());
                    bytes.splice(at..end, piece);
                }
            }
            if bytes.len() < 12 {
                break;
            }
        }
        if audio_file(&bytes) {
            read += 1
        } else {
            refused += 1
        }
    }
    assert!(
        read > 100 && refused > 100,
        "{read} read, {refused} refused"
    );
}

//! The method of ITU-T G.722 Appendix II: the sub-band coders by themselves, without the filters that
//! part the bands and join them. See `tests/vectors/g722/README.md`.
//!
//! A sequence is made of words of 16 bits. Bit 0 is the reset: as long as it is set the coder under test
//! is at rest, and says 1. Above it stand a sample of 15 bits or, in the upper half, an octet.

use std::collections::BTreeSet;

use super::{Bands, LOW_OUT, at};

macro_rules! sequence {
    ($name:literal) => {
        words(include_bytes!(concat!(
            "../../../../../tests/vectors/g722/sub_bands/",
            $name
        )))
    };
}

/// The lower band in mode 2, by the five bits that the octet has then (QM5 of table 15).
const LOW_OUT_MIDDLE: [i16; 32] = [
    -280, -280, -23_352, -17_560, -14_120, -11_664, -9_752, -8_184, -6_864, -5_712, -4_696, -3_784,
    -2_960, -2_208, -1_520, -880, 23_352, 17_560, 14_120, 11_664, 9_752, 8_184, 6_864, 5_712,
    4_696, 3_784, 2_960, 2_208, 1_520, 880, 280, -280,
];
/// What a coder says that is at rest.
const RESET: u16 = 1;

fn words(bytes: &[u8]) -> Vec<u16> {
    let pairs = bytes.chunks_exact(2);
    pairs.map(|b| u16::from_le_bytes([b[0], b[1]])).collect()
}

/// What both bands make of a sequence, word by word; at the start and at every reset they are at rest.
fn run<const N: usize>(
    sequence: &[u16],
    mut coder: impl FnMut(&mut Bands, u16) -> [u16; N],
) -> Vec<u16> {
    let mut bands = Bands::new();
    let step = |&word: &u16| {
        if word & RESET == 0 {
            return coder(&mut bands, word);
        }
        bands = Bands::new();
        [RESET; N]
    };
    sequence.iter().flat_map(step).collect()
}

/// Configuration 1: both encoders have the same input, as if it were what the filter gives them.
fn encoded(sequence: &[u16]) -> Vec<u16> {
    run(sequence, |bands, word| {
        let sample = word.cast_signed() >> 1;
        [u16::from(bands.encode(sample, sample)) << 8]
    })
}

/// Configuration 2: what both decoders give to the filter, the lower band first.
fn decoded(sequence: &[u16], mode: u8) -> Vec<u16> {
    run(sequence, |bands, word| {
        let octet = (word >> 8) as u8;
        let (low, high) = match mode {
            1 => bands.decode(octet),
            2 => bands.rebuild(octet, at(&LOW_OUT_MIDDLE, usize::from(octet >> 1 & 31))),
            _ => bands.rebuild(octet, at(&LOW_OUT, usize::from(octet >> 2 & 15))),
        };
        [low, high].map(|sample| (sample << 1).cast_unsigned())
    })
}

#[track_caller]
fn agree(name: &str, made: &[u16], wanted: &[u16]) {
    let differs = made.iter().zip(wanted).position(|(a, b)| a != b);
    assert_eq!((differs, made.len()), (None, wanted.len()), "{name}");
}

#[test]
fn both_encoders_by_themselves_agree_with_libspandsp() {
    let cases = [
        ("range", sequence!("range.xmt"), sequence!("range.cod")),
        (
            "overload",
            sequence!("overload.xmt"),
            sequence!("overload.cod"),
        ),
    ];
    for (name, samples, octets) in cases {
        agree(name, &encoded(&samples), &octets);
    }
}

#[test]
fn both_decoders_by_themselves_agree_with_libspandsp_in_every_mode() {
    let cases = [
        (
            "range",
            sequence!("range.cod"),
            [
                sequence!("range.rc1"),
                sequence!("range.rc2"),
                sequence!("range.rc3"),
            ],
        ),
        (
            "overload",
            sequence!("overload.cod"),
            [
                sequence!("overload.rc1"),
                sequence!("overload.rc2"),
                sequence!("overload.rc3"),
            ],
        ),
        (
            "random",
            sequence!("random.cod"),
            [
                sequence!("random.rc1"),
                sequence!("random.rc2"),
                sequence!("random.rc3"),
            ],
        ),
    ];
    for (name, octets, samples) in cases {
        for (mode, wanted) in (1..).zip(samples) {
            let made = decoded(&octets, mode);
            agree(&format!("{name} in mode {mode}"), &made, &wanted);
        }
    }
}

/// The sequences are worth something: they reach both ends of the scale in both bands, every code word
/// that an encoder sends and every octet that a decoder may be given.
#[test]
fn the_sequences_go_everywhere() {
    let octets = |words: Vec<u16>| -> BTreeSet<u16> {
        let codes = words.iter().filter(|word| *word & RESET == 0);
        codes.map(|word| word >> 8).collect()
    };
    let mut sent = octets(sequence!("range.cod"));
    sent.extend(octets(sequence!("overload.cod")));
    let low: BTreeSet<u16> = sent.iter().map(|octet| octet & 63).collect();
    assert_eq!(low.len(), 60, "no encoder sends 0 to 3");
    assert_eq!(octets(sequence!("random.cod")).len(), 256);
    let loud = sequence!("overload.rc1");
    for band in 0..2 {
        let ends = loud.iter().skip(band).step_by(2);
        let ends = ends.map(|word| word.cast_signed());
        assert_eq!(ends.clone().max(), Some(32_766), "band {band}");
        assert_eq!(ends.min(), Some(-32_768), "band {band}");
    }
}

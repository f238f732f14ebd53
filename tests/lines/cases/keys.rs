//! Keys at the limits of Q.24: ours and libspandsp's on the same sound.

use core::f32::consts::TAU;

use dsp::dtmf::{DtmfReceiver, Key};
use tests_lines::{Random, spandsp};

const LOW: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
const KEYS: [&[u8; 4]; 4] = [b"123A", b"456B", b"789C", b"*0#D"];

/// How keys come (Q.24 annex A: administrations' limits; levels in dBm0).
#[derive(Clone, Copy, Debug)]
struct Limits {
    on_ms: usize,
    off_ms: usize,
    low_dbm0: f32,
    high_dbm0: f32,
    /// Both frequencies, in per cent off.
    off_percent: f32,
}

const USUAL: Limits = Limits {
    on_ms: 60,
    off_ms: 60,
    low_dbm0: -11.0,
    high_dbm0: -9.0,
    off_percent: 0.0,
};

/// All sixteen keys ten times, and what was pressed.
fn pressed(limits: Limits, random: &mut Random) -> (Vec<i16>, String) {
    let (mut sound, mut keys) = (vec![0; 800], String::new());
    let peak = |dbm0: f32| dsp::level::ZERO_DBM0_PEAK * 10_f32.powf(dbm0 / 20.0);
    let (a, b) = (peak(limits.low_dbm0), peak(limits.high_dbm0));
    for press in 0..160_usize {
        let (row, column) = (press / 4 % 4, press % 4);
        keys.push(char::from(KEYS[row][column]));
        let off = 1.0 + limits.off_percent / 100.0;
        let (low, high) = (LOW[row] * off, HIGH[column] * off);
        let phase = [random.between(0.0, TAU), random.between(0.0, TAU)];
        sound.extend((0..limits.on_ms * 8).map(|n| {
            let at = TAU * n as f32 / 8_000.0;
            (a * (low * at + phase[0]).sin() + b * (high * at + phase[1]).sin()) as i16
        }));
        let lead = random.between(0.0, 100.0) as usize;
        sound.extend(vec![0; limits.off_ms * 8 + lead]);
    }
    sound.extend([0; 1_600]);
    (sound, keys)
}

fn ours(sound: &[i16]) -> String {
    let sound: Vec<f32> = sound.iter().map(|&s| f32::from(s)).collect();
    let mut keys = String::new();
    DtmfReceiver::new().feed(&sound, |key| {
        if let Key::Pressed(digit) = key {
            keys.push(digit.to_char());
        }
    });
    keys
}

fn theirs(sound: &[i16]) -> String {
    String::from_utf8(spandsp(&["keys"], sound)).expect("keys")
}

/// Every key at every limit that Q.24 wants heard is heard, and at none fewer than libspandsp hears.
#[test]
fn at_the_limits_of_q24_no_key_is_missed() {
    let mut random = Random::new(24);
    let quiet = -26.0;
    for limits in [
        USUAL,
        Limits {
            on_ms: 40,
            off_ms: 40,
            ..USUAL
        },
        Limits {
            off_percent: 1.5,
            ..USUAL
        },
        Limits {
            off_percent: -1.5,
            ..USUAL
        },
        Limits {
            low_dbm0: quiet,
            high_dbm0: quiet,
            ..USUAL
        },
        Limits {
            low_dbm0: -3.0,
            high_dbm0: -3.0,
            ..USUAL
        },
        // Twist: the low group 8 dB stronger, the high group 4 dB.
        Limits {
            low_dbm0: -8.0,
            high_dbm0: -16.0,
            ..USUAL
        },
        Limits {
            low_dbm0: -14.0,
            high_dbm0: -10.0,
            ..USUAL
        },
        Limits {
            on_ms: 40,
            off_ms: 40,
            low_dbm0: quiet,
            high_dbm0: quiet + 4.0,
            off_percent: 1.5,
        },
    ] {
        let (sound, keys) = pressed(limits, &mut random);
        let (ours, theirs) = (ours(&sound), theirs(&sound));
        println!(
            "{limits:?}: ours {}, libspandsp {} of {}",
            ours.len(),
            theirs.len(),
            keys.len()
        );
        assert_eq!(ours, keys, "{limits:?}");
        assert!(theirs.len() <= keys.len(), "{limits:?}: {theirs}");
    }
}

/// What Q.24 wants refused: 3.5 % off the frequency, and shorter than 20 ms.
#[test]
fn beyond_the_limits_of_q24_nothing_is_a_key() {
    let mut random = Random::new(25);
    for limits in [
        Limits {
            off_percent: 3.5,
            ..USUAL
        },
        Limits {
            off_percent: -3.5,
            ..USUAL
        },
        Limits { on_ms: 18, ..USUAL },
    ] {
        let (sound, _) = pressed(limits, &mut random);
        assert_eq!(ours(&sound), "", "{limits:?}");
    }
}

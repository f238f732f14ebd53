//! The receiver at the limits of telephony-standards §2.2, and against noise and speech.
//! Normal twist means: the row (low) tone is the stronger one.

use core::f32::consts::TAU;

use model::Digit;

use super::{DtmfReceiver, DtmfSender, Key, pair_of};
use crate::level::{peak_of, power_of, rms_dbm0};

/// A small generator of repeatable randomness (xorshift).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32
    }

    fn range(&mut self, from: f32, to: f32) -> f32 {
        from + (to - from) * self.next()
    }

    /// Normally distributed enough, with a deviation of 1.
    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.next()).sum::<f32>() - 6.0
    }
}

/// A key press as it may come from a line.
#[derive(Clone, Copy)]
struct Press {
    digit: char,
    on_ms: f32,
    off_ms: f32,
    low_dbm0: f32,
    high_dbm0: f32,
    low_off: f32,
    high_off: f32,
    /// White noise, dBm0.
    noise_dbm0: i16,
}

const GOOD: Press = Press {
    digit: '5',
    on_ms: 40.0,
    off_ms: 50.0,
    low_dbm0: -11.0,
    high_dbm0: -9.0,
    low_off: 0.0,
    high_off: 0.0,
    noise_dbm0: -75,
};

fn digit(label: char) -> Digit {
    Digit::from_char(label).expect("a key of the keypad")
}

fn sound(press: Press, noise: &mut Noise, out: &mut Vec<f32>) {
    let (low, high) = pair_of(digit(press.digit));
    let peaks = [press.low_dbm0, press.high_dbm0]
        .map(|dbm0| crate::level::ZERO_DBM0_PEAK * 10_f32.powf(dbm0 / 20.0));
    let hz = [low * (1.0 + press.low_off), high * (1.0 + press.high_off)];
    let phase = [noise.range(0.0, TAU), noise.range(0.0, TAU)];
    let deviation = power_of(press.noise_dbm0).sqrt();
    // The phase of key and windows to each other differs from press to press.
    let lead = noise.range(0.0, 102.0) as usize;
    let on = (press.on_ms * 8.0) as usize;
    let off = (press.off_ms * 8.0) as usize;
    for n in 0..lead + on + off {
        let mut sample = noise.normal() * deviation;
        if n >= lead && n < lead + on {
            let at = TAU * (n - lead) as f32 / 8_000.0;
            sample += peaks[0] * (hz[0] * at + phase[0]).sin();
            sample += peaks[1] * (hz[1] * at + phase[1]).sin();
        }
        out.push(sample.clamp(-32_768.0, 32_767.0).round());
    }
}

/// The keys that 100 presses are heard as.
fn heard(press: Press) -> Vec<Digit> {
    let mut noise = Noise(0x1234_5678_9abc_def1);
    let mut samples = Vec::new();
    for _ in 0..100 {
        sound(press, &mut noise, &mut samples);
    }
    samples.extend([0.0; 800]);
    let mut receiver = DtmfReceiver::new();
    let (mut pressed, mut released) = (Vec::new(), Vec::new());
    receiver.feed(&samples, |key| match key {
        Key::Pressed(digit) => pressed.push(digit),
        Key::Released { digit, .. } => released.push(digit),
    });
    assert_eq!(pressed, released, "each press ends, in order");
    pressed
}

fn check(press: Press, wanted: usize, why: &str) {
    let found = heard(press);
    let wrong = found.iter().filter(|&&d| d != digit(press.digit)).count();
    assert_eq!(wrong, 0, "{why}: wrong keys");
    assert_eq!(found.len(), wanted, "{why}");
}

#[test]
fn all_sixteen_keys_at_forty_milliseconds() {
    for label in "0123456789*#ABCD".chars() {
        check(
            Press {
                digit: label,
                ..GOOD
            },
            100,
            &label.to_string(),
        );
    }
}

#[test]
fn all_sixteen_keys_off_frequency_by_one_and_a_half_percent() {
    for label in "0123456789*#ABCD".chars() {
        for (low_off, high_off) in [(0.015, 0.015), (-0.015, -0.015), (0.015, -0.015)] {
            let press = Press {
                digit: label,
                low_off,
                high_off,
                ..GOOD
            };
            check(press, 100, &format!("{label} {low_off} {high_off}"));
        }
    }
}

#[test]
fn off_by_three_and_a_half_percent_is_no_key() {
    for label in "159D*#".chars() {
        for (low_off, high_off) in [(0.035, 0.0), (-0.035, 0.0), (0.0, 0.035), (0.0, -0.035)] {
            let press = Press {
                digit: label,
                on_ms: 100.0,
                low_off,
                high_off,
                ..GOOD
            };
            check(press, 0, &format!("{label} {low_off} {high_off}"));
        }
    }
}

#[test]
fn levels_and_twist() {
    let at = |low_dbm0, high_dbm0| Press {
        low_dbm0,
        high_dbm0,
        ..GOOD
    };
    check(at(0.0, 0.0), 100, "loudest");
    check(at(-26.0, -26.0), 100, "26 dB weaker");
    check(at(-36.0, -36.0), 100, "far line");
    check(at(-46.0, -46.0), 0, "crosstalk");
    check(at(-10.0, -18.0), 100, "normal twist 8 dB");
    check(at(-14.0, -10.0), 100, "reverse twist 4 dB");
    check(at(-10.0, -21.0), 0, "normal twist 11 dB");
    check(at(-17.0, -10.0), 0, "reverse twist 7 dB");
}

#[test]
fn fifteen_decibels_over_noise() {
    for label in "159D".chars() {
        // Two tones of −13 dBm0 are −10 dBm0 together.
        let press = Press {
            digit: label,
            low_dbm0: -13.0,
            high_dbm0: -13.0,
            noise_dbm0: -25,
            ..GOOD
        };
        check(press, 100, &label.to_string());
    }
}

#[test]
fn all_limits_at_once() {
    let press = Press {
        digit: 'D',
        low_dbm0: -20.0,
        high_dbm0: -28.0,
        low_off: -0.015,
        high_off: 0.015,
        noise_dbm0: -35,
        on_ms: 50.0,
        ..GOOD
    };
    let found = heard(press).len();
    assert!(found >= 90, "{found} of 100");
}

#[test]
fn short_bursts_are_no_keys() {
    for on_ms in [5.0, 10.0, 15.0, 20.0, 23.0] {
        check(Press { on_ms, ..GOOD }, 0, &format!("{on_ms} ms"));
    }
}

#[test]
fn short_gaps_do_not_split_a_key_and_pauses_do() {
    let mut noise = Noise(7);
    let count = |gap_ms: f32, noise: &mut Noise| {
        let mut samples = Vec::new();
        let mut sender = DtmfSender::new(digit('8'), 200, -11, -9);
        let mut tone = [0_i16; 1_600];
        sender.fill(&mut tone);
        let from = 800 + (noise.next() * 34.0) as usize;
        for sample in &mut tone[from..from + (gap_ms * 8.0) as usize] {
            *sample = 0;
        }
        samples.extend([0.0; 200]);
        samples.extend(tone.map(f32::from));
        samples.extend([0.0; 800]);
        let mut pressed = 0;
        DtmfReceiver::new().feed(&samples, |key| {
            pressed += usize::from(matches!(key, Key::Pressed(_)));
        });
        pressed
    };
    for _ in 0..50 {
        assert_eq!(count(10.0, &mut noise), 1);
        assert_eq!(count(40.0, &mut noise), 2);
    }
}

#[test]
fn the_length_of_a_key_is_told() {
    for ms in [50_u16, 100, 400, 3_000] {
        let mut tone = vec![0_i16; usize::from(ms) * 8 + 1_000];
        DtmfSender::new(digit('#'), ms, -11, -9).fill(&mut tone);
        let samples: Vec<f32> = tone.iter().map(|&s| f32::from(s)).collect();
        let mut told = None;
        DtmfReceiver::new().feed(&samples, |key| {
            if let Key::Released { ms, .. } = key {
                told = Some(ms);
            }
        });
        let told = told.expect("released");
        assert!(told.abs_diff(ms) <= 12, "{told} for {ms}");
    }
}

/// One second of something like a voice: a buzz of falling overtones through three resonances,
/// with pauses, hisses and glides.
fn babble(noise: &mut Noise, out: &mut Vec<f32>) {
    let mut left = 8_000_i32;
    while left > 0 {
        let length = noise.range(600.0, 3_200.0) as usize;
        let voiced = noise.next() < 0.8;
        let mut pitch = noise.range(75.0, 320.0);
        let glide = noise.range(0.99997, 1.00003);
        let formants = [
            noise.range(250.0, 950.0),
            noise.range(800.0, 2_300.0),
            noise.range(2_000.0, 3_400.0),
        ];
        // Bandwidths as men and women have them: about 60, 90 and 150 Hz.
        let widths = [60.0, 90.0, 150.0]
            .map(|hz: f32| (-TAU / 2.0 * hz * noise.range(0.7, 1.3) / 8_000.0).exp());
        let loud = peak_of(noise.range(-30.0, -8.0) as i16);
        let mut state = [[0.0_f32; 2]; 3];
        let mut phase = 0.0_f32;
        let start = out.len();
        for _ in 0..length {
            phase += pitch / 8_000.0;
            pitch *= glide;
            let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
            phase = phase.fract();
            let mut sample = if voiced { pulse } else { 0.1 * noise.normal() };
            for ((hz, r), s) in formants.iter().zip(widths).zip(&mut state) {
                let now = sample + 2.0 * r * (TAU * hz / 8_000.0).cos() * s[0] - r * r * s[1];
                s[1] = s[0];
                s[0] = now;
                sample = now * (1.0 - r);
            }
            out.push(sample);
        }
        let peak = out[start..].iter().fold(1e-9_f32, |p, s| p.max(s.abs()));
        for sample in &mut out[start..] {
            *sample *= loud / peak;
        }
        let pause = noise.range(0.0, 1_200.0) as usize;
        out.extend((0..pause).map(|_| 5.0 * noise.normal()));
        left -= (length + pause) as i32;
    }
}

#[test]
fn ten_minutes_of_babble_are_hardly_ever_a_key() {
    let mut noise = Noise(42);
    let mut receiver = DtmfReceiver::new();
    let mut pressed = Vec::new();
    for _ in 0..600 {
        let mut second = Vec::new();
        babble(&mut noise, &mut second);
        receiver.feed(&second, |key| {
            if let Key::Pressed(digit) = key {
                pressed.push(digit.to_char());
            }
        });
    }
    assert!(pressed.len() <= 1, "{pressed:?}");
}

#[test]
fn noise_and_other_tones_are_no_keys() {
    let mut noise = Noise(99);
    let mut receiver = DtmfReceiver::new();
    let mut pressed = 0;
    let mut count = |key| pressed += usize::from(matches!(key, Key::Pressed(_)));
    let white: Vec<f32> = (0..480_000).map(|_| 4_000.0 * noise.normal()).collect();
    receiver.feed(&white, &mut count);
    // Call progress, fax and single key tones, alone and in pairs.
    let others = [
        (425.0, 0.0),
        (350.0, 440.0),
        (480.0, 620.0),
        (1_100.0, 0.0),
        (2_100.0, 0.0),
        (697.0, 0.0),
        (1_336.0, 0.0),
        (697.0, 941.0),
        (1_209.0, 1_633.0),
        (950.0, 1_400.0),
        (1_400.0, 1_800.0),
        (730.0, 1_336.0),
        (770.0, 1_270.0),
    ];
    for (first, second) in others {
        let tone: Vec<f32> = (0..8_000)
            .map(|n| {
                let at = TAU * n as f32 / 8_000.0;
                let second = if second > 0.0 {
                    (second * at).sin()
                } else {
                    0.0
                };
                6_000.0 * ((first * at).sin() + second)
            })
            .collect();
        receiver.feed(&tone, &mut count);
    }
    assert_eq!(pressed, 0);
}

#[test]
fn the_sender_has_exact_levels_and_lengths() {
    for label in "0123456789*#ABCD".chars() {
        let mut tone = [1_i16; 1_000];
        let mut sender = DtmfSender::new(digit(label), 100, -11, -9);
        sender.fill(&mut tone);
        assert!(sender.is_over());
        assert!(tone[800..].iter().all(|&s| s == 0), "exactly 100 ms");
        assert_eq!(tone[0], 0, "starts without a click");
        // −11 and −9 dBm0 add up to −6.88 dBm0.
        let level = rms_dbm0(&tone[80..720]);
        assert!((level + 6.88).abs() < 0.1, "{label}: {level}");
    }
    let mut sender = DtmfSender::new(digit('1'), 1_000, -11, -9);
    sender.fill(&mut [0; 800]);
    sender.stop();
    let mut tail = [0; 80];
    sender.fill(&mut tail);
    assert!(sender.is_over() && tail[41..].iter().all(|&s| s == 0));
}

#[test]
fn dialled_through_g711_at_every_level() {
    use crate::g711::Law;
    let number = "0123456789*#ABCD";
    for law in [Law::A, Law::Mu] {
        for dbm0 in [-3_i8, -10, -20, -30, -34] {
            let mut heard = String::new();
            let mut receiver = DtmfReceiver::new();
            for label in number.chars() {
                // 50 ms on, 50 ms off, with the sender's own ramps.
                let mut samples = [0_i16; 800];
                DtmfSender::new(digit(label), 50, dbm0 - 2, dbm0).fill(&mut samples);
                let coded = samples.map(|s| f32::from(law.decode(law.encode(s))));
                receiver.feed(&coded, |key| {
                    if let Key::Pressed(digit) = key {
                        heard.push(digit.to_char());
                    }
                });
            }
            assert_eq!(heard, number, "{law:?} {dbm0} dBm0");
        }
    }
}

#[test]
fn a_key_is_told_within_fifty_milliseconds() {
    let mut samples = [0_i16; 1_600];
    DtmfSender::new(digit('7'), 200, -11, -9).fill(&mut samples);
    let mut receiver = DtmfReceiver::new();
    let told = samples.chunks(8).position(|ms| {
        let block: Vec<f32> = ms.iter().map(|&s| f32::from(s)).collect();
        let mut found = false;
        receiver.feed(&block, |_| found = true);
        found
    });
    assert!(told.is_some_and(|ms| ms <= 50), "{told:?} ms");
}

#[test]
fn what_is_not_measured_would_not_be_heard() {
    let mut noise = Noise(2_026);
    let mut samples = Vec::new();
    for (at, label) in "0123456789*#ABCD".chars().cycle().take(96).enumerate() {
        babble(&mut noise, &mut samples);
        let press = Press {
            digit: label,
            on_ms: 34.0 + (at % 40) as f32,
            low_dbm0: noise.range(-40.0, -5.0),
            high_dbm0: noise.range(-40.0, -5.0),
            low_off: noise.range(-0.03, 0.03),
            high_off: noise.range(-0.03, 0.03),
            noise_dbm0: -45,
            ..GOOD
        };
        sound(press, &mut noise, &mut samples);
    }
    let (mut sparing, mut thorough) = (DtmfReceiver::new(), DtmfReceiver::new());
    let (mut some, mut all) = (Vec::new(), Vec::new());
    for block in samples.chunks(17) {
        sparing.feed(block, |key| some.push(key));
        thorough.measure_every_hop();
        thorough.feed(block, |key| all.push(key));
    }
    assert_eq!(some, all);
    assert!(all.len() > 20, "{}", all.len());
}

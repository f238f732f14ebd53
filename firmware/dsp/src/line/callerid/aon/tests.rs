use model::{Absence, CallerField, CallerInfo, CallerText};
use proptest::prelude::*;

use super::*;
use crate::TICK_SAMPLES;
use crate::g711::Law;
use crate::level::power_of;
use crate::sine::Sine;

fn caller(number: &str) -> CallerInfo {
    CallerInfo {
        number: CallerField::Text(CallerText::fitting(number)),
        ..CallerInfo::default()
    }
}

/// What the exchange sends, after `before` samples of silence.
fn packet(number: &str, dbm0: i8, before: usize) -> Vec<i16> {
    let mut sender = AonSender::new(&caller(number), dbm0).expect("has digits");
    let mut sound = vec![0; before];
    while !sender.is_over() {
        let mut one = [0];
        sender.fill(&mut one);
        sound.extend(one);
    }
    sound.extend([0; 800]);
    sound
}

/// These codes with a frequency, a level of either tone and a length of each of its own.
fn codes(codes: &[Code], hz: f32, dbm0: [i16; 2], code_samples: usize) -> Vec<i16> {
    let mut sines = HZ.map(|tone| Sine::new(tone * hz));
    let peaks = dbm0.map(crate::level::peak_of);
    let mut sound = vec![0; 123];
    for code in codes {
        for _ in 0..code_samples {
            let values = sines.each_mut().map(Sine::next);
            let [low, high] = code.tones();
            sound.push((values[low] * peaks[0] + values[high] * peaks[1]) as i16);
        }
    }
    sound.extend([0; 800]);
    sound
}

fn news(sound: &[i16]) -> Vec<(CallerInfo, i8)> {
    let mut receiver = AonReceiver::new();
    sound
        .chunks(TICK_SAMPLES)
        .filter_map(|block| {
            let sound: Vec<f32> = block.iter().map(|&sample| f32::from(sample)).collect();
            receiver.feed(&sound)
        })
        .collect()
}

fn numbers(sound: &[i16]) -> Vec<String> {
    let text = |(info, _): (CallerInfo, i8)| match info.number {
        CallerField::Text(text) => text.as_str().to_owned(),
        other => format!("{other:?}"),
    };
    news(sound).into_iter().map(text).collect()
}

/// Every number heard is this one, and there is one.
fn must_read(sound: &[i16], number: &str, what: &str) {
    let heard = numbers(sound);
    assert!(!heard.is_empty(), "{what}: {number} is not heard");
    assert!(
        heard.iter().all(|heard| heard == number),
        "{what}: {number} {heard:?}"
    );
}

fn noise(sound: &mut [i16], dbm0: i16, mut seed: u32) {
    let peak = (3.0 * power_of(dbm0)).sqrt();
    for sample in sound {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let uniform = (seed >> 8) as f32 / 8_388_608.0 - 1.0;
        *sample = (f32::from(*sample) + uniform * peak) as i16;
    }
}

const NUMBERS: [&str; 8] = [
    "1234567", "7654321", "2345678", "9081726", "1111111", "2211334", "5550000", "1000001",
];

/// Category, units … millions, as the exchange counts them.
fn round(number: [u8; 7], category: u8) -> Vec<Code> {
    let mut body = vec![category];
    body.extend(number.iter().rev());
    let mut all = vec![Code::Begin];
    for (at, &digit) in body.iter().enumerate() {
        let repeats = at > 0 && body[at - 1] == digit && all.last() != Some(&Code::Repeat);
        all.push(if repeats {
            Code::Repeat
        } else {
            Code::Digit(digit)
        });
    }
    all
}

#[test]
fn every_number_is_read_wherever_the_grid_of_blocks_lies() {
    for number in NUMBERS {
        for before in (0..320).step_by(7) {
            let sound = packet(number, -7, before);
            assert_eq!(sound.len(), before + 28 * 320 + 800, "about a second");
            must_read(&sound, number, &before.to_string());
        }
    }
}

#[test]
fn the_packet_is_as_the_exchange_sends_it() {
    // Begin, category 1, the last digit first; two equal ones are "repeat".
    let sound = packet("2344567", -7, 0);
    let wanted = [
        [1_100, 1_700],
        [700, 900],
        [700, 1_500],
        [1_100, 1_300],
        [900, 1_300],
        [700, 1_300],
        [1_300, 1_700],
        [900, 1_100],
        [700, 1_100],
        [1_100, 1_700],
    ];
    for (code, pair) in sound.chunks(320).zip(wanted) {
        let block: Vec<f32> = code.iter().map(|&sample| f32::from(sample)).collect();
        let powers = crate::goertzel::Goertzel::new(HZ)
            .measure(&block)
            .map(crate::goertzel::Bin::power);
        for (hz, power) in HZ.iter().zip(powers) {
            let level = crate::level::power_dbm0(power * 2.0 / (320.0 * 320.0));
            let sounds = pair.contains(&(*hz as i32));
            assert!(
                if sounds {
                    (level + 7.0).abs() < 0.3
                } else {
                    level < -40.0
                },
                "{pair:?} {hz}: {level}"
            );
        }
    }
}

#[test]
fn noise_twist_level_and_frequency_do_not_matter() {
    for (seed, number) in (1_u32..).zip(NUMBERS) {
        let digits = number.bytes().map(|octet| octet - b'0').collect::<Vec<_>>();
        let digits = digits.try_into().expect("seven");
        let all = round(digits, 3).repeat(3);
        for (hz, levels) in [
            (1.0, [-7, -7]),
            (1.01, [-7, -7]),
            (0.99, [-7, -7]),
            (1.0, [-7, -13]),
            (1.0, [-13, -7]),
            (1.01, [-10, -16]),
            (0.99, [-16, -10]),
            (1.0, [-8, -8]),
            (1.0, [-33, -33]),
            (1.0, [-31, -37]),
        ] {
            for length in [312, 320, 328] {
                let mut sound = codes(&all, hz, levels, length);
                let loudest = levels[0].max(levels[1]);
                noise(&mut sound, loudest - 20, seed);
                let law = Law::A;
                for sample in &mut sound {
                    *sample = law.decode(law.encode(*sample));
                }
                must_read(&sound, number, &format!("{hz} {levels:?} {length}"));
            }
        }
    }
}

#[test]
fn its_level_is_told() {
    for dbm0 in [-5, -7, -20, -33] {
        let sound = packet("2345678", dbm0, 50);
        for (_, told) in news(&sound) {
            // Both tones together.
            assert!((told - dbm0 - 3).abs() <= 1, "{dbm0}: {told}");
        }
    }
}

#[test]
fn a_packet_may_begin_anywhere_and_is_never_read_wrongly_when_cut() {
    for number in NUMBERS {
        let whole = packet(number, -7, 0);
        for from in (0..2_880).step_by(111) {
            must_read(&whole[from..], number, &format!("from {from}"));
        }
        // What lacks an end, or is one code short, is nothing.
        for to in (0..2_880).step_by(53) {
            assert_eq!(
                numbers(&whole[..to]),
                Vec::<String>::new(),
                "{number} to {to}"
            );
        }
        for lost in 0..27 {
            let mut short = whole.clone();
            short.drain(320 * lost..320 * (lost + 1));
            let heard = numbers(&short);
            assert!(
                heard.iter().all(|heard| heard == number),
                "{lost}: {heard:?}"
            );
            let mut silent = whole.clone();
            silent[320 * lost..320 * (lost + 1)].fill(0);
            let heard = numbers(&silent);
            assert!(
                heard.iter().all(|heard| heard == number),
                "{lost}: {heard:?}"
            );
        }
    }
}

#[test]
fn a_repeat_may_follow_itself_and_a_digit_may_not() {
    use Code::{Begin, Digit, Repeat};
    let with = |codes_of: &[Code]| numbers(&codes(codes_of, 1.0, [-7, -7], 320));
    let [two, three] = [Digit(2), Digit(3)];
    let repeats = [
        Begin,
        Digit(1),
        two,
        Repeat,
        Repeat,
        three,
        two,
        three,
        two,
        Begin,
    ];
    assert_eq!(with(&repeats), ["2323222"]);
    let twice = [
        Begin,
        Digit(1),
        two,
        two,
        three,
        two,
        three,
        two,
        three,
        Begin,
    ];
    assert_eq!(with(&twice), Vec::<String>::new());
    let lonely = [
        Begin, Repeat, two, three, two, three, two, three, two, Begin,
    ];
    assert_eq!(with(&lonely), Vec::<String>::new());
    let long = [
        Begin,
        Digit(1),
        two,
        three,
        two,
        three,
        two,
        three,
        two,
        three,
        Begin,
    ];
    assert_eq!(with(&long), Vec::<String>::new());
}

#[test]
fn an_exchange_that_does_not_know_says_so_with_zeros() {
    let sound = packet("0", -7, 10);
    let all = news(&sound);
    assert!(!all.is_empty());
    for (info, _) in all {
        assert_eq!(info.number, CallerField::Absent(Absence::Unavailable));
    }
    assert!(AonSender::new(&caller("withheld"), -7).is_none());
    assert!(AonSender::new(&CallerInfo::default(), -7).is_none());
}

/// Speech-like: a buzz of changing pitch through changing formants, noise between; and noise, keys and music.
fn chatter(seconds: usize, mut seed: u32) -> Vec<i16> {
    let mut random = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / 16_777_216.0
    };
    let mut sound = Vec::with_capacity(seconds * 8_000);
    while sound.len() < seconds * 8_000 {
        let length = 200 + (random() * 1_400.0) as usize;
        let voiced = random() < 0.7;
        let pitch = 80.0 + 220.0 * random();
        let peak = 500.0 + 12_000.0 * random();
        let mut sines: Vec<(Sine, f32)> = (1_u8..16)
            .map(|n| (Sine::new(pitch * f32::from(n)), random() * random()))
            .collect();
        for _ in 0..length {
            let value: f32 = if voiced {
                sines
                    .iter_mut()
                    .map(|(sine, part)| sine.next() * *part)
                    .sum::<f32>()
                    / 3.0
            } else {
                random() - 0.5
            };
            sound.push((value * peak) as i16);
        }
    }
    sound
}

#[test]
fn speech_keys_and_tones_are_no_packet() {
    assert_eq!(news(&chatter(600, 3)), Vec::new());
    let mut keys = Vec::new();
    for event in 0..16 {
        let digit = model::Digit::from_event(event).expect("a key");
        let mut block = [0; 320];
        crate::dtmf::DtmfSender::new(digit, 40, -9, -11).fill(&mut block);
        keys.extend(block);
    }
    assert_eq!(news(&keys.repeat(20)), Vec::new());
    // Right tones at random times.
    let mut seed = 5_u32;
    let mut melody = Vec::new();
    for _ in 0..4_000 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (code, _) = Code::ALL[(seed >> 16) as usize % 12];
        let length = 60 + (seed >> 20) as usize % 900;
        melody.extend(codes(&[code], 1.0, [-7, -7], length).into_iter().skip(123));
        melody.truncate(melody.len() - 800);
    }
    let heard = news(&melody).len();
    assert!(heard == 0, "{heard}");
}

/// A request answered by an exchange: what was told, how often it was asked, and when it was over, in ms.
fn asked(mut answer: impl FnMut(u32) -> Option<Vec<i16>>) -> (Option<String>, u32, usize) {
    let mut request = AonRequest::new(-5);
    let (mut line, mut told, mut asked) = (Vec::new(), None, 0);
    for block in 0.. {
        let mut out = [0; TICK_SAMPLES];
        request.fill(&mut out);
        let sounds = out.iter().any(|&sample| sample != 0);
        let before = asked;
        let rest: Vec<i16> = line.drain(..TICK_SAMPLES.min(line.len())).collect();
        let mut rx = [0; TICK_SAMPLES];
        rx[..rest.len()].copy_from_slice(&rest);
        // The hybrid sends the request back.
        for (rx, tx) in rx.iter_mut().zip(out) {
            *rx += tx / 4;
        }
        request.hear(&rx, |news| match news {
            AonNews::Requests => asked += 1,
            AonNews::Told(info, _) => told = info.number.text().map(str::to_owned),
        });
        assert!(!sounds || asked > 0, "nothing sounds before the request");
        if asked > before {
            line = answer(asked).unwrap_or(line);
        }
        if request.ended().is_some() {
            assert_eq!(request.ended(), Some(told.is_some()));
            return (told, asked, 10 * (block + 1));
        }
    }
    unreachable!("it ends")
}

#[test]
fn the_request_is_half_a_kilohertz_for_a_tenth_of_a_second_a_quarter_after_lifting() {
    let mut request = AonRequest::new(-5);
    let mut sound = vec![0; 8_000];
    request.fill(&mut sound);
    let first = sound
        .iter()
        .position(|&sample| sample != 0)
        .expect("it sounds");
    assert!((8 * 250..8 * 275).contains(&first), "{first}");
    let silence = sound[first..]
        .windows(80)
        .position(|ten| ten.iter().all(|&s| s == 0));
    let length = silence.expect("it ends");
    assert!((8 * 95..8 * 105).contains(&length), "{length}");
    let block: Vec<f32> = sound[first + 80..first + 720]
        .iter()
        .map(|&s| f32::from(s))
        .collect();
    let [bin] = crate::goertzel::Goertzel::new([500.0]).measure(&block);
    let level = crate::level::power_dbm0(bin.power() * 2.0 / (640.0 * 640.0));
    assert!((level + 5.0).abs() < 0.3, "{level}");
}

#[test]
fn an_exchange_that_answers_is_heard_and_one_that_does_not_is_asked_three_times() {
    // The answer begins after the request and up to 300 ms later, and anywhere in a round.
    for late_ms in [0, 100, 200, 300] {
        for from in (0..2_880).step_by(320) {
            let answers = |_| {
                let mut line = vec![0; 8 * (100 + late_ms)];
                line.extend(&packet("2345678", -10, 0)[from..]);
                Some(line)
            };
            let (told, times, over) = asked(answers);
            assert_eq!(
                (told.as_deref(), times),
                (Some("2345678"), 1),
                "{late_ms} {from}"
            );
            assert!(over < 1_700, "{over}");
        }
    }
    for deaf in 1..3 {
        let answers = |times| (times > deaf).then(|| packet("7654321", -20, 8 * 250));
        let (told, times, over) = asked(answers);
        assert_eq!((told.as_deref(), times), (Some("7654321"), deaf + 1));
        assert!(over < 2_800, "{over}");
    }
    let (told, times, over) = asked(|_| None);
    assert_eq!((told, times), (None, 3));
    assert!(over < 2_000, "{over}");
    // Somebody speaks all the while: it does not take for ever.
    let (told, times, over) = asked(|times| Some(chatter(4, times)));
    assert_eq!((told, times <= 3), (None, true));
    assert!(over <= 2_810, "{over}");
    // Tones that are never a packet.
    let endless = || {
        codes(
            &[Code::Digit(1), Code::Digit(2)].repeat(60),
            1.0,
            [-7, -7],
            320,
        )
    };
    let (told, _, over) = asked(|_| Some(endless()));
    assert_eq!(told, None);
    assert!(over <= 2_810, "{over}");
}

proptest! {
    #[test]
    fn any_number_of_any_category_is_read(number in any::<[u8; 7]>(), category in 0_u8..10, before in 0_usize..400) {
        let number = number.map(|digit| digit % 10);
        prop_assume!(number != [0; 7]);
        let mut sound = vec![0; before];
        sound.extend(codes(&round(number, category).repeat(3), 1.0, [-9, -9], 320));
        let text: String = number.iter().map(|&digit| char::from(digit + b'0')).collect();
        let heard = numbers(&sound);
        prop_assert!(!heard.is_empty());
        prop_assert!(heard.iter().all(|heard| *heard == text), "{} {:?}", text, heard);
    }
}

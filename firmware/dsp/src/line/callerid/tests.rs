use model::Digit;
use model::{Absence, CallType, CallerField, CallerIdScheme, CallerInfo, CallerStamp, CallerText};
use proptest::prelude::*;

use super::*;
use crate::TICK_SAMPLES;
use crate::level::{power_of, rms_dbm0};

const ALL: [CallerIdScheme; 11] = [
    CallerIdScheme::Bellcore,
    CallerIdScheme::BellcoreSingle,
    CallerIdScheme::EtsiRing,
    CallerIdScheme::EtsiAlert,
    CallerIdScheme::EtsiPulse,
    CallerIdScheme::EtsiReversal,
    CallerIdScheme::BtSin227,
    CallerIdScheme::DtmfAbdc,
    CallerIdScheme::DtmfHash,
    CallerIdScheme::DtmfDc,
    CallerIdScheme::Ntt,
];

fn text(text: &str) -> CallerText {
    CallerText::new(text.as_bytes()).expect("printable")
}

fn jan() -> CallerInfo {
    CallerInfo {
        when: Some(CallerStamp {
            month: 11,
            day: 22,
            hour: 9,
            minute: 5,
        }),
        number: CallerField::Text(text("0223456789")),
        name: CallerField::Text(text("Jan Kowalski")),
        call_type: Some(CallType::Voice),
        ..CallerInfo::default()
    }
}

/// What of `info` the scheme carries.
fn carried(info: &CallerInfo, scheme: CallerIdScheme) -> CallerInfo {
    let number_only = CallerInfo {
        number: info.number,
        ..CallerInfo::default()
    };
    match scheme {
        CallerIdScheme::BellcoreSingle => CallerInfo {
            when: info.when,
            ..number_only
        },
        CallerIdScheme::DtmfAbdc
        | CallerIdScheme::DtmfHash
        | CallerIdScheme::DtmfDc
        | CallerIdScheme::Ntt => number_only,
        _ => *info,
    }
}

fn sound_of(info: &CallerInfo, scheme: CallerIdScheme, dbm0: i8) -> Vec<i16> {
    let mut sender = CallerIdSender::new(info, scheme, dbm0).expect("has a sound");
    let mut out = vec![0; 800];
    while !sender.is_over() {
        let mut block = [0; TICK_SAMPLES];
        sender.fill(&mut block);
        out.extend(block);
    }
    out.extend([0; 8_000]);
    out
}

fn news_of(sound: &[i16]) -> Vec<CallerNews> {
    let mut receiver = CallerIdReceiver::new();
    let mut all = Vec::new();
    for block in sound.chunks(TICK_SAMPLES) {
        receiver.feed(block, |news| all.push(news));
    }
    all
}

/// What is heard, whatever its level.
fn heard(sound: &[i16]) -> Vec<CallerNews> {
    news_of(sound).into_iter().map(level_aside).collect()
}

fn level_aside(news: CallerNews) -> CallerNews {
    match news {
        CallerNews::Info { info, .. } => whole(info),
        other => other,
    }
}

fn whole(info: CallerInfo) -> CallerNews {
    CallerNews::Info { info, dbm0: 0 }
}

fn noise(sound: &mut [i16], dbm0: f32, mut seed: u32) {
    let rms = power_of(0).sqrt() * 10_f32.powf(dbm0 / 20.0);
    for sample in sound {
        let mut sum = 0.0;
        for _ in 0..4 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            sum += (seed >> 8) as f32 / 8_388_608.0 - 1.0;
        }
        *sample = (f32::from(*sample) + sum * 0.866 * rms) as i16;
    }
}

/// A line that passes high frequencies more or less by about `db` per kHz.
fn tilted(sound: &[i16], db: f32) -> Vec<i16> {
    let slope = 10_f32.powf(db / 20.0);
    // One zero: |1 + a·z⁻¹| at 1.2 and 2.2 kHz differs by about what is wanted.
    let a = -(slope - 1.0) / (slope + 1.0) * 1.6;
    let mut last = 0.0;
    sound
        .iter()
        .map(|&sample| {
            let now = f32::from(sample);
            let out = (now + a * last) / (1.0 + a.abs());
            last = now;
            out as i16
        })
        .collect()
}

/// As a card whose clock differs by so many parts in a thousand hears it.
fn drifted(sound: &[i16], per_mille: f64) -> Vec<i16> {
    let step = 1.0 + per_mille / 1_000.0;
    let count = (sound.len() as f64 / step) as usize - 1;
    let sample = |n: usize| {
        let at = n as f64 * step;
        let (here, part) = (at as usize, at.fract());
        let (a, b) = (f64::from(sound[here]), f64::from(sound[here + 1]));
        (a + (b - a) * part) as i16
    };
    (0..count).map(sample).collect()
}

#[test]
fn every_scheme_is_read_back() {
    for scheme in ALL {
        let found = heard(&sound_of(&jan(), scheme, -14));
        assert_eq!(found, [whole(carried(&jan(), scheme))], "{scheme:?}");
    }
}

#[test]
fn the_level_of_the_data_is_told() {
    for scheme in ALL {
        let level = |sent: i8| match news_of(&sound_of(&jan(), scheme, sent))[..] {
            [CallerNews::Info { dbm0, .. }] => dbm0,
            ref other => panic!("{scheme:?}: {other:?}"),
        };
        let (loud, soft) = (level(-9), level(-27));
        assert!(
            loud.abs_diff(soft).abs_diff(18) <= 1,
            "{scheme:?}: {loud} {soft}"
        );
        if keys_of(scheme).is_none() {
            assert!((-10..=-8).contains(&loud), "{scheme:?}: {loud}");
        }
    }
}

#[test]
fn noise_level_twist_and_clock_do_no_harm() {
    for scheme in ALL {
        for dbm0 in [-5, -14, -25, -33] {
            for tilt in [-7.0, 0.0, 7.0] {
                for clock in [-9.0, 0.0, 9.0] {
                    let modem = keys_of(scheme).is_none();
                    // Keys have a smaller tolerance of their own (Q.24).
                    let (tilt, clock) = if modem {
                        (tilt, clock)
                    } else {
                        (tilt / 4.0, 0.0)
                    };
                    let mut line = drifted(&tilted(&sound_of(&jan(), scheme, dbm0), tilt), clock);
                    let level = rms_dbm0(&line[1_600..line.len() - 9_600]);
                    noise(&mut line, level - 20.0, 7);
                    let found = heard(&line);
                    let wanted = [whole(carried(&jan(), scheme))];
                    assert_eq!(found, wanted, "{scheme:?} {dbm0} {tilt} {clock}");
                }
            }
        }
    }
}

fn keys_of(scheme: CallerIdScheme) -> Option<CallerText> {
    keys::encode(&jan(), scheme)
}

#[test]
fn every_word_of_a_message_is_carried() {
    let whole = CallerInfo {
        dialled: Some(text("2005")),
        redirecting: Some(text("+48224455")),
        messages: Some(3),
        ..jan()
    };
    let lamp = CallerInfo {
        waiting: Some(false),
        messages: Some(0),
        call_type: Some(CallType::MessageWaiting),
        ..CallerInfo::default()
    };
    let hidden = CallerInfo {
        number: CallerField::Absent(Absence::Private),
        name: CallerField::Absent(Absence::Unavailable),
        ..CallerInfo::default()
    };
    for info in [whole, lamp, hidden] {
        assert_eq!(decode(encode(&info).octets()), Ok(info));
    }
    let on = CallerInfo {
        waiting: Some(true),
        ..CallerInfo::default()
    };
    assert_eq!(encode_single(&on).octets(), [6, 3, 0x42, 0x42, 0x42, 0x31]);
    assert_eq!(decode(encode_single(&on).octets()), Ok(on));
    for why in [Absence::Private, Absence::Unavailable] {
        let info = CallerInfo {
            when: jan().when,
            number: CallerField::Absent(why),
            ..CallerInfo::default()
        };
        assert_eq!(decode(encode_single(&info).octets()), Ok(info));
        assert_eq!(
            ntt::decode(ntt::encode(&info).octets()),
            Ok(carried(&info, CallerIdScheme::Ntt))
        );
    }
}

/// Octets as GR-30-CORE's own example of a call set-up has them.
#[test]
fn known_octets_are_read() {
    let single = b"\x04\x1209302015\x33\x30\x38\x35\x35\x35\x31\x32\x31\x32";
    let mut octets = single.to_vec();
    octets.push(frame::checksum(single));
    let info = decode(&octets).expect("a message");
    assert_eq!(info.number.text(), Some("3085551212"));
    let when = info.when.expect("a date");
    assert_eq!(
        (when.month, when.day, when.hour, when.minute),
        (9, 30, 20, 15)
    );
}

#[test]
fn keys_say_what_is_missing() {
    let with = |number| CallerInfo {
        number,
        ..CallerInfo::default()
    };
    let private = with(CallerField::Absent(Absence::Private));
    let unknown = with(CallerField::Absent(Absence::Unavailable));
    let shown = |info: &CallerInfo, scheme| {
        let keys = keys::encode(info, scheme).expect("keys");
        assert_eq!(keys::decode(keys.as_bytes()).as_ref(), Some(info));
        keys.as_str().to_owned()
    };
    assert_eq!(shown(&private, CallerIdScheme::DtmfAbdc), "B10C");
    assert_eq!(shown(&unknown, CallerIdScheme::DtmfAbdc), "B00C");
    assert_eq!(shown(&private, CallerIdScheme::DtmfHash), "D1#");
    assert_eq!(shown(&unknown, CallerIdScheme::DtmfHash), "D2#");
    assert_eq!(shown(&unknown, CallerIdScheme::DtmfDc), "DC");
    let sent_on = CallerInfo {
        redirecting: Some(text("4412")),
        ..with(CallerField::Text(text("0031201234")))
    };
    assert_eq!(
        shown(&sent_on, CallerIdScheme::DtmfAbdc),
        "A0031201234D4412C"
    );
    assert_eq!(
        keys::decode(b"0201234567#").map(|info| info.number),
        Some(CallerField::Text(text("0201234567")))
    );
    for nonsense in [&b"#"[..], b"", b"C", b"**1C", b"D9#", b"A1*2C"] {
        assert_eq!(keys::decode(nonsense), None, "{nonsense:?}");
    }
}

#[test]
fn the_alert_tone_is_heard_and_nothing_else_is() {
    for dbm0 in [-10, -20, -33] {
        for ms in [76, 82, 100, 108] {
            for offset in [0, 23, 51] {
                let mut sound = vec![0; 400 + offset];
                let mut tone = vec![0; ms * 8];
                AlertSender::new(ms as u16, dbm0).fill(&mut tone);
                sound.extend(tone);
                sound.extend([0; 1_600]);
                noise(&mut sound, f32::from(dbm0) - 20.0, 3);
                assert_eq!(
                    heard(&sound),
                    [CallerNews::AlertTone],
                    "{dbm0} {ms} {offset}"
                );
            }
        }
    }
    let mut long = vec![0; 4_000];
    AlertSender::new(500, -15).fill(&mut long);
    long.extend([0; 1_600]);
    assert_eq!(heard(&long), []);
}

#[test]
fn a_set_in_a_call_is_asked_and_told() {
    for (scheme, answer, told) in [
        (CallerIdScheme::Bellcore, Some('D'), true),
        (CallerIdScheme::EtsiRing, Some('A'), true),
        (CallerIdScheme::EtsiRing, Some('5'), false),
        (CallerIdScheme::EtsiRing, None, false),
    ] {
        let mut sender = CallWaitingSender::new(&jan(), scheme, -14);
        let mut receiver = CallerIdReceiver::new();
        let mut all = Vec::new();
        let mut blocks = 0;
        while sender.ended().is_none() {
            let mut block = [0; TICK_SAMPLES];
            sender.fill(&mut block);
            receiver.feed(&block, |news| all.push(news));
            blocks += 1;
            // The set answers 60 ms after the tone.
            if blocks == 18
                && let Some(key) = answer
            {
                sender.pressed(Digit::from_char(key).expect("a key"));
            }
        }
        receiver.feed(&[0; TICK_SAMPLES], |news| all.push(news));
        assert_eq!(sender.ended(), Some(told), "{answer:?}");
        let mut wanted = vec![CallerNews::AlertTone];
        wanted.extend(told.then_some(whole(jan())));
        let all: Vec<_> = all.into_iter().map(level_aside).collect();
        assert_eq!(all, wanted, "{answer:?}");
    }
}

#[test]
fn a_torn_message_is_told_as_spoiled() {
    let whole = sound_of(&jan(), CallerIdScheme::EtsiRing, -14);
    let octets = encode(&jan()).octets().len();
    let torn = 800 + (480 + octets * 7) * 80 / 12;
    let mut sound = whole[..torn].to_vec();
    sound.extend([0; 4_000]);
    assert_eq!(heard(&sound), [CallerNews::Spoiled]);
    let mut hit = whole;
    for sample in &mut hit[torn..torn + 60] {
        *sample = 0;
    }
    assert_eq!(heard(&hit), [CallerNews::Spoiled]);
}

fn any_text() -> impl Strategy<Value = CallerText> {
    "[ -~]{1,50}".prop_map(|text| CallerText::fitting(&text))
}

fn any_field() -> impl Strategy<Value = CallerField> {
    prop_oneof![
        Just(CallerField::None),
        Just(CallerField::Absent(Absence::Private)),
        Just(CallerField::Absent(Absence::Unavailable)),
        any_text().prop_map(CallerField::Text),
    ]
}

fn any_info() -> impl Strategy<Value = CallerInfo> {
    let stamp = (1..=12_u8, 1..=31_u8, 0..24_u8, 0..60_u8);
    let stamp = stamp.prop_map(|(month, day, hour, minute)| CallerStamp {
        month,
        day,
        hour,
        minute,
    });
    (
        proptest::option::of(stamp),
        any_field(),
        any_field(),
        proptest::option::of(any_text()),
        proptest::option::of(any_text()),
        proptest::option::of(any::<bool>()),
        proptest::option::of(any::<u8>()),
    )
        .prop_map(
            |(when, number, name, dialled, redirecting, waiting, messages)| CallerInfo {
                when,
                number,
                name,
                dialled,
                redirecting,
                waiting,
                messages,
                ..CallerInfo::default()
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_message_comes_back(info in any_info(), bell in any::<bool>()) {
        prop_assert_eq!(decode(encode(&info).octets()), Ok(info));
        let scheme = if bell { CallerIdScheme::Bellcore } else { CallerIdScheme::BtSin227 };
        prop_assert_eq!(heard(&sound_of(&info, scheme, -14)), [whole(info)]);
    }

    #[test]
    fn any_octets_are_borne(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut closed = octets.clone();
        closed.push(frame::checksum(&octets));
        let _ = decode(&octets);
        let _ = decode(&closed);
        let _ = ntt::decode(&octets);
        let _ = keys::decode(&octets);
        let mut frame = Frame::new();
        frame.extend(&octets);
        let mut sender = ModemSender::new(Modem::V23, Preamble::CALL_WAITING, frame, -10);
        let mut sound = vec![0; 24_000];
        sender.fill(&mut sound);
        prop_assert!(heard(&sound).len() <= octets.len());
    }

    #[test]
    fn any_sound_is_borne(sound in proptest::collection::vec(any::<i16>(), 0..4_000)) {
        prop_assert!(heard(&sound).is_empty());
    }
}

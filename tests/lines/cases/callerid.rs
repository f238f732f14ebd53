//! Caller ID of every country, and what programs of others make of it and send us.

use config::{Country, CountryCode};
use dsp::TICK_SAMPLES;
use dsp::dtmf::DtmfSender;
use dsp::g711::Law;
use dsp::line::callerid::{
    self, AonReceiver, CallerIdReceiver, CallerIdSender, CallerNews, Frame, Modem, ModemSender,
    Preamble,
};
use model::{CallType, CallerField, CallerIdScheme, CallerInfo, CallerStamp, CallerText, Digit};
use tests_lines::{
    Random, dbm0, minimodem_reads, minimodem_says, multimon_reads, noisy, scaled, spandsp, through,
};

const BELL: &[&str] = &["--ascii", "-M", "1200", "-S", "2200", "1200"];
const V23: &[&str] = &["--ascii", "-M", "1300", "-S", "2100", "1200"];

fn jan() -> CallerInfo {
    CallerInfo {
        when: Some(CallerStamp {
            month: 11,
            day: 22,
            hour: 9,
            minute: 5,
        }),
        number: CallerField::Text(CallerText::fitting("0223456789")),
        name: CallerField::Text(CallerText::fitting("Jan Kowalski")),
        call_type: Some(CallType::Voice),
        ..CallerInfo::default()
    }
}

fn sound(scheme: CallerIdScheme, dbm0: i8) -> Vec<i16> {
    let mut sender = CallerIdSender::new(&jan(), scheme, dbm0).expect("has a sound");
    let mut out = vec![0; 1_600];
    while !sender.is_over() {
        let mut block = [0; TICK_SAMPLES];
        sender.fill(&mut block);
        out.extend(block);
    }
    out.extend([0; 8_000]);
    out
}

fn heard(sound: &[i16]) -> Vec<CallerNews> {
    let mut receiver = CallerIdReceiver::new();
    let mut all = Vec::new();
    for block in sound.chunks(TICK_SAMPLES) {
        receiver.feed(block, |news| all.push(news));
    }
    all
}

/// Three ways of telling a number, in every country, over its law, twist, level and 20 dB of noise.
#[test]
fn every_country_is_read_back() {
    let mut random = Random::new(4);
    for code in CountryCode::all() {
        let country = Country::load(code);
        let law = Law::of(country.law).expect("countries have G.711");
        let own = country.caller_id.iter().copied();
        let three = [
            CallerIdScheme::Bellcore,
            CallerIdScheme::EtsiRing,
            CallerIdScheme::DtmfAbdc,
        ];
        for scheme in three
            .into_iter()
            .chain(own)
            .filter(|scheme| *scheme != CallerIdScheme::Aon)
        {
            for (level, db) in [(-14, 0.0), (-14, 1.0), (-14, -1.0), (-30, 0.0)] {
                // Ten per cent louder or softer, and a line that tilts by as much.
                let tilted = tilted(&scaled(&sound(scheme, level), db), db * 0.1);
                let strength = dbm0(&tilted[1_600..tilted.len() - 8_000]);
                let line = through(law, &noisy(&tilted, strength - 20.0, &mut random));
                let found = heard(&line);
                let [CallerNews::Info { info, .. }] = found[..] else {
                    panic!("{code} {scheme:?} {level} {db}: {found:?}");
                };
                assert_eq!(info.number, jan().number, "{code} {scheme:?}");
            }
        }
    }
}

/// Countries whose old exchanges are asked: seven digits, over the country's law, twist, level and 20 dB of noise.
#[test]
fn what_exchanges_with_aon_answer_is_read_back() {
    let mut random = Random::new(6);
    let asks = |country: &Country| country.caller_id.contains(&CallerIdScheme::Aon);
    let countries: Vec<_> = CountryCode::all().map(Country::load).filter(asks).collect();
    assert_eq!(countries.len(), 2);
    for country in countries {
        let law = Law::of(country.law).expect("countries have G.711");
        for (level, db) in [(-7, 0.0), (-7, 4.0), (-7, -4.0), (-30, 0.0)] {
            let tilted = tilted(&sound(CallerIdScheme::Aon, level), db * 0.1);
            let strength = dbm0(&tilted[1_600..tilted.len() - 8_000]);
            let line = through(law, &noisy(&tilted, strength - 20.0, &mut random));
            let mut receiver = AonReceiver::new();
            let told: Vec<_> = line
                .chunks(TICK_SAMPLES)
                .filter_map(|block| {
                    let block: Vec<f32> = block.iter().map(|&sample| f32::from(sample)).collect();
                    receiver.feed(&block)
                })
                .map(|(info, _)| info.number)
                .collect();
            assert!(!told.is_empty(), "{level} {db}");
            let wanted = CallerField::Text(CallerText::fitting("3456789"));
            assert!(told.iter().all(|number| *number == wanted), "{told:?}");
        }
    }
}

/// One zero, which tilts the line.
fn tilted(sound: &[i16], zero: f32) -> Vec<i16> {
    let mut last = 0.0;
    let mut next = |sample: &i16| {
        let now = f32::from(*sample);
        let out = (now + zero * last) / (1.0 + zero.abs());
        last = now;
        out as i16
    };
    sound.iter().map(&mut next).collect()
}

#[test]
fn minimodem_reads_what_we_send() {
    let wanted = callerid::encode(&jan());
    for (scheme, settings) in [
        (CallerIdScheme::Bellcore, BELL),
        (CallerIdScheme::EtsiRing, V23),
        (CallerIdScheme::BtSin227, V23),
    ] {
        let read = minimodem_reads(&sound(scheme, -14), settings);
        let found = read
            .windows(wanted.octets().len())
            .any(|part| part == wanted.octets());
        assert!(found, "{scheme:?}: {read:02x?}");
    }
}

#[test]
fn we_read_what_minimodem_sends() {
    let frame = callerid::encode(&jan());
    for settings in [BELL, V23] {
        let sent = minimodem_says(frame.octets(), settings);
        assert!(sent.len() > 1_000, "{} samples", sent.len());
        let mut line = scaled(&sent, -14.0 - dbm0(&sent));
        line.extend([0; 4_000]);
        // It has a leader of its own; marks before it make sure that ours is long enough.
        let mut marks = ModemSender::new(
            if settings == BELL {
                Modem::Bell202
            } else {
                Modem::V23
            },
            Preamble::ON_HOOK,
            Frame::new(),
            -14,
        );
        let mut whole = vec![0; 3_200];
        marks.fill(&mut whole);
        whole.extend(line);
        let [CallerNews::Info { info, dbm0 }] = heard(&whole)[..] else {
            panic!("{settings:?}");
        };
        assert_eq!(info, jan(), "{settings:?}");
        assert!((-20..=-1).contains(&dbm0), "{settings:?}: {dbm0}");
    }
}

#[test]
fn libspandsp_reads_what_we_send() {
    for (scheme, standard, wanted) in [
        (CallerIdScheme::Bellcore, "class", callerid::encode(&jan())),
        (CallerIdScheme::EtsiRing, "clip", callerid::encode(&jan())),
    ] {
        let said =
            String::from_utf8(spandsp(&["read", standard], &sound(scheme, -14))).expect("hex");
        // Without the checksum.
        let (_, octets) = wanted.octets().split_last().expect("a message");
        let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        assert!(said.contains(&hex), "{standard}: {said} for {hex}");
    }
    let said = spandsp(&["read", "jclip"], &sound(CallerIdScheme::Ntt, -14));
    let said = String::from_utf8(said).expect("hex");
    let number: String = b"0223456789"
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect();
    assert!(said.contains(&number), "{said}");
}

#[test]
fn we_read_what_libspandsp_sends() {
    for standard in ["class", "clip", "jclip"] {
        let octets = spandsp(&["say", standard, "0223456789", "Jan Kowalski"], &[]);
        let pairs = octets.chunks_exact(2);
        let line: Vec<i16> = pairs
            .map(|two| i16::from_le_bytes([two[0], two[1]]))
            .collect();
        let found = heard(&line);
        let info = found.iter().find_map(|news| match news {
            CallerNews::Info { info, .. } => Some(info),
            _ => None,
        });
        let info = info.unwrap_or_else(|| panic!("{standard}: {found:?}"));
        assert_eq!(info.number, jan().number, "{standard}");
        if standard != "jclip" {
            assert_eq!(info.name, jan().name, "{standard}");
        }
    }
}

#[test]
fn multimon_reads_our_keys() {
    let read = multimon_reads(&sound(CallerIdScheme::DtmfAbdc, -9));
    assert_eq!(read, "A0223456789C");
    let mut all = Vec::new();
    for event in 0..16 {
        let digit = Digit::from_event(event).expect("a key");
        let mut block = [0; 1_600];
        DtmfSender::new(digit, 100, -11, -9).fill(&mut block);
        all.extend(block);
    }
    assert_eq!(multimon_reads(&all), "0123456789*#ABCD");
}

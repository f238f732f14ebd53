//! What a set shows of its callers: in every scheme, in every country, during a call, and when somebody lifts
//! or gives up while it is being told.

use hal_port::Linefeed;
use hal_sim::{Act, Display};
use model::{Absence, CallerIdOutcome, CallerTold, EventBody, Rule};

use super::Street;

const POLAND: &str = "[office]\ncountry = \"PL\"\n";

/// A scheme: its key, whether it tells names, bursts of the bell before (a call from inside rings two at a
/// time), the alert tone, the reversal.
type Scheme = (&'static str, bool, u32, bool, bool);

const SCHEMES: [Scheme; 10] = [
    ("caller_id = \"bellcore\"", true, 2, false, false),
    ("caller_id = \"bellcore_single\"", false, 2, false, false),
    ("caller_id = \"etsi_fsk_ring\"", true, 2, false, false),
    ("caller_id = \"etsi_fsk_dtas\"", true, 0, true, false),
    ("caller_id = \"etsi_fsk_rpas\"", true, 1, false, false),
    ("caller_id = \"etsi_fsk_lr\"", true, 0, true, true),
    ("caller_id = \"bt_sin227\"", true, 0, true, true),
    ("caller_id = \"dtmf_abdc\"", false, 0, false, true),
    ("caller_id = \"dtmf_hash\"", false, 0, false, true),
    ("caller_id = \"dtmf_dc\"", false, 0, false, true),
];

/// What became of telling sets who calls, in order.
fn outcomes(street: &Street) -> Vec<(Rule, CallerIdOutcome)> {
    let events = street.records.iter().map(|record| &record.event);
    let told = events.filter_map(|event| match event.body {
        EventBody::LegCallerId { outcome, .. } => Some((event.rule, outcome)),
        _ => None,
    });
    told.collect()
}

/// Waits until the set shows something.
fn shown(street: &mut Street, set: u16) -> Display {
    for _ in 0..500 {
        if let Some(display) = street.report(set).display {
            return display;
        }
        street.pass_ms(20);
    }
    panic!("set {set} shows nothing: {:#?}", street.records);
}

fn calls(street: &mut Street, caller: u16, called: &str) {
    street.lift(caller);
    street.dial(caller, called);
}

#[test]
fn a_set_shows_who_calls_in_every_scheme_and_rings() {
    for (key, named, rings, alerted, reversed) in SCHEMES {
        let mut street = Street::new(POLAND, 2, |set| if set == 2 { key } else { "" });
        calls(&mut street, 1, "302");
        let display = shown(&mut street, 2);
        assert_eq!(display.number.as_deref(), Some("301"), "{key}: {display:?}");
        let name = named.then_some("Set 1");
        assert_eq!(display.name.as_deref(), name, "{key}");
        let way = (display.rings, display.alerted, display.reversed);
        assert_eq!(way, (rings, alerted, reversed), "{key}");
        street.pass_ms(7_000);
        let report = street.report(2);
        assert!(report.rung && report.rings >= 1, "{key}: {report:?}");
        assert_eq!(street.linefeed(2), Linefeed::Forward, "{key}");
        assert_eq!(
            outcomes(&street),
            [(Rule::CallerIdChosen, CallerIdOutcome::Sent)],
            "{key}"
        );
        street.lift(2);
        street.pass_ms(300);
        street.talk(1, "700");
        street.talk(2, "900");
        assert_eq!(
            (street.hears(1), street.hears(2)),
            (vec![2], vec![1]),
            "{key}"
        );
        for set in [1, 2] {
            street.hang_up(set);
        }
        street.must_be_quiet();
    }
}

#[test]
fn every_country_tells_its_sets_and_rings_on_in_its_cadence() {
    for code in config::CountryCode::all() {
        let top = format!("[office]\ncountry = \"{code}\"\n");
        let mut street = Street::new(&top, 2, |_| "");
        calls(&mut street, 1, "302");
        if code.as_str() == "JP" {
            // A set has to take part there: nobody waits for one that may not be there.
            street.pass_ms(9_000);
            assert_eq!(street.report(2).display, None);
            assert!(street.report(2).rung);
            continue;
        }
        let display = shown(&mut street, 2);
        assert_eq!(
            display.number.as_deref(),
            Some("301"),
            "{code}: {display:?}"
        );
        street.pass_ms(9_000);
        assert!(street.report(2).rings >= 2, "{code}");
        let sent = (Rule::CallerIdCountry, CallerIdOutcome::Sent);
        assert_eq!(outcomes(&street), [sent], "{code}");
        street.hang_up(1);
        street.must_be_quiet();
    }
}

/// Caller and called hear each other, hang up, and leave nothing behind.
fn talk_and_part(street: &mut Street) {
    street.talk(1, "700");
    street.talk(2, "900");
    assert_eq!((street.hears(1), street.hears(2)), (vec![2], vec![1]));
    for set in [1, 2] {
        street.hang_up(set);
    }
    street.must_be_quiet();
}

/// The Japanese set lifts for the data by itself. Whoever takes the receiver meanwhile keeps the loop closed, and that is
/// an answer.
#[test]
fn a_set_lifts_for_the_data_and_a_person_may_too() {
    let japan = "[office]\ncountry = \"JP\"\n";
    let mut street = Street::new(japan, 2, |_| "caller_id = \"ntt\"");
    calls(&mut street, 1, "302");
    let display = shown(&mut street, 2);
    assert_eq!((display.rings, display.reversed), (1, true));
    assert!(!street.report(2).off_hook, "nobody lifted");
    street.pass_ms(5_000);
    assert!(street.report(2).rung);
    street.lift(2);
    street.pass_ms(300);
    talk_and_part(&mut street);

    let mut street = Street::new(japan, 2, |_| "caller_id = \"ntt\"");
    calls(&mut street, 1, "302");
    let reads = |street: &mut Street| {
        let feed = street.linefeed(2);
        feed == Linefeed::Reverse && !street.report(2).rung && street.bells.len() == 2
    };
    for _ in 0..500 {
        street.pass_ms(10);
        if reads(&mut street) {
            break;
        }
    }
    assert!(reads(&mut street), "{:?}", street.bells);
    street.pass_ms(300);
    street.lift(2);
    street.pass_ms(8_500);
    talk_and_part(&mut street);
    assert_eq!(street.linefeed(2), Linefeed::Forward);
}

#[test]
fn a_set_that_is_told_nothing_only_rings() {
    let mut street = Street::new(POLAND, 2, |_| "caller_id = \"off\"");
    calls(&mut street, 1, "302");
    street.pass_ms(9_000);
    let report = street.report(2);
    assert!(report.rings >= 2, "{report:?}");
    assert_eq!((report.display, outcomes(&street)), (None, Vec::new()));
    street.hang_up(1);
    street.must_be_quiet();
}

#[test]
fn lifting_early_is_an_answer_and_giving_up_leaves_the_line_as_it_was() {
    for (key, ..) in SCHEMES {
        for after_ms in [700_u64, 1_300, 1_900, 2_300] {
            let mut street = Street::new(POLAND, 2, |set| if set == 2 { key } else { "" });
            calls(&mut street, 1, "302");
            street.pass_ms(after_ms);
            street.lift(2);
            street.pass_ms(400);
            if street.tones(2).iter().any(|tone| tone == "dial") {
                // Before there was a call.
                street.hang_up(2);
                street.hang_up(1);
                street.must_be_quiet();
                continue;
            }
            street.talk(1, "700");
            street.talk(2, "900");
            let hear = (street.hears(1), street.hears(2));
            assert_eq!(hear, (vec![2], vec![1]), "{key} {after_ms}");
            for set in [1, 2] {
                street.hang_up(set);
            }
            street.must_be_quiet();
            calls(&mut street, 1, "302");
            street.pass_ms(after_ms);
            street.hang_up(1);
            street.must_be_quiet();
            assert_eq!(street.linefeed(2), Linefeed::Forward, "{key} {after_ms}");
            assert!(!street.report(2).rung, "{key} {after_ms}");
        }
    }
}

#[test]
fn a_set_in_a_call_shows_who_waits_and_the_talk_goes_on() {
    for (top, name) in [
        (POLAND, "Set 3"),
        ("[office]\ncountry = \"US\"\n", "Set 3"),
        ("[office]\ncountry = \"GB\"\n", "Set 3"),
    ] {
        let mut street = Street::new(top, 3, |_| "");
        street.connect(1, 2);
        let told = outcomes(&street).len();
        calls(&mut street, 3, "302");
        street.pass_ms(6_000);
        let second = shown(&mut street, 2);
        assert_eq!(second.number.as_deref(), Some("303"), "{top}");
        assert_eq!(second.name.as_deref(), Some(name), "{top}");
        assert!(second.in_call, "{top}");
        let news = outcomes(&street).split_off(told);
        assert_eq!(
            news,
            [(Rule::CallerIdWaiting, CallerIdOutcome::Sent)],
            "{top}"
        );
        assert_eq!(
            (street.hears(1), street.hears(2)),
            (vec![2], vec![1]),
            "{top}"
        );
        for set in [3, 2, 1] {
            street.hang_up(set);
        }
        street.must_be_quiet();
    }
}

#[test]
fn in_a_country_of_dtmf_the_second_caller_is_told_by_the_tone_alone() {
    let mut street = Street::new("[office]\ncountry = \"SE\"\n", 3, |_| "");
    street.connect(1, 2);
    let told = outcomes(&street).len();
    calls(&mut street, 3, "302");
    street.pass_ms(6_000);
    let display = shown(&mut street, 2);
    assert_eq!(display.number.as_deref(), Some("301"));
    assert_eq!(outcomes(&street).len(), told);
    for set in [3, 2, 1] {
        street.hang_up(set);
    }
    street.must_be_quiet();
}

#[test]
fn what_the_carrier_tells_is_what_the_set_shows() {
    let line = "[[line]]\nid = \"line1\"\nport = \"fxo1\"\nanswer = \"set1\"\n";
    for (number, name, shows) in [
        (
            "226660000",
            Some("Jan"),
            (Some("226660000"), Some("Jan"), None),
        ),
        ("withheld", None, (None, None, Some(Absence::Private))),
        ("", None, (None, None, Some(Absence::Unavailable))),
    ] {
        let mut street = Street::new(&format!("{POLAND}{line}"), 1, |_| "");
        street.pass_ms(1_500);
        let act = Act::Call {
            number: Some(number.into()),
            name: name.map(str::to_owned),
        };
        street.board.people.act("fxo1", &act).expect("they can");
        let display = shown(&mut street, 1);
        let got = (
            display.number.as_deref(),
            display.name.as_deref(),
            display.absent,
        );
        assert_eq!(got, shows, "{number}");
        // That it was played to its end is heard with the next block.
        street.pass_ms(50);
        let told = |body: &EventBody| match body {
            EventBody::LegCallerId { number, .. } => Some(*number),
            _ => None,
        };
        let events = street.records.iter();
        let told: Vec<_> = events.filter_map(|r| told(&r.event.body)).collect();
        let expected = match shows.2 {
            None => CallerTold::Text,
            Some(Absence::Private) => CallerTold::Private,
            Some(_) => CallerTold::Unavailable,
        };
        assert_eq!(told, [expected], "{number}");
    }
}

#[test]
fn an_outside_call_is_metered_and_no_other() {
    for (keys, reversal) in [
        ("metering_interval_s = 5", false),
        ("metering_interval_s = 5\nmetering_reversal = true", true),
    ] {
        let top = format!(
            "{POLAND}[[line]]\nid = \"line1\"\nport = \"fxo1\"\nanswer = \
             \"set1\"\n"
        );
        let mut street = Street::new(&top, 2, |set| if set == 1 { keys } else { "" });
        street.pass_ms(1_500);
        street.connect(1, 2);
        street.pass_ms(12_000);
        assert_eq!(street.report(1).metered, 0);
        for set in [1, 2] {
            street.hang_up(set);
        }
        street.pass_ms(3_000);
        street.lift(1);
        street.pass_ms(500);
        street.dial(1, "601234567");
        for _ in 0..1_500 {
            street.pass_ms(20);
            let report = street.board.people.report("fxo1", &[]).expect("a line");
            if report.rung {
                break;
            }
        }
        street
            .board
            .people
            .act("fxo1", &Act::Lift)
            .expect("it rings");
        let mut reversals = 0;
        let mut before = Linefeed::Forward;
        for _ in 0..600 {
            street.pass_ms(40);
            let feed = street.linefeed(1);
            reversals += u32::from(feed == Linefeed::Reverse && before == Linefeed::Forward);
            before = feed;
        }
        let counted = if reversal {
            reversals
        } else {
            street.report(1).metered
        };
        street.hang_up(1);
        street.pass_ms(3_000);
        let pulses = street
            .records
            .iter()
            .find_map(|record| match record.event.body {
                EventBody::LegMetered { pulses } => Some(pulses),
                _ => None,
            });
        assert_eq!(pulses, Some(counted), "{keys}: {:#?}", street.records);
        // The voice of the answer is known some seconds after it.
        assert!((1..=5).contains(&counted), "{keys}: {counted}");
        street.must_be_quiet();
    }
}

#[test]
fn messages_that_wait_stutter_the_dial_tone_and_light_the_lamp() {
    for (top, keys, lit_by) in [
        (POLAND, "", [Rule::LampNeon, Rule::LampData]),
        (
            "[office]\ncountry = \"US\"\n",
            "",
            [Rule::LampNeon, Rule::LampData],
        ),
        (
            "[office]\ncountry = \"GB\"\n",
            "caller_id = \"bt_sin227\"",
            [Rule::LampNeon, Rule::LampData],
        ),
        (
            POLAND,
            "caller_id = \"etsi_fsk_rpas\"",
            [Rule::LampNeon, Rule::LampData],
        ),
        (
            POLAND,
            "caller_id = \"dtmf_abdc\"",
            [Rule::LampNeon, Rule::LampNeon],
        ),
    ] {
        let mut street = Street::new(top, 2, |_| keys);
        let tone = |street: &mut Street| {
            street.lift(1);
            street.pass_ms(6_000);
            let tones = street.tones(1);
            street.hang_up(1);
            street.pass_ms(1_000);
            tones
        };
        assert!(tone(&mut street).iter().any(|t| t == "dial"), "{top}");
        street.messages(1, 3);
        // Somebody lifts while the set is told: it is told again.
        street.pass_ms(2_200);
        let tones = tone(&mut street);
        // The British tone has no pauses by which people could name it.
        let nameless = top.contains("GB") && tones.is_empty();
        let stutters = nameless || tones.iter().any(|t| t == "stutter_dial");
        assert!(stutters, "{top} {tones:?}");
        street.pass_ms(6_000);
        let report = street.report(1);
        assert!(report.lamp && !street.report(2).lamp, "{top} {keys}");
        assert_eq!(report.display, None, "a lamp is no caller");
        for rule in lit_by {
            let lit = |b: &EventBody| matches!(b, EventBody::PortLamp { lit: true, .. });
            assert!(street.wrote(rule, lit), "{top} {keys} {rule:?}");
        }
        // The set rings as ever, and a call is more than a lamp.
        street.messages(1, 0);
        street.pass_ms(2_100);
        calls(&mut street, 2, "301");
        street.pass_ms(9_000);
        assert!(street.report(1).rings >= 1, "{top} {keys}");
        street.hang_up(2);
        street.pass_ms(8_000);
        assert!(!street.report(1).lamp, "{top} {keys}");
        assert!(tone(&mut street).iter().any(|t| t == "dial"), "{top}");
        street.pass_ms(5_000);
        assert_eq!(street.linefeed(1), Linefeed::Forward, "{top} {keys}");
        street.must_be_quiet();
    }
}

#[test]
fn a_test_rings_the_set_in_every_way_and_a_call_ends_it() {
    let mut street = Street::new(POLAND, 2, |_| "");
    street.test_set(1);
    let mut shown: Vec<String> = Vec::new();
    for _ in 0..2_400 {
        street.pass_ms(50);
        let number = street.report(1).display.and_then(|display| display.number);
        if let Some(number) = number.filter(|number| shown.last() != Some(number)) {
            shown.push(number);
        }
        if street.set_test(1).iter().all(|test| test.outcome.is_some()) {
            break;
        }
    }
    let tests = street.set_test(1);
    assert_eq!(tests.len(), 11, "{tests:?}");
    for test in &tests {
        assert!(shown.contains(&test.number), "{test:?} {shown:?}");
    }
    street.pass_ms(12_000);
    assert!(!street.report(1).rung);
    assert_eq!(street.linefeed(1), Linefeed::Forward);
    street.must_be_quiet();
    // Another one, and somebody calls.
    street.test_set(1);
    street.pass_ms(1_500);
    calls(&mut street, 2, "301");
    street.pass_ms(6_000);
    assert!(street.report(1).rung);
    let display = street.report(1).display.and_then(|display| display.number);
    assert_eq!(display.as_deref(), Some("302"));
    let tests = street.set_test(1);
    let cut = tests
        .iter()
        .filter(|test| test.outcome == Some(CallerIdOutcome::Cut));
    assert!(cut.count() >= 10, "{tests:?}");
    street.hang_up(2);
    street.must_be_quiet();
}

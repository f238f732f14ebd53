//! What a subscriber knows: dial tone at once, hot lines, bells that say who calls, and what becomes of
//! a receiver that lies beside its set.

use core::time::Duration;

use hal_port::Linefeed;
use hal_sim::{Act, Manner};
use model::{EventBody, PortId, Rule};

use super::Street;

const POLAND: &str = "[office]\ncountry = \"PL\"\n";

#[test]
fn dial_tone_within_100_ms_of_lifting_in_every_country() {
    for code in config::CountryCode::all() {
        let top = format!("[office]\ncountry = \"{code}\"\n");
        let mut street = Street::new(&top, 1, |_| "");
        for wait_ms in [503, 1_000, 1_777] {
            street.pass_ms(wait_ms);
            let lifted = street.now;
            street.lift(1);
            street.pass_ms(300);
            let heard = street.first_sound(1).expect("a dial tone");
            let after = heard.since(lifted);
            assert!(after <= Duration::from_millis(100), "{code}: {after:?}");
            street.pass_ms(5_000);
            let tones = street.tones(1);
            assert!(tones.iter().any(|t| t == "dial"), "{code}: {tones:?}");
            street.hang_up(1);
        }
        street.must_be_quiet();
    }
}

#[test]
fn a_hot_line_calls_at_once_and_a_warm_line_after_a_while() {
    let keys = |set| match set {
        2 => "hot_line = \"301\"",
        3 => "hot_line = \"301\"\nhot_line_after_s = 3",
        _ => "",
    };
    let mut street = Street::new(POLAND, 4, keys);
    street.lift(2);
    street.pass_ms(1_500);
    assert!(street.report(1).rung, "the hot line");
    assert!(street.wrote(Rule::HotLine, |b| matches!(b, EventBody::Dialled { .. })));
    street.hang_up(2);
    street.must_be_quiet();

    street.lift(3);
    street.pass_ms(2_500);
    assert!(!street.report(1).rung && street.tones(3).iter().any(|t| t == "dial"));
    street.pass_ms(2_000);
    assert!(street.report(1).rung, "the warm line");
    assert!(street.wrote(Rule::WarmLine, |b| matches!(b, EventBody::Dialled { .. })));
    street.hang_up(3);

    // Whoever dials is not sent to the warm line.
    street.lift(3);
    street.dial(3, "304");
    street.pass_ms(8_000);
    assert!(!street.report(1).rung && street.report(4).rung);
    street.hang_up(3);
    street.must_be_quiet();
}

/// An old set with a dial: its pulses are digits in every country, and no hang-up or flash, though its
/// contacts bounce.
#[test]
fn a_set_with_a_dial_calls_and_is_heard() {
    for code in config::CountryCode::all() {
        let top = format!("[office]\ncountry = \"{code}\"\n");
        let mut street = Street::new(&top, 2, |_| "");
        street.lift(1);
        street.pass_ms(1_000);
        let digits = "302".to_owned();
        street.act(1, Act::PulseDial { digits });
        street.pass_ms(9_000);
        assert!(street.report(2).rung, "{code}: {:#?}", street.records);
        street.lift(2);
        street.pass_ms(300);
        street.talk(1, "700");
        street.talk(2, "900");
        assert_eq!(street.hears(2), [1], "{code}");
        assert_eq!(street.hears(1), [2], "{code}");
        for set in [1, 2] {
            street.hang_up(set);
        }
        street.must_be_quiet();
    }
}

#[test]
fn a_set_left_off_hook_is_called_then_switched_off_and_is_as_before_when_hung_up() {
    let mut street = Street::new(POLAND, 2, |_| "");
    street.lift(1);
    street.pass_ms(10_000);
    assert!(street.tones(1).iter().any(|t| t == "dial"));
    street.pass_ms(20_000);
    assert!(street.tones(1).iter().any(|t| t == "congestion"));
    street.pass_ms(30_000);
    assert!(street.tones(1).iter().any(|t| t == "howler"));
    assert_eq!(street.linefeed(1), Linefeed::Forward);
    street.pass_ms(40_000);
    let locked = |locked| {
        move |b: &EventBody| {
            *b == EventBody::PortLocked {
                port: PortId(0),
                locked,
            }
        }
    };
    assert!(street.wrote(Rule::PortLeftOffHook, locked(true)));
    let (mut off, mut on) = (0, 0);
    for _ in 0..600 {
        street.pass_ms(100);
        match street.linefeed(1) {
            Linefeed::Open => off += 1,
            _ => on += 1,
        }
    }
    assert!(off > 8 * on && on > 0, "off {off}, looked at {on}");
    // Calls to it find it busy, and the other set works.
    street.lift(2);
    street.dial(2, "301");
    street.pass_ms(8_000);
    assert!(
        street.tones(2).iter().any(|t| t == "busy"),
        "{:?}",
        street.tones(2)
    );
    street.hang_up(2);
    assert!(!street.wrote(Rule::PortHungUp, locked(false)));
    street.act(1, Act::HangUp);
    street.pass_ms(18_000);
    assert!(street.wrote(Rule::PortHungUp, locked(false)));
    assert_eq!(street.linefeed(1), Linefeed::Forward);
    street.lift(1);
    street.pass_ms(1_000);
    assert!(street.tones(1).iter().any(|t| t == "dial"));
    street.hang_up(1);
    street.must_be_quiet();
}

#[test]
fn bells_of_the_house_take_turns_when_the_supply_is_weak() {
    let top = "[office]\ncountry = \"PL\"\n[limits]\nbells_at_once = 1\ncalls = 20\n";
    let mut street = Street::new(top, 4, |_| "");
    street.lift(1);
    street.dial(1, "302");
    street.pass_ms(1_900);
    street.lift(3);
    street.dial(3, "304");
    street.pass_ms(4_000);
    let (a, b) = (street.report(2), street.report(4));
    assert!(a.rung && b.rung);
    assert_eq!(
        a.ring_cadence_ms,
        [400, 200, 400, 4_000],
        "a call from inside"
    );
    for _ in 0..400 {
        street.pass_ms(25);
        let both = street.report(2).ringing && street.report(4).ringing;
        assert!(!both, "two bells at once");
    }
    street.hang_up(1);
    street.hang_up(3);
    assert!(!street.report(2).rung && !street.report(4).rung);
    street.must_be_quiet();
}

#[test]
fn a_bell_that_finds_no_turn_waits_for_one() {
    // Three rounds of a second each: the fourth set has to wait.
    let top = "[office]\ncountry = \"GB\"\n[limits]\nbells_at_once = 1\n";
    let mut street = Street::new(top, 8, |_| "");
    for (caller, called) in [(1, "305"), (2, "306"), (3, "307"), (4, "308")] {
        street.lift(caller);
        street.dial(caller, called);
        street.pass_ms(3_000);
    }
    let rung = |street: &mut Street| [5, 6, 7, 8].map(|set| street.report(set).rung);
    assert_eq!(rung(&mut street), [true, true, true, false]);
    assert!(street.wrote(Rule::PortRingLoad, |b| *b == EventBody::LegWaits));
    street.hang_up(1);
    street.pass_ms(3_000);
    assert_eq!(rung(&mut street), [false, true, true, true]);
    for set in 5..=8 {
        let manner = Manner::default();
        street.act(set, Act::Behave(manner));
    }
    for caller in 2..=4 {
        street.hang_up(caller);
    }
    street.must_be_quiet();
}

#[test]
fn the_line_tells_a_machine_of_answer_and_hang_up() {
    let keys = |set| match set {
        1 => "answer_reversal = true\ndisconnect_break_ms = 600",
        _ => "",
    };
    let mut street = Street::new(POLAND, 2, keys);
    street.lift(1);
    street.dial(1, "302");
    street.pass_ms(2_500);
    assert_eq!(street.linefeed(1), Linefeed::Forward, "it rings");
    street.lift(2);
    street.pass_ms(200);
    assert_eq!(street.linefeed(1), Linefeed::Reverse, "answered");
    assert_eq!(street.linefeed(2), Linefeed::Forward, "it did not call");
    street.act(2, Act::HangUp);
    let mut open_ms = 0;
    for _ in 0..200 {
        street.pass_ms(10);
        open_ms += 10 * u64::from(street.linefeed(1) == Linefeed::Open);
    }
    assert!((550..=650).contains(&open_ms), "{open_ms}");
    assert_eq!(street.linefeed(1), Linefeed::Forward);
    assert!(street.tones(1).iter().any(|t| t == "busy"));
    // Whoever hangs up is told nothing.
    street.hang_up(1);
    street.connect(2, 1);
    assert_eq!(street.linefeed(1), Linefeed::Forward);
    for set in [1, 2] {
        street.hang_up(set);
        assert_eq!(street.linefeed(set), Linefeed::Forward);
    }
    street.must_be_quiet();
}

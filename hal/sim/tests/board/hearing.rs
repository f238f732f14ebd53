//! People recognise the tones of their country and each other.

use crate::world::{World, country};
use hal_port::PortEvent;
use hal_sim::{Act, ToneGuess};

fn listen(code: &str, tone: &str, ms: u64) -> ToneGuess {
    let tones = country(code);
    let played = tones.iter().find(|t| t.name == tone).expect("named").spec;
    let mut world = World::new();
    world.people.set_tones(tones);
    world.act("fxs1", Act::Lift);
    world.silence();
    world.pass(300);
    world.play(played);
    world.pass(ms);
    let report = world.report("fxs1");
    report.hearing.expect("off hook").tone
}

/// Each tone is named within the time that a person needs: a bit more than a round of its rhythm, and
/// stays named.
#[test]
fn tones_of_four_countries() {
    for code in ["pl", "cz", "uk", "us"] {
        for (tone, within_ms) in [
            ("dial", 2_800),
            ("ringback", 3_700),
            ("busy", 1_700),
            ("congestion", 2_400),
        ] {
            // In Poland congestion is the busy tone: named by the first of the list.
            let named = match (code, tone) {
                ("pl", "congestion") => "busy",
                _ => tone,
            };
            for ms in [within_ms, within_ms + 3_000, within_ms + 9_010] {
                let guess = listen(code, tone, ms);
                let name = guess.name.as_deref();
                assert_eq!(name, Some(named), "{code} {tone} {ms} ms: {guess:?}");
            }
        }
    }
}

#[test]
fn polish_busy_and_congestion_are_told_as_one() {
    let guess = listen("pl", "busy", 4_000);
    assert_eq!(guess.candidates, ["busy", "congestion"]);
}

/// After half a second of 425 Hz it may be the dial tone, ringing or busy: nothing is claimed.
#[test]
fn no_tone_is_claimed_too_early() {
    for (code, tone) in [("pl", "dial"), ("pl", "busy"), ("cz", "dial")] {
        assert_eq!(listen(code, tone, 300).name, None, "{code} {tone}");
    }
    assert_eq!(listen("us", "busy", 300).name, None);
}

#[test]
fn silence_and_foreign_tones_are_no_tone() {
    let mut world = World::new();
    world.act("fxs1", Act::Lift);
    world.silence();
    world.pass(3_000);
    let hearing = world.report("fxs1").hearing.expect("off hook");
    assert_eq!(hearing.tone, ToneGuess::default());
    assert!(hearing.level_dbm0 < -90.0 && hearing.lately.is_empty());

    world.people.set_tones(country("us"));
    world.play(country("cz")[2].spec);
    world.pass(5_000);
    let hearing = world.report("fxs1").hearing.expect("off hook");
    assert_eq!(hearing.tone, ToneGuess::default());
    assert!((hearing.lately[0].hz - 425.0).abs() < 2.0);
}

#[test]
fn two_people_hear_each_other_and_not_themselves() {
    let mut world = World::new();
    for (port, mark) in [("fxs1", "anna"), ("fxs2", "1000")] {
        world.act(port, Act::Lift);
        world.act(port, Act::Talk { mark: mark.into() });
    }
    world.join();
    world.pass(3_000);
    let anna = world.report("fxs1");
    assert_eq!(anna.talking.as_deref(), Some("anna"));
    let hears = anna.hearing.expect("off hook");
    assert_eq!(hears.marks, ["1000"]);
    let heard = hears.lately[0];
    assert!((heard.hz - 1_000.0).abs() < 2.0, "{heard:?}");
    assert!((heard.level_dbm0 + 16.0).abs() < 1.0, "{heard:?}");
    assert!(hears.cadence_ms.contains(&-200), "{:?}", hears.cadence_ms);
    assert_eq!(hears.tone.name, None);
    let hears = world.report("fxs2").hearing.expect("off hook");
    assert_eq!(hears.marks, ["anna"]);

    world.act("fxs1", Act::Quiet);
    world.pass(5_000);
    let hears = world.report("fxs2").hearing.expect("off hook");
    assert!(
        hears.marks.is_empty() && hears.lately.is_empty(),
        "{hears:?}"
    );
    assert_eq!(world.events_of(0), [PortEvent::OffHook]);
}

#[test]
fn reports_survive_json() {
    let mut world = World::new();
    world.act("fxs1", Act::Lift);
    world.play(country("pl")[0].spec);
    world.pass(2_000);
    let report = world.report("fxs1");
    let text = serde_json::to_string(&report).expect("plain data");
    let back: hal_sim::Report = serde_json::from_str(&text).expect("its own text");
    assert_eq!(back, report);
    assert_eq!(
        back.hearing.expect("off hook").tone.name.as_deref(),
        Some("dial")
    );
}

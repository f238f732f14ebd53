//! People recognise the tones of their country and each other.

use crate::world::{World, country};
use hal_port::PortEvent;
use hal_sim::{Act, ToneGuess};

/// A world where `fxs1` was just lifted and begins to hear a tone.
fn listener(code: &str, tone: &str) -> World {
    let tones = country(code);
    let played = tones.iter().find(|t| t.name == tone).expect("named").spec;
    let mut world = World::new();
    world.people.set_tones(tones);
    world.act("fxs1", Act::Lift);
    world.silence();
    world.pass(300);
    world.play(played);
    world
}

fn listen(code: &str, tone: &str, ms: u64) -> ToneGuess {
    let mut world = listener(code, tone);
    world.pass(ms);
    world.report("fxs1").hearing.expect("off hook").tone
}

/// Each tone is named within the time that a person needs, a bit more than a round of its rhythm; never
/// by another's name before; and keeps its name for as long as it lasts.
#[test]
fn tones_of_four_countries() {
    for code in ["pl", "cz", "uk", "us"] {
        for (tone, within_ms) in [
            ("dial", 1_400),
            ("ringback", 4_600),
            ("busy", 1_200),
            ("congestion", 1_200),
        ] {
            // In Poland congestion is the busy tone: named by the first of the list.
            let named = match (code, tone) {
                ("pl", "congestion") => "busy",
                _ => tone,
            };
            listen_on(code, tone, named, within_ms);
        }
    }
}

#[track_caller]
fn listen_on(code: &str, tone: &str, named: &str, within_ms: u64) {
    let mut world = listener(code, tone);
    let mut known = false;
    for ms in (70..within_ms + 8_000).step_by(70) {
        world.pass(70);
        let guess = world.report("fxs1").hearing.expect("off hook").tone;
        known |= guess.name.is_some();
        let wanted = known.then_some(named);
        assert_eq!(
            guess.name.as_deref(),
            wanted,
            "{code} {tone} {ms} ms: {guess:?}"
        );
        assert!(known || ms < within_ms, "{code} {tone} {ms} ms: {guess:?}");
    }
}

#[test]
fn polish_busy_and_congestion_are_told_as_one() {
    let guess = listen("pl", "busy", 4_000);
    assert_eq!(guess.candidates, ["busy", "congestion"]);
}

/// 300 ms of 425 Hz may be the dial tone, ringing or busy: nothing is claimed.
#[test]
fn no_tone_is_claimed_too_early() {
    let guess = listen("pl", "dial", 300);
    assert_eq!(guess.name, None);
    assert_eq!(guess.candidates, ["dial", "ringback", "busy", "congestion"]);
}

/// A dial tone cut short by a key is as long as a burst of ringing: only the pause after it tells.
#[test]
fn a_dial_tone_cut_short_is_not_ringing() {
    let mut world = listener("pl", "dial");
    world.pass(1_000);
    world.silence();
    world.pass(2_000);
    let tone = world.report("fxs1").hearing.expect("off hook").tone;
    assert_eq!(tone.name, None, "{tone:?}");
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

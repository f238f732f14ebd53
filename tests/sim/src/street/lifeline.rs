//! Lifelines are tested while nobody needs them, and one that would leave its set dead is told; a call that somebody
//! makes on one goes on when the exchange starts.

use hal_port::Linefeed;
use hal_sim::{Act, LineFaults, LineSettings, RelayKind, RelayStuck};
use model::{Cause, Command, EntryId, EventBody, Instant, LifelineVerdict, LineNews, Rule};

use super::outside::Outside;

/// At any hour, so that a test need not wait for the night.
const HOURS: &str = "line_tests = \"mon-sun 00:00-24:00\"\n";

type Told = (Rule, LifelineVerdict);

fn ask(outside: &mut Outside) {
    let line = EntryId::new("line1").expect("an id");
    outside.0.command(Command::TestLifeline(line));
}

fn told(outside: &Outside) -> Vec<Told> {
    let found = |record: &model::Record| match record.event.body {
        EventBody::Line {
            news: LineNews::Lifeline { verdict },
            ..
        } => Some((record.event.rule, verdict)),
        _ => None,
    };
    outside.0.records.iter().filter_map(found).collect()
}

fn stick(outside: &mut Outside, relay: Option<RelayStuck>) {
    let faults = LineFaults {
        relay,
        ..LineFaults::default()
    };
    outside.0.act(
        1,
        Act::Line(LineSettings {
            faults: Some(faults),
            ..LineSettings::default()
        }),
    );
}

/// Asks and waits for what is told.
fn tested(outside: &mut Outside) -> Told {
    let before = told(outside).len();
    ask(outside);
    outside.wait("it was tested", 3_000, |s| told(s).len() > before);
    // Whatever was found, the set has its port again.
    outside.0.pass_ms(1_000);
    assert_eq!(outside.0.linefeed(1), Linefeed::Forward);
    *told(outside).last().expect("one more")
}

/// A set that is lifted has dial tone at once.
fn has_dial_tone(outside: &mut Outside) {
    outside.0.lift(1);
    outside.0.pass_ms(2_000);
    assert!(outside.0.tones(1).contains(&"dial".to_owned()));
    outside.0.hang_up(1);
}

#[test]
fn a_relay_that_is_stuck_is_seen_both_ways() {
    use LifelineVerdict::{StaysOff, StaysOn, Works};
    for kind in [RelayKind::Sensed, RelayKind::Joins] {
        let mut outside = Outside::with_lifeline(kind, "");
        assert_eq!(
            tested(&mut outside),
            (Rule::LifelineAsked, Works),
            "{kind:?}"
        );
        has_dial_tone(&mut outside);
        stick(&mut outside, Some(RelayStuck::Drawn));
        assert_eq!(
            tested(&mut outside),
            (Rule::LifelineStuck, StaysOff),
            "{kind:?}"
        );
        has_dial_tone(&mut outside);
        assert_eq!(outside.0.exchange.pbx.figures().lifelines_stuck, 1);
        stick(&mut outside, Some(RelayStuck::Released));
        outside.0.pass_ms(500);
        assert_eq!(
            tested(&mut outside),
            (Rule::LifelineStuck, StaysOn),
            "{kind:?}"
        );
        stick(&mut outside, None);
        outside.0.pass_ms(500);
        assert_eq!(
            tested(&mut outside),
            (Rule::LifelineAsked, Works),
            "{kind:?}"
        );
        assert_eq!(outside.0.exchange.pbx.figures().lifelines_stuck, 0);
        has_dial_tone(&mut outside);
        outside.0.must_be_quiet();
    }
}

#[test]
fn where_nothing_shows_it_is_said_so() {
    let mut outside = Outside::with_lifeline(RelayKind::Blind, "");
    let unseen = (Rule::LifelineAsked, LifelineVerdict::Unseen);
    assert_eq!(tested(&mut outside), unseen);
    has_dial_tone(&mut outside);
    // A relay that joins the jacks and was stuck from the first day shows as little.
    let mut outside = Outside::with_lifeline(RelayKind::Joins, "");
    stick(&mut outside, Some(RelayStuck::Drawn));
    assert_eq!(tested(&mut outside), unseen);
}

#[test]
fn lifelines_are_tested_on_schedule_and_the_result_is_kept() {
    let mut outside = Outside::with_lifeline(RelayKind::Sensed, HOURS);
    outside.wait("it was tested", 60_000, |s| !told(s).is_empty());
    assert_eq!(
        told(&outside),
        [(Rule::LifelineHours, LifelineVerdict::Works)]
    );
    outside.0.pass_ms(60_000);
    outside.0.restart();
    outside.0.pass_ms(200_000);
    assert_eq!(told(&outside).len(), 1, "for a week");
    let figures = outside.0.exchange.pbx.port_figures();
    let kept = figures.iter().find_map(|port| port.lifeline);
    let kept = kept.expect("kept over the restart");
    assert_eq!(kept.worked, Some(kept.at));

    let mut outside = Outside::with_lifeline(RelayKind::Sensed, "");
    outside.0.pass_ms(120_000);
    assert_eq!(told(&outside), [], "nobody asked and no hours are named");
}

/// In every part of a test: before the relay moves, and while it has the set on the line.
const MOMENTS: [u64; 4] = [10, 45, 60, 300];

/// A test that is going on: the relay is stuck, so that each part takes its whole time.
fn in_the_middle(ms: u64) -> Outside {
    let mut outside = Outside::with_lifeline(RelayKind::Sensed, "");
    stick(&mut outside, Some(RelayStuck::Drawn));
    ask(&mut outside);
    outside.0.pass_ms(ms);
    assert_eq!(told(&outside), []);
    outside
}

#[test]
fn a_test_gives_way_to_a_caller_to_a_call_and_to_a_call_out() {
    for ms in MOMENTS {
        let mut outside = in_the_middle(ms);
        outside.call(1);
        outside.wait("301 rings", 12_000, |s| s.0.report(1).rung);
        outside.0.lift(1);
        outside.hear_each_other();
        outside.clean_up();

        let mut outside = in_the_middle(ms);
        outside.0.lift(2);
        outside.0.pass_ms(500);
        outside.0.dial(2, "301");
        outside.wait("301 rings", 5_000, |s| s.0.report(1).rung);
        outside.0.lift(1);
        outside.0.pass_ms(500);
        outside.0.talk(2, "900");
        assert_eq!(outside.0.hears(1), [2]);
        outside.0.hang_up(2);
        outside.0.hang_up(1);

        let mut outside = in_the_middle(ms);
        outside.0.lift(2);
        outside.0.pass_ms(500);
        outside.0.dial(2, "601234567");
        outside.wait("the far telephone rings", 30_000, |s| s.report(1).rung);
        outside.0.hang_up(2);
        // What was asked for is made when both are idle again.
        outside.wait("it was tested", 60_000, |s| !told(s).is_empty());
        assert_eq!(
            told(&outside),
            [(Rule::LifelineStuck, LifelineVerdict::StaysOff)]
        );
    }
}

#[test]
fn a_set_that_is_lifted_on_the_line_comes_back_at_once() {
    // The line's port sees it, although the contact never says that the set came.
    let mut outside = Outside::with_lifeline(RelayKind::Blind, "");
    ask(&mut outside);
    outside.0.pass_ms(600);
    assert_eq!(outside.0.linefeed(1), Linefeed::Open);
    outside.0.lift(1);
    outside.0.pass_ms(200);
    assert_eq!(outside.0.linefeed(1), Linefeed::Forward);
    outside.0.pass_ms(2_000);
    assert!(outside.0.tones(1).contains(&"dial".to_owned()));
    assert_eq!(told(&outside), []);
    outside.0.hang_up(1);
    outside.wait("it was tested", 60_000, |s| !told(s).is_empty());
}

#[test]
fn a_line_that_its_set_had_rests_before_it_is_taken() {
    let mut outside = Outside::with_lifeline(RelayKind::Blind, "");
    stick(&mut outside, Some(RelayStuck::Released));
    outside.0.lift(1);
    outside.wait("the carrier has seen it", 2_000, |s| {
        s.stage(1) == "dialling"
    });
    // A call in need waits for nothing but its last key.
    outside.0.lift(2);
    outside.0.pass_ms(500);
    outside.0.dial(2, "11");
    outside.0.pass_ms(1_500);
    outside.0.act(1, Act::HangUp);
    let free = |s: &mut Outside| {
        let news = |record: &model::Record| {
            let free = LineNews::Free;
            matches!(record.event.body, EventBody::Line { news, .. } if news == free)
        };
        s.0.records.iter().any(news)
    };
    outside.wait("the line is free", 1_000, free);
    outside.0.dial(2, "2");
    outside.wait("the far telephone rings", 8_000, |s| s.report(1).rung);
    assert_eq!(outside.report(1).line.expect("a line").dialled, "112");
}

#[test]
fn without_power_a_set_calls_on_its_line() {
    let mut outside = Outside::with_lifeline(RelayKind::Sensed, "");
    outside.0.board.power_off(true);
    outside.0.lift(1);
    outside.0.act(
        1,
        Act::PulseDial {
            digits: "112".into(),
        },
    );
    outside.wait("the far telephone rings", 8_000, |s| s.report(1).rung);
    assert_eq!(outside.report(1).line.expect("a line").dialled, "112");
    outside.0.act(1, Act::HangUp);
    outside.wait("the carrier has seen it", 3_000, |s| s.stage(1) == "idle");
}

/// When the relay was drawn, in ms since then.
fn drawn(outside: &Outside, since: Instant) -> Vec<u128> {
    let moves = outside.0.relays.iter();
    let drawn = moves.filter(|(at, released)| *at >= since && !released);
    drawn.map(|(at, _)| at.since(since).as_millis()).collect()
}

/// Power is gone, somebody calls 112 on the lifeline and is answered.
fn a_call_in_the_dark(outside: &mut Outside) {
    outside.0.board.power_off(true);
    outside.0.pass_ms(1_000);
    outside.0.lift(1);
    outside.wait("dial tone", 2_000, |s| s.stage(1) == "dialling");
    outside.0.act(
        1,
        Act::PulseDial {
            digits: "112".into(),
        },
    );
    outside.wait("the far telephone rings", 8_000, |s| s.report(1).rung);
    outside.act(1, Act::Lift);
    outside.wait("they talk", 2_000, |s| s.stage(1) == "talking");
}

fn is_news(record: &model::Record, wanted: LineNews) -> bool {
    matches!(record.event.body, EventBody::Line { news, .. } if news == wanted)
}

#[test]
fn a_call_on_a_lifeline_goes_on_when_power_returns() {
    for kind in [RelayKind::Sensed, RelayKind::Joins, RelayKind::Blind] {
        let mut outside = Outside::with_lifeline(kind, "");
        a_call_in_the_dark(&mut outside);
        outside.0.restart();
        let start = outside.0.now;
        outside.0.pass_ms(20_000);
        assert_eq!(drawn(&outside, start), [], "{kind:?}");
        assert_eq!(outside.stage(1), "talking", "{kind:?}");
        assert_eq!(outside.0.linefeed(1), Linefeed::Open);
        let left = |record: &model::Record| {
            record.event.rule == Rule::LifelineCall && is_news(record, LineNews::SetLeft)
        };
        assert_eq!(outside.0.records.iter().filter(|r| left(r)).count(), 1);

        // Whoever calls the set hears that it is busy, and nobody outside can be called.
        for (number, cause) in [("301", Cause::Busy), ("601234567", Cause::Congestion)] {
            outside.0.lift(2);
            outside.0.pass_ms(500);
            outside.0.dial(2, number);
            outside.0.pass_ms(10_000);
            assert_eq!(outside.ended().map(|(cause, _)| cause), Some(cause));
            outside.0.hang_up(2);
        }

        // A press of the hook, and a far exchange that looks whether anybody is there, end nothing.
        outside.0.act(1, Act::Flash);
        outside.0.pass_ms(3_000);
        assert_eq!(drawn(&outside, start), [], "{kind:?}");

        outside.0.act(1, Act::HangUp);
        let end = outside.0.now;
        outside.0.pass_ms(4_000);
        let moves = drawn(&outside, end);
        let in_time = |ms: &[u128]| matches!(ms, [ms] if (1_500..2_500).contains(ms));
        assert!(in_time(&moves), "{kind:?}: {moves:?}");
        assert_eq!(outside.0.linefeed(1), Linefeed::Forward);
        let back = |record: &model::Record| is_news(record, LineNews::SetBack);
        assert!(outside.0.records.iter().any(back));
        outside.wait("the line is free", 9_000, |s| s.stage(1) == "idle");
        has_dial_tone(&mut outside);

        outside.0.lift(2);
        outside.0.pass_ms(500);
        outside.0.dial(2, "601234567");
        outside.wait("the far telephone rings", 30_000, |s| s.report(1).rung);
        outside.0.hang_up(2);
        outside.clean_up();
    }
}

/// What a set that has just come back shows means something else than later, and a run that began in between would
/// not know that.
#[test]
fn no_run_begins_before_a_set_that_came_back_has_shown_itself() {
    let mut outside = Outside::with_lifeline(RelayKind::Sensed, "");
    a_call_in_the_dark(&mut outside);
    outside.0.restart();
    outside.0.pass_ms(3_000);
    outside.0.act(1, Act::HangUp);
    let back = |record: &model::Record| is_news(record, LineNews::SetBack);
    outside.wait("it is back", 4_000, |s| s.0.records.iter().any(back));
    let begins = |outside: &mut Outside| {
        let now = outside.0.now;
        outside.0.exchange.can_begin(now)
    };
    assert!(!begins(&mut outside));
    outside.wait("it has shown itself", 9_000, begins);
}

#[test]
fn a_number_that_is_being_pulsed_when_power_returns_is_dialled_to_its_end() {
    // At every moment of a number of long digits.
    for ms in (0..6_000).step_by(150) {
        let mut outside = Outside::with_lifeline(RelayKind::Sensed, "");
        outside.0.board.power_off(true);
        outside.0.pass_ms(1_000);
        outside.0.lift(1);
        outside.0.act(
            1,
            Act::PulseDial {
                digits: "0009".into(),
            },
        );
        outside.0.pass_ms(ms);
        outside.0.restart();
        let start = outside.0.now;
        outside.0.pass_ms(12_000);
        assert_eq!(drawn(&outside, start), [], "{ms} ms");
        assert_eq!(outside.report(1).line.expect("a line").dialled, "0009");
    }
}

#[test]
fn a_set_whose_line_is_free_is_taken_back_after_a_look() {
    for kind in [RelayKind::Sensed, RelayKind::Joins, RelayKind::Blind] {
        let mut outside = Outside::with_lifeline(kind, "");
        assert_eq!(drawn(&outside, Instant::ZERO), [1_300], "{kind:?}");
        // One that is lifted at once may have been so before.
        outside.0.pass_ms(200);
        has_dial_tone(&mut outside);
        outside.0.board.power_off(false);
        outside.0.pass_ms(1_000);
        outside.0.restart();
        let start = outside.0.now;
        outside.0.pass_ms(2_000);
        assert_eq!(drawn(&outside, start), [1_300], "{kind:?}");
        has_dial_tone(&mut outside);
        assert!(!outside.0.wrote(Rule::LifelineCall, |_| true));
        outside.0.must_be_quiet();
    }
}

#[test]
fn a_caller_and_a_dead_line_bring_the_set_back_at_once() {
    let mut outside = Outside::with_lifeline(RelayKind::Sensed, "");
    outside.0.board.power_off(true);
    outside.0.pass_ms(1_000);
    outside.0.restart();
    let start = outside.0.now;
    outside.call(1);
    outside.wait("301 rings", 12_000, |s| s.0.report(1).rung);
    assert_eq!(drawn(&outside, start).len(), 1);
    outside.0.lift(1);
    outside.hear_each_other();
    outside.clean_up();

    let mut outside = Outside::with_lifeline(RelayKind::Sensed, "");
    a_call_in_the_dark(&mut outside);
    outside.0.restart();
    outside.0.pass_ms(5_000);
    let since = outside.0.now;
    cut(&mut outside);
    outside.0.pass_ms(4_500);
    assert_eq!(drawn(&outside, since).len(), 1);
    assert!(outside.0.tones(1).contains(&"dial".to_owned()));
}

/// The line goes dead, so that its set is given back.
fn cut(outside: &mut Outside) {
    outside.set(LineSettings {
        faults: Some(LineFaults {
            dead: true,
            ..LineFaults::default()
        }),
        ..LineSettings::default()
    });
}

/// Set 301 has dial tone so long after its last digit, and what it dials then counts; until then nobody was rung.
fn begins_anew(outside: &mut Outside, most_ms: u64) -> u64 {
    let dial = "dial".to_owned();
    let waited = outside.wait("dial tone", most_ms, |s| s.0.tones(1).contains(&dial));
    assert!(outside.0.bells.is_empty(), "{:?}", outside.0.bells);
    outside.0.dial(1, "302");
    outside.wait("302 rings", 3_000, |s| s.0.report(2).rung);
    outside.0.hang_up(1);
    outside.0.must_be_quiet();
    waited
}

#[test]
fn the_rest_of_a_number_that_was_begun_on_the_line_is_none() {
    for ms in (0..7_000).step_by(350) {
        let mut outside = Outside::with_lifeline(RelayKind::Sensed, "");
        outside.0.board.power_off(true);
        outside.0.pass_ms(1_000);
        outside.0.lift(1);
        // Of which the rest is the number of a set.
        let digits = "302302".to_owned();
        outside.0.act(1, Act::PulseDial { digits });
        outside.0.restart();
        outside.0.pass_ms(ms);
        cut(&mut outside);
        outside.wait("all was dialled", 8_000, |s| s.0.report(1).waiting == 0);
        // The last digit takes 200 ms of this.
        let waited = begins_anew(&mut outside, 4_000);
        assert!(waited > 2_400, "{ms} ms: {waited} ms");
    }
}

#[test]
fn a_key_that_is_pressed_before_dial_tone_does_not_count() {
    let mut outside = Outside::with_lifeline(RelayKind::Sensed, "");
    outside.0.pass_ms(200);
    outside.0.lift(1);
    outside.0.pass_ms(2_000);
    outside.0.board.power_off(true);
    outside.0.pass_ms(1_000);
    outside.0.restart();
    outside.0.pass_ms(2_000);
    cut(&mut outside);
    outside.0.pass_ms(1_500);
    outside.0.dial(1, "302");
    outside.0.pass_ms(1_500);
    assert_eq!(outside.0.report(1).waiting, 0, "they were pressed");
    let waited = begins_anew(&mut outside, 4_000);
    assert!(waited > 1_000, "{waited} ms");
}

#[test]
fn whoever_hangs_up_before_dial_tone_has_it_at_once_the_next_time() {
    let mut outside = Outside::with_lifeline(RelayKind::Sensed, "");
    a_call_in_the_dark(&mut outside);
    outside.0.restart();
    outside.0.pass_ms(5_000);
    cut(&mut outside);
    outside.0.pass_ms(1_500);
    outside.0.hang_up(1);
    outside.0.must_be_quiet();
    outside.0.lift(1);
    let dial = "dial".to_owned();
    outside.wait("dial tone", 1_000, |s| s.0.tones(1).contains(&dial));
    outside.0.hang_up(1);
}

#[test]
fn a_set_that_no_relay_took_from_its_port_is_served_after_the_look() {
    let mut outside = Outside::with_lifeline(RelayKind::Sensed, "");
    stick(&mut outside, Some(RelayStuck::Drawn));
    outside.0.board.power_off(true);
    outside.0.pass_ms(1_000);
    outside.0.restart();
    outside.0.pass_ms(100);
    outside.0.lift(1);
    outside.0.pass_ms(5_000);
    assert!(outside.0.tones(1).contains(&"dial".to_owned()));
    outside.0.hang_up(1);
    outside.0.must_be_quiet();
}

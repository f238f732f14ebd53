//! Exchanges that tell who calls only to whoever lifts and asks (АОН): the line is lifted at the first ring, the
//! number is asked for, and then the call is one like any other, whose caller hears our tones.

use hal_sim::{Act, Aon, Disconnect, LineSettings};
use model::{CallerIdOutcome, Cause, EventBody, LineNews, Rule};

use super::outside::Outside;

const ENTRY: &str = "caller_id = \"aon\"";
/// What an exchange with seven digits tells of the caller of all these calls.
const TOLD: &str = "6660000";

fn line(country: &str, aon: Aon) -> Outside {
    let mut line = Outside::new(country, 1, ENTRY);
    line.set(LineSettings {
        aon: Some(aon),
        ..LineSettings::default()
    });
    line
}

/// A call comes and the line is lifted; how long the exchange was asked, in ms.
fn asked(line: &mut Outside) -> u64 {
    line.call(1);
    line.wait("the line is lifted", 3_000, |s| s.stage(1) == "talking");
    assert!(!line.0.report(1).rung, "nobody is called yet");
    line.wait("the exchange was asked", 3_000, |s| outcome(s).is_some())
}

fn outcome(line: &Outside) -> Option<(CallerIdOutcome, u8)> {
    line.news().iter().find_map(|news| match news {
        LineNews::Asked { outcome, requests } => Some((*outcome, *requests)),
        _ => None,
    })
}

fn is_answered(line: &Outside) -> bool {
    let mut records = line.0.records.iter();
    records.any(|record| matches!(record.event.body, EventBody::CallAnswered { .. }))
}

/// The tones that what the caller hears may be.
fn caller_hears(line: &mut Outside) -> Vec<String> {
    let hearing = line.report(1).hearing.expect("lifted");
    hearing.tone.candidates
}

/// Waits until the caller hears this tone.
fn hears(line: &mut Outside, tone: &str) {
    line.wait(tone, 12_000, |s| {
        s.stage(1) == "talking" && caller_hears(s).iter().any(|heard| heard == tone)
    });
}

#[test]
fn the_number_is_asked_for_and_shown_before_anybody_answers() {
    for (country, aon, requests) in [
        ("RU", Aon::Answers, 1),
        ("RU", Aon::IgnoresFirst, 2),
        ("UA", Aon::Answers, 1),
    ] {
        let mut line = line(country, aon);
        asked(&mut line);
        assert_eq!(outcome(&line), Some((CallerIdOutcome::Sent, requests)));
        let mut records = line.0.records.iter();
        let asked = |body: &EventBody| {
            let EventBody::Line { news, .. } = body else {
                return false;
            };
            matches!(news, LineNews::Asked { .. })
        };
        let of_call = records.any(|r| asked(&r.event.body) && r.event.call.is_some());
        assert!(of_call, "the call's explanation has it");
        assert!(line.0.wrote(Rule::LineAon, |body| matches!(
            body,
            EventBody::Line {
                news: LineNews::LiftedToAsk,
                ..
            }
        )));
        line.wait("301 rings", 2_000, |s| s.0.report(1).rung);
        line.wait("301 shows who calls", 8_000, |s| {
            let display = s.0.report(1).display;
            display.is_some_and(|display| display.number.as_deref() == Some(TOLD))
        });
        hears(&mut line, "ringback");
        let figures = line.0.exchange.pbx.port_figures();
        let port = figures.iter().find(|port| port.caller_dbm0.is_some());
        let port = port.expect("how loud it came");
        let level = port.caller_dbm0.unwrap_or_default();
        assert!((-6..=-2).contains(&level), "{level}");
        assert_eq!(port.state, "rings");
        let (_, caller) = port.caller.as_ref().expect("somebody");
        assert_eq!(caller.number, TOLD);
        assert!(!is_answered(&line), "it only rings");
        line.0.lift(1);
        line.0.pass_ms(600);
        assert!(is_answered(&line));
        line.hear_each_other();
        line.act(1, Act::HangUp);
        line.wait("the line is free", 10_000, |s| s.stage(1) == "idle");
        assert_eq!(line.ended(), Some((Cause::Normal, Rule::LineTone)));
        line.clean_up();
    }
}

#[test]
fn an_exchange_that_does_not_answer_is_asked_three_times_and_the_call_goes_on() {
    let mut line = line("RU", Aon::None);
    let took = asked(&mut line);
    assert!(took < 3_000, "{took}");
    assert_eq!(outcome(&line), Some((CallerIdOutcome::Unanswered, 3)));
    let silent = |body: &EventBody| matches!(body, EventBody::Line { .. });
    assert!(line.0.wrote(Rule::LineAonSilent, silent));
    line.wait("301 rings", 1_000, |s| s.0.report(1).rung);
    line.0.lift(1);
    line.0.pass_ms(600);
    line.hear_each_other();
    assert!(line.0.parties.values().all(|party| party.number != TOLD));
    line.clean_up();
}

#[test]
fn a_caller_who_speaks_while_the_exchange_is_asked_only_goes_without_a_number() {
    let mut line = line("RU", Aon::None);
    line.call(1);
    line.act(
        1,
        Act::Talk {
            mark: "1500".into(),
        },
    );
    line.wait("301 rings", 6_000, |s| s.0.report(1).rung);
    assert_eq!(outcome(&line), Some((CallerIdOutcome::Unanswered, 3)));
    line.0.lift(1);
    line.0.pass_ms(600);
    line.hear_each_other();
    line.clean_up();
}

#[test]
fn a_caller_whom_nobody_takes_hears_the_busy_tone_and_the_line_is_free_again() {
    let mut line = line("RU", Aon::Answers);
    // 301 is off hook.
    line.0.lift(1);
    line.0.pass_ms(500);
    asked(&mut line);
    hears(&mut line, "busy");
    assert_eq!(line.ended().map(|(cause, _)| cause), Some(Cause::Busy));
    line.wait("the line is put on hook", 8_000, |s| s.stage(1) == "idle");
    assert!(!is_answered(&line));
    line.0.hang_up(1);
    line.clean_up();
}

#[test]
fn whoever_wants_the_line_need_not_wait_for_the_busy_tone() {
    let mut line = line("RU", Aon::Answers);
    line.0.lift(1);
    line.0.pass_ms(500);
    asked(&mut line);
    line.wait("nobody takes it", 3_000, |s| s.ended().is_some());
    line.0.lift(2);
    line.0.pass_ms(300);
    line.0.dial(2, "601234567");
    line.wait("the far telephone rings", 20_000, |s| s.report(1).rung);
    line.0.hang_up(2);
    line.0.hang_up(1);
    line.clean_up();
}

#[test]
fn a_caller_who_gives_up_is_noticed_whenever_that_is() {
    for disconnect in Disconnect::ALL {
        if disconnect == Disconnect::Silence {
            continue;
        }
        // While the exchange is asked, and while it rings inside.
        for after_ms in [600, 7_000] {
            let mut line = line("RU", Aon::None);
            line.set(LineSettings {
                disconnect: Some(disconnect),
                ..LineSettings::default()
            });
            line.call(1);
            line.wait("the line is lifted", 3_000, |s| s.stage(1) == "talking");
            line.0.pass_ms(after_ms);
            line.act(1, Act::HangUp);
            line.wait("the line is free", 12_000, |s| s.stage(1) == "idle");
            line.0.pass_ms(500);
            let (cause, rule) = line.ended().expect("it is in the books");
            assert_eq!(cause, Cause::Cancelled, "{disconnect:?} {after_ms}");
            let at_once = matches!(disconnect, Disconnect::LoopBreak | Disconnect::Reversal);
            if after_ms == 600 && at_once {
                let cut = outcome(&line).map(|(outcome, _)| outcome);
                assert_eq!(cut, Some(CallerIdOutcome::Cut), "{disconnect:?}");
                let seen = [Rule::LineLoopBreak, Rule::LineReversal];
                assert!(seen.contains(&rule), "{disconnect:?} {rule:?}");
                assert!(line.0.bells.is_empty(), "{disconnect:?}: nobody was called");
            }
            assert!(!line.0.report(1).rung, "{disconnect:?} {after_ms}");
            line.clean_up();
        }
    }
}

#[test]
fn nothing_is_lifted_where_nobody_would_be_called_or_the_entry_does_not_say_so() {
    for keys in ["", ENTRY] {
        let mut line = match keys {
            "" => Outside::new("RU", 1, keys),
            _ => Outside::unanswered("RU", keys),
        };
        line.set(LineSettings {
            aon: Some(Aon::Answers),
            ..LineSettings::default()
        });
        line.call(1);
        for _ in 0..100 {
            line.0.pass_ms(80);
            assert_ne!(line.stage(1), "talking", "{keys}");
        }
        assert_eq!(outcome(&line), None);
        line.act(1, Act::HangUp);
        line.0.pass_ms(12_000);
        line.clean_up();
    }
}

#[test]
fn the_line_dies_while_it_is_asked() {
    let mut line = line("RU", Aon::None);
    line.call(1);
    line.wait("the line is lifted", 3_000, |s| s.stage(1) == "talking");
    let faults = hal_sim::LineFaults {
        dead: true,
        ..hal_sim::LineFaults::default()
    };
    line.set(LineSettings {
        faults: Some(faults),
        ..LineSettings::default()
    });
    line.wait("it is in the books", 3_000, |s| s.ended().is_some());
    let cut = outcome(&line).map(|(outcome, _)| outcome);
    assert_eq!(cut, Some(CallerIdOutcome::Cut));
    assert!(line.0.bells.is_empty());
    line.set(LineSettings {
        faults: Some(hal_sim::LineFaults::default()),
        ..LineSettings::default()
    });
    line.0.pass_ms(3_000);
    line.0.must_be_quiet();
}

#[test]
fn callers_are_asked_for_their_number_and_sent_on() {
    let mut line = Outside::new("RU", 2, &format!("{ENTRY}\nto = \"6012345\""));
    line.set(LineSettings {
        aon: Some(Aon::Answers),
        ..LineSettings::default()
    });
    asked(&mut line);
    assert_eq!(outcome(&line), Some((CallerIdOutcome::Sent, 1)));
    line.wait("the far telephone rings", 30_000, |s| s.report(2).rung);
    hears(&mut line, "ringback");
    line.act(2, Act::Lift);
    line.wait("they talk", 30_000, |s| is_answered(s));
    line.act(1, Act::HangUp);
    line.wait("both lines are free", 20_000, |s| {
        s.stage(1) == "idle" && s.stage(2) == "idle"
    });
    line.0.must_be_quiet();
}

#[test]
fn an_emergency_call_takes_the_line_of_a_caller_whom_nobody_has_answered() {
    let mut line = line("RU", Aon::Answers);
    asked(&mut line);
    line.wait("301 rings", 2_000, |s| s.0.report(1).rung);
    line.0.lift(2);
    line.0.pass_ms(300);
    line.0.dial(2, "112");
    line.wait("the far telephone rings", 20_000, |s| {
        let report = s.report(1);
        report.rung && report.line.is_some_and(|line| line.dialled == "112")
    });
    let preempted = |body: &EventBody| matches!(body, EventBody::CallEnded { .. });
    assert!(line.0.wrote(Rule::EmergencyPreempts, preempted));
    line.0.hang_up(2);
    line.clean_up();
}

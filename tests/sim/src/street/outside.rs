//! What an installer dreams of: outside lines that ring inside with their caller's number, call out, and are
//! free again soon after the far party has hung up, however the carrier shows that.

use config::CountryCode;
use hal_sim::{Act, Disconnect, Fate, LifelinePlan, LineFaults, LineSettings, RelayKind, Report};
use model::{Cause, EventBody, LineNews, Rule};

use super::Street;

const NUMBER: &str = "226660000";

/// A street in `country` with sets 301 and 302, and lines that 301 answers.
pub(super) struct Outside(pub(super) Street);

impl Outside {
    pub(super) fn new(country: &str, lines: u16, keys: &str) -> Self {
        Self::with(country, "", lines, keys)
    }

    /// The same in an office with more keys of its own.
    pub(super) fn with(country: &str, office: &str, lines: u16, keys: &str) -> Self {
        Self::on_board(country, office, (lines, keys), Vec::new())
    }

    /// One line in Poland that has a lifeline to set 301.
    pub(super) fn with_lifeline(kind: RelayKind, office: &str) -> Self {
        let (set, line) = (1, 1);
        Self::on_board(
            "PL",
            office,
            (1, ""),
            vec![LifelinePlan { set, line, kind }],
        )
    }

    fn on_board(
        country: &str,
        office: &str,
        (lines, keys): (u16, &str),
        lifelines: Vec<LifelinePlan>,
    ) -> Self {
        let mut top = format!("[office]\ncountry = \"{country}\"\n{office}");
        for line in 1..=lines {
            top += &format!(
                "[[line]]\nid = \"line{line}\"\nport = \"fxo{line}\"\nanswer = \"set1\"\n{keys}\n"
            );
        }
        let mut street = Street::with_lifelines(&top, 2, |_| "", lifelines);
        street.pass_ms(1_500);
        Self(street)
    }

    /// One line that nobody answers.
    pub(super) fn unanswered(country: &str, keys: &str) -> Self {
        let top = format!(
            "[office]\ncountry = \"{country}\"\n[[line]]\nid = \"line1\"\nport = \"fxo1\"\n{keys}\n"
        );
        let mut street = Street::new(&top, 2, |_| "");
        street.pass_ms(1_500);
        Self(street)
    }

    pub(super) fn act(&mut self, line: u16, act: Act) {
        let port = format!("fxo{line}");
        let street = &mut self.0;
        street.board.people.act(&port, &act).expect("they can");
        street.look();
        street.take();
    }

    pub(super) fn set(&mut self, settings: LineSettings) {
        self.act(1, Act::Line(settings));
    }

    pub(super) fn disconnect(&mut self, disconnect: Disconnect) {
        self.set(LineSettings {
            disconnect: Some(disconnect),
            ..LineSettings::default()
        });
    }

    pub(super) fn call(&mut self, line: u16) {
        self.act(
            line,
            Act::Call {
                number: Some(NUMBER.into()),
                name: None,
            },
        );
    }

    pub(super) fn report(&mut self, line: u16) -> Report {
        let port = format!("fxo{line}");
        let people = &self.0.board.people;
        people.report(&port, &["1100"]).expect("it is there")
    }

    pub(super) fn stage(&mut self, line: u16) -> String {
        self.report(line).line.expect("a line").stage
    }

    pub(super) fn wait(
        &mut self,
        what: &str,
        most_ms: u64,
        done: impl Fn(&mut Self) -> bool,
    ) -> u64 {
        let since = self.0.now;
        while !done(self) {
            let waited = self.0.now.since(since);
            assert!(
                waited.as_millis() < u128::from(most_ms),
                "{what}: {:?} {:#?} {:#?}",
                self.report(1),
                self.0.exchange.pbx.figures(),
                self.0.records
            );
            self.0.pass_ms(20);
        }
        self.0.now.since(since).as_millis() as u64
    }

    /// A call from outside that set 301 answered.
    pub(super) fn talk(&mut self) {
        self.call(1);
        self.wait("301 rings", 12_000, |s| s.0.report(1).rung);
        self.0.lift(1);
        self.wait("they talk", 1_000, |s| s.stage(1) == "talking");
        self.0.pass_ms(600);
    }

    /// Set 301 calls a number outside, and the far telephone rings.
    pub(super) fn call_out(&mut self, number: &str) {
        self.0.lift(1);
        self.0.pass_ms(500);
        self.0.dial(1, number);
        self.wait("the far telephone rings", 30_000, |s| s.report(1).rung);
    }

    pub(super) fn ended(&self) -> Option<(Cause, Rule)> {
        let mut records = self.0.records.iter().rev();
        records.find_map(|record| match record.event.body {
            EventBody::CallEnded { cause, .. } => Some((cause, record.event.rule)),
            _ => None,
        })
    }

    pub(super) fn news(&self) -> Vec<LineNews> {
        let news = |body: &EventBody| match body {
            EventBody::Line { news, .. } => Some(*news),
            _ => None,
        };
        let records = self.0.records.iter();
        records.filter_map(|r| news(&r.event.body)).collect()
    }

    /// Both marks are heard, each at the other end.
    pub(super) fn hear_each_other(&mut self) {
        self.0.act(
            1,
            Act::Talk {
                mark: "1100".into(),
            },
        );
        self.act(
            1,
            Act::Talk {
                mark: "1500".into(),
            },
        );
        self.0.pass_ms(3_000);
        let far = self.report(1).hearing.expect("they talk").marks;
        assert_eq!(far, ["1100"]);
        let near = self.0.board.people.report("fxs1", &["1500"]);
        let near = near.expect("the set").hearing.expect("lifted").marks;
        assert!(near.contains(&"1500".to_owned()), "{near:?}");
        self.0.act(1, Act::Quiet);
        self.act(1, Act::Quiet);
        self.0.pass_ms(100);
    }

    /// Puts the handset back if it is lifted, and waits until all is quiet.
    pub(super) fn clean_up(&mut self) {
        if self.0.report(1).off_hook {
            self.0.hang_up(1);
        }
        self.0.pass_ms(3_000);
        self.0.must_be_quiet();
    }
}

#[test]
fn a_call_rings_inside_with_its_number_in_every_country() {
    for code in CountryCode::all() {
        let mut outside = Outside::new(code.as_str(), 1, "");
        outside.talk();
        outside.hear_each_other();
        let parties = outside.0.parties.values();
        let numbers: Vec<_> = parties.map(|party| party.number.as_str()).collect();
        assert!(numbers.contains(&NUMBER), "{code}: {numbers:?}");
        let figures = outside.0.exchange.pbx.port_figures();
        let level = figures.iter().find_map(|port| port.caller_dbm0);
        let plausible = |dbm0: i8| (-20..=-5).contains(&dbm0);
        let known = level.is_some_and(plausible) == numbers.contains(&NUMBER);
        assert!(known, "{code}: {level:?}");
        outside.clean_up();
        assert_eq!(outside.stage(1), "idle", "{code}");
    }
}

/// Every country, every way to hang up: the call ends by its sign and the line is free within 10 s. A line
/// that shows nothing is held until somebody inside hangs up.
#[test]
fn every_hang_up_in_every_country_frees_the_line() {
    for code in CountryCode::all() {
        for disconnect in Disconnect::ALL {
            let mut outside = Outside::new(code.as_str(), 1, "");
            outside.disconnect(disconnect);
            outside.talk();
            outside.act(1, Act::HangUp);
            if disconnect == Disconnect::Silence {
                outside.0.pass_ms(15_000);
                assert_eq!(outside.ended(), None, "{code}: ended for nothing");
                outside.clean_up();
                continue;
            }
            outside.wait("the line is free", 10_000, |s| s.stage(1) == "idle");
            let rules: &[Rule] = match disconnect {
                Disconnect::LoopBreak => &[Rule::LineLoopBreak],
                Disconnect::Reversal => &[Rule::LineReversal],
                Disconnect::BusyTone | Disconnect::CongestionTone => &[Rule::LineTone],
                // Where dial tone has a cadence a busy tone may have the same.
                Disconnect::DialTone => &[Rule::LineDialTone, Rule::LineTone],
                Disconnect::Silence => &[],
            };
            let (cause, rule) = outside.ended().expect("the call is over");
            assert_eq!(cause, Cause::Normal, "{code} {disconnect:?}");
            assert!(rules.contains(&rule), "{code} {disconnect:?}: {rule:?}");
            outside.clean_up();
        }
    }
}

#[test]
fn a_tone_that_ended_a_call_is_learned_once() {
    let mut outside = Outside::new("PL", 1, "");
    outside.disconnect(Disconnect::CongestionTone);
    for _ in 0..3 {
        outside.talk();
        outside.act(1, Act::HangUp);
        outside.wait("the line is free", 10_000, |s| s.stage(1) == "idle");
        outside.clean_up();
    }
    let learned = |n: &&LineNews| matches!(n, LineNews::Learned { .. });
    let hung_up = |n: &&LineNews| matches!(n, LineNews::HungUp { .. });
    let news = outside.news();
    assert_eq!(news.iter().filter(learned).count(), 1, "{news:?}");
    assert_eq!(news.iter().filter(hung_up).count(), 3, "{news:?}");
}

#[test]
fn numbers_go_out_by_tones_and_by_pulses_after_the_dial_tone() {
    for (country, keys) in [
        ("PL", ""),
        ("US", ""),
        ("CZ", "dialling = \"pulse\""),
        ("IT", "dial_first = \"9,\""),
        ("GB", ""),
    ] {
        let mut outside = Outside::new(country, 1, keys);
        outside.call_out("601234567");
        let first = if keys.contains("first") { "9" } else { "" };
        let dialled = outside.report(1).line.expect("a line").dialled;
        assert_eq!(dialled, format!("{first}601234567"), "{country}");
        outside.act(1, Act::Lift);
        outside.0.pass_ms(300);
        outside.hear_each_other();
        outside.wait("it counts as answered", 25_000, |s| {
            let answered = |body: &EventBody| matches!(body, EventBody::CallAnswered { .. });
            s.0.records.iter().any(|r| answered(&r.event.body))
        });
        outside.0.hang_up(1);
        outside.wait("the line is free", 3_000, |s| s.stage(1) == "idle");
        outside.clean_up();
        let (cause, rule) = outside.ended().expect("the call is over");
        assert_eq!(
            (cause, rule),
            (Cause::Normal, Rule::PartyHungUp),
            "{country}"
        );
    }
}

/// Somebody lifts and says nothing, or a machine does: only the ringing stops.
#[test]
fn a_silent_answer_is_one() {
    let mut outside = Outside::new("PL", 1, "");
    outside.call_out("601234567");
    outside.0.pass_ms(7_000);
    let answered = |s: &mut Outside| {
        let answered = |body: &EventBody| matches!(body, EventBody::CallAnswered { .. });
        s.0.records.iter().any(|r| answered(&r.event.body))
    };
    assert!(
        !answered(&mut outside),
        "a telephone that rings is no answer"
    );
    outside.act(1, Act::Lift);
    outside.wait("it counts as answered", 13_000, answered);
    outside.0.hang_up(1);
    outside.clean_up();
}

#[test]
fn who_lets_it_ring_for_long_hears_who_answers() {
    let mut outside = Outside::new("PL", 1, "");
    outside.call_out("601234567");
    outside.wait("it is known to ring", 15_000, |s| {
        s.0.wrote(Rule::PhoneRang, |body| matches!(body, EventBody::LegRang))
    });
    outside.act(1, Act::Lift);
    outside.0.pass_ms(300);
    outside.hear_each_other();
    outside.0.hang_up(1);
    outside.clean_up();
}

#[test]
fn a_reversal_is_the_answer_and_the_end() {
    let mut outside = Outside::new("PL", 1, "");
    outside.set(LineSettings {
        disconnect: Some(Disconnect::Reversal),
        answer_reversal: Some(true),
        ..LineSettings::default()
    });
    outside.call_out("601234567");
    outside.act(1, Act::Lift);
    outside.0.pass_ms(300);
    let answered = |body: &EventBody| matches!(body, EventBody::LegAnswered { .. });
    assert!(outside.0.wrote(Rule::LineReversal, answered));
    outside.0.pass_ms(3_000);
    outside.act(1, Act::HangUp);
    outside.wait("the line is free", 10_000, |s| s.stage(1) == "idle");
    assert_eq!(outside.ended(), Some((Cause::Normal, Rule::LineReversal)));
    outside.clean_up();
}

#[test]
fn the_carriers_refusal_is_understood() {
    for (fate, cause) in [
        (Fate::Busy, Cause::Busy),
        (Fate::SpecialInfo, Cause::NotFound),
    ] {
        for country in ["PL", "GB", "US"] {
            let mut outside = Outside::new(country, 1, "");
            outside.set(LineSettings {
                fate: Some(fate),
                ..LineSettings::default()
            });
            outside.0.lift(1);
            outside.0.pass_ms(500);
            outside.0.dial(1, "601234567");
            outside.wait("refused", 30_000, |s| s.ended().is_some());
            let (got, rule) = outside.ended().expect("over");
            assert_eq!(
                (got, rule),
                (cause, Rule::LineRefused),
                "{country} {fate:?}"
            );
            outside.clean_up();
        }
    }
}

/// A call that comes in while the line is about to be taken wins; the one that goes out finds another
/// line, or is told that there is none.
#[test]
fn glare_is_resolved_in_favour_of_the_caller() {
    for lines in [1, 2] {
        for early_ms in [0, 100, 250, 350] {
            let mut outside = Outside::new("PL", lines, "");
            outside.0.lift(2);
            outside.0.pass_ms(500);
            outside.0.dial(2, "601234567");
            outside.wait("a line is taken", 10_000, |s| {
                s.0.wrote(Rule::LineSeized, |_| true)
            });
            outside.0.pass_ms(early_ms);
            if outside.report(1).line.expect("a line").seized {
                // It is lifted already: the carrier takes no call.
                continue;
            }
            outside.call(1);
            outside.0.pass_ms(400);
            if early_ms < 250 {
                outside.wait("301 rings", 12_000, |s| s.0.report(1).rung);
                let free = |s: &mut Outside| s.report(2).rung;
                if lines == 2 {
                    outside.wait("the second line is used", 20_000, free);
                } else {
                    let tones = outside.0.tones(2);
                    assert!(tones.iter().any(|t| t == "congestion"), "{tones:?}");
                }
            }
            outside.act(1, Act::HangUp);
            outside.0.hang_up(2);
            outside.0.pass_ms(10_000);
            outside.clean_up();
        }
    }
}

#[test]
fn a_line_is_never_taken_twice() {
    let mut outside = Outside::new("PL", 1, "");
    outside.call_out("601234567");
    outside.0.lift(2);
    outside.0.pass_ms(500);
    outside.0.dial(2, "602345678");
    outside.0.pass_ms(8_000);
    let tones = outside.0.tones(2);
    assert!(tones.iter().any(|t| t == "congestion"), "{tones:?}");
    assert_eq!(outside.report(1).line.expect("a line").dialled, "601234567");
    outside.0.hang_up(2);
    outside.clean_up();
}

#[test]
fn an_emergency_call_takes_the_line_of_another() {
    let mut outside = Outside::new("PL", 1, "");
    outside.0.lift(2);
    outside.0.pass_ms(500);
    outside.0.dial(2, "601234567");
    outside.wait("the far telephone rings", 20_000, |s| s.report(1).rung);
    outside.act(1, Act::Lift);
    outside.0.pass_ms(4_000);
    outside.0.lift(1);
    outside.0.pass_ms(500);
    outside.0.dial(1, "112");
    outside.wait("112 rings", 15_000, |s| {
        let line = s.report(1);
        line.rung && line.line.is_some_and(|line| line.dialled == "112")
    });
    let ended = |body: &EventBody| matches!(body, EventBody::CallEnded { .. });
    assert!(outside.0.wrote(Rule::EmergencyPreempts, ended));
    outside.0.hang_up(2);
    outside.clean_up();
}

#[test]
fn a_caller_who_gives_up_stops_the_bells() {
    let mut outside = Outside::new("PL", 1, "");
    outside.call(1);
    outside.wait("301 rings", 12_000, |s| s.0.report(1).rung);
    outside.act(1, Act::HangUp);
    outside.wait("301 is quiet", 9_000, |s| !s.0.report(1).rung);
    assert_eq!(
        outside.ended(),
        Some((Cause::Cancelled, Rule::LineAbandoned))
    );
    outside.clean_up();
}

#[test]
fn a_line_without_anybody_to_answer_is_only_written_down() {
    let mut outside = Outside::new("PL", 1, "");
    outside.0.lift(1);
    outside.call(1);
    outside.0.pass_ms(8_000);
    assert_eq!(outside.ended().map(|(cause, _)| cause), Some(Cause::Busy));
    assert_eq!(outside.stage(1), "ringing", "it rings on unanswered");
    outside.act(1, Act::HangUp);
    outside.0.pass_ms(9_000);
    outside.clean_up();
}

#[test]
fn a_line_that_cannot_be_used_is_not_and_says_so() {
    for (faults, news) in [
        (
            LineFaults {
                dead: true,
                ..LineFaults::default()
            },
            [LineNews::Dead, LineNews::Alive],
        ),
        (
            LineFaults {
                parallel: true,
                ..LineFaults::default()
            },
            [LineNews::InUse, LineNews::Free],
        ),
    ] {
        let mut outside = Outside::new("PL", 1, "");
        outside.set(LineSettings {
            faults: Some(faults),
            ..LineSettings::default()
        });
        outside.0.pass_ms(3_000);
        outside.0.lift(1);
        outside.0.pass_ms(500);
        outside.0.dial(1, "601234567");
        outside.0.pass_ms(10_000);
        assert_eq!(outside.ended(), Some((Cause::Congestion, Rule::LineNone)));
        outside.set(LineSettings {
            faults: Some(LineFaults::default()),
            ..LineSettings::default()
        });
        outside.0.pass_ms(2_000);
        assert_eq!(outside.news(), news);
        outside.clean_up();
    }
}

/// The program dies in the middle of a call, and its board goes on holding the line.
#[test]
fn a_line_that_was_held_when_the_program_died_is_released_at_the_start() {
    let mut outside = Outside::new("PL", 1, "");
    outside.talk();
    outside.0.restart();
    outside.wait("the line is free", 1_000, |s| s.stage(1) == "idle");
    outside.0.hang_up(1);
    outside.clean_up();
    outside.talk();
    outside.hear_each_other();
    outside.clean_up();
}

/// Somebody who finds 301 busy gives up, and the next one calls before the line could be known to be quiet.
#[test]
fn whoever_calls_right_after_a_refused_caller_is_another_call() {
    for country in ["PL", "GB", "SE"] {
        let mut outside = Outside::new(country, 1, "");
        outside.0.lift(1);
        outside.call(1);
        outside.wait("301 is busy", 12_000, |s| s.ended().is_some());
        outside.0.pass_ms(5_000);
        outside.act(1, Act::HangUp);
        outside.0.hang_up(1);
        outside.0.pass_ms(1_500);
        let call = Act::Call {
            number: Some("226661111".into()),
            name: None,
        };
        outside.act(1, call);
        outside.wait("301 rings", 14_000, |s| {
            let display = s.0.report(1).display.and_then(|display| display.number);
            display.as_deref() == Some("226661111")
        });
        outside.0.pass_ms(4_000);
        outside.0.lift(1);
        outside.wait("they talk", 1_000, |s| s.stage(1) == "talking");
        outside.0.pass_ms(600);
        outside.clean_up();
        let begun = |body: &EventBody| matches!(body, EventBody::CallStarted { .. });
        let calls = outside.0.records.iter();
        let calls = calls.filter(|record| begun(&record.event.body)).count();
        // The lifted set is one, too.
        assert_eq!(calls, 3, "{country}");
    }
}

/// The wire is pulled out in the middle of a call.
#[test]
fn a_call_on_a_line_that_dies_ends() {
    let mut outside = Outside::new("PL", 1, "");
    outside.talk();
    outside.set(LineSettings {
        faults: Some(LineFaults {
            dead: true,
            ..LineFaults::default()
        }),
        ..LineSettings::default()
    });
    outside.wait("the call is over", 10_000, |s| s.ended().is_some());
    outside.clean_up();
}

/// From a set to a line of the same board and back: at most 25 ms with the block in which a sound begins,
/// and no resampling (design §3).
#[test]
fn a_set_and_a_line_are_25_ms_apart() {
    let mut outside = Outside::new("PL", 1, "");
    outside.talk();
    let loud = [8_000; hal_port::FRAME];
    let jack_of_line = 2_usize;
    for jack in [jack_of_line, 0] {
        outside.0.pass_ms(500);
        outside.0.first_sound[jack] = None;
        let (people, said) = (&mut outside.0.board.people, outside.0.now);
        if jack == jack_of_line {
            let person = people.person("fxs1").expect("the set");
            person.speak_block(&loud).expect("the mouth is free");
        } else {
            let carrier = people.carrier("fxo1").expect("the line");
            carrier.speak_block(&loud).expect("the line is free");
        }
        outside.0.pass_ms(100);
        let heard = outside.0.first_sound[jack].expect("it is heard");
        let late = heard.since(said);
        assert!(late.as_millis() <= 25, "to jack {jack}: {late:?}");
    }
    outside.act(1, Act::HangUp);
    outside.clean_up();
}

#[test]
fn a_code_flashes_the_line_and_the_exchange_gives_dial_tone() {
    let mut outside = Outside::new("PL", 1, "[codes]\nflash = \"*0\"");
    outside.talk();
    outside.0.dial(1, "*1*0");
    outside.wait("dial tone of the carrier", 5_000, |s| {
        s.stage(1) == "dialling"
    });
    assert_eq!(outside.report(1).line.expect("a line").flashes, 1);
    // Its dial tone is no hang-up, and the next flash brings the far party back.
    outside.0.pass_ms(10_000);
    assert_eq!(outside.ended(), None);
    outside.0.dial(1, "*0");
    outside.wait("they talk again", 5_000, |s| s.stage(1) == "talking");
    outside.hear_each_other();
    let flashed = outside
        .news()
        .iter()
        .filter(|n| matches!(n, LineNews::Flashed))
        .count();
    assert_eq!(flashed, 2);
    outside.disconnect(Disconnect::BusyTone);
    outside.0.pass_ms(25_000);
    outside.act(1, Act::HangUp);
    outside.wait("the line is free", 10_000, |s| s.stage(1) == "idle");
    outside.clean_up();
}

#[test]
fn a_dial_tone_that_nobody_answers_after_a_flash_ends_the_call() {
    let mut outside = Outside::new("PL", 1, "flash = \"line\"");
    outside.talk();
    outside.0.flash(1);
    outside.wait("dial tone of the carrier", 5_000, |s| {
        s.stage(1) == "dialling"
    });
    outside.wait("the line is free", 40_000, |s| s.stage(1) == "idle");
    assert!(outside.ended().is_some());
    outside.clean_up();
}

/// Two lines in Poland of which the first sends its callers on over the second; who called there and whom it
/// called talk.
pub(super) fn sent_on(disconnect: Option<Disconnect>) -> Outside {
    let mut outside = Outside::new("PL", 2, "to = \"601234567\"");
    for line in 1..=2 {
        let settings = LineSettings {
            answer_reversal: Some(true),
            disconnect,
            ..LineSettings::default()
        };
        outside.act(line, Act::Line(settings));
    }
    outside.call(1);
    outside.wait("the mobile rings", 30_000, |s| s.report(2).rung);
    assert_eq!(outside.report(2).line.expect("a line").dialled, "601234567");
    assert_eq!(outside.stage(1), "ringing", "nobody pays before the answer");
    outside.act(2, Act::Lift);
    outside.wait("both talk", 5_000, |s| {
        s.stage(1) == "talking" && s.stage(2) == "talking"
    });
    outside
}

#[test]
fn a_line_sends_its_callers_on_over_another_line() {
    let mut outside = sent_on(None);
    for (line, mark) in [(1, "1100"), (2, "1500")] {
        outside.act(line, Act::Talk { mark: mark.into() });
    }
    outside.0.pass_ms(3_000);
    for (line, other) in [(1, "1500"), (2, "1100")] {
        let port = format!("fxo{line}");
        let report = outside
            .0
            .board
            .people
            .report(&port, &[other])
            .expect("it is there");
        assert_eq!(report.hearing.expect("they talk").marks, [other]);
    }
    let rules: Vec<_> = outside.0.records.iter().map(|r| r.event.rule).collect();
    assert!(rules.contains(&Rule::LineOnward), "{rules:?}");
    outside.act(1, Act::HangUp);
    outside.wait("both are free", 15_000, |s| {
        s.stage(1) == "idle" && s.stage(2) == "idle"
    });
    outside.clean_up();
}

#[test]
fn a_hang_up_that_was_none_is_counted_and_its_tone_forgotten() {
    let mut outside = Outside::new("PL", 1, "");
    outside.disconnect(Disconnect::CongestionTone);
    outside.talk();
    outside.act(1, Act::HangUp);
    outside.wait("the line is free", 10_000, |s| s.stage(1) == "idle");
    outside.clean_up();
    let learned = outside.news().into_iter().find_map(|news| match news {
        LineNews::Learned { tone } => Some(tone),
        _ => None,
    });
    let ended = outside.news().into_iter().find_map(|news| match news {
        LineNews::HungUp {
            sign,
            tone,
            evidence,
        } => Some((sign, tone, evidence)),
        _ => None,
    });
    let (sign, tone, evidence) = ended.expect("it hung up");
    assert!(evidence.is_some(), "its sound is kept");
    let line = model::EntryId::new("line1").expect("an id");
    let tone = tone.map(|tone| tone.measured);
    outside
        .0
        .command(model::Command::FalseHangUp { line, sign, tone });
    let figures = outside.0.exchange.pbx.port_figures();
    let line = figures
        .iter()
        .find(|one| one.entry.as_ref().is_some_and(|id| id.as_str() == "line1"));
    let line = line.expect("the line");
    assert_eq!((line.hang_ups.false_ones, line.learned.len()), (1, 0));
    let unlearned = |n: &&LineNews| matches!(n, LineNews::Unlearned { .. });
    assert_eq!(
        outside.news().iter().filter(unlearned).count(),
        usize::from(learned.is_some())
    );
}

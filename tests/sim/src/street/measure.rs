//! Lines are measured while nobody needs them: the impedance that balances each best is searched for, kept and used.

use hal_port::Impedance;
use hal_sim::{Act, LineFaults, LineSettings};
use model::{Command, EntryId, EventBody, LineBalance, LineNews, Rule, limits};

use super::outside::Outside;

type Table = [Option<i16>; limits::IMPEDANCES];

/// At any hour, so that a test need not wait for the night.
const HOURS: &str = "line_tests = \"mon-sun 00:00-24:00\"\n";

fn is_made_of(outside: &mut Outside, impedance: Impedance) {
    outside.set(LineSettings {
        impedance: Some(impedance),
        ..LineSettings::default()
    });
}

/// Somebody wants line 1 to be measured.
fn ask(outside: &mut Outside) {
    let line = EntryId::new("line1").expect("an id");
    outside.0.command(Command::BalanceLine(line));
}

fn searches(outside: &Outside) -> Vec<(Rule, Option<u8>, Table)> {
    let found = |record: &model::Record| match record.event.body {
        EventBody::Line {
            news: LineNews::Balanced { best, erl_db10 },
            ..
        } => Some((record.event.rule, best, erl_db10)),
        _ => None,
    };
    outside.0.records.iter().filter_map(found).collect()
}

fn kept(outside: &Outside) -> Option<LineBalance> {
    let figures = outside.0.exchange.pbx.port_figures();
    figures.iter().find_map(|port| port.balance)
}

/// Talks on line 1 for a while; how much weaker our sound came back, in dB.
fn return_loss(outside: &mut Outside) -> i8 {
    outside.talk();
    outside.0.talk(1, "1100");
    outside.0.pass_ms(4_000);
    let figures = outside.0.exchange.pbx.port_figures();
    let second = figures.iter().find_map(|port| port.second);
    outside.clean_up();
    let second = second.expect("somebody talked");
    assert!(second.tx_dbm0 > -20, "{second:?}");
    second.tx_dbm0 - second.rx_dbm0
}

fn place(impedance: Impedance) -> u8 {
    let place = Impedance::ALL.iter().position(|&one| one == impedance);
    u8::try_from(place.expect("one of them")).expect("few")
}

#[test]
fn the_impedance_that_balances_a_line_is_found_kept_and_used() {
    for (country, line) in [
        ("PL", Impedance::Ohm900),
        ("GB", Impedance::Ohm200Plus680),
        ("US", Impedance::Tbr21),
    ] {
        // Without a search the country's own is used, which is another.
        let mut outside = Outside::new(country, 1, "");
        is_made_of(&mut outside, line);
        let before = return_loss(&mut outside);
        assert!(before < 30, "{country}: {before}");
        assert_eq!(kept(&outside), None);

        let mut outside = Outside::with(country, HOURS, 1, "");
        is_made_of(&mut outside, line);
        outside.wait("it was searched", 120_000, |s| !searches(s).is_empty());
        let (rule, best, table) = searches(&outside)[0];
        assert_eq!(rule, Rule::LineBalanceHours);
        assert_eq!(best, Some(place(line)), "{country}: {table:?}");
        for (loss, other) in table.iter().zip(Impedance::ALL) {
            let (loss, least) = (loss.expect("measured"), other.return_loss_db10(line));
            let least = i16::try_from(least).expect("at most 400");
            assert!(loss.abs_diff(least) <= 10, "{country} {other:?}: {table:?}");
        }
        outside.0.pass_ms(3_000);
        outside.0.must_be_quiet();
        assert_eq!(outside.stage(1), "idle");
        let after = return_loss(&mut outside);
        assert!(after > 35, "{country}: {after}");

        // It holds over a restart, and for a week.
        outside.0.restart();
        outside.0.pass_ms(200_000);
        assert_eq!(kept(&outside).and_then(|known| known.best), best);
        assert!(return_loss(&mut outside) > 35, "{country}");
        assert_eq!(searches(&outside).len(), 1, "{country}");
    }
}

#[test]
fn a_line_is_searched_when_asked_and_by_pulses_too() {
    for keys in ["", "dialling = \"pulse\""] {
        let mut outside = Outside::new("PL", 1, keys);
        is_made_of(&mut outside, Impedance::Ohm370Plus620);
        outside.0.pass_ms(60_000);
        assert_eq!(searches(&outside), [], "nobody asked");
        ask(&mut outside);
        outside.wait("it was searched", 60_000, |s| !searches(s).is_empty());
        let (rule, best, _) = searches(&outside)[0];
        assert_eq!(rule, Rule::LineBalanceAsked);
        assert_eq!(best, Some(place(Impedance::Ohm370Plus620)), "{keys}");
        let dialled = outside.report(1).line.expect("a line").dialled;
        assert_eq!(dialled, "5", "one digit is nobody's number");
        outside.clean_up();
    }
}

#[test]
fn a_search_gives_way_to_a_call_and_goes_on_after_it() {
    let call_out = |outside: &mut Outside| {
        outside.0.dial(1, "601234567");
        outside.wait("the far telephone rings", 30_000, |s| s.report(1).rung)
    };
    let mut idle = Outside::new("PL", 1, "");
    idle.0.lift(1);
    idle.0.pass_ms(500);
    let usual = call_out(&mut idle);
    // In every part of a search: before it lifts the line, at the dial tone, in silence, in noise.
    for ms in [100, 600, 1_500, 2_600, 4_000, 8_200, 12_000] {
        let mut outside = Outside::new("PL", 1, "");
        is_made_of(&mut outside, Impedance::Ohm900);
        outside.0.lift(1);
        outside.0.pass_ms(500);
        ask(&mut outside);
        outside.0.pass_ms(ms);
        assert_eq!(searches(&outside), []);
        let took = call_out(&mut outside);
        // The exchange has to see the line on hook first.
        assert!(took <= usual + 2_000, "{ms}: {took}, not {usual}");
        let dialled = outside.report(1).line.expect("a line").dialled;
        assert_eq!(dialled, "601234567", "{ms}");
        outside.act(1, Act::Lift);
        outside.hear_each_other();
        outside.0.hang_up(1);
        outside.wait("it was searched", 60_000, |s| !searches(s).is_empty());
        let (_, best, _) = searches(&outside)[0];
        assert_eq!(best, Some(place(Impedance::Ohm900)), "{ms}");
        outside.clean_up();
    }
}

#[test]
fn a_caller_comes_in_before_the_line_is_lifted() {
    let mut outside = Outside::new("PL", 1, "");
    is_made_of(&mut outside, Impedance::Ohm900);
    outside.call(1);
    outside.0.pass_ms(20);
    ask(&mut outside);
    outside.wait("301 rings", 12_000, |s| s.0.report(1).rung);
    outside.0.lift(1);
    outside.hear_each_other();
    outside.0.hang_up(1);
    outside.wait("it was searched", 60_000, |s| !searches(s).is_empty());
    outside.clean_up();
}

#[test]
fn a_line_that_cannot_be_measured_says_so_and_keeps_what_it_had() {
    let mut outside = Outside::new("PL", 1, "");
    is_made_of(&mut outside, Impedance::Ohm900);
    ask(&mut outside);
    outside.wait("it was searched", 60_000, |s| !searches(s).is_empty());
    outside.0.pass_ms(5_000);
    let stuck = LineFaults {
        stuck: true,
        ..LineFaults::default()
    };
    let noisy = LineFaults {
        noise_dbm0: Some(-30),
        ..LineFaults::default()
    };
    let dead = LineFaults {
        dead: true,
        ..LineFaults::default()
    };
    for (at, faults) in [(1, stuck), (2, noisy), (3, dead)] {
        outside.set(LineSettings {
            faults: Some(faults),
            ..LineSettings::default()
        });
        // A dead line is believed to be one after a second.
        outside.0.pass_ms(2_000);
        ask(&mut outside);
        outside.wait("it is given up", 20_000, |s| searches(s).len() > at);
        let (rule, best, _) = searches(&outside)[at];
        assert_eq!((rule, best), (Rule::LineBalanceFailed, None), "{faults:?}");
        let known = kept(&outside).expect("from the first time");
        assert_eq!(known.best, Some(place(Impedance::Ohm900)));
        assert!(known.tried > known.at);
        outside.0.pass_ms(5_000);
    }
}

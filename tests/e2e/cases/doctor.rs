//! `centralka doctor`: what a technician asks about the ports at the command line.

use std::thread;

use serde_json::Value;
use tests_e2e::{
    exchange::{Exchange, Office},
    set::Set,
    wait::{s, until},
};

/// An office with a set and a line, which the board's relay joins when the power fails.
fn office() -> Exchange {
    let line = "[[line]]\nid = \"city\"\nport = \"fxo1\"\nto = \"301\"\n";
    Exchange::start(&Office::with(&[]).table(line))
}

fn json(exchange: &Exchange, arguments: &[&str]) -> Value {
    let said = exchange.ask(arguments);
    serde_json::from_str(&said).expect("the doctor tells JSON")
}

/// What a command that fails says.
#[track_caller]
fn refused(exchange: &Exchange, arguments: &[&str]) -> String {
    let output = exchange.run(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn all_ports_are_told_of_sets_and_lines() {
    let exchange = office();
    let set = Set::of(&exchange);
    set.lift();
    set.hears_dial_tone(s(30));
    let said = until(s(30), "the line lies on its hook", || {
        let said = exchange.ask(&["doctor"]);
        said.contains("fxo1 (city)  idle").then_some(said)
    });
    assert!(said.contains("exchange      running"), "{said}");
    let ports: Vec<&str> = said.lines().filter(|line| line.contains(" (")).collect();
    assert!(
        ports
            .iter()
            .any(|port| port.starts_with("fxs1 (") && port.ends_with("  dials")),
        "{said}"
    );
    assert!(said.contains("  voltage    "), "{said}");
    let lifted = exchange.ask(&["doctor", "port", "fxs1"]);
    assert!(
        lifted.starts_with("fxs1 (") && !lifted.contains("fxo1"),
        "{lifted}"
    );
    let all = json(&exchange, &["doctor", "port", "--json"]);
    let all = all.as_array().expect("a list");
    let now = |name: &str| {
        let found = all.iter().find(|port| port["port"] == name);
        &found.unwrap_or_else(|| panic!("{name} is in {all:?}"))["now"]
    };
    assert_eq!(now("fxs1")["foreign_volts"], 0, "{all:?}");
    let volts = now("fxo1")["volts"].as_i64().expect("measured");
    assert!(volts.abs() > 30, "{all:?}");
    let lines = json(&exchange, &["doctor", "line", "--json"]);
    assert_eq!(lines.as_array().map(Vec::len), Some(1), "{lines}");
    let said = refused(&exchange, &["doctor", "line", "fxs1"]);
    assert!(said.contains("no line on fxs1"), "{said}");
    set.hang_up();
    exchange.rest();
    exchange.stop();
}

#[test]
fn what_a_port_measured_before_is_a_table() {
    let exchange = office();
    // What the simulated board measures of a set and of a line.
    for (port, figure, unit) in [
        ("fxs1", "foreign_volts", "foreign V"),
        ("fxo1", "volts", "  V "),
    ] {
        let history = ["doctor", "port", port, "history", "--json"];
        let kept = until(s(60), "a sample of the port", || {
            json(&exchange, &history).get(0).cloned()
        });
        let table = exchange.ask(&["doctor", "port", port, "history", "--limit", "1"]);
        let mut rows = table.lines();
        let heading = rows.next().expect("it has a heading");
        assert!(heading.starts_with("time "), "{table}");
        assert!(heading.contains(unit), "{table}");
        let row = rows.next().expect("it has a row");
        // The minutes are those of the sample; its hour is the office's, which is never Greenwich's.
        let at = kept["at"].as_i64().expect("a moment") / 1_000_000;
        let (minute, second) = (at / 60 % 60, at % 60);
        let clock = format!(":{minute:02}:{second:02}  ");
        assert!(row.contains(&clock), "{clock} in {table}");
        let hour = row.get(11..13).and_then(|two| two.parse::<i64>().ok());
        let ahead = (hour.expect("an hour") - at / 3_600 % 24).rem_euclid(24);
        assert!((1..=2).contains(&ahead), "{at} in {table}");
        let value = kept[figure].to_string();
        assert!(row.split_whitespace().any(|cell| cell == value), "{table}");
    }
    let said = exchange.ask(&["doctor", "line", "fxo1", "history"]);
    assert!(said.starts_with("time "), "{said}");
    let said = refused(&exchange, &["doctor", "port", "fxs77", "history"]);
    assert!(said.contains("no set and no line"), "{said}");
    refused(
        &exchange,
        &["doctor", "port", "fxs1", "history", "--limit", "0"],
    );
    exchange.stop();
}

#[test]
fn a_set_is_rung_with_caller_ids_until_it_is_lifted_and_keeps_the_one_it_showed() {
    let exchange = office();
    let set = Set::of(&exchange);
    let said = thread::scope(|scope| {
        let doctor = scope.spawn(|| exchange.ask(&["doctor", "set", "fxs1"]));
        set.rings(s(60));
        set.lift();
        doctor.join().expect("the doctor ends")
    });
    assert!(said.contains("The set on fxs1 is rung now."), "{said}");
    let tried: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("9"))
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .collect();
    assert!(tried.len() > 5, "{said}");
    assert_eq!(tried[0][..2], ["901", "bellcore"], "{said}");
    let last = tried.last().expect("some were tried");
    assert!(last.join(" ").ends_with("the set was used"), "{said}");
    let said = refused(&exchange, &["doctor", "set", "fxs1"]);
    assert!(said.contains("in use or out of service"), "{said}");
    set.hang_up();
    exchange.ask(&["doctor", "set", "fxs1", "--use", "bellcore"]);
    let text = exchange.ask(&["config", "show"]);
    assert!(text.contains("caller_id = \"bellcore\""), "{text}");
    let said = refused(&exchange, &["doctor", "set", "fxs1", "--use", "smoke"]);
    assert!(said.contains("smoke"), "{said}");
    exchange.rest();
    exchange.stop();
}

#[test]
fn a_line_is_searched_for_its_impedance() {
    let exchange = office();
    exchange.ask(&["doctor", "line", "fxo1", "balance"]);
    // It tries all impedances, some seconds each.
    let found = until(s(180), "the best impedance", || {
        let lines = json(&exchange, &["doctor", "line", "fxo1", "--json"]);
        let best = lines[0]["balance"]["best"].as_u64();
        best.map(|_| lines[0]["balance"].clone())
    });
    let measured = found["erl_db10"].as_array().expect("a list");
    assert!(measured.iter().all(Value::is_i64), "{found}");
    let said = exchange.ask(&["doctor", "line", "fxo1"]);
    assert!(said.contains("  balance    searched "), "{said}");
    assert_eq!(said.matches("  in use").count(), 1, "{said}");
    let said = refused(&exchange, &["doctor", "line", "fxs1", "balance"]);
    assert!(!said.is_empty());
    exchange.rest();
    exchange.stop();
}

#[test]
fn a_lifeline_is_tested() {
    let exchange = office();
    let said = exchange.ask(&["doctor", "line", "fxo1"]);
    assert!(
        said.contains("  lifeline   of fxs1: not tested yet"),
        "{said}"
    );
    exchange.ask(&["doctor", "line", "fxo1", "lifeline"]);
    let verdict = || {
        let lines = json(&exchange, &["doctor", "line", "fxo1", "--json"]);
        let verdict = lines[0]["lifeline"]["test"]["verdict"].as_str();
        verdict.map(str::to_owned)
    };
    assert_eq!(until(s(60), "a verdict", verdict), "works");
    let said = exchange.ask(&["doctor", "line", "fxo1"]);
    assert!(
        said.contains("  lifeline   of fxs1: works, tested "),
        "{said}"
    );
    exchange.rest();
    exchange.stop();
}

//! Outside lines on the simulated board: sets and SIP phones talk with the public network, both ways.

use serde_json::Value;
use tests_e2e::{
    baresip::{Over, Phone},
    exchange::{Exchange, Office},
    set::Set,
    wait::{s, until},
};

use crate::audio::{ANNA_HZ, ENOUGH, JAN_HZ, started};

/// The number of whoever calls from outside.
const OUTSIDE: &str = "226660000";

/// An office whose line is answered by `answer`: the set or the person 2005.
fn office(answer: &str) -> Exchange {
    let line = format!("[[line]]\nport = \"fxo1\"\nanswer = \"{answer}\"\n");
    let mut office = Office::with(&["2005", "2006"]).table(&line);
    for (entry, id) in [
        ("port = \"fxs1\"", "id = \"set\""),
        ("extension = \"2005\"", "id = \"anna\""),
    ] {
        office.0 = office.0.replacen(entry, &format!("{id}\n{entry}"), 1);
    }
    started(&office)
}

#[test]
fn a_call_from_outside_rings_the_set_and_both_hear() {
    let exchange = office("set");
    let (set, far) = (Set::of(&exchange), Set::behind_line(&exchange));
    far.line(&["--disconnect", "loop_break"]);
    far.call(OUTSIDE);
    set.rings(s(30));
    set.lift();
    far.line_is("talking", s(30));
    far.talk(JAN_HZ);
    set.hears(JAN_HZ, s(30));
    set.talk(ANNA_HZ);
    far.hears(ANNA_HZ, s(30));
    far.hang_up();
    far.line_is("idle", s(30));
    let calls = exchange.ended_calls(1);
    assert_eq!(calls[0]["from"], OUTSIDE, "{calls:?}");
    assert_eq!(calls[0]["cause"], "normal", "{calls:?}");
    set.hang_up();
    exchange.rest();
    exchange.stop();
}

#[test]
fn the_set_calls_outside_and_both_hear() {
    let exchange = office("set");
    let (set, far) = (Set::of(&exchange), Set::behind_line(&exchange));
    far.line(&["--answer-reversal", "true"]);
    set.lift();
    set.hears_dial_tone(s(30));
    set.dial("601234567");
    far.rings(s(60));
    assert_eq!(far.hear()["line"]["dialled"], "601234567");
    far.answer();
    far.talk(JAN_HZ);
    set.hears(JAN_HZ, s(30));
    set.talk(ANNA_HZ);
    far.hears(ANNA_HZ, s(30));
    set.hang_up();
    far.line_is("idle", s(30));
    let calls = exchange.ended_calls(1);
    assert_eq!(calls[0]["cause"], "normal", "{calls:?}");
    exchange.rest();
    exchange.stop();
}

/// The phone and the far end talk; when that hangs up, so does the exchange, on both sides.
fn both_hear_until_the_far_end_hangs_up(exchange: &Exchange, mut anna: Phone, far: &Set<'_>) {
    anna.event("CALL_ESTABLISHED", s(30));
    far.talk(JAN_HZ);
    far.hears(ANNA_HZ, s(30));
    let at_anna = anna.hears_now(ENOUGH);
    far.hang_up();
    anna.event("CALL_CLOSED", s(30));
    far.line_is("idle", s(30));
    let heard = at_anna.listen(JAN_HZ);
    assert!(heard.tone >= 30, "{heard:?}");
    exchange.rest();
    anna.quit();
}

#[test]
fn a_call_from_outside_rings_a_phone_and_both_hear() {
    let exchange = office("anna");
    let mut anna = Phone::start(&exchange, "2005", Over::Udp, ANNA_HZ);
    let far = Set::behind_line(&exchange);
    far.line(&["--disconnect", "busy_tone"]);
    far.call(OUTSIDE);
    anna.answer();
    both_hear_until_the_far_end_hangs_up(&exchange, anna, &far);
    exchange.stop();
}

#[test]
fn a_phone_calls_outside_and_both_hear() {
    let exchange = office("anna");
    let mut anna = Phone::start(&exchange, "2005", Over::Udp, ANNA_HZ);
    let far = Set::behind_line(&exchange);
    far.line(&["--answer-reversal", "true", "--disconnect", "reversal"]);
    anna.dial("601234567");
    far.rings(s(60));
    far.answer();
    both_hear_until_the_far_end_hangs_up(&exchange, anna, &far);
    exchange.stop();
}

/// An exchange of the old kind tells who calls only when the line is lifted and asks it.
#[test]
fn a_russian_line_asks_who_calls_and_the_phone_shows_it() {
    let line = "[[line]]\nport = \"fxo1\"\nanswer = \"anna\"\ncaller_id = \"aon\"\n";
    let mut office = Office::with(&["2005", "2006"]).table(line);
    for (old, new) in [
        ("country = \"PL\"", "country = \"RU\""),
        (
            "extension = \"2005\"",
            "id = \"anna\"\nextension = \"2005\"",
        ),
    ] {
        office.0 = office.0.replacen(old, new, 1);
    }
    let exchange = started(&office);
    let mut anna = Phone::start(&exchange, "2005", Over::Udp, ANNA_HZ);
    let far = Set::behind_line(&exchange);
    // Seven digits are told; the second call's exchange knows of no such thing.
    for (aon, told) in [("ignores_first", "6660000"), ("none", "")] {
        far.line(&["--aon", aon, "--disconnect", "loop_break"]);
        far.call(OUTSIDE);
        far.line_is("talking", s(30));
        let rung = anna.event("CALL_INCOMING", s(30));
        let from = rung["peeruri"].as_str().unwrap_or_default();
        assert!(from.starts_with(&format!("sip:{told}")), "{aon}: {rung}");
        assert_eq!(from.contains("6660000"), !told.is_empty(), "{aon}: {rung}");
        anna.command("accept", "");
        anna.event("CALL_ESTABLISHED", s(30));
        far.talk(JAN_HZ);
        far.hears(ANNA_HZ, s(30));
        far.hang_up();
        anna.event("CALL_CLOSED", s(30));
        far.line_is("idle", s(30));
        exchange.rest();
    }
    let calls = exchange.ended_calls(2);
    let told: Vec<_> = calls.iter().map(|call| call["from"].as_str()).collect();
    assert!(told.contains(&Some("6660000")), "{calls:?}");
    assert!(
        calls.iter().all(|call| call["cause"] == "normal"),
        "{calls:?}"
    );
    anna.quit();
    exchange.stop();
}

/// An office with two lines, whose first sends its callers on to a mobile over the second.
fn onward() -> Exchange {
    let lines = "[[line]]\nport = \"fxo1\"\nto = \"601234567\"\n\n[[line]]\nport = \"fxo2\"\n";
    started(&Office::with(&["2005", "2006"]).table(lines))
}

#[test]
fn a_line_sends_its_caller_on_over_another_line_and_both_hear() {
    let exchange = onward();
    let (caller, mobile) = (Set::behind_line(&exchange), Set::at(&exchange, "fxo2"));
    mobile.line(&["--answer-reversal", "true"]);
    caller.line(&["--disconnect", "reversal"]);
    caller.call(OUTSIDE);
    mobile.rings(s(60));
    assert_eq!(mobile.hear()["line"]["dialled"], "601234567");
    mobile.answer();
    caller.line_is("talking", s(30));
    caller.talk(JAN_HZ);
    mobile.hears(JAN_HZ, s(30));
    mobile.talk(ANNA_HZ);
    caller.hears(ANNA_HZ, s(30));
    caller.hang_up();
    for line in [&caller, &mobile] {
        line.line_is("idle", s(30));
    }
    let calls = exchange.ended_calls(1);
    assert_eq!(calls[0]["from"], OUTSIDE, "{calls:?}");
    assert_eq!(calls[0]["cause"], "normal", "{calls:?}");
    exchange.rest();
    exchange.stop();
}

#[test]
fn the_last_seconds_before_a_hang_up_are_kept_and_can_be_heard() {
    let exchange = office("set");
    let (set, far) = (Set::of(&exchange), Set::behind_line(&exchange));
    far.line(&["--disconnect", "reversal"]);
    far.call(OUTSIDE);
    set.rings(s(30));
    set.lift();
    far.line_is("talking", s(30));
    far.talk(JAN_HZ);
    set.hears(JAN_HZ, s(30));
    far.hang_up();
    far.line_is("idle", s(30));
    set.hang_up();
    let known = until(s(30), "the sound of the hang-up", || {
        let list = exchange.ask(&["doctor", "line", "fxo1", "--json", "evidence"]);
        let list: Value = serde_json::from_str(&list).ok()?;
        list.get(0).cloned()
    });
    assert_eq!(known["sign"], "reversal", "{known}");
    let id = known["id"].to_string();
    let wav = exchange.run(&["doctor", "line", "fxo1", "evidence", "--wav", &id]);
    let wav = wav.stdout;
    assert!(wav.len() > 44, "a WAV file");
    let samples: Vec<f64> = wav[44..]
        .chunks_exact(2)
        .map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]])))
        .collect();
    assert!(
        (4_000..=24_000).contains(&samples.len()),
        "{}",
        samples.len()
    );
    let looks = samples.chunks_exact(160);
    let share = looks.map(|look| share_of(look, f64::from(JAN_HZ)));
    let share = share.fold(0.0, f64::max);
    assert!(share > 0.9, "the far party's last words: {share}");
    exchange.ask(&["doctor", "line", "fxo1", "evidence", "--false", &id]);
    until(s(30), "the false hang-up is counted", || {
        let lines = exchange.ask(&["doctor", "line", "fxo1", "--json"]);
        let lines: Value = serde_json::from_str(&lines).ok()?;
        (lines[0]["now"]["hang_ups"]["false_ones"] == 1).then_some(())
    });
    exchange.rest();
    exchange.stop();
}

/// How much of the sound is a tone of this frequency, 0 to 1.
fn share_of(samples: &[f64], hz: f64) -> f64 {
    let (mut re, mut im, mut all) = (0.0, 0.0, 1.0);
    for (at, sample) in samples.iter().enumerate() {
        let angle = std::f64::consts::TAU * hz * at as f64 / 8_000.0;
        re += sample * angle.cos();
        im += sample * angle.sin();
        all += sample * sample;
    }
    2.0 * (re * re + im * im) / (samples.len() as f64 * all)
}

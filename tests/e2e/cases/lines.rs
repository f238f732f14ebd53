//! Outside lines on the simulated board: sets and SIP phones talk with the public network, both ways.

use tests_e2e::{
    baresip::{Over, Phone},
    exchange::{Exchange, Office},
    set::Set,
    wait::s,
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

//! Recorded calls: each party on a side of its own, and what a power failure leaves.

use std::path::Path;

use tests_e2e::{
    baresip::{Over, Phone},
    ears::Sound,
    exchange::{Exchange, Office},
    wait::s,
};

use crate::audio::{ANNA_HZ, ENOUGH, JAN_HZ, hears, started};

fn recorded_office() -> Exchange {
    let office = Office::with(&["2006"])
        .person("2005")
        .who("record = \"all\"");
    started(&office)
}

/// Two phones in a call that is recorded.
fn talking(exchange: &Exchange) -> (Phone, Phone) {
    let mut anna = Phone::start(exchange, "2005", Over::Udp, ANNA_HZ);
    let mut jan = Phone::start(exchange, "2006", Over::Udp, JAN_HZ);
    jan.dial("2005");
    anna.answer();
    anna.event("CALL_ESTABLISHED", s(30));
    jan.event("CALL_ESTABLISHED", s(30));
    let _ = (anna.heard(ENOUGH), jan.heard(ENOUGH));
    (anna, jan)
}

/// The file of the one recording: the caller on the left, the called on the right.
#[track_caller]
fn both_are_in_it(exchange: &Exchange) {
    let all = exchange.recordings(1);
    let [one] = &all[..] else {
        panic!("one call is recorded: {all:?}");
    };
    assert_eq!(one["tracks"], 2, "{one}");
    let (left, right) = Sound::read_both(Path::new(one["file"].as_str().expect("a path")));
    hears("the left side", &left, JAN_HZ, ANNA_HZ);
    hears("the right side", &right, ANNA_HZ, JAN_HZ);
}

#[test]
fn a_recorded_call_has_a_party_on_each_side() {
    let exchange = recorded_office();
    let (mut anna, mut jan) = talking(&exchange);
    anna.hang_up();
    jan.event("CALL_CLOSED", s(30));
    both_are_in_it(&exchange);
    let call = exchange.ended_calls(1)[0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let said = exchange.ask(&["call", "explain", &call, "--language", "en"]);
    assert!(said.contains("The call is recorded"), "{said}");
    exchange.rest();
    anna.quit();
    jan.quit();
    exchange.stop();
}

#[test]
fn what_was_recorded_before_a_power_failure_is_kept() {
    let exchange = recorded_office();
    let (anna, jan) = talking(&exchange);
    let exchange = exchange.power_failure();
    both_are_in_it(&exchange);
    anna.quit();
    jan.quit();
    exchange.stop();
}

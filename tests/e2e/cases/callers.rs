//! What analog sets show of their callers, through the program and its command line: a SIP phone calls, and the
//! set's own circuit reads what reaches it over the line.

use serde_json::Value;
use tests_e2e::{
    baresip::{Over, Phone},
    exchange::{Exchange, Office},
    set::Set,
    wait::{s, until},
};

use crate::audio::{ANNA_HZ, JAN_HZ, started};

/// Set by set: how it is told, and whether that way tells names.
const WAYS: [(&str, bool); 5] = [
    ("auto", true),
    ("bellcore", true),
    ("bt_sin227", true),
    ("etsi_fsk_dtas", true),
    ("dtmf_abdc", false),
];

/// An office with a set for every way.
fn office() -> Exchange {
    let mut office = Office::with(&["2005", "2006"]);
    for (number, (way, _)) in (1..).zip(WAYS) {
        let entry = format!("port = \"fxs{number}\"\nextension = \"30{number}\"");
        let told = format!("{entry}\ncaller_id = \"{way}\"\n");
        office = match number {
            1 => {
                office.0 = office.0.replacen(&entry, &told, 1);
                office
            }
            _ => office.table(&format!("[[analog]]\n{told}")),
        };
    }
    started(&office)
}

/// Waits until the set shows this number.
fn shows(set: &Set<'_>, number: &str) -> Value {
    until(s(60), "the display of the set", || {
        let display = set.hear()["display"].take();
        (display["number"] == number).then_some(display)
    })
}

#[test]
fn a_set_shows_the_number_and_the_name_of_a_phone_that_calls() {
    let exchange = office();
    let mut anna = Phone::start(&exchange, "2005", Over::Udp, ANNA_HZ);
    for (number, (way, named)) in (1..).zip(WAYS) {
        let port = format!("fxs{number}");
        let set = Set::at(&exchange, &port);
        anna.dial(&format!("30{number}"));
        let display = shows(&set, "2005");
        let name = if named {
            Value::from("Person 2005")
        } else {
            Value::Null
        };
        assert_eq!(display["name"], name, "{way}: {display}");
        assert_eq!(display["in_call"], false, "{way}");
        set.rings(s(30));
        set.lift();
        anna.event("CALL_ESTABLISHED", s(30));
        set.hears(ANNA_HZ, s(30));
        set.part_from(&mut anna);
        exchange.rest();
    }
    anna.quit();
    exchange.stop();
}

#[test]
fn a_set_in_a_call_shows_who_waits() {
    let exchange = office();
    let mut anna = Phone::start(&exchange, "2005", Over::Udp, ANNA_HZ);
    let mut jan = Phone::start(&exchange, "2006", Over::Tcp, JAN_HZ);
    let set = Set::of(&exchange);
    anna.dial("301");
    set.rings(s(30));
    set.lift();
    set.hears(ANNA_HZ, s(30));
    jan.dial("301");
    let display = shows(&set, "2006");
    assert_eq!(display["name"], "Person 2006", "{display}");
    assert_eq!(display["in_call"], true, "{display}");
    // The talk goes on where it was muted for a moment.
    set.hears(ANNA_HZ, s(30));
    for phone in [&mut jan, &mut anna] {
        phone.hang_up();
        phone.event("CALL_CLOSED", s(30));
    }
    set.hang_up();
    exchange.rest();
    anna.quit();
    jan.quit();
    exchange.stop();
}

#[test]
fn messages_light_the_lamp_and_are_remembered() {
    let mut exchange = office();
    let lit = |exchange: &Exchange, wanted: bool| {
        until(s(60), "the lamp of the set", || {
            (Set::of(exchange).hear()["lamp"] == wanted).then_some(())
        });
    };
    lit(&exchange, false);
    let strange = exchange.run(&["messages", "2005", "on"]);
    assert!(!strange.status.success(), "a phone has no lamp");
    exchange.ask(&["messages", "301", "3"]);
    lit(&exchange, true);
    let set = Set::of(&exchange);
    set.lift();
    until(s(60), "the stutter of the dial tone", || {
        let tone = &set.hear()["hearing"]["tone"]["candidates"];
        let all = tone.as_array()?;
        all.iter().any(|tone| tone == "stutter_dial").then_some(())
    });
    set.hang_up();
    exchange = exchange.restart();
    lit(&exchange, true);
    exchange.ask(&["messages", "301", "off"]);
    lit(&exchange, false);
    exchange.rest();
    exchange.stop();
}

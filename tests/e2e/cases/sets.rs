//! Analog sets in two calls at once, through the program and its command line: the sound itself says who
//! is connected with whom.

use tests_e2e::{
    exchange::{Exchange, Office},
    set::Set,
    wait::{s, until},
};

/// What the people at the sets say.
const HZ: [u32; 3] = [700, 900, 1_100];

/// An office in a country where the hook goes round, with three sets.
fn office() -> Exchange {
    let mut office = Office::with(&[])
        .table("[[analog]]\nport = \"fxs2\"\nextension = \"302\"\n")
        .table("[[analog]]\nport = \"fxs3\"\nextension = \"303\"\n");
    office.0 = office.0.replace("country = \"PL\"", "country = \"US\"");
    Exchange::start(&office)
}

fn sets(exchange: &Exchange) -> [Set<'_>; 3] {
    ["fxs1", "fxs2", "fxs3"].map(|port| Set::at(exchange, port))
}

/// The first two sets talk.
fn talk(exchange: &Exchange) -> [Set<'_>; 3] {
    let all @ [one, two, _] = sets(exchange);
    one.lift();
    one.hears_dial_tone(s(30));
    one.dial("302");
    two.rings(s(30));
    two.lift();
    one.talk(HZ[0]);
    two.talk(HZ[1]);
    one.hears(HZ[1], s(30));
    two.hears(HZ[0], s(30));
    all
}

#[test]
fn a_second_caller_is_told_taken_and_left_by_the_hook() {
    let exchange = office();
    let [one, two, three] = talk(&exchange);
    three.lift();
    three.hears_dial_tone(s(30));
    three.dial("302");
    // 440 Hz tell of a second caller.
    until(s(30), "the tone of a second caller", || {
        two.heard_lately(440).then_some(())
    });
    two.hears(HZ[0], s(30));
    two.flash();
    three.talk(HZ[2]);
    two.hears(HZ[2], s(30));
    three.hears(HZ[1], s(30));
    one.hears_not(HZ[1], s(30));
    two.flash();
    two.hears(HZ[0], s(30));
    one.hears(HZ[1], s(30));
    three.hears_not(HZ[1], s(30));
    // Whoever is held when the set is hung up rings it again.
    two.hang_up();
    two.rings(s(30));
    two.lift();
    two.talk(HZ[1]);
    two.hears(HZ[2], s(30));
    three.hears(HZ[1], s(30));
    for set in [one, two, three] {
        set.hang_up();
    }
    exchange.rest();
    exchange.stop();
}

#[test]
fn three_sets_hear_each_other_and_two_go_on() {
    let exchange = office();
    let [one, two, three] = talk(&exchange);
    one.flash();
    two.hears_not(HZ[0], s(30));
    one.dial("303");
    three.rings(s(30));
    three.lift();
    three.talk(HZ[2]);
    one.talk(HZ[0]);
    one.hears(HZ[2], s(30));
    three.hears(HZ[0], s(30));
    one.flash();
    one.hears_both([HZ[1], HZ[2]], s(30));
    two.hears_both([HZ[0], HZ[2]], s(30));
    three.hears_both([HZ[0], HZ[1]], s(30));
    one.hang_up();
    two.hears_not(HZ[0], s(30));
    two.hears(HZ[2], s(30));
    three.hears(HZ[1], s(30));
    two.hang_up();
    three.hears_not(HZ[1], s(30));
    three.hang_up();
    exchange.rest();
    exchange.stop();
}

//! Two media threads: who was placed on the one and is connected with somebody on the other goes
//! there, and everybody is heard.

use std::time::Duration;

use tests_e2e::{
    baresip::{Over, Phone, SPOKEN_DBM0},
    exchange::{Exchange, Office},
    phone,
    set::Set,
    wait::s,
};

/// What the people say.
const HZ: [u32; 6] = [700, 900, 1_100, 1_300, 1_500, 1_900];
/// How much is listened to.
const ENOUGH: Duration = s(3);

/// An office with two media threads, four phones and two sets whose hook transfers.
fn office() -> Exchange {
    let mut office = Office::with(&["2005", "2006", "2007", "2008"])
        .table("[media]\nthreads = 2\n")
        .table("[[analog]]\nport = \"fxs2\"\nextension = \"302\"\ntransfer = true\n")
        .table("[[conference]]\nnumber = \"9000\"\nannounce = false\n");
    office.0 = office.0.replace("country = \"PL\"", "country = \"US\"");
    let exchange = Exchange::start(&office);
    for extension in ["2005", "2006", "2007", "2008"] {
        phone::Phone::teach_md5(exchange.at.udp, extension);
    }
    exchange
}

fn phones<const N: usize>(exchange: &Exchange) -> [Phone; N] {
    let extensions = ["2005", "2006", "2007", "2008"];
    core::array::from_fn(|at| Phone::start(exchange, extensions[at], Over::Udp, HZ[at]))
}

#[test]
fn six_from_both_threads_in_a_conference_hear_each_other_and_not_themselves() {
    let exchange = office();
    let mut phones: [Phone; 4] = phones(&exchange);
    for phone in &mut phones {
        phone.dial("9000");
        phone.event("CALL_ESTABLISHED", s(30));
    }
    let sets = ["fxs1", "fxs2"].map(|port| Set::at(&exchange, port));
    for (set, hz) in sets.iter().zip(&HZ[4..]) {
        set.lift();
        set.hears_dial_tone(s(30));
        set.dial("9000");
        set.talk(*hz);
    }
    for (at, phone) in phones.iter().enumerate() {
        let others: Vec<u32> = HZ.into_iter().filter(|&hz| hz != HZ[at]).collect();
        phone.hears_all(&others);
        let sound = phone.hears_now(ENOUGH);
        let own = sound.looks_with(HZ[at], SPOKEN_DBM0 - 12.0);
        assert!(
            own * 10 < sound.looks(),
            "{} Hz of {}",
            HZ[at],
            sound.looks()
        );
    }
    sets[0].hears_both([HZ[0], HZ[5]], s(30));
    sets[1].hears_both([HZ[3], HZ[4]], s(30));
    assert!(exchange.metric("media_moves_total") >= 2);
    let on = ["0", "1"].map(|at| exchange.metric(&format!("media_thread_legs{{thread=\"{at}\"}}")));
    assert!(
        on == [4, 0] || on == [0, 4],
        "a room is in one place: {on:?}"
    );
    let told = exchange.ask(&["doctor", "voice"]);
    for words in ["media-0  has time", "media-1  has time", "  second "] {
        assert!(told.contains(words), "{words}: {told}");
    }
    for set in &sets {
        set.hang_up();
    }
    for phone in &mut phones {
        phone.hang_up();
        phone.event("CALL_CLOSED", s(30));
    }
    exchange.rest();
    for phone in phones {
        phone.quit();
    }
    exchange.stop();
}

#[test]
fn two_calls_from_both_threads_are_joined_by_a_set_that_leaves() {
    let exchange = office();
    let [mut anna, mut jan, mut ewa] = phones(&exchange);
    // Somebody on the first thread, where the sets are: the next one comes from the other.
    ewa.dial("*43");
    ewa.event("CALL_ESTABLISHED", s(30));
    let set = Set::at(&exchange, "fxs2");
    anna.dial("302");
    set.rings(s(30));
    set.lift();
    set.talk(HZ[5]);
    anna.event("CALL_ESTABLISHED", s(30));
    anna.hears_all(&[HZ[5]]);
    set.hears(HZ[0], s(30));
    assert!(exchange.metric("media_moves_total") >= 1);
    set.flash();
    set.hears_dial_tone(s(30));
    set.dial("2006");
    jan.answer();
    jan.event("CALL_ESTABLISHED", s(30));
    set.hears(HZ[1], s(30));
    // The hook once more: all three; who hangs up then leaves the others together.
    set.flash();
    set.hears_both([HZ[0], HZ[1]], s(30));
    set.hang_up();
    for (phone, other) in [(&anna, HZ[1]), (&jan, HZ[0])] {
        phone.hears_all(&[other]);
        let sound = phone.hears_now(ENOUGH);
        let heard = sound.looks_with(other, SPOKEN_DBM0 - 3.0);
        assert!(heard * 2 > sound.looks(), "{heard} of {}", sound.looks());
        let set = sound.looks_with(HZ[5], SPOKEN_DBM0 - 12.0);
        assert!(set * 10 < sound.looks(), "the set is heard {set} times");
    }
    for phone in [&mut anna, &mut ewa] {
        phone.hang_up();
        phone.event("CALL_CLOSED", s(30));
    }
    exchange.rest();
    assert_eq!(exchange.metric("media_refused_total"), 0);
    for phone in [anna, jan, ewa] {
        phone.quit();
    }
    exchange.stop();
}

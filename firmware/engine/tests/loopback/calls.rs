//! Calls between phones.

use std::net::{IpAddr, Ipv6Addr, UdpSocket};

use model::{MediaCommand, MediaEvent, Route};

use crate::rig::{PATIENCE, Rig, clock, leg, mark, mostly_hears};

#[test]
fn two_phones_are_relayed_and_nothing_is_lost() {
    let mut rig = Rig::new((0, 0), Vec::new());
    let (mut a, mut b) = (rig.local_phone(0), rig.local_phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a, &mut b], 25);
    let deadline = clock() + PATIENCE;
    while (a.packets, b.packets) != (25, 25) && clock() < deadline {
        a.hear();
        b.hear();
    }
    assert_eq!((a.packets, b.packets), (25, 25));
    assert!(mostly_hears(&a.heard, mark(1)) && !mostly_hears(&a.heard, mark(0)));
    assert!(mostly_hears(&b.heard, mark(0)) && !mostly_hears(&b.heard, mark(1)));
    let figures = rig.remove(a.leg);
    assert_eq!((figures.packets_in, figures.packets_out), (25, 25));
    assert_eq!(
        (figures.lost, figures.stranger, figures.malformed),
        (0, 0, 0)
    );
    // Between the two joins one leg was alone and heard the mixer's silence.
    assert!(rig.engine.status().ticks < 25, "relaying needs no tick");
    assert!(rig.events.contains(&MediaEvent::FirstPacket { leg: b.leg }));
}

#[test]
fn three_phones_are_mixed() {
    let mut rig = Rig::new((0, 0), Vec::new());
    let (mut a, mut b, mut c) = (rig.local_phone(0), rig.local_phone(1), rig.local_phone(2));
    for name in [a.leg, b.leg, c.leg] {
        rig.join(name, 4);
    }
    rig.talk(&mut [&mut a, &mut b, &mut c], 10);
    for phone in [&mut a, &mut b, &mut c] {
        phone.heard.clear();
    }
    rig.talk(&mut [&mut a, &mut b, &mut c], 40);
    for (phone, slot) in [(&a, 0), (&b, 1), (&c, 2)] {
        let hears: Vec<u16> = (0..3)
            .filter(|&other| mostly_hears(&phone.heard, mark(other)))
            .collect();
        let others: Vec<u16> = (0..3).filter(|&other| other != slot).collect();
        assert_eq!(hears, others, "leg {slot}");
    }
}

#[test]
fn the_echo_comes_back_over_ipv6_too() {
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return; // this machine has no IPv6
    }
    let mut rig = Rig::new((0, 0), Vec::new());
    let mut a = rig.phone(0, IpAddr::V6(Ipv6Addr::LOCALHOST));
    let route = Route::Echo;
    rig.send(MediaCommand::SetRoute { leg: a.leg, route });
    rig.settle();
    rig.talk(&mut [&mut a], 10);
    let deadline = clock() + PATIENCE;
    while a.packets < 10 && clock() < deadline {
        a.hear();
    }
    assert_eq!(a.packets, 10);
}

#[test]
fn a_stranger_gets_no_answer_and_changes_nothing() {
    let mut rig = Rig::new((0, 0), Vec::new());
    let mut a = rig.local_phone(0);
    let mut stranger = rig.local_phone(1);
    let route = Route::Echo;
    rig.send(MediaCommand::SetRoute { leg: a.leg, route });
    rig.settle();
    stranger.engine = a.engine;
    rig.talk(&mut [&mut stranger], 5);
    let garbage = [0xff; 1_600];
    a.socket.send_to(&garbage, a.engine).expect("sent");
    rig.talk(&mut [&mut a, &mut stranger], 5);
    let deadline = clock() + PATIENCE;
    while a.packets < 5 && clock() < deadline {
        a.hear();
    }
    let figures = rig.remove(a.leg);
    assert_eq!((figures.stranger, figures.malformed), (10, 1));
    assert_eq!((a.packets, stranger.packets), (5, 0));
    rig.remove(leg(1));
}

#[test]
fn packets_of_mixed_legs_wake_nobody_and_all_are_taken() {
    let mut rig = Rig::new((0, 0), Vec::new());
    let (mut a, mut b, mut c) = (rig.local_phone(0), rig.local_phone(1), rig.local_phone(2));
    for name in [a.leg, b.leg, c.leg] {
        rig.join(name, 4);
    }
    let before = rig.engine.status();
    rig.talk(&mut [&mut a, &mut b, &mut c], 50);
    let deadline = clock() + PATIENCE;
    while rig.engine.status().datagrams_in < before.datagrams_in + 150 {
        assert!(clock() < deadline, "{:?}", rig.engine.status());
        c.hear();
    }
    let after = rig.engine.status();
    let wakes = after.wakes - before.wakes;
    let ticks = after.ticks - before.ticks;
    // Two ticks are one wake-up; beside them there are reports and seconds.
    assert!(wakes <= ticks / 2 + 30, "{wakes} wakes in {ticks} ticks");
    // Relayed again, they are in a hurry again.
    rig.remove(c.leg);
    rig.settle();
    let ticks = rig.engine.status().ticks;
    let heard = b.packets;
    rig.talk(&mut [&mut a, &mut b], 10);
    while b.packets < heard + 10 && clock() < deadline {
        b.hear();
    }
    assert!(b.packets >= heard + 10);
    assert!(rig.engine.status().ticks <= ticks + 1);
}

//! Several media threads: who joins a bridge of another thread goes there, and nothing of what is
//! said is lost.

use hal_sim::{BoardPlan, SimBoard};
use model::{BridgeId, MediaCommand, MediaLeg, PortId, Route};

use crate::rig::{BoxedPorts, PATIENCE, Phone, Rig, clock, leg, mark, mostly_hears};

/// Waits until so many legs have moved since the start, and answered.
fn moved(rig: &mut Rig, moves: u64) {
    let deadline = clock() + PATIENCE;
    while rig.engine.status().moves < moves {
        assert!(clock() < deadline, "{:?}", rig.engine.status());
        rig.listen(clock() + std::time::Duration::from_millis(1));
    }
}

/// Waits until so many legs are on each thread.
fn legs_are(rig: &mut Rig, wanted: [u64; 2]) {
    let deadline = clock() + PATIENCE;
    loop {
        let threads = rig.engine.watcher().threads();
        if threads.iter().map(|one| one.legs).eq(wanted) {
            return;
        }
        assert!(clock() < deadline, "{threads:?}");
        rig.listen(clock() + std::time::Duration::from_millis(1));
    }
}

#[test]
fn a_transfer_between_threads_loses_no_packet() {
    let mut rig = Rig::with_threads(2, (0, 0), Vec::new());
    let mut phones: Vec<Phone> = (0..4).map(|slot| rig.local_phone(slot)).collect();
    // Two calls, each on a thread of its own: the even slots on the one, the odd on the other.
    for (phone, bridge) in phones.iter().zip([0, 1, 0, 1]) {
        rig.join(phone.leg, bridge);
    }
    assert_eq!(rig.engine.status().moves, 0);
    legs_are(&mut rig, [2, 2]);
    let [a, b, c, d] = &mut phones[..] else {
        unreachable!("four")
    };
    rig.talk(&mut [c], 10);
    // Slot 2 talks on and on, and is given from one to the other.
    for bridge in [2, 3, 4, 5] {
        rig.join(b.leg, bridge);
        rig.join(c.leg, bridge);
        listening(&mut rig, c, &mut [a, b], 6);
        rig.join(a.leg, bridge + 10);
        rig.join(c.leg, bridge + 10);
        listening(&mut rig, c, &mut [a, b], 6);
    }
    // What is on its way still comes.
    let deadline = clock() + PATIENCE;
    while a.loud + b.loud < u64::from(c.seq) && clock() < deadline {
        a.hear();
        b.hear();
    }
    assert_eq!(
        a.loud + b.loud,
        u64::from(c.seq),
        "{} and {}",
        a.loud,
        b.loud
    );
    assert!(a.loud > 0 && b.loud > 0 && d.loud == 0);
    assert!(rig.engine.status().moves >= 7, "{:?}", rig.engine.status());
    assert_eq!(rig.engine.status().refused, 0);
    for slot in 0..4 {
        rig.remove(leg(slot));
    }
}

/// `who` talks, the others listen.
fn listening(rig: &mut Rig, who: &mut Phone, others: &mut [&mut Phone], packets: usize) {
    for _ in 0..packets {
        rig.talk(&mut [who], 1);
        for other in others.iter_mut() {
            while other.hear() {}
        }
    }
}

#[test]
fn a_conference_of_six_from_both_threads() {
    let mut rig = Rig::with_threads(2, (0, 0), Vec::new());
    let mut phones: Vec<Phone> = (0..6).map(|slot| rig.local_phone(slot)).collect();
    for phone in &phones {
        rig.join(phone.leg, 9);
    }
    moved(&mut rig, 3);
    // A busy machine may tear what is said: some second is whole.
    let deadline = clock() + PATIENCE;
    loop {
        for phone in &mut phones {
            phone.heard.clear();
        }
        rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), 50);
        let hears = |phone: &Phone, slot| mostly_hears(&phone.heard, mark(slot));
        assert!(phones.iter().all(|phone| !hears(phone, phone.leg.slot)));
        let all = |phone: &Phone| (0..6).filter(|&slot| hears(phone, slot)).count() == 5;
        if phones.iter().all(all) {
            break;
        }
        assert!(clock() < deadline, "somebody is not heard");
    }
    legs_are(&mut rig, [6, 0]);
    for phone in &phones {
        let figures = rig.remove(phone.leg);
        assert!(figures.packets_in >= 40, "{figures:?}");
    }
}

#[test]
fn a_set_stays_and_a_phone_comes_to_it_and_into_a_room_the_set_goes() {
    let board = SimBoard::with(BoardPlan {
        sets: 1,
        ..BoardPlan::default()
    });
    let board = board.expect("a board of one set");
    let audio: BoxedPorts = board
        .ports
        .into_iter()
        .zip(0..)
        .map(|(port, at)| {
            (
                PortId(at),
                Box::new(port.audio) as Box<dyn hal_port::AudioHalf>,
            )
        })
        .collect();
    let mut rig = Rig::with_threads(2, (0, 0), audio);
    let set = leg(40);
    rig.send(MediaCommand::AddPortLeg {
        leg: set,
        port: PortId(0),
    });
    let mut phones: Vec<Phone> = (0..4).map(|slot| rig.local_phone(slot)).collect();
    // The set is on the first thread and counts: the first phone went to the other one.
    rig.join(phones[0].leg, 1);
    rig.join(set, 1);
    rig.talk(&mut [&mut phones[0]], 10);
    assert!(phones[0].packets > 3);
    assert_eq!(rig.engine.status().moves, 1);
    // A room of three on the other thread.
    for slot in [2, 3, 1] {
        rig.join(leg(slot), 2);
    }
    let before = rig.engine.status().moves;
    let route = Route::Bridge(BridgeId(2));
    rig.send(MediaCommand::SetRoute { leg: set, route });
    moved(&mut rig, before + 1);
    for phone in &mut phones {
        phone.heard.clear();
    }
    let deadline = clock() + PATIENCE;
    while !mostly_hears(&phones[1].heard, mark(2)) {
        assert!(clock() < deadline, "the room does not sound");
        phones[1].heard.clear();
        rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), 30);
    }
    rig.remove(set);
    // Its port is there for the next call, wherever it is now.
    let again = MediaLeg {
        generation: 8,
        ..set
    };
    rig.send(MediaCommand::AddPortLeg {
        leg: again,
        port: PortId(0),
    });
    rig.remove(again);
}

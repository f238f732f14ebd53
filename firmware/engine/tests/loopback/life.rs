//! Starting, idling, ports of the range, stopping.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use engine::{Engine, EngineConfig, EngineError, Granted};
use model::{MediaCommand, MediaEvent, MediaFault, Now, PairId, RtpIdentity, limits};

use crate::rig::{PATIENCE, Rig, clock, leg};

#[test]
fn a_range_without_a_pair_is_refused() {
    for range in [(20_001, 20_002), (20_000, 20_000), (0, 7), (30_000, 20_000)] {
        let config = EngineConfig {
            threads: 1,
            rtp_ports: range,
            ports: Vec::new(),
            seed: [0; 32],
            start: Now::default(),
            clips: Box::new(engine::NoClips),
            tracks: Vec::new(),
        };
        let refused = Engine::start(config);
        assert!(
            matches!(refused, Err(EngineError::NoPairs(..))),
            "{range:?}"
        );
    }
}

#[test]
fn a_call_that_comes_at_once_finds_a_pair() {
    for _ in 0..20 {
        let config = EngineConfig {
            threads: 1,
            rtp_ports: (0, 0),
            ports: Vec::new(),
            seed: [0; 32],
            start: Now::default(),
            clips: Box::new(engine::NoClips),
            tracks: Vec::new(),
        };
        let mut engine = Engine::start(config).expect("the engine starts");
        let first = engine.poll();
        assert!(
            matches!(first, Some(MediaEvent::PairReady { .. })),
            "{first:?}"
        );
    }
}

#[test]
fn pairs_are_bound_ahead_and_replaced_in_time() {
    let mut rig = Rig::new((0, 0), Vec::new());
    let mut ids: Vec<PairId> = (0..limits::PAIRS_AHEAD).map(|_| rig.pair().0).collect();
    rig.listen(clock() + Duration::from_millis(50));
    assert!(rig.events.is_empty(), "no more than were asked for");
    // Some pairs may be used before others are bound, but never all.
    for &pair in &ids[..limits::PAIRS_AHEAD / 2] {
        rig.send(MediaCommand::DropPair { pair });
    }
    for _ in 0..limits::PAIRS_AHEAD / 2 {
        ids.push(rig.pair().0);
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), limits::PAIRS_AHEAD * 3 / 2, "no name twice");
}

#[test]
fn an_unknown_pair_is_a_failed_leg() {
    let mut rig = Rig::new((0, 0), Vec::new());
    let identity = RtpIdentity {
        ssrc: 1,
        seq: 1,
        timestamp: 1,
    };
    rig.send(MediaCommand::AddRtpLeg {
        leg: leg(0),
        pair: PairId(9_999),
        identity,
        beside: None,
    });
    let failed = MediaEvent::LegFailed {
        leg: leg(0),
        fault: MediaFault::NoPair,
    };
    rig.wait(|event| (*event == failed).then_some(()));
}

/// A range of `pairs` pairs of ports that nobody uses at the moment.
fn free_range(pairs: u16) -> (u16, u16) {
    let any = Ipv4Addr::UNSPECIFIED;
    loop {
        let port = UdpSocket::bind((any, 0)).and_then(|socket| socket.local_addr());
        let first = port.expect("free ports").port() & !1;
        let Some(last) = first.checked_add(pairs * 2 - 1) else {
            continue;
        };
        if (first..=last).all(|port| UdpSocket::bind((any, port)).is_ok()) {
            return (first, last);
        }
    }
}

#[test]
fn the_ports_of_a_leg_that_is_over_rest_and_are_used_again() {
    let mut rig = Rig::new(free_range(2), Vec::new());
    let mut over = rig.local_phone(0);
    let _other = rig.local_phone(1);
    rig.join(over.leg, 0);
    rig.remove(over.leg);
    let removed = clock();
    // The far end has not heard of it and talks on.
    over.say();
    let (pair, port) = rig.pair();
    assert!(clock() - removed >= Duration::from_secs(2));
    assert_eq!(port, over.engine.port());
    rig.events.push(MediaEvent::PairReady { pair, port });
    let again = rig.local_phone(2);
    rig.join(again.leg, 0);
    rig.listen(clock() + Duration::from_millis(50));
    let heard = rig.remove(again.leg).packets_in;
    assert_eq!(heard, 0, "what came between the calls");
}

#[test]
fn an_idle_engine_sleeps() {
    let mut rig = Rig::new((0, 0), Vec::new());
    for _ in 0..limits::PAIRS_AHEAD {
        rig.pair();
    }
    let before = rig.engine.status();
    rig.listen(clock() + Duration::from_millis(200));
    let after = rig.engine.status();
    assert_eq!(before.wakes, after.wakes);
    assert_ne!(after.real_time, Granted::NotAsked);
    let watcher = rig.engine.watcher();
    watcher.ping();
    let deadline = clock() + PATIENCE;
    while watcher.status().wakes == after.wakes {
        assert!(clock() < deadline, "no sign of life");
        rig.listen(clock() + Duration::from_millis(5));
    }
}

#[test]
fn the_flight_recorder_knows_what_was_carried() {
    let mut rig = Rig::new((0, 0), Vec::new());
    let mut phone = rig.local_phone(0);
    let route = model::Route::Echo;
    let leg = phone.leg;
    rig.send(MediaCommand::SetRoute { leg, route });
    rig.talk(&mut [&mut phone], 20);
    rig.remove(leg);
    let flight = rig.engine.watcher().flight(0);
    let came: u32 = flight.iter().map(|stretch| stretch.datagrams_in).sum();
    let went: u32 = flight.iter().map(|stretch| stretch.datagrams_out).sum();
    let status = rig.engine.status();
    // The last turns are written down when the next ones come.
    assert!(
        came >= 10 && u64::from(came) <= status.datagrams_in,
        "{came}"
    );
    assert!(
        went >= 10 && u64::from(went) <= status.datagrams_out,
        "{went}"
    );
    assert!(flight.windows(2).all(|two| two[0].at_us < two[1].at_us));
}

#[test]
fn stopping_ends_at_once_with_legs_in_use() {
    let mut rig = Rig::new((0, 0), Vec::new());
    let phone = rig.local_phone(0);
    rig.join(phone.leg, 0);
    let before = clock();
    let Rig { engine, .. } = rig;
    engine.stop();
    assert!(clock() - before < PATIENCE);
    UdpSocket::bind((Ipv4Addr::UNSPECIFIED, phone.engine.port())).expect("free again");
}

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
            rtp_ports: range,
            ports: Vec::new(),
            seed: [0; 32],
            start: Now::default(),
        };
        let refused = Engine::start(config);
        assert!(
            matches!(refused, Err(EngineError::NoPairs(..))),
            "{range:?}"
        );
    }
}

#[test]
fn pairs_are_bound_ahead_and_replaced_when_used() {
    let mut rig = Rig::new((0, 0), Vec::new());
    let mut ids: Vec<PairId> = (0..limits::PAIRS_AHEAD).map(|_| rig.pair().0).collect();
    rig.listen(clock() + Duration::from_millis(50));
    assert!(rig.events.is_empty(), "no more than were asked for");
    rig.send(MediaCommand::DropPair { pair: ids[0] });
    ids.push(rig.pair().0);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), limits::PAIRS_AHEAD + 1, "no name twice");
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
    });
    let failed = MediaEvent::LegFailed {
        leg: leg(0),
        fault: MediaFault::NoPair,
    };
    rig.wait(|event| (*event == failed).then_some(()));
}

#[test]
fn the_ports_of_a_leg_that_is_over_are_closed() {
    let mut rig = Rig::new((0, 0), Vec::new());
    let phone = rig.local_phone(0);
    let port = phone.engine.port();
    let any = Ipv4Addr::UNSPECIFIED;
    // The helper has handled the leg's commands when a later one was answered.
    rig.remove(phone.leg);
    let deadline = clock() + PATIENCE;
    while UdpSocket::bind((any, port)).is_err() {
        assert!(clock() < deadline, "port {port} is still bound");
        rig.listen(clock() + Duration::from_millis(5));
    }
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

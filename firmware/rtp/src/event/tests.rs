use proptest::prelude::*;

use super::*;

const STEP: u32 = 160;

/// All packets of one key press.
fn packets(event: u8, timestamp: u32, duration: u32) -> Vec<EventPacket> {
    let mut sender = EventSender::new();
    assert!(sender.start(event, 10, timestamp, duration));
    let mut all = Vec::new();
    while let Some(packet) = sender.next(STEP) {
        all.push(packet);
    }
    all
}

fn at(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

#[test]
fn the_four_octets() {
    // RFC 4733 §2.3: event 9, end, volume 10, duration 800.
    let event = Event {
        event: 9,
        end: true,
        volume: 10,
        duration: 800,
    };
    assert_eq!(event.write(), [9, 0x8a, 0x03, 0x20]);
    assert_eq!(Event::read(&[9, 0x8a, 0x03, 0x20]), Some(event));
    assert_eq!(
        Event::read(&[9, 0xca, 0x03, 0x20, 1, 2]),
        Some(event),
        "R bit, more octets"
    );
    assert_eq!(Event::read(&[9, 0x8a, 3]), None);
}

#[test]
fn a_press_of_a_tenth_of_a_second() {
    let all = packets(5, 4_000, 800);
    let durations: Vec<u16> = all.iter().map(|p| p.event.duration).collect();
    assert_eq!(durations, [160, 320, 480, 640, 800, 800, 800]);
    let ends: Vec<bool> = all.iter().map(|p| p.event.end).collect();
    assert_eq!(ends, [false, false, false, false, true, true, true]);
    assert!(all.iter().all(|p| p.timestamp == 4_000));
    assert_eq!(all.iter().filter(|p| p.marker).count(), 1);
    assert!(all[0].marker);
}

#[test]
fn only_one_event_at_a_time_and_release_ends_it() {
    let mut sender = EventSender::new();
    assert!(sender.start(1, 10, 0, u32::MAX));
    assert!(!sender.start(2, 10, 0, 800));
    for _ in 0..10 {
        assert!(!sender.next(STEP).expect("active").event.end);
    }
    sender.release();
    for _ in 0..3 {
        let packet = sender.next(STEP).expect("end packets");
        assert!(packet.event.end && packet.event.event == 1);
        assert_eq!(packet.event.duration, 1_600);
    }
    assert!(!sender.is_active());
    assert_eq!(sender.next(STEP), None);
    assert!(sender.start(2, 10, 0, 800));
}

#[test]
fn a_press_of_twenty_seconds_goes_on_in_segments() {
    let all = packets(3, 100, 160_000);
    let starts: std::collections::BTreeSet<u32> = all.iter().map(|p| p.timestamp).collect();
    assert_eq!(
        starts.into_iter().collect::<Vec<_>>(),
        [100, 65_635, 131_170]
    );
    assert_eq!(all.iter().filter(|p| p.marker).count(), 1);
    let mut receiver = EventReceiver::new();
    let (mut started, mut finished) = (0, Vec::new());
    for (n, packet) in all.iter().enumerate() {
        let heard = receiver.receive(at(n as u64 * 20), packet.timestamp, packet.event);
        started += usize::from(heard.started.is_some());
        finished.extend(heard.finished);
        assert_eq!(heard.ended, None);
    }
    assert_eq!(started, 1);
    assert_eq!(
        finished,
        [Ended {
            event: 3,
            duration: 160_000
        }]
    );
}

#[test]
fn a_lost_end_is_replaced_by_silence_or_by_the_next_event() {
    let mut receiver = EventReceiver::new();
    let press = packets(1, 0, 800);
    assert_eq!(receiver.receive(at(0), 0, press[0].event).started, Some(1));
    receiver.receive(at(20), 0, press[1].event);
    assert_eq!(receiver.expire(at(169)), None);
    let ended = Ended {
        event: 1,
        duration: 320,
    };
    assert_eq!(receiver.expire(at(170)), Some(ended));
    assert_eq!(receiver.expire(at(400)), None);
    // Stragglers of it are old news.
    assert_eq!(
        receiver.receive(at(180), 0, press[6].event),
        Heard::default()
    );

    let next = packets(1, 8_000, 800);
    receiver.receive(at(1_000), 8_000, next[0].event);
    let other = packets(2, 9_000, 800);
    let heard = receiver.receive(at(1_100), 9_000, other[0].event);
    assert_eq!(heard.ended.map(|e| e.event), Some(1));
    assert_eq!(heard.started, Some(2));
}

#[test]
fn one_end_packet_is_a_whole_event() {
    let mut receiver = EventReceiver::new();
    let last = packets(7, 500, 800)[6];
    let heard = receiver.receive(at(0), 500, last.event);
    assert_eq!(heard.started, Some(7));
    let finished = Ended {
        event: 7,
        duration: 800,
    };
    assert_eq!(heard.finished, Some(finished));
}

#[test]
fn the_same_key_twice_is_two_events() {
    let mut receiver = EventReceiver::new();
    let mut finished = 0;
    for start in [0, 1_600] {
        for packet in packets(4, start, 800) {
            let heard = receiver.receive(at(0), packet.timestamp, packet.event);
            finished += usize::from(heard.finished.is_some());
        }
    }
    assert_eq!(finished, 2);
}

#[test]
fn whispered_events_are_none() {
    let mut receiver = EventReceiver::new();
    let mut event = packets(4, 0, 800)[0].event;
    event.volume = 56;
    assert_eq!(receiver.receive(at(0), 0, event), Heard::default());
    event.volume = 55;
    assert_eq!(receiver.receive(at(0), 0, event).started, Some(4));
}

#[test]
fn a_new_source_starts_with_a_clean_slate() {
    let mut receiver = EventReceiver::new();
    let press = packets(4, 1_000_000, 800);
    receiver.receive(at(0), 1_000_000, press[0].event);
    assert_eq!(receiver.current(), Some(4));
    receiver.restart();
    let heard = receiver.receive(at(0), 999_000, press[0].event);
    assert_eq!(heard.ended.map(|e| e.event), Some(4));
    assert_eq!(heard.started, Some(4));
    // A far end that starts its time anew under the same source is understood, too.
    assert_eq!(
        receiver.receive(at(0), 7_000, press[0].event).started,
        Some(4)
    );
}

#[test]
fn an_event_that_goes_on_after_a_restart_is_one_event() {
    for restart_at in 1..7 {
        let mut receiver = EventReceiver::new();
        let (mut started, mut finished) = (0, Vec::new());
        for (n, packet) in packets(4, 1_000_000, 800).into_iter().enumerate() {
            if n == restart_at {
                receiver.restart();
            }
            let heard = receiver.receive(at(20 * n as u64), packet.timestamp, packet.event);
            started += usize::from(heard.started.is_some());
            finished.extend(heard.finished.map(|e| e.duration));
        }
        assert_eq!((started, finished), (1, vec![800]), "{restart_at}");
    }
}

proptest! {
    /// As long as one packet of a press comes, in whatever order and number, it is heard once.
    #[test]
    fn each_press_is_heard_once(
        presses in proptest::collection::vec((0_u8..16, 1_u32..4_000), 1..20),
        base: u32,
        seed in proptest::collection::vec((0_usize..100, any::<bool>(), 0_u64..3), 2_000),
    ) {
        let mut receiver = EventReceiver::new();
        let mut timestamp = base;
        let mut now = 0_u64;
        let mut fate = seed.into_iter().cycle();
        let (mut started, mut over, mut wanted) = (Vec::new(), Vec::new(), Vec::new());
        let mut note = |heard: Heard, started: &mut Vec<u8>| {
            over.extend(heard.ended);
            started.extend(heard.started);
            over.extend(heard.finished);
        };
        for (event, duration) in presses {
            let mut arrivals = Vec::new();
            let all = packets(event, timestamp, duration);
            let kept = fate.next().map_or(0, |f| f.0) % all.len();
            for (n, packet) in all.into_iter().enumerate() {
                let Some((_, lost, disorder)) = fate.next() else { break };
                if n != kept && lost { continue }
                arrivals.push((n as u64 + disorder, packet));
                if disorder == 2 { arrivals.push((n as u64 + 1, packet)); }
            }
            arrivals.sort_by_key(|a| a.0);
            for (_, packet) in arrivals {
                now += 20;
                note(receiver.receive(at(now), packet.timestamp, packet.event), &mut started);
            }
            wanted.push(event);
            timestamp = timestamp.wrapping_add(duration + 800);
        }
        note(Heard { ended: receiver.expire(at(now + 1_000)), ..Heard::default() }, &mut started);
        prop_assert_eq!(&started, &wanted);
        let ended: Vec<u8> = over.iter().map(|e| e.event).collect();
        prop_assert_eq!(&ended, &wanted);
    }

    #[test]
    fn any_octets_do_no_harm(
        packets in proptest::collection::vec((any::<u32>(), any::<[u8; 4]>(), 0_u64..10_000), 0..200)
    ) {
        let mut receiver = EventReceiver::new();
        let (mut started, mut ended) = (0, 0);
        for (timestamp, octets, ms) in packets {
            let event = Event::read(&octets).expect("four octets");
            let heard = receiver.receive(at(ms), timestamp, event);
            started += usize::from(heard.started.is_some());
            ended += usize::from(heard.ended.is_some()) + usize::from(heard.finished.is_some());
            ended += usize::from(receiver.expire(at(ms)).is_some());
        }
        receiver.restart();
        ended += usize::from(receiver.expire(at(20_000)).is_some());
        prop_assert_eq!(started, ended);
    }
}

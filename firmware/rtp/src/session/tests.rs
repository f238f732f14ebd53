use proptest::prelude::*;

use super::*;

const CLOCK: u32 = 8_000;

fn packet(ssrc: u32, seq: u16, timestamp: u32) -> Packet<'static> {
    Packet {
        ssrc,
        seq,
        timestamp,
        payload_type: 8,
        marker: false,
        payload: &[],
    }
}

/// Receives packet `n` of a stream of 20 ms packets in time.
fn receive(receiver: &mut Receiver, ssrc: u32, n: u16) -> Arrival {
    let timestamp = u32::from(n).wrapping_mul(160);
    let now = Instant::from_millis(u64::from(n) * 20);
    receiver.receive(&packet(ssrc, n, timestamp), now, CLOCK)
}

#[test]
fn sequence_numbers_are_extended_over_their_wrap() {
    let mut receiver = Receiver::new();
    assert_eq!(
        receive(&mut receiver, 1, 65_534),
        Arrival::First { seq: 65_534 }
    );
    assert_eq!(
        receive(&mut receiver, 1, 65_535),
        Arrival::New { seq: 65_535 }
    );
    assert_eq!(receive(&mut receiver, 1, 1), Arrival::New { seq: 65_537 });
    assert_eq!(receive(&mut receiver, 1, 0), Arrival::New { seq: 65_536 });
    assert_eq!(receiver.figures().lost, 0);
}

#[test]
fn loss_reordering_and_duplicates_are_counted() {
    let mut receiver = Receiver::new();
    for n in [10, 11, 14, 13, 13, 11, 16] {
        receive(&mut receiver, 1, n);
    }
    let figures = receiver.figures();
    // 12 and 15 are missing.
    assert_eq!((figures.packets, figures.lost), (5, 2));
    assert_eq!(figures.duplicates, 2);
    assert_eq!(receive(&mut receiver, 1, 12), Arrival::New { seq: 12 });
    assert_eq!(receiver.figures().lost, 1);
}

#[test]
fn a_packet_older_than_the_first_is_expected_after_all() {
    let mut receiver = Receiver::new();
    for n in [10, 9, 11] {
        receive(&mut receiver, 1, n);
    }
    assert_eq!(receiver.figures().packets, 3);
    assert_eq!(receiver.figures().lost, 0);
    assert_eq!(
        receive(&mut Receiver::new(), 1, 0),
        Arrival::First { seq: 0 }
    );
}

#[test]
fn an_older_packet_than_zero_is_not_expected() {
    let mut receiver = Receiver::new();
    receive(&mut receiver, 1, 0);
    assert_eq!(receive(&mut receiver, 1, 65_535), Arrival::Unexpected);
    assert_eq!(receiver.figures().lost, 0);
}

#[test]
fn a_stray_source_is_not_heard_and_a_new_one_is() {
    let mut receiver = Receiver::new();
    receive(&mut receiver, 1, 10);
    assert_eq!(receive(&mut receiver, 2, 500), Arrival::Unexpected);
    assert_eq!(receive(&mut receiver, 1, 11), Arrival::New { seq: 11 });
    assert_eq!(
        receive(&mut receiver, 2, 501),
        Arrival::Unexpected,
        "not in sequence"
    );
    assert_eq!(receive(&mut receiver, 2, 502), Arrival::First { seq: 502 });
    assert_eq!(receiver.ssrc(), Some(2));
    assert_eq!(receiver.figures().restarts, 1);
    assert_eq!(receiver.figures().lost, 0);
}

#[test]
fn one_source_may_start_its_numbers_anew() {
    let mut receiver = Receiver::new();
    receive(&mut receiver, 1, 10);
    receive(&mut receiver, 1, 11);
    assert_eq!(receive(&mut receiver, 1, 40_000), Arrival::Unexpected);
    assert_eq!(
        receive(&mut receiver, 1, 40_001),
        Arrival::First { seq: 40_001 }
    );
    // No loss of 40,000 packets is invented.
    assert_eq!(receiver.figures().lost, 0);
}

#[test]
fn a_large_jump_within_the_dropout_is_loss() {
    let mut receiver = Receiver::new();
    receive(&mut receiver, 1, 10);
    assert_eq!(
        receive(&mut receiver, 1, 3_009),
        Arrival::New { seq: 3_009 }
    );
    assert_eq!(receiver.figures().lost, 2_998);
    assert_eq!(
        receive(&mut receiver, 1, 3_000),
        Arrival::New { seq: 3_000 }
    );
}

#[test]
fn a_forgotten_source_makes_room_at_once() {
    let mut receiver = Receiver::new();
    receive(&mut receiver, 1, 10);
    receive(&mut receiver, 1, 12);
    receiver.forget_source();
    assert_eq!(receiver.ssrc(), None);
    assert_eq!(receive(&mut receiver, 2, 7), Arrival::First { seq: 7 });
    assert_eq!(receiver.figures().lost, 1, "figures stay");
}

#[test]
fn reports_tell_the_loss_of_their_interval() {
    let mut receiver = Receiver::new();
    assert_eq!(receiver.report(), None);
    for n in 0..100 {
        if n % 4 != 3 {
            receive(&mut receiver, 9, n);
        }
    }
    receive(&mut receiver, 9, 100);
    let first = receiver.report().expect("heard");
    assert_eq!((first.ssrc, first.lost, first.highest), (9, 25, 100));
    assert_eq!(first.fraction_lost, 63, "25 of 101 · 256");
    for n in 101..200 {
        receive(&mut receiver, 9, n);
    }
    let second = receiver.report().expect("heard");
    assert_eq!((second.lost, second.fraction_lost), (25, 0));
    assert_eq!(
        receiver.report().expect("heard").fraction_lost,
        0,
        "nothing was due"
    );
}

#[test]
fn jitter_is_that_of_the_rfc() {
    // Packets alternately 0 and 10 ms late: every |D| is 80 units, J converges to 80.
    let mut receiver = Receiver::new();
    let mut reference = 0.0_f64;
    for n in 0..400_u16 {
        let late = if n % 2 == 0 { 0 } else { 10 };
        let now = Instant::from_millis(u64::from(n) * 20 + late);
        receiver.receive(&packet(1, n, u32::from(n) * 160), now, CLOCK);
        if n > 0 {
            reference += (80.0 - reference) / 16.0;
        }
    }
    let jitter = receiver.report().expect("heard").jitter;
    assert!(
        (f64::from(jitter) - reference).abs() <= 1.0,
        "{jitter} {reference}"
    );
    assert_eq!(receiver.figures().jitter_max, jitter);
}

#[test]
fn events_with_a_frozen_timestamp_are_no_jitter() {
    let mut receiver = Receiver::new();
    for n in 0..50_u16 {
        receive(&mut receiver, 1, n);
    }
    for n in 50..70_u16 {
        let now = Instant::from_millis(u64::from(n) * 20);
        receiver.receive(&packet(1, n, 50 * 160), now, CLOCK);
    }
    for n in 70..80_u16 {
        receive(&mut receiver, 1, n);
    }
    assert_eq!(receiver.report().expect("heard").jitter, 0);
}

#[test]
fn a_sender_numbers_marks_and_counts() {
    let mut sender = Sender::new(RtpIdentity {
        ssrc: 7,
        seq: 65_535,
        timestamp: u32::MAX - 79,
    });
    let mut out = [0; 64];
    let mut sent = Vec::new();
    for n in 0..3 {
        if n == 2 {
            sender.skip(800, true);
        }
        let length = sender.sound(8, 80, &[1, 2], &mut out).expect("fits");
        let packet = Packet::read(&out[..length]).expect("a packet");
        sent.push((packet.seq, packet.timestamp, packet.marker));
    }
    assert_eq!(
        sent,
        [(65_535, u32::MAX - 79, true), (0, 0, false), (1, 880, true)]
    );
    assert_eq!(sender.sound(8, 80, &[0; 60], &mut out), None, "too short");
    let length = sender
        .packet(101, 960, true, &[5, 0, 0, 0], &mut out)
        .expect("fits");
    let event = Packet::read(&out[..length]).expect("a packet");
    assert_eq!(
        (event.seq, event.timestamp, event.payload_type),
        (2, 960, 101)
    );
    assert_eq!((sender.packets(), sender.octets()), (4, 10));
    assert_eq!(sender.timestamp(), 960);
}

proptest! {
    /// Whatever is lost, doubled or moved by a few places: each packet counts once, and packets
    /// and losses add up to what the far end sent.
    #[test]
    fn the_books_balance(
        start: u16,
        fates in proptest::collection::vec((0_u8..10, 0_u64..8), 1..600),
    ) {
        let mut arrivals = Vec::new();
        for (n, &(fate, delay)) in fates.iter().enumerate() {
            let n = n as u64;
            // The first and the last packet come in order, so that the span is known.
            let edge = n == 0 || n + 1 == fates.len() as u64;
            if edge { arrivals.push((n * 10 + if n == 0 { 0 } else { 100 }, n)); continue; }
            if fate == 0 { continue; }
            arrivals.push((n * 10 + 1 + delay * 10, n));
            if fate == 1 { arrivals.push((n * 10 + 5 + delay * 10, n)); }
        }
        arrivals.sort_unstable();
        let mut receiver = Receiver::new();
        let mut seen = std::collections::BTreeSet::new();
        for (at, n) in arrivals {
            let seq = start.wrapping_add(n as u16);
            let now = Instant::from_millis(at * 2);
            let arrival = receiver.receive(&packet(1, seq, n as u32 * 160), now, CLOCK);
            let new = seen.insert(n);
            match arrival {
                Arrival::New { seq } | Arrival::First { seq } => {
                    prop_assert!(new);
                    prop_assert_eq!(seq, u64::from(start) + n);
                }
                Arrival::Duplicate => prop_assert!(!new),
                Arrival::Unexpected => prop_assert!(false, "no packet is unexpected"),
            }
        }
        let figures = receiver.figures();
        prop_assert_eq!(figures.packets, seen.len() as u64);
        prop_assert_eq!(figures.packets + figures.lost, fates.len() as u64);
    }

    #[test]
    fn any_packets_do_no_harm(
        packets in proptest::collection::vec((0_u32..3, any::<u16>(), any::<u32>(), 0_u64..100_000), 0..300)
    ) {
        let mut receiver = Receiver::new();
        for (ssrc, seq, timestamp, ms) in packets {
            receiver.receive(&packet(ssrc, seq, timestamp), Instant::from_millis(ms), CLOCK);
            receiver.report();
            let _ = receiver.figures();
        }
    }
}

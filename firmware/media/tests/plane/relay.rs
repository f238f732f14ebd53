//! Two legs of one codec: packets go through at once.

use media::{Channel, Due, Flow, Rewrite};
use model::{Codec, Learn, MediaCommand, MediaEvent, Route, RtpParams};

use crate::rig::{PCMA, Phone, Rig, address, amplitude, leg, mark, params, talkers};

#[test]
fn a_packet_is_relayed_in_the_call_that_brings_it() {
    let mut rig = Rig::new();
    let other = RtpParams {
        pt_out: 96,
        pt_in: 97,
        ..params(1)
    };
    let (mut a, mut b) = (rig.phone(0), rig.phone_with(1, other));
    rig.join(a.leg, 3);
    rig.join(b.leg, 3);
    let bytes = a.packet();
    rig.packet(a.leg, Channel::Rtp, a.address, &bytes);
    let sent = rig.heard(b.leg)[0].clone();
    assert_eq!(sent.at, rig.now);
    assert_eq!(sent.to, b.address);
    assert_eq!((sent.payload_type(), sent.ssrc()), (96, 0xc000_0001));
    assert_eq!((sent.seq(), sent.timestamp()), (65_000, 1_000_000));
    assert!(sent.marker(), "a new stretch of sound");
    assert_eq!(sent.payload(), &bytes[12..]);
    rig.talk(&mut [&mut a, &mut b], 50);
    assert_eq!(rig.heard(a.leg).len(), 50);
    assert_eq!(rig.heard(b.leg).len(), 51);
    assert_eq!(talkers(&rig.samples(a.leg, Codec::Pcma, PCMA), 2), [1]);
    assert_eq!(talkers(&rig.samples(b.leg, Codec::Pcma, 96), 2), [0]);
    let first_packets = [0, 1].map(|slot| MediaEvent::FirstPacket { leg: leg(slot) });
    assert_eq!(rig.events, first_packets);
}

#[test]
fn relaying_needs_no_tick() {
    let mut rig = Rig::new();
    assert_eq!(rig.plane.next_deadline(), None, "idle: no wake-ups");
    let (mut a, mut b) = (rig.phone(0), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    // Long enough to see that nobody waits for a first packet.
    rig.talk(&mut [&mut a, &mut b], 15);
    let (due, why) = rig.plane.next_deadline().expect("reports are planned");
    assert_eq!(why, Due::Timer);
    assert!(due.since(rig.now).as_millis() > 500, "{due:?}");
    assert_eq!(rig.plane.figures().ticks, 0);
}

#[test]
fn loss_and_disorder_go_through_and_duplicates_do_not() {
    let mut rig = Rig::new();
    let (mut a, b) = (rig.phone(0), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    let packets: Vec<_> = (0..6).map(|_| a.packet()).collect();
    for index in [0, 1, 3, 2, 3, 5] {
        rig.packet(a.leg, Channel::Rtp, a.address, &packets[index]);
    }
    let seqs: Vec<_> = rig.heard(b.leg).iter().map(|s| s.seq() - 65_000).collect();
    assert_eq!(seqs, [0, 1, 3, 2, 5]);
    rig.command(MediaCommand::RemoveLeg { leg: a.leg });
    let Some(MediaEvent::LegRemoved { figures, .. }) = rig.events.last() else {
        panic!("{:?}", rig.events);
    };
    assert_eq!(figures.packets_in, 5);
    assert_eq!((figures.lost, figures.duplicate), (1, 1));
    assert_eq!(rig.dead, [a.leg]);
}

#[test]
fn direction_flags_are_respected() {
    let mut rig = Rig::new();
    let (mut a, mut b) = (rig.phone(0), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    let hold = RtpParams {
        send: false,
        ..params(0)
    };
    rig.set_rtp(a.leg, hold);
    rig.talk(&mut [&mut a, &mut b], 10);
    assert_eq!(
        rig.heard(a.leg).len(),
        0,
        "nothing is sent to who does not want it"
    );
    assert_eq!(rig.heard(b.leg).len(), 10);
    let deaf = RtpParams {
        receive: false,
        ..params(0)
    };
    rig.set_rtp(a.leg, deaf);
    rig.forget();
    rig.talk(&mut [&mut a, &mut b], 10);
    assert_eq!(rig.heard(b.leg).len(), 0, "who is on hold is not heard");
    assert_eq!(rig.heard(a.leg).len(), 10);
    rig.set_rtp(a.leg, params(0));
    rig.forget();
    rig.talk(&mut [&mut a, &mut b], 10);
    assert_eq!((rig.heard(a.leg).len(), rig.heard(b.leg).len()), (10, 10));
}

#[test]
fn the_echo_test_answers_under_our_own_identity() {
    let mut rig = Rig::new();
    let mut a = rig.phone(0);
    rig.route(a.leg, Route::Echo);
    rig.talk(&mut [&mut a], 25);
    assert_eq!(rig.heard(a.leg).len(), 25);
    assert_eq!(rig.heard(a.leg)[7].ssrc(), 0xc000_0000);
    assert_eq!(rig.plane.figures().ticks, 0, "the echo needs no tick");
    let samples = rig.samples(a.leg, Codec::Pcma, PCMA);
    assert!(amplitude(&samples, mark(0)) > 3_500.0);
}

#[test]
fn strangers_are_counted_never_heard_never_answered() {
    let mut rig = Rig::new();
    let (mut a, b) = (rig.phone(0), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    for _ in 0..10 {
        let bytes = a.packet();
        rig.packet(a.leg, Channel::Rtp, address(9), &bytes);
    }
    assert!(rig.sent.is_empty() && rig.events.is_empty());
    rig.command(MediaCommand::RemoveLeg { leg: a.leg });
    assert!(matches!(
        rig.events.last(),
        Some(MediaEvent::LegRemoved { figures, .. }) if figures.stranger == 10 && figures.packets_in == 0
    ));
}

#[test]
fn a_source_behind_a_nat_is_learned_and_answered() {
    let mut rig = Rig::new();
    let nat = RtpParams {
        remote: Some("10.1.1.1:4000".parse().expect("an address")),
        learn: Learn::From(address(0).ip()),
        ..params(0)
    };
    let (mut a, mut b) = (rig.phone_with(0, nat), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a, &mut b], 5);
    assert_eq!(rig.heard(b.leg).len(), 3, "from the third packet on");
    let to: Vec<_> = rig.heard(a.leg).iter().map(|sent| sent.to).collect();
    let sdp = nat.remote.expect("set above");
    assert_eq!(to, [sdp, sdp, a.address, a.address, a.address]);
    assert!(rig.events.contains(&MediaEvent::SourceLearned {
        leg: a.leg,
        remote: a.address
    }));
}

/// Somebody else sends as loud as the far end, from the first moment on, to the leg's port: from
/// another address, and from the far end's own with another source of sound.
#[test]
fn a_stranger_is_inaudible_also_while_the_far_end_is_learned() {
    for parties in [2, 3] {
        let mut rig = Rig::new();
        let nat = RtpParams {
            remote: Some("10.1.1.1:4000".parse().expect("an address")),
            learn: Learn::From(address(0).ip()),
            ..params(0)
        };
        let mut a = rig.phone_with(0, nat);
        let mut others: Vec<Phone> = (1..parties).map(|slot| rig.phone(slot)).collect();
        for phone in others.iter().chain([&a]) {
            rig.join(phone.leg, 0);
        }
        let stranger = |slot: u16, from: String| {
            let mut stranger = a.clone();
            stranger.address = from.parse().expect("an address");
            stranger.ssrc = 0xbad0 + u32::from(slot);
            stranger.voice.hz = mark(slot);
            stranger
        };
        let mut strangers = [
            stranger(7, "203.0.113.66:4000".into()),
            stranger(8, format!("{}:4000", address(0).ip())),
        ];
        for turn in 0..60 {
            // In a row from where the far end may be it would be taken for it; while the far end makes
            // itself known it is quiet.
            let [far, near] = &mut strangers;
            rig.say(far);
            near.seq = near.seq.wrapping_add(3);
            if !(20..23).contains(&turn) {
                rig.say(near);
            }
            if turn >= 20 {
                rig.say(&mut a);
            }
            for phone in &mut others {
                rig.say(phone);
            }
            rig.pass(20);
        }
        let heard = rig.samples(others[0].leg, Codec::Pcma, PCMA);
        let heard = &heard[heard.len() - 4_000..];
        assert!(amplitude(heard, mark(0)) > 3_800.0, "{parties}");
        for slot in [7, 8] {
            let level = amplitude(heard, mark(slot));
            // 50 dB below what it sends.
            assert!(level < 4_000.0 * 0.003_16, "{parties}: {slot} at {level}");
        }
        for phone in &strangers {
            assert!(rig.heard(a.leg).iter().all(|sent| sent.to != phone.address));
        }
    }
}

#[test]
fn a_far_end_that_starts_anew_goes_on_under_our_numbers() {
    let mut rig = Rig::new();
    let (mut a, b) = (rig.phone(0), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a], 5);
    a.ssrc = 0xdead;
    a.seq = 40_000;
    a.timestamp = 1;
    rig.talk(&mut [&mut a], 5);
    let sent = rig.heard(b.leg);
    assert_eq!(sent.len(), 9, "one packet is on probation");
    assert!(sent.iter().all(|s| s.ssrc() == 0xc000_0001));
    let steps: Vec<_> = sent
        .windows(2)
        .map(|w| {
            (
                w[1].seq().wrapping_sub(w[0].seq()),
                w[1].timestamp().wrapping_sub(w[0].timestamp()),
            )
        })
        .collect();
    assert!(
        steps
            .iter()
            .all(|&(seq, ts)| seq == 1 && (ts == 160 || ts == 320)),
        "{steps:?}"
    );
}

/// What the table says becomes of a packet.
fn rewritten(rewrite: &Rewrite, packet: &[u8]) -> Vec<u8> {
    let mut bytes = packet.to_vec();
    let seq = u16::from_be_bytes([packet[2], packet[3]]).wrapping_add(rewrite.seq_offset);
    let timestamp = u32::from_be_bytes(packet[4..8].try_into().expect("four bytes"));
    let timestamp = timestamp.wrapping_add(rewrite.timestamp_offset);
    bytes[1] = packet[1] & 0x80 | rewrite.payload_type;
    bytes[2..4].copy_from_slice(&seq.to_be_bytes());
    bytes[4..8].copy_from_slice(&timestamp.to_be_bytes());
    bytes[8..12].copy_from_slice(&rewrite.ssrc.to_be_bytes());
    bytes
}

#[test]
fn the_table_of_flows_says_what_the_plane_does() {
    let mut rig = Rig::new();
    let other = RtpParams {
        pt_out: 96,
        pt_in: 97,
        ..params(1)
    };
    let (mut a, mut b) = (rig.phone(0), rig.phone_with(1, other));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    assert_eq!(rig.plane.flows().count(), 0, "no numbers yet");
    rig.talk(&mut [&mut a, &mut b], 3);
    let flows: Vec<Flow> = rig.plane.flows().collect();
    assert_eq!(flows.len(), 2);
    for phone in [&mut a, &mut b] {
        let flow = flows.iter().find(|flow| flow.leg == phone.leg);
        let flow = flow.expect("both ways");
        rig.forget();
        let packet = phone.packet();
        assert_eq!((flow.from, flow.ssrc), (phone.address, phone.ssrc));
        assert_eq!(flow.payload_type, packet[1] & 0x7f);
        rig.packet(phone.leg, Channel::Rtp, phone.address, &packet);
        let sent = &rig.heard(flow.rewrite.leg)[0];
        assert_eq!(sent.to, flow.rewrite.to);
        assert_eq!(sent.bytes, rewritten(&flow.rewrite, &packet));
    }
    let tap = model::TapId(7);
    rig.command(MediaCommand::StartTap { leg: a.leg, tap });
    let left: Vec<_> = rig.plane.flows().map(|flow| flow.leg).collect();
    assert_eq!(left, [b.leg], "a recorded one is not");
    rig.command(MediaCommand::StopTap { tap });
    let third = rig.phone(2);
    rig.join(third.leg, 0);
    assert_eq!(rig.plane.flows().count(), 0, "mixed");
}

//! Keys: heard once, relayed, sent as events or tones.

use media::Channel;
use model::{Codec, Digit, MediaCommand, MediaEvent, Route, RtpParams};

use crate::rig::{PCMA, Phone, Rig, amplitude, params, rtp};

fn digit(label: char) -> Digit {
    Digit::from_char(label).expect("a key")
}

/// The phone presses a key for `packets` packets of 20 ms, with three ends.
fn press(rig: &mut Rig, phone: &mut Phone, label: char, packets: u16) {
    let event = digit(label).event();
    let start = phone.timestamp;
    for n in 0..packets + 2 {
        let end = n + 1 >= packets;
        let duration = ((n + 1).min(packets) * 160).to_be_bytes();
        let flags = 10 | if end { 0x80 } else { 0 };
        let payload = [event, flags, duration[0], duration[1]];
        let bytes = rtp(101, n == 0, phone.seq, start, phone.ssrc, &payload);
        phone.seq = phone.seq.wrapping_add(1);
        rig.packet(phone.leg, Channel::Rtp, phone.address, &bytes);
        rig.pass(20);
    }
    phone.timestamp = start.wrapping_add(u32::from(packets + 2) * 160);
}

#[test]
fn a_relayed_event_arrives_and_is_told_once() {
    let mut rig = Rig::new();
    let other = RtpParams {
        event_pt_out: Some(96),
        ..params(1)
    };
    let (mut a, b) = (rig.phone(0), rig.phone_with(1, other));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a], 5);
    rig.forget();
    press(&mut rig, &mut a, '7', 5);
    rig.talk(&mut [&mut a], 5);
    let told = MediaEvent::Digit {
        leg: a.leg,
        digit: digit('7'),
        ms: 100,
    };
    assert_eq!(rig.events, [told]);
    let events: Vec<_> = rig
        .heard(b.leg)
        .iter()
        .filter(|sent| sent.payload_type() == 96)
        .collect();
    assert_eq!(events.len(), 7);
    assert!(
        events
            .iter()
            .all(|sent| sent.timestamp() == events[0].timestamp())
    );
    assert!(events[0].marker() && !events[1].marker());
    let seqs = rig.heard(b.leg).windows(2);
    for pair in seqs {
        assert_eq!(pair[1].seq(), pair[0].seq().wrapping_add(1));
    }
}

#[test]
fn an_event_whose_end_is_lost_is_told_after_a_while() {
    let mut rig = Rig::new();
    let mut a = rig.phone(0);
    rig.route(a.leg, Route::Silence);
    let payload = [3, 10, 0, 160];
    let bytes = rtp(101, true, a.seq, a.timestamp, a.ssrc, &payload);
    rig.packet(a.leg, Channel::Rtp, a.address, &bytes);
    a.seq += 1;
    assert_eq!(rig.events.len(), 1, "the first packet");
    rig.pass(300);
    assert_eq!(
        rig.events.last(),
        Some(&MediaEvent::Digit {
            leg: a.leg,
            digit: digit('3'),
            ms: 20
        })
    );
}

#[test]
fn a_listener_without_events_gets_tones() {
    let mut rig = Rig::new();
    let old = RtpParams {
        event_pt_out: None,
        event_pt_in: None,
        ..params(1)
    };
    let (mut a, b) = (rig.phone(0), rig.phone_with(1, old));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a], 5);
    rig.forget();
    press(&mut rig, &mut a, '5', 5);
    rig.pass(300);
    let samples = rig.samples(b.leg, Codec::Pcma, PCMA);
    let key = &samples[160..800];
    assert!(amplitude(key, 770.0) > 5_000.0 && amplitude(key, 1_336.0) > 5_000.0);
}

#[test]
fn a_digit_is_sent_as_an_event_inside_a_relayed_call() {
    let mut rig = Rig::new();
    let (mut a, b) = (rig.phone(0), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a], 5);
    rig.forget();
    rig.command(MediaCommand::SendDigit {
        leg: b.leg,
        digit: digit('#'),
        ms: 100,
    });
    rig.talk(&mut [&mut a], 20);
    let sent = rig.heard(b.leg);
    let events: Vec<_> = sent.iter().filter(|s| s.payload_type() == 101).collect();
    assert_eq!(
        events.iter().filter(|s| s.payload()[1] & 0x80 != 0).count(),
        3
    );
    assert_eq!(
        events.last().expect("sent").payload(),
        [11, 0x8a, 0x03, 0x20]
    );
    assert!(
        events
            .iter()
            .all(|s| s.timestamp() == events[0].timestamp())
    );
    for pair in sent.windows(2) {
        assert_eq!(pair[1].seq(), pair[0].seq().wrapping_add(1));
    }
    let after = sent.last().expect("sent");
    assert_eq!(after.payload_type(), PCMA, "the sound goes on");
    assert_eq!(
        rig.plane.figures().ticks,
        18,
        "and the tick ends with the digit"
    );
}

#[test]
fn a_set_hears_the_digits_of_a_phone() {
    let mut rig = Rig::new();
    let mut a = rig.phone(0);
    let set = rig.set(1);
    rig.join(a.leg, 0);
    rig.join(set, 0);
    rig.pass(200);
    rig.forget();
    press(&mut rig, &mut a, '1', 5);
    rig.pass(100);
    let heard = rig.port_heard(set);
    let loudest = heard
        .windows(400)
        .step_by(80)
        .map(|part| amplitude(part, 697.0).min(amplitude(part, 1_209.0)))
        .fold(0.0, f32::max);
    assert!(loudest > 4_000.0, "{loudest}");
}

#[test]
fn a_key_for_a_phone_that_takes_keys_in_signalling_is_not_played() {
    let mut rig = Rig::new();
    let signalled = RtpParams {
        event_pt_out: None,
        event_pt_in: None,
        digits_in_signalling: true,
        ..params(1)
    };
    let (mut a, b) = (rig.phone(0), rig.phone_with(1, signalled));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a], 5);
    rig.forget();
    press(&mut rig, &mut a, '7', 5);
    rig.pass(300);
    assert!(rig.heard(b.leg).is_empty(), "neither event nor tone");
    let told = rig.events.iter();
    let keys = told.filter(|event| matches!(event, MediaEvent::Digit { .. }));
    assert_eq!(keys.count(), 1, "signalling is told to pass it on");
}

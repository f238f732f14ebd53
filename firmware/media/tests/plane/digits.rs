//! Keys: heard once, relayed, sent as events or tones.

use media::Channel;
use model::{Codec, Digit, MediaCommand, MediaEvent, Route, RtpParams};

use crate::rig::{PCMA, Phone, Rig, amplitude, params, rtp};

fn digit(label: char) -> Digit {
    Digit::from_char(label).expect("a key")
}

/// The phone presses a key for `packets` packets of 20 ms, with three ends, counted in its clock of
/// events.
fn press(rig: &mut Rig, phone: &mut Phone, label: char, packets: u16) {
    let units = u16::try_from(phone.params.event_clock_hz / 50).expect("20 ms");
    let event = digit(label).event();
    let start = phone.timestamp;
    for n in 0..packets + 2 {
        let end = n + 1 >= packets;
        let duration = ((n + 1).min(packets) * units).to_be_bytes();
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

/// The far end offers another codec and another number of events while its key is down, and the rest
/// of the event comes under that.
#[test]
fn a_key_that_is_down_while_the_codec_changes_is_told_once() {
    let mut rig = Rig::new();
    let mut a = rig.phone(0);
    rig.route(a.leg, Route::Silence);
    rig.talk(&mut [&mut a], 5);
    rig.forget();
    let (leg, start) = (a.leg, a.timestamp);
    for n in 1..=7_u16 {
        if n == 3 {
            let other = RtpParams {
                codec: Codec::Pcmu,
                pt_in: 0,
                pt_out: 0,
                event_pt_in: Some(96),
                event_pt_out: Some(96),
                ..a.params
            };
            rig.set_rtp(leg, other);
        }
        let kind = if n < 3 { 101 } else { 96 };
        let [high, low] = (160 * n.min(5)).to_be_bytes();
        let end = u8::from(n >= 5) << 7;
        let bytes = rtp(
            kind,
            n == 1,
            a.seq,
            start,
            a.ssrc,
            &[10, end | 10, high, low],
        );
        a.seq = a.seq.wrapping_add(1);
        rig.packet(leg, Channel::Rtp, a.address, &bytes);
        rig.pass(20);
    }
    rig.pass(300);
    let (digit, ms) = (digit('*'), 100);
    assert_eq!(rig.events, [MediaEvent::Digit { leg, digit, ms }]);
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

/// An Opus phone whose telephone events count in a clock of `hz`.
fn opus_phone(rig: &mut Rig, slot: u16, hz: u32) -> Phone {
    let params = RtpParams {
        pt_in: 111,
        pt_out: 111,
        event_clock_hz: hz,
        codec: Codec::Opus,
        ..params(slot)
    };
    rig.phone_with(slot, params)
}

/// The end that `leg` was sent of a key: its duration in units.
fn end_at(rig: &Rig, leg: model::MediaLeg) -> u16 {
    let events = rig.heard(leg).iter().filter(|s| s.payload_type() == 101);
    let mut ends = events.filter(|s| s.payload()[1] & 0x80 != 0);
    let last = ends.next_back().expect("an end").payload();
    u16::from_be_bytes([last[2], last[3]])
}

#[test]
fn a_relayed_event_counts_in_the_clock_of_the_listener() {
    for (speaks, hears, units) in [(48_000, 8_000, 800), (8_000, 48_000, 4_800)] {
        let mut rig = Rig::new();
        let mut a = opus_phone(&mut rig, 0, speaks);
        let b = opus_phone(&mut rig, 1, hears);
        rig.join(a.leg, 0);
        rig.join(b.leg, 0);
        press(&mut rig, &mut a, '7', 5);
        assert_eq!(end_at(&rig, b.leg), units, "{speaks} to {hears} Hz");
        let told = MediaEvent::Digit {
            leg: a.leg,
            digit: digit('7'),
            ms: 100,
        };
        assert!(rig.events.contains(&told), "{:?}", rig.events);
    }
}

#[test]
fn a_relayed_event_that_is_too_short_to_be_one_goes_nowhere() {
    let mut rig = Rig::new();
    let (a, b) = (rig.phone(0), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    let bytes = rtp(101, true, a.seq, a.timestamp, a.ssrc, &[3, 10, 0]);
    rig.packet(a.leg, Channel::Rtp, a.address, &bytes);
    assert!(rig.heard(b.leg).is_empty());
}

#[test]
fn a_key_between_codecs_counts_in_both_clocks() {
    let mut rig = Rig::new();
    let mut narrow = rig.phone(0);
    let mut wide = opus_phone(&mut rig, 1, 48_000);
    rig.join(narrow.leg, 0);
    rig.join(wide.leg, 0);
    rig.talk(&mut [&mut narrow], 5);
    press(&mut rig, &mut narrow, '4', 5);
    rig.talk(&mut [&mut narrow], 20);
    assert_eq!(end_at(&rig, wide.leg), 4_800, "100 ms at 48 kHz");
    rig.forget();
    press(&mut rig, &mut wide, '6', 5);
    rig.talk(&mut [&mut narrow], 20);
    assert_eq!(end_at(&rig, narrow.leg), 800, "100 ms at 8 kHz");
    let told = MediaEvent::Digit {
        leg: wide.leg,
        digit: digit('6'),
        ms: 100,
    };
    assert!(rig.events.contains(&told), "{:?}", rig.events);
}

//! Keys and fax machines in the sound.

use dsp::codec::{Decoder, Encoder, PAYLOAD_MAX, SAMPLES_MAX};
use dsp::dtmf::DtmfSender;
use dsp::g711::Law;
use dsp::resample::Up2;
use media::Channel;
use model::{Codec, Digit, FaxTone, MediaEvent, Route, RtpParams};

use crate::rig::{PCMA, Phone, Rig, amplitude, params, rtp};

fn digit(label: char) -> Digit {
    Digit::from_char(label).expect("a key")
}

/// Parameters of a phone that sends keys as tones only.
fn old(slot: u16) -> RtpParams {
    RtpParams {
        event_pt_out: None,
        event_pt_in: None,
        ..params(slot)
    }
}

fn ulaw(params: RtpParams) -> RtpParams {
    RtpParams {
        codec: Codec::Pcmu,
        pt_in: 0,
        pt_out: 0,
        ..params
    }
}

/// The phone sends these samples, and 200 ms of silence after them.
fn play(rig: &mut Rig, phone: &mut Phone, samples: &[i16]) {
    let mut pcm = samples.to_vec();
    pcm.resize((samples.len() + 1_600).next_multiple_of(160), 0);
    let law = Law::of(phone.params.codec).expect("companded");
    for block in pcm.chunks(160) {
        let mut payload = [0; 160];
        law.encode_into(block, &mut payload);
        let pt = phone.params.pt_in;
        let bytes = rtp(pt, false, phone.seq, phone.timestamp, phone.ssrc, &payload);
        phone.seq = phone.seq.wrapping_add(1);
        phone.timestamp = phone.timestamp.wrapping_add(160);
        rig.packet(phone.leg, Channel::Rtp, phone.address, &bytes);
        rig.pass(20);
    }
}

/// A phone of a wide codec that sends keys as tones only.
fn wide(codec: Codec, slot: u16) -> RtpParams {
    let pt = codec.static_pt().unwrap_or(111);
    RtpParams {
        codec,
        pt_in: pt,
        pt_out: pt,
        event_clock_hz: codec.clock_hz(),
        ..old(slot)
    }
}

fn with_events(params: RtpParams) -> RtpParams {
    RtpParams {
        event_pt_out: Some(101),
        event_pt_in: Some(101),
        ..params
    }
}

/// As [`play`], by a phone of a wide codec, of samples at 8 kHz.
fn play_wide(rig: &mut Rig, phone: &mut Phone, samples: &[i16]) {
    let mut pcm = vec![0; samples.len() * 2];
    Up2::new().run(samples, &mut pcm);
    pcm.resize((pcm.len() + 3_200).next_multiple_of(320), 0);
    let codec = phone.params.codec;
    let mut encoder = Encoder::new(codec, phone.params.opus).expect("a codec");
    for block in pcm.chunks(320) {
        let mut payload = [0; PAYLOAD_MAX];
        let length = encoder.encode(block, &mut payload);
        let (pt, payload) = (phone.params.pt_in, &payload[..length]);
        let bytes = rtp(pt, false, phone.seq, phone.timestamp, phone.ssrc, payload);
        phone.seq = phone.seq.wrapping_add(1);
        phone.timestamp = phone.timestamp.wrapping_add(codec.clock_hz() / 50);
        rig.packet(phone.leg, Channel::Rtp, phone.address, &bytes);
        rig.pass(20);
    }
}

/// The only key that `phone` was sent as events: its number and length in ms.
fn only_event(rig: &Rig, phone: &Phone) -> (u8, u16) {
    let sent = rig.heard(phone.leg).iter();
    let events: Vec<_> = sent.filter(|s| s.payload_type() == 101).collect();
    let ends = events.iter().filter(|s| s.payload()[1] & 0x80 != 0);
    assert_eq!(ends.count(), 3, "one key");
    let last = events.last().expect("sent").payload();
    let units = u16::from_be_bytes([last[2], last[3]]);
    let per_ms = u16::try_from(phone.params.event_clock_hz / 1_000).expect("kHz");
    (last[0], units / per_ms)
}

fn key(label: char, ms: u16) -> Vec<i16> {
    let mut samples = vec![0; usize::from(ms) * 8];
    DtmfSender::new(digit(label), ms, -9, -9).fill(&mut samples);
    samples
}

fn sine(hz: f32, ms: usize) -> Vec<i16> {
    let turn = |n: usize| hz * n as f32 / 8_000.0 * std::f32::consts::TAU;
    (0..ms * 8)
        .map(|n| (4_000.0 * turn(n).sin()) as i16)
        .collect()
}

/// The keys that were told, and how long each was down.
fn told(rig: &Rig, phone: &Phone) -> Vec<(char, u16)> {
    let keys = rig.events.iter().filter_map(|event| match *event {
        MediaEvent::Digit { leg, digit, ms } if leg == phone.leg => Some((digit.to_char(), ms)),
        _ => None,
    });
    keys.collect()
}

#[test]
fn a_tone_in_a_relayed_call_stays_sound_and_is_told_once() {
    let mut rig = Rig::new();
    let (mut a, b) = (rig.phone_with(0, old(0)), rig.phone_with(1, old(1)));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a], 5);
    rig.forget();
    let samples = key('5', 100);
    play(&mut rig, &mut a, &samples);
    let [(label, ms)] = told(&rig, &a)[..] else {
        panic!("{:?}", rig.events);
    };
    assert_eq!(label, '5');
    assert!(ms.abs_diff(100) <= 10, "{ms}");
    let heard = rig.samples(b.leg, Codec::Pcma, PCMA);
    let mut exact = vec![0; 800];
    let mut octets = vec![0; 800];
    Law::A.encode_into(&samples, &mut octets);
    Law::A.decode_into(&octets, &mut exact);
    assert_eq!(&heard[80..800], &exact[80..], "relayed, not mixed");
}

#[test]
fn a_tone_becomes_an_event_for_who_takes_events() {
    let mut rig = Rig::new();
    let (mut a, b) = (
        rig.phone_with(0, old(0)),
        rig.phone_with(1, ulaw(params(1))),
    );
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a], 5);
    rig.forget();
    let samples = key('9', 200);
    play(&mut rig, &mut a, &samples);
    rig.pass(300);
    assert_eq!(told(&rig, &a).len(), 1);
    let (_, told_ms) = told(&rig, &a)[0];
    let (event, ms) = only_event(&rig, &b);
    assert_eq!(event, 9);
    assert!(ms.abs_diff(told_ms) <= 5 && ms.abs_diff(200) <= 15, "{ms}");
    // What is heard of the tone is shorter than any key.
    let sound = rig.samples(b.leg, Codec::Pcmu, 0);
    let loud = sound
        .chunks(80)
        .filter(|part| amplitude(part, 852.0) > 300.0);
    assert!(loud.count() <= 5, "the tone is taken out");
}

#[test]
fn a_tone_is_heard_by_who_has_no_events_and_not_twice() {
    let mut rig = Rig::new();
    let (mut a, b) = (rig.phone_with(0, old(0)), rig.phone_with(1, ulaw(old(1))));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a], 5);
    rig.forget();
    play(&mut rig, &mut a, &key('3', 100));
    rig.pass(300);
    assert_eq!(told(&rig, &a).len(), 1);
    let sound = rig.samples(b.leg, Codec::Pcmu, 0);
    let loud = sound
        .chunks(80)
        .filter(|part| amplitude(part, 697.0) > 2_000.0);
    let blocks = loud.count();
    assert!((8..=11).contains(&blocks), "{blocks}");
}

#[test]
fn keys_that_come_otherwise_are_not_looked_for_in_the_sound() {
    let mut rig = Rig::new();
    let mut a = rig.phone(0);
    rig.route(a.leg, Route::Silence);
    play(&mut rig, &mut a, &key('3', 100));
    assert_eq!(told(&rig, &a), []);
}

#[test]
fn a_fax_machine_is_told_once_by_a_phone_line_and_by_a_port() {
    let mut rig = Rig::new();
    let mut a = rig.phone(0);
    rig.route(a.leg, Route::Silence);
    for _ in 0..3 {
        play(&mut rig, &mut a, &sine(1_100.0, 500));
    }
    let set = rig.set(1);
    rig.ports.get_mut(&set).expect("a set").0.hz = 2_100.0;
    rig.pass(3_000);
    let faxes: Vec<_> = rig
        .events
        .iter()
        .filter_map(|event| match *event {
            MediaEvent::Fax { leg, tone } => Some((leg, tone)),
            _ => None,
        })
        .collect();
    assert_eq!(faxes, [(a.leg, FaxTone::Cng), (set, FaxTone::Ced)]);
}

#[test]
fn a_fax_machine_is_told_of_in_a_mixed_call_and_not_in_a_conference() {
    for (others, wanted) in [(1, 1), (2, 0)] {
        let mut rig = Rig::new();
        let mut a = rig.phone(0);
        rig.join(a.leg, 0);
        for slot in 1..=others {
            let params = RtpParams {
                codec: Codec::Pcmu,
                ..params(slot)
            };
            let other = rig.phone_with(slot, params);
            rig.join(other.leg, 0);
        }
        for _ in 0..3 {
            play(&mut rig, &mut a, &sine(1_100.0, 500));
            play(&mut rig, &mut a, &vec![0; 800]);
        }
        let told = rig.events.iter().filter(|event| {
            let tone = FaxTone::Cng;
            **event == MediaEvent::Fax { leg: a.leg, tone }
        });
        assert_eq!(told.count(), wanted, "{others} others");
    }
}

#[test]
fn a_tone_in_a_relayed_call_becomes_an_event_for_who_takes_events() {
    let mut rig = Rig::new();
    let (mut a, b) = (rig.phone_with(0, old(0)), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a], 5);
    rig.forget();
    play(&mut rig, &mut a, &key('9', 200));
    rig.pass(300);
    let [(label, told_ms)] = told(&rig, &a)[..] else {
        panic!("{:?}", rig.events);
    };
    assert_eq!(label, '9');
    let (event, ms) = only_event(&rig, &b);
    assert_eq!(event, 9);
    assert!(ms.abs_diff(told_ms) <= 5 && ms.abs_diff(200) <= 15, "{ms}");
    let sound = rig.samples(b.leg, Codec::Pcma, PCMA);
    let loud = sound
        .chunks(80)
        .filter(|part| amplitude(part, 852.0) > 300.0);
    assert!(loud.count() <= 4, "the tone is taken out");
    rig.forget();
    rig.talk(&mut [&mut a], 5);
    assert_eq!(rig.heard(b.leg).len(), 5, "relayed packet by packet");
}

#[test]
fn a_tone_beside_an_event_is_not_heard_by_who_hears_tones() {
    for other in [old(1), ulaw(old(1))] {
        let mut rig = Rig::new();
        let (mut a, b) = (rig.phone(0), rig.phone_with(1, other));
        rig.join(a.leg, 0);
        rig.join(b.leg, 0);
        rig.talk(&mut [&mut a], 5);
        rig.forget();
        // The phone sends both at once.
        let (start, samples) = (a.timestamp, key('5', 100));
        for n in 0..5_u16 {
            let duration = ((n + 1) * 160).to_be_bytes();
            let flags = 10 | if n == 4 { 0x80 } else { 0 };
            let payload = [5, flags, duration[0], duration[1]];
            let event = rtp(101, n == 0, a.seq, start, a.ssrc, &payload);
            a.seq += 1;
            rig.packet(a.leg, Channel::Rtp, a.address, &event);
            let at = usize::from(n) * 160;
            let mut sound = [0; 160];
            Law::A.encode_into(&samples[at..at + 160], &mut sound);
            let sound = rtp(PCMA, false, a.seq, a.timestamp, a.ssrc, &sound);
            (a.seq, a.timestamp) = (a.seq + 1, a.timestamp + 160);
            rig.packet(a.leg, Channel::Rtp, a.address, &sound);
            rig.pass(20);
        }
        rig.pass(400);
        let sound = rig.samples(b.leg, b.params.codec, b.params.pt_in);
        let loud: Vec<bool> = sound
            .chunks(80)
            .map(|part| amplitude(part, 770.0) > 1_000.0)
            .collect();
        let starts = loud.windows(2).filter(|pair| pair == &[false, true]);
        let blocks = loud.iter().filter(|loud| **loud).count();
        let keys = starts.count() + usize::from(loud[0]);
        assert_eq!(keys, 1, "{loud:?}");
        assert!((8..=11).contains(&blocks), "{blocks}");
    }
}

#[test]
fn keys_in_wide_sound_are_told() {
    for codec in [Codec::G722, Codec::Opus] {
        let mut rig = Rig::new();
        let mut a = rig.phone_with(0, wide(codec, 0));
        rig.route(a.leg, Route::Silence);
        play_wide(&mut rig, &mut a, &key('7', 120));
        let [(label, ms)] = told(&rig, &a)[..] else {
            panic!("{codec:?}: {:?}", rig.events);
        };
        assert_eq!(label, '7', "{codec:?}");
        assert!(ms.abs_diff(120) <= 20, "{codec:?}: {ms}");
    }
}

#[test]
fn keys_in_wide_sound_that_is_relayed_are_told_and_stay_sound() {
    for codec in [Codec::G722, Codec::Opus] {
        let mut rig = Rig::new();
        let mut a = rig.phone_with(0, wide(codec, 0));
        let b = rig.phone_with(1, wide(codec, 1));
        rig.join(a.leg, 0);
        rig.join(b.leg, 0);
        let samples = [vec![0; 800], key('6', 120), vec![0; 800], key('1', 80)].concat();
        let packets = (samples.len() * 2 + 3_200).div_ceil(320);
        play_wide(&mut rig, &mut a, &samples);
        let told = told(&rig, &a);
        let labels: String = told.iter().map(|&(label, _)| label).collect();
        assert_eq!(labels, "61", "{codec:?}");
        assert!(told[0].1.abs_diff(120) <= 15, "{codec:?}: {told:?}");
        assert_eq!(rig.heard(b.leg).len(), packets, "relayed packet by packet");
    }
}

#[test]
fn a_tone_in_wide_sound_becomes_an_event_for_who_takes_events() {
    for codec in [Codec::G722, Codec::Opus] {
        let mut rig = Rig::new();
        let mut a = rig.phone_with(0, wide(codec, 0));
        let b = rig.phone_with(1, with_events(wide(codec, 1)));
        rig.join(a.leg, 0);
        rig.join(b.leg, 0);
        play_wide(&mut rig, &mut a, &[vec![0; 800], key('4', 160)].concat());
        rig.pass(400);
        assert_eq!(told(&rig, &a).len(), 1, "{codec:?}");
        let (event, ms) = only_event(&rig, &b);
        assert_eq!(event, 4, "{codec:?}");
        assert!(ms.abs_diff(160) <= 20, "{codec:?}: {ms}");
        let mut decoder = Decoder::new(codec, b.params.opus).expect("a codec");
        let mut loud = 0;
        for sent in rig.heard(b.leg) {
            if sent.payload_type() == b.params.pt_in {
                let mut samples = [0; SAMPLES_MAX];
                let length = decoder.decode(sent.payload(), &mut samples);
                let length = length.expect("a frame");
                let tone = |part: &&[i16]| {
                    amplitude(&part.iter().step_by(2).copied().collect::<Vec<_>>(), 770.0) > 400.0
                };
                loud += samples[..length].chunks(160).filter(tone).count();
            }
        }
        assert!(
            loud <= 6,
            "{codec:?}: the tone is taken out, but for {loud}"
        );
    }
}

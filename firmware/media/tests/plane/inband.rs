//! Keys and fax machines in the sound.

use dsp::dtmf::DtmfSender;
use dsp::g711::Law;
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
    let sent = rig.heard(b.leg).iter();
    let events: Vec<_> = sent.filter(|s| s.payload_type() == 101).collect();
    let ends = events.iter().filter(|s| s.payload()[1] & 0x80 != 0);
    assert_eq!(ends.count(), 3, "one key");
    let last = events.last().expect("sent").payload();
    assert_eq!(last[0], 9);
    let ms = u16::from_be_bytes([last[2], last[3]]) / 8;
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

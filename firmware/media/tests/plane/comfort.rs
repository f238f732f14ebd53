//! The noise of pauses (RFC 3389), in relay and mix.

use media::Channel;
use model::{Codec, Route, RtpParams};

use crate::rig::{Phone, Rig, params, rtp};

const COMFORT_PT: u8 = 13;
/// Level of the noise in −dBov.
const LEVEL: u8 = 30;

fn phone(rig: &mut Rig, slot: u16, comfort_pt: Option<u8>) -> Phone {
    let params = RtpParams {
        comfort_pt,
        ..params(slot)
    };
    rig.phone_with(slot, params)
}

/// A pause begins: its noise, and nothing for `ms`.
fn pause(rig: &mut Rig, phone: &mut Phone, ms: u64) {
    let bytes = rtp(
        COMFORT_PT,
        false,
        phone.seq,
        phone.timestamp,
        phone.ssrc,
        &[LEVEL],
    );
    phone.seq = phone.seq.wrapping_add(1);
    phone.timestamp = phone
        .timestamp
        .wrapping_add(u32::try_from(ms).expect("short") * 8);
    rig.packet(phone.leg, Channel::Rtp, phone.address, &bytes);
    rig.pass(ms);
}

#[test]
fn noise_is_relayed_to_those_who_take_it() {
    let mut rig = Rig::new();
    let mut a = phone(&mut rig, 0, Some(COMFORT_PT));
    let b = phone(&mut rig, 1, Some(COMFORT_PT));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a], 5);
    pause(&mut rig, &mut a, 200);
    let last = rig.heard(b.leg).last().expect("relayed");
    assert_eq!(
        (last.payload_type(), last.payload()),
        (COMFORT_PT, &[LEVEL][..])
    );
}

#[test]
fn a_listener_who_does_not_know_noise_gets_none() {
    let mut rig = Rig::new();
    let mut a = phone(&mut rig, 0, Some(COMFORT_PT));
    let b = phone(&mut rig, 1, None);
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a], 5);
    pause(&mut rig, &mut a, 200);
    rig.talk(&mut [&mut a], 5);
    let sent = rig.heard(b.leg).iter();
    let known = sent.filter(|sent| sent.payload_type() == b.params.pt_out);
    assert_eq!(known.count(), 10);
    assert_eq!(rig.heard(b.leg).len(), 10);
}

#[test]
fn a_set_hears_the_noise_of_a_pause_at_its_level() {
    let mut rig = Rig::new();
    let mut a = phone(&mut rig, 0, Some(COMFORT_PT));
    let set = rig.set(1);
    rig.join(a.leg, 0);
    rig.join(set, 0);
    rig.talk(&mut [&mut a], 10);
    pause(&mut rig, &mut a, 500);
    let heard = rig.port_heard(set);
    let tail = &heard[heard.len() - 1_600..];
    let power = tail.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / 1_600.0;
    let dbov = 10.0 * (power / 32_768.0_f64.powi(2)).log10();
    assert!((dbov + f64::from(LEVEL)).abs() < 3.5, "{dbov:.1} dBov");
}

/// The phone sends so many packets of silence.
fn silent(rig: &mut Rig, phone: &mut Phone, packets: usize) {
    for _ in 0..packets {
        let bytes = rtp(
            8,
            false,
            phone.seq,
            phone.timestamp,
            phone.ssrc,
            &[0xd5; 160],
        );
        phone.seq = phone.seq.wrapping_add(1);
        phone.timestamp = phone.timestamp.wrapping_add(160);
        rig.packet(phone.leg, Channel::Rtp, phone.address, &bytes);
        rig.pass(20);
    }
}

#[test]
fn long_silence_is_described_and_left_out_where_that_is_wished() {
    for saves_silence in [false, true] {
        let mut rig = Rig::new();
        let mut a = rig.phone(0);
        let other = RtpParams {
            codec: Codec::Pcmu,
            pt_in: 0,
            pt_out: 0,
            comfort_pt: Some(COMFORT_PT),
            saves_silence,
            ..params(1)
        };
        let b = rig.phone_with(1, other);
        rig.join(a.leg, 0);
        rig.join(b.leg, 0);
        rig.talk(&mut [&mut a], 20);
        rig.forget();
        silent(&mut rig, &mut a, 150);
        let sent = rig.heard(b.leg);
        let noise = sent.iter().filter(|s| s.payload_type() == COMFORT_PT);
        let (noise, all) = (noise.count(), sent.len());
        if !saves_silence {
            assert_eq!((noise, all), (0, 150), "packet by packet");
            continue;
        }
        assert_eq!(noise, 2, "at once and after two seconds");
        assert!((15..=22).contains(&all), "{all}");
        let last = sent.last().expect("noise").clone();
        assert_eq!((last.payload_type(), last.payload().len()), (COMFORT_PT, 7));
        assert_eq!(last.payload()[0], 127, "nothing is heard");
        rig.forget();
        rig.talk(&mut [&mut a], 10);
        let sent = rig.heard(b.leg);
        let first = &sent[0];
        assert!(first.marker() && first.payload_type() == 0);
        assert_eq!(first.seq(), last.seq().wrapping_add(1), "no loss");
        let passed = first.at.since(last.at).as_millis() as u32 * 8;
        let ahead = first.timestamp().wrapping_sub(last.timestamp());
        assert!(ahead.abs_diff(passed) <= 240, "{ahead} and {passed}");
        assert!(sent.len() >= 8, "{}", sent.len());
    }
}

#[test]
fn far_ends_that_wait_for_each_other_are_sent_silence() {
    let mut rig = Rig::new();
    let (mut a, b) = (rig.phone(0), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.pass(1_000);
    for leg in [a.leg, b.leg] {
        let sent = rig.heard(leg);
        assert_eq!(sent.len(), 5, "five times a second");
        assert!(sent.iter().all(|s| s.payload() == [0xd5; 160]), "silence");
    }
    // The first packet opens the way; what follows is as if nothing had been sent.
    rig.talk(&mut [&mut a], 10);
    rig.forget();
    rig.pass(1_000);
    assert!(rig.heard(a.leg).is_empty() && rig.heard(b.leg).is_empty());
    rig.talk(&mut [&mut a], 10);
    assert_eq!(rig.heard(b.leg).len(), 10);
    assert_eq!(rig.samples(b.leg, Codec::Pcma, 8).len(), 1_600);
}

#[test]
fn who_never_answers_is_not_sent_silence_for_ever() {
    let mut rig = Rig::new();
    let a = rig.phone(0);
    rig.route(a.leg, Route::Echo);
    rig.pass(60_000);
    assert_eq!(rig.heard(a.leg).len(), 25);
}

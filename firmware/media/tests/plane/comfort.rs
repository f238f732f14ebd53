//! The noise of pauses (RFC 3389), in relay and mix.

use media::Channel;
use model::RtpParams;

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

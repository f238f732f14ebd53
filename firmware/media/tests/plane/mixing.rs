//! More than two, different codecs, ports and tones: the tick.

use model::{BridgeId, Codec, MediaCommand, Route, RtpParams, ToneSpec, ToneStep, VoiceOptions};
use proptest::prelude::*;

use crate::rig::{PCMA, Phone, Rig, amplitude, leg, mark, params, talkers};

/// The last 200 ms, long after every start.
fn tail(samples: &[i16]) -> &[i16] {
    &samples[samples.len().saturating_sub(1_600)..]
}

#[test]
fn three_hear_the_two_others_and_never_themselves() {
    let mut rig = Rig::new();
    let mut phones: Vec<Phone> = (0..3).map(|slot| rig.phone(slot)).collect();
    for phone in &phones {
        rig.join(phone.leg, 5);
    }
    rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), 40);
    for (slot, others) in [(0, [1, 2]), (1, [0, 2]), (2, [0, 1])] {
        let samples = rig.samples(leg(slot), Codec::Pcma, PCMA);
        assert_eq!(talkers(tail(&samples), 3), others, "leg {slot}");
        assert!(amplitude(tail(&samples), mark(slot)) < 200.0);
    }
}

#[test]
fn different_codecs_and_packet_times_are_mixed() {
    let mut rig = Rig::new();
    let ulaw = RtpParams {
        codec: Codec::Pcmu,
        pt_out: 0,
        pt_in: 0,
        ptime_ms: 30,
        ..params(1)
    };
    let (mut a, mut b) = (rig.phone(0), rig.phone_with(1, ulaw));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    for _ in 0..20 {
        for _ in 0..3 {
            rig.say(&mut a);
            rig.pass(10);
            rig.say(&mut b);
            rig.pass(10);
        }
        // b sends 30 ms packets: two of its three were early, which a jitter buffer bears.
    }
    let to_b = rig.samples(b.leg, Codec::Pcmu, 0);
    assert_eq!(talkers(tail(&to_b), 2), [0]);
    assert!(
        rig.heard(b.leg)
            .iter()
            .all(|sent| sent.payload().len() == 240)
    );
    let steps = rig.heard(b.leg).windows(2);
    assert!(steps.clone().count() > 30);
    for pair in steps {
        assert_eq!(pair[1].timestamp() - pair[0].timestamp(), 240);
    }
}

#[test]
fn a_port_and_a_phone_hear_each_other() {
    let mut rig = Rig::new();
    let mut a = rig.phone(0);
    let set = rig.set(1);
    rig.join(a.leg, 0);
    rig.join(set, 0);
    rig.talk(&mut [&mut a], 40);
    assert_eq!(talkers(tail(rig.port_heard(set)), 2), [0]);
    let samples = rig.samples(a.leg, Codec::Pcma, PCMA);
    assert_eq!(talkers(tail(&samples), 2), [1]);
    assert!(
        amplitude(tail(&samples), mark(1)) > 3_900.0,
        "nothing is lost on the way"
    );
}

#[test]
fn two_ports_hear_each_other_one_tick_later() {
    let mut rig = Rig::new();
    let (a, b) = (rig.set(0), rig.set(1));
    rig.join(a, 0);
    rig.join(b, 0);
    rig.pass(200);
    assert_eq!(talkers(tail(rig.port_heard(a)), 2), [1]);
    assert_eq!(talkers(tail(rig.port_heard(b)), 2), [0]);
    let late = rig.port_heard(a).iter().position(|&sample| sample != 0);
    assert!(late.is_some_and(|at| at <= 90), "{late:?}");
}

/// What somebody does in the rig.
type Act = fn(&mut Rig);

/// What phone 0 hears of a conference that it left for 3 s by `leave` and came back to by `back`, once its talkers were
/// gone or silent; it left `begun_ms` after a packet began.
fn heard_after(begun_ms: u64, leave: Act, back: Act) -> Vec<i16> {
    let mut rig = Rig::new();
    let mut phones: Vec<Phone> = (0..3).map(|slot| rig.phone(slot)).collect();
    for phone in &phones {
        rig.join(phone.leg, 5);
    }
    // A set is heard every 10 ms, so that a tick can find a packet half full.
    let set = rig.set(3);
    rig.join(set, 5);
    rig.ports.get_mut(&set).expect("joined").0.hz = 0.0;
    rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), 20);
    rig.pass(begun_ms);
    leave(&mut rig);
    rig.command(MediaCommand::RemoveLeg { leg: leg(1) });
    let mut quiet = phones.split_off(2);
    for phone in &mut quiet {
        phone.voice.hz = 0.0;
    }
    let mut quiet: Vec<_> = quiet.iter_mut().collect();
    rig.talk(&mut quiet, 150);
    rig.forget();
    back(&mut rig);
    rig.talk(&mut quiet, 10);
    rig.samples(leg(0), Codec::Pcma, PCMA)
}

#[test]
fn who_was_away_hears_nothing_of_before_it() {
    let hold = |rig: &mut Rig| {
        let held = RtpParams {
            send: false,
            ..params(0)
        };
        rig.set_rtp(leg(0), held);
    };
    let silence = |rig: &mut Rig| rig.route(leg(0), Route::Silence);
    let echo = |rig: &mut Rig| rig.route(leg(0), Route::Echo);
    let unhold = |rig: &mut Rig| rig.set_rtp(leg(0), params(0));
    let again = |rig: &mut Rig| rig.join(leg(0), 5);
    // Two alone are relayed; with a set among them they are mixed again.
    let alone = |rig: &mut Rig| rig.command(MediaCommand::RemoveLeg { leg: leg(3) });
    let three = |rig: &mut Rig| {
        let set = rig.set(4);
        rig.ports.get_mut(&set).expect("made").0.hz = 0.0;
        rig.join(set, 5);
    };
    let ways: [(&str, Act, Act); 4] = [
        ("hold", hold, unhold),
        ("silence", silence, again),
        ("echo", echo, again),
        ("relay", alone, three),
    ];
    for (way, leave, back) in ways {
        for begun_ms in [0, 10] {
            let samples = heard_after(begun_ms, leave, back);
            let loudest = samples.iter().map(|sample| sample.unsigned_abs()).max();
            assert!(
                loudest.is_some_and(|loudest| loudest < 16),
                "{way}, {begun_ms} ms: {loudest:?}"
            );
        }
    }
}

#[test]
fn level_and_noise_of_a_voice_are_changed_while_that_is_wished() {
    let mut rig = Rig::new();
    let (mut a, b) = (rig.phone(0), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    let mut heard = |auto_level, denoise| {
        let options = VoiceOptions {
            auto_level,
            denoise,
            data: false,
        };
        let leg = a.leg;
        rig.command(MediaCommand::SetVoice { leg, options });
        rig.forget();
        rig.talk(&mut [&mut a], 150);
        let samples = rig.samples(b.leg, Codec::Pcma, PCMA);
        (
            amplitude(tail(&samples), mark(0)),
            rig.plane.figures().refused,
        )
    };
    // A peak of 4,000 is 3 dB above the level that voices are brought to.
    let (level, refused) = heard(true, false);
    assert!((2_600.0..3_200.0).contains(&level), "{level}");
    assert_eq!(refused, 0);
    let (level, refused) = heard(false, false);
    assert!((level - 4_000.0).abs() < 60.0, "relayed again: {level}");
    assert_eq!(refused, 0);
    // A tone that stays the same is noise.
    let (level, refused) = heard(false, true);
    assert!(level < 1_000.0, "{level}");
    assert_eq!(refused, 0);
    let (level, _) = heard(false, false);
    assert!((level - 4_000.0).abs() < 60.0, "relayed again: {level}");
    assert_eq!(rig.voices_back, 1);
}

fn dial_tone() -> ToneSpec {
    let step = ToneStep {
        hz: [425, 0],
        ..ToneStep::default()
    };
    ToneSpec::new(&[step], -10).expect("one step")
}

#[test]
fn a_tone_is_heard_by_phones_and_sets() {
    let mut rig = Rig::new();
    let a = rig.phone(0);
    let set = rig.set(1);
    rig.route(a.leg, Route::Tone(dial_tone()));
    rig.route(set, Route::Tone(dial_tone()));
    rig.pass(500);
    let wanted = dsp::level::peak_of(-10);
    for samples in [
        rig.samples(a.leg, Codec::Pcma, PCMA),
        rig.port_heard(set).to_vec(),
    ] {
        let got = amplitude(tail(&samples), 425.0);
        assert!((got / wanted - 1.0).abs() < 0.05, "{got} of {wanted}");
    }
    assert_eq!(rig.heard(a.leg).len(), 25);
    rig.route(a.leg, Route::Silence);
    rig.route(set, Route::Silence);
    rig.forget();
    rig.pass(200);
    assert!(rig.heard(a.leg).is_empty());
    assert!(rig.port_heard(set)[160..].iter().all(|&s| s == 0));
}

#[test]
fn from_relay_to_mixing_and_back_the_stream_has_no_gap() {
    let mut rig = Rig::new();
    let (mut a, mut b, c) = (rig.phone(0), rig.phone(1), rig.phone(2));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a, &mut b], 50);
    rig.pass(7);
    rig.join(c.leg, 0);
    rig.talk(&mut [&mut a, &mut b], 50);
    rig.pass(4);
    rig.route(c.leg, Route::Silence);
    rig.talk(&mut [&mut a, &mut b], 50);
    for listener in [a.leg, b.leg] {
        for pair in rig.heard(listener).windows(2) {
            assert_eq!(pair[1].seq(), pair[0].seq().wrapping_add(1));
            let length = pair[0].payload().len() as u32;
            assert!(
                length == 160 || length == 80,
                "one short packet finds its turn"
            );
            assert_eq!(
                pair[1].timestamp().wrapping_sub(pair[0].timestamp()),
                length,
                "{:?} and {:?}",
                pair[0].at,
                pair[1].at
            );
            assert!(pair[1].at.since(pair[0].at).as_millis() <= 40);
        }
    }
    // Somebody is heard in every 20 ms of it.
    let samples = rig.samples(b.leg, Codec::Pcma, PCMA);
    for (at, part) in samples.chunks(160).enumerate() {
        let level = amplitude(part, mark(0));
        assert!(level > 2_000.0, "{level} at {} ms", at * 20);
    }
}

#[test]
fn from_relay_to_mixing_there_is_no_click() {
    for (talker, wait) in (1..9).zip([0, 3, 6, 9, 12, 15, 17, 19]) {
        let mut rig = Rig::new();
        let (a, mut b, c) = (rig.phone(0), rig.phone(talker), rig.phone(9));
        rig.join(a.leg, 0);
        rig.join(b.leg, 0);
        rig.talk(&mut [&mut b], 50);
        rig.pass(wait);
        rig.join(c.leg, 0);
        rig.talk(&mut [&mut b], 50);
        // No step larger than the sine's own steepest, with a little for joint and codec.
        let steepest = 4_000.0 * std::f32::consts::TAU * mark(talker) / 8_000.0;
        let samples = rig.samples(a.leg, Codec::Pcma, PCMA);
        for (at, pair) in samples.windows(2).enumerate() {
            let step = f32::from(pair[1].abs_diff(pair[0]));
            assert!(step < steepest * 1.1 + 300.0, "{talker}: {step} at {at}");
        }
    }
}

#[test]
fn a_late_driver_gets_one_tick_and_timestamps_follow_time() {
    let mut rig = Rig::new();
    let a = rig.phone(0);
    rig.route(a.leg, Route::Tone(dial_tone()));
    rig.pass(100);
    let before = rig.heard(a.leg).len();
    // The driver sleeps for 100 ms and then runs what is due.
    rig.now = rig.now + std::time::Duration::from_millis(100);
    rig.plane.timeout(rig.now);
    rig.pass(40);
    let sent = rig.heard(a.leg);
    assert!(sent.len() - before <= 3, "no burst");
    assert!(rig.plane.figures().ticks_missed >= 9);
    let span = sent[sent.len() - 1].timestamp() - sent[before - 1].timestamp();
    let passed = sent[sent.len() - 1]
        .at
        .since(sent[before - 1].at)
        .as_millis();
    let wanted = u32::try_from(passed).expect("short") * 8;
    assert!(span.abs_diff(wanted) <= 160, "{span} of {wanted}");
}

#[test]
fn a_full_bridge_and_a_wrong_one_leave_the_leg_in_silence() {
    let mut rig = Rig::new();
    let a = rig.phone(0);
    rig.join(a.leg, 999);
    assert_eq!(rig.plane.figures().refused, 1);
    rig.command(MediaCommand::RemoveLeg { leg: leg(63) });
    assert_eq!(rig.plane.figures().refused, 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Legs of random kinds are thrown into random bridges twice; everybody then hears exactly
    /// the others of his bridge.
    #[test]
    fn who_hears_whom(
        kinds in proptest::collection::vec(0_u8..4, 2..9),
        first in proptest::collection::vec(0_u16..4, 9),
        second in proptest::collection::vec(0_u16..4, 9),
    ) {
        let mut rig = Rig::new();
        let count = u16::try_from(kinds.len()).expect("few");
        let mut phones = Vec::new();
        for (slot, kind) in (0..count).zip(&kinds) {
            match kind {
                0 => { rig.set(slot); }
                1 => phones.push(rig.phone_with(slot, RtpParams {
                    codec: Codec::Pcmu, pt_in: 0, pt_out: 0, ..params(slot)
                })),
                _ => phones.push(rig.phone(slot)),
            }
        }
        for places in [&first, &second] {
            for (slot, &bridge) in (0..count).zip(places) {
                match bridge {
                    3 => rig.route(leg(slot), Route::Silence),
                    _ => rig.route(leg(slot), Route::Bridge(BridgeId(bridge))),
                }
            }
            rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), 30);
        }
        for (slot, &bridge) in (0..count).zip(&second) {
            let wanted: Vec<u16> = (0..count)
                .filter(|&o| o != slot && bridge != 3 && second[usize::from(o)] == bridge)
                .collect();
            let samples = match kinds[usize::from(slot)] {
                0 => rig.port_heard(leg(slot)).to_vec(),
                1 => rig.samples(leg(slot), Codec::Pcmu, 0),
                _ => rig.samples(leg(slot), Codec::Pcma, PCMA),
            };
            if bridge != 3 {
                prop_assert_eq!(talkers(tail(&samples), count), wanted, "leg {}", slot);
            }
        }
    }
}

#[test]
fn packets_of_who_is_only_mixed_may_wait_and_those_of_others_may_not() {
    let mut rig = Rig::new();
    let mut phones: Vec<Phone> = (0..3).map(|slot| rig.phone(slot)).collect();
    rig.join(leg(0), 0);
    rig.join(leg(1), 0);
    rig.pass(100);
    assert!(rig.paced.is_empty(), "relayed: {:?}", rig.paced);
    rig.join(leg(2), 0);
    assert!(rig.paced.is_empty(), "it is told on a tick");
    rig.pass(20);
    assert_eq!(Vec::from_iter(rig.paced.clone()), [leg(0), leg(1), leg(2)]);
    let [a, b, c] = &mut phones[..] else {
        panic!("three")
    };
    rig.talk(&mut [a, b, c], 10);
    // Nothing can be sent to it, so it has no tick of its own.
    let nowhere = RtpParams {
        remote: None,
        ..params(1)
    };
    rig.set_rtp(leg(1), nowhere);
    assert_eq!(Vec::from_iter(rig.paced.clone()), [leg(0), leg(2)]);
    rig.route(leg(0), Route::Echo);
    assert_eq!(Vec::from_iter(rig.paced.clone()), []);
    rig.route(leg(0), Route::Silence);
    assert_eq!(Vec::from_iter(rig.paced.clone()), []);
    rig.command(MediaCommand::RemoveLeg { leg: leg(2) });
    rig.pass(100);
    assert!(rig.paced.is_empty());
}

//! Conferences: who only listens shares one encoding, gains differ, nothing clicks; wide and narrow
//! legs, and what a codec does to them.

use dsp::codec::{Decoder, Encoder};
use media::Channel;
use model::{BridgeId, Codec, Gain, MediaCommand, OpusParams, Route, RtpParams, limits};
use proptest::prelude::*;

use crate::rig::{PCMA, Phone, Rig, amplitude, leg, mark, params, rtp, talkers};

fn tail(samples: &[i16]) -> &[i16] {
    &samples[samples.len().saturating_sub(1_600)..]
}

/// A phone that says nothing but sends what silence is.
fn mute(rig: &mut Rig, phone: &mut Phone) {
    let silence = [0xd5; 160];
    let bytes = rtp(
        PCMA,
        false,
        phone.seq,
        phone.timestamp,
        phone.ssrc,
        &silence,
    );
    phone.seq = phone.seq.wrapping_add(1);
    phone.timestamp = phone.timestamp.wrapping_add(160);
    let (leg, from) = (phone.leg, phone.address);
    rig.packet(leg, Channel::Rtp, from, &bytes);
}

#[test]
fn hundreds_meet_and_hear_whoever_speaks() {
    let most = u16::try_from(limits::LEGS_PER_BRIDGE).expect("fits");
    let mut rig = Rig::for_legs(limits::LEGS_PER_BRIDGE + 1);
    let mut phones: Vec<Phone> = (0..most).map(|slot| rig.phone(slot)).collect();
    for phone in &phones {
        rig.join(phone.leg, 0);
    }
    // Voices that the rig can tell apart, in the first and in the last place.
    let (first, last) = (leg(0), leg(most - 1));
    phones.last_mut().expect("some").voice.hz = mark(1);
    for _ in 0..30 {
        for phone in &mut phones {
            if [first, last].contains(&phone.leg) {
                rig.say(phone);
            } else {
                mute(&mut rig, phone);
            }
        }
        rig.pass(20);
    }
    for slot in 0..most {
        let heard = rig.samples(leg(slot), Codec::Pcma, PCMA);
        let others: &[u16] = match leg(slot) {
            one if one == first => &[1],
            one if one == last => &[0],
            _ => &[0, 1],
        };
        assert_eq!(talkers(tail(&heard), 2), others, "leg {slot}");
    }
    let one_more = rig.phone(most);
    rig.join(one_more.leg, 0);
    assert_eq!(rig.plane.figures().refused, 1);
}

#[test]
fn those_who_only_listen_are_sent_the_same_octets() {
    let mut rig = Rig::new();
    let mut phones: Vec<Phone> = (0..8).map(|slot| rig.phone(slot)).collect();
    for phone in &phones {
        rig.join(phone.leg, 0);
    }
    for _ in 0..150 {
        for (at, phone) in phones.iter_mut().enumerate() {
            if at < 2 {
                rig.say(phone);
            } else {
                mute(&mut rig, phone);
            }
        }
        rig.pass(20);
    }
    let last = |slot| {
        let sent = rig.heard(leg(slot));
        let sent = &sent[sent.len() - 20..];
        sent.iter()
            .map(|s| s.payload().to_vec())
            .collect::<Vec<_>>()
    };
    for slot in 3..8 {
        assert_eq!(last(2), last(slot));
    }
    for slot in 0..8 {
        let heard = rig.samples(leg(slot), Codec::Pcma, PCMA);
        let wanted: Vec<u16> = [0, 1].into_iter().filter(|&o| o != slot).collect();
        assert_eq!(talkers(tail(&heard), 8), wanted, "leg {slot}");
        for pair in rig.heard(leg(slot)).windows(2) {
            assert_eq!(pair[1].seq(), pair[0].seq().wrapping_add(1));
            let length = pair[0].payload().len() as u32;
            assert_eq!(
                pair[1].timestamp().wrapping_sub(pair[0].timestamp()),
                length
            );
        }
    }
}

/// Packets of 20 ms end in the same tick for all, and the tick between two of these is run together
/// with the second one: the thread is woken half as often. A set needs every tick in its time.
#[test]
fn a_conference_of_phones_is_woken_for_whole_packets_only() {
    let mut rig = Rig::new();
    let mut phones: Vec<Phone> = (0..3).map(|slot| rig.phone(slot)).collect();
    for phone in &phones {
        rig.join(phone.leg, 0);
    }
    let woken = |rig: &mut Rig, phones: &mut [Phone]| {
        rig.forget();
        let (before, ticks) = (rig.woken, rig.plane.figures().ticks);
        rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), 50);
        for phone in phones.iter() {
            assert_eq!(rig.heard(phone.leg).len(), 50, "one packet each 20 ms");
        }
        // One of a pair may be run before a command, or not yet.
        let ticks = rig.plane.figures().ticks - ticks;
        assert!((99..=101).contains(&ticks), "all ticks are run: {ticks}");
        rig.woken - before
    };
    rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), 5);
    assert!(woken(&mut rig, &mut phones).abs_diff(50) <= 1);
    let set = rig.set(9);
    rig.join(set, 1);
    assert!(woken(&mut rig, &mut phones).abs_diff(100) <= 1);
    rig.command(MediaCommand::RemoveLeg { leg: set });
    assert!(woken(&mut rig, &mut phones).abs_diff(50) <= 1);
}

/// How long after it came the beginning of a burst goes out again, at worst and in the mean over all
/// moments of the tick that packets may come at.
#[test]
fn a_burst_is_heard_as_soon_whether_ticks_are_run_in_pairs_or_not() {
    for with_set in [false, true] {
        let mut waits = Vec::new();
        for phase in 0..20 {
            let mut rig = Rig::new();
            rig.pass(phase);
            let mut phones: Vec<Phone> = (0..3).map(|slot| rig.phone(slot)).collect();
            for phone in &phones {
                rig.join(phone.leg, 0);
            }
            if with_set {
                let set = rig.set(9);
                rig.join(set, 1);
            }
            for _ in 0..200 {
                phones.iter_mut().for_each(|phone| mute(&mut rig, phone));
                rig.pass(20);
            }
            rig.forget();
            let came = rig.now;
            rig.talk(&mut [&mut phones[0]], 3);
            let heard = rig.heard(phones[1].leg).iter();
            let loud = |payload: &[u8]| payload.iter().any(|&octet| (octet ^ 0x55) & 0x7f > 0x30);
            let first = heard.clone().find(|sent| loud(sent.payload()));
            waits.push(first.expect("it is heard").at.since(came).as_millis());
        }
        waits.sort_unstable();
        assert!(waits[10] <= 13 && waits[19] <= 23, "{with_set}: {waits:?}");
    }
}

#[test]
fn gains_are_heard_and_forgotten_with_the_leg() {
    let mut rig = Rig::new();
    let mut phones: Vec<Phone> = (0..3).map(|slot| rig.phone(slot)).collect();
    for phone in &phones {
        rig.join(phone.leg, 0);
    }
    let hearing = |rig: &mut Rig, listener: u16, speaker: u16, gain| {
        rig.command(MediaCommand::SetHearing {
            bridge: BridgeId(0),
            listener: leg(listener),
            speaker: leg(speaker),
            gain,
        });
    };
    // Whispering: 2 is heard by 0 alone, and half as loud.
    hearing(&mut rig, 1, 2, Gain::Mute);
    hearing(&mut rig, 0, 2, Gain::Db(-6));
    rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), 40);
    let at_1 = rig.samples(leg(1), Codec::Pcma, PCMA);
    assert_eq!(talkers(tail(&at_1), 3), [0]);
    let at_0 = rig.samples(leg(0), Codec::Pcma, PCMA);
    let quieter = amplitude(tail(&at_0), mark(2));
    assert!((quieter - 2_005.0).abs() < 120.0, "{quieter}");
    // Two alone with an exception are still mixed, and relayed again without.
    rig.route(leg(0), Route::Silence);
    rig.forget();
    rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), 40);
    let at_1 = rig.samples(leg(1), Codec::Pcma, PCMA);
    assert_eq!(talkers(tail(&at_1), 3), []);
    let ticks = rig.plane.figures().ticks;
    hearing(&mut rig, 1, 2, Gain::UNITY);
    rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), 40);
    assert!(rig.plane.figures().ticks - ticks < 5, "relayed");
    let at_1 = rig.samples(leg(1), Codec::Pcma, PCMA);
    assert_eq!(talkers(tail(&at_1), 3), [2]);
    let refused = rig.plane.figures().refused;
    hearing(&mut rig, 1, 0, Gain::Mute);
    assert_eq!(rig.plane.figures().refused, refused + 1, "0 is not there");
}

/// A wide phone: what it says is made by the codec itself.
struct Wide {
    phone: Phone,
    encoder: Encoder,
    n: u32,
}

impl Wide {
    fn new(rig: &mut Rig, slot: u16, codec: Codec) -> Self {
        let params = RtpParams {
            codec,
            pt_in: 96,
            pt_out: 96,
            event_pt_in: None,
            event_pt_out: None,
            ..params(slot)
        };
        Self {
            phone: rig.phone_with(slot, params),
            encoder: Encoder::new(codec, OpusParams::default()).expect("memory"),
            n: 0,
        }
    }

    /// 20 ms of its mark.
    fn say(&mut self, rig: &mut Rig) {
        let turn = mark(self.phone.leg.slot) / 16_000.0 * std::f32::consts::TAU;
        let pcm: Vec<i16> = (0..320)
            .map(|n| (4_000.0 * (turn * (self.n + n) as f32).sin()) as i16)
            .collect();
        self.n += 320;
        let mut octets = [0; dsp::codec::PAYLOAD_MAX];
        let length = self.encoder.encode(&pcm, &mut octets);
        let phone = &mut self.phone;
        let head = (phone.seq, phone.timestamp);
        let bytes = rtp(96, false, head.0, head.1, phone.ssrc, &octets[..length]);
        phone.seq = phone.seq.wrapping_add(1);
        let units = phone.params.codec.clock_hz() / 50;
        phone.timestamp = phone.timestamp.wrapping_add(units);
        let (leg, from) = (phone.leg, phone.address);
        rig.packet(leg, Channel::Rtp, from, &bytes);
    }

    /// What it was sent, every other sample: the marks are far below 4 kHz.
    fn heard(&self, rig: &Rig) -> Vec<i16> {
        let codec = self.phone.params.codec;
        let mut decoder = Decoder::new(codec, OpusParams::default()).expect("memory");
        let mut all = Vec::new();
        for sent in rig.heard(self.phone.leg) {
            let mut pcm = [0; dsp::codec::SAMPLES_MAX];
            let length = decoder.decode(sent.payload(), &mut pcm).expect("sound");
            all.extend(pcm[..length].iter().step_by(2));
        }
        all
    }
}

#[test]
fn narrow_and_wide_phones_understand_each_other() {
    for codec in [Codec::G722, Codec::Opus] {
        let mut rig = Rig::new();
        let mut narrow = rig.phone(0);
        let mut wide = Wide::new(&mut rig, 1, codec);
        rig.join(narrow.leg, 0);
        rig.join(wide.phone.leg, 0);
        for _ in 0..60 {
            rig.say(&mut narrow);
            wide.say(&mut rig);
            rig.pass(20);
        }
        let at_narrow = rig.samples(narrow.leg, Codec::Pcma, PCMA);
        assert_eq!(talkers(tail(&at_narrow), 2), [1], "{codec:?}");
        assert_eq!(talkers(tail(&wide.heard(&rig)), 2), [0], "{codec:?}");
        let units = codec.clock_hz() / 50;
        for pair in rig.heard(wide.phone.leg).windows(2).skip(1) {
            assert_eq!(pair[1].timestamp().wrapping_sub(pair[0].timestamp()), units);
        }
    }
}

#[test]
fn listeners_with_wide_codecs_share_too_and_come_and_go_without_a_click() {
    let mut rig = Rig::new();
    let mut talker = rig.phone(0);
    let mut wide: Vec<Wide> = [2, 4, 6]
        .map(|slot| Wide::new(&mut rig, slot, Codec::G722))
        .into();
    rig.join(talker.leg, 0);
    for one in &wide {
        rig.join(one.phone.leg, 0);
    }
    for turn in 0..300 {
        rig.say(&mut talker);
        // One of them speaks in between and listens again: to its own stream and back.
        if (50..70).contains(&turn) {
            wide[0].say(&mut rig);
        }
        rig.pass(20);
    }
    let last = |one: &Wide| {
        rig.heard(one.phone.leg)
            .last()
            .map(|s| s.payload().to_vec())
    };
    assert_eq!(last(&wide[1]), last(&wide[2]));
    let heard = wide[0].heard(&rig);
    assert_eq!(talkers(tail(&heard), 8), [0]);
    // The talker's own sine is all that wide[0] ever hears: no step is larger than its steepest.
    let steepest = 4_000.0 * std::f32::consts::TAU * mark(0) / 8_000.0;
    for (at, pair) in heard.windows(2).enumerate().skip(800) {
        let step = f32::from(pair[1].abs_diff(pair[0]));
        assert!(step < steepest * 1.3 + 200.0, "{step} at {at}");
    }
}

/// Two who only listen are left by the third one, to whom they listened: each begins to speak, and hears the other.
fn left_alone(codec: Codec, pt: u8) -> (Rig, [Phone; 2]) {
    let mut rig = Rig::new();
    let other = RtpParams {
        codec,
        pt_in: pt,
        pt_out: pt,
        ..params(2)
    };
    let (mut a, mut b, mut c) = (rig.phone(0), rig.phone(1), rig.phone_with(2, other));
    for phone in [&a, &b, &c] {
        rig.join(phone.leg, 0);
    }
    for _ in 0..150 {
        rig.say(&mut a);
        mute(&mut rig, &mut b);
        rig.pass(20);
    }
    rig.route(a.leg, Route::Silence);
    rig.forget();
    rig.talk(&mut [&mut b, &mut c], 50);
    (rig, [b, c])
}

/// What both heard of each other.
fn assert_both_heard(rig: &Rig, codec: Codec, pt: u8) {
    let heard = rig.samples(leg(1), Codec::Pcma, PCMA);
    assert_eq!(talkers(tail(&heard), 3), [2]);
    let heard = rig.samples(leg(2), codec, pt);
    assert_eq!(talkers(tail(&heard), 3), [1]);
}

#[test]
fn two_who_shared_hear_each_other_when_the_third_leaves() {
    let (rig, _) = left_alone(Codec::Pcmu, 0);
    assert_both_heard(&rig, Codec::Pcmu, 0);
}

#[test]
fn two_who_shared_and_are_relayed_hear_each_other_mixed_again() {
    let (mut rig, [mut b, mut c]) = left_alone(Codec::Pcma, PCMA);
    assert_both_heard(&rig, Codec::Pcma, PCMA);
    // Who is not heard is mixed, and hears the other.
    rig.command(MediaCommand::SetHearing {
        bridge: BridgeId(0),
        listener: b.leg,
        speaker: c.leg,
        gain: Gain::Mute,
    });
    rig.forget();
    rig.talk(&mut [&mut b, &mut c], 50);
    let heard = rig.samples(c.leg, Codec::Pcma, PCMA);
    assert_eq!(talkers(tail(&heard), 3), [1]);
    assert!(
        !rig.heard(b.leg).is_empty(),
        "it is sent silence, not nothing"
    );
}

#[test]
fn a_codec_changed_in_the_middle_goes_on_without_a_gap() {
    let mut rig = Rig::new();
    let (mut a, b, c) = (rig.phone(0), rig.phone(1), rig.phone(2));
    for phone in [&a, &b, &c] {
        rig.join(phone.leg, 0);
    }
    rig.talk(&mut [&mut a], 40);
    let ulaw = RtpParams {
        codec: Codec::Pcmu,
        pt_in: 0,
        pt_out: 0,
        ..params(1)
    };
    rig.set_rtp(b.leg, ulaw);
    rig.talk(&mut [&mut a], 40);
    let sent = rig.heard(b.leg);
    assert!(sent.iter().any(|s| s.payload_type() == 0));
    for pair in sent.windows(2) {
        let length = pair[0].payload().len() as u32;
        let step = pair[1].timestamp().wrapping_sub(pair[0].timestamp());
        assert_eq!(step, length, "{:?}", pair[1].at);
    }
    let heard = rig.samples(b.leg, Codec::Pcmu, 0);
    assert_eq!(talkers(tail(&heard), 3), [0]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Everybody hears exactly the sum of the others, each as loud as the matrix says.
    #[test]
    fn each_hears_the_sum_that_the_matrix_says(
        count in 3_u16..7,
        gains in proptest::collection::vec(prop_oneof![
            3 => Just(None), 1 => Just(Some(Gain::Mute)), 2 => (-12_i8..7).prop_map(|db| Some(Gain::Db(db)))
        ], 36),
    ) {
        let mut rig = Rig::new();
        let mut phones: Vec<Phone> = (0..count).map(|slot| rig.phone(slot)).collect();
        for phone in &phones {
            rig.join(phone.leg, 0);
        }
        let gain_of = |listener: u16, speaker: u16| gains[usize::from(listener * 6 + speaker)];
        for listener in 0..count {
            for speaker in (0..count).filter(|&s| s != listener) {
                if let Some(gain) = gain_of(listener, speaker) {
                    rig.command(MediaCommand::SetHearing {
                        bridge: BridgeId(0), listener: leg(listener), speaker: leg(speaker), gain,
                    });
                }
            }
        }
        rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), 40);
        for listener in 0..count {
            let heard = rig.samples(leg(listener), Codec::Pcma, PCMA);
            let factors: Vec<f32> = (0..count).map(|speaker| match gain_of(listener, speaker) {
                _ if speaker == listener => 0.0,
                None => 1.0,
                Some(Gain::Mute) => 0.0,
                Some(Gain::Db(db)) => 10_f32.powf(f32::from(db) / 20.0),
            }).collect();
            if factors.iter().sum::<f32>() * 4_000.0 > 25_000.0 {
                continue; // the limiter has a say
            }
            for (speaker, factor) in (0..count).zip(factors) {
                let got = amplitude(tail(&heard), mark(speaker));
                let wanted = 4_000.0 * factor;
                prop_assert!((got - wanted).abs() < 150.0 + wanted * 0.04,
                    "{listener} hears {speaker} at {got}, not {wanted}");
            }
        }
    }
}

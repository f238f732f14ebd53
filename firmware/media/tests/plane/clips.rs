//! Music, prompts, announcements and tracks.

use std::sync::Arc;

use media::{Channel, Clip, ClipSound, PlaneCommand};
use model::{BridgeId, ClipId, Codec, Hearer, MediaCommand, MediaEvent, Route, RtpParams, TapId};

use crate::rig::{PCMA, Rig, Step, amplitude, leg, mark, params, talkers};

pub(crate) const TUNE: ClipId = ClipId(5);
/// The tune's frequency: that of no talker, whole turns in 100 ms.
const TUNE_HZ: f32 = 2_000.0;

fn tail(samples: &[i16]) -> &[i16] {
    &samples[samples.len().saturating_sub(1_600)..]
}

pub(crate) fn load(rig: &mut Rig, ms: u32) {
    let turn = TUNE_HZ / 8_000.0 * std::f32::consts::TAU;
    let samples: Vec<i16> = (0..ms * 8)
        .map(|n| (4_000.0 * (turn * n as f32 + 0.3).sin()) as i16)
        .collect();
    let sound = ClipSound::new(&samples, 8_000).expect("samples");
    rig.command(PlaneCommand::AddClip {
        clip: TUNE,
        object: Clip::boxed(Arc::new(sound)),
    });
    assert_eq!(rig.events, [MediaEvent::ClipReady { clip: TUNE, ms }]);
    rig.events.clear();
}

#[test]
fn all_hear_the_same_moment_of_the_music_and_it_has_no_gap() {
    let mut rig = Rig::new();
    load(&mut rig, 350);
    let phones: Vec<_> = [0, 2, 4].map(|slot| rig.phone(slot)).into();
    let set = rig.set(1);
    for phone in &phones {
        rig.route(phone.leg, Route::Music(TUNE));
        rig.pass(130);
    }
    rig.route(set, Route::Music(TUNE));
    rig.pass(2_000);
    let last = |slot| {
        rig.heard(leg(slot))
            .last()
            .map(|s| (s.at, s.payload().to_vec()))
    };
    assert_eq!(last(0), last(2));
    assert_eq!(last(0), last(4));
    for slot in [0, 2, 4] {
        let heard = rig.samples(leg(slot), Codec::Pcma, PCMA);
        for part in heard.chunks_exact(160).skip(1) {
            let level = amplitude(part, TUNE_HZ);
            assert!((level - 4_000.0).abs() < 200.0, "{level}");
        }
        for pair in rig.heard(leg(slot)).windows(2) {
            assert_eq!(pair[1].timestamp().wrapping_sub(pair[0].timestamp()), 160);
        }
    }
    assert!(amplitude(tail(rig.port_heard(set)), TUNE_HZ) > 3_900.0);
    rig.command(MediaCommand::DropClip { clip: TUNE });
    rig.forget();
    rig.pass(200);
    assert!(rig.heard(leg(0)).is_empty());
    rig.route(leg(0), Route::Music(TUNE));
    assert_eq!(rig.plane.figures().refused, 1, "it is not there any more");
}

#[test]
fn a_prompt_is_heard_once_and_its_end_is_told() {
    let mut rig = Rig::new();
    load(&mut rig, 250);
    let a = rig.phone(0);
    rig.route(a.leg, Route::Prompt(TUNE));
    rig.pass(1_000);
    let ended = MediaEvent::ClipEnded {
        leg: a.leg,
        clip: TUNE,
    };
    assert_eq!(rig.events, [ended]);
    let heard = rig.samples(a.leg, Codec::Pcma, PCMA);
    assert!(
        heard.len() <= 2_160 && heard.len() >= 1_900,
        "{}",
        heard.len()
    );
    assert!(amplitude(&heard[160..1_760], TUNE_HZ) > 3_800.0);
}

/// Call control waits for the end of a prompt, so there must be one.
#[test]
fn a_prompt_that_is_not_there_or_is_dropped_has_ended() {
    let mut rig = Rig::new();
    let a = rig.phone(0);
    let ended = MediaEvent::ClipEnded {
        leg: a.leg,
        clip: TUNE,
    };
    rig.route(a.leg, Route::Prompt(TUNE));
    rig.pass(100);
    assert_eq!(rig.events, [ended]);
    rig.events.clear();
    load(&mut rig, 5_000);
    rig.route(a.leg, Route::Prompt(TUNE));
    rig.pass(300);
    assert_eq!(rig.events, []);
    rig.command(MediaCommand::DropClip { clip: TUNE });
    rig.pass(300);
    assert_eq!(rig.events, [ended]);
}

#[test]
fn an_announcement_comes_over_a_relayed_call_which_is_relayed_again_after_it() {
    let mut rig = Rig::new();
    load(&mut rig, 600);
    let (mut a, mut b) = (rig.phone(0), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a, &mut b], 20);
    let to = Hearer::Leg(a.leg);
    rig.forget();
    rig.command(MediaCommand::Say { to, clip: TUNE });
    rig.talk(&mut [&mut a, &mut b], 25);
    let at_a = rig.samples(a.leg, Codec::Pcma, PCMA);
    let at_b = rig.samples(b.leg, Codec::Pcma, PCMA);
    assert!(amplitude(tail(&at_a), TUNE_HZ) > 3_800.0);
    let under = amplitude(tail(&at_a), mark(1));
    assert!((500.0..1_200.0).contains(&under), "ducked: {under}");
    assert!(amplitude(tail(&at_b), TUNE_HZ) < 100.0, "to one side only");
    rig.talk(&mut [&mut a, &mut b], 20);
    let ended = MediaEvent::ClipEnded {
        leg: a.leg,
        clip: TUNE,
    };
    assert_eq!(rig.events, [ended]);
    let ticks = rig.plane.figures().ticks;
    rig.talk(&mut [&mut a, &mut b], 20);
    assert_eq!(rig.plane.figures().ticks, ticks, "relayed again");
    let at_a = rig.samples(a.leg, Codec::Pcma, PCMA);
    assert_eq!(talkers(tail(&at_a), 2), [1]);
}

#[test]
fn an_announcement_to_a_bridge_is_heard_by_all() {
    let mut rig = Rig::new();
    load(&mut rig, 2_000);
    let mut phones: Vec<_> = (0..3).map(|slot| rig.phone(slot)).collect();
    for phone in &phones {
        rig.join(phone.leg, 0);
    }
    let to = Hearer::Bridge(BridgeId(0));
    rig.command(MediaCommand::Say { to, clip: TUNE });
    rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), 40);
    for slot in 0..3 {
        let heard = rig.samples(leg(slot), Codec::Pcma, PCMA);
        assert!(amplitude(tail(&heard), TUNE_HZ) > 3_700.0, "{slot}");
    }
}

#[test]
fn a_track_holds_every_packet_as_it_came_through_relay_mixing_and_hold() {
    let mut rig = Rig::new();
    let (mut a, mut b, c) = (rig.phone(0), rig.phone(1), rig.phone(2));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    let tap = TapId(9);
    rig.command(MediaCommand::StartTap { leg: a.leg, tap });
    let mut said = Vec::new();
    for turn in 0..40 {
        match turn {
            10 => rig.join(c.leg, 0),
            20 => rig.route(a.leg, Route::Silence),
            30 => rig.command(MediaCommand::PauseTap { tap, paused: true }),
            35 => rig.command(MediaCommand::PauseTap { tap, paused: false }),
            _ => {}
        }
        let bytes = a.packet();
        rig.packet(a.leg, Channel::Rtp, a.address, &bytes);
        if !(30..35).contains(&turn) {
            said.push(bytes[12..].to_vec());
        }
        rig.say(&mut b);
        rig.pass(20);
    }
    let ticks = rig.plane.figures().ticks;
    assert!(ticks > 0);
    rig.command(MediaCommand::StopTap { tap });
    let sound = |step: &Step| match step {
        Step::Sound(of, at, codec, payload) => {
            assert_eq!((*of, *codec), (tap, Codec::Pcma));
            Some((*at, payload.clone()))
        }
        _ => None,
    };
    let got: Vec<_> = rig.tapped.iter().filter_map(sound).collect();
    let payloads: Vec<_> = got.iter().map(|(_, payload)| payload.clone()).collect();
    assert_eq!(payloads, said);
    for pair in got.windows(2) {
        let ms = pair[1].0.since(pair[0].0).as_millis();
        assert!(ms == 20 || ms == 120, "{ms}: exact media time");
    }
    let marks: Vec<_> = rig.tapped.iter().filter(|s| sound(s).is_none()).collect();
    assert_eq!(
        marks,
        [
            &Step::Began(tap),
            &Step::Paused(tap),
            &Step::Resumed(tap),
            &Step::Ended(tap)
        ]
    );
    rig.command(MediaCommand::StopTap { tap });
    assert_eq!(rig.plane.figures().refused, 1);
}

#[test]
fn a_track_of_a_set_and_one_that_ends_with_its_leg() {
    let mut rig = Rig::new();
    let set = rig.set(0);
    let tap = TapId(1);
    rig.command(MediaCommand::StartTap { leg: set, tap });
    rig.pass(100);
    let sounds = rig.tapped.iter().filter(|s| matches!(s, Step::Sound(..)));
    assert!((9..=11).contains(&sounds.count()));
    rig.command(MediaCommand::RemoveLeg { leg: set });
    assert_eq!(rig.tapped.last(), Some(&Step::Ended(tap)));
    // A direction in which nothing is to be heard is not written down either.
    let deaf = RtpParams {
        receive: false,
        ..params(1)
    };
    let mut b = rig.phone_with(1, deaf);
    rig.command(MediaCommand::StartTap { leg: b.leg, tap });
    rig.tapped.clear();
    rig.say(&mut b);
    assert_eq!(rig.tapped, []);
}

#[test]
fn a_set_has_a_track_for_each_of_its_two_calls_and_no_third() {
    let mut rig = Rig::new();
    let set = rig.set(0);
    let taps = [1, 2].map(TapId);
    for tap in taps {
        rig.command(MediaCommand::StartTap { leg: set, tap });
    }
    let third = TapId(3);
    rig.command(MediaCommand::StartTap {
        leg: set,
        tap: third,
    });
    assert_eq!(rig.plane.figures().refused, 1);
    let [first, second] = taps;
    let pause = |paused| MediaCommand::PauseTap { tap: first, paused };
    rig.command(pause(true));
    rig.pass(100);
    rig.command(pause(false));
    rig.pass(50);
    let sounds = |tap| {
        let all = rig.tapped.iter();
        all.filter(|step| matches!(step, Step::Sound(of, ..) if *of == tap))
            .count()
    };
    assert!((4..=6).contains(&sounds(first)), "{}", sounds(first));
    assert!((14..=16).contains(&sounds(second)), "{}", sounds(second));
    rig.command(MediaCommand::RemoveLeg { leg: set });
    let ended = rig.tapped.iter().filter(|s| matches!(s, Step::Ended(_)));
    assert_eq!(ended.count(), 2);
}

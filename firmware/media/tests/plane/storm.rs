//! Any order of commands: whatever is rerouted, held, keyed or removed, each far end gets one
//! unbroken stream, and at the end nothing is left.

use model::{BridgeId, Codec, Digit, MediaCommand, Route, RtpParams, ToneSpec, ToneStep};
use proptest::prelude::*;

use crate::rig::{Phone, Rig, leg, params};

/// Phones in slots 0–3, of which the last speaks µ-law; a set in slot 4.
const PHONES: u16 = 4;

#[derive(Clone, Debug)]
enum Act {
    Route(u16, u8),
    Hold(u16, bool, bool),
    Key(u16, u8, u16),
    Talk(u8),
    Pass(u8),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..=PHONES, 0_u8..6).prop_map(|(slot, to)| Act::Route(slot, to)),
        1 => (0..PHONES, any::<bool>(), any::<bool>()).prop_map(|(s, a, b)| Act::Hold(s, a, b)),
        1 => (0..=PHONES, 0_u8..16, 40_u16..200).prop_map(|(s, key, ms)| Act::Key(s, key, ms)),
        3 => (1_u8..8).prop_map(Act::Talk),
        1 => (1_u8..60).prop_map(Act::Pass),
    ]
}

fn route(to: u8) -> Route {
    match to {
        0 => Route::Silence,
        1 => Route::Echo,
        2 => {
            let step = ToneStep {
                hz: [425, 0],
                ..ToneStep::default()
            };
            Route::Tone(ToneSpec::new(&[step], -10).expect("one step"))
        }
        bridge => Route::Bridge(BridgeId(u16::from(bridge) / 2)),
    }
}

fn parameters(slot: u16) -> RtpParams {
    let mut own = params(slot);
    if slot == 3 {
        (own.codec, own.pt_in, own.pt_out) = (Codec::Pcmu, 0, 0);
        (own.event_pt_in, own.event_pt_out) = (None, None);
    }
    own
}

fn play(rig: &mut Rig, phones: &mut [Phone], act: &Act) {
    match *act {
        Act::Route(slot, to) => rig.route(leg(slot), route(to)),
        Act::Hold(slot, send, receive) => {
            let params = RtpParams {
                send,
                receive,
                ..parameters(slot)
            };
            let leg = leg(slot);
            rig.set_rtp(leg, params);
        }
        Act::Key(slot, key, ms) => rig.command(MediaCommand::SendDigit {
            leg: leg(slot),
            digit: Digit::from_event(key).expect("below 16"),
            ms,
        }),
        Act::Talk(packets) => {
            rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), packets.into());
        }
        Act::Pass(ms) => rig.pass(ms.into()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_stream_is_unbroken_and_nothing_is_left(acts in proptest::collection::vec(act(), 1..60)) {
        let mut rig = Rig::new();
        let mut phones: Vec<Phone> = (0..PHONES)
            .map(|slot| rig.phone_with(slot, parameters(slot)))
            .collect();
        rig.set(PHONES);
        for act in &acts {
            play(&mut rig, &mut phones, act);
        }
        for slot in 0..PHONES {
            let mut newest: Option<u32> = None;
            for pair in rig.heard(leg(slot)).windows(2) {
                prop_assert_eq!(pair[1].ssrc(), pair[0].ssrc());
                prop_assert_eq!(pair[1].seq(), pair[0].seq().wrapping_add(1));
                prop_assert!(pair[1].at >= pair[0].at);
                let of = |n: usize| pair[n].timestamp();
                let ahead = of(1).wrapping_sub(newest.unwrap_or(of(0))).cast_signed();
                if pair[1].payload_type() != 101 {
                    prop_assert!(ahead > 0, "time goes on: {} at {:?}", ahead, pair[1].at);
                    newest = Some(of(1));
                }
            }
        }
        for slot in 0..=PHONES {
            rig.command(MediaCommand::RemoveLeg { leg: leg(slot) });
        }
        prop_assert_eq!(rig.plane.next_deadline(), None);
        prop_assert_eq!(rig.dead.len(), usize::from(PHONES) + 1);
        let figures = rig.plane.figures();
        prop_assert_eq!((figures.overflow, figures.orphans, figures.ticks_missed), (0, 0, 0));
    }
}

//! Whatever comes, nothing breaks, and it is counted.

use media::{Channel, PlaneCommand, RtpLeg};
use model::{MediaCommand, MediaEvent, MediaFault, RtpIdentity};
use proptest::prelude::*;

use crate::rig::{Rig, leg};

#[test]
fn a_slot_in_use_is_refused_and_the_object_comes_back() {
    let mut rig = Rig::new();
    let a = rig.phone(0);
    let identity = RtpIdentity {
        ssrc: 1,
        seq: 1,
        timestamp: 1,
    };
    for name in [a.leg, leg(64), leg(u16::MAX)] {
        rig.command(PlaneCommand::AddRtpLeg {
            leg: name,
            object: RtpLeg::boxed(identity),
        });
        let fault = MediaFault::NoSlot;
        assert_eq!(
            rig.events.last(),
            Some(&MediaEvent::LegFailed { leg: name, fault })
        );
        assert_eq!(rig.dead.last(), Some(&name));
    }
}

#[test]
fn a_late_packet_for_an_earlier_leg_is_an_orphan() {
    let mut rig = Rig::new();
    let mut a = rig.phone(0);
    rig.command(MediaCommand::RemoveLeg { leg: a.leg });
    let bytes = a.packet();
    rig.packet(a.leg, Channel::Rtp, a.address, &bytes);
    assert_eq!(rig.plane.figures().orphans, 1);
    assert_eq!(rig.plane.next_deadline(), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn garbage_changes_nothing(
        packets in proptest::collection::vec(
            (any::<bool>(), any::<bool>(), proptest::collection::vec(any::<u8>(), 0..200)),
            1..60,
        ),
    ) {
        let mut rig = Rig::new();
        let (mut a, mut b, mut c) = (rig.phone(0), rig.phone(1), rig.phone(2));
        for name in [a.leg, b.leg, c.leg] {
            rig.join(name, 0);
        }
        for (rtcp, header, bytes) in &packets {
            let mut bytes = bytes.clone();
            if *header && bytes.len() > 1 {
                bytes[0] = 0x80 | (bytes[0] & 0x3f);
                bytes[1] = if *rtcp { 200 + (bytes[1] & 3) } else { (bytes[1] & 0x80) | 8 };
            }
            let (channel, from) = if *rtcp {
                (Channel::Rtcp, a.params.remote_rtcp.expect("set"))
            } else {
                (Channel::Rtp, a.address)
            };
            rig.packet(a.leg, channel, from, &bytes);
            rig.talk(&mut [&mut a, &mut b, &mut c], 1);
        }
        rig.forget();
        rig.talk(&mut [&mut a, &mut b, &mut c], 120);
        let samples = rig.samples(c.leg, model::Codec::Pcma, crate::rig::PCMA);
        let tail = &samples[samples.len() - 1_600..];
        prop_assert_eq!(crate::rig::talkers(tail, 3), vec![0, 1]);
    }
}

//! The figures of each second and minute: of all legs in one go, relayed or mixed.

use model::{MediaCommand, MediaEvent, MediaLeg, QualityCause, QualityMinute, QualitySecond};

use crate::rig::Rig;

/// The seconds that were told of a leg, with their place among all events.
fn seconds(rig: &Rig, of: MediaLeg) -> Vec<(usize, QualitySecond)> {
    let told = rig.quality.iter().enumerate();
    told.filter_map(|(at, event)| match event {
        MediaEvent::QualitySecond { leg, second } if *leg == of => Some((at, *second)),
        _ => None,
    })
    .collect()
}

fn minutes(rig: &Rig, of: MediaLeg) -> Vec<QualityMinute> {
    let told = rig.quality.iter();
    told.filter_map(|event| match event {
        MediaEvent::QualityMinute { leg, minute } if *leg == of => Some(*minute),
        _ => None,
    })
    .collect()
}

#[test]
fn a_second_is_told_of_all_legs_at_once_and_a_minute_when_it_is_full() {
    let mut rig = Rig::new();
    let (mut a, mut b) = (rig.phone(0), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a, &mut b], 3_100);
    let (of_a, of_b) = (seconds(&rig, a.leg), seconds(&rig, b.leg));
    assert_eq!((of_a.len(), of_b.len()), (62, 62));
    for (a, b) in of_a.iter().zip(&of_b).skip(1) {
        // Nothing but the minute of the first lies between.
        assert!((1..=2).contains(&(b.0 - a.0)), "one after the other");
        assert_eq!((a.1.packets, a.1.lost, a.1.late), (50, 0, 0));
        assert_eq!((a.1.mos_100, a.1.cause), (441, QualityCause::None));
        // A sine of 4,000: measured though it is only relayed.
        assert!((-16..=-14).contains(&a.1.level_dbm0), "{}", a.1.level_dbm0);
    }
    let told = minutes(&rig, a.leg);
    assert_eq!((told.len(), told[0].seconds), (1, 60));
    assert_eq!((told[0].silent_seconds, told[0].mos_100), (0, 441));
    rig.command(MediaCommand::RemoveLeg { leg: a.leg });
    let told = minutes(&rig, a.leg);
    assert_eq!((told.len(), told[1].seconds), (2, 2));
}

#[test]
fn loss_and_one_way_sound_are_named() {
    for mixed in [false, true] {
        let mut rig = Rig::new();
        let (mut a, b, c) = (rig.phone(0), rig.phone(1), rig.phone(2));
        rig.join(a.leg, 0);
        rig.join(b.leg, 0);
        if mixed {
            rig.join(c.leg, 0);
        }
        for n in 0..250 {
            if n % 10 == 9 {
                a.packet();
            } else {
                rig.say(&mut a);
            }
            rig.pass(20);
        }
        let (_, of_a) = seconds(&rig, a.leg)[3];
        assert_eq!((of_a.packets, of_a.lost), (45, 5), "mixed: {mixed}");
        assert_eq!(of_a.cause, QualityCause::Loss);
        assert!(of_a.mos_100 < 360);
        let (_, of_b) = seconds(&rig, b.leg)[3];
        assert_eq!((of_b.packets, of_b.cause), (0, QualityCause::OneWay));
        assert_eq!((of_b.mos_100, of_b.level_dbm0), (100, -127));
    }
}

use model::{ClipId, Gain};

use super::*;

fn leg(slot: u16) -> MediaLeg {
    MediaLeg {
        slot,
        generation: 3,
    }
}

fn to_bridge(slot: u16, bridge: u16) -> PlaneCommand {
    PlaneCommand::Plain(MediaCommand::SetRoute {
        leg: leg(slot),
        route: Route::Bridge(BridgeId(bridge)),
    })
}

fn remove(slot: u16) -> PlaneCommand {
    PlaneCommand::Plain(MediaCommand::RemoveLeg { leg: leg(slot) })
}

/// Where each errand goes: the plane, or the two of a move.
fn errands(placement: &mut Placement) -> Vec<(usize, Option<usize>)> {
    let next = || placement.poll();
    core::iter::from_fn(next)
        .map(|errand| match errand {
            Errand::Do(plane, _) => (plane, None),
            Errand::Move { from, to, .. } => (from, Some(to)),
        })
        .collect()
}

fn said(placement: &mut Placement, command: PlaneCommand) -> Vec<(usize, Option<usize>)> {
    placement.command(command);
    errands(placement)
}

#[test]
fn calls_are_spread_and_a_bridge_is_in_one_place() {
    let mut placement = Placement::new(2);
    assert_eq!(placement.seat_rtp(leg(0), None), 0);
    assert_eq!(placement.seat_rtp(leg(1), Some(leg(0))), 0);
    assert_eq!(placement.seat_rtp(leg(2), None), 1);
    assert_eq!(placement.seat_rtp(leg(3), None), 1);
    assert_eq!(said(&mut placement, to_bridge(0, 5)), [(0, None)]);
    assert_eq!(said(&mut placement, to_bridge(1, 5)), [(0, None)]);
    // Joined with somebody elsewhere: the second comes, what is said to it waits.
    assert_eq!(said(&mut placement, to_bridge(1, 6)), [(0, None)]);
    assert_eq!(said(&mut placement, to_bridge(2, 6)), [(1, Some(0))]);
    assert_eq!(said(&mut placement, remove(2)), []);
    assert_eq!(said(&mut placement, remove(3)), [(1, None)]);
    assert!(!placement.arrived(leg(2)));
    assert_eq!(errands(&mut placement), [(0, None)]);
    assert_eq!(placement.moves(), 1);
    for slot in 0..4 {
        placement.gone(leg(slot));
    }
    assert!(placement.planes.iter().all(|burden| burden.legs == 0));
    assert!(placement.homes.iter().all(|home| home.legs == 0));
    // All gone: the bridge's next place is where its next leg is.
    assert_eq!(placement.seat_rtp(leg(4), None), 0);
    assert_eq!(placement.seat_rtp(leg(5), None), 1);
    assert_eq!(said(&mut placement, to_bridge(5, 6)), [(1, None)]);
}

#[test]
fn what_concerns_two_waits_for_both_and_keeps_its_order() {
    let mut placement = Placement::new(2);
    for slot in 0..4 {
        placement.seat_rtp(leg(slot), None);
    }
    assert_eq!(said(&mut placement, to_bridge(0, 1)), [(0, None)]);
    assert_eq!(said(&mut placement, to_bridge(1, 1)), [(1, Some(0))]);
    assert_eq!(said(&mut placement, to_bridge(3, 1)), [(1, Some(0))]);
    let hearing = MediaCommand::SetHearing {
        bridge: BridgeId(1),
        listener: leg(1),
        speaker: leg(3),
        gain: Gain::Mute,
    };
    assert_eq!(said(&mut placement, PlaneCommand::Plain(hearing)), []);
    let chime = MediaCommand::Say {
        to: Hearer::Bridge(BridgeId(1)),
        clip: ClipId(1),
    };
    assert_eq!(said(&mut placement, PlaneCommand::Plain(chime)), []);
    // On and back again before it arrived.
    assert_eq!(said(&mut placement, to_bridge(1, 2)), []);
    placement.arrived(leg(1));
    assert_eq!(
        errands(&mut placement),
        [(0, None)],
        "it goes on where it is"
    );
    assert_eq!(placement.held.len(), 2, "these wait for the other");
    placement.arrived(leg(3));
    assert_eq!(errands(&mut placement), [(0, None), (0, None)]);
}

#[test]
fn a_port_stays_and_a_lone_phone_comes_to_it() {
    let mut placement = Placement::new(2);
    placement.seat_rtp(leg(0), None);
    placement.seat_rtp(leg(1), None);
    assert_eq!(placement.seat_port(leg(2), PortId(7)), 0);
    assert_eq!(said(&mut placement, to_bridge(1, 1)), [(1, None)]);
    let both = said(&mut placement, to_bridge(2, 1));
    assert_eq!(both, [(1, Some(0)), (0, None)]);
    placement.arrived(leg(1));
    // A room is not moved for a port.
    for slot in 3..6 {
        placement.seat_rtp(leg(slot), None);
    }
    assert_eq!(placement.plane_of(leg(3)), Some(1));
    assert_eq!(said(&mut placement, to_bridge(3, 9)), [(1, None)]);
    assert_eq!(said(&mut placement, to_bridge(4, 9)).len(), 1);
    placement.arrived(leg(4));
    assert_eq!(said(&mut placement, to_bridge(2, 9)), [(0, Some(1))]);
    placement.arrived(leg(2));
    placement.gone(leg(2));
    assert_eq!(placement.seat_port(leg(2), PortId(7)), 1, "it is there now");
}

#[test]
fn a_track_is_found_wherever_its_leg_went() {
    let mut placement = Placement::new(2);
    placement.seat_rtp(leg(0), None);
    placement.seat_rtp(leg(1), None);
    let tap = TapId(4);
    let start = MediaCommand::StartTap { leg: leg(1), tap };
    assert_eq!(
        said(&mut placement, PlaneCommand::Plain(start)),
        [(1, None)]
    );
    said(&mut placement, to_bridge(0, 1));
    said(&mut placement, to_bridge(1, 1));
    let pause = |paused| PlaneCommand::Plain(MediaCommand::PauseTap { tap, paused });
    assert_eq!(said(&mut placement, pause(true)), []);
    placement.arrived(leg(1));
    assert_eq!(errands(&mut placement), [(0, None)]);
    let stop = PlaneCommand::Plain(MediaCommand::StopTap { tap });
    assert_eq!(said(&mut placement, stop), [(0, None)]);
    assert!(placement.taps.is_empty());
}

#[test]
fn a_full_plane_is_avoided_and_only_all_together_are_overloaded() {
    let mut placement = Placement::new(2);
    assert_eq!(placement.overloaded(0, true), None);
    assert_eq!(placement.seat_rtp(leg(0), None), 1);
    assert_eq!(placement.seat_rtp(leg(1), None), 1);
    assert_eq!(placement.overloaded(1, true), Some(true));
    assert_eq!(placement.seat_rtp(leg(2), None), 0);
    assert_eq!(placement.overloaded(0, false), Some(false));
    assert_eq!(placement.overloaded(1, false), None);
}

#[test]
fn a_slot_that_is_taken_is_left_to_its_leg() {
    let mut placement = Placement::new(2);
    placement.seat_rtp(leg(0), None);
    placement.seat_rtp(leg(1), None);
    let other = MediaLeg {
        slot: 1,
        generation: 9,
    };
    assert_eq!(placement.seat_rtp(other, None), 1, "it is refused there");
    placement.gone(other);
    assert_eq!(placement.plane_of(leg(1)), Some(1));
    assert_eq!(placement.plane_of(other), None);
}

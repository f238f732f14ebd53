//! The audio half runs on a media thread: an exchange never allocates, whatever the person does.

#[path = "../../../port/tests/counting/mod.rs"]
mod counting;

use counting::allocations;

use crate::world::{World, country};
use hal_port::{AudioHalf, FRAME};
use hal_sim::Act;

/// Exchanges `blocks` with `fxs1` and counts what was allocated or freed meanwhile.
fn exchange(world: &mut World, blocks: usize) -> usize {
    let tx = [1_000; FRAME];
    let mut rx = [0; FRAME];
    allocations(|| {
        for _ in 0..blocks {
            world.ports[0].audio.exchange(&tx, &mut rx);
        }
    })
}

#[test]
fn exchange_never_allocates() {
    let mut world = World::new();
    assert_eq!(exchange(&mut world, 10), 0, "on hook");
    world.act("fxs1", Act::Lift);
    world.act(
        "fxs1",
        Act::Dial {
            digits: "0123456789".into(),
        },
    );
    world.play(country("pl")[0].spec);
    world.pass(300);
    assert_eq!(exchange(&mut world, 150), 0, "dialling");
    world.act(
        "fxs1",
        Act::Talk {
            mark: "anna".into(),
        },
    );
    // More blocks than the ring to the person takes: some are dropped, still nothing is allocated.
    assert_eq!(exchange(&mut world, 500), 0, "talking");
    world.act("fxs1", Act::HangUp);
    world.pass(1_000);
    assert_eq!(exchange(&mut world, 10), 0, "hung up");
    assert!(world.report("fxs1").dropped > 0);
}

//! The audio half runs on a media thread: an exchange never allocates, whatever the person does.
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use crate::world::{World, country};
use hal_port::{AudioHalf, FRAME};
use hal_sim::Act;

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is handed on to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Exchanges `blocks` with `fxs1` and counts what was allocated or freed meanwhile.
fn exchange(world: &mut World, blocks: usize) -> usize {
    let tx = [1_000; FRAME];
    let mut rx = [0; FRAME];
    let before = COUNT.get();
    for _ in 0..blocks {
        world.ports[0].audio.exchange(&tx, &mut rx);
    }
    COUNT.get() - before
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
    let before = COUNT.get();
    drop(Box::new(1));
    assert_eq!(COUNT.get() - before, 2, "the count counts");
}

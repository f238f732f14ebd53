//! Proof that the plane neither allocates nor frees: an allocator that panics while guarded.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

struct Watchful;

fn check(what: &str) {
    // Disarmed before the panic, which allocates itself.
    if GUARDED.try_with(|guarded| guarded.replace(false)) == Ok(true) {
        panic!("{what} inside the plane");
    }
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Watchful {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check("allocation");
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        check("free");
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        check("reallocation");
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static WATCHFUL: Watchful = Watchful;

/// Runs `work`, which must neither allocate nor free.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> T {
    GUARDED.with(|guarded| guarded.set(true));
    let result = work();
    GUARDED.with(|guarded| guarded.set(false));
    result
}

#[test]
#[should_panic(expected = "allocation inside the plane")]
fn the_guard_guards() {
    let _ = guarded(|| std::hint::black_box(Box::new(7)));
}

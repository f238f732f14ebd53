//! An allocator that counts what each thread allocates and frees: for the tests of every back end that a
//! block of sound costs neither.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

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

/// How often `what` allocates or frees on this thread, after it was shown that the count counts.
pub(crate) fn allocations(what: impl FnOnce()) -> usize {
    let before = COUNT.get();
    drop(core::hint::black_box(Box::new(1)));
    assert_eq!(COUNT.get() - before, 2, "the count counts");
    let before = COUNT.get();
    what();
    COUNT.get() - before
}

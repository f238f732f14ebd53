//! Proof that a piece of work neither allocates nor frees: the C library's own functions are
//! replaced for this program, so that libopus is watched like Rust.

use std::cell::Cell;
use std::ffi::c_void;

thread_local! {
    /// Calls since the guard was set; `None` = not guarded.
    static CALLS: Cell<Option<usize>> = const { Cell::new(None) };
}

fn count() {
    let _ = CALLS.try_with(|calls| calls.set(calls.get().map(|n| n + 1)));
}

/// How often `work` allocated or freed.
pub(crate) fn calls_in(work: impl FnOnce()) -> usize {
    CALLS.with(|calls| calls.set(Some(0)));
    work();
    CALLS.with(|calls| calls.replace(None)).unwrap_or(0)
}

// The same functions under the names that glibc keeps for those who replace the plain ones.
unsafe extern "C" {
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
    fn __libc_realloc(old: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_free(old: *mut c_void);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    count();
    // SAFETY: handed on unchanged.
    unsafe { __libc_malloc(size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn calloc(number: usize, size: usize) -> *mut c_void {
    count();
    // SAFETY: handed on unchanged.
    unsafe { __libc_calloc(number, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(old: *mut c_void, size: usize) -> *mut c_void {
    count();
    // SAFETY: handed on unchanged.
    unsafe { __libc_realloc(old, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn free(old: *mut c_void) {
    count();
    // SAFETY: handed on unchanged.
    unsafe { __libc_free(old) }
}

#[test]
fn the_guard_guards() {
    assert_eq!(calls_in(|| drop(std::hint::black_box(Box::new(7)))), 2);
    let opus = || model::OpusParams::default();
    let made = calls_in(|| {
        let encoder = dsp::codec::Encoder::new(model::Codec::Opus, opus());
        assert!(std::hint::black_box(encoder).is_ok());
    });
    assert!(made >= 2, "libopus is not watched: {made}");
}

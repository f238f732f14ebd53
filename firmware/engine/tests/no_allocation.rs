//! The media thread neither allocates nor frees after its start: seen by an allocator that knows
//! its thread. Alone in its program, for the allocator sees all threads.
#![allow(unsafe_code)] // an allocator

#[path = "loopback/rig.rs"]
#[expect(dead_code, reason = "shared with the other tests over sockets")]
mod rig;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering::Relaxed};

use model::{MediaCommand, Route, ToneSpec, ToneStep};

use crate::rig::Rig;

static MEDIA_THREAD: AtomicI32 = AtomicI32::new(0);
static VIOLATIONS: AtomicU64 = AtomicU64::new(0);

struct Watchful;

fn note() {
    // SAFETY: gettid has no preconditions.
    if unsafe { libc::gettid() } == MEDIA_THREAD.load(Relaxed) {
        VIOLATIONS.fetch_add(1, Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Watchful {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note();
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static WATCHFUL: Watchful = Watchful;

fn media_thread() -> i32 {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
    tasks
        .flatten()
        .find(|task| {
            let name = std::fs::read_to_string(task.path().join("comm"));
            name.is_ok_and(|name| name.trim() == "media-0")
        })
        .and_then(|task| task.file_name().to_str()?.parse().ok())
        .expect("the media thread runs")
}

#[test]
fn calls_come_and_go_without_an_allocation_on_the_media_thread() {
    let mut rig = Rig::new((0, 0), Vec::new());
    // The thread has started when a leg was removed, and not before.
    let first = rig.local_phone(9);
    rig.remove(first.leg);
    MEDIA_THREAD.store(media_thread(), Relaxed);
    let (mut a, mut b, mut c) = (rig.local_phone(0), rig.local_phone(1), rig.local_phone(2));
    let step = ToneStep {
        hz: [425, 0],
        ..ToneStep::default()
    };
    let tone = ToneSpec::new(&[step], -10).expect("one step");
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a, &mut b, &mut c], 10);
    rig.join(c.leg, 0);
    rig.talk(&mut [&mut a, &mut b, &mut c], 10);
    let digit = model::Digit::from_char('5').expect("a key");
    rig.send(MediaCommand::SendDigit {
        leg: a.leg,
        digit,
        ms: 60,
    });
    for route in [Route::Tone(tone), Route::Echo, Route::Silence] {
        rig.send(MediaCommand::SetRoute { leg: c.leg, route });
        rig.talk(&mut [&mut a, &mut b, &mut c], 8);
    }
    for name in [a.leg, b.leg, c.leg] {
        rig.remove(name);
    }
    assert_eq!(VIOLATIONS.load(Relaxed), 0);
    // Only now the thread may end, which frees what it owns.
    MEDIA_THREAD.store(0, Relaxed);
    assert!(
        a.packets > 20 && b.packets > 20,
        "they were served meanwhile"
    );
}

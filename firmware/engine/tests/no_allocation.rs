//! Media threads neither allocate nor free after their start, also when legs go from one to another:
//! seen by an allocator that knows them. Alone in its program, for the allocator sees all threads.
#![allow(unsafe_code)] // an allocator

#[path = "loopback/rig.rs"]
#[expect(dead_code, reason = "shared with the other tests over sockets")]
mod rig;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering::Relaxed};

use model::{
    Codec, MediaCommand, MediaEvent, Protection, Route, RtpParams, SrtpKey, SrtpSuite, ToneSpec,
    ToneStep,
};
use rtp::srtp::{OVERHEAD, Receiver, Sender};

use crate::rig::{PATIENCE, Phone, Rig, clock};

static MEDIA_THREADS: [AtomicI32; 2] = [AtomicI32::new(0), AtomicI32::new(0)];
static VIOLATIONS: AtomicU64 = AtomicU64::new(0);

struct Watchful;

fn note() {
    // SAFETY: gettid has no preconditions.
    let here = unsafe { libc::gettid() };
    if MEDIA_THREADS.iter().any(|one| one.load(Relaxed) == here) {
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

fn media_thread(number: usize) -> i32 {
    let wanted = format!("media-{number}");
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
    tasks
        .flatten()
        .find(|task| {
            let name = std::fs::read_to_string(task.path().join("comm"));
            name.is_ok_and(|name| name.trim() == wanted)
        })
        .and_then(|task| task.file_name().to_str()?.parse().ok())
        .expect("the media thread runs")
}

/// The echo test under SRTP: opened, relayed and sealed; forged packets and other keys between.
fn talk_protected(rig: &mut Rig, phone: &mut Phone) {
    let leg = phone.leg;
    let route = Route::Echo;
    rig.send(MediaCommand::SetRoute { leg, route });
    let params = RtpParams {
        remote: Some(phone.socket.local_addr().expect("bound")),
        rtcp_mux: true,
        protection: Protection::Srtp,
        ..RtpParams::of(Codec::Pcma)
    };
    rig.send(MediaCommand::SetRtp { leg, params });
    for suite in [SrtpSuite::AesCm80, SrtpSuite::AesGcm256] {
        let octets = [7; SrtpKey::OCTETS_MAX];
        let len = suite.key_len() + suite.salt_len();
        let key = SrtpKey::new(suite, &octets[..len]).expect("as long as the suite wants");
        rig.send(MediaCommand::SetKeys {
            leg,
            send: key,
            receive: key,
        });
        rig.wait(|event| (*event == MediaEvent::Secured { leg }).then_some(()));
        let (mut sender, mut receiver) = (Sender::new(&key), Receiver::new(&key));
        let deadline = clock() + PATIENCE;
        let mut heard = 0;
        while heard < 5 {
            assert!(clock() < deadline, "no echo");
            let mut packet = phone.packet();
            let len = packet.len();
            phone.socket.send_to(&packet, phone.engine).expect("sent");
            packet.resize(len + OVERHEAD, 0);
            let len = sender.protect(&mut packet, len).expect("new");
            let sent = phone.socket.send_to(&packet[..len], phone.engine);
            sent.expect("loopback takes it");
            let mut buffer = [0; 2_000];
            if let Ok((len, _)) = phone.socket.recv_from(&mut buffer) {
                heard += u32::from(receiver.unprotect(&mut buffer[..len]).is_ok());
            }
        }
    }
}

#[test]
fn calls_come_and_go_without_an_allocation_on_the_media_thread() {
    let mut rig = Rig::with_threads(2, (0, 0), Vec::new());
    // A thread has started when a leg was removed, and not before: there is one on each.
    let first = [rig.local_phone(9), rig.local_phone(8)];
    for phone in first {
        rig.remove(phone.leg);
    }
    for (number, thread) in MEDIA_THREADS.iter().enumerate() {
        thread.store(media_thread(number), Relaxed);
    }
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
    talk_protected(&mut rig, &mut c);
    for name in [a.leg, b.leg, c.leg] {
        rig.remove(name);
    }
    assert!(
        rig.engine.status().moves > 0,
        "somebody went from one to the other"
    );
    assert_eq!(VIOLATIONS.load(Relaxed), 0);
    // Only now the threads may end, which frees what they own.
    for thread in &MEDIA_THREADS {
        thread.store(0, Relaxed);
    }
    assert!(
        a.packets > 20 && b.packets > 20,
        "they were served meanwhile"
    );
}

//! The parts of a port on the threads where they live in the real program.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::thread;

use hal_port::{AudioHalf, ControlHalf, FRAME};
use hal_sim::{Act, SetOptions, SimBoard};
use model::Instant;

use crate::person::keys;

/// Whatever the threads' order, every key is spoken once and in order.
#[test]
fn no_key_is_lost_between_threads() {
    let mut board = SimBoard::new(1, SetOptions::default()).expect("one set fits");
    let port = board.ports.remove(0);
    let (mut control, mut audio, mut people) = (port.control, port.audio, board.people);
    let done = AtomicBool::new(false);
    let said = thread::scope(|scope| {
        let media = scope.spawn(|| {
            let mut said = Vec::new();
            let mut rx = [0; FRAME];
            while !done.load(Ordering::Relaxed) {
                audio.exchange(&[0; FRAME], &mut rx);
                said.extend(rx);
                thread::yield_now();
            }
            said
        });
        for round in 0..20_u64 {
            let now = Instant::from_millis(round * 10_000);
            people.act("fxs1", &Act::Lift).expect("on hook");
            let digits = "2468".into();
            people.act("fxs1", &Act::Dial { digits }).expect("off hook");
            control.advance(now.since(Instant::ZERO));
            loop {
                people.advance(now);
                if people.report("fxs1", &[]).expect("a port").waiting == 0 {
                    break;
                }
                thread::yield_now();
            }
            // The last key has begun; let it and its pause be spoken.
            let blocks =
                |people: &hal_sim::People| people.report("fxs1", &[]).expect("a port").blocks;
            let until = blocks(&people) + 20;
            while blocks(&people) < until {
                people.advance(now);
                thread::yield_now();
            }
            people.act("fxs1", &Act::HangUp).expect("off hook");
            control.advance(now.since(Instant::ZERO) + Duration::from_secs(5));
        }
        done.store(true, Ordering::Relaxed);
        media.join().expect("the media thread never panics")
    });
    let text: String = keys(&said).iter().map(|(key, ..)| key).collect();
    assert_eq!(text, "2468".repeat(20));
}

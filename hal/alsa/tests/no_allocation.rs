//! Blocks are taken and given on a media thread, and periods are exchanged on the card's: neither allocates,
//! whoever is late.
#![allow(unsafe_code)] // an allocator

#[path = "../../port/tests/counting/mod.rs"]
mod counting;

use counting::allocations;
use hal_alsa::{Highway, Period, SampleFormat};
use hal_port::{AudioHalf as _, FRAME};

#[test]
fn neither_thread_allocates() {
    for period in [Period::Ms5, Period::Ms10] {
        let (mut highway, mut halves) = Highway::new(SampleFormat::ALaw, 8, period, &[0, 3, 7]);
        let input = vec![0x55; highway.octets()];
        let mut output = input.clone();
        let done = allocations(|| {
            for turn in 0..1_000_u32 {
                highway.period(&input, &mut output);
                // In time, then half of them, then nobody for a while, then all again.
                let answers = match turn {
                    0..250 | 750.. => 3,
                    250..500 => 1,
                    500..750 => 0,
                };
                for half in halves.iter_mut().take(answers) {
                    let mut rx = [0; FRAME];
                    half.readiness();
                    half.take(&mut rx);
                    half.give(&rx);
                }
            }
            highway.restart();
        });
        assert_eq!(done, 0);
    }
}

//! A channel's blocks are taken and given on a media thread: without an allocation, whatever the kernel does.
#![allow(unsafe_code)] // an allocator

#[path = "../../port/tests/counting/mod.rs"]
mod counting;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use counting::allocations;
use hal_dahdi::{Channel, DahdiSet, Errno, Request, event, signalling};
use hal_port::{AudioHalf as _, FRAME};

/// A kernel that has so many octets, so much room and so many events.
#[derive(Default)]
struct Kernel {
    octets: AtomicUsize,
    room: AtomicUsize,
    events: AtomicUsize,
}

fn take(from: &AtomicUsize, most: usize) -> usize {
    let taken = from.load(Ordering::Relaxed).min(most);
    from.fetch_sub(taken, Ordering::Relaxed);
    taken
}

impl Kernel {
    fn sound(&self, store: &AtomicUsize, length: usize) -> Result<usize, Errno> {
        if self.events.load(Ordering::Relaxed) > 0 {
            return Err(Errno::EVENT);
        }
        let moved = take(store, length.min(40));
        if moved == 0 {
            Err(Errno::AGAIN)
        } else {
            Ok(moved)
        }
    }
}

impl Channel for Kernel {
    fn request(&self, request: Request, argument: &mut [u8]) -> Result<(), Errno> {
        match request {
            Request::GET_PARAMS => {
                argument[12..16].copy_from_slice(&signalling::FXOKS.to_ne_bytes())
            }
            Request::GET_EVENT => {
                let event = if take(&self.events, 1) == 1 {
                    event::RING_OFF_HOOK
                } else {
                    event::NONE
                };
                argument.copy_from_slice(&event.to_ne_bytes());
            }
            _ => {}
        }
        Ok(())
    }

    fn read(&self, sound: &mut [u8]) -> Result<usize, Errno> {
        let octets = self.sound(&self.octets, sound.len())?;
        sound[..octets].fill(0xd5);
        Ok(octets)
    }

    fn write(&self, sound: &[u8]) -> Result<usize, Errno> {
        self.sound(&self.room, sound.len())
    }
}

#[test]
fn taking_and_giving_never_allocates() {
    let kernel = Arc::new(Kernel::default());
    let (_set, mut half) = DahdiSet::new("fxs1".into(), Arc::clone(&kernel)).expect("a set's");
    let (mut came, mut silent) = (0, 0);
    let done = allocations(|| {
        for turn in 0..1_000 {
            // Mostly a block and room for one; sometimes nothing, much, or more events than are kept.
            let (octets, room, events) = match turn % 50 {
                10 => (0, 0, 0),
                20 => (400, 400, 0),
                30 => (80, 80, 3),
                40 => (80, 80, 200),
                _ => (80, 240, 0),
            };
            kernel.octets.fetch_add(octets, Ordering::Relaxed);
            kernel.room.fetch_add(room, Ordering::Relaxed);
            kernel.events.fetch_add(events, Ordering::Relaxed);
            half.readiness();
            let mut rx = [0; FRAME];
            let status = half.take(&mut rx);
            came += usize::from(!status.silent);
            silent += usize::from(status.silent);
            half.give(&rx);
            if turn % 50 == 45 {
                kernel.events.store(0, Ordering::Relaxed);
            }
        }
    });
    assert_eq!(done, 0);
    assert!(came > 100 && silent > 10, "{came} came, {silent} did not");
}

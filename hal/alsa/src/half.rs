use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::Arc;

use hal_port::{AudioHalf, FRAME, Frame, FrameStatus};
use rtrb::{Consumer, Producer, RingBuffer};

/// Blocks that fit a ring.
const RING: usize = 8;
/// Blocks that may wait when one side looks: more is delay, and is dropped down to [`CUSHION`].
const WAITING_MAX: usize = 4;
/// Blocks that must have come before the card begins to play, and after it ran dry: less, and the beat
/// of the two clocks would run it dry again.
const CUSHION: usize = 2;

/// Counts that the card's thread keeps, for reports. Relaxed: none orders another.
#[derive(Debug, Default)]
pub struct CardCounts {
    /// Periods read and written.
    pub periods: AtomicU64,
    /// Times the device ran dry or over, and was started again.
    pub xruns: AtomicU64,
    /// Blocks of 79 or 81 samples made for the drift.
    pub stretched: AtomicU64,
    /// The drift as bits of an `f64`, in ppm.
    drift: AtomicU64,
    /// The device does not start any more; it is tried once a second.
    pub gone: core::sync::atomic::AtomicBool,
}

impl CardCounts {
    /// How much faster the card's clock is than the box's, in parts in a million.
    #[must_use]
    pub fn drift_ppm(&self) -> f64 {
        f64::from_bits(self.drift.load(Ordering::Relaxed))
    }

    pub(crate) fn set_drift(&self, ppm: f64) {
        self.drift.store(ppm.to_bits(), Ordering::Relaxed);
    }
}

/// What the two sides of a slot tell each other besides blocks.
#[derive(Debug, Default)]
struct Losses {
    /// Samples the card played as silence because none were there.
    underrun: AtomicU32,
    /// Samples of the line that found no room.
    overrun: AtomicU32,
}

/// The audio half of a port whose sound is a slot of the card.
#[derive(Debug)]
pub struct AlsaAudio {
    to_line: Producer<Frame>,
    from_line: Consumer<Frame>,
    losses: Arc<Losses>,
}

/// The card thread's end.
#[derive(Debug)]
pub(crate) struct Slot {
    to_line: Consumer<Frame>,
    from_line: Producer<Frame>,
    losses: Arc<Losses>,
    /// The half is at work.
    used: bool,
    /// There was a cushion since it ran dry last.
    primed: bool,
}

/// Both ends of a slot.
pub(crate) fn slot() -> (AlsaAudio, Slot) {
    let (to_in, to_out) = RingBuffer::new(RING);
    let (from_in, from_out) = RingBuffer::new(RING);
    let losses = Arc::new(Losses::default());
    let audio = AlsaAudio {
        to_line: to_in,
        from_line: from_out,
        losses: Arc::clone(&losses),
    };
    let slot = Slot {
        to_line: to_out,
        from_line: from_in,
        losses,
        used: false,
        primed: false,
    };
    (audio, slot)
}

fn add(count: &AtomicU32, samples: usize) {
    count.fetch_add(
        u32::try_from(samples).unwrap_or(u32::MAX),
        Ordering::Relaxed,
    );
}

impl AudioHalf for AlsaAudio {
    fn exchange(&mut self, tx: &Frame, rx: &mut Frame) -> FrameStatus {
        let mut status = FrameStatus::default();
        if self.from_line.slots() > WAITING_MAX {
            while self.from_line.slots() > CUSHION && self.from_line.pop().is_ok() {
                add(&self.losses.overrun, FRAME);
            }
        }
        match self.from_line.pop() {
            Ok(block) => *rx = block,
            Err(_) => {
                rx.fill(0);
                status.silent = true;
            }
        }
        // A full ring: the card stands still, and what is said now would be played much too late.
        if self.to_line.push(*tx).is_err() {
            add(&self.losses.underrun, FRAME);
        }
        let take =
            |count: &AtomicU32| u16::try_from(count.swap(0, Ordering::Relaxed)).unwrap_or(u16::MAX);
        status.underrun = take(&self.losses.underrun);
        status.overrun = take(&self.losses.overrun);
        status
    }
}

impl Slot {
    /// Gives the half a block of its line and takes one for it.
    pub(crate) fn exchange(&mut self, heard: Frame) -> Frame {
        if self.from_line.push(heard).is_err() && self.used {
            add(&self.losses.overrun, FRAME);
        }
        if self.to_line.slots() > WAITING_MAX {
            // It came while the card stood still.
            while self.to_line.slots() > CUSHION && self.to_line.pop().is_ok() {}
        }
        self.primed |= self.to_line.slots() >= CUSHION;
        if !self.primed {
            return [0; FRAME];
        }
        self.used = true;
        self.to_line.pop().unwrap_or_else(|_| {
            self.primed = false;
            add(&self.losses.underrun, FRAME);
            [0; FRAME]
        })
    }

    /// Blocks that wait for the half; `None` before it has begun to take any, and when it stopped.
    pub(crate) fn waiting(&self) -> Option<usize> {
        let free = self.from_line.slots();
        (self.used && free > 0).then(|| RING - free)
    }
}

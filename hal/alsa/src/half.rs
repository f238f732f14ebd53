use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::Arc;

use hal_port::{AudioHalf, FRAME, Frame, FrameStatus, Readiness};
use rtrb::{Consumer, Producer, RingBuffer};

/// Blocks that fit a ring: more never wait, but while nobody takes them.
const RING: usize = 8;
/// Blocks in a row after which a half that gives or takes none is not in use, rather than late: a second.
const IDLE: u64 = 100;

/// Counts that the card's thread keeps, for reports. Relaxed: none orders another.
#[derive(Debug, Default)]
pub struct CardCounts {
    /// Periods read and written.
    pub periods: AtomicU64,
    /// Times the device ran dry or over, and was started again.
    pub xruns: AtomicU64,
    /// The device does not start any more; it is tried once a second.
    pub gone: AtomicBool,
}

/// How far the card is, for all its ports.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Blocks that came from the lines so far.
    pub(crate) blocks: AtomicU64,
    /// Samples that came since the last whole block.
    pub(crate) since: AtomicU32,
}

/// A block with its number, so that an answer is played in its place or not at all.
#[derive(Debug)]
struct Numbered {
    number: u64,
    samples: Frame,
}

/// The audio half of a port whose sound is a slot of the card.
#[derive(Debug)]
pub struct AlsaAudio {
    to_line: Producer<Numbered>,
    from_line: Consumer<Numbered>,
    progress: Arc<Progress>,
    /// Samples the card played as silence because no answer was there.
    underrun: Arc<AtomicU32>,
    latency: u16,
    /// The block that came after the last one taken.
    next: u64,
    /// The block that waits for its answer.
    asked: Option<u64>,
}

/// The card thread's end.
#[derive(Debug)]
pub(crate) struct Slot {
    to_line: Consumer<Numbered>,
    from_line: Producer<Numbered>,
    underrun: Arc<AtomicU32>,
    /// The last block that was answered.
    answered: Option<u64>,
}

/// Both ends of a slot.
pub(crate) fn slot(progress: &Arc<Progress>, latency: u16) -> (AlsaAudio, Slot) {
    let (to_in, to_out) = RingBuffer::new(RING);
    let (from_in, from_out) = RingBuffer::new(RING);
    let underrun = Arc::<AtomicU32>::default();
    let audio = AlsaAudio {
        to_line: to_in,
        from_line: from_out,
        progress: Arc::clone(progress),
        underrun: Arc::clone(&underrun),
        latency,
        next: 0,
        asked: None,
    };
    let slot = Slot {
        to_line: to_out,
        from_line: from_in,
        underrun,
        answered: None,
    };
    (audio, slot)
}

impl AlsaAudio {
    /// The newest block, if it was not taken yet: an older one could not be answered in time. With it, how many
    /// were missed.
    fn newest(&mut self) -> (Option<Numbered>, u64) {
        let blocks = self.progress.blocks.load(Ordering::Acquire);
        let mut newest = None;
        while let Ok(block) = self.from_line.pop() {
            if block.number + 1 >= blocks {
                newest = Some(block);
                break;
            }
        }
        let next = newest.as_ref().map_or(blocks, |block| block.number + 1);
        let came = next.saturating_sub(core::mem::replace(&mut self.next, next));
        let taken = u64::from(newest.is_some());
        (newest, came.saturating_sub(taken))
    }
}

impl AudioHalf for AlsaAudio {
    fn take(&mut self, rx: &mut Frame) -> FrameStatus {
        let played = self.underrun.swap(0, Ordering::Relaxed);
        let mut status = FrameStatus {
            underrun: u16::try_from(played).unwrap_or(u16::MAX),
            ..FrameStatus::default()
        };
        let (newest, missed) = self.newest();
        if missed < IDLE {
            status.overrun = u16::try_from(missed * FRAME as u64).unwrap_or(u16::MAX);
        }
        self.asked = newest.as_ref().map(|block| block.number);
        status.silent = newest.is_none();
        *rx = newest.map_or([0; FRAME], |block| block.samples);
        status
    }

    fn give(&mut self, tx: &Frame) {
        if let Some(number) = self.asked.take() {
            let samples = *tx;
            // A full ring: the card stands still, and counts what it did not play when it goes on.
            let _ = self.to_line.push(Numbered { number, samples });
        }
    }

    fn readiness(&mut self) -> Readiness {
        if self.progress.blocks.load(Ordering::Acquire) <= self.next {
            return Readiness::NotYet;
        }
        let since = self.progress.since.load(Ordering::Relaxed);
        Readiness::Since(u16::try_from(since).unwrap_or(u16::MAX))
    }

    fn card(&self) -> Option<u16> {
        Some(0)
    }

    fn latency_samples(&self) -> u16 {
        self.latency
    }
}

impl Slot {
    /// Hands the block of this number on; one that nobody takes is nothing.
    pub(crate) fn ask(&mut self, number: u64, samples: Frame) {
        let _ = self.from_line.push(Numbered { number, samples });
    }

    /// What is to be played in answer to the block of this number.
    pub(crate) fn answer(&mut self, number: u64) -> Frame {
        while let Ok(next) = self.to_line.peek() {
            let found = next.number;
            if found > number {
                break;
            }
            if let Ok(block) = self.to_line.pop()
                && found == number
            {
                self.answered = Some(number);
                return block.samples;
            }
        }
        if self.answered.is_some_and(|last| number - last < IDLE) {
            self.underrun.fetch_add(FRAME as u32, Ordering::Relaxed);
        }
        [0; FRAME]
    }
}

//! Samples by media time: a window of [`CAPACITY`] samples, each there or not.

use model::limits::JITTER_SAMPLES;

/// Samples held at once.
pub(super) const CAPACITY: usize = JITTER_SAMPLES;
const _: () = assert!(CAPACITY.is_power_of_two() && CAPACITY >= 64);
const MASK: u64 = CAPACITY as u64 - 1;

/// The window. Times passed in must lie within [`CAPACITY`] samples of each other; the buffer
/// above sees to that.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    samples: Box<[i16]>,
    there: [u64; CAPACITY / 64],
}

impl Ring {
    pub(super) fn new() -> Self {
        Self {
            samples: vec![0; CAPACITY].into_boxed_slice(),
            there: [0; CAPACITY / 64],
        }
    }

    pub(super) fn clear(&mut self) {
        self.there = [0; CAPACITY / 64];
    }

    /// Stores a sample; false if one was there.
    pub(super) fn put(&mut self, time: u64, sample: i16) -> bool {
        let at = (time & MASK) as usize;
        let bit = 1_u64 << (at & 63);
        let (Some(slot), Some(word)) = (self.samples.get_mut(at), self.there.get_mut(at >> 6))
        else {
            return false;
        };
        let new = *word & bit == 0;
        if new {
            *slot = sample;
            *word |= bit;
        }
        new
    }

    /// The sample of a time, if it is there.
    pub(super) fn get(&self, time: u64) -> Option<i16> {
        let at = (time & MASK) as usize;
        let word = self.there.get(at >> 6)?;
        if word & (1 << (at & 63)) == 0 {
            return None;
        }
        self.samples.get(at).copied()
    }

    /// Takes the sample of a time out.
    pub(super) fn take(&mut self, time: u64) -> Option<i16> {
        let sample = self.get(time)?;
        let at = (time & MASK) as usize;
        if let Some(word) = self.there.get_mut(at >> 6) {
            *word &= !(1 << (at & 63));
        }
        Some(sample)
    }

    /// How many samples from `time` on, `limit` at most, are there (or all missing).
    pub(super) fn run(&self, time: u64, limit: usize) -> (bool, usize) {
        let first = self.get(time).is_some();
        let mut length = 0;
        while length < limit && self.get(time.saturating_add(length as u64)).is_some() == first {
            length = length.saturating_add(1);
        }
        (first, length)
    }
}

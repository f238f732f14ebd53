//! Decoded samples between the decoder, which gives whole frames, and the mixer, which takes blocks
//! of 10 ms; here time is made longer or shorter.

use dsp::level::Measured;
use dsp::stretch;

use crate::block::Rate;

/// Samples of 10 ms at 16 kHz, and of what must lie behind them to find two periods alike.
const AHEAD: usize = 160 + 2 * stretch::SEEN;
/// Samples of the longest frame: 120 ms at 16 kHz.
pub(crate) const FRAME_MAX: usize = 1_920;
/// All that can be here at 16 kHz: a frame is decoded when less than [`AHEAD`] is left. At 8 kHz it
/// is half.
const CAPACITY: usize = FRAME_MAX + AHEAD;
/// A run whose samples all stay below this is silence: about −47 dBm0.
pub(crate) const QUIET_PEAK: u16 = 100;

/// Samples in playing order.
#[derive(Debug)]
pub(crate) struct Decoded {
    samples: Box<[i16]>,
    start: usize,
    end: usize,
}

impl Decoded {
    /// Room for sound of this rate. Allocates, as nothing else here does.
    pub(crate) fn new(rate: Rate) -> Self {
        let capacity = match rate {
            Rate::Narrow => CAPACITY / 2,
            Rate::Wide => CAPACITY,
        };
        Self {
            samples: vec![0; capacity].into_boxed_slice(),
            start: 0,
            end: 0,
        }
    }

    /// Room for nothing, which needs no memory.
    pub(crate) fn nothing() -> Self {
        Self {
            samples: Box::default(),
            start: 0,
            end: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    pub(crate) const fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    fn all(&mut self) -> &mut [i16] {
        self.samples
            .get_mut(self.start..self.end)
            .unwrap_or(&mut [])
    }

    /// Room for up to `length` samples behind those that are here; [`Decoded::keep`] says how many
    /// of them became real.
    pub(crate) fn room(&mut self, length: usize) -> &mut [i16] {
        if self.start > 0 {
            self.samples.copy_within(self.start..self.end, 0);
            self.end = self.len();
            self.start = 0;
        }
        let to = self.end.saturating_add(length).min(self.samples.len());
        self.samples.get_mut(self.end..to).unwrap_or(&mut [])
    }

    /// Of the samples written into [`Decoded::room`], those `from..to` follow what was here; gives
    /// them for a last change.
    pub(crate) fn keep(&mut self, from: usize, to: usize) -> &mut [i16] {
        let most = self.samples.len();
        let begin = self.end.saturating_add(from).min(most);
        let stop = self.end.saturating_add(to).min(most).max(begin);
        self.samples.copy_within(begin..stop, self.end);
        let at = self.end;
        self.end = at.saturating_add(stop.saturating_sub(begin));
        self.samples.get_mut(at..self.end).unwrap_or(&mut [])
    }

    /// Takes the first samples out; false if there are less.
    pub(crate) fn take(&mut self, block: &mut [i16]) -> bool {
        let to = self.start.saturating_add(block.len());
        match self.samples.get(self.start..to) {
            Some(first) if to <= self.end => block.copy_from_slice(first),
            _ => return false,
        }
        self.start = to;
        true
    }

    /// The largest of the first `length` samples.
    pub(crate) fn peak(&mut self, length: usize) -> u16 {
        let all = self.all();
        let first = all.get(..length.min(all.len())).unwrap_or(&[]);
        Measured::of(first).peak()
    }

    /// Whether the first `length` samples are silence.
    pub(crate) fn is_quiet(&mut self, length: usize) -> bool {
        self.peak(length) < QUIET_PEAK
    }

    /// Drops the first `length` samples; what follows them begins as they did. How many that were.
    pub(crate) fn drop_blended(&mut self, scale: usize, length: usize) -> usize {
        if self.len() < length.saturating_add(stretch::BLEND.saturating_mul(scale)) {
            return 0;
        }
        stretch::shorten(self.all(), scale, length);
        self.drop_first(length)
    }

    /// Drops the first `length` samples, or those that are here.
    fn drop_first(&mut self, length: usize) -> usize {
        let length = length.min(self.len());
        self.start = self.start.saturating_add(length);
        length
    }

    /// Quiet noise mirrored is quiet noise: puts up to `length` samples before the first.
    pub(crate) fn mirror(&mut self, length: usize) -> usize {
        let length = length.min(self.len());
        if !self.open_front(length) {
            return 0;
        }
        let (new, old) = self.all().split_at_mut(length);
        for (slot, sample) in new.iter_mut().rev().zip(old) {
            *slot = *sample;
        }
        length
    }

    /// Takes one pitch period out, or puts one more in, `most` samples at most; how many that were.
    pub(crate) fn change_period(&mut self, scale: usize, most: usize, longer: bool) -> usize {
        let Some(period) = stretch::alike(self.all(), scale, most) else {
            return 0;
        };
        if !longer {
            stretch::shorten(self.all(), scale, period);
            return self.drop_first(period);
        }
        let mut copy = [0; AHEAD];
        let Some(copy) = copy.get_mut(..period) else {
            return 0;
        };
        for (slot, sample) in copy.iter_mut().zip(self.all().iter()) {
            *slot = *sample;
        }
        if !self.open_front(period) {
            return 0;
        }
        let (new, old) = self.all().split_at_mut(period);
        stretch::lengthen(old, scale, period);
        new.copy_from_slice(copy);
        period
    }

    /// Drops one of the first `length` samples, or doubles one, where it is heard least.
    pub(crate) fn slip(&mut self, length: usize, longer: bool) -> usize {
        if longer && !self.open_front(1) {
            return 0;
        }
        let shift = usize::from(longer);
        let Some(first) = self.all().get_mut(shift..) else {
            return 0;
        };
        let length = length.min(first.len());
        let at = stretch::slip(first.get(..length).unwrap_or(&[]));
        if longer {
            // What lies before the place moves down by one, and its last one stays as well.
            self.all().copy_within(1..at.saturating_add(1), 0);
            let doubled = self.all().get(at.saturating_sub(1)).copied();
            if let (Some(sample), Some(slot)) = (doubled, self.all().get_mut(at)) {
                *slot = sample;
            }
            return 1;
        }
        self.all().copy_within(..at, 1);
        self.drop_first(1)
    }

    /// Makes room for `length` samples before the first; their content is anything.
    fn open_front(&mut self, length: usize) -> bool {
        if self.start < length {
            let by = length.saturating_sub(self.start);
            if self.end.saturating_add(by) > self.samples.len() {
                return false;
            }
            let to = self.start.saturating_add(by);
            self.samples.copy_within(self.start..self.end, to);
            self.start = to;
            self.end = self.end.saturating_add(by);
        }
        self.start = self.start.saturating_sub(length);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: &[i16]) -> Decoded {
        let mut decoded = Decoded::new(Rate::Wide);
        decoded.room(samples.len()).copy_from_slice(samples);
        decoded.keep(0, samples.len());
        decoded
    }

    fn rest(decoded: &mut Decoded) -> Vec<i16> {
        let mut out = vec![0; decoded.len()];
        assert!(decoded.take(&mut out));
        out
    }

    #[test]
    fn frames_become_blocks() {
        let mut decoded = of(&[1, 2, 3, 4, 5]);
        let mut block = [0; 2];
        assert!(decoded.take(&mut block));
        decoded.room(4).copy_from_slice(&[90, 91, 6, 7]);
        assert_eq!(decoded.keep(2, 4), [6, 7]);
        assert_eq!(rest(&mut decoded), [3, 4, 5, 6, 7]);
        assert!(!decoded.take(&mut block));
        assert_eq!(decoded.room(9_999).len(), CAPACITY);
    }

    #[test]
    fn a_sample_more_or_less_where_it_is_flattest() {
        let mut decoded = of(&[10, 500, 510, 900, 40]);
        assert_eq!(decoded.slip(4, true), 1);
        assert_eq!(rest(&mut decoded), [10, 500, 500, 510, 900, 40]);
        let mut decoded = of(&[10, 500, 510, 900, 40]);
        assert_eq!(decoded.slip(4, false), 1);
        assert_eq!(rest(&mut decoded), [10, 500, 900, 40]);
    }

    #[test]
    fn silence_is_mirrored() {
        let mut decoded = of(&[1, 2, 3, 4]);
        assert!(decoded.is_quiet(4));
        assert_eq!(decoded.mirror(2), 2);
        assert_eq!(rest(&mut decoded), [2, 1, 1, 2, 3, 4]);
    }
}

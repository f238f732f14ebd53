//! 10 ms of sound, at 8 or 16 kHz, and joining two of them without a click.

/// Samples of a block at 16 kHz.
pub(crate) const WIDE: usize = 160;
/// Samples of a block at 8 kHz.
pub(crate) const NARROW: usize = dsp::TICK_SAMPLES;

/// How many samples a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rate {
    /// 8 kHz.
    #[default]
    Narrow,
    /// 16 kHz.
    Wide,
}

impl Rate {
    pub(crate) const fn of_hz(hz: u32) -> Self {
        if hz > dsp::RATE_HZ {
            Self::Wide
        } else {
            Self::Narrow
        }
    }

    /// Samples a second.
    pub(crate) const fn hz(self) -> u32 {
        match self {
            Self::Narrow => dsp::RATE_HZ,
            Self::Wide => 2 * dsp::RATE_HZ,
        }
    }

    /// Samples of a block.
    pub(crate) const fn samples(self) -> usize {
        match self {
            Self::Narrow => NARROW,
            Self::Wide => WIDE,
        }
    }
}

/// 10 ms of sound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    rate: Rate,
    samples: [i16; WIDE],
}

impl Block {
    pub(crate) const fn silence(rate: Rate) -> Self {
        Self {
            rate,
            samples: [0; WIDE],
        }
    }

    pub(crate) fn of(rate: Rate, samples: &[i16]) -> Self {
        let mut block = Self::silence(rate);
        for (slot, &sample) in block.samples_mut().iter_mut().zip(samples) {
            *slot = sample;
        }
        block
    }

    pub(crate) const fn rate(&self) -> Rate {
        self.rate
    }

    pub(crate) fn samples(&self) -> &[i16] {
        self.samples.get(..self.rate.samples()).unwrap_or(&[])
    }

    /// The newest sample.
    pub(crate) fn last(&self) -> i16 {
        self.samples().last().copied().unwrap_or(0)
    }

    pub(crate) fn samples_mut(&mut self) -> &mut [i16] {
        self.samples
            .get_mut(..self.rate.samples())
            .unwrap_or(&mut [])
    }
}

/// Where other sound begins: the last sample of the old one wears away over 10 ms while the new one
/// comes up, so that there is no step.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seam {
    last: i16,
    open: bool,
}

impl Seam {
    pub(crate) const fn new() -> Self {
        Self {
            last: 0,
            open: false,
        }
    }

    /// The next block is other sound.
    pub(crate) const fn open(&mut self) {
        self.open = true;
    }

    /// The next block goes on where `last` was, without a seam.
    pub(crate) const fn follow(&mut self, last: i16) {
        self.last = last;
        self.open = false;
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.open
    }

    /// The newest sample.
    pub(crate) const fn last(&self) -> i16 {
        self.last
    }

    /// Joins `block` to what was before it.
    pub(crate) fn join(&mut self, block: &mut [i16]) {
        if core::mem::take(&mut self.open) {
            let last = f32::from(self.last);
            let step = 1.0 / (block.len() as f32 + 1.0);
            let mut weight = step;
            for sample in block.iter_mut() {
                *sample = (last + (f32::from(*sample) - last) * weight) as i16;
                weight += step;
            }
        }
        self.last = block.last().copied().unwrap_or(self.last);
    }

    /// The old sound ends without a new one: what is left of it for 10 ms.
    pub(crate) fn wear_away(&mut self, block: &mut [i16]) {
        block.fill(0);
        self.open = true;
        self.join(block);
        self.last = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seam_has_no_step() {
        let mut seam = Seam::default();
        let mut block = [8_000_i16; 80];
        seam.join(&mut block);
        assert_eq!(block, [8_000; 80], "nothing to join");
        seam.open();
        let mut other = [-8_000_i16; 80];
        seam.join(&mut other);
        let mut before = 8_000;
        for sample in other {
            assert!((0..=200).contains(&(before - sample)), "{before} {sample}");
            before = sample;
        }
        seam.wear_away(&mut other);
        assert!(other[0] < -7_600 && other[79] > -200, "{other:?}");
    }
}

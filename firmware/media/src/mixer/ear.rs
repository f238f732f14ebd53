//! The two ends of a leg in the mixer: what it says comes in by its mouth, what it hears goes out
//! by its ear, each with what must go on smoothly from block to block.

use dsp::auto_level::AutoLevel;
use dsp::denoise::Denoise;
use dsp::mix::Limiter;
use dsp::resample::{Down2, Up2};

use crate::block::{Block, Rate, Seam, WIDE};
use crate::clip::Player;
use crate::mixer::activity::Activity;

/// How loud the rest is under an announcement: −14 dB.
const DUCKED: f32 = 0.2;

/// What a leg says.
#[derive(Debug)]
pub(crate) struct Mouth {
    up: Up2,
    pub(crate) seam: Seam,
    pub(crate) activity: Activity,
    /// Brings the voice to the level of others.
    pub(crate) level: Option<AutoLevel>,
    /// Takes the noise around the talker out.
    pub(crate) denoise: Option<Box<Denoise>>,
    /// The rate at which it works.
    pub(crate) clean: Rate,
    /// The last block was part of the mix.
    heard: bool,
}

impl Mouth {
    pub(crate) const fn new() -> Self {
        Self {
            up: Up2::new(),
            seam: Seam::new(),
            activity: Activity::new(),
            level: None,
            denoise: None,
            clean: Rate::Narrow,
            heard: false,
        }
    }

    /// The leg comes to a bridge's mix: by a seam, or as if it had been there all the time.
    pub(crate) const fn come(&mut self, seamless: bool) {
        self.activity.begin();
        self.heard = seamless;
        self.seam = Seam::new();
        if !seamless {
            self.seam.open();
        }
    }

    /// The leg speaks at another rate, or into a mix of another, from now on.
    pub(crate) const fn retune(&mut self) {
        self.up = Up2::new();
        self.seam.open();
    }

    /// What it says is not heard as it comes.
    pub(crate) const fn is_changed(&self) -> bool {
        self.level.is_some() || self.denoise.is_some()
    }

    /// The leg leaves the mix: its last sample in it, for the others' seam.
    pub(crate) const fn leave(&mut self) -> i16 {
        let last = if self.heard { self.seam.last() } else { 0 };
        self.heard = false;
        last
    }

    /// Makes `said`, a block of the leg at `from`, the leg's part of a mix at `to`; whether it has
    /// any. `audible` says that it may be heard at all.
    pub(crate) fn speak(
        &mut self,
        said: &[i16],
        (from, to): (Rate, Rate),
        audible: bool,
        out: &mut [i16],
    ) -> bool {
        let mut cleaned = [0; WIDE];
        let said = match (&mut self.denoise, cleaned.get_mut(..said.len())) {
            (Some(denoise), Some(copy)) if audible => {
                if core::mem::replace(&mut self.clean, from) != from {
                    denoise.retune(from.hz());
                }
                copy.copy_from_slice(said);
                denoise.process(copy);
                copy
            }
            _ => said,
        };
        let speaks = audible && self.activity.hears(said);
        if !speaks {
            if core::mem::take(&mut self.heard) {
                self.seam.wear_away(out);
                return true;
            }
            // A filter that stood still starts from silence.
            return false;
        }
        let mut levelled = [0; WIDE];
        let said = match (&mut self.level, levelled.get_mut(..said.len())) {
            (Some(level), Some(copy)) => {
                copy.copy_from_slice(said);
                level.process(copy);
                copy
            }
            _ => said,
        };
        if from < to {
            if !self.heard {
                self.up = Up2::new();
            }
            self.up.run(said, out);
        } else {
            for (slot, &sample) in out.iter_mut().zip(said) {
                *slot = sample;
            }
        }
        self.heard = true;
        self.seam.join(out);
        true
    }
}

/// What a leg hears.
#[derive(Debug)]
pub(crate) struct Ear {
    up: Up2,
    pub(crate) down: Down2,
    pub(crate) limiter: Limiter,
    pub(crate) seam: Seam,
    /// An announcement to this leg alone.
    pub(crate) saying: Option<Player>,
    /// How loud the rest is at present.
    duck: f32,
    /// Ticks in which the leg's own mix was the same as that of those who only listen.
    pub(crate) same: u8,
    /// The leg is sent the shared stream of those who only listen.
    pub(crate) shared: bool,
}

impl Ear {
    pub(crate) const fn new() -> Self {
        Self {
            up: Up2::new(),
            down: Down2::new(),
            limiter: Limiter::new(),
            seam: Seam::new(),
            saying: None,
            duck: 1.0,
            same: 0,
            shared: false,
        }
    }

    /// Other sound from the next block on.
    pub(crate) const fn turn(&mut self) {
        self.seam.open();
        self.same = 0;
    }

    /// Nothing of its own has to be done to what this ear hears.
    pub(crate) const fn is_plain(&self) -> bool {
        self.saying.is_none() && self.duck >= 1.0 && !self.seam.is_open()
    }

    /// `block` at another rate.
    pub(crate) fn fit(&mut self, block: &Block, rate: Rate) -> Block {
        let mut fitted = Block::silence(rate);
        let (from, to) = (block.samples(), fitted.samples_mut());
        match (block.rate(), rate) {
            (Rate::Narrow, Rate::Wide) => self.up.run(from, to),
            (Rate::Wide, Rate::Narrow) => self.down.run(from, to),
            _ => return *block,
        };
        fitted
    }

    /// Lays an announcement over what is heard and lowers that meanwhile; without one it comes up
    /// again.
    pub(crate) fn overlay(&mut self, over: Option<&[i16]>, block: &mut [i16]) {
        duck(&mut self.duck, over, block);
    }
}

/// Lays `over` upon `block`; `level` is how loud the block's own sound was at the end of the one
/// before. Changes take 10 ms.
pub(crate) fn duck(level: &mut f32, over: Option<&[i16]>, block: &mut [i16]) {
    let wanted = if over.is_some() { DUCKED } else { 1.0 };
    if over.is_none() && *level >= 1.0 {
        return;
    }
    let step = (wanted - *level) / block.len().max(1) as f32;
    for sample in block.iter_mut() {
        *level += step;
        *sample = (f32::from(*sample) * *level) as i16;
    }
    *level = wanted;
    if let Some(over) = over {
        dsp::mix::add_saturating(block, over);
    }
}

//! What is left of the echo while the far end speaks alone gives way to the noise of the room.
//!
//! A voice that begins before anything else was heard, or a tone that does not stop, looks like noise as long as it
//! lasts. So what was learned is made no stronger than what there is of noise now: a pause of such a voice shows it.

use crate::TICK_SAMPLES;
use crate::comfort::{ComfortNoise, describe};
use crate::level::mean_square;

use super::adaptive::Powers;

/// What is left is echo when it is weaker than the echo by this ratio of powers: 12 dB.
const RESIDUAL: f32 = 0.063;
/// … and weaker than what was played by this: 24 dB.
const RESIDUAL_FAR: f32 = 0.004;
/// An echo is hidden by the noise when it was so much weaker before any of it was taken out: 6 dB.
const AUDIBLE: f32 = 0.25;
/// Below this what was played is no speech: mean square of −48 dBm0.
const FAR_MIN: f32 = crate::level::power_of(-48);
/// Blocks for which the echo may ring on: the loudest of so many is compared with.
const RING: usize = 4;
/// Blocks from which the floor of noise is taken: 2 s in eight parts.
const PART: u8 = 25;
const PARTS: usize = 8;
/// A block is noise when it is no stronger than the floor by this ratio: 4 dB.
const NOISE: f32 = 2.5;

/// The suppressor.
#[derive(Clone, Debug)]
pub(super) struct Suppressor {
    noise: ComfortNoise,
    /// Mean square of the noise as it was learned.
    learned: f32,
    /// What of it is played: a factor.
    strength: f32,
    echoes: [f32; RING],
    /// The weakest block of each part of the last 2 s.
    floors: [f32; PARTS],
    blocks: u8,
    /// The last two blocks, for the description.
    recent: [i16; 2 * TICK_SAMPLES],
    quiet: u8,
    /// 0 = what came, 1 = noise alone.
    depth: f32,
}

impl Suppressor {
    pub(super) fn new() -> Self {
        Self {
            noise: ComfortNoise::new(),
            learned: 0.0,
            strength: 1.0,
            echoes: [0.0; RING],
            floors: [f32::MAX; PARTS],
            blocks: 0,
            recent: [0; 2 * TICK_SAMPLES],
            quiet: 0,
            depth: 0.0,
        }
    }

    /// Replaces what is left of the echo in `block`; `spoken_over` while somebody speaks here.
    pub(super) fn run(&mut self, block: &mut [i16], powers: &Powers, spoken_over: bool) {
        self.echoes.rotate_left(1);
        if let Some(newest) = self.echoes.last_mut() {
            *newest = powers.echo;
        }
        self.follow_noise(block, powers);
        let echo = self.echoes.iter().copied().fold(0.0, f32::max);
        let floor = self.floor();
        // Without an echo that rises above the noise there is nothing to hide.
        let far = powers.far > FAR_MIN && echo > floor * AUDIBLE;
        let small = powers.rest < echo * RESIDUAL + floor * NOISE
            && powers.rest < powers.far * RESIDUAL_FAR + floor * NOISE;
        let aim = if far && small && !spoken_over {
            1.0
        } else {
            0.0
        };
        let strength = self.possible(floor);
        if self.depth == 0.0 {
            self.strength = strength;
        }
        if aim == 0.0 && self.depth == 0.0 {
            return;
        }
        let mut noise = [0_i16; TICK_SAMPLES];
        self.noise.fill(&mut noise);
        // 5 ms from the one to the other.
        let step = 1.0 / (TICK_SAMPLES as f32 / 2.0);
        for (sample, noise) in block.iter_mut().zip(noise) {
            self.depth += (aim - self.depth).clamp(-step, step);
            self.strength += (strength - self.strength).clamp(-step, step);
            let noise = f32::from(noise) * self.strength;
            let mixed = f32::from(*sample) * (1.0 - self.depth) + noise * self.depth;
            *sample = mixed.round() as i16;
        }
    }

    /// The factor that makes what was learned as weak as noise is that has this floor now.
    fn possible(&self, floor: f32) -> f32 {
        let most = floor * NOISE;
        if self.learned > most {
            (most / self.learned).sqrt()
        } else {
            1.0
        }
    }

    /// The weakest block of the last 2 s.
    fn floor(&self) -> f32 {
        let floor = self.floors.iter().copied().fold(f32::MAX, f32::min);
        if floor >= f32::MAX { 0.0 } else { floor }
    }

    /// Learns the noise where neither end speaks.
    fn follow_noise(&mut self, block: &[i16], powers: &Powers) {
        if let Some(newest) = self.floors.last_mut() {
            *newest = newest.min(powers.rest);
        }
        self.blocks = self.blocks.saturating_add(1);
        if self.blocks >= PART {
            self.blocks = 0;
            self.floors.rotate_left(1);
            if let Some(newest) = self.floors.last_mut() {
                *newest = powers.rest;
            }
        }
        self.recent.copy_within(TICK_SAMPLES.., 0);
        for (slot, sample) in self.recent.iter_mut().skip(TICK_SAMPLES).zip(block) {
            *slot = *sample;
        }
        let noise_only = powers.rest <= self.floor() * NOISE && powers.far < FAR_MIN;
        self.quiet = if noise_only {
            self.quiet.saturating_add(1)
        } else {
            0
        };
        if self.quiet >= 2 {
            self.noise.set(&describe(&self.recent));
            self.learned = mean_square(&self.recent);
        }
    }
}

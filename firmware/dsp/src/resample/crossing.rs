//! From one clock into another that is almost the same: blocks go in by the one, blocks come out by the
//! other.

use super::Drift;
use crate::TICK_SAMPLES;

/// Samples that wait when a block is taken, on average: blocks of both clocks beat against each other
/// by one block, and both threads may be a little late.
const TARGET: f32 = 160.0;
/// Samples that find room; more is delay, and is dropped down to [`TARGET`].
const ROOM: usize = 480;
/// Smoothing of the filling, in blocks: 1.3 s.
const SMOOTH: f32 = 1.0 / 128.0;
/// Parts in a million by which a sample too many is answered: an error is corrected in 16 s.
const PROPORTIONAL: f32 = 7.8;
/// Parts in a million that are added a block for each sample too many: critically damped with the above.
const INTEGRAL: f32 = PROPORTIONAL * PROPORTIONAL * 80.0 * 1e-6 / 4.0;

/// Follows the drift by how many samples wait. Wait-free, allocates nothing.
#[derive(Clone, Debug)]
pub struct Crossing {
    drift: Drift,
    waiting: [i16; ROOM],
    length: usize,
    /// How many waited lately when a block was taken.
    smoothed: f32,
    /// What the drift is thought to be.
    ppm: f32,
    /// There was enough once, since it ran dry last.
    begun: bool,
}

impl Default for Crossing {
    fn default() -> Self {
        Self::new()
    }
}

impl Crossing {
    /// One that has heard nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            drift: Drift::new(),
            waiting: [0; ROOM],
            length: 0,
            smoothed: TARGET,
            ppm: 0.0,
            begun: false,
        }
    }

    /// A block of the clock that it comes from; how many samples found no room.
    pub fn put(&mut self, block: &[i16; TICK_SAMPLES]) -> usize {
        let mut made = [0; TICK_SAMPLES + 2];
        // A block makes 81 samples at most: the clocks are 500 parts in a million apart at most.
        let (_, count) = self.drift.run(block, &mut made);
        let mut dropped = 0;
        if self.length.saturating_add(count) > ROOM {
            dropped = self.length.saturating_sub(TARGET as usize);
            self.forget(dropped);
        }
        let end = self.length.saturating_add(count);
        let room = self.waiting.get_mut(self.length..end);
        if let (Some(room), Some(made)) = (room, made.get(..count)) {
            room.copy_from_slice(made);
            self.length = end;
        }
        dropped
    }

    /// A block of the clock that it goes to; how many samples of it are silence, for want of others.
    pub fn take(&mut self, block: &mut [i16; TICK_SAMPLES]) -> usize {
        self.begun |= self.length >= TARGET as usize;
        if !self.begun {
            block.fill(0);
            return TICK_SAMPLES;
        }
        self.follow();
        let there = self.length.min(TICK_SAMPLES);
        for (sample, &next) in block.iter_mut().zip(&self.waiting) {
            *sample = next;
        }
        if let Some(missing) = block.get_mut(there..) {
            missing.fill(0);
        }
        self.forget(there);
        if there < TICK_SAMPLES {
            self.begun = false;
            self.smoothed = TARGET;
        }
        TICK_SAMPLES.saturating_sub(there)
    }

    /// Another call begins.
    pub fn reset(&mut self) {
        // What is known of the clocks stays.
        self.length = 0;
        self.begun = false;
        self.smoothed = TARGET;
    }

    fn follow(&mut self) {
        self.smoothed += (self.length as f32 - self.smoothed) * SMOOTH;
        let error = self.smoothed - TARGET;
        let most = Drift::MAX_PPM;
        self.ppm = (self.ppm + error * INTEGRAL).clamp(-most, most);
        self.drift.set_ppm(self.ppm + error * PROPORTIONAL);
    }

    fn forget(&mut self, oldest: usize) {
        let oldest = oldest.min(self.length);
        self.waiting.copy_within(oldest..self.length, 0);
        self.length = self.length.saturating_sub(oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone crosses from a clock that is this much faster for ten minutes; what came out of the last nine.
    fn cross(ppm: f64) -> (Vec<f64>, usize) {
        let mut crossing = Crossing::new();
        let step = core::f64::consts::TAU * 1_004.0 / 8_000.0;
        let (mut phase, mut due) = (0.0_f64, 0.0);
        let (mut heard, mut lost) = (Vec::new(), 0);
        for tick in 0..60_000 {
            due += 1.0 + ppm / 1e6;
            while due >= 1.0 {
                due -= 1.0;
                let mut block = [0; TICK_SAMPLES];
                for sample in &mut block {
                    phase = (phase + step) % core::f64::consts::TAU;
                    *sample = (10_000.0 * phase.sin()) as i16;
                }
                let dropped = crossing.put(&block);
                lost += if tick > 100 { dropped } else { 0 };
            }
            let mut block = [0; TICK_SAMPLES];
            let missing = crossing.take(&mut block);
            if tick > 6_000 {
                lost += missing;
                heard.extend(block.map(f64::from));
            }
        }
        (heard, lost)
    }

    #[test]
    fn clocks_that_run_apart_cost_nothing() {
        for ppm in [90.0, -90.0, 0.0, 300.0] {
            let (heard, lost) = cross(ppm);
            assert_eq!(lost, 0, "{ppm}");
            // A sine obeys s(n+1) = 2 cos(w) s(n) - s(n-1): a click does not.
            let step = core::f64::consts::TAU * 1_004.0 * (1.0 + ppm / 1e6) / 8_000.0;
            let click = heard
                .array_windows()
                .map(|&[a, b, c]| (c - 2.0 * step.cos() * b + a).abs())
                .fold(0.0, f64::max);
            assert!(click < 30.0, "{ppm}: {click}");
        }
    }

    #[test]
    fn who_stands_still_is_counted_and_caught_up_with() {
        let mut crossing = Crossing::new();
        let mut block = [7; TICK_SAMPLES];
        let dropped: usize = (0..50).map(|_| crossing.put(&[7; TICK_SAMPLES])).sum();
        assert!((3_400..4_000).contains(&dropped), "{dropped}");
        let taken: usize = (0..50)
            .map(|_| TICK_SAMPLES - crossing.take(&mut block))
            .sum();
        assert!((3_990..=4_000).contains(&(dropped + taken)), "{taken}");
        assert_eq!(crossing.take(&mut block), TICK_SAMPLES);
        // It begins again with a cushion, not with the first block.
        crossing.put(&[7; TICK_SAMPLES]);
        assert_eq!(crossing.take(&mut block), TICK_SAMPLES);
        crossing.put(&[7; TICK_SAMPLES]);
        assert_eq!(crossing.take(&mut block), 0);
    }
}

//! How fast the card's clock runs against the box's.

/// Blocks that wait in a ring on average: the box's ticks and the card's periods beat against each
/// other.
const TARGET: f64 = 1.5;
/// Smoothing of the filling, in blocks: 1.3 s.
const SMOOTH: f64 = 1.0 / 128.0;
/// Samples a block by which an error of one block is corrected: in 16 s.
const PROPORTIONAL: f64 = 0.05;
/// Critically damped with the above: p² / (4 · 80 samples).
const INTEGRAL: f64 = PROPORTIONAL * PROPORTIONAL / 320.0;
/// No quartz is worse: 1000 ppm, in samples a block.
const RATE_MAX: f64 = 0.08;
const SAMPLES: f64 = hal_port::FRAME as f64;

/// The one measure of the drift, and what follows from it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Drift {
    smoothed: Option<f64>,
    /// Samples that the card makes more than the box uses, a block.
    rate: f64,
    /// What of it was not given out as whole samples yet.
    rest: f64,
}

impl Drift {
    /// One block was exchanged and `waiting` are in the ring towards the box; `None` = nobody takes
    /// them. The answer: samples of the card that make the next block of 80, 79 to 81.
    pub fn next_block(&mut self, waiting: Option<usize>) -> usize {
        let Some(waiting) = waiting else {
            self.smoothed = None;
            self.rest = 0.0;
            return hal_port::FRAME;
        };
        let waiting = waiting as f64;
        let smoothed = self.smoothed.get_or_insert(TARGET);
        *smoothed += (waiting - *smoothed) * SMOOTH;
        let error = *smoothed - TARGET;
        self.rate = (self.rate + error * INTEGRAL).clamp(-RATE_MAX, RATE_MAX);
        self.rest += (self.rate + error * PROPORTIONAL).clamp(-RATE_MAX, RATE_MAX);
        if self.rest >= 1.0 {
            self.rest -= 1.0;
            hal_port::FRAME + 1
        } else if self.rest <= -1.0 {
            self.rest += 1.0;
            hal_port::FRAME - 1
        } else {
            hal_port::FRAME
        }
    }

    /// What is measured, in parts in a million: positive = the card is the faster one. Settles within
    /// a minute.
    #[must_use]
    pub fn ppm(&self) -> f64 {
        self.rate / SAMPLES * 1e6
    }
}

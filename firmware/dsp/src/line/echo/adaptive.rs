//! The adaptive filter with its shadow: one filter takes the echo out, another one learns.
//!
//! The shadow learns all the time (normalised LMS, proportionate to what each tap has, on whitened sound) and may
//! be led astray by somebody who speaks, most of all by a tone beside a tone, which it follows as if it were an
//! echo. So what it knows is put to the test first: a copy of it, which learns no more, has to do better than
//! the filter in use on the sound of the next 40 ms. An echo stays the same for so long, a voice does not.
//! A copy that passes is used, unless it makes some tone stronger than it was played, which no wire does; one that
//! fails by far puts the shadow right, and each one that fails makes it learn more slowly, so that it learns even
//! while both ends always speak. A filter that adds more sound than it takes away is emptied.

use core::{array::from_fn, f32::consts::PI};

use model::limits::ECHO_TAIL_SAMPLES;

use crate::TICK_SAMPLES;
use crate::level::power_of;
use crate::simd::vectorised;

use super::whitening::{ORDER, predictor, whiten};
use crate::line::kernel::{adapt, product, weighted_energy};

/// Steps of the shadow: the greatest, and the least while somebody speaks all the time.
const STEP: f32 = 0.8;
const STEP_MIN: f32 = 0.02;
/// What a test that was failed, or passed well, makes of the step.
const SLOWER: f32 = 0.7;
const FASTER: f32 = 1.5;
/// Below this the far end is silent and nothing is learned: −48 dBm0.
const FAR_DBM0: i16 = -48;
/// Samples over which the prediction is made: 30 ms.
const PREDICTED: usize = 3 * TICK_SAMPLES;
/// An echo is at least 6 dB weaker than its sound (Geigel): ratio of peaks.
const GEIGEL: f32 = 0.55;
/// What comes back of white noise is weaker than that, too, as a ratio of powers: 3 dB.
const WEIGHT_MAX: f32 = 0.5;
/// No wire sends back more than it was sent, whatever the frequency: ratio of powers.
const GAIN_MAX: f32 = 1.0;
/// Frequencies that this is looked at, from 0 to 4 kHz: 31 Hz apart, as fine as a tail of 32 ms tells them apart.
const FREQUENCIES: usize = 128;
/// What matters of an echo: 15 dB below its strongest frequency and more. Where next to nothing was played a filter
/// is what chance made of it.
const MATTERS: f32 = 0.03;
/// Blocks after somebody spoke during which what is left is no mere echo: 60 ms.
const HANGOVER: u8 = 6;
/// Blocks of a test: 40 ms.
const TEST_BLOCKS: u8 = 4;
/// A copy passes when it leaves so much less, as a ratio of powers …
const BETTER: f32 = 0.87;
/// … passes well …
const MUCH_BETTER: f32 = 0.5;
/// … fails …
const WORSE: f32 = 1.2;
/// … and fails by far.
const ASTRAY: f32 = 2.0;
/// The filter in use adds sound: what is left against what came, and tests in a row.
const HARM: f32 = 1.1;
const HARM_TESTS: u8 = 3;

/// Powers of one block, mean squares.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Powers {
    /// What was played, the strongest block within the tail.
    pub far: f32,
    /// What was played in this block.
    pub played: f32,
    /// What came.
    pub near: f32,
    /// What was left by the filter in use.
    pub rest: f32,
    /// The echo as the filter in use makes it.
    pub echo: f32,
}

/// The pair of filters.
#[derive(Clone, Debug)]
pub(super) struct Adaptive {
    taps: usize,
    /// What was played: `ORDER` samples, the tail, the block.
    far: Vec<f32>,
    white: Vec<f32>,
    used: Vec<f32>,
    shadow: Vec<f32>,
    weights: Vec<f32>,
    /// The copy of the shadow that is being tested.
    copy: Vec<f32>,
    test: Test,
    /// How fast the shadow learns.
    step: f32,
    /// What came: `ORDER` samples and the block.
    near: [f32; ORDER + TICK_SAMPLES],
    /// Peaks of the blocks of the tail.
    peaks: [f32; PEAKS],
    speaking: u8,
    /// Tests in a row in which the filter in use did harm.
    harmful: u8,
}

/// Sums of a test: mean squares of its blocks.
#[derive(Clone, Copy, Debug, Default)]
struct Test {
    blocks: u8,
    /// What the copy leaves.
    copy: f32,
    /// What the filter in use leaves.
    used: f32,
    /// What came.
    near: f32,
    /// What was played.
    far: f32,
}

/// Blocks of the longest tail, and the one under way.
const PEAKS: usize = 14;

impl Adaptive {
    /// Filters of so many taps, a multiple of 16, with room for as many as a tail may have.
    pub(super) fn new(taps: usize) -> Self {
        let room = || {
            let longest = ECHO_TAIL_SAMPLES.saturating_add(TICK_SAMPLES);
            Vec::with_capacity(longest.saturating_add(ORDER))
        };
        let mut filters = Self {
            taps: 0,
            far: room(),
            white: room(),
            used: room(),
            shadow: room(),
            weights: room(),
            copy: room(),
            test: Test::default(),
            step: STEP,
            near: [0.0; ORDER + TICK_SAMPLES],
            peaks: [0.0; PEAKS],
            speaking: 0,
            harmful: 0,
        };
        filters.resize(taps);
        filters
    }

    /// Begins anew with so many taps. Allocates nothing.
    pub(super) fn resize(&mut self, taps: usize) {
        let taps = taps.min(ECHO_TAIL_SAMPLES);
        let history = taps.saturating_add(TICK_SAMPLES);
        self.taps = taps;
        for (values, len) in [
            (&mut self.far, history.saturating_add(ORDER)),
            (&mut self.white, history),
            (&mut self.used, taps),
            (&mut self.shadow, taps),
            (&mut self.weights, taps),
            (&mut self.copy, taps),
        ] {
            values.clear();
            values.resize(len, 0.0);
        }
        self.near = [0.0; ORDER + TICK_SAMPLES];
        self.peaks = [0.0; PEAKS];
        (self.speaking, self.harmful) = (0, 0);
        (self.test, self.step) = (Test::default(), STEP);
    }

    /// Whether somebody speaks over the echo, or did a moment ago.
    pub(super) const fn is_spoken_over(&self) -> bool {
        self.speaking > 0
    }

    /// Remembers what was played without learning or taking anything out.
    pub(super) fn listen(&mut self, played: &[f32; TICK_SAMPLES]) {
        self.take_in(played);
    }

    /// Takes the echo of what was played out of what came.
    pub(super) fn run(
        &mut self,
        played: &[f32; TICK_SAMPLES],
        came: &[f32; TICK_SAMPLES],
        out: &mut [f32; TICK_SAMPLES],
    ) -> Powers {
        self.take_in(played);
        self.near.copy_within(TICK_SAMPLES.., 0);
        if let Some(place) = self.near.get_mut(ORDER..) {
            place.copy_from_slice(came);
        }
        let loudest = self.peaks.iter().copied().fold(0.0, f32::max);
        let peak = came.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
        if peak > loudest * GEIGEL && peak > 60.0 {
            self.speaking = HANGOVER;
        } else {
            self.speaking = self.speaking.saturating_sub(1);
        }
        let from = self.far.len().saturating_sub(PREDICTED);
        let recent = self.far.get(from..).unwrap_or(&[]);
        let active = energy(recent) > power_of(FAR_DBM0) * PREDICTED as f32;
        let mut copy = 0.0;
        if active {
            copy = vectorised(|| self.rest_of_copy(came));
            let a = predictor(recent);
            whiten(&a, &self.far, &mut self.white);
            self.weigh();
            let mut whitened = [0.0; TICK_SAMPLES];
            whiten(&a, &self.near, &mut whitened);
            vectorised(|| self.learn(&whitened));
        }
        vectorised(|| self.cancel(came, out));
        let echo: f32 = came
            .iter()
            .zip(out.iter())
            .map(|(d, e)| (d - e) * (d - e))
            .sum();
        let samples = TICK_SAMPLES as f32;
        let powers = Powers {
            far: loudest * loudest / 2.0,
            played: energy(played) / samples,
            near: energy(came) / samples,
            rest: energy(out) / samples,
            echo: echo / samples,
        };
        if active {
            self.examine(copy, &powers);
        } else {
            // A test is one piece of sound: who spoke before this pause may be silent after it, and the last block
            // before it alone proves no echo.
            self.test = Test::default();
        }
        powers
    }

    fn take_in(&mut self, played: &[f32; TICK_SAMPLES]) {
        self.far.copy_within(TICK_SAMPLES.., 0);
        let from = self.far.len().saturating_sub(TICK_SAMPLES);
        if let Some(place) = self.far.get_mut(from..) {
            place.copy_from_slice(played);
        }
        self.peaks.rotate_left(1);
        if let Some(newest) = self.peaks.last_mut() {
            *newest = played.iter().fold(0.0, |peak, s| peak.max(s.abs()));
        }
    }

    /// Taps that have something learn faster (IPNLMS, Benesty and Gay 2002): the mean weight is 1.
    fn weigh(&mut self) {
        let sum: f32 = self.shadow.iter().map(|tap| tap.abs()).sum();
        let scale = 0.5 * self.taps as f32 / (sum + 1e-6);
        for (weight, tap) in self.weights.iter_mut().zip(&self.shadow) {
            *weight = 0.5 + scale * tap.abs();
        }
    }

    #[inline(always)]
    fn learn(&mut self, whitened: &[f32; TICK_SAMPLES]) {
        // As strong as a sound of −55 dBm0 would be, whitened.
        let floor = 60.0 * 60.0 * self.taps as f32 * 0.05;
        for (n, &sample) in whitened.iter().enumerate() {
            let at = n.wrapping_add(1);
            let end = at.wrapping_add(self.taps);
            let Some(window) = self.white.get(at..end) else {
                return;
            };
            let norm = weighted_energy(&self.weights, window) + floor;
            let error = sample - product(&self.shadow, window);
            let step = self.step * error / norm;
            adapt(&mut self.shadow, &self.weights, window, step);
        }
    }

    #[inline(always)]
    fn cancel(&self, came: &[f32; TICK_SAMPLES], out: &mut [f32; TICK_SAMPLES]) {
        for (n, (slot, &sample)) in out.iter_mut().zip(came).enumerate() {
            let at = n.wrapping_add(ORDER).wrapping_add(1);
            let window = self.far.get(at..at.wrapping_add(self.taps));
            *slot = sample - product(&self.used, window.unwrap_or(&[]));
        }
    }

    /// The mean square that the copy would leave, by every other sample.
    #[inline(always)]
    fn rest_of_copy(&self, came: &[f32; TICK_SAMPLES]) -> f32 {
        let mut rest = 0.0;
        for (n, &sample) in came.iter().enumerate().step_by(2) {
            let at = n.wrapping_add(ORDER).wrapping_add(1);
            let window = self.far.get(at..at.wrapping_add(self.taps));
            let error = sample - product(&self.copy, window.unwrap_or(&[]));
            rest += error * error;
        }
        rest / (TICK_SAMPLES / 2) as f32
    }

    /// Another block of the test; after the last, what follows from it.
    fn examine(&mut self, copy: f32, powers: &Powers) {
        let test = &mut self.test;
        // A rest of less than −66 dBm0 is nothing to quarrel about.
        test.copy += copy + 64.0;
        test.used += powers.rest + 64.0;
        test.near += powers.near + 64.0;
        test.far += powers.far;
        test.blocks = test.blocks.saturating_add(1);
        if test.blocks < TEST_BLOCKS {
            return;
        }
        let Test {
            copy,
            used,
            near,
            far,
            ..
        } = core::mem::take(test);
        // Who hears his own tone from afar is no echo; nor is a tone that is also, very weakly, in what was
        // played: no wire makes it stronger.
        let weight = energy(&self.copy);
        let possible = near - copy < far * GEIGEL * GEIGEL && weight < WEIGHT_MAX;
        let better = copy < used * BETTER && copy < near && possible;
        if better && !vectorised(|| amplifies(&self.copy, &self.far)) {
            self.used.copy_from_slice(&self.copy);
            self.harmful = 0;
        } else if used > near * HARM {
            self.harmful = self.harmful.saturating_add(1);
            if self.harmful >= HARM_TESTS {
                self.used.fill(0.0);
                self.harmful = 0;
            }
        } else {
            self.harmful = 0;
        }
        if copy < used * MUCH_BETTER {
            self.step = (self.step * FASTER).min(STEP);
        } else if copy > used * WORSE {
            self.step = (self.step * SLOWER).max(STEP_MIN);
        }
        if copy > used * ASTRAY || weight >= WEIGHT_MAX {
            self.shadow.copy_from_slice(&self.used);
        }
        self.copy.copy_from_slice(&self.shadow);
    }

    /// Whether any tap is no number: never, but a canceller that hisses for ever is worse than one
    /// that begins anew.
    pub(super) fn mend(&mut self) {
        if !energy(&self.used).is_finite() || !energy(&self.shadow).is_finite() {
            self.used.fill(0.0);
            self.shadow.fill(0.0);
            self.copy.fill(0.0);
        }
    }
}

/// Whether a filter makes a tone of what was played stronger than it was played, and this tone matters for the echo
/// that it makes.
#[inline(always)]
fn amplifies(taps: &[f32], played: &[f32]) -> bool {
    let gains = spectrum(taps);
    let mut echoes = spectrum(played);
    for (echo, gain) in echoes.iter_mut().zip(&gains) {
        *echo *= gain;
    }
    let strongest = echoes.iter().copied().fold(0.0, f32::max);
    let mut both = gains.iter().zip(&echoes);
    both.any(|(&gain, &echo)| gain > GAIN_MAX && echo > strongest * MATTERS)
}

/// The power at each frequency (Goertzel's recursion, some at a time: in this form the compiler makes it a handful
/// of vector instructions a sample).
#[expect(
    clippy::indexing_slicing,
    reason = "arrays of one length, indexed below it: nothing is checked"
)]
#[inline(always)]
fn spectrum(sound: &[f32]) -> [f32; FREQUENCIES] {
    const AT_ONCE: usize = 16;
    let mut powers = [0.0; FREQUENCIES];
    for (group, powers) in (0_u8..).zip(powers.as_chunks_mut::<AT_ONCE>().0) {
        let turn: [f32; AT_ONCE] = from_fn(|n| {
            let at = f32::from(group) * AT_ONCE as f32 + n as f32;
            2.0 * (PI * at / FREQUENCIES as f32).cos()
        });
        let (mut last, mut before) = ([0.0_f32; AT_ONCE], [0.0_f32; AT_ONCE]);
        for sample in sound {
            let next = from_fn(|n| sample + turn[n] * last[n] - before[n]);
            (before, last) = (last, next);
        }
        *powers =
            from_fn(|n| last[n] * last[n] + before[n] * before[n] - turn[n] * last[n] * before[n]);
    }
    powers
}

fn energy(samples: &[f32]) -> f32 {
    samples.iter().map(|s| s * s).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10 ms of 1 kHz at −13 dBm0; as many whole turns, so that the next 10 ms are the same.
    fn tone(gain: f32) -> [f32; TICK_SAMPLES] {
        from_fn(|n| gain * 5_000.0 * (PI * n as f32 / 4.0).sin())
    }

    /// Somebody who has stopped meanwhile fits for 10 ms to what a false filter makes of the end of a tone; and its
    /// echo is so late that it does no harm yet in the first 30 ms after the pause.
    #[test]
    fn a_test_does_not_go_on_after_a_pause() {
        const LATE: usize = 3 * TICK_SAMPLES;
        let silence = [0.0; TICK_SAMPLES];
        let mut filters = Adaptive::new(ECHO_TAIL_SAMPLES);
        let mut out = silence;
        for played in [tone(1.0), tone(1.0), tone(1.0), silence] {
            filters.run(&played, &silence, &mut out);
        }
        assert_eq!(filters.test.blocks, 0, "a test begins");
        // Taps count from the oldest sample.
        let taps = filters.taps;
        for filter in [&mut filters.copy, &mut filters.shadow] {
            filter[taps - 1 - LATE] = 0.3;
        }
        filters.run(&silence, &tone(0.3), &mut out);
        assert_eq!(
            filters.test.blocks, 1,
            "its first block is the last that tells something"
        );
        for _ in 0..16 {
            filters.run(&silence, &silence, &mut out);
        }
        for block in 0..8 {
            filters.run(&tone(1.0), &silence, &mut out);
            assert!(energy(&out) < 1.0, "{block}: {}", energy(&out));
        }
    }
}

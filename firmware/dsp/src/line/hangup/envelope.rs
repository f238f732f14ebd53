//! Sound below 700 Hz, where the tones of exchanges lie, cut into stretches of sound and of silence.

use core::f32::consts::{PI, TAU};

use crate::goertzel::Goertzel;
use crate::level::power_of;
use crate::line::kernel::short_product;
use crate::simd::vectorised;

/// Samples of 8 kHz for one of 2 kHz.
const FACTOR: usize = 4;
const TAPS: usize = 40;
const _: () = assert!(TAPS.is_multiple_of(8) && (UNIT * FACTOR).is_multiple_of(8));
/// Samples of 2 kHz in a unit of 5 ms, by which edges are found.
const UNIT: usize = 10;
/// How long a unit is, in ms.
pub(super) const UNIT_MS: u32 = 5;
/// Samples of a spectrum: 40 ms of 2 kHz, so that its lines lie 25 Hz apart.
const WINDOW: usize = 80;
/// Distance of lines in Hz.
pub(super) const LINE_HZ: f32 = 25.0;
/// The first line: 300 Hz.
pub(super) const FIRST_LINE: usize = 12;
/// Lines from 300 to 700 Hz.
pub(super) const LINES: usize = 17;
/// Weakest sound that begins a stretch: −43 dBm0.
const WEAKEST_DBM0: i16 = -43;
/// Sound is over when it is this much weaker than at its strongest: 10 dB …
const FALL: f32 = 0.1;
/// … for so many units: 40 ms, for the beat of two tones has gaps too.
const HOLD_UNITS: u32 = 8;
/// Shorter sound is a click, in units: 25 ms.
const CLICK_UNITS: u32 = 5;
/// Sound begins when it is not weaker than the last by more than 13 dB, less 12 dB each second.
const RISE: f32 = 0.05;
const FADE: f32 = 0.986_3;
/// And when it is stronger than the noise of the silence by 8 dB, whose mean follows in 100 ms.
const NOISE_RISE: f32 = 6.0;
const NOISE_PACE: f32 = 0.05;
/// Units of a stretch from which on its spectrum is looked at less often: 200 ms.
const EARLY_UNITS: u32 = 40;

/// A stretch of sound as it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sound {
    /// Power in each line, summed over all windows.
    pub lines: [f32; LINES],
    /// The whole of what the windows had.
    windowed: f32,
    windows: u16,
    /// Energy below 1 kHz and of everything, per unit sums.
    low: f32,
    full: f32,
    /// Units that were summed.
    units: u32,
    /// Greatest and least energy of 50 ms.
    strongest: f32,
    weakest: f32,
    /// The 50 ms under way.
    part: f32,
    parts: u8,
    /// How the energy of units goes up or down.
    trend: Trend,
}

impl Default for Sound {
    fn default() -> Self {
        Self {
            lines: [0.0; LINES],
            windowed: 0.0,
            windows: 0,
            low: 0.0,
            full: 0.0,
            units: 0,
            strongest: 0.0,
            weakest: f32::MAX,
            part: 0.0,
            parts: 0,
            trend: Trend::default(),
        }
    }
}

impl Sound {
    /// Part of all energy that lies between 300 and 700 Hz.
    pub(super) fn purity(&self) -> f32 {
        if self.windows == 0 || self.full <= 0.0 {
            return 0.0;
        }
        let lines: f32 = self.lines.iter().sum();
        lines / self.windowed * (self.low / self.full).min(1.0)
    }

    /// Mean square.
    pub(super) fn power(&self) -> f32 {
        self.full / (self.units.max(1) as f32 * (UNIT * FACTOR) as f32)
    }

    /// What came after `earlier` of the same stretch.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let mut later = *self;
        for (line, before) in later.lines.iter_mut().zip(earlier.lines) {
            *line -= before;
        }
        later.windowed -= earlier.windowed;
        later.windows = later.windows.saturating_sub(earlier.windows);
        later.low -= earlier.low;
        later.full -= earlier.full;
        later.units = later.units.saturating_sub(earlier.units);
        later
    }

    /// Windows that were looked at.
    pub(super) const fn windows(&self) -> u16 {
        self.windows
    }

    /// How much stronger the strongest 50 ms are than the weakest, as a ratio of powers.
    pub(super) fn swing(&self) -> f32 {
        if self.strongest <= 0.0 || self.weakest >= f32::MAX {
            1.0
        } else {
            self.strongest / self.weakest.max(1.0)
        }
    }

    /// How fast it fades, as the part of its power that is lost in a second; 0 = it is even, or too short to tell.
    pub(super) fn fade(&self) -> f32 {
        self.trend.fade()
    }

    fn unit(&mut self, low: f32, full: f32) {
        self.trend.feed(low);
        self.low += low;
        self.full += full;
        self.units = self.units.saturating_add(1);
        self.part += low;
        self.parts = self.parts.saturating_add(1);
        if self.parts == 10 {
            // The first part has the rise in it.
            if self.units > 10 {
                self.strongest = self.strongest.max(self.part);
                self.weakest = self.weakest.min(self.part);
            }
            (self.part, self.parts) = (0.0, 0);
        }
    }
}

/// Units at either end of a stretch that do not count for its trend: what rises and falls there is its edge.
const EDGE_UNITS: u32 = 4;
/// Units from which on a trend is told.
const TREND_UNITS: f32 = 12.0;
/// Least part of the changes of energy that a trend must explain: beats and noise go up and down.
const EXPLAINED_MIN: f32 = 0.3;

/// The straight line through the energy of units, by least squares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Trend {
    /// The newest units, which may be the edge.
    waiting: [f32; EDGE_UNITS as usize],
    fed: u32,
    /// Units that count, and their sums: energy, its square, and place times energy.
    count: f32,
    energy: f32,
    square: f32,
    moment: f32,
}

impl Trend {
    fn feed(&mut self, energy: f32) {
        let [oldest, rest @ ..] = self.waiting;
        let [a, b, c] = rest;
        self.waiting = [a, b, c, energy];
        self.fed = self.fed.saturating_add(1);
        if self.fed <= 2 * EDGE_UNITS {
            return;
        }
        self.energy += oldest;
        self.square += oldest * oldest;
        self.moment += oldest * self.count;
        self.count += 1.0;
    }

    fn fade(&self) -> f32 {
        const UNITS_A_SECOND: f32 = 1_000.0 / UNIT_MS as f32;
        if self.count < TREND_UNITS {
            return 0.0;
        }
        let mean = self.energy / self.count;
        let spread = (self.count * self.count - 1.0) / 12.0;
        let together = self.moment / self.count - mean * (self.count - 1.0) / 2.0;
        let slope = together / spread;
        let explained = slope * slope * spread;
        let all = self.square / self.count - mean * mean;
        if explained < all * EXPLAINED_MIN || mean <= 0.0 {
            return 0.0;
        }
        -slope / mean * UNITS_A_SECOND
    }
}

/// What a unit brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Edge {
    /// Sound began after so many ms of silence.
    Began(u32),
    /// Sound goes on for so many ms.
    Lasts(u32),
    /// Sound of so many ms is over, 40 ms ago.
    Ended(u32),
    /// What had begun was a click: the silence goes on.
    Click,
    /// Silence goes on for so many ms.
    Silent(u32),
}

/// The cutter.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    taps: [f32; TAPS],
    /// The last samples of 8 kHz: the past, then a unit.
    input: [f32; TAPS + UNIT * FACTOR],
    /// The last samples of 2 kHz.
    window: [f32; WINDOW],
    shape: [f32; WINDOW],
    bank: Goertzel<LINES>,
    fresh: usize,
    on: bool,
    units: u32,
    /// Units of silence before the sound that may be a click.
    before: u32,
    below: u32,
    reference: f32,
    noise: f32,
    /// The same of all frequencies.
    rest: f32,
    /// The stretch under way, or the last one.
    pub(super) sound: Sound,
}

impl Envelope {
    pub(super) fn new() -> Self {
        let mut taps = [0.0_f32; TAPS];
        let middle = (TAPS - 1) as f32 / 2.0;
        for (n, tap) in taps.iter_mut().enumerate() {
            let x = n as f32 - middle;
            let pass = 0.25;
            let hamming = 0.54 + 0.46 * (PI * x / (middle + 0.5)).cos();
            *tap = (PI * pass * x).sin() / (PI * x) * hamming;
        }
        let sum: f32 = taps.iter().sum();
        let mut shape = [0.0; WINDOW];
        for (n, weight) in shape.iter_mut().enumerate() {
            *weight = 0.5 - 0.5 * (TAU * (n as f32 + 0.5) / WINDOW as f32).cos();
        }
        let mut hz = [0.0; LINES];
        for (n, hz) in hz.iter_mut().enumerate() {
            // The bank counts in samples of 8 kHz.
            *hz = (FIRST_LINE.wrapping_add(n)) as f32 * LINE_HZ * FACTOR as f32;
        }
        Self {
            taps: taps.map(|tap| tap / sum),
            input: [0.0; TAPS + UNIT * FACTOR],
            window: [0.0; WINDOW],
            shape,
            bank: Goertzel::new(hz),
            fresh: 0,
            on: false,
            units: 0,
            before: 0,
            below: 0,
            reference: 0.0,
            noise: 0.0,
            rest: 0.0,
            sound: Sound::default(),
        }
    }

    /// Mean square of the silence before.
    pub(super) fn silence(&self) -> f32 {
        self.rest / (UNIT * FACTOR) as f32
    }

    /// Whether there is sound now, and for how many ms.
    pub(super) fn lasting(&self) -> Option<u32> {
        self.on.then_some(self.units.saturating_mul(UNIT_MS))
    }

    /// Takes a sample; a unit is full every 40.
    pub(super) fn feed(&mut self, sample: f32) -> Option<Edge> {
        if let Some(slot) = self.input.get_mut(TAPS.saturating_add(self.fresh)) {
            *slot = sample;
        }
        self.fresh = self.fresh.saturating_add(1);
        if self.fresh < UNIT * FACTOR {
            return None;
        }
        self.fresh = 0;
        let (low, full) = vectorised(|| self.decimate());
        self.input.copy_within((UNIT * FACTOR).., 0);
        Some(self.unit(low * FACTOR as f32, full))
    }

    /// Makes the unit's samples of 2 kHz; the energy of these, and of those of 8 kHz.
    #[inline(always)]
    fn decimate(&mut self) -> (f32, f32) {
        let newest = self.input.get(TAPS..).unwrap_or(&[]);
        let full = short_product(newest, newest);
        self.window.copy_within(UNIT.., 0);
        let windows = self.input.windows(TAPS).skip(FACTOR).step_by(FACTOR);
        let places = self.window.iter_mut().skip(WINDOW - UNIT);
        let mut low = 0.0;
        for (slot, window) in places.zip(windows) {
            *slot = short_product(&self.taps, window);
            low += *slot * *slot;
        }
        (low, full)
    }

    fn unit(&mut self, low: f32, full: f32) -> Edge {
        const WEAKEST: f32 = power_of(WEAKEST_DBM0) * (UNIT * FACTOR) as f32;
        let lasted = self.units.saturating_mul(UNIT_MS);
        if !self.on {
            self.reference *= FADE;
            let rise = WEAKEST.max(self.reference * RISE);
            if low > rise.max(self.noise * NOISE_RISE) {
                self.on = true;
                self.before = core::mem::replace(&mut self.units, 1);
                (self.below, self.reference) = (0, low);
                self.sound = Sound::default();
                return Edge::Began(lasted);
            }
            self.noise += (low - self.noise) * NOISE_PACE;
            self.rest += (full - self.rest) * NOISE_PACE;
            self.units = self.units.saturating_add(1);
            return Edge::Silent(lasted.saturating_add(UNIT_MS));
        }
        self.units = self.units.saturating_add(1);
        self.reference = self.reference.max(low);
        if low < self.reference * FALL || low < WEAKEST / 4.0 {
            self.below = self.below.saturating_add(1);
            if self.below >= HOLD_UNITS {
                return self.end();
            }
        } else {
            self.below = 0;
            self.sound.unit(low, full);
            if self.units >= HOLD_UNITS && self.is_time_to_look() {
                self.look();
            }
        }
        Edge::Lasts(self.units.saturating_mul(UNIT_MS))
    }

    fn end(&mut self) -> Edge {
        self.on = false;
        let sounded = self.units.saturating_sub(HOLD_UNITS);
        if sounded < CLICK_UNITS {
            self.units = self.before.saturating_add(self.units);
            return Edge::Click;
        }
        self.units = HOLD_UNITS;
        Edge::Ended(sounded.saturating_mul(UNIT_MS))
    }

    const fn is_time_to_look(&self) -> bool {
        if self.units < EARLY_UNITS {
            self.units.is_multiple_of(2)
        } else {
            // Not in step with the 40 ms of a beat of 25 Hz.
            self.units.is_multiple_of(7)
        }
    }

    fn look(&mut self) {
        let mut shaped = [0.0; WINDOW];
        let mut energy = 0.0;
        for ((slot, &sample), &weight) in shaped.iter_mut().zip(&self.window).zip(&self.shape) {
            *slot = sample * weight;
            energy += *slot * *slot;
        }
        let bins = vectorised(|| self.bank.measure(&shaped));
        // All lines of the window together, those above the middle too, hold energy · WINDOW.
        self.sound.windowed += energy * WINDOW as f32 / 2.0;
        self.sound.windows = self.sound.windows.saturating_add(1);
        for (sum, bin) in self.sound.lines.iter_mut().zip(bins) {
            *sum += bin.power();
        }
    }
}

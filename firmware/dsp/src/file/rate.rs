//! Any sampling rate to 16 kHz, in as many pieces as it comes.

use crate::resample::response;

/// Samples a second of what comes out.
pub(super) const OUT_HZ: u32 = 16_000;
/// Half amplitude at 7.5 kHz: flat to 7 kHz, 60 dB down at 8.
const CUT: f64 = 7_500.0 / 16_000.0;
/// Output samples that the filter reaches to either side.
const REACH: f64 = 32.0;
/// Stored phases between one input sample and the next; straight lines between them.
const PHASES: usize = 256;

pub(super) struct Converter {
    /// Input samples to an output sample.
    step: f64,
    /// Input samples that the filter reaches to either side.
    half: usize,
    /// [`PHASES`] + 1 rows of twice that.
    rows: Vec<Vec<f32>>,
    line: Vec<f32>,
    /// Where in `line` the next output is.
    next: f64,
    taken: u64,
    out: Vec<f32>,
}

impl Converter {
    pub(super) fn new(hz: u32) -> Self {
        let step = f64::from(hz) / f64::from(OUT_HZ);
        // Upwards there is nothing above the input's own band to be kept out.
        let wider = step.max(1.0);
        let reach = REACH * wider;
        let half = reach.ceil() as usize;
        let cut = CUT / wider;
        let row = |phase: usize| {
            let past = phase as f64 / PHASES as f64;
            let taps = (0..half.saturating_mul(2)).map(|at| {
                let place = at as f64 - (half as f64 - 1.0) - past;
                response(place, cut, reach) as f32
            });
            taps.collect()
        };
        Self {
            step,
            half,
            rows: (0..=PHASES).map(row).collect(),
            line: vec![0.0; half],
            next: half as f64,
            taken: 0,
            out: Vec::new(),
        }
    }

    /// Output samples so far.
    pub(super) fn made(&self) -> usize {
        self.out.len()
    }

    pub(super) fn push(&mut self, samples: impl Iterator<Item = f32>) {
        let before = self.line.len();
        self.line.extend(samples);
        self.taken = self
            .taken
            .saturating_add(self.line.len().saturating_sub(before) as u64);
        self.convert();
    }

    fn convert(&mut self) {
        if self.step == 1.0 {
            // The same rate: as it is, not even filtered.
            self.out.extend(self.line.drain(self.half..));
            return;
        }
        let last = self.line.len().saturating_sub(self.half.saturating_add(1));
        while (self.next as usize) < last {
            let at = self.next as usize;
            self.out.push(self.sample_at(at, self.next - at as f64));
            self.next += self.step;
        }
        let used = (self.next as usize).saturating_sub(self.half);
        let used = used.min(self.line.len());
        self.line.drain(..used);
        self.next -= used as f64;
    }

    fn sample_at(&self, at: usize, part: f64) -> f32 {
        let from = at.saturating_add(1).saturating_sub(self.half);
        let window = self.line.get(from..).unwrap_or(&[]);
        let place = part * PHASES as f64;
        let phase = place as usize;
        let Some([low, high]) = self.rows.get(phase..).and_then(|rows| rows.first_chunk()) else {
            return 0.0;
        };
        let (low, high) = (product(window, low), product(window, high));
        low + (high - low) * (place - phase as f64) as f32
    }

    /// What is still on its way, and all of it.
    pub(super) fn finish(mut self) -> Vec<f32> {
        let wanted = (self.taken as f64 / self.step).round() as usize;
        self.line
            .extend(core::iter::repeat_n(0.0, self.half.saturating_mul(2)));
        self.convert();
        self.out.truncate(wanted);
        self.out
    }
}

/// The inner product over the shorter of the two, in eight sums side by side.
fn product(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (a_whole, a_rest) = a
        .get(..a.len().min(b.len()))
        .unwrap_or(&[])
        .as_chunks::<8>();
    let (b_whole, b_rest) = b
        .get(..a.len().min(b.len()))
        .unwrap_or(&[])
        .as_chunks::<8>();
    for (a, b) in a_whole.iter().zip(b_whole) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

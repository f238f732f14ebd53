//! Packet loss concealment of the class of ITU-T G.711 Appendix I, without its added delay:
//! the last pitch period goes on sounding, fades from 10 ms on, and is silent after 60 ms.

use crate::RATE_HZ;

/// Shortest and longest pitch period in samples of 8 kHz: 200 Hz to 66 Hz (Appendix I §I.2.2). All
/// lengths here are in such samples, and twice as many at 16 kHz.
const PITCH: core::ops::RangeInclusive<usize> = 40..=120;
/// Samples compared to find the pitch: 20 ms.
const WINDOW: usize = 160;
/// Three longest periods and a quarter of one for joining them.
const HISTORY: usize = 390;
/// Samples at full strength, 10 ms.
const FULL: usize = 80;
/// Samples after which only silence is left, 60 ms.
const SILENT: usize = 480;
/// Longest blend back into real sound, 10 ms.
const BLEND_MAX: usize = 80;
/// The most samples for one of 8 kHz.
const SCALE_MAX: usize = 2;

/// Hides gaps in one direction of one leg. Give it every sample in playing order, by
/// [`Conceal::good`] or [`Conceal::lost`].
#[derive(Clone, Debug)]
pub struct Conceal {
    /// Samples for one of 8 kHz: 1 or 2.
    scale: usize,
    /// What was heard last, newest at the end.
    history: Box<[i16]>,
    /// `history` as it was when the current gap began.
    frozen: Box<[i16]>,
    /// Pitch period of `frozen`.
    pitch: usize,
    /// Samples made up in the current gap, 0 = no gap.
    made: usize,
    /// Samples of the blend back done, and its length; no blend when equal.
    blended: usize,
    blend: usize,
    total: u64,
}

impl Conceal {
    /// A concealment of sound of `rate_hz`, 8,000 or 16,000, that has heard nothing yet. Allocates,
    /// as nothing else here does.
    #[must_use]
    pub fn new(rate_hz: u32) -> Self {
        let scale = if rate_hz > RATE_HZ { SCALE_MAX } else { 1 };
        Self::with_history(scale, HISTORY.saturating_mul(scale))
    }

    /// One that remembers nothing and needs no memory: what it makes up is silence.
    #[must_use]
    pub fn forgetful() -> Self {
        Self::with_history(1, 0)
    }

    fn with_history(scale: usize, length: usize) -> Self {
        Self {
            scale,
            history: vec![0; length].into_boxed_slice(),
            frozen: vec![0; length].into_boxed_slice(),
            pitch: PITCH.end().saturating_mul(scale),
            made: 0,
            blended: 0,
            blend: 0,
            total: 0,
        }
    }

    /// A length in samples of 8 kHz, in ours.
    const fn scaled(&self, length: usize) -> usize {
        length.saturating_mul(self.scale)
    }

    /// Samples that were made up so far.
    #[must_use]
    pub fn concealed(&self) -> u64 {
        self.total
    }

    /// The pitch period of what was heard last, in samples.
    #[must_use]
    pub fn period(&self) -> usize {
        pitch_of(&self.history, self.scale)
    }

    /// Real samples. The first ones after a gap are changed in place to join without a click.
    pub fn good(&mut self, samples: &mut [i16]) {
        if self.made > 0 && self.blend == 0 {
            self.blend = self.blend_len();
            self.blended = 0;
        }
        if self.blend > 0 {
            self.blend_into(samples);
        }
        self.remember(samples);
    }

    /// What comes next does not continue what was heard: it will be joined without a click.
    pub fn join(&mut self) {
        self.frozen.copy_from_slice(&self.history);
        self.pitch = pitch_of(&self.frozen, self.scale);
        self.made = 1;
        self.blend = 0;
    }

    /// Makes up all of `out`.
    pub fn lost(&mut self, out: &mut [i16]) {
        if self.made == 0 || self.blend > 0 {
            self.frozen.copy_from_slice(&self.history);
            self.pitch = pitch_of(&self.frozen, self.scale);
            self.made = 0;
            self.blend = 0;
        }
        for sample in out.iter_mut() {
            *sample = self.synthesise(self.made) as i16; // saturates
            self.made = self.made.saturating_add(1).min(usize::MAX / 2);
        }
        self.total = self.total.saturating_add(out.len() as u64);
        self.remember(out);
    }

    fn blend_into(&mut self, samples: &mut [i16]) {
        for sample in samples {
            if self.blended >= self.blend {
                break;
            }
            let weight = (self.blended as f32 + 1.0) / (self.blend as f32 + 1.0);
            let made = self.synthesise(self.made);
            *sample = (made + (f32::from(*sample) - made) * weight) as i16;
            self.made = self.made.saturating_add(1);
            self.blended = self.blended.saturating_add(1);
        }
        if self.blended >= self.blend {
            self.blend = 0;
            self.made = 0;
        }
    }

    /// A quarter period, and 4 ms more for each further 10 ms of gap (Appendix I §I.2.7).
    fn blend_len(&self) -> usize {
        let full = self.scaled(FULL).max(1);
        let further = self.made.checked_div(full).unwrap_or(0).saturating_sub(1);
        (self.pitch / 4)
            .saturating_add(further.saturating_mul(self.scaled(32)))
            .min(self.scaled(BLEND_MAX))
    }

    /// Sample `n` of the gap: the last one, two, then three periods over and over (so that a long
    /// gap does not hum), joined, fading.
    fn synthesise(&self, n: usize) -> f32 {
        let (full, silent) = (self.scaled(FULL).max(1), self.scaled(SILENT));
        if n >= silent {
            return 0.0;
        }
        let quarter = (self.pitch / 4).max(1);
        let round = n.checked_div(full).unwrap_or(0);
        let periods = round.saturating_add(1).min(3);
        let mut value = self.cycle(periods, n);
        let since = n.checked_rem(full).unwrap_or(0);
        if n < quarter {
            // Nothing announced the gap: what the last sample was off its period wears away.
            let off = self.past(1) - self.past(self.pitch.saturating_add(1));
            let weight = 1.0 - (n as f32 + 1.0) / (quarter as f32 + 1.0);
            value += off * weight;
        } else if since < quarter && (round == 1 || round == 2) {
            let before = self.cycle(periods.saturating_sub(1), n);
            let weight = (since as f32 + 1.0) / (quarter as f32 + 1.0);
            value = before + (value - before) * weight;
        }
        if n > full {
            let left = silent.saturating_sub(n) as f32;
            value *= left / silent.saturating_sub(full) as f32;
        }
        value
    }

    /// Sample `n` of the last `periods` pitch periods repeated for ever; the last quarter period
    /// of each round flows over into the first sample of the next.
    fn cycle(&self, periods: usize, n: usize) -> f32 {
        let length = self.pitch.saturating_mul(periods).max(1);
        let quarter = (self.pitch / 4).max(1);
        let done = n.checked_rem(length).unwrap_or(0);
        let to_end = length.saturating_sub(done);
        let value = self.past(to_end);
        if to_end > quarter {
            return value;
        }
        let before = self.past(to_end.saturating_add(length));
        let weight = (quarter.saturating_sub(to_end) as f32 + 1.0) / (quarter as f32 + 1.0);
        value + (before - value) * weight
    }

    /// The sample `back` before the gap, 1 being the last.
    fn past(&self, back: usize) -> f32 {
        let at = self.frozen.len().saturating_sub(back);
        self.frozen.get(at).map_or(0.0, |&sample| f32::from(sample))
    }

    fn remember(&mut self, samples: &[i16]) {
        let new = samples.len().min(self.history.len());
        let keep = self.history.len().saturating_sub(new);
        self.history.copy_within(new.., 0);
        let from = samples.len().saturating_sub(new);
        let newest = self.history.iter_mut().skip(keep);
        for (slot, &sample) in newest.zip(samples.iter().skip(from)) {
            *slot = sample;
        }
    }
}

/// The lag with the highest normalised correlation of the last 20 ms.
fn pitch_of(samples: &[i16], scale: usize) -> usize {
    let mut history = [0.0; HISTORY * SCALE_MAX];
    for (slot, &sample) in history.iter_mut().zip(samples) {
        *slot = f32::from(sample);
    }
    let history = history.get(..samples.len()).unwrap_or(&[]);
    let window = WINDOW.saturating_mul(scale);
    let start = history.len().saturating_sub(window);
    let recent = history.get(start..).unwrap_or(&[]);
    let (shortest, longest) = PITCH.into_inner();
    let mut best = (longest.saturating_mul(scale), 0.0_f32);
    for lag in shortest.saturating_mul(scale)..=longest.saturating_mul(scale) {
        let from = start.saturating_sub(lag);
        let past = history
            .get(from..from.saturating_add(window))
            .unwrap_or(&[]);
        let score = product(recent, past) / (product(past, past) + 1.0).sqrt();
        if score > best.1 {
            best = (lag, score);
        }
    }
    best.0
}

/// The inner product, in eight sums so that it can be computed side by side.
pub(crate) fn product(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

const _: () = assert!(WINDOW.is_multiple_of(8));

#[cfg(test)]
mod tests;

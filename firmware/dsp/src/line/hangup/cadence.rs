//! Stretches of tone and silence one after the other, and which known cadence they agree with.

use model::limits::SIGNATURE_STEPS;
use model::{KnownTone, LineTone, ToneSignature};

use super::spectrum::Tones;

/// Stretches that are kept: five whole periods of the longest common cadence.
const KEPT: usize = 32;
/// How far a step may be from the cadence: 15 %, and never less than 25 ms for the edges.
const TOLERANCE: f32 = 0.15;
const TOLERANCE_MS: f32 = 25.0;
/// Greatest ratio of the powers of two bursts: 13 dB. The second of an Australian pair is 10 dB weaker.
const LEVEL_RATIO: f32 = 20.0;
/// Steps of an even cadence in ms, on and off alike: 167 to 750 in the world.
const EVEN_MS: core::ops::RangeInclusive<f32> = 140.0..=860.0;
/// On against off of an even cadence.
const EVEN_RATIO: core::ops::RangeInclusive<f32> = 0.7..=1.4;
/// How fast an exchange's tones may fade, as the part of their power that is lost in a second: 4 dB. What is
/// struck or plucked loses more; made by an exchange, they are even.
const FADE_MAX: f32 = 1.0;
/// Below this period an even cadence is congestion, above it busy, in most countries: ms.
const FAST_MS: f32 = 540.0;

/// One stretch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Run {
    /// What sounded; `None` is silence.
    pub tones: Option<Tones>,
    pub ms: u32,
}

/// What the last stretches agree with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    pub tone: LineTone,
    pub learned: Option<u8>,
    pub measured: ToneSignature,
    pub cycles: u8,
    pub heard_ms: u32,
    pub power: f32,
}

/// Cadences of hang-up tones that are not even, of all countries: United Kingdom, Spain, Sweden, Brazil,
/// Turkey.
const UNEVEN: [&[u16]; 5] = [
    &[400, 350, 225, 525],
    &[200, 200, 200, 200, 200, 600],
    &[250, 750],
    &[250, 250, 750, 250],
    &[600, 200],
];
/// Cadences of dial tones: Czech Republic and Slovakia, Italy, Greece, Switzerland, Belgium.
const DIAL: [&[u16]; 5] = [
    &[330, 330, 660, 660],
    &[200, 200, 600, 1_000],
    &[200, 300, 700, 800],
    &[1_100, 1_100],
    &[1_000, 250],
];

/// The stretches, the newest last.
#[derive(Clone, Debug)]
pub(super) struct Cadence {
    runs: [Run; KEPT],
    len: usize,
}

impl Cadence {
    pub(super) const fn new() -> Self {
        Self {
            runs: [Run { tones: None, ms: 0 }; KEPT],
            len: 0,
        }
    }

    /// Something else was heard: what comes begins anew.
    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    /// Another stretch. Tones that are not those before begin anew.
    pub(super) fn push(&mut self, run: Run) {
        if let Some(tones) = run.tones {
            let before = self.runs().iter().rev().find_map(|run| run.tones);
            if before.is_some_and(|before| !alike(before, tones)) {
                self.len = 0;
            }
        } else if self.len == 0 {
            // Silence before the first tone tells nothing.
            return;
        }
        if self.len == KEPT {
            self.runs.rotate_left(2);
            self.len = self.len.saturating_sub(2);
        }
        if let Some(slot) = self.runs.get_mut(self.len) {
            *slot = run;
            self.len = self.len.saturating_add(1);
        }
    }

    /// The stretches, the oldest first.
    pub(super) fn runs(&self) -> &[Run] {
        self.runs.get(..self.len).unwrap_or(&[])
    }

    /// What they agree with: first what the line has taught, then the country's tones, then the common
    /// ones.
    pub(super) fn find(
        &self,
        learned: &[Option<ToneSignature>],
        known: &[Option<KnownTone>],
    ) -> Option<Found> {
        let tones = self.runs().iter().find_map(|run| run.tones)?;
        for (at, signature) in learned.iter().enumerate() {
            let Some(signature) = signature else { continue };
            if let Some(found) = self.follows_signature(signature, tones, LineTone::Busy) {
                let learned = u8::try_from(at).ok();
                return Some(Found { learned, ..found });
            }
        }
        let national = known.iter().flatten().find_map(|known| {
            let found = self.follows_signature(&known.signature, tones, known.tone);
            found.filter(|_| known.tone != LineTone::Ringback)
        });
        national
            .or_else(|| self.common(tones))
            .or_else(|| self.regular(tones))
            .filter(|found| !found.tone.ends_a_call() || !self.fades(found.cycles))
    }

    /// Whether the newest bursts fade, one with the other, as the notes of an instrument do.
    fn fades(&self, bursts: u8) -> bool {
        let newest = self.runs().iter().rev().filter_map(|run| run.tones);
        let (sum, count) = newest
            .take(bursts.into())
            .fold((0.0, 0.0), |(sum, count), tones| {
                (sum + tones.fade, count + 1.0)
            });
        sum > count * FADE_MAX
    }

    fn common(&self, tones: Tones) -> Option<Found> {
        if !tones.can_hang_up() && !tones.can_dial() {
            return None;
        }
        if let Some(found) = self.even(tones) {
            return Some(found);
        }
        let table = |table: &[&[u16]], tone| {
            let mut steps = table.iter();
            steps.find_map(|steps| self.follows(steps, tones, tone))
        };
        table(&UNEVEN, LineTone::Congestion).or_else(|| table(&DIAL, LineTone::Dial))
    }

    /// On and off alike, again and again.
    fn even(&self, tones: Tones) -> Option<Found> {
        let [on, off] = self.last_pair()?;
        let ratio = on / off;
        if !EVEN_MS.contains(&on) || !EVEN_MS.contains(&off) || !EVEN_RATIO.contains(&ratio) {
            return None;
        }
        let tone = if on + off < FAST_MS {
            LineTone::Congestion
        } else {
            LineTone::Busy
        };
        self.follows(&[on as u16, off as u16], tones, tone)
    }

    /// Any cadence of one burst that repeats: a stutter of little gaps is a dial tone, what rests longer than
    /// it sounds is the called set ringing, the rest is unknown.
    fn regular(&self, tones: Tones) -> Option<Found> {
        let [on, off] = self.last_pair()?;
        let steps = [on as u16, off as u16];
        let tone = if on >= off * 3.0 && off <= 120.0 && tones.can_dial() {
            LineTone::Dial
        } else if on >= 700.0 && off >= on * 1.7 && (1_700.0..6_500.0).contains(&off) {
            LineTone::Ringback
        } else if on >= 60.0 && off >= 60.0 && on <= 3_000.0 && off <= 6_000.0 {
            LineTone::Unknown
        } else {
            return None;
        };
        self.follows(&steps, tones, tone)
    }

    /// The newest whole burst and the newest whole silence, in ms.
    fn last_pair(&self) -> Option<[f32; 2]> {
        let ms = |sounds: bool| {
            let mut runs = self.runs().iter().rev();
            runs.find(|run| run.tones.is_some() == sounds)
                .map(|run| run.ms as f32)
        };
        Some([ms(true)?, ms(false)?])
    }

    fn follows_signature(
        &self,
        signature: &ToneSignature,
        tones: Tones,
        tone: LineTone,
    ) -> Option<Found> {
        if !tones.fits(signature.hz) {
            return None;
        }
        let len = signature
            .cadence_ms
            .iter()
            .take_while(|&&ms| ms != 0)
            .count();
        self.follows(signature.cadence_ms.get(..len)?, tones, tone)
    }

    /// Whether the newest stretches are this cadence often enough, from whatever step on.
    fn follows(&self, steps: &[u16], tones: Tones, tone: LineTone) -> Option<Found> {
        let newest = self.runs().last()?;
        if steps.is_empty() || !steps.len().is_multiple_of(2) {
            return None;
        }
        let first = usize::from(newest.tones.is_none());
        let agreed = (first..steps.len())
            .step_by(2)
            .map(|step| self.agreed(steps, step))
            .max()?;
        // The silence after the last burst is not waited for.
        let needed = cycles_needed(steps).saturating_mul(steps.len());
        if agreed.saturating_add(1) < needed {
            return None;
        }
        let runs = self.runs();
        let agreeing = runs.get(runs.len().saturating_sub(agreed)..)?;
        let heard_ms = agreeing
            .iter()
            .fold(0_u32, |sum, run| sum.saturating_add(run.ms));
        let cycles = agreed.saturating_add(1).checked_div(steps.len())?;
        Some(Found {
            tone,
            learned: None,
            measured: measured(agreeing, steps.len(), tones),
            cycles: u8::try_from(cycles).unwrap_or(u8::MAX),
            heard_ms,
            power: tones.power,
        })
    }

    /// How many of the newest stretches agree when the newest is step `step`.
    fn agreed(&self, steps: &[u16], mut step: usize) -> usize {
        let mut count = 0_usize;
        for run in self.runs().iter().rev() {
            let Some(&wanted) = steps.get(step) else {
                break;
            };
            let wanted = f32::from(wanted);
            let off = (run.ms as f32 - wanted).abs();
            if off > (wanted * TOLERANCE).max(TOLERANCE_MS) {
                break;
            }
            count = count.saturating_add(1);
            step = step.checked_sub(1).unwrap_or(steps.len().saturating_sub(1));
        }
        count
    }
}

/// Periods that have to be heard: 3 of slow tones, 5 of fast ones.
fn cycles_needed(steps: &[u16]) -> usize {
    let period: u32 = steps.iter().map(|&ms| u32::from(ms)).sum();
    match period {
        0..600 => 5,
        600..1_200 => 4,
        _ => 3,
    }
}

/// The mean of each step, beginning with a burst.
fn measured(runs: &[Run], steps: usize, tones: Tones) -> ToneSignature {
    let mut sums = [(0_u32, 0_u32); SIGNATURE_STEPS];
    let bursts_first = runs.iter().skip_while(|run| run.tones.is_none());
    for (at, run) in bursts_first.enumerate() {
        let step = at.checked_rem(steps).unwrap_or(0);
        if let Some((sum, count)) = sums.get_mut(step) {
            *sum = sum.saturating_add(run.ms);
            *count = count.saturating_add(1);
        }
    }
    ToneSignature {
        hz: tones.hz.map(|hz| hz.round() as u16),
        cadence_ms: sums.map(|(sum, count)| {
            u16::try_from(sum.checked_div(count).unwrap_or(0)).unwrap_or(u16::MAX)
        }),
    }
}

fn alike(a: Tones, b: Tones) -> bool {
    a.is_like(b.hz) && a.power < b.power * LEVEL_RATIO && b.power < a.power * LEVEL_RATIO
}

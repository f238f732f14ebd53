//! From remembered sound to what a person would say of it.

use crate::ear::{Ear, runs};
use crate::mark::Mark;
use crate::recognise::{NamedTone, recognise};
use crate::report::{Hearing, Partial};
use crate::spectrum::{Peak, WINDOW, peaks};

/// How far back, in ms: what is heard now, what was heard lately, and what a rhythm is judged on.
const NOW_MS: usize = 200;
const LATELY_MS: usize = 4_000;
const RHYTHM_MS: usize = 12_000;
/// Peaks this near to each other are the same frequency, in Hz.
const SAME_HZ: f64 = 8.0;
/// A mark is heard when it was there for this part of the time, in per cent; shorter is a click or a
/// key.
const MARK_SHARE_PERCENT: u8 = 10;
/// Below this level nothing is worth listening to, in dBm0.
const DULL_DBM0: f32 = -46.0;

/// What is in the earpiece.
pub(crate) fn hearing(ear: &Ear, tones: &[NamedTone], marks: &[&Mark]) -> Hearing {
    let now = ear.recent(NOW_MS);
    let lately = ear.recent(LATELY_MS);
    let windows: Vec<Vec<Peak>> = lately.rchunks_exact(WINDOW).map(peaks).collect();
    let heard = |mark: &&&Mark| share(&windows, |peaks| has(peaks, mark)) >= MARK_SHARE_PERCENT;
    Hearing {
        level_dbm0: tenths(f64::from(dsp::level::rms_dbm0(&now))),
        now: peaks(&now).into_iter().map(|p| partial(p, 100)).collect(),
        lately: partials(&windows),
        cadence_ms: cadence(&lately),
        tone: recognise(&ear.recent(RHYTHM_MS), tones),
        marks: marks
            .iter()
            .filter(heard)
            .map(|mark| mark.name().into())
            .collect(),
    }
}

/// Only silence or call progress tones: nobody is there.
pub(crate) fn is_dull(ear: &Ear, tones: &[NamedTone]) -> bool {
    dsp::level::rms_dbm0(&ear.recent(1_000)) < DULL_DBM0
        || !recognise(&ear.recent(RHYTHM_MS), tones)
            .candidates
            .is_empty()
}

fn has(peaks: &[Peak], mark: &Mark) -> bool {
    mark.hz()
        .iter()
        .all(|&hz| peaks.iter().any(|p| (p.hz - f64::from(hz)).abs() < SAME_HZ))
}

/// In how many of `windows`, in per cent.
fn share(windows: &[Vec<Peak>], wanted: impl Fn(&[Peak]) -> bool) -> u8 {
    let hits = windows.iter().filter(|peaks| wanted(peaks)).count();
    u8::try_from(hits * 100 / windows.len().max(1)).unwrap_or(100)
}

/// All frequencies of `windows`, longest first.
fn partials(windows: &[Vec<Peak>]) -> Vec<Partial> {
    let mut found: Vec<Peak> = Vec::new();
    for &peak in windows.iter().flatten() {
        match found
            .iter_mut()
            .find(|known| (known.hz - peak.hz).abs() < SAME_HZ)
        {
            // The strongest window has most of the sound in it and says the frequency best.
            Some(known) if peak.dbm0 > known.dbm0 => *known = peak,
            Some(_) => {}
            None => found.push(peak),
        }
    }
    let mut all: Vec<Partial> = found
        .into_iter()
        .map(|peak| {
            let near = |p: &Peak| (p.hz - peak.hz).abs() < SAME_HZ;
            partial(peak, share(windows, |peaks| peaks.iter().any(near)))
        })
        .collect();
    all.sort_by(|a, b| {
        let by_share = b.share_percent.cmp(&a.share_percent);
        by_share.then(b.level_dbm0.total_cmp(&a.level_dbm0))
    });
    all.truncate(8);
    all
}

fn partial(peak: Peak, share_percent: u8) -> Partial {
    Partial {
        hz: tenths(peak.hz),
        level_dbm0: tenths(peak.dbm0),
        share_percent,
    }
}

fn cadence(samples: &[i16]) -> Vec<i32> {
    runs(samples)
        .iter()
        .map(|run| {
            let ms = i32::try_from(run.ms()).unwrap_or(i32::MAX);
            if run.on { ms } else { -ms }
        })
        .collect()
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

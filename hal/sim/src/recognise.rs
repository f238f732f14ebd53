//! Which call progress tone a person hears, judged as a subscriber of that country would: by pitch
//! and rhythm.

use model::ToneSpec;
use serde::{Deserialize, Serialize};

use crate::ear::{Run, runs};
use crate::report::ToneGuess;
use crate::spectrum::{Peak, WINDOW, peaks};

/// A tone of the office's country with its name there: `dial`, `busy`, `ringback` …
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedTone {
    /// What it is called.
    pub name: String,
    /// How it sounds.
    pub spec: ToneSpec,
}

/// A rhythm may be off by this part and this many ms (E.180: ±10 %).
const RHYTHM_PERCENT: u32 = 12;
const RHYTHM_MS: u32 = 20;
/// A pitch may be off by this part and this many Hz.
const PITCH_PART: f64 = 0.015;
const PITCH_HZ: f64 = 6.0;
/// Samples needed to tell a pitch (50 ms), and to hear that it is modulated (200 ms).
const PITCH_SAMPLES_MIN: usize = 400;
const MODULATION_SAMPLES_MIN: usize = WINDOW;
/// Sounds this much weaker than the strongest are no part of a tone, in dB.
const PART_OF_TONE_DB: f64 = 15.0;
/// A continuous tone is believed when it lasts this much longer than any burst of the same pitch.
const CONTINUOUS_EXTRA_MS: u32 = 100;
/// … and at least this long.
const CONTINUOUS_MS_MIN: u32 = 400;
/// A tone that explains less than this part of what another one does is no rival.
const EXPLAINED_PERCENT: u32 = 70;
/// Of two tones the better one is believed when the other fits this many times worse. Differences
/// within the grain of the measurement are none.
const CLEARLY_BETTER: f64 = 2.0;
const GRAIN: f64 = 0.02;

/// One stretch of a tone's rhythm; `ms` 0 = until stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Beat {
    hz: Vec<u16>,
    am_hz: u16,
    ms: u32,
}

impl Beat {
    fn on(&self) -> bool {
        !self.hz.is_empty()
    }
}

/// How well a tone fits.
#[derive(Clone, Copy, Debug)]
struct Match {
    /// Mean error of the rhythm, as part of each stretch.
    error: f64,
    /// How much of the past is explained by the tone, in ms.
    explained_ms: u32,
    /// Enough was heard of it to believe it.
    sure: bool,
}

struct Fit {
    name: String,
    rhythm: Vec<Beat>,
    found: Match,
}

/// The tone at the end of `samples`, if any of `tones` sounds like it.
pub(crate) fn recognise(samples: &[i16], tones: &[NamedTone]) -> ToneGuess {
    let mut runs = runs(samples);
    // The pitch of a sound that has only just begun cannot be told.
    runs.pop_if(|last| last.on && last.len < PITCH_SAMPLES_MIN);
    let pitches: Vec<Vec<Peak>> = runs.iter().map(|run| pitch(samples, run)).collect();
    let rhythms: Vec<Vec<Beat>> = tones.iter().map(|tone| rhythm(&tone.spec)).collect();
    let mut fits: Vec<Fit> = Vec::new();
    for (tone, rhythm) in tones.iter().zip(&rhythms) {
        let found = match rhythm.as_slice() {
            [] => None,
            [steady] => fits_steady(steady, &runs, &pitches, &rhythms),
            beats => fits_rhythm(beats, &runs, &pitches),
        };
        if let Some(found) = found {
            fits.push(Fit {
                name: tone.name.clone(),
                rhythm: rhythm.clone(),
                found,
            });
        }
    }
    judge(fits)
}

/// The tone that explains most of what was heard wins; of those that explain about as much, the one
/// that fits clearly better. It is named when it is believed and nothing that sounds otherwise is left.
fn judge(mut fits: Vec<Fit>) -> ToneGuess {
    let most = fits.iter().map(|fit| fit.found.explained_ms).max();
    let enough = most.unwrap_or(0) / 100 * EXPLAINED_PERCENT;
    fits.retain(|fit| fit.found.explained_ms >= enough);
    let errors = fits.iter().map(|fit| fit.found.error);
    let least = errors.min_by(f64::total_cmp).unwrap_or(0.0);
    fits.retain(|fit| fit.found.error <= least.max(GRAIN) * CLEARLY_BETTER);
    let Some(first) = fits.first() else {
        return ToneGuess::default();
    };
    let alike = fits.iter().all(|fit| fit.rhythm == first.rhythm);
    let sure = fits.iter().any(|fit| fit.found.sure);
    ToneGuess {
        name: (alike && sure).then(|| first.name.clone()),
        candidates: fits.iter().map(|fit| fit.name.clone()).collect(),
    }
}

/// The sines of a stretch of sound, away from its edges.
fn pitch(samples: &[i16], run: &Run) -> Vec<Peak> {
    if !run.on {
        return Vec::new();
    }
    let edge = if run.len > 2 * 80 + 400 { 80 } else { 0 };
    let end = run.start + run.len - edge;
    let start = (run.start + edge).max(end.saturating_sub(WINDOW));
    let mut found = peaks(&samples[start..end]);
    let top = found.first().map_or(0.0, |peak| peak.dbm0);
    found.retain(|peak| top - peak.dbm0 < PART_OF_TONE_DB);
    found
}

/// The part of a tone that repeats, equal neighbours joined. Neighbouring sounds of different pitch
/// are one stretch of both.
fn rhythm(spec: &ToneSpec) -> Vec<Beat> {
    let mut beats: Vec<Beat> = Vec::new();
    for step in spec.steps().iter().filter(|step| !step.once) {
        let mut hz: Vec<u16> = step.hz.into_iter().filter(|&hz| hz != 0).collect();
        match beats.last_mut() {
            Some(last) if last.on() != hz.is_empty() => {
                hz.retain(|hz| !last.hz.contains(hz));
                last.hz.extend(hz);
                last.ms = if step.ms == 0 {
                    0
                } else {
                    last.ms + u32::from(step.ms)
                };
            }
            _ => beats.push(Beat {
                hz,
                am_hz: step.am_hz,
                ms: u32::from(step.ms),
            }),
        }
    }
    // A tone that ends in sound and begins with it sounds without a pause between.
    if beats.len() > 2
        && beats.len() % 2 == 1
        && let Some(last) = beats.pop()
    {
        beats[0].ms += last.ms;
    }
    // Endless silence is no tone.
    beats.retain(|beat| beat.on() || beat.ms > 0);
    // Two rounds alike are one: steps may differ in level alone.
    let half = beats.len() / 2;
    if half >= 2 && beats.len() == 2 * half && beats[..half] == beats[half..] {
        beats.truncate(half);
    }
    beats
}

fn sounds_like(beat: &Beat, run: &Run, pitch: &[Peak]) -> bool {
    let off_by = |hz: u16, peak: &Peak| (peak.hz - f64::from(hz)).abs();
    let near = |hz: u16, peak: &Peak| off_by(hz, peak) <= f64::from(hz) * PITCH_PART + PITCH_HZ;
    // A modulated sine has a weaker one on either side, as far off as the modulation is fast.
    let am_hz = f64::from(beat.am_hz);
    let sideband = |peak: &Peak| {
        let carrier = beat.hz.first().filter(|_| beat.am_hz != 0);
        carrier.is_some_and(|&hz| {
            let off = off_by(hz, peak);
            am_hz * 0.7 <= off && off <= am_hz * 1.3
        })
    };
    let known = |peak: &Peak| sideband(peak) || beat.hz.iter().any(|&hz| near(hz, peak));
    let modulated =
        beat.am_hz == 0 || run.len < MODULATION_SAMPLES_MIN || pitch.iter().any(sideband);
    !pitch.is_empty()
        && modulated
        && beat.hz.iter().all(|&hz| pitch.iter().any(|p| near(hz, p)))
        && pitch.iter().all(known)
}

/// The sound goes on. It is believed when it is already longer than any burst of its pitch in the other
/// tones.
fn fits_steady(
    steady: &Beat,
    runs: &[Run],
    pitches: &[Vec<Peak>],
    others: &[Vec<Beat>],
) -> Option<Match> {
    let (run, pitch) = (runs.last()?, pitches.last()?);
    let longest = others
        .iter()
        .filter(|beats| beats.len() > 1)
        .flatten()
        .filter(|beat| beat.on() && beat.am_hz == steady.am_hz && beat.hz == steady.hz)
        .map(|beat| beat.ms + slack(beat.ms) + CONTINUOUS_EXTRA_MS)
        .max()
        .unwrap_or(0);
    (run.on && sounds_like(steady, run, pitch)).then(|| Match {
        error: 0.0,
        explained_ms: run.ms(),
        sure: run.ms() >= longest.max(CONTINUOUS_MS_MIN),
    })
}

/// The end of `runs` is in this rhythm.
fn fits_rhythm(beats: &[Beat], runs: &[Run], pitches: &[Vec<Peak>]) -> Option<Match> {
    (0..beats.len())
        .filter_map(|phase| fits_phase(beats, phase, runs, pitches))
        .max_by_key(|found| found.explained_ms)
}

/// The last run is beat `phase`, still going on; those before it are whole.
fn fits_phase(beats: &[Beat], phase: usize, runs: &[Run], pitches: &[Vec<Peak>]) -> Option<Match> {
    let (last, whole) = runs.split_last()?;
    let beat = &beats[phase];
    let like = |beat: &Beat, run: &Run, pitch: &[Peak]| {
        beat.on() == run.on && (!run.on || sounds_like(beat, run, pitch))
    };
    if !like(beat, last, pitches.last()?) || last.ms() > beat.ms + slack(beat.ms) {
        return None;
    }
    let (mut beats_whole, mut error, mut bursts) = (0_u32, 0.0, u32::from(last.on));
    let mut explained_ms = last.ms();
    // The oldest run may have begun before memory does, or was the silence before the tone.
    let whole = whole.get(1..).unwrap_or(&[]);
    let earlier = whole.iter().zip(pitches.get(1..)?).rev();
    for (back, (run, pitch)) in earlier.enumerate() {
        let beat = &beats[(phase + beats.len() * runs.len() - 1 - back) % beats.len()];
        let off = run.ms().abs_diff(beat.ms);
        if !like(beat, run, pitch) || off > slack(beat.ms) {
            break;
        }
        beats_whole += 1;
        bursts += u32::from(run.on);
        error += f64::from(off) / f64::from(beat.ms.max(1));
        explained_ms += run.ms();
    }
    // One burst alone may be anything that was cut short; with another before it, or most of a pause
    // after it, it is a rhythm.
    let most_of_pause = bursts == 1 && !last.on && last.ms() * 10 >= beat.ms * 6;
    (bursts > 0).then(|| Match {
        error: error / f64::from(beats_whole.max(1)),
        explained_ms,
        sure: beats_whole >= 2 || (beats_whole == 1 && most_of_pause),
    })
}

fn slack(ms: u32) -> u32 {
    ms * RHYTHM_PERCENT / 100 + RHYTHM_MS
}

use core::f32::consts::TAU;
use core::f64::consts::PI;

use model::Digit;

use super::{HIGH_HZ, KEYS, LOW_HZ};
use crate::conceal::product;
use crate::goertzel::{Bin, Goertzel};
use crate::level::power_of;
use crate::sine::sine_of;
use crate::{RATE_HZ, SAMPLES_PER_MS};

/// Samples of a window, 12.75 ms: wide enough to part the two groups.
const WINDOW: usize = 102;
/// Samples from one window to the next, 4.25 ms: fine enough to tell 23 ms from 40 ms.
const HOP: usize = 34;
/// While there is no trace of a key, only the last window of so many hops is measured: a key fills
/// [`PRESS_HOPS`] windows in a row, so two of those are among them. The hops before the first are
/// made up for, so that what is heard is the same as if all had been measured.
const HOPS: usize = 3;
/// What of a window lies before its hop.
const PAST: usize = WINDOW - HOP;
/// Room for the windows of all hops.
const SOUND: usize = PAST + HOPS * HOP;
const _: () = assert!(PRESS_HOPS as usize >= HOPS);
/// Windows in a row that make a key: a tone of 40 ms surely fills so many, one of 23 ms does not.
const PRESS_HOPS: u32 = 6;
/// Windows in a row without the key that end it: gaps up to 20 ms are bridged (Q.24, Denmark),
/// pauses of 30 ms are seen.
const RELEASE_HOPS: u32 = 7;
/// How much longer a tone is than from its first to its last window, in samples.
const EDGE_SAMPLES: u32 = 61;
/// Weakest tone: −42 dBm0.
const WEAKEST_DBM0: i16 = -42;
/// Column over row level: +4 dB must be taken, 5 dB is (Q.24 column AT&T; "reverse twist").
const HIGH_OVER_LOW_MAX: f32 = 3.16;
/// Row over column level: 8 dB must be taken, 9 dB is ("normal twist").
const LOW_OVER_HIGH_MAX: f32 = 7.94;
/// Least part of all energy in the two tones: a ratio of 15 dB to noise leaves 0.97.
const PURITY_MIN: f32 = 0.90;
/// The same while a key is down: someone may speak over it.
const PURITY_MIN_DOWN: f32 = 0.6;
/// Deviation from the nominal frequency: 1.5 % must be taken, 3.5 % refused.
const DEVIATION_MAX: f32 = 0.023;
/// How far apart the two deviations may be: a voice's overtones 3 and 4 (3.7 % from `*`) are not.
const DIVERGENCE_MAX: f32 = 0.033;
/// As [`DEVIATION_MAX`] for a single window, which measures less exactly.
const DEVIATION_MAX_HOP: f32 = 0.033;

/// Hann window, computed by the compiler: each leg of each call has a receiver, and a hundred cosines for
/// each were a fiftieth of the work of the thread that makes them.
const SHAPE: [f32; WINDOW] = shape();
/// The sum of its weights and that of their squares.
const SUMS: [f32; 2] = sums();
/// From the power of a windowed bin to the energy of its tone in the window. A tone of peak A: power
/// (A·sum/2)², energy A²/2·squares.
const ENERGY_OF_BIN: f32 = 2.0 * SUMS[1] / (SUMS[0] * SUMS[0]);

/// News of the keypad at the other end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A key is down, for 30 ms already.
    Pressed(Digit),
    /// It was let go.
    Released {
        /// The key.
        digit: Digit,
        /// How long it was down, in ms.
        ms: u16,
    },
}

/// Hears keys in sound.
#[derive(Clone, Debug)]
pub struct DtmfReceiver {
    /// Rows, then columns.
    tones: Goertzel<8>,
    energy_min: f32,
    /// What a window leaves of a row and of a column tone that is as far from its nominal frequency
    /// as a key may be.
    least: [f32; 2],
    /// What lies before the hops, and the hops.
    sound: [f32; SOUND],
    /// New samples of the hops.
    fresh: usize,
    /// There is a trace of a key: every hop is measured.
    alert: bool,
    /// Windows measured, wrapping after seven months.
    hop: u32,
    before: Option<Pair>,
    candidate: Option<Candidate>,
    down: Option<Down>,
}

/// The strongest row and column of a window.
#[derive(Clone, Copy, Debug)]
struct Pair {
    row: usize,
    column: usize,
    low: Bin,
    high: Bin,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    row: usize,
    column: usize,
    hops: u32,
    since: u32,
    /// Sums of the deviations of all windows.
    low: f32,
    high: f32,
}

#[derive(Clone, Copy, Debug)]
struct Down {
    digit: Digit,
    row: usize,
    column: usize,
    since: u32,
    last: u32,
}

/// A window that holds a pair of pure tones.
#[derive(Clone, Copy, Debug)]
struct Hit {
    row: usize,
    column: usize,
    /// Part of all energy that is in the two tones.
    purity: f32,
    /// Deviations from the nominal frequencies.
    low: f32,
    high: f32,
}

impl Default for DtmfReceiver {
    fn default() -> Self {
        Self::new()
    }
}

impl DtmfReceiver {
    /// A receiver that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            tones: Goertzel::new([
                LOW_HZ[0], LOW_HZ[1], LOW_HZ[2], LOW_HZ[3], HIGH_HZ[0], HIGH_HZ[1], HIGH_HZ[2],
                HIGH_HZ[3],
            ]),
            energy_min: power_of(WEAKEST_DBM0) * SUMS[1],
            least: [LOW_HZ[3], HIGH_HZ[3]].map(|hz| response(hz * DEVIATION_MAX_HOP)),
            sound: [0.0; SOUND],
            fresh: 0,
            alert: false,
            hop: 0,
            before: None,
            candidate: None,
            down: None,
        }
    }

    /// The key that is down.
    #[must_use]
    pub fn down(&self) -> Option<Digit> {
        self.down.map(|down| down.digit)
    }

    /// The hop that is being filled is measured, trace or not.
    #[cfg(test)]
    pub(super) const fn measure_every_hop(&mut self) {
        self.alert = true;
    }

    /// Listens to the next samples and tells what was found, in order.
    pub fn feed(&mut self, samples: &[f32], mut tell: impl FnMut(Key)) {
        let mut rest = samples;
        while !rest.is_empty() {
            let to_hop = HOP.saturating_sub(self.fresh % HOP).min(rest.len());
            let (next, after) = rest.split_at(to_hop);
            let from = PAST.saturating_add(self.fresh);
            let to = from.saturating_add(to_hop);
            if let Some(place) = self.sound.get_mut(from..to) {
                place.copy_from_slice(next);
            }
            self.fresh = self.fresh.saturating_add(to_hop);
            if self.fresh.is_multiple_of(HOP) {
                self.hop_is_full(&mut tell);
            }
            rest = after;
        }
    }

    fn hop_is_full(&mut self, tell: &mut impl FnMut(Key)) {
        let hop = (self.fresh / HOP).saturating_sub(1);
        let last = self.fresh >= HOPS * HOP;
        if self.alert {
            self.judge(hop, tell);
        } else if last {
            let before = self.before;
            self.alert = self.shows_trace();
            if self.alert {
                self.before = before;
                for hop in 0..HOPS {
                    self.judge(hop, tell);
                }
            } else {
                self.hop = self.hop.wrapping_add(HOPS as u32);
            }
        }
        if last {
            // A key that begins later fills the last window of later hops.
            self.alert &= self.candidate.is_some() || self.down.is_some();
            self.sound.copy_within(HOPS * HOP.., 0);
            self.fresh = 0;
        }
    }

    fn judge(&mut self, hop: usize, tell: &mut impl FnMut(Key)) {
        self.hop = self.hop.wrapping_add(1);
        let hit = self.measure(hop);
        self.follow_candidate(hit);
        self.follow_down(hit, tell);
        let ready = self.candidate.filter(|candidate| {
            let limit = DEVIATION_MAX * candidate.hops as f32;
            candidate.hops >= PRESS_HOPS
                && candidate.low.abs() <= limit
                && candidate.high.abs() <= limit
                && (candidate.low - candidate.high).abs() <= DIVERGENCE_MAX * candidate.hops as f32
        });
        let Some(found) = ready else { return };
        if self
            .down
            .is_some_and(|down| down.row == found.row && down.column == found.column)
        {
            return;
        }
        let Some(digit) = key_at(found.row, found.column) else {
            return;
        };
        if let Some(down) = self.down.take() {
            tell(down.released());
        }
        self.down = Some(Down {
            digit,
            row: found.row,
            column: found.column,
            since: found.since,
            last: self.hop,
        });
        tell(Key::Pressed(digit));
    }

    fn follow_candidate(&mut self, hit: Option<Hit>) {
        let hit = hit.filter(|hit| hit.purity >= PURITY_MIN);
        self.candidate = hit.map(|hit| match self.candidate {
            Some(old) if old.row == hit.row && old.column == hit.column => Candidate {
                hops: old.hops.saturating_add(1),
                low: old.low + hit.low,
                high: old.high + hit.high,
                ..old
            },
            _ => Candidate {
                row: hit.row,
                column: hit.column,
                hops: 1,
                since: self.hop,
                low: hit.low,
                high: hit.high,
            },
        });
    }

    fn follow_down(&mut self, hit: Option<Hit>, tell: &mut impl FnMut(Key)) {
        let Some(down) = &mut self.down else { return };
        if hit.is_some_and(|hit| hit.row == down.row && hit.column == down.column) {
            down.last = self.hop;
        } else if self.hop.wrapping_sub(down.last) >= RELEASE_HOPS {
            tell(down.released());
            self.down = None;
        }
    }

    /// The strongest row and column of a hop's window, and all its energy; `None` in silence and weak
    /// noise, which cost nothing more.
    fn strongest(&self, hop: usize) -> Option<(Pair, f32)> {
        let from = hop.saturating_mul(HOP);
        let window = self.sound.get(from..from.saturating_add(WINDOW))?;
        let mut shaped = [0.0; WINDOW.next_multiple_of(8)];
        for ((slot, &sample), &weight) in shaped.iter_mut().zip(window).zip(&SHAPE) {
            *slot = sample * weight;
        }
        let total = product(&shaped, &shaped);
        if total < self.energy_min {
            return None;
        }
        let bins = self.tones.measure(shaped.get(..WINDOW)?);
        let (rows, columns) = bins.split_at(LOW_HZ.len());
        let (row, low) = strongest(rows);
        let (column, high) = strongest(columns);
        let pair = Pair {
            row,
            column,
            low,
            high,
        };
        Some((pair, total))
    }

    /// Whether the window of the last hop may be one of a key's: never less than [`Self::hit`] says,
    /// whatever the two tones deviate by.
    fn shows_trace(&mut self) -> bool {
        let found = self.strongest(HOPS.saturating_sub(1));
        self.before = found.map(|(pair, _)| pair);
        let Some((pair, total)) = found else {
            return false;
        };
        let low = pair.low.power() * ENERGY_OF_BIN;
        let high = pair.high.power() * ENERGY_OF_BIN;
        let [row, column] = self.least;
        let (low_most, high_most) = (low / row, high / column);
        low_most.min(high_most) >= self.energy_min
            && high <= low_most * HIGH_OVER_LOW_MAX
            && low <= high_most * LOW_OVER_HIGH_MAX
            && low_most + high_most >= total * PURITY_MIN
    }

    /// The strongest pair of a hop's window, if it can be a key.
    fn measure(&mut self, hop: usize) -> Option<Hit> {
        let found = self.strongest(hop);
        let before = core::mem::replace(&mut self.before, found.map(|(pair, _)| pair));
        let (pair, total) = found?;
        before
            .filter(|before| before.row == pair.row && before.column == pair.column)
            .and_then(|before| self.hit(pair, before, total))
    }

    fn hit(&self, pair: Pair, before: Pair, total: f32) -> Option<Hit> {
        let low_hz = LOW_HZ.get(pair.row).copied()?;
        let high_hz = HIGH_HZ.get(pair.column).copied()?;
        let low_off = offset_hz(low_hz, pair.low, before.low);
        let high_off = offset_hz(high_hz, pair.high, before.high);
        let (low_part, high_part) = (low_off / low_hz, high_off / high_hz);
        if low_part.abs() > DEVIATION_MAX_HOP || high_part.abs() > DEVIATION_MAX_HOP {
            return None;
        }
        let low = pair.low.power() * ENERGY_OF_BIN / response(low_off);
        let high = pair.high.power() * ENERGY_OF_BIN / response(high_off);
        if low.min(high) < self.energy_min
            || high > low * HIGH_OVER_LOW_MAX
            || low > high * LOW_OVER_HIGH_MAX
        {
            return None;
        }
        let purity = (low + high) / total;
        (purity >= PURITY_MIN_DOWN).then_some(Hit {
            row: pair.row,
            column: pair.column,
            purity,
            low: low_part,
            high: high_part,
        })
    }
}

impl Down {
    fn released(&self) -> Key {
        let hops = self.last.wrapping_sub(self.since);
        let samples = hops.saturating_mul(HOP as u32).saturating_add(EDGE_SAMPLES);
        Key::Released {
            digit: self.digit,
            ms: u16::try_from(samples / SAMPLES_PER_MS).unwrap_or(u16::MAX),
        }
    }
}

fn strongest(group: &[Bin]) -> (usize, Bin) {
    let mut best = (0, Bin::default(), -1.0);
    for (at, &bin) in group.iter().enumerate() {
        let power = bin.power();
        if power > best.2 {
            best = (at, bin, power);
        }
    }
    (best.0, best.1)
}

/// How far a tone is from the bin's frequency, by its phase now and one hop ago; up to ±117 Hz.
fn offset_hz(hz: f32, now: Bin, before: Bin) -> f32 {
    let turns = hz * HOP as f32 / RATE_HZ as f32;
    let nominal = (turns - turns.round()) * TAU;
    let mut angle = now.ahead_of(before) - nominal;
    angle -= TAU * (angle / TAU).round();
    angle / TAU * RATE_HZ as f32 / HOP as f32
}

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "runs in the compiler, where a fault is a build error"
)]
const fn shape() -> [f32; WINDOW] {
    let mut shape = [0.0; WINDOW];
    let mut at = 0;
    while at < WINDOW {
        let sine = sine_of(PI * (at as f64 + 0.5) / WINDOW as f64);
        shape[at] = (sine * sine) as f32;
        at += 1;
    }
    shape
}

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "runs in the compiler, where a fault is a build error"
)]
const fn sums() -> [f32; 2] {
    let mut sums = [0.0; 2];
    let mut at = 0;
    while at < WINDOW {
        sums[0] += SHAPE[at];
        sums[1] += SHAPE[at] * SHAPE[at];
        at += 1;
    }
    sums
}

/// The power that a Hann window leaves of a tone `hz` beside the bin; 1 at the bin.
fn response(hz: f32) -> f32 {
    let bins = hz * WINDOW as f32 / RATE_HZ as f32;
    if bins.abs() < 1e-3 {
        return 1.0;
    }
    let x = core::f32::consts::PI * bins;
    let amplitude = x.sin() / (x * (1.0 - bins * bins));
    (amplitude * amplitude).max(0.1)
}

fn key_at(row: usize, column: usize) -> Option<Digit> {
    let at = row.checked_mul(4)?.checked_add(column)?;
    Digit::from_char(*KEYS.get(at)?)
}

//! Which tones a stretch of sound is made of.

use super::envelope::{FIRST_LINE, LINE_HZ, LINES, Sound};

/// Least part of all energy between 300 and 700 Hz: a ratio of 10 dB to noise leaves 0.9.
const PURITY_MIN: f32 = 0.8;
/// Part of a tone's energy that may be overtones, beside the noise that was there before: an exchange has
/// −30 dB of them, instruments and voices much more.
const OVERTONES_MAX: f32 = 0.03;
/// How much stronger than before the noise may be, as a ratio of powers.
const NOISIER: f32 = 2.5;
/// Least part of that in the tones themselves.
const NARROW_MIN: f32 = 0.88;
/// How far a tone's energy lies from it, in lines: the window makes ±2 of each.
const SPREAD: usize = 2;
/// Least part in the weaker of two tones: 10 dB under the stronger.
const SECOND_MIN: f32 = 0.09;
/// Greatest swing of a tone within a stretch, as a ratio of powers: 6 dB, and 12 for beats and
/// modulation.
const SWING_MAX: f32 = 16.0;

/// One tone or two, in Hz; 0 = there is no second. Two that lie closer than 75 Hz are one in the middle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tones {
    pub hz: [f32; 2],
    /// Mean square.
    pub power: f32,
    /// How fast they fade, as the part of their power that is lost in a second.
    pub fade: f32,
}

impl Tones {
    /// The tones of a stretch, if it is nothing else but one or two tones.
    pub(super) fn of(sound: &Sound) -> Option<Self> {
        if sound.windows() == 0 || sound.purity() < PURITY_MIN || sound.swing() > SWING_MAX {
            return None;
        }
        let all: f32 = sound.lines.iter().sum();
        let first = peak(&sound.lines, |_| true)?;
        let apart = |line: usize| line.abs_diff(first) > SPREAD;
        let near = share(&sound.lines, first);
        let second = peak(&sound.lines, apart).filter(|&second| {
            // The flank of the first is no peak.
            let here = at(&sound.lines, second);
            let is_peak = here >= at(&sound.lines, second.wrapping_add(1))
                && here >= at(&sound.lines, second.wrapping_sub(1));
            let own: f32 = (0..LINES)
                .filter(|&line| line.abs_diff(second) <= SPREAD && apart(line))
                .map(|line| at(&sound.lines, line))
                .sum();
            is_peak && own > all * SECOND_MIN
        });
        let mut narrow = near;
        let mut hz = [center(&sound.lines, first), 0.0];
        if let Some(second) = second {
            // Lines that belong to both count once.
            narrow = (0..LINES)
                .filter(|&line| line.abs_diff(first) <= SPREAD || line.abs_diff(second) <= SPREAD)
                .map(|line| at(&sound.lines, line))
                .sum();
            hz = [hz[0], center(&sound.lines, second)];
            if hz[0] > hz[1] {
                hz.swap(0, 1);
            }
        }
        (narrow > all * NARROW_MIN).then_some(Self {
            hz,
            power: sound.power(),
            fade: sound.fade(),
        })
    }

    /// The tones of a stretch after silence of this mean square, if there is nothing beside them but that.
    pub(super) fn clean(sound: &Sound, silence: f32) -> Option<Self> {
        let power = sound.power();
        let beside = (1.0 - sound.purity()) * power;
        let clean = beside < power * OVERTONES_MAX + silence * NOISIER;
        Self::of(sound).filter(|_| clean)
    }

    /// Whether exchanges anywhere hang up with them: one of 385 to 465 Hz, or 480 and 620 Hz.
    pub(super) fn can_hang_up(&self) -> bool {
        let single = self.hz[1] == 0.0 && (385.0..=465.0).contains(&self.hz[0]);
        single || self.is_like([480.0, 620.0])
    }

    /// Whether they can be a dial tone: one of 380 to 460 Hz, or the pair 350 and 440 Hz.
    pub(super) fn can_dial(&self) -> bool {
        let single = self.hz[1] == 0.0 && (380.0..=460.0).contains(&self.hz[0]);
        single || self.is_like([350.0, 440.0])
    }

    /// Whether the other is the same within 4 Hz and 1 dB: no note is.
    pub(super) fn is_exactly(&self, other: Self) -> bool {
        let near = self
            .hz
            .iter()
            .zip(other.hz)
            .all(|(a, b)| (a - b).abs() < 4.0);
        near && self.power < other.power * 1.26 && other.power < self.power * 1.26
    }

    /// Whether the other is the same to what can be told: each tone within 3 %, 12 Hz at least.
    pub(super) fn is_like(&self, hz: [f32; 2]) -> bool {
        let near = |a: f32, b: f32| (a - b).abs() <= (b * 0.03).max(12.0);
        near(self.hz[0], hz[0]) && near(self.hz[1], hz[1])
    }

    /// Whether these are the tones of a signature, which may have two that are one to us.
    pub(super) fn fits(&self, hz: [u16; 2]) -> bool {
        let [low, high] = hz.map(f32::from);
        if high == 0.0 {
            return self.is_like([low, 0.0]);
        }
        if self.hz[1] == 0.0 {
            // Either cannot be told apart, or one is much weaker.
            return high - low < 75.0 && (low - 12.0..=high + 12.0).contains(&self.hz[0]);
        }
        self.is_like([low, high])
    }
}

fn at(lines: &[f32; LINES], line: usize) -> f32 {
    lines.get(line).copied().unwrap_or(0.0)
}

fn peak(lines: &[f32; LINES], here: impl Fn(usize) -> bool) -> Option<usize> {
    let candidates = (0..LINES).filter(|&line| here(line));
    candidates.max_by(|&a, &b| at(lines, a).total_cmp(&at(lines, b)))
}

/// Energy around a line.
fn share(lines: &[f32; LINES], line: usize) -> f32 {
    let from = line.saturating_sub(SPREAD);
    let to = line.saturating_add(SPREAD);
    (from..=to).map(|line| at(lines, line)).sum()
}

/// The middle of the energy around a line, in Hz.
fn center(lines: &[f32; LINES], line: usize) -> f32 {
    let (mut sum, mut weighted) = (0.0, 0.0);
    for near in line.saturating_sub(1)..=line.saturating_add(1) {
        // The square root is the window's own shape, and leans less towards the strongest line.
        let weight = at(lines, near).sqrt();
        sum += weight;
        weighted += weight * near as f32;
    }
    if sum <= 0.0 {
        return 0.0;
    }
    (weighted / sum + FIRST_LINE as f32) * LINE_HZ
}

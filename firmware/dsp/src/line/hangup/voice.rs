//! Whether somebody speaks, and the tones above 700 Hz that are neither speech nor cadence: special information,
//! howler, keys, fax machines.

use core::f32::consts::TAU;

use model::LineTone;

use crate::goertzel::Goertzel;
use crate::level::power_of;
use crate::line::kernel::short_product;
use crate::simd::vectorised;
use crate::{RATE_HZ, TICK_SAMPLES};

/// Samples of a look: 20 ms, every 10 ms.
const WINDOW: usize = 2 * TICK_SAMPLES;
/// Frequencies of keys, special information, calling and called machines, howler.
const HZ: [f32; 16] = [
    697.0, 770.0, 852.0, 941.0, 1_209.0, 1_336.0, 1_477.0, 1_633.0, 950.0, 1_400.0, 1_800.0,
    1_100.0, 2_100.0, 2_060.0, 2_450.0, 2_600.0,
];
/// Places of the three tones of special information.
const SPECIAL: [usize; 3] = [8, 9, 10];
/// Places of the howler's four tones.
const HOWLER: [usize; 4] = [9, 13, 14, 15];
/// Weakest sound: −43 dBm0.
const WEAKEST_DBM0: i16 = -43;
/// Part of all energy in the lines of an exchange from which on nobody speaks.
const PURE: f32 = 0.8;
/// Part of all energy in the two strongest that makes a look tonal.
const TONAL_MIN: f32 = 0.65;
/// Part in one tone of special information: what an American one 37 Hz beside leaves.
const SPECIAL_MIN: f32 = 0.4;
/// Part in the howler's four.
const HOWLER_MIN: f32 = 0.7;
/// Looks of the window in which speech is judged: 600 ms.
const JUDGED: u8 = 60;
/// Looks of these that have sound of a voice.
const VOICED_MIN: u8 = 18;
/// Mean change of the level from look to look of a voice, in dB. Noise and modems stay below.
const LIVELY_DB: f32 = 1.1;
/// Looks of a tone of special information: 274 to 380 ms.
const SPECIAL_LOOKS: core::ops::RangeInclusive<u8> = 22..=42;
/// Looks that may lie between two of them.
const SPECIAL_GAP: u8 = 8;
/// Looks with the howler's four tones in a second.
const HOWLER_LOOKS: u8 = 25;

/// What 10 ms brought.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Looked {
    /// Somebody speaks (or plays music).
    pub voice: bool,
    /// Special information or the howler is complete.
    pub tone: Option<LineTone>,
}

/// The ear for it.
#[derive(Clone, Debug)]
pub(super) struct VoiceEar {
    bank: Goertzel<16>,
    shape: [f32; WINDOW],
    energy_of_bin: f32,
    energy_min: f32,
    sound: [f32; WINDOW],
    fresh: usize,
    last_db: Option<f32>,
    looks: u8,
    voiced: u8,
    change: f32,
    /// Which tone of special information comes next, and how long it has been there.
    special: (usize, u8, u8),
    howler: u8,
    howled: u8,
}

impl VoiceEar {
    pub(super) fn new() -> Self {
        let mut shape = [0.0; WINDOW];
        for (n, weight) in shape.iter_mut().enumerate() {
            *weight = 0.5 - 0.5 * (TAU * (n as f32 + 0.5) / WINDOW as f32).cos();
        }
        let sum: f32 = shape.iter().sum();
        let squares: f32 = shape.iter().map(|w| w * w).sum();
        Self {
            bank: Goertzel::new(HZ),
            shape,
            energy_of_bin: 2.0 * squares / (sum * sum),
            energy_min: power_of(WEAKEST_DBM0) * squares,
            sound: [0.0; WINDOW],
            fresh: 0,
            last_db: None,
            looks: 0,
            voiced: 0,
            change: 0.0,
            special: (0, 0, 0),
            howler: 0,
            howled: 0,
        }
    }

    /// Takes a sample; `purity` says how much of the sound under way is a tone of an exchange, when there
    /// is one and it is known. Looks every 10 ms.
    pub(super) fn feed(&mut self, sample: f32, purity: Option<f32>) -> Option<Looked> {
        let at = TICK_SAMPLES.saturating_add(self.fresh);
        if let Some(slot) = self.sound.get_mut(at) {
            *slot = sample;
        }
        self.fresh = self.fresh.saturating_add(1);
        if self.fresh < TICK_SAMPLES {
            return None;
        }
        self.fresh = 0;
        let looked = self.look(purity);
        self.sound.copy_within(TICK_SAMPLES.., 0);
        Some(looked)
    }

    fn look(&mut self, purity: Option<f32>) -> Looked {
        let mut shaped = [0.0; WINDOW];
        for ((slot, &sample), &weight) in shaped.iter_mut().zip(&self.sound).zip(&self.shape) {
            *slot = sample * weight;
        }
        let energy = short_product(&shaped, &shaped);
        let mut parts = [0.0; HZ.len()];
        let loud = energy >= self.energy_min;
        let pure = purity.is_some_and(|purity| purity > PURE);
        if loud && !pure {
            let bins = vectorised(|| self.bank.measure(&shaped));
            for (part, bin) in parts.iter_mut().zip(bins) {
                *part = bin.power() * self.energy_of_bin / energy;
            }
        }
        let howls = self.follow_howler(&parts);
        let tone = self.follow_special(&parts).or(howls);
        let voiced = loud && !pure && purity.is_some() && !is_tonal(&parts);
        Looked {
            voice: self.judge(voiced, energy),
            tone,
        }
    }

    fn judge(&mut self, voiced: bool, energy: f32) -> bool {
        let db = 10.0 * (energy + 1.0).log10();
        let last = core::mem::replace(&mut self.last_db, voiced.then_some(db));
        if voiced {
            self.voiced = self.voiced.saturating_add(1);
            self.change += last.map_or(LIVELY_DB, |last| (db - last).abs().min(6.0));
        }
        self.looks = self.looks.saturating_add(1);
        let lively = self.change > LIVELY_DB * f32::from(self.voiced);
        let voice = self.voiced >= VOICED_MIN && lively;
        if voice || self.looks >= JUDGED {
            (self.looks, self.voiced, self.change) = (0, 0, 0.0);
        }
        voice
    }

    fn follow_special(&mut self, parts: &[f32; HZ.len()]) -> Option<LineTone> {
        let part = |which: usize| {
            let place = SPECIAL.get(which).copied();
            place.and_then(|at| parts.get(at)).copied().unwrap_or(0.0)
        };
        let (next, looks, gap) = &mut self.special;
        if part(*next) > SPECIAL_MIN {
            *looks = looks.saturating_add(1);
            *gap = 0;
            return None;
        }
        if *looks == 0 {
            *gap = gap.saturating_add(1);
            if *gap > SPECIAL_GAP && *next > 0 {
                self.special = (0, 0, 0);
            }
            return None;
        }
        let right = SPECIAL_LOOKS.contains(looks);
        let after = if right { next.saturating_add(1) } else { 0 };
        let complete = after == SPECIAL.len();
        self.special = (if complete { 0 } else { after }, 0, 0);
        if right && !complete && part(after) > SPECIAL_MIN {
            self.special.1 = 1;
        }
        complete.then_some(LineTone::SpecialInfo)
    }

    fn follow_howler(&mut self, parts: &[f32; HZ.len()]) -> Option<LineTone> {
        let four = HOWLER.map(|at| parts.get(at).copied().unwrap_or(0.0));
        let all: f32 = four.iter().sum();
        let howls = all > HOWLER_MIN && four.iter().all(|&part| part > 0.05);
        self.howler = self.howler.saturating_add(1);
        self.howled = self.howled.saturating_add(u8::from(howls));
        let enough = self.howled >= HOWLER_LOOKS;
        if enough || self.howler >= 100 {
            (self.howler, self.howled) = (0, 0);
        }
        enough.then_some(LineTone::Howler)
    }
}

/// Whether nearly everything is in two of the tones that are looked for, or in the howler.
fn is_tonal(parts: &[f32; HZ.len()]) -> bool {
    let strongest = |apart: &dyn Fn(f32) -> bool| {
        let known = HZ.iter().zip(parts).filter(|(hz, _)| apart(**hz));
        known.max_by(|a, b| a.1.total_cmp(b.1))
    };
    let Some((&first_hz, &first)) = strongest(&|_| true) else {
        return false;
    };
    // Tones nearer than this share their energy.
    let second = strongest(&|hz: f32| (hz - first_hz).abs() > 100.0).map_or(0.0, |(_, &part)| part);
    let howler: f32 = HOWLER.iter().filter_map(|&at| parts.get(at)).sum();
    first + second > TONAL_MIN || howler > HOWLER_MIN
}

const _: () = assert!(RATE_HZ as usize / TICK_SAMPLES == 100);

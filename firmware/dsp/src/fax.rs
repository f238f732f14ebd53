//! The signals by which fax machines are known (ITU-T T.30 §4): the calling tone, the called tone with
//! or without phase reversals (V.8, G.168), and the flags before the first V.21 frame.

use model::FaxTone;

use crate::conceal::product;
use crate::goertzel::{Bin, Goertzel};
use crate::level::{mean_square, power_of};
use crate::{RATE_HZ, TICK_SAMPLES};

/// Weakest signal: −43 dBm0 (T.30 §4.3 asks for −43 dBm).
const WEAKEST_DBM0: i16 = -43;
/// Least part of all energy in the tone: one 38 Hz beside still has 0.6.
const PURITY_MIN: f32 = 0.55;
/// Least part of all energy of 10 ms in the two tones of V.21 together, if it has bits: one that ends in
/// the middle has a half.
const BITS_MIN: f32 = 0.25;
/// The calling tone lasts 0.5 s ± 15 %, in blocks of 10 ms: told at its end.
const CNG_BLOCKS: core::ops::RangeInclusive<u16> = 40..=60;
/// The called tone is told after so many blocks of its 2.6 to 4 s.
const CED_BLOCKS: u16 = 50;
/// Blocks in a row that a tone may miss: a phase reversal spoils one or two.
const MISSES: u16 = 2;
/// V.21 channel 2: 1 and 0.
const MARK_HZ: f32 = 1_650.0;
const SPACE_HZ: f32 = 1_850.0;
/// A bit of V.21 in samples, 300 bit/s: the window that tells mark from space.
const BIT: usize = 27;
/// Samples from one window to the next.
const HOP: usize = 8;
/// A flag is 01111110: six bits of mark, two of space between it and the next. In hops, 20 and 6.7
/// ms, with what the window blurs.
const MARK_HOPS: core::ops::RangeInclusive<u16> = 16..=23;
const SPACE_HOPS: core::ops::RangeInclusive<u16> = 4..=10;
/// Flags in a row that make a preamble: 213 ms of its second.
const FLAGS: u16 = 8;

/// Hears fax machines in one direction; each signal is told once.
#[derive(Clone, Debug)]
pub struct FaxDetector {
    /// Calling and called tone, mark and space.
    tones: Goertzel<4>,
    /// Blocks of the calling and of the called tone in a row, and the misses among them.
    runs: [(u16, u16); 2],
    bits: Goertzel<2>,
    /// The last [`BIT`] samples.
    window: [f32; BIT],
    fresh: usize,
    /// Whether mark is sent, for how many hops, and flags in a row.
    mark: bool,
    hops: u16,
    flags: u16,
    told: [bool; 3],
}

impl Default for FaxDetector {
    fn default() -> Self {
        Self::new()
    }
}

impl FaxDetector {
    /// A detector that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            tones: Goertzel::new([1_100.0, 2_100.0, MARK_HZ, SPACE_HZ]),
            runs: [(0, 0); 2],
            bits: Goertzel::new([MARK_HZ, SPACE_HZ]),
            window: [0.0; BIT],
            fresh: 0,
            mark: false,
            hops: 0,
            flags: 0,
            told: [false; 3],
        }
    }

    /// Listens to a block of 10 ms at 8 kHz; shorter ones are ignored.
    pub fn process(&mut self, block: &[i16]) -> Option<FaxTone> {
        if block.len() < TICK_SAMPLES {
            return None;
        }
        let power = mean_square(block.get(..TICK_SAMPLES).unwrap_or(block));
        let heard = if power < power_of(WEAKEST_DBM0) {
            self.flags = 0;
            self.silence()
        } else {
            let mut sound = [0.0; TICK_SAMPLES];
            for (slot, &sample) in sound.iter_mut().zip(block) {
                *slot = f32::from(sample);
            }
            self.signal(&sound, power * TICK_SAMPLES as f32)
        };
        heard.filter(|tone| self.is_news(*tone))
    }

    fn is_news(&mut self, tone: FaxTone) -> bool {
        let place = match tone {
            FaxTone::Cng => self.told.first_mut(),
            FaxTone::Ced => self.told.get_mut(1),
            FaxTone::Preamble => self.told.get_mut(2),
        };
        place.is_some_and(|told| !core::mem::replace(told, true))
    }

    fn silence(&mut self) -> Option<FaxTone> {
        let ended = self.follow(0, false);
        self.follow(1, false);
        ended
    }

    fn signal(&mut self, sound: &[f32; TICK_SAMPLES], energy: f32) -> Option<FaxTone> {
        // A tone of energy E in n samples has a power of E · n / 2 in its bin.
        let whole = energy * (TICK_SAMPLES as f32) / 2.0;
        let [calling, called, mark, space] = self.tones.measure(sound).map(Bin::power);
        let cng = self.follow(0, calling > whole * PURITY_MIN);
        let ced = self.follow(1, called > whole * PURITY_MIN);
        let tone = cng.or(ced);
        if mark + space > whole * BITS_MIN {
            return tone.or_else(|| self.preamble(sound));
        }
        // No bits: flags begin anew after it, with what it ends with before them.
        self.flags = 0;
        self.hops = self.hops.saturating_add((TICK_SAMPLES / HOP) as u16);
        for (slot, &sample) in self
            .window
            .iter_mut()
            .zip(sound.iter().rev().take(BIT - HOP).rev())
        {
            *slot = sample;
        }
        tone
    }

    /// Counts a block of a tone; the calling tone is told when it ends, the called one while it
    /// lasts.
    fn follow(&mut self, at: usize, here: bool) -> Option<FaxTone> {
        let (run, misses) = self.runs.get_mut(at)?;
        if here {
            *run = run.saturating_add(1).saturating_add(*misses);
            *misses = 0;
            return (at == 1 && *run >= CED_BLOCKS).then_some(FaxTone::Ced);
        }
        if *run == 0 {
            return None;
        }
        *misses = misses.saturating_add(1);
        if *misses <= MISSES {
            return None;
        }
        let length = core::mem::take(run);
        *misses = 0;
        (at == 0 && CNG_BLOCKS.contains(&length)).then_some(FaxTone::Cng)
    }

    fn preamble(&mut self, sound: &[f32; TICK_SAMPLES]) -> Option<FaxTone> {
        let mut found = None;
        for &sample in sound {
            let at = BIT.saturating_sub(HOP).saturating_add(self.fresh);
            if let Some(slot) = self.window.get_mut(at) {
                *slot = sample;
            }
            self.fresh = self.fresh.saturating_add(1);
            if self.fresh == HOP {
                self.bit();
                self.window.copy_within(HOP.., 0);
                self.fresh = 0;
                if self.flags >= FLAGS {
                    found = Some(FaxTone::Preamble);
                }
            }
        }
        found
    }

    /// Judges a window: mark, space, or neither.
    fn bit(&mut self) {
        let mut window = [0.0; BIT.next_multiple_of(8)];
        for (slot, &sample) in window.iter_mut().zip(&self.window) {
            *slot = sample;
        }
        let energy = product(&window, &window);
        let whole = energy * BIT as f32 / 2.0;
        let [mark, space] = self.bits.measure(&self.window);
        let (mark, space) = (mark.power(), space.power());
        if mark.max(space) < whole * PURITY_MIN {
            // Where one bit becomes another neither is pure; two hops of that are enough.
            self.hops = self.hops.saturating_add(1);
            if self.hops > *MARK_HOPS.end() {
                self.flags = 0;
            }
            return;
        }
        let now = mark > space;
        if now == self.mark {
            self.hops = self.hops.saturating_add(1);
            return;
        }
        let wanted = if self.mark { MARK_HOPS } else { SPACE_HOPS };
        if !wanted.contains(&self.hops) {
            self.flags = 0;
        } else if self.mark {
            self.flags = self.flags.saturating_add(1);
        }
        self.mark = now;
        self.hops = 1;
    }
}

const _: () = assert!(RATE_HZ / 300 == 26 && TICK_SAMPLES.is_multiple_of(HOP));

#[cfg(test)]
mod tests {
    use core::f32::consts::TAU;

    use super::*;
    use crate::level::peak_of;

    /// What is told of a signal made sample by sample, with the block in which it was.
    fn hear(samples: impl Iterator<Item = f32>) -> Vec<(usize, FaxTone)> {
        let mut detector = FaxDetector::new();
        let samples: Vec<i16> = samples.map(|s| s as i16).collect();
        let blocks = samples.chunks_exact(TICK_SAMPLES).enumerate();
        blocks
            .filter_map(|(at, block)| detector.process(block).map(|tone| (at, tone)))
            .collect()
    }

    fn sine(hz: f32, dbm0: i16) -> impl Fn(usize) -> f32 {
        move |n| peak_of(dbm0) * (TAU * hz * n as f32 / 8_000.0).sin()
    }

    #[test]
    fn the_calling_tone_is_heard_at_the_edges_of_its_tolerance() {
        for hz in [1_062.0, 1_100.0, 1_138.0] {
            for (ms, dbm0) in [(430, -10), (500, -40), (575, -20)] {
                let tone = sine(hz, dbm0);
                let on = ms * 8;
                let told = hear((0..16_000).map(|n| {
                    let n = (n + 3_000) % 28_000;
                    if (3_500..3_500 + on).contains(&n) {
                        tone(n)
                    } else {
                        0.0
                    }
                }));
                assert_eq!(told.len(), 1, "{hz} Hz, {ms} ms, {dbm0} dBm0: {told:?}");
                assert_eq!(told[0].1, FaxTone::Cng);
            }
        }
        // Too short, too long, beside.
        for (hz, ms) in [
            (1_100.0, 250),
            (1_100.0, 1_500),
            (1_000.0, 500),
            (1_209.0, 500),
        ] {
            let tone = sine(hz, -10);
            let told = hear((0..32_000).map(|n| if n < ms * 8 { tone(n) } else { 0.0 }));
            assert_eq!(told, [], "{hz} Hz for {ms} ms");
        }
    }

    #[test]
    fn the_called_tone_is_heard_with_and_without_reversals() {
        for hz in [2_085.0, 2_100.0, 2_115.0] {
            for reversed in [false, true] {
                let tone = sine(hz, -15);
                let told = hear((0..24_000).map(|n| {
                    let sign = if reversed && n / 3_600 % 2 == 1 {
                        -1.0
                    } else {
                        1.0
                    };
                    sign * tone(n)
                }));
                assert_eq!(told.len(), 1, "{hz} Hz, {reversed}");
                assert_eq!(told[0].1, FaxTone::Ced);
                assert!(told[0].0 <= 52);
            }
        }
    }

    /// Octets by V.21 channel 2, least bit first.
    fn v21(octets: &[u8], dbm0: i16, off_hz: f32) -> Vec<f32> {
        let mut out = Vec::new();
        let (mut phase, mut time) = (0.0_f32, 0.0_f32);
        for bit in octets.iter().flat_map(|o| (0..8).map(move |b| o >> b & 1)) {
            let hz = if bit == 1 { 1_650.0 } else { 1_850.0 } + off_hz;
            time += 8_000.0 / 300.0;
            while (out.len() as f32) < time {
                phase = (phase + hz / 8_000.0).fract();
                out.push(peak_of(dbm0) * (TAU * phase).sin());
            }
        }
        out
    }

    #[test]
    fn the_preamble_is_its_flags() {
        for (dbm0, off) in [(-10, 0.0), (-35, 12.0), (-20, -12.0)] {
            let told = hear(v21(&[0x7e; 38], dbm0, off).into_iter());
            assert_eq!(told.len(), 1, "{dbm0} {off}");
            assert!(told[0].0 <= 35, "{told:?}");
            assert_eq!(told[0].1, FaxTone::Preamble);
        }
        // Other octets, one steady bit, and a few flags are none.
        for octets in [[0x55; 38], [0xff; 38], [0x00; 38], [0x3c; 38]] {
            assert_eq!(hear(v21(&octets, -10, 0.0).into_iter()), []);
        }
        assert_eq!(hear(v21(&[0x7e; 4], -10, 0.0).into_iter()), []);
    }

    #[test]
    fn keys_tones_and_noise_are_no_fax() {
        let others = [
            (425.0, 0.0),
            (350.0, 440.0),
            (697.0, 1_209.0),
            (941.0, 1_633.0),
        ];
        for (first, second) in others {
            let (first, second) = (sine(first, -12), sine(second, -12));
            assert_eq!(hear((0..24_000).map(|n| first(n) + second(n))), []);
        }
        let mut state = 5_u32;
        let noise = (0..480_000).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 8) as f32 / 8_388_608.0 - 1.0) * 8_000.0
        });
        assert_eq!(hear(noise), []);
    }
}

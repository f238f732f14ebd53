//! The tone by which modems and some fax machines ask for a line without cancellers: 2,100 Hz whose phase is
//! reversed every 450 ms (G.168 §7, V.25). Without reversals it asks for nothing of us.

use core::f32::consts::TAU;

use crate::TICK_SAMPLES;
use crate::goertzel::{Bin, Goertzel};
use crate::level::power_of;

/// Weakest tone: −33 dBm0, 2 dB below what must be heard.
const WEAKEST_DBM0: i16 = -33;
/// Part of all energy in the tone: 21 Hz beside leaves 0.86.
const PURITY_MIN: f32 = 0.75;
/// A reversal turns the phase by 180 ± 25 degrees and some noise: from 140 on.
const TURNED: f32 = 140.0 / 360.0 * TAU;
/// Blocks of 10 ms from one reversal to the next: 425 to 475 ms, and the blocks that they fall into.
const APART: core::ops::RangeInclusive<u16> = 41..=49;
/// Below this both directions are silent: −36 dBm0.
const SILENT_DBM0: i16 = -36;
/// Silent blocks after which cancellers may work again: 250 ms.
const SILENT_BLOCKS: u16 = 25;

/// Hears the tone in one direction.
#[derive(Clone, Debug)]
pub(super) struct ReversalDetector {
    bank: Goertzel<1>,
    /// The bins of the last three blocks, the newest last.
    bins: [Option<Bin>; 3],
    /// How far the phase moves from block to block while nothing is reversed.
    drift: f32,
    /// Blocks of tone, and since the last reversal.
    blocks: u16,
    since: Option<u16>,
}

impl ReversalDetector {
    pub(super) fn new() -> Self {
        Self {
            bank: Goertzel::new([2_100.0]),
            bins: [None; 3],
            drift: 0.0,
            blocks: 0,
            since: None,
        }
    }

    /// Listens to 10 ms; whether a second reversal has come at its time.
    pub(super) fn feed(&mut self, block: &[f32; TICK_SAMPLES]) -> bool {
        self.bins.rotate_left(1);
        let bin = self.measure(block);
        if let Some(newest) = self.bins.last_mut() {
            *newest = bin;
        }
        self.since = self.since.map(|blocks| blocks.saturating_add(1));
        match self.bins {
            [None, None, None] => {
                *self = Self::new();
                false
            }
            [Some(before), _, Some(now)] => self.turned(now.ahead_of(before)),
            _ => false,
        }
    }

    /// `angle` lies between a block and the one before the last, so that a reversal in between is whole.
    fn turned(&mut self, angle: f32) -> bool {
        self.blocks = self.blocks.saturating_add(1);
        let mut off = angle - 2.0 * self.drift;
        off -= TAU * (off / TAU).round();
        if off.abs() < TURNED {
            // Up to 21 Hz beside: 76 degrees from block to block.
            self.drift = (self.drift + off / 2.0 * 0.3).clamp(-1.4, 1.4);
            return false;
        }
        // The same reversal is seen from two blocks.
        if self.since.is_some_and(|blocks| blocks <= 3) {
            return false;
        }
        let regular = self.since.is_some_and(|blocks| APART.contains(&blocks));
        // The first phases of a tone tell no drift yet.
        self.since = (self.blocks > 10).then_some(0);
        regular
    }

    fn measure(&self, block: &[f32; TICK_SAMPLES]) -> Option<Bin> {
        let energy: f32 = block.iter().map(|s| s * s).sum();
        let samples = TICK_SAMPLES as f32;
        let [bin] = self.bank.measure(block);
        // A block with a reversal in its middle holds next to nothing of the tone.
        let pure = bin.power() > energy * samples / 2.0 * PURITY_MIN;
        (energy > power_of(WEAKEST_DBM0) * samples && pure).then_some(bin)
    }
}

/// Listens in both directions and says whether cancellers must keep away.
#[derive(Clone, Debug)]
pub(super) struct Disabler {
    directions: [ReversalDetector; 2],
    disabled: bool,
    silent: u16,
}

impl Disabler {
    pub(super) fn new() -> Self {
        Self {
            directions: [ReversalDetector::new(), ReversalDetector::new()],
            disabled: false,
            silent: 0,
        }
    }

    /// Takes 10 ms of both directions; whether cancellers must keep away now.
    pub(super) fn feed(
        &mut self,
        played: &[f32; TICK_SAMPLES],
        came: &[f32; TICK_SAMPLES],
    ) -> bool {
        for (detector, block) in self.directions.iter_mut().zip([played, came]) {
            if detector.feed(block) {
                self.disabled = true;
                self.silent = 0;
            }
        }
        let loud = |block: &[f32; TICK_SAMPLES]| {
            let energy: f32 = block.iter().map(|s| s * s).sum();
            energy > power_of(SILENT_DBM0) * TICK_SAMPLES as f32
        };
        self.silent = if loud(played) || loud(came) {
            0
        } else {
            self.silent.saturating_add(1)
        };
        if self.silent >= SILENT_BLOCKS {
            self.disabled = false;
        }
        self.disabled
    }
}

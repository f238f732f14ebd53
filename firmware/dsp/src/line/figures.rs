//! The figures of a port's second, for the line doctor.

use model::LineSecond;

use crate::level::{power_dbm0, power_of};

/// Blocks of a second.
const BLOCKS: u8 = 100;
/// Blocks of a tenth of a second.
const TENTH: u8 = 10;
/// A sample within 2 % of the end of the scale: the largest value of G.711 is 1.6 % below it.
const END: u16 = 32_112;
/// Below this what comes back is hardly ours.
const TELLING_DBM0: i16 = -35;
/// What [`LineSecond`] says of silence.
const SILENCE_DBM0: i8 = -127;

/// Sums of a second under way.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    rx: f32,
    tx: f32,
    tenth: f32,
    quietest: f32,
    samples: u32,
    blocks: u8,
    clipped: u16,
    /// How much weaker than what went what came was in the last whole second, in tenths of a dB.
    returned_db10: Option<i16>,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            rx: 0.0,
            tx: 0.0,
            tenth: 0.0,
            quietest: f32::MAX,
            samples: 0,
            blocks: 0,
            clipped: 0,
            returned_db10: None,
        }
    }
}

impl Figures {
    /// A block came from the line while the other was played to it.
    pub(super) fn heard(&mut self, rx: &[i16], tx: &[i16]) {
        let heard = energy(rx);
        self.rx += heard;
        self.tenth += heard;
        self.tx += energy(tx);
        let clipped = rx.iter().filter(|s| s.unsigned_abs() >= END).count();
        self.clipped = self.clipped.saturating_add(clipped as u16);
        self.samples = self.samples.saturating_add(rx.len() as u32);
        self.blocks = self.blocks.saturating_add(1);
        if self.blocks.is_multiple_of(TENTH) {
            self.quietest = self.quietest.min(self.tenth);
            self.tenth = 0.0;
        }
    }

    /// How much weaker what came was than what went, in tenths of a dB, in the second told last: of a sound of
    /// ours that nobody speaks over. `None`: we sent too little to tell.
    pub(super) const fn returned_db10(&self) -> Option<i16> {
        self.returned_db10
    }

    /// The figures, once a second.
    pub(super) fn second(&mut self) -> Option<LineSecond> {
        if self.blocks < BLOCKS {
            return None;
        }
        let whole = core::mem::take(self);
        let samples = whole.samples.max(1) as f32;
        let tenth = samples * f32::from(TENTH) / f32::from(BLOCKS);
        self.returned_db10 = returned(whole.rx / samples, whole.tx / samples);
        Some(LineSecond {
            rx_dbm0: whole_dbm0(whole.rx / samples),
            tx_dbm0: whole_dbm0(whole.tx / samples),
            noise_dbm0: whole_dbm0(whole.quietest / tenth),
            clipped: whole.clipped,
            ..LineSecond::default()
        })
    }
}

/// How much weaker what came was than what went, in tenths of a dB.
fn returned(rx: f32, tx: f32) -> Option<i16> {
    let db = power_dbm0(tx) - power_dbm0(rx.max(1e-3));
    (tx > power_of(TELLING_DBM0)).then_some((db * 10.0).round() as i16)
}

fn energy(block: &[i16]) -> f32 {
    block.iter().map(|&s| f32::from(s) * f32::from(s)).sum()
}

/// A level in whole dBm0.
fn whole_dbm0(mean_square: f32) -> i8 {
    if mean_square <= 0.0 {
        return SILENCE_DBM0;
    }
    power_dbm0(mean_square).round() as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_says_level_noise_and_clipping() {
        let mut figures = Figures::default();
        let loud = [16_141_i16, -16_141].repeat(40);
        let soft = [16, -16].repeat(40);
        for block in 0..100 {
            assert_eq!(figures.second(), None);
            let rx = if (30..45).contains(&block) {
                &soft
            } else {
                &loud
            };
            figures.heard(rx, &[0; 80]);
        }
        figures.heard(&[i16::MIN], &[]);
        let second = figures.second().expect("a hundred blocks");
        assert_eq!((second.rx_dbm0, second.tx_dbm0), (-1, SILENCE_DBM0));
        assert_eq!((second.noise_dbm0, second.clipped), (-60, 1));
        assert_eq!(figures.second(), None);
    }
}

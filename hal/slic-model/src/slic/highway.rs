//! The PCM highway of one chip: what its slot carries each way.

use std::sync::{Arc, Mutex};

use dsp::g711::Law;
use hal_port::{AudioHalf, FRAME, Frame, FrameStatus};

use super::Slic;
use super::map::indirect;
use crate::byte_wire::lock;

/// The box's side of the highway at the port's slot: 16-bit samples, companded in between when the
/// chip is set so. A chip that is not set up, or set to another slot, is silent.
#[derive(Debug)]
pub struct SlicAudio {
    chip: Arc<Mutex<Slic>>,
}

impl SlicAudio {
    pub(super) const fn new(chip: Arc<Mutex<Slic>>) -> Self {
        Self { chip }
    }
}

/// What a slot of this format makes of a sample.
fn through_slot(format: u8, sample: i16) -> i16 {
    let law = match format {
        0b11 => return sample,
        0b00 => Law::A,
        _ => Law::Mu,
    };
    law.decode(law.encode(sample))
}

impl Slic {
    /// Factors to and from the line: digital and analog gain, mutes.
    fn gains(&self) -> (f64, f64) {
        let gains = self.register(9);
        let analog = |code: u8| match code & 0x03 {
            0 => 1.0,
            1 => 0.668,
            2 => 1.496,
            _ => 0.0,
        };
        let digital = |held: Option<u16>| f64::from(held.unwrap_or(0) & 0x7ff0) / 16_384.0;
        let muted = |bit: u8| if gains & bit != 0 { 0.0 } else { 1.0 };
        (
            digital(self.held(indirect::TO_LINE)) * analog(gains) * muted(0x10),
            digital(self.held(indirect::FROM_LINE)) * analog(gains >> 2) * muted(0x20),
        )
    }

    /// Whether sound passes: lifted on a fed line, or on hook when it is let through.
    fn sound_passes(&self) -> bool {
        match self.state() {
            1 | 5 => self.set.closed,
            2 | 6 => true,
            _ => false,
        }
    }

    fn exchange(&mut self, tx: &Frame, rx: &mut Frame) {
        let mode = self.register(1);
        let enabled = mode & 0x20 != 0;
        let count =
            |low: u8| u16::from(self.register(low)) | u16::from(self.register(low + 1)) << 8;
        let start = self.board.slot_start;
        let mine = count(2) == start && count(4) == start;
        let format = mode >> 3 & 0x03;
        let linear_is_wide = format != 0b11 || mode & 0x04 != 0;
        self.heard = [0; FRAME];
        rx.fill(0);
        if !enabled || !mine || !linear_is_wide {
            return;
        }
        if self.register(8) & 0x02 != 0 {
            *rx = *tx;
            return;
        }
        if !self.sound_passes() {
            return;
        }
        let (to_line, from_line) = self.gains();
        let scale = |sample: i16, gain: f64| (f64::from(sample) * gain) as i16;
        for (heard, &sample) in self.heard.iter_mut().zip(tx) {
            *heard = scale(through_slot(format, sample), to_line);
        }
        if self.set.closed {
            for (got, &sample) in rx.iter_mut().zip(&self.microphone) {
                *got = through_slot(format, scale(sample, from_line));
            }
        }
    }
}

impl AudioHalf for SlicAudio {
    fn exchange(&mut self, tx: &Frame, rx: &mut Frame) -> FrameStatus {
        lock(&self.chip).exchange(tx, rx);
        FrameStatus::default()
    }
}

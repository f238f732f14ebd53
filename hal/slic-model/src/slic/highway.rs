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

    /// The format of the slot, if it is the port's and sound is on.
    fn slot(&self) -> Option<u8> {
        let mode = self.register(1);
        let enabled = mode & 0x20 != 0;
        let count =
            |low: u8| u16::from(self.register(low)) | u16::from(self.register(low + 1)) << 8;
        let start = self.board.slot_start;
        let mine = count(2) == start && count(4) == start;
        let format = mode >> 3 & 0x03;
        let linear_is_wide = format != 0b11 || mode & 0x04 != 0;
        (enabled && mine && linear_is_wide).then_some(format)
    }

    /// The codec loops its digital side back.
    fn loops_back(&self) -> bool {
        self.register(8) & 0x02 != 0
    }

    fn say(&self, rx: &mut Frame) {
        rx.fill(0);
        let Some(format) = self.slot() else { return };
        if self.loops_back() {
            *rx = self.given;
        } else if self.sound_passes() && self.set.closed {
            let (_, from_line) = self.gains();
            for (got, &sample) in rx.iter_mut().zip(&self.microphone) {
                *got = through_slot(format, scale(sample, from_line));
            }
        }
    }

    fn hear(&mut self, tx: &Frame) {
        self.given = *tx;
        self.heard = [0; FRAME];
        let Some(format) = self.slot() else { return };
        if !self.loops_back() && self.sound_passes() {
            let (to_line, _) = self.gains();
            for (heard, &sample) in self.heard.iter_mut().zip(tx) {
                *heard = scale(through_slot(format, sample), to_line);
            }
        }
    }
}

fn scale(sample: i16, gain: f64) -> i16 {
    (f64::from(sample) * gain) as i16
}

impl AudioHalf for SlicAudio {
    fn take(&mut self, rx: &mut Frame) -> FrameStatus {
        lock(&self.chip).say(rx);
        FrameStatus::default()
    }

    fn give(&mut self, tx: &Frame) {
        lock(&self.chip).hear(tx);
    }
}

//! The PCM highway of one chip.

use dsp::g711::Law;
use hal_port::{AudioHalf, FRAME, Frame, FrameStatus};

use super::{Daa, DaaHandle};

/// The box's side of the highway at the port's slot. A chip that is not set up, or set to another
/// slot, is silent; on hook without monitor it sends the ring detector's output, as the chip does.
#[derive(Debug)]
pub struct DaaAudio(DaaHandle);

impl DaaAudio {
    pub(super) const fn new(chip: DaaHandle) -> Self {
        Self(chip)
    }
}

fn through_slot(format: u8, sample: i16) -> i16 {
    match format {
        0b11 => sample,
        0b00 => Law::A.decode(Law::A.encode(sample)),
        0b01 => Law::Mu.decode(Law::Mu.encode(sample)),
        _ => sample & !0xff,
    }
}

impl Daa {
    /// Gain of registers `whole` and `tenths`, mutes and scale apart.
    fn gain(&self, whole: u8, tenths: u8) -> f64 {
        let db = |register: u8, step: f64| {
            let value = self.register(register);
            let size = f64::from(value & 0x0f) * step;
            if value & 0x10 != 0 { -size } else { size }
        };
        10_f64.powf((db(whole, 1.0) + db(tenths, 0.1)) / 20.0)
    }

    /// The format of the slot, if it is the port's and sound is on.
    fn slot(&self) -> Option<u8> {
        let mode = self.register(33);
        let count =
            |low: u8| u16::from(self.register(low)) | u16::from(self.register(low + 1)) << 8;
        let mine = count(34) == self.board.slot_start && count(36) == self.board.slot_start;
        (mode & 0x20 != 0 && mine).then_some(mode >> 3 & 0x03)
    }

    /// Off hook and settled.
    fn sound_passes(&self) -> bool {
        self.loop_is_closed() && self.sound_at_us.is_some_and(|at| self.now_us >= at)
    }

    /// Factors to and from the line.
    fn gains(&self) -> (f64, f64) {
        // Full scale is 0 dBm, or +3.2 dBm: 0 dBm0 is 3.14 dB below full scale.
        let lost = if self.register(31) & 0x80 != 0 {
            1.0
        } else {
            0.69
        };
        let muted = |bit: u8| {
            if self.register(15) & bit != 0 {
                0.0
            } else {
                1.0
            }
        };
        (
            self.gain(38, 40) * lost * muted(0x80),
            self.gain(39, 41) / lost * muted(0x08) * 0.9,
        )
    }

    fn say(&self, rx: &mut Frame) {
        rx.fill(0);
        let Some(format) = self.slot() else { return };
        let off_hook = self.loop_is_closed();
        if !off_hook && self.register(5) & 0x08 == 0 {
            let full_wave = self.register(18) & 0x02 != 0;
            rx.fill(if full_wave { 1_228 } else { i16::MIN });
            return;
        }
        if off_hook && !self.sound_passes() {
            return;
        }
        let (_, from_line) = self.gains();
        let hybrid = self.hybrid();
        for (got, (&spoken, &out)) in rx.iter_mut().zip(self.spoken.iter().zip(&self.heard)) {
            let echo = scale(out, hybrid);
            *got = through_slot(format, scale(spoken.saturating_add(echo), from_line));
        }
    }

    fn hear(&mut self, tx: &Frame) {
        self.heard = [0; FRAME];
        let Some(format) = self.slot().filter(|_| self.sound_passes()) else {
            return;
        };
        let (to_line, _) = self.gains();
        for (heard, &sent) in self.heard.iter_mut().zip(tx) {
            *heard = scale(through_slot(format, sent), to_line);
        }
    }
}

fn scale(sample: i16, gain: f64) -> i16 {
    (f64::from(sample) * gain) as i16
}

impl AudioHalf for DaaAudio {
    fn take(&mut self, rx: &mut Frame) -> FrameStatus {
        self.0.with(|daa| daa.say(rx));
        FrameStatus::default()
    }

    fn give(&mut self, tx: &Frame) {
        self.0.with(|daa| daa.hear(tx));
    }
}

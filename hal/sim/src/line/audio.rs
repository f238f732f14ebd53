//! The audio half of a simulated FXO port: what the line carries, with its flaws.

use std::sync::Arc;

use dsp::level::power_of;
use hal_port::{AudioHalf, FRAME, Frame, FrameStatus};
use rtrb::{Consumer, Producer};

use super::copper::Copper;
use super::noise::Noise;
use crate::sound::{Mouth, Spoken};
use crate::wire::Heard;

/// The echo of the carrier's hybrid comes after so many samples: 2 ms.
const ECHO_SAMPLES: usize = 16;
/// The other line that is heard: a voice-like pair of tones, 48 dB below 0 dBm0.
const CROSSTALK_DBM0: i16 = -48;
const CROSSTALK_HZ: [f32; 2] = [310.0, 1_130.0];

/// The audio half of a simulated FXO port.
#[derive(Debug)]
pub struct LineAudio {
    copper: Arc<Copper>,
    sounds: Consumer<Spoken>,
    heard: Producer<Heard>,
    mouth: Mouth,
    stay: u32,
    /// What the port said last, and the samples before that are still on their way back.
    said: [i16; ECHO_SAMPLES + FRAME],
    noise: Noise,
    phases: [f32; 2],
    blocks: u64,
    spoken: u64,
    dropped: u64,
}

impl LineAudio {
    pub(crate) fn new(
        copper: Arc<Copper>,
        sounds: Consumer<Spoken>,
        heard: Producer<Heard>,
    ) -> Self {
        Self {
            copper,
            sounds,
            heard,
            mouth: Mouth::default(),
            stay: 0,
            said: [0; ECHO_SAMPLES + FRAME],
            noise: Noise::default(),
            phases: [0.0; 2],
            blocks: 0,
            spoken: 0,
            dropped: 0,
        }
    }

    /// What the carrier sends, whether or not the port listens.
    fn carrier_says(&mut self, line: &mut Frame) {
        let (sounds, spoken, stay) = (&mut self.sounds, &mut self.spoken, self.stay);
        self.mouth.speak(line, || {
            while sounds.peek().is_ok_and(|next| next.stay <= stay) {
                let next = sounds.pop().ok()?;
                *spoken += 1;
                if next.stay == stay {
                    return Some(next.sound);
                }
            }
            None
        });
    }

    /// The line's noise, and the other line.
    fn spoil(&mut self, line: &mut Frame) {
        let flaws = self.copper.flaws();
        let other = if flaws.crosstalk {
            power_of(CROSSTALK_DBM0).sqrt()
        } else {
            0.0
        };
        if flaws.noise_dbm0.is_none() && other == 0.0 {
            return;
        }
        for sample in line {
            let noise = flaws.noise_dbm0.map_or(0.0, |dbm0| self.noise.next(dbm0));
            let mut voice = 0.0;
            for (phase, hz) in self.phases.iter_mut().zip(CROSSTALK_HZ) {
                *phase = (*phase + core::f32::consts::TAU * hz / 8_000.0) % core::f32::consts::TAU;
                voice += phase.sin() * other;
            }
            *sample = saturated(f32::from(*sample) + noise + voice);
        }
    }

    /// The port hears itself: the carrier's hybrid sends a part of it back.
    fn echo(&self, rx: &mut Frame) {
        let hybrid = f32::from(self.copper.flaws().echo_db);
        let mismatch = f32::from(self.copper.mismatch_db10()) / 10.0;
        let echoes = [hybrid, mismatch].into_iter().filter(|&db| db > 0.0);
        let factor: f32 = echoes.map(decibels).sum();
        if factor > 0.0 {
            for (sample, &said) in rx.iter_mut().zip(&self.said) {
                *sample = saturated(f32::from(*sample) + f32::from(said) * factor);
            }
        }
    }
}

impl AudioHalf for LineAudio {
    fn take(&mut self, rx: &mut Frame) -> FrameStatus {
        let stay = self.copper.wire.stay();
        if stay != self.stay {
            self.stay = stay;
            self.mouth.reset();
        }
        let mut line = [0; FRAME];
        self.carrier_says(&mut line);
        let loss = decibels(self.copper.flaws().loss_db.into());
        weaken(&mut line, loss);
        self.spoil(&mut line);
        let live = self.copper.wire.live();
        if live {
            self.echo(&mut line);
        }
        *rx = if live || self.copper.listening() {
            line
        } else {
            [0; FRAME]
        };
        self.copper.wire.set_spoken(self.spoken);
        FrameStatus::default()
    }

    fn give(&mut self, tx: &Frame) {
        if self.copper.wire.live() {
            self.said.copy_within(FRAME.., 0);
            if let Some(newest) = self.said.last_chunk_mut() {
                *newest = *tx;
            }
            let mut frame = *tx;
            weaken(&mut frame, decibels(self.copper.flaws().loss_db.into()));
            let heard = Heard {
                stay: self.stay,
                on_hook: false,
                frame,
            };
            if self.heard.push(heard).is_err() {
                self.dropped += 1;
            }
        }
        self.blocks += 1;
        self.copper.wire.set_blocks(self.blocks);
        self.copper.wire.set_dropped(self.dropped);
    }
}

/// The factor of this many dB less.
fn decibels(less: f32) -> f32 {
    10.0_f32.powf(less / -20.0)
}

fn weaken(frame: &mut Frame, factor: f32) {
    if factor < 1.0 {
        for sample in frame {
            *sample = saturated(f32::from(*sample) * factor);
        }
    }
}

fn saturated(sample: f32) -> i16 {
    sample.clamp(-32_768.0, 32_767.0) as i16
}

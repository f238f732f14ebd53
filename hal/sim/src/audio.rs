use std::sync::Arc;

use hal_port::{AudioHalf, FRAME, Frame, FrameStatus};
use model::CallerInfo;
use rtrb::{Consumer, Producer};

use crate::display::{Read, Reader};
use crate::sound::{Mouth, Sound, Spoken};
use crate::wire::{Heard, Wire};

/// The audio half of a simulated FXS port.
#[derive(Debug)]
pub struct SimAudio {
    wire: Arc<Wire>,
    sounds: Consumer<Spoken>,
    heard: Producer<Heard>,
    read: Producer<Read>,
    mouth: Mouth,
    reader: Reader,
    /// The last block on hook was let through.
    whispered: bool,
    /// Bursts of the bell before those that count for the next reading.
    bursts: u32,
    stay: u32,
    blocks: u64,
    spoken: u64,
    dropped: u64,
}

impl SimAudio {
    pub(crate) fn new(
        wire: Arc<Wire>,
        sounds: Consumer<Spoken>,
        heard: Producer<Heard>,
        read: Producer<Read>,
    ) -> Self {
        Self {
            wire,
            sounds,
            heard,
            read,
            mouth: Mouth::default(),
            reader: Reader::default(),
            whispered: false,
            bursts: 0,
            stay: 0,
            blocks: 0,
            spoken: 0,
            dropped: 0,
        }
    }

    /// The loop is open: what can no longer be said is dropped, all else waits.
    fn hang(&mut self) {
        while let Ok(next) = self.sounds.peek() {
            let lost = next.stay < self.stay || matches!(next.sound, Sound::Block(_));
            if !lost || self.sounds.pop().is_err() {
                break;
            }
            self.spoken += 1;
        }
    }

    fn talk(&mut self, rx: &mut Frame) {
        let (sounds, spoken, stay) = (&mut self.sounds, &mut self.spoken, self.stay);
        self.mouth.speak(rx, || {
            // A sound of a later stay waits until this side has seen that stay begin.
            while sounds.peek().is_ok_and(|next| next.stay <= stay) {
                let next = sounds.pop().ok()?;
                *spoken += 1;
                if next.stay == stay {
                    return Some(next.sound);
                }
            }
            None
        });
        self.reader.speak(rx);
    }

    /// What the ear hears in a call, unless the display reads it.
    fn hear(&mut self, tx: &Frame) {
        self.mouth.hear(tx);
        let mut frame = *tx;
        if let Some(info) = self.reader.in_call(tx, &mut frame) {
            self.show(info, true, true);
        }
        self.tell(false, frame);
        self.bursts = self.wire.bursts();
    }

    /// The display has lifted for what is told now, and the person has not.
    fn read_lifted(&mut self, tx: &Frame) {
        if let Some((info, alerted)) = self.reader.on_hook(tx) {
            self.show(info, alerted, false);
            let readings = self.wire.readings();
            self.wire.set_readings(readings.wrapping_add(1));
        }
    }

    fn tell(&mut self, on_hook: bool, frame: Frame) {
        let heard = Heard {
            stay: self.stay,
            on_hook,
            frame,
        };
        if self.heard.push(heard).is_err() {
            self.dropped += 1;
        }
    }

    /// On hook the set hears what tells of callers.
    fn listen(&mut self, tx: &Frame) {
        let whispers = self.wire.whispers();
        if !core::mem::replace(&mut self.whispered, whispers) && !whispers {
            return;
        }
        if !whispers {
            self.tell(true, [0; FRAME]);
            return;
        }
        self.tell(true, *tx);
        if let Some((info, alerted)) = self.reader.on_hook(tx) {
            self.show(info, alerted, false);
        }
    }

    fn show(&mut self, info: CallerInfo, alerted: bool, in_call: bool) {
        let bursts = self.wire.bursts();
        let rings = bursts.wrapping_sub(core::mem::replace(&mut self.bursts, bursts));
        let read = Read {
            info,
            rings,
            alerted,
            reversed: self.wire.reversed(),
            in_call,
        };
        if self.read.push(read).is_err() {
            self.dropped += 1;
        }
    }
}

impl AudioHalf for SimAudio {
    fn take(&mut self, rx: &mut Frame) -> FrameStatus {
        let stay = self.wire.stay();
        if stay != self.stay {
            self.stay = stay;
            self.mouth.reset();
        }
        if self.wire.live() {
            self.talk(rx);
        } else {
            self.hang();
            rx.fill(0);
        }
        self.wire.set_spoken(self.spoken);
        FrameStatus::default()
    }

    fn give(&mut self, tx: &Frame) {
        match (self.wire.live(), self.wire.reads()) {
            (true, false) => self.hear(tx),
            (true, true) => self.read_lifted(tx),
            (false, _) => self.listen(tx),
        }
        self.blocks += 1;
        self.wire.set_blocks(self.blocks);
        self.wire.set_dropped(self.dropped);
    }
}

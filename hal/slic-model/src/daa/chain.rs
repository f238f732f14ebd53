//! Chips on one select line: the control byte counts down from chip to chip.

use super::{Daa, Expect};
use crate::byte_wire::OnBus;

/// One chip, or a chain of them, nearest first.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) chips: Vec<Daa>,
    expect: Expect,
    /// Which chip the control byte named; `None` = all of them.
    place: Option<usize>,
    /// Bytes since select fell.
    bytes: u32,
}

impl Chain {
    pub(super) const fn new(chips: Vec<Daa>) -> Self {
        Self {
            chips,
            expect: Expect::Control,
            place: None,
            bytes: 0,
        }
    }

    fn control(&mut self, out: u8) {
        let read = out & 0x40 != 0;
        let broadcast = out & 0x80 != 0;
        if out & 0x30 != 0x20 || broadcast && read {
            if let Some(chip) = self.chips.first_mut() {
                chip.violate(format!("control byte {out:#04x}"));
            }
            return;
        }
        self.place = (!broadcast).then(|| usize::from((out & 0x0f).reverse_bits() >> 4));
        self.expect = Expect::Address { read };
    }

    fn data(&mut self, read: bool, register: u8, out: u8) -> u8 {
        let mut answer = 0xff;
        let place = self.place;
        for (at, chip) in self.chips.iter_mut().enumerate() {
            if place.is_some_and(|place| place != at) {
                continue;
            }
            if let Some(stuck) = chip.faults.stuck {
                answer = stuck;
            } else if read {
                answer = chip.read(register);
            } else {
                chip.write(register, out);
            }
        }
        answer
    }
}

impl OnBus for Chain {
    fn select(&mut self) {
        self.bytes = 0;
    }

    fn byte(&mut self, out: u8) -> u8 {
        self.bytes += 1;
        for chip in &mut self.chips {
            let now = chip.now_us + 8_000_000 / u64::from(chip.board.bus_hz.max(1)) + 1;
            chip.run_to(now);
        }
        match core::mem::take(&mut self.expect) {
            Expect::Control => {
                self.control(out);
                0xff
            }
            Expect::Address { read } => {
                let register = out & 0x3f;
                self.expect = Expect::Data { read, register };
                0xff
            }
            Expect::Data { read, register } => self.data(read, register, out),
        }
    }

    /// 8-bit mode: select is high between bytes. Words of 16 bits are documented too, nothing else.
    fn release(&mut self) {
        if self.bytes != 1 {
            let bytes = self.bytes;
            if let Some(chip) = self.chips.first_mut() {
                chip.violate(format!("{bytes} bytes in one select cycle"));
            }
        }
    }

    fn interrupt_is_high(&mut self) -> bool {
        // Each chip has a pin of its own; a board with a chain ties them together.
        !self.chips.iter().any(|chip| {
            chip.register(2) & 0x80 != 0
                && chip.register(3) & chip.register(4) != 0
                && !chip.faults.dead_interrupt
        })
    }

    fn refuses(&self) -> bool {
        self.chips.iter().any(|chip| chip.faults.bus_error)
    }
}

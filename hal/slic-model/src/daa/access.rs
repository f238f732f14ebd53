//! What registers do when they are read and written (Si3050 data sheet rev. 1.5).

use super::{Board, Daa, Faults, Line, Validation};

/// Address, value after a reset, bits that may be written, bits that are there but read-only.
const MAP: [(u8, u8, u8, u8); 49] = [
    (1, 0, 0xba, 0),
    (2, 0x03, 0xd7, 0),
    (3, 0, 0xff, 0),
    (4, 0, 0xff, 0),
    (5, 0, 0x09, 0x64),
    (6, 0x10, 0x18, 0),
    (7, 0, 0x08, 0),
    (10, 0, 0x01, 0),
    (11, 0x05, 0, 0xff),
    (12, 0, 0, 0x5f),
    (13, 0x40, 0, 0x7c),
    (14, 0, 0x02, 0),
    (15, 0, 0x88, 0),
    (16, 0, 0x53, 0),
    (17, 0, 0xfe, 0x01),
    (18, 0, 0x02, 0),
    (19, 0, 0, 0x07),
    (20, 0, 0xff, 0),
    (21, 0, 0xff, 0),
    (22, 0x96, 0xff, 0),
    (23, 0x2d, 0xff, 0),
    (24, 0x19, 0xbf, 0),
    (25, 0x07, 0x6f, 0x80),
    (26, 0, 0xf3, 0),
    (28, 0, 0, 0xff),
    (29, 0, 0, 0xff),
    (30, 0, 0x1f, 0),
    (31, 0x20, 0xeb, 0),
    (32, 0x03, 0x03, 0x04),
    (33, 0, 0xbb, 0),
    (34, 0, 0xff, 0),
    (35, 0, 0x03, 0),
    (36, 0, 0xff, 0),
    (37, 0, 0x03, 0),
    (38, 0, 0x1f, 0),
    (39, 0, 0x1f, 0),
    (40, 0, 0x1f, 0),
    (41, 0, 0x1f, 0),
    (42, 0, 0x0f, 0),
    (43, 0, 0xff, 0),
    (44, 0, 0x0f, 0),
    (45, 0, 0xff, 0),
    (46, 0, 0xff, 0),
    (47, 0, 0xff, 0),
    (48, 0, 0xff, 0),
    (49, 0, 0xff, 0),
    (50, 0, 0xff, 0),
    (51, 0, 0xff, 0),
    (52, 0, 0xff, 0),
];
/// Its value after a reset is undefined.
const SPARK_QUENCH: (u8, u8, u8, u8) = (59, 0x50, 0x56, 0);

fn cell(register: u8) -> Option<(u8, u8, u8, u8)> {
    MAP.into_iter()
        .chain([SPARK_QUENCH])
        .find(|&(at, ..)| at == register)
}

impl Daa {
    pub(super) fn new(board: Board) -> Self {
        let mut daa = Self {
            board,
            faults: Faults::default(),
            line: Line::default(),
            registers: [0; 64],
            now_us: 0,
            next_step_us: 0,
            violations: Vec::new(),
            lenient: false,
            link_at_us: None,
            off_hook_since_us: None,
            sound_at_us: None,
            flick_until_us: 0,
            validation: Validation::default(),
            heard: [0; hal_port::FRAME],
            spoken: [0; hal_port::FRAME],
        };
        daa.reset();
        daa
    }

    /// As after the reset pin, the software reset, or a dip of the supply.
    pub(super) fn reset(&mut self) {
        self.registers = [0; 64];
        for (at, reset, ..) in MAP.into_iter().chain([SPARK_QUENCH]) {
            self.registers[usize::from(at)] = reset;
        }
        self.link_at_us = None;
        self.off_hook_since_us = None;
        self.sound_at_us = None;
        self.validation = Validation::default();
    }

    pub(super) fn violate(&mut self, what: String) {
        if !self.lenient && self.violations.len() < 32 {
            let at = self.now_us;
            self.violations.push(format!("{at} µs: {what}"));
        }
    }

    pub(super) fn register(&self, register: u8) -> u8 {
        self.registers[usize::from(register & 0x3f)]
    }

    pub(super) fn read(&mut self, register: u8) -> u8 {
        let register = register & 0x3f;
        if cell(register).is_none() {
            self.violate(format!("register {register} is reserved and was read"));
            return 0;
        }
        match register {
            2 => self.lenient = false,
            13 | 19 | 28 | 29 if self.register(12) & 0x40 == 0 => {
                self.violate(format!(
                    "register {register} means nothing without the link"
                ));
            }
            _ => {}
        }
        self.register(register)
    }

    pub(super) fn write(&mut self, register: u8, value: u8) {
        let register = register & 0x3f;
        let Some((_, _, mask, fixed)) = cell(register) else {
            self.violate(format!("register {register} is reserved and was written"));
            return;
        };
        if mask == 0 {
            self.violate(format!("register {register} is read-only and was written"));
            return;
        }
        let reserved = value & !(mask | fixed);
        if reserved != 0 {
            self.violate(format!(
                "register {register}: reserved bits {reserved:#04x} written"
            ));
        }
        if register == 1 && value & 0x80 != 0 {
            self.reset();
            return;
        }
        // Sticky bits: writing 0 clears, writing 1 does nothing.
        if register == 4 {
            self.registers[4] &= value;
            return;
        }
        let before = self.register(register);
        self.registers[usize::from(register)] = before & !mask | value & mask;
        self.check(register, before, value);
        match register {
            5 => self.change_hook(before & 0x01 != 0, value & 0x01 != 0),
            6 if value & 0x10 == 0 && before & 0x10 != 0 => {
                self.link_at_us = Some(self.now_us + 1_000 * u64::from(self.board.link_ms));
            }
            6 if value & 0x10 != 0 => self.link_at_us = None,
            _ => {}
        }
    }

    /// Settings that the data sheet forbids together.
    fn check(&mut self, register: u8, before: u8, value: u8) {
        let full = self.register(31) & 0x80 != 0;
        let dc = self.register(26);
        if matches!(register, 26 | 31) && full && dc & 0xf0 != 0xc0 {
            self.violate("full scale without DCV = 11 and MINI = 00".into());
        }
        if self.register(17) & 0x10 != 0 && self.register(16) & 0x01 == 0 {
            self.violate("the reserved ring threshold: RT2 without RT".into());
        }
        if self.register(24) & 0x80 != 0 && self.register(23) & 0x78 == 0 {
            self.violate("ring validation with a time-out of 0".into());
        }
        if register == 17 && value & 0x08 != 0 && before & 0x08 == 0 {
            let early = self
                .off_hook_since_us
                .is_none_or(|since| self.now_us < since + 25_000);
            if early {
                self.violate("overload protection within 25 ms of off hook".into());
            }
        }
        if register == 5 && value & 0x01 != 0 && before & 0x01 == 0 {
            if self.register(17) & 0x08 != 0 {
                self.violate("off hook with the overload protection on".into());
            }
            if self.register(12) & 0x40 == 0 {
                self.violate("off hook without the line side".into());
            }
        }
    }

    fn change_hook(&mut self, was_off: bool, is_off: bool) {
        if is_off && !was_off {
            self.off_hook_since_us = Some(self.now_us);
            let counter = match self.register(31) >> 5 & 0x03 {
                0 => 512,
                1 => 128,
                2 => 64,
                _ => 8,
            };
            let resistor = if self.register(25) & 0x20 != 0 { 0 } else { 17 };
            let converter = if self.register(17) & 0x20 != 0 {
                0
            } else {
                256
            };
            self.sound_at_us = Some(self.now_us + 1_000 * (counter + resistor + converter));
            self.validation = Validation::default();
        }
        if !is_off {
            self.off_hook_since_us = None;
            self.sound_at_us = None;
        }
    }
}

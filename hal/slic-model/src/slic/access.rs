//! What registers do when they are read and written.

use super::map::{self, indirect};
use super::{Board, Faults, Part, Set, Slic, state};
use crate::byte_wire::OnBus;

const PCM: usize = 1;
const LOOPBACK: u8 = 8;
const POWER_DOWN: u8 = 14;
const STATUS_2: usize = 19;
const STATUS_3: usize = 20;
const IDA_LOW: u8 = 28;
const IDA_HIGH: u8 = 29;
const IAA: u8 = 30;
const IAS: u8 = 31;
const LINEFEED: u8 = 64;
const DC_DC_DELAY: u8 = 93;
const CALIBRATION_1: u8 = 96;
const PEAK_CURRENT: usize = 107;

impl Slic {
    pub(super) fn new(board: Board) -> Self {
        let mut slic = Self {
            board,
            faults: Faults::default(),
            set: Set::default(),
            registers: map::after_reset(),
            indirect: [None; 256],
            now_us: 0,
            next_step_us: 0,
            command: None,
            violations: Vec::new(),
            lenient: false,
            indirect_until_us: None,
            indirect_written: false,
            indirect_read: None,
            battery: 0.0,
            calibration_until_us: None,
            calibrated: false,
            fed_since_us: None,
            loop_ma: 0.0,
            loop_filtered: 0.0,
            trip_filtered: 0.0,
            loop_opposite_us: 0,
            trip_opposite_us: 0,
            closed_since_us: None,
            metering_us: 0,
            given: [0; hal_port::FRAME],
            heard: [0; hal_port::FRAME],
            microphone: [0; hal_port::FRAME],
        };
        slic.reset();
        slic
    }

    /// As after the reset pin, or after a dip of the supply.
    pub(super) fn reset(&mut self) {
        self.registers = map::after_reset();
        self.registers[0] = self.board.revision & 0x0f;
        if self.board.part == Part::Si3215 {
            self.registers[PCM] |= 0x80;
        }
        self.indirect = [None; 256];
        self.command = None;
        self.indirect_until_us = None;
        self.indirect_written = false;
        self.indirect_read = None;
        self.calibration_until_us = None;
        self.calibrated = false;
        self.fed_since_us = None;
    }

    pub(super) fn violate(&mut self, what: String) {
        if !self.lenient && self.violations.len() < 32 {
            let at = self.now_us;
            self.violations.push(format!("{at} µs: {what}"));
        }
    }

    pub(super) fn take_violations(&mut self) -> Vec<String> {
        core::mem::take(&mut self.violations)
    }

    fn byte_us(&self) -> u64 {
        8_000_000 / u64::from(self.board.bus_hz.max(1)) + 1
    }

    pub(super) fn register(&self, address: u8) -> u8 {
        self.registers[usize::from(address & 0x7f)]
    }

    /// What an indirect register holds; the driver must have written it.
    pub(super) fn held(&self, (a, b): (u8, u8)) -> Option<u16> {
        let address = match self.board.part {
            Part::Si3210 => a,
            Part::Si3215 => b,
        };
        self.indirect[usize::from(address)]
    }

    fn writable(&self, address: u8) -> Option<(u8, u8)> {
        let cell = map::cell(address)?;
        let mask = match self.board.part {
            Part::Si3210 => cell.writable[0],
            Part::Si3215 => cell.writable[1],
        };
        // What can be written on the other part only is reserved on this one.
        let reserved = mask == 0 && cell.writable != [0, 0];
        (!reserved && mask | cell.fixed != 0).then_some((mask, cell.fixed))
    }

    fn read(&mut self, address: u8) -> u8 {
        if self.writable(address).is_none() {
            self.violate(format!("register {address} is reserved and was read"));
            return 0;
        }
        match address {
            0 => self.lenient = false,
            IDA_LOW | IDA_HIGH if self.indirect_until_us.is_some() => {
                self.violate(format!(
                    "register {address} read while an access is pending"
                ));
            }
            _ => {}
        }
        self.register(address)
    }

    fn write(&mut self, address: u8, value: u8) {
        let Some((mask, fixed)) = self.writable(address) else {
            self.violate(format!("register {address} is reserved and was written"));
            return;
        };
        if mask == 0 {
            self.violate(format!("register {address} is read-only and was written"));
            return;
        }
        let reserved = value & !(mask | fixed);
        if reserved != 0 {
            self.violate(format!(
                "register {address}: reserved bits {reserved:#04x} written"
            ));
        }
        match address {
            18..=20 => {
                self.registers[usize::from(address)] &= !value;
                return;
            }
            IDA_LOW | IDA_HIGH | IAA => self.write_indirect(address),
            LINEFEED => self.check_feed(value & 0x07),
            POWER_DOWN => self.check_power(value),
            CALIBRATION_1 if value & 0x40 != 0 => self.start_calibration(value),
            _ => {}
        }
        let kept = &mut self.registers[usize::from(address)];
        *kept = *kept & !mask | value & mask;
        match address {
            LINEFEED => self.command_feed(value & 0x07),
            IAA => self.start_indirect(value),
            DC_DC_DELAY if value & 0x80 != 0 => {
                self.registers[usize::from(DC_DC_DELAY)] &= 0x7f;
                self.registers[PEAK_CURRENT] = self.board.peak_current & 0x0f;
            }
            _ => {}
        }
    }

    fn write_indirect(&mut self, address: u8) {
        if self.indirect_until_us.is_some() {
            self.violate(format!(
                "register {address} written while an access is pending"
            ));
        }
        if address != IAA {
            self.indirect_written = true;
        }
    }

    fn start_indirect(&mut self, address: u8) {
        if !map::has_indirect(self.board.part, address) {
            self.violate(format!("indirect register {address} does not exist"));
        }
        if core::mem::take(&mut self.indirect_written) {
            let mut value = u16::from_le_bytes([self.register(IDA_LOW), self.register(IDA_HIGH)]);
            if self.faults.forgetful {
                value &= !0x10;
            }
            self.indirect[usize::from(address)] = Some(value);
            self.indirect_read = None;
        } else {
            self.indirect_read = Some(address);
        }
        // Served 16,000 times a second: at the next service but one at latest.
        self.indirect_until_us = Some((self.now_us / 63 + 1) * 63);
        self.registers[usize::from(IAS)] = 1;
    }

    pub(super) fn serve_indirect(&mut self) {
        if self.faults.endless_indirect
            || self
                .indirect_until_us
                .is_none_or(|until| self.now_us < until)
        {
            return;
        }
        self.indirect_until_us = None;
        self.registers[usize::from(IAS)] = 0;
        self.registers[STATUS_3] |= 0x02;
        if let Some(address) = self.indirect_read.take() {
            // Undefined until written: a pattern no driver would write.
            let value = self.indirect[usize::from(address)].unwrap_or(0xa5a5);
            let [low, high] = value.to_le_bytes();
            self.registers[usize::from(IDA_LOW)] = low;
            self.registers[usize::from(IDA_HIGH)] = high;
        }
    }

    fn check_power(&mut self, value: u8) {
        let on = value & 0x10 == 0;
        let was_on = self.register(POWER_DOWN) & 0x10 == 0;
        if on && !was_on {
            if self.register(LINEFEED) & 0x07 != state::OPEN {
                self.violate("the converter was started with the line fed".into());
            }
            if indirect::NEEDED
                .iter()
                .any(|&name| self.held(name).is_none())
            {
                self.violate("the converter was started with indirect registers undefined".into());
            }
        }
        if !on && was_on && self.register(LINEFEED) & 0x07 != state::OPEN {
            self.violate("the converter was stopped with the line fed".into());
        }
    }

    fn check_feed(&mut self, command: u8) {
        if command == state::OPEN {
            return;
        }
        if self.register(POWER_DOWN) & 0x10 != 0 {
            self.violate(format!("linefeed {command} without the converter"));
        } else if self.register(LINEFEED) & 0x07 == state::OPEN && self.battery < 12.0 {
            self.violate(format!("linefeed {command} before the battery is up"));
        }
        if !self.calibrated {
            self.violate(format!("linefeed {command} without calibration"));
        }
        if self.calibration_until_us.is_some() {
            self.violate(format!("linefeed {command} during a calibration"));
        }
        if self.register(LOOPBACK) != 0 && command != state::FORWARD {
            self.violate("the line is used with the loopback on".into());
        }
        if command == state::RINGING {
            self.check_ringing();
        }
    }

    fn check_ringing(&mut self) {
        let (frequency, level) = (
            self.held(indirect::RING_FREQUENCY),
            self.held(indirect::RING_LEVEL),
        );
        if frequency.is_none() || level.is_none() {
            self.violate("ringing with its generator undefined".into());
            return;
        }
        let peak = self.ring_peak();
        let battery = f64::from(self.register(74)) * 1.5;
        let on_hook = f64::from(self.register(72) & 0x3f) * 1.5;
        if peak <= on_hook || peak + 7.0 > battery {
            self.violate(format!(
                "ringing of {peak:.0} V peak with {on_hook:.0} V on hook and a battery of {battery:.0} V"
            ));
        }
        let lifted = self
            .closed_since_us
            .is_some_and(|since| self.now_us > since + 150_000);
        if lifted {
            self.violate("ringing although the loop is seen closed".into());
        }
        if self.register(32) & 0x04 != 0 || self.register(33) & 0x04 != 0 {
            self.violate("ringing while a tone oscillator runs".into());
        }
    }

    fn command_feed(&mut self, command: u8) {
        let linefeed = usize::from(LINEFEED);
        if command == state::OPEN {
            self.fed_since_us = None;
        } else if self.registers[linefeed] >> 4 == state::OPEN {
            self.fed_since_us = Some(self.now_us);
        }
        self.set_state(command);
    }

    /// What the line driver really does.
    pub(super) fn set_state(&mut self, state: u8) {
        let linefeed = usize::from(LINEFEED);
        self.registers[linefeed] = self.registers[linefeed] & 0x07 | state << 4;
        if state != state::RINGING {
            self.trip_filtered = 0.0;
            self.registers[68] &= !0x02;
        }
    }

    fn start_calibration(&mut self, value: u8) {
        if self.register(LINEFEED) & 0x07 != state::OPEN {
            self.violate("calibration with the line fed".into());
        }
        if self.battery < 12.0 {
            self.violate("calibration without battery".into());
        }
        let settle_ms = if value & 0x20 != 0 { 30 } else { 300 };
        let us = 1_000 * u64::from(settle_ms + self.board.calibration_ms);
        self.calibration_until_us = Some(self.now_us + us);
    }

    pub(super) fn end_calibration(&mut self) {
        if !self.faults.endless_calibration
            && self
                .calibration_until_us
                .is_some_and(|until| self.now_us >= until)
        {
            self.calibration_until_us = None;
            self.calibrated = true;
            self.registers[usize::from(CALIBRATION_1)] = 0;
            self.registers[97] = 0;
        }
    }
}

impl OnBus for Slic {
    fn select(&mut self) {}

    fn byte(&mut self, out: u8) -> u8 {
        let now = self.now_us + self.byte_us();
        self.run_to(now);
        if let Some(stuck) = self.faults.stuck {
            return stuck;
        }
        let Some(command) = self.command.take() else {
            self.command = Some(out);
            // The output is high-impedance, pulled up.
            return 0xff;
        };
        let address = command & 0x7f;
        if command & 0x80 != 0 {
            self.read(address)
        } else {
            self.write(address, out);
            0xff
        }
    }

    fn release(&mut self) {}

    fn interrupt_is_high(&mut self) -> bool {
        let pending = (18..=20).any(|at| self.registers[at] & self.registers[at + 3] != 0);
        self.faults.dead_interrupt || !pending
    }

    fn refuses(&self) -> bool {
        self.faults.bus_error
    }
}

impl Slic {
    /// A power alarm of these transistors (bit 0 = Q1).
    pub(super) fn power_alarm(&mut self, transistors: u8) {
        self.registers[STATUS_2] |= transistors << 2;
        if self.registers[67] & 0x01 != 0 {
            self.set_state(state::OPEN);
            self.fed_since_us = None;
        }
    }
}

//! The line's electronics, in steps of 1.25 ms: what the monitor converter of the chip runs at.

use super::map::indirect;
use super::{Slic, state};

const STEP_US: u64 = 1_250;
/// Feed resistance in Ω.
const FEED_OHMS: f64 = 160.0;
/// V per count of the battery's and the line's sense.
const SENSE_VOLTS: f64 = 0.376;
const HOOK: usize = 68;

impl Slic {
    /// Lets time pass up to `us`.
    pub(super) fn run_to(&mut self, us: u64) {
        while self.next_step_us <= us {
            self.now_us = self.now_us.max(self.next_step_us);
            self.next_step_us += STEP_US;
            self.step();
        }
        self.now_us = self.now_us.max(us);
        self.serve_indirect();
        self.end_calibration();
    }

    /// What the driver really does now.
    pub(super) fn state(&self) -> u8 {
        self.register(64) >> 4
    }

    /// Peak of the ringing voltage that the generator's registers make.
    pub(super) fn ring_peak(&self) -> f64 {
        let cos = f64::from(self.held(indirect::RING_FREQUENCY).unwrap_or(0)) / 32_768.0;
        let level = f64::from(self.held(indirect::RING_LEVEL).unwrap_or(0)) / 32_768.0;
        // RNGX = 1/4 · √((1−c)/(1+c)) · V/96
        4.0 * level * 96.0 / ((1.0 - cos) / (1.0 + cos)).sqrt().max(1e-6)
    }

    /// Frequency of the ringing voltage in Hz.
    pub(super) fn ring_hz(&self) -> f64 {
        let cos = f64::from(self.held(indirect::RING_FREQUENCY).unwrap_or(0)) / 32_768.0;
        cos.clamp(-1.0, 1.0).acos() * 1_000.0 / core::f64::consts::TAU
    }

    fn step(&mut self) {
        self.step_battery();
        self.step_loop();
        self.step_hook();
        self.step_search();
        let overdue = self
            .fed_since_us
            .is_some_and(|since| self.now_us >= since + 20_000);
        if self.faults.overload && overdue {
            self.power_alarm(0b01_0100);
        }
        if self.register(35) & 0x04 != 0 {
            self.metering_us += STEP_US;
        }
    }

    /// The converter ramps up with the line open, follows the loop when it is fed, and decays.
    fn step_battery(&mut self) {
        let on = self.register(14) & 0x10 == 0 && !self.faults.no_battery;
        let high = f64::from(self.register(74)) * 1.5;
        let step = high * STEP_US as f64 / (1_000.0 * f64::from(self.board.ramp_ms.max(1)));
        if !on {
            // 2.3 V and more are left after half a second (published driver).
            self.battery -= self.battery * STEP_US as f64 / 2_000_000.0;
        } else {
            let wanted = match self.state() {
                state::OPEN | state::RINGING => high,
                _ => {
                    let volts = f64::from(self.register(72) & 0x3f) * 1.5;
                    let closed = self.loop_ma * self.set.ohms / 1_000.0;
                    let overhead = 9.0 + f64::from(self.register(73)) * 1.5;
                    overhead + if self.set.closed { closed } else { volts }
                }
            };
            self.battery = if self.battery < wanted {
                (self.battery + step).min(wanted)
            } else {
                (self.battery - step).max(wanted)
            };
        }
        let sense = (self.battery / SENSE_VOLTS).min(255.0) as u8;
        self.registers[82] = sense;
        self.registers[83] = sense;
    }

    fn step_loop(&mut self) {
        let limit = 20.0 + 3.0 * f64::from(self.register(71));
        let on_hook = f64::from(self.register(72) & 0x3f) * 1.5;
        let dead = self.battery < 12.0;
        let (volts, milliamps) = match self.state() {
            state::OPEN => (self.set.foreign_volts, 0.0),
            3 | 7 => (0.0, 0.0),
            _ if dead => (0.0, 0.0),
            state::RINGING => (0.0, self.ringing_ma()),
            _ if self.set.closed => {
                let milliamps = limit.min(1_000.0 * on_hook / (FEED_OHMS + self.set.ohms));
                (milliamps * self.set.ohms / 1_000.0, milliamps)
            }
            _ => (on_hook, 0.0),
        };
        self.loop_ma = milliamps;
        let turned = self.state() & 0x04 != 0 && self.state() != state::RINGING;
        let reversed = if turned || volts < 0.0 { 0x40 } else { 0 };
        self.registers[78] = (volts.abs() / 1.5).min(63.0) as u8 | reversed;
        self.registers[79] = (milliamps / 1.25).min(63.0) as u8 | reversed;
    }

    /// Mean current while ringing: the bells', or much more through a lifted set.
    fn ringing_ma(&self) -> f64 {
        let peak = self.ring_peak();
        if self.set.closed {
            (1_000.0 * 0.64 * peak / (FEED_OHMS + self.set.ohms)).min(80.0)
        } else {
            0.64 * (peak * 1_000.0 / 6_900.0 * f64::from(self.set.ren_tenths) / 10.0 + 2.0)
        }
    }

    /// Filters, thresholds and debounce of loop closure and ring trip.
    fn step_hook(&mut self) {
        let ringing = self.state() == state::RINGING;
        let fed = self.state() != state::OPEN;
        let threshold = |held: Option<u16>| f64::from(held.unwrap_or(0x7e00) >> 9) * 1.27;
        let weight = |held: Option<u16>| (f64::from(held.unwrap_or(8) >> 3) / 4_096.0).min(1.0);

        self.loop_filtered +=
            (self.loop_ma - self.loop_filtered) * weight(self.held(indirect::LOOP_FILTER));
        if !ringing {
            let over = fed && self.loop_filtered > threshold(self.held(indirect::LOOP_THRESHOLD));
            self.registers[HOOK] = self.registers[HOOK] & !0x04 | if over { 0 } else { 0x04 };
            let was = self.registers[HOOK] & 0x01 != 0;
            let debounce = u64::from(self.register(69)) * STEP_US;
            if over == was {
                self.loop_opposite_us = self.now_us;
            } else if self.now_us >= self.loop_opposite_us + debounce {
                self.registers[HOOK] ^= 0x01;
                self.registers[19] |= 0x02;
                self.loop_opposite_us = self.now_us;
                self.closed_since_us = over.then_some(self.now_us);
            }
            return;
        }
        self.trip_filtered +=
            (self.loop_ma - self.trip_filtered) * weight(self.held(indirect::TRIP_FILTER));
        let over = self.trip_filtered > threshold(self.held(indirect::TRIP_THRESHOLD));
        let debounce = u64::from(self.register(70)) * STEP_US;
        if !over {
            self.trip_opposite_us = self.now_us;
        } else if self.now_us >= self.trip_opposite_us + debounce {
            self.registers[HOOK] |= 0x02;
            self.registers[19] |= 0x01;
            if self.registers[67] & 0x04 != 0 {
                self.set_state(state::FORWARD);
            }
        }
    }

    /// Currents of Q5 and Q6 vanish at and below the board's mismatch.
    fn step_search(&mut self) {
        for (at, vanishes) in self.board.mismatch.into_iter().enumerate() {
            self.registers[88 + at] = self.registers[98 + at].saturating_sub(vanishes);
        }
    }
}

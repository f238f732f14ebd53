//! The line, in steps of half a millisecond.

use super::{Daa, Feed};

const STEP_US: u64 = 500;
/// What the chip drops off hook, in V, and at least needs.
const OFF_HOOK_VOLTS: f64 = 7.0;

impl Daa {
    /// Lets time pass up to `us`.
    pub(super) fn run_to(&mut self, us: u64) {
        while self.next_step_us <= us {
            self.now_us = self.now_us.max(self.next_step_us);
            self.next_step_us += STEP_US;
            self.step();
        }
        self.now_us = self.now_us.max(us);
    }

    pub(super) fn loop_is_closed(&self) -> bool {
        // The line side acts 250 µs after the register: within this model's step.
        self.register(5) & 0x01 != 0 && self.link_is_up()
    }

    pub(super) fn link_is_up(&self) -> bool {
        self.link_at_us.is_some_and(|at| self.now_us >= at) && !self.faults.no_line_side
    }

    fn step(&mut self) {
        self.step_link();
        if !self.link_is_up() {
            return;
        }
        let (volts, milliamps) = self.line_now();
        let ringing = self.ringing_now();
        // The least significant volts flicker with ringing on the line.
        self.registers[29] = ((volts + ringing).clamp(-127.0, 127.0) as i8).cast_unsigned();
        self.registers[28] = (milliamps / 1.1).min(255.0) as u8;
        let coarse = (milliamps / 3.3).min(31.0) as u8;
        self.registers[12] = self.registers[12] & 0x40 | coarse;
        self.step_ring(ringing);
        self.step_overload();
        let dropout = self.register(5) & 0x01 != 0 && milliamps < 1.0;
        self.registers[19] = self.registers[19] & !0x02 | u8::from(dropout) << 1;
        if dropout {
            self.registers[4] |= 0x08;
        }
    }

    fn step_link(&mut self) {
        let up = self.link_is_up();
        let was_up = self.registers[12] & 0x40 != 0;
        if up && !was_up {
            self.registers[12] = 0x40;
            self.registers[11] = self.board.line_side << 4 | self.registers[11] & 0x0f;
            // Powering up may set these.
            self.registers[4] |= 0x88;
        } else if !up && was_up {
            self.registers[12] = 0;
            self.registers[11] &= 0x0f;
            self.registers[4] |= 0x20;
        }
    }

    /// DC voltage between tip and ring, and current through the chip in mA.
    fn line_now(&self) -> (f64, f64) {
        let sign = match self.line.feed {
            Feed::Forward => 1.0,
            Feed::Reverse => -1.0,
            Feed::Open => return (0.0, 0.0),
        };
        let limited = |ohms: f64, drop: f64| {
            (1_000.0 * (self.line.volts - drop).max(0.0) / ohms).min(self.line.limit_ma)
        };
        if self.loop_is_closed() {
            let milliamps = limited(self.line.ohms, OFF_HOOK_VOLTS);
            let shared = if self.line.parallel.is_some() {
                0.6
            } else {
                1.0
            };
            return (sign * OFF_HOOK_VOLTS, milliamps * shared);
        }
        match self.line.parallel {
            Some(ohms) => {
                let milliamps = limited(self.line.ohms + ohms, 0.0);
                (sign * milliamps * ohms / 1_000.0, 0.0)
            }
            None => (sign * self.line.volts, 0.0),
        }
    }

    /// AC voltage on the line now: ringing, or the flick of a changed feed.
    fn ringing_now(&self) -> f64 {
        if self.loop_is_closed() || self.line.parallel.is_some() {
            return 0.0;
        }
        if let Some((hz, vrms)) = self.line.ringing {
            let angle = core::f64::consts::TAU * hz * self.now_us as f64 / 1e6;
            return vrms * core::f64::consts::SQRT_2 * angle.sin();
        }
        if self.now_us < self.flick_until_us {
            return 40.0;
        }
        0.0
    }

    /// Comparators and, when it is on, validation.
    fn step_ring(&mut self, volts: f64) {
        let threshold = match (self.register(16) & 0x01 != 0, self.register(17) & 0x10 != 0) {
            (false, _) => 15.0,
            (true, false) => 21.5,
            (true, true) => 45.0,
        } * core::f64::consts::SQRT_2;
        let full_wave = self.register(18) & 0x02 != 0;
        let above = volts > threshold;
        let below = full_wave && volts < -threshold;
        let bits = u8::from(below) << 6 | u8::from(above) << 5;
        let ringing = if self.register(24) & 0x80 != 0 {
            self.validate(above)
        } else {
            above || below
        };
        let was = self.registers[5] & 0x04 != 0;
        self.registers[5] = self.registers[5] & !0x64 | bits | u8::from(ringing) << 2;
        let both_edges = self.register(2) & 0x04 != 0;
        if ringing && !was || was && !ringing && both_edges {
            self.registers[4] |= 0x80;
        }
    }

    fn validate(&mut self, above: bool) -> bool {
        let ras = u64::from(self.register(24) & 0x3f).max(1);
        let rmx = u64::from(self.register(22) & 0x3f);
        // RAS = 1/(2 f_min 2 ms); RMX = RAS − 1/(2 f_max 2 ms) + 1.
        let longest = ras * 4_000;
        let shortest = (ras + 1).saturating_sub(rmx) * 4_000;
        let confirm = match self.register(23) & 0x07 {
            0 => 100,
            1 => 150,
            2 => 200,
            3 => 256,
            4 => 384,
            5 => 512,
            6 => 640,
            _ => 1_024,
        } * 1_000;
        let time_out = u64::from(self.register(23) >> 3 & 0x0f) * 128_000;
        let now = self.now_us;
        let run = &mut self.validation;
        if above && !run.above {
            let paced = run
                .last_rise_us
                .is_some_and(|last| (shortest..=longest).contains(&(now - last)));
            if !paced {
                run.run_since_us = Some(now);
            }
            run.last_rise_us = Some(now);
        }
        run.above = above;
        let confirmed = run.run_since_us.is_some_and(|since| now >= since + confirm);
        let alive = |within: u64| run.last_rise_us.is_some_and(|last| now <= last + within);
        let was = self.registers[5] & 0x04 != 0;
        if was {
            return alive(time_out);
        }
        confirmed && alive(longest)
    }

    fn step_overload(&mut self) {
        let protected = self.register(17) & 0x08 != 0;
        let over = self.faults.overload && protected && self.loop_is_closed();
        self.registers[19] = self.registers[19] & !0x01 | u8::from(over);
    }
}

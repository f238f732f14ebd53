//! From reset to service, in steps that never wait in place (3215 "Power-up sequence"; order and
//! limits as proven by published drivers).

use core::time::Duration;

use embedded_hal::{digital::InputPin, spi::SpiDevice};
use hal_port::Reading;

use super::registers::{
    AUTOMATIC, AUTOMATIC_ALL, BATTERY_FEED, BATTERY_SENSE, BATTERY_TRACK, CALIBRATE, CALIBRATION_1,
    CALIBRATION_2, COMMON_MODE_VOLTS, DC_DC_CALIBRATE, DC_DC_DELAY, DC_DC_DELAY_SET, DC_DC_OFF,
    DC_DC_PERIOD, ENABLE_1, ENABLE_2, ENABLE_3, ENHANCEMENT, ENHANCEMENT_SET, HYBRID,
    HYBRID_NOMINAL, LINEFEED, LOOP_DEBOUNCE, LOOPBACK, METERING, MISMATCH_MAX, MISMATCH_MIDDLE,
    ON_HOOK_VOLTS, PCM_A_LAW, PCM_ENABLE, PCM_LINEAR_16, PCM_MODE, PCM_MU_LAW, PCM_PART_3215,
    PEAK_CURRENT, POWER_DOWN_1, Q5_CURRENT, RING_MISMATCH, RING_OSCILLATOR, RX_START, SPI_MODE,
    STATUS_1, STATUS_2, STATUS_3, TX_START, feed,
};
use super::{FxsLine, LineDriver, Part, line_settings};
use crate::{SlotFormat, Trouble, bus::Registers};

/// The PLL settles in 64 periods of the clock, at most 250 µs.
const SETTLE: Duration = Duration::from_millis(2);
/// How often something slow is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// The battery must be there by then.
const BATTERY_WITHIN: Duration = Duration::from_millis(500);
/// The battery is there at 96 % of what is set: 72 V of 75 V. Its sense counts 0.376 V, its setting
/// 1.5 V.
const SENSE_PER_STEP: f64 = 0.96 * 1.5 / 0.376;
/// A calibration ends by then.
const CALIBRATED_WITHIN: Duration = Duration::from_secs(2);
/// The converter's peak current is found by then.
const PEAK_WITHIN: Duration = Duration::from_millis(20);
/// What its calibration may give, and what stands for anything else.
const PEAK_SOUND: core::ops::RangeInclusive<u8> = 2..=13;
const PEAK_FALLBACK: u8 = 8;
/// Currents settle after each step of the manual search.
const SEARCH_SETTLE: Duration = Duration::from_millis(40);
/// The line is fed this long before its balance is calibrated.
const BALANCE_FEED: Duration = Duration::from_millis(100);
/// Volts on hook, 48, and common mode, 6, in 1.5 V (data sheet and published driver).
const ON_HOOK_CODE: u8 = 0x20;
const COMMON_MODE_CODE: u8 = 0x04;
/// Loop closure debounced by the chip for 5 ms; the rest is the hook detector's: pulses of 20 per
/// second survive.
const LOOP_DEBOUNCE_CODE: u8 = 4;
const COUNT_PER_VOLT: f64 = 0.376;

/// The steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Settle,
    Identify,
    LoadIndirect,
    PowerUp,
    Battery,
    Calibrate,
    Calibrated,
    /// Si3201: finds register 98 (`tip` = 99) where no current flows, from `value` down.
    Search {
        tip: bool,
        value: u8,
    },
    BalanceFeed,
    Balance,
    Balanced,
    PeakCurrent,
    Verify,
    Finish,
}

/// Where a bring-up is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BringUp {
    step: Step,
    /// When the step began.
    since: Duration,
    /// When it is gone on with.
    pub(super) due: Duration,
    /// Whether a calibration was tried before.
    again: bool,
}

impl BringUp {
    pub(super) const START: Self = Self::at(Step::Settle, Duration::ZERO, Duration::ZERO);

    const fn at(step: Step, now: Duration, due: Duration) -> Self {
        Self {
            step,
            since: now,
            due,
            again: false,
        }
    }

    /// From the beginning.
    pub(super) fn start(now: Duration) -> Self {
        Self::at(Step::Settle, now, now)
    }
}

/// What follows a step.
enum Flow {
    /// The next, at once.
    Go(Step),
    /// The next, after this.
    After(Step, Duration),
    /// The same again, after this.
    Wait(Duration),
    /// The chip works.
    Done,
}

impl<S: SpiDevice, P: InputPin> FxsLine<S, P> {
    /// Goes on with the bring-up; `None` = the chip works.
    pub(super) fn go_on(&mut self, mut at: BringUp) -> Result<Option<BringUp>, Trouble> {
        let now = self.now;
        while at.due <= now {
            match self.step(&mut at)? {
                Flow::Done => return Ok(None),
                Flow::Wait(wait) => at.due = now + wait,
                Flow::Go(step) => {
                    at = BringUp {
                        again: at.again,
                        ..BringUp::at(step, now, now)
                    };
                }
                Flow::After(step, wait) => {
                    at = BringUp {
                        again: at.again,
                        ..BringUp::at(step, now, now + wait)
                    };
                }
            }
        }
        Ok(Some(at))
    }

    fn step(&mut self, at: &mut BringUp) -> Result<Flow, Trouble> {
        let waited = self.now.saturating_sub(at.since);
        match at.step {
            Step::Settle => Ok(Flow::After(Step::Identify, SETTLE)),
            Step::Identify => self.identify(),
            Step::LoadIndirect => self.pump_then(Step::PowerUp),
            Step::PowerUp => self.power_up(),
            Step::Battery => self.await_battery(waited),
            Step::Calibrate => self.calibrate(),
            Step::Calibrated => self.await_calibration(at, waited),
            Step::Search { tip, value } => self.search(tip, value),
            Step::BalanceFeed => {
                self.bus.write(LINEFEED, feed::FORWARD)?;
                Ok(Flow::After(Step::Balance, BALANCE_FEED))
            }
            Step::Balance => {
                self.bus.write_all(&[
                    (LINEFEED, feed::OPEN),
                    (CALIBRATION_2, 0x01),
                    (CALIBRATION_1, CALIBRATE),
                ])?;
                Ok(Flow::After(Step::Balanced, LOOK))
            }
            Step::Balanced => self.await_end_of_calibration(waited, Step::PeakCurrent),
            Step::PeakCurrent => self.peak_current(waited),
            Step::Verify => self.pump_then(Step::Finish),
            Step::Finish => {
                self.finish()?;
                Ok(Flow::Done)
            }
        }
    }

    fn pump_then(&mut self, next: Step) -> Result<Flow, Trouble> {
        Ok(if self.indirect.pump(&mut self.bus, self.now)? {
            Flow::Go(next)
        } else {
            Flow::Wait(Duration::from_millis(1))
        })
    }

    /// The right chip answers and keeps what is written. It need not come from a reset: after a
    /// restart of the program the line is simply opened and all is set anew.
    fn identify(&mut self) -> Result<Flow, Trouble> {
        let identity = self.bus.read(SPI_MODE)?;
        let revision = identity & 0x0f;
        if revision == 0 || revision == 0x0f || identity & 0xc0 != 0 {
            return Err(Trouble::NoAnswer { identity });
        }
        let pcm = self.bus.read(PCM_MODE)?;
        if (pcm & PCM_PART_3215 != 0) != (self.settings.part == Part::Si3215) {
            return Err(Trouble::WrongPart {
                register: PCM_MODE,
                value: pcm,
            });
        }
        self.identity = identity;
        self.bus.write_all(&[
            (LINEFEED, feed::OPEN),
            (ENABLE_1, 0),
            (ENABLE_2, 0),
            (ENABLE_3, 0),
            (POWER_DOWN_1, DC_DC_OFF),
        ])?;
        for probe in [0x2a, LOOP_DEBOUNCE_CODE] {
            self.bus.write(LOOP_DEBOUNCE, probe)?;
            if self.bus.read(LOOP_DEBOUNCE)? != probe {
                return Err(Trouble::NoMemory {
                    register: LOOP_DEBOUNCE,
                });
            }
        }
        let indirect = &mut self.indirect;
        line_settings::indirect_values(&self.profile, self.settings.part, |name, value| {
            indirect.wish(name, value);
        });
        self.indirect.load();
        Ok(Flow::Go(Step::LoadIndirect))
    }

    fn power_up(&mut self) -> Result<Flow, Trouble> {
        self.bus.write_all(&[
            (LOOPBACK, 0),
            (RING_OSCILLATOR, 0),
            (ENHANCEMENT, ENHANCEMENT_SET),
            (AUTOMATIC, AUTOMATIC_ALL),
            (BATTERY_FEED, BATTERY_TRACK),
            (COMMON_MODE_VOLTS, COMMON_MODE_CODE),
            (ON_HOOK_VOLTS, ON_HOOK_CODE),
        ])?;
        line_settings::write_direct(&mut self.bus, &self.profile, self.settings.part)?;
        self.bus.write(DC_DC_PERIOD, self.settings.dc_dc_period)?;
        self.bus.write(POWER_DOWN_1, 0)?;
        // A Si3211 reads like a Si3210 otherwise, but has no converter: its off bit stays set.
        let power = self.bus.read(POWER_DOWN_1)?;
        if power & DC_DC_OFF != 0 {
            return Err(Trouble::WrongPart {
                register: POWER_DOWN_1,
                value: power,
            });
        }
        Ok(Flow::After(Step::Battery, LOOK))
    }

    fn await_battery(&mut self, waited: Duration) -> Result<Flow, Trouble> {
        let sense = self.bus.read(BATTERY_SENSE)?;
        if f64::from(sense) >= self.battery_sense_min() {
            self.bus.write(DC_DC_DELAY, DC_DC_DELAY_SET)?;
            return Ok(Flow::Go(Step::Calibrate));
        }
        if waited > BATTERY_WITHIN {
            // Nothing may be left on that cannot hold its voltage.
            self.bus.write(POWER_DOWN_1, DC_DC_OFF)?;
            return Err(Trouble::NoBattery {
                volts: (f64::from(sense) * COUNT_PER_VOLT) as u8,
            });
        }
        Ok(Flow::Wait(LOOK))
    }

    /// What the battery's sense reads at least when all is well.
    pub(super) fn battery_sense_min(&self) -> f64 {
        let code = super::ring::RingFigures::new(self.profile.ring).battery;
        // The sense ends at 255 counts, 95.9 V.
        f64::from(code) * SENSE_PER_STEP
    }

    fn calibrate(&mut self) -> Result<Flow, Trouble> {
        // The line was never fed: whatever lies on it is foreign.
        self.reading.foreign_volts = Some(Reading::on_open_loop(self.loop_volts()?));
        let (second, first) = match self.settings.driver {
            LineDriver::Discrete => (0x1f, CALIBRATE | 0x1f),
            // Without RING and TIP mismatch, which are searched by hand.
            LineDriver::Si3201 => (0x18, CALIBRATE | 0x07),
        };
        self.bus
            .write_all(&[(CALIBRATION_2, second), (CALIBRATION_1, first)])?;
        Ok(Flow::After(Step::Calibrated, LOOK))
    }

    fn await_calibration(&mut self, at: &mut BringUp, waited: Duration) -> Result<Flow, Trouble> {
        let next = match self.settings.driver {
            LineDriver::Discrete => Step::PeakCurrent,
            LineDriver::Si3201 => Step::Search {
                tip: false,
                value: MISMATCH_MAX,
            },
        };
        match self.await_end_of_calibration(waited, next) {
            Err(Trouble::Calibration) if !at.again => {
                at.again = true;
                Ok(Flow::Go(Step::Calibrate))
            }
            Ok(Flow::Go(Step::Search { tip, value })) => {
                let middle = [MISMATCH_MIDDLE; 2];
                for (register, value) in (RING_MISMATCH..).zip(middle) {
                    self.bus.write(register, value)?;
                }
                self.bus.write(RING_MISMATCH, value)?;
                Ok(Flow::After(Step::Search { tip, value }, SEARCH_SETTLE))
            }
            other => other,
        }
    }

    fn await_end_of_calibration(&mut self, waited: Duration, next: Step) -> Result<Flow, Trouble> {
        if self.bus.read(CALIBRATION_1)? & CALIBRATE == 0 {
            return Ok(Flow::Go(next));
        }
        if waited > CALIBRATED_WITHIN {
            return Err(Trouble::Calibration);
        }
        Ok(Flow::Wait(LOOK))
    }

    /// Q5's (RING) or Q6's (TIP) mismatch goes down until no current flows.
    fn search(&mut self, tip: bool, value: u8) -> Result<Flow, Trouble> {
        let offset = u8::from(tip);
        let current = self.bus.read(Q5_CURRENT + offset)?;
        if current > 0 && value > 0 {
            let value = value - 1;
            self.bus.write(RING_MISMATCH + offset, value)?;
            return Ok(Flow::After(Step::Search { tip, value }, SEARCH_SETTLE));
        }
        if current > 0 {
            return Err(Trouble::Calibration);
        }
        if tip {
            return Ok(Flow::Go(Step::BalanceFeed));
        }
        let value = MISMATCH_MAX;
        self.bus.write(RING_MISMATCH + 1, value)?;
        Ok(Flow::After(
            Step::Search { tip: true, value },
            SEARCH_SETTLE,
        ))
    }

    fn peak_current(&mut self, waited: Duration) -> Result<Flow, Trouble> {
        if waited.is_zero() {
            self.bus
                .write(DC_DC_DELAY, DC_DC_CALIBRATE | DC_DC_DELAY_SET)?;
            return Ok(Flow::Wait(PEAK_WITHIN));
        }
        if !PEAK_SOUND.contains(&self.bus.read(PEAK_CURRENT)?) {
            self.bus.write(PEAK_CURRENT, PEAK_FALLBACK)?;
        }
        self.indirect.close_filters_and_verify();
        Ok(Flow::Go(Step::Verify))
    }

    fn finish(&mut self) -> Result<(), Trouble> {
        let format = match self.settings.slot_format {
            SlotFormat::Linear => PCM_LINEAR_16,
            SlotFormat::ALaw => PCM_A_LAW,
            SlotFormat::MuLaw => PCM_MU_LAW,
        };
        let [low, high] = (self.settings.slot_start & 0x3ff).to_le_bytes();
        self.bus.write_all(&[
            (TX_START, low),
            (TX_START + 1, high),
            (RX_START, low),
            (RX_START + 1, high),
            (PCM_MODE, PCM_ENABLE | format),
            (HYBRID, HYBRID_NOMINAL),
            (LOOP_DEBOUNCE, LOOP_DEBOUNCE_CODE),
        ])?;
        // Cleared by writing back what is set: reserved bits stay untouched.
        for status in [STATUS_1, STATUS_2, STATUS_3] {
            let set = self.bus.read(status)?;
            self.bus.write(status, set)?;
        }
        if self.settings.part == Part::Si3210 {
            self.bus.write(METERING, 0)?;
        }
        line_settings::enable_interrupts(&mut self.bus, self.interrupt.is_some())?;
        self.feed_line()
    }
}

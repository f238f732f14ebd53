//! From reset to service (3050 "Initialization"; checks as in published drivers).

use core::time::Duration;

use embedded_hal::{digital::InputPin, spi::SpiDevice};
use hal_port::LoopHook;

use super::country::{ac_termination, dc_rules, gains};
use super::registers::{
    AC_TERMINATION, CONTROL_1, CONTROL_2, CONTROL_2_RESET, CONTROL_2_SERVICE, DAA_CONTROL_2,
    DAA_CONTROL_5, DC_TERMINATION, FULL_SCALE, FULL_WAVE, INTERNATIONAL_1, INTERNATIONAL_2,
    INTERNATIONAL_3, INTERRUPT_MASK, INTERRUPT_PIN, INTERRUPT_SOURCE, INTERRUPTS, LINE_SIDE,
    LINE_SIDE_SI3019, LINE_STATUS, LINK_UP, RING_VALIDATION_1, RING_VALIDATION_2,
    RING_VALIDATION_3, RX_GAIN_2, RX_GAIN_3, RX_START, SOFTWARE_RESET, SPARK_QUENCH, TX_GAIN_2,
    TX_GAIN_3, TX_START,
};
use super::{FxoLine, hook::Hook, watch::Line};
use crate::{Trouble, bus::Registers};

const SETTLE: Duration = Duration::from_millis(2);
/// A software reset is over by then (published driver).
const RESET: Duration = Duration::from_millis(100);
const LOOK: Duration = Duration::from_millis(5);
/// The link locks within 10 ms; published drivers wait so long.
const LINK_WITHIN: Duration = Duration::from_secs(2);
/// Ring validation (3050 registers 22–24): 15–68 Hz, believed after 100 ms, over after 128 ms, told
/// without delay. RAS = 1/(2 · 15 Hz · 2 ms) = 17, RMX = 17 − 1/(2 · 68 Hz · 2 ms) + 1 = 14.
const RAS_VALIDATED: u8 = 0x80 | 17;
const RMX: u8 = 14;
const RTO_128_MS: u8 = 1 << 3;

/// Where a bring-up is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BringUp {
    step: Step,
    since: Duration,
    pub(super) due: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Settle,
    Identify,
    Configure,
    Link,
}

impl BringUp {
    pub(super) const START: Self = Self::at(Step::Settle, Duration::ZERO, Duration::ZERO);

    const fn at(step: Step, since: Duration, due: Duration) -> Self {
        Self { step, since, due }
    }

    /// From the beginning.
    pub(super) const fn start(now: Duration) -> Self {
        Self::at(Step::Settle, now, now)
    }
}

impl<S: SpiDevice, P: InputPin> FxoLine<S, P> {
    /// Goes on with the bring-up; `None` = the chip works.
    pub(super) fn go_on(&mut self, mut at: BringUp) -> Result<Option<BringUp>, Trouble> {
        let now = self.now;
        while at.due <= now {
            at = match at.step {
                Step::Settle => BringUp::at(Step::Identify, now, now + SETTLE),
                Step::Identify => {
                    self.identify()?;
                    BringUp::at(Step::Configure, now, now + RESET)
                }
                Step::Configure => {
                    self.configure()?;
                    BringUp::at(Step::Link, now, now + LOOK)
                }
                Step::Link => {
                    if self.bus.read(LINE_STATUS)? & LINK_UP != 0 {
                        self.finish()?;
                        return Ok(None);
                    }
                    if now.saturating_sub(at.since) > LINK_WITHIN {
                        return Err(Trouble::NoLineSide);
                    }
                    BringUp {
                        due: now + LOOK,
                        ..at
                    }
                }
            };
        }
        Ok(Some(at))
    }

    /// What this driver leaves in register 2, or a reset.
    fn identify(&mut self) -> Result<(), Trouble> {
        let identity = self.bus.read(CONTROL_2)?;
        if identity & !INTERRUPT_PIN != CONTROL_2_SERVICE && identity != CONTROL_2_RESET {
            return Err(Trouble::NoAnswer { identity });
        }
        self.bus.write(CONTROL_1, SOFTWARE_RESET)
    }

    fn configure(&mut self) -> Result<(), Trouble> {
        let identity = self.bus.read(CONTROL_2)?;
        if identity != CONTROL_2_RESET {
            return Err(Trouble::NoAnswer { identity });
        }
        let [low, high] = (self.settings.slot_start & 0x3ff).to_le_bytes();
        self.bus.write_all(&[
            (TX_START, low),
            (TX_START + 1, high),
            (RX_START, low),
            (RX_START + 1, high),
            (INTERNATIONAL_2, 0),
            (INTERNATIONAL_3, FULL_WAVE),
            (RING_VALIDATION_1, RMX),
            (RING_VALIDATION_2, RTO_128_MS),
            (RING_VALIDATION_3, RAS_VALIDATED),
        ])?;
        self.write_profile()?;
        // Line side and link on.
        self.bus.write(DAA_CONTROL_2, 0)
    }

    /// Everything that follows the line profile.
    pub(super) fn write_profile(&mut self) -> Result<(), Trouble> {
        let rules = dc_rules(self.profile.country);
        let [to_whole, from_whole, to_tenths, from_tenths] = gains(&self.profile);
        let control_5 = rules.control_5();
        self.bus.write_all(&[
            (INTERNATIONAL_1, rules.international_1()),
            // Full scale and a low DC voltage must not meet.
            (DAA_CONTROL_5, control_5 & !FULL_SCALE),
            (DC_TERMINATION, rules.dc_termination()),
            (AC_TERMINATION, ac_termination(self.profile.impedance)),
            (DAA_CONTROL_5, control_5),
            (SPARK_QUENCH, rules.spark),
            (TX_GAIN_2, to_whole),
            (RX_GAIN_2, from_whole),
            (TX_GAIN_3, to_tenths),
            (RX_GAIN_3, from_tenths),
        ])
    }

    fn finish(&mut self) -> Result<(), Trouble> {
        let line_side = self.bus.read(LINE_SIDE)?;
        if line_side >> 4 != LINE_SIDE_SI3019 {
            return Err(Trouble::WrongPart {
                register: LINE_SIDE,
                value: line_side,
            });
        }
        let pin = self.interrupt.is_some();
        // Powering up the line side may have set some.
        self.bus.write(INTERRUPT_SOURCE, 0)?;
        self.bus
            .write(INTERRUPT_MASK, if pin { INTERRUPTS } else { 0 })?;
        self.bus.write(CONTROL_2, self.control_2())?;
        self.hook = Hook::default();
        self.line = Line::default();
        self.hold(LoopHook::OnHook)
    }

    /// What register 2 holds in service: other than after a reset, so that one is noticed.
    pub(super) const fn control_2(&self) -> u8 {
        if self.interrupt.is_some() {
            CONTROL_2_SERVICE | INTERRUPT_PIN
        } else {
            CONTROL_2_SERVICE
        }
    }
}

//! How the line is held: on hook, listening, off hook, flashes and dial pulses (3050 "On-hook and
//! off-hook", "Pulse dialing").

use core::time::Duration;

use embedded_hal::{digital::InputPin, spi::SpiDevice};
use hal_port::{LoopHook, PortEvent};

use super::registers::{
    COUNTER, COUNTER_8_MS, DAA_CONTROL_1, DAA_CONTROL_5, INTERNATIONAL_2, MONITOR, NO_CALIBRATION,
    NO_RESISTOR_CALIBRATION, OFF_HOOK, OVERLOAD_PROTECTION, PCM_A_LAW, PCM_ENABLE, PCM_LINEAR_16,
    PCM_MODE, PCM_MU_LAW, RESISTOR_CALIBRATION,
};
use super::{FxoLine, country::dc_rules};
use crate::{SlicError, SlotFormat, Trouble, bus::Registers};

/// A dial pulse: 10 per second, 60/40.
const PULSE_BREAK: Duration = Duration::from_millis(60);
const PULSE_MAKE: Duration = Duration::from_millis(40);
/// Overload protection may be switched on 25 ms after the loop was closed; the bus takes its time too.
const PROTECT_AFTER: Duration = Duration::from_millis(30);
/// What the line shows means nothing so long after the loop was closed or opened: the off-hook counter
/// and the exchange's own feed settle.
const SETTLE: Duration = Duration::from_millis(200);

/// Breaks of the loop that are being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Breaks {
    /// Those after the one under way.
    left: u8,
    length: Duration,
    open: bool,
    /// When the loop changes next.
    due: Duration,
}

/// How the line is held.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hook {
    pub(super) held: LoopHook,
    breaks: Option<Breaks>,
    protect_at: Option<Duration>,
    /// What the line shows counts from then on.
    pub(super) settled_at: Duration,
}

impl Hook {
    /// When the hook has work to do.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        let due = self.breaks.map(|breaks| breaks.due);
        [due, self.protect_at].into_iter().flatten().min()
    }

    /// Whether flashes or pulses are being made.
    pub(super) const fn is_breaking(&self) -> bool {
        self.breaks.is_some()
    }
}

impl<S: SpiDevice, P: InputPin> FxoLine<S, P> {
    /// Holds the line like this from now on. On hook the slot is silent: the chip would send the ring
    /// detector's output there.
    pub(super) fn hold(&mut self, held: LoopHook) -> Result<(), Trouble> {
        let changed = held != self.hook.held;
        self.hook.breaks = None;
        self.hook.protect_at = None;
        if changed || self.hook.held == LoopHook::OnHook {
            self.hook.settled_at = self.now + SETTLE;
        }
        if held == LoopHook::OffHook {
            if changed {
                self.quick_calibration(false)?;
                self.close_loop()?;
            }
        } else {
            let monitor = if held == LoopHook::Listening {
                MONITOR
            } else {
                0
            };
            self.bus.write(DAA_CONTROL_1, monitor)?;
        }
        let format = match self.settings.slot_format {
            SlotFormat::Linear => PCM_LINEAR_16,
            SlotFormat::ALaw => PCM_A_LAW,
            SlotFormat::MuLaw => PCM_MU_LAW,
        };
        let enable = if held == LoopHook::OnHook {
            0
        } else {
            PCM_ENABLE
        };
        self.bus.write(PCM_MODE, enable | format)?;
        self.hook.held = held;
        Ok(())
    }

    /// Closes the loop; the overload protection must be off at that moment.
    fn close_loop(&mut self) -> Result<(), Trouble> {
        let calibration = if self.hook.is_breaking() {
            NO_CALIBRATION
        } else {
            0
        };
        self.bus.write(INTERNATIONAL_2, calibration)?;
        self.bus.write(DAA_CONTROL_1, OFF_HOOK)?;
        self.hook.protect_at = Some(self.now + PROTECT_AFTER);
        Ok(())
    }

    /// For breaks in a call the loop is closed again without calibrations and with the short counter,
    /// so that sound is back in 8 ms instead of 400.
    fn quick_calibration(&mut self, quick: bool) -> Result<(), Trouble> {
        let control = dc_rules(self.profile.country).control_5();
        let control = if quick {
            control & !COUNTER | COUNTER_8_MS
        } else {
            control
        };
        self.bus.write(DAA_CONTROL_5, control)?;
        let resistor = self.bus.read(RESISTOR_CALIBRATION)? & 0x0f;
        let flag = if quick { NO_RESISTOR_CALIBRATION } else { 0 };
        self.bus.write(RESISTOR_CALIBRATION, resistor | flag)
    }

    /// Starts `count` breaks of `length`.
    pub(super) fn start_breaks(&mut self, count: u8, length: Duration) -> Result<(), SlicError> {
        let closed = self.health.is_in_service() && self.hook.held == LoopHook::OffHook;
        if !closed || self.hook.is_breaking() {
            return Err(SlicError::State);
        }
        self.quick_calibration(true)?;
        self.bus.write(DAA_CONTROL_1, 0)?;
        self.hook.protect_at = None;
        self.hook.breaks = Some(Breaks {
            left: count.saturating_sub(1),
            length,
            open: true,
            due: self.now + length,
        });
        Ok(())
    }

    pub(super) fn start_pulses(&mut self, digit: u8) -> Result<(), SlicError> {
        match digit {
            0 => self.start_breaks(10, PULSE_BREAK),
            1..=9 => self.start_breaks(digit, PULSE_BREAK),
            _ => Err(SlicError::Argument),
        }
    }

    /// Everything of the hook that is due.
    pub(super) fn work_hook(&mut self) -> Result<(), Trouble> {
        if let Some(mut breaks) = self.hook.breaks.filter(|breaks| breaks.due <= self.now) {
            // A late turn makes a break or make longer, never shorter.
            if breaks.open {
                self.close_loop()?;
                breaks.open = false;
                breaks.due = self.now + PULSE_MAKE;
                self.hook.breaks = Some(breaks);
            } else if breaks.left > 0 {
                self.bus.write(DAA_CONTROL_1, 0)?;
                self.hook.protect_at = None;
                breaks.open = true;
                breaks.left -= 1;
                breaks.due = self.now + breaks.length;
                self.hook.breaks = Some(breaks);
            } else {
                self.hook.breaks = None;
                self.hook.settled_at = self.now + SETTLE;
                self.put(PortEvent::Done);
            }
        }
        if self.hook.protect_at.is_some_and(|at| at <= self.now) {
            self.hook.protect_at = None;
            self.bus.write(INTERNATIONAL_2, OVERLOAD_PROTECTION)?;
        }
        Ok(())
    }
}

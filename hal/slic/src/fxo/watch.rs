//! What the line shows: ringing, battery, polarity, current, a parallel set (3050 "Line voltage/loop
//! current sensing", "Ring detection").

use core::time::Duration;

use embedded_hal::{digital::InputPin, spi::SpiDevice};
use hal_port::{LoopHook, PortEvent, Reading};

use super::FxoLine;
use super::registers::{
    CONTROL_2, CONTROL_2_RESET, DAA_CONTROL_1, INTERNATIONAL_4, INTERRUPT_SOURCE, LINE_STATUS,
    LINE_STATUS_ZERO, LINE_VOLTAGE, LINK_UP, LOOP_CURRENT, OVERLOADED, RING_NOW, RINGING,
};
use crate::{Trouble, bus::Registers};

/// How often the pin, or without one the registers, are looked at.
const LOOK: Duration = Duration::from_millis(10);
/// How often the registers are read even if the pin says nothing.
const STATUS: Duration = Duration::from_millis(20);
/// A misread bit is no lost line side.
const STATUS_LOOKS: u32 = 3;
/// Below this a line is dead (published driver; the chip's own limit).
const DEAD_VOLTS: u16 = 3;
/// A dead line is believed after this, a live one after that.
const DEAD_AFTER: Duration = Duration::from_millis(1_200);
const LIVE_AFTER: Duration = Duration::from_millis(200);
/// The other polarity is believed after this: longer than half a period of any ringing.
const REVERSED_AFTER: Duration = Duration::from_millis(64);
/// A break of the current is believed after this, its end after that.
const BREAK_AFTER: Duration = Duration::from_millis(50);
const FLOWS_AFTER: Duration = Duration::from_millis(20);
/// A parallel set is believed after this.
const IN_USE_AFTER: Duration = Duration::from_millis(200);
/// The voltage means nothing so long after ringing was on the line.
const RING_OUT: Duration = Duration::from_millis(150);
/// Below this a line is in use when its own idle voltage is not known yet.
const IN_USE_VOLTS: u16 = 18;

/// A fact that is believed when it has stayed so for a while.
#[derive(Clone, Copy, Debug, Default)]
struct Fact {
    believed: Option<bool>,
    other_since: Option<Duration>,
}

impl Fact {
    const fn known(value: bool) -> Self {
        Self {
            believed: Some(value),
            other_since: None,
        }
    }

    /// It looks like `now_is`; it is believed when it has for `after`. `true` = news.
    fn see(&mut self, now: Duration, now_is: bool, after: Duration) -> bool {
        if self.believed == Some(now_is) {
            self.other_since = None;
            return false;
        }
        let since = *self.other_since.get_or_insert(now);
        if now.saturating_sub(since) < after {
            return false;
        }
        *self = Self::known(now_is);
        true
    }

    /// What was about to be believed is not.
    fn doubt(&mut self) {
        self.other_since = None;
    }

    fn is(self, value: bool) -> bool {
        self.believed == Some(value)
    }
}

/// What is believed of the line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    live: Fact,
    negative: Fact,
    /// Polarity of the idle line, and whether the present one was told as reversed.
    idle_negative: Option<bool>,
    reversed: bool,
    flows: Fact,
    in_use: Fact,
    ringing: bool,
    /// The voltage is ringing's until then.
    rung_until: Duration,
    /// Voltage of the line when nobody uses it.
    idle_volts: Option<u16>,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            live: Fact::default(),
            negative: Fact::default(),
            idle_negative: None,
            reversed: false,
            flows: Fact::known(true),
            in_use: Fact::known(false),
            ringing: false,
            rung_until: Duration::ZERO,
            idle_volts: None,
        }
    }
}

impl<S: SpiDevice, P: InputPin> FxoLine<S, P> {
    /// Everything that is due on a chip that works.
    pub(super) fn watch(&mut self) -> Result<(), Trouble> {
        self.work_hook()?;
        if self.now < self.next_look {
            return Ok(());
        }
        self.next_look = self.now + LOOK;
        let asks = match &mut self.interrupt {
            // A pin that cannot be read is no pin: the registers tell.
            Some(pin) => pin.is_low().unwrap_or(true),
            None => true,
        };
        let off_hook = self.hook.held == LoopHook::OffHook;
        if !asks && !off_hook && !self.line.ringing && self.now < self.next_status {
            return Ok(());
        }
        self.next_status = self.now + STATUS;
        let mut status = 0;
        for _ in 0..STATUS_LOOKS {
            status = self.bus.read(LINE_STATUS)?;
            if status & (LINE_STATUS_ZERO | LINK_UP) == LINK_UP {
                break;
            }
        }
        if status & (LINE_STATUS_ZERO | LINK_UP) != LINK_UP {
            return Err(self.what_is_lost()?);
        }
        if asks && self.interrupt.is_some() {
            self.bus.write(INTERRUPT_SOURCE, 0)?;
        }
        if off_hook {
            self.watch_current()?;
        } else {
            self.watch_ringing()?;
        }
        self.watch_voltage()
    }

    /// The link is down or the bus is: which.
    fn what_is_lost(&mut self) -> Result<Trouble, Trouble> {
        let identity = self.bus.read(CONTROL_2)?;
        if identity == CONTROL_2_RESET {
            return Ok(Trouble::Reset);
        }
        if identity != self.control_2() {
            return Ok(Trouble::NoAnswer { identity });
        }
        Ok(Trouble::NoLineSide)
    }

    fn watch_ringing(&mut self) -> Result<(), Trouble> {
        let bits = self.bus.read(DAA_CONTROL_1)?;
        if bits & (RING_NOW | RINGING) != 0 {
            self.line.rung_until = self.now + RING_OUT;
        }
        let ringing = bits & RINGING != 0;
        if ringing != self.line.ringing {
            self.line.ringing = ringing;
            self.put(PortEvent::Ring(ringing));
        }
        Ok(())
    }

    fn watch_current(&mut self) -> Result<(), Trouble> {
        if core::mem::take(&mut self.line.ringing) {
            self.put(PortEvent::Ring(false));
        }
        let current = self.bus.read(LOOP_CURRENT)?;
        self.reading.loop_tenth_ma = Some(i16::from(current) * 11);
        if self.bus.read(INTERNATIONAL_4)? & OVERLOADED != 0 {
            return Err(Trouble::LineOverload);
        }
        if self.hook.is_breaking() || self.now < self.hook.settled_at {
            self.line.flows.doubt();
            return Ok(());
        }
        let flows = current > 0;
        let after = if flows { FLOWS_AFTER } else { BREAK_AFTER };
        if self.line.flows.see(self.now, flows, after) {
            self.put(PortEvent::Current(flows));
        }
        Ok(())
    }

    fn watch_voltage(&mut self) -> Result<(), Trouble> {
        let volts = i16::from(self.bus.read(LINE_VOLTAGE)? as i8);
        self.reading.volts = Some(volts);
        let off_hook = self.hook.held == LoopHook::OffHook;
        if !off_hook {
            self.reading.loop_tenth_ma = Some(0);
            // A new call begins with current, whatever the last ended with.
            self.line.flows = Fact::known(true);
        }
        let unclear = self.hook.is_breaking()
            || self.now < self.hook.settled_at
            || self.now < self.line.rung_until;
        if unclear {
            self.line.live.doubt();
            self.line.negative.doubt();
            self.line.in_use.doubt();
            return Ok(());
        }
        let size = volts.unsigned_abs();
        let live = size >= DEAD_VOLTS;
        let after = if live { LIVE_AFTER } else { DEAD_AFTER };
        if self.line.live.see(self.now, live, after) {
            self.put(PortEvent::Battery(live));
            if live {
                // A line that was repaired may have been turned round.
                self.line.idle_negative = None;
                self.line.reversed = false;
                self.line.negative = Fact::default();
            }
        }
        if live {
            self.watch_polarity(volts < 0);
            if !off_hook {
                self.watch_use(size);
            }
        }
        if !off_hook {
            self.reading.foreign_volts = Some(Reading::beyond_exchange(volts));
        }
        Ok(())
    }

    fn watch_polarity(&mut self, negative: bool) {
        if !self.line.live.is(true) || !self.line.negative.see(self.now, negative, REVERSED_AFTER) {
            return;
        }
        let idle = *self.line.idle_negative.get_or_insert(negative);
        let reversed = negative != idle;
        if reversed != self.line.reversed {
            self.line.reversed = reversed;
            self.put(PortEvent::Reversed(reversed));
        }
    }

    fn watch_use(&mut self, volts: u16) {
        let least = self.line.idle_volts.map_or(IN_USE_VOLTS, |idle| idle / 2);
        let used = volts < least;
        if self.line.in_use.see(self.now, used, IN_USE_AFTER) {
            self.put(PortEvent::InUse(used));
        }
        if self.line.in_use.is(false) && !used {
            // Falls slowly, so that what is seen while a set takes the line is not taken for idle.
            let idle = self.line.idle_volts.unwrap_or(0).saturating_sub(1);
            self.line.idle_volts = Some(idle.max(volts));
        }
    }
}

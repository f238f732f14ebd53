//! A chip in service: hook, ring trip, alarms, measurements.

use core::time::Duration;

use embedded_hal::{digital::InputPin, spi::SpiDevice};
use hal_port::{Linefeed, PortEvent, Reading};

use super::FxsLine;
use super::registers::{
    ALARMS, BATTERY_SENSE, HOOK, HOOK_CLOSED, HOOK_TRIPPED, LINEFEED, LOOP_CURRENT, LOOP_VOLTAGE,
    LOOPBACK, RING_TRIPPED, SPI_MODE, STATUS_2, feed,
};
use crate::{Trouble, bus::Registers};

/// How often the pin, or without one the registers, are looked at.
pub(super) const LOOK: Duration = Duration::from_millis(5);
/// How often the registers are read even if the pin says nothing.
const STATUS: Duration = Duration::from_millis(20);
/// How often voltages and currents are read, and identity and battery checked.
const READING: Duration = Duration::from_millis(100);
/// From ring trip to loop closure: filter and debounce of the latter, with room.
const TRIP: Duration = Duration::from_millis(80);
/// Alarms in one storm: one is forgiven every [`FORGIVE`] (published driver's rule).
const STORM: u32 = 4;
const FORGIVE: Duration = Duration::from_secs(10);
/// The line rests after an alarm.
const REST: Duration = Duration::from_millis(100);
/// The battery follows the loop down to some 20 V when the set is lifted; below 12 V it has failed.
const BATTERY_FAILED: u8 = 32;
/// A loop that is not fed any more has lost its charge.
const DISCHARGED: Duration = Duration::from_millis(100);
/// A misread bit is no lost chip.
const IDENTITY_LOOKS: u32 = 3;

/// Power alarms of late.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Alarms {
    count: u32,
    last: Duration,
    /// The line is opened until then.
    pub(super) rest_until: Option<Duration>,
}

impl<S: SpiDevice, P: InputPin> FxsLine<S, P> {
    /// Everything that is due on a chip that works.
    pub(super) fn watch(&mut self) -> Result<(), Trouble> {
        if !self.indirect.is_idle() {
            self.indirect.pump(&mut self.bus, self.now)?;
        }
        self.end_meter_pulse()?;
        if self
            .alarms
            .rest_until
            .is_some_and(|until| until <= self.now)
        {
            self.alarms.rest_until = None;
            self.feed_line()?;
        }
        if self.now >= self.next_look {
            self.next_look = self.now + LOOK;
            let asks = match &mut self.interrupt {
                // A pin that cannot be read is no pin: the registers tell.
                Some(pin) => pin.is_low().unwrap_or(true),
                None => true,
            };
            if asks || self.now >= self.next_status {
                self.next_status = self.now + STATUS;
                self.read_status()?;
            }
        }
        self.sense_hook();
        self.follow_wish()?;
        if self.now >= self.next_reading {
            self.next_reading = self.now + READING;
            self.take_reading()?;
        }
        Ok(())
    }

    fn read_status(&mut self) -> Result<(), Trouble> {
        let state = self.bus.read(LINEFEED)?;
        // Bits 7 and 3 read 0; other than commanded is an alarm, a reset, a dead bus.
        if state & 0x88 != 0 || state & 0x07 != self.wish.told {
            self.check_identity()?;
        }
        let status = self.bus.read(STATUS_2)?;
        if status != 0 {
            self.bus.write(STATUS_2, status)?;
        }
        let opened = state >> 4 == feed::OPEN && self.wish.told != feed::OPEN;
        if status & ALARMS != 0 || opened {
            return self.alarm(status >> 2);
        }
        let hook = self.bus.read(HOOK)?;
        self.closed = hook & HOOK_CLOSED != 0;
        if status & RING_TRIPPED != 0 || hook & HOOK_TRIPPED != 0 {
            self.trip_until = self.now + TRIP;
        }
        Ok(())
    }

    /// The chip that was brought up is still there and was not reset.
    fn check_identity(&mut self) -> Result<(), Trouble> {
        let mut identity = 0;
        for _ in 0..IDENTITY_LOOKS {
            identity = self.bus.read(SPI_MODE)?;
            if identity == self.identity {
                break;
            }
        }
        if identity != self.identity {
            return Err(Trouble::NoAnswer { identity });
        }
        if self.bus.read(LOOPBACK)? != 0 {
            return Err(Trouble::Reset);
        }
        Ok(())
    }

    /// A transistor was overloaded, and the chip opened the line.
    fn alarm(&mut self, transistors: u8) -> Result<(), Trouble> {
        self.check_identity()?;
        let quiet = self.now.saturating_sub(self.alarms.last);
        let forgiven = (quiet.as_millis() / FORGIVE.as_millis()) as u32;
        self.alarms.count = self.alarms.count.saturating_sub(forgiven) + 1;
        self.alarms.last = self.now;
        self.bus.write(LINEFEED, feed::OPEN)?;
        self.wish.told = feed::OPEN;
        self.alarms.rest_until = Some(self.now + REST);
        let storm = self.alarms.count >= STORM || self.health.fault.is_some();
        let trouble = Trouble::PowerAlarm { transistors };
        self.health.last = Some(trouble);
        if storm { Err(trouble) } else { Ok(()) }
    }

    /// Tells the hook detector what the loop does. A loop without battery shows nothing.
    fn sense_hook(&mut self) {
        let tripped = self.now < self.trip_until;
        let dead = self.wish.feed == Linefeed::Open || self.alarms.rest_until.is_some();
        let deaf = self.wish.told == feed::RINGING || self.now < self.deaf_until;
        if dead || (deaf && !tripped) {
            return;
        }
        self.hook.sample(self.now, self.closed || tripped);
        while let Some(event) = self.hook.poll() {
            if event == PortEvent::OffHook {
                self.wish.ringing = None;
            }
            self.put(event);
        }
    }

    /// Voltage between tip and ring in V.
    pub(super) fn loop_volts(&mut self) -> Result<i16, Trouble> {
        let volts = signed(self.bus.read(LOOP_VOLTAGE)?);
        Ok(volts * 3 / 2)
    }

    fn take_reading(&mut self) -> Result<(), Trouble> {
        self.check_identity()?;
        let volts = self.loop_volts()?;
        let current = self.bus.read(LOOP_CURRENT)?;
        self.reading.volts = Some(volts);
        if self.wish.told == feed::OPEN {
            // What the line kept of our own feed is gone.
            let since = *self.open_since.get_or_insert(self.now);
            if self.now >= since + DISCHARGED {
                self.reading.foreign_volts = Some(Reading::on_open_loop(volts));
            }
        } else {
            self.open_since = None;
        }
        let current = signed(current);
        self.reading.loop_tenth_ma = Some(current * 25 / 2);
        let battery = self.bus.read(BATTERY_SENSE)?;
        if battery < BATTERY_FAILED {
            return Err(Trouble::Battery {
                volts: (u16::from(battery) * 47 / 125) as u8,
            });
        }
        Ok(())
    }
}

/// What the sense registers hold: six bits and a sign.
fn signed(raw: u8) -> i16 {
    let size = i16::from(raw & 0x3f);
    if raw & 0x40 != 0 { -size } else { size }
}

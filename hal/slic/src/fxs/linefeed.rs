//! What the line driver is told: idle, with sound, reversed, open, ringing (3215 register 64).

use core::time::Duration;

use embedded_hal::{digital::InputPin, spi::SpiDevice};
use hal_port::{Cadence, Linefeed};

use super::registers::{LINEFEED, METERING, METERING_ON, feed};
use super::{FxsLine, Part};
use crate::{SlicError, Trouble, bus::Registers};

/// After a burst a bell rings out, and its current is none of a hook.
const RING_OUT: Duration = Duration::from_millis(40);

/// How the loop shall be fed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wish {
    pub(super) feed: Linefeed,
    pub(super) on_hook_sound: bool,
    /// Rung since then, in this cadence.
    pub(super) ringing: Option<(Duration, Cadence)>,
    /// What the chip was told last.
    pub(super) told: u8,
}

impl Wish {
    /// The state of the line driver at `now`.
    fn state(&self, now: Duration) -> u8 {
        let reversed = match self.feed {
            Linefeed::Open => return feed::OPEN,
            Linefeed::Forward => 0,
            Linefeed::Reverse => feed::REVERSED,
        };
        if let Some((since, cadence)) = self.ringing {
            let ms = now.saturating_sub(since).as_millis() as u64;
            // Between bursts caller ID may be sent.
            return if cadence.is_on_at(ms) {
                feed::RINGING
            } else {
                feed::FORWARD_SOUND + reversed
            };
        }
        let idle = if self.on_hook_sound {
            feed::FORWARD_SOUND
        } else {
            feed::FORWARD
        };
        idle + reversed
    }

    /// When the cadence changes next after `now`.
    pub(super) fn next_edge(&self, now: Duration) -> Option<Duration> {
        let (since, cadence) = self.ringing?;
        let ms = now.saturating_sub(since).as_millis() as u64;
        let period = cadence.period_ms().max(1);
        let mut edge = ms / period * period;
        for &step in cadence.steps_ms() {
            edge += u64::from(step);
            if edge > ms {
                break;
            }
        }
        Some(since + Duration::from_millis(edge))
    }
}

impl<S: SpiDevice, P: InputPin> FxsLine<S, P> {
    /// Tells the chip how to feed the line now, if that is something else than before.
    pub(super) fn follow_wish(&mut self) -> Result<(), Trouble> {
        let state = self.wish.state(self.now);
        // A changed ringing signal is set before the next burst.
        let late = state == feed::RINGING && !self.indirect.is_idle();
        if state == self.wish.told || late || self.alarms.rest_until.is_some() {
            return Ok(());
        }
        self.feed_line()
    }

    /// Tells the chip how to feed the line now.
    pub(super) fn feed_line(&mut self) -> Result<(), Trouble> {
        let state = self.wish.state(self.now);
        if self.wish.told == feed::RINGING && state != feed::RINGING {
            self.deaf_until = self.now + RING_OUT;
        }
        self.bus.write(LINEFEED, state)?;
        self.wish.told = state;
        Ok(())
    }

    pub(super) fn start_ring(&mut self, cadence: Cadence) -> Result<(), SlicError> {
        let ready = self.health.is_in_service() && self.wish.feed != Linefeed::Open;
        if !ready || self.hook.is_off_hook() {
            return Err(SlicError::State);
        }
        self.change_wish(|wish, now| wish.ringing = Some((now, cadence)))
    }

    /// Changes the wish and tells the chip; when that fails, nothing was changed.
    pub(super) fn change_wish(
        &mut self,
        change: impl FnOnce(&mut Wish, Duration),
    ) -> Result<(), SlicError> {
        let before = self.wish;
        change(&mut self.wish, self.now);
        if !self.health.works() {
            return Ok(());
        }
        self.follow_wish().map_err(|trouble| {
            self.wish = before;
            trouble.into()
        })
    }

    pub(super) fn start_meter_pulse(&mut self, ms: u16) -> Result<(), SlicError> {
        if self.settings.part != Part::Si3210 {
            return Err(SlicError::Unsupported);
        }
        if !(50..=1_000).contains(&ms) {
            return Err(SlicError::Argument);
        }
        let fed = self.health.is_in_service() && self.wish.feed != Linefeed::Open;
        if !fed || !self.hook.is_off_hook() || self.meter_until.is_some() {
            return Err(SlicError::State);
        }
        self.bus.write(METERING, METERING_ON)?;
        self.meter_until = Some(self.now + Duration::from_millis(u64::from(ms)));
        Ok(())
    }

    pub(super) fn end_meter_pulse(&mut self) -> Result<(), Trouble> {
        if self.meter_until.is_some_and(|until| until <= self.now) {
            self.bus.write(METERING, 0)?;
            self.meter_until = None;
        }
        Ok(())
    }
}

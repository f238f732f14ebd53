//! Indirect registers: 16 bits behind an address, served by the chip 16,000 times a second (3215
//! "Indirect registers"). All are undefined after a reset.

use core::time::Duration;
use std::collections::VecDeque;

use super::registers::{INDIRECT_ADDRESS, INDIRECT_HIGH, INDIRECT_LOW, INDIRECT_STATUS};
use crate::{Trouble, bus::Registers};

/// Looks at the busy bit in one go: at any bus speed longer than the 62.5 µs of one service.
const LOOKS: u32 = 40;
/// Accesses in one go.
const BATCH: usize = 16;
/// An access that takes this long never ends.
const STUCK: Duration = Duration::from_millis(100);

/// The indirect registers that a driver writes, by what they are for. Addresses differ by part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Oscillator1,
    Oscillator1Level,
    Oscillator1Phase,
    Oscillator2,
    Oscillator2Level,
    Oscillator2Phase,
    RingOffset,
    RingFrequency,
    RingLevel,
    RingPhase,
    MeteringRamp,
    MeteringLevel,
    MeteringFrequency,
    GainToLine,
    GainFromLine,
    LoopThreshold,
    TripThreshold,
    SpeedUpLow,
    SpeedUpHigh,
    PowerQ1Q2,
    PowerQ3Q4,
    PowerQ5Q6,
    LoopFilter,
    TripFilter,
    HeatQ1Q2,
    HeatQ3Q4,
    HeatQ5Q6,
    RingCommonMode,
    Overhead,
    LoopThresholdLow,
}

/// Every register with its address on the Si3210 (3230 table) and the Si3215, and the value that
/// suits every line (published driver's table, a regression vector of boards in the field). Ringing,
/// gains and metering follow the line profile.
const TABLE: [(Name, u8, Option<u8>, u16); 30] = [
    (Name::Oscillator1, 13, Some(0), 0x7b30),
    (Name::Oscillator1Level, 14, Some(1), 0x0063),
    (Name::Oscillator1Phase, 15, Some(2), 0),
    (Name::Oscillator2, 16, Some(3), 0x7870),
    (Name::Oscillator2Level, 17, Some(4), 0x007d),
    (Name::Oscillator2Phase, 18, Some(5), 0),
    (Name::RingOffset, 19, Some(6), 0),
    (Name::RingFrequency, 20, Some(7), 0x7ef0),
    (Name::RingLevel, 21, Some(8), 0x0160),
    (Name::RingPhase, 22, Some(9), 0),
    (Name::MeteringRamp, 23, None, 0x2000),
    (Name::MeteringLevel, 24, None, 0x2000),
    (Name::MeteringFrequency, 25, None, 0),
    (Name::GainToLine, 26, Some(13), 0x4000),
    (Name::GainFromLine, 27, Some(14), 0x4000),
    (Name::LoopThreshold, 28, Some(15), 0x1000),
    (
        Name::TripThreshold,
        29,
        Some(16),
        super::ring::TRIP_THRESHOLD,
    ),
    (Name::SpeedUpLow, 30, Some(17), 0x1000),
    (Name::SpeedUpHigh, 31, Some(18), 0x0200),
    (Name::PowerQ1Q2, 32, Some(19), 0x07c0),
    (Name::PowerQ3Q4, 33, Some(20), 0x2600),
    (Name::PowerQ5Q6, 34, Some(21), 0x1b80),
    (Name::LoopFilter, 35, Some(22), 0x8000),
    (Name::TripFilter, 36, Some(23), 0x0320),
    (Name::HeatQ1Q2, 37, Some(24), 0x008c),
    (Name::HeatQ3Q4, 38, Some(25), 0x0100),
    (Name::HeatQ5Q6, 39, Some(26), 0x0010),
    (Name::RingCommonMode, 40, Some(27), 0x0c00),
    (Name::Overhead, 41, Some(64), 0x0c00),
    (Name::LoopThresholdLow, 43, Some(66), 0x1000),
];

/// Filters that are opened wide while the chip is brought up, so that they hold nothing of before.
const FILTERS: [Name; 5] = [
    Name::LoopFilter,
    Name::TripFilter,
    Name::HeatQ1Q2,
    Name::HeatQ3Q4,
    Name::HeatQ5Q6,
];
const FILTER_OPEN: u16 = 0x8000;

/// Where the register lies on this part; `None` = the part has none.
fn address(name: Name, set_b: bool) -> Option<u8> {
    let (_, a, b, _) = TABLE.into_iter().find(|&(n, ..)| n == name)?;
    if set_b { b } else { Some(a) }
}

#[derive(Clone, Copy, Debug)]
enum Access {
    Write(u8, u16),
    Verify(u8, u16),
}

/// Accesses that wait, done one after the other without waiting in place.
#[derive(Debug, Default)]
pub(super) struct Indirect {
    set_b: bool,
    /// What the chip is wished to hold, in the order of [`TABLE`].
    wished: [u16; TABLE.len()],
    queue: VecDeque<Access>,
    /// A read was started; this is what it must give.
    reading: Option<(u8, u16)>,
    busy_since: Option<Duration>,
}

impl Indirect {
    /// Everything as it suits every line; `set_b` = addresses of the Si3215.
    pub(super) fn new(set_b: bool) -> Self {
        Self {
            set_b,
            wished: TABLE.map(|(.., value)| value),
            ..Self::default()
        }
    }

    /// Wishes `value`, without writing it yet.
    pub(super) fn wish(&mut self, name: Name, value: u16) {
        if let Some(at) = TABLE.iter().position(|&(n, ..)| n == name)
            && let Some(wished) = self.wished.get_mut(at)
        {
            *wished = value;
        }
    }

    /// Wishes `value` and writes it when its turn comes.
    pub(super) fn set(&mut self, name: Name, value: u16) {
        self.wish(name, value);
        if let Some(address) = address(name, self.set_b) {
            self.queue.push_back(Access::Write(address, value));
        }
    }

    /// Writes all that is wished, filters wide open, and forgets what was under way.
    pub(super) fn load(&mut self) {
        self.queue.clear();
        self.reading = None;
        self.busy_since = None;
        for ((name, a, b, _), value) in TABLE.into_iter().zip(self.wished) {
            let open = FILTERS.contains(&name);
            if let Some(address) = if self.set_b { b } else { Some(a) } {
                let value = if open { FILTER_OPEN } else { value };
                self.queue.push_back(Access::Write(address, value));
            }
        }
    }

    /// Writes the filters as wished, and reads everything back.
    pub(super) fn close_filters_and_verify(&mut self) {
        let set_b = self.set_b;
        for ((name, ..), value) in TABLE.into_iter().zip(self.wished) {
            if FILTERS.contains(&name)
                && let Some(address) = address(name, set_b)
            {
                self.queue.push_back(Access::Write(address, value));
            }
        }
        for ((_, a, b, _), value) in TABLE.into_iter().zip(self.wished) {
            if let Some(address) = if set_b { b } else { Some(a) } {
                self.queue.push_back(Access::Verify(address, value));
            }
        }
    }

    /// Whether nothing waits.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.reading.is_none() && self.busy_since.is_none()
    }

    /// Does what can be done now. Whether all is done.
    pub(super) fn pump(
        &mut self,
        bus: &mut impl Registers,
        now: Duration,
    ) -> Result<bool, Trouble> {
        for _ in 0..BATCH {
            if self.is_idle() {
                return Ok(true);
            }
            if !self.is_served(bus, now)? {
                return Ok(false);
            }
            if let Some((address, wanted)) = self.reading.take() {
                let low = bus.read(INDIRECT_LOW)?;
                let got = u16::from_le_bytes([low, bus.read(INDIRECT_HIGH)?]);
                if got != wanted {
                    let register = 128 + address.min(127);
                    return Err(Trouble::NoMemory { register });
                }
            }
            let Some(access) = self.queue.pop_front() else {
                continue;
            };
            match access {
                Access::Write(address, value) => {
                    let [low, high] = value.to_le_bytes();
                    bus.write(INDIRECT_LOW, low)?;
                    bus.write(INDIRECT_HIGH, high)?;
                    bus.write(INDIRECT_ADDRESS, address)?;
                }
                Access::Verify(address, value) => {
                    bus.write(INDIRECT_ADDRESS, address)?;
                    self.reading = Some((address, value));
                }
            }
            self.busy_since = Some(now);
        }
        Ok(false)
    }

    /// Whether the chip has served the last access.
    fn is_served(&mut self, bus: &mut impl Registers, now: Duration) -> Result<bool, Trouble> {
        for _ in 0..LOOKS {
            if bus.read(INDIRECT_STATUS)? & 1 == 0 {
                self.busy_since = None;
                return Ok(true);
            }
        }
        let since = *self.busy_since.get_or_insert(now);
        if now.saturating_sub(since) > STUCK {
            return Err(Trouble::IndirectStuck);
        }
        Ok(false)
    }
}

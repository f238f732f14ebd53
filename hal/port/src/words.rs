use serde::{Deserialize, Serialize};

use crate::{LineProfile, LoopHook};

/// Lengths of a flash to the exchange, in ms.
pub const FLASH_MS: core::ops::RangeInclusive<u16> = 50..=1_500;
/// Steps of a ring cadence, on and off together.
pub const CADENCE_STEPS_MAX: usize = 8;

/// A ring cadence: on, off, on, off … in ms, from the start again after the last. Fixed in size, so
/// that it crosses rings and journals as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cadence {
    steps_ms: [u16; CADENCE_STEPS_MAX],
    len: u8,
}

impl Cadence {
    /// A cadence of these alternating on and off times in ms, an even number of them; `None` when
    /// there are none, an odd number, more than [`CADENCE_STEPS_MAX`], or one is shorter than 50 ms:
    /// no bell and no ring trip detector follows less.
    #[must_use]
    pub fn new(on_off_ms: &[u16]) -> Option<Self> {
        let mut steps_ms = [0; CADENCE_STEPS_MAX];
        let long_enough = on_off_ms.iter().all(|&ms| ms >= 50);
        if on_off_ms.is_empty() || !on_off_ms.len().is_multiple_of(2) || !long_enough {
            return None;
        }
        steps_ms
            .get_mut(..on_off_ms.len())?
            .copy_from_slice(on_off_ms);
        Some(Self {
            steps_ms,
            len: u8::try_from(on_off_ms.len()).ok()?,
        })
    }

    /// The alternating on and off times in ms.
    #[must_use]
    pub fn steps_ms(&self) -> &[u16] {
        self.steps_ms.get(..usize::from(self.len)).unwrap_or(&[])
    }

    /// Length of one whole round in ms.
    #[must_use]
    pub fn period_ms(&self) -> u64 {
        self.steps_ms().iter().map(|&ms| u64::from(ms)).sum()
    }

    /// Whether the bell sounds `ms` after the start.
    #[must_use]
    pub fn is_on_at(&self, ms: u64) -> bool {
        let mut left = ms % self.period_ms().max(1);
        for (at, &step) in self.steps_ms().iter().enumerate() {
            let step = u64::from(step);
            if left < step {
                return at % 2 == 0;
            }
            left -= step;
        }
        false
    }

    /// When the `nth` burst begins, in ms after the start; the first is 1.
    #[must_use]
    pub fn burst_start_ms(&self, nth: u64) -> u64 {
        let pairs = (self.steps_ms().len() as u64 / 2).max(1);
        let before = nth.saturating_sub(1);
        let steps = 2 * usize::try_from(before % pairs).unwrap_or(0);
        let within: u64 = self
            .steps_ms()
            .iter()
            .take(steps)
            .map(|&ms| u64::from(ms))
            .sum();
        before / pairs * self.period_ms() + within
    }

    /// Bursts that have begun `ms` after the start; 1 at 0 ms.
    #[must_use]
    pub fn bursts_begun_at(&self, ms: u64) -> u64 {
        let period = self.period_ms().max(1);
        let mut begun = ms / period * (self.steps_ms().len() as u64 / 2);
        let mut left = ms % period;
        for pair in self.steps_ms().chunks_exact(2) {
            begun += 1;
            let whole: u64 = pair.iter().map(|&step| u64::from(step)).sum();
            if left < whole {
                break;
            }
            left -= whole;
        }
        begun
    }
}

/// How an FXS port feeds its loop.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Linefeed {
    /// Normal battery.
    #[default]
    Forward,
    /// Reversed battery: answer supervision for what hangs on the port.
    Reverse,
    /// No battery: the set is dead, its hook is not seen. A break of this kind tells an attached
    /// exchange that the call is over.
    Open,
}

/// What is wrong with a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The line driver is too hot or overloaded (short, ground, foreign voltage) and switched off.
    Overload,
    /// The battery or ringing supply is out of range.
    Supply,
    /// The card or chip does not answer or was removed.
    Lost,
}

/// A fact that a port reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortEvent {
    /// FXS: the set was lifted. If it was ringing, ringing has stopped by itself (ring trip).
    OffHook,
    /// FXS: the set was hung up, for longer than any flash.
    OnHook,
    /// FXS: a short press of the hook.
    Flash,
    /// FXS: a digit 0–9 by pulses.
    PulseDigit(u8),
    /// FXO: a burst of ringing, judged by frequency, voltage and length, began (`true`) or ended. A
    /// burst is reported at most 150 ms after it began, its end at most 250 ms late.
    Ring(bool),
    /// FXO: the other exchange feeds the line (`true`), or the line is dead. Told once at the start.
    /// Ringing, reversal and breaks below 1 s off hook are not reported as a dead line.
    Battery(bool),
    /// FXO: the polarity of the line changed; `true` = now other than when the port was idle.
    Reversed(bool),
    /// FXO, off hook: current in the loop stopped (`false`) or flows again: a break of 50 ms or
    /// longer.
    Current(bool),
    /// FXO, on hook: a parallel set took the line (`true`) or released it.
    InUse(bool),
    /// FXO: what was wished with `Flash` or `PulseDigit` is done.
    Done,
    /// FXS with a lifeline: its set was seen on the line (`true`), or off it again. Off it until told.
    Lifeline(bool),
    /// The port cannot work; commands fail with [`crate::ErrorKind::Fault`] until `Recovered`.
    Fault(FaultKind),
    /// The port works again, idle and on hook unless `OffHook` follows.
    Recovered,
}

/// A wish to a port. Either done at once or refused; never waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortCommand {
    /// FXS: ring in this cadence, from its start. A new cadence replaces the former. Refused with
    /// [`crate::ErrorKind::State`] when the set is off hook or the loop is open.
    StartRing(Cadence),
    /// FXS: stop ringing; no effect when it does not ring.
    StopRing,
    /// FXS: how the loop is fed; ends ringing when [`Linefeed::Open`].
    SetLinefeed(Linefeed),
    /// FXS: from now on judge the hook by these times.
    SetHookTimes(crate::HookTimes),
    /// Behave like this on the line from now on. Refused with [`crate::ErrorKind::Argument`] when a
    /// figure is out of range.
    SetProfile(LineProfile),
    /// FXS: let sound through to a set that is on hook, or no longer.
    SetOnHookSound(bool),
    /// FXS: light the set's neon lamp, or no longer.
    SetNeon(bool),
    /// FXS: send one metering pulse of this many ms, 50–1000. Refused with
    /// [`crate::ErrorKind::State`] when the set is on hook.
    MeterPulse(u16),
    /// FXS: let the relay of the set's lifeline go (`true`): the set is on the line, as without power; or draw it
    /// again. Refused with [`crate::ErrorKind::Unsupported`] when there is none.
    Lifeline(bool),
    /// FXO: hold the line like this.
    SetHook(LoopHook),
    /// FXO: open the loop for this many ms, one of [`FLASH_MS`], then close it. Refused with
    /// [`crate::ErrorKind::State`] unless the loop is closed and nothing is being pulsed.
    Flash(u16),
    /// FXO: dial this digit, 0–9, by pulses of 60 ms break and 40 ms make. Refused as `Flash`.
    PulseDigit(u8),
}

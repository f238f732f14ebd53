//! From the loop's raw state to hook events. Pure logic on times handed in; every FXS back end
//! whose hardware does not judge the hook itself uses it.

use core::time::Duration;
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::PortEvent;

/// Events that may wait in a detector: more cannot happen between two polls of 10 ms.
const EVENTS_MAX: usize = 16;

/// How a hook is judged; all in ms. The defaults suit Europe and pulse sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HookTimes {
    /// A state shorter than this is contact bounce. 5–50.
    pub debounce_ms: u16,
    /// Shortest break of a dial pulse.
    pub pulse_break_ms_min: u16,
    /// Shortest flash; breaks from `pulse_break_ms_min` to below this are dial pulses.
    pub flash_ms_min: u16,
    /// Longest flash; a longer break is a hang-up.
    pub flash_ms_max: u16,
    /// How long after `flash_ms_max` a hang-up is believed.
    pub release_margin_ms: u16,
    /// A closed loop of this length ends a pulse digit.
    pub digit_gap_ms: u16,
}

impl Default for HookTimes {
    /// Break 30–79 ms accepted for a 60–67 ms pulse, flash from 80 to 500 ms, hang-up 100 ms after
    /// the longest flash, 250 ms between pulse digits.
    fn default() -> Self {
        Self {
            debounce_ms: 20,
            pulse_break_ms_min: 30,
            flash_ms_min: 80,
            flash_ms_max: 500,
            release_margin_ms: 100,
            digit_gap_ms: 250,
        }
    }
}

impl HookTimes {
    /// Whether the times can be told apart from each other.
    #[must_use]
    pub const fn are_sound(&self) -> bool {
        5 <= self.debounce_ms
            && self.debounce_ms <= 50
            && self.debounce_ms <= self.pulse_break_ms_min
            && self.pulse_break_ms_min < self.flash_ms_min
            && self.flash_ms_min < self.flash_ms_max
            && self.flash_ms_max <= 1_500
            && self.release_margin_ms <= 1_000
            && 100 <= self.digit_gap_ms
            && self.digit_gap_ms <= 2_000
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    OnHook,
    OffHook,
    /// Was off hook, the loop is open since `since`, not yet a hang-up.
    Break {
        since: Duration,
    },
}

/// Judges one hook.
#[derive(Debug)]
pub struct HookDetector {
    times: HookTimes,
    state: State,
    raw: bool,
    raw_since: Duration,
    settled: bool,
    pulses: u8,
    closed_since: Duration,
    events: VecDeque<PortEvent>,
}

impl HookDetector {
    /// A detector that believes the set to be on hook.
    #[must_use]
    pub fn new(times: HookTimes) -> Self {
        Self {
            times,
            state: State::OnHook,
            raw: false,
            raw_since: Duration::ZERO,
            settled: false,
            pulses: 0,
            closed_since: Duration::ZERO,
            events: VecDeque::with_capacity(EVENTS_MAX),
        }
    }

    /// Judge by these times from now on.
    pub fn set_times(&mut self, times: HookTimes) {
        self.times = times;
    }

    /// Whether the set is off hook; still true during a flash or a dial pulse.
    #[must_use]
    pub fn is_off_hook(&self) -> bool {
        self.state != State::OnHook
    }

    /// The loop carries current (`closed`) at `now`. Call it at each change and at least every 10 ms
    /// or at [`HookDetector::next_deadline`].
    pub fn sample(&mut self, now: Duration, closed: bool) {
        self.expire(now);
        if closed != self.raw {
            self.raw = closed;
            self.raw_since = now;
            self.expire(now);
        }
    }

    /// The oldest event not yet taken.
    pub fn poll(&mut self) -> Option<PortEvent> {
        self.events.pop_front()
    }

    /// When the next event is due if the loop stays as it is.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        if self.raw != self.settled {
            return Some(self.raw_since + ms(self.times.debounce_ms));
        }
        match self.state {
            State::OnHook => None,
            State::OffHook if self.pulses > 0 => {
                Some(self.closed_since + ms(self.times.digit_gap_ms))
            }
            State::OffHook => None,
            State::Break { since } => Some(since + self.release_after()),
        }
    }

    fn release_after(&self) -> Duration {
        ms(self.times.flash_ms_max) + ms(self.times.release_margin_ms)
    }

    /// Does everything that is due up to `now` with the loop as it was.
    fn expire(&mut self, now: Duration) {
        if self.raw != self.settled && now >= self.raw_since + ms(self.times.debounce_ms) {
            // What was due before this change of the loop comes first.
            self.expire_state(self.raw_since);
            self.settled = self.raw;
            self.turn(self.raw_since, self.raw);
        }
        if self.raw == self.settled {
            self.expire_state(now);
        } else {
            self.expire_state(self.raw_since.min(now));
        }
    }

    fn expire_state(&mut self, now: Duration) {
        match self.state {
            State::Break { since } if now >= since + self.release_after() => {
                self.state = State::OnHook;
                self.pulses = 0;
                self.put(PortEvent::OnHook);
            }
            State::OffHook
                if self.pulses > 0 && now >= self.closed_since + ms(self.times.digit_gap_ms) =>
            {
                self.end_digit();
            }
            State::OnHook | State::OffHook | State::Break { .. } => {}
        }
    }

    /// The loop settled in another state, which began at `at`.
    fn turn(&mut self, at: Duration, closed: bool) {
        match (self.state, closed) {
            (State::OnHook, true) => {
                self.state = State::OffHook;
                self.put(PortEvent::OffHook);
            }
            (State::OffHook, false) => self.state = State::Break { since: at },
            (State::Break { since }, true) => {
                self.state = State::OffHook;
                self.closed_since = at;
                self.end_break(at.saturating_sub(since));
            }
            (State::OnHook | State::Break { .. }, false) | (State::OffHook, true) => {}
        }
    }

    fn end_break(&mut self, open: Duration) {
        let times = self.times;
        if open >= ms(times.flash_ms_min) && open <= ms(times.flash_ms_max) {
            self.pulses = 0;
            self.put(PortEvent::Flash);
        } else if open >= ms(times.pulse_break_ms_min) && open < ms(times.flash_ms_min) {
            self.pulses = self.pulses.saturating_add(1);
        }
        // Longer than a flash, shorter than a hang-up: neither; the call goes on.
    }

    /// n pulses = digit n, ten pulses = 0; more is not a digit.
    fn end_digit(&mut self) {
        let pulses = core::mem::take(&mut self.pulses);
        if pulses <= 10 {
            self.put(PortEvent::PulseDigit(pulses % 10));
        }
    }

    fn put(&mut self, event: PortEvent) {
        if self.events.len() < EVENTS_MAX {
            self.events.push_back(event);
        }
    }
}

fn ms(ms: u16) -> Duration {
    Duration::from_millis(u64::from(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays alternating (closed, ms) stretches, sampled every `step_ms`, and returns the events.
    fn play(step_ms: u64, stretches: &[(bool, u64)]) -> Vec<PortEvent> {
        let mut hook = HookDetector::new(HookTimes::default());
        let mut out = Vec::new();
        let mut now = 0;
        for &(closed, length) in stretches {
            let end = now + length;
            while now < end {
                hook.sample(Duration::from_millis(now), closed);
                out.extend(core::iter::from_fn(|| hook.poll()));
                now += step_ms;
            }
        }
        out
    }

    #[test]
    fn lift_and_hang_up() {
        use PortEvent::{OffHook, OnHook};
        for step in [1, 5, 10] {
            let got = play(step, &[(false, 100), (true, 1_000), (false, 700)]);
            assert_eq!(got, [OffHook, OnHook], "{step} ms");
        }
    }

    #[test]
    fn bounce_is_ignored() {
        let got = play(
            1,
            &[
                (true, 4),
                (false, 3),
                (true, 6),
                (false, 2),
                (true, 300),
                (false, 15),
                (true, 300),
            ],
        );
        assert_eq!(got, [PortEvent::OffHook]);
    }

    #[test]
    fn a_flash_is_no_hang_up_and_no_pulse() {
        use PortEvent::{Flash, OffHook};
        for length in [100, 250, 480] {
            let got = play(5, &[(true, 500), (false, length), (true, 900)]);
            assert_eq!(got, [OffHook, Flash], "{length} ms");
        }
        // Between the longest flash and a hang-up: nothing.
        assert_eq!(
            play(5, &[(true, 500), (false, 560), (true, 900)]),
            [OffHook]
        );
    }

    #[test]
    fn pulses_make_digits() {
        for (pulses, digit) in [(1, 1), (2, 2), (9, 9), (10, 0)] {
            let mut stretches = vec![(true, 500)];
            for _ in 0..pulses {
                stretches.extend([(false, 60), (true, 40)]);
            }
            stretches.push((true, 400));
            let got = play(5, &stretches);
            assert_eq!(got, [PortEvent::OffHook, PortEvent::PulseDigit(digit)]);
        }
        let mut eleven = vec![(true, 500)];
        eleven.extend([(false, 60), (true, 40)].repeat(11));
        eleven.push((true, 400));
        assert_eq!(play(5, &eleven), [PortEvent::OffHook]);
    }

    #[test]
    fn a_late_sample_loses_nothing() {
        let mut hook = HookDetector::new(HookTimes::default());
        hook.sample(Duration::from_millis(10), true);
        assert_eq!(hook.next_deadline(), Some(Duration::from_millis(30)));
        hook.sample(Duration::from_millis(1_000), false);
        hook.sample(Duration::from_millis(9_000), false);
        let got: Vec<_> = core::iter::from_fn(|| hook.poll()).collect();
        assert_eq!(got, [PortEvent::OffHook, PortEvent::OnHook]);
        assert_eq!(hook.next_deadline(), None);
    }

    #[test]
    fn times_that_overlap_are_unsound() {
        assert!(HookTimes::default().are_sound());
        let bad = HookTimes {
            flash_ms_min: 20,
            ..HookTimes::default()
        };
        assert!(!bad.are_sound());
    }
}

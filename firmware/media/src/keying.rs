//! Digits that we send: as telephone events (RFC 4733) or as tones in the sound.

use model::Digit;

/// Digits that wait behind the one being sent.
const WAITING: usize = 32;
/// Silence after a digit, in ticks: 60 ms (Q.24 asks for 40 ms at least in most networks).
const PAUSE_TICKS: u16 = 6;
/// The last packet of an event is sent this often, RFC 4733 §2.5.1.4.
const END_PACKETS: u8 = 3;
/// Volume of an event in −dBm0, RFC 4733 §2.3.2.
const VOLUME: u8 = 10;

/// How the current digit is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// RFC 4733, a packet every so many ticks, a tick as long as `units` of the clock of events.
    Event { every_ticks: u16, units: u16 },
    /// Tones in the sound.
    InBand,
}

/// What to do in this tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// No digit: the sound goes on.
    Nothing,
    /// Send nothing in this tick.
    Quiet,
    /// Send this event packet; the first of a digit takes a new timestamp. The segment that it
    /// belongs to began `after` units of the clock of events after the digit.
    Event {
        payload: [u8; 4],
        first: bool,
        after: u32,
    },
    /// A digit starts in the sound, this long.
    StartTone(Digit, u16),
    /// The tone goes on, or the silence after it.
    Tone,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Idle,
    Pressed { digit: Digit, ticks: u16, done: u16 },
    Ending { digit: Digit, ticks: u16, left: u8 },
    Pause { left: u16 },
}

/// The digits of one leg.
#[derive(Debug)]
pub(crate) struct Keying {
    state: State,
    manner: Manner,
    /// Units of the event in segments that are full.
    before: u32,
    waiting: [Option<(Digit, u16)>; WAITING],
    len: usize,
}

impl Keying {
    pub(crate) const fn new() -> Self {
        Self {
            state: State::Idle,
            manner: Manner::InBand,
            before: 0,
            waiting: [None; WAITING],
            len: 0,
        }
    }

    /// Whether there is nothing to send.
    pub(crate) const fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle) && self.len == 0
    }

    /// Queues a digit; false when too many wait.
    pub(crate) fn press(&mut self, digit: Digit, ms: u16) -> bool {
        let Some(place) = self.waiting.get_mut(self.len) else {
            return false;
        };
        *place = Some((digit, ms.clamp(40, 6_000)));
        self.len = self.len.saturating_add(1);
        true
    }

    fn take_waiting(&mut self) -> Option<(Digit, u16)> {
        let first = self.waiting.first().copied().flatten()?;
        self.waiting.rotate_left(1);
        if let Some(last) = self.waiting.last_mut() {
            *last = None;
        }
        self.len = self.len.saturating_sub(1);
        Some(first)
    }

    /// One tick. `manner` counts for digits that begin now.
    pub(crate) fn tick(&mut self, manner: Manner) -> Step {
        match self.state {
            State::Idle => self.start(manner),
            State::Pressed { digit, ticks, done } => {
                self.go_on(digit, ticks, done.saturating_add(1))
            }
            State::Ending { digit, ticks, left } => {
                self.state = match left {
                    0 | 1 => State::Pause { left: PAUSE_TICKS },
                    _ => State::Ending {
                        digit,
                        ticks,
                        left: left.saturating_sub(1),
                    },
                };
                self.event(digit, ticks, true, false)
            }
            State::Pause { left } => {
                self.state = match left {
                    0 | 1 => State::Idle,
                    _ => State::Pause {
                        left: left.saturating_sub(1),
                    },
                };
                self.silent()
            }
        }
    }

    /// RFC 4733 §2.3: event, end bit and volume, duration in units of the clock of events. What is
    /// longer than 65,535 units, 1.4 s at 48 kHz, goes on in a new segment (§2.5.1.3).
    fn event(&mut self, digit: Digit, ticks: u16, end: bool, first: bool) -> Step {
        let units = match self.manner {
            Manner::Event { units, .. } => units,
            Manner::InBand => 0,
        };
        let after = self.before;
        let lasted = u32::from(ticks).saturating_mul(units.into());
        let lasted = lasted.saturating_sub(after);
        if lasted > u32::from(u16::MAX) && !end {
            self.before = after.saturating_add(u16::MAX.into());
        }
        let lasted = u16::try_from(lasted).unwrap_or(u16::MAX);
        let [high, low] = lasted.to_be_bytes();
        let flags = VOLUME | if end { 0x80 } else { 0 };
        Step::Event {
            payload: [digit.event(), flags, high, low],
            first,
            after,
        }
    }

    fn silent(&self) -> Step {
        match self.manner {
            Manner::Event { .. } => Step::Quiet,
            Manner::InBand => Step::Tone,
        }
    }

    fn start(&mut self, manner: Manner) -> Step {
        let Some((digit, ms)) = self.take_waiting() else {
            return Step::Nothing;
        };
        self.manner = manner;
        self.before = 0;
        let ticks = ms.saturating_add(5) / 10;
        self.state = State::Pressed {
            digit,
            ticks,
            done: 1,
        };
        match manner {
            Manner::Event { .. } => self.event(digit, 1, false, true),
            Manner::InBand => Step::StartTone(digit, ticks.saturating_mul(10)),
        }
    }

    fn go_on(&mut self, digit: Digit, ticks: u16, done: u16) -> Step {
        let over = done >= ticks;
        self.state = State::Pressed { digit, ticks, done };
        match self.manner {
            Manner::InBand => {
                if over {
                    self.state = State::Pause { left: PAUSE_TICKS };
                }
                Step::Tone
            }
            Manner::Event { .. } if over => {
                self.state = State::Ending {
                    digit,
                    ticks,
                    left: END_PACKETS.saturating_sub(1),
                };
                self.event(digit, ticks, true, false)
            }
            Manner::Event { every_ticks, .. } if done.is_multiple_of(every_ticks.max(1)) => {
                self.event(digit, done, false, false)
            }
            Manner::Event { .. } => Step::Quiet,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(keying: &mut Keying, manner: Manner, ticks: u64) -> String {
        (0..ticks)
            .map(|_| match keying.tick(manner) {
                Step::Nothing => '.',
                Step::Quiet => '-',
                Step::Event { first: true, .. } => 'F',
                Step::Event { payload, .. } if payload[1] & 0x80 != 0 => 'E',
                Step::Event { .. } => 'e',
                Step::StartTone(..) => 'T',
                Step::Tone => 't',
            })
            .collect()
    }

    #[test]
    fn a_digit_is_an_event_with_three_ends_and_a_pause() {
        let mut keying = Keying::new();
        let digit = Digit::from_char('5').expect("a key");
        assert!(keying.press(digit, 80) && keying.press(digit, 40));
        let manner = Manner::Event {
            every_ticks: 2,
            units: 80,
        };
        let got = play(&mut keying, manner, 30);
        assert_eq!(got, "Fe-e-e-EEE------Fe-EEE------..");
        assert!(keying.is_idle());
    }

    #[test]
    fn a_long_event_at_48_khz_goes_on_in_segments() {
        let mut keying = Keying::new();
        assert!(keying.press(Digit::from_char('5').expect("a key"), 3_000));
        let manner = Manner::Event {
            every_ticks: 2,
            units: 480,
        };
        let steps = (0..310).map(|_| keying.tick(manner));
        let packets: Vec<(u32, u16, bool)> = steps
            .filter_map(|step| match step {
                Step::Event { payload, after, .. } => {
                    let lasted = u16::from_be_bytes([payload[2], payload[3]]);
                    Some((after, lasted, payload[1] & 0x80 != 0))
                }
                _ => None,
            })
            .collect();
        for pair in packets.windows(2) {
            let [(before, full, end), (after, ..)] = pair else {
                panic!("two packets");
            };
            if before != after {
                let whole = (*full, *end, after - before);
                assert_eq!(
                    whole,
                    (65_535, false, 65_535),
                    "a segment is told to its end"
                );
            }
        }
        let (after, lasted, end) = *packets.last().expect("packets");
        assert_eq!((after, end), (2 * 65_535, true));
        assert_eq!(after + u32::from(lasted), 144_000, "3 s");
    }

    #[test]
    fn in_band_digits_are_tones_with_a_pause() {
        let mut keying = Keying::new();
        let digit = Digit::from_char('5').expect("a key");
        assert!(keying.press(digit, 50));
        assert_eq!(play(&mut keying, Manner::InBand, 13), "Ttttttttttt..");
    }

    #[test]
    fn too_many_digits_are_refused() {
        let mut keying = Keying::new();
        let digit = Digit::from_char('0').expect("a key");
        let taken = (0..100).filter(|_| keying.press(digit, 40)).count();
        assert_eq!(taken, WAITING);
    }
}

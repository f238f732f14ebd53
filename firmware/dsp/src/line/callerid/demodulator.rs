//! Bits and octets out of sound: one demodulator for Bell 202 and V.23, whose middle is 1,700 Hz alike.
//!
//! The sound is shifted down by 1,700 Hz and filtered; the turn of its phase from sample to sample says
//! whether it lies above or below, and does so whatever the two frequencies' levels are.

use core::f32::consts::{PI, TAU};

use super::modem::BAUD;
use crate::RATE_HZ;
use crate::level::power_of;

/// Samples of a bit.
const BIT: f32 = RATE_HZ as f32 / BAUD as f32;
/// The middle frequency repeats after 80 samples: 17 turns.
const TURN: usize = 80;
/// Taps of the filter, a pass of ±1,000 Hz.
const TAPS: usize = 21;
/// Samples over which the frequency is averaged.
const SMOOTH: usize = 4;
/// Weakest carrier: −44 dBm0.
const WEAKEST_DBM0: i16 = -44;
/// Marks in a row after which an octet may begin: BT promises 54 (SIN 227), who calls waiting 80.
const MARKS_BEFORE: f32 = 36.0;
/// Bits without a carrier that end a message.
const LOST_BITS: f32 = 6.0;
/// Marks in a row between two octets that end a message: GR-30-CORE allows 10.
const MARKS_BETWEEN: f32 = 40.0;
/// A steady mark stays this near to one frequency (in parts of a turn per sample, 70 Hz).
const STEADY: f32 = 70.0 / RATE_HZ as f32;

/// What a sample brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    /// Marks before a message have been there long enough.
    Ready,
    /// An octet; whether its stop bit was one.
    Octet(u8, bool),
    /// The carrier is gone, or has said nothing for long.
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Looking for marks: how long there have been some, in samples, and their frequency.
    Waiting { marks: f32, hz: f32 },
    /// In a message, between octets, for so many samples.
    Between(f32),
    /// In an octet: samples to the middle of the next bit, bits so far.
    Octet { wait: f32, bits: u8, value: u8 },
}

/// The demodulator.
#[derive(Clone, Debug)]
pub(super) struct Demodulator {
    turn: [(f32, f32); TURN],
    at: usize,
    taps: [f32; TAPS],
    /// What was shifted, the oldest first.
    shifted: [(f32, f32); TAPS],
    last: (f32, f32),
    /// The last frequencies, above the middle is positive.
    recent: [f32; SMOOTH],
    before: f32,
    /// Samples in a row without a carrier.
    lost: f32,
    threshold: f32,
    state: State,
}

impl Demodulator {
    /// One that has heard nothing.
    pub(super) fn new() -> Self {
        let mut turn = [(0.0, 0.0); TURN];
        for (n, (cos, sin)) in turn.iter_mut().enumerate() {
            let angle = TAU * 17.0 * n as f32 / TURN as f32;
            (*cos, *sin) = (angle.cos(), -angle.sin());
        }
        let mut taps = [0.0_f32; TAPS];
        let middle = (TAPS - 1) as f32 / 2.0;
        for (n, tap) in taps.iter_mut().enumerate() {
            let x = n as f32 - middle;
            let pass = 0.25;
            let sinc = if x == 0.0 {
                pass
            } else {
                (PI * pass * x).sin() / (PI * x)
            };
            *tap = sinc * (0.5 + 0.5 * (PI * x / (middle + 1.0)).cos());
        }
        let sum: f32 = taps.iter().sum();
        Self {
            turn,
            at: 0,
            taps: taps.map(|tap| tap / sum),
            shifted: [(0.0, 0.0); TAPS],
            last: (0.0, 0.0),
            recent: [0.0; SMOOTH],
            before: 0.0,
            lost: 0.0,
            // A sine of peak A is shifted to A / 2, its mean square A² / 2 to A² / 4.
            threshold: power_of(WEAKEST_DBM0) / 2.0,
            state: WAITING,
        }
    }

    /// Whether a message is under way.
    pub(super) fn is_receiving(&self) -> bool {
        !matches!(self.state, State::Waiting { .. })
    }

    /// Waits for the next message.
    pub(super) fn restart(&mut self) {
        self.state = WAITING;
    }

    /// Takes a sample.
    pub(super) fn feed(&mut self, sample: f32) -> Option<Symbol> {
        let (hz, power) = self.frequency(sample);
        if power < self.threshold {
            self.lost += 1.0;
            if self.lost > LOST_BITS * BIT {
                self.before = 0.0;
                let was = core::mem::replace(&mut self.state, WAITING);
                return (!matches!(was, State::Waiting { .. })).then_some(Symbol::Lost);
            }
        } else {
            self.lost = 0.0;
        }
        let before = core::mem::replace(&mut self.before, hz);
        self.follow(before, hz)
    }

    /// The momentary frequency against the middle, in turns per sample, and the strength.
    fn frequency(&mut self, sample: f32) -> (f32, f32) {
        let (cos, sin) = self.turn.get(self.at).copied().unwrap_or_default();
        self.at = self.at.wrapping_add(1) % TURN;
        self.shifted.rotate_left(1);
        if let Some(newest) = self.shifted.last_mut() {
            *newest = (sample * cos, sample * sin);
        }
        let (mut re, mut im) = (0.0, 0.0);
        for (tap, (x, y)) in self.taps.iter().zip(&self.shifted) {
            re += tap * x;
            im += tap * y;
        }
        let (old_re, old_im) = core::mem::replace(&mut self.last, (re, im));
        let ahead = im * old_re - re * old_im;
        let along = re * old_re + im * old_im;
        // Up to 500 Hz the tangent is close enough to the angle, and at 90 degrees it is noise anyway.
        let turned = ahead / (along.abs() + ahead.abs() + 1.0);
        self.recent.rotate_left(1);
        if let Some(newest) = self.recent.last_mut() {
            *newest = turned / TAU;
        }
        let mean = self.recent.iter().sum::<f32>() / SMOOTH as f32;
        (mean, re * re + im * im)
    }

    fn follow(&mut self, before: f32, hz: f32) -> Option<Symbol> {
        let falls = before < 0.0 && hz >= 0.0;
        match self.state {
            State::Waiting { marks, hz: steady } => {
                self.wait(marks, steady, hz);
                let ready = MARKS_BEFORE * BIT;
                if matches!(self.state, State::Waiting { marks, .. } if marks >= ready) {
                    self.state = State::Between(0.0);
                    return Some(Symbol::Ready);
                }
                None
            }
            // From mark to space: a start bit. Where between the two samples it began is known.
            State::Between(_) if falls => {
                let since = hz / (hz - before).max(1e-9);
                self.state = State::Octet {
                    wait: BIT * 0.5 - since,
                    bits: 0,
                    value: 0,
                };
                None
            }
            State::Between(marks) => {
                self.state = State::Between(marks + 1.0);
                if marks < MARKS_BETWEEN * BIT * 8.0 {
                    return None;
                }
                self.state = WAITING;
                Some(Symbol::Lost)
            }
            State::Octet { wait, bits, value } => self.octet(before, hz, wait, bits, value),
        }
    }

    fn wait(&mut self, marks: f32, steady: f32, hz: f32) {
        let here = self.lost == 0.0 && hz < 0.0;
        self.state = if here && (marks == 0.0 || (hz - steady).abs() < STEADY) {
            State::Waiting {
                marks: marks + 1.0,
                hz: if marks == 0.0 {
                    hz
                } else {
                    steady + (hz - steady) * 0.05
                },
            }
        } else {
            WAITING
        };
    }

    /// Counts down to the middle of a bit and takes it there.
    fn octet(&mut self, before: f32, hz: f32, wait: f32, bits: u8, value: u8) -> Option<Symbol> {
        if wait > 1.0 {
            self.state = State::Octet {
                wait: wait - 1.0,
                bits,
                value,
            };
            return None;
        }
        // The middle lies between the last sample and this one.
        let mark = before + (hz - before) * wait.max(0.0) < 0.0;
        if bits == 0 && mark {
            // A start bit that is none: noise.
            self.state = State::Between(0.0);
            return None;
        }
        if bits == 9 {
            self.state = State::Between(0.0);
            return Some(Symbol::Octet(value, mark));
        }
        self.state = State::Octet {
            wait: wait + BIT - 1.0,
            bits: bits.saturating_add(1),
            value: if bits == 0 {
                0
            } else {
                value >> 1 | if mark { 0x80 } else { 0 }
            },
        };
        None
    }
}

const WAITING: State = State::Waiting {
    marks: 0.0,
    hz: 0.0,
};

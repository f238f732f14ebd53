//! 1,200 bit/s by two frequencies (Bell 202, V.23 mode 2): bits into samples.

use super::frame::Frame;
use crate::RATE_HZ;
use crate::level::peak_of;
use crate::sine::Sine;

/// Which modem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modem {
    /// Mark 1,200 Hz, space 2,200 Hz (GR-30-CORE §2.2).
    Bell202,
    /// Mark 1,300 Hz, space 2,100 Hz (EN 300 659-1 §5, V.23).
    V23,
}

impl Modem {
    /// Frequencies of space (0) and mark (1) in Hz.
    #[must_use]
    pub const fn hz(self) -> [f32; 2] {
        match self {
            Self::Bell202 => [2_200.0, 1_200.0],
            Self::V23 => [2_100.0, 1_300.0],
        }
    }
}

/// Bits a second of both.
pub(super) const BAUD: u32 = 1_200;

/// What comes before, between and after the octets, in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preamble {
    /// Alternating bits, 0 first: channel seizure.
    pub seizure: u16,
    /// Marks before the first octet.
    pub mark: u16,
    /// Stop bits after each octet.
    pub stop: u8,
    /// Marks after the last octet.
    pub tail: u16,
}

impl Preamble {
    /// For a set on hook (GR-30-CORE §2.2.1, EN 300 659-1 §6).
    pub const ON_HOOK: Self = Self {
        seizure: 300,
        mark: 180,
        stop: 1,
        tail: 10,
    };
    /// British: 96 to 315 bits of seizure, at least 55 marks (SIN 227 §5.2).
    pub const BT: Self = Self {
        seizure: 200,
        mark: 80,
        stop: 1,
        tail: 10,
    };
    /// For a set in a call: no seizure (EN 300 659-2 §6).
    pub const CALL_WAITING: Self = Self {
        seizure: 0,
        mark: 80,
        stop: 1,
        tail: 10,
    };
    /// NTT: no seizure, four stop bits.
    pub const NTT: Self = Self {
        seizure: 0,
        mark: 75,
        stop: 4,
        tail: 75,
    };
}

/// A message being sent.
#[derive(Clone, Debug)]
pub struct ModemSender {
    hz: [f32; 2],
    sine: Sine,
    /// Peak now and when it is up: the carrier begins in 2 ms.
    level: f32,
    peak: f32,
    /// Part of the current bit that is left, in samples.
    left: f32,
    mark: bool,
    bits: Bits,
    over: bool,
}

/// The bits of a message in order.
#[derive(Clone, Debug)]
struct Bits {
    frame: Frame,
    preamble: Preamble,
    /// Bits of the preamble that have gone.
    gone: u32,
    octet: usize,
    /// Bit of the octet: 0 is the start bit.
    bit: u8,
    tail: u16,
}

impl Iterator for Bits {
    type Item = bool;

    fn next(&mut self) -> Option<bool> {
        let (seizure, mark) = (self.preamble.seizure, self.preamble.mark);
        if self.gone < u32::from(seizure).saturating_add(mark.into()) {
            let bit = self.gone >= seizure.into() || !self.gone.is_multiple_of(2);
            self.gone = self.gone.saturating_add(1);
            return Some(bit);
        }
        let Some(&octet) = self.frame.octets().get(self.octet) else {
            self.tail = self.tail.checked_sub(1)?;
            return Some(true);
        };
        let bit = match self.bit {
            0 => false,
            at @ 1..=8 => octet >> at.wrapping_sub(1) & 1 == 1,
            _ => true,
        };
        self.bit = self.bit.saturating_add(1);
        if self.bit > self.preamble.stop.saturating_add(8) {
            self.bit = 0;
            self.octet = self.octet.saturating_add(1);
        }
        Some(bit)
    }
}

impl ModemSender {
    /// Sends `frame` at `dbm0`.
    #[must_use]
    pub fn new(modem: Modem, preamble: Preamble, frame: Frame, dbm0: i8) -> Self {
        let bits = Bits {
            frame,
            preamble,
            gone: 0,
            octet: 0,
            bit: 0,
            tail: preamble.tail,
        };
        Self {
            hz: modem.hz(),
            sine: Sine::default(),
            level: 0.0,
            peak: peak_of(i16::from(dbm0).min(0)),
            left: 0.0,
            mark: true,
            bits,
            over: false,
        }
    }

    /// Whether all has been sent.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.over
    }

    /// Writes the next samples over all of `out`: silence once it is over.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            *sample = if self.over { 0 } else { self.next() };
        }
    }

    fn next(&mut self) -> i16 {
        const BIT: f32 = RATE_HZ as f32 / BAUD as f32;
        // Within the sample in which a bit ends both frequencies have their part: the zero
        // crossings stay where they belong.
        let mut hz = self.frequency() * self.left.min(1.0);
        self.left -= 1.0;
        if self.left < 0.0 {
            match self.bits.next() {
                Some(bit) => self.mark = bit,
                None => self.over = true,
            }
            hz += self.frequency() * -self.left.max(-1.0);
            self.left += BIT;
        }
        self.sine.set_hz(hz);
        self.level = (self.level + self.peak / 16.0).min(self.peak);
        (self.sine.next() * self.level) as i16
    }

    fn frequency(&self) -> f32 {
        let [space, mark] = self.hz;
        if self.mark { mark } else { space }
    }
}

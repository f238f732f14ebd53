//! The packet as the caller's exchange sends it.

use model::CallerInfo;

use super::{BODY, CATEGORY, CODE_MS, Code, DIGITS, HZ};
use crate::SAMPLES_PER_MS;
use crate::level::peak_of;
use crate::sine::Sine;

/// Codes of one round: "begin" and the body.
const ROUND: usize = BODY + 1;
/// Rounds that are sent, and "begin" once more.
const ROUNDS: usize = 3;
/// Most callers are of the first category: homes and offices that may call long distance.
const USUAL_CATEGORY: u8 = 1;

/// The packet being sent, again and again for about a second.
#[derive(Clone, Debug)]
pub struct AonSender {
    sines: [Sine; 6],
    peak: f32,
    codes: [Code; ROUND],
    /// Codes that have begun, and samples left of the newest.
    sent: usize,
    left: u32,
}

impl AonSender {
    /// Sends the number of `info`, each tone at `dbm0`, usually −7: the last seven of its digits, with zeros before
    /// fewer. `None` without a digit.
    #[must_use]
    pub fn new(info: &CallerInfo, dbm0: i8) -> Option<Self> {
        let number = info.number.text()?.as_bytes();
        let mut digits = number.iter().rev().filter(|octet| octet.is_ascii_digit());
        let mut body = [0_u8; BODY];
        let mut any = false;
        for (at, place) in body.iter_mut().enumerate() {
            *place = if at == CATEGORY {
                USUAL_CATEGORY
            } else {
                let digit = digits.next();
                any |= digit.is_some();
                digit.map_or(0, |digit| digit.saturating_sub(b'0'))
            };
        }
        Some(Self {
            sines: HZ.map(Sine::new),
            peak: peak_of(i16::from(dbm0).min(0)),
            codes: codes_of(body),
            sent: 0,
            left: 0,
        })
        .filter(|_| any)
    }

    /// Whether only silence would follow.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.left == 0 && self.sent > ROUND.saturating_mul(ROUNDS)
    }

    /// Writes the next samples over all of `out`.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            *sample = self.next();
        }
    }

    fn next(&mut self) -> i16 {
        if self.is_over() {
            return 0;
        }
        if self.left == 0 {
            self.sent = self.sent.saturating_add(1);
            self.left = CODE_MS.saturating_mul(SAMPLES_PER_MS);
        }
        self.left = self.left.saturating_sub(1);
        let at = self.sent.saturating_sub(1) % ROUND;
        let code = self.codes.get(at).copied().unwrap_or(Code::Begin);
        let tones = code.tones();
        // All run on, so that the phase of none jumps.
        let values = self.sines.each_mut().map(Sine::next);
        let sum: f32 = tones.iter().filter_map(|&tone| values.get(tone)).sum();
        (sum * self.peak) as i16
    }
}

/// A round: a digit like the one before it is "repeat", and the next such a digit again, for no code follows itself.
fn codes_of(body: [u8; BODY]) -> [Code; ROUND] {
    let mut codes = [Code::Begin; ROUND];
    let mut before = None;
    let mut repeated = false;
    for (slot, digit) in codes.iter_mut().skip(1).zip(body) {
        repeated = before == Some(digit) && !repeated;
        before = Some(digit);
        *slot = if repeated {
            Code::Repeat
        } else {
            Code::Digit(digit)
        };
    }
    codes
}

const _: () = assert!(ROUND == DIGITS + 2);

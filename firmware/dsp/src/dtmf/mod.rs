//! Keys as pairs of tones (ITU-T Q.23): making them and, by Q.24, hearing them.

mod receiver;
mod sender;
#[cfg(test)]
mod tests;

pub use receiver::{DtmfReceiver, Key};
pub use sender::DtmfSender;

use model::Digit;

/// The row frequencies in Hz, Q.23.
pub(crate) const LOW_HZ: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// The column frequencies in Hz, Q.23.
pub(crate) const HIGH_HZ: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// The keypad, rows of four.
const KEYS: [char; 16] = [
    '1', '2', '3', 'A', '4', '5', '6', 'B', '7', '8', '9', 'C', '*', '0', '#', 'D',
];

/// The two frequencies of a key in Hz.
fn pair_of(digit: Digit) -> (f32, f32) {
    let label = digit.to_char();
    let at = KEYS.iter().position(|&key| key == label).unwrap_or(0);
    let low = LOW_HZ.get(at / 4).copied().unwrap_or(0.0);
    let high = HIGH_HZ.get(at % 4).copied().unwrap_or(0.0);
    (low, high)
}

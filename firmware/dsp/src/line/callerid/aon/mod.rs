//! Caller identification of old Russian and Ukrainian exchanges (АОН): the called end lifts, asks with 500 Hz, and the
//! caller's exchange answers with an uninterrupted packet of tones, two of six at a time.
//!
//! What is known of it, and whence:
//! - The twelve codes, 40 ± 2 ms each without a pause, each tone of 0.33 V; "begin" stands at the beginning or at the end
//!   of a packet; a digit that is equal to the one before is sent as "repeat", for nothing could tell the two apart:
//!   "Выдача номера и категории телефона вызывающего абонента" (msd.com.ua). That a third equal digit is the digit again
//!   is concluded from this; two "repeat" in a row are read too.
//! - 250 to 275 ms from lifting to the request, 495 to 505 Hz for 100 ms, "4.3 dB", of what is not said: cxem.net on the
//!   АОН, as summarised at ya.ru/neurum. The help of Advanced Call Center, a program for modems, says nearly the same, and that
//!   some exchanges answer without being asked, that one request may be too few, and that the caller is to hear ringing.
//! - At least 10 codes are received for a packet (order 36 of the Ministry of Communications of Russia, 2008, table 11),
//!   and 8 digits are asked for, the category among them (`ANInumber` of Natural Access, R1.5): begin, 8 digits, begin.
//! - The number comes last digit first: known from no better source than this project's notes on standards. Where the
//!   category stands no source says that was found; it is **assumed** to be the first after "begin", see [`CATEGORY`].
//!   If that is wrong on some exchange, 7 moves it to the end for sender and receiver.

mod packet;
mod receiver;
mod request;
#[cfg(test)]
mod tests;

pub use packet::AonSender;
pub use receiver::AonReceiver;
pub use request::{AonNews, AonRequest};

/// The six tones.
const HZ: [f32; 6] = [700.0, 900.0, 1_100.0, 1_300.0, 1_500.0, 1_700.0];
/// Digits of a number.
const DIGITS: usize = 7;
/// Codes between two "begin": the category and the digits.
const BODY: usize = DIGITS + 1;
/// Where among them the category stands.
const CATEGORY: usize = 0;
/// Length of a code, in ms.
const CODE_MS: u32 = 40;

/// What two tones at a time say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    /// 0 to 9.
    Digit(u8),
    /// The packet begins, or begins again.
    Begin,
    /// The digit before once more.
    Repeat,
}

impl Code {
    /// Every code with the places of its tones in [`HZ`].
    const ALL: [(Self, [usize; 2]); 12] = [
        (Self::Digit(1), [0, 1]),
        (Self::Digit(2), [0, 2]),
        (Self::Digit(3), [1, 2]),
        (Self::Digit(4), [0, 3]),
        (Self::Digit(5), [1, 3]),
        (Self::Digit(6), [2, 3]),
        (Self::Digit(7), [0, 4]),
        (Self::Digit(8), [1, 4]),
        (Self::Digit(9), [2, 4]),
        (Self::Digit(0), [3, 4]),
        (Self::Begin, [2, 5]),
        (Self::Repeat, [3, 5]),
    ];

    /// The code of two tones, the lower one first.
    fn of(tones: [usize; 2]) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(_, pair)| *pair == tones).map(|(code, _)| *code)
    }

    /// Its tones.
    fn tones(self) -> [usize; 2] {
        let mut all = Self::ALL.iter();
        all.find(|(code, _)| *code == self)
            .map_or([0, 1], |(_, pair)| *pair)
    }
}

//! The PCM highway: the slots of one multi-channel ALSA device as the audio halves of ports.
//!
//! One thread of its own reads and writes the device; it alone blocks. With each half it exchanges
//! blocks of 10 ms over two wait-free rings:
//!
//! ```text
//! device ══ period (5 or 10 ms, all slots) ══ Highway ──rings, one pair a port── AlsaAudio::exchange
//!            in the card's clock                │                                 in the box's clock
//!                                             Drift: one ratio for all ports, both ways
//! ```
//!
//! The card's clock and the box's run apart by some parts in a million. [`Drift`] measures that from
//! the rings' filling, in one place, and the highway makes a block of 79 or 81 samples of the card out
//! of one of 80 of the box now and then, in both directions alike, so that no block is ever lost or
//! doubled and an echo keeps its delay to a sample.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod card;
mod device;
mod drift;
mod half;
mod highway;

pub use card::{AlsaError, Card, CardSettings, Period};
pub use device::{Device, Xrun};
pub use drift::Drift;
pub use half::{AlsaAudio, CardCounts};
pub use highway::{Highway, SampleFormat};

//! The PCM highway: the slots of one multi-channel ALSA device as the audio halves of ports.
//!
//! One thread of its own reads and writes the device; it alone blocks. With each half it exchanges
//! blocks of 10 ms over two wait-free rings:
//!
//! ```text
//! device ══ period (5 or 10 ms, all slots) ══ Highway ──rings, one pair a port── AlsaAudio
//! ```
//!
//! All of it is in the card's clock: a block has the samples that the card took, and its answer is
//! played at a distance from it that never changes, or not at all. Whoever takes blocks follows the card, or
//! corrects the drift after it has heard them.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod card;
mod device;
mod half;
mod highway;

pub use card::{AlsaError, Card, CardSettings, Period};
pub use device::{AlsaDevice, Device, Xrun};
pub use half::{AlsaAudio, CardCounts};
pub use highway::{Highway, SampleFormat};

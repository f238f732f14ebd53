//! The signals of analog lines against outside programs, and hours of sound in which nobody hangs up.
//!
//! `CENTRALKA_SPEECH` names a folder with Debian's speech prompts (package `asterisk-core-sounds-en-wav`);
//! minimodem, multimon-ng, espeak-ng, a C compiler and libspandsp are called by name. `scripts/test` sees to
//! all of it. Nothing here depends on how fast the machine is.

mod music;
mod outside;
mod port;
mod random;
mod soak;
mod sound;
mod speech;
mod talk_off;
mod tones;

pub use outside::{minimodem_reads, minimodem_says, multimon_reads, spandsp};
pub use random::Random;
pub use soak::{Ears, Kind, Report, Soak};
pub use sound::{dbm0, echo_of, hybrid, mixed, noisy, scaled, through};
pub use speech::Corpus;
pub use talk_off::{keys_heard, speech};
pub use tones::{call_waiting, known, sample};

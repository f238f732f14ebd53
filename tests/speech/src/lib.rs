//! Real speech through the media plane in virtual time, so that a busy machine changes nothing,
//! and an ear made of PESQ.
//!
//! `CENTRALKA_SPEECH` names a folder with Debian's speech prompts (packages
//! `asterisk-core-sounds-en-wav` and `-g722`), `CENTRALKA_SCORER` a Python with the package `pesq`;
//! `scripts/test` sees to both.

mod room;
mod score;
mod talk;

pub use room::{Party, carry};
pub use score::pesq;
pub use talk::{Speech, narrow, through, wide};

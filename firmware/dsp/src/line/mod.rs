//! The sound of analog lines and sets: caller ID, echo, the tones of an exchange, and [`PortDsp`], which
//! puts them together for one port.
//!
//! Everything works on blocks of 10 ms at 8 kHz in the card's own clock, before any drift correction
//! (design §3), and allocates nothing after construction.

pub mod callerid;
mod dial_tone;
pub mod echo;
mod figures;
pub mod hangup;
mod kernel;
mod player;
mod port;

pub use port::PortDsp;

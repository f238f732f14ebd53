//! What a board carries: which chips on which bus, their selects, interrupts and slots, the sound
//! device, relays, buttons, the lamp that says that the exchange runs.
//!
//! A board is a file ([`BoardFile`]), read strictly: every mistake with its line, all of them at once.
//! [`find`] looks where it may lie. Buses and pins are opened through [`Hardware`], by Linux
//! ([`linux`], feature `linux`) or by a test. Which drivers are put on them is the program's
//! affair.
//!
//! ```toml
//! name = "Office 4+2"
//! status_lamp = "gpiochip0:9"    # lit as long as the exchange runs
//!
//! [audio]                        # one PCM highway
//! device = "hw:tdm,0"
//! channels = 8
//!
//! [[port]]
//! name = "fxs1"
//! chip = "si3210"
//! spi = "/dev/spidev0.0"
//! interrupt = "gpiochip0:22"     # low when the chip asks; without it the chip is polled
//! slot = 0
//!
//! [[port]]
//! name = "fxo1"
//! chip = "si3050"
//! spi = "/dev/spidev0.4"
//! slot = 4
//!
//! [[dahdi]]                      # a channel of a card that the kernel's DAHDI drives
//! name = "fxo2"
//! channel = 3
//!
//! [[relay]]                      # without power the set hangs on the line
//! name = "lifeline1"
//! pin = "gpiochip0:5"
//! sense = "gpiochip0:7"          # active while the set is on the line; for tests, may be left out
//! set = "fxs1"
//! line = "fxo1"
//!
//! [[button]]                     # held for 5 s it makes a claim code, as at the first start
//! name = "recover"
//! pin = "!gpiochip0:11"          # active while it is pressed
//! use = "recover"
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod button;
mod check;
mod controls;
mod file;
mod find;
mod hardware;
mod lifeline;
#[cfg(feature = "linux")]
pub mod linux;
mod read;

pub use button::{ButtonNews, ButtonState, EdgePin, HOLD, HeldButton, Wakes};
pub use controls::{ButtonReport, Controls, PinControls, StatusLamp};
pub use file::{
    Audio, BoardFile, Button, ButtonUse, Chip, DahdiEntry, LineDriver, Pin, PortEntry, Relay,
    SlotFormat, Wrong,
};
pub use find::{Found, NotFound, find, load};
pub use hardware::{Hardware, HardwareError, Lifeline};
pub use lifeline::LifelineJack;

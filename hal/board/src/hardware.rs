use embedded_hal::digital::{InputPin, OutputPin};
use embedded_hal::spi::SpiDevice;

use crate::button::EdgePin;
use crate::file::{Pin, Relay};

/// Why a bus or pin cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub struct HardwareError {
    /// The device or pin as the board file names it.
    pub what: String,
    /// What the system says.
    pub why: String,
}

/// Buses and pins of a machine.
pub trait Hardware {
    /// A chip, or a chain of them, on a bus.
    type Spi: SpiDevice + Send + 'static;
    /// A pin that is read.
    type Input: InputPin + Send + 'static;
    /// A pin that is read, whose movements wake.
    type Edges: EdgePin + Send + 'static;
    /// A pin that is set.
    type Output: OutputPin + Send + 'static;

    /// A device on a bus, in mode 3 at this speed.
    ///
    /// # Errors
    /// It is not there, or somebody else's.
    fn spi(&mut self, device: &str, hz: u32) -> Result<Self::Spi, HardwareError>;

    /// A pin to be read; its level as it is, whatever `active_low` says.
    ///
    /// # Errors
    /// It is not there, or somebody else's.
    fn input(&mut self, pin: &Pin) -> Result<Self::Input, HardwareError>;

    /// A pin to be read as [`Self::input`]'s, whose movements wake where the machine can do that.
    ///
    /// # Errors
    /// It is not there, or somebody else's.
    fn edges(&mut self, pin: &Pin) -> Result<Self::Edges, HardwareError>;

    /// A pin to be set, inactive at first.
    ///
    /// # Errors
    /// It is not there, or somebody else's.
    fn output(&mut self, pin: &Pin) -> Result<Self::Output, HardwareError>;
}

/// A relay that joins a set to a line as long as it is not drawn: without power, or without us.
#[derive(Debug)]
pub struct Lifeline<O> {
    relay: Relay,
    pin: O,
    drawn: bool,
}

impl<O: OutputPin> Lifeline<O> {
    /// The relay, not drawn: the set hangs on the line.
    pub const fn new(relay: Relay, pin: O) -> Self {
        Self {
            relay,
            pin,
            drawn: false,
        }
    }

    /// Which relay this is.
    pub const fn relay(&self) -> &Relay {
        &self.relay
    }

    /// Whether set and line are ours.
    pub const fn is_drawn(&self) -> bool {
        self.drawn
    }

    /// Takes set and line to us, or joins them to each other again.
    ///
    /// # Errors
    /// The pin cannot be set; the relay is as before, as far as we know.
    pub fn draw(&mut self, drawn: bool) -> Result<(), O::Error> {
        if drawn == self.relay.pin.active_low {
            self.pin.set_low()?;
        } else {
            self.pin.set_high()?;
        }
        self.drawn = drawn;
        Ok(())
    }
}

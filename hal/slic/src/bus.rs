//! How a register is reached: the frames on SPI.
//!
//! All chips want SPI mode 3 (clock idles high, sampled on its rising edge), at most 16 MHz, most
//! significant bit first; the board sets that when it opens the bus.

use core::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use embedded_hal::digital::{ErrorType as PinErrorType, InputPin};
use embedded_hal::spi::{ErrorType, Operation, SpiDevice};

use crate::Trouble;

/// Registers of one chip.
pub(crate) trait Registers {
    fn read(&mut self, register: u8) -> Result<u8, Trouble>;
    fn write(&mut self, register: u8, value: u8) -> Result<(), Trouble>;

    /// Writes a list in its order.
    fn write_all(&mut self, list: &[(u8, u8)]) -> Result<(), Trouble> {
        for &(register, value) in list {
            self.write(register, value)?;
        }
        Ok(())
    }
}

/// A Si321x with a select line of its own: command byte (bit 7 = read, 6:0 register), data byte
/// (3215 "Serial peripheral interface"). One byte a select cycle: a falling select restarts the byte
/// boundary, so that a slipped bit costs one access.
#[derive(Debug)]
pub(crate) struct ProslicBus<S> {
    spi: S,
}

const PROSLIC_READ: u8 = 0x80;

impl<S: SpiDevice> ProslicBus<S> {
    pub(crate) const fn new(spi: S) -> Self {
        Self { spi }
    }
}

impl<S: SpiDevice> Registers for ProslicBus<S> {
    fn read(&mut self, register: u8) -> Result<u8, Trouble> {
        let mut answer = [0];
        self.spi
            .write(&[PROSLIC_READ | register])
            .and_then(|()| self.spi.read(&mut answer))
            .map_err(|_| Trouble::Bus)?;
        Ok(answer[0])
    }

    fn write(&mut self, register: u8, value: u8) -> Result<(), Trouble> {
        self.spi
            .write(&[register])
            .and_then(|()| self.spi.write(&[value]))
            .map_err(|_| Trouble::Bus)
    }
}

/// A Si3050, alone or in a chain: control byte, address byte, data byte, select high between them
/// (3050 "Serial peripheral control interface"; 24 bits in one select cycle are no documented access).
#[derive(Debug)]
pub(crate) struct DaaBus<S> {
    spi: S,
    /// Place in the chain with its bits reversed, as the control byte wants it.
    place: u8,
}

const DAA_READ: u8 = 0x60;
const DAA_WRITE: u8 = 0x20;

impl<S: SpiDevice> DaaBus<S> {
    /// The chip at `place` of its chain, 0–15; 0 is nearest to us, or alone.
    pub(crate) const fn new(spi: S, place: u8) -> Self {
        Self {
            spi,
            place: (place & 0x0f).reverse_bits() >> 4,
        }
    }

    fn address(&mut self, control: u8, register: u8) -> Result<(), S::Error> {
        self.spi.write(&[control | self.place])?;
        self.spi.write(&[register])
    }
}

impl<S: SpiDevice> Registers for DaaBus<S> {
    fn read(&mut self, register: u8) -> Result<u8, Trouble> {
        let mut answer = [0];
        self.address(DAA_READ, register)
            .and_then(|()| self.spi.read(&mut answer))
            .map_err(|_| Trouble::Bus)?;
        Ok(answer[0])
    }

    fn write(&mut self, register: u8, value: u8) -> Result<(), Trouble> {
        self.address(DAA_WRITE, register)
            .and_then(|()| self.spi.write(&[value]))
            .map_err(|_| Trouble::Bus)
    }
}

/// One SPI device used by several drivers: chips in a daisy chain have one select line. A lock is
/// held for one transaction only; all drivers of a chain live on the control thread anyway.
#[derive(Debug)]
pub struct SharedSpi<S>(Arc<Mutex<S>>);

impl<S> SharedSpi<S> {
    /// The device of a whole chain.
    pub fn new(spi: S) -> Self {
        Self(Arc::new(Mutex::new(spi)))
    }
}

impl<S> Clone for SharedSpi<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: ErrorType> ErrorType for SharedSpi<S> {
    type Error = S::Error;
}

impl<S: SpiDevice> SpiDevice for SharedSpi<S> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), S::Error> {
        // A driver that panicked in the middle leaves a half access: the next select mends it.
        let mut spi = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spi.transaction(operations)
    }
}

/// One interrupt pin that several chips of a chain pull.
#[derive(Debug)]
pub struct SharedPin<P>(Arc<Mutex<P>>);

impl<P> SharedPin<P> {
    /// The pin of all chips of a chain.
    pub fn new(pin: P) -> Self {
        Self(Arc::new(Mutex::new(pin)))
    }
}

impl<P> Clone for SharedPin<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: PinErrorType> PinErrorType for SharedPin<P> {
    type Error = P::Error;
}

impl<P: InputPin> InputPin for SharedPin<P> {
    fn is_high(&mut self) -> Result<bool, P::Error> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_high()
    }

    fn is_low(&mut self) -> Result<bool, P::Error> {
        self.is_high().map(|high| !high)
    }
}

/// The interrupt pin of a chip that has none: it is polled.
#[derive(Clone, Copy, Debug)]
pub enum NoPin {}

impl PinErrorType for NoPin {
    type Error = Infallible;
}

impl InputPin for NoPin {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        match *self {}
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        match *self {}
    }
}

//! The bus as the driver sees it: select cycles and bytes.

use core::{convert::Infallible, fmt};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use embedded_hal::digital::{self, InputPin};
use embedded_hal::spi::{Error, ErrorKind, ErrorType, Operation, SpiDevice};

/// What hangs on a select line.
pub(crate) trait OnBus {
    /// Select falls: a new frame.
    fn select(&mut self);
    /// One byte each way.
    fn byte(&mut self, out: u8) -> u8;
    /// Select rises.
    fn release(&mut self);
    /// The level of the interrupt pin.
    fn interrupt_is_high(&mut self) -> bool;
    /// The driver of the bus refuses, when it does.
    fn refuses(&self) -> bool;
}

/// One chip, or one chain of them, as an SPI device.
pub struct Spi(pub(crate) Arc<Mutex<dyn OnBus + Send>>);

/// The bus driver reports an error: the model was told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusStuck;

impl Error for BusStuck {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for Spi {
    type Error = BusStuck;
}

impl fmt::Debug for Spi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spi")
    }
}

pub(crate) fn lock<T: ?Sized>(chip: &Mutex<T>) -> MutexGuard<'_, T> {
    chip.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SpiDevice for Spi {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), BusStuck> {
        let mut chip = lock(&self.0);
        if chip.refuses() {
            return Err(BusStuck);
        }
        chip.select();
        for operation in operations {
            match operation {
                Operation::Read(words) => words.iter_mut().for_each(|word| *word = chip.byte(0)),
                Operation::Write(words) => {
                    for &word in words.iter() {
                        chip.byte(word);
                    }
                }
                Operation::Transfer(read, write) => {
                    for at in 0..read.len().max(write.len()) {
                        let got = chip.byte(write.get(at).copied().unwrap_or(0));
                        if let Some(word) = read.get_mut(at) {
                            *word = got;
                        }
                    }
                }
                Operation::TransferInPlace(words) => {
                    words.iter_mut().for_each(|word| *word = chip.byte(*word));
                }
                Operation::DelayNs(_) => {}
            }
        }
        chip.release();
        Ok(())
    }
}

/// The interrupt pin of a chip.
pub struct IntPin(pub(crate) Arc<Mutex<dyn OnBus + Send>>);

impl fmt::Debug for IntPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IntPin")
    }
}

impl digital::ErrorType for IntPin {
    type Error = Infallible;
}

impl InputPin for IntPin {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(lock(&self.0).interrupt_is_high())
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        self.is_high().map(|high| !high)
    }
}

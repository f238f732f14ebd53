//! Buses and pins of Linux: `/dev/spidevB.S` and `/dev/gpiochipN`.

use std::os::fd::AsFd as _;
use std::path::Path;

use embedded_hal::digital::{self, ErrorKind, InputPin, OutputPin};
use gpiocdev::Request;
use gpiocdev::line::{EdgeDetection, Value};
use linux_embedded_hal::SpidevDevice;
use linux_embedded_hal::spidev::{SpiModeFlags, SpidevOptions};

use crate::button::{EdgePin, Wakes};
use crate::file::Pin;
use crate::hardware::{Hardware, HardwareError};

/// Who the kernel is told that holds a pin.
const CONSUMER: &str = "centralka";

/// This machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Linux;

fn error(what: &str, why: impl ToString) -> HardwareError {
    HardwareError {
        what: what.to_owned(),
        why: why.to_string(),
    }
}

/// A pin that is held.
#[derive(Debug)]
pub struct LinuxPin {
    request: Request,
    line: u32,
}

/// The kernel refused to read or set a pin.
#[derive(Debug)]
pub struct PinError(pub gpiocdev::Error);

impl digital::Error for PinError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl digital::ErrorType for LinuxPin {
    type Error = PinError;
}

impl InputPin for LinuxPin {
    fn is_high(&mut self) -> Result<bool, PinError> {
        let value = self.request.value(self.line).map_err(PinError)?;
        Ok(value == Value::Active)
    }

    fn is_low(&mut self) -> Result<bool, PinError> {
        self.is_high().map(|high| !high)
    }
}

impl OutputPin for LinuxPin {
    fn set_low(&mut self) -> Result<(), PinError> {
        self.set(Value::Inactive)
    }

    fn set_high(&mut self) -> Result<(), PinError> {
        self.set(Value::Active)
    }
}

impl LinuxPin {
    fn set(&self, value: Value) -> Result<(), PinError> {
        let set = self.request.set_value(self.line, value);
        set.map(|_| ()).map_err(PinError)
    }

    /// Levels are the pin's own: what low means is for who reads the board file.
    fn open(pin: &Pin, output: bool) -> Result<Self, HardwareError> {
        Self::request(pin, output, None)
    }

    fn request(
        pin: &Pin,
        output: bool,
        edges: Option<EdgeDetection>,
    ) -> Result<Self, HardwareError> {
        let mut builder = Request::builder();
        builder
            .on_chip(Path::new("/dev").join(&pin.chip))
            .with_consumer(CONSUMER)
            .with_line(pin.line);
        if output {
            let inactive = if pin.active_low {
                Value::Active
            } else {
                Value::Inactive
            };
            builder.as_output(inactive);
        } else {
            builder.as_input().with_edge_detection(edges);
        }
        let request = builder
            .request()
            .map_err(|why| error(&pin.to_string(), why))?;
        Ok(Self {
            request,
            line: pin.line,
        })
    }
}

/// A pin whose movements the kernel tells, if its chip has interrupts.
#[derive(Debug)]
pub struct LinuxEdges {
    pin: LinuxPin,
    interrupts: bool,
}

impl digital::ErrorType for LinuxEdges {
    type Error = PinError;
}

impl InputPin for LinuxEdges {
    fn is_high(&mut self) -> Result<bool, PinError> {
        self.pin.is_high()
    }

    fn is_low(&mut self) -> Result<bool, PinError> {
        self.pin.is_low()
    }
}

impl EdgePin for LinuxEdges {
    fn wakes(&self) -> Wakes<'_> {
        if self.interrupts {
            Wakes::Descriptor(self.pin.request.as_fd())
        } else {
            Wakes::Never
        }
    }

    fn clear_edges(&mut self) {
        let request = &self.pin.request;
        // The level is read afterwards: what an edge said does not matter.
        while self.interrupts && request.has_edge_event().unwrap_or(false) {
            if request.read_edge_event().is_err() {
                return;
            }
        }
    }
}

impl Hardware for Linux {
    type Spi = SpidevDevice;
    type Input = LinuxPin;
    type Edges = LinuxEdges;
    type Output = LinuxPin;

    fn spi(&mut self, device: &str, hz: u32) -> Result<SpidevDevice, HardwareError> {
        let mut spi = SpidevDevice::open(device).map_err(|why| error(device, why))?;
        let options = SpidevOptions::new()
            .bits_per_word(8)
            .max_speed_hz(hz)
            .mode(SpiModeFlags::SPI_MODE_3)
            .build();
        spi.configure(&options).map_err(|why| error(device, why))?;
        Ok(spi)
    }

    fn input(&mut self, pin: &Pin) -> Result<LinuxPin, HardwareError> {
        LinuxPin::open(pin, false)
    }

    fn edges(&mut self, pin: &Pin) -> Result<LinuxEdges, HardwareError> {
        let interrupts = LinuxPin::request(pin, false, Some(EdgeDetection::BothEdges));
        // A chip behind a slow bus often has none.
        let told = interrupts.map(|pin| (pin, true));
        let (pin, interrupts) = told.or_else(|_| Ok((LinuxPin::open(pin, false)?, false)))?;
        Ok(LinuxEdges { pin, interrupts })
    }

    fn output(&mut self, pin: &Pin) -> Result<LinuxPin, HardwareError> {
        LinuxPin::open(pin, true)
    }
}

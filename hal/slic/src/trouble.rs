use core::fmt;

use hal_port::{Error, ErrorKind, FaultKind};
use serde::{Deserialize, Serialize};

/// What a driver found wrong with its chip or line, as data for the log and for `centralka doctor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// The operating system's SPI driver reported an error.
    Bus,
    /// Nothing, or noise, answers on the bus: all bits of the identity are the same, or it changed.
    NoAnswer {
        /// What was read as identity.
        identity: u8,
    },
    /// Another part answers than the board file says.
    WrongPart {
        /// The register that tells the parts apart.
        register: u8,
        /// What it holds.
        value: u8,
    },
    /// A register did not keep what was written.
    NoMemory {
        /// The register; 128 and above = an indirect register (its address + 128).
        register: u8,
    },
    /// An indirect access did not end.
    IndirectStuck,
    /// The battery did not come up: supply missing, or a short of the converter.
    NoBattery {
        /// What was reached, in V.
        volts: u8,
    },
    /// A calibration did not end.
    Calibration,
    /// The chip was reset behind our back: a dip of its supply.
    Reset,
    /// The battery fell out of range in service.
    Battery {
        /// What was measured, in V.
        volts: u8,
    },
    /// Transistors are overloaded again and again: a short, a ground or foreign voltage on the line.
    PowerAlarm {
        /// Bits 0–5 = Q1–Q6.
        transistors: u8,
    },
    /// FXO: the line side does not answer over the isolation link.
    NoLineSide,
    /// FXO: current too high, again and again.
    LineOverload,
}

impl Trouble {
    /// The same in the words common to all ports.
    #[must_use]
    pub const fn kind(self) -> FaultKind {
        match self {
            Self::PowerAlarm { .. } | Self::LineOverload => FaultKind::Overload,
            Self::NoBattery { .. } | Self::Reset | Self::Battery { .. } => FaultKind::Supply,
            Self::Bus
            | Self::NoAnswer { .. }
            | Self::WrongPart { .. }
            | Self::NoMemory { .. }
            | Self::IndirectStuck
            | Self::Calibration
            | Self::NoLineSide => FaultKind::Lost,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Bus => f.write_str("the SPI driver reports an error"),
            Self::NoAnswer { identity } => {
                write!(f, "no chip answers (identity reads {identity:#04x})")
            }
            Self::WrongPart { register, value } => write!(
                f,
                "another part answers (register {register} reads {value:#04x})"
            ),
            Self::NoMemory { register } => {
                write!(f, "register {register} does not keep what is written")
            }
            Self::IndirectStuck => f.write_str("an indirect access does not end"),
            Self::NoBattery { volts } => write!(f, "the battery reaches only {volts} V"),
            Self::Calibration => f.write_str("the calibration does not end"),
            Self::Reset => f.write_str("the chip was reset by a dip of its supply"),
            Self::Battery { volts } => write!(f, "the battery fell to {volts} V"),
            Self::PowerAlarm { transistors } => write!(
                f,
                "the line driver is overloaded (transistors {transistors:#08b})"
            ),
            Self::NoLineSide => f.write_str("the line side of the chip does not answer"),
            Self::LineOverload => f.write_str("the line gives too much current"),
        }
    }
}

/// Why a command was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlicError {
    /// Not of this kind of port, or beyond this part.
    Unsupported,
    /// The set is off hook, the loop is open, or the chip is still being brought up.
    State,
    /// A figure is out of range.
    Argument,
    /// The port is out of service.
    Trouble(Trouble),
}

impl Error for SlicError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unsupported => ErrorKind::Unsupported,
            Self::State => ErrorKind::State,
            Self::Argument => ErrorKind::Argument,
            Self::Trouble(Trouble::Bus) => ErrorKind::Bus,
            Self::Trouble(_) => ErrorKind::Fault,
        }
    }
}

impl From<Trouble> for SlicError {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

use core::fmt;

use serde::{Deserialize, Serialize};

/// What every back end's error can say, in the manner of `embedded-hal`: the back end's own type
/// keeps the detail, [`Error::kind`] is what a caller decides by.
pub trait Error: fmt::Debug {
    /// What went wrong, in words common to all back ends.
    fn kind(&self) -> ErrorKind;
}

/// What went wrong, in words common to all back ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The port has no such capability or is of the other kind. Ours or the administrator's mistake.
    Unsupported,
    /// Not now: ringing a set that is off hook, or an open loop. Nothing was changed.
    State,
    /// A cadence or a time is out of range. Nothing was changed.
    Argument,
    /// The port is in a fault of its own (see [`crate::FaultKind`]).
    Fault,
    /// The bus or driver did not answer.
    Bus,
    /// The hardware is gone.
    Gone,
}

impl Error for ErrorKind {
    fn kind(&self) -> ErrorKind {
        *self
    }
}

impl Error for core::convert::Infallible {
    fn kind(&self) -> ErrorKind {
        match *self {}
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsupported => "the port cannot do this",
            Self::State => "the port cannot do this in its present state",
            Self::Argument => "a value is out of the port's range",
            Self::Fault => "the port reports a fault",
            Self::Bus => "the port's bus or driver did not answer",
            Self::Gone => "the port's hardware is gone",
        })
    }
}

impl core::error::Error for ErrorKind {}

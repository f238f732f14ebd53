use hal_port::{Error, ErrorKind};

use crate::Errno;

/// Why a command was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DahdiError {
    /// Not of this kind of port, or beyond what DAHDI offers.
    Unsupported,
    /// Not in this state.
    State,
    /// A figure is out of range.
    Argument,
    /// The port is out of service.
    Fault,
    /// The kernel refused.
    Kernel(Errno),
}

impl Error for DahdiError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unsupported => ErrorKind::Unsupported,
            Self::State | Self::Kernel(Errno::BUSY | Errno::INVALID) => ErrorKind::State,
            Self::Argument => ErrorKind::Argument,
            Self::Fault => ErrorKind::Fault,
            Self::Kernel(Errno::NO_DEVICE) => ErrorKind::Gone,
            Self::Kernel(_) => ErrorKind::Bus,
        }
    }
}

impl From<Errno> for DahdiError {
    fn from(errno: Errno) -> Self {
        Self::Kernel(errno)
    }
}

//! The kernel's own channels. The only unsafe lines of the crate.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;

use crate::channel::give;
use crate::{Channel, Errno, Request};

/// Opens any channel, which is then named.
const NODE: &str = "/dev/dahdi/channel";

/// A channel of a card.
#[derive(Debug)]
pub struct Kernel(File);

impl Kernel {
    /// Opens channel `number`.
    ///
    /// # Errors
    /// There is no such channel, or it is in use.
    pub fn open(number: u16) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(NODE)?;
        let channel = Self(file);
        give(&channel, Request::SPECIFY, i32::from(number))
            .map_err(|Errno(code)| io::Error::from_raw_os_error(code))?;
        Ok(channel)
    }
}

fn errno(error: &io::Error) -> Errno {
    Errno(error.raw_os_error().unwrap_or(libc::EIO))
}

impl Channel for Kernel {
    fn request(&self, request: Request, argument: &mut [u8]) -> Result<(), Errno> {
        let size = (request.0 >> 16 & 0x3fff) as usize;
        if argument.len() < size {
            return Err(Errno::INVALID);
        }
        // SAFETY: the kernel reads and writes at most the size that is part of the request's number,
        // and the argument is at least that long and lives through the call. The interface's
        // structures hold integers only, so that any octets are a value of them.
        let result =
            unsafe { libc::ioctl(self.0.as_raw_fd(), request.0.into(), argument.as_mut_ptr()) };
        if result < 0 {
            return Err(errno(&io::Error::last_os_error()));
        }
        Ok(())
    }

    fn read(&self, sound: &mut [u8]) -> Result<usize, Errno> {
        (&self.0).read(sound).map_err(|error| errno(&error))
    }

    fn write(&self, sound: &[u8]) -> Result<usize, Errno> {
        (&self.0).write(sound).map_err(|error| errno(&error))
    }
}

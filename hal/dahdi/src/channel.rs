use core::fmt;

use crate::Request;
use crate::audio::BUFFERS;

/// Events fetched in one go.
pub(crate) const EVENTS_MAX: usize = 64;

/// Why the kernel refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub i32);

impl Errno {
    /// Nothing to read, no room to write.
    pub const AGAIN: Self = Self(libc::EAGAIN);
    /// Ringing, or on hook, when it must not be.
    pub const BUSY: Self = Self(libc::EBUSY);
    /// Not for this channel, or not now.
    pub const INVALID: Self = Self(libc::EINVAL);
    /// It goes on, and an event tells its end.
    pub const IN_PROGRESS: Self = Self(libc::EINPROGRESS);
    /// An event waits and must be fetched first.
    pub const EVENT: Self = Self(500);
    /// The card is gone.
    pub const NO_DEVICE: Self = Self(libc::ENODEV);
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::EVENT {
            return f.write_str("an event waits");
        }
        std::io::Error::from_raw_os_error(self.0).fmt(f)
    }
}

impl core::error::Error for Errno {}

/// The file of one channel, opened so that nothing ever waits. Both halves of a port use it.
pub trait Channel: Send + Sync {
    /// A request with its argument in place; its size is the request's.
    ///
    /// # Errors
    /// As the kernel says.
    fn request(&self, request: Request, argument: &mut [u8]) -> Result<(), Errno>;

    /// Sound of the line: how many octets were there.
    ///
    /// # Errors
    /// Nothing is there, or an event waits.
    fn read(&self, sound: &mut [u8]) -> Result<usize, Errno>;

    /// Sound to the line: how many octets were taken.
    ///
    /// # Errors
    /// There is no room, or an event waits.
    fn write(&self, sound: &[u8]) -> Result<usize, Errno>;
}

/// Requests with one number, by value.
pub(crate) fn give(channel: &dyn Channel, request: Request, value: i32) -> Result<(), Errno> {
    channel.request(request, &mut value.to_ne_bytes())
}

/// Requests that answer one number.
pub(crate) fn take(channel: &dyn Channel, request: Request) -> Result<i32, Errno> {
    let mut value = [0; 4];
    channel.request(request, &mut value)?;
    Ok(i32::from_ne_bytes(value))
}

/// Sound as both halves want it: A-law, delivered at once, nothing changed by the kernel.
pub(crate) fn prepare(channel: &dyn Channel) -> Result<(), Errno> {
    /// Immediate both ways, so many buffers of so many octets.
    const SETTING: [i32; 6] = [0, 0, BUFFERS.0 as i32, BUFFERS.1 as i32, 0, 0];
    const A_LAW: i32 = 2;
    const ALL: i32 = 7;
    let mut buffers = [0; 24];
    for (octets, value) in buffers.chunks_exact_mut(4).zip(SETTING) {
        octets.copy_from_slice(&value.to_ne_bytes());
    }
    channel.request(Request::SET_BUFFERS, &mut buffers)?;
    give(channel, Request::SET_LAW, A_LAW)?;
    give(channel, Request::SET_TONE_ZONE, -1)?;
    give(channel, Request::ECHO_CANCEL, 0)?;
    give(channel, Request::FLUSH, ALL)
}

/// A request to a channel: direction, size of its argument, number, in the encoding of Linux on x86,
/// Arm and RISC-V.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request(pub u32);

const KIND: u32 = 0xda;
const WRITE: u32 = 1;
const READ: u32 = 2;

const fn request(direction: u32, size: u32, number: u32) -> Request {
    Request(direction << 30 | size << 16 | KIND << 8 | number)
}

const fn int(direction: u32, number: u32) -> Request {
    request(direction, 4, number)
}

impl Request {
    /// Throws away what waits to be read or played.
    pub const FLUSH: Self = int(WRITE, 0x03);
    /// The channel's parameters.
    pub const GET_PARAMS: Self = request(READ | WRITE, 136, 0x05);
    /// Sets them.
    pub const SET_PARAMS: Self = request(WRITE, 136, 0x05);
    /// A wish of [`crate::hook`].
    pub const HOOK: Self = int(WRITE, 0x07);
    /// The next event.
    pub const GET_EVENT: Self = int(READ, 0x08);
    /// Tables from companded to companded, both ways.
    pub const SET_GAINS: Self = request(WRITE, 516, 0x10);
    /// The tones and ringing of a country; needed before any ringing. −1 = the default.
    pub const SET_TONE_ZONE: Self = int(WRITE, 0x16);
    /// Number and size of buffers.
    pub const SET_BUFFERS: Self = request(WRITE, 24, 0x1b);
    /// Dials.
    pub const DIAL: Self = request(WRITE, 260, 0x1f);
    /// The kernel's echo canceller: 0 = off.
    pub const ECHO_CANCEL: Self = int(WRITE, 0x21);
    /// Which channel this file is.
    pub const SPECIFY: Self = int(WRITE, 0x26);
    /// The law of the sound: 2 = A-law.
    pub const SET_LAW: Self = int(WRITE, 0x27);
    /// A ring cadence.
    pub const SET_CADENCE: Self = request(WRITE, 64, 0x2a);
    /// Lets sound through to a set on hook for so many ms.
    pub const ON_HOOK_TRANSFER: Self = int(WRITE, 0x33);
    /// Polarity of a set's line: 1 = reversed.
    pub const SET_POLARITY: Self = int(WRITE, 0x5c);
    /// How many messages wait for whoever uses the set.
    pub const MESSAGES: Self = int(READ | WRITE, 0x5e);
    /// By what the set shows that messages wait: bits of [`crate::lamp`]. Not every driver knows it.
    pub const SET_LAMP: Self = int(WRITE, 0x5f);
}

#[cfg(test)]
mod tests {
    use super::Request;

    /// Numbers that a compiler made of the kernel's own header on x86-64.
    #[test]
    fn numbers_are_the_kernels() {
        let wanted = [
            (Request::FLUSH, 0x4004_da03),
            (Request::GET_PARAMS, 0xc088_da05),
            (Request::SET_PARAMS, 0x4088_da05),
            (Request::HOOK, 0x4004_da07),
            (Request::GET_EVENT, 0x8004_da08),
            (Request::SET_GAINS, 0x4204_da10),
            (Request::SET_TONE_ZONE, 0x4004_da16),
            (Request::SET_BUFFERS, 0x4018_da1b),
            (Request::DIAL, 0x4104_da1f),
            (Request::ECHO_CANCEL, 0x4004_da21),
            (Request::SPECIFY, 0x4004_da26),
            (Request::SET_LAW, 0x4004_da27),
            (Request::SET_CADENCE, 0x4040_da2a),
            (Request::ON_HOOK_TRANSFER, 0x4004_da33),
            (Request::SET_POLARITY, 0x4004_da5c),
            (Request::MESSAGES, 0xc004_da5e),
            (Request::SET_LAMP, 0x4004_da5f),
        ];
        for (got, number) in wanted {
            assert_eq!(got, Request(number), "{number:#x}");
        }
    }
}

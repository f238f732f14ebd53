use crate::{Channel, Errno, Request};

const SPAN: usize = 4;
const SIGNALLING: usize = 12;
const RX_OFF_HOOK: usize = 20;
const FLASH_MS: usize = 100;
const ALARMS: usize = 132;

/// Parameters of a channel, as the kernel lays them out (136 octets).
#[derive(Clone, Copy, Debug)]
pub struct Params(pub [u8; 136]);

impl Params {
    /// The channel's, now.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn of(channel: &dyn Channel) -> Result<Self, Errno> {
        let mut params = Self([0; 136]);
        channel.request(Request::GET_PARAMS, &mut params.0)?;
        Ok(params)
    }

    fn number(&self, at: usize) -> i32 {
        let octets = self
            .0
            .get(at..at + 4)
            .and_then(|octets| octets.try_into().ok());
        octets.map_or(0, i32::from_ne_bytes)
    }

    fn put(&mut self, at: usize, value: i32) {
        if let Some(octets) = self.0.get_mut(at..at + 4) {
            octets.copy_from_slice(&value.to_ne_bytes());
        }
    }

    /// The span that the channel is of: an analog card is one, with one clock.
    #[must_use]
    pub fn span(&self) -> i32 {
        self.number(SPAN)
    }

    /// What the channel is configured for: one of [`crate::signalling`].
    #[must_use]
    pub fn signalling(&self) -> i32 {
        self.number(SIGNALLING)
    }

    /// A set: lifted. A line: it feeds current.
    #[must_use]
    pub fn is_off_hook(&self) -> bool {
        self.number(RX_OFF_HOOK) != 0
    }

    /// The channel's alarms; a line without battery has some.
    #[must_use]
    pub fn alarms(&self) -> i32 {
        self.number(ALARMS)
    }

    /// Sets the length of a flash to the exchange.
    pub fn set_flash_ms(&mut self, ms: u16) {
        self.put(FLASH_MS, i32::from(ms));
    }
}

use core::fmt;

use model::SrtpKey;

use super::cipher::{Cipher, Kind};
use super::stream::Streams;
use super::{ENCRYPTED, Head, SrtpError, rtcp_sender};

/// Protects what we send under one master key.
pub struct Sender {
    rtp: Cipher,
    rtcp: Cipher,
    streams: Streams,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("srtp::Sender")
    }
}

impl Sender {
    /// A sender that has sent nothing yet: its rollover counter is 0.
    #[must_use]
    pub fn new(key: &SrtpKey) -> Self {
        Self {
            rtp: Cipher::new(key, Kind::Rtp),
            rtcp: Cipher::new(key, Kind::Rtcp),
            streams: Streams::new(),
        }
    }

    /// Protects the RTP packet of `len` octets at the start of `buffer`, in place; its new length.
    ///
    /// # Errors
    /// The packet must not be sent. [`SrtpError::Replayed`] says that its number was used before:
    /// another packet under it would give both away (RFC 3711 §9.1).
    pub fn protect(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, SrtpError> {
        let packet = buffer.get(..len).ok_or(SrtpError::Malformed)?;
        let head = Head::read(packet).ok_or(SrtpError::Malformed)?;
        let mut stream = self.streams.of(head.ssrc)?;
        let index = stream.rtp.index_of(head.seq)?;
        stream.rtp.check(index)?;
        let len = self
            .rtp
            .seal_rtp(buffer, (head.len, len), head.ssrc, index)?;
        stream.rtp.accept(index);
        self.streams.keep(stream);
        Ok(len)
    }

    /// Protects the RTCP compound of `len` octets at the start of `buffer`, in place; its new
    /// length.
    ///
    /// # Errors
    /// The compound must not be sent.
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, SrtpError> {
        let packet = buffer.get(..len).ok_or(SrtpError::Malformed)?;
        let ssrc = rtcp_sender(packet).ok_or(SrtpError::Malformed)?;
        let mut stream = self.streams.of(ssrc)?;
        let next = stream
            .rtcp
            .newest()
            .map_or(0, |index| index.saturating_add(1));
        let index = u32::try_from(next)
            .ok()
            .filter(|&index| index < ENCRYPTED)
            .ok_or(SrtpError::Spent)?;
        let len = self.rtcp.seal_rtcp(buffer, len, ssrc, index)?;
        stream.rtcp.accept(next);
        self.streams.keep(stream);
        Ok(len)
    }
}

#[cfg(test)]
impl Sender {
    /// Keys of a session, for vectors that begin there; the next SRTCP index is `rtcp_index`.
    pub(super) fn of_session(cipher: impl Fn() -> Cipher, ssrc: u32, rtcp_index: u64) -> Self {
        let mut streams = Streams::new();
        let mut stream = streams.of(ssrc).expect("room");
        stream.rtcp.accept(rtcp_index - 1);
        streams.keep(stream);
        Self {
            rtp: cipher(),
            rtcp: cipher(),
            streams,
        }
    }
}

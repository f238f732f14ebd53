use core::fmt;

use model::SrtpKey;

use super::cipher::{Cipher, Kind};
use super::stream::Streams;
use super::{ENCRYPTED, Head, SrtpError, SrtpFigures, rtcp_sender};

/// Takes the protection off what comes under one master key.
pub struct Receiver {
    rtp: Cipher,
    rtcp: Cipher,
    streams: Streams,
    figures: SrtpFigures,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "srtp::Receiver({:?})", self.figures)
    }
}

impl Receiver {
    /// A receiver that has heard nothing yet: all rollover counters are 0.
    #[must_use]
    pub fn new(key: &SrtpKey) -> Self {
        Self {
            rtp: Cipher::new(key, Kind::Rtp),
            rtcp: Cipher::new(key, Kind::Rtcp),
            streams: Streams::new(),
            figures: SrtpFigures::default(),
        }
    }

    /// What was counted since the key is in use.
    #[must_use]
    pub const fn figures(&self) -> SrtpFigures {
        self.figures
    }

    /// Makes the SRTP packet an RTP packet, in place; its new length.
    ///
    /// # Errors
    /// The packet is not to be believed: throw it away. It is counted.
    pub fn unprotect(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let result = self.open(packet);
        self.figures.note(&result);
        result
    }

    /// Makes the SRTCP packet an RTCP compound, in place; its new length.
    ///
    /// # Errors
    /// The packet is not to be believed: throw it away. It is counted.
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let result = self.open_rtcp(packet);
        self.figures.note(&result);
        result
    }

    fn open(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let head = Head::read(packet).ok_or(SrtpError::Malformed)?;
        let mut stream = self.streams.of(head.ssrc)?;
        let index = stream.rtp.index_of(head.seq)?;
        stream.rtp.check(index)?;
        let len = self.rtp.open_rtp(packet, head.len, head.ssrc, index)?;
        // Only what is authentic changes what is remembered.
        stream.rtp.accept(index);
        self.streams.keep(stream);
        Ok(len)
    }

    fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let ssrc = rtcp_sender(packet).ok_or(SrtpError::Malformed)?;
        let (word, len) = self.rtcp.rtcp_word(packet).ok_or(SrtpError::Malformed)?;
        let mut stream = self.streams.of(ssrc)?;
        let index = u64::from(word & !ENCRYPTED);
        stream.rtcp.check(index)?;
        self.rtcp.open_rtcp(packet, (word, len), ssrc)?;
        if word & ENCRYPTED == 0 {
            return Err(SrtpError::Clear);
        }
        stream.rtcp.accept(index);
        self.streams.keep(stream);
        Ok(len)
    }
}

#[cfg(test)]
impl Receiver {
    /// Keys of a session, for vectors that begin there.
    pub(super) fn of_session(cipher: impl Fn() -> Cipher) -> Self {
        Self {
            rtp: cipher(),
            rtcp: cipher(),
            streams: Streams::new(),
            figures: SrtpFigures::default(),
        }
    }
}

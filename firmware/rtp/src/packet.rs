//! One RTP datagram: a checked view on received bytes, and writing into a caller's buffer.

use model::limits::RTP_PACKET_MAX;
use rtp_rs::{RtpPacketBuilder, RtpReader, RtpReaderError, Seq};

/// Octets of an RTP header without contributing sources and extension.
pub const HEADER_LEN: usize = 12;

/// Why a datagram is no RTP packet. The sender is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketError {
    /// Shorter than a header, or than its own lists of sources and extensions.
    Truncated,
    /// Longer than `limits::RTP_PACKET_MAX`.
    TooLong,
    /// Not version 2.
    Version,
    /// Padding of length 0 or longer than the packet (RFC 3550 §5.1).
    Padding,
    /// The second octet is an RTCP packet type (RFC 5761 §4: payload types 64–95 with marker).
    Rtcp,
}

/// A received packet, checked as a whole; every part of it lies inside the datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Synchronisation source.
    pub ssrc: u32,
    /// Sequence number.
    pub seq: u16,
    /// Timestamp in units of the codec's clock.
    pub timestamp: u32,
    /// Payload type, 0–127.
    pub payload_type: u8,
    /// First packet after silence, or of a telephone event.
    pub marker: bool,
    /// The payload without padding; may be empty.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a datagram.
    ///
    /// # Errors
    /// The datagram is no RTP packet that could be played.
    pub fn read(datagram: &'a [u8]) -> Result<Self, PacketError> {
        if datagram.len() > RTP_PACKET_MAX {
            return Err(PacketError::TooLong);
        }
        if is_rtcp(datagram) {
            return Err(PacketError::Rtcp);
        }
        let reader = RtpReader::new(datagram).map_err(|error| match error {
            RtpReaderError::BufferTooShort(_) | RtpReaderError::HeadersTruncated { .. } => {
                PacketError::Truncated
            }
            RtpReaderError::UnsupportedVersion(_) => PacketError::Version,
            RtpReaderError::PaddingLengthInvalid(_) => PacketError::Padding,
        })?;
        Ok(Self {
            ssrc: reader.ssrc(),
            seq: reader.sequence_number().into(),
            timestamp: reader.timestamp(),
            payload_type: reader.payload_type(),
            marker: reader.mark(),
            payload: reader.payload(),
        })
    }
}

/// Whether a datagram on a port shared by both is RTCP (RFC 5761 §4): packet types 192–223.
#[must_use]
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram.get(1), Some(192..=223))
}

/// The fields of a packet to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Synchronisation source.
    pub ssrc: u32,
    /// Sequence number.
    pub seq: u16,
    /// Timestamp in units of the codec's clock.
    pub timestamp: u32,
    /// Payload type, 0–127.
    pub payload_type: u8,
    /// First packet after silence, or of a telephone event.
    pub marker: bool,
}

impl Header {
    /// Writes a packet and returns its length; `None` if the payload type is above 127 or `out` is
    /// too short for [`HEADER_LEN`] and the payload.
    #[must_use]
    pub fn write(&self, payload: &[u8], out: &mut [u8]) -> Option<usize> {
        // rtp-rs lets a payload type above 127 pass into the marker bit.
        if self.payload_type > 127 {
            return None;
        }
        RtpPacketBuilder::new()
            .payload_type(self.payload_type)
            .marked(self.marker)
            .sequence(Seq::from(self.seq))
            .timestamp(self.timestamp)
            .ssrc(self.ssrc)
            .payload(payload)
            .build_into(out)
            .ok()
    }
}

#[cfg(test)]
mod tests;

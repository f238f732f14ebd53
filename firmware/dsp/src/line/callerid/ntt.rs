//! The frame of the Japanese service: `DLE SOH header DLE STX … DLE ETX` with even parity in the eighth bit and
//! a CRC (NTT's technical reference of the telephone service; octets as libspandsp sends them).

use model::CallerInfo;

use super::frame::Frame;
use super::message::{self, MessageFault};

pub(super) const DLE: u8 = 0x10;
const SOH: u8 = 0x01;
const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const HEADER: u8 = 0x07;

/// The whole frame.
#[must_use]
pub(super) fn encode(info: &CallerInfo) -> Frame {
    let mut frame = Frame::new();
    for octet in [DLE, SOH, HEADER, DLE, STX] {
        frame.push(even(octet));
    }
    for &octet in message::encode_ntt(info).octets() {
        // A DLE of the message is doubled.
        if octet == DLE {
            frame.push(even(DLE));
        }
        frame.push(even(octet));
    }
    frame.push(even(DLE));
    frame.push(even(ETX));
    let crc = crc(frame.octets().get(2..).unwrap_or(&[]));
    frame.extend(&crc.to_le_bytes());
    frame
}

/// Reads a whole frame.
///
/// # Errors
/// It is not one, see [`MessageFault`].
pub(super) fn decode(octets: &[u8]) -> Result<CallerInfo, MessageFault> {
    let covered = octets.get(2..).ok_or(MessageFault::Length)?;
    if crc(covered) != 0 {
        return Err(MessageFault::Checksum);
    }
    let end = octets.len().saturating_sub(4);
    let inner = octets.get(5..end).ok_or(MessageFault::Length)?;
    let mut message = Frame::new();
    let mut doubled = false;
    for &octet in inner {
        let plain = octet & 0x7f;
        if plain == DLE && !doubled {
            doubled = true;
            continue;
        }
        doubled = false;
        message.push(plain);
    }
    message::decode_content(message.octets())
}

/// Follows a frame as it comes and says when its last octet is there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Follower {
    after_dle: bool,
    text: bool,
    /// Octets of the CRC that are still to come.
    tail: Option<u8>,
}

impl Follower {
    /// Takes the next octet; whether the frame is whole with it.
    pub(super) fn take(&mut self, octet: u8) -> bool {
        if let Some(left) = self.tail {
            self.tail = left.checked_sub(1);
            return left <= 1;
        }
        let plain = octet & 0x7f;
        if !self.after_dle {
            self.after_dle = plain == DLE;
            return false;
        }
        self.after_dle = false;
        match plain {
            STX => self.text = true,
            ETX if self.text => self.tail = Some(2),
            _ => {}
        }
        false
    }
}

/// Even parity in the eighth bit.
pub(super) const fn even(octet: u8) -> u8 {
    let seven = octet & 0x7f;
    if seven.count_ones().is_multiple_of(2) {
        seven
    } else {
        seven | 0x80
    }
}

/// x¹⁶ + x¹² + x⁵ + 1, the lowest bit first, from 0. Over octets and their CRC it is 0.
fn crc(octets: &[u8]) -> u16 {
    let mut crc = 0_u16;
    for &octet in octets {
        crc ^= u16::from(octet);
        for _ in 0..8 {
            let low = crc & 1 == 1;
            crc >>= 1;
            if low {
                crc ^= 0x8408;
            }
        }
    }
    crc
}

//! SRTP and SRTCP in place (RFC 3711), with the suites of RFC 4568 §6.2 and RFC 7714.
//!
//! A [`Sender`] protects what we send, a [`Receiver`] takes off the protection of what comes; each
//! holds one master key. Not spoken: a master key index (MKI), key derivation rates, encrypted
//! header extensions (RFC 6904). Keys are wiped when the objects are dropped.
//!
//! Cost of 172 octets each way on an AMD EPYC with AES-NI: 0.24 µs with the CM suites and 256 bit
//! GCM, 0.20 µs with 128 bit GCM; 5.2 kB of keys a leg (`examples/srtp_cost.rs`).

mod cipher;
mod derive;
mod receiver;
mod sender;
mod stream;

pub use receiver::Receiver;
pub use sender::Sender;

/// Octets that protection adds at most: the tag of GCM and the index of SRTCP.
pub const OVERHEAD: usize = 20;
/// Synchronisation sources that one key serves. More in the life of a key are refused: to forget
/// one would let its packets be played again.
pub const SOURCES: usize = 16;

/// Octets of an RTCP header with its sender, never encrypted (RFC 3711 §3.4).
const RTCP_HEADER: usize = 8;
/// The E bit of SRTCP's last word: the packet is encrypted.
const ENCRYPTED: u32 = 0x8000_0000;

/// Why a packet was not protected, or is not believed. Nothing has changed then but counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SrtpError {
    /// No RTP or RTCP packet, or shorter than its own header and tag.
    Malformed,
    /// The buffer has no room for [`OVERHEAD`].
    Room,
    /// Its number was used before, or lies too far back to know (RFC 3711 §3.3.2).
    Replayed,
    /// The tag is not right: another key, changed on its way, or in clear.
    Forged,
    /// Authentic SRTCP that is not encrypted, which we never agree to.
    Clear,
    /// The key has served [`SOURCES`] others already.
    Sources,
    /// The key has protected as many packets as it may (RFC 3711 §9.2).
    Spent,
}

/// What a receiver counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SrtpFigures {
    /// Packets that were authentic and new.
    pub passed: u64,
    /// [`SrtpError::Malformed`].
    pub malformed: u64,
    /// [`SrtpError::Replayed`].
    pub replayed: u64,
    /// [`SrtpError::Forged`] and [`SrtpError::Clear`].
    pub forged: u64,
    /// [`SrtpError::Sources`] and [`SrtpError::Spent`].
    pub refused: u64,
}

impl SrtpFigures {
    fn note<T>(&mut self, result: &Result<T, SrtpError>) {
        let count = match result {
            Ok(_) => &mut self.passed,
            Err(SrtpError::Malformed | SrtpError::Room) => &mut self.malformed,
            Err(SrtpError::Replayed) => &mut self.replayed,
            Err(SrtpError::Forged | SrtpError::Clear) => &mut self.forged,
            Err(SrtpError::Sources | SrtpError::Spent) => &mut self.refused,
        };
        *count = count.saturating_add(1);
    }
}

/// The parts of an RTP header that SRTP needs.
#[derive(Clone, Copy, Debug)]
struct Head {
    /// Octets of the header with contributing sources and extension.
    len: usize,
    seq: u16,
    ssrc: u32,
}

impl Head {
    /// Reads the header of an RTP packet (RFC 3550 §5.1); `None` if it is none.
    fn read(packet: &[u8]) -> Option<Self> {
        let fixed = packet.first_chunk::<12>()?;
        let [first, _, s0, s1, _, _, _, _, c0, c1, c2, c3] = *fixed;
        if first >> 6 != 2 {
            return None;
        }
        let sources = usize::from(first & 15).checked_mul(4)?;
        let mut len = fixed.len().checked_add(sources)?;
        if first & 0x10 != 0 {
            let extension = packet.get(len..)?.first_chunk::<4>()?;
            let [_, _, w0, w1] = *extension;
            let words = usize::from(u16::from_be_bytes([w0, w1]));
            len = len.checked_add(words.checked_mul(4)?)?.checked_add(4)?;
        }
        (len <= packet.len()).then_some(Self {
            len,
            seq: u16::from_be_bytes([s0, s1]),
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
        })
    }
}

/// The sender of an RTCP compound; `None` if it is none.
fn rtcp_sender(packet: &[u8]) -> Option<u32> {
    let [first, kind, _, _, c0, c1, c2, c3] = *packet.first_chunk::<RTCP_HEADER>()?;
    let rtcp = first >> 6 == 2 && (192..=223).contains(&kind);
    rtcp.then_some(u32::from_be_bytes([c0, c1, c2, c3]))
}

#[cfg(test)]
mod tests;

//! RTCP (RFC 3550 §6): sender and receiver reports, source descriptions, voice metrics, goodbye; when
//! to send them and what the far end's reports say of the path.

mod metrics;
mod read;
mod session;
mod write;

pub use metrics::{GMIN, VoiceMetrics};
pub use read::{Blocks, Part, Parts, RtcpError};
pub use session::{NtpClock, Reports, ReportsHeard, interval};
pub use write::Compound;

use crate::session::Reception;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const EXTENDED: u8 = 207;

/// The sender part of a sender report (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// NTP time of the report: seconds since 1900 in the upper half, their fraction in the lower.
    pub ntp: u64,
    /// The same moment in RTP timestamps.
    pub timestamp: u32,
    /// Packets sent, modulo 2^32.
    pub packets: u32,
    /// Payload octets sent, modulo 2^32.
    pub octets: u32,
}

/// One reception report block (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// What was received.
    pub reception: Reception,
    /// Middle 32 bits of the NTP time of the last sender report, 0 = none came.
    pub last_sr: u32,
    /// Time since then in 1/65536 s.
    pub delay_since_last_sr: u32,
}

#[cfg(test)]
mod tests;

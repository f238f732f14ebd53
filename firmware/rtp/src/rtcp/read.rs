use model::limits::RTP_PACKET_MAX;

use super::metrics::{self, VoiceMetrics};
use super::{EXTENDED, GOODBYE, RECEIVER_REPORT, ReportBlock, SENDER_REPORT, SenderInfo};
use crate::session::Reception;

/// Octets of a report block.
const BLOCK_LEN: usize = 24;

/// Why a datagram is no RTCP. The sender is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RtcpError {
    /// A packet ends before what its header promises, or is shorter than its kind needs.
    Truncated,
    /// Longer than `limits::RTP_PACKET_MAX`.
    TooLong,
    /// Not version 2.
    Version,
    /// Padding before the last packet, of length 0, not in fours, or longer than the packet.
    Padding,
    /// The first packet is no report (RFC 3550 A.2).
    NoReport,
}

/// One packet of a compound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// SR.
    Sender {
        /// Who reports.
        ssrc: u32,
        /// What it sent.
        info: SenderInfo,
        /// What it received.
        blocks: Blocks<'a>,
    },
    /// RR.
    Receiver {
        /// Who reports.
        ssrc: u32,
        /// What it received.
        blocks: Blocks<'a>,
    },
    /// BYE. Of several sources only the first is told.
    Goodbye {
        /// Who leaves; `None` if the list is empty.
        ssrc: Option<u32>,
    },
    /// XR (RFC 3611). Of its blocks only those with voice metrics are told.
    Extended {
        /// What is thought of voices.
        voices: Voices<'a>,
    },
    /// A packet of another type: source descriptions, feedback, applications.
    Other {
        /// The packet type.
        kind: u8,
    },
}

/// The packets of a compound that was checked as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Checks a datagram as RFC 3550 A.2 asks. No part is given out of a bad compound.
    ///
    /// # Errors
    /// The datagram is no RTCP compound.
    pub fn read(datagram: &'a [u8]) -> Result<Self, RtcpError> {
        if datagram.len() > RTP_PACKET_MAX {
            return Err(RtcpError::TooLong);
        }
        let mut rest = datagram;
        let mut first = true;
        while first || !rest.is_empty() {
            let packet = Raw::split(rest)?;
            if first && !matches!(packet.kind, SENDER_REPORT | RECEIVER_REPORT) {
                return Err(RtcpError::NoReport);
            }
            if packet.padded && !packet.after.is_empty() {
                return Err(RtcpError::Padding);
            }
            packet.part()?;
            first = false;
            rest = packet.after;
        }
        Ok(Self { rest: datagram })
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let packet = Raw::split(self.rest).ok()?;
        self.rest = packet.after;
        packet.part().ok()
    }
}

/// The report blocks of one report, at most 31.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks<'a> {
    octets: &'a [u8],
}

impl Iterator for Blocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (block, rest) = self.octets.split_first_chunk::<BLOCK_LEN>()?;
        self.octets = rest;
        let word = |at| word(block, at).unwrap_or(0);
        let loss = word(4);
        // Cumulative loss is a signed number of 24 bits: shift it up and, keeping its sign, down.
        let lost = (loss << 8) as i32 >> 8;
        Some(ReportBlock {
            reception: Reception {
                ssrc: word(0),
                fraction_lost: (loss >> 24) as u8,
                lost,
                highest: word(8),
                jitter: word(12),
            },
            last_sr: word(16),
            delay_since_last_sr: word(20),
        })
    }
}

/// The voice metrics of one extended report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voices<'a> {
    octets: &'a [u8],
}

impl<'a> Voices<'a> {
    /// The blocks of `octets`; all of them must be whole.
    fn checked(octets: &'a [u8]) -> Option<Self> {
        let mut rest = octets;
        while !rest.is_empty() {
            (.., rest) = block(rest)?;
        }
        Some(Self { octets })
    }
}

impl Iterator for Voices<'_> {
    type Item = VoiceMetrics;

    fn next(&mut self) -> Option<VoiceMetrics> {
        loop {
            let (kind, body, rest) = block(self.octets)?;
            self.octets = rest;
            if kind == metrics::KIND
                && let Some(metrics) = VoiceMetrics::read(body)
            {
                return Some(metrics);
            }
        }
    }
}

/// The first block of an extended report: its type, what is in it, and what follows it.
fn block(octets: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[kind, _, high, low], rest) = octets.split_first_chunk::<4>()?;
    let length = usize::from(u16::from_be_bytes([high, low])).saturating_mul(4);
    let (body, after) = rest.split_at_checked(length)?;
    Some((kind, body, after))
}

/// One packet with its frame checked and its padding taken off.
struct Raw<'a> {
    kind: u8,
    /// Report blocks, sources or chunks, by kind.
    count: usize,
    padded: bool,
    /// All after the four octets that every packet begins with.
    body: &'a [u8],
    after: &'a [u8],
}

impl<'a> Raw<'a> {
    fn split(octets: &'a [u8]) -> Result<Self, RtcpError> {
        let (&[first, kind, high, low], rest) = octets
            .split_first_chunk::<4>()
            .ok_or(RtcpError::Truncated)?;
        if first >> 6 != 2 {
            return Err(RtcpError::Version);
        }
        let length = usize::from(u16::from_be_bytes([high, low])).saturating_mul(4);
        let (mut body, after) = rest.split_at_checked(length).ok_or(RtcpError::Truncated)?;
        let padded = first & 0x20 != 0;
        if padded {
            let padding = usize::from(body.last().copied().unwrap_or(0));
            let left = body.len().checked_sub(padding);
            body = match left {
                Some(left) if padding != 0 && padding & 3 == 0 => {
                    body.get(..left).unwrap_or_default()
                }
                _ => return Err(RtcpError::Padding),
            };
        }
        Ok(Self {
            kind,
            count: usize::from(first & 0x1f),
            padded,
            body,
            after,
        })
    }

    fn part(&self) -> Result<Part<'a>, RtcpError> {
        Ok(match self.kind {
            SENDER_REPORT => Part::Sender {
                ssrc: word(self.body, 0).ok_or(RtcpError::Truncated)?,
                info: self.info().ok_or(RtcpError::Truncated)?,
                blocks: self.blocks(24)?,
            },
            RECEIVER_REPORT => Part::Receiver {
                ssrc: word(self.body, 0).ok_or(RtcpError::Truncated)?,
                blocks: self.blocks(4)?,
            },
            GOODBYE => {
                let sources = self.count.saturating_mul(4);
                self.body.get(..sources).ok_or(RtcpError::Truncated)?;
                let ssrc = if self.count == 0 {
                    None
                } else {
                    word(self.body, 0)
                };
                Part::Goodbye { ssrc }
            }
            EXTENDED => {
                // Those whose blocks are not whole say nothing, and spoil no report beside them.
                let voices = self.body.get(4..).and_then(Voices::checked);
                voices.map_or(Part::Other { kind: EXTENDED }, |voices| Part::Extended {
                    voices,
                })
            }
            kind => Part::Other { kind },
        })
    }

    fn info(&self) -> Option<SenderInfo> {
        let seconds = u64::from(word(self.body, 4)?);
        let fraction = u64::from(word(self.body, 8)?);
        Some(SenderInfo {
            ntp: seconds << 32 | fraction,
            timestamp: word(self.body, 12)?,
            packets: word(self.body, 16)?,
            octets: word(self.body, 20)?,
        })
    }

    /// The blocks that begin at `from`; what follows them is a profile's extension.
    fn blocks(&self, from: usize) -> Result<Blocks<'a>, RtcpError> {
        let to = from.saturating_add(self.count.saturating_mul(BLOCK_LEN));
        let octets = self.body.get(from..to).ok_or(RtcpError::Truncated)?;
        Ok(Blocks { octets })
    }
}

fn word(octets: &[u8], at: usize) -> Option<u32> {
    let word = octets.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_be_bytes(*word))
}

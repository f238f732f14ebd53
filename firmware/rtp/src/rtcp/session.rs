use core::time::Duration;

use model::{Instant, Now};

use super::{Part, Parts, ReportBlock, RtcpError, VoiceMetrics};
use crate::session::Reception;

/// Seconds from 1900 (NTP) to 1970 (Unix), RFC 5905 §6.
const NTP_OF_UNIX: u64 = 2_208_988_800;

/// NTP time that follows the monotonic clock from one reading of the calendar on: a step of the
/// calendar must not show as a round trip of an hour.
#[derive(Clone, Copy, Debug)]
pub struct NtpClock {
    since: Instant,
    /// NTP time at `since`.
    start: u64,
}

impl NtpClock {
    /// A clock set by `now`.
    #[must_use]
    pub fn new(now: Now) -> Self {
        let us = u64::try_from(now.wall.0).unwrap_or(0);
        let seconds = (us / 1_000_000).saturating_add(NTP_OF_UNIX);
        let fraction = ((us % 1_000_000) << 32) / 1_000_000;
        Self {
            since: now.mono,
            start: seconds << 32 | fraction,
        }
    }

    /// NTP time, wrapping in 2036.
    #[must_use]
    pub fn ntp(&self, now: Instant) -> u64 {
        self.start.wrapping_add(ntp_of(now.since(self.since)))
    }
}

/// A span as 32.32 fixed point seconds.
fn ntp_of(span: Duration) -> u64 {
    let fraction = (u64::from(span.subsec_nanos()) << 32) / 1_000_000_000;
    span.as_secs() << 32 | fraction
}

/// The middle 32 bits: 1/65536 s.
const fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

/// What one compound told of the path from us to the far end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportsHeard {
    /// The far end's report on what we send.
    pub reception: Option<Reception>,
    /// Round trip without the far end's own delay, if the report allows to tell.
    pub round_trip: Option<Duration>,
    /// What the far end thinks of how we sound.
    pub metrics: Option<VoiceMetrics>,
    /// The far end said goodbye.
    pub goodbye: bool,
}

/// The memory between reports of one session.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reports {
    /// Source, middle NTP bits and arrival of the last sender report.
    last: Option<(u32, u32, Instant)>,
}

impl Reports {
    /// No report came yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a datagram that came at `now`; `ours` is the SSRC that we send with.
    ///
    /// # Errors
    /// The datagram is no RTCP compound; nothing was changed.
    pub fn receive(
        &mut self,
        datagram: &[u8],
        ours: u32,
        clock: &NtpClock,
        now: Instant,
    ) -> Result<ReportsHeard, RtcpError> {
        let mut heard = ReportsHeard::default();
        for part in Parts::read(datagram)? {
            let blocks = match part {
                Part::Sender { ssrc, info, blocks } => {
                    self.last = Some((ssrc, middle(info.ntp), now));
                    blocks
                }
                Part::Receiver { blocks, .. } => blocks,
                Part::Goodbye { .. } => {
                    heard.goodbye = true;
                    continue;
                }
                Part::Extended { mut voices } => {
                    let about_us = voices.find(|metrics| metrics.ssrc == ours);
                    heard.metrics = about_us.or(heard.metrics);
                    continue;
                }
                Part::Other { .. } => continue,
            };
            for block in blocks {
                if block.reception.ssrc == ours {
                    heard.reception = Some(block.reception);
                    heard.round_trip = round_trip(&block, middle(clock.ntp(now)));
                }
            }
        }
        Ok(heard)
    }

    /// Makes the block of a report sent at `now` from what was received.
    #[must_use]
    pub fn block(&self, reception: Reception, now: Instant) -> ReportBlock {
        let (last_sr, delay) = match self.last {
            Some((ssrc, ntp, at)) if ssrc == reception.ssrc => (ntp, middle(ntp_of(now.since(at)))),
            _ => (0, 0),
        };
        ReportBlock {
            reception,
            last_sr,
            delay_since_last_sr: delay,
        }
    }
}

/// RFC 3550 §6.4.1: arrival − LSR − DLSR; `None` without a sender report of ours, or when the
/// figures are not of this world (negative, or over a minute).
fn round_trip(block: &ReportBlock, now: u32) -> Option<Duration> {
    if block.last_sr == 0 {
        return None;
    }
    let units = now
        .wrapping_sub(block.last_sr)
        .wrapping_sub(block.delay_since_last_sr);
    if units > 60 << 16 {
        return None;
    }
    let ns = u64::from(units).saturating_mul(1_000_000_000) >> 16;
    Some(Duration::from_nanos(ns))
}

/// The time until the next report (RFC 3550 §6.2 and §6.3.1): 5 s, half of it before the first,
/// times a factor from 0.5 to 1.5, divided by e − 3/2. With two parties the bandwidth rule never
/// asks for more. `random` is any number, drawn anew each time.
#[must_use]
pub fn interval(first: bool, random: u32) -> Duration {
    const COMPENSATED_US: u64 = 4_104_157; // 5 s / 1.21828
    let whole = if first {
        COMPENSATED_US / 2
    } else {
        COMPENSATED_US
    };
    let spread = whole.saturating_mul(u64::from(random)) >> 32;
    Duration::from_micros((whole / 2).saturating_add(spread))
}

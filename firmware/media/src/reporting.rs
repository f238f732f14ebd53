//! The reports of one leg (RTCP, RFC 3550 §6): when they are due, and what came.

use model::Instant;
use rtp::rtcp::{Compound, NtpClock, ReportBlock, Reports, SenderInfo, interval};
use rtp::stats::FarFigures;

use crate::rtp_leg::RtpLeg;

/// Octets of the longest compound that we send: SR with one block, SDES, BYE.
pub(crate) const COMPOUND_MAX: usize = 128;

/// Reports sent and heard.
#[derive(Debug)]
pub(crate) struct Reporting {
    due: Option<Instant>,
    heard: Reports,
    pub(crate) far: FarFigures,
    /// A small generator that starts at our SSRC: legs do not report in step.
    state: u32,
    /// Packets sent before the last report and before the one before.
    sent_before: [u64; 2],
}

impl Reporting {
    pub(crate) fn new(ssrc: u32) -> Self {
        Self {
            due: None,
            heard: Reports::new(),
            far: FarFigures::default(),
            state: ssrc,
            sent_before: [0; 2],
        }
    }

    /// The leg speaks RTP from now on; nothing changes if it did before.
    pub(crate) fn start(&mut self, now: Instant) {
        if self.due.is_none() {
            let wait = interval(true, self.random());
            self.due = Some(now.plus(wait));
        }
    }

    pub(crate) const fn due(&self) -> Option<Instant> {
        self.due
    }

    fn random(&mut self) -> u32 {
        // The constants of Numerical Recipes; the upper bits are good enough for spreading.
        self.state = self
            .state
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        self.state
    }
}

impl RtpLeg {
    /// The report that is due now, written into `out`; plans the next one.
    pub(crate) fn report(
        &mut self,
        clock: NtpClock,
        now: Instant,
        goodbye: bool,
        out: &mut [u8; COMPOUND_MAX],
    ) -> Option<usize> {
        let wait = interval(false, self.reporting.random());
        self.reporting.due = Some(now.plus(wait));
        let (packets, octets) = self.out.sent();
        let [last, before] = self.reporting.sent_before;
        self.reporting.sent_before = [packets, last];
        // RFC 3550 §6.4: a sender report by who sent since the report before the last.
        let sender = (packets > before).then(|| SenderInfo {
            ntp: clock.ntp(now),
            timestamp: self.out.timestamp_now(now),
            packets: low_32(packets),
            octets: low_32(octets),
        });
        let block: Option<ReportBlock> = self
            .receiver()
            .report()
            .map(|reception| self.reporting.heard.block(reception, now));
        let cname = hex(self.out.ssrc());
        let compound = Compound {
            ssrc: self.out.ssrc(),
            sender,
            block,
            cname: core::str::from_utf8(&cname).unwrap_or("-"),
            goodbye,
        };
        compound.write(out)
    }

    /// Reads a report of the far end.
    pub(crate) fn report_came(&mut self, clock: NtpClock, now: Instant, datagram: &[u8]) {
        let ours = self.out.ssrc();
        match self.reporting.heard.receive(datagram, ours, &clock, now) {
            Ok(heard) => self.reporting.far.note(&heard),
            Err(_) => {
                self.figures.malformed = self.figures.malformed.saturating_add(1);
            }
        }
    }
}

fn low_32(count: u64) -> u32 {
    u32::try_from(count & 0xffff_ffff).unwrap_or(0)
}

/// Our canonical name: the SSRC, drawn at random, tells nobody who we are (RFC 7022).
fn hex(ssrc: u32) -> [u8; 8] {
    let mut out = [b'0'; 8];
    for (place, digit) in out.iter_mut().zip((0_u32..8).rev()) {
        let shift = digit.saturating_mul(4);
        let nibble = ssrc.checked_shr(shift).unwrap_or(0) & 15;
        let index = usize::try_from(nibble).unwrap_or(0);
        *place = b"0123456789abcdef".get(index).copied().unwrap_or(b'0');
    }
    out
}

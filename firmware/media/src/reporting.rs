//! The reports of one leg (RTCP, RFC 3550 §6): when they are due, and what came.

use dsp::emodel::{Path, rate};
use model::{Instant, limits};
use rtp::bursts::part_256;
use rtp::rtcp::{Compound, NtpClock, ReportBlock, Reports, SenderInfo, VoiceMetrics, interval};
use rtp::stats::FarFigures;

use crate::quality::ENDS_MS;
use crate::rtp_leg::RtpLeg;

/// Octets of the longest compound that we send: SR with one block, SDES, XR with one block, BYE.
pub(crate) const COMPOUND_MAX: usize = 160;

/// Reports sent and heard.
#[derive(Debug)]
pub(crate) struct Reporting {
    due: Option<Instant>,
    /// Whether a report was sent.
    begun: bool,
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
            begun: false,
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
        // RFC 3550 §6.3.7: who never said anything says no goodbye.
        if goodbye && packets == 0 && !self.reporting.begun {
            return None;
        }
        self.reporting.begun = true;
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
        let metrics = block.and_then(|block| self.metrics(block.reception.ssrc));
        let cname = hex(self.out.ssrc());
        let compound = Compound {
            ssrc: self.out.ssrc(),
            sender,
            block,
            cname: core::str::from_utf8(&cname).unwrap_or("-"),
            metrics,
            goodbye,
        };
        compound.write(out)
    }

    /// What we think of the voice of `ssrc`, if the far end wishes to know.
    fn metrics(&mut self, ssrc: u32) -> Option<VoiceMetrics> {
        let params = *self.params().filter(|params| params.xr)?;
        let (figures, bursts) = (self.figures(), self.bursts.figures());
        let whole = figures.packets_in.saturating_add(figures.lost);
        let whole = whole.saturating_add(figures.late);
        let part = |count: u64| count as f32 / whole.max(1) as f32;
        let wait_ms = self.listening.wait_us() as f32 / 1_000.0;
        let round_trip_ms = figures.round_trip_us as f32 / 1_000.0;
        let listening = Path {
            lost: part(figures.lost),
            late: part(figures.late),
            delay_ms: 0.0,
        };
        let talking = Path {
            delay_ms: round_trip_ms / 2.0 + wait_ms + ENDS_MS,
            ..listening
        };
        let (hears, talks) = (rate(params.codec, listening), rate(params.codec, talking));
        let ms = |packets: u64| {
            let ms = packets.saturating_mul(params.ptime_ms.into());
            u16::try_from(ms).unwrap_or(u16::MAX)
        };
        let tenths = |mos_100: u16| u8::try_from(mos_100.saturating_add(5) / 10).ok();
        Some(VoiceMetrics {
            ssrc,
            lost_256: part_256(figures.lost, whole),
            late_256: part_256(figures.late, whole),
            burst_density_256: bursts.burst_density_256,
            gap_density_256: bursts.gap_density_256,
            burst_ms: ms(bursts.burst_packets),
            gap_ms: ms(bursts.gap_packets),
            round_trip_ms: round_trip_ms as u16,
            own_ms: (wait_ms + ENDS_MS) as u16,
            level_dbm0: self.quality.level_dbm0(),
            rating: Some(talks.r.round() as u8),
            listening_10: tenths(hears.mos_100),
            talking_10: tenths(talks.mos_100),
            wait_ms: wait_ms as u16,
            wait_ms_max: u16::try_from(limits::JITTER_MS).unwrap_or(u16::MAX),
        })
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

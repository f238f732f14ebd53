//! The two halves of an RTP session: [`Receiver`] keeps order and books of one far end,
//! [`Sender`] numbers what we send.

use model::{Instant, RtpIdentity};

use crate::packet::{Header, Packet};

/// A new source must send this many packets in sequence before it replaces the old one
/// (RFC 3550 A.1, MIN_SEQUENTIAL). The very first source is heard at once: its address is proven.
pub const PROBATION: u8 = 2;
/// A jump in sequence up to this is loss (RFC 3550 A.1, MAX_DROPOUT).
const DROPOUT_MAX: u16 = 3_000;
/// A packet this much older is still of this stream (RFC 3550 A.1, MAX_MISORDER).
const MISORDER_MAX: u16 = 100;
/// Packets remembered for finding duplicates.
const SEEN_BITS: u64 = 128;

/// What a packet is in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A packet of the stream, in order or not; the extended sequence number counts its wraps.
    New {
        /// Sequence number with wraps counted, starting in the first cycle.
        seq: u64,
    },
    /// As `New`, and the first packet of a stream: of the first source, of a new one, or of the
    /// same one after it started its numbers anew. The jitter buffer must be restarted.
    First {
        /// Sequence number with wraps counted.
        seq: u64,
    },
    /// Came before.
    Duplicate,
    /// Much older than the stream, or of a source not yet believed.
    Unexpected,
}

/// The receiving half.
#[derive(Clone, Debug, Default)]
pub struct Receiver {
    source: Option<Source>,
    /// A source that may replace the current one.
    candidate: Option<Candidate>,
    figures: Received,
    /// Figures at the last report, for its fraction lost.
    reported: (u64, u64),
}

#[derive(Clone, Debug)]
struct Source {
    ssrc: u32,
    /// Highest extended sequence number.
    highest: u64,
    /// First extended sequence number.
    base: u64,
    received: u64,
    /// Bit n: `highest − n` came.
    seen: u128,
    /// Transit and timestamp of the packet before, in timestamp units.
    transit: Option<u32>,
    timestamp: u32,
    /// RFC 3550 A.8: jitter times 16, in timestamp units.
    jitter_x16: u32,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    ssrc: u32,
    next: u16,
    left: u8,
}

/// What was received from all sources of the session so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Packets of the stream, without duplicates.
    pub packets: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets that never came, by sequence number; falls when a reordered one comes.
    pub lost: u64,
    /// Old packets and packets of sources not believed.
    pub unexpected: u64,
    /// Changes of source or restarts of the numbers.
    pub restarts: u64,
    /// Highest interarrival jitter in timestamp units.
    pub jitter_max: u32,
}

/// The numbers of a reception report block (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reception {
    /// The source reported on.
    pub ssrc: u32,
    /// Lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Lost in all, 24 bits signed.
    pub lost: i32,
    /// Cycles and highest sequence number.
    pub highest: u32,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
}

impl Receiver {
    /// A receiver that has heard nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Files a packet that came at `now`; `clock_hz` is the codec's RTP clock.
    pub fn receive(&mut self, packet: &Packet<'_>, now: Instant, clock_hz: u32) -> Arrival {
        let arrival = self.place(packet);
        match arrival {
            Arrival::New { .. } | Arrival::First { .. } => {
                self.figures.packets = self.figures.packets.saturating_add(1);
                if let Some(source) = &mut self.source {
                    source.measure(packet.timestamp, now, clock_hz);
                    let jitter = source.jitter_x16 >> 4;
                    self.figures.jitter_max = self.figures.jitter_max.max(jitter);
                }
            }
            Arrival::Duplicate => {
                self.figures.duplicates = self.figures.duplicates.saturating_add(1);
            }
            Arrival::Unexpected => {
                self.figures.unexpected = self.figures.unexpected.saturating_add(1);
            }
        }
        arrival
    }

    /// Forgets the source, for a new far end; figures stay. The next packet is a `First`.
    pub fn forget_source(&mut self) {
        self.close_source();
        self.candidate = None;
    }

    /// The source being heard.
    #[must_use]
    pub fn ssrc(&self) -> Option<u32> {
        self.source.as_ref().map(|source| source.ssrc)
    }

    /// Interarrival jitter of the source being heard, in timestamp units (RFC 3550 §6.4.1).
    #[must_use]
    pub fn jitter(&self) -> u32 {
        self.source
            .as_ref()
            .map_or(0, |source| source.jitter_x16 >> 4)
    }

    /// Figures so far.
    #[must_use]
    pub fn figures(&self) -> Received {
        let current = self.source.as_ref().map_or(0, Source::lost);
        Received {
            lost: self.figures.lost.saturating_add(current),
            ..self.figures
        }
    }

    /// The block for a report sent now; starts the next interval of `fraction_lost`. `None`
    /// before the first packet.
    pub fn report(&mut self) -> Option<Reception> {
        let source = self.source.as_ref()?;
        let expected = source.expected();
        let (expected_before, received_before) = self.reported;
        let due = expected.saturating_sub(expected_before);
        let came = source.received.saturating_sub(received_before);
        let missing = due.saturating_sub(came);
        // RFC 3550 A.3: missing · 256 / due, 0 when nothing was due or more came than was due.
        let fraction = missing.saturating_mul(256).checked_div(due).unwrap_or(0);
        self.reported = (expected, source.received);
        Some(Reception {
            ssrc: source.ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            lost: i32::try_from(source.lost())
                .unwrap_or(i32::MAX)
                .min(0x7f_ffff),
            highest: source.highest as u32,
            jitter: source.jitter_x16 >> 4,
        })
    }

    fn place(&mut self, packet: &Packet<'_>) -> Arrival {
        let Some(source) = &mut self.source else {
            return self.begin(packet);
        };
        if source.ssrc != packet.ssrc {
            return self.probe(packet);
        }
        let ahead = packet.seq.wrapping_sub(source.highest as u16);
        let behind = ahead.wrapping_neg();
        if ahead != 0 && ahead < DROPOUT_MAX {
            self.candidate = None;
            source.step(u64::from(ahead));
            return Arrival::New {
                seq: source.highest,
            };
        }
        if behind < MISORDER_MAX {
            return source.fill(u64::from(behind));
        }
        // A large jump of the same source: believed when the next packet follows it (A.1).
        self.probe(packet)
    }

    fn probe(&mut self, packet: &Packet<'_>) -> Arrival {
        let left = match self.candidate {
            Some(c) if c.ssrc == packet.ssrc && c.next == packet.seq => c.left.saturating_sub(1),
            _ => PROBATION.saturating_sub(1),
        };
        if left == 0 {
            self.figures.restarts = self.figures.restarts.saturating_add(1);
            self.close_source();
            return self.begin(packet);
        }
        self.candidate = Some(Candidate {
            ssrc: packet.ssrc,
            next: packet.seq.wrapping_add(1),
            left,
        });
        Arrival::Unexpected
    }

    fn begin(&mut self, packet: &Packet<'_>) -> Arrival {
        let seq = u64::from(packet.seq);
        self.candidate = None;
        self.reported = (0, 0);
        self.source = Some(Source {
            ssrc: packet.ssrc,
            highest: seq,
            base: seq,
            received: 1,
            seen: 1,
            transit: None,
            timestamp: packet.timestamp,
            jitter_x16: 0,
        });
        Arrival::First { seq }
    }

    fn close_source(&mut self) {
        if let Some(source) = self.source.take() {
            self.figures.lost = self.figures.lost.saturating_add(source.lost());
        }
        self.reported = (0, 0);
    }
}

impl Source {
    fn expected(&self) -> u64 {
        self.highest.saturating_sub(self.base).saturating_add(1)
    }

    fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }

    /// The highest number grows by `ahead`.
    fn step(&mut self, ahead: u64) {
        self.highest = self.highest.saturating_add(ahead);
        self.received = self.received.saturating_add(1);
        let shift = u32::try_from(ahead).unwrap_or(u32::MAX);
        self.seen = self.seen.checked_shl(shift).unwrap_or(0) | 1;
    }

    /// A packet `behind` the highest.
    fn fill(&mut self, behind: u64) -> Arrival {
        let bit = 1_u128.checked_shl(behind as u32).unwrap_or(0);
        if behind >= SEEN_BITS || self.seen & bit != 0 {
            return Arrival::Duplicate;
        }
        let Some(seq) = self.highest.checked_sub(behind) else {
            return Arrival::Unexpected;
        };
        self.seen |= bit;
        self.received = self.received.saturating_add(1);
        // A reordered packet older than the first moves the base: it was expected after all.
        self.base = self.base.min(seq);
        Arrival::New { seq }
    }

    /// RFC 3550 A.8. Packets with the timestamp of the one before (telephone events) say nothing
    /// about transit.
    fn measure(&mut self, timestamp: u32, now: Instant, clock_hz: u32) {
        if self.transit.is_some() && timestamp == self.timestamp {
            return;
        }
        let units = u128::from(now.as_nanos()).saturating_mul(u128::from(clock_hz));
        let arrival = (units / 1_000_000_000) as u32;
        let transit = arrival.wrapping_sub(timestamp);
        if let Some(before) = self.transit {
            let moved = (transit.wrapping_sub(before) as i32).unsigned_abs();
            // A step of the sender's clock is no jitter: leave out what no network does (8 s).
            if moved < clock_hz.saturating_mul(8) {
                let decayed = self
                    .jitter_x16
                    .saturating_sub(self.jitter_x16.saturating_add(8) >> 4);
                self.jitter_x16 = decayed.saturating_add(moved);
            }
        }
        self.transit = Some(transit);
        self.timestamp = timestamp;
    }
}

/// The sending half: sequence number, timestamp, marker and the counts of sender reports.
#[derive(Clone, Debug)]
pub struct Sender {
    ssrc: u32,
    seq: u16,
    timestamp: u32,
    mark: bool,
    packets: u32,
    octets: u32,
}

impl Sender {
    /// A sender at its start; the first sound packet has the marker.
    #[must_use]
    pub fn new(identity: RtpIdentity) -> Self {
        Self {
            ssrc: identity.ssrc,
            seq: identity.seq,
            timestamp: identity.timestamp,
            mark: true,
            packets: 0,
            octets: 0,
        }
    }

    /// Our synchronisation source.
    #[must_use]
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Timestamp of the next sound packet, or the start of a telephone event that begins now.
    #[must_use]
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Packets sent, modulo 2^32 as in a sender report.
    #[must_use]
    pub fn packets(&self) -> u32 {
        self.packets
    }

    /// Payload octets sent, modulo 2^32 as in a sender report.
    #[must_use]
    pub fn octets(&self) -> u32 {
        self.octets
    }

    /// Lets `samples` of the codec's clock pass without sending; the next sound packet has the
    /// marker if `mark`.
    pub fn skip(&mut self, samples: u32, mark: bool) {
        self.timestamp = self.timestamp.wrapping_add(samples);
        self.mark |= mark;
    }

    /// Writes a sound packet of `samples` of the codec's clock and returns its length; `None` if
    /// `out` is too short or the payload type above 127, and then nothing was numbered.
    pub fn sound(
        &mut self,
        payload_type: u8,
        samples: u32,
        payload: &[u8],
        out: &mut [u8],
    ) -> Option<usize> {
        let (timestamp, marker) = (self.timestamp, self.mark);
        let length = self.packet(payload_type, timestamp, marker, payload, out)?;
        self.mark = false;
        self.timestamp = self.timestamp.wrapping_add(samples);
        Some(length)
    }

    /// Writes a packet with its own timestamp and marker: telephone events (time goes on by
    /// [`Sender::skip`]) and relayed packets. Returns its length, `None` as for [`Sender::sound`].
    pub fn packet(
        &mut self,
        payload_type: u8,
        timestamp: u32,
        marker: bool,
        payload: &[u8],
        out: &mut [u8],
    ) -> Option<usize> {
        let header = Header {
            ssrc: self.ssrc,
            seq: self.seq,
            timestamp,
            payload_type,
            marker,
        };
        let length = header.write(payload, out)?;
        self.seq = self.seq.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload.len() as u32);
        Some(length)
    }
}

#[cfg(test)]
mod tests;

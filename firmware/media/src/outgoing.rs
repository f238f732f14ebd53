//! Our own RTP session towards a far end: one SSRC, one run of sequence numbers and one clock of
//! timestamps, whoever is heard through it.

use core::time::Duration;

use model::{Instant, RtpIdentity};

/// Bytes of an RTP header without contributing sources, RFC 3550 §5.1.
pub(crate) const HEADER: usize = 12;
/// Sequence numbers that a relayed stream may jump ahead before it counts as a new one
/// (RFC 3550 appendix A.1, `MAX_DROPOUT`).
const JUMP_MAX: i16 = 3_000;
/// Packets this far behind the newest are not sent on any more.
const BEHIND_MAX: i16 = -100;

/// How a relayed stream's numbers become ours.
#[derive(Clone, Copy, Debug)]
struct Mapping {
    slot: u16,
    ssrc: u32,
    seq_offset: u16,
    timestamp_offset: u32,
    /// The first number of the far stream that was relayed; older ones belong to the time before.
    first_seq: u16,
}

/// The numbers of a packet that is to be relayed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    /// Slot of the leg that it came from.
    pub(crate) slot: u16,
    pub(crate) ssrc: u32,
    pub(crate) seq: u16,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    /// The far end was not heard just before: what was left out is no loss.
    pub(crate) resumed: bool,
}

/// State of the session towards one far end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing {
    ssrc: u32,
    next_seq: u16,
    /// Timestamp of the newest packet and when it was sent.
    timestamp: u32,
    sent_at: Option<Instant>,
    /// Units that the newest packet lasts.
    lasts: u32,
    /// Whether the next packet starts a stretch of its own: the marker bit of RFC 3551 §4.1.
    fresh: bool,
    mapping: Option<Mapping>,
    /// Timestamp of the telephone event being sent.
    event_timestamp: u32,
    packets: u64,
    payload_bytes: u64,
    /// Units of the timestamp's clock in a tick of 10 ms.
    tick_units: u32,
}

/// A longer time without a packet is a pause.
const PAUSE: Duration = Duration::from_millis(60);
/// Units of the clock in a tick of 10 ms until a codec says otherwise: 8 kHz.
const TICK_UNITS: u32 = 80;

impl Outgoing {
    pub(crate) const fn new(identity: RtpIdentity) -> Self {
        Self {
            ssrc: identity.ssrc,
            next_seq: identity.seq,
            timestamp: identity.timestamp,
            sent_at: None,
            lasts: TICK_UNITS,
            fresh: true,
            mapping: None,
            event_timestamp: 0,
            packets: 0,
            payload_bytes: 0,
            tick_units: TICK_UNITS,
        }
    }

    /// Timestamps count in this clock from now on.
    pub(crate) const fn set_clock(&mut self, hz: u32) {
        self.tick_units = hz / 100;
    }

    /// The newest packet lasts so many units.
    pub(crate) const fn lasts(&mut self, units: u32) {
        self.lasts = units;
    }

    /// Units of the clock in so many ticks.
    pub(crate) const fn units(&self, ticks: u8) -> u32 {
        self.tick_units.saturating_mul(ticks as u32)
    }

    /// Units of the clock in `time`, rounded to whole ticks.
    fn units_in(&self, time: Duration) -> u32 {
        let ticks = time.as_nanos().saturating_add(5_000_000) / 10_000_000;
        let ticks = u32::try_from(ticks).unwrap_or(u32::MAX / 480);
        ticks.saturating_mul(self.tick_units)
    }

    pub(crate) const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Packets and payload bytes sent: the counts of a sender report.
    pub(crate) const fn sent(&self) -> (u64, u64) {
        (self.packets, self.payload_bytes)
    }

    /// The sound comes from elsewhere from now on; numbers go on without a hole.
    pub(crate) const fn new_content(&mut self) {
        self.mapping = None;
        self.fresh = true;
    }

    /// The timestamp of a packet of `units` that follows the newest one at `now`, where it ends: as
    /// much later as time has passed, but at least as the newest one lasts. New content that comes
    /// up to a packet late follows without a hole; it is heard that much later.
    pub(crate) fn timestamp_at(&self, now: Instant, units: u32) -> u32 {
        let lasts = self.lasts;
        let Some(sent_at) = self.sent_at else {
            return self.timestamp;
        };
        let passed = self.units_in(now.since(sent_at));
        let passed = passed.saturating_add(lasts).saturating_sub(units);
        let short = lasts.saturating_mul(2).max(self.units(4));
        let passed = if self.fresh && passed <= short {
            lasts
        } else {
            passed.max(lasts)
        };
        self.timestamp.wrapping_add(passed)
    }

    /// Whether nothing was sent for a while: a start that may wait for its turn.
    pub(crate) fn starts_from_silence(&self, now: Instant) -> bool {
        let pause = |sent_at| now.since(sent_at) > PAUSE;
        self.fresh && self.sent_at.is_none_or(pause)
    }

    /// The timestamp of a telephone event that begins now if `first`, else of the one that goes on
    /// (RFC 4733 §2.2.1: all packets of an event have the time of its start).
    pub(crate) fn event_timestamp(&mut self, now: Instant, first: bool) -> u32 {
        if first {
            self.event_timestamp = self.timestamp_at(now, self.tick_units);
        }
        self.event_timestamp
    }

    /// The timestamp that reports name for `now` (RFC 3550 §6.4.1).
    pub(crate) fn timestamp_now(&self, now: Instant) -> u32 {
        match self.sent_at {
            None => self.timestamp,
            Some(sent_at) => {
                let us = u64::try_from(now.since(sent_at).as_micros()).unwrap_or(0);
                let samples = us.saturating_mul(u64::from(self.tick_units)) / 10_000;
                self.timestamp
                    .wrapping_add(u32::try_from(samples & 0xffff_ffff).unwrap_or(0))
            }
        }
    }

    /// How packets of the leg in `slot` are sent on at this moment: their SSRC, and what is added to
    /// numbers and timestamps; `None` if none was yet, or the next one is not like the last.
    pub(crate) fn relays(&self, slot: u16) -> Option<(u32, u16, u32)> {
        let mapping = self.mapping.filter(|m| m.slot == slot && !self.fresh)?;
        Some((mapping.ssrc, mapping.seq_offset, mapping.timestamp_offset))
    }

    /// The header of a packet of our own making.
    pub(crate) fn own(
        &mut self,
        now: Instant,
        payload_type: u8,
        timestamp: u32,
        marker: bool,
        payload_len: usize,
    ) -> [u8; HEADER] {
        let seq = self.next_seq;
        self.next_seq = seq.wrapping_add(1);
        // What is relayed after this finds our numbers further on.
        self.mapping = None;
        self.note(now, timestamp, payload_len);
        let marker = core::mem::take(&mut self.fresh) || marker;
        header(payload_type, marker, seq, timestamp, self.ssrc)
    }

    /// The header under which a packet of somebody else is sent on; `None` if it belongs to the
    /// time before and must not be. Gaps and disorder of the far stream show in ours, so that the
    /// listener can conceal and count them.
    pub(crate) fn relayed(
        &mut self,
        now: Instant,
        heard: Heard,
        payload_type: u8,
        samples: u32,
        payload_len: usize,
    ) -> Option<[u8; HEADER]> {
        let mapping = self.mapping_for(now, heard, samples);
        let seq = heard.seq.wrapping_add(mapping.seq_offset);
        let timestamp = heard.timestamp.wrapping_add(mapping.timestamp_offset);
        let ahead = seq.wrapping_sub(self.next_seq).cast_signed();
        if ahead >= 0 {
            self.next_seq = seq.wrapping_add(1);
            self.note(now, timestamp, payload_len);
            self.lasts = samples;
        } else {
            let before = heard.seq.wrapping_sub(mapping.first_seq).cast_signed() < 0;
            if before || ahead < BEHIND_MAX {
                return None;
            }
            self.count(payload_len);
        }
        let marker = core::mem::take(&mut self.fresh) || heard.marker;
        Some(header(payload_type, marker, seq, timestamp, self.ssrc))
    }

    /// The mapping in force for the stream that `heard` belongs to, made new if it is another.
    fn mapping_for(&mut self, now: Instant, heard: Heard, samples: u32) -> Mapping {
        if let Some(mapping) = self.mapping {
            let seq = heard.seq.wrapping_add(mapping.seq_offset);
            let ahead = seq.wrapping_sub(self.next_seq).cast_signed();
            let same = mapping.slot == heard.slot && mapping.ssrc == heard.ssrc;
            if same && !heard.resumed && ahead < JUMP_MAX && ahead > -JUMP_MAX {
                return mapping;
            }
        }
        self.fresh = true;
        let mapping = Mapping {
            slot: heard.slot,
            ssrc: heard.ssrc,
            seq_offset: self.next_seq.wrapping_sub(heard.seq),
            timestamp_offset: self
                .timestamp_at(now, samples)
                .wrapping_sub(heard.timestamp),
            first_seq: heard.seq,
        };
        self.mapping = Some(mapping);
        mapping
    }

    fn note(&mut self, now: Instant, timestamp: u32, payload_len: usize) {
        // An update of a telephone event repeats its first timestamp; the clock does not go back.
        let ahead = timestamp.wrapping_sub(self.timestamp).cast_signed();
        if self.sent_at.is_none() || ahead > 0 {
            self.timestamp = timestamp;
            self.sent_at = Some(now);
        }
        self.count(payload_len);
    }

    fn count(&mut self, payload_len: usize) {
        let len = u64::try_from(payload_len).unwrap_or(0);
        self.packets = self.packets.saturating_add(1);
        self.payload_bytes = self.payload_bytes.saturating_add(len);
    }
}

/// RFC 3550 §5.1: version 2, no padding, no extension, no contributing sources.
fn header(payload_type: u8, marker: bool, seq: u16, timestamp: u32, ssrc: u32) -> [u8; HEADER] {
    let [s0, s1] = seq.to_be_bytes();
    let [t0, t1, t2, t3] = timestamp.to_be_bytes();
    let [c0, c1, c2, c3] = ssrc.to_be_bytes();
    let second = (payload_type & 0x7f) | if marker { 0x80 } else { 0 };
    [0x80, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Outgoing {
        Outgoing::new(RtpIdentity {
            ssrc: 0xabcd,
            seq: 65_534,
            timestamp: 1_000,
        })
    }

    fn heard(slot: u16, seq: u16, timestamp: u32) -> Heard {
        Heard {
            slot,
            ssrc: u32::from(slot),
            seq,
            timestamp,
            marker: false,
            resumed: false,
        }
    }

    fn numbers(header: [u8; HEADER]) -> (bool, u16, u32) {
        (
            header[1] & 0x80 != 0,
            u16::from_be_bytes([header[2], header[3]]),
            u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
        )
    }

    #[test]
    fn a_relayed_stream_keeps_its_gaps_and_takes_our_numbers() {
        let mut out = session();
        let mut relay = |ms: u64, seq, ts| {
            out.relayed(Instant::from_millis(ms), heard(1, seq, ts), 8, 160, 160)
                .map(numbers)
        };
        assert_eq!(relay(0, 500, 9_000), Some((true, 65_534, 1_000)));
        assert_eq!(relay(20, 501, 9_160), Some((false, 65_535, 1_160)));
        assert_eq!(relay(60, 503, 9_480), Some((false, 1, 1_480)));
        assert_eq!(
            relay(61, 502, 9_320),
            Some((false, 0, 1_320)),
            "disorder shows"
        );
        assert_eq!(relay(62, 499, 8_840), None, "before the first");
    }

    #[test]
    fn another_speaker_follows_without_a_hole() {
        let mut out = session();
        let at = Instant::from_millis;
        out.relayed(at(0), heard(1, 500, 9_000), 8, 160, 160);
        let next = out.relayed(at(20), heard(2, 7, 77), 8, 160, 160);
        assert_eq!(next.map(numbers), Some((true, 65_535, 1_160)));
        out.new_content();
        let ts = out.timestamp_at(at(100), 160);
        assert_eq!(ts, 1_160 + 640, "80 ms passed");
        let own = out.own(at(100), 8, ts, false, 160);
        assert_eq!(numbers(own), (true, 0, 1_800));
        assert_eq!(out.sent(), (3, 480));
    }

    #[test]
    fn a_far_stream_that_jumps_is_a_new_stream() {
        let mut out = session();
        let at = Instant::from_millis;
        out.relayed(at(0), heard(1, 500, 9_000), 8, 160, 160);
        let next = out.relayed(at(20), heard(1, 30_000, 5), 8, 160, 160);
        assert_eq!(next.map(numbers), Some((true, 65_535, 1_160)));
    }
}

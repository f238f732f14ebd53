//! Voice metrics in extended reports (RFC 3611 §4.7): what a receiver thinks of what it hears.

/// Type of the block, and its length in words but one.
pub(super) const KIND: u8 = 7;
pub(super) const WORDS: u16 = 8;
/// Octets after the head of the block.
const OCTETS: usize = 32;
/// "Not known" in levels and scores.
const UNKNOWN: u8 = 127;
/// Good packets that end a burst; what everybody uses (RFC 3611 §4.7.2).
pub const GMIN: u8 = 16;

/// The figures of one block, about one source since it began. Parts are in 1/256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VoiceMetrics {
    /// The source reported on.
    pub ssrc: u32,
    /// Packets that never came.
    pub lost_256: u8,
    /// Packets that came too late to be played.
    pub late_256: u8,
    /// Packets missing in bursts.
    pub burst_density_256: u8,
    /// Packets missing in between.
    pub gap_density_256: u8,
    /// Mean length of bursts, in ms.
    pub burst_ms: u16,
    /// Mean length of what is between them, in ms.
    pub gap_ms: u16,
    /// Delay there and back by reports, in ms; 0 = not known.
    pub round_trip_ms: u16,
    /// Delay of our own in ms: waiting, codec, packet time.
    pub own_ms: u16,
    /// Level of the voice in dBm0, if known.
    pub level_dbm0: Option<i8>,
    /// Transmission rating, 0–100 (G.107), if known.
    pub rating: Option<u8>,
    /// Opinion of what is heard, in tenths, 10–50, if known.
    pub listening_10: Option<u8>,
    /// Opinion of the conversation with its delay, in tenths, 10–50, if known.
    pub talking_10: Option<u8>,
    /// Present wait of the jitter buffer, in ms.
    pub wait_ms: u16,
    /// Longest wait that the buffer may come to, in ms.
    pub wait_ms_max: u16,
}

impl VoiceMetrics {
    /// The octets after the head of the block. Loss is concealed as well as the codec allows, and
    /// the jitter buffer adapts (RFC 3611 §4.7.6).
    pub(super) fn write(&self) -> [u8; OCTETS] {
        const CONCEALED_ADAPTIVE: u8 = 0b1111_0000;
        let level = self.level_dbm0.map_or(UNKNOWN, i8::cast_unsigned);
        let score = |score: Option<u8>| score.unwrap_or(UNKNOWN);
        let two = u16::to_be_bytes;
        let [s0, s1, s2, s3] = self.ssrc.to_be_bytes();
        let ([b0, b1], [g0, g1]) = (two(self.burst_ms), two(self.gap_ms));
        let ([r0, r1], [o0, o1]) = (two(self.round_trip_ms), two(self.own_ms));
        let ([w0, w1], [m0, m1]) = (two(self.wait_ms), two(self.wait_ms_max));
        [
            s0,
            s1,
            s2,
            s3,
            self.lost_256,
            self.late_256,
            self.burst_density_256,
            self.gap_density_256,
            b0,
            b1,
            g0,
            g1,
            r0,
            r1,
            o0,
            o1,
            level,
            UNKNOWN,
            UNKNOWN,
            GMIN,
            score(self.rating),
            UNKNOWN,
            score(self.listening_10),
            score(self.talking_10),
            CONCEALED_ADAPTIVE,
            0,
            w0,
            w1,
            m0,
            m1,
            m0,
            m1,
        ]
    }

    /// Reads a block's octets after its head. Figures that cannot be are not known.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let octets: &[u8; OCTETS] = octets.try_into().ok()?;
        let [s0, s1, s2, s3, lost, late, in_burst, in_gap, rest @ ..] = *octets;
        let [b0, b1, g0, g1, r0, r1, o0, o1, rest @ ..] = rest;
        let [level, _, _, _, rating, _, listening, talking, rest @ ..] = rest;
        let [_, _, w0, w1, m0, m1, ..] = rest;
        let score = |score: u8| (10..=50).contains(&score).then_some(score);
        Some(Self {
            ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
            lost_256: lost,
            late_256: late,
            burst_density_256: in_burst,
            gap_density_256: in_gap,
            burst_ms: u16::from_be_bytes([b0, b1]),
            gap_ms: u16::from_be_bytes([g0, g1]),
            round_trip_ms: u16::from_be_bytes([r0, r1]),
            own_ms: u16::from_be_bytes([o0, o1]),
            level_dbm0: (level != UNKNOWN).then_some(level.cast_signed()),
            rating: (rating <= 100).then_some(rating),
            listening_10: score(listening),
            talking_10: score(talking),
            wait_ms: u16::from_be_bytes([w0, w1]),
            wait_ms_max: u16::from_be_bytes([m0, m1]),
        })
    }
}

//! Words for how a leg sounds: gains, and the figures of a second and of a minute.

use serde::{Deserialize, Serialize};

/// How loud one hears another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Gain {
    /// Not at all.
    Mute,
    /// By so many dB more or less, −40 to +20; 0 = as it came.
    Db(i8),
}

impl Gain {
    /// As it came.
    pub const UNITY: Self = Self::Db(0);
}

/// What harms a leg most, when it does not sound as well as its codec can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QualityCause {
    /// Nothing to complain of.
    #[default]
    None,
    /// Packets do not arrive.
    Loss,
    /// Packets arrive too late to be played.
    Late,
    /// The way takes too long.
    Delay,
    /// The codec itself.
    Codec,
    /// Packets arrive and are silent, or none arrive although they should.
    OneWay,
    /// The sound is cut off at its peaks.
    Clipping,
}

/// One second of what a leg says to us, and what is known of the other direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QualitySecond {
    /// Packets that came.
    pub packets: u16,
    /// Packets that never came.
    pub lost: u16,
    /// Packets that came too late.
    pub late: u16,
    /// Interarrival jitter (RFC 3550 §6.4.1), in ms, 255 = that or more.
    pub jitter_ms: u8,
    /// Delay there and back by RTCP, in ms; 0 = not known.
    pub round_trip_ms: u16,
    /// Loss that the far end reports of what we send, in 1/256.
    pub far_loss_256: u8,
    /// Packets of ours that came to the far end too late, as it reports (RFC 3611), in 1/256.
    pub far_late_256: u8,
    /// Mean opinion score of what the far end hears, as it reports (RFC 3611), in hundredths; 0 = it
    /// does not.
    pub far_mos_100: u16,
    /// Level of the voice in dBm0, −127 = silence or not measured because nothing is decoded.
    pub level_dbm0: i8,
    /// Samples at the end of the scale.
    pub clipped: u16,
    /// Mean opinion score for listening and talking, in hundredths: 100–450 (G.107 annex B).
    pub mos_100: u16,
    /// What harms most.
    pub cause: QualityCause,
}

/// A minute of a leg for the ledger: worst and mean of its seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QualityMinute {
    /// Seconds that were measured, 1–60.
    pub seconds: u8,
    /// Packets that came.
    pub packets: u32,
    /// Packets that never came.
    pub lost: u32,
    /// Packets that came too late.
    pub late: u32,
    /// Highest jitter of a second, in ms.
    pub jitter_ms_max: u8,
    /// Highest delay there and back, in ms; 0 = not known.
    pub round_trip_ms_max: u16,
    /// Highest loss that the far end reported, in 1/256.
    pub far_loss_256_max: u8,
    /// Lowest opinion score that the far end reported of what it hears, in hundredths; 0 = none.
    #[serde(default)]
    pub far_mos_100_min: u16,
    /// Mean level while there was voice, in dBm0; −127 = none.
    pub level_dbm0: i8,
    /// Seconds with sound cut off at its peaks.
    pub clipped_seconds: u8,
    /// Seconds in which nothing was heard.
    pub silent_seconds: u8,
    /// Mean opinion score of the worst second, in hundredths.
    pub mos_100_min: u16,
    /// Mean opinion score of all seconds, in hundredths.
    pub mos_100: u16,
    /// What harmed most in the worst second.
    pub cause: QualityCause,
}

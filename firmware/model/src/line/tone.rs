//! What tones of an exchange say, and by what they are known.

use serde::{Deserialize, Serialize};

use crate::limits::SIGNATURE_STEPS;

/// What an exchange says with a tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineTone {
    /// Dial now.
    Dial,
    /// The called set rings.
    Ringback,
    /// The called set is in use, or the other party has hung up.
    Busy,
    /// No way there, or the other party has hung up (reorder tone).
    Congestion,
    /// This set has been left off hook.
    Howler,
    /// An announcement follows: the number is not in use or has changed.
    SpecialInfo,
}

impl LineTone {
    /// Whether a line that plays this in the middle of a call has nobody on it any more.
    #[must_use]
    pub const fn ends_a_call(self) -> bool {
        matches!(self, Self::Busy | Self::Congestion | Self::Howler)
    }
}

/// A tone by what can be measured of it: learned from a line, kept as it is, recognised later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ToneSignature {
    /// Frequencies in Hz, the lower one first; 0 = there is no second.
    pub hz: [u16; 2],
    /// On and off in turn, in ms; 0 after the last. `[0, …]` is a tone without a pause.
    pub cadence_ms: [u16; SIGNATURE_STEPS],
}

/// By what a tone was recognised: for the line doctor and for "why did this call end".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ToneEvidence {
    /// What it says.
    pub tone: LineTone,
    /// Which learned signature it agrees with, by its place in [`super::PortSound::learned`]; `None` =
    /// a tone of the country's or a common one.
    pub learned: Option<u8>,
    /// What was measured; can be kept as a learned signature.
    pub measured: ToneSignature,
    /// Whole periods of the cadence that agreed; 0 for a tone without a pause.
    pub cycles: u8,
    /// From its first sound to the decision, in ms.
    pub heard_ms: u16,
    /// Level in dBm0.
    pub level_dbm0: i8,
    /// Time without any speech before the decision, in ms.
    pub no_speech_ms: u16,
}

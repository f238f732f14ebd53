use hal_port::Linefeed;
use model::FaxTone;
use serde::{Deserialize, Serialize};

use crate::{Display, LineReport};

/// A frequency that is heard.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Partial {
    /// Frequency in Hz, to one decimal.
    pub hz: f64,
    /// Its level in dBm0, to one decimal.
    pub level_dbm0: f64,
    /// In how much of the time looked at, in per cent.
    pub share_percent: u8,
}

/// Which tone it may be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToneGuess {
    /// The tone, when the ear is sure: all candidates sound alike. The first in the country's order.
    pub name: Option<String>,
    /// All tones that it may be; a country's busy and congestion tones can be one and the same.
    pub candidates: Vec<String>,
}

/// What is heard in the earpiece.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hearing {
    /// Level of the last 200 ms in dBm0, to one decimal; −96 = digital silence.
    pub level_dbm0: f64,
    /// Frequencies in the last 200 ms, strongest first.
    pub now: Vec<Partial>,
    /// Frequencies in the last 4 s, longest first.
    pub lately: Vec<Partial>,
    /// Sound (+) and pause (−) in the last 4 s, in ms, oldest first; the last goes on.
    pub cadence_ms: Vec<i32>,
    /// The call progress tone, judged on the last 12 s.
    pub tone: ToneGuess,
    /// Marks heard in the last 4 s, by name.
    pub marks: Vec<String>,
}

/// What a person at a set sees and hears.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The port's name.
    pub port: String,
    /// The receiver is off the hook.
    pub off_hook: bool,
    /// The bell sounds at this moment.
    pub ringing: bool,
    /// The set is being rung: the bell sounds or pauses between bursts.
    pub rung: bool,
    /// Bursts of the bell since ringing began.
    pub rings: u32,
    /// Cadence of the ringing in ms, on and off in turn; empty when it is not rung.
    pub ring_cadence_ms: Vec<u16>,
    /// How the line is fed.
    pub linefeed: Linefeed,
    /// What the set shows of its last caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<Display>,
    /// A lamp of the set says that messages wait.
    #[serde(default)]
    pub lamp: bool,
    /// Of a fax machine in a call: what it has heard of another one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fax: Vec<FaxTone>,
    /// Metering pulses since the start.
    #[serde(default)]
    pub metered: u32,
    /// The mark that is being spoken.
    pub talking: Option<String>,
    /// Sounds (digits and waits before them) and hook movements still to be made.
    pub waiting: u32,
    /// Blocks of 10 ms exchanged since the start: the sound's own clock.
    pub blocks: u64,
    /// Blocks that came while nobody listened, and were lost.
    pub dropped: u64,
    /// What is heard; nothing on hook.
    pub hearing: Option<Hearing>,
    /// Of a line: what the carrier's exchange sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<LineReport>,
}

//! The line doctor: how analog ports are, and how they were.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Party;

/// How often each sign ended a call on a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PortHangUps {
    /// Breaks of the loop.
    pub loop_break: u32,
    /// Reversals.
    pub reversal: u32,
    /// Busy, congestion and howler tones.
    pub tone: u32,
    /// Dial tones.
    pub dial_tone: u32,
    /// Silence.
    pub silence: u32,
    /// Of these: that were none.
    pub false_ones: u32,
}

/// What a port measured and counted; what it did not measure is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PortSample {
    /// When.
    pub at_ms: i64,
    /// Voltage between tip and ring in V; its sign is the polarity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volts: Option<i16>,
    /// Current in the loop in tenths of mA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loop_tenth_ma: Option<i16>,
    /// RMS voltage of the last ringing in V.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_vrms: Option<u8>,
    /// Frequency of that ringing in tenths of Hz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_tenth_hz: Option<u16>,
    /// Voltage that does not belong on the line, in V, as it was measured last: of a set while its port did not
    /// feed the loop, of a line what is beyond any exchange's battery. 0 = there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign_volts: Option<i16>,
    /// Temperature of the chip in °C.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub celsius: Option<i16>,
    /// Level of the sound from the line in dBm0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rx_dbm0: Option<i8>,
    /// Level of the sound to the line in dBm0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_dbm0: Option<i8>,
    /// Noise of the line in dBm0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_dbm0: Option<i8>,
    /// Level of the last caller ID on a line in dBm0, while its data was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_dbm0: Option<i8>,
    /// Echo return loss in tenths of a dB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erl_db10: Option<i16>,
    /// What the echo canceller took off on top, in tenths of a dB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erle_db10: Option<i16>,
    /// An idle line has no battery.
    pub dead: bool,
    /// A parallel set is on the line.
    pub in_use: bool,
    /// The port does not work.
    pub out_of_service: bool,
    /// A set was left off hook until its line was switched off.
    pub left_off_hook: bool,
    /// Hang-ups: in the history those since the sample before, else those since the start.
    pub hang_ups: PortHangUps,
    /// Present in what is older than a week: then this is an hour, which began at its moment. Figures are
    /// means, flaws were there at some time, and here is between which values the figures moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<PortSpread>,
}

/// Between which values each figure moved: the lowest and the highest. A figure that stayed the same is
/// missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "they are the figures of PortSample")]
pub struct PortSpread {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volts: Option<[i16; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loop_tenth_ma: Option<[i16; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_vrms: Option<[i16; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_tenth_hz: Option<[i16; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign_volts: Option<[i16; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub celsius: Option<[i16; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rx_dbm0: Option<[i16; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_dbm0: Option<[i16; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_dbm0: Option<[i16; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_dbm0: Option<[i16; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erl_db10: Option<[i16; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erle_db10: Option<[i16; 2]>,
}

/// A tone by which hang-ups of a line are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LearnedTone {
    /// Its one or two frequencies in Hz.
    pub hz: Vec<u16>,
    /// On and off in turn, in ms; empty for a tone without a pause.
    pub cadence_ms: Vec<u16>,
}

/// What an impedance is worth on a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BalancePreset {
    /// Its name, such as `ohm600` or `tbr21`.
    pub impedance: String,
    /// Echo return loss with it in tenths of a dB; none if it was not measured.
    pub erl_db10: Option<i16>,
}

/// Which impedance balances a line best, as a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PortBalance {
    /// When it was found.
    pub at_ms: i64,
    /// When it was searched for last, with whatever success.
    pub tried_ms: i64,
    /// The best one, which the port shows; none if no search has come off yet.
    pub best: Option<String>,
    /// All that a port may have.
    pub presets: Vec<BalancePreset>,
}

/// What a test of a lifeline found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LifelineState {
    /// The set came onto the line and back.
    Works,
    /// The set did not come onto the line: without power it is dead.
    StaysOff,
    /// The set stays on the line.
    StaysOn,
    /// Nothing shows where the set is.
    Unseen,
}

/// The relay that joins a set to a line without power.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PortLifeline {
    /// The jack of the set, such as `fxs1`.
    pub set: String,
    /// When it was tested last.
    pub at_ms: Option<i64>,
    /// What that test found.
    pub verdict: Option<LifelineState>,
    /// When a test found that it works.
    pub worked_ms: Option<i64>,
}

/// How a port is now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PortHealth {
    /// The jack's name, such as `fxo1`.
    pub port: String,
    /// It feeds a set; else it is on a line of a carrier.
    pub set: bool,
    /// Id of the entry of the configuration that uses it; empty if none does.
    pub entry: String,
    /// Name of that entry, or of the jack.
    pub name: String,
    /// The set's extension; empty for a line, and for a set without one.
    pub number: String,
    /// What it is doing: of a line `idle`, `announced`, `asked`, `rings`, `seized`, `called`, `talks`, `parts`,
    /// `turned_away`, `clears`, `measured`, `tested`; of a set `idle`, `waits` for its turn to ring, `rings`, `dials`, `calls` somebody whose
    /// telephone rings, `talks`, `hears` a tone or an announcement instead, `parts`, `locked`, `on_line`.
    pub state: String,
    /// Why it does not work, if it does not: `overload`, `supply`, `lost`.
    pub fault: Option<String>,
    /// Who called on the line last since the start, as the line told it.
    pub caller: Option<LineCaller>,
    /// What is measured now, and the hang-ups since the start.
    pub now: PortSample,
    /// Tones by which hang-ups of the line are known.
    pub learned: Vec<LearnedTone>,
    /// How many messages wait for whoever uses the set; 0 for a line.
    pub messages: u8,
    /// It can show its line other impedances: a search for the best makes sense.
    pub can_balance: bool,
    /// What was found by such a search.
    pub balance: Option<PortBalance>,
    /// The lifeline of a line that has one.
    pub lifeline: Option<PortLifeline>,
}

/// Who called on a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineCaller {
    /// When.
    pub at_ms: i64,
    /// Name and number; both are empty where the line told nothing.
    pub party: Party,
}

/// The analog ports of the board, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PortList {
    /// The ports.
    pub ports: Vec<PortHealth>,
    /// How many bells may sound at the same moment.
    pub bells_at_once: u16,
    /// What this machine has of its board.
    pub board: BoardReport,
}

/// How far the board's own description could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoardState {
    /// There is no board, nor one that stands in.
    #[default]
    None,
    /// The simulated board stands in.
    Simulated,
    /// Its file cannot be read.
    Unreadable,
    /// Its file has mistakes: no port is used.
    Wrong,
    /// Its file is sound.
    Sound,
}

/// What this machine has of its board, as `centralka doctor` says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BoardReport {
    /// How far its file could be read.
    pub state: BoardState,
    /// The board's name, from its file.
    pub name: String,
    /// The file; empty without one.
    pub file: String,
    /// What is wrong with the file, in English, with the line.
    pub wrong: Vec<String>,
    /// What the file names.
    pub parts: Vec<BoardPart>,
}

/// One thing that a board's file names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BoardPart {
    /// The port and its chip, or what it is.
    pub name: String,
    /// What it is looked for by.
    pub device: String,
    /// Whether this machine has it.
    pub is_there: bool,
}

/// Samples of a port, newest first: at most one a minute, fewer while nothing changes, and one an hour of
/// what is older than a week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PortHistory {
    /// The samples.
    pub samples: Vec<PortSample>,
    /// Give this as `before_ms` to get the next page; absent on the last one.
    pub next_ms: Option<i64>,
}

/// By what a tone was recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeardTone {
    /// What it says: `dial`, `busy`, `congestion`, `howler`.
    pub says: String,
    /// Whether it was known because it was learned on this line.
    pub learned: bool,
    /// How it sounded.
    pub measured: LearnedTone,
    /// Whole periods of its cadence that agreed.
    pub cycles: u8,
    /// From its first sound to the decision, in ms.
    pub heard_ms: u16,
    /// Level in dBm0.
    pub level_dbm0: i8,
    /// Time without any speech before the decision, in ms.
    pub no_speech_ms: u16,
}

/// A hang-up on a line, of which the last seconds of sound are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HangUpEvidence {
    /// Its id.
    pub id: u64,
    /// When.
    pub at_ms: i64,
    /// The call that it ended; its explanation tells what went before.
    pub call: Option<String>,
    /// How it showed: `loop_break`, `reversal`, `tone`, `dial_tone`, `silence`.
    pub sign: String,
    /// By what a tone was known.
    pub tone: Option<HeardTone>,
    /// Somebody said that it was none.
    pub false_one: bool,
    /// How loud its sound is: the highest level of each 25 ms in dB below full scale, 60 at the most.
    pub below_full_db: Vec<u8>,
}

/// The hang-ups of a line whose sound is kept, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceList {
    /// The hang-ups.
    pub hang_ups: Vec<HangUpEvidence>,
}

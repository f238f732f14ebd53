//! What happens now: phones, calls in progress, the simulated board.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Board, CallSummary, Health, Office, Person, SimSet};

/// The live state as a whole; every later change has a higher `seq`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Live {
    /// Number of the last change that is in here.
    pub seq: u64,
    /// The box's clock when this was made, so that durations do not depend on the browser's clock.
    pub now_ms: i64,
    /// How the exchange is.
    pub health: Health,
    /// The office.
    pub office: Office,
    /// Everybody in the configuration, by extension.
    pub people: Vec<Person>,
    /// Every registration.
    pub phones: Vec<Phone>,
    /// Calls in progress, oldest first.
    pub calls: Vec<LiveCall>,
    /// The board, with its simulated sets if it has any.
    pub board: Board,
}

/// One step of the live state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// Grows by one with each change.
    pub seq: u64,
    /// What changed.
    #[serde(flatten)]
    pub body: ChangeBody,
}

/// What changed. Everything is told whole: the newest of an id wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum ChangeBody {
    /// The office's name, language or time zone.
    Office(Office),
    /// How the exchange is.
    Health(Health),
    /// Everybody, after a change of the configuration.
    People(Vec<Person>),
    /// A phone registered, or its registration changed.
    Phone(Phone),
    /// The registration of this id is gone.
    PhoneGone(String),
    /// A call began or changed.
    Call(LiveCall),
    /// The call of this id is over; `ended` says how.
    CallGone(String),
    /// The record of a call that is over.
    Ended(CallSummary),
    /// The board as a whole.
    Board(Board),
    /// A simulated set changed.
    Set(SimSet),
}

/// A name and a number as presented; either may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Party {
    /// The name.
    pub name: String,
    /// The number.
    pub number: String,
}

/// How signalling travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// WebSocket over TLS.
    Wss,
    /// WebSocket without TLS.
    Ws,
}

/// One registration: where a phone is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Phone {
    /// Stays the same while the phone stays registered.
    pub id: String,
    /// Id of the person or device that registered.
    pub owner: String,
    /// What the phone says it is (User-Agent).
    pub device: String,
    /// Where it is, `address:port`.
    pub address: String,
    /// How its signalling travels.
    pub transport: Transport,
    /// When the registration ends unless the phone renews it.
    pub expires_at_ms: i64,
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// An analog set is still dialling.
    Dialling,
    /// Somebody is being rung.
    Ringing,
    /// They talk.
    Talking,
    /// Somebody put the others on hold.
    Held,
}

/// Whether a call is being recorded now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LiveRecording {
    /// What is said now is kept.
    Runs,
    /// Somebody asked that nothing be kept for a while.
    Paused,
}

/// A call in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LiveCall {
    /// The call's id, the same in the ledger and everywhere else.
    pub id: String,
    /// Who calls.
    pub from: Party,
    /// Who is called, or what was dialled.
    pub to: Party,
    /// Where the call is.
    pub state: CallState,
    /// When it began.
    pub started_at_ms: i64,
    /// When it was answered.
    pub answered_at_ms: Option<i64>,
    /// The parties' connections, the caller's first.
    pub legs: Vec<LiveLeg>,
    /// Whether it is being recorded.
    pub recording: Option<LiveRecording>,
}

/// Where a leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LegState {
    /// Being connected, no sign of ringing yet.
    Trying,
    /// It rings.
    Ringing,
    /// Connected.
    Talking,
    /// It put the others on hold.
    Held,
}

/// One party's connection in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LiveLeg {
    /// The leg's id.
    pub id: String,
    /// Who.
    pub party: Party,
    /// Where it is.
    pub state: LegState,
    /// The codec, such as `PCMA`; none for analog sets and before the answer.
    pub codec: Option<String>,
}

/// What harms a leg most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QualityCause {
    /// Nothing to complain of.
    None,
    /// Packets do not arrive.
    Loss,
    /// Packets arrive too late to be played.
    Late,
    /// The way takes too long.
    Delay,
    /// The codec itself.
    Codec,
    /// Sound goes in one direction only.
    OneWay,
    /// The sound is cut off at its peaks.
    Clipping,
}

/// How a leg sounded in the last second: what comes from it, and what is known of the way to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LegQuality {
    /// The leg's id.
    pub leg: String,
    /// Opinion score of what comes from it, in hundredths, 100–450 (G.107).
    pub mos_100: u16,
    /// What harms most.
    pub cause: QualityCause,
    /// Packets that came.
    pub packets: u16,
    /// Packets that never came.
    pub lost: u16,
    /// Packets that came too late.
    pub late: u16,
    /// Jitter in ms.
    pub jitter_ms: u8,
    /// Delay there and back in ms, where the phone told.
    pub round_trip_ms: Option<u16>,
    /// Level of the voice in dBm0, if there is any.
    pub level_dbm0: Option<i8>,
    /// Packets of ours that the phone missed or had too late, in thousandths, as it says.
    pub far_lost_permille: u16,
    /// Opinion score of what the phone hears, in hundredths, if it says.
    pub far_mos_100: Option<u16>,
}

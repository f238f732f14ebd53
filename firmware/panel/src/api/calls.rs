//! Calls that are over, and why they went as they did.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Party, RecordingState};

/// How a call ended, for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Somebody answered.
    Answered,
    /// Nobody answered, or the caller gave up.
    Missed,
    /// The called party was busy or refused.
    Busy,
    /// It could not be connected.
    Failed,
}

/// The record of a call that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallSummary {
    /// The call's id.
    pub id: String,
    /// Who called.
    pub from: Party,
    /// Who was called, or what was dialled.
    pub to: Party,
    /// How it ended.
    pub outcome: Outcome,
    /// Name of the cause, such as `no_answer`.
    pub cause: String,
    /// When it began.
    pub started_at_ms: i64,
    /// From beginning to end.
    pub duration_ms: u64,
    /// From the answer on.
    pub talk_ms: Option<u64>,
    /// Whether it was recorded.
    pub recorded: bool,
}

/// A page of recent calls, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallPage {
    /// The calls.
    pub calls: Vec<CallSummary>,
    /// Give this as `before` to get the next page; absent on the last one.
    pub next: Option<String>,
}

/// A call as a time line: each decision with the rule that fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallExplanation {
    /// The call in short. While it lasts, `cause` is empty.
    pub call: CallSummary,
    /// Whether it is still in progress.
    pub in_progress: bool,
    /// What happened, in the order of the ledger.
    pub steps: Vec<ExplainStep>,
    /// Who took part, and how it sounded.
    pub legs: Vec<ExplainLeg>,
    /// What was recorded of it, as far as whoever asks may listen to it.
    pub recordings: Vec<CallRecording>,
}

/// What was recorded of an explained call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallRecording {
    /// The recording's id.
    pub id: String,
    /// How far it has come.
    pub state: RecordingState,
    /// Whether parts of it are left out because somebody asked for it.
    pub paused: bool,
}

/// One fact of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExplainStep {
    /// Position in the ledger.
    pub seq: u64,
    /// When.
    pub at_ms: i64,
    /// Since the beginning of the call, by the monotonic clock.
    pub after_ms: u64,
    /// Name of the fact, such as `leg_rang`.
    pub event: String,
    /// Name of the rule that decided it, such as `ring.all_phones`.
    pub rule: String,
    /// Whom it is about, if anybody.
    pub party: Option<Party>,
    /// Name of the cause, where something ended.
    pub cause: Option<String>,
    /// The SIP status that said so.
    pub status: Option<u16>,
    /// The codec, where one was agreed.
    pub codec: Option<String>,
}

/// A leg of an explained call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExplainLeg {
    /// Who.
    pub party: Party,
    /// `phone`, `port` or `service`.
    pub kind: String,
    /// Packets that came and were used; none before the leg ended and for analog sets.
    pub packets_in: Option<u64>,
    /// Packets sent.
    pub packets_out: Option<u64>,
    /// Packets that never came.
    pub lost: Option<u64>,
    /// Packets that came too late.
    pub late: Option<u64>,
    /// Highest jitter in ms.
    pub jitter_ms: Option<u32>,
    /// Round trip in ms, where the phone told.
    pub round_trip_ms: Option<u32>,
}

//! Calls that were recorded, and the sounds of the office: music and prompts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Party;

/// How far a recording has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingState {
    /// The call goes on.
    Open,
    /// Its file is being made.
    Ended,
    /// It can be listened to.
    Kept,
    /// Nothing could be kept.
    Lost,
}

/// A call that was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Recording {
    /// Its id.
    pub id: String,
    /// The call's id.
    pub call: String,
    /// How far it has come.
    pub state: RecordingState,
    /// Who called.
    pub from: Party,
    /// Who was called, or what was dialled.
    pub to: Party,
    /// When it began.
    pub started_at_ms: i64,
    /// How long it is; 0 until it is kept.
    pub ms: u64,
    /// Bytes of its file; 0 until it is kept.
    pub bytes: u64,
    /// Whether parts of it are left out because somebody asked for it.
    pub paused: bool,
}

/// A page of recordings, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordingPage {
    /// The recordings.
    pub recordings: Vec<Recording>,
    /// Give this as `before_ms` to get the next page; absent on the last one.
    pub next_ms: Option<i64>,
}

/// A piece of music that people brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MusicPiece {
    /// Its id: the hash of what is kept.
    pub source: String,
    /// Its name, where the configuration gives one.
    pub name: String,
    /// How long it plays before it begins again.
    pub seconds: u64,
    /// Whether the configuration names it: it cannot be deleted then.
    pub named: bool,
    /// Whether people who are held hear it.
    pub on_hold: bool,
}

/// The music of the office.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MusicList {
    /// What people brought; when none of it is on hold, the exchange plays music of its own.
    pub pieces: Vec<MusicPiece>,
    /// How many there may be.
    pub limit: u32,
    /// Most bytes of a file.
    pub bytes_max: u64,
}

/// Which music people who are held hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MusicOnHold {
    /// A piece of the list; `null` for the exchange's own.
    pub source: Option<String>,
}

/// Words that people brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadedPrompt {
    /// Its id here: the hash of what is kept.
    pub source: String,
    /// Its id in the configuration, by which other entries name it; absent where it is not named.
    pub id: Option<String>,
    /// Its name, where the configuration gives one.
    pub name: String,
    /// How long it plays.
    pub seconds: u64,
    /// The conferences that greet with it, by name; it cannot be deleted as long as there is one.
    pub greets_in: Vec<String>,
}

/// The prompts of the office's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromptList {
    /// What people brought.
    pub prompts: Vec<UploadedPrompt>,
    /// How many there may be.
    pub limit: u32,
    /// Most bytes of a file.
    pub bytes_max: u64,
}

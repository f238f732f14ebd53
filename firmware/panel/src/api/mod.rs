//! The types of the HTTP interface: what stands in `web-ui/api/openapi.json`.
//!
//! They are separate from the types of `model`; `convert` is the one file that knows both. Times
//! are milliseconds since 1970-01-01T00:00:00Z (`…_at_ms`), lengths are milliseconds (`…_ms`),
//! and no field is a sentence: words are made in the browser, in the reader's language.

mod archive;
mod board;
mod calls;
mod config;
mod lines;
mod live;
mod people;
mod problem;
mod session;
mod set_test;
mod voice;

pub use archive::{
    MusicList, MusicOnHold, MusicPiece, PromptList, Recording, RecordingPage, RecordingState,
    UploadedPrompt,
};
pub use board::{Board, BoardAct, FaxTone, Heard, HeardKind, Hook, SetDisplay, SimSet};
pub use calls::{
    CallExplanation, CallPage, CallRecording, CallSummary, ExplainLeg, ExplainStep, Outcome,
};
pub use config::{ConfigDraft, ConfigSaved, ConfigText, ConfigUndo};
pub use lines::{
    BalancePreset, BoardPart, BoardReport, BoardState, EvidenceList, HangUpEvidence, HeardTone,
    LearnedTone, LifelineState, LineCaller, PortBalance, PortHangUps, PortHealth, PortHistory,
    PortLifeline, PortList, PortSample, PortSpread,
};
pub use live::{
    CallState, Change, ChangeBody, LegQuality, LegState, Live, LiveCall, LiveLeg, LiveRecording,
    Party, Phone, QualityCause, Transport,
};
pub use people::{NewPerson, Person, PersonAdded, PhoneCard, Role, WebAccess};
pub use problem::{Fault, Problem};
pub use session::{
    BoxAuthority, Claim, Health, HealthState, Login, Office, PasswordChange, Session, SignedIn,
};
pub use set_test::{SetTest, SetTestOutcome, SetTestStep, SetWay, WaitingMessages};
pub use voice::{MediaSecond, MediaState, MediaThread};

//! The words of the exchange: ids, numbers, time, events, commands, limits.
//!
//! Plain, serialisable data and nothing else: this crate never decides anything, never does I/O,
//! and depends on nothing of ours. Every other crate speaks in these words.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod cause;
mod clip;
mod codec;
mod command;
mod event;
mod id;
mod language;
pub mod limits;
mod line;
mod media;
mod net;
mod number;
mod party;
mod quality;
mod random;
mod rule;
mod secure;
mod state;
mod time;
mod tone;

pub use cause::Cause;
pub use clip::{Chime, Clip, Prompt};
pub use codec::{Codec, Digit};
pub use command::Command;
pub use event::{
    CallerIdOutcome, CallerTold, ClaimStep, ConferenceEvent, Event, EventBody, LegKind, LineNews,
    LineSign, MediaFigures, Record, SharedTrack, Target,
};
pub use id::{
    BridgeId, CallId, ClipId, EntryId, FlowId, LegId, MediaLeg, PairId, ParseIdError, PartyId,
    PortId, RecordingId, Seq, TapId,
};
pub use language::Language;
pub use line::{
    Absence, Between, CallType, CallerField, CallerIdScheme, CallerInfo, CallerStamp, CallerText,
    CallerTextError, EchoSettings, HangUps, KeptSample, KnownTone, LifelineTest, LifelineVerdict,
    LineBalance, LineEvidence, LineHealth, LineHeard, LineLifeline, LinePlay, LineSample,
    LineSecond, LineSpread, LineTone, PlanStep, PortListens, PortSound, ToneEvidence,
    ToneSignature,
};
pub use media::{
    FaxTone, Hearer, Learn, MediaCommand, MediaEvent, MediaFault, OpusParams, Route, RtpIdentity,
    RtpParams, VoiceOptions,
};
pub use net::Transport;
pub use number::{Number, NumberError};
pub use party::Party;
pub use quality::{Gain, QualityCause, QualityMinute, QualitySecond};
pub use random::{Random, Seed};
pub use rule::Rule;
pub use secure::{
    DtlsRole, Fingerprint, IceParams, IceText, Protection, SecurityFault, SrtpKey, SrtpSuite,
};
pub use state::{Binding, StateChange};
pub use time::{Instant, Now, Trust, Wall};
pub use tone::{ToneSpec, ToneStep};

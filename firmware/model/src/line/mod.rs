//! Words for analog lines and sets: what is sent of a caller, what tones say, what a port's sound is
//! set to and what is heard on it. All of it is plain data that crosses the media thread's rings.

mod caller;
mod health;
mod hour;
mod letters;
mod plan;
mod sound;
mod tone;

pub use caller::{
    Absence, CallType, CallerField, CallerIdScheme, CallerInfo, CallerStamp, CallerText,
    CallerTextError,
};
pub use health::{
    HangUps, LifelineTest, LifelineVerdict, LineBalance, LineEvidence, LineHealth, LineLifeline,
    LineSample,
};
pub use hour::{Between, KeptSample, LineSpread};
pub use plan::PlanStep;
pub use sound::{EchoSettings, LineHeard, LinePlay, LineSecond, PortListens, PortSound};
pub use tone::{KnownTone, LineTone, ToneEvidence, ToneSignature};

//! What a telephone port is: the traits every back end offers, the words spoken over them, the
//! timing of a hook, the conformance suite and the middleware.
//!
//! It never touches hardware, reads no clock and knows no call. A port is opened once and comes in
//! two halves, because they live on two threads: the [`ControlHalf`] on the control thread, the
//! [`AudioHalf`] on a media thread.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod conformance;
mod description;
mod error;
mod fault;
mod half;
mod hook;
mod lifeline;
mod line;
mod return_loss;
mod trace;
mod words;

#[cfg(test)]
mod middleware_tests;

pub use description::{Capabilities, Port, PortKind};
pub use error::{Error, ErrorKind};
pub use fault::{AudioFaults, ControlFaults, FaultyAudio, FaultyControl};
pub use half::{
    AudioHalf, ControlHalf, FRAME, Frame, FrameStatus, KindOnly, POLL_MS, Readiness, SAMPLE_HZ,
};
pub use hook::{HookDetector, HookTimes};
pub use lifeline::LifelineSight;
pub use line::{Impedance, LineProfile, LoopHook, Meter, Reading, RingSignal};
pub use trace::{Trace, TraceEntry, TraceWhat};
pub use words::{
    CADENCE_STEPS_MAX, Cadence, FLASH_MS, FaultKind, Linefeed, PortCommand, PortEvent,
};

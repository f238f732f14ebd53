//! Channels of cards that the DAHDI drivers of the Linux kernel serve, as ports.
//!
//! Everything goes over [`Channel`], a channel's file: the kernel's ([`Kernel`]) or a test's. Its
//! numbers and layouts are the kernel interface's, computed here. Signalling has its names reversed
//! there: an *FXO-signalled* channel drives a set, and the other way round.
//!
//! Hooks are judged by us, from the kernel's live hook state: its own events know no flash below
//! 200 ms. Events are fetched all the same, by whichever half comes first: while one waits, the kernel
//! gives and takes no sound.
//!
//! A neon lamp is lit where the driver takes `SET_LAMP` for the channel; most of those for Si3210 do. The
//! interface has no request for metering pulses: a set's meter is driven by reversals, or not at all.
#![warn(missing_docs)]

mod audio;
mod channel;
mod gains;
#[allow(unsafe_code)]
mod kernel;
mod line;
mod params;
mod request;
mod set;
mod trouble;
mod watch;

pub use audio::DahdiAudio;
pub use channel::{Channel, Errno};
pub use kernel::Kernel;
pub use line::DahdiLine;
pub use params::Params;
pub use request::Request;
pub use set::DahdiSet;
pub use trouble::DahdiError;

/// Values of the `HOOK` request.
pub mod hook {
    /// On hook.
    pub const ON: i32 = 0;
    /// Off hook.
    pub const OFF: i32 = 1;
    /// Flash to the exchange.
    pub const FLASH: i32 = 3;
    /// Ring in the cadence that was set.
    pub const RING: i32 = 5;
    /// Ring no more.
    pub const RING_OFF: i32 = 6;
}

/// Bits of the `SET_LAMP` request.
pub mod lamp {
    /// 90 V of alternating voltage, which light a neon lamp.
    pub const NEON: i32 = 4;
}

/// Events that the kernel reports.
pub mod event {
    /// None waits.
    pub const NONE: i32 = 0;
    /// A line: its battery is lost off hook.
    pub const ON_HOOK: i32 = 1;
    /// A line: a burst of ringing is over.
    pub const RING_OFF_HOOK: i32 = 2;
    /// A line: no battery.
    pub const ALARM: i32 = 4;
    /// A line: battery is back.
    pub const NO_ALARM: i32 = 5;
    /// What was dialled is dialled.
    pub const DIAL_COMPLETE: i32 = 9;
    /// A flash is over.
    pub const HOOK_COMPLETE: i32 = 12;
    /// A line: its polarity changed.
    pub const POLARITY: i32 = 17;
    /// A line: ringing begins.
    pub const RING_BEGIN: i32 = 18;
    /// The card was removed: close the file.
    pub const REMOVED: i32 = 20;
}

/// Kinds of signalling that a channel is configured for.
pub mod signalling {
    /// Kewl start towards a set.
    pub const FXOKS: i32 = 0x1020;
    /// Loop start towards a set.
    pub const FXOLS: i32 = 0x1008;
    /// Kewl start towards an exchange.
    pub const FXSKS: i32 = 0x2004;
    /// Loop start towards an exchange.
    pub const FXSLS: i32 = 0x2001;
}

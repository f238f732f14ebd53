use serde::{Deserialize, Serialize};

/// Which end of the loop a port is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortKind {
    /// Feeds a set: gives battery and ringing, sees the hook.
    Fxs,
    /// Behaves as a set towards another exchange: sees ringing, closes the loop.
    Fxo,
}

/// What a port can do, as data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Ringing voltage at the port in V RMS, 0 when it cannot ring.
    pub ring_vrms: u8,
    /// Whether [`crate::Linefeed::Reverse`] is possible.
    pub reversal: bool,
    /// Whether [`crate::Linefeed::Open`] is possible.
    pub open_loop: bool,
    /// FXS: whether pulse digits are reported. FXO: whether digits can be pulsed.
    pub pulse: bool,
    /// FXS: whether sound reaches a set that is on hook. FXO: whether the line is heard on hook.
    pub on_hook_sound: bool,
    /// FXO: whether a set beside it on the line is reported ([`crate::PortEvent::InUse`]).
    pub parallel: bool,
    /// FXO: whether the port can show its line other impedances ([`crate::LineProfile::impedance`]).
    pub impedance: bool,
    /// FXS: whether metering pulses can be sent.
    pub metering: bool,
    /// FXS: whether a neon lamp of a set can be lit.
    pub neon: bool,
    /// Whether the hardware cancels its own echo.
    pub echo_canceller: bool,
}

/// A jack of a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// The name printed beside the jack and written in `[[analog]] port`: `fxs1`, `fxo2`.
    pub name: String,
    /// Which end of the loop it is.
    pub kind: PortKind,
    /// What it can do.
    pub capabilities: Capabilities,
}

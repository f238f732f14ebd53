//! How the exchange at the other end of a simulated line behaves, as plain data.

use hal_port::{Cadence, Impedance};
use model::{CallerIdScheme, ToneSpec, ToneStep};
use serde::{Deserialize, Serialize};

use super::aon::Aon;
use crate::relay::RelayStuck;

/// What a line is like when the far party has hung up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disconnect {
    /// The loop is not fed for a moment (open switch interval).
    LoopBreak,
    /// The polarity changes.
    Reversal,
    /// Busy tone until the port hangs up.
    #[default]
    BusyTone,
    /// Congestion tone until the port hangs up.
    CongestionTone,
    /// Dial tone, then the howler.
    DialTone,
    /// Nothing at all.
    Silence,
}

impl Disconnect {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::LoopBreak,
        Self::Reversal,
        Self::BusyTone,
        Self::CongestionTone,
        Self::DialTone,
        Self::Silence,
    ];
}

/// What becomes of a number that the port dialled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The far party's telephone rings.
    #[default]
    Rings,
    /// Busy tone.
    Busy,
    /// Congestion tone.
    Congestion,
    /// Special information tone.
    SpecialInfo,
    /// Nothing more is heard.
    Silence,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LineFaults {
    /// There is no battery: unplugged, or the wire is cut.
    pub dead: bool,
    /// The two wires are swapped.
    pub reversed_pair: bool,
    /// Another set on the same line is off hook.
    pub parallel: bool,
    /// The exchange has not noticed the end of the last call: it gives no dial tone and lets no call
    /// through.
    pub stuck: bool,
    /// Noise in dBm0, −70 to −20, as mean power: up to −50 it hisses, above that a wet cable crackles, ten times a
    /// second for some ms each, 10 dB louder than the mean.
    pub noise_dbm0: Option<i8>,
    /// Another line is heard.
    pub crosstalk: bool,
    /// The loop carries 12 mA instead of 25.
    pub low_current: bool,
    /// 9 dB of loss, and 16 mA.
    pub long_loop: bool,
    /// How much weaker what is said comes back from the hybrid, in dB; 0 = no echo.
    pub echo_db: u8,
    /// A voltage from elsewhere that adds to the battery, in V: −100 to 100. At a set's port it is seen while the
    /// port does not feed the loop.
    pub foreign_volts: i16,
    /// The relay of the set's lifeline does not move any more. Of sets only.
    pub relay: Option<RelayStuck>,
}

/// What is decided about a simulated line; what is `None` stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LineSettings {
    /// How a hang-up of the far party shows.
    pub disconnect: Option<Disconnect>,
    /// What becomes of the next number that is dialled.
    pub fate: Option<Fate>,
    /// Whether the far party's answer shows as a reversal.
    pub answer_reversal: Option<bool>,
    /// Whether callers' numbers are told to whoever asks after lifting.
    pub aon: Option<Aon>,
    /// What is wrong with the line.
    pub faults: Option<LineFaults>,
    /// The line's own impedance: what the port says comes back as far as it shows another one. Until it is
    /// said, every one suits the line.
    pub impedance: Option<Impedance>,
}

/// The tones of the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarrierTones {
    /// Dial now.
    pub dial: ToneSpec,
    /// The far telephone rings.
    pub ringback: ToneSpec,
    /// The far party is busy, or has hung up.
    pub busy: ToneSpec,
    /// No way there, or the far party has hung up.
    pub congestion: ToneSpec,
    /// The number is not in use.
    pub special_info: ToneSpec,
    /// The port has been off hook for too long.
    pub howler: ToneSpec,
}

/// How the exchange behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarrierRules {
    /// How it rings.
    pub ring: Cadence,
    /// Frequency of ringing in Hz.
    pub ring_hz: u16,
    /// Voltage of ringing in V RMS.
    pub ring_vrms: u8,
    /// How it tells who calls.
    pub caller_id: CallerIdScheme,
    /// Whether it tells that to whoever asks after lifting, too.
    pub aon: Aon,
    /// Its tones.
    pub tones: CarrierTones,
    /// How a hang-up of the far party shows.
    pub disconnect: Disconnect,
    /// Whether the far party's answer shows as a reversal.
    pub answer_reversal: bool,
    /// Length of a loop break in ms, 60 to 1,000.
    pub break_ms: u16,
}

impl Default for CarrierRules {
    /// A line in Poland: 25 Hz, 1 s of 5 s; V.23 after the first ring; 425 Hz (E.180 supplement 2).
    fn default() -> Self {
        let tone = |on_ms, off_ms| {
            let on = ToneStep {
                hz: [425, 0],
                ms: on_ms,
                ..ToneStep::default()
            };
            let off = ToneStep {
                ms: off_ms,
                ..ToneStep::default()
            };
            let steps: &[ToneStep] = if off_ms == 0 { &[on] } else { &[on, off] };
            ToneSpec::new(steps, -13).expect("one or two steps are few")
        };
        Self {
            ring: Cadence::new(&[1_000, 4_000]).expect("one second on, four off is legal"),
            ring_hz: 25,
            ring_vrms: 60,
            caller_id: CallerIdScheme::EtsiRing,
            aon: Aon::None,
            tones: CarrierTones {
                dial: tone(0, 0),
                ringback: tone(1_000, 4_000),
                busy: tone(500, 500),
                congestion: tone(250, 250),
                special_info: tone(330, 1_000),
                howler: tone(100, 100),
            },
            disconnect: Disconnect::default(),
            answer_reversal: false,
            break_ms: 300,
        }
    }
}

//! The telephone hardware as the panel shows it: simulated sets with a person at each.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The board.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Board {
    /// Name of the board, such as `sim`; empty without a board.
    pub name: String,
    /// Its simulated sets; empty on real hardware.
    pub sets: Vec<SimSet>,
}

/// Whether the handset lies on the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hook {
    /// It lies on the set.
    On,
    /// It is lifted.
    Off,
}

/// A simulated analog set and the person at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SimSet {
    /// The port's name on the board, such as `fxs1`.
    pub port: String,
    /// The set's extension; empty if the configuration gives it none.
    pub extension: String,
    /// Whether the handset is lifted.
    pub hook: Hook,
    /// Whether it rings.
    pub ringing: bool,
    /// What was dialled since the handset was lifted.
    pub dialled: String,
    /// The mark that the person speaks now, if any.
    pub talking: Option<u8>,
    /// What its display says of the last caller, once there was one that it was told of.
    pub display: Option<SetDisplay>,
    /// Whether its lamp says that messages wait.
    pub lamp: bool,
    /// Whether it is a fax machine.
    pub fax: bool,
    /// What the machine heard of another one in this call.
    pub fax_heard: Vec<FaxTone>,
}

/// A signal of a fax machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaxTone {
    /// The tone of one that calls.
    Cng,
    /// The tone of one that answers.
    Ced,
    /// The flags of V.21 before its words.
    Preamble,
}

/// What the display of a set says of a caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetDisplay {
    /// The number, if the set was told one.
    pub number: Option<String>,
    /// The name, if the set was told one.
    pub name: Option<String>,
    /// Whether the caller does not want the number shown.
    pub withheld: bool,
}

/// What the person at the set does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum BoardAct {
    /// Lift the handset.
    Lift,
    /// Put it back.
    HangUp,
    /// Dial; the handset is lifted.
    Dial {
        /// `0-9 * #`, 1 to 32 of them.
        digits: String,
    },
    /// Speak a marked signal from now on.
    Talk {
        /// Which signal, 1 to 9: each has its own frequency, so that a listener can tell who speaks.
        mark: u8,
    },
    /// Speak no more.
    Quiet,
    /// Put a fax machine in the set's place, which answers the first ring, or the set back.
    Fax {
        /// Whether it is a machine from now on.
        on: bool,
    },
}

/// What kind of sound a set hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeardKind {
    /// Nothing.
    Silence,
    /// The exchange waits for dialling.
    DialTone,
    /// The other end rings.
    RingbackTone,
    /// The other end is busy.
    BusyTone,
    /// The call cannot be connected.
    CongestionTone,
    /// A marked signal of a simulated person.
    Mark,
    /// Some other sound.
    Sound,
}

/// What the person at the set hears.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Heard {
    /// What kind of sound.
    pub kind: HeardKind,
    /// Which marked signal.
    pub mark: Option<u8>,
    /// The strongest frequency in Hz.
    pub frequency_hz: Option<f32>,
    /// How loud, in dBm0; none in silence.
    pub level_dbm0: Option<f32>,
}

use core::fmt;

use serde::{Deserialize, Serialize};

/// What a person can be made to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Lift the receiver.
    Lift,
    /// Put it back.
    HangUp,
    /// Press the hook for a moment.
    Flash,
    /// Press keys: `0-9 * # A-D`, 100 ms each with 100 ms between. Waits for a tone first.
    Dial {
        /// The keys, at most `model::limits::NUMBER_LEN_MAX`.
        digits: String,
    },
    /// Turn a rotary dial: `0-9`.
    PulseDial {
        /// The digits, at most `model::limits::NUMBER_LEN_MAX`.
        digits: String,
    },
    /// Speak a [`crate::Mark`] until something else is to be said.
    Talk {
        /// Its name.
        mark: String,
    },
    /// Say nothing any more.
    Quiet,
    /// From now on act by yourself like this.
    Behave(Manner),
    /// At the far end of a line: call the office.
    Call {
        /// The number that is shown; some number when not given, none when empty; of `withheld` only
        /// that it is not to be shown.
        number: Option<String>,
        /// The name that is shown.
        name: Option<String>,
    },
    /// Changes what a line is like.
    Line(crate::LineSettings),
}

/// What a person does unasked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manner {
    /// Lift half a second into this burst of the bell; 1 = the first. `None` = never.
    pub answer_after_rings: Option<u8>,
    /// After lifting by oneself speak this mark.
    pub say: Option<String>,
    /// Hang up this long after lifting, in s.
    pub stay_s: Option<u16>,
    /// Hang up when there was nothing but silence or call progress tones for this long, in s.
    pub patience_s: Option<u16>,
    /// A fax machine: after a number it sends the calling tone until the other machine is heard, after lifting by
    /// itself the called tone and the flags of V.21. It says no mark.
    pub fax: bool,
}

impl Manner {
    /// That of a fax machine, which answers the first ring.
    #[must_use]
    pub fn of_fax() -> Self {
        Self {
            answer_after_rings: Some(1),
            fax: true,
            ..Self::default()
        }
    }
}

/// Why a person cannot do this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActError {
    /// The board has no such port.
    NoPort(String),
    /// Lift the receiver first.
    OnHook,
    /// The receiver is off the hook already.
    OffHook,
    /// Not keys of a telephone, none, or too many.
    Digits(String),
    /// Not a mark: 1 to 24 of `a-z 0-9 _ -`; a number is a frequency of 300 to 3400 Hz.
    Mark(String),
    /// Nobody calls the far party.
    NotRung,
    /// The line is in use, or dead.
    LineBusy,
    /// Only somebody at a set can do this.
    NoSet,
    /// The set has no lifeline.
    NoLifeline,
    /// Only somebody at the far end of a line can do this.
    NoLine,
    /// Too much is still waiting to be done; nothing was added.
    Busy,
}

impl fmt::Display for ActError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPort(name) => write!(f, "the board has no port {name:?}"),
            Self::OnHook => f.write_str("the receiver is on the hook: lift it first"),
            Self::OffHook => f.write_str("the receiver is off the hook already"),
            Self::Digits(text) => write!(
                f,
                "{text:?} cannot be dialled: 1 to {} keys of 0-9 * # A-D, or 0-9 on a rotary dial",
                model::limits::NUMBER_LEN_MAX
            ),
            Self::Mark(name) => write!(
                f,
                "{name:?} is no mark: 1 to 24 of a-z 0-9 _ -, or a frequency of 300 to 3400 Hz"
            ),
            Self::NotRung => f.write_str("nobody calls this telephone"),
            Self::LineBusy => f.write_str("the line is in use or dead"),
            Self::NoSet => f.write_str("this is a line: only at a set can one do this"),
            Self::NoLifeline => f.write_str("this set has no lifeline"),
            Self::NoLine => f.write_str("this is a set: only behind a line can one do this"),
            Self::Busy => f.write_str("the person has too much to do already; wait a little"),
        }
    }
}

impl core::error::Error for ActError {}

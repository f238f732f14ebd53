//! What the sound of an analog port is set to, and what is heard on it.

use serde::{Deserialize, Serialize};

use super::{CallerIdScheme, CallerInfo, CallerText, KnownTone, ToneEvidence, ToneSignature};
use crate::limits::{KNOWN_TONES, LEARNED_SIGNATURES};
use crate::{Digit, ToneSpec};

/// The line echo canceller of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EchoSettings {
    /// Longest echo that is taken out, in ms: 8 to 128. 0 = no canceller.
    pub tail_ms: u8,
    /// Whether the little that is left is replaced by comfort noise while the far end talks alone.
    pub suppress: bool,
}

impl Default for EchoSettings {
    fn default() -> Self {
        Self {
            tail_ms: 32,
            suppress: true,
        }
    }
}

/// Which of its ears a port uses. All are cheap; what is off says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortListens {
    /// Keys (DTMF) that the party on the line presses.
    pub keys: bool,
    /// Caller ID of every scheme, and the dual tone that announces it: an FXO line that is on hook.
    pub caller_id: bool,
    /// Tones of the exchange and the voice that answers: an FXO line that is off hook.
    pub tones: bool,
}

/// Everything that the sound of an analog port is set to. The default listens to nothing and changes
/// nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortSound {
    /// Gain from the line to us, in tenths of a dB: −200 to +120.
    pub gain_in_db10: i16,
    /// Gain from us to the line, in tenths of a dB: −200 to +120.
    pub gain_out_db10: i16,
    /// The echo canceller.
    pub echo: Option<EchoSettings>,
    /// A fax or a modem is on the line: suppressor and canceller stay out of its way.
    pub data: bool,
    /// What is listened for.
    pub listens: PortListens,
    /// Tones of the country: what they are called depends on them. Without any, common tones of
    /// all countries are recognised all the same.
    pub known: [Option<KnownTone>; KNOWN_TONES],
    /// Signatures of this line, in the order in which they were learned.
    pub learned: [Option<ToneSignature>; LEARNED_SIGNATURES],
}

/// Something that a port plays to its line instead of what the call says, until it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinePlay {
    /// Caller ID to a set on hook: only its sound, the `Data` of the scheme's plan.
    Caller {
        /// What is told.
        info: CallerInfo,
        /// How.
        scheme: CallerIdScheme,
        /// Level in dBm0, usually −14.
        dbm0: i8,
    },
    /// Caller ID to a set in a call (GR-30-CORE §2.4, EN 300 659-2): the alert tone, the set's answer, and
    /// when it came the data. The party hears nothing else meanwhile.
    CallerWaiting {
        /// What is told.
        info: CallerInfo,
        /// How: only the modem of it is used.
        scheme: CallerIdScheme,
        /// Level in dBm0, usually −14.
        dbm0: i8,
    },
    /// The dual tone that announces caller ID, 2,130 and 2,750 Hz.
    AlertTone {
        /// How long, in ms: usually 100 on hook.
        ms: u16,
        /// Level of each sine in dBm0, usually −15.
        dbm0: i8,
    },
    /// Keys one after the other: dialling on a line. Keys `0-9 * # A-D`, `,` is a pause of a second.
    Keys {
        /// Which.
        keys: CallerText,
        /// Sound of each, in ms, and silence after it.
        on_off_ms: (u16, u16),
        /// Levels of the column's (high) and the row's (low) tone in dBm0, as the country has them.
        dbm0: (i8, i8),
    },
    /// A tone of the exchange.
    Tone(ToneSpec),
    /// White noise until something else is played: to measure what comes back of it.
    Noise {
        /// Level in dBm0.
        dbm0: i8,
    },
    /// On a line that was lifted a moment ago: asks the exchange for the caller's number with 500 Hz (АОН), up to three
    /// times within 2.8 s, and listens for the answer. [`LineHeard::Caller`] tells it, and `Played` that it is over.
    AskNumber {
        /// Level in dBm0, usually −5.
        dbm0: i8,
    },
    /// Nothing: ends what is played.
    Silence,
}

/// News from a port's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineHeard {
    /// A key went down.
    Pressed(Digit),
    /// A key was let go.
    Released {
        /// The key.
        digit: Digit,
        /// How long it was down, in ms.
        ms: u16,
    },
    /// The dual tone that announces caller ID has ended (2,130 and 2,750 Hz).
    AlertTone,
    /// A whole caller ID, its checksum right.
    Caller {
        /// What it says.
        info: CallerInfo,
        /// Level of its data in dBm0.
        dbm0: i8,
    },
    /// Caller ID that was begun and cannot be read.
    CallerSpoiled,
    /// A pure tone has been there for half a second: the dial tone, where one is waited for.
    Steady,
    /// A tone of the exchange is recognised. Told once; `ToneEnded` follows.
    Tone(ToneEvidence),
    /// The tone recognised last is over.
    ToneEnded,
    /// Somebody speaks: the first time since the tones began to be listened for, and the first time
    /// after a recognised tone.
    Voice,
    /// The exchange is being asked for the caller's number, once more.
    NumberAsked,
    /// What was to be played is over.
    Played {
        /// False for caller ID that the set did not ask for, or the exchange did not tell: no such set or exchange.
        whole: bool,
    },
    /// Figures of the last second.
    Second(LineSecond),
}

/// One second of a port, for the line doctor. Levels in dBm0, −127 = silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSecond {
    /// What came from the line, before the canceller.
    pub rx_dbm0: i8,
    /// What went to the line.
    pub tx_dbm0: i8,
    /// The quietest tenth of a second from the line: its noise.
    pub noise_dbm0: i8,
    /// Echo return loss: how much weaker our sound comes back, in tenths of a dB; `None` while we
    /// sent too little to tell or somebody spoke over it. Without a canceller it is known of noise only.
    pub erl_db10: Option<i16>,
    /// What the canceller took off on top, in tenths of a dB; `None` as before.
    pub erle_db10: Option<i16>,
    /// Samples at the end of the scale, from the line.
    pub clipped: u16,
    /// Whether the canceller has switched itself off for a modem's 2,100 Hz.
    pub disabled: bool,
}

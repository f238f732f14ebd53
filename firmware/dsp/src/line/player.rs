//! What a port plays to its line instead of what the call says.

use model::{Digit, LinePlay};

use super::callerid::{
    AlertSender, AonNews, AonRequest, CallWaitingSender, CallerIdSender, KeySender, KeyTiming,
};
use crate::level::power_of;
use crate::tone::Tone;

/// White noise of one level.
#[derive(Clone, Debug)]
pub(super) struct White {
    state: u32,
    /// Factor of a value between ±1.
    peak: f32,
}

impl White {
    fn new(dbm0: i8) -> Self {
        Self {
            state: 0x2545_f491,
            // A uniform value of ±a has the power a²/3.
            peak: (3.0 * power_of(i16::from(dbm0))).sqrt(),
        }
    }

    fn fill(&mut self, block: &mut [i16]) {
        for sample in block {
            // xorshift32: repeats after 2³² − 1 samples.
            self.state ^= self.state << 13;
            self.state ^= self.state >> 17;
            self.state ^= self.state << 5;
            let uniform = self.state as f32 / 2_147_483_648.0 - 1.0;
            *sample = (uniform * self.peak) as i16;
        }
    }
}

/// Something being played.
#[derive(Clone, Debug)]
pub(super) enum Player {
    Caller(CallerIdSender),
    Waiting(CallWaitingSender),
    Alert(AlertSender),
    Keys(KeySender),
    Tone(Tone),
    Noise(White),
    Number(AonRequest),
    /// What cannot be played: over at once.
    Nothing,
}

impl Player {
    /// Begins; `None` for silence.
    pub(super) fn new(what: &LinePlay) -> Option<Self> {
        Some(match what {
            LinePlay::Caller { info, scheme, dbm0 } => {
                CallerIdSender::new(info, *scheme, *dbm0).map_or(Self::Nothing, Self::Caller)
            }
            LinePlay::CallerWaiting { info, scheme, dbm0 } => {
                Self::Waiting(CallWaitingSender::new(info, *scheme, *dbm0))
            }
            LinePlay::AlertTone { ms, dbm0 } => Self::Alert(AlertSender::new(*ms, *dbm0)),
            LinePlay::Keys {
                keys,
                on_off_ms: (on_ms, off_ms),
                dbm0: (high_dbm0, low_dbm0),
            } => Self::Keys(KeySender::new(
                *keys,
                KeyTiming {
                    on_ms: *on_ms,
                    off_ms: *off_ms,
                    low_dbm0: *low_dbm0,
                    high_dbm0: *high_dbm0,
                },
            )),
            LinePlay::Tone(spec) => Self::Tone(Tone::new(*spec)),
            LinePlay::Noise { dbm0 } => Self::Noise(White::new(*dbm0)),
            LinePlay::AskNumber { dbm0 } => Self::Number(AonRequest::new(*dbm0)),
            LinePlay::Silence => return None,
        })
    }

    /// Writes the next samples over all of `block`.
    pub(super) fn fill(&mut self, block: &mut [i16]) {
        match self {
            Self::Caller(sender) => sender.fill(block),
            Self::Waiting(sender) => sender.fill(block),
            Self::Alert(sender) => sender.fill(block),
            Self::Keys(sender) => sender.fill(block),
            Self::Tone(tone) => tone.fill(block),
            Self::Noise(noise) => noise.fill(block),
            Self::Number(request) => request.fill(block),
            Self::Nothing => block.fill(0),
        }
    }

    /// How it ended, once it has: whether it was played whole.
    pub(super) fn ended(&self) -> Option<bool> {
        match self {
            Self::Caller(sender) => sender.is_over().then_some(true),
            Self::Waiting(sender) => sender.ended(),
            Self::Alert(sender) => sender.is_over().then_some(true),
            Self::Keys(sender) => sender.is_over().then_some(true),
            Self::Tone(tone) => tone.is_over().then_some(true),
            Self::Noise(_) => None,
            Self::Number(request) => request.ended(),
            Self::Nothing => Some(false),
        }
    }

    /// Hears a block from the line, where what is played is a question to the exchange.
    pub(super) fn hear(&mut self, block: &[i16], tell: impl FnMut(AonNews)) {
        if let Self::Number(request) = self {
            request.hear(block, tell);
        }
    }

    /// Whether it is there to be measured when it comes back.
    pub(super) const fn is_noise(&self) -> bool {
        matches!(self, Self::Noise(_))
    }

    /// Whether a key of the set is an answer to what is played, and none of the call's.
    pub(super) fn takes_key(&mut self, key: Digit) -> bool {
        match self {
            Self::Waiting(sender) => {
                sender.pressed(key);
                matches!(key.to_char(), 'A'..='D')
            }
            _ => false,
        }
    }

    /// Whether the set is asked something: its keys are listened for, and nobody else hears them.
    pub(super) const fn asks(&self) -> bool {
        matches!(self, Self::Waiting(_))
    }
}

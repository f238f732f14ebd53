//! What the person's mouth and keypad do, one sound after the other, sample by sample.

use dsp::dtmf::DtmfSender;
use dsp::tone::Tone;
use hal_port::{FRAME, Frame};
use model::{Digit, ToneSpec};

use crate::fax::Called;

/// Samples of one ms.
const MS: u32 = 8;
/// A DTMF key is pressed 100 ms, then 100 ms nothing: both well over what any exchange needs.
const KEY_MS: u16 = 100;
const KEY_PAUSE_MS: u16 = 100;
/// Level of the two groups in dBm0 (most of Europe: −9 dBm high, −11 dBm low at the line).
const KEY_HIGH_DBM0: i8 = -9;
const KEY_LOW_DBM0: i8 = -11;
/// What is loud enough to be a dial tone, and how much of it a person wants to hear, in ms.
const AUDIBLE_DBM0: i16 = -40;
const AUDIBLE_MS: u32 = 200;

/// A sound to make, or a reason to wait. Plain data, so that it crosses a ring.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sound {
    /// A key is pressed and released.
    Key(Digit),
    /// A signal until the next sound comes.
    Signal(ToneSpec),
    /// What a called fax machine sends until the next sound comes.
    Fax,
    /// Nothing, for this long.
    Pause { ms: u16 },
    /// Nothing until something was heard, at most this long: nobody dials into a dead line at once.
    AwaitTone { ms_max: u16 },
    /// Exactly these samples.
    Block(Frame),
}

/// A sound and the stay off hook that it belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spoken {
    pub(crate) stay: u32,
    pub(crate) sound: Sound,
}

/// The mouth: turns sounds into samples.
#[derive(Debug, Default)]
pub(crate) struct Mouth {
    now: Option<Current>,
    /// Samples of audible sound heard in a row.
    audible: u32,
    heard_tone: bool,
}

#[derive(Debug)]
enum Current {
    /// The key's sound, then its pause.
    Key {
        sender: DtmfSender,
        left: u32,
    },
    Signal(Tone),
    Fax(Called),
    Pause {
        left: u32,
    },
    AwaitTone {
        left: u32,
    },
    Block {
        frame: Frame,
        at: usize,
    },
}

impl Mouth {
    /// Another stay off hook begins or ends: nothing is being said, nothing was heard.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    /// A block reached the ear.
    pub(crate) fn hear(&mut self, frame: &Frame) {
        if dsp::level::mean_square(frame) >= dsp::level::power_of(AUDIBLE_DBM0) {
            self.audible = self.audible.saturating_add(FRAME as u32);
        } else {
            self.audible = 0;
        }
        self.heard_tone |= self.audible >= AUDIBLE_MS * MS;
    }

    /// Fills `out`, asking `next` for the following sound whenever one is over.
    pub(crate) fn speak(&mut self, out: &mut Frame, mut next: impl FnMut() -> Option<Sound>) {
        let mut at = 0;
        while let Some(rest) = out.get_mut(at..).filter(|rest| !rest.is_empty()) {
            // A signal ends when something else is to be said.
            if matches!(self.now, None | Some(Current::Signal(_) | Current::Fax(_)))
                && let Some(sound) = next()
            {
                self.now = Some(begin(sound));
            }
            let Some(current) = &mut self.now else {
                rest.fill(0);
                return;
            };
            let (made, over) = current.fill(rest, self.heard_tone);
            at += made;
            if over {
                self.now = None;
            }
        }
    }
}

fn begin(sound: Sound) -> Current {
    match sound {
        Sound::Key(digit) => Current::Key {
            sender: DtmfSender::new(digit, KEY_MS, KEY_LOW_DBM0, KEY_HIGH_DBM0),
            left: u32::from(KEY_MS + KEY_PAUSE_MS) * MS,
        },
        Sound::Signal(spec) => Current::Signal(Tone::new(spec)),
        Sound::Fax => Current::Fax(Called::default()),
        Sound::Pause { ms } => Current::Pause {
            left: u32::from(ms) * MS,
        },
        Sound::AwaitTone { ms_max } => Current::AwaitTone {
            left: u32::from(ms_max) * MS,
        },
        Sound::Block(frame) => Current::Block { frame, at: 0 },
    }
}

impl Current {
    /// Fills the beginning of `out`; how much, and whether that was the end of it.
    fn fill(&mut self, out: &mut [i16], heard_tone: bool) -> (usize, bool) {
        match self {
            Self::Signal(tone) => {
                tone.fill(out);
                (out.len(), false)
            }
            Self::Fax(machine) => {
                machine.fill(out);
                (out.len(), false)
            }
            Self::Key { sender, left } => {
                let made = take(left, out.len());
                sender.fill(&mut out[..made]);
                (made, *left == 0)
            }
            Self::AwaitTone { .. } if heard_tone => (0, true),
            Self::Pause { left } | Self::AwaitTone { left } => {
                let made = take(left, out.len());
                out[..made].fill(0);
                (made, *left == 0)
            }
            Self::Block { frame, at } => {
                let rest = &frame[*at..];
                let made = rest.len().min(out.len());
                out[..made].copy_from_slice(&rest[..made]);
                *at += made;
                (made, *at == FRAME)
            }
        }
    }
}

/// Takes up to `room` samples off `left`.
fn take(left: &mut u32, room: usize) -> usize {
    let made = (*left).min(room as u32);
    *left -= made;
    made as usize
}

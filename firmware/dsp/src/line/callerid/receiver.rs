//! Caller ID of every scheme as it comes from a line.

use model::CallerInfo;

use super::alert::AlertDetector;
use super::demodulator::{Demodulator, Symbol};
use super::frame::Frame;
use super::{keys, message, ntt};
use crate::dtmf::{DtmfReceiver, Key};
use crate::level::power_dbm0;
use crate::{SAMPLES_PER_MS, TICK_SAMPLES};

/// What a line said of its caller.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a media thread allocates nothing, so nothing is boxed"
)]
pub enum CallerNews {
    /// The dual tone alert has ended.
    AlertTone,
    /// A whole message.
    Info {
        /// What it says.
        info: CallerInfo,
        /// Level of its data in dBm0.
        dbm0: i8,
    },
    /// A message that began and cannot be read.
    Spoiled,
}

/// Octets with a wrong stop bit that a message may have.
const FRAMING_FAULTS: u8 = 2;
/// Keys that are kept at most.
const KEYS: usize = 48;
/// Silence after a key that ends keys without an end, in ms.
const KEYS_END_MS: u32 = 700;
/// Keys without an end that may be a number.
const KEYS_MIN: usize = 4;

/// Listens to a line on hook: both modems, DTMF, and the alert tone, all at once.
#[derive(Clone, Debug)]
pub struct CallerIdReceiver {
    demodulator: Demodulator,
    frame: Frame,
    ntt: Option<ntt::Follower>,
    faults: u8,
    alert: AlertDetector,
    dtmf: DtmfReceiver,
    keys: [u8; KEYS],
    keys_len: usize,
    /// Samples since the last key.
    idle: u32,
    data: Loudness,
}

/// How loud the data of a message is.
#[derive(Clone, Copy, Debug, Default)]
struct Loudness {
    energy: f32,
    samples: u32,
}

impl Loudness {
    fn add(&mut self, sound: &[f32]) {
        self.energy += sound.iter().map(|sample| sample * sample).sum::<f32>();
        self.samples = self.samples.saturating_add(sound.len() as u32);
    }

    /// In dBm0, of all since it was asked last.
    fn take(&mut self) -> i8 {
        let Self { energy, samples } = core::mem::take(self);
        power_dbm0(energy / samples.max(1) as f32).round() as i8
    }
}

impl Default for CallerIdReceiver {
    fn default() -> Self {
        Self::new()
    }
}

impl CallerIdReceiver {
    /// One that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            demodulator: Demodulator::new(),
            frame: Frame::new(),
            ntt: None,
            faults: 0,
            alert: AlertDetector::new(),
            dtmf: DtmfReceiver::new(),
            keys: [0; KEYS],
            keys_len: 0,
            idle: 0,
            data: Loudness::default(),
        }
    }

    /// Whether a message is coming in: the line must not be seized now.
    #[must_use]
    pub fn is_receiving(&self) -> bool {
        self.demodulator.is_receiving() || self.keys_len > 0
    }

    /// Listens to a block of up to [`TICK_SAMPLES`] samples and tells what was found.
    pub fn feed(&mut self, block: &[i16], mut tell: impl FnMut(CallerNews)) {
        let mut sound = [0.0; TICK_SAMPLES];
        for (slot, &sample) in sound.iter_mut().zip(block) {
            *slot = f32::from(sample);
        }
        let length = block.len().min(TICK_SAMPLES);
        let sound = sound.get(..length).unwrap_or_default();
        if self.alert.feed(sound) {
            tell(CallerNews::AlertTone);
        }
        for &sample in sound {
            let symbol = self.demodulator.feed(sample);
            if !self.frame.octets().is_empty() {
                self.data.add(&[sample]);
            }
            if let Some(news) = symbol.and_then(|symbol| self.symbol(symbol)) {
                tell(news);
            }
        }
        if let Some(news) = self.listen_for_keys(sound) {
            tell(news);
        }
    }

    fn symbol(&mut self, symbol: Symbol) -> Option<CallerNews> {
        match symbol {
            Symbol::Ready => {
                self.frame = Frame::new();
                self.data = Loudness::default();
                self.ntt = None;
                self.faults = 0;
                None
            }
            Symbol::Lost => self.spoiled(),
            Symbol::Octet(octet, framed) => {
                if !framed {
                    self.faults = self.faults.saturating_add(1);
                }
                if self.faults > FRAMING_FAULTS {
                    self.demodulator.restart();
                    return self.spoiled();
                }
                self.octet(octet)
            }
        }
    }

    fn octet(&mut self, octet: u8) -> Option<CallerNews> {
        if self.frame.octets().is_empty() {
            if octet & 0x7f == ntt::DLE {
                self.ntt = Some(ntt::Follower::default());
            } else if !message::is_type(octet) {
                // No message, or its beginning is lost.
                self.demodulator.restart();
                return None;
            }
        }
        let room = self.frame.push(octet);
        let whole = match &mut self.ntt {
            Some(follower) => follower.take(octet),
            None => is_whole(self.frame.octets()),
        };
        if !whole {
            if room {
                return None;
            }
            self.demodulator.restart();
            return self.spoiled();
        }
        let octets = self.frame.octets();
        let read = if self.ntt.is_some() {
            ntt::decode(octets)
        } else {
            message::decode(octets)
        };
        self.frame = Frame::new();
        self.demodulator.restart();
        let dbm0 = self.data.take();
        Some(read.map_or(CallerNews::Spoiled, |info| CallerNews::Info { info, dbm0 }))
    }

    /// A message that had begun is over too early.
    fn spoiled(&mut self) -> Option<CallerNews> {
        let had_begun = self.frame.octets().len() >= 2;
        self.frame = Frame::new();
        had_begun.then_some(CallerNews::Spoiled)
    }

    fn listen_for_keys(&mut self, sound: &[f32]) -> Option<CallerNews> {
        let (keys, len) = (&mut self.keys, &mut self.keys_len);
        let mut pressed = false;
        let begins = *len == 0;
        self.dtmf.feed(sound, |key| {
            if let Key::Pressed(digit) = key {
                pressed = true;
                if let Some(slot) = keys.get_mut(*len) {
                    *slot = digit.to_char() as u8;
                    *len = len.saturating_add(1);
                }
            }
        });
        if self.keys_len == 0 {
            return None;
        }
        if begins {
            self.data = Loudness::default();
        }
        if self.dtmf.down().is_some() {
            self.data.add(sound);
        }
        let heard = self.keys.get(..self.keys_len).unwrap_or(&[]);
        self.idle = if pressed || self.dtmf.down().is_some() {
            0
        } else {
            self.idle.saturating_add(sound.len() as u32)
        };
        let ended = matches!(heard.last(), Some(b'C' | b'#'));
        let timeout = self.idle > KEYS_END_MS.saturating_mul(SAMPLES_PER_MS);
        if !ended && !timeout {
            return None;
        }
        let news = match keys::decode(heard) {
            Some(info) if ended || heard.len() >= KEYS_MIN => CallerNews::Info {
                info,
                dbm0: self.data.take(),
            },
            _ => CallerNews::Spoiled,
        };
        (self.keys_len, self.idle) = (0, 0);
        Some(news)
    }
}

/// Whether type, length, content and checksum are there.
fn is_whole(octets: &[u8]) -> bool {
    let length = octets.get(1).map(|&len| usize::from(len).saturating_add(3));
    length.is_some_and(|length| octets.len() >= length)
}

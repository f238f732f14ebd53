//! What is heard in the sound itself: the keys of far ends that have no other way to send them, and
//! fax machines. Only in G.711: through no other codec a machine or its tones come reliably.
//!
//! Listened to is every leg whose sound is decoded for the mixer, and every leg that hears tones,
//! prompts, music or nothing. A leg that is relayed is decoded only if its keys can be heard no
//! other way: a machine in a relayed call needs nothing from us.

use dsp::dtmf::{DtmfReceiver, Key};
use dsp::fax::FaxDetector;
use dsp::g711::Law;
use model::{Digit, FaxTone};

use crate::block::NARROW;

/// The ear for signals in one leg's sound.
#[derive(Debug)]
pub(crate) struct Inband {
    keys: DtmfReceiver,
    fax: FaxDetector,
    /// News that nobody was told yet; a key lasts longer than the time until it is.
    key: Option<(Digit, u16)>,
    tone: Option<FaxTone>,
    /// Keys are sent on otherwise than as sound: their tones are taken out of it.
    pub(crate) swallows: bool,
}

impl Inband {
    pub(crate) fn new() -> Self {
        Self {
            keys: DtmfReceiver::new(),
            fax: FaxDetector::new(),
            key: None,
            tone: None,
            swallows: false,
        }
    }

    /// Listens to samples at 8 kHz; to keys only if `keys`.
    pub(crate) fn hear(&mut self, samples: &[i16], keys: bool) {
        for block in samples.chunks(NARROW) {
            self.tone = self.fax.process(block).or(self.tone);
            if !keys {
                continue;
            }
            let mut sound = [0.0; NARROW];
            for (slot, &sample) in sound.iter_mut().zip(block) {
                *slot = f32::from(sample);
            }
            let sound = sound.get(..block.len()).unwrap_or(&[]);
            let key = &mut self.key;
            self.keys.feed(sound, |news| {
                if let Key::Released { digit, ms } = news {
                    *key = Some((digit, ms));
                }
            });
        }
    }

    /// Listens to a packet that nobody decodes.
    pub(crate) fn hear_packet(&mut self, law: Law, payload: &[u8], keys: bool) {
        for octets in payload.chunks(NARROW) {
            let mut samples = [0; NARROW];
            let length = law.decode_into(octets, &mut samples).min(NARROW);
            self.hear(samples.get(..length).unwrap_or(&[]), keys);
        }
    }

    /// Whether a key is down whose tone nobody is to hear.
    pub(crate) fn is_mute(&self) -> bool {
        self.swallows && self.keys.down().is_some()
    }

    /// The key that was let go and the machine that was heard since this was asked last.
    pub(crate) const fn take(&mut self) -> (Option<(Digit, u16)>, Option<FaxTone>) {
        (self.key.take(), self.tone.take())
    }
}

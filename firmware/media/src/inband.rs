//! What is heard in the sound itself: the keys of far ends that have no other way to send them, and
//! fax machines. Machines only in G.711: they come reliably through no other codec.
//!
//! Listened to is every leg whose sound is decoded for the mixer, and every leg that hears tones,
//! prompts, music or nothing; one of G.722 or Opus only if its keys can be heard no other way. A
//! leg that is relayed is listened to if its keys can be heard no other way: the control plane is
//! told of them. Where the other leg has to be told as well and that would take decoding, the two
//! are mixed (`Plane::can_relay`). A machine in a relayed call needs nothing from us, nor does one
//! in a conference.

use core::time::Duration;

use dsp::dtmf::{DtmfReceiver, Key};
use dsp::fax::FaxDetector;
use dsp::g711::Law;
use dsp::resample::Down2;
use model::{Digit, FaxTone, Instant};

use crate::RtpLeg;
use crate::block::{NARROW, Rate, WIDE};

/// The tone that some phones send beside an event is heard so long after the event's last packet.
const BESIDE_EVENT: Duration = Duration::from_millis(60);

/// The ear for signals in one leg's sound.
#[derive(Debug)]
pub(crate) struct Inband {
    keys: DtmfReceiver,
    fax: FaxDetector,
    /// Makes the sound of wide codecs narrow.
    down: Down2,
    /// News that nobody was told yet; a key lasts longer than the time until it is.
    key: Option<(Digit, u16)>,
    tone: Option<FaxTone>,
    /// Keys are sent on otherwise than as sound: their tones are taken out of it.
    pub(crate) swallows: bool,
    /// Machines are listened for: not in a bridge of more than two.
    pub(crate) machines: bool,
}

impl Inband {
    pub(crate) fn new() -> Self {
        Self {
            keys: DtmfReceiver::new(),
            fax: FaxDetector::new(),
            down: Down2::new(),
            key: None,
            tone: None,
            swallows: false,
            machines: true,
        }
    }

    /// Listens to samples at 8 kHz for machines; for keys only if `keys`.
    pub(crate) fn hear(&mut self, samples: &[i16], keys: bool) {
        for block in samples.chunks(NARROW) {
            if self.machines {
                self.tone = self.fax.process(block).or(self.tone);
            }
            if keys {
                self.hear_keys(block);
            }
        }
    }

    /// Listens to samples at 16 kHz for keys.
    fn hear_wide(&mut self, samples: &[i16]) {
        for block in samples.chunks(WIDE) {
            let mut narrow = [0; NARROW];
            let length = self.down.run(block, &mut narrow).min(NARROW);
            self.hear_keys(narrow.get(..length).unwrap_or(&[]));
        }
    }

    /// Listens to a block at 8 kHz for keys.
    fn hear_keys(&mut self, block: &[i16]) {
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

    /// Listens to a packet that nobody decodes.
    fn hear_packet(&mut self, law: Law, payload: &[u8], keys: bool) {
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

impl RtpLeg {
    /// Whether keys can be heard in the sound only.
    pub(crate) fn keys_in_sound(&self) -> bool {
        self.params()
            .is_some_and(|p| p.event_pt_in.is_none() && !p.digits_in_signalling)
    }

    /// Whether keys can be told to the far end otherwise than as sound.
    pub(crate) fn takes_keys(&self) -> bool {
        self.params()
            .is_some_and(|p| p.event_pt_out.is_some() || p.digits_in_signalling)
    }

    /// The law of the codec, if it is G.711.
    pub(crate) fn law(&self) -> Option<Law> {
        self.params().and_then(|params| Law::of(params.codec))
    }

    /// Listens to keys and fax machines in what is about to be mixed; whether a tone in it is not
    /// to be heard by others.
    pub(crate) fn listen_in(&mut self, now: Instant, said: &[i16]) -> bool {
        let keys = self.keys_in_sound();
        if self.law().is_some() {
            self.inband.hear(said, keys);
        } else if keys {
            match Rate::of_hz(self.listening.rate_hz()) {
                Rate::Narrow => self.inband.hear_keys(said),
                Rate::Wide => self.inband.hear_wide(said),
            }
        }
        if self.data {
            return false;
        }
        (keys && self.inband.is_mute()) || self.is_beside_event(now, BESIDE_EVENT)
    }

    /// The same in a packet that is not mixed. The codec is run for it only where keys can be heard
    /// no other way.
    pub(crate) fn listen_in_packet(&mut self, payload: &[u8]) {
        let keys = self.keys_in_sound();
        if let Some(law) = self.law() {
            return self.inband.hear_packet(law, payload, keys);
        }
        if !keys {
            return;
        }
        let rate = Rate::of_hz(self.listening.rate_hz());
        let said = self.listening.decode_aside(payload);
        match rate {
            Rate::Narrow => said.chunks(NARROW).for_each(|b| self.inband.hear_keys(b)),
            Rate::Wide => self.inband.hear_wide(said),
        }
    }

    /// Whether a packet of sound that is relayed to a leg holds a tone that it is told of otherwise;
    /// `takes_events` says that events are relayed to it too.
    pub(crate) fn is_tone(&self, now: Instant, takes_events: bool) -> bool {
        if self.data {
            return false;
        }
        let beside = !takes_events && self.is_beside_event(now, BESIDE_EVENT);
        self.inband.is_mute() || beside
    }
}

//! The tones of an exchange on a line, the voice that answers, and the end of a call that nobody else tells.
//!
//! A tone is known by its frequencies and its cadence and by nothing else being heard: sound is cut into
//! stretches (`envelope`), a stretch is a tone if its energy lies in one or two narrow lines (`spectrum`),
//! and stretches that are alike and in time for three to five periods are a tone of an exchange (`cadence`).
//! Any other sound begins all of it anew, so speech, music, keys and machines end no call.

mod cadence;
mod envelope;
mod spectrum;
#[cfg(test)]
mod tests;
mod voice;

use model::limits::{KNOWN_TONES, LEARNED_SIGNATURES};
use model::{KnownTone, LineTone, ToneEvidence, ToneSignature};

use cadence::{Cadence, Found, Run};
use envelope::{Edge, Envelope, Sound};
use spectrum::Tones;
use voice::{Looked, VoiceEar};

use crate::level::power_dbm0;

/// A tone so long is steady, in ms: the dial tone, where one is waited for. Longer than most busy tones.
const STEADY_MS: u32 = 550;
/// A tone so long is a dial tone whatever was before, in ms: no ringing lasts longer than 2.2 s.
const DIAL_MS: u32 = 3_000;
/// Greatest swing of a dial tone, as a ratio of powers: some beat or are modulated.
const DIAL_SWING: f32 = 5.0;
/// Silence after a burst from which on it was a ringing, in ms.
const REST_MS: u32 = 1_700;
/// Bursts of a ringing, in ms: 1 to 2 s, or two of 400 ms.
const LONG_RING: core::ops::RangeInclusive<u32> = 700..=2_300;
const SHORT_RING: core::ops::RangeInclusive<u32> = 320..=480;
/// Silence that ends a ringing, in ms: the longest pause is 5 s.
const RINGING_ENDS_MS: u32 = 6_500;

/// What was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToneNews {
    /// A pure tone has been there for half a second and none is told.
    Steady,
    /// A tone is recognised.
    Tone(ToneEvidence),
    /// The tone recognised last is over.
    Ended,
    /// Somebody speaks, for the first time since the beginning or since a tone.
    Voice,
}

/// Listens to a line that is off hook.
#[derive(Clone, Debug)]
pub struct ToneListener {
    known: [Option<KnownTone>; KNOWN_TONES],
    learned: [Option<ToneSignature>; LEARNED_SIGNATURES],
    envelope: Envelope,
    cadence: Cadence,
    voice: VoiceEar,
    /// The tone that is told, and the longest silence in it in ms.
    told: Option<(LineTone, u32)>,
    /// The stretch under way as it was after a second.
    early: Sound,
    voice_told: bool,
    /// Looks of 10 ms since somebody spoke.
    quiet: u32,
}

impl Default for ToneListener {
    fn default() -> Self {
        Self::new()
    }
}

impl ToneListener {
    /// One that has heard nothing and knows the common tones of all countries.
    #[must_use]
    pub fn new() -> Self {
        Self {
            known: [None; KNOWN_TONES],
            learned: [None; LEARNED_SIGNATURES],
            envelope: Envelope::new(),
            cadence: Cadence::new(),
            voice: VoiceEar::new(),
            told: None,
            early: Sound::default(),
            voice_told: false,
            quiet: 0,
        }
    }

    /// Sets which tones of a country and of this line are known besides; what was heard stays.
    pub fn know(
        &mut self,
        known: &[Option<KnownTone>; KNOWN_TONES],
        learned: &[Option<ToneSignature>; LEARNED_SIGNATURES],
    ) {
        self.known = *known;
        self.learned = *learned;
    }

    /// Forgets what was heard, for another call.
    pub fn restart(&mut self) {
        let fresh = Self::new();
        *self = Self {
            known: self.known,
            learned: self.learned,
            ..fresh
        };
    }

    /// Listens to the next samples and tells what was found.
    pub fn feed(&mut self, samples: &[i16], mut tell: impl FnMut(ToneNews)) {
        for &sample in samples {
            let sample = f32::from(sample);
            if let Some(edge) = self.envelope.feed(sample) {
                self.edge(edge, &mut tell);
            }
            let sound = &self.envelope.sound;
            let known = self.envelope.lasting().is_some() && sound.windows() > 0;
            let purity = known.then(|| sound.purity());
            if let Some(looked) = self.voice.feed(sample, purity) {
                self.looked(looked, &mut tell);
            }
        }
    }

    fn edge(&mut self, edge: Edge, tell: &mut impl FnMut(ToneNews)) {
        match edge {
            Edge::Began(silent_ms) => {
                self.cadence.push(Run {
                    tones: None,
                    ms: silent_ms,
                });
                self.judge(tell);
            }
            Edge::Lasts(ms) => self.lasts(ms, tell),
            Edge::Ended(ms) => {
                let silence = self.envelope.silence();
                let Some(tones) = Tones::clean(&self.envelope.sound, silence) else {
                    // Something else than a tone, or too short to tell.
                    self.cadence.clear();
                    self.end_told(tell);
                    return;
                };
                let run = Run {
                    tones: Some(tones),
                    ms,
                };
                self.cadence.push(run);
                self.judge(tell);
            }
            Edge::Click => {}
            Edge::Silent(ms) => self.silent(ms, tell),
        }
    }

    fn lasts(&mut self, ms: u32, tell: &mut impl FnMut(ToneNews)) {
        if ms == STEADY_MS && self.told.is_none() && Tones::of(&self.envelope.sound).is_some() {
            tell(ToneNews::Steady);
        }
        if ms == DIAL_MS / 3 {
            self.early = self.envelope.sound;
        }
        if ms != DIAL_MS || self.told.is_some_and(|(tone, _)| tone == LineTone::Dial) {
            return;
        }
        self.end_told(tell);
        self.cadence.clear();
        let Some(tones) = self.steady_dial_tone() else {
            return;
        };
        let found = Found {
            tone: LineTone::Dial,
            learned: None,
            measured: ToneSignature {
                hz: tones.hz.map(|hz| hz.round() as u16),
                ..ToneSignature::default()
            },
            cycles: 0,
            heard_ms: ms,
            power: tones.power,
        };
        self.tell(found, 100, tell);
    }

    /// The tones of the stretch, if they have not changed within it and can be a dial tone's.
    fn steady_dial_tone(&self) -> Option<Tones> {
        let sound = &self.envelope.sound;
        let early = Tones::clean(&self.early, self.envelope.silence())?;
        let late = Tones::of(&sound.since(&self.early))?;
        let known = self
            .known
            .iter()
            .flatten()
            .any(|known| known.tone == LineTone::Dial && early.fits(known.signature.hz));
        let steady = sound.swing() < DIAL_SWING && early.is_exactly(late);
        (steady && (known || early.can_dial())).then_some(early)
    }

    /// A burst of the called set's ringing is known by the silence after it.
    fn silent(&mut self, ms: u32, tell: &mut impl FnMut(ToneNews)) {
        if let Some((_, longest)) = self.told
            && ms > longest
        {
            self.cadence.clear();
            self.end_told(tell);
        }
        if ms != REST_MS || self.told.is_some() {
            return;
        }
        let (tones, cadence_ms) = match *self.cadence.runs() {
            [
                ..,
                Run {
                    tones: Some(a),
                    ms: on,
                },
                Run {
                    tones: None,
                    ms: off,
                },
                Run {
                    tones: Some(_),
                    ms: again,
                },
            ] if SHORT_RING.contains(&on)
                && SHORT_RING.contains(&again)
                && (140..=260).contains(&off) =>
            {
                (a, [on as u16, off as u16, again as u16, REST_MS as u16])
            }
            [
                ..,
                Run {
                    tones: Some(tones),
                    ms: on,
                },
            ] if LONG_RING.contains(&on) => (tones, [on as u16, REST_MS as u16, 0, 0]),
            _ => return,
        };
        let mut measured = ToneSignature {
            hz: tones.hz.map(|hz| hz.round() as u16),
            ..ToneSignature::default()
        };
        for (slot, ms) in measured.cadence_ms.iter_mut().zip(cadence_ms) {
            *slot = ms;
        }
        let found = Found {
            tone: LineTone::Ringback,
            learned: None,
            measured,
            cycles: 1,
            heard_ms: cadence_ms
                .iter()
                .fold(0, |sum: u32, &ms| sum.saturating_add(ms.into())),
            power: tones.power,
        };
        self.tell(found, RINGING_ENDS_MS, tell);
    }

    /// Whether the stretches so far are a tone.
    fn judge(&mut self, tell: &mut impl FnMut(ToneNews)) {
        let told = self.told.map(|(tone, _)| tone);
        if told.is_some_and(|tone| tone != LineTone::Ringback) {
            return;
        }
        let Some(found) = self.cadence.find(&self.learned, &self.known) else {
            return;
        };
        // An exchange whose called set does not answer goes over to such a tone without a rest: it follows the
        // ringing, and nothing has answered in between.
        if told.is_some() && !found.tone.ends_a_call() {
            return;
        }
        let longest = found.measured.cadence_ms.iter().skip(1).step_by(2).max();
        let ends_ms = u32::from(longest.copied().unwrap_or(0));
        self.tell(found, ends_ms.saturating_mul(2).saturating_add(300), tell);
    }

    fn tell(&mut self, found: Found, ends_ms: u32, tell: &mut impl FnMut(ToneNews)) {
        self.told = Some((found.tone, ends_ms));
        self.voice_told = false;
        let ms = |ms: u32| u16::try_from(ms).unwrap_or(u16::MAX);
        tell(ToneNews::Tone(ToneEvidence {
            tone: found.tone,
            learned: found.learned,
            measured: found.measured,
            cycles: found.cycles,
            heard_ms: ms(found.heard_ms),
            level_dbm0: power_dbm0(found.power).round() as i8,
            no_speech_ms: ms(self.quiet.saturating_mul(10)),
        }));
    }

    fn end_told(&mut self, tell: &mut impl FnMut(ToneNews)) {
        if self.told.take().is_some() {
            tell(ToneNews::Ended);
        }
    }

    fn looked(&mut self, looked: Looked, tell: &mut impl FnMut(ToneNews)) {
        self.quiet = self.quiet.saturating_add(1);
        if looked.voice {
            self.quiet = 0;
            self.cadence.clear();
            if !core::mem::replace(&mut self.voice_told, true) {
                self.end_told(tell);
                tell(ToneNews::Voice);
            }
        }
        if let Some(tone) = looked.tone {
            self.end_told(tell);
            let found = Found {
                tone,
                learned: None,
                measured: ToneSignature::default(),
                cycles: 1,
                heard_ms: 1_000,
                power: self.envelope.sound.power(),
            };
            self.tell(found, 1_200, tell);
        }
    }
}

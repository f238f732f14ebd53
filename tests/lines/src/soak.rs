//! Hours of sound that is no end of a call, in front of the listener that must not take it for one.

use config::{CountryCode, Tone};
use dsp::dtmf::DtmfSender;
use dsp::g711::Law;
use dsp::line::hangup::{ToneListener, ToneNews};
use model::{Digit, LineTone, ToneEvidence};

use crate::port::WholePort;
use crate::{Corpus, Random, call_waiting, known, music, sample, sound};

/// What sets the chance of the near side apart from that of the line.
const NEAR: u64 = 0x6e65_6172;

/// Who listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ears {
    /// The listener alone, to the line alone.
    Listener,
    /// A whole port in a call, while the near side speaks, plays music and presses keys, and its echo comes back.
    Port,
}

/// What a stretch of sound is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One or two people.
    Speech,
    /// Music on hold.
    Music,
    /// Keys, quickly and slowly, between words.
    Keys,
    /// Calling and called machines, a modem's noise.
    Fax,
    /// Three at once.
    ThreeWay,
    /// Call waiting, record tone and ringing of every country, alone and under speech.
    Signals,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Speech,
        Self::Music,
        Self::Keys,
        Self::Fax,
        Self::ThreeWay,
        Self::Signals,
    ];
}

/// What was found in so much sound.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Seconds that were listened to.
    pub seconds: f64,
    /// Calls that would have been ended: seed of the stretch, what it was, what it was taken for.
    pub ended: Vec<(u64, Kind, String)>,
    /// Regular tones that were told and end nothing.
    pub unknown: u32,
}

impl Report {
    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.seconds += other.seconds;
        self.ended.extend(other.ended);
        self.unknown += other.unknown;
    }
}

/// The maker of the hours.
#[derive(Debug)]
pub struct Soak<'c> {
    corpus: &'c Corpus,
    countries: Vec<CountryCode>,
}

impl<'c> Soak<'c> {
    /// Hours out of this speech.
    #[must_use]
    pub fn new(corpus: &'c Corpus) -> Self {
        Self {
            corpus,
            countries: CountryCode::all().collect(),
        }
    }

    /// Listens to one call of about five minutes, which its seed alone decides: the line's sound is the same for
    /// all ears.
    #[must_use]
    pub fn call(&self, seed: u64, kind: Kind, ears: Ears) -> Report {
        let mut random = Random::new(seed);
        let country = self.countries[random.below(self.countries.len())];
        let is_known = random.below(2) == 0;
        let mut ear = Ear::new(ears, country, is_known, Random::new(seed ^ NEAR));
        let mut report = Report::default();
        // A line of its own: level, noise and law.
        let db = random.between(-24.0, 8.0);
        let noise = random.between(-75.0, -42.0);
        let law = [None, Some(Law::A), Some(Law::Mu)][random.below(3)];
        while report.seconds < 300.0 {
            let stretch = self.stretch(kind, country, &mut random);
            let mut line = sound::scaled(&stretch, db);
            line = sound::noisy(&line, noise, &mut random);
            if let Some(law) = law {
                line = sound::through(law, &line);
            }
            ear.hear(self, &line, |evidence| {
                if evidence.tone.ends_a_call() {
                    report.ended.push((seed, kind, format!("{evidence:?}")));
                }
                report.unknown += u32::from(evidence.tone == LineTone::Unknown);
            });
            report.seconds += line.len() as f64 / 8_000.0;
        }
        report
    }

    /// Some seconds of a kind.
    fn stretch(&self, kind: Kind, country: CountryCode, random: &mut Random) -> Vec<i16> {
        match kind {
            Kind::Speech if random.below(3) == 0 => {
                sound::mixed(&self.said(random), &self.said(random))
            }
            Kind::Speech => self.said(random),
            Kind::Music => {
                let music = music::music(random.between(5.0, 20.0), random);
                if random.below(4) == 0 {
                    sound::mixed(&music, &self.said(random))
                } else {
                    music
                }
            }
            Kind::Keys => {
                let keys = keys(random);
                match random.below(3) {
                    0 => sound::mixed(&keys, &self.said(random)),
                    1 => [keys, self.said(random)].concat(),
                    _ => keys,
                }
            }
            Kind::Fax => fax(random),
            Kind::ThreeWay => {
                let two = sound::mixed(&self.said(random), &self.said(random));
                let third = sound::scaled(&self.said(random), random.between(-18.0, 3.0));
                sound::mixed(&two, &third)
            }
            Kind::Signals => self.signals(country, random),
        }
    }

    /// So much of what the near side does meanwhile, which is often nothing.
    fn near(&self, samples: usize, random: &mut Random) -> Vec<i16> {
        let mut near = Vec::new();
        while near.len() < samples {
            let db = random.between(-20.0, 3.0);
            let stretch = match random.below(8) {
                0 | 1 => vec![0; 8_000 + random.below(24_000)],
                2 => music::music(random.between(3.0, 12.0), random),
                3 => keys(random),
                _ => self.said(random),
            };
            near.extend(sound::scaled(&stretch, db));
        }
        near.truncate(samples);
        near
    }

    fn said(&self, random: &mut Random) -> Vec<i16> {
        let piece = &self.corpus.pieces[random.below(self.corpus.pieces.len())];
        let mut said = sound::scaled(piece, random.between(-8.0, 4.0));
        // A pause between two sentences, and sometimes a long one.
        let pause = if random.below(6) == 0 { 3.0 } else { 0.6 };
        said.extend(vec![0; (random.between(0.02, pause) * 8_000.0) as usize]);
        said
    }

    fn signals(&self, country: CountryCode, random: &mut Random) -> Vec<i16> {
        let mut signal = match random.below(4) {
            0 => call_waiting(country, random.between(3.0, 12.0)),
            1 => sample(country, Tone::Record, 8.0),
            2 => sample(country, Tone::Ringback, random.between(3.0, 15.0)),
            _ => return self.said(random),
        };
        // Two tones one after the other without a pause would be one, and a dial tone if long enough.
        signal.extend([0; 8_000]);
        if random.below(2) == 0 {
            return [signal, self.said(random)].concat();
        }
        sound::mixed(
            &signal,
            &[self.said(random), self.said(random), self.said(random)].concat(),
        )
    }
}

/// Who listens, at work.
enum Ear {
    Listener(Box<ToneListener>),
    Port(Box<WholePort>, Random),
}

impl Ear {
    fn new(ears: Ears, country: CountryCode, is_known: bool, mut random: Random) -> Self {
        if ears == Ears::Port {
            let port = WholePort::new(country, is_known, &mut random);
            return Self::Port(Box::new(port), random);
        }
        let mut listener = ToneListener::new();
        if is_known {
            listener.know(&known(&config::Country::load(country)), &[None; 4]);
        }
        Self::Listener(Box::new(listener))
    }

    fn hear(&mut self, soak: &Soak<'_>, line: &[i16], mut tell: impl FnMut(ToneEvidence)) {
        match self {
            Self::Listener(listener) => listener.feed(line, |news| {
                if let ToneNews::Tone(evidence) = news {
                    tell(evidence);
                }
            }),
            Self::Port(port, random) => {
                let near = soak.near(line.len(), random);
                port.feed(line, &near, tell);
            }
        }
    }
}

/// Keys as people and machines press them.
fn keys(random: &mut Random) -> Vec<i16> {
    let (on, off) = (40 + random.below(300), 40 + random.below(400));
    let same = random.below(3) == 0;
    let first = random.below(16) as u8;
    let mut out = Vec::new();
    for _ in 0..3 + random.below(14) {
        let key = if same { first } else { random.below(16) as u8 };
        let digit = Digit::from_event(key).expect("0 to 15 are keys");
        let mut block = vec![0; (on + off) * 8];
        DtmfSender::new(digit, on as u16, -11, -9).fill(&mut block);
        out.extend(block);
    }
    out
}

/// Machines: calling tone, called tone with and without reversals, V.21, and the noise of a page.
fn fax(random: &mut Random) -> Vec<i16> {
    let tone = |hz: f32, seconds: f32, reversed: bool| -> Vec<i16> {
        (0..(seconds * 8_000.0) as usize)
            .map(|n| {
                let turned = if reversed && n / 3_600 % 2 == 1 {
                    -1.0
                } else {
                    1.0
                };
                let angle = std::f32::consts::TAU * hz * n as f32 / 8_000.0;
                (angle.sin() * 5_000.0 * turned) as i16
            })
            .collect()
    };
    let silence = |seconds: f32| vec![0; (seconds * 8_000.0) as usize];
    match random.below(4) {
        0 => [tone(1_100.0, 0.5, false), silence(3.0)].concat().repeat(4),
        1 => [tone(2_100.0, 3.3, random.below(2) == 0), silence(0.08)].concat(),
        2 => {
            // 300 bit/s of 1,650 and 1,850 Hz.
            let mut phase = 0.0_f32;
            let mut bit = 0;
            let mut out: Vec<i16> = (0..12_000)
                .map(|n| {
                    if n % 27 == 0 {
                        bit = random.below(2);
                    }
                    phase += if bit == 1 { 1_650.0 } else { 1_850.0 } / 8_000.0;
                    ((phase * std::f32::consts::TAU).sin() * 4_000.0) as i16
                })
                .collect();
            out.extend(silence(0.4));
            out
        }
        _ => {
            // A carrier of 1,700 Hz whose amplitude and phase jump 2,400 times a second.
            let (mut re, mut im) = (1.0, 0.0);
            (0..40_000)
                .map(|n| {
                    if n % 10 == 0 || n % 10 == 3 || n % 10 == 7 {
                        (re, im) = (random.between(-1.0, 1.0), random.between(-1.0, 1.0));
                    }
                    let angle = std::f32::consts::TAU * 1_700.0 * n as f32 / 8_000.0;
                    ((re * angle.cos() + im * angle.sin()) * 5_000.0) as i16
                })
                .collect()
        }
    }
}

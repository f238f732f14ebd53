//! Mouths and ears: every talker has a tone of its own, and talkers hide in it, in the lowest
//! bits, who they are and which packet this is. A listener reads the hidden words where the exchange
//! passed packets on untouched, and listens for the tones where it mixed or translated.

use core::f32::consts::TAU;

use dsp::codec::{Decoder, Encoder, PAYLOAD_MAX};
use dsp::g711::Law;
use dsp::goertzel::Goertzel;
use model::{Codec, OpusParams};

/// The talkers' frequencies in Hz: whole tens, so that a tone repeats every second, 4 % or more away
/// from keys, tones and signals of the exchange. They lie 4.5 % or more apart: a jitter buffer that
/// makes its delay shorter or longer sample by sample shifts them by up to 1.3 %.
pub(crate) const MARKS_HZ: [u16; MARKS] = [
    530, 560, 600, 640, 730, 810, 890, 1000, 1050, 1100, 1150, 1270, 1550, 1700,
];
/// How many talkers can be told apart.
const MARKS: usize = 14;
/// Samples of a packet of 20 ms.
pub(crate) const PACKET: usize = 160;
/// Every five seconds a talker takes breath, so that a listener can tell how late the sound is even
/// where it was mixed or translated. In packets.
const BREATH_EVERY: u32 = 250;
/// How long a breath is, in packets.
const BREATH: u32 = 8;
/// What a phone wishes of Opus: that losses are made good.
const OPUS: OpusParams = OpusParams {
    fec: true,
    dtx: false,
    narrow: false,
    max_bit_rate: 0,
};
/// Behind the first octet of an Opus packet of one frame and with padding: that it is so, and how long the padding is
/// (RFC 6716 §3.2.5).
const PADDED: [u8; 2] = [0x41, 8];
/// Its sound, at the highest rate.
const SILENCE: [i16; 2 * PACKET] = [0; 2 * PACKET];
const MAGIC: u64 = 0xc3a5;
/// Beside the talker in the hidden word: nothing is said.
const SHUT: u8 = 0x80;
/// Packets that nobody reaches: a day of speaking.
const COUNT_MOST: u32 = 1 << 22;
const PEAK: f32 = 5_000.0;
/// Samples that a window of listening has: 50 ms.
const WINDOW: usize = 400;
/// A tone weaker than this is none: −16 dB under the talkers' level.
const AUDIBLE: f32 = 800.0;
/// Nor is one that is so much weaker than the strongest: what a step of a sample leaves beside it.
const BESIDE: f32 = 0.4;
/// Where more than this many speak at once, what they all leak into a mark that nobody has is more than that.
const CROWD: usize = 5;
const BESIDE_CROWD: f32 = 0.5;
/// What a tone that is no mark leaks into the marks at most, as a part of its peak: they lie 80 Hz or more beside it,
/// which is four widths of a window that begins and ends at once; 1/4π.
const LEAK: f32 = 0.08;
/// The frequencies of keys (Q.23).
const KEYS_HZ: [f32; 8] = [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0];
/// Where a shifted mark is looked for.
const SHIFTS: [f32; 3] = [0.988, 1.0, 1.012];

/// The mouth of a SIP phone.
#[derive(Debug)]
pub(crate) struct Mouth {
    talker: u8,
    encoder: Encoder,
    codec: Codec,
    /// One second of the tone, at the rate of the codec.
    tone: Vec<i16>,
    /// All packets from breath to breath in Opus, which is dear: whoever says the same again and again says it so.
    rehearsed: Vec<Vec<u8>>,
    /// The next packet's number.
    pub count: u32,
    /// Packets since the mouth was shut.
    shut: u32,
}

/// What hides in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Whose packet it is.
    pub talker: u8,
    /// Which of theirs.
    pub count: u32,
    /// The talker's mouth was shut: there is silence in it.
    pub shut: bool,
}

impl Mouth {
    /// The mouth of a talker below [`MARKS_HZ`]`.len()`.
    #[must_use]
    pub(crate) fn new(talker: u8, codec: Codec) -> Self {
        let mut mouth = Self {
            talker,
            encoder: Encoder::Pcm(Law::A),
            codec,
            tone: Vec::new(),
            rehearsed: Vec::new(),
            count: 0,
            shut: 0,
        };
        mouth.begin(codec);
        mouth
    }

    /// Speaks in this codec from now on.
    pub(crate) fn set_codec(&mut self, codec: Codec) {
        if self.codec != codec {
            self.begin(codec);
        }
    }

    fn begin(&mut self, codec: Codec) {
        self.codec = codec;
        // Opus alone can be unavailable, when memory is short.
        if let Ok(encoder) = Encoder::new(codec, OPUS) {
            self.encoder = encoder;
        }
        let rate = self.encoder.sample_hz() as u16;
        let hz = f32::from(MARKS_HZ[usize::from(self.talker)]);
        let sample = |n: u16| (PEAK * (TAU * hz * f32::from(n) / f32::from(rate)).sin()) as i16;
        self.tone = (0..rate).map(sample).collect();
        if codec == Codec::Opus && self.rehearsed.is_empty() {
            // From the second time on it is as it goes on.
            let packets = (0..2 * BREATH_EVERY).map(|count| self.encode(count, false));
            self.rehearsed = packets.skip(BREATH_EVERY as usize).collect();
        }
    }

    fn encode(&mut self, count: u32, shut: bool) -> Vec<u8> {
        let samples = self.tone.len() / 50;
        let at = (count % 50) as usize * samples;
        let sound = match count % BREATH_EVERY < BREATH || shut {
            true => &SILENCE[..samples],
            false => &self.tone[at..at + samples],
        };
        let mut payload = vec![0; PAYLOAD_MAX];
        let octets = self.encoder.encode(sound, &mut payload);
        payload.truncate(octets);
        payload
    }

    /// Whether the next packet is the first after a breath.
    #[must_use]
    pub(crate) const fn returns(&self) -> bool {
        self.count % BREATH_EVERY == BREATH
    }

    /// The next packet's payload: the tone, or a breath.
    #[must_use]
    pub(crate) fn speak(&mut self) -> Vec<u8> {
        self.shut = 0;
        self.seal(self.count % BREATH_EVERY)
    }

    /// The next packet's payload while the mouth is shut: silence.
    #[must_use]
    pub(crate) fn keep_silent(&mut self) -> Vec<u8> {
        self.shut += 1;
        self.seal(self.shut.min(BREATH) - 1)
    }

    /// The next packet's payload, which is this one of those that were rehearsed.
    fn seal(&mut self, rehearsed: u32) -> Vec<u8> {
        let count = self.count;
        let word = Word {
            talker: self.talker,
            count,
            shut: self.shut > 0,
        };
        let word = word.seal();
        self.count = count.wrapping_add(1);
        if self.codec == Codec::Opus {
            return pad(&self.rehearsed[rehearsed as usize], word);
        }
        let mut payload = self.encode(count, self.shut > 0);
        debug_assert_eq!(payload.len(), PACKET);
        // The lowest bit of an octet of G.722 is sound of the lower band only (G.722 §1.4.4).
        for (bit, octet) in payload.iter_mut().take(64).enumerate() {
            *octet = (*octet & 0xfe) | ((word >> bit) & 1) as u8;
        }
        payload
    }
}

/// An Opus packet of one frame with a word in its padding, which nobody who decodes it looks at.
fn pad(packet: &[u8], word: u64) -> Vec<u8> {
    let (kind, frame) = packet.split_first().unwrap_or((&0, &[]));
    debug_assert_eq!(kind & 3, 0, "20 ms are one frame");
    [&[kind | 3], &PADDED[..], frame, &word.to_le_bytes()].concat()
}

/// The word in the padding of an Opus packet.
fn padding(payload: &[u8]) -> Option<u64> {
    let padded = payload.first()? & 3 == 3 && payload.get(1..3)? == PADDED;
    let word = payload.last_chunk().filter(|_| padded)?;
    Some(u64::from_le_bytes(*word))
}

impl Word {
    fn seal(self) -> u64 {
        let talker = self.talker | if self.shut { SHUT } else { 0 };
        let body = MAGIC | u64::from(talker) << 16 | u64::from(self.count) << 24;
        body | check(body) << 56
    }
}

fn check(body: u64) -> u64 {
    (body.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) & 0xff
}

/// Who spoke this packet and which it was, if it is untouched.
#[must_use]
pub(crate) fn unseal(payload: &[u8]) -> Option<Word> {
    let lowest = |bits: &[u8]| {
        let bits = bits.iter().enumerate();
        bits.fold(0, |word, (bit, octet)| word | u64::from(octet & 1) << bit)
    };
    let word = padding(payload).or_else(|| payload.get(..64).map(lowest))?;
    let body = word & 0x00ff_ffff_ffff_ffff;
    let sound = word & 0xffff == MAGIC && check(body) == word >> 56;
    let (who, count) = ((word >> 16) as u8, (word >> 24) as u32);
    let (talker, shut) = (who & !SHUT, who & SHUT != 0);
    // Of the millions of mixed packets of a world one may look sealed by chance.
    let plausible = usize::from(talker) < MARKS && count < COUNT_MOST;
    (sound && plausible).then_some(Word {
        talker,
        count,
        shut,
    })
}

/// Changes encrypted sound, without the key, so that one of the first talkers seems to speak, if this is what it is
/// before it is encrypted.
pub(crate) fn bend(encrypted: &mut [u8], clear: &[u8], talker: u32) {
    let Some(word) = unseal(clear) else {
        return;
    };
    let talker = talker.to_le_bytes()[0] % 4;
    let difference = word.seal() ^ Word { talker, ..word }.seal();
    if padding(clear).is_some() {
        let word = &mut encrypted[clear.len() - 8..clear.len()];
        for (octet, turned) in word.iter_mut().zip(difference.to_le_bytes()) {
            *octet ^= turned;
        }
        return;
    }
    for (bit, octet) in encrypted.iter_mut().take(64).enumerate() {
        *octet ^= ((difference >> bit) & 1) as u8;
    }
}

/// What turns packets into sound again at a listener.
#[derive(Debug, Default)]
pub(crate) struct Tongue(Option<(Codec, Decoder)>);

impl Tongue {
    /// The sound of a packet, at 8 kHz.
    pub(crate) fn understand(&mut self, codec: Codec, payload: &[u8]) -> Vec<i16> {
        if self.0.as_ref().is_none_or(|(known, _)| *known != codec) {
            let decoder = Decoder::new(codec, OPUS);
            self.0 = decoder.ok().map(|decoder| (codec, decoder));
        }
        let Some((_, decoder)) = &mut self.0 else {
            return Vec::new();
        };
        let mut sound = [0; 2 * PACKET];
        let samples = decoder.decode(payload, &mut sound).unwrap_or(0);
        if decoder.sample_hz() == 8_000 {
            return sound[..samples].to_vec();
        }
        // No mark is near the upper band: the mean of two samples will do.
        let mean = |pair: &[i16]| pair[0].midpoint(pair[1]);
        sound[..samples].chunks_exact(2).map(mean).collect()
    }

    /// Whatever comes next belongs to another stay at the phone: what is left of the sound before would bend it.
    pub(crate) fn forget(&mut self) {
        self.0 = None;
    }
}

/// An ear that listens for tones in windows of 50 ms.
#[derive(Debug)]
pub(crate) struct Ear {
    banks: [Goertzel<MARKS>; 3],
    keys: Goertzel<8>,
    window: Vec<f32>,
}

impl Default for Ear {
    fn default() -> Self {
        Self {
            banks: SHIFTS.map(|shift| Goertzel::new(MARKS_HZ.map(|hz| shift * f32::from(hz)))),
            keys: Goertzel::new(KEYS_HZ),
            window: Vec::with_capacity(WINDOW),
        }
    }
}

impl Ear {
    /// Takes samples; gives the talkers heard in each window that they completed.
    pub(crate) fn hear(&mut self, samples: impl Iterator<Item = i16>) -> Vec<u8> {
        let mut heard = Vec::new();
        for sample in samples {
            self.window.push(f32::from(sample));
            if self.window.len() < WINDOW {
                continue;
            }
            let mut peaks = [0.0_f32; MARKS];
            for bank in &self.banks {
                for (peak, bin) in peaks.iter_mut().zip(bank.measure(&self.window)) {
                    *peak = peak.max(bin.re.hypot(bin.im) * 2.0 / WINDOW as f32);
                }
            }
            // A pressed key is no talker, and nothing beside it is.
            let keys = self.keys.measure(&self.window);
            let keys = keys.map(|bin| bin.re.hypot(bin.im) * 2.0 / WINDOW as f32);
            let strongest = peaks.into_iter().chain(keys).fold(0.0, f32::max);
            let power: f32 = self.window.iter().map(|s| s * s).sum::<f32>() / WINDOW as f32;
            self.window.clear();
            // The peak of whatever else there is, as if it were one tone.
            let other = (2.0 * power - strongest * strongest).max(0.0).sqrt();
            let loud = peaks.iter().filter(|&&peak| peak >= strongest / 2.0);
            let beside = match loud.count() > CROWD {
                true => BESIDE_CROWD,
                false => BESIDE,
            };
            let audible = (AUDIBLE + LEAK * other).max(strongest * beside);
            let talkers = (0_u8..).zip(peaks).filter(|(_, peak)| *peak >= audible);
            heard.extend(talkers.map(|(talker, _)| talker));
        }
        heard
    }

    /// Whatever comes next belongs to another stay at the phone.
    pub(crate) fn forget(&mut self) {
        self.window.clear();
    }
}

#[cfg(test)]
mod tests {
    use dsp::mix::Limiter;
    use model::Random;

    use super::*;

    #[test]
    fn an_untouched_packet_says_who_and_which() {
        for codec in [Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus] {
            let mut mouth = Mouth::new(7, codec);
            let word = |count, shut| {
                let talker = 7;
                Some(Word {
                    talker,
                    count,
                    shut,
                })
            };
            assert_eq!(unseal(&mouth.speak()), word(0, false));
            assert_eq!(unseal(&mouth.keep_silent()), word(1, true));
            assert_eq!(unseal(&mouth.speak()), word(2, false));
        }
        assert_eq!(unseal(&[0xd5; PACKET]), None);
    }

    #[test]
    fn a_bent_packet_says_another() {
        for codec in [Codec::Pcma, Codec::Opus] {
            let clear = Mouth::new(7, codec).speak();
            let mut bent = clear.clone();
            bend(&mut bent, &clear, 2);
            let word = Word {
                talker: 2,
                count: 0,
                shut: false,
            };
            assert_eq!(unseal(&bent), Some(word), "{codec:?}");
        }
    }

    #[test]
    fn a_converted_packet_still_has_its_tone_and_only_that() {
        let codecs = [Codec::Pcma, Codec::G722, Codec::Opus];
        for (talker, codec) in (0..14).flat_map(|t| codecs.map(|codec| (t, codec))) {
            let mut mouth = Mouth::new(talker, codec);
            let mut tongue = Tongue::default();
            let mut ear = Ear::default();
            let mut heard = Vec::new();
            for _ in 0..BREATH + 10 {
                let payload = mouth.speak();
                heard.extend(ear.hear(tongue.understand(codec, &payload).into_iter()));
            }
            // 160 ms of breath, in the middle of a window.
            assert!(
                (4..=6).contains(&heard.len()),
                "{talker} {codec:?} {heard:?}"
            );
            assert!(heard.iter().all(|&other| other == talker));
        }
    }

    #[test]
    fn a_shut_mouth_is_silent_and_goes_on_where_it_was() {
        for codec in [Codec::Pcma, Codec::G722, Codec::Opus] {
            let mut mouth = Mouth::new(3, Codec::Pcmu);
            let (mut tongue, mut ear) = (Tongue::default(), Ear::default());
            let mut hear = |payload: Vec<u8>| {
                let sound = tongue.understand(codec, &payload);
                ear.hear(sound.into_iter()).len()
            };
            // What is rehearsed while the mouth is shut is a voice all the same.
            let _ = mouth.keep_silent();
            mouth.set_codec(codec);
            let before: usize = (0..60).map(|_| hear(mouth.speak())).sum();
            // The window in which it begins, and what Opus has to end.
            let first: usize = (0..5).map(|_| hear(mouth.keep_silent())).sum();
            let shut: usize = (0..500).map(|_| hear(mouth.keep_silent())).sum();
            let after: usize = (0..60).map(|_| hear(mouth.speak())).sum();
            assert!(before >= 20 && first <= 1, "{codec:?} {before} {first}");
            assert!(shut == 0 && after >= 20, "{codec:?} {shut} {after}");
        }
    }

    /// What is heard of these talkers at once, through Opus: how often in a row somebody of them is not heard, and
    /// somebody else is.
    fn at_once_in_opus(talkers: &[u8]) -> [u32; 2] {
        let tones = talkers.iter().map(|&t| Mouth::new(t, Codec::G722).tone);
        let tones: Vec<Vec<i16>> = tones.collect();
        let mut encoder = Encoder::new(Codec::Opus, OPUS).expect("there is memory");
        let (mut tongue, mut ear) = (Tongue::default(), Ear::default());
        let mut payload = [0; PAYLOAD_MAX];
        let (mut rows, mut longest) = ([0; MARKS], [0; 2]);
        for packet in 0..150 {
            let at = packet % 50 * 2 * PACKET;
            let mix = |at: usize| {
                tones
                    .iter()
                    .fold(0, |sum: i16, t| sum.saturating_add(t[at]))
            };
            let sound: Vec<i16> = (at..at + 2 * PACKET).map(mix).collect();
            let octets = encoder.encode(&sound, &mut payload);
            let sound = tongue.understand(Codec::Opus, &payload[..octets]);
            let whole = ear.window.len() + sound.len() >= WINDOW;
            let heard = ear.hear(sound.into_iter());
            for (talker, row) in (0..).zip(&mut rows).filter(|_| whole && packet > 9) {
                let here = talkers.contains(&talker);
                *row = if heard.contains(&talker) == here {
                    0
                } else {
                    *row + 1
                };
                let longest = &mut longest[usize::from(!here)];
                *longest = (*longest).max(*row);
            }
        }
        longest
    }

    /// The packets of a stream of these talkers in Opus, so loud.
    fn in_opus(talkers: &[u8], gain: f32, packets: usize) -> Vec<Vec<u8>> {
        let tones = talkers.iter().map(|&t| Mouth::new(t, Codec::G722).tone);
        let tones: Vec<Vec<i16>> = tones.collect();
        let mut encoder = Encoder::new(Codec::Opus, OPUS).expect("there is memory");
        let mut encode = |packet: usize| {
            let at = packet * 2 * PACKET;
            let sum = |at: usize| tones.iter().map(|t| f32::from(t[at])).sum::<f32>();
            let sound = (at..at + 2 * PACKET).map(|at| (gain * sum(at)) as i16);
            let mut payload = vec![0; PAYLOAD_MAX];
            let octets = encoder.encode(&sound.collect::<Vec<_>>(), &mut payload);
            payload.truncate(octets);
            payload
        };
        (0..packets).map(&mut encode).collect()
    }

    /// As loud as what is heard under an announcement at the beginning of a call.
    #[test]
    fn what_is_left_of_an_earlier_stream_bends_the_next_unless_it_is_forgotten() {
        let before = in_opus(&[0, 2, 5, 6], 1.0, 21);
        let next = in_opus(&[1], 0.2, 1);
        let power = |sound: Vec<i16>| sound.iter().map(|&s| f32::from(s).powi(2)).sum::<f32>();
        let [kept, forgot] = [false, true].map(|forgets| {
            let mut tongue = Tongue::default();
            for packet in &before {
                tongue.understand(Codec::Opus, packet);
            }
            if forgets {
                tongue.forget();
            }
            power(tongue.understand(Codec::Opus, &next[0]))
        });
        let fresh = power(Tongue::default().understand(Codec::Opus, &next[0]));
        assert!(kept > 9.0 * fresh, "{kept} {fresh}");
        assert!((forgot - fresh).abs() < 1.0, "{forgot} {fresh}");
    }

    /// A stranger is one after four windows, and silence is longer than thirty.
    #[test]
    fn who_speaks_at_once_is_told_apart_in_opus() {
        for first in 0..14 {
            for (many, step) in [(2, 1), (3, 1), (3, 4), (4, 3), (5, 1), (6, 2)] {
                let talkers: Vec<u8> = (0..many).map(|n| (first + step * n) % 14).collect();
                let [missed, strange] = at_once_in_opus(&talkers);
                assert!(missed < 4 && strange < 3, "{talkers:?} {missed} {strange}");
            }
        }
    }

    /// In a conference, each where they are in what they say, and heard by somebody whose line gives a little back.
    #[test]
    fn where_seven_speak_at_once_nobody_else_is_heard() {
        let talkers = [1, 2, 3, 5, 6, 7, 9];
        let tone = |talker| Mouth::new(talker, Codec::Pcma).tone;
        let (tones, back) = (talkers.map(tone), tone(0));
        let mut random = Random::derive([7; 32], "mouths");
        for _ in 0..300 {
            let from = talkers.map(|_| random.below(8_000) as usize);
            let (mut ear, mut limiter) = (Ear::default(), Limiter::new());
            let mut heard = Vec::new();
            for block in 0..40 {
                let said = |at: usize| {
                    let tones = tones.iter().zip(from);
                    let said: i32 = tones
                        .map(|(t, from)| i32::from(t[(from + at) % 8_000]))
                        .sum();
                    said + i32::from(back[at]) / 10
                };
                let sum: [i32; 80] = core::array::from_fn(|n| said(80 * block + n));
                let mut mix = [0; 80];
                limiter.run(&sum, &mut mix);
                heard.extend(ear.hear(mix.into_iter()));
            }
            for talker in 0..MARKS as u8 {
                let often = heard.iter().filter(|&&other| other == talker).count();
                // Of eight windows.
                let right = match talkers.contains(&talker) {
                    true => often >= 4,
                    false => often == 0,
                };
                assert!(right, "{talker} {often} {from:?}");
            }
        }
    }

    /// The talkers heard in windows of a dial tone of France at full level, beside which the first talker's mark has
    /// this peak; the tones meet in all phases.
    fn beside_a_dial_tone(peak: f32) -> Vec<u8> {
        let mut ear = Ear::default();
        let at = |n: u16| TAU * f32::from(n) / 8_000.0;
        let turns = 0..20_u8;
        let hear = |turn: u8| {
            let ahead = TAU * f32::from(turn) / 20.0;
            let sample = |n: u16| {
                let mark = peak * (f32::from(MARKS_HZ[0]) * at(n) + ahead).sin();
                (7_000.0 * (440.0 * at(n)).sin() + mark) as i16
            };
            ear.hear((0..WINDOW as u16).map(sample))
        };
        turns.flat_map(hear).collect()
    }

    #[test]
    fn what_a_dial_tone_leaks_into_a_mark_is_no_talker() {
        // 21 dB under a talker is what the hybrid of a line gives back.
        assert_eq!(beside_a_dial_tone(430.0), [0_u8; 0]);
        assert_eq!(beside_a_dial_tone(2_000.0), [0; 20]);
    }
}

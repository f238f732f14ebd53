//! Sound in files, and what an ear finds in it: frequency, level, strangers.

use std::{f64::consts::TAU, fs, path::Path, time::Duration};

/// Samples a second of everything here.
const RATE: u32 = 8_000;
/// Samples of one look: 50 ms, in which all multiples of 20 Hz are whole waves.
const WINDOW: usize = 400;
/// Level of a full-scale 16-bit sine in dBm0: G.711's A-law tops out 3.14 dB above 0 dBm0.
#[expect(clippy::approx_constant, reason = "decibels, not a circle")]
const FULL_SCALE_DBM0: f64 = 3.14;
/// What is below this counts as silence, in dBm0.
const SILENCE_DBM0: f64 = -50.0;

/// Mono sound of 8000 samples a second.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound(pub Vec<i16>);

/// What an ear says to a sound in which one tone is expected. Counts of looks of 50 ms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Looks in which the tone stands alone.
    pub tone: usize,
    /// Looks with sound, but not the tone alone: edges of gaps, or somebody else.
    pub other: usize,
    /// Looks without sound, between the first and the last with one.
    pub silent: usize,
    /// Middle level of the looks in `tone`, in dBm0.
    pub level_dbm0: f64,
}

impl Sound {
    /// A tone.
    #[must_use]
    pub fn tone(hz: f64, level_dbm0: f64, long: Duration) -> Self {
        let amplitude = 32_767.0 * 10_f64.powf((level_dbm0 - FULL_SCALE_DBM0) / 20.0);
        let samples = long.as_secs() * u64::from(RATE);
        let sample = |at: u64| {
            #[expect(clippy::cast_precision_loss, reason = "minutes of samples")]
            let time = at as f64 / f64::from(RATE);
            #[expect(clippy::cast_possible_truncation, reason = "below full scale")]
            let value = ((TAU * hz * time).sin() * amplitude).round() as i16;
            value
        };
        Self((0..samples).map(sample).collect())
    }

    /// As a WAV file.
    #[must_use]
    pub fn to_wav(&self) -> Vec<u8> {
        let bytes = u32::try_from(self.0.len() * 2).expect("minutes of sound");
        let mut wav = Vec::new();
        wav.extend_from_slice(b"RIFF");
        wav.extend_from_slice(&(36 + bytes).to_le_bytes());
        wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
        wav.extend_from_slice(&RATE.to_le_bytes());
        wav.extend_from_slice(&(RATE * 2).to_le_bytes());
        wav.extend_from_slice(b"\x02\0\x10\0data");
        wav.extend_from_slice(&bytes.to_le_bytes());
        wav.extend(self.0.iter().flat_map(|sample| sample.to_le_bytes()));
        wav
    }

    /// As A-law, the form in which SIPp plays files.
    #[must_use]
    pub fn to_alaw(&self) -> Vec<u8> {
        self.0.iter().map(|&sample| alaw(sample)).collect()
    }

    /// Reads a 16-bit WAV file, also one that is still being written. Of several channels the first
    /// is heard; of a higher rate, which must be a multiple of 8 kHz, what a narrow ear gets of it.
    ///
    /// # Panics
    /// If it is another kind of file.
    #[must_use]
    pub fn read(path: &Path) -> Option<Self> {
        let bytes = fs::read(path).ok()?;
        let format = bytes.get(12..36)?;
        assert_eq!(&format[..4], b"fmt ", "{}", path.display());
        let short = |at: usize| u16::from_le_bytes([format[at], format[at + 1]]);
        let hz = u32::from(short(12)) + (u32::from(short(14)) << 16);
        let (channels, times) = (usize::from(short(10)), hz / RATE);
        assert!(
            short(8) == 1 && short(22) == 16 && channels > 0 && times > 0 && hz % RATE == 0,
            "{} is no 16-bit WAV file of a multiple of 8 kHz",
            path.display()
        );
        let data = bytes.windows(4).position(|four| four == b"data")? + 8;
        let moments = bytes.get(data..)?.chunks_exact(2 * channels);
        let first: Vec<i32> = moments
            .map(|moment| i16::from_le_bytes([moment[0], moment[1]]).into())
            .collect();
        let times = usize::try_from(times).expect("small");
        let count = i32::try_from(times).expect("small");
        let mean = |few: &[i32]| i16::try_from(few.iter().sum::<i32>() / count);
        let narrow = first.chunks_exact(times).map(mean);
        Some(Self(
            narrow
                .collect::<Result<_, _>>()
                .expect("a mean is no larger"),
        ))
    }

    /// Reads both sides of a 16-bit WAV file with two channels of 8000 samples a second.
    ///
    /// # Panics
    /// If it is another kind of file.
    #[must_use]
    pub fn read_both(path: &Path) -> (Self, Self) {
        let bytes = fs::read(path).expect("the file is there");
        let kind = (&bytes[20..24], &bytes[24..28], &bytes[34..36]);
        let stereo = (
            &b"\x01\0\x02\0"[..],
            &RATE.to_le_bytes()[..],
            &b"\x10\0"[..],
        );
        assert_eq!(kind, stereo, "{}", path.display());
        let sample = |two: &[u8]| i16::from_le_bytes([two[0], two[1]]);
        let all: Vec<i16> = bytes[44..].chunks_exact(2).map(sample).collect();
        let side = |first| Self(all.iter().skip(first).step_by(2).copied().collect());
        (side(0), side(1))
    }

    /// How long it is.
    #[must_use]
    pub fn duration(&self) -> Duration {
        let millis = self.0.len() as u64 * 1_000 / u64::from(RATE);
        Duration::from_millis(millis)
    }

    /// Listens for a tone of `hz`.
    #[must_use]
    pub fn listen(&self, hz: u32) -> Verdict {
        let looks: Vec<Look> = self
            .0
            .chunks_exact(WINDOW)
            .map(|window| Look::at(window, f64::from(hz)))
            .collect();
        let sounding = |look: &Look| look.level_dbm0 > SILENCE_DBM0;
        let first = looks.iter().position(sounding);
        let last = looks.iter().rposition(sounding);
        let (Some(first), Some(last)) = (first, last) else {
            return Verdict::default();
        };
        let mut verdict = Verdict::default();
        let mut levels = Vec::new();
        for look in &looks[first..=last] {
            if !sounding(look) {
                verdict.silent += 1;
            } else if look.purity > 0.95 {
                verdict.tone += 1;
                levels.push(look.level_dbm0);
            } else {
                verdict.other += 1;
            }
        }
        levels.sort_by(f64::total_cmp);
        verdict.level_dbm0 = levels.get(levels.len() / 2).copied().unwrap_or(-96.0);
        verdict
    }

    /// The sound without its beginning.
    #[must_use]
    pub fn after(&self, skip: Duration) -> Self {
        let samples = usize::try_from(skip.as_millis()).unwrap_or(usize::MAX);
        let samples = samples.saturating_mul(RATE as usize / 1_000);
        Self(self.0.get(samples..).unwrap_or_default().to_vec())
    }

    /// How long nothing at all is in it at the longest, to 50 ms.
    #[must_use]
    pub fn longest_silence(&self) -> Duration {
        let silent = |look: &[i16]| look.iter().all(|&sample| sample == 0);
        let looks = self.0.chunks_exact(WINDOW).map(silent);
        let (_, longest) = looks.fold((0, 0), |(row, longest), silent| {
            let row = if silent { row + 1 } else { 0 };
            (row, longest.max(row))
        });
        Duration::from_millis(50) * longest
    }

    /// How many looks there are.
    #[must_use]
    pub const fn looks(&self) -> usize {
        self.0.len() / WINDOW
    }

    /// In how many looks a tone of `hz`, among others maybe, has at least this level in dBm0.
    #[must_use]
    pub fn looks_with(&self, hz: u32, level_dbm0: f64) -> usize {
        let looks = self.0.chunks_exact(WINDOW);
        let levels = looks.map(|window| Look::at(window, f64::from(hz)).tone_dbm0());
        levels.filter(|level| *level >= level_dbm0).count()
    }

    /// The highest level of a tone of `hz` in any look, in dBm0.
    #[must_use]
    pub fn loudest(&self, hz: u32) -> f64 {
        let looks = self.0.chunks_exact(WINDOW);
        let levels = looks.map(|window| Look::at(window, f64::from(hz)).tone_dbm0());
        levels.fold(-96.0, f64::max)
    }
}

/// One look at a sound.
#[derive(Clone, Copy, Debug)]
struct Look {
    level_dbm0: f64,
    /// Share of the power that is the tone looked for, from 0 to 1.
    purity: f64,
}

impl Look {
    /// The level of the tone looked for.
    fn tone_dbm0(&self) -> f64 {
        self.level_dbm0 + 10.0 * self.purity.max(1e-10).log10()
    }

    fn at(window: &[i16], hz: f64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "400 samples")]
        let count = window.len() as f64;
        let samples = || window.iter().map(|&sample| f64::from(sample));
        let power = samples().map(|sample| sample * sample).sum::<f64>() / count;
        // Goertzel: the power of one frequency.
        let step = 2.0 * (TAU * hz / f64::from(RATE)).cos();
        let (before, last) = samples().fold((0.0, 0.0), |(older, newer), sample| {
            (newer, sample + step * newer - older)
        });
        let square = last * last + before * before - step * last * before;
        let tone = 2.0 * square / (count * count);
        let full = 32_767.0_f64.powi(2) / 2.0;
        Self {
            level_dbm0: 10.0 * (power / full).max(1e-10).log10() + FULL_SCALE_DBM0,
            purity: if power > 0.0 { tone / power } else { 0.0 },
        }
    }
}

/// One sample in A-law (G.711 §3.1).
fn alaw(sample: i16) -> u8 {
    let sign = if sample >= 0 { 0x80 } else { 0 };
    let magnitude = if sample >= 0 { sample } else { !sample } >> 3;
    let magnitude = u16::try_from(magnitude).expect("it is not negative");
    let exponent = (magnitude >> 5).checked_ilog2().map_or(0, |log| log + 1);
    let mantissa = if exponent == 0 {
        magnitude >> 1
    } else {
        magnitude >> exponent
    };
    let low = u8::try_from((exponent << 4) | u32::from(mantissa & 0x0f)).expect("seven bits");
    (sign | low) ^ 0x55
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::s;

    #[test]
    fn an_ear_knows_a_tone_its_level_and_a_stranger() {
        let tone = Sound::tone(700.0, -16.0, s(2));
        let verdict = tone.listen(700);
        assert_eq!(
            (verdict.tone, verdict.other, verdict.silent),
            (40, 0, 0),
            "{verdict:?}"
        );
        assert!((verdict.level_dbm0 + 16.0).abs() < 0.1, "{verdict:?}");
        assert_eq!(tone.listen(1_200).tone, 0);
        assert!(tone.loudest(1_200) < -50.0);
        let two = tone.0.iter().zip(Sound::tone(1_200.0, -20.0, s(2)).0);
        let mixed = Sound(two.map(|(a, b)| a + b).collect());
        assert_eq!(mixed.listen(700).tone, 0, "a stranger speaks too");
        assert!((mixed.loudest(1_200) + 20.0).abs() < 0.5);
        assert_eq!((mixed.looks(), mixed.looks_with(1_200, -21.0)), (40, 40));
        assert_eq!(mixed.after(s(1)).looks_with(1_200, -19.0), 0);
        assert_eq!(mixed.after(s(1)).looks(), 20);
        assert_eq!(
            Sound(vec![0; 16_000]).listen(700),
            Verdict::default(),
            "silence"
        );
    }

    #[test]
    fn alaw_has_the_codes_of_g711() {
        // G.711 table 1a: both ends, and the first step of either sign.
        let known = [(32_767, 0xaa), (-32_768, 0x2a), (0, 0xd5), (-1, 0x55)];
        for (sample, code) in known {
            assert_eq!(alaw(sample), code, "{sample}");
        }
    }

    #[test]
    fn a_wav_file_comes_back() {
        let folder = crate::folder::Folder::new();
        let tone = Sound::tone(500.0, -10.0, s(1));
        let path = folder.write("tone.wav", tone.to_wav());
        assert_eq!(Sound::read(&path), Some(tone));
    }
}

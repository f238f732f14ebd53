//! Sound files of people (WAV, MP3, Ogg Vorbis, FLAC) made into what the exchange plays.
//!
//! Everything here allocates and takes its time: up to some seconds for the longest file. It
//! belongs where a file is uploaded or a clip is loaded, never on a media thread. Files are not
//! trusted: whatever is in them, what comes out is a [`Clip`] within the limits of
//! `model::limits`, or a [`FileFault`].

mod level;
mod rate;
mod reader;
mod wav;

use model::limits;

use crate::resample::Down2;

/// Samples over which the end of a loop passes into its beginning: 20 ms.
const SEAM: usize = 320;
/// Samples at 16 kHz that the filter to 8 kHz remembers, and some.
const MEMORY: usize = 64;
/// Below this a sample at full scale 1 is digital silence: half a step of 16 bits.
const SILENCE: f32 = 0.5 / 32_768.0;

/// How a file will be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Playing {
    /// From its beginning to its end: a prompt, an announcement.
    Once,
    /// Over and over: music. The end is mixed into the beginning over 20 ms, so that the clip is
    /// 20 ms shorter and goes round without a gap or a click.
    Around,
}

/// A sound that can be played at both rates by copying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clip {
    /// At 16 kHz; an even number of samples.
    pub wide: Box<[i16]>,
    /// The same at 8 kHz, half as many.
    pub narrow: Box<[i16]>,
}

impl Clip {
    /// How long, in ms.
    #[must_use]
    pub fn ms(&self) -> u32 {
        u32::try_from(self.narrow.len() / 8).unwrap_or(u32::MAX)
    }
}

/// Why a file cannot be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// Not one of the four kinds.
    #[error("this is neither WAV, MP3, Ogg Vorbis nor FLAC")]
    UnknownKind,
    /// One of the four, with something inside that is not read: ADPCM in WAV, Opus in Ogg.
    #[error("the kind of file is known, but not the codec inside")]
    UnknownCodec,
    /// It breaks the rules of its kind.
    #[error("the file is damaged")]
    Damaged,
    /// More than [`limits::FILE_BYTES`].
    #[error("the file has more than {} bytes", limits::FILE_BYTES)]
    TooBig,
    /// More than [`limits::FILE_SECONDS`].
    #[error("the file plays for more than {} seconds", limits::FILE_SECONDS)]
    TooLong,
    /// Outside of [`limits::FILE_HZ_MIN`] to [`limits::FILE_HZ_MAX`].
    #[error("{0} samples a second are not {min} to {max}", min = limits::FILE_HZ_MIN, max = limits::FILE_HZ_MAX)]
    Rate(u32),
    /// None or more than [`limits::FILE_CHANNELS`].
    #[error("{0} channels are not 1 to {max}", max = limits::FILE_CHANNELS)]
    Channels(usize),
    /// No sound in it but digital silence.
    #[error("there is no sound in the file")]
    Silent,
}

impl FileFault {
    /// Its name, by which programs know it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownKind => "file_kind",
            Self::UnknownCodec => "file_codec",
            Self::Damaged => "file_damaged",
            Self::TooBig => "file_big",
            Self::TooLong => "file_long",
            Self::Rate(_) => "file_rate",
            Self::Channels(_) => "file_channels",
            Self::Silent => "file_silent",
        }
    }
}

/// Reads a file.
///
/// Channels are mixed to one, digital silence before and after the sound is cut off, and the level
/// is set: voice or music is at −20 dBm0 while it is active (ITU-T P.56: −26 dBov), or as near to
/// that as peaks 1 dB below full scale and a gain of 30 dB allow.
///
/// # Errors
/// [`FileFault`], in words for the person who chose the file.
pub fn read(bytes: &[u8], playing: Playing) -> Result<Clip, FileFault> {
    if bytes.len() > limits::FILE_BYTES {
        return Err(FileFault::TooBig);
    }
    let mut sound = reader::decode(bytes)?;
    trim(&mut sound);
    if sound.len() < 2 {
        return Err(FileFault::Silent);
    }
    sound.truncate(sound.len() & !1);
    if playing == Playing::Around {
        close(&mut sound);
    }
    let gain = level::gain_for(&sound);
    let wide: Box<[i16]> = sound.iter().map(|&sample| whole(sample * gain)).collect();
    let narrow = narrow_of(&wide, playing);
    Ok(Clip { wide, narrow })
}

/// A sample at full scale 1 as 16 bits.
fn whole(sample: f32) -> i16 {
    (sample * 32_768.0).round_ties_even() as i16 // saturates
}

/// Cuts off digital silence at both ends.
fn trim(sound: &mut Vec<f32>) {
    let is_sound = |sample: &f32| sample.abs() >= SILENCE;
    let end = sound
        .iter()
        .rposition(is_sound)
        .map_or(0, |last| last.saturating_add(1));
    sound.truncate(end);
    let start = sound.iter().position(is_sound).unwrap_or(0);
    sound.drain(..start);
}

/// Mixes the end into the beginning, both at constant power, and cuts it off there: an even number
/// of samples.
fn close(sound: &mut Vec<f32>) {
    let seam = SEAM.min(sound.len() / 4) & !1;
    let rest = sound.len().saturating_sub(seam);
    let end = sound.split_off(rest);
    for (at, (start, end)) in sound.iter_mut().zip(end).enumerate() {
        let turn = (at as f32 + 1.0) / (seam as f32 + 1.0) * core::f32::consts::FRAC_PI_2;
        *start = *start * turn.sin() + end * turn.cos();
    }
}

/// The same at 8 kHz, in step with it. Around a loop the filter has heard the end already when it
/// comes to the beginning.
fn narrow_of(wide: &[i16], playing: Playing) -> Box<[i16]> {
    let length = wide.len() / 2;
    let late = Down2::DELAY / 2;
    let mut filter = Down2::new();
    // What comes before the beginning and after the end.
    let (mut before, after): (Vec<i16>, Vec<i16>) = match playing {
        Playing::Once => (vec![0; MEMORY], vec![0; MEMORY]),
        Playing::Around => (
            wide.iter().rev().cycle().take(MEMORY).copied().collect(),
            wide.iter().cycle().take(MEMORY).copied().collect(),
        ),
    };
    before.reverse();
    let mut out = vec![0; length.saturating_add(MEMORY)];
    filter.run(&before, &mut out);
    let made = filter.run(wide, &mut out);
    filter.run(&after, out.get_mut(made..).unwrap_or(&mut []));
    out.into_iter().skip(late).take(length).collect()
}

#[cfg(test)]
mod tests;

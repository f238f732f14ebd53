//! The bytes of a file to one channel at 16 kHz, full scale 1: WAV by ourselves, the others by
//! symphonia.

use std::io::Cursor;

use model::limits;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_FLAC, CODEC_ID_MP3, CODEC_ID_VORBIS};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::{Error, Result as Read};
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::default::{codecs, formats};

use super::FileFault;
use super::rate::{Converter, OUT_HZ};
use super::wav::Wav;

/// Packets in a row that may be unreadable before the file counts as damaged.
const DAMAGED_MAX: u32 = 8;
/// Frames of a WAV file converted in one go.
const PIECE: usize = 4_096;

pub(super) fn decode(bytes: &[u8]) -> Result<Vec<f32>, FileFault> {
    let mut sound = Sound::default();
    if let [
        b'R',
        b'I',
        b'F',
        b'F',
        _,
        _,
        _,
        _,
        b'W',
        b'A',
        b'V',
        b'E',
        ..,
    ] = bytes
    {
        let wav = Wav::open(bytes)?;
        accept(wav.hz, wav.channels)?;
        let mut samples = wav.samples().peekable();
        let mut piece = Vec::new();
        while samples.peek().is_some() {
            piece.clear();
            let frames = PIECE.saturating_mul(wav.channels);
            piece.extend(samples.by_ref().take(frames));
            sound.push(wav.hz, wav.channels, &piece)?;
        }
    } else {
        demux(&mut *open(bytes)?, &mut sound)?;
    }
    sound.finish()
}

/// Everything of the first track that can be read. A file that was cut off, or that goes bad on
/// the way, is played as far as it goes.
fn demux(file: &mut dyn FormatReader, sound: &mut Sound) -> Result<(), FileFault> {
    let track = file
        .default_track(TrackType::Audio)
        .ok_or(FileFault::Damaged)?;
    let id = track.id;
    let parameters = track
        .codec_params
        .as_ref()
        .and_then(|codec| codec.audio())
        .ok_or(FileFault::UnknownCodec)?;
    let mut codec = codec_of(parameters)?;
    let mut damaged = 0_u32;
    let mut interleaved = Vec::new();
    while let Ok(Some(packet)) = file.next_packet() {
        if packet.track_id != id {
            continue;
        }
        if let Ok(samples) = codec.decode(&packet) {
            damaged = 0;
            let (hz, channels) = (samples.spec().rate(), samples.spec().channels().count());
            samples.copy_to_vec_interleaved(&mut interleaved);
            sound.push(hz, channels, &interleaved)?;
            continue;
        }
        damaged = damaged.saturating_add(1);
        if damaged > DAMAGED_MAX {
            return Err(FileFault::Damaged);
        }
    }
    if sound.converter.is_none() {
        return Err(FileFault::Damaged);
    }
    Ok(())
}

/// The reader for what the bytes begin with.
fn open(bytes: &[u8]) -> Result<Box<dyn FormatReader + '_>, FileFault> {
    let bytes = bytes.get(tag_length(bytes)..).unwrap_or(&[]);
    let stream = || MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    let options = FormatOptions::default();
    let opened: Read<Box<dyn FormatReader + '_>> = match bytes {
        [b'O', b'g', b'g', b'S', ..] => {
            formats::OggReader::try_new(stream(), options).map(|file| Box::new(file) as _)
        }
        [b'f', b'L', b'a', b'C', ..] => {
            formats::FlacReader::try_new(stream(), options).map(|file| Box::new(file) as _)
        }
        // The sync word of MPEG audio, layer III.
        [0xff, second, ..] if second & 0xe6 == 0xe2 => {
            formats::MpaReader::try_new(stream(), options).map(|file| Box::new(file) as _)
        }
        _ => return Err(FileFault::UnknownKind),
    };
    opened.map_err(fault)
}

fn fault(error: Error) -> FileFault {
    match error {
        Error::Unsupported(_) => FileFault::UnknownCodec,
        _ => FileFault::Damaged,
    }
}

/// Length of the ID3v2 tag that MP3 files begin with, often with a picture (ID3v2.4 §3.1).
fn tag_length(bytes: &[u8]) -> usize {
    let &[b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] = bytes else {
        return 0;
    };
    let seven_bits = |byte: u8| usize::from(byte & 0x7f);
    let size = seven_bits(a) << 21 | seven_bits(b) << 14 | seven_bits(c) << 7 | seven_bits(d);
    let footer = if flags & 0x10 == 0 { 0 } else { 10 };
    size.saturating_add(10).saturating_add(footer)
}

fn codec_of(parameters: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>, FileFault> {
    let options = AudioDecoderOptions::default();
    let made: Read<Box<dyn AudioDecoder>> = match parameters.codec {
        CODEC_ID_FLAC => {
            codecs::FlacDecoder::try_new(parameters, &options).map(|codec| Box::new(codec) as _)
        }
        CODEC_ID_MP3 => {
            codecs::MpaDecoder::try_new(parameters, &options).map(|codec| Box::new(codec) as _)
        }
        CODEC_ID_VORBIS => {
            codecs::VorbisDecoder::try_new(parameters, &options).map(|codec| Box::new(codec) as _)
        }
        _ => return Err(FileFault::UnknownCodec),
    };
    made.map_err(fault)
}

/// Whether sound of this kind is taken.
fn accept(hz: u32, channels: usize) -> Result<(), FileFault> {
    if !(limits::FILE_HZ_MIN..=limits::FILE_HZ_MAX).contains(&hz) {
        return Err(FileFault::Rate(hz));
    }
    if !(1..=limits::FILE_CHANNELS).contains(&channels) {
        return Err(FileFault::Channels(channels));
    }
    Ok(())
}

/// What was decoded so far, with the rate it came at.
#[derive(Default)]
struct Sound {
    converter: Option<(u32, Converter)>,
}

impl Sound {
    fn push(&mut self, hz: u32, channels: usize, interleaved: &[f32]) -> Result<(), FileFault> {
        accept(hz, channels)?;
        let (first_hz, converter) = self
            .converter
            .get_or_insert_with(|| (hz, Converter::new(hz)));
        if *first_hz != hz {
            return Err(FileFault::Damaged);
        }
        // Floating point may hold anything.
        let real = |&sample: &f32| match sample.is_finite() {
            true => sample.clamp(-4.0, 4.0),
            false => 0.0,
        };
        let frames = interleaved.chunks_exact(channels);
        converter.push(frames.map(|frame| frame.iter().map(real).sum::<f32>() / channels as f32));
        if converter.made() > limits::FILE_SECONDS.saturating_mul(OUT_HZ as usize) {
            return Err(FileFault::TooLong);
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<f32>, FileFault> {
        let (_, converter) = self.converter.ok_or(FileFault::Silent)?;
        Ok(converter.finish())
    }
}

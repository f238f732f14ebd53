//! Music that people brought: each piece once, under the hash of what is kept, as G.722 at 64 kbit/s
//! (a quarter of the samples, and more than a telephone can play).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use dsp::{
    codec::{Decoder, Encoder},
    file::{self, Playing},
};
use model::{Clip, Codec, OpusParams};
use sha2::{Digest as _, Sha256};
use store::SOUNDS_FOLDER;

const ENDING: &str = "g722";
/// Samples of a packet of 20 ms.
const PACKET: usize = 320;

/// A piece that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upload {
    /// What `[[music]].source` says.
    pub(crate) source: String,
    /// How long it plays.
    pub(crate) seconds: u64,
}

/// Why a piece was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// It is no sound.
    #[error(transparent)]
    File(#[from] file::FileFault),
    /// It cannot be written.
    #[error(transparent)]
    Disk(#[from] io::Error),
    /// The limit of pieces is reached.
    #[error("there are {} pieces already; remove one first", model::limits::MUSIC)]
    TooMany,
}

/// Keeps a sound file, made as loud as all others; the same sound is kept once.
pub(crate) fn add(data: &Path, bytes: &[u8]) -> Result<Upload, Refused> {
    let clip = file::read(bytes, Playing::Around)?;
    let octets = encode(&clip.wide);
    let hash = Sha256::digest(&octets);
    let source: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let upload = Upload {
        seconds: seconds(octets.len() as u64),
        source,
    };
    let known = list(data)?;
    if known.contains(&upload) {
        return Ok(upload);
    }
    if known.len() >= model::limits::MUSIC {
        return Err(Refused::TooMany);
    }
    fs::create_dir_all(data.join(SOUNDS_FOLDER))?;
    let path = path_of(data, &upload.source);
    let unfinished = path.with_extension("part");
    fs::write(&unfinished, &octets)?;
    fs::File::open(&unfinished)?.sync_all()?;
    fs::rename(&unfinished, &path)?;
    fs::File::open(data.join(SOUNDS_FOLDER))?.sync_all()?;
    Ok(upload)
}

/// Every piece, by hash.
pub(crate) fn list(data: &Path) -> io::Result<Vec<Upload>> {
    let entries = match fs::read_dir(data.join(SOUNDS_FOLDER)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut all = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str());
        if let Some(name) = name
            && path.extension().is_some_and(|ending| ending == ENDING)
        {
            all.push(Upload {
                source: name.into(),
                seconds: seconds(fs::metadata(&path)?.len()),
            });
        }
    }
    all.sort_by(|a, b| a.source.cmp(&b.source));
    Ok(all)
}

/// Removes a piece; whether there was one.
pub(crate) fn remove(data: &Path, source: &str) -> io::Result<bool> {
    if !list(data)?.iter().any(|known| known.source == source) {
        return Ok(false);
    }
    fs::remove_file(path_of(data, source))?;
    Ok(true)
}

/// The samples of an upload at 16 kHz; `None` if it is not there or was damaged.
pub(super) fn samples(data: &Path, wanted: Clip) -> Option<Vec<i16>> {
    read(data, |source| clip_of(source) == Some(wanted))
}

/// The same by its hash.
pub(crate) fn samples_of(data: &Path, source: &str) -> Option<Vec<i16>> {
    read(data, |known| known == source)
}

fn read(data: &Path, wanted: impl Fn(&str) -> bool) -> Option<Vec<i16>> {
    let known = list(data).ok()?;
    let found = known.iter().find(|known| wanted(&known.source))?;
    let octets = fs::read(path_of(data, &found.source)).ok()?;
    let mut decoder = Decoder::new(Codec::G722, OpusParams::default()).ok()?;
    let mut samples = Vec::with_capacity(octets.len() * 2);
    let mut block = [0; PACKET];
    for packet in octets.chunks(PACKET / 2) {
        let length = decoder.decode(packet, &mut block).ok()?;
        samples.extend_from_slice(block.get(..length)?);
    }
    Some(samples)
}

fn clip_of(source: &str) -> Option<Clip> {
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(source.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(Clip::upload(&hash))
}

fn encode(samples: &[i16]) -> Vec<u8> {
    let Ok(mut encoder) = Encoder::new(Codec::G722, OpusParams::default()) else {
        return Vec::new();
    };
    let mut octets = Vec::with_capacity(samples.len() / 2);
    let mut packet = [0; PACKET / 2];
    for block in samples.chunks(PACKET) {
        let length = encoder.encode(block, &mut packet);
        octets.extend_from_slice(packet.get(..length).unwrap_or_default());
    }
    octets
}

fn path_of(data: &Path, source: &str) -> PathBuf {
    data.join(SOUNDS_FOLDER).join(source).with_extension(ENDING)
}

/// 8,000 octets play a second.
const fn seconds(octets: u64) -> u64 {
    octets / 8_000
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A WAV file of 16 bits at 8 kHz.
    fn wav(seconds: usize) -> Vec<u8> {
        let samples: Vec<i16> = (0..seconds * 8_000)
            .map(|n| if n / 8 % 2 == 0 { 4_000 } else { -4_000 })
            .collect();
        let length = u32::try_from(samples.len() * 2).expect("short");
        let mut bytes = b"RIFF".to_vec();
        bytes.extend((36 + length).to_le_bytes());
        bytes.extend(b"WAVEfmt ");
        bytes.extend(16_u32.to_le_bytes());
        bytes.extend([1, 0, 1, 0]);
        bytes.extend(8_000_u32.to_le_bytes());
        bytes.extend(16_000_u32.to_le_bytes());
        bytes.extend([2, 0, 16, 0]);
        bytes.extend(b"data");
        bytes.extend(length.to_le_bytes());
        bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        bytes
    }

    #[test]
    fn a_piece_is_kept_once_played_and_removed() {
        let folder = std::env::temp_dir().join(format!("centralka-uploads-{}", std::process::id()));
        let upload = add(&folder, &wav(3)).expect("a sound");
        assert_eq!(add(&folder, &wav(3)).expect("the same"), upload);
        assert_eq!(
            list(&folder).expect("readable"),
            std::slice::from_ref(&upload)
        );
        let clip = clip_of(&upload.source).expect("a hash");
        let samples = samples(&folder, clip).expect("it is there");
        assert!((2_900..=3_000).contains(&(samples.len() / 16)), "ms");
        assert!(samples.iter().any(|sample| sample.abs() > 1_000));
        assert!(matches!(add(&folder, b"no sound"), Err(Refused::File(_))));
        assert!(remove(&folder, &upload.source).expect("writable"));
        assert!(!remove(&folder, &upload.source).expect("writable"));
        assert!(!remove(&folder, "../config").expect("writable"));
        assert_eq!(super::samples(&folder, clip), None);
        fs::remove_dir_all(&folder).expect("it was made here");
    }
}

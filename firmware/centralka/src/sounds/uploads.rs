//! Sounds that people brought, music and prompts: each once, under the hash of what is kept, as G.722
//! at 64 kbit/s (a quarter of the samples, and more than a telephone can play).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use dsp::{
    codec::{Decoder, Encoder},
    file::{self, Playing},
};
use model::{Clip, Codec, OpusParams, limits};
use sha2::{Digest as _, Sha256};
use store::SOUNDS_FOLDER;

const ENDING: &str = "g722";
/// Where prompts are, inside the folder of sounds.
const PROMPTS_FOLDER: &str = "prompts";
/// Samples of a packet of 20 ms.
const PACKET: usize = 320;

/// What a sound is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It goes round: its end is mixed into its beginning.
    Music,
    /// It is heard once, as it is.
    Prompt,
}

impl Kind {
    /// The table of the configuration that names such sounds.
    pub(crate) const fn table(self) -> &'static str {
        match self {
            Self::Music => "music",
            Self::Prompt => "prompt",
        }
    }

    /// How many may be kept.
    pub(crate) const fn most(self) -> usize {
        match self {
            Self::Music => limits::MUSIC,
            Self::Prompt => limits::PROMPTS,
        }
    }

    const fn playing(self) -> Playing {
        match self {
            Self::Music => Playing::Around,
            Self::Prompt => Playing::Once,
        }
    }

    fn folder(self, data: &Path) -> PathBuf {
        let sounds = data.join(SOUNDS_FOLDER);
        match self {
            Self::Music => sounds,
            Self::Prompt => sounds.join(PROMPTS_FOLDER),
        }
    }

    fn path_of(self, data: &Path, source: &str) -> PathBuf {
        self.folder(data).join(source).with_extension(ENDING)
    }

    fn clip(self, hash: &[u8; 32]) -> Clip {
        match self {
            Self::Music => Clip::upload(hash),
            Self::Prompt => Clip::uploaded_prompt(hash),
        }
    }
}

/// A sound that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upload {
    /// What `source` of its entry says.
    pub(crate) source: String,
    /// How long it plays.
    pub(crate) seconds: u64,
}

/// Why a sound was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// It is no sound.
    #[error(transparent)]
    File(#[from] file::FileFault),
    /// It cannot be written.
    #[error(transparent)]
    Disk(#[from] io::Error),
    /// The limit is reached.
    #[error("there are {} already; remove one first", .0.most())]
    TooMany(Kind),
}

/// Keeps a sound file, made as loud as all others; the same sound is kept once.
pub(crate) fn add(data: &Path, kind: Kind, bytes: &[u8]) -> Result<Upload, Refused> {
    let clip = file::read(bytes, kind.playing())?;
    let octets = encode(&clip.wide);
    let hash = Sha256::digest(&octets);
    let source: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let upload = Upload {
        seconds: seconds(octets.len() as u64),
        source,
    };
    let known = list(data, kind)?;
    if known.contains(&upload) {
        return Ok(upload);
    }
    if known.len() >= kind.most() {
        return Err(Refused::TooMany(kind));
    }
    let folder = kind.folder(data);
    fs::create_dir_all(&folder)?;
    let path = kind.path_of(data, &upload.source);
    let unfinished = path.with_extension("part");
    fs::write(&unfinished, &octets)?;
    fs::File::open(&unfinished)?.sync_all()?;
    fs::rename(&unfinished, &path)?;
    for folder in [folder, data.join(SOUNDS_FOLDER)] {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(upload)
}

/// Every sound of a kind, by hash.
pub(crate) fn list(data: &Path, kind: Kind) -> io::Result<Vec<Upload>> {
    let entries = match fs::read_dir(kind.folder(data)) {
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

/// Removes a sound; whether there was one.
pub(crate) fn remove(data: &Path, kind: Kind, source: &str) -> io::Result<bool> {
    if !list(data, kind)?.iter().any(|known| known.source == source) {
        return Ok(false);
    }
    fs::remove_file(kind.path_of(data, source))?;
    Ok(true)
}

/// The samples of an upload at 16 kHz; `None` if it is not there or was damaged.
pub(super) fn samples(data: &Path, wanted: Clip) -> Option<Vec<i16>> {
    let kind = match wanted {
        Clip::Upload(_) => Kind::Music,
        Clip::UploadedPrompt(_) => Kind::Prompt,
        Clip::Prompt(..) | Clip::Chime(_) | Clip::OwnMusic => return None,
    };
    read(data, kind, |source| clip_of(kind, source) == Some(wanted))
}

/// The same by its hash.
pub(crate) fn samples_of(data: &Path, kind: Kind, source: &str) -> Option<Vec<i16>> {
    read(data, kind, |known| known == source)
}

fn read(data: &Path, kind: Kind, wanted: impl Fn(&str) -> bool) -> Option<Vec<i16>> {
    let known = list(data, kind).ok()?;
    let found = known.iter().find(|known| wanted(&known.source))?;
    let octets = fs::read(kind.path_of(data, &found.source)).ok()?;
    let mut decoder = Decoder::new(Codec::G722, OpusParams::default()).ok()?;
    let mut samples = Vec::with_capacity(octets.len() * 2);
    let mut block = [0; PACKET];
    for packet in octets.chunks(PACKET / 2) {
        let length = decoder.decode(packet, &mut block).ok()?;
        samples.extend_from_slice(block.get(..length)?);
    }
    Some(samples)
}

fn clip_of(kind: Kind, source: &str) -> Option<Clip> {
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(source.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(kind.clip(&hash))
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

    /// Of each kind of file there is one, with the ms that it plays; coders pad, and G.722 is kept in whole
    /// packets.
    #[test]
    fn a_prompt_of_every_kind_of_file_is_kept_whole() {
        let name = format!("centralka-prompts-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let files =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus/audio_file");
        for (file, ms) in [
            ("plain.wav", 200),
            ("tone.mp3", 400),
            ("tone.ogg", 400),
            ("tone.flac", 250),
        ] {
            let bytes = fs::read(files.join(file)).expect("it is committed");
            let upload = add(&folder, Kind::Prompt, &bytes).expect(file);
            let samples = samples_of(&folder, Kind::Prompt, &upload.source).expect(file);
            let heard = samples.len() / 16;
            assert!(heard.abs_diff(ms) <= 30, "{file}: {heard} ms");
            assert!(samples.iter().any(|sample| sample.abs() > 1_000), "{file}");
        }
        assert_eq!(list(&folder, Kind::Prompt).expect("readable").len(), 4);
        assert_eq!(list(&folder, Kind::Music).expect("readable"), []);
        fs::remove_dir_all(&folder).expect("it was made here");
    }

    #[test]
    fn a_sound_is_kept_once_played_and_removed() {
        let folder = std::env::temp_dir().join(format!("centralka-uploads-{}", std::process::id()));
        for (kind, ms) in [(Kind::Music, 2_980), (Kind::Prompt, 3_000)] {
            let upload = add(&folder, kind, &wav(3)).expect("a sound");
            assert_eq!(add(&folder, kind, &wav(3)).expect("the same"), upload);
            assert_eq!(
                list(&folder, kind).expect("readable"),
                std::slice::from_ref(&upload)
            );
            let clip = clip_of(kind, &upload.source).expect("a hash");
            let samples = samples(&folder, clip).expect("it is there");
            // Music is shorter by what of its end is mixed into its beginning.
            assert_eq!(samples.len() / 16, ms, "ms of {kind:?}");
            assert!(samples.iter().any(|sample| sample.abs() > 1_000));
            let nothing = add(&folder, kind, b"no sound");
            assert!(matches!(nothing, Err(Refused::File(_))));
        }
        for kind in [Kind::Music, Kind::Prompt] {
            let upload = list(&folder, kind).expect("readable").remove(0);
            let clip = clip_of(kind, &upload.source).expect("a hash");
            assert!(remove(&folder, kind, &upload.source).expect("writable"));
            assert!(!remove(&folder, kind, &upload.source).expect("writable"));
            assert!(!remove(&folder, kind, "../config").expect("writable"));
            assert_eq!(samples(&folder, clip), None);
        }
        fs::remove_dir_all(&folder).expect("it was made here");
    }
}

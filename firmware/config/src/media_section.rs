//! `[media]`: how voice travels, for whole office and, under the same names, for single phones and
//! trunks.

use model::{Codec, limits};
use schemars::JsonSchema;
use serde::{Serialize, Serializer, ser::SerializeSeq};

use crate::{format, problem::Bad, read::Section, schema};

/// Codecs by the names they have in texts.
const CODECS: [(&str, Codec); 4] = [
    ("opus", Codec::Opus),
    ("g722", Codec::G722),
    ("pcma", Codec::Pcma),
    ("pcmu", Codec::Pcmu),
];

/// Whether voice is encrypted (SRTP).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// Never. Browsers are the exception: they know nothing else.
    Off,
    /// Where the phone wants it; offered to phones whose signalling is encrypted too.
    #[default]
    Offer,
    /// Always: there is no call without it.
    Require,
}

impl Encryption {
    const ALL: [(&'static str, Self); 3] = [
        ("off", Self::Off),
        ("offer", Self::Offer),
        ("require", Self::Require),
    ];
}

/// How the keys that people press during a call travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Dtmf {
    /// As telephone events where the phone takes them, else as tones; heard in every form.
    #[default]
    Auto,
    /// As telephone events (RFC 4733) only.
    Rfc4733,
    /// In SIP INFO only.
    Info,
    /// As tones in the sound only.
    Inband,
}

impl Dtmf {
    const ALL: [(&'static str, Self); 4] = [
        ("auto", Self::Auto),
        ("rfc4733", Self::Rfc4733),
        ("info", Self::Info),
        ("inband", Self::Inband),
    ];
}

/// How voice travels unless a phone or trunk has settings of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// Codecs in the order of preference. If not given: Opus and G.722 for wide sound, then G.711 as the
    /// country's telephone network has it, then the other G.711.
    #[schemars(with = "Option<Vec<schema::CodecText>>", length(min = 1, max = 4))]
    #[serde(serialize_with = "codec_names")]
    pub codecs: Vec<Codec>,
    /// Whether voice is encrypted (SRTP).
    #[schemars(default)]
    pub encryption: Encryption,
    /// How the keys that people press during a call travel.
    #[schemars(default)]
    pub dtmf: Dtmf,
    /// Quiet talkers are made louder and loud ones softer before others hear them.
    #[schemars(default)]
    pub auto_level: bool,
    /// Steady noise around a talker is taken out before others hear them.
    #[schemars(default)]
    pub denoise: bool,
    /// Silence is sent as comfort noise and then not at all, where the phone takes that.
    #[schemars(default)]
    pub comfort_noise: bool,
    /// Threads that carry voice, from the next start on; one less than the processor has cores if not
    /// given.
    #[schemars(range(min = 1, max = 8))]
    pub threads: Option<u8>,
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked by the assertion below"
)]
const THREADS_MAX: u8 = limits::MEDIA_THREADS as u8;
const _: () = assert!(THREADS_MAX as usize == limits::MEDIA_THREADS);

impl Default for Media {
    fn default() -> Self {
        Self::of(Codec::Pcma)
    }
}

impl Media {
    /// What holds in a country whose network uses `law`, if the text says nothing.
    pub(crate) fn of(law: Codec) -> Self {
        let mut codecs = vec![Codec::Opus, Codec::G722, law];
        codecs.extend([Codec::Pcma, Codec::Pcmu].into_iter().filter(|&c| c != law));
        Self {
            codecs,
            encryption: Encryption::default(),
            dtmf: Dtmf::default(),
            auto_level: false,
            denoise: false,
            comfort_noise: false,
            threads: None,
        }
    }

    pub(crate) fn read(mut section: Section<'_, '_>, law: Codec) -> Self {
        let default = Self::of(law);
        let media = Self::read_keys(&mut section, "encryption", &default);
        let threads = section.whole("threads", 1..=THREADS_MAX);
        section.finish();
        Self { threads, ..media }
    }

    /// The settings of one phone or trunk, which are the office's where the entry has none.
    pub(crate) fn of_entry(section: &mut Section<'_, '_>, office: &Self) -> Self {
        Self::read_keys(section, "media_encryption", office)
    }

    fn read_keys(section: &mut Section<'_, '_>, encryption: &'static str, default: &Self) -> Self {
        Self {
            codecs: codecs(section).unwrap_or_else(|| default.codecs.clone()),
            encryption: section
                .parsed(encryption, |text| format::choice(text, &Encryption::ALL))
                .unwrap_or(default.encryption),
            dtmf: section
                .parsed("dtmf", |text| format::choice(text, &Dtmf::ALL))
                .unwrap_or(default.dtmf),
            auto_level: section.flag("auto_level").unwrap_or(default.auto_level),
            denoise: section.flag("denoise").unwrap_or(default.denoise),
            comfort_noise: section
                .flag("comfort_noise")
                .unwrap_or(default.comfort_noise),
            threads: default.threads,
        }
    }
}

/// A list without repetition, not empty.
fn codecs(section: &mut Section<'_, '_>) -> Option<Vec<Codec>> {
    let list = section.list("codecs", CODECS.len(), |text| format::choice(text, &CODECS))?;
    let repeated = |(at, codec): (usize, &Codec)| list[..at].contains(codec);
    if list.is_empty() || list.iter().enumerate().any(repeated) {
        let written: Vec<_> = list.iter().map(|&codec| name(codec)).collect();
        let expected = "a list of codecs, each once, with one at least";
        section.bad("codecs", Bad::malformed(&written.join(", "), expected));
        return None;
    }
    Some(list)
}

fn name(codec: Codec) -> &'static str {
    let found = CODECS.iter().find(|(_, known)| *known == codec);
    found.map_or("", |(name, _)| name)
}

/// Codecs by their names in texts.
pub(crate) fn codec_names<S: Serializer>(codecs: &[Codec], to: S) -> Result<S::Ok, S::Error> {
    let mut list = to.serialize_seq(Some(codecs.len()))?;
    for &codec in codecs {
        list.serialize_element(name(codec))?;
    }
    list.end()
}

//! One `m=` line and what belongs to it.

use std::{borrow::Cow, net::IpAddr};

/// A word of a description. Nearly all are a few known ones, of which nobody needs a copy.
pub type Word = Cow<'static, str>;

/// Words of most descriptions.
const KNOWN: [&str; 12] = [
    "-", "audio", "RTP/AVP", "rtpmap", "fmtp", "ptime", "maxptime", "rtcp", "crypto", "mid",
    "rtcp-mux", "RTP/SAVP",
];

/// A word that was read.
pub(super) fn word(text: &str) -> Word {
    match KNOWN.into_iter().find(|known| *known == text) {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(text.to_owned()),
    }
}

/// Which way media flow, seen from the one who wrote it (RFC 8866 §6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// The writer only sends: we are on hold.
    SendOnly,
    /// The writer only listens.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    /// The attribute's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The direction an attribute `name`s, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::SendRecv,
            Self::SendOnly,
            Self::RecvOnly,
            Self::Inactive,
        ]
        .into_iter()
        .find(|direction| direction.as_str().eq_ignore_ascii_case(name))
    }

    /// A direction from its two halves.
    #[must_use]
    pub const fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Whether the writer sends.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the writer listens.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The most an answer to `offered` may be, if we want `wanted` (RFC 3264 §6.1).
    #[must_use]
    pub const fn answering(offered: Self, wanted: Self) -> Self {
        Self::new(
            wanted.sends() && offered.receives(),
            wanted.receives() && offered.sends(),
        )
    }
}

/// How the packets of an audio line travel: the third word of `m=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// `RTP/AVP`: plain, or protected at best effort where `a=crypto` stands (RFC 8643).
    Avp,
    /// `RTP/SAVP`: protected, with keys in the description (RFC 4568).
    Savp,
    /// `RTP/SAVPF`: the same, with feedback that nobody insists on.
    Savpf,
    /// `UDP/TLS/RTP/SAVP`: protected, with keys from DTLS (RFC 5764).
    DtlsSavp,
    /// `UDP/TLS/RTP/SAVPF`: what browsers say (RFC 8827 §6.5).
    DtlsSavpf,
}

impl Profile {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Avp => "RTP/AVP",
            Self::Savp => "RTP/SAVP",
            Self::Savpf => "RTP/SAVPF",
            Self::DtlsSavp => "UDP/TLS/RTP/SAVP",
            Self::DtlsSavpf => "UDP/TLS/RTP/SAVPF",
        }
    }

    /// The profile of that word, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [
            Self::Avp,
            Self::Savp,
            Self::Savpf,
            Self::DtlsSavp,
            Self::DtlsSavpf,
        ];
        all.into_iter()
            .find(|profile| profile.as_str().eq_ignore_ascii_case(name))
    }

    /// Whether the keys come from DTLS.
    #[must_use]
    pub const fn is_dtls(self) -> bool {
        matches!(self, Self::DtlsSavp | Self::DtlsSavpf)
    }
}

/// An `a=` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Before the colon.
    pub name: Word,
    /// After the colon.
    pub value: Option<Box<str>>,
}

impl Attribute {
    /// `a=name:value`.
    #[must_use]
    pub fn new(name: &'static str, value: impl Into<Box<str>>) -> Self {
        Self {
            name: Cow::Borrowed(name),
            value: Some(value.into()),
        }
    }

    /// `a=name`.
    #[must_use]
    pub const fn flag(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            value: None,
        }
    }
}

/// One media description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, `image`, …
    pub kind: Word,
    /// 0 = refused, or not wanted any more (RFC 3264 §6, §8.2).
    pub port: u16,
    /// `RTP/AVP`, `RTP/SAVP`, `udptl`, …
    pub proto: Word,
    /// The formats as written, most wanted first, with a space between any two.
    pub formats: String,
    /// Whether the media has a `c=` line of its own, readable or not.
    pub has_connection: bool,
    /// Its address; `None` if it has no `c=` line, or a host name there.
    pub connection: Option<IpAddr>,
    /// Its direction, if said.
    pub direction: Option<Direction>,
    /// All other attributes in order.
    pub attributes: Vec<Attribute>,
}

impl Media {
    /// The value of the first attribute `name` that has one.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// Whether the attribute `name` is there, with a value or without.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.attributes
            .iter()
            .any(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }

    /// The values of all attributes `name`.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.attributes
            .iter()
            .filter(move |attribute| attribute.name.eq_ignore_ascii_case(name))
            .filter_map(|attribute| attribute.value.as_deref())
    }

    /// How the packets of this audio line travel; `None` for every other line. `RTP/AVPF` is none
    /// of ours: nobody answers its feedback.
    #[must_use]
    pub fn audio_profile(&self) -> Option<Profile> {
        let audio = self.kind.eq_ignore_ascii_case("audio");
        audio.then(|| Profile::from_name(&self.proto)).flatten()
    }
}

//! One `m=` line and what belongs to it.

use std::net::IpAddr;

use model::Codec;

use crate::grammar::number;

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

/// An `a=` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Before the colon.
    pub name: Box<str>,
    /// After the colon.
    pub value: Option<Box<str>>,
}

impl Attribute {
    /// `a=name:value`.
    #[must_use]
    pub fn new(name: &str, value: impl Into<Box<str>>) -> Self {
        Self {
            name: name.into(),
            value: Some(value.into()),
        }
    }
}

/// One media description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, `image`, …
    pub kind: Box<str>,
    /// 0 = refused, or not wanted any more (RFC 3264 §6, §8.2).
    pub port: u16,
    /// `RTP/AVP`, `RTP/SAVP`, `udptl`, …
    pub proto: Box<str>,
    /// The formats as written, most wanted first.
    pub formats: Vec<Box<str>>,
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

    /// The values of all attributes `name`.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.attributes
            .iter()
            .filter(move |attribute| attribute.name.eq_ignore_ascii_case(name))
            .filter_map(|attribute| attribute.value.as_deref())
    }

    /// Whether this is audio over plain RTP. `RTP/AVPF` is not: nobody answers its feedback. A
    /// best-effort secure offer (`RTP/AVP` with `a=crypto`) is read as what its line says.
    #[must_use]
    pub fn is_plain_audio(&self) -> bool {
        self.kind.eq_ignore_ascii_case("audio") && self.proto.eq_ignore_ascii_case("RTP/AVP")
    }

    /// The payload type and codec of each audio format we speak, in the sender's order.
    pub fn codecs(&self) -> impl Iterator<Item = (u8, Codec)> {
        let maps = self.rtpmaps();
        self.payload_types()
            .filter_map(move |pt| codec_of(pt, maps.of(pt)).map(|codec| (pt, codec)))
    }

    /// The payload type of telephone events at 8 kHz (RFC 4733 §2.4.1).
    #[must_use]
    pub fn event_pt(&self) -> Option<u8> {
        let maps = self.rtpmaps();
        let is_event =
            |(name, hz): (&str, u32)| name.eq_ignore_ascii_case("telephone-event") && hz == 8_000;
        self.payload_types()
            .find(|&pt| maps.of(pt).is_some_and(is_event))
    }

    /// Reads all rtpmaps once, so that a long hostile list costs its length and not its square.
    fn rtpmaps(&self) -> RtpMaps<'_> {
        let mut maps = RtpMaps([None; 128]);
        for value in self.values("rtpmap") {
            let Some((pt, encoding)) = value.trim().split_once([' ', '\t']) else {
                continue;
            };
            let place = number::<usize>(pt).and_then(|pt| maps.0.get_mut(pt));
            if let Some(place @ None) = place {
                *place = rtpmap(encoding.trim());
            }
        }
        maps
    }

    /// Numbers of the format list that are RTP payload types (RFC 3550 §5.1: 7 bits).
    fn payload_types(&self) -> impl Iterator<Item = u8> {
        let numbers = self
            .formats
            .iter()
            .filter_map(|format| number::<u8>(format));
        numbers.filter(|&pt| pt < 128)
    }

    /// The packet time the sender of this wants to receive, in ms, if it is one we send:
    /// 10, 20, 30, 40 or 60, not above its `maxptime`.
    #[must_use]
    pub fn ptime_ms(&self) -> Option<u8> {
        let read = |name| {
            let text = self.attribute(name)?.trim();
            // Some phones write `20.0`.
            number::<u32>(text.split('.').next().unwrap_or(text))
        };
        let wanted = read("ptime")?;
        let most = read("maxptime").unwrap_or(u32::MAX);
        [10u8, 20, 30, 40, 60]
            .into_iter()
            .filter(|&ms| u32::from(ms) <= most)
            .find(|&ms| u32::from(ms) == wanted)
    }
}

/// Encoding name and clock of each payload type.
struct RtpMaps<'a>([Option<(&'a str, u32)>; 128]);

impl<'a> RtpMaps<'a> {
    fn of(&self, pt: u8) -> Option<(&'a str, u32)> {
        self.0.get(usize::from(pt)).copied().flatten()
    }
}

/// `name/clock[/channels]`; more than one channel counts as clock 0, which nothing has.
fn rtpmap(encoding: &str) -> Option<(&str, u32)> {
    let mut parts = encoding.split('/');
    let name = parts.next()?;
    let hz = parts.next().and_then(number).unwrap_or(0);
    match parts.next() {
        None | Some("1") => Some((name, hz)),
        Some(_) => Some((name, 0)),
    }
}

/// The codec of a payload type: by its rtpmap, or a static number without one.
fn codec_of(pt: u8, map: Option<(&str, u32)>) -> Option<Codec> {
    const ALL: [Codec; 2] = [Codec::Pcmu, Codec::Pcma];
    ALL.into_iter().find(|codec| match map {
        Some((name, hz)) => codec.name().eq_ignore_ascii_case(name) && codec.clock_hz() == hz,
        None => codec.static_pt() == Some(pt),
    })
}

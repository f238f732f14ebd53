//! The session descriptions of the simulated phones: one audio stream, G.711, G.722 or Opus, a direction.

use std::net::{IpAddr, SocketAddr};

use model::Codec;

use super::shield::{Said, Shield, Srtp};
use crate::srtp::Key;

/// What the phone learns from the exchange's description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Where sound goes.
    pub remote: SocketAddr,
    /// The first codec in their list that the phone knows.
    pub codec: Codec,
    /// Their number of Opus.
    pub opus: u8,
    /// They want to hear us.
    pub they_receive: bool,
    /// Their number of telephone events.
    pub events: Option<u8>,
    /// What they say of protection.
    pub said: Said,
}

impl Heard {
    /// Whether a phone that knows this of protection can take it.
    pub(super) fn suits(&self, srtp: Srtp) -> bool {
        Shield::suits(srtp, &self.said)
    }
}

/// Reads a description; `None` when there is no stream for the phone in it.
#[must_use]
pub(super) fn read(body: &[u8], known: &[Codec]) -> Option<Heard> {
    let text = std::str::from_utf8(body).ok()?;
    let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start));
    let address: IpAddr = line("c=IN IP4 ")?.trim().parse().ok()?;
    let mut words = line("m=audio ")?.split(' ');
    let port: u16 = words.next()?.parse().ok()?;
    let number_of = |format: &str| {
        let mut maps = text.lines().filter_map(|l| l.strip_prefix("a=rtpmap:"));
        maps.find_map(|map| map.trim().strip_suffix(format)?.trim().parse().ok())
    };
    let opus = number_of("opus/48000/2");
    let codec_of = |word: &str| match word.trim().parse().ok()? {
        0 => Some(Codec::Pcmu),
        8 => Some(Codec::Pcma),
        9 => Some(Codec::G722),
        number => (Some(number) == opus).then_some(Codec::Opus),
    };
    let codec = words
        .skip(1)
        .filter_map(codec_of)
        .find(|codec| known.contains(codec))?;
    let deaf = ["a=sendonly", "a=inactive"];
    Some(Heard {
        remote: SocketAddr::new(address, port),
        codec,
        opus: opus.unwrap_or(OPUS_TYPE),
        events: number_of(" telephone-event/8000"),
        said: Said::new(
            text.contains(" RTP/SAVP "),
            text.lines()
                .filter_map(|line| line.strip_prefix("a=crypto:"))
                .filter_map(Key::read),
        ),
        they_receive: !text.lines().any(|line| deaf.contains(&line.trim())),
    })
}

/// The phones' own number of Opus, which is not the exchange's.
pub(crate) const OPUS_TYPE: u8 = 107;

/// The payload type of a codec (RFC 3551 §6); that of Opus is a matter of agreement.
#[must_use]
pub(crate) const fn payload_type(codec: Codec, opus: u8) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
        Codec::G722 => 9,
        Codec::Opus => opus,
    }
}

/// The formats of a description of the phone's.
#[derive(Clone, Debug)]
pub(super) struct Types {
    /// Best first.
    pub(super) codecs: Vec<Codec>,
    /// The number of Opus.
    pub(super) opus: u8,
    /// The number of telephone events.
    pub(super) events: Option<u8>,
}

impl Types {
    /// All payload types.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u8> {
        let codecs = self.codecs.iter();
        let codecs = codecs.map(|&codec| payload_type(codec, self.opus));
        codecs.chain(self.events)
    }
}

/// Writes the phone's description.
#[must_use]
pub(super) fn write(
    media: SocketAddr,
    version: u32,
    types: &Types,
    (direction, said): (&str, &Said),
) -> String {
    let (ip, port) = (media.ip(), media.port());
    let numbers: Vec<String> = types.numbers().map(|n| n.to_string()).collect();
    let mut map = types.events.map_or_else(String::new, |events| {
        format!("a=rtpmap:{events} telephone-event/8000\r\n")
    });
    if types.codecs.contains(&Codec::Opus) {
        let opus = types.opus;
        map += &format!("a=rtpmap:{opus} opus/48000/2\r\na=fmtp:{opus} useinbandfec=1\r\n");
    }
    let profile = if said.savp { "RTP/SAVP" } else { "RTP/AVP" };
    let crypto = said.lines().map(|(number, key)| key.line(number));
    let crypto: String = crypto.map(|line| format!("a=crypto:{line}\r\n")).collect();
    format!(
        "v=0\r\no=- 7 {version} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio {port} {profile} {}\r\n{map}{crypto}a={direction}\r\n",
        numbers.join(" ")
    )
}

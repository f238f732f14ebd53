//! The session descriptions of the simulated phones: one audio stream, G.711 or G.722, a direction.

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
    let codec_of = |word: &str| match word.trim() {
        "0" => Some(Codec::Pcmu),
        "8" => Some(Codec::Pcma),
        "9" => Some(Codec::G722),
        _ => None,
    };
    let codec = words
        .skip(1)
        .filter_map(codec_of)
        .find(|codec| known.contains(codec))?;
    let events = text.lines().find_map(|line| {
        let rest = line.strip_prefix("a=rtpmap:")?;
        let number = rest.strip_suffix(" telephone-event/8000")?;
        number.parse().ok()
    });
    let deaf = ["a=sendonly", "a=inactive"];
    Some(Heard {
        remote: SocketAddr::new(address, port),
        codec,
        events,
        said: Said::new(
            text.contains(" RTP/SAVP "),
            text.lines()
                .filter_map(|line| line.strip_prefix("a=crypto:"))
                .filter_map(Key::read),
        ),
        they_receive: !text.lines().any(|line| deaf.contains(&line.trim())),
    })
}

/// The payload type of a codec (RFC 3551 §6).
#[must_use]
pub(crate) const fn payload_type(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
        Codec::G722 => 9,
        // No phone here knows Opus; its number is a matter of agreement.
        Codec::Opus => 96,
    }
}

/// Writes the phone's description.
#[must_use]
pub(super) fn write(
    media: SocketAddr,
    version: u32,
    (codecs, events): (&[Codec], Option<u8>),
    (direction, said): (&str, &Said),
) -> String {
    let (ip, port) = (media.ip(), media.port());
    let types = codecs.iter().map(|&codec| payload_type(codec));
    let types: Vec<String> = types.chain(events).map(|n| n.to_string()).collect();
    let map = events.map_or_else(String::new, |events| {
        format!("a=rtpmap:{events} telephone-event/8000\r\n")
    });
    let profile = if said.savp { "RTP/SAVP" } else { "RTP/AVP" };
    let crypto = said.lines().map(|(number, key)| key.line(number));
    let crypto: String = crypto.map(|line| format!("a=crypto:{line}\r\n")).collect();
    format!(
        "v=0\r\no=- 7 {version} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio {port} {profile} {}\r\n{map}{crypto}a={direction}\r\n",
        types.join(" ")
    )
}

//! The session descriptions of the simulated phones: one audio stream, G.711, a direction.

use std::net::{IpAddr, SocketAddr};

use dsp::g711::Law;

/// What the phone learns from the exchange's description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Where sound goes.
    pub remote: SocketAddr,
    /// The first law in their list that the phone knows.
    pub law: Law,
    /// They want to hear us.
    pub they_receive: bool,
}

/// Reads a description; `None` when there is no stream for the phone in it.
#[must_use]
pub(super) fn read(body: &[u8], known: &[Law]) -> Option<Heard> {
    let text = std::str::from_utf8(body).ok()?;
    let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start));
    let address: IpAddr = line("c=IN IP4 ")?.trim().parse().ok()?;
    let mut words = line("m=audio ")?.split(' ');
    let port: u16 = words.next()?.parse().ok()?;
    let law = words.skip(1).find_map(|word| match word.trim() {
        "8" if known.contains(&Law::A) => Some(Law::A),
        "0" if known.contains(&Law::Mu) => Some(Law::Mu),
        _ => None,
    })?;
    let deaf = ["a=sendonly", "a=inactive"];
    Some(Heard {
        remote: SocketAddr::new(address, port),
        law,
        they_receive: !text.lines().any(|line| deaf.contains(&line.trim())),
    })
}

/// The payload type of a law (RFC 3551 §6).
#[must_use]
pub(crate) const fn payload_type(law: Law) -> u8 {
    match law {
        Law::A => 8,
        Law::Mu => 0,
    }
}

/// Writes the phone's description.
#[must_use]
pub(super) fn write(media: SocketAddr, version: u32, laws: &[Law], direction: &str) -> String {
    let (ip, port) = (media.ip(), media.port());
    let types: Vec<String> = laws
        .iter()
        .map(|&law| payload_type(law).to_string())
        .collect();
    format!(
        "v=0\r\no=- 7 {version} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP {} 101\r\na=rtpmap:101 telephone-event/8000\r\na={direction}\r\n",
        types.join(" ")
    )
}

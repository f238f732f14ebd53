//! Offer and answer for one audio stream (RFC 3264).

use std::net::{IpAddr, SocketAddr};

use model::Codec;

use super::{Attribute, Direction, Media, Origin, Session};
use crate::grammar::number;

/// The payload type that we offer for telephone events, the usual one.
const EVENT_PT: u8 = 101;

/// Our side of an offer or answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ours {
    /// The address we advertise.
    pub address: IpAddr,
    /// Our RTP port; RTCP is the next one.
    pub port: u16,
    /// Stays the same in a session.
    pub id: u64,
    /// One more with every description that differs.
    pub version: u64,
    /// Most wanted first, not empty.
    pub codecs: Vec<Codec>,
    /// Whether telephone events are offered and taken.
    pub events: bool,
    /// The packet time we want to receive, in ms.
    pub ptime_ms: u8,
    /// What we want.
    pub direction: Direction,
}

/// What both sides agreed on, in the words of `model::RtpParams`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Which media line.
    pub media: usize,
    /// Where RTP goes; `None` on hold by `0.0.0.0`, or where a host name stands.
    pub remote: Option<SocketAddr>,
    /// Where RTCP goes.
    pub remote_rtcp: Option<SocketAddr>,
    /// The codec.
    pub codec: Codec,
    /// Payload type that we send.
    pub pt_out: u8,
    /// Payload type that we expect.
    pub pt_in: u8,
    /// Payload type of telephone events that we send.
    pub event_pt_out: Option<u8>,
    /// Payload type of telephone events that we expect.
    pub event_pt_in: Option<u8>,
    /// Packet time that we send, in ms.
    pub ptime_ms: u8,
    /// Whether we send.
    pub send: bool,
    /// Whether we listen.
    pub receive: bool,
    /// Whether the far end holds us.
    pub held: bool,
}

/// Why there is no agreement: answer 488 (RFC 3261 §21.4.26).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SdpRefusal {
    /// No audio over plain RTP that is not refused.
    #[error("no audio stream that we speak")]
    NoAudio,
    /// Audio, but neither A-law nor µ-law, or none that both sides named.
    #[error("no codec in common")]
    NoCodec,
    /// An answer whose media lines are not those of the offer.
    #[error("the answer does not fit the offer")]
    Unfit,
}

/// Our offer: one audio line.
#[must_use]
pub fn offer(ours: &Ours) -> Session {
    let codecs: Vec<_> = ours
        .codecs
        .iter()
        .filter_map(|&codec| codec.static_pt().map(|pt| (pt, codec)))
        .collect();
    session(
        ours,
        vec![our_media(
            ours,
            &codecs,
            ours.events.then_some(EVENT_PT),
            ours.direction,
        )],
    )
}

/// Our next offer in a running session: audio in its old place, every other line refused, so
/// that number and order of the lines stay (RFC 3264 §8).
#[must_use]
pub fn offer_again(ours: &Ours, former: &Session, audio: usize) -> Session {
    let mut next = offer(ours);
    let Some(audio_line) = next.media.pop() else {
        return next;
    };
    next.media = former.media.iter().map(refused).collect();
    match next.media.get_mut(audio) {
        Some(place) => *place = audio_line,
        None => next.media.push(audio_line),
    }
    next
}

/// Our answer to `offer`, and what it means for us. The first audio line that we speak is taken,
/// every other one is refused in its place.
///
/// # Errors
/// [`SdpRefusal`]; the offer is to be refused as a whole.
pub fn answer(offer: &Session, ours: &Ours) -> Result<(Session, Agreed), SdpRefusal> {
    let is_audio = |media: &Media| media.is_plain_audio() && media.port != 0;
    if !offer.media.iter().any(is_audio) {
        return Err(SdpRefusal::NoAudio);
    }
    let with_codec = |media: &Media| is_audio(media) && choose(media, &ours.codecs).is_some();
    let at = offer
        .media
        .iter()
        .position(with_codec)
        .ok_or(SdpRefusal::NoCodec)?;
    let theirs = &offer.media[at];
    let (pt, codec) = choose(theirs, &ours.codecs).ok_or(SdpRefusal::NoCodec)?;
    let event_pt = theirs.event_pt().filter(|_| ours.events);
    let direction = Direction::answering(wish_of(offer, at), ours.direction);
    let mut media: Vec<_> = offer.media.iter().map(refused).collect();
    // RFC 3264 §6.1: the offer's numbers in both directions.
    media[at] = our_media(ours, &[(pt, codec)], event_pt, direction);
    let agreed = Agreed {
        media: at,
        remote: remote_rtp(offer, at),
        remote_rtcp: remote_rtcp(offer, at),
        codec,
        pt_out: pt,
        pt_in: pt,
        event_pt_out: event_pt,
        event_pt_in: event_pt,
        ptime_ms: theirs.ptime_ms().unwrap_or(20),
        send: direction.sends() && remote_rtp(offer, at).is_some(),
        receive: direction.receives(),
        held: offer.is_hold(at),
    };
    Ok((session(ours, media), agreed))
}

/// What the far end's `answer` to our `offer` means for us.
///
/// # Errors
/// [`SdpRefusal::Unfit`] if the lines do not match, [`SdpRefusal::NoAudio`] if our audio was
/// refused, [`SdpRefusal::NoCodec`] if none of ours is in the answer.
pub fn accept_answer(offer: &Session, answer: &Session) -> Result<Agreed, SdpRefusal> {
    let at = offer
        .media
        .iter()
        .position(|media| media.is_plain_audio() && media.port != 0)
        .ok_or(SdpRefusal::NoAudio)?;
    let (ours, theirs) = (
        &offer.media[at],
        answer.media.get(at).ok_or(SdpRefusal::Unfit)?,
    );
    // Fewer lines are forgiven where ours is among them, more are an answer to something else.
    if answer.media.len() > offer.media.len() || !theirs.kind.eq_ignore_ascii_case(&ours.kind) {
        return Err(SdpRefusal::Unfit);
    }
    if theirs.port == 0 || !theirs.is_plain_audio() {
        return Err(SdpRefusal::NoAudio);
    }
    let offered: Vec<_> = ours.codecs().collect();
    let pair = |(pt_out, codec)| {
        let mut same = offered.iter().filter(|&&(_, other)| other == codec);
        same.next().map(|&(pt_in, _)| (pt_out, pt_in, codec))
    };
    let (pt_out, pt_in, codec) = theirs.codecs().find_map(pair).ok_or(SdpRefusal::NoCodec)?;
    let event_pt_in = ours.event_pt();
    let event_pt_out = theirs.event_pt().filter(|_| event_pt_in.is_some());
    let remote = remote_rtp(answer, at);
    let ours_way = offer.direction_of(at);
    let direction = Direction::answering(wish_of(answer, at), ours_way);
    Ok(Agreed {
        media: at,
        remote,
        remote_rtcp: remote_rtcp(answer, at),
        codec,
        pt_out,
        pt_in,
        event_pt_out,
        event_pt_in: event_pt_in.filter(|_| event_pt_out.is_some()),
        ptime_ms: theirs.ptime_ms().unwrap_or(20),
        send: direction.sends() && remote.is_some(),
        receive: direction.receives(),
        held: answer.is_hold(at),
    })
}

/// The direction the far end means: `0.0.0.0` says that it does not listen (RFC 3264 §8.4).
fn wish_of(session: &Session, at: usize) -> Direction {
    let written = session.direction_of(at);
    let deaf = session
        .address_of(at)
        .is_some_and(|address| address.is_unspecified());
    Direction::new(written.sends(), written.receives() && !deaf)
}

/// Our most wanted codec that the offer has too. Ours decides, so that both legs of a call come
/// to the same codec and can be relayed.
fn choose(media: &Media, wanted: &[Codec]) -> Option<(u8, Codec)> {
    let theirs: Vec<_> = media.codecs().collect();
    let pair = |wanted| theirs.iter().copied().find(|&(_, codec)| codec == wanted);
    wanted.iter().copied().find_map(pair)
}

fn remote_rtp(session: &Session, at: usize) -> Option<SocketAddr> {
    let address = session.address_of(at).filter(usable)?;
    let port = session
        .media
        .get(at)
        .map(|media| media.port)
        .filter(|&port| port != 0)?;
    Some(SocketAddr::new(address, port))
}

/// RFC 3605: `a=rtcp:port [IN IP4 address]`, else the next port.
fn remote_rtcp(session: &Session, at: usize) -> Option<SocketAddr> {
    let rtp = remote_rtp(session, at)?;
    let next = || {
        rtp.port()
            .checked_add(1)
            .map(|port| SocketAddr::new(rtp.ip(), port))
    };
    let media = session.media.get(at)?;
    let Some(value) = media.attribute("rtcp") else {
        return next();
    };
    let mut words = value.split_ascii_whitespace();
    let Some(port) = words
        .next()
        .and_then(number::<u16>)
        .filter(|&port| port != 0)
    else {
        return next();
    };
    let address = words
        .nth(2)
        .and_then(|text| text.parse().ok())
        .filter(usable);
    Some(SocketAddr::new(address.unwrap_or(rtp.ip()), port))
}

/// Whether packets may be sent there at all: to one host.
fn usable(address: &IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    !address.is_unspecified() && !address.is_multicast() && !broadcast
}

/// The line of a media that is not taken: port 0, nothing else.
fn refused(media: &Media) -> Media {
    Media {
        port: 0,
        has_connection: false,
        connection: None,
        direction: None,
        attributes: Vec::new(),
        ..media.clone()
    }
}

fn our_media(
    ours: &Ours,
    codecs: &[(u8, Codec)],
    event_pt: Option<u8>,
    direction: Direction,
) -> Media {
    let mut formats: Vec<Box<str>> = Vec::new();
    let mut attributes = Vec::new();
    for (pt, codec) in codecs {
        formats.push(pt.to_string().into());
        let map = format!("{pt} {}/{}", codec.name(), codec.clock_hz());
        attributes.push(Attribute::new("rtpmap", map));
    }
    if let Some(pt) = event_pt {
        formats.push(pt.to_string().into());
        attributes.push(Attribute::new(
            "rtpmap",
            format!("{pt} telephone-event/8000"),
        ));
        attributes.push(Attribute::new("fmtp", format!("{pt} 0-16")));
    }
    attributes.push(Attribute::new("ptime", ours.ptime_ms.to_string()));
    Media {
        kind: "audio".into(),
        port: ours.port,
        proto: "RTP/AVP".into(),
        formats,
        has_connection: false,
        connection: None,
        direction: Some(direction),
        attributes,
    }
}

fn session(ours: &Ours, media: Vec<Media>) -> Session {
    Session {
        origin: Origin {
            username: "-".into(),
            id: ours.id,
            version: ours.version,
            address: ours.address.to_string().into(),
        },
        name: "-".into(),
        connection: Some(ours.address),
        direction: None,
        attributes: Vec::new(),
        media,
    }
}

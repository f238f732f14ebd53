//! Offer and answer for one audio stream (RFC 3264): what both sides come to.

use std::net::{IpAddr, SocketAddr};

use model::{Codec, DtlsRole, Fingerprint, OpusParams, SrtpKey};

use super::{
    Attribute, Direction, Media, Ours, Plain, Profile, Session,
    crypto::Crypto,
    dtls::{self, TheirIce},
    format::Formats,
    offer::{dtls_attributes, our_line, refused, session},
};
use crate::grammar::number;

/// How the packets are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shield {
    /// Not at all.
    None,
    /// With keys of the descriptions.
    Keys {
        /// For what we send.
        send: SrtpKey,
        /// For what we hear.
        receive: SrtpKey,
    },
    /// With keys from DTLS.
    Dtls {
        /// Who opens the handshake.
        role: DtlsRole,
        /// SHA-256 of the far end's certificate.
        fingerprint: Fingerprint,
    },
}

/// What both sides agreed on, in the words of `model::RtpParams`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Which media line.
    pub media: usize,
    /// Where RTP goes; `None` on hold by `0.0.0.0`, where a host name stands, and where ICE finds
    /// the way.
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
    /// Clock of telephone events in Hz.
    pub event_clock_hz: u32,
    /// Payload type of comfort noise that both take.
    pub comfort_pt: Option<u8>,
    /// Packet time that we send, in ms.
    pub ptime_ms: u8,
    /// What the far end wishes of Opus.
    pub opus: OpusParams,
    /// Whether we send.
    pub send: bool,
    /// Whether we listen.
    pub receive: bool,
    /// Whether the far end holds us.
    pub held: bool,
    /// What the line names.
    pub profile: Profile,
    /// How packets are protected.
    pub shield: Shield,
    /// Their names for connectivity checks, if the way is found by ICE.
    pub ice: Option<TheirIce>,
    /// RTCP shares the RTP port (RFC 5761).
    pub rtcp_mux: bool,
    /// The far end wishes for voice metrics (RFC 3611).
    pub metrics: bool,
}

/// Why there is no agreement: answer 488 (RFC 3261 §21.4.26).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum SdpRefusal {
    /// No audio over RTP that is not refused.
    #[error("no audio stream that we speak")]
    NoAudio,
    /// Audio, but no codec of ours, or none that both sides named.
    #[error("no codec in common")]
    NoCodec,
    /// One side insists on protection that the other does not give, or on none.
    #[error("no protection in common")]
    NoProtection,
    /// An answer whose media lines are not those of the offer.
    #[error("the answer does not fit the offer")]
    Unfit,
}

/// Our answer to `offer`, and what it means for us. The first audio line that we can take is
/// taken, every other one is refused in its place.
///
/// # Errors
/// [`SdpRefusal`]; the offer is to be refused as a whole.
pub fn answer(offer: &Session, ours: &Ours) -> Result<(Session, Agreed), SdpRefusal> {
    let Common {
        agreed,
        direction,
        tag,
    } = in_common(offer, ours)?;
    let line = |(at, theirs): (usize, &Media)| match at == agreed.media {
        true => answer_line(theirs, ours, &agreed, (direction, tag)),
        false => refused(theirs),
    };
    let media: Vec<_> = offer.media.iter().enumerate().map(line).collect();
    let attributes = answer_attributes(offer, &media, &agreed);
    Ok((session(ours, attributes, media), agreed))
}

/// What our answer to `offer` would mean for us.
///
/// # Errors
/// As [`answer`].
pub fn agree(offer: &Session, ours: &Ours) -> Result<Agreed, SdpRefusal> {
    in_common(offer, ours).map(|common| common.agreed)
}

/// What there is to agree on.
struct Common {
    agreed: Agreed,
    /// What our line says.
    direction: Direction,
    /// Of the key that we answer.
    tag: u32,
}

fn in_common(offer: &Session, ours: &Ours) -> Result<Common, SdpRefusal> {
    let mut refusal = SdpRefusal::NoAudio;
    for (at, theirs) in offer.media.iter().enumerate() {
        match in_common_on(offer, (at, theirs), ours) {
            Ok(common) => return Ok(common),
            // What stands nearest to an agreement tells most.
            Err(other) => refusal = refusal.max(other),
        }
    }
    Err(refusal)
}

fn in_common_on(
    offer: &Session,
    (at, theirs): (usize, &Media),
    ours: &Ours,
) -> Result<Common, SdpRefusal> {
    let profile = theirs.audio_profile().filter(|_| theirs.port != 0);
    let profile = profile.ok_or(SdpRefusal::NoAudio)?;
    let formats = Formats::of(theirs);
    let (pt, codec) = choose(&formats, &ours.codecs).ok_or(SdpRefusal::NoCodec)?;
    let (shield, tag) = shield_for(offer, at, profile, ours)?;
    let ice = match shield {
        Shield::Dtls { .. } => TheirIce::of(offer, at),
        Shield::None | Shield::Keys { .. } => None,
    };
    let event = formats.event_for(codec).filter(|_| ours.events);
    let comfort_pt = formats.comfort_pt(codec).filter(|_| ours.comfort);
    let way = Way::to(offer, at, ours.direction, ice.is_some());
    let rtcp_mux = theirs.has("rtcp-mux");
    let agreed = Agreed {
        media: at,
        remote: way.remote,
        remote_rtcp: if rtcp_mux {
            way.remote
        } else {
            way.remote_rtcp
        },
        codec,
        // RFC 3264 §6.1: the offer's numbers in both directions.
        pt_out: pt,
        pt_in: pt,
        event_pt_out: event.map(|(pt, _)| pt),
        event_pt_in: event.map(|(pt, _)| pt),
        event_clock_hz: event.map_or(codec.clock_hz(), |(_, hz)| hz),
        comfort_pt,
        ptime_ms: theirs.ptime_ms(codec),
        opus: opus_of(theirs, pt, codec),
        send: way.send,
        receive: way.receive,
        held: way.held,
        profile,
        shield,
        ice,
        rtcp_mux,
        metrics: theirs.wants_metrics(),
    };
    Ok(Common {
        agreed,
        direction: way.direction,
        tag,
    })
}

/// Our line in answer to theirs.
fn answer_line(
    theirs: &Media,
    ours: &Ours,
    agreed: &Agreed,
    (direction, tag): (Direction, u32),
) -> Media {
    let event = agreed.event_pt_in.map(|pt| (pt, agreed.event_clock_hz));
    let formats = Formats {
        codecs: vec![(agreed.pt_in, agreed.codec)],
        events: event.into_iter().collect(),
        comfort: agreed.comfort_pt.is_some(),
    };
    let mut line = our_line(ours, agreed.profile, &formats, direction);
    line.attributes
        .extend(answer_line_attributes(theirs, ours, agreed, tag));
    line
}

/// What protects the line, and what answers theirs.
fn answer_line_attributes(
    theirs: &Media,
    ours: &Ours,
    agreed: &Agreed,
    tag: u32,
) -> Vec<Attribute> {
    let mut out = Vec::new();
    match agreed.shield {
        Shield::Keys { send, .. } => out.push(Crypto { tag, key: send }.attribute()),
        Shield::Dtls { role, .. } => {
            let dtls = ours.dtls.as_ref();
            out.extend(
                dtls.into_iter()
                    .flat_map(|dtls| dtls_attributes(ours, dtls, Some(role), agreed.ice.is_some())),
            );
        }
        Shield::None => {}
    }
    if agreed.rtcp_mux && !matches!(agreed.shield, Shield::Dtls { .. }) {
        out.push(Attribute::flag("rtcp-mux"));
    }
    if agreed.metrics {
        out.push(Attribute::new("rtcp-xr", "voip-metrics"));
    }
    let mid = theirs
        .attribute("mid")
        .map(|mid| Attribute::new("mid", mid));
    out.extend(mid);
    out
}

/// Attributes of the session: the bundle has our one line only (RFC 8843 §7.3).
fn answer_attributes(offer: &Session, media: &[Media], agreed: &Agreed) -> Vec<Attribute> {
    let mut out = Vec::new();
    let bundled = |group: &str| group.trim().starts_with("BUNDLE");
    let line = media.get(agreed.media);
    if let Some(mid) = line.and_then(|line| line.attribute("mid"))
        && offer.attributes_named("group").any(bundled)
    {
        out.push(Attribute::new("group", format!("BUNDLE {mid}")));
    }
    if agreed.ice.is_some() {
        out.push(Attribute::flag("ice-lite"));
    }
    out
}

/// How an offered line can be protected, with the tag of the key that we answer.
fn shield_for(
    offer: &Session,
    at: usize,
    profile: Profile,
    ours: &Ours,
) -> Result<(Shield, u32), SdpRefusal> {
    let theirs = offer.media.get(at).ok_or(SdpRefusal::NoAudio)?;
    let by_keys = || {
        // RFC 4568 §5.1.2: the first of theirs that we can use.
        Crypto::all(theirs).into_iter().find_map(|crypto| {
            let suite = crypto.key.suite();
            let send = *ours.keys.iter().find(|key| key.suite() == suite)?;
            let receive = crypto.key;
            Some((Shield::Keys { send, receive }, crypto.tag))
        })
    };
    let by_dtls = || {
        let ours = ours.dtls.as_ref()?;
        let fingerprint = dtls::fingerprint(offer, at)?;
        let role = dtls::role_in_answer(offer, at, ours.role)?;
        // RTCP on a port of its own would need a handshake of its own.
        let shield = Shield::Dtls { role, fingerprint };
        theirs.has("rtcp-mux").then_some((shield, 0))
    };
    let found = match (profile, ours.plain) {
        (Profile::Avp, Plain::Welcome) => Some((Shield::None, 0)),
        (Profile::Avp, Plain::Accepted) => Some(by_keys().unwrap_or((Shield::None, 0))),
        (Profile::Avp, Plain::Refused) => by_keys(),
        // Browsers of old named DTLS like this too.
        (Profile::Savp | Profile::Savpf, _) => by_keys().or_else(by_dtls),
        (Profile::DtlsSavp | Profile::DtlsSavpf, _) => by_dtls(),
    };
    found.ok_or(SdpRefusal::NoProtection)
}

/// What the far end's `answer` to our `offer` means for us.
///
/// # Errors
/// [`SdpRefusal::Unfit`] if the lines do not match, [`SdpRefusal::NoAudio`] if our audio was
/// refused, [`SdpRefusal::NoCodec`] if none of ours is in the answer,
/// [`SdpRefusal::NoProtection`] if it lacks what the offer insists on.
pub fn accept_answer(offer: &Session, answer: &Session) -> Result<Agreed, SdpRefusal> {
    let is_ours = |media: &Media| media.audio_profile().is_some() && media.port != 0;
    let at = offer.media.iter().position(is_ours);
    let at = at.ok_or(SdpRefusal::NoAudio)?;
    let ours = &offer.media[at];
    let theirs = answer.media.get(at).ok_or(SdpRefusal::Unfit)?;
    // Fewer lines are forgiven where ours is among them, more are an answer to something else.
    if answer.media.len() > offer.media.len() || !theirs.kind.eq_ignore_ascii_case(&ours.kind) {
        return Err(SdpRefusal::Unfit);
    }
    let profile = theirs.audio_profile().filter(|_| theirs.port != 0);
    let profile = profile.ok_or(SdpRefusal::NoAudio)?;
    let (offered, answered) = (Formats::of(ours), Formats::of(theirs));
    let pair = |&(pt_out, codec): &(u8, Codec)| {
        let mut same = offered.codecs.iter().filter(|(_, other)| *other == codec);
        same.next().map(|&(pt_in, _)| (pt_out, pt_in, codec))
    };
    let chosen = answered.codecs.iter().find_map(pair);
    let (pt_out, pt_in, codec) = chosen.ok_or(SdpRefusal::NoCodec)?;
    let shield = shield_by_answer(ours, answer, at, profile)?;
    let ice = match shield {
        Shield::Dtls { .. } => TheirIce::of(answer, at),
        Shield::None | Shield::Keys { .. } => None,
    };
    let event = answered.event_for(codec).and_then(|(pt_out, hz)| {
        let pt_in = offered.event_pt(hz)?;
        Some((pt_out, pt_in, hz))
    });
    let way = Way::to(answer, at, offer.direction_of(at), ice.is_some());
    let rtcp_mux = ours.has("rtcp-mux") && theirs.has("rtcp-mux");
    Ok(Agreed {
        media: at,
        remote: way.remote,
        remote_rtcp: if rtcp_mux {
            way.remote
        } else {
            way.remote_rtcp
        },
        codec,
        pt_out,
        pt_in,
        event_pt_out: event.map(|(pt, ..)| pt),
        event_pt_in: event.map(|(_, pt, _)| pt),
        event_clock_hz: event.map_or(codec.clock_hz(), |(.., hz)| hz),
        comfort_pt: answered.comfort_pt(codec).and(offered.comfort_pt(codec)),
        ptime_ms: theirs.ptime_ms(codec),
        opus: opus_of(theirs, pt_out, codec),
        send: way.send,
        receive: way.receive,
        held: way.held,
        profile,
        shield,
        ice,
        rtcp_mux,
        metrics: theirs.wants_metrics(),
    })
}

/// How an answer protects our line. An offer of ours with keys on a plain line may be answered
/// without them, every other one may not.
fn shield_by_answer(
    ours: &Media,
    answer: &Session,
    at: usize,
    profile: Profile,
) -> Result<Shield, SdpRefusal> {
    let offered = ours.audio_profile().ok_or(SdpRefusal::NoAudio)?;
    let theirs = answer.media.get(at).ok_or(SdpRefusal::Unfit)?;
    if offered.is_dtls() {
        let fingerprint = dtls::fingerprint(answer, at).ok_or(SdpRefusal::NoProtection)?;
        let role = dtls::role_by_answer(answer, at).ok_or(SdpRefusal::NoProtection)?;
        let muxed = profile.is_dtls() && theirs.has("rtcp-mux");
        let shield = Shield::Dtls { role, fingerprint };
        return muxed.then_some(shield).ok_or(SdpRefusal::NoProtection);
    }
    let keys = Crypto::all(ours);
    // RFC 4568 §5.1.3: one line, with tag and suite of one of ours.
    let agreed = Crypto::all(theirs).into_iter().find_map(|crypto| {
        let same = |own: &&Crypto| own.tag == crypto.tag && own.key.suite() == crypto.key.suite();
        let (send, receive) = (keys.iter().find(same)?.key, crypto.key);
        Some(Shield::Keys { send, receive })
    });
    match agreed {
        Some(shield) if !profile.is_dtls() => Ok(shield),
        None if offered == Profile::Avp && profile == Profile::Avp => Ok(Shield::None),
        Some(_) | None => Err(SdpRefusal::NoProtection),
    }
}

/// Where packets go, and which way they may.
struct Way {
    remote: Option<SocketAddr>,
    remote_rtcp: Option<SocketAddr>,
    direction: Direction,
    send: bool,
    receive: bool,
    held: bool,
}

impl Way {
    /// To media `at` of their description, where we want `wanted`. With ICE the address written
    /// means nothing: packets go where a check came from.
    fn to(theirs: &Session, at: usize, wanted: Direction, ice: bool) -> Self {
        let written = theirs.direction_of(at);
        if ice {
            let direction = Direction::answering(written, wanted);
            return Self {
                remote: None,
                remote_rtcp: None,
                direction,
                send: direction.sends(),
                receive: direction.receives(),
                held: !written.receives(),
            };
        }
        let remote = remote_rtp(theirs, at);
        let direction = Direction::answering(wish_of(theirs, at), wanted);
        Self {
            remote,
            remote_rtcp: remote_rtcp(theirs, at),
            direction,
            send: direction.sends() && remote.is_some(),
            receive: direction.receives(),
            held: theirs.is_hold(at),
        }
    }
}

/// Their wishes about Opus, if it is Opus.
fn opus_of(theirs: &Media, pt: u8, codec: Codec) -> OpusParams {
    match codec {
        Codec::Opus => theirs.opus(pt),
        Codec::Pcmu | Codec::Pcma | Codec::G722 => OpusParams::default(),
    }
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
fn choose(theirs: &Formats, wanted: &[Codec]) -> Option<(u8, Codec)> {
    let codecs = &theirs.codecs;
    let pair = |wanted| codecs.iter().copied().find(|&(_, codec)| codec == wanted);
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

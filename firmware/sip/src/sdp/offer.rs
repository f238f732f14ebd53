//! What we say: the lines of our offers and answers.

use std::net::{IpAddr, SocketAddr};

use model::{Codec, DtlsRole, RtpParams, SrtpKey};

use super::{
    Attribute, Direction, Media, Origin, OurDtls, Profile, Session, crypto::Crypto, format::Formats,
};
use crate::host::Dotted;

/// The payload types that we offer for telephone events of each clock, the usual ones.
const EVENT_PTS: [(u8, u32); 2] = [(101, 8_000), (110, 48_000)];

/// When plain RTP will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// Always: keys on a plain line are neither given nor taken.
    Welcome,
    /// Where the other side has no keys to give on a plain line (RFC 8643).
    Accepted,
    /// Never.
    Refused,
}

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
    /// Whether comfort noise is offered and taken.
    pub comfort: bool,
    /// The packet time we want to receive, in ms.
    pub ptime_ms: u8,
    /// What we want.
    pub direction: Direction,
    /// What an offer of ours names.
    pub profile: Profile,
    /// When plain RTP will do.
    pub plain: Plain,
    /// Our keys, most wanted suite first; none: no keys in descriptions are given or taken.
    pub keys: Vec<SrtpKey>,
    /// What we need for keys from DTLS; `None`: none are taken.
    pub dtls: Option<OurDtls>,
}

/// Our offer: one audio line.
#[must_use]
pub fn offer(ours: &Ours) -> Session {
    offer_numbered(ours, None)
}

/// Our next offer in a running session: audio in its old place, every other line refused, so
/// that number and order of the lines stay (RFC 3264 §8).
#[must_use]
pub fn offer_again(ours: &Ours, former: &Session, audio: usize) -> Session {
    let mut next = offer_numbered(ours, former.media.get(audio));
    let Some(mut audio_line) = next.media.pop() else {
        return next;
    };
    // RFC 8843 §7.2: a line keeps its name.
    if let Some(mid) = former
        .media
        .get(audio)
        .and_then(|media| media.attribute("mid"))
    {
        next.attributes = bundle(ours.profile, mid);
        audio_line
            .attributes
            .retain(|attribute| &*attribute.name != "mid");
        audio_line.attributes.push(Attribute::new("mid", mid));
    }
    next.media = former.media.iter().map(refused).collect();
    match next.media.get_mut(audio) {
        Some(place) => *place = audio_line,
        None => next.media.push(audio_line),
    }
    next
}

/// An offer whose payload types mean what they meant in `former` (RFC 3264 §8.3.2).
fn offer_numbered(ours: &Ours, former: Option<&Media>) -> Session {
    let formats = numbered(ours, former);
    let mut line = our_line(ours, ours.profile, &formats, ours.direction);
    let mut attributes = Vec::new();
    if ours.profile.is_dtls() {
        if let Some(dtls) = &ours.dtls {
            line.attributes
                .extend(dtls_attributes(ours, dtls, None, true));
        }
        line.attributes.push(Attribute::new("mid", "0"));
        attributes = bundle(ours.profile, "0");
    } else if ours.profile != Profile::Avp || ours.plain != Plain::Welcome {
        let lines = (1..).zip(&ours.keys);
        line.attributes
            .extend(lines.map(|(tag, &key)| Crypto { tag, key }.attribute()));
    }
    session(ours, attributes, vec![line])
}

/// What a browser wants to be told of the session.
fn bundle(profile: Profile, mid: &str) -> Vec<Attribute> {
    if !profile.is_dtls() {
        return Vec::new();
    }
    vec![
        Attribute::new("group", format!("BUNDLE {mid}")),
        Attribute::flag("ice-lite"),
    ]
}

/// Payload types for our codecs: those of `former` where it has the codec, else static ones, else
/// ours, as long as `former` means nothing else by them.
fn numbered(ours: &Ours, former: Option<&Media>) -> Formats {
    let mut taken: Vec<u8> = former.map_or_else(Vec::new, |media| media.payload_types().collect());
    let mut number = |known: Option<u8>, usual: u8| {
        let free = |pt: &u8| !taken.contains(pt);
        let pt = known.or_else(|| core::iter::once(usual).chain(96..=127).find(free))?;
        taken.push(pt);
        Some(pt)
    };
    let former = former.map(Formats::of).unwrap_or_default();
    let known = |codec| {
        let mut codecs = former.codecs.iter();
        codecs.find(|(_, known)| *known == codec).map(|&(pt, _)| pt)
    };
    let mut formats = Formats {
        comfort: ours.comfort && ours.codecs.iter().any(|codec| codec.sample_hz() == 8_000),
        ..Formats::default()
    };
    for &codec in &ours.codecs {
        let usual = codec.static_pt().unwrap_or(RtpParams::DYNAMIC_PT);
        if let Some(pt) = number(known(codec), usual) {
            formats.codecs.push((pt, codec));
        }
    }
    for (usual, hz) in EVENT_PTS {
        let needed = ours.codecs.iter().any(|codec| codec.clock_hz() == hz);
        if ours.events
            && needed
            && let Some(pt) = number(former.event_pt(hz), usual)
        {
            formats.events.push((pt, hz));
        }
    }
    formats
}

/// Everything of DTLS and ICE in our line; RTCP shares the port there.
pub(super) fn dtls_attributes(
    ours: &Ours,
    dtls: &OurDtls,
    role: Option<DtlsRole>,
    ice: bool,
) -> Vec<Attribute> {
    let mut out = dtls.attributes(role);
    if ice {
        out.extend(dtls.ice_attributes(SocketAddr::new(ours.address, ours.port)));
    }
    out.push(Attribute::flag("rtcp-mux"));
    out
}

/// The line of a media that is not taken: port 0, its name, nothing else.
pub(super) fn refused(media: &Media) -> Media {
    let mid = media.attribute("mid").map(|mid| Attribute::new("mid", mid));
    Media {
        kind: media.kind.clone(),
        port: 0,
        proto: media.proto.clone(),
        formats: media.formats.clone(),
        has_connection: false,
        connection: None,
        direction: None,
        attributes: mid.into_iter().collect(),
    }
}

/// Our audio line, without what protects it.
pub(super) fn our_line(
    ours: &Ours,
    profile: Profile,
    formats: &Formats,
    direction: Direction,
) -> Media {
    let mut line = Media {
        kind: "audio".into(),
        port: ours.port,
        proto: profile.as_str().into(),
        formats: String::new(),
        has_connection: false,
        connection: None,
        direction: Some(direction),
        attributes: Vec::new(),
    };
    formats.write(&mut line, ours.ptime_ms);
    line
}

pub(super) fn session(ours: &Ours, attributes: Vec<Attribute>, media: Vec<Media>) -> Session {
    Session {
        origin: Origin {
            username: "-".into(),
            id: ours.id,
            version: ours.version,
            address: match ours.address {
                IpAddr::V4(v4) => Dotted::of(v4).as_str().into(),
                IpAddr::V6(v6) => v6.to_string().into(),
            },
        },
        name: "-".into(),
        connection: Some(ours.address),
        direction: None,
        attributes,
        media,
    }
}

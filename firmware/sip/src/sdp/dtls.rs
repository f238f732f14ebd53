//! Keys from DTLS (RFC 5763, RFC 8122) and the checks by which a browser finds us (RFC 8839).

use std::net::SocketAddr;

use model::{DtlsRole, Fingerprint, IceText};

use super::{Attribute, Session};

/// Priority of a host candidate of the highest preference for RTP (RFC 8445 §5.1.2.1).
const HOST_PRIORITY: u32 = (126 << 24) | (65_535 << 8) | 255;
/// The one stream and track that browsers show of us.
const MSID: &str = "centralka voice";

/// What of ours a description with DTLS says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OurDtls {
    /// SHA-256 of our certificate.
    pub fingerprint: Fingerprint,
    /// The role that a running association has given us.
    pub role: Option<DtlsRole>,
    /// Our name in connectivity checks.
    pub ice_name: IceText,
    /// The password with which checks to us are signed.
    pub ice_password: IceText,
}

/// What the far end's description says of ICE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TheirIce {
    /// Their name.
    pub name: IceText,
    /// The password with which checks to them would be signed.
    pub password: IceText,
}

impl TheirIce {
    /// Of media `at`: its own words, or the session's.
    pub(super) fn of(session: &Session, at: usize) -> Option<Self> {
        let text = |name| IceText::new(session.attribute_of(at, name)?.trim());
        Some(Self {
            name: text("ice-ufrag")?,
            password: text("ice-pwd")?,
        })
    }
}

/// The SHA-256 fingerprint of media `at`; other hashes stand beside it or not at all (RFC 8122 §5).
pub(super) fn fingerprint(session: &Session, at: usize) -> Option<Fingerprint> {
    let media = session.media.get(at)?;
    let own = media.values("fingerprint");
    own.chain(session.attributes_named("fingerprint"))
        .find_map(read_fingerprint)
}

fn read_fingerprint(value: &str) -> Option<Fingerprint> {
    let (hash, hex) = value.trim().split_once([' ', '\t'])?;
    if !hash.eq_ignore_ascii_case("sha-256") {
        return None;
    }
    let mut octets = [0; 32];
    let mut pairs = hex.trim().split(':');
    for octet in &mut octets {
        let pair = pairs.next().filter(|pair| pair.len() == 2)?;
        // `from_str_radix` would take a sign.
        if !pair.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        *octet = u8::from_str_radix(pair, 16).ok()?;
    }
    pairs.next().is_none().then_some(Fingerprint(octets))
}

/// Our role against an offer's `a=setup` (RFC 5763 §5). Whoever leaves the choice to us opens the
/// handshake itself: it knows first that checks have succeeded. A running association keeps its
/// roles (RFC 8842 §5.5).
pub(super) fn role_in_answer(
    session: &Session,
    at: usize,
    running: Option<DtlsRole>,
) -> Option<DtlsRole> {
    let setup = session.attribute_of(at, "setup").map(str::trim);
    match setup {
        Some(text) if text.eq_ignore_ascii_case("actpass") => {
            Some(running.unwrap_or(DtlsRole::Server))
        }
        Some(text) if text.eq_ignore_ascii_case("passive") => Some(DtlsRole::Client),
        Some(text) if text.eq_ignore_ascii_case("active") => Some(DtlsRole::Server),
        // RFC 4145 §4.1: an offer that says nothing is active.
        None => Some(DtlsRole::Server),
        Some(_) => None,
    }
}

/// Our role by the answer to our `actpass`.
pub(super) fn role_by_answer(session: &Session, at: usize) -> Option<DtlsRole> {
    let setup = session.attribute_of(at, "setup").map(str::trim);
    match setup {
        Some(text) if text.eq_ignore_ascii_case("passive") => Some(DtlsRole::Client),
        Some(text) if text.eq_ignore_ascii_case("active") => Some(DtlsRole::Server),
        Some(_) | None => None,
    }
}

/// The word of `a=setup`; nothing is decided in an offer.
const fn setup(role: Option<DtlsRole>) -> &'static str {
    match role {
        None => "actpass",
        Some(DtlsRole::Client) => "active",
        Some(DtlsRole::Server) => "passive",
    }
}

impl OurDtls {
    /// The attributes of our line. `role` is `None` in an offer.
    pub(super) fn attributes(&self, role: Option<DtlsRole>) -> Vec<Attribute> {
        let pairs: Vec<String> = self
            .fingerprint
            .0
            .iter()
            .map(|octet| format!("{octet:02X}"))
            .collect();
        vec![
            Attribute::new("fingerprint", format!("sha-256 {}", pairs.join(":"))),
            Attribute::new("setup", setup(role)),
        ]
    }

    /// The attributes by which the far end checks the way to us. RTP and RTCP share `at`, so there
    /// is one component.
    pub(super) fn ice_attributes(&self, at: SocketAddr) -> Vec<Attribute> {
        let (ip, port) = (at.ip(), at.port());
        let candidate = format!("1 1 UDP {HOST_PRIORITY} {ip} {port} typ host");
        vec![
            Attribute::new("ice-ufrag", self.ice_name.as_str()),
            Attribute::new("ice-pwd", self.ice_password.as_str()),
            Attribute::new("candidate", candidate),
            Attribute::flag("end-of-candidates"),
            Attribute::new("msid", MSID),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_exactly() {
        let good = ["AB"; 32].join(":");
        let read = |text: &str| read_fingerprint(text).is_some();
        assert!(read(&format!("sha-256 {good}")));
        assert!(read(&format!("SHA-256 {}", good.to_lowercase())));
        for bad in [
            format!("sha-1 {good}"),
            format!("sha-256 {good}:AB"),
            format!("sha-256 {}", &good[3..]),
            format!("sha-256 +A{}", &good[2..]),
            "sha-256".into(),
        ] {
            assert!(!read(&bad), "{bad}");
        }
    }
}

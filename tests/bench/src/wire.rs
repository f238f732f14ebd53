//! The generator's own reading and writing of SIP text: just what two well-behaved phones need, and
//! on purpose nothing of the exchange's `sip` crate.

use std::net::SocketAddr;

use md5::Md5;
use sha2::{Digest, Sha256};

/// A message, read in place.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    /// The start line.
    pub(crate) start: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    /// The body.
    pub(crate) body: &'a str,
}

impl<'a> Message<'a> {
    /// Reads a datagram; `None` if it has no start line.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.split("\r\n");
        let start = lines.next().filter(|line| !line.is_empty())?;
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim(), value.trim()))
            .collect();
        Some(Self {
            start,
            headers,
            body,
        })
    }

    /// The status of a response.
    pub(crate) fn status(&self) -> Option<u16> {
        let rest = self.start.strip_prefix("SIP/2.0 ")?;
        rest.get(..3)?.parse().ok()
    }

    /// The method of a request.
    pub(crate) fn method(&self) -> &'a str {
        self.start.split(' ').next().unwrap_or_default()
    }

    /// All values of a header.
    pub(crate) fn all<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'a str> + 'b {
        self.headers
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|&(_, value)| value)
    }

    /// The first value of a header, or nothing.
    pub(crate) fn get(&self, name: &str) -> &'a str {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map_or("", |&(_, value)| value)
    }

    /// Number and method of the CSeq.
    pub(crate) fn cseq(&self) -> (u32, &'a str) {
        let (number, method) = self.get("CSeq").split_once(' ').unwrap_or(("0", ""));
        (number.trim().parse().unwrap_or(0), method.trim())
    }

    /// The number in our own branches, `z9hG4bK` and a hexadecimal number after a dot.
    pub(crate) fn branch_number(&self) -> Option<u64> {
        let (_, rest) = self.get("Via").split_once("branch=z9hG4bK")?;
        let branch = rest.split([';', ',']).next()?;
        let (_, number) = branch.split_once('.')?;
        u64::from_str_radix(number, 16).ok()
    }

    /// Where the SDP in the body wants audio.
    pub(crate) fn audio(&self) -> Option<SocketAddr> {
        let line = |start: &str| {
            self.body
                .lines()
                .find_map(|line| line.strip_prefix(start))
                .map(str::trim)
        };
        let ip = line("c=IN IP4 ")?.parse().ok()?;
        let port = line("m=audio ")?.split(' ').next()?.parse().ok()?;
        Some(SocketAddr::new(ip, port))
    }
}

/// What stands between `<` and `>`.
pub(crate) fn uri_of(value: &str) -> &str {
    let inner = value
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or(value, |(uri, _)| uri)
}

/// The user part of the address in a header.
pub(crate) fn user_of(value: &str) -> &str {
    let rest = uri_of(value).split_once(':').map_or("", |(_, rest)| rest);
    rest.split(['@', ';', '>']).next().unwrap_or_default()
}

/// The `tag` of From or To.
pub(crate) fn tag_of(value: &str) -> &str {
    let rest = value.split_once(";tag=").map_or("", |(_, rest)| rest);
    rest.split(';').next().unwrap_or_default()
}

/// What a phone speaks; 20 ms of either are 160 octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Codec {
    #[default]
    Pcma,
    G722,
}

impl Codec {
    /// RFC 3551 §6.
    pub(crate) const fn payload_type(self) -> u8 {
        match self {
            Self::Pcma => 8,
            Self::G722 => 9,
        }
    }
}

/// An offer or answer of A-law with telephone events.
pub(crate) fn sdp(local: SocketAddr, id: usize, codec: Codec) -> String {
    let (ip, port) = (local.ip(), local.port());
    let pt = codec.payload_type();
    let name = match codec {
        Codec::Pcma => "PCMA",
        Codec::G722 => "G722",
    };
    format!(
        "v=0\r\no=- {id} {id} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP {pt} 101\r\na=rtpmap:{pt} {name}/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}

/// The header that answers a challenge: the first one offered whose algorithm we know, as RFC 8760
/// §2.4 asks of a client. `None` if there is none.
pub(crate) fn credentials(
    challenged: &Message<'_>,
    user: &str,
    password: &str,
    method: &str,
    uri: &str,
) -> Option<String> {
    let (name, answer) = match challenged.status()? {
        401 => ("WWW-Authenticate", "Authorization"),
        407 => ("Proxy-Authenticate", "Proxy-Authorization"),
        _ => return None,
    };
    for challenge in challenged.all(name) {
        let algorithm = parameter(challenge, "algorithm").unwrap_or("MD5");
        let hash: fn(&str) -> String = match algorithm {
            "SHA-256" => |text| hex(&Sha256::digest(text.as_bytes())),
            "MD5" => |text| hex(&Md5::digest(text.as_bytes())),
            _ => continue,
        };
        let realm = parameter(challenge, "realm")?;
        let nonce = parameter(challenge, "nonce")?;
        let ha1 = hash(&format!("{user}:{realm}:{password}"));
        let ha2 = hash(&format!("{method}:{uri}"));
        let response = hash(&format!("{ha1}:{nonce}:00000001:b3nc4:auth:{ha2}"));
        let opaque = parameter(challenge, "opaque")
            .map_or_else(String::new, |opaque| format!(", opaque=\"{opaque}\""));
        return Some(format!(
            "{answer}: Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", \
             uri=\"{uri}\", response=\"{response}\", algorithm={algorithm}, qop=auth, \
             nc=00000001, cnonce=\"b3nc4\"{opaque}\r\n"
        ));
    }
    None
}

/// A parameter of a challenge, without its quotes.
fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = challenge.split_once(' ')?.1;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => match after.find(',') {
                Some(at) => after.split_at(at),
                None => (after, ""),
            },
        };
        if key.trim_matches([' ', ',']).eq_ignore_ascii_case(name) {
            return Some(value.trim());
        }
        rest = next;
    }
}

fn hex(bytes: &[u8]) -> String {
    use core::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGED: &str = "SIP/2.0 401 Unauthorized\r\n\
        Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx.1f;rport=9\r\n\
        WWW-Authenticate: Digest realm=\"biloxi.com\", nonce=\"dcd98b\", algorithm=SHA-512-256, qop=\"auth,auth-int\"\r\n\
        WWW-Authenticate: Digest realm=\"biloxi.com\",qop=\"auth\",nonce=\"dcd98b\",algorithm=MD5,opaque=\"5ccc\"\r\n\
        CSeq: 7 REGISTER\r\n\r\n";

    #[test]
    fn the_first_known_challenge_is_answered() {
        let message = Message::read(CHALLENGED).expect("a message");
        assert_eq!(message.status(), Some(401));
        assert_eq!(message.branch_number(), Some(0x1f));
        assert_eq!(message.cseq(), (7, "REGISTER"));
        let header = credentials(&message, "bob", "zanzibar", "REGISTER", "sip:biloxi.com");
        let header = header.expect("MD5 is known");
        assert!(header.starts_with("Authorization: Digest username=\"bob\""));
        assert!(header.contains("opaque=\"5ccc\"") && header.contains("algorithm=MD5,"));
        let ha1 = hex(&Md5::digest(b"bob:biloxi.com:zanzibar"));
        let ha2 = hex(&Md5::digest(b"REGISTER:sip:biloxi.com"));
        let whole = format!("{ha1}:dcd98b:00000001:b3nc4:auth:{ha2}");
        assert!(header.contains(&hex(&Md5::digest(whole.as_bytes()))));
    }

    #[test]
    fn addresses_come_apart() {
        assert_eq!(user_of("\"A\" <sip:2005@h:5060;x>;tag=9"), "2005");
        assert_eq!(tag_of("<sip:2005@h>;tag=9;x=1"), "9");
        let here = SocketAddr::from(([127, 0, 0, 1], 4000));
        let text = format!("INVITE sip:a SIP/2.0\r\n\r\n{}", sdp(here, 1, Codec::Pcma));
        let message = Message::read(&text).expect("a message");
        assert_eq!((message.method(), message.audio()), ("INVITE", Some(here)));
    }
}

//! What must not be on the tape, blanked in place: every text keeps its length, and a character its
//! kind, so that what was legal stays legal.

use std::{borrow::Cow, collections::BTreeMap};

use model::{FlowId, limits};

/// Bytes of the longest marker.
const MARKER_MAX: usize = 10;
/// Connections that are cut in the middle of a message at once.
const TAILS_MAX: usize = limits::SIP_FLOWS;

/// A secret by what stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secret {
    /// A digest response.
    Response,
    /// An SRTP key (RFC 4568 §6.1).
    Key,
    /// An ICE password (RFC 8839 §5.4).
    IcePassword,
    /// A key that somebody pressed, in INFO.
    Digit,
}

impl Secret {
    const MARKERS: [(&'static [u8], Self); 4] = [
        (b"response=\"", Self::Response),
        (b"inline:", Self::Key),
        (b"ice-pwd:", Self::IcePassword),
        (b"signal=", Self::Digit),
    ];

    /// The secret that begins behind `text`, if one does. No two markers end alike.
    fn behind(text: &[u8]) -> Option<Self> {
        let [.., before, last] = text else {
            return None;
        };
        let (marker, secret) = match (before, last) {
            (b'=', b'"') => Self::MARKERS[0],
            (b'e' | b'E', b':') => Self::MARKERS[1],
            (b'd' | b'D', b':') => Self::MARKERS[2],
            (b'l' | b'L', b'=') => Self::MARKERS[3],
            _ => return None,
        };
        let from = text.len().checked_sub(marker.len())?;
        let same = text.get(from..)?.eq_ignore_ascii_case(marker);
        same.then_some(secret)
    }

    /// What stands in the place of a byte of the secret; `None` behind its end.
    fn blank(self, byte: u8) -> Option<u8> {
        match (self, byte) {
            (Self::Response, b'"' | b'\r' | b'\n') => None,
            (Self::Response, _) => Some(b'0'),
            (Self::Key | Self::IcePassword, b'+' | b'/') => Some(b'A'),
            (Self::Key | Self::IcePassword, _) => byte.is_ascii_alphanumeric().then_some(b'A'),
            (Self::Digit, b' ') => Some(b' '),
            (Self::Digit, _) => is_key(byte).then_some(b'0'),
        }
    }
}

const fn is_key(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D' | b'a'..=b'd')
}

/// Where the last piece of a stream ended.
#[derive(Clone, Debug, Default)]
struct Tail {
    /// Its last bytes.
    last: Vec<u8>,
    /// The secret in which it ended.
    inside: Option<Secret>,
}

impl Tail {
    /// Remembers the end of `bytes`, which come behind what is remembered.
    fn keep(&mut self, bytes: &[u8]) {
        let from = bytes.len().saturating_sub(MARKER_MAX);
        self.last.extend(bytes.get(from..).unwrap_or_default());
        let surplus = self.last.len().saturating_sub(MARKER_MAX);
        self.last.drain(..surplus);
    }
}

/// Blanks the secrets of streams, wherever they are cut.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    tails: BTreeMap<FlowId, Tail>,
}

impl Redactor {
    /// The next bytes of a connection.
    pub(crate) fn stream(&mut self, flow: FlowId, bytes: &[u8]) -> Vec<u8> {
        let mut tail = self.tails.remove(&flow).unwrap_or_default();
        let out = blanked(&mut tail, bytes).into_owned();
        // A message that ends here ends every secret.
        if tail.inside.is_some() || !bytes.ends_with(b"\n") {
            if self.tails.len() == TAILS_MAX {
                self.tails.pop_first();
            }
            tail.keep(bytes);
            self.tails.insert(flow, tail);
        }
        out
    }

    /// The connection is gone.
    pub(crate) fn forget(&mut self, flow: FlowId) {
        self.tails.remove(&flow);
    }
}

/// A whole message without its secrets.
pub(crate) fn message(bytes: &[u8]) -> Cow<'_, [u8]> {
    blanked(&mut Tail::default(), bytes)
}

/// Whether two neighbours stand where a marker ends: few others do.
const fn may_end([before, last]: [u8; 2]) -> bool {
    let letter = before | 0x20;
    (last == b'"') & (before == b'=')
        | (last == b':') & ((letter == b'e') | (letter == b'd'))
        | (last == b'=') & (letter == b'l')
}

/// Behind the first two neighbours from `from` on of which `is` is true. Every message of every call goes
/// through here, so a step looks at sixteen places at once.
pub(crate) fn behind_pair(
    bytes: &[u8],
    from: usize,
    is: impl Fn([u8; 2]) -> bool,
) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let lacks = |places: &&[u8; 17]| {
        let found: [bool; 16] = core::array::from_fn(|n| is([places[n], places[n + 1]]));
        found == [false; 16]
    };
    let steps = rest.array_windows().step_by(16);
    let start = steps.take_while(lacks).count() * 16;
    let mut places = rest.get(start..)?.array_windows();
    let at = places.position(|pair| is(*pair))?;
    Some(from + start + at + 2)
}

/// `bytes` without the secrets that begin in them, and without the rest of that in which the piece before
/// ended.
fn blanked<'b>(tail: &mut Tail, bytes: &'b [u8]) -> Cow<'b, [u8]> {
    let mut out = Cow::Borrowed(bytes);
    let mut at = 0;
    loop {
        if let Some(secret) = tail.inside {
            let rest = bytes.get(at..).unwrap_or_default();
            let blank = |&byte| secret.blank(byte);
            let len = rest.iter().map_while(blank).count();
            for place in out.to_mut().iter_mut().skip(at).take(len) {
                *place = secret.blank(*place).unwrap_or(*place);
            }
            at += len;
            if at == bytes.len() {
                break;
            }
            tail.inside = None;
        }
        let cut = at == 0 && !tail.last.is_empty();
        let next = if cut {
            // The last byte of a marker may be the first one here.
            Some(1)
        } else {
            behind_pair(bytes, at.saturating_sub(1), may_end)
        };
        let Some(end) = next.filter(|&end| end <= bytes.len()) else {
            break;
        };
        at = end;
        let from = at.saturating_sub(MARKER_MAX);
        let before = bytes.get(from..at).unwrap_or_default();
        tail.inside = if at < MARKER_MAX && !tail.last.is_empty() {
            Secret::behind(&[&tail.last, before].concat())
        } else {
            Secret::behind(before)
        };
    }
    if let Some(body) = bare_key(bytes) {
        for place in out.to_mut().iter_mut().skip(body) {
            if is_key(*place) {
                *place = b'0';
            }
        }
    }
    out
}

/// Where the body of an INFO of type `application/dtmf` begins: nothing but the key.
fn bare_key(bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(b"INFO ") {
        return None;
    }
    let place = |wanted: &[u8]| {
        bytes
            .windows(wanted.len())
            .position(|text| text.eq_ignore_ascii_case(wanted))
    };
    let kind = place(b"application/dtmf")? + b"application/dtmf".len();
    let body = place(b"\r\n\r\n")? + 4;
    (bytes.get(kind) != Some(&b'-')).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "INVITE sip:x SIP/2.0\r\nAuthorization: Digest nonce=\"n\", \
        Response=\"0123abcd\", uri=\"sip:x\"\r\n\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 \
        inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20\r\n\
        a=crypto:2 AEAD_AES_128_GCM INLINE:ab+/Zz==\r\na=ice-pwd:x+y/1234\r\na=ice-ufrag:abcd\r\n";
    const BLANKED: &str = "INVITE sip:x SIP/2.0\r\nAuthorization: Digest nonce=\"n\", \
        Response=\"00000000\", uri=\"sip:x\"\r\n\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 \
        inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|2^20\r\n\
        a=crypto:2 AEAD_AES_128_GCM INLINE:AAAAAA==\r\na=ice-pwd:AAAAAAAA\r\na=ice-ufrag:abcd\r\n";

    #[test]
    fn secrets_are_blanked_and_everything_keeps_its_length() {
        let text = message(MESSAGE.as_bytes()).into_owned();
        assert_eq!(String::from_utf8_lossy(&text), BLANKED);
        assert!(matches!(
            message(b"BYE sip:x SIP/2.0\r\n\r\n"),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn each_secret_is_seen_when_it_is_the_only_one() {
        for (marker, secret) in Secret::MARKERS {
            let text = [marker, b"123"].concat();
            let blanked = message(&text).into_owned();
            let zero = secret.blank(b'1').expect("a digit is part of every secret");
            assert_eq!(blanked, [marker, &[zero; 3]].concat());
            let upper = text.to_ascii_uppercase();
            assert_ne!(*message(&upper), *upper);
        }
    }

    #[test]
    fn a_stream_may_be_cut_anywhere() {
        for step in 1..MESSAGE.len() {
            let mut redactor = Redactor::default();
            let pieces = MESSAGE.as_bytes().chunks(step);
            let out: Vec<u8> = pieces
                .flat_map(|piece| redactor.stream(FlowId(1), piece))
                .collect();
            assert_eq!(
                String::from_utf8_lossy(&out),
                BLANKED,
                "in pieces of {step}"
            );
            assert!(redactor.tails.is_empty(), "in pieces of {step}");
        }
    }

    #[test]
    fn keys_that_people_press_are_blanked() {
        let check = |kind: &str, body: &str, blank: &str| {
            let text = |body| format!("INFO sip:x SIP/2.0\r\nContent-Type: {kind}\r\n\r\n{body}");
            let out = message(text(body).as_bytes()).into_owned();
            assert_eq!(String::from_utf8_lossy(&out), text(blank));
        };
        let relay = "application/dtmf-relay";
        check(
            relay,
            "Signal= 5\r\nDuration=160\r\n",
            "Signal= 0\r\nDuration=160\r\n",
        );
        check(relay, "signal=*\r\n", "signal=0\r\n");
        check(relay, "Signal=hf\r\n", "Signal=hf\r\n");
        check("application/dtmf", "#\r\n", "0\r\n");
    }
}

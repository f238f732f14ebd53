//! A SIP message as the simulated phones read and write it: no more than they need, and on purpose
//! not our `sip` crate, so that both ends of a call do not share one misreading.

use std::fmt::Write as _;

/// A request or a response: its first line, headers in order, body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// `INVITE sip:… SIP/2.0` or `SIP/2.0 200 OK`.
    pub first: String,
    /// Names as written, values trimmed.
    pub headers: Vec<(String, String)>,
    /// What follows the empty line.
    pub body: Vec<u8>,
}

/// One-letter names and what they stand for (RFC 3261 §7.3.3), as far as phones use them.
const COMPACT: [(&str, &str); 7] = [
    ("v", "via"),
    ("f", "from"),
    ("t", "to"),
    ("i", "call-id"),
    ("m", "contact"),
    ("c", "content-type"),
    ("l", "content-length"),
];

impl Message {
    /// A message without headers.
    #[must_use]
    pub(crate) fn new(first: String) -> Self {
        Self {
            first,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Reads a datagram; `None` when it is no SIP.
    #[must_use]
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let head_end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(bytes.get(..head_end)?).ok()?;
        let mut lines = head.split("\r\n");
        let first = lines.next().filter(|line| line.contains("SIP/2.0"))?;
        let mut message = Self::new(first.to_owned());
        for line in lines {
            let (name, value) = line.split_once(':')?;
            message
                .headers
                .push((name.trim().to_owned(), value.trim().to_owned()));
        }
        message.body = bytes.get(head_end + 4..)?.to_vec();
        Some(message)
    }

    /// Adds a header.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a session description.
    #[must_use]
    pub(crate) fn with_sdp(mut self, sdp: &str) -> Self {
        self.body = sdp.as_bytes().to_vec();
        self.with("Content-Type", "application/sdp")
    }

    /// Adds a key pressed, as vendors write it.
    #[must_use]
    pub(crate) fn with_key(mut self, key: char) -> Self {
        self.body = format!("Signal={key}\r\nDuration=160\r\n").into_bytes();
        self.with("Content-Type", "application/dtmf-relay")
    }

    /// The key in its body, if there is one.
    #[must_use]
    pub(crate) fn key(&self) -> Option<char> {
        let text = core::str::from_utf8(&self.body).ok()?;
        text.strip_prefix("Signal=")?.chars().next()
    }

    /// The bytes on the wire.
    #[must_use]
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.first);
        for (name, value) in &self.headers {
            // Writing to a string cannot fail.
            let _ = write!(text, "{name}: {value}\r\n");
        }
        let _ = write!(text, "Content-Length: {}\r\n\r\n", self.body.len());
        let mut bytes = text.into_bytes();
        bytes.extend(&self.body);
        bytes
    }

    /// Every value of a header, by its long name in lower case.
    pub(crate) fn all<'m>(&'m self, wanted: &'m str) -> impl Iterator<Item = &'m str> {
        self.headers.iter().filter_map(move |(name, value)| {
            let lower = name.to_ascii_lowercase();
            let long = COMPACT.iter().find(|(short, _)| *short == lower);
            let long = long.map_or(lower.as_str(), |(_, long)| long);
            (long == wanted).then_some(value.as_str())
        })
    }

    /// The first value of a header, empty if there is none.
    #[must_use]
    pub(crate) fn get<'m>(&'m self, wanted: &'m str) -> &'m str {
        self.all(wanted).next().unwrap_or("")
    }

    /// The status of a response.
    #[must_use]
    pub(crate) fn status(&self) -> Option<u16> {
        self.first.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// The method of a request, or the one that a response answers.
    #[must_use]
    pub(crate) fn method(&self) -> &str {
        match self.status() {
            None => self.first.split(' ').next().unwrap_or(""),
            Some(_) => self.get("cseq").split(' ').nth(1).unwrap_or(""),
        }
    }

    /// The request URI.
    #[must_use]
    pub(crate) fn uri(&self) -> &str {
        self.first.split(' ').nth(1).unwrap_or("")
    }

    /// The number of CSeq.
    #[must_use]
    pub(crate) fn cseq(&self) -> u32 {
        let number = self.get("cseq").split(' ').next();
        number.and_then(|n| n.parse().ok()).unwrap_or(0)
    }

    /// The branch of the topmost Via.
    #[must_use]
    pub(crate) fn branch(&self) -> &str {
        param(self.get("via"), "branch")
    }

    /// The tag of To, empty outside a dialog.
    #[must_use]
    pub(crate) fn to_tag(&self) -> &str {
        param(self.get("to"), "tag")
    }
}

/// A parameter of a header value, empty if it is not there.
#[must_use]
pub(crate) fn param<'v>(value: &'v str, name: &str) -> &'v str {
    let after = value.rfind('>').map_or(0, |at| at + 1);
    let rest = value.get(after..).unwrap_or("");
    let parts = rest.split(';').skip(1);
    let found = parts.filter_map(|part| part.trim().split_once('='));
    let mut found = found.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    found.next().map_or("", |(_, value)| value)
}

/// The URI between angle brackets, or the whole value without parameters.
#[must_use]
pub(crate) fn uri_of(value: &str) -> &str {
    match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or(""),
        None => value.split(';').next().unwrap_or("").trim(),
    }
}

/// The user part of a URI.
#[must_use]
pub(crate) fn user_of(uri: &str) -> &str {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    rest.split_once('@').map_or("", |(user, _)| user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let message = Message::new("INVITE sip:2001@192.0.2.1 SIP/2.0".into())
            .with("v", "SIP/2.0/UDP 192.0.2.7:5060;rport;branch=z9hG4bK1")
            .with("From", "\"A;b\" <sip:2002@192.0.2.1;x=y>;tag=7")
            .with("CSeq", "12 INVITE")
            .with_sdp("v=0\r\n");
        let read = Message::parse(&message.bytes()).expect("SIP");
        assert_eq!(
            (read.method(), read.cseq(), read.branch()),
            ("INVITE", 12, "z9hG4bK1")
        );
        assert_eq!((param(read.get("from"), "tag"), read.to_tag()), ("7", ""));
        assert_eq!(user_of(uri_of(read.get("from"))), "2002");
        assert_eq!(read.body, b"v=0\r\n");
        assert_eq!(Message::parse(b"\r\n\r\n"), None);
    }
}

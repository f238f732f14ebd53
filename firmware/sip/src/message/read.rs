//! The reader: bytes of a datagram, or a frame cut from a stream, to a message.

use core::ops::Range;
use std::borrow::Cow;

use model::limits::{SIP_HEADERS_MAX, SIP_MESSAGE_MAX};

use super::{Message, ParseError, Request, Response, check::check};
use crate::{
    Fault, HeaderName, Headers, Leniencies, Leniency, Method, Uri,
    grammar::{find_far, is_space, is_token_byte, number, split, trim},
};

/// A message and what had to be forgiven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The message; its mandatory headers are there and well-formed.
    pub message: Message,
    /// Deviations that were forgiven.
    pub leniencies: Leniencies,
}

/// Reads one whole message.
///
/// # Errors
/// [`ParseError`] names the fault and carries what is needed for an answer.
pub fn parse(bytes: &[u8]) -> Result<Parsed, ParseError> {
    if bytes.len() > SIP_MESSAGE_MAX {
        return Err(ParseError::silent(Fault::TooLong, 513));
    }
    let mut reader = Reader {
        bytes,
        text: plain_text(bytes),
        at: 0,
        forgiven: Leniencies::NONE,
        fault: None,
    };
    let start = reader.start_line()?;
    let headers = reader.headers();
    let length = reader.content_length(&headers);
    let body = reader.body(length);
    reader.finish(start, headers, body)
}

/// What the first line says. Parts that could not be read leave a fault in the reader.
enum Start {
    Request {
        method: Option<Method>,
        uri: Option<Uri>,
    },
    Response {
        status: u16,
        reason: String,
    },
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// The same as text, if it is as plain as messages are.
    text: Option<&'a str>,
    at: usize,
    forgiven: Leniencies,
    /// The first fault. Reading goes on, because the headers that follow make an answer possible.
    fault: Option<Fault>,
}

impl<'a> Reader<'a> {
    fn blame(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// Where the next line stands without its end; `None` at the end of the bytes.
    fn line(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let length = find_far(rest, b'\n');
        let end = start + length.unwrap_or(rest.len());
        self.at = end + usize::from(length.is_some());
        let bare = self.bytes[start..end].strip_suffix(b"\r");
        if length.is_none() {
            self.forgiven.note(Leniency::MissingEmptyLine);
        } else if bare.is_none() {
            self.forgiven.note(Leniency::LfOnly);
        }
        Some(start..bare.map_or(end, |bare| start + bare.len()))
    }

    fn start_line(&mut self) -> Result<Start, ParseError> {
        // RFC 3261 §7.5: empty lines before the start line are ignored.
        while matches!(self.bytes.get(self.at), Some(b'\r' | b'\n')) {
            self.at += 1;
            self.forgiven.note(Leniency::LeadingLines);
        }
        let line = self.line().ok_or(ParseError::silent(Fault::Empty, 400))?;
        let text = self.text(line);
        if text
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("SIP/"))
        {
            return self
                .status_line(&text)
                .map_err(|fault| ParseError::silent(fault, 400));
        }
        Ok(self.request_line(&text))
    }

    /// RFC 3261 §7.2.
    fn status_line(&mut self, text: &str) -> Result<Start, Fault> {
        let (version, rest) = split(text, b' ').ok_or(Fault::StartLine)?;
        self.version(version)?;
        let rest = rest.trim_start();
        let (code, reason) = match split(rest, b' ') {
            Some((code, reason)) => (code, reason),
            None => {
                self.forgiven.note(Leniency::MissingReasonSpace);
                (rest, "")
            }
        };
        let status = number(code)
            .filter(|_| code.len() == 3)
            .ok_or(Fault::StatusCode)?;
        if !(100..=699).contains(&status) {
            return Err(Fault::StatusCode);
        }
        Ok(Start::Response {
            status,
            reason: reason.to_owned(),
        })
    }

    /// RFC 3261 §7.1. More than one space between the parts is forgiven, a space inside the URI
    /// is not: nobody can say where it ends.
    fn request_line(&mut self, text: &str) -> Start {
        let mut parts = text.split([' ', '\t']);
        let first = parts.next().unwrap_or("");
        let method = Method::from_token(first);
        let mut words = parts.clone().filter(|word| !word.is_empty());
        let (uri, version, extra) = (words.next(), words.next(), words.next());
        if parts.count() > 2 {
            self.forgiven.note(Leniency::StartLineSpace);
        }
        let (Some(uri), Some(version)) = (uri, version) else {
            self.blame(Fault::StartLine);
            return Start::Request {
                method: None,
                uri: None,
            };
        };
        if method.is_none() {
            self.blame(Fault::Method);
        }
        if extra.is_some() {
            self.blame(Fault::RequestUri);
        } else if let Err(fault) = self.version(version) {
            self.blame(fault);
        }
        let uri = match Uri::parse_noting(uri, &mut self.forgiven) {
            // RFC 3261 §19.1.1 table 1: no headers in a request URI.
            Ok(uri) if !uri.has_headers() => Some(uri),
            Ok(_) | Err(_) => {
                self.blame(Fault::RequestUri);
                None
            }
        };
        Start::Request { method, uri }
    }

    /// RFC 3261 §7.1: compared without regard to case, written in upper case.
    fn version(&mut self, text: &str) -> Result<(), Fault> {
        if text == "SIP/2.0" {
            return Ok(());
        }
        if text.eq_ignore_ascii_case("SIP/2.0") {
            self.forgiven.note(Leniency::VersionCase);
            return Ok(());
        }
        let number = text
            .get(..4)
            .filter(|name| name.eq_ignore_ascii_case("SIP/"));
        Err(if number.is_some() {
            Fault::Version
        } else {
            Fault::StartLine
        })
    }

    /// All header lines up to the empty line.
    fn headers(&mut self) -> Headers {
        let mut headers = Headers::with_capacity(16, self.bytes.len() - self.at);
        let mut open: Option<(HeaderName, Cow<'a, str>)> = None;
        while let Some(line) = self.line() {
            if line.is_empty() {
                if let Some((name, value)) = open {
                    headers.push_read(name, &value);
                }
                return headers;
            }
            if is_space(self.bytes[line.start]) {
                let more = self.text(line);
                match &mut open {
                    // RFC 3261 §7.3.1: a fold is as good as one space.
                    Some((_, value)) => {
                        let more = trim(&more);
                        let value = value.to_mut();
                        if !value.is_empty() && !more.is_empty() {
                            value.push(' ');
                        }
                        value.push_str(more);
                    }
                    None => self.blame(Fault::HeaderLine),
                }
                continue;
            }
            if let Some((name, value)) = open.take() {
                headers.push_read(name, &value);
            }
            if headers.len() == SIP_HEADERS_MAX {
                self.blame(Fault::TooManyHeaders);
                return headers;
            }
            open = self.header_line(line);
        }
        if let Some((name, value)) = open {
            headers.push_read(name, &value);
        }
        headers
    }

    fn header_line(&mut self, line: Range<usize>) -> Option<(HeaderName, Cow<'a, str>)> {
        let bytes = &self.bytes[line.clone()];
        let is_token = |&&b: &&u8| is_token_byte(b);
        let name_end = bytes.iter().take_while(is_token).count();
        let space = |&&b: &&u8| matches!(b, b' ' | b'\t');
        let colon = name_end + bytes[name_end..].iter().take_while(space).count();
        if name_end == 0 || bytes.get(colon) != Some(&b':') {
            self.blame(Fault::HeaderLine);
            return None;
        }
        let after = &bytes[colon + 1..];
        let start = line.end - after.trim_ascii_start().len();
        let name = self.text(line.start..line.start + name_end);
        let value = self.text(start..start + after.trim_ascii().len());
        Some((HeaderName::from_text(&name), value))
    }

    /// A part as text: not UTF-8 is read as Latin-1; a stray CR becomes a space, because another
    /// reader might take it for a line end.
    fn text(&mut self, part: Range<usize>) -> Cow<'a, str> {
        if let Some(text) = self.text.and_then(|text| text.get(part.clone())) {
            return Cow::Borrowed(text);
        }
        let bytes = &self.bytes[part];
        let text = match core::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => {
                self.forgiven.note(Leniency::NotUtf8);
                Cow::Owned(bytes.iter().map(|&b| char::from(b)).collect())
            }
        };
        if bytes.contains(&b'\r') {
            self.forgiven.note(Leniency::ControlCharacter);
            return Cow::Owned(text.replace('\r', " "));
        }
        text
    }

    /// RFC 3261 §20.14. Several that disagree are an attempt to be read differently by two
    /// readers.
    fn content_length(&mut self, headers: &Headers) -> Option<usize> {
        let mut length = None;
        for value in headers.get_all(&HeaderName::ContentLength) {
            match number::<usize>(value) {
                None => self.blame(Fault::Malformed("Content-Length")),
                Some(n) if length.is_some_and(|length| length != n) => {
                    self.blame(Fault::Repeated("Content-Length"));
                }
                Some(n) => length = Some(n),
            }
        }
        length
    }

    /// RFC 3261 §18.3: what follows the body of a datagram is dropped, a body that is too short
    /// is an error.
    fn body(&mut self, length: Option<usize>) -> Vec<u8> {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        match length {
            None => {
                if !rest.is_empty() {
                    self.forgiven.note(Leniency::MissingContentLength);
                }
                rest.to_vec()
            }
            Some(length) if length > rest.len() => {
                self.blame(Fault::BodyShort);
                Vec::new()
            }
            Some(length) => {
                if length < rest.len() {
                    self.forgiven.note(Leniency::LongDatagram);
                }
                rest[..length].to_vec()
            }
        }
    }

    fn finish(
        mut self,
        start: Start,
        mut headers: Headers,
        body: Vec<u8>,
    ) -> Result<Parsed, ParseError> {
        headers.remove(&HeaderName::ContentLength);
        let message = match (start, self.fault) {
            (
                Start::Request {
                    method: Some(method),
                    uri: Some(uri),
                },
                None,
            ) => Message::Request(Request {
                method,
                uri,
                headers,
                body,
            }),
            (Start::Response { status, reason }, None) => Message::Response(Response {
                status,
                reason,
                headers,
                body,
            }),
            (Start::Request { method, .. }, fault) => {
                let fault = fault.unwrap_or(Fault::StartLine);
                return Err(ParseError::of_request(fault, method, headers));
            }
            (Start::Response { .. }, fault) => {
                return Err(ParseError::silent(fault.unwrap_or(Fault::StartLine), 400));
            }
        };
        match check(&message, &mut self.forgiven) {
            Ok(()) => Ok(Parsed {
                message,
                leniencies: self.forgiven,
            }),
            Err(fault) => Err(match message {
                Message::Request(r) => ParseError::of_request(fault, Some(r.method), r.headers),
                Message::Response(_) => ParseError::silent(fault, 400),
            }),
        }
    }
}

/// The text of a message that is UTF-8 and in which no CR stands alone.
fn plain_text(bytes: &[u8]) -> Option<&str> {
    let alone = |[a, b]: [u8; 2]| (a == b'\r') & (b != b'\n');
    // A step looks at sixteen places at once.
    let has = |places: &[u8; 17]| {
        let alone: [bool; 16] = core::array::from_fn(|n| alone([places[n], places[n + 1]]));
        alone != [false; 16]
    };
    let rest = bytes.len().saturating_sub(1) / 16 * 16;
    let any = bytes.array_windows().step_by(16).any(has)
        || bytes[rest..].array_windows().any(|pair| alone(*pair));
    core::str::from_utf8(bytes).ok().filter(|_| !any)
}

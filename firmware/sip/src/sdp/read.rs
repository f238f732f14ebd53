//! The reader. Unknown lines and attributes are skipped, order is not insisted on where the
//! meaning is clear; what would be guessed is refused.

use std::net::IpAddr;

use model::limits::{SDP_ATTRIBUTES_MAX, SDP_BYTES_MAX, SDP_FORMATS_MAX, SDP_MEDIA_MAX};

use super::{Attribute, Direction, Media, Origin, Session, Word, media::word};
use crate::grammar::{find, number, split, trim};

/// Why a description cannot be read: answer 400, or 488 for `Media`, `Connection` and limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SdpFault {
    /// Longer than `limits::SDP_BYTES_MAX`.
    #[error("session description too long")]
    TooLong,
    /// More media, formats or attributes than `limits` allow.
    #[error("too many lines in the session description")]
    TooMany,
    /// Not UTF-8.
    #[error("session description is not UTF-8")]
    NotText,
    /// A line without `x=`.
    #[error("line of the session description is malformed")]
    Line,
    /// No `v=0` at the start.
    #[error("session description has no version 0")]
    Version,
    /// The `o=` line is missing or malformed.
    #[error("origin is malformed")]
    Origin,
    /// A `c=` line is malformed.
    #[error("connection is malformed")]
    Connection,
    /// An `m=` line is malformed.
    #[error("media line is malformed")]
    Media,
}

/// Reads a session description.
///
/// # Errors
/// [`SdpFault`].
pub fn parse(bytes: &[u8]) -> Result<Session, SdpFault> {
    if bytes.len() > SDP_BYTES_MAX {
        return Err(SdpFault::TooLong);
    }
    let text = core::str::from_utf8(bytes).map_err(|_| SdpFault::NotText)?;
    let mut lines = lines(text);
    match lines.next().and_then(|line| line.strip_prefix("v=")) {
        Some(version) if trim(version) == "0" => {}
        _ => return Err(SdpFault::Version),
    }
    let mut reader = Reader::default();
    for line in lines {
        reader.line(line)?;
    }
    reader.finish()
}

/// The lines that are not empty, without what some phones write at their ends.
fn lines(mut rest: &str) -> impl Iterator<Item = &str> {
    let lines = core::iter::from_fn(move || {
        let is_end = |b| matches!(b, b'\n' | b'\r');
        let end = rest.bytes().position(is_end).unwrap_or(rest.len());
        let line = (!rest.is_empty()).then_some(&rest[..end])?;
        rest = rest.get(end + 1..).unwrap_or("");
        let last = line.bytes().rposition(|b| !matches!(b, 0 | b' ' | b'\t'));
        Some(&line[..last.map_or(0, |last| last + 1)])
    });
    lines.filter(|line| !line.is_empty())
}

#[derive(Default)]
struct Reader {
    origin: Option<Origin>,
    name: Word,
    connection: Option<IpAddr>,
    direction: Option<Direction>,
    attributes: Vec<Attribute>,
    media: Vec<Media>,
    attribute_count: usize,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), SdpFault> {
        // RFC 8866 §9 `byte-string`: no NUL. At the end of a line it was trimmed away.
        let (kind, value) = split(line, b'=').ok_or(SdpFault::Line)?;
        if find(value, 0).is_some() {
            return Err(SdpFault::Line);
        }
        match trim(kind) {
            "o" if self.origin.is_none() => self.origin = Some(origin(value)?),
            "s" => self.name = word(value),
            "c" => self.connection_line(value)?,
            "a" => self.attribute(value)?,
            "m" => {
                if self.media.len() == SDP_MEDIA_MAX {
                    return Err(SdpFault::TooMany);
                }
                self.media.push(media(value)?);
            }
            // Bandwidth, times, e-mail and the rest mean nothing to us; a second `o=` neither.
            other if other.len() == 1 && other.as_bytes()[0].is_ascii_alphabetic() => {}
            _ => return Err(SdpFault::Line),
        }
        Ok(())
    }

    fn connection_line(&mut self, value: &str) -> Result<(), SdpFault> {
        let address = connection(value)?;
        match self.media.last_mut() {
            // Several c= lines in a media are layered multicast (RFC 8866 §5.7): keep the first.
            Some(media) if media.has_connection => {}
            Some(media) => {
                media.has_connection = true;
                media.connection = address;
            }
            None => self.connection = address,
        }
        Ok(())
    }

    fn attribute(&mut self, text: &str) -> Result<(), SdpFault> {
        self.attribute_count += 1;
        if self.attribute_count > SDP_ATTRIBUTES_MAX {
            return Err(SdpFault::TooMany);
        }
        let (direction, attributes) = match self.media.last_mut() {
            Some(media) => (&mut media.direction, &mut media.attributes),
            None => (&mut self.direction, &mut self.attributes),
        };
        let (name, value) = match split(text, b':') {
            Some((name, value)) => (trim(name), Some(value)),
            None => (trim(text), None),
        };
        if value.is_none()
            && let Some(read) = Direction::from_name(name)
        {
            *direction = Some(read);
            return Ok(());
        }
        attributes.push(Attribute {
            name: word(name),
            value: value.map(Into::into),
        });
        Ok(())
    }

    fn finish(self) -> Result<Session, SdpFault> {
        Ok(Session {
            origin: self.origin.ok_or(SdpFault::Origin)?,
            name: self.name,
            connection: self.connection,
            direction: self.direction,
            attributes: self.attributes,
            media: self.media,
        })
    }
}

/// `username id version IN IP4 address`, read from the right: some phones put spaces into the
/// username. Ids longer than 64 bits are legal and cut to their low digits: they are compared
/// only.
fn origin(value: &str) -> Result<Origin, SdpFault> {
    let mut words = value.split_ascii_whitespace().rev();
    let mut next = || words.next().ok_or(SdpFault::Origin);
    let (address, _family, _net) = (next()?, next()?, next()?);
    let (version, id) = (next()?, next()?);
    let mut name: Vec<&str> = words.collect();
    name.reverse();
    Ok(Origin {
        username: match name.as_slice() {
            [] => word("-"),
            [one] => word(one),
            several => several.join(" ").into(),
        },
        id: digits(id).ok_or(SdpFault::Origin)?,
        version: digits(version).ok_or(SdpFault::Origin)?,
        address: address.into(),
    })
}

fn digits(text: &str) -> Option<u64> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    number(&text[text.len().saturating_sub(19)..])
}

/// `IN IP4 address[/ttl]`. A host name is `None`: nothing in a call waits for DNS.
fn connection(value: &str) -> Result<Option<IpAddr>, SdpFault> {
    let mut words = value.split_ascii_whitespace();
    let (net, family, address) = (words.next(), words.next(), words.next());
    let (Some(net), Some(family), Some(address)) = (net, family, address) else {
        return Err(SdpFault::Connection);
    };
    let known = family.eq_ignore_ascii_case("IP4") || family.eq_ignore_ascii_case("IP6");
    if !net.eq_ignore_ascii_case("IN") || !known {
        return Err(SdpFault::Connection);
    }
    let bare = split(address, b'/').map_or(address, |(bare, _)| bare);
    Ok(bare.parse().ok())
}

/// `kind port[/count] proto format …`
fn media(value: &str) -> Result<Media, SdpFault> {
    let mut words = value.split_ascii_whitespace();
    let (kind, port, proto) = (words.next(), words.next(), words.next());
    let (Some(kind), Some(port), Some(proto)) = (kind, port, proto) else {
        return Err(SdpFault::Media);
    };
    let port = split(port, b'/').map_or(port, |(port, _)| port);
    let mut formats = String::with_capacity(value.len());
    for (at, format) in words.enumerate() {
        if at == SDP_FORMATS_MAX {
            return Err(SdpFault::TooMany);
        }
        if at > 0 {
            formats.push(' ');
        }
        formats.push_str(format);
    }
    Ok(Media {
        kind: word(kind),
        port: number(port).ok_or(SdpFault::Media)?,
        proto: word(proto),
        formats,
        has_connection: false,
        connection: None,
        direction: None,
        attributes: Vec::new(),
    })
}

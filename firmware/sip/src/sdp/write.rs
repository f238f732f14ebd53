//! The writer: lines in the order of RFC 8866 §5.

use core::fmt::{self, Write as _};
use std::net::IpAddr;

use super::{Attribute, Media, Session};
use crate::{grammar::text_of, host::Dotted};

/// Bytes of most descriptions.
const ROOM: usize = 512;

impl Session {
    /// The bytes of the description.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut text = text_of(self, ROOM);
        // It is kept as long as the call.
        text.shrink_to_fit();
        text.into_bytes()
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = &self.origin;
        let family = if origin.address.contains(':') {
            "IP6"
        } else {
            "IP4"
        };
        let user = if origin.username.is_empty() {
            "-"
        } else {
            &origin.username
        };
        write!(f, "v=0\r\no={} {} ", Line(user), origin.id)?;
        write!(
            f,
            "{} IN {family} {}\r\n",
            origin.version,
            Line(&origin.address)
        )?;
        let name = if self.name.is_empty() {
            "-"
        } else {
            &self.name
        };
        write!(f, "s={}\r\n", Line(name))?;
        if let Some(address) = self.connection {
            write_connection(f, address)?;
        }
        f.write_str("t=0 0\r\n")?;
        if let Some(direction) = self.direction {
            write!(f, "a={}\r\n", direction.as_str())?;
        }
        write_attributes(f, &self.attributes)?;
        self.media.iter().try_for_each(|media| media.fmt(f))
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "m={} {} {}",
            Line(&self.kind),
            self.port,
            Line(&self.proto)
        )?;
        for format in &self.formats {
            write!(f, " {}", Line(format))?;
        }
        // The grammar wants one format at least.
        f.write_str(if self.formats.is_empty() {
            " 0\r\n"
        } else {
            "\r\n"
        })?;
        if let Some(address) = self.connection {
            write_connection(f, address)?;
        }
        write_attributes(f, &self.attributes)?;
        match self.direction {
            Some(direction) => write!(f, "a={}\r\n", direction.as_str()),
            None => Ok(()),
        }
    }
}

fn write_connection(f: &mut fmt::Formatter<'_>, address: IpAddr) -> fmt::Result {
    let family = if address.is_ipv6() { "IP6" } else { "IP4" };
    write!(f, "c=IN {family} ")?;
    match address {
        IpAddr::V4(v4) => f.write_str(Dotted::of(v4).as_str())?,
        IpAddr::V6(v6) => write!(f, "{v6}")?,
    }
    f.write_str("\r\n")
}

fn write_attributes(f: &mut fmt::Formatter<'_>, attributes: &[Attribute]) -> fmt::Result {
    for attribute in attributes {
        write!(f, "a={}", Line(&attribute.name))?;
        if let Some(value) = &attribute.value {
            write!(f, ":{}", Line(value))?;
        }
        f.write_str("\r\n")?;
    }
    Ok(())
}

/// Text in which a line end cannot start a line of its own.
struct Line<'a>(&'a str);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.bytes().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
            return f.write_str(self.0);
        }
        self.0.chars().try_for_each(|c| {
            f.write_char(if matches!(c, '\r' | '\n' | '\0') {
                ' '
            } else {
                c
            })
        })
    }
}

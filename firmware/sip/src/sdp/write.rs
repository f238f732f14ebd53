//! The writer: lines in the order of RFC 8866 §5.

use core::fmt::{self, Write as _};
use std::net::IpAddr;

use super::{Attribute, Media, Session};
use crate::{grammar::Decimal, host::Dotted};

/// Bytes of most descriptions.
const ROOM: usize = 512;

impl Session {
    /// The bytes of the description.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut text = self.text();
        // It is kept as long as the call.
        text.shrink_to_fit();
        text.into_bytes()
    }

    fn text(&self) -> String {
        let mut out = String::with_capacity(ROOM);
        let origin = &self.origin;
        let family = if origin.address.contains(':') {
            " IN IP6 "
        } else {
            " IN IP4 "
        };
        out.push_str("v=0\r\no=");
        push_line(&mut out, or_dash(&origin.username));
        out.push(' ');
        out.push_str(Decimal::of(origin.id).as_str());
        out.push(' ');
        out.push_str(Decimal::of(origin.version).as_str());
        out.push_str(family);
        push_line(&mut out, &origin.address);
        out.push_str("\r\ns=");
        push_line(&mut out, or_dash(&self.name));
        out.push_str("\r\n");
        push_connection(&mut out, self.connection);
        out.push_str("t=0 0\r\n");
        push_flag(&mut out, self.direction.map(|direction| direction.as_str()));
        push_attributes(&mut out, &self.attributes);
        for media in &self.media {
            media.push_to(&mut out);
        }
        out
    }
}

impl Media {
    fn push_to(&self, out: &mut String) {
        out.push_str("m=");
        push_line(out, &self.kind);
        out.push(' ');
        out.push_str(Decimal::of(self.port).as_str());
        out.push(' ');
        push_line(out, &self.proto);
        out.push(' ');
        // The grammar wants one format at least.
        let formats = &*self.formats;
        push_line(out, if formats.is_empty() { "0" } else { formats });
        out.push_str("\r\n");
        push_connection(out, self.connection);
        push_attributes(out, &self.attributes);
        push_flag(out, self.direction.map(|direction| direction.as_str()));
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

/// What stands where there is nothing to say.
fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

fn push_connection(out: &mut String, address: Option<IpAddr>) {
    match address {
        None => return,
        Some(IpAddr::V4(v4)) => {
            out.push_str("c=IN IP4 ");
            out.push_str(Dotted::of(v4).as_str());
        }
        Some(IpAddr::V6(v6)) => {
            // Writing into a String cannot fail.
            let _ = write!(out, "c=IN IP6 {v6}");
        }
    }
    out.push_str("\r\n");
}

fn push_flag(out: &mut String, name: Option<&str>) {
    if let Some(name) = name {
        out.push_str("a=");
        out.push_str(name);
        out.push_str("\r\n");
    }
}

fn push_attributes(out: &mut String, attributes: &[Attribute]) {
    for attribute in attributes {
        out.push_str("a=");
        push_line(out, &attribute.name);
        if let Some(value) = &attribute.value {
            out.push(':');
            push_line(out, value);
        }
        out.push_str("\r\n");
    }
}

/// Appends text in which a line end cannot start a line of its own.
fn push_line(out: &mut String, text: &str) {
    if text.bytes().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
        out.push_str(&text.replace(['\r', '\n', '\0'], " "));
    } else {
        out.push_str(text);
    }
}

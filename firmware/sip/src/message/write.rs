//! Exact writing: one header a line, CRLF, Content-Length always and last.

use super::{Request, Response};
use crate::{Header, HeaderName, Headers, grammar::Decimal};

impl Request {
    /// Appends the request's bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        let (method, uri) = (self.method.as_str(), self.uri.as_str());
        out.reserve(method.len() + uri.len() + ROOM + size(&self.headers, &self.body));
        out.extend_from_slice(method.as_bytes());
        out.push(b' ');
        out.extend_from_slice(uri.as_bytes());
        out.extend_from_slice(b" SIP/2.0\r\n");
        write_rest(&self.headers, &self.body, out);
    }
}

impl Response {
    /// Appends the response's bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.reserve(self.reason.len() + ROOM + size(&self.headers, &self.body));
        out.extend_from_slice(b"SIP/2.0 ");
        out.extend_from_slice(Decimal::of(self.status).as_str().as_bytes());
        out.push(b' ');
        // A line end in the phrase would end the status line.
        let one_line = |b| if matches!(b, b'\r' | b'\n') { b' ' } else { b };
        out.extend(self.reason.bytes().map(one_line));
        out.extend_from_slice(b"\r\n");
        write_rest(&self.headers, &self.body, out);
    }
}

/// What stands in every message beside method, URI, reason, headers and body: at most so many bytes.
const ROOM: usize = 40;

/// Bytes of headers and body.
fn size(headers: &Headers, body: &[u8]) -> usize {
    let text = |header: Header<'_>| header.name.as_str().len() + header.value.len() + 4;
    headers.iter().map(text).sum::<usize>() + body.len()
}

fn write_rest(headers: &Headers, body: &[u8], out: &mut Vec<u8>) {
    for header in headers.iter() {
        if *header.name == HeaderName::ContentLength {
            continue;
        }
        out.extend_from_slice(header.name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(header.value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"Content-Length: ");
    let length = Decimal::of(body.len() as u64);
    out.extend_from_slice(length.as_str().as_bytes());
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body);
}

//! Exact writing: one header a line, CRLF, Content-Length always and last.

use super::{Request, Response};
use crate::{Header, HeaderName, Headers};

impl Request {
    /// Appends the request's bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.method.as_str().as_bytes());
        out.push(b' ');
        out.extend_from_slice(self.uri.as_str().as_bytes());
        out.extend_from_slice(b" SIP/2.0\r\n");
        write_rest(&self.headers, &self.body, out);
    }
}

impl Response {
    /// Appends the response's bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"SIP/2.0 ");
        write_number(usize::from(self.status), out);
        out.push(b' ');
        // A line end in the phrase would end the status line.
        let one_line = |b| if matches!(b, b'\r' | b'\n') { b' ' } else { b };
        out.extend(self.reason.bytes().map(one_line));
        out.extend_from_slice(b"\r\n");
        write_rest(&self.headers, &self.body, out);
    }
}

fn write_rest(headers: &Headers, body: &[u8], out: &mut Vec<u8>) {
    let text = |header: Header<'_>| header.name.as_str().len() + header.value.len() + 4;
    out.reserve(headers.iter().map(text).sum::<usize>() + body.len() + 32);
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
    write_number(body.len(), out);
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body);
}

/// Decimal digits without an allocation.
fn write_number(mut n: usize, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(n % 10).unwrap_or(0);
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

//! Messages, their reader and their writer.

mod check;
mod phrase;
mod read;
mod write;

pub use check::ParseError;
pub use phrase::reason_phrase;
pub use read::{Parsed, parse};

use crate::{HeaderName, Headers, Method, Uri};

/// A request or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

/// A request. Its request URI keeps the text of the wire ([`Uri::as_str`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The request URI.
    pub uri: Uri,
    /// All headers but Content-Length, which the writer makes.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 100–699.
    pub status: u16,
    /// The reason phrase, for people only.
    pub reason: String,
    /// All headers but Content-Length, which the writer makes.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl Message {
    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        match self {
            Self::Request(request) => &request.body,
            Self::Response(response) => &response.body,
        }
    }

    /// Appends the message's bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Request(request) => request.write(out),
            Self::Response(response) => response.write(out),
        }
    }
}

impl Request {
    /// A request without headers.
    #[must_use]
    pub const fn new(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            headers: Headers::new(),
            body: Vec::new(),
        }
    }

    /// Puts in a body with its Content-Type.
    pub fn set_body(&mut self, content_type: &str, body: Vec<u8>) {
        self.headers.set(HeaderName::ContentType, content_type);
        self.body = body;
    }
}

impl Response {
    /// A response without headers, with the usual reason phrase.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status,
            reason: reason_phrase(status).to_owned(),
            headers: Headers::new(),
            body: Vec::new(),
        }
    }

    /// A response that copies from `request` what every response must (RFC 3261 §8.2.6.2): all
    /// Via, From, To, Call-ID, CSeq, and Timestamp for a 100. `to_tag` is added to To where To has
    /// no tag and the response is not 100.
    #[must_use]
    pub fn to_request(request: &Request, status: u16, to_tag: &str) -> Self {
        let mut response = Self::new(status);
        response.headers = Headers::with_capacity(12, 512);
        let headers = &mut response.headers;
        headers.copy_from(&request.headers, &HeaderName::Via);
        headers.copy_from(&request.headers, &HeaderName::From);
        if let Some(to) = request.headers.get(&HeaderName::To) {
            if status == 100 || to_tag.is_empty() || request.headers.to_tag().is_some() {
                headers.push(HeaderName::To, to);
            } else {
                // Some phones end the header with a `;` of its own.
                let to = to.trim_end_matches([';', ' ', '\t']);
                headers.push_pieces(HeaderName::To, &[to, ";tag=", to_tag]);
            }
        }
        headers.copy_from(&request.headers, &HeaderName::CallId);
        headers.copy_from(&request.headers, &HeaderName::CSeq);
        if status == 100 {
            headers.copy_from(&request.headers, &HeaderName::Timestamp);
        }
        response
    }

    /// Whether the response ends its transaction.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        self.status >= 200
    }

    /// Puts in a body with its Content-Type.
    pub fn set_body(&mut self, content_type: &str, body: Vec<u8>) {
        self.headers.set(HeaderName::ContentType, content_type);
        self.body = body;
    }
}

#[cfg(test)]
mod tests;

//! What a request must fulfil before anybody looks at what it wants: RFC 3261 §8.2.1 to §8.2.3,
//! §16.3.

use super::Agent;
use crate::{HeaderName, Headers, Method, Request, Response, Scheme};

impl Agent {
    /// The refusal of a request that cannot be handled, if it cannot.
    pub(crate) fn objection(&mut self, request: &Request) -> Option<Response> {
        if !self.config.allow.contains(&request.method) {
            // §8.2.1: 405 with what is allowed.
            let mut response = self.response_to(request, 405);
            let allow = self.texts.allow.clone();
            response.headers.push(HeaderName::Allow, allow);
            return Some(response);
        }
        let headers = &request.headers;
        if headers.max_forwards().is_err() {
            return Some(self.response_to(request, 400));
        }
        // An exchange passes calls on, so a call that may go no further ends here (§16.3). Other
        // requests are for us and may use their last hop to reach us.
        if request.method == Method::Invite && headers.max_forwards() == Ok(Some(0)) {
            return Some(self.response_to(request, 483));
        }
        if let Scheme::Other(_) = request.uri.scheme() {
            // §8.2.2.1: such an address is nobody's here.
            return Some(self.response_to(request, 416));
        }
        if let Some(unknown) = self.unknown_requirements(request) {
            // §8.2.2.3: 420 with what is not understood.
            let mut response = self.response_to(request, 420);
            response.headers.push(HeaderName::Unsupported, unknown);
            return Some(response);
        }
        if !acceptable_body(request) {
            // §8.2.3: 415 with what would be accepted.
            let mut response = self.response_to(request, 415);
            response.headers.push(HeaderName::Accept, "application/sdp");
            if headers.contains(&HeaderName::ContentEncoding) {
                response
                    .headers
                    .push(HeaderName::AcceptEncoding, "identity");
            }
            return Some(response);
        }
        None
    }

    fn unknown_requirements(&self, request: &Request) -> Option<String> {
        let known = |tag: &str| {
            let supported = &self.config.supported;
            supported.iter().any(|s| s.eq_ignore_ascii_case(tag))
        };
        let unknown: Vec<&str> = request
            .headers
            .require()
            .filter(|tag| !known(tag))
            .collect();
        (!unknown.is_empty()).then(|| unknown.join(", "))
    }
}

/// Only session descriptions are read in INVITE, UPDATE and PRACK, and nothing is decompressed.
/// A body that the sender calls optional (Content-Disposition with handling=optional) is ignored
/// instead.
fn acceptable_body(request: &Request) -> bool {
    let negotiates = matches!(
        request.method,
        Method::Invite | Method::Update | Method::Prack
    );
    if !negotiates || request.body.is_empty() {
        return true;
    }
    let headers = &request.headers;
    let disposition = headers.get(&HeaderName::ContentDisposition).unwrap_or("");
    if disposition
        .to_ascii_lowercase()
        .contains("handling=optional")
    {
        return true;
    }
    let plain = headers
        .get(&HeaderName::ContentEncoding)
        .is_none_or(|encoding| encoding.eq_ignore_ascii_case("identity"));
    plain && is_sdp(headers)
}

/// Whether the body is a session description. A body without a type is taken for one, as
/// RFC 2543 allowed.
pub(crate) fn is_sdp(headers: &Headers) -> bool {
    match headers.content_type() {
        Ok(Some(kind)) => kind.is("application/sdp"),
        Ok(None) => true,
        Err(_) => false,
    }
}

/// The session description in a body, if it is one.
pub(crate) fn session(headers: &Headers, body: Vec<u8>) -> Option<Vec<u8>> {
    (!body.is_empty() && is_sdp(headers)).then_some(body)
}

//! What every message must carry before anybody acts on it (RFC 3261 §8.1.1, §8.2.6), and how
//! a message that fails is answered.

use super::{Message, Request, Response};
use crate::{
    Fault, HeaderName, Headers, Leniencies, Leniency, Method, NameAddr, Uri, Via, grammar::elements,
};

/// Why bytes are no message, and what to answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct ParseError {
    /// What is wrong.
    pub fault: Fault,
    /// The status to answer a request with: 400, 505, 513.
    pub status: u16,
    /// What could be read of a request that may be answered; `None` for responses, for ACK, and
    /// where there is no Via at all.
    pub request: Option<Box<Request>>,
}

impl ParseError {
    /// Nothing can be answered.
    pub(crate) const fn silent(fault: Fault, status: u16) -> Self {
        Self {
            fault,
            status,
            request: None,
        }
    }

    /// An error about a request of which `method` and `headers` are known.
    pub(crate) fn of_request(fault: Fault, method: Option<Method>, headers: Headers) -> Self {
        let status = match fault {
            Fault::Version => 505,
            Fault::TooLong => 513,
            _ => 400,
        };
        // The answer goes back to where the bytes came from, so a Via need not be readable.
        let answerable = headers.contains(&HeaderName::Via) && method != Some(Method::Ack);
        let request = match method {
            Some(method) if answerable => Some(Box::new(Request {
                method,
                uri: Uri::sip(None, &crate::Host::Name("unreadable.invalid".into()), None),
                headers,
                body: Vec::new(),
            })),
            _ => None,
        };
        Self {
            fault,
            status,
            request,
        }
    }

    /// The answer to send to where the bytes came from, if any is due. Its reason phrase names
    /// the fault (RFC 3261 §21.4.1).
    #[must_use]
    pub fn response(&self, to_tag: &str) -> Option<Response> {
        let request = self.request.as_deref()?;
        let mut response = Response::to_request(request, self.status, to_tag);
        if self.status == 400 {
            response.reason = format!("Bad Request - {}", self.fault);
        }
        Some(response)
    }
}

/// Checks what each message must have, in the order in which it is looked at.
pub(crate) fn check(message: &Message, forgiven: &mut Leniencies) -> Result<(), Fault> {
    let headers = message.headers();
    check_single(headers, forgiven)?;
    check_vias(headers, forgiven)?;
    for (name, text) in [(HeaderName::From, "From"), (HeaderName::To, "To")] {
        let value = headers.get(&name).ok_or(Fault::Missing(text))?;
        NameAddr::check(value, forgiven).map_err(|_| Fault::Malformed(text))?;
    }
    let call_id = headers.call_id()?;
    if call_id.bytes().any(|b| b <= b' ' || b == 127) {
        return Err(Fault::Malformed("Call-ID"));
    }
    let cseq = headers.cseq()?;
    let hops = headers.max_forwards()?;
    if let Message::Request(request) = message {
        if cseq.method != request.method {
            return Err(Fault::CSeqMethod);
        }
        if hops.is_none() {
            forgiven.note(Leniency::MissingMaxForwards);
        }
    }
    Ok(())
}

fn check_vias(headers: &Headers, forgiven: &mut Leniencies) -> Result<(), Fault> {
    let mut first = true;
    for value in headers.get_all(&HeaderName::Via) {
        for element in elements(value) {
            let magic = Via::check(element).map_err(|_| Fault::Malformed("Via"))?;
            if first && !magic {
                forgiven.note(Leniency::MissingBranch);
            }
            first = false;
        }
    }
    if first {
        Err(Fault::Missing("Via"))
    } else {
        Ok(())
    }
}

/// RFC 3261 §7.3.1: what is no list stands once. The same value twice is forgiven.
fn check_single(headers: &Headers, forgiven: &mut Leniencies) -> Result<(), Fault> {
    for (at, header) in headers.iter().enumerate() {
        if !header.name.is_single() {
            continue;
        }
        let earlier = headers.iter().take(at).find(|h| h.name == header.name);
        match earlier {
            Some(earlier) if earlier.value == header.value => {
                forgiven.note(Leniency::RepeatedHeader);
            }
            Some(_) => return Err(Fault::Repeated(header.name.known_text())),
            None => {}
        }
    }
    Ok(())
}

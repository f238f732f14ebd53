//! Dialogs: RFC 3261 §12. A dialog knows how its next request looks and which request of the peer
//! is in order; what requests mean is the affair of the usage.

mod request;
mod route;
mod sequence;

pub(crate) use route::Routes;
pub(crate) use sequence::{Order, Sequence};

use crate::{Headers, NameAddr, Uri};

/// The state that both ends share, and our view of the other end.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    /// The peer's tag; empty for an RFC 2543 peer without one (§12.1.1).
    pub(crate) remote_tag: Box<str>,
    /// Value of To in our requests: the peer's URI and tag.
    pub(crate) remote: Box<str>,
    /// Where our requests are addressed: the peer's Contact (§12.1).
    pub(crate) target: Uri,
    /// The proxies that want to stay in the way.
    pub(crate) routes: Routes,
    /// CSeq of the INVITE that made the dialog.
    pub(crate) invite_cseq: u32,
    /// CSeq of both directions.
    pub(crate) sequence: Sequence,
}

impl Dialog {
    /// The dialog that a response with a To tag creates at the caller (§12.1.2). Without a legal
    /// Contact the request URI stays the target.
    pub(crate) fn of_response(headers: &Headers, to: &NameAddr, uri: &Uri, cseq: u32) -> Self {
        Self {
            remote_tag: to.tag().unwrap_or("").into(),
            remote: to.text().into(),
            target: contact_uri(headers).unwrap_or_else(|| uri.clone()),
            routes: Routes::at_caller(headers),
            invite_cseq: cseq,
            sequence: Sequence::at_caller(cseq),
        }
    }

    /// The dialog that an INVITE creates at the called side (§12.1.1); `first_cseq` is that of our
    /// own first request, less one. Without a legal Contact the From URI is the target.
    pub(crate) fn of_request(
        headers: &Headers,
        from: &NameAddr,
        cseq: u32,
        first_cseq: u32,
    ) -> Self {
        Self {
            remote_tag: from.tag().unwrap_or("").into(),
            remote: from.text().into(),
            target: contact_uri(headers).unwrap_or_else(|| from.uri.clone()),
            routes: Routes::at_called(headers),
            invite_cseq: cseq,
            sequence: Sequence::at_called(first_cseq, cseq),
        }
    }

    /// A request or 2xx that refreshes the target came (§12.2). The route set never changes.
    pub(crate) fn refresh_target(&mut self, headers: &Headers) {
        if let Some(uri) = contact_uri(headers) {
            self.target = uri;
        }
    }
}

/// The URI of the only or first Contact, if it is legal.
fn contact_uri(headers: &Headers) -> Option<Uri> {
    headers.contact_uri().ok()
}

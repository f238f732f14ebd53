//! Requests inside a dialog: RFC 3261 §12.2.1.1.

use super::Dialog;
use crate::{HeaderName, Headers, Method, Request};

impl Dialog {
    /// The request `method` with `cseq`, without Via. `local` is our From value with its tag.
    pub(crate) fn request(&self, method: Method, cseq: u32, local: &str, call_id: &str) -> Request {
        let mut headers = Headers::with_capacity(14, 512);
        headers.push(HeaderName::MaxForwards, "70");
        let uri = self.routes.apply(&self.target, &mut headers);
        headers.push(HeaderName::From, local);
        headers.push(HeaderName::To, &*self.remote);
        headers.push(HeaderName::CallId, call_id);
        headers.push_cseq(cseq, &method);
        let mut request = Request::new(method, uri);
        request.headers = headers;
        request
    }
}

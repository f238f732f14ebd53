//! Route sets: RFC 3261 §12.1, §12.2.1.1, §16.12.1.

use crate::{HeaderName, Headers, NameAddr, Uri};

/// The hops that requests of a dialog must visit, next hop first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Routes(Vec<NameAddr>);

impl Routes {
    /// Hops given beforehand: Path, Service-Route, an outbound proxy.
    pub(crate) const fn preloaded(hops: Vec<NameAddr>) -> Self {
        Self(hops)
    }

    /// From the Record-Route of a response, in reverse order (§12.1.2). A malformed one counts as
    /// absent: requests then go to the Contact.
    pub(crate) fn at_caller(headers: &Headers) -> Self {
        let mut hops = headers.record_route().unwrap_or_default();
        hops.reverse();
        Self(hops)
    }

    /// From the Record-Route of a request, in its order (§12.1.1).
    pub(crate) fn at_called(headers: &Headers) -> Self {
        Self(headers.record_route().unwrap_or_default())
    }

    /// Puts the Route headers of a request to `target` into `headers` and says its request URI:
    /// the target itself, or, before a strict router of RFC 2543, the first hop, with the target
    /// as last Route (§12.2.1.1).
    pub(crate) fn apply(&self, target: &Uri, headers: &mut Headers) -> Uri {
        let Some(first) = self.0.first() else {
            return target.clone();
        };
        if first.uri.is_loose() {
            for hop in &self.0 {
                headers.push(HeaderName::Route, hop.text());
            }
            return target.clone();
        }
        for hop in &self.0[1..] {
            headers.push(HeaderName::Route, hop.text());
        }
        headers.push(HeaderName::Route, format!("<{}>", target.as_str()));
        first.uri.clone().without_headers()
    }
}

//! Digest authentication (RFC 7616, RFC 8760, RFC 3261 §22): MD5 and SHA-256, `qop=auth`, and
//! answers without qop from phones of RFC 2069.
//!
//! [`Nonces`] issues challenges and judges credentials. It knows no users: the caller finds the
//! password of [`Credentials::username`].

mod challenge;
mod credentials;
mod fields;
mod hash;
mod nonces;
#[cfg(test)]
mod tests;

pub use challenge::Challenge;
pub use credentials::{Credentials, answer};
pub use hash::Algorithm;
pub use nonces::{First, NONCE_LIFETIME_S, Nonces, Verdict};

use crate::{HeaderName, Headers};

/// The readable Digest credentials of a request, from both Authorization and
/// Proxy-Authorization, in order. Other schemes, unknown algorithms and malformed ones are left
/// out: one valid of several is enough (RFC 8760 §2.4).
#[must_use]
pub fn credentials_of(headers: &Headers, proxy: bool) -> Vec<Credentials> {
    let name = if proxy {
        HeaderName::ProxyAuthorization
    } else {
        HeaderName::Authorization
    };
    let all = headers.get_all(&name).filter_map(Credentials::parse);
    all.take(CREDENTIALS_MAX).collect()
}

/// The readable Digest challenges of a 401 or 407, in order.
#[must_use]
pub fn challenges_of(headers: &Headers) -> Vec<Challenge> {
    let www = headers.get_all(&HeaderName::WwwAuthenticate);
    let proxy = headers.get_all(&HeaderName::ProxyAuthenticate);
    let all = www.chain(proxy).filter_map(Challenge::parse);
    all.take(CREDENTIALS_MAX).collect()
}

/// Credentials or challenges looked at in one message: each costs hashing.
const CREDENTIALS_MAX: usize = 4;

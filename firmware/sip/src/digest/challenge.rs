//! `WWW-Authenticate` and `Proxy-Authenticate`.

use core::fmt;

use super::{
    Algorithm,
    fields::{digest_fields, once},
};
use crate::grammar::quote;

/// A Digest challenge (RFC 7616 §3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The realm the password belongs to.
    pub realm: String,
    /// Fresh text to be hashed.
    pub nonce: String,
    /// To be sent back unchanged.
    pub opaque: Option<String>,
    /// The hash to be used.
    pub algorithm: Algorithm,
    /// Whether `qop=auth` is offered. Ours always offer it.
    pub qop: bool,
    /// The former answer was right, only its nonce was not.
    pub stale: bool,
}

impl Challenge {
    /// Reads a header value; `None` if it is not Digest, not complete, or of an unknown
    /// algorithm or qop.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let (mut realm, mut nonce, mut opaque) = (None, None, None);
        let (mut algorithm, mut qop, mut stale) = (None, None, None);
        for (name, text) in digest_fields(value)? {
            let slot = match name.to_ascii_lowercase().as_str() {
                "realm" => &mut realm,
                "nonce" => &mut nonce,
                "opaque" => &mut opaque,
                "algorithm" => &mut algorithm,
                "qop" => &mut qop,
                "stale" => &mut stale,
                _ => continue,
            };
            if !once(slot, text) {
                return None;
            }
        }
        let offers_auth = |list: &String| {
            let mut tokens = list.split(',');
            tokens.any(|token| token.trim().eq_ignore_ascii_case("auth"))
        };
        if qop.as_ref().is_some_and(|list| !offers_auth(list)) {
            return None;
        }
        Some(Self {
            realm: realm?,
            nonce: nonce?,
            opaque,
            algorithm: match algorithm {
                Some(name) => Algorithm::from_name(&name)?,
                None => Algorithm::Md5,
            },
            qop: qop.is_some(),
            stale: stale.is_some_and(|text| text.eq_ignore_ascii_case("true")),
        })
    }
}

impl Challenge {
    /// The header value.
    #[must_use]
    pub fn text(&self) -> String {
        let (realm, nonce) = (quote(&self.realm), quote(&self.nonce));
        let mut text = ["Digest realm=", &realm, ", nonce=", &nonce].concat();
        if let Some(opaque) = &self.opaque {
            text.push_str(", opaque=");
            text.push_str(&quote(opaque));
        }
        if self.stale {
            text.push_str(", stale=true");
        }
        text.push_str(", algorithm=");
        text.push_str(self.algorithm.as_str());
        if self.qop {
            text.push_str(", qop=\"auth\"");
        }
        text
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

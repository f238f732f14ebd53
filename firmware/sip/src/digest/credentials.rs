//! `Authorization` and `Proxy-Authorization`.

use core::fmt;

use super::{
    Algorithm, Challenge,
    fields::{digest_fields, once},
    hash::Question,
};
use crate::{Method, grammar::quote, uri::unescape};

/// Digest credentials (RFC 7616 §3.4). Texts are kept as written: the hash is over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Who claims to be there.
    pub username: String,
    /// The realm of the challenge.
    pub realm: String,
    /// The nonce of the challenge.
    pub nonce: String,
    /// The `uri` field.
    pub uri: String,
    /// The hash.
    pub response: String,
    /// The hash's algorithm; MD5 where none is named.
    pub algorithm: Algorithm,
    /// With `qop=auth`: the nonce count as written (eight hexadecimal digits) and the cnonce.
    pub qop: Option<(String, String)>,
    /// The opaque text of the challenge.
    pub opaque: Option<String>,
}

impl Credentials {
    /// Reads a header value; `None` if it is not Digest, not complete, says a field twice, or
    /// uses an algorithm or qop that was never offered.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let mut f = Fields::default();
        for (name, text) in digest_fields(value)? {
            let slot = match name.to_ascii_lowercase().as_str() {
                "username" => &mut f.username,
                "username*" => &mut f.username_star,
                "realm" => &mut f.realm,
                "nonce" => &mut f.nonce,
                "uri" => &mut f.uri,
                "response" => &mut f.response,
                "algorithm" => &mut f.algorithm,
                "qop" => &mut f.qop,
                "nc" => &mut f.nc,
                "cnonce" => &mut f.cnonce,
                "opaque" => &mut f.opaque,
                _ => continue,
            };
            if !once(slot, text) {
                return None;
            }
        }
        let algorithm = match &f.algorithm {
            Some(name) => Algorithm::from_name(name)?,
            None => Algorithm::Md5,
        };
        let username = match (f.username, f.username_star) {
            (Some(name), None) => name,
            // RFC 7616 §3.4: `username*` is UTF-8'' with escapes (RFC 5987).
            (None, Some(star)) => {
                let (charset, rest) = star.split_once('\'')?;
                let (_language, name) = rest.split_once('\'')?;
                charset
                    .eq_ignore_ascii_case("UTF-8")
                    .then(|| unescape(name).into_owned())?
            }
            (Some(_), Some(_)) | (None, None) => return None,
        };
        let qop = match f.qop {
            None => None,
            Some(qop) if qop.eq_ignore_ascii_case("auth") => {
                Some((f.nc.filter(|nc| is_nc(nc))?, f.cnonce?))
            }
            Some(_) => return None,
        };
        Some(Self {
            username,
            realm: f.realm?,
            nonce: f.nonce?,
            uri: f.uri?,
            response: f.response?,
            algorithm,
            qop,
            opaque: f.opaque,
        })
    }

    /// The nonce count; `None` without qop or if it is 0.
    #[must_use]
    pub fn count(&self) -> Option<u32> {
        let (nc, _) = self.qop.as_ref()?;
        u32::from_str_radix(nc, 16).ok().filter(|&count| count > 0)
    }

    /// The hash that `password` gives for a request of `method`.
    pub(super) fn expected(&self, method: &Method, password: &str) -> String {
        Question {
            algorithm: self.algorithm,
            username: &self.username,
            realm: &self.realm,
            password,
            method: method.as_str(),
            uri: &self.uri,
            nonce: &self.nonce,
            qop: self
                .qop
                .as_ref()
                .map(|(nc, cnonce)| (nc.as_str(), cnonce.as_str())),
        }
        .response()
    }
}

/// RFC 7616 §3.4: eight hexadecimal digits; fewer are read too.
fn is_nc(text: &str) -> bool {
    (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[derive(Default)]
struct Fields {
    username: Option<String>,
    username_star: Option<String>,
    realm: Option<String>,
    nonce: Option<String>,
    uri: Option<String>,
    response: Option<String>,
    algorithm: Option<String>,
    qop: Option<String>,
    nc: Option<String>,
    cnonce: Option<String>,
    opaque: Option<String>,
}

/// A client's answer to a challenge: `uri` is the request URI as it will stand in the request
/// line, `count` starts at 1 for each nonce, `cnonce` is random text.
#[must_use]
pub fn answer(
    challenge: &Challenge,
    (username, password): (&str, &str),
    method: &Method,
    uri: &str,
    (count, cnonce): (u32, &str),
) -> Credentials {
    let mut credentials = Credentials {
        username: username.to_owned(),
        realm: challenge.realm.clone(),
        nonce: challenge.nonce.clone(),
        uri: uri.to_owned(),
        response: String::new(),
        algorithm: challenge.algorithm,
        qop: challenge
            .qop
            .then(|| (format!("{count:08x}"), cnonce.to_owned())),
        opaque: challenge.opaque.clone(),
    };
    credentials.response = credentials.expected(method, password);
    credentials
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest username={}", quote(&self.username))?;
        write!(f, ", realm={}", quote(&self.realm))?;
        write!(f, ", nonce={}", quote(&self.nonce))?;
        write!(f, ", uri={}", quote(&self.uri))?;
        write!(f, ", response={}", quote(&self.response))?;
        write!(f, ", algorithm={}", self.algorithm.as_str())?;
        if let Some((nc, cnonce)) = &self.qop {
            write!(f, ", qop=auth, nc={nc}, cnonce={}", quote(cnonce))?;
        }
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque={}", quote(opaque))?;
        }
        Ok(())
    }
}

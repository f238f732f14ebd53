//! Hashes and their hexadecimal text.

use md5::{Digest, Md5};
use sha2::Sha256;

/// A digest algorithm (RFC 7616 §3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// Also where no algorithm is named.
    Md5,
    /// RFC 8760.
    Sha256,
}

impl Algorithm {
    /// The name in headers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    /// The algorithm `name`d, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Md5, Self::Sha256]
            .into_iter()
            .find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(name))
    }

    /// The hash of `parts` joined by colons, as lower-case hexadecimal digits.
    pub(super) fn of(self, parts: &[&str]) -> String {
        match self {
            Self::Md5 => joined::<Md5>(parts),
            Self::Sha256 => joined::<Sha256>(parts),
        }
    }
}

fn joined<H: Digest>(parts: &[&str]) -> String {
    let mut hash = H::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            hash.update(b":");
        }
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for &b in bytes {
        out.push(char::from(DIGITS[usize::from(b >> 4)]));
        out.push(char::from(DIGITS[usize::from(b & 15)]));
    }
    out
}

/// Whether two hexadecimal texts are the same, in time that depends on their length only.
pub(super) fn same_hex(ours: &str, theirs: &str) -> bool {
    if ours.len() != theirs.len() {
        return false;
    }
    let pairs = ours.bytes().zip(theirs.bytes());
    let different = pairs.fold(0, |sum, (a, b)| sum | (a ^ b.to_ascii_lowercase()));
    different == 0
}

/// What a client must answer (RFC 7616 §3.4.1): with qop all five parts, without it only nonce.
pub(super) struct Question<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) username: &'a str,
    pub(super) realm: &'a str,
    pub(super) password: &'a str,
    pub(super) method: &'a str,
    /// The raw text of the `uri` field.
    pub(super) uri: &'a str,
    pub(super) nonce: &'a str,
    /// `nc` and `cnonce` as written, where qop is `auth`.
    pub(super) qop: Option<(&'a str, &'a str)>,
}

impl Question<'_> {
    pub(super) fn response(&self) -> String {
        let algorithm = self.algorithm;
        let a1 = algorithm.of(&[self.username, self.realm, self.password]);
        let a2 = algorithm.of(&[self.method, self.uri]);
        match self.qop {
            Some((nc, cnonce)) => algorithm.of(&[&a1, self.nonce, nc, cnonce, "auth", &a2]),
            None => algorithm.of(&[&a1, self.nonce, &a2]),
        }
    }
}

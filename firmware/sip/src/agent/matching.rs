//! Which message belongs to which transaction or call: RFC 3261 §17.1.3, §17.2.3, §12.2.2.

use core::hash::{Hash as _, Hasher as _};
use std::{fmt::Write as _, hash::DefaultHasher};

use crate::{CSeq, Headers, Method, Via, transaction::ClientKey, usage::UsageKey, via::MAGIC};

/// The branch of a client transaction: its key and 64 bits nobody outside can guess.
pub(crate) fn branch(key: ClientKey, secret: u64) -> String {
    format!("{MAGIC}{:x}.{secret:016x}", key.0)
}

/// Reads what [`branch`] wrote.
pub(crate) fn read_branch(text: &str) -> Option<(ClientKey, u64)> {
    let prefix = text.get(..MAGIC.len())?;
    if !prefix.eq_ignore_ascii_case(MAGIC) {
        return None;
    }
    read_pair(&text[MAGIC.len()..]).map(|(key, secret)| (ClientKey(key), secret))
}

/// The local tag of a usage: its key and 64 bits nobody outside can guess.
pub(crate) fn tag(key: UsageKey, secret: u64) -> String {
    format!("{:x}.{secret:016x}", key.0)
}

/// The usage that a tag of ours names. The caller compares the whole tag.
pub(crate) fn read_tag(text: &str) -> Option<UsageKey> {
    read_pair(text).map(|(key, _)| UsageKey(key))
}

fn read_pair(text: &str) -> Option<(u64, u64)> {
    let (key, secret) = text.split_once('.')?;
    let key = u64::from_str_radix(key, 16).ok()?;
    Some((key, u64::from_str_radix(secret, 16).ok()?))
}

/// What a request is matched to its server transaction by. `method` is INVITE for an ACK, and for a
/// CANCEL that looks for its INVITE.
///
/// RFC 3261 §17.2.3: branch, sent-by and method. A branch without the cookie is no identity, so
/// the older rule stands in: Call-ID, From tag, CSeq number and the whole top Via. (The To tag,
/// which that rule also names, differs between an INVITE and its ACK.)
pub(crate) fn server_match(via: &Via, headers: &Headers, cseq: &CSeq, method: &Method) -> String {
    let branch = via.branch().unwrap_or("");
    let mut key = String::with_capacity(branch.len() + 40);
    key.push_str(branch);
    // Writing into a String cannot fail.
    let _ = write!(key, " {}:{} {method}", via.host, via.port_or_default());
    if !via.has_magic_branch() {
        let call_id = headers.call_id().unwrap_or("");
        let from_tag = headers.from_tag().unwrap_or("");
        let _ = write!(key, " {call_id} {from_tag} {}", cseq.number);
    }
    key
}

/// What two ways of one request have in common (RFC 3261 §8.2.2.2): Call-ID, From tag and CSeq.
pub(crate) fn merge_key(salt: u64, headers: &Headers, cseq: &CSeq) -> u64 {
    let mut hasher = DefaultHasher::new();
    salt.hash(&mut hasher);
    headers.call_id().unwrap_or("").hash(&mut hasher);
    headers.from_tag().unwrap_or("").hash(&mut hasher);
    cseq.number.hash(&mut hasher);
    cseq.method.as_str().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_and_tags_are_read_back() {
        let text = branch(ClientKey(0x1f), 7);
        assert_eq!(text, "z9hG4bK1f.0000000000000007");
        assert_eq!(read_branch(&text), Some((ClientKey(0x1f), 7)));
        assert_eq!(read_tag(&tag(UsageKey(9), 1)), Some(UsageKey(9)));
        for foreign in [
            "",
            "z9hG4bK",
            "z9hG4bKxyz",
            "z9hG4bK1f.",
            "é9hG4bK1.1",
            "z9hG4b",
        ] {
            assert_eq!(read_branch(foreign), None, "{foreign}");
        }
        assert_eq!(read_tag("as5d8f7"), None);
    }
}

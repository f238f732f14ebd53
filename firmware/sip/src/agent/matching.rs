//! Which message belongs to which transaction or call: RFC 3261 §17.1.3, §17.2.3, §12.2.2.

use core::hash::{Hash as _, Hasher as _};
use std::hash::DefaultHasher;

use crate::{
    CSeq, Headers, Method, Via,
    grammar::{Hex, split},
    transaction::ClientKey,
    usage::UsageKey,
    via::{MAGIC, is_magic},
};

/// The branch of a client transaction: its key and 64 bits nobody outside can guess.
pub(crate) fn branch(key: ClientKey, secret: u64) -> String {
    let (key, secret) = (Hex::of(key.0), Hex::of(secret));
    [MAGIC, key.digits(1), ".", secret.digits(16)].concat()
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
    let (key, secret) = (Hex::of(key.0), Hex::of(secret));
    [key.digits(1), ".", secret.digits(16)].concat()
}

/// The usage that a tag of ours names. The caller compares the whole tag.
pub(crate) fn read_tag(text: &str) -> Option<UsageKey> {
    read_pair(text).map(|(key, _)| UsageKey(key))
}

fn read_pair(text: &str) -> Option<(u64, u64)> {
    let (key, secret) = split(text, b'.')?;
    let key = u64::from_str_radix(key, 16).ok()?;
    Some((key, u64::from_str_radix(secret, 16).ok()?))
}

/// What a request is matched to its server transaction by. `method` is INVITE for an ACK, and for a
/// CANCEL that looks for its INVITE. What comes out is a hash with `salt`, which nobody outside knows:
/// thousands of transactions wait for their end, and looking for a text among as many costs more than
/// all else that a request is looked up by.
///
/// RFC 3261 §17.2.3: branch, sent-by and method. A branch without the cookie is no identity, so
/// the older rule stands in: Call-ID, From tag, CSeq number and the whole top Via. (The To tag,
/// which that rule also names, differs between an INVITE and its ACK.)
pub(crate) fn server_match(
    salt: u64,
    via: &Via,
    headers: &Headers,
    cseq: &CSeq,
    method: &Method,
) -> u64 {
    let mut hasher = DefaultHasher::new();
    salt.hash(&mut hasher);
    let branch = via.branch().unwrap_or("");
    branch.hash(&mut hasher);
    via.host.hash(&mut hasher);
    via.port_or_default().hash(&mut hasher);
    method.as_str().hash(&mut hasher);
    if !is_magic(branch) {
        headers.call_id().unwrap_or("").hash(&mut hasher);
        headers.from_tag().unwrap_or("").hash(&mut hasher);
        cseq.number.hash(&mut hasher);
    }
    hasher.finish()
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

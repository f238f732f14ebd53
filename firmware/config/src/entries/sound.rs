//! What `[[music]]` and `[[prompt]]` have in common: a sound that was uploaded, under the hash of what
//! is kept of it.

use model::limits;

use crate::{format, read::Section};

/// Name and source of a sound; `None` if the text has no source that could be one.
pub(super) fn read(mut section: Section<'_, '_>) -> Option<(Option<String>, String)> {
    section.item("id");
    let name = section.label("name", limits::NAME_LEN_MAX);
    let source = section.parsed("source", format::sound);
    if !section.has("source") {
        section.missing("source");
    }
    section.finish();
    Some((name, source?))
}

/// The hash that a source is written of.
pub(super) fn hash_of(source: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(source.as_bytes().chunks(2)) {
        let digits = core::str::from_utf8(pair).unwrap_or("0");
        *byte = u8::from_str_radix(digits, 16).unwrap_or(0);
    }
    hash
}

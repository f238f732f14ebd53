//! The comma-separated `name=value` fields of authentication headers.

use crate::grammar::{elements, trim, unquote};

/// The fields after the scheme `Digest`; `None` for another scheme.
pub(super) fn digest_fields(value: &str) -> Option<impl Iterator<Item = (&str, String)>> {
    let (scheme, rest) = trim(value).split_once([' ', '\t'])?;
    if !scheme.eq_ignore_ascii_case("Digest") {
        return None;
    }
    Some(elements(rest).filter_map(|field| {
        let (name, value) = field.split_once('=')?;
        Some((trim(name), unquote(trim(value))))
    }))
}

/// Puts `text` into `slot`; false if the field stood there before: two readers might take
/// different ones.
pub(super) fn once(slot: &mut Option<String>, text: String) -> bool {
    slot.replace(text).is_none()
}

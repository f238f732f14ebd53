//! The comma-separated `name=value` fields of authentication headers.

use crate::grammar::{elements, quoted_end, split, split_at_space, trim, unquote};

/// The fields after the scheme `Digest`; `None` for another scheme, or if a field is malformed.
pub(super) fn digest_fields(value: &str) -> Option<Vec<(&str, String)>> {
    let (scheme, rest) = split_at_space(trim(value))?;
    if !scheme.eq_ignore_ascii_case("Digest") {
        return None;
    }
    let fields = elements(rest).take(FIELDS_MAX);
    fields
        .map(|field| {
            let (name, value) = split(field, b'=')?;
            let value = trim(value);
            let whole =
                !value.starts_with('"') || quoted_end(value.as_bytes(), 0) == Some(value.len());
            whole.then(|| (trim(name), unquote(value)))
        })
        .collect()
}

/// RFC 7616 knows a dozen fields.
const FIELDS_MAX: usize = 32;

/// Puts `text` into `slot`; false if the field stood there before: two readers might take
/// different ones.
pub(super) fn once(slot: &mut Option<String>, text: String) -> bool {
    slot.replace(text).is_none()
}

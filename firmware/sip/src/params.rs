//! Parameters `;name=value` of URIs, Via, From, To, Contact and most other headers.

use core::fmt;

use crate::{
    Fault,
    grammar::{is_space, is_token_byte, quoted_end, split, trim, unquote},
};

/// An ordered list of parameters, kept as text with the white space taken out:
/// `;name=value;name;name="quoted"`. Names are compared without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Params(String);

impl Params {
    /// No parameters.
    #[must_use]
    pub const fn new() -> Self {
        Self(String::new())
    }

    /// Reads `*(";" name ["=" value])`, white space allowed around `;` and `=`.
    ///
    /// # Errors
    /// [`Fault::Params`] or [`Fault::Quote`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Self::parse_to_grow(text, 0)
    }

    /// The same with room for `more` bytes that are to be added.
    pub(crate) fn parse_to_grow(text: &str, more: usize) -> Result<Self, Fault> {
        if text.is_empty() && more == 0 {
            return Ok(Self::new());
        }
        let mut out = String::with_capacity(text.len() + more);
        read_pieces(text, |name, value| push_piece(&mut out, name, value))?;
        Ok(Self(out))
    }

    /// Whether `text` can be read, and without reading it into memory.
    ///
    /// # Errors
    /// As [`Params::parse`].
    pub(crate) fn check(text: &str) -> Result<(), Fault> {
        read_pieces(text, |_, _| {})
    }

    /// No parameters, with room for `bytes` of them.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The parameters as text, each with its `;`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Names and raw values in order; a parameter without `=` has `None`.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        pieces(&self.0).map(|(_, _, name, value)| (name, value))
    }

    /// The raw value of `name`: `None` if absent, `Some("")` if it stands without a value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.unwrap_or(""))
    }

    /// The value of `name` without quotes and escapes.
    #[must_use]
    pub fn get_unquoted(&self, name: &str) -> Option<String> {
        self.get(name).map(unquote)
    }

    /// Whether `name` stands there.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets `name` to `value` (to nothing for `None`) in its place, or appends it. The value is
    /// written as given: the caller quotes.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let found = pieces(&self.0)
            .find(|(_, _, n, _)| n.eq_ignore_ascii_case(name))
            .map(|(start, end, _, _)| (start, end));
        let tail = match found {
            Some((start, end)) => {
                let tail = self.0[end..].to_owned();
                self.0.truncate(start);
                tail
            }
            None => String::new(),
        };
        push_piece(&mut self.0, name, value);
        self.0.push_str(&tail);
    }

    /// Takes `name` away; says whether it stood there.
    pub fn remove(&mut self, name: &str) -> bool {
        let found = pieces(&self.0)
            .find(|(_, _, n, _)| n.eq_ignore_ascii_case(name))
            .map(|(start, end, _, _)| (start, end));
        if let Some((start, end)) = found {
            self.0.replace_range(start..end, "");
        }
        found.is_some()
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Appends `;name[=value]`.
fn push_piece(out: &mut String, name: &str, value: Option<&str>) {
    out.push(';');
    out.push_str(name);
    if let Some(value) = value {
        out.push('=');
        out.push_str(value);
    }
}

/// Reads parameters and tells each.
fn read_pieces(text: &str, mut tell: impl FnMut(&str, Option<&str>)) -> Result<(), Fault> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let end = param_end(bytes, at)?;
        let piece = trim(&text[at..end]);
        let first_or_last = at == 0 || end == bytes.len();
        at = end + 1;
        match piece {
            // Before the first `;`, and after a last one that some phones write.
            "" if first_or_last => continue,
            "" => return Err(Fault::Params),
            _ => {}
        }
        let (name, value) = match split(piece, b'=') {
            Some((name, value)) => (trim(name), Some(trim(value))),
            None => (piece, None),
        };
        check_piece(name, value)?;
        tell(name, value);
    }
    Ok(())
}

/// The value of `name` in parameters as they came from the wire, without reading the rest.
pub(crate) fn raw_param<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut at = 0;
    while at < text.len() {
        let end = param_end(text.as_bytes(), at).ok()?;
        let piece = &text[at..end];
        at = end + 1;
        let (found, value) = split(piece, b'=').unwrap_or((piece, ""));
        if trim(found).eq_ignore_ascii_case(name) {
            return Some(trim(value));
        }
    }
    None
}

/// Walks canonical text: start and end of each piece with its name and value.
struct PieceWalk<'a> {
    text: &'a str,
    at: usize,
}

const fn pieces(text: &str) -> PieceWalk<'_> {
    PieceWalk { text, at: 0 }
}

impl<'a> Iterator for PieceWalk<'a> {
    type Item = (usize, usize, &'a str, Option<&'a str>);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        if start >= self.text.len() {
            return None;
        }
        let end = param_end(self.text.as_bytes(), start + 1).unwrap_or(self.text.len());
        self.at = end;
        let piece = &self.text[start + 1..end];
        Some(match split(piece, b'=') {
            Some((name, value)) => (start, end, name, Some(value)),
            None => (start, end, piece, None),
        })
    }
}

/// The index of the `;` that ends the parameter starting at `at`, or the end of the text.
fn param_end(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let mut i = at;
    while let Some(&b) = bytes.get(i) {
        match b {
            b';' => return Ok(i),
            b'"' => i = quoted_end(bytes, i).ok_or(Fault::Quote)?,
            _ => i += 1,
        }
    }
    Ok(bytes.len())
}

/// A name is a token, or what URIs allow beside it; a value has no white space outside quotes.
fn check_piece(name: &str, value: Option<&str>) -> Result<(), Fault> {
    let bad_in_name = |b: u8| b <= b' ' || matches!(b, b'"' | b'<' | b'>' | b',' | b'@' | 127);
    // Nearly all are tokens.
    let is_token = |text: &str| text.bytes().all(is_token_byte);
    if name.is_empty() || (!is_token(name) && name.bytes().any(bad_in_name)) {
        return Err(Fault::Params);
    }
    let Some(value) = value else { return Ok(()) };
    if value.starts_with('"') {
        let whole = quoted_end(value.as_bytes(), 0) == Some(value.len());
        return if whole { Ok(()) } else { Err(Fault::Params) };
    }
    let bad = |b: u8| is_space(b) || b < b' ' || matches!(b, b'"' | b',' | b'<' | b'>' | 127);
    if value.is_empty() || (!is_token(value) && value.bytes().any(bad)) {
        return Err(Fault::Params);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_goes_and_order_stays() {
        let p = Params::parse(" ;branch = z9 ;\trport; x=\"a;\\\"b\" ;lr; ").expect("legal");
        assert_eq!(p.as_str(), ";branch=z9;rport;x=\"a;\\\"b\";lr");
        assert_eq!(p.get("BRANCH"), Some("z9"));
        assert_eq!(p.get("rport"), Some(""));
        assert_eq!(p.get_unquoted("x").as_deref(), Some("a;\"b"));
        assert_eq!(p.get("b"), None);
    }

    #[test]
    fn set_and_remove_keep_the_rest() {
        let mut p = Params::parse(";a=1;b;c=\";\"").expect("legal");
        p.set("B", Some("2"));
        p.set("d", None);
        assert_eq!(p.as_str(), ";a=1;B=2;c=\";\";d");
        assert!(p.remove("c"));
        assert!(!p.remove("c"));
        assert_eq!(p.as_str(), ";a=1;B=2;d");
    }

    #[test]
    fn malformed_parameters() {
        for bad in [
            ";a=",
            ";=1",
            ";a b",
            ";a=b c",
            ";x=\"",
            ";x=\"a\"b",
            ";a=1,2",
            ";a;;b",
            ";a=<b>",
        ] {
            assert!(Params::parse(bad).is_err(), "{bad}");
        }
    }
}

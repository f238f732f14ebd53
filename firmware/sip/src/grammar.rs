//! Character classes and the small scanners that every header shares (RFC 3261 §25.1).

use core::fmt::{Display, Write as _};

/// The bytes of a class, to be looked up: every byte of a message is asked for its class.
pub(crate) struct ByteClass([bool; 256]);

impl ByteClass {
    /// Letters, digits and `others`.
    pub(crate) const fn alphanumeric_and(others: &[u8]) -> Self {
        let mut class = [false; 256];
        let mut b = 0;
        while b < 128 {
            class[b] = (b as u8).is_ascii_alphanumeric();
            b += 1;
        }
        let mut at = 0;
        while at < others.len() {
            class[others[at] as usize] = true;
            at += 1;
        }
        Self(class)
    }

    /// Whether `b` is one of them.
    pub(crate) const fn has(&self, b: u8) -> bool {
        self.0[b as usize]
    }
}

/// RFC 3261 §25.1 `token`.
pub(crate) const fn is_token_byte(b: u8) -> bool {
    const TOKEN: &ByteClass = &ByteClass::alphanumeric_and(b"-.!%*_+`'~");
    TOKEN.has(b)
}

/// Where `wanted`, an ASCII character, stands first. The texts here are a few bytes long, for which the
/// library's way to search costs several times as much.
pub(crate) fn find(text: &str, wanted: u8) -> Option<usize> {
    text.bytes().position(|b| b == wanted)
}

/// The same where it is far: a step looks at sixteen places at once.
pub(crate) fn find_far(bytes: &[u8], wanted: u8) -> Option<usize> {
    let (steps, _) = bytes.as_chunks::<16>();
    let lacks = |places: &&[u8; 16]| places.map(|b| b == wanted) == [false; 16];
    let start = steps.iter().take_while(lacks).count() * 16;
    let at = bytes[start..].iter().position(|&b| b == wanted)?;
    Some(start + at)
}

/// Whether `is` is true of one of many bytes, which mostly it is not.
pub(crate) fn any_far(bytes: &[u8], is: impl Fn(u8) -> bool) -> bool {
    let (steps, rest) = bytes.as_chunks::<16>();
    let has = |places: &[u8; 16]| places.map(&is) != [false; 16];
    steps.iter().any(has) || rest.iter().any(|&b| is(b))
}

/// What stands before and after the first `wanted`, an ASCII character.
pub(crate) fn split(text: &str, wanted: u8) -> Option<(&str, &str)> {
    let at = find(text, wanted)?;
    Some((&text[..at], &text[at + 1..]))
}

/// What stands before and after the first white space.
pub(crate) fn split_at_space(text: &str) -> Option<(&str, &str)> {
    let at = text.bytes().position(is_space)?;
    Some((&text[..at], &text[at + 1..]))
}

/// Whether `text` is a non-empty token.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// White space inside a header value once folding is undone.
pub(crate) const fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

/// `text` without white space at both ends.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_ascii()
}

/// The index just after the quoted string that starts at `at` (a `"`), or `None` if it never ends.
pub(crate) fn quoted_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut i = at + 1;
    while let Some(&b) = bytes.get(i) {
        match b {
            b'"' => return Some(i + 1),
            b'\\' => i += 2,
            _ => i += 1,
        }
    }
    None
}

/// A number as its digits, which stand in a dozen places of every message: the library's way minds widths
/// and signs.
pub(crate) struct Decimal {
    /// The digits, at the end.
    text: [u8; 20],
    start: usize,
}

impl Decimal {
    pub(crate) fn of(number: impl Into<u64>) -> Self {
        let mut rest = number.into();
        let (mut text, mut start) = ([0; 20], 20);
        loop {
            start -= 1;
            text[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                return Self { text, start };
            }
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(&self.text[self.start..]).unwrap_or("")
    }
}

/// A number in hexadecimal digits. The library's way asks for memory with every piece that it writes.
pub(crate) struct Hex([u8; 16]);

impl Hex {
    pub(crate) fn of(number: u64) -> Self {
        let digit = |place: usize| b"0123456789abcdef"[(number >> (60 - 4 * place) & 15) as usize];
        Self(core::array::from_fn(digit))
    }

    /// The number without zeros in front, but for those that make it `least` digits.
    pub(crate) fn digits(&self, least: usize) -> &str {
        let zeros = self.0.iter().take_while(|&&digit| digit == b'0').count();
        let start = zeros.min(self.0.len().saturating_sub(least));
        core::str::from_utf8(&self.0[start..]).unwrap_or("")
    }
}

/// `value` as text, in one allocation if `room` bytes are enough; the usual way asks for memory five
/// times for a Via.
pub(crate) fn text_of(value: &impl Display, room: usize) -> String {
    let mut text = String::with_capacity(room);
    // Writing into a String cannot fail.
    let _ = write!(text, "{value}");
    text
}

/// The text of a quoted string with its quotes and escapes taken away; other text unchanged.
pub(crate) fn unquote(text: &str) -> String {
    let Some(inner) = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return text.to_owned();
    };
    if find(inner, b'\\').is_none() {
        return inner.to_owned();
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            _ => out.push(c),
        }
    }
    out
}

/// `text` as a quoted string.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let plain = |b: u8| (b >= b' ') & (b != b'"') & (b != b'\\') & (b != 127);
    if text.bytes().all(plain) {
        out.push_str(text);
        out.push('"');
        return out;
    }
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            // A line end would end the header, quoted or not.
            '\r' | '\n' => out.push(' '),
            // RFC 3261 §25.1: other control characters only as a quoted pair.
            '\0'..='\x08' | '\x0b'..='\x1f' | '\x7f' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The elements of a comma-separated header value, trimmed; commas inside quotes and angle
/// brackets do not count. Empty elements are skipped.
pub(crate) struct Elements<'a> {
    rest: &'a str,
}

/// See [`Elements`].
pub(crate) const fn elements(value: &str) -> Elements<'_> {
    Elements { rest: value }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let end = match find_far(self.rest.as_bytes(), b',') {
                // Most have one element.
                None => self.rest.len(),
                Some(_) => element_end(self.rest.as_bytes()),
            };
            let element = trim(&self.rest[..end]);
            self.rest = self.rest.get(end + 1..).unwrap_or("");
            if !element.is_empty() {
                return Some(element);
            }
        }
    }
}

/// Where the first element ends: at a comma outside quotes and brackets, or at the end.
fn element_end(bytes: &[u8]) -> usize {
    let mut i = 0;
    let mut inside = false;
    while let Some(&b) = bytes.get(i) {
        match b {
            b'"' if !inside => match quoted_end(bytes, i) {
                Some(end) => {
                    i = end;
                    continue;
                }
                None => return bytes.len(),
            },
            b'<' => inside = true,
            b'>' => inside = false,
            b',' if !inside => return i,
            _ => {}
        }
        i += 1;
    }
    bytes.len()
}

/// Reads digits as a number; `None` if there are none, another character stands there, or the
/// number does not fit.
pub(crate) fn number<T: TryFrom<u64>>(text: &str) -> Option<T> {
    if text.is_empty() || text.len() > 20 {
        return None;
    }
    let number = text.bytes().try_fold(0_u64, |number, b| {
        let digit = b.is_ascii_digit().then(|| u64::from(b - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    });
    T::try_from(number?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_quotes_and_brackets_do_not_split() {
        let value = r#" "a, \"b" <sip:x@y;p=1,2> ;q=1 , <sip:z> ,, *"#;
        let all: Vec<_> = elements(value).collect();
        assert_eq!(all, [r#""a, \"b" <sip:x@y;p=1,2> ;q=1"#, "<sip:z>", "*"]);
        assert_eq!(elements("\"never, ends").count(), 1);
    }

    #[test]
    fn what_is_far_is_found() {
        let text = [b'a'; 50];
        for at in 0..text.len() {
            let mut text = text;
            text[at..].fill(b',');
            assert_eq!(find_far(&text, b','), Some(at));
        }
        assert_eq!(find_far(&text, b','), None);
    }

    #[test]
    fn numbers_have_their_digits() {
        for number in [0, 9, 10, 5_060, u64::MAX] {
            assert_eq!(Decimal::of(number).as_str(), number.to_string());
        }
    }

    #[test]
    fn hexadecimal_digits_are_those_of_the_library() {
        for number in [0, 9, 0xa0, 0x0123_4567_89ab_cdef, u64::MAX] {
            let hex = Hex::of(number);
            assert_eq!(hex.digits(1), format!("{number:x}"));
            assert_eq!(hex.digits(12), format!("{number:012x}"));
            assert_eq!(hex.digits(16), format!("{number:016x}"));
        }
    }

    #[test]
    fn quoting_goes_both_ways() {
        let text = "say \"hi\" \\o/ \0\x7f";
        assert_eq!(unquote(&quote(text)), text);
        assert_eq!(unquote("plain"), "plain");
        assert_eq!(quote("a\r\nb"), "\"a  b\"");
    }
}

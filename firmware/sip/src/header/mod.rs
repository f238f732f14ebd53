//! The ordered list of headers of a message.

mod name;
mod typed;

use core::{fmt, ops::Range};
use std::borrow::Cow;

pub use name::HeaderName;
pub use typed::Contacts;

use crate::{
    Method,
    grammar::{Decimal, any_far},
};

/// One header line: folding undone, value trimmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'h> {
    /// Which header.
    pub name: &'h HeaderName,
    /// Its value; may hold several comma-separated elements.
    pub value: &'h str,
}

/// Headers in the order of the wire. Nothing is split, merged or sorted.
///
/// All values stand in one text: a message has a dozen headers, is copied in parts into every
/// answer, and an allocation for each of them was a third of all that a call made.
#[derive(Clone, Default)]
pub struct Headers {
    lines: Vec<Line>,
    /// The values; one that was replaced or removed stays until all go.
    text: String,
}

/// Where one header's value stands in the text.
#[derive(Clone)]
struct Line {
    name: HeaderName,
    value: Range<usize>,
}

impl Headers {
    /// No headers.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            lines: Vec::new(),
            text: String::new(),
        }
    }

    /// Room for `lines` headers whose values have `bytes` bytes in all.
    #[must_use]
    pub fn with_capacity(lines: usize, bytes: usize) -> Self {
        Self {
            lines: Vec::with_capacity(lines),
            text: String::with_capacity(bytes),
        }
    }

    /// How many header lines.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// All headers in order.
    pub fn iter(&self) -> impl Iterator<Item = Header<'_>> {
        self.lines.iter().map(|line| Header {
            name: &line.name,
            value: self.value(line),
        })
    }

    /// The value of the first header `name`.
    #[must_use]
    pub fn get(&self, name: &HeaderName) -> Option<&str> {
        self.get_all(name).next()
    }

    /// The values of all headers `name`, each as written (not split at commas).
    pub fn get_all<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a str> {
        self.lines
            .iter()
            .filter(move |line| line.name == *name)
            .map(|line| self.value(line))
    }

    /// Whether `name` stands there.
    #[must_use]
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.lines.iter().any(|line| line.name == *name)
    }

    /// Appends a header. Line ends inside `value` become spaces, so that no value can smuggle in
    /// a header.
    pub fn push(&mut self, name: HeaderName, value: impl AsRef<str>) {
        self.push_read(name, &one_line(value.as_ref()));
    }

    /// Appends a header whose value is made of `pieces`.
    pub(crate) fn push_pieces(&mut self, name: HeaderName, pieces: &[&str]) {
        let start = self.text.len();
        for piece in pieces {
            self.text.push_str(&one_line(piece));
        }
        let value = start..self.text.len();
        self.lines.push(Line { name, value });
    }

    /// Appends a CSeq.
    pub(crate) fn push_cseq(&mut self, number: u32, method: &Method) {
        let number = Decimal::of(number);
        self.push_pieces(HeaderName::CSeq, &[number.as_str(), " ", method.as_str()]);
    }

    /// Appends a header that the reader has cleaned already.
    pub(crate) fn push_read(&mut self, name: HeaderName, value: &str) {
        let line = self.line(name, value);
        self.lines.push(line);
    }

    /// Puts a header before all others.
    pub fn insert_front(&mut self, name: HeaderName, value: impl AsRef<str>) {
        let line = self.line(name, &one_line(value.as_ref()));
        self.lines.insert(0, line);
    }

    /// Replaces the first header `name` in its place and removes further ones, or appends it.
    pub fn set(&mut self, name: HeaderName, value: impl AsRef<str>) {
        let Some(at) = self.lines.iter().position(|line| line.name == name) else {
            self.push(name, value);
            return;
        };
        let mut index = 0;
        self.lines.retain(|line| {
            let keep = index <= at || line.name != name;
            index += 1;
            keep
        });
        self.lines[at] = self.line(name, &one_line(value.as_ref()));
    }

    /// Removes all headers `name`; says how many there were.
    pub fn remove(&mut self, name: &HeaderName) -> usize {
        let before = self.lines.len();
        self.lines.retain(|line| line.name != *name);
        before - self.lines.len()
    }

    /// Gives back what memory is not needed: for headers that are kept.
    pub(crate) fn shrink(&mut self) {
        self.lines.shrink_to_fit();
        self.text.shrink_to_fit();
    }

    /// Copies all headers `name` of `other` to the end, as written.
    pub fn copy_from(&mut self, other: &Self, name: &HeaderName) {
        for value in other.get_all(name) {
            self.push_read(name.clone(), value);
        }
    }

    /// Copies all headers of `other` to the end.
    pub fn copy_all(&mut self, other: &Self) {
        for header in other.iter() {
            self.push_read(header.name.clone(), header.value);
        }
    }

    fn value(&self, line: &Line) -> &str {
        self.text.get(line.value.clone()).unwrap_or("")
    }

    /// Puts `value` into the text.
    fn line(&mut self, name: HeaderName, value: &str) -> Line {
        let start = self.text.len();
        self.text.push_str(value);
        let value = start..self.text.len();
        Line { name, value }
    }
}

impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Headers {}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

fn one_line(value: &str) -> Cow<'_, str> {
    let ends = |b: u8| (b == b'\r') | (b == b'\n');
    if any_far(value.as_bytes(), ends) {
        Cow::Owned(value.replace(['\r', '\n'], " "))
    } else {
        Cow::Borrowed(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_replaces_in_place_and_removes_the_rest() {
        let mut h = Headers::new();
        h.push(HeaderName::Via, "a");
        h.push(HeaderName::Expires, "1");
        h.push(HeaderName::To, "x");
        h.push(HeaderName::Expires, "2");
        h.set(HeaderName::Expires, "3");
        let all: Vec<_> = h.iter().map(|h| h.value).collect();
        assert_eq!(all, ["a", "3", "x"]);
        assert_eq!(h.remove(&HeaderName::Via), 1);
        assert_eq!(h.get(&HeaderName::Via), None);
    }

    #[test]
    fn a_value_cannot_smuggle_in_a_header() {
        let mut h = Headers::new();
        h.push(HeaderName::Subject, "a\r\nEvil: b");
        assert_eq!(h.get(&HeaderName::Subject), Some("a  Evil: b"));
    }
}

//! The ordered list of headers of a message.

mod name;
mod typed;

use std::borrow::Cow;

pub use name::HeaderName;
pub use typed::Contacts;

/// One header line: folding undone, value trimmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which header.
    pub name: HeaderName,
    /// Its value; may hold several comma-separated elements.
    pub value: String,
}

/// Headers in the order of the wire. Nothing is split, merged or sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<Header>);

impl Headers {
    /// No headers.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Room for `n` headers.
    #[must_use]
    pub fn with_capacity(n: usize) -> Self {
        Self(Vec::with_capacity(n))
    }

    /// How many header lines.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All headers in order.
    pub fn iter(&self) -> core::slice::Iter<'_, Header> {
        self.0.iter()
    }

    /// The value of the first header `name`.
    #[must_use]
    pub fn get(&self, name: &HeaderName) -> Option<&str> {
        self.get_all(name).next()
    }

    /// The values of all headers `name`, each as written (not split at commas).
    pub fn get_all<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |header| header.name == *name)
            .map(|header| header.value.as_str())
    }

    /// Whether `name` stands there.
    #[must_use]
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.get(name).is_some()
    }

    /// Appends a header. Line ends inside `value` become spaces, so that no value can smuggle in
    /// a header.
    pub fn push(&mut self, name: HeaderName, value: impl Into<String>) {
        self.0.push(Header {
            name,
            value: one_line(value.into()),
        });
    }

    /// Appends a header that the reader has cleaned already.
    pub(crate) fn push_read(&mut self, name: HeaderName, value: Cow<'_, str>) {
        let value = value.into_owned();
        self.0.push(Header { name, value });
    }

    /// Puts a header before all others.
    pub fn insert_front(&mut self, name: HeaderName, value: impl Into<String>) {
        self.0.insert(
            0,
            Header {
                name,
                value: one_line(value.into()),
            },
        );
    }

    /// Replaces the first header `name` in its place and removes further ones, or appends it.
    pub fn set(&mut self, name: HeaderName, value: impl Into<String>) {
        let value = one_line(value.into());
        let Some(at) = self.0.iter().position(|header| header.name == name) else {
            self.0.push(Header { name, value });
            return;
        };
        let mut index = 0;
        self.0.retain(|header| {
            let keep = index <= at || header.name != name;
            index += 1;
            keep
        });
        self.0[at].value = value;
    }

    /// Removes all headers `name`; says how many there were.
    pub fn remove(&mut self, name: &HeaderName) -> usize {
        let before = self.0.len();
        self.0.retain(|header| header.name != *name);
        before - self.0.len()
    }

    /// Copies all headers `name` of `other` to the end, as written.
    pub fn copy_from(&mut self, other: &Self, name: &HeaderName) {
        let copies = other.0.iter().filter(|header| header.name == *name);
        self.0.extend(copies.cloned());
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = &'a Header;
    type IntoIter = core::slice::Iter<'a, Header>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

fn one_line(mut value: String) -> String {
    if value.contains(['\r', '\n']) {
        value = value.replace(['\r', '\n'], " ");
    }
    value
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
        let all: Vec<_> = h.iter().map(|h| h.value.as_str()).collect();
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

//! A session description as a value.

use std::net::IpAddr;

use super::{Attribute, Direction, Media, Word};

/// The `o=` line. Ours keeps `id` for the life of a session and raises `version` by one with
/// every change (RFC 3264 §8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `-` where the system has no users; some phones put spaces here, which are read.
    pub username: Word,
    /// Session id.
    pub id: u64,
    /// Version, for comparing only: some phones start it at a clock time.
    pub version: u64,
    /// The address as text; it may be a name.
    pub address: Box<str>,
}

/// A session description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// `o=`
    pub origin: Origin,
    /// `s=`
    pub name: Word,
    /// The session's `c=` address; `None` if there is none or it is a host name.
    pub connection: Option<IpAddr>,
    /// The session's direction, for media that say none.
    pub direction: Option<Direction>,
    /// Other session attributes in order.
    pub attributes: Vec<Attribute>,
    /// Media in order. Their number and order never change in a session (RFC 3264 §8).
    pub media: Vec<Media>,
}

impl Session {
    /// The address media `at` wants to be sent to: its own, or the session's.
    #[must_use]
    pub fn address_of(&self, at: usize) -> Option<IpAddr> {
        let media = self.media.get(at)?;
        if media.has_connection {
            media.connection
        } else {
            self.connection
        }
    }

    /// The value of attribute `name` for media `at`: its own, or the session's.
    #[must_use]
    pub fn attribute_of(&self, at: usize, name: &str) -> Option<&str> {
        let own = self.media.get(at)?.attribute(name);
        own.or_else(|| self.attributes_named(name).next())
    }

    /// The values of the session's own attributes `name`.
    pub fn attributes_named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.attributes
            .iter()
            .filter(move |attribute| attribute.name.eq_ignore_ascii_case(name))
            .filter_map(|attribute| attribute.value.as_deref())
    }

    /// The direction of media `at` as its sender wrote it; `sendrecv` where nothing is said
    /// (RFC 3264 §5.1).
    #[must_use]
    pub fn direction_of(&self, at: usize) -> Direction {
        let own = self.media.get(at).and_then(|media| media.direction);
        own.or(self.direction).unwrap_or_default()
    }

    /// Whether the sender holds media `at`: it does not want to hear us, by direction or by the
    /// old sign of an unspecified address (RFC 3264 §8.4).
    #[must_use]
    pub fn is_hold(&self, at: usize) -> bool {
        !self.direction_of(at).receives()
            || self
                .address_of(at)
                .is_some_and(|address| address.is_unspecified())
    }
}

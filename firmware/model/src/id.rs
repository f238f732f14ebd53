//! A newtype for every id. Ids of calls, legs, records and parties are 128-bit, drawn at random,
//! and stay the same all the way upstream; the others live as long as the process.

use core::{fmt, str::FromStr};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A text was not an id of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseIdError;

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not an id: expected 32 hexadecimal digits, or 1 to 40 of a-z 0-9 _ - for an entry",
        )
    }
}

impl core::error::Error for ParseIdError {}

macro_rules! wide_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub struct $name(pub u128);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:032x})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return Err(ParseIdError);
                }
                u128::from_str_radix(text, 16).map(Self).map_err(|_| ParseIdError)
            }
        }
    };
}

wide_id! {
    /// One call: everything from first dialling to last hang-up, transfers included.
    CallId
}
wide_id! {
    /// One party's connection in a call.
    LegId
}
wide_id! {
    /// One recording: the tracks of a call, one file for people.
    RecordingId
}
wide_id! {
    /// A row of the `party` side table, which alone holds numbers, names and free text.
    PartyId
}

macro_rules! narrow_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

narrow_id! {
    /// Position in the ledger. The order of events is this number and nothing else; the first is 1.
    Seq(u64)
}
narrow_id! {
    /// A connection (TCP, TLS, WebSocket) between the box and a peer; never used twice in a process.
    FlowId(u64)
}
narrow_id! {
    /// A jack of the board, counted from 0 in the board's order; its name is in the board's description.
    PortId(u16)
}
narrow_id! {
    /// A bound pair of RTP and RTCP ports waiting for a leg; never used twice in a process.
    PairId(u32)
}
narrow_id! {
    /// A set of legs that hear each other; a slot of the media plane, reused after `BridgeRemoved`.
    BridgeId(u16)
}
narrow_id! {
    /// A sound that is played: music, a prompt, an announcement. Given out by the control plane.
    ClipId(u32)
}
narrow_id! {
    /// One party's track of a recording; drawn at random.
    TapId(u32)
}

/// A leg of the media plane: a slot and how often it was used before, so that a late message for
/// an earlier leg in the same slot is recognised.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct MediaLeg {
    /// Index below `limits::MEDIA_LEGS`.
    pub slot: u16,
    /// Grows by one each time the slot is given out; may wrap.
    pub generation: u16,
}

/// The immutable `id` of an entry of the configuration text: 1 to 40 characters of `a-z 0-9 _ -`.
/// Events, state and secrets refer to entries by it, never by number or position.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryId(Arc<str>);

impl TryFrom<String> for EntryId {
    type Error = ParseIdError;

    fn try_from(text: String) -> Result<Self, ParseIdError> {
        Self::new(&text)
    }
}

impl From<EntryId> for String {
    fn from(id: EntryId) -> Self {
        id.as_str().into()
    }
}

impl EntryId {
    /// Longest id in characters.
    pub const LEN_MAX: usize = 40;

    /// `text` as an id, if it is one.
    ///
    /// # Errors
    /// [`ParseIdError`] when `text` is empty, longer than [`Self::LEN_MAX`] or has another character.
    pub fn new(text: &str) -> Result<Self, ParseIdError> {
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        if text.is_empty() || text.len() > Self::LEN_MAX || !text.bytes().all(legal) {
            return Err(ParseIdError);
        }
        Ok(Self(text.into()))
    }

    /// The id as written in the configuration text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryId({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_ids_survive_text() {
        let id = CallId(0x0123_4567_89ab_cdef_0000_0000_0000_00ff);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("+123".parse::<CallId>(), Err(ParseIdError));
    }

    #[test]
    fn entry_ids_are_narrow() {
        assert!(EntryId::new("jan-2005").is_ok());
        for bad in ["", "Jan", "a b", "ą", &"x".repeat(41)] {
            assert_eq!(EntryId::new(bad), Err(ParseIdError), "{bad:?}");
        }
    }
}

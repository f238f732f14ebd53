//! Words for what is inside RTP.

use serde::{Deserialize, Serialize};

/// An audio codec the exchange speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// G.711 µ-law, 8 kHz, static payload type 0 (RFC 3551 §4.5.14).
    Pcmu,
    /// G.711 A-law, 8 kHz, static payload type 8 (RFC 3551 §4.5.14).
    Pcma,
    /// G.722 at 64 kbit/s, 16 kHz, static payload type 9 (RFC 3551 §4.5.2).
    G722,
    /// Opus, dynamic payload type (RFC 7587); decoded and encoded at 16 kHz, or 8 kHz where the far
    /// end asks for no more.
    Opus,
}

impl Codec {
    /// Every codec, in the order of their octets.
    const ALL: [Self; 4] = [Self::Pcmu, Self::Pcma, Self::G722, Self::Opus];

    /// The codec as one octet of a recording: segments on disk hold it, so it never changes its
    /// meaning.
    #[must_use]
    pub const fn octet(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 1,
            Self::G722 => 2,
            Self::Opus => 3,
        }
    }

    /// The codec that `octet` stands for in a recording, if there is one.
    #[must_use]
    pub fn from_octet(octet: u8) -> Option<Self> {
        Self::ALL.get(usize::from(octet)).copied()
    }

    /// The encoding name of `a=rtpmap`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }

    /// The RTP clock in Hz. That of G.722 is 8 kHz by an old mistake (RFC 3551 §4.5.2), that of
    /// Opus 48 kHz whatever is inside (RFC 7587 §4.1).
    #[must_use]
    pub const fn clock_hz(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 8_000,
            Self::Opus => 48_000,
        }
    }

    /// Channels written in `a=rtpmap`: Opus says 2 always (RFC 7587 §7), the others nothing.
    #[must_use]
    pub const fn rtpmap_channels(self) -> Option<u8> {
        match self {
            Self::Opus => Some(2),
            Self::Pcmu | Self::Pcma | Self::G722 => None,
        }
    }

    /// Samples a second that the exchange works with when this codec is decoded.
    #[must_use]
    pub const fn sample_hz(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma => 8_000,
            Self::G722 | Self::Opus => 16_000,
        }
    }

    /// The static payload type, RFC 3551 §6 table 4.
    #[must_use]
    pub const fn static_pt(self) -> Option<u8> {
        match self {
            Self::Pcmu => Some(0),
            Self::Pcma => Some(8),
            Self::G722 => Some(9),
            Self::Opus => None,
        }
    }
}

/// A key of the keypad, RFC 4733 §3.2 table 3: events 0–15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digit(u8);

impl Digit {
    const CHARS: &'static [u8; 16] = b"0123456789*#ABCD";

    /// The digit of a telephone event, if the event is a key.
    #[must_use]
    pub const fn from_event(event: u8) -> Option<Self> {
        if event < 16 { Some(Self(event)) } else { None }
    }

    /// The key labelled `c`: `0-9 * # A-D`, lower-case letters too.
    #[must_use]
    pub fn from_char(c: char) -> Option<Self> {
        let wanted = u8::try_from(c).ok()?.to_ascii_uppercase();
        let at = Self::CHARS.iter().position(|&key| key == wanted)?;
        u8::try_from(at).ok().map(Self)
    }

    /// The event number of RFC 4733.
    #[must_use]
    pub const fn event(self) -> u8 {
        self.0
    }

    /// The label on the key.
    #[must_use]
    pub fn to_char(self) -> char {
        char::from(Self::CHARS[usize::from(self.0 & 15)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_of_recordings_keep_their_meaning() {
        let octets = [0, 1, 2, 3].map(Codec::from_octet);
        let known = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus];
        assert_eq!(octets, known.map(Some));
        assert_eq!(known.map(Codec::octet), [0, 1, 2, 3]);
        assert_eq!((4..=255).find_map(Codec::from_octet), None);
    }

    #[test]
    fn digits_and_labels_are_one_to_one() {
        for event in 0..16 {
            let digit = Digit::from_event(event).expect("0..16 are keys");
            assert_eq!(Digit::from_char(digit.to_char()), Some(digit));
        }
        assert_eq!(Digit::from_event(16), None);
        assert_eq!(Digit::from_char('ą'), None);
    }
}

//! What an analog set is told of a caller, and an analog line tells us.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::letters::plain;
use crate::limits::CALLER_TEXT;

/// How a caller's number is sent on an analog line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerIdScheme {
    /// Bell 202 FSK between the first and second ring (GR-30-CORE).
    Bellcore,
    /// The same with date and number only, for sets that know no more (SDMF).
    BellcoreSingle,
    /// V.23 FSK between the first and second ring (EN 300 659-1 §6.1).
    EtsiRing,
    /// V.23 FSK before the ring, after a dual tone alert (EN 300 659-1 §6.2, DT-AS).
    EtsiAlert,
    /// V.23 FSK before the ring, after a short pulse of ringing (EN 300 659-1 §6.2, RP-AS).
    EtsiPulse,
    /// V.23 FSK before the ring, after a reversal of the line and a dual tone alert (EN 300 659-1
    /// §6.2).
    EtsiReversal,
    /// British: reversal, dual tone alert, wetting pulse, V.23 FSK (SIN 227).
    BtSin227,
    /// DTMF between A, B or D and C before the ring.
    DtmfAbdc,
    /// DTMF that ends with a hash.
    DtmfHash,
    /// DTMF between D and C.
    DtmfDc,
    /// Japanese: reversal, short ring, V.23 FSK with a frame of its own.
    Ntt,
    /// Russian and Ukrainian (АОН): tones, two of six at a time, which whoever is called asks for after lifting.
    Aon,
}

/// Why something is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// The caller does not want it (`P`).
    Private,
    /// The network does not know it (`O`, out of area).
    Unavailable,
    /// A call from a public telephone (`C`, NTT).
    PublicPhone,
    /// The way it came does not carry it (`S`, NTT).
    Service,
}

/// Text of caller ID: at most `limits::CALLER_TEXT` printable ASCII characters, as T.50 has them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallerText {
    octets: [u8; CALLER_TEXT],
    len: u8,
}

/// Text that is too long or has other characters than printable ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerTextError;

impl fmt::Display for CallerTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not printable ASCII of at most 50 characters")
    }
}

impl core::error::Error for CallerTextError {}

impl CallerText {
    /// This text exactly.
    ///
    /// # Errors
    /// It is longer than `limits::CALLER_TEXT` or has other than printable ASCII characters.
    pub fn new(text: &[u8]) -> Result<Self, CallerTextError> {
        let printable = text.iter().all(|octet| (b' '..=b'~').contains(octet));
        let mut octets = [0; CALLER_TEXT];
        let place = octets.get_mut(..text.len()).filter(|_| printable);
        place.ok_or(CallerTextError)?.copy_from_slice(text);
        let len = u8::try_from(text.len()).map_err(|_| CallerTextError)?;
        Ok(Self { octets, len })
    }

    /// What telephones can show of `text`: letters lose their accents, Cyrillic and Greek are spelt in
    /// Latin letters, what is left of other scripts is a `?`, and what is too long is cut off. Sets do not agree on any character
    /// beyond ASCII, so this is what is sent.
    #[must_use]
    pub fn fitting(text: &str) -> Self {
        let mut octets = [0; CALLER_TEXT];
        let mut len = 0_u8;
        for plain in text.chars().flat_map(plain) {
            let Some(slot) = octets.get_mut(usize::from(len)) else {
                break;
            };
            *slot = plain;
            len = len.saturating_add(1);
        }
        Self { octets, len }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or("")
    }

    /// Its octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or(&[])
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl fmt::Debug for CallerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for CallerText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CallerText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl de::Visitor<'_> for Reader {
            type Value = CallerText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&CallerTextError, f)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<CallerText, E> {
                CallerText::new(text.as_bytes()).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

/// A field that may be missing for a reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerField {
    /// Nothing was said of it.
    #[default]
    None,
    /// It is known to be missing.
    Absent(Absence),
    /// What it is.
    Text(CallerText),
}

impl CallerField {
    /// The text, if there is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()),
            Self::None | Self::Absent(_) => None,
        }
    }
}

/// The exchange's date and local time, by which sets set their clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallerStamp {
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

impl CallerStamp {
    /// Whether there can be such a moment.
    #[must_use]
    pub const fn is_sane(self) -> bool {
        matches!(self.month, 1..=12)
            && matches!(self.day, 1..=31)
            && self.hour < 24
            && self.minute < 60
    }
}

/// What kind of call is announced (EN 300 659-3 §5.4.2.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallType {
    /// A voice call (1).
    Voice,
    /// A call back, for the called party is free now (2).
    RingBackWhenFree,
    /// The name that belongs to a call (3).
    CallingName,
    /// The network has messages (0x81).
    MessageWaiting,
}

/// What is told of a caller, or of messages that wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerInfo {
    /// When the call came.
    pub when: Option<CallerStamp>,
    /// Who calls.
    pub number: CallerField,
    /// What the caller is called.
    pub name: CallerField,
    /// Which number was called.
    pub dialled: Option<CallerText>,
    /// Who sent the call on to here.
    pub redirecting: Option<CallerText>,
    /// What kind of call it is.
    pub call_type: Option<CallType>,
    /// Whether messages wait; with this, it is no call but a lamp.
    pub waiting: Option<bool>,
    /// How many messages wait.
    pub messages: Option<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::IntoDeserializer as _;

    #[test]
    fn names_become_what_a_set_can_show() {
        let shown = |text: &str| CallerText::fitting(text).as_str().to_owned();
        assert_eq!(shown("Łukasz Żółć"), "Lukasz Zolc");
        assert_eq!(shown("Jürgen Groß"), "Juergen Gross");
        assert_eq!(shown("Кира Щукина"), "Kira Shchukina");
        assert_eq!(shown("Příliš žluťoučký kůň"), "Prilis zlutoucky kun");
        assert_eq!(shown("Юрій Їжакевич"), "Yurii Yizhakevich");
        assert_eq!(shown("Γιώργος"), "Giorgos");
        assert_eq!(shown("東京"), "??");
        assert_eq!(shown("it’s\u{a0}me"), "it's me");
        assert_eq!(shown(&"ü".repeat(60)).len(), CALLER_TEXT);
    }

    #[test]
    fn text_is_read_back_or_refused() {
        let read = |text: &'static str| {
            let source: de::value::StrDeserializer<'_, de::value::Error> = text.into_deserializer();
            CallerText::deserialize(source)
        };
        let text = read("0048 22 123").expect("printable");
        assert_eq!(text.as_str(), "0048 22 123");
        assert!(read("\u{7}").is_err());
        assert_eq!(CallerText::new(b"a\nb"), Err(CallerTextError));
        assert_eq!(CallerText::new(&[b'1'; 51]), Err(CallerTextError));
    }
}

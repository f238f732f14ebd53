//! Words for protected media: SRTP keys, DTLS and ICE as the control plane agrees on them.

use core::fmt;

use serde::{Deserialize, Serialize};

/// Whether the packets of a leg are protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// Plain RTP.
    #[default]
    Clear,
    /// SRTP and SRTCP (RFC 3711), with keys from signalling or from DTLS.
    Srtp,
}

/// A crypto suite of SRTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SrtpSuite {
    /// `AES_CM_128_HMAC_SHA1_80` (RFC 4568 §6.2.1).
    AesCm80,
    /// `AES_CM_128_HMAC_SHA1_32` (RFC 4568 §6.2.2).
    AesCm32,
    /// `AEAD_AES_128_GCM` (RFC 7714 §14.2).
    AesGcm128,
    /// `AEAD_AES_256_GCM` (RFC 7714 §14.2).
    AesGcm256,
}

impl SrtpSuite {
    /// The name in `a=crypto`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesCm80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm32 => "AES_CM_128_HMAC_SHA1_32",
            Self::AesGcm128 => "AEAD_AES_128_GCM",
            Self::AesGcm256 => "AEAD_AES_256_GCM",
        }
    }

    /// Octets of the master key.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::AesCm80 | Self::AesCm32 | Self::AesGcm128 => 16,
            Self::AesGcm256 => 32,
        }
    }

    /// Octets of the master salt.
    #[must_use]
    pub const fn salt_len(self) -> usize {
        match self {
            Self::AesCm80 | Self::AesCm32 => 14,
            Self::AesGcm128 | Self::AesGcm256 => 12,
        }
    }
}

/// Master key and salt of one direction. Never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SrtpKey {
    suite: SrtpSuite,
    octets: [u8; Self::OCTETS_MAX],
}

impl SrtpKey {
    /// Octets of the longest key with its salt.
    pub const OCTETS_MAX: usize = 44;

    /// The key of a suite; `octets` are the master key with its salt behind it. `None` if they are
    /// not as many as the suite wants.
    #[must_use]
    pub fn new(suite: SrtpSuite, octets: &[u8]) -> Option<Self> {
        if octets.len() != suite.key_len() + suite.salt_len() {
            return None;
        }
        let mut all = [0; Self::OCTETS_MAX];
        all.get_mut(..octets.len())?.copy_from_slice(octets);
        Some(Self { suite, octets: all })
    }

    /// The suite.
    #[must_use]
    pub const fn suite(&self) -> SrtpSuite {
        self.suite
    }

    /// The master key.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        self.octets.get(..self.suite.key_len()).unwrap_or(&[])
    }

    /// The master salt.
    #[must_use]
    pub fn salt(&self) -> &[u8] {
        let from = self.suite.key_len();
        let to = from + self.suite.salt_len();
        self.octets.get(from..to).unwrap_or(&[])
    }
}

impl fmt::Debug for SrtpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SrtpKey({})", self.suite.name())
    }
}

// A key never leaves the box: written as its suite alone, read back as zeros.
impl Serialize for SrtpKey {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.suite.serialize(to)
    }
}

impl<'de> Deserialize<'de> for SrtpKey {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let suite = SrtpSuite::deserialize(from)?;
        Ok(Self {
            suite,
            octets: [0; Self::OCTETS_MAX],
        })
    }
}

/// SHA-256 of a certificate (RFC 8122 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(pub [u8; 32]);

/// Who opens the DTLS handshake: `a=setup` (RFC 5763 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DtlsRole {
    /// We do: `active`.
    Client,
    /// The far end does: `passive` on our side.
    Server,
}

/// A user name fragment or password of ICE: 4 to 32 characters (RFC 8839 §5.4 allows more, we take
/// no more).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceText {
    len: u8,
    octets: [u8; Self::LEN_MAX],
}

impl IceText {
    /// Longest text in characters.
    pub const LEN_MAX: usize = 32;

    /// `text`, if it is made of `ice-char` and neither too short nor too long.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
        if !(4..=Self::LEN_MAX).contains(&text.len()) || !text.bytes().all(legal) {
            return None;
        }
        let mut octets = [0; Self::LEN_MAX];
        octets
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        Some(Self {
            len: u8::try_from(text.len()).ok()?,
            octets,
        })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.octets
            .get(..usize::from(self.len))
            .and_then(|octets| core::str::from_utf8(octets).ok())
            .unwrap_or("")
    }
}

impl fmt::Debug for IceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IceText")
    }
}

/// Names and passwords of a session's two ends (RFC 8445 §5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceParams {
    /// Ours.
    pub local_name: IceText,
    /// The password with which checks to us are signed.
    pub local_password: IceText,
    /// Theirs.
    pub remote_name: IceText,
    /// The password with which checks to them would be signed; a lite end makes none.
    pub remote_password: IceText,
}

/// Why a leg has no protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityFault {
    /// The DTLS handshake did not come to an end in time.
    Timeout,
    /// The far end's certificate is not the one of its SDP.
    WrongFingerprint,
    /// The handshake failed.
    Handshake,
    /// The far end sends in clear.
    Clear,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_length_of_their_suite_and_are_never_printed() {
        let key = SrtpKey::new(SrtpSuite::AesCm80, &[7; 30]).expect("16 and 14");
        assert_eq!((key.key(), key.salt()), (&[7; 16][..], &[7; 14][..]));
        assert_eq!(format!("{key:?}"), "SrtpKey(AES_CM_128_HMAC_SHA1_80)");
        assert_eq!(SrtpKey::new(SrtpSuite::AesGcm256, &[7; 30]), None);
        assert!(SrtpKey::new(SrtpSuite::AesGcm256, &[7; 44]).is_some());
    }

    #[test]
    fn ice_texts_are_narrow() {
        assert_eq!(IceText::new("a+/9").map(|t| t.as_str().len()), Some(4));
        for bad in ["abc", "a b c d", &"x".repeat(33)] {
            assert_eq!(IceText::new(bad), None, "{bad:?}");
        }
    }
}

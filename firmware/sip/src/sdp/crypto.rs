//! Keys in the description: `a=crypto` (RFC 4568), with the suites of RFC 4568 and RFC 7714.

use model::{SrtpKey, SrtpSuite};

use super::{Attribute, Media};
use crate::grammar::number;

/// The suites in our order: first the one that everybody must have (RFC 4568 §6.2.1).
pub const SUITES: [SrtpSuite; 4] = [
    SrtpSuite::AesCm80,
    SrtpSuite::AesGcm128,
    SrtpSuite::AesGcm256,
    SrtpSuite::AesCm32,
];

/// Least packets that a key must be good for: 2^20 are almost six hours of 20 ms packets. We do
/// not change keys during a call.
const LIFETIME_LOG2_MIN: u32 = 20;
/// Lines that are read of one media: a suite may come twice, more is play.
const LINES_MAX: usize = 16;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A line that we can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crypto {
    /// Ties the answer's line to the offer's.
    pub(super) tag: u32,
    /// The sender's key.
    pub(super) key: SrtpKey,
}

impl Crypto {
    /// The usable lines of a media, most wanted first. A tag that comes twice counts once
    /// (RFC 4568 §4.1).
    pub(super) fn all(media: &Media) -> Vec<Self> {
        let mut out: Vec<Self> = Vec::new();
        for crypto in media.values("crypto").take(LINES_MAX).filter_map(read) {
            if out.iter().all(|known| known.tag != crypto.tag) {
                out.push(crypto);
            }
        }
        out
    }

    pub(super) fn attribute(&self) -> Attribute {
        let octets = [self.key.key(), self.key.salt()].concat();
        let (tag, suite) = (self.tag, self.key.suite().name());
        Attribute::new(
            "crypto",
            format!("{tag} {suite} inline:{}", encode(&octets)),
        )
    }
}

/// `tag suite inline:key|lifetime|MKI:length [session parameters]`. `None` for whatever asks for
/// more than we do: another suite, several keys, a master key identifier, an early end of the key,
/// packets without encryption or authentication.
fn read(value: &str) -> Option<Crypto> {
    let mut words = value.split_ascii_whitespace();
    let tag = number::<u32>(words.next()?).filter(|&tag| tag <= 999_999_999)?;
    let name = words.next()?;
    let suite = SUITES
        .into_iter()
        .find(|suite| suite.name().eq_ignore_ascii_case(name))?;
    let (method, info) = words.next()?.split_once(':')?;
    if !method.eq_ignore_ascii_case("inline") || info.contains(';') {
        return None;
    }
    let mut parts = info.split('|');
    let octets = decode(parts.next()?)?;
    let key = SrtpKey::new(suite, &octets)?;
    if !parts.all(is_long_lifetime) || !words.all(is_harmless) {
        return None;
    }
    Some(Crypto { tag, key })
}

/// Whether a part behind the key is a lifetime (`2^31` or a number of packets) that is long enough.
/// A master key identifier (`1:4`) is none: each packet would have to carry it.
fn is_long_lifetime(part: &str) -> bool {
    match part.strip_prefix("2^") {
        Some(power) => number::<u32>(power).is_some_and(|log2| log2 >= LIFETIME_LOG2_MIN),
        None => number::<u64>(part).is_some_and(|packets| packets >> LIFETIME_LOG2_MIN != 0),
    }
}

/// Whether a session parameter changes nothing for us (RFC 4568 §6.3): the size of the sender's
/// replay window, key derivation once, and extensions that may be ignored.
fn is_harmless(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let once = name.eq_ignore_ascii_case("KDR") && value.trim() == "0";
    once || name.eq_ignore_ascii_case("WSH") || name.starts_with('-')
}

/// Bits that are left over are not looked at, as every phone does: whether a key can be read
/// depends on its characters' kind only, never on which they are.
fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if text.len() - digits.len() > 2 || digits.len() % 4 == 1 || text.len() > 64 {
        return None;
    }
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for byte in digits.bytes() {
        let value = BASE64.iter().position(|&known| known == byte)?;
        bits = (bits << 6) | u32::try_from(value).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from((bits >> held) & 0xff).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    Some(out)
}

fn encode(octets: &[u8]) -> String {
    let mut out = String::with_capacity(octets.len().div_ceil(3) * 4);
    for chunk in octets.chunks(3) {
        let mut three = [0; 3];
        three[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for at in 0..4_usize {
            let digit = (bits >> (18 - 6 * at)) & 63;
            out.push(if at <= chunk.len() {
                char::from(BASE64[digit as usize])
            } else {
                '='
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_and_back() {
        let value =
            "1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20";
        let crypto = read(value).expect("RFC 4568 §9.1 without its MKI");
        assert_eq!(crypto.tag, 1);
        assert_eq!(crypto.key.key(), b"wDfvg&T+)xG7@fb5");
        assert_eq!(crypto.key.salt(), b"jU,RaA}\\|p0%*#");
        let written = crypto.attribute().value.expect("a value");
        assert_eq!(read(&written), Some(crypto));
    }

    #[test]
    fn every_suite_is_read_as_it_is_written() {
        for suite in SUITES {
            let octets: Vec<u8> = (1..=44).collect();
            let len = suite.key_len() + suite.salt_len();
            let key = SrtpKey::new(suite, &octets[..len]).expect("as many as it wants");
            let crypto = Crypto { tag: 7, key };
            let written = crypto.attribute().value.expect("a value");
            assert_eq!(read(&written), Some(crypto), "{written}");
        }
    }

    #[test]
    fn lines_that_ask_for_more_are_left_out() {
        let key = "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";
        let good = [
            format!("1 AES_CM_128_HMAC_SHA1_32 {key}"),
            format!("9 aes_cm_128_hmac_sha1_80 {key}|2^48 WSH=128"),
            format!("1 AES_CM_128_HMAC_SHA1_80 {key}|4294967296 KDR=0 -new"),
        ];
        for line in good {
            assert!(read(&line).is_some(), "{line}");
        }
        let bad = [
            format!("1 F8_128_HMAC_SHA1_80 {key}"),
            format!("1 AES_CM_128_HMAC_SHA1_80 {key}|2^20|1:4"),
            format!("1 AES_CM_128_HMAC_SHA1_80 {key}|1:4"),
            format!("1 AES_CM_128_HMAC_SHA1_80 {key}|2^19"),
            format!("1 AES_CM_128_HMAC_SHA1_80 {key};{key}"),
            format!("1 AES_CM_128_HMAC_SHA1_80 {key} UNENCRYPTED_SRTP"),
            format!("1 AES_CM_128_HMAC_SHA1_80 {key} UNAUTHENTICATED_SRTP"),
            format!("1 AES_CM_128_HMAC_SHA1_80 {key} KDR=1"),
            format!("1 AEAD_AES_128_GCM {key}"),
            format!("x AES_CM_128_HMAC_SHA1_80 {key}"),
            "1 AES_CM_128_HMAC_SHA1_80 inline:****".into(),
            "1 AES_CM_128_HMAC_SHA1_80".into(),
            String::new(),
        ];
        for line in bad {
            assert_eq!(read(&line), None, "{line}");
        }
    }
}

//! SRTP as the simulated phones speak it: RFC 3711 with AES in counter mode and HMAC-SHA1, RFC 7714 with AES in
//! Galois/Counter Mode, and no more of them than they need. On purpose not our `rtp` crate, so that both
//! ends of a call do not share one misreading; only the ciphers are those of the same crates.

mod key;

use std::collections::BTreeMap;

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;

use crate::sound::unseal;

use key::counter;
pub(crate) use key::{Key, SUITES};

/// Octets of the fixed header; the phones send no other.
pub(crate) const HEADER: usize = 12;

/// One direction under one key.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// The master key.
    pub key: Key,
    secret: Vec<u8>,
    auth: [u8; 20],
    /// Two octets less, and those zero, with GCM.
    salt: [u8; 14],
    /// The rollover counter and the highest number, by source.
    sources: BTreeMap<u32, (u32, u16)>,
}

impl Context {
    /// Nothing sent or received yet.
    #[must_use]
    pub(crate) fn new(key: Key) -> Self {
        Self {
            key,
            secret: key.secret(),
            auth: key.derive(1),
            salt: key.derive(2),
            sources: BTreeMap::new(),
        }
    }

    /// The rollover counter of a packet (RFC 3711 §3.3.1).
    fn rollover(&self, ssrc: u32, seq: u16) -> u32 {
        let Some(&(roc, last)) = self.sources.get(&ssrc) else {
            return 0;
        };
        if last < 0x8000 {
            let before = i32::from(seq) - i32::from(last) > 0x8000;
            roc.wrapping_sub(before.into())
        } else {
            let after = i32::from(last) - 0x8000 > i32::from(seq);
            roc.wrapping_add(after.into())
        }
    }

    fn note(&mut self, ssrc: u32, roc: u32, seq: u16) {
        let source = self.sources.entry(ssrc).or_insert((roc, seq));
        *source = (*source).max((roc, seq));
    }

    /// Encrypts or decrypts what follows the header.
    fn mask(&self, (ssrc, roc, seq): (u32, u32, u16), packet: &mut [u8]) {
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(&self.salt);
        let index = [&roc.to_be_bytes()[..], &seq.to_be_bytes()].concat();
        let places = iv[4..14].iter_mut();
        for (place, octet) in places.zip(ssrc.to_be_bytes().into_iter().chain(index)) {
            *place ^= octet;
        }
        counter(&self.secret, iv, &mut packet[HEADER..]);
    }

    fn tag(&self, packet: &[u8], roc: u32) -> Vec<u8> {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(&self.auth) else {
            return Vec::new();
        };
        mac.update(packet);
        mac.update(&roc.to_be_bytes());
        mac.finalize().into_bytes()[..self.key.suite.tag].to_vec()
    }

    /// RFC 7714 §8.1: two octets of zero, source, rollover counter and number, plus the salt.
    fn gcm_iv(&self, (ssrc, roc, seq): (u32, u32, u16)) -> [u8; 12] {
        let mut iv = [0; 12];
        iv[2..6].copy_from_slice(&ssrc.to_be_bytes());
        iv[6..10].copy_from_slice(&roc.to_be_bytes());
        iv[10..].copy_from_slice(&seq.to_be_bytes());
        for (place, octet) in iv.iter_mut().zip(self.salt) {
            *place ^= octet;
        }
        iv
    }

    /// Protects a packet.
    pub(crate) fn seal(&mut self, mut packet: Vec<u8>) -> Vec<u8> {
        let Some((ssrc, seq)) = head(&packet) else {
            return packet;
        };
        let roc = self.rollover(ssrc, seq);
        self.note(ssrc, roc, seq);
        let index = (ssrc, roc, seq);
        if self.key.suite.gcm {
            let (header, body) = packet.split_at(HEADER);
            let gcm = match self.secret.len() {
                16 => seal_gcm::<Aes128Gcm>,
                _ => seal_gcm::<Aes256Gcm>,
            };
            let sealed = gcm(&self.secret, &self.gcm_iv(index), header, body);
            return [header, &sealed.unwrap_or_default()].concat();
        }
        self.mask(index, &mut packet);
        let tag = self.tag(&packet, roc);
        packet.extend(tag);
        packet
    }

    /// Takes the protection off a packet; `None` if it is not under this key.
    pub(crate) fn open(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let (ssrc, seq) = head(packet)?;
        let roc = self.rollover(ssrc, seq);
        let index = (ssrc, roc, seq);
        let opened = if self.key.suite.gcm {
            let (header, body) = packet.split_at(HEADER);
            let gcm = match self.secret.len() {
                16 => open_gcm::<Aes128Gcm>,
                _ => open_gcm::<Aes256Gcm>,
            };
            let body = gcm(&self.secret, &self.gcm_iv(index), header, body)?;
            [header, &body].concat()
        } else {
            let length = packet.len().checked_sub(self.key.suite.tag)?;
            let (body, tag) = packet.split_at_checked(length)?;
            if body.len() < HEADER || self.tag(body, roc) != tag {
                return None;
            }
            let mut body = body.to_vec();
            self.mask(index, &mut body);
            body
        };
        self.note(ssrc, roc, seq);
        Some(opened)
    }
}

/// Encrypts the body of a packet and puts the tag behind it.
fn seal_gcm<G: AeadInOut + KeyInit>(
    secret: &[u8],
    iv: &[u8; 12],
    header: &[u8],
    body: &[u8],
) -> Option<Vec<u8>> {
    let gcm = G::new_from_slice(secret).ok()?;
    let (iv, mut body) = (iv[..].try_into().ok()?, body.to_vec());
    let tag = gcm.encrypt_inout_detached(iv, header, body.as_mut_slice().into());
    body.extend(tag.ok()?);
    Some(body)
}

/// The reverse; `None` if header or body are not what was sealed.
fn open_gcm<G: AeadInOut + KeyInit>(
    secret: &[u8],
    iv: &[u8; 12],
    header: &[u8],
    body: &[u8],
) -> Option<Vec<u8>> {
    let gcm = G::new_from_slice(secret).ok()?;
    let (body, tag) = body.split_at_checked(body.len().checked_sub(16)?)?;
    let (iv, mut body) = (iv[..].try_into().ok()?, body.to_vec());
    let tag = tag.try_into().ok()?;
    gcm.decrypt_inout_detached(iv, header, body.as_mut_slice().into(), tag)
        .ok()
        .map(|()| body)
}

/// The source and the number of a packet.
fn head(packet: &[u8]) -> Option<(u32, u16)> {
    let [_, _, s0, s1, _, _, _, _, c0, c1, c2, c3, ..] = *packet else {
        return None;
    };
    Some((
        u32::from_be_bytes([c0, c1, c2, c3]),
        u16::from_be_bytes([s0, s1]),
    ))
}

/// Whether everybody on the way can read this packet of RTP, or of RTCP if `control`: nothing that
/// protection adds is there. A voice or a key has one length in clear, but for Opus, where who speaks can be read in clear
/// if it was not translated; the lengths in an RTCP compound add up to it.
#[must_use]
pub(crate) fn is_clear(packet: &[u8], control: bool) -> bool {
    if !control {
        let kind = packet.get(1).map_or(0, |octet| octet & 0x7f);
        return match packet.get(HEADER..) {
            Some(voice) if unseal(voice).is_some() => true,
            Some(voice) => voice.len() == 4 || voice.len() == 160 && kind < 96,
            None => false,
        };
    }
    let mut rest = packet;
    while let [_, _, high, low, ..] = *rest {
        let words = usize::from(u16::from_be_bytes([high, low]));
        match rest.get(4 * (words + 1)..) {
            Some(next) => rest = next,
            None => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use model::Random;

    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let text = |two: &[u8]| String::from_utf8_lossy(two).into_owned();
        let read = |two: &[u8]| u8::from_str_radix(&text(two), 16).expect("hex digits");
        digits.chunks_exact(2).map(read).collect()
    }

    /// RFC 3711 appendix B.3.
    #[test]
    fn the_session_keys_are_those_of_the_rfc() {
        let octets = hex("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
        let context = Context::new(Key::of(&SUITES[0], &octets));
        assert_eq!(context.secret[..], hex("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(context.salt[..], hex("30CBBC08863D8C85D49DB34A9AE1"));
        let auth = hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4");
        assert_eq!(context.auth[..], auth);
    }

    /// RFC 7714 §16.1.1 and §16.2.1, which give session keys.
    #[test]
    fn a_packet_under_gcm_is_that_of_the_rfc() {
        let packet = hex(
            "8040f17b 8041f8d3 5501a0b2 47616c6c 6961206573 74206f6d 6e697320 64697669 \
                          73612069 6e207061 72746573 20747265 73",
        );
        let short = "f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf \
                     8833899d 7f27beb1 6a9152cf 765ee439 0cce";
        let long = "32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799 \
                    b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13";
        for (suite, sealed) in [(&SUITES[2], short), (&SUITES[3], long)] {
            let mut context = Context::new(Key::of(suite, &[0; 44][..suite.octets()]));
            context.secret = (0..32).take(context.secret.len()).collect();
            context.salt[..12].copy_from_slice(&hex("51756964 2070726f 2071756f"));
            let expected = [&packet[..HEADER], &hex(sealed)].concat();
            assert_eq!(context.seal(packet.clone()), expected, "{suite:?}");
        }
    }

    #[test]
    fn what_is_sealed_is_opened_by_the_same_key_only_and_past_the_end_of_numbers() {
        let mut random = Random::derive([7; 32], "keys");
        for suite in &SUITES {
            let key = Key::draw(&mut random, suite);
            assert_eq!(Key::read(&key.line(3)), Some((3, key)));
            let (mut to, mut from) = (Context::new(key), Context::new(key));
            for seq in [65_534_u16, 65_535, 0, 1] {
                let mut packet = vec![0x80, 8];
                packet.extend(seq.to_be_bytes());
                packet.extend([7; 168]);
                let sealed = to.seal(packet.clone());
                assert!(is_clear(&packet, false) && !is_clear(&sealed, false));
                assert_eq!(from.open(&sealed), Some(packet));
                for at in [1, HEADER, sealed.len() - 1] {
                    let mut other = sealed.clone();
                    other[at] ^= 1;
                    assert_eq!(from.open(&other), None);
                }
                let mut other = Context::new(Key::draw(&mut random, suite));
                assert_eq!(other.open(&sealed), None);
            }
            assert_eq!(from.sources.values().next(), Some(&(1, 1)));
        }
        let report = hex("80C90001 00000001 81CA0002 00000001 01000000");
        assert!(is_clear(&report, true));
        assert!(!is_clear(&[&report[..], &[0x80; 14]].concat(), true));
    }
}

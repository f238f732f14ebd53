//! SRTP as the simulated phones speak it: RFC 3711 with AES in counter mode and HMAC-SHA1, and no more of
//! it than they need. On purpose not our `rtp` crate, so that both ends of a call do not share one
//! misreading; only the ciphers are those of the same crates.

use std::collections::BTreeMap;

use aes::Aes128Enc;
use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use hmac::{Hmac, Mac as _};
use model::Random;
use sha1::Sha1;

/// Octets of a master key with its salt behind it (RFC 4568 §6.2).
const MASTER: usize = 30;
/// Octets of the fixed header; the phones send no other.
const HEADER: usize = 12;
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// The suites that the phones know, and the octets of their tags (RFC 4568 §6.2.1 and §6.2.2).
const SUITES: [(&str, usize); 2] = [
    ("AES_CM_128_HMAC_SHA1_80", 10),
    ("AES_CM_128_HMAC_SHA1_32", 4),
];

/// A master key and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Octets of the tag, which tells the suite.
    pub tag: usize,
    master: [u8; MASTER],
}

impl Key {
    /// A new key of the suite with a short tag, or the usual one.
    pub(crate) fn draw(random: &mut Random, short: bool) -> Self {
        let mut master = [0; MASTER];
        random.fill(&mut master);
        let tag = SUITES[usize::from(short)].1;
        Self { tag, master }
    }

    /// The value of `a=crypto` under this number.
    pub(crate) fn line(&self, number: u32) -> String {
        let suite = SUITES.iter().find(|(_, tag)| *tag == self.tag);
        let name = suite.map_or("", |(name, _)| name);
        // 30 octets are 40 characters without padding.
        let text: String = self
            .master
            .chunks(3)
            .flat_map(|three| {
                let bits = three.iter().fold(0, |sum, &o| sum << 8 | usize::from(o));
                [18, 12, 6, 0].map(|shift| char::from(BASE64[bits >> shift & 63]))
            })
            .collect();
        format!("{number} {name} inline:{text}")
    }

    /// Reads the value of `a=crypto`; `None` if the suite is not known here.
    pub(crate) fn read(value: &str) -> Option<(u32, Self)> {
        let mut words = value.split(' ');
        let number = words.next()?.parse().ok()?;
        let name = words.next()?;
        let (_, tag) = SUITES.into_iter().find(|(known, _)| *known == name)?;
        let text = words.next()?.strip_prefix("inline:")?;
        let text = text.split('|').next()?;
        let mut master = [0; MASTER];
        for (place, four) in master.chunks_mut(3).zip(text.as_bytes().chunks(4)) {
            let digit = |o: &u8| BASE64.iter().position(|known| known == o);
            let bits = four
                .iter()
                .try_fold(0, |sum, o| Some(sum << 6 | digit(o)?))?;
            let [_, high, middle, low] = u32::try_from(bits).ok()?.to_be_bytes();
            place.copy_from_slice(&[high, middle, low]);
        }
        (text.len() == 40).then_some((number, Self { tag, master }))
    }

    /// RFC 3711 §4.3.1: the label is the octet before 48 bits of index, which are zero.
    fn derive<const N: usize>(&self, label: u8) -> [u8; N] {
        let (key, salt) = self.master.split_at(16);
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(salt);
        iv[7] ^= label;
        let mut out = [0; N];
        counter(key, iv, &mut out);
        out
    }
}

/// Adds the key stream that begins at `iv` (RFC 3711 §4.1.1).
fn counter(key: &[u8], iv: [u8; 16], bytes: &mut [u8]) {
    let Ok(aes) = Aes128Enc::new_from_slice(key) else {
        return;
    };
    for (n, chunk) in (0_u16..).zip(bytes.chunks_mut(16)) {
        let mut block = iv;
        // The last two octets of a first block are zero.
        [block[14], block[15]] = n.to_be_bytes();
        let mut block = block.into();
        aes.encrypt_block(&mut block);
        for (octet, key) in chunk.iter_mut().zip(block) {
            *octet ^= key;
        }
    }
}

/// One direction under one key.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// The master key.
    pub key: Key,
    secret: [u8; 16],
    auth: [u8; 20],
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
            secret: key.derive(0),
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
        mac.finalize().into_bytes()[..self.key.tag].to_vec()
    }

    /// Protects a packet.
    pub(crate) fn seal(&mut self, mut packet: Vec<u8>) -> Vec<u8> {
        let Some((ssrc, seq)) = head(&packet) else {
            return packet;
        };
        let roc = self.rollover(ssrc, seq);
        self.note(ssrc, roc, seq);
        self.mask((ssrc, roc, seq), &mut packet);
        let tag = self.tag(&packet, roc);
        packet.extend(tag);
        packet
    }

    /// Takes the protection off a packet; `None` if it is not under this key.
    pub(crate) fn open(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let (ssrc, seq) = head(packet)?;
        let (body, tag) = packet.split_at_checked(packet.len().checked_sub(self.key.tag)?)?;
        let roc = self.rollover(ssrc, seq);
        if body.len() < HEADER || self.tag(body, roc) != tag {
            return None;
        }
        self.note(ssrc, roc, seq);
        let mut body = body.to_vec();
        self.mask((ssrc, roc, seq), &mut body);
        Some(body)
    }
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
/// protection adds is there. A voice or a key has one length in clear; the lengths in an RTCP compound
/// add up to it.
#[must_use]
pub(crate) fn is_clear(packet: &[u8], control: bool) -> bool {
    if !control {
        return [HEADER + 160, HEADER + 4].contains(&packet.len());
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
        let master = hex("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
        let master = master.try_into().expect("30 octets");
        let context = Context::new(Key { tag: 10, master });
        assert_eq!(context.secret[..], hex("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(context.salt[..], hex("30CBBC08863D8C85D49DB34A9AE1"));
        let auth = hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4");
        assert_eq!(context.auth[..], auth);
    }

    #[test]
    fn what_is_sealed_is_opened_by_the_same_key_only_and_past_the_end_of_numbers() {
        let mut random = Random::derive([7; 32], "keys");
        for short in [false, true] {
            let key = Key::draw(&mut random, short);
            assert_eq!(Key::read(&key.line(3)), Some((3, key)));
            let (mut to, mut from) = (Context::new(key), Context::new(key));
            for seq in [65_534_u16, 65_535, 0, 1] {
                let mut packet = vec![0x80, 8];
                packet.extend(seq.to_be_bytes());
                packet.extend([7; 168]);
                let sealed = to.seal(packet.clone());
                assert!(is_clear(&packet, false) && !is_clear(&sealed, false));
                assert_eq!(from.open(&sealed), Some(packet));
                let mut other = Context::new(Key::draw(&mut random, short));
                assert_eq!(other.open(&sealed), None);
            }
            assert_eq!(from.sources.values().next(), Some(&(1, 1)));
        }
        let report = hex("80C90001 00000001 81CA0002 00000001 01000000");
        assert!(is_clear(&report, true));
        assert!(!is_clear(&[&report[..], &[0x80; 14]].concat(), true));
    }
}

//! Master keys and how descriptions write them (RFC 4568).

use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use aes::{Aes128Enc, Aes256Enc};
use model::Random;

/// Octets of the longest master key with its salt.
const MASTER_MAX: usize = 44;
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What two ends must agree on before they can protect anything.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Suite {
    /// Its name in `a=crypto`.
    name: &'static str,
    /// Octets of the key, and of the salt behind it.
    key: usize,
    salt: usize,
    /// Octets of the tag behind a packet.
    pub(super) tag: usize,
    /// Galois/Counter Mode, which encrypts and authenticates in one.
    pub(super) gcm: bool,
}

impl Suite {
    const fn new(name: &'static str, (key, salt): (usize, usize), tag: usize, gcm: bool) -> Self {
        Self {
            name,
            key,
            salt,
            tag,
            gcm,
        }
    }

    /// Octets of a master key with its salt.
    pub(super) const fn octets(&self) -> usize {
        self.key + self.salt
    }
}

/// The suites that phones know (RFC 4568 §6.2.1 and §6.2.2, RFC 7714 §14.2).
pub(crate) static SUITES: [Suite; 4] = [
    Suite::new("AES_CM_128_HMAC_SHA1_80", (16, 14), 10, false),
    Suite::new("AES_CM_128_HMAC_SHA1_32", (16, 14), 4, false),
    Suite::new("AEAD_AES_128_GCM", (16, 12), 16, true),
    Suite::new("AEAD_AES_256_GCM", (32, 12), 16, true),
];

/// A master key with its salt, and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub suite: &'static Suite,
    /// Zeros behind what the suite wants.
    master: [u8; MASTER_MAX],
}

impl Key {
    /// A new key of this suite.
    pub(crate) fn draw(random: &mut Random, suite: &'static Suite) -> Self {
        let mut master = [0; MASTER_MAX];
        random.fill(&mut master[..suite.octets()]);
        Self { suite, master }
    }

    /// The key of these octets, which are as many as the suite wants.
    pub(super) fn of(suite: &'static Suite, octets: &[u8]) -> Self {
        let mut master = [0; MASTER_MAX];
        master[..suite.octets()].copy_from_slice(octets);
        Self { suite, master }
    }

    /// The value of `a=crypto` under this number.
    pub(crate) fn line(&self, number: u32) -> String {
        let octets = &self.master[..self.suite.octets()];
        format!("{number} {} inline:{}", self.suite.name, encode(octets))
    }

    /// Reads the value of `a=crypto`; `None` if the suite is not known here.
    pub(crate) fn read(value: &str) -> Option<(u32, Self)> {
        let mut words = value.split(' ');
        let number = words.next()?.parse().ok()?;
        let name = words.next()?;
        let suite = SUITES.iter().find(|suite| suite.name == name)?;
        let text = words.next()?.strip_prefix("inline:")?;
        let octets = decode(text.split('|').next()?)?;
        (octets.len() == suite.octets()).then(|| (number, Self::of(suite, &octets)))
    }

    /// RFC 3711 §4.3.1: the label is the octet before 48 bits of index, which are zero. A salt of 96 bits
    /// has zeros behind it (RFC 7714 §11).
    pub(super) fn derive<const N: usize>(&self, label: u8) -> [u8; N] {
        let (key, rest) = self.master.split_at(self.suite.key);
        let mut iv = [0; 16];
        iv[..self.suite.salt].copy_from_slice(&rest[..self.suite.salt]);
        iv[7] ^= label;
        let mut out = [0; N];
        counter(key, iv, &mut out);
        out
    }

    /// The session key, which is as long as the master key.
    pub(super) fn secret(&self) -> Vec<u8> {
        self.derive::<32>(0)[..self.suite.key].to_vec()
    }
}

/// Adds the key stream that begins at `iv` (RFC 3711 §4.1.1, RFC 6188 §2).
pub(super) fn counter(key: &[u8], iv: [u8; 16], bytes: &mut [u8]) {
    let (short, long) = (
        Aes128Enc::new_from_slice(key).ok(),
        Aes256Enc::new_from_slice(key).ok(),
    );
    for (n, chunk) in (0_u16..).zip(bytes.chunks_mut(16)) {
        let mut block = iv;
        // The last two octets of a first block are zero.
        [block[14], block[15]] = n.to_be_bytes();
        let mut block = block.into();
        match (&short, &long) {
            (Some(aes), _) => aes.encrypt_block(&mut block),
            (None, Some(aes)) => aes.encrypt_block(&mut block),
            (None, None) => return,
        }
        for (octet, key) in chunk.iter_mut().zip(block) {
            *octet ^= key;
        }
    }
}

fn encode(octets: &[u8]) -> String {
    let mut text = String::new();
    for three in octets.chunks(3) {
        let octet = |at: usize| three.get(at).copied().map_or(0, usize::from);
        let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
        let digits = [18, 12, 6, 0].map(|shift| char::from(BASE64[bits >> shift & 63]));
        text.extend(&digits[..=three.len()]);
        text.extend(vec!['='; 3 - three.len()]);
    }
    text
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    for four in text.as_bytes().chunks(4) {
        let digits = four.iter().take_while(|&&digit| digit != b'=').count();
        let place = |&digit: &u8| BASE64.iter().position(|&known| known == digit);
        let mut bits = 0;
        for digit in &four[..digits] {
            bits = bits << 6 | u32::try_from(place(digit)?).ok()?;
        }
        let [_, three @ ..] = (bits << (6 * (4 - digits))).to_be_bytes();
        octets.extend(&three[..digits.checked_sub(1)?]);
    }
    // Nobody needs to leave the padding out.
    text.len().is_multiple_of(4).then_some(octets)
}

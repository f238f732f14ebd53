//! STUN messages: a checked view on received bytes, and writing into a caller's buffer
//! (RFC 8489 §5 and §14).

use std::net::{IpAddr, SocketAddr};

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::Transaction;

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEADER: usize = 20;
/// Octets of MESSAGE-INTEGRITY with its own header, and of FINGERPRINT.
const INTEGRITY_LEN: usize = 24;
const FINGERPRINT_LEN: usize = 8;
const FINGERPRINT_XOR: u32 = 0x5354_554e;

const BINDING_REQUEST: u16 = 0x0001;
pub(super) const SUCCESS: u16 = 0x0101;
pub(super) const FAILURE: u16 = 0x0111;

pub(super) const USERNAME: u16 = 0x0006;
pub(super) const MESSAGE_INTEGRITY: u16 = 0x0008;
pub(super) const ERROR_CODE: u16 = 0x0009;
pub(super) const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
pub(super) const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const PRIORITY: u16 = 0x0024;
pub(super) const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
pub(super) const ICE_CONTROLLED: u16 = 0x8029;

/// Whether a request with this attribute, which no check of ours reads, must be refused
/// (RFC 8489 §14: the lower half of all kinds).
pub(super) const fn must_be_understood(kind: u16) -> bool {
    kind < 0x8000 && !matches!(kind, PRIORITY)
}

/// A message whose header, length and attributes agree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    kind: u16,
    transaction: Transaction,
}

/// One attribute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute<'a> {
    pub(super) kind: u16,
    pub(super) value: &'a [u8],
    /// Where its own header begins in the message.
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let [k0, k1, l0, l1, c0, c1, c2, c3, transaction @ ..] = bytes.first_chunk::<HEADER>()?;
        let len = usize::from(u16::from_be_bytes([*l0, *l1]));
        let whole = len.checked_add(HEADER)? == bytes.len() && len.is_multiple_of(4);
        if !whole || [*c0, *c1, *c2, *c3] != COOKIE || k0 & 0xc0 != 0 {
            return None;
        }
        let message = Self {
            bytes,
            kind: u16::from_be_bytes([*k0, *k1]),
            transaction: *transaction,
        };
        // All attributes end where the message does.
        let end = message.attributes().last();
        let end = end.map_or(Some(HEADER), |last| {
            last.at
                .checked_add(4)?
                .checked_add(padded(last.value.len())?)
        })?;
        (end == bytes.len()).then_some(message)
    }

    pub(super) const fn is_binding_request(&self) -> bool {
        self.kind == BINDING_REQUEST
    }

    pub(super) const fn transaction(&self) -> Transaction {
        self.transaction
    }

    /// The attributes in their order, up to the first that does not fit.
    pub(super) fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        let bytes = self.bytes;
        let mut at = HEADER;
        core::iter::from_fn(move || {
            let [k0, k1, l0, l1] = *bytes.get(at..)?.first_chunk::<4>()?;
            let len = usize::from(u16::from_be_bytes([l0, l1]));
            let start = at.checked_add(4)?;
            let end = start.checked_add(len)?;
            let attribute = Attribute {
                kind: u16::from_be_bytes([k0, k1]),
                value: bytes.get(start..end)?,
                at,
            };
            at = start.checked_add(padded(len)?)?;
            Some(attribute)
        })
    }

    /// Whether `tag`, a MESSAGE-INTEGRITY of this message, was made with `key`: over all that comes
    /// before it, with a length in the header as if nothing came after it (RFC 8489 §14.5).
    pub(super) fn is_signed(&self, tag: &Attribute<'_>, key: &[u8]) -> bool {
        let Some(mac) = integrity(self.bytes, tag.at, key) else {
            return false;
        };
        mac.verify_slice(tag.value).is_ok()
    }

    /// Whether the message ends with a right FINGERPRINT, as every check does (RFC 8445 §7.1).
    pub(super) fn fingerprint_is_right(&self) -> bool {
        let Some(last) = self.attributes().find(|a| a.kind == FINGERPRINT) else {
            return false;
        };
        let end = last.at.saturating_add(FINGERPRINT_LEN);
        let before = self.bytes.get(..last.at).unwrap_or(&[]);
        let right = crc32fast::hash(before) ^ FINGERPRINT_XOR;
        end == self.bytes.len() && last.value == right.to_be_bytes()
    }
}

/// The value's length with its padding.
fn padded(len: usize) -> Option<usize> {
    len.checked_next_multiple_of(4)
}

/// HMAC-SHA1 over the first `at` octets of a message that is to end with MESSAGE-INTEGRITY.
fn integrity(bytes: &[u8], at: usize, key: &[u8]) -> Option<Hmac<Sha1>> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
    let len = at.checked_add(INTEGRITY_LEN)?.checked_sub(HEADER)?;
    mac.update(bytes.get(..2)?);
    mac.update(&u16::try_from(len).ok()?.to_be_bytes());
    mac.update(bytes.get(4..at)?);
    Some(mac)
}

/// A message in the making. The length in its header is right after each attribute.
pub(super) struct Writer<'a> {
    out: &'a mut [u8],
    len: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn start(out: &'a mut [u8], kind: u16, transaction: &Transaction) -> Option<Self> {
        let mut writer = Self { out, len: 0 };
        writer.put(&kind.to_be_bytes())?;
        writer.put(&[0; 2])?;
        writer.put(&COOKIE)?;
        writer.put(transaction)?;
        Some(writer)
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.len.checked_add(bytes.len())?;
        self.out.get_mut(self.len..end)?.copy_from_slice(bytes);
        self.len = end;
        Some(())
    }

    fn announce(&mut self, len: usize) -> Option<()> {
        let len = u16::try_from(len.checked_sub(HEADER)?).ok()?;
        self.out.get_mut(2..4)?.copy_from_slice(&len.to_be_bytes());
        Some(())
    }

    pub(super) fn attribute(&mut self, kind: u16, value: &[u8]) -> Option<()> {
        self.put(&kind.to_be_bytes())?;
        self.put(&u16::try_from(value.len()).ok()?.to_be_bytes())?;
        self.put(value)?;
        let padding = padded(value.len())?.checked_sub(value.len())?;
        self.put([0; 3].get(..padding)?)?;
        self.announce(self.len)
    }

    /// An address hidden from routers that rewrite what they understand (RFC 8489 §14.2).
    pub(super) fn address(
        &mut self,
        kind: u16,
        address: SocketAddr,
        transaction: &Transaction,
    ) -> Option<()> {
        let mut value = [0; 20];
        let mask = || COOKIE.iter().chain(transaction);
        for (place, (octet, mask)) in value
            .iter_mut()
            .skip(2)
            .zip(address.port().to_be_bytes().iter().zip(mask()))
        {
            *place = octet ^ mask;
        }
        let mut ip = [0; 16];
        let (family, len) = match address.ip() {
            IpAddr::V4(v4) => {
                ip.get_mut(..4)?.copy_from_slice(&v4.octets());
                (1, 8)
            }
            IpAddr::V6(v6) => {
                ip = v6.octets();
                (2, 20)
            }
        };
        *value.get_mut(1)? = family;
        for (place, (octet, mask)) in value.iter_mut().skip(4).zip(ip.iter().zip(mask())) {
            *place = octet ^ mask;
        }
        self.attribute(kind, value.get(..len)?)
    }

    /// MESSAGE-INTEGRITY over what is there.
    pub(super) fn sign(&mut self, key: &[u8]) -> Option<()> {
        let mac = integrity(self.out, self.len, key)?;
        let tag: [u8; 20] = mac.finalize().into_bytes().into();
        self.attribute(MESSAGE_INTEGRITY, &tag)
    }

    /// FINGERPRINT over what is there, the last attribute (RFC 8489 §14.7).
    pub(super) fn fingerprint(&mut self) -> Option<()> {
        self.announce(self.len.checked_add(FINGERPRINT_LEN)?)?;
        let sum = crc32fast::hash(self.out.get(..self.len)?) ^ FINGERPRINT_XOR;
        self.attribute(FINGERPRINT, &sum.to_be_bytes())
    }
}

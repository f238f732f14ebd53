//! The transforms: what a suite does to one packet whose index is known.

use aes::Aes128Enc;
use aes::cipher::KeyInit;
use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use hmac::{Hmac, Mac};
use model::{SrtpKey, SrtpSuite};
use sha1::Sha1;
use zeroize::{Zeroize, Zeroizing};

use super::derive::{Label, derive, stream};
use super::{ENCRYPTED, RTCP_HEADER, SrtpError};

/// Octets of a GCM tag (RFC 7714 §13.2).
const GCM_TAG: usize = 16;
/// Octets of SRTCP's last word: E bit and index.
const WORD: usize = 4;
/// Octets of an SRTCP tag with HMAC-SHA1; also with the suite whose SRTP tag is 32 bits long
/// (RFC 4568 §6.2.2).
const RTCP_TAG: usize = 10;

/// Session keys of one kind of packet in one direction.
pub(super) enum Cipher {
    /// AES in counter mode, then HMAC-SHA1.
    Counter {
        aes: Aes128Enc,
        mac: Hmac<Sha1>,
        salt: [u8; 14],
        tag: usize,
    },
    Gcm128(Aes128Gcm, [u8; 12]),
    Gcm256(Aes256Gcm, [u8; 12]),
}

impl Drop for Cipher {
    fn drop(&mut self) {
        // The key schedules wipe themselves.
        match self {
            Self::Counter { salt, .. } => salt.zeroize(),
            Self::Gcm128(_, salt) | Self::Gcm256(_, salt) => salt.zeroize(),
        }
    }
}

/// Which packets a set of session keys is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Rtp,
    Rtcp,
}

impl Cipher {
    pub(super) fn new(key: &SrtpKey, kind: Kind) -> Self {
        let (label, auth, salted) = match kind {
            Kind::Rtp => (Label::RtpKey, Label::RtpAuth, Label::RtpSalt),
            Kind::Rtcp => (Label::RtcpKey, Label::RtcpAuth, Label::RtcpSalt),
        };
        let mut short = Zeroizing::new([0; 16]);
        let mut long = Zeroizing::new([0; 32]);
        derive(key, label, &mut *short);
        derive(key, label, &mut *long);
        let tag = match (key.suite(), kind) {
            (SrtpSuite::AesCm32, Kind::Rtp) => 4,
            _ => RTCP_TAG,
        };
        match key.suite() {
            SrtpSuite::AesCm80 | SrtpSuite::AesCm32 => {
                let mut secret = Zeroizing::new([0; 20]);
                derive(key, auth, &mut *secret);
                let mut salt = [0; 14];
                derive(key, salted, &mut salt);
                Self::counter(&short, &secret, salt, tag)
            }
            SrtpSuite::AesGcm128 => {
                let mut salt = [0; 12];
                derive(key, salted, &mut salt);
                Self::Gcm128(Aes128Gcm::new((&*short).into()), salt)
            }
            SrtpSuite::AesGcm256 => {
                let mut salt = [0; 12];
                derive(key, salted, &mut salt);
                Self::Gcm256(Aes256Gcm::new((&*long).into()), salt)
            }
        }
    }

    fn counter(key: &[u8; 16], secret: &[u8; 20], salt: [u8; 14], tag: usize) -> Self {
        // HMAC takes keys of a block's length at once; a shorter one is padded with zeros
        // (RFC 2104 §2).
        let mut block = Zeroizing::new([0; 64]);
        for (place, octet) in block.iter_mut().zip(secret) {
            *place = *octet;
        }
        Self::Counter {
            aes: Aes128Enc::new(key.into()),
            mac: <Hmac<Sha1> as KeyInit>::new((&*block).into()),
            salt,
            tag,
        }
    }

    /// Octets that [`Cipher::seal_rtp`] adds.
    pub(super) const fn tag_len(&self) -> usize {
        match self {
            Self::Counter { tag, .. } => *tag,
            Self::Gcm128(..) | Self::Gcm256(..) => GCM_TAG,
        }
    }

    /// Encrypts the RTP packet of `len` octets at the start of `buffer`, whose header has `head`
    /// octets, and puts the tag behind it; the new length. `index` is ROC and sequence number.
    pub(super) fn seal_rtp(
        &self,
        buffer: &mut [u8],
        (head, len): (usize, usize),
        ssrc: u32,
        index: u64,
    ) -> Result<usize, SrtpError> {
        let tag_len = self.tag_len();
        let end = len.checked_add(tag_len).ok_or(SrtpError::Room)?;
        let whole = buffer.get_mut(..end).ok_or(SrtpError::Room)?;
        let (packet, place) = whole.split_at_mut_checked(len).ok_or(SrtpError::Room)?;
        let (aad, body) = packet
            .split_at_mut_checked(head)
            .ok_or(SrtpError::Malformed)?;
        match self {
            Self::Counter { aes, mac, salt, .. } => {
                stream(aes, &counter_iv(salt, ssrc, index), body);
                let tag = authenticate(mac, packet, &rollover(index));
                place.copy_from_slice(tag.get(..tag_len).unwrap_or(&[]));
            }
            Self::Gcm128(gcm, salt) => gcm_seal(gcm, &gcm_iv(salt, ssrc, index), aad, body, place)?,
            Self::Gcm256(gcm, salt) => gcm_seal(gcm, &gcm_iv(salt, ssrc, index), aad, body, place)?,
        }
        Ok(end)
    }

    /// The reverse of [`Cipher::seal_rtp`]: checks the tag at the end of `packet`, then decrypts;
    /// the length without the tag. A forged packet is left as it came.
    pub(super) fn open_rtp(
        &self,
        packet: &mut [u8],
        head: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, SrtpError> {
        let tag_len = self.tag_len();
        let len = packet.len().checked_sub(tag_len).filter(|&len| len >= head);
        let len = len.ok_or(SrtpError::Malformed)?;
        let (packet, tag) = packet
            .split_at_mut_checked(len)
            .ok_or(SrtpError::Malformed)?;
        match self {
            Self::Counter { aes, mac, salt, .. } => {
                let right = authenticate(mac, packet, &rollover(index));
                same(right.get(..tag_len).unwrap_or(&[]), tag)?;
                let body = packet.get_mut(head..).unwrap_or(&mut []);
                stream(aes, &counter_iv(salt, ssrc, index), body);
            }
            Self::Gcm128(gcm, salt) => {
                let (aad, body) = packet.split_at_mut_checked(head).unwrap_or_default();
                gcm_open(gcm, &gcm_iv(salt, ssrc, index), aad, body, tag)?;
            }
            Self::Gcm256(gcm, salt) => {
                let (aad, body) = packet.split_at_mut_checked(head).unwrap_or_default();
                gcm_open(gcm, &gcm_iv(salt, ssrc, index), aad, body, tag)?;
            }
        }
        Ok(len)
    }

    /// Encrypts the RTCP compound of `len` octets at the start of `buffer` and puts index and tag
    /// behind it (RFC 3711 §3.4, RFC 7714 §9.2); the new length.
    pub(super) fn seal_rtcp(
        &self,
        buffer: &mut [u8],
        len: usize,
        ssrc: u32,
        index: u32,
    ) -> Result<usize, SrtpError> {
        let end = len
            .checked_add(self.rtcp_overhead())
            .ok_or(SrtpError::Room)?;
        let whole = buffer.get_mut(..end).ok_or(SrtpError::Room)?;
        let (packet, tail) = whole.split_at_mut_checked(len).ok_or(SrtpError::Room)?;
        let (head, body) = packet
            .split_at_mut_checked(RTCP_HEADER)
            .ok_or(SrtpError::Malformed)?;
        let word = (ENCRYPTED | index).to_be_bytes();
        let (first, second) = match self {
            Self::Counter { .. } => tail.split_at_mut_checked(WORD),
            Self::Gcm128(..) | Self::Gcm256(..) => tail.split_at_mut_checked(GCM_TAG),
        }
        .ok_or(SrtpError::Room)?;
        let wide = u64::from(index);
        match self {
            Self::Counter { aes, mac, salt, .. } => {
                stream(aes, &counter_iv(salt, ssrc, wide), body);
                first.copy_from_slice(&word);
                let tag = authenticate(mac, packet, &word);
                second.copy_from_slice(tag.get(..RTCP_TAG).unwrap_or(&[]));
            }
            Self::Gcm128(gcm, salt) => {
                let aad = rtcp_aad(head, word);
                gcm_seal(gcm, &gcm_iv(salt, ssrc, wide), &aad, body, first)?;
                second.copy_from_slice(&word);
            }
            Self::Gcm256(gcm, salt) => {
                let aad = rtcp_aad(head, word);
                gcm_seal(gcm, &gcm_iv(salt, ssrc, wide), &aad, body, first)?;
                second.copy_from_slice(&word);
            }
        }
        Ok(end)
    }

    /// The last word of an SRTCP packet and the length without index and tag.
    pub(super) fn rtcp_word(&self, packet: &[u8]) -> Option<(u32, usize)> {
        let len = packet.len().checked_sub(self.rtcp_overhead())?;
        let at = match self {
            Self::Counter { .. } => len,
            Self::Gcm128(..) | Self::Gcm256(..) => len.checked_add(GCM_TAG)?,
        };
        let word = packet.get(at..)?.first_chunk::<WORD>()?;
        (len >= RTCP_HEADER).then_some((u32::from_be_bytes(*word), len))
    }

    /// The reverse of [`Cipher::seal_rtcp`] for a packet with this last word and length; decrypts
    /// only if the word's E bit says so.
    pub(super) fn open_rtcp(
        &self,
        packet: &mut [u8],
        (word, len): (u32, usize),
        ssrc: u32,
    ) -> Result<(), SrtpError> {
        let index = u64::from(word & !ENCRYPTED);
        let encrypted = word & ENCRYPTED != 0;
        let word = word.to_be_bytes();
        let (clear, tail) = packet
            .split_at_mut_checked(len)
            .ok_or(SrtpError::Malformed)?;
        match self {
            Self::Counter { aes, mac, salt, .. } => {
                let right = authenticate(mac, clear, &word);
                let tag = tail.get(WORD..).unwrap_or(&[]);
                same(right.get(..RTCP_TAG).unwrap_or(&[]), tag)?;
                if encrypted {
                    let body = clear.get_mut(RTCP_HEADER..).unwrap_or(&mut []);
                    stream(aes, &counter_iv(salt, ssrc, index), body);
                }
                Ok(())
            }
            Self::Gcm128(gcm, salt) => {
                let iv = gcm_iv(salt, ssrc, index);
                gcm_open_rtcp(gcm, &iv, packet, len, word, encrypted)
            }
            Self::Gcm256(gcm, salt) => {
                let iv = gcm_iv(salt, ssrc, index);
                gcm_open_rtcp(gcm, &iv, packet, len, word, encrypted)
            }
        }
    }

    /// Octets that [`Cipher::seal_rtcp`] adds.
    const fn rtcp_overhead(&self) -> usize {
        match self {
            Self::Counter { .. } => WORD.saturating_add(RTCP_TAG),
            Self::Gcm128(..) | Self::Gcm256(..) => WORD.saturating_add(GCM_TAG),
        }
    }
}

/// RFC 3711 §4.1.1: salt · 2^16 ⊕ SSRC · 2^64 ⊕ index · 2^16.
fn counter_iv(salt: &[u8; 14], ssrc: u32, index: u64) -> [u8; 16] {
    let sum = (u128::from(ssrc) << 64) ^ (u128::from(index) << 16);
    let mut iv = sum.to_be_bytes();
    for (place, octet) in iv.iter_mut().zip(salt) {
        *place ^= octet;
    }
    iv
}

/// RFC 7714 §8.1: two zero octets, SSRC, index of 48 bits, ⊕ salt. The index of SRTCP has 31 bits
/// (§9.1).
fn gcm_iv(salt: &[u8; 12], ssrc: u32, index: u64) -> [u8; 12] {
    let sum = (u128::from(ssrc) << 48) ^ u128::from(index);
    let mut iv = *salt;
    for (place, octet) in iv.iter_mut().zip(sum.to_be_bytes().iter().skip(4)) {
        *place ^= octet;
    }
    iv
}

/// The rollover counter as it is authenticated (RFC 3711 §4.2).
fn rollover(index: u64) -> [u8; 4] {
    u32::try_from(index >> 16).unwrap_or(u32::MAX).to_be_bytes()
}

fn authenticate(mac: &Hmac<Sha1>, packet: &[u8], more: &[u8; 4]) -> [u8; 20] {
    let mut mac = mac.clone();
    mac.update(packet);
    mac.update(more);
    mac.finalize().into_bytes().into()
}

/// Whether the tags are the same, in a time that tells nothing of where they differ.
fn same(right: &[u8], tag: &[u8]) -> Result<(), SrtpError> {
    let differ = right.iter().zip(tag).fold(0, |all, (a, b)| all | (a ^ b));
    let differ = core::hint::black_box(differ);
    if differ == 0 && right.len() == tag.len() && !tag.is_empty() {
        Ok(())
    } else {
        Err(SrtpError::Forged)
    }
}

fn gcm_seal<G: AeadInOut>(
    gcm: &G,
    iv: &[u8; 12],
    aad: &[u8],
    body: &mut [u8],
    place: &mut [u8],
) -> Result<(), SrtpError> {
    let iv = iv.as_slice().try_into().map_err(|_| SrtpError::Malformed)?;
    let tag = gcm
        .encrypt_inout_detached(iv, aad, InOutBuf::from(body))
        .map_err(|_| SrtpError::Malformed)?;
    place.copy_from_slice(&tag);
    Ok(())
}

fn gcm_open<G: AeadInOut>(
    gcm: &G,
    iv: &[u8; 12],
    aad: &[u8],
    body: &mut [u8],
    tag: &[u8],
) -> Result<(), SrtpError> {
    let iv = iv.as_slice().try_into().map_err(|_| SrtpError::Malformed)?;
    let tag = tag.try_into().map_err(|_| SrtpError::Malformed)?;
    gcm.decrypt_inout_detached(iv, aad, InOutBuf::from(body), tag)
        .map_err(|_| SrtpError::Forged)
}

fn rtcp_aad(head: &[u8], word: [u8; WORD]) -> [u8; 12] {
    let mut aad = [0; 12];
    for (place, octet) in aad.iter_mut().zip(head.iter().chain(&word)) {
        *place = *octet;
    }
    aad
}

fn gcm_open_rtcp<G: AeadInOut>(
    gcm: &G,
    iv: &[u8; 12],
    packet: &mut [u8],
    len: usize,
    word: [u8; WORD],
    encrypted: bool,
) -> Result<(), SrtpError> {
    let (clear, tail) = packet
        .split_at_mut_checked(len)
        .ok_or(SrtpError::Malformed)?;
    let tag: [u8; GCM_TAG] = *tail.first_chunk().ok_or(SrtpError::Malformed)?;
    if encrypted {
        let (head, body) = clear
            .split_at_mut_checked(RTCP_HEADER)
            .ok_or(SrtpError::Malformed)?;
        return gcm_open(gcm, iv, &rtcp_aad(head, word), body, &tag);
    }
    // RFC 7714 §9.3: the whole packet and the word are authenticated. The word takes the tag's
    // place, so that the two lie side by side.
    if let Some(place) = tail.first_chunk_mut::<WORD>() {
        *place = word;
    }
    let end = len.saturating_add(WORD);
    gcm_open(gcm, iv, packet.get(..end).unwrap_or(&[]), &mut [], &tag)
}

#[cfg(test)]
impl Cipher {
    /// Session keys as they are, for vectors that begin there.
    pub(super) fn of_session(suite: SrtpSuite, key: &[u8], salt: &[u8; 12]) -> Self {
        match suite {
            SrtpSuite::AesGcm128 => {
                Self::Gcm128(Aes128Gcm::new_from_slice(key).expect("16 octets"), *salt)
            }
            SrtpSuite::AesGcm256 => {
                Self::Gcm256(Aes256Gcm::new_from_slice(key).expect("32 octets"), *salt)
            }
            SrtpSuite::AesCm80 | SrtpSuite::AesCm32 => panic!("no such vectors"),
        }
    }
}

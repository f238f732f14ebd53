//! Session keys from a master key (RFC 3711 §4.3) with the derivation rate 0: once for all packets.

use aes::cipher::{BlockCipherEncrypt, InnerIvInit, KeyInit, StreamCipher};
use aes::{Aes128Enc, Aes256Enc};
use ctr::CtrCore;
use ctr::cipher::StreamCipherCoreWrapper;
use ctr::flavors::Ctr128BE;
use model::SrtpKey;
use zeroize::Zeroizing;

/// What is derived (RFC 3711 §4.3.1 and §4.3.2).
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(super) enum Label {
    RtpKey = 0,
    RtpAuth = 1,
    RtpSalt = 2,
    RtcpKey = 3,
    RtcpAuth = 4,
    RtcpSalt = 5,
}

/// Fills `out` with the session key, authentication key or salt named by `label`.
pub(super) fn derive(key: &SrtpKey, label: Label, out: &mut [u8]) {
    // The master salt times 2^16; that of GCM is shorter and padded with zeros to 112 bits
    // (RFC 7714 §11).
    let mut iv = Zeroizing::new([0; 16]);
    for (place, octet) in iv.iter_mut().zip(key.salt()) {
        *place = *octet;
    }
    // key_id is the label before 48 bits of index, which are zero.
    if let Some(place) = iv.get_mut(7) {
        *place ^= label as u8;
    }
    out.fill(0);
    if let Ok(aes) = Aes128Enc::new_from_slice(key.key()) {
        stream(&aes, &iv, out);
    } else if let Ok(aes) = Aes256Enc::new_from_slice(key.key()) {
        stream(&aes, &iv, out);
    }
}

/// AES in counter mode over `bytes` (RFC 3711 §4.1.1).
pub(super) fn stream<C>(aes: &C, iv: &[u8; 16], bytes: &mut [u8])
where
    C: BlockCipherEncrypt<BlockSize = aes::cipher::consts::U16>,
{
    let core: CtrCore<&C, Ctr128BE> = CtrCore::inner_iv_init(aes, iv.into());
    // One key stream ends after 2^128 blocks: no packet is that long.
    let _ = StreamCipherCoreWrapper::from_core(core).try_apply_keystream(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::SrtpSuite;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pair = |two: &[u8]| {
            let text = core::str::from_utf8(two).expect("ASCII");
            u8::from_str_radix(text, 16).expect("hex digits")
        };
        digits.chunks_exact(2).map(pair).collect()
    }

    /// RFC 3711 appendix B.2.
    #[test]
    fn the_key_stream_is_that_of_the_rfc() {
        let key = hex("2B7E151628AED2A6ABF7158809CF4F3C");
        let aes = Aes128Enc::new_from_slice(&key).expect("16 octets");
        let iv = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000");
        let mut bytes = vec![0; 0xff03 * 16];
        stream(&aes, iv.first_chunk().expect("16 octets"), &mut bytes);
        let first = "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB
                     41E95B3BB0A2E8DD477901E4FCA894C0";
        assert_eq!(bytes[..48], hex(first));
        let last = "EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE
                    6A2CC3787889374FBEB4C81B17BA6C44";
        assert_eq!(bytes[0xfeff * 16..0xff02 * 16], hex(last));
    }

    /// RFC 3711 appendix B.3.
    #[test]
    fn the_session_keys_are_those_of_the_rfc() {
        let master = hex("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
        let key = SrtpKey::new(SrtpSuite::AesCm80, &master).expect("30 octets");
        let derived = |label, len| {
            let mut out = vec![0xff; len];
            derive(&key, label, &mut out);
            out
        };
        let session = hex("C61E7A93744F39EE10734AFE3FF7A087");
        assert_eq!(derived(Label::RtpKey, 16), session);
        let salt = hex("30CBBC08863D8C85D49DB34A9AE1");
        assert_eq!(derived(Label::RtpSalt, 14), salt);
        let auth = "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4";
        assert_eq!(derived(Label::RtpAuth, 20), hex(auth));
    }
}

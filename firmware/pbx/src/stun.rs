//! Keep-alives of phones behind NAT: a STUN binding request on the SIP port is answered with the
//! address it came from (RFC 5626 §4.4.2, RFC 8489 §14.2). Nothing else of STUN is spoken here.

use std::net::{IpAddr, SocketAddr};

const MAGIC: u32 = 0x2112_A442;
const HEADER: usize = 20;

/// Whether a datagram on a SIP port is STUN: two zero bits in front and the magic cookie
/// (RFC 8489 §5). No SIP message begins like that.
pub(crate) fn is_stun(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first >> 6 == 0)
        && bytes.get(4..8) == Some(&MAGIC.to_be_bytes())
}

/// The answer to a binding request of exactly the stated length; `None` for all else.
pub(crate) fn answer(bytes: &[u8], source: SocketAddr) -> Option<Vec<u8>> {
    let stated = usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]));
    if bytes.get(..2)? != [0, 1] || bytes.len() != HEADER + stated || !stated.is_multiple_of(4) {
        return None;
    }
    let transaction = bytes.get(4..HEADER)?;
    let port = source.port() ^ 0x2112;
    let mut value = vec![0, 0];
    value.extend(port.to_be_bytes());
    match source.ip() {
        IpAddr::V4(ip) => {
            value[1] = 1;
            value.extend((u32::from(ip) ^ MAGIC).to_be_bytes());
        }
        IpAddr::V6(ip) => {
            value[1] = 2;
            value.extend(ip.octets().iter().zip(transaction).map(|(a, b)| a ^ b));
        }
    }
    let len = u16::try_from(value.len()).ok()?;
    let mut out = vec![1, 1];
    out.extend((len + 4).to_be_bytes());
    out.extend_from_slice(transaction);
    out.extend([0x00, 0x20]);
    out.extend(len.to_be_bytes());
    out.extend(value);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_request_learns_its_address_and_nothing_else_is_answered() {
        let mut request = vec![0, 1, 0, 0];
        request.extend(MAGIC.to_be_bytes());
        request.extend([7; 12]);
        let source: SocketAddr = "192.0.2.1:32853".parse().expect("literal");
        assert!(is_stun(&request));
        let answer_bytes = answer(&request, source).expect("a binding request");
        // RFC 5769 §2.2: 192.0.2.1 port 32853 is a1 47 e1 12 a6 43.
        assert!(answer_bytes.ends_with(&[0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]));
        assert_eq!(answer(&request[..19], source), None);
        request[1] = 2;
        assert_eq!(answer(&request, source), None);
        assert!(!is_stun(b"REGISTER sip:x SIP/2.0"));
    }
}

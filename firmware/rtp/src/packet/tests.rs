use proptest::prelude::*;

use super::*;

const HEADER: Header = Header {
    ssrc: 0x0102_0304,
    seq: 0xfffe,
    timestamp: 0xdead_beef,
    payload_type: 8,
    marker: true,
};

fn written(payload: &[u8]) -> Vec<u8> {
    let mut out = [0xaa; 64];
    let length = HEADER.write(payload, &mut out).expect("fits");
    out[..length].to_vec()
}

#[test]
fn the_octets_are_those_of_the_rfc() {
    // RFC 3550 §5.1.
    let wanted = [
        0x80, 0x88, 0xff, 0xfe, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4, 0x55, 0xd5,
    ];
    assert_eq!(written(&[0x55, 0xd5]), wanted);
    let packet = Packet::read(&wanted).expect("a packet");
    assert_eq!(packet.ssrc, HEADER.ssrc);
    assert_eq!(packet.seq, HEADER.seq);
    assert_eq!(packet.timestamp, HEADER.timestamp);
    assert_eq!((packet.payload_type, packet.marker), (8, true));
    assert_eq!(packet.payload, [0x55, 0xd5]);
}

#[test]
fn a_payload_type_above_127_is_not_written() {
    let header = Header {
        payload_type: 128,
        ..HEADER
    };
    assert_eq!(header.write(&[], &mut [0; 64]), None);
    assert_eq!(HEADER.write(&[0; 53], &mut [0; 64]), None, "too long");
    assert_eq!(HEADER.write(&[0; 52], &mut [0; 64]), Some(64));
}

/// The payload of a packet whose first octet is `first` and whose body follows the fixed header.
fn read(first: u8, body: &[u8]) -> Result<Vec<u8>, PacketError> {
    let mut datagram = written(body);
    datagram[0] = first;
    Packet::read(&datagram).map(|packet| packet.payload.to_vec())
}

#[test]
fn contributing_sources_and_extensions_are_passed_over() {
    assert_eq!(read(0x82, &[0, 0, 0, 1, 0, 0, 0, 2, 9]), Ok(vec![9]));
    assert_eq!(read(0x90, &[0xbe, 0xde, 0, 1, 1, 1, 1, 1, 9]), Ok(vec![9]));
    assert_eq!(read(0x90, &[0xbe, 0xde, 0, 0]), Ok(vec![]));
    assert_eq!(read(0x91, &[0, 0, 0, 1, 0xbe, 0xde, 0, 0, 9]), Ok(vec![9]));
}

#[test]
fn padding_is_taken_off() {
    assert_eq!(read(0xa0, &[9, 9, 0, 2]), Ok(vec![9, 9]));
    assert_eq!(read(0xa0, &[0, 0, 0, 4]), Ok(vec![]));
    assert_eq!(read(0xb0, &[0, 0, 0, 0, 9, 1]), Ok(vec![9]));
}

#[test]
fn lying_packets_are_refused_by_name() {
    use PacketError::{Padding, Truncated, Version};
    assert_eq!(
        read(0x83, &[0; 11]),
        Err(Truncated),
        "three sources in 11 octets"
    );
    assert_eq!(
        read(0x90, &[0xbe, 0xde, 0]),
        Err(Truncated),
        "half an extension header"
    );
    assert_eq!(read(0x90, &[0xbe, 0xde, 0, 2, 0, 0, 0, 0]), Err(Truncated));
    assert_eq!(read(0x90, &[0xbe, 0xde, 0xff, 0xff, 0, 0]), Err(Truncated));
    assert_eq!(read(0xa0, &[]), Err(Truncated), "padding without an octet");
    assert_eq!(read(0xa0, &[1, 2, 0]), Err(Padding), "padding of length 0");
    assert_eq!(
        read(0xa0, &[1, 2, 4]),
        Err(Padding),
        "longer than the payload"
    );
    assert_eq!(
        read(0xb0, &[0, 0, 0, 0, 2]),
        Err(Padding),
        "reaches into the extension"
    );
    assert_eq!(read(0x40, &[0]), Err(Version));
    assert_eq!(read(0xc0, &[0]), Err(Version));
    assert_eq!(Packet::read(&[]), Err(Truncated));
    assert_eq!(Packet::read(&[0x80; 11]), Err(Truncated));
    assert_eq!(
        Packet::read(&[0x80; RTP_PACKET_MAX + 1]),
        Err(PacketError::TooLong)
    );
}

#[test]
fn reports_are_not_taken_for_sound() {
    let mut datagram = written(&[0; 20]);
    for kind in 192..=223 {
        datagram[1] = kind;
        assert_eq!(Packet::read(&datagram), Err(PacketError::Rtcp));
        assert!(is_rtcp(&datagram));
    }
    datagram[1] = 0x88;
    assert!(!is_rtcp(&datagram));
}

proptest! {
    #[test]
    fn any_octets_give_a_packet_or_an_error(datagram in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(packet) = Packet::read(&datagram) {
            prop_assert!(packet.payload_type <= 127);
            prop_assert!(packet.payload.len() + HEADER_LEN <= datagram.len());
        }
    }

    #[test]
    fn mutated_packets_never_reach_outside(
        payload in proptest::collection::vec(any::<u8>(), 0..60),
        changes in proptest::collection::vec((0_usize..80, any::<u8>()), 0..6),
        cut in 0_usize..80,
    ) {
        let mut out = [0; 80];
        let length = HEADER.write(&payload, &mut out).expect("fits");
        for (at, octet) in changes {
            out[at] = octet;
        }
        let _ = Packet::read(&out[..length.min(cut)]);
        let _ = Packet::read(&out[..length]);
    }

    #[test]
    fn what_is_written_is_read(
        ssrc: u32, seq: u16, timestamp: u32, payload_type in 0_u8..64, marker: bool,
        payload in proptest::collection::vec(any::<u8>(), 0..1_000),
    ) {
        let header = Header { ssrc, seq, timestamp, payload_type, marker };
        let mut out = [0; 1_100];
        let length = header.write(&payload, &mut out).expect("fits");
        let packet = Packet::read(&out[..length]).expect("a packet");
        let wanted = Packet { ssrc, seq, timestamp, payload_type, marker, payload: &payload };
        prop_assert_eq!(packet, wanted);
    }
}

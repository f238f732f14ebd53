use model::{SrtpKey, SrtpSuite};
use proptest::prelude::*;

use super::cipher::Cipher;
use super::*;

const SUITES: [SrtpSuite; 4] = [
    SrtpSuite::AesCm80,
    SrtpSuite::AesCm32,
    SrtpSuite::AesGcm128,
    SrtpSuite::AesGcm256,
];

fn key(suite: SrtpSuite, seed: u8) -> SrtpKey {
    let octets: Vec<u8> = (0..suite.key_len() + suite.salt_len())
        .map(|n| seed.wrapping_add(n as u8).wrapping_mul(31))
        .collect();
    SrtpKey::new(suite, &octets).expect("as long as the suite wants")
}

fn pair(suite: SrtpSuite) -> (Sender, Receiver) {
    (Sender::new(&key(suite, 1)), Receiver::new(&key(suite, 1)))
}

fn hex(text: &str) -> Vec<u8> {
    let octet = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits");
    (0..text.len()).step_by(2).map(octet).collect()
}

fn rtp(seq: u16, ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80, 8];
    bytes.extend(seq.to_be_bytes());
    bytes.extend([0, 0, 0, 9]);
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend(payload);
    bytes
}

fn rtcp(ssrc: u32) -> Vec<u8> {
    let mut bytes = vec![0x80, 201, 0, 1];
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend([0x81, 202, 0, 2, 0, 0, 0, 1, 1, 2, b'h', b'i']);
    bytes
}

fn sealed(sender: &mut Sender, packet: &[u8]) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + OVERHEAD, 0xee);
    let len = sender.protect(&mut buffer, packet.len()).expect("sent");
    buffer.truncate(len);
    buffer
}

fn sealed_rtcp(sender: &mut Sender, packet: &[u8]) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + OVERHEAD, 0xee);
    let len = sender
        .protect_rtcp(&mut buffer, packet.len())
        .expect("sent");
    buffer.truncate(len);
    buffer
}

fn opened(receiver: &mut Receiver, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
    let mut buffer = packet.to_vec();
    let len = receiver.unprotect(&mut buffer)?;
    buffer.truncate(len);
    Ok(buffer)
}

fn opened_rtcp(receiver: &mut Receiver, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
    let mut buffer = packet.to_vec();
    let len = receiver.unprotect_rtcp(&mut buffer)?;
    buffer.truncate(len);
    Ok(buffer)
}

const SALT: [u8; 12] = *b"Quid pro quo";
const GALLIA: &str = "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e697320646976\
                      69736120696e207061727465732074726573";
const MARS: &str = "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61\
                    deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

/// RFC 7714 §16 and §17: session key 00 01 02…, the first packet of its stream.
#[test]
fn gcm_packets_are_those_of_the_rfc() {
    let vectors = [
        (
            SrtpSuite::AesGcm128,
            "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd5\
             0d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce",
            "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32d\
             c676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf872\
             45d9eade800005d4",
        ),
        (
            SrtpSuite::AesGcm256,
            "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab1801238\
             9a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13",
            "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50\
             a2eaa5c1110555be8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6c\
             b26ac3be800005d4",
        ),
    ];
    for (suite, srtp, srtcp) in vectors {
        let octets: Vec<u8> = (0..suite.key_len()).map(|n| n as u8).collect();
        let cipher = || Cipher::of_session(suite, &octets, &SALT);
        let mut sender = Sender::of_session(cipher, 0x4d61_7273, 0x5d4);
        let mut receiver = Receiver::of_session(cipher);
        assert_eq!(sealed(&mut sender, &hex(GALLIA)), hex(srtp), "{suite:?}");
        assert_eq!(opened(&mut receiver, &hex(srtp)), Ok(hex(GALLIA)));
        assert_eq!(sealed_rtcp(&mut sender, &hex(MARS)), hex(srtcp));
        assert_eq!(opened_rtcp(&mut receiver, &hex(srtcp)), Ok(hex(MARS)));
    }
}

/// RFC 7714 §17.3: authentic, but not encrypted.
#[test]
fn reports_in_clear_are_refused_even_when_they_are_authentic() {
    let tagged = format!("{MARS}841dd9683dd78ec92ae58790125f62b3000005d4");
    let octets: Vec<u8> = (0..16).collect();
    let cipher = || Cipher::of_session(SrtpSuite::AesGcm128, &octets, &SALT);
    let mut receiver = Receiver::of_session(cipher);
    let mut other = hex(&tagged);
    other[20] ^= 1;
    assert_eq!(opened_rtcp(&mut receiver, &other), Err(SrtpError::Forged));
    let refused = opened_rtcp(&mut receiver, &hex(&tagged));
    assert_eq!(refused, Err(SrtpError::Clear));
    assert_eq!(receiver.figures().forged, 2);
}

/// What libre 1.1.0, the library under baresip, makes of the same packets with the same master key:
/// a packet before and one after the sequence number rolled over, and its first report. With
/// `AES_CM_128_HMAC_SHA1_32` it shortens the tag of reports too, against RFC 4568 §6.2.2: left out.
#[test]
fn another_library_makes_the_same_of_it() {
    let vectors = [
        (
            SrtpSuite::AesCm80,
            "b3f58b8973e94c46b05a67c85141f6ccf50bf9988d2269607d2f897e3505",
            "c194427e8b0ae037485f8673b86802505af13fb1796e8e19b4306ebf6cbc",
            Some("d3931cbbce9c587a9ae993d28000000148736dbf7cbb63e766da"),
        ),
        (
            SrtpSuite::AesCm32,
            "b3f58b8973e94c46b05a67c85141f6ccf50bf9988d226960",
            "c194427e8b0ae037485f8673b86802505af13fb1796e8e19",
            None,
        ),
        (
            SrtpSuite::AesGcm128,
            "6f0c61e8ee255a3db3ba8f36d9a71718fd16d484be743e86baf7f93cff1afbd29fa3dcfc",
            "2612d31d278b2d09ea7b54db3a300f6d807fe94896528ed85ea6f7f13826a0ee3ea98b64",
            Some("3c5348129bff2cdb87d26edfbf36ce1e7ac4a8945999c01c285851ab80000001"),
        ),
        (
            SrtpSuite::AesGcm256,
            "825456c0d1eb0ef74c66a77f6cacdd41bdd863b2247531d4a704ab831aa21a41cf117907",
            "07beefb951582b15be3c148876d13cb7c1bc97941372ebb300dca96daeedd300330a92bd",
            Some("0670df4b1430f019e7008a3e881bf100bdfd0f6ab0c3010e4a823afb80000001"),
        ),
    ];
    let text = b"hello, who is there?";
    for (suite, first, second, report) in vectors {
        let (mut sender, mut receiver) = pair(suite);
        for (seq, body) in [(65_535, first), (0, second)] {
            let packet = rtp(seq, 7, text);
            let theirs = [&packet[..12], &hex(body)].concat();
            assert_eq!(sealed(&mut sender, &packet), theirs, "{suite:?}");
            assert_eq!(opened(&mut receiver, &theirs), Ok(packet));
        }
        // Its count of reports begins at 1.
        sealed_rtcp(&mut sender, &rtcp(7));
        if let Some(body) = report {
            let theirs = [&rtcp(7)[..8], &hex(body)].concat();
            assert_eq!(sealed_rtcp(&mut sender, &rtcp(7)), theirs, "{suite:?}");
            assert_eq!(opened_rtcp(&mut receiver, &theirs), Ok(rtcp(7)));
        }
    }
}

#[test]
fn tags_are_as_long_as_the_suite_says() {
    for (suite, srtp, srtcp) in [
        (SrtpSuite::AesCm80, 10, 14),
        (SrtpSuite::AesCm32, 4, 14),
        (SrtpSuite::AesGcm128, 16, 20),
        (SrtpSuite::AesGcm256, 16, 20),
    ] {
        let (mut sender, _) = pair(suite);
        let packet = rtp(1, 7, &[5; 160]);
        assert_eq!(sealed(&mut sender, &packet).len(), packet.len() + srtp);
        let report = rtcp(7);
        let len = sealed_rtcp(&mut sender, &report).len();
        assert_eq!(len, report.len() + srtcp, "{suite:?}");
    }
}

#[test]
fn the_sequence_number_rolls_over_and_nobody_loses_count() {
    for suite in SUITES {
        let (mut sender, mut receiver) = pair(suite);
        let mut kept = None;
        for n in 0..140_000_u32 {
            let seq = (n + 60_000) as u16;
            let packet = rtp(seq, 7, &[1; 3]);
            let srtp = sealed(&mut sender, &packet);
            // Loss of thousands around the roll-over.
            if n % 9_000 < 4_000 {
                assert_eq!(opened(&mut receiver, &srtp).as_ref(), Ok(&packet), "{n}");
            }
            if n == 100 {
                kept = Some(srtp);
            }
        }
        let old = kept.expect("kept above");
        let again = opened(&mut receiver, &old);
        assert!(
            matches!(again, Err(SrtpError::Replayed | SrtpError::Forged)),
            "{again:?}"
        );
    }
}

#[test]
fn a_number_is_never_used_twice() {
    let (mut sender, mut receiver) = pair(SrtpSuite::AesCm80);
    let srtp = sealed(&mut sender, &rtp(9, 7, b"one"));
    let mut other = rtp(9, 7, b"two");
    other.resize(40, 0);
    assert_eq!(sender.protect(&mut other, 15), Err(SrtpError::Replayed));
    assert!(opened(&mut receiver, &srtp).is_ok());
    assert_eq!(opened(&mut receiver, &srtp), Err(SrtpError::Replayed));
    let srtcp = sealed_rtcp(&mut sender, &rtcp(7));
    assert!(opened_rtcp(&mut receiver, &srtcp).is_ok());
    let again = opened_rtcp(&mut receiver, &srtcp);
    assert_eq!(again, Err(SrtpError::Replayed));
    let figures = receiver.figures();
    assert_eq!((figures.passed, figures.replayed), (2, 2));
}

#[test]
fn only_authentic_sources_take_room_and_there_is_an_end_of_it() {
    let (mut sender, mut receiver) = pair(SrtpSuite::AesGcm128);
    for ssrc in 0..100 {
        let forged = opened(&mut receiver, &rtp(1, 1_000 + ssrc, &[0; 40]));
        assert_eq!(forged, Err(SrtpError::Forged));
    }
    for ssrc in 0..SOURCES as u32 {
        let srtp = sealed(&mut sender, &rtp(1, ssrc, b"hello"));
        assert!(opened(&mut receiver, &srtp).is_ok());
    }
    let mut another = Sender::new(&key(SrtpSuite::AesGcm128, 1));
    let srtp = sealed(&mut another, &rtp(1, 99, b"hello"));
    assert_eq!(opened(&mut receiver, &srtp), Err(SrtpError::Sources));
    let known = sealed(&mut sender, &rtp(2, 3, b"hello"));
    assert!(opened(&mut receiver, &known).is_ok());
}

#[test]
fn another_key_or_suite_opens_nothing() {
    for suite in SUITES {
        let mut sender = Sender::new(&key(suite, 1));
        let srtp = sealed(&mut sender, &rtp(1, 7, &[5; 160]));
        let srtcp = sealed_rtcp(&mut sender, &rtcp(7));
        for other in SUITES {
            let mut receiver = Receiver::new(&key(other, 2));
            assert_eq!(opened(&mut receiver, &srtp), Err(SrtpError::Forged));
            let refused = opened_rtcp(&mut receiver, &srtcp);
            assert!(refused.is_err(), "{suite:?} {other:?} {refused:?}");
        }
    }
}

#[test]
fn a_buffer_without_room_changes_nothing() {
    for suite in SUITES {
        let (mut sender, mut receiver) = pair(suite);
        let packet = rtp(1, 7, b"hello");
        let mut tight = packet.clone();
        assert_eq!(
            sender.protect(&mut tight, packet.len()),
            Err(SrtpError::Room)
        );
        assert_eq!(tight, packet);
        let srtp = sealed(&mut sender, &packet);
        assert_eq!(opened(&mut receiver, &srtp), Ok(packet));
    }
}

proptest! {
    #[test]
    fn what_is_protected_comes_back(
        which in 0_usize..4,
        seq: u16,
        ssrc: u32,
        sources in 0_usize..4,
        extension in prop::option::of(0_usize..5),
        payload in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let (mut sender, mut receiver) = pair(SUITES[which]);
        let mut packet = rtp(seq, ssrc, &[]);
        packet[0] |= sources as u8;
        packet.extend(std::iter::repeat_n(3, sources * 4));
        if let Some(words) = extension {
            packet[0] |= 0x10;
            packet.extend([0xbe, 0xde, 0, words as u8]);
            packet.extend(std::iter::repeat_n(4, words * 4));
        }
        let head = packet.len();
        packet.extend(&payload);
        let srtp = sealed(&mut sender, &packet);
        prop_assert_eq!(&srtp[..head], &packet[..head], "the header is not hidden");
        if payload.len() > 8 {
            prop_assert_ne!(&srtp[head..packet.len()], &payload[..], "the payload is");
        }
        prop_assert_eq!(opened(&mut receiver, &srtp), Ok(packet));
    }

    #[test]
    fn any_flipped_bit_is_refused(which in 0_usize..4, at: prop::sample::Index, report: bool) {
        let (mut sender, mut receiver) = pair(SUITES[which]);
        let mut bytes = if report {
            sealed_rtcp(&mut sender, &rtcp(7))
        } else {
            sealed(&mut sender, &rtp(77, 7, &[5; 60]))
        };
        let whole = bytes.clone();
        let bit = at.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let (first, second) = if report {
            (opened_rtcp(&mut receiver, &bytes), opened_rtcp(&mut receiver, &whole))
        } else {
            (opened(&mut receiver, &bytes), opened(&mut receiver, &whole))
        };
        prop_assert!(first.is_err(), "bit {}", bit);
        prop_assert!(second.is_ok(), "a forged packet changed something");
    }

    #[test]
    fn nothing_that_comes_is_a_danger(which in 0_usize..4, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (mut sender, mut receiver) = pair(SUITES[which]);
        let mut packet = bytes.clone();
        prop_assert!(receiver.unprotect(&mut packet).is_err());
        let mut packet = bytes.clone();
        prop_assert!(receiver.unprotect_rtcp(&mut packet).is_err());
        let len = bytes.len();
        let mut packet = bytes.clone();
        packet.resize(len + OVERHEAD, 0);
        let _ = sender.protect(&mut packet, len);
        let mut packet = bytes;
        packet.resize(len + OVERHEAD, 0);
        let _ = sender.protect_rtcp(&mut packet, len);
    }
}

//! What must hold for any datagram that is said to be SRTP or STUN; used by the fuzz targets too.

use model::{IceParams, IceText, SrtpKey, SrtpSuite};
use rtp::srtp::{OVERHEAD, Receiver, Sender};
use rtp::stun::{ANSWER_MAX, Check};

fn key(suite: SrtpSuite) -> SrtpKey {
    let octets = [7; SrtpKey::OCTETS_MAX];
    let len = suite.key_len() + suite.salt_len();
    SrtpKey::new(suite, &octets[..len]).expect("as long as the suite wants")
}

/// A stranger's packet never opens, whatever the suite and the kind; sealed as our own it comes
/// back as it was, once.
pub(crate) fn srtp(data: &[u8]) {
    for suite in [
        SrtpSuite::AesCm80,
        SrtpSuite::AesCm32,
        SrtpSuite::AesGcm128,
        SrtpSuite::AesGcm256,
    ] {
        let key = key(suite);
        let (mut sender, mut receiver) = (Sender::new(&key), Receiver::new(&key));
        let mut stranger = Receiver::new(&key);
        let mut packet = data.to_vec();
        // Four octets of tag may be guessed by who tries for long, never by chance in a corpus.
        assert!(stranger.unprotect(&mut packet).is_err());
        let mut packet = data.to_vec();
        assert!(stranger.unprotect_rtcp(&mut packet).is_err());
        let mut packet = data.to_vec();
        packet.resize(data.len() + OVERHEAD, 0);
        if let Ok(len) = sender.protect(&mut packet, data.len()) {
            let mut again = packet[..len].to_vec();
            let opened = receiver.unprotect(&mut packet[..len]);
            assert_eq!(opened, Ok(data.len()));
            assert_eq!(&packet[..data.len()], data);
            assert!(receiver.unprotect(&mut again).is_err());
        }
        let mut packet = data.to_vec();
        packet.resize(data.len() + OVERHEAD, 0);
        if let Ok(len) = sender.protect_rtcp(&mut packet, data.len()) {
            let opened = receiver.unprotect_rtcp(&mut packet[..len]);
            assert_eq!(opened, Ok(data.len()));
            assert_eq!(&packet[..data.len()], data);
        }
    }
}

/// The session of RFC 5769 §2, so that the corpus has checks that are right.
pub(crate) fn stun(data: &[u8]) {
    let text = |text| IceText::new(text).expect("legal");
    let ice = IceParams {
        local_name: text("evtj"),
        local_password: text("VOkJxbRl1RmTxUk/WvJxBt"),
        remote_name: text("h6vY"),
        remote_password: text("nobodyasks"),
    };
    let Ok(check) = Check::read(data, &ice) else {
        return;
    };
    let mut out = [0; ANSWER_MAX];
    for from in ["192.0.2.1:32853", "[2001:db8::1]:9"] {
        let from = from.parse().expect("an address");
        let len = check.answer(&ice, from, &mut out).expect("room for all");
        assert_eq!(out[0], 1, "an answer, never a request");
        assert_eq!(len % 4, 0);
        assert_eq!(&out[8..20], &data[8..20], "of this very check");
    }
}

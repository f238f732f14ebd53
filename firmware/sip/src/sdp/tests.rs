use std::net::SocketAddr;

use model::{Codec, DtlsRole, Fingerprint, IceText, OpusParams, SrtpKey, SrtpSuite};

use super::*;

fn ours() -> Ours {
    Ours {
        address: "192.0.2.1".parse().expect("an address"),
        port: 20_000,
        id: 7,
        version: 1,
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        events: true,
        comfort: false,
        ptime_ms: 20,
        direction: Direction::SendRecv,
        profile: Profile::Avp,
        plain: Plain::Welcome,
        keys: Vec::new(),
        dtls: None,
    }
}

fn key(suite: SrtpSuite, octet: u8) -> SrtpKey {
    let octets = [octet; SrtpKey::OCTETS_MAX];
    SrtpKey::new(suite, &octets[..suite.key_len() + suite.salt_len()]).expect("as many")
}

/// We have keys for all suites.
fn keyed(profile: Profile, plain: Plain) -> Ours {
    Ours {
        profile,
        plain,
        keys: SUITES.map(|suite| key(suite, 5)).into(),
        ..ours()
    }
}

/// We speak DTLS and nothing else.
fn browser_like() -> Ours {
    Ours {
        codecs: vec![Codec::Opus, Codec::Pcma],
        comfort: true,
        profile: Profile::DtlsSavpf,
        plain: Plain::Refused,
        dtls: Some(OurDtls {
            fingerprint: Fingerprint([0xa5; 32]),
            role: None,
            ice_name: IceText::new("boxbox").expect("ice characters"),
            ice_password: IceText::new("0123456789abcdefghijkl").expect("ice characters"),
        }),
        ..ours()
    }
}

fn read(text: &str) -> Session {
    parse(text.as_bytes()).expect("legal")
}

fn phone(tail: &str) -> Session {
    let head = "v=0\r\no=phone one 8000 8000 IN IP4 10.0.0.5\r\ns=SIP Call\r\n";
    read(&format!("{head}c=IN IP4 10.0.0.5\r\nt=0 0\r\n{tail}"))
}

fn at(text: &str) -> Option<SocketAddr> {
    Some(text.parse().expect("a socket address"))
}

#[test]
fn our_offer_word_for_word() {
    let text = offer(&ours()).to_string();
    insta::assert_snapshot!(text.replace("\r\n", "\n"), @r"
    v=0
    o=- 7 1 IN IP4 192.0.2.1
    s=-
    c=IN IP4 192.0.2.1
    t=0 0
    m=audio 20000 RTP/AVP 8 0 101
    a=rtpmap:8 PCMA/8000
    a=rtpmap:0 PCMU/8000
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-16
    a=ptime:20
    a=maxptime:60
    a=sendrecv
    ");
    assert_eq!(parse(text.as_bytes()), Ok(offer(&ours())));
}

#[test]
fn an_answer_keeps_order_and_number_of_the_lines() {
    let offer = phone(
        "m=video 7078 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n\
         m=audio 7076 RTP/AVP 0 8 98\r\na=rtpmap:98 telephone-event/8000\r\na=ptime:30\r\n\
         m=audio 7080 RTP/AVP 8\r\nm=image 0 udptl t38\r\n",
    );
    let (answer, agreed) = answer(&offer, &ours()).expect("audio in common");
    let lines: Vec<_> = answer.media.iter().map(|m| (&*m.kind, m.port)).collect();
    assert_eq!(
        lines,
        [("video", 0), ("audio", 20_000), ("audio", 0), ("image", 0)]
    );
    assert_eq!(agreed.media, 1);
    assert_eq!(agreed.codec, Codec::Pcma);
    assert_eq!((agreed.pt_out, agreed.pt_in), (8, 8));
    assert_eq!(
        (agreed.event_pt_out, agreed.event_pt_in),
        (Some(98), Some(98))
    );
    assert_eq!(agreed.remote, at("10.0.0.5:7076"));
    assert_eq!(agreed.remote_rtcp, at("10.0.0.5:7077"));
    assert_eq!(agreed.ptime_ms, 30);
    assert!(agreed.send && agreed.receive && !agreed.held);
    assert_eq!(answer.media[1].formats, "8 98");
}

#[test]
fn hold_in_all_its_forms() {
    let check = |tail: &str, send: bool, receive: bool, written| {
        let offer = phone(tail);
        let (answer, agreed) = answer(&offer, &ours()).expect("audio in common");
        assert_eq!(
            (agreed.send, agreed.receive, agreed.held),
            (send, receive, !send),
            "{tail}"
        );
        assert_eq!(answer.direction_of(0), written, "{tail}");
    };
    check(
        "m=audio 9 RTP/AVP 8\r\na=sendonly\r\n",
        false,
        true,
        Direction::RecvOnly,
    );
    check(
        "m=audio 9 RTP/AVP 8\r\na=inactive\r\n",
        false,
        false,
        Direction::Inactive,
    );
    check(
        "a=sendonly\r\nm=audio 9 RTP/AVP 8\r\n",
        false,
        true,
        Direction::RecvOnly,
    );
    check(
        "m=audio 9 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\n",
        false,
        true,
        Direction::RecvOnly,
    );
    check(
        "m=audio 9 RTP/AVP 8\r\na=recvonly\r\n",
        true,
        false,
        Direction::SendOnly,
    );
    check(
        "a=inactive\r\nm=audio 9 RTP/AVP 8\r\na=sendrecv\r\n",
        true,
        true,
        Direction::SendRecv,
    );
    let wish = Ours {
        direction: Direction::SendOnly,
        ..ours()
    };
    let (answer, agreed) = answer(&phone("m=audio 9 RTP/AVP 8\r\n"), &wish).expect("audio");
    assert!(agreed.send && !agreed.receive);
    assert_eq!(answer.direction_of(0), Direction::SendOnly);
}

#[test]
fn answers_to_our_offer() {
    let offered = offer(&ours());
    let agreed = accept_answer(
        &offered,
        &phone("m=audio 4000 RTP/AVP 0 97\r\na=rtpmap:97 telephone-event/8000\r\na=rtcp:4010\r\n"),
    )
    .expect("fits");
    assert_eq!(
        (agreed.codec, agreed.pt_out, agreed.pt_in),
        (Codec::Pcmu, 0, 0)
    );
    assert_eq!(
        (agreed.event_pt_out, agreed.event_pt_in),
        (Some(97), Some(101))
    );
    assert_eq!(agreed.remote_rtcp, at("10.0.0.5:4010"));
    let refusal = |tail| accept_answer(&offered, &phone(tail)).map(|agreed| agreed.codec);
    assert_eq!(refusal("m=audio 0 RTP/AVP 8\r\n"), Err(SdpRefusal::NoAudio));
    assert_eq!(
        refusal("m=audio 9 RTP/AVP 18\r\n"),
        Err(SdpRefusal::NoCodec)
    );
    assert_eq!(refusal("m=video 9 RTP/AVP 8\r\n"), Err(SdpRefusal::Unfit));
    assert_eq!(refusal(""), Err(SdpRefusal::Unfit));
    let two = "m=audio 9 RTP/AVP 8\r\nm=audio 9 RTP/AVP 8\r\n";
    assert_eq!(refusal(two), Err(SdpRefusal::Unfit));
}

#[test]
fn a_second_offer_keeps_refused_lines() {
    let theirs = phone("m=video 7078 RTP/AVP 96\r\nm=audio 7076 RTP/AVP 8\r\n");
    let (first, agreed) = answer(&theirs, &ours()).expect("audio in common");
    let wish = Ours {
        version: 2,
        direction: Direction::SendOnly,
        ..ours()
    };
    let second = offer_again(&wish, &first, agreed.media);
    let lines: Vec<_> = second.media.iter().map(|m| (&*m.kind, m.port)).collect();
    assert_eq!(lines, [("video", 0), ("audio", 20_000)]);
    assert_eq!(second.direction_of(1), Direction::SendOnly);
}

#[test]
fn refused_offers() {
    let check = |tail: &str, refusal| {
        assert_eq!(
            answer(&phone(tail), &ours()).map(|_| ()),
            Err(refusal),
            "{tail}"
        );
    };
    check("", SdpRefusal::NoAudio);
    check("m=audio 0 RTP/AVP 8\r\n", SdpRefusal::NoAudio);
    check("m=audio 9 RTP/SAVP 8\r\n", SdpRefusal::NoProtection);
    check("m=audio 9 RTP/AVPF 8\r\n", SdpRefusal::NoAudio);
    check("m=audio 9 RTP/AVP 18 999 x\r\n", SdpRefusal::NoCodec);
    // A static number with another meaning is what its rtpmap says.
    check(
        "m=audio 9 RTP/AVP 8\r\na=rtpmap:8 L16/8000\r\n",
        SdpRefusal::NoCodec,
    );
    check(
        "m=audio 9 RTP/AVP 96\r\na=rtpmap:96 PCMA/16000\r\n",
        SdpRefusal::NoCodec,
    );
    check(
        "m=audio 9 RTP/AVP 96\r\na=rtpmap:96 PCMA/8000/2\r\n",
        SdpRefusal::NoCodec,
    );
}

#[test]
fn dynamic_numbers_names_in_any_case_and_no_formats_for_others() {
    let offer =
        phone("m=audio 9 RTP/AVP 96\r\na=rtpmap:96 pcma/8000/1\r\na=maxptime:10\r\na=ptime:20\r\n");
    let (_, agreed) = answer(&offer, &ours()).expect("audio in common");
    assert_eq!((agreed.codec, agreed.pt_out), (Codec::Pcma, 96));
    assert_eq!(agreed.ptime_ms, 10, "not above maxptime");
    assert_eq!(agreed.event_pt_out, None);
}

#[test]
fn nobody_is_sent_to_a_group_or_to_a_name() {
    for address in [
        "239.1.1.1/127",
        "255.255.255.255",
        "phone.example",
        "0.0.0.0",
    ] {
        let tail = format!("m=audio 9 RTP/AVP 8\r\nc=IN IP4 {address}\r\n");
        let (_, agreed) = answer(&phone(&tail), &ours()).expect("audio in common");
        assert_eq!((agreed.remote, agreed.send), (None, false), "{address}");
    }
    let tail = "m=audio 65535 RTP/AVP 8\r\nc=IN IP6 2001:db8::1\r\n";
    let (_, agreed) = answer(&phone(tail), &ours()).expect("audio in common");
    assert_eq!(agreed.remote, at("[2001:db8::1]:65535"));
    assert_eq!(agreed.remote_rtcp, None);
}

#[test]
fn malformed_descriptions() {
    let good = "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\n";
    let check = |text: &str, fault| assert_eq!(parse(text.as_bytes()), Err(fault), "{text}");
    check("", SdpFault::Version);
    check("v=1\r\n", SdpFault::Version);
    check("v=0\r\n", SdpFault::Origin);
    check("v=0\r\no=- x 1 IN IP4 1.2.3.4\r\n", SdpFault::Origin);
    check(&format!("{good}nonsense\r\n"), SdpFault::Line);
    check(&format!("{good}c=IN IP5 1\r\n"), SdpFault::Connection);
    check(
        &format!("{good}m=audio 70000 RTP/AVP 0\r\n"),
        SdpFault::Media,
    );
    check(&format!("{good}m=audio 9\r\n"), SdpFault::Media);
    check(
        &format!("{good}{}", "m=audio 9 RTP/AVP 0\r\n".repeat(17)),
        SdpFault::TooMany,
    );
    check(
        &format!("{good}{}", "a=x\r\n".repeat(513)),
        SdpFault::TooMany,
    );
    check(
        &format!("{good}{}", "i=x\r\n".repeat(5_000)),
        SdpFault::TooLong,
    );
    assert_eq!(parse(b"v=0\r\ns=\xff\r\n"), Err(SdpFault::NotText));
    // Bare LF, no line end at the end, ids of more than 64 bits, unknown lines: read.
    let odd =
        "v=0\no=- 99999999999999999999999 1 IN IP4 h\nb=AS:64\nz=0 0\ns= \nm=audio 9/2 RTP/AVP";
    assert!(parse(odd.as_bytes()).is_ok());
}

#[test]
fn a_line_end_cannot_be_smuggled_in() {
    let mut session = offer(&ours());
    session.media[0]
        .attributes
        .push(Attribute::new("x", "1\r\nm=audio 1 RTP/AVP 0"));
    let back = parse(&session.write()).expect("legal");
    assert_eq!(back.media.len(), 1);
}

#[test]
fn wide_codecs_with_their_numbers_and_wishes() {
    let wide = Ours {
        codecs: vec![Codec::Opus, Codec::G722, Codec::Pcma],
        comfort: true,
        ..ours()
    };
    let text = offer(&wide).media[0].to_string();
    insta::assert_snapshot!(text.replace("\r\n", "\n"), @r"
    m=audio 20000 RTP/AVP 111 9 8 13 101 110
    a=rtpmap:111 opus/48000/2
    a=fmtp:111 maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1
    a=rtpmap:9 G722/8000
    a=rtpmap:8 PCMA/8000
    a=rtpmap:13 CN/8000
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-16
    a=rtpmap:110 telephone-event/48000
    a=fmtp:110 0-16
    a=ptime:20
    a=maxptime:60
    a=sendrecv
    ");
    let theirs = phone(
        "m=audio 9 RTP/AVP 96 9 0 13 97 98\r\na=rtpmap:96 OPUS/48000/2\r\n\
         a=fmtp:96 stereo=1; useinbandfec=1;usedtx=1 ;maxplaybackrate=8000;maxaveragebitrate=1\r\n\
         a=rtpmap:97 telephone-event/8000\r\na=rtpmap:98 telephone-event/48000\r\na=ptime:30\r\n",
    );
    let (_, agreed) = answer(&theirs, &wide).expect("audio in common");
    assert_eq!((agreed.codec, agreed.pt_out), (Codec::Opus, 96));
    assert_eq!(
        (agreed.event_pt_in, agreed.event_clock_hz),
        (Some(98), 48_000)
    );
    assert_eq!((agreed.comfort_pt, agreed.ptime_ms), (None, 20));
    let wish = OpusParams {
        fec: true,
        dtx: true,
        narrow: true,
        max_bit_rate: 6_000,
    };
    assert_eq!(agreed.opus, wish);
    let narrow = Ours {
        codecs: vec![Codec::Pcmu],
        ..wide.clone()
    };
    let (line, agreed) = answer(&theirs, &narrow).expect("audio in common");
    assert_eq!(
        (agreed.comfort_pt, agreed.event_pt_out),
        (Some(13), Some(97))
    );
    assert_eq!(line.media[0].formats, "0 13 97");
    // One channel, or another clock, is not RFC 7587.
    for map in ["opus/48000", "opus/48000/1", "opus/16000/2"] {
        let odd = phone(&format!("m=audio 9 RTP/AVP 96\r\na=rtpmap:96 {map}\r\n"));
        assert_eq!(
            answer(&odd, &wide).err(),
            Some(SdpRefusal::NoCodec),
            "{map}"
        );
    }
}

#[test]
fn events_of_the_other_clock_are_better_than_none() {
    let wide = Ours {
        codecs: vec![Codec::Opus, Codec::Pcma],
        ..ours()
    };
    let offered = offer(&wide);
    let theirs = phone(
        "m=audio 9 RTP/AVP 111 101\r\na=rtpmap:111 opus/48000/2\r\n\
         a=rtpmap:101 telephone-event/8000\r\n",
    );
    let agreed = accept_answer(&offered, &theirs).expect("fits");
    assert_eq!(agreed.codec, Codec::Opus);
    assert_eq!(
        (agreed.event_pt_out, agreed.event_pt_in),
        (Some(101), Some(101))
    );
    assert_eq!(agreed.event_clock_hz, 8_000);
}

#[test]
fn a_later_offer_keeps_the_numbers_of_the_session() {
    let wide = Ours {
        codecs: vec![Codec::Pcma, Codec::Opus],
        ..ours()
    };
    // 111 is theirs for something else, 96 is their Opus.
    let theirs =
        phone("m=audio 9 RTP/AVP 96 111\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:111 iLBC/8000\r\n");
    let (said, agreed) = answer(&theirs, &wide).expect("audio in common");
    let next = offer_again(&wide, &said, agreed.media);
    let numbers: Vec<_> = next.media[0].codecs().collect();
    assert_eq!(numbers, [(8, Codec::Pcma), (96, Codec::Opus)]);
}

#[test]
fn packet_times() {
    let check = |tail: &str, codec, ms| {
        let line = phone(&format!("m=audio 9 RTP/AVP 8\r\n{tail}"));
        assert_eq!(line.media[0].ptime_ms(codec), ms, "{tail}");
    };
    check("", Codec::Pcma, 20);
    check("a=ptime:30.0\r\n", Codec::Pcma, 30);
    check("a=ptime:30\r\n", Codec::Opus, 20);
    check("a=ptime:60\r\na=maxptime:40\r\n", Codec::Pcma, 20);
    check("a=maxptime:10\r\n", Codec::Pcma, 10);
    check("a=ptime:7\r\na=maxptime:5\r\n", Codec::Pcma, 10);
}

#[test]
fn voice_metrics_are_given_to_whoever_asks() {
    let tail = "m=audio 9 RTP/AVP 8\r\na=rtcp-xr:rcvr-rtt=all:10000 voip-metrics\r\n";
    let (line, agreed) = answer(&phone(tail), &ours()).expect("audio in common");
    assert!(agreed.metrics);
    assert_eq!(line.media[0].attribute("rtcp-xr"), Some("voip-metrics"));
    let (line, agreed) = answer(&phone("m=audio 9 RTP/AVP 8\r\n"), &ours()).expect("audio");
    assert!(!agreed.metrics && !line.media[0].has("rtcp-xr"));
}

const SDES: &str = "a=crypto:3 AES_CM_128_HMAC_SHA1_32 \
     inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^31|1:1\r\n\
     a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^31\r\n";

#[test]
fn keys_in_the_description_are_answered_with_ours() {
    let offer = phone(&format!("m=audio 9 RTP/SAVP 8\r\n{SDES}"));
    let ours = keyed(Profile::Avp, Plain::Accepted);
    let (said, agreed) = answer(&offer, &ours).expect("a suite in common");
    assert_eq!(&*said.media[0].proto, "RTP/SAVP");
    let crypto = said.media[0].attribute("crypto").expect("our key");
    assert!(
        crypto.starts_with("4 AES_CM_128_HMAC_SHA1_80 inline:BQUF"),
        "{crypto}"
    );
    let Shield::Keys { send, receive } = agreed.shield else {
        panic!("no keys: {agreed:?}");
    };
    assert_eq!(send, key(SrtpSuite::AesCm80, 5));
    assert_eq!(receive.key(), b"wDfvg&T+)xG7@fb5");
    // And the other way round: they answer ours.
    let ours = keyed(Profile::Savp, Plain::Refused);
    let theirs = phone(
        "m=audio 9 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 \
         inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n",
    );
    let agreed = accept_answer(&super::offer(&ours), &theirs).expect("fits");
    assert_eq!(agreed.shield, Shield::Keys { send, receive });
}

#[test]
fn who_wants_protection_and_who_does_not() {
    let savp = phone(&format!("m=audio 9 RTP/SAVP 8\r\n{SDES}"));
    let best_effort = phone(&format!("m=audio 9 RTP/AVP 8\r\n{SDES}"));
    let clear = phone("m=audio 9 RTP/AVP 8\r\n");
    let come_to = |offer: &Session, plain| {
        answer(offer, &keyed(Profile::Avp, plain)).map(|(_, agreed)| agreed.shield != Shield::None)
    };
    for (plain, outcome) in [
        (Plain::Welcome, [Ok(true), Ok(false), Ok(false)]),
        (Plain::Accepted, [Ok(true), Ok(true), Ok(false)]),
        (
            Plain::Refused,
            [Ok(true), Ok(true), Err(SdpRefusal::NoProtection)],
        ),
    ] {
        let came = [&savp, &best_effort, &clear].map(|offer| come_to(offer, plain));
        assert_eq!(came, outcome, "{plain:?}");
    }
    // Our offers: at best effort both answers are good, a protected line wants its key.
    let answered = |profile, tail: &str| {
        accept_answer(&offer(&keyed(profile, Plain::Accepted)), &phone(tail))
            .map(|agreed| agreed.shield != Shield::None)
    };
    assert_eq!(answered(Profile::Avp, "m=audio 9 RTP/AVP 8\r\n"), Ok(false));
    let other_tag = format!("m=audio 9 RTP/SAVP 8\r\n{SDES}");
    assert_eq!(
        answered(Profile::Savp, &other_tag),
        Err(SdpRefusal::NoProtection),
        "tag 4 is no tag of ours for this suite"
    );
    for profile in ["RTP/AVP", "RTP/SAVP"] {
        let tail = format!("m=audio 9 {profile} 8\r\n");
        assert_eq!(
            answered(Profile::Savp, &tail),
            Err(SdpRefusal::NoProtection),
            "{profile}"
        );
    }
}

fn browser(tail: &str) -> Session {
    let hash = ["C4"; 32].join(":");
    let head = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n";
    read(&format!(
        "{head}a=fingerprint:sha-256 {hash}\r\na=ice-ufrag:abcd\r\na=ice-pwd:klmnopqrstuvwxyz012345\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111 8 110\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:111 opus/48000/2\r\n\
         a=rtpmap:110 telephone-event/48000\r\na=mid:0\r\na=rtcp-mux\r\na=sendrecv\r\n{tail}\
         m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n"
    ))
}

#[test]
fn a_browser_is_answered() {
    let (said, agreed) =
        answer(&browser("a=setup:actpass\r\n"), &browser_like()).expect("what browsers offer");
    let fingerprint = Fingerprint([0xc4; 32]);
    let role = DtlsRole::Server;
    assert_eq!(agreed.shield, Shield::Dtls { role, fingerprint });
    assert_eq!(agreed.ice.map(|ice| ice.name), IceText::new("abcd"));
    assert!(agreed.rtcp_mux && agreed.send && agreed.receive && !agreed.held);
    assert_eq!(agreed.remote, None, "checks find the way");
    insta::assert_snapshot!(said.to_string().replace("\r\n", "\n"), @r"
    v=0
    o=- 7 1 IN IP4 192.0.2.1
    s=-
    c=IN IP4 192.0.2.1
    t=0 0
    a=group:BUNDLE 0
    a=ice-lite
    m=audio 20000 UDP/TLS/RTP/SAVPF 111 110
    a=rtpmap:111 opus/48000/2
    a=fmtp:111 maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1
    a=rtpmap:110 telephone-event/48000
    a=fmtp:110 0-16
    a=ptime:20
    a=maxptime:60
    a=fingerprint:sha-256 A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5
    a=setup:passive
    a=ice-ufrag:boxbox
    a=ice-pwd:0123456789abcdefghijkl
    a=candidate:1 1 UDP 2130706431 192.0.2.1 20000 typ host
    a=end-of-candidates
    a=msid:centralka voice
    a=rtcp-mux
    a=mid:0
    a=sendrecv
    m=video 0 UDP/TLS/RTP/SAVPF 96
    a=mid:1
    ");
    // Their choice is ours the other way round, and a running association keeps its roles.
    let mut ours = browser_like();
    let mut role_for = |setup: &str, running| {
        if let Some(dtls) = &mut ours.dtls {
            dtls.role = running;
        }
        match answer(&browser(&format!("a=setup:{setup}\r\n")), &ours) {
            Ok((_, agreed)) => match agreed.shield {
                Shield::Dtls { role, .. } => Some(role),
                Shield::None | Shield::Keys { .. } => None,
            },
            Err(_) => None,
        }
    };
    assert_eq!(role_for("passive", None), Some(DtlsRole::Client));
    assert_eq!(role_for("active", None), Some(DtlsRole::Server));
    assert_eq!(role_for("holdconn", None), None);
    assert_eq!(
        role_for("actpass", Some(DtlsRole::Client)),
        Some(DtlsRole::Client)
    );
}

#[test]
fn a_browser_is_called() {
    let offered = offer(&browser_like());
    insta::assert_snapshot!(offered.to_string().replace("\r\n", "\n"), @r"
    v=0
    o=- 7 1 IN IP4 192.0.2.1
    s=-
    c=IN IP4 192.0.2.1
    t=0 0
    a=group:BUNDLE 0
    a=ice-lite
    m=audio 20000 UDP/TLS/RTP/SAVPF 111 8 13 101 110
    a=rtpmap:111 opus/48000/2
    a=fmtp:111 maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1
    a=rtpmap:8 PCMA/8000
    a=rtpmap:13 CN/8000
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-16
    a=rtpmap:110 telephone-event/48000
    a=fmtp:110 0-16
    a=ptime:20
    a=maxptime:60
    a=fingerprint:sha-256 A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5
    a=setup:actpass
    a=ice-ufrag:boxbox
    a=ice-pwd:0123456789abcdefghijkl
    a=candidate:1 1 UDP 2130706431 192.0.2.1 20000 typ host
    a=end-of-candidates
    a=msid:centralka voice
    a=rtcp-mux
    a=mid:0
    a=sendrecv
    ");
    let mut theirs = browser("a=setup:active\r\n");
    theirs.media.truncate(1);
    let agreed = accept_answer(&offered, &theirs).expect("fits");
    let fingerprint = Fingerprint([0xc4; 32]);
    let role = DtlsRole::Server;
    assert_eq!(agreed.shield, Shield::Dtls { role, fingerprint });
    assert_eq!((agreed.pt_out, agreed.event_pt_out), (111, Some(110)));
    for (line, refusal) in [
        ("a=setup:actpass\r\n", SdpRefusal::NoProtection),
        ("", SdpRefusal::NoProtection),
    ] {
        let mut theirs = browser(line);
        theirs.media.truncate(1);
        assert_eq!(
            accept_answer(&offered, &theirs).err(),
            Some(refusal),
            "{line}"
        );
    }
}

#[test]
fn a_browser_is_not_talked_to_in_clear() {
    let plain = phone("m=audio 9 RTP/AVP 8\r\n");
    let refusal = answer(&plain, &browser_like()).err();
    assert_eq!(refusal, Some(SdpRefusal::NoProtection));
    let mut unmuxed = browser("a=setup:actpass\r\n");
    for media in &mut unmuxed.media {
        media.attributes.retain(|a| &*a.name != "rtcp-mux");
    }
    let refusal = answer(&unmuxed, &browser_like()).err();
    assert_eq!(refusal, Some(SdpRefusal::NoProtection));
    let refusal = answer(
        &browser("a=setup:actpass\r\n"),
        &keyed(Profile::Avp, Plain::Accepted),
    );
    assert_eq!(
        refusal.err(),
        Some(SdpRefusal::NoProtection),
        "no certificate"
    );
}

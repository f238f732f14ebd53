use std::net::SocketAddr;

use model::Codec;

use super::*;

fn ours() -> Ours {
    Ours {
        address: "192.0.2.1".parse().expect("an address"),
        port: 20_000,
        id: 7,
        version: 1,
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        events: true,
        ptime_ms: 20,
        direction: Direction::SendRecv,
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
    assert_eq!(&*answer.media[1].formats, ["8".into(), "98".into()]);
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
    check("m=audio 9 RTP/SAVP 8\r\n", SdpRefusal::NoAudio);
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
    assert_eq!(agreed.ptime_ms, 20);
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

//! What must hold for any bytes whatsoever. Used by `main.rs` beside it and by the fuzz targets in
//! `tests/fuzz`.

use model::{
    Codec, Fingerprint, IceText, SrtpKey, SrtpSuite,
    limits::{SIP_HEADERS_MAX, SIP_MESSAGE_MAX},
};
use sip::{Frame, Framer, FramingError, Headers, Message, NameAddr, Response, digest, sdp};

/// The reader never panics; what it accepts is written and read back as the same message; every
/// typed view gives a value or a fault; a refusal can be answered.
pub(crate) fn message(data: &[u8]) {
    match sip::parse(data) {
        Ok(parsed) => {
            views(parsed.message.headers());
            if let Message::Request(request) = &parsed.message {
                let response = Response::to_request(request, 200, "t");
                read_back(&Message::Response(response));
                let other = request
                    .uri
                    .clone()
                    .without_headers()
                    .with_param("x", Some("1"));
                let again = sip::Uri::parse(other.as_str()).expect("what we build can be read");
                assert_eq!(again, other);
                assert!(request.uri.equivalent(&request.uri));
            }
            read_back(&parsed.message);
        }
        Err(error) => {
            if let Some(response) = error.response("t") {
                assert!((400..700).contains(&response.status));
                let mut wire = Vec::new();
                response.write(&mut wire);
                assert!(wire.starts_with(b"SIP/2.0 "));
            }
        }
    }
}

fn read_back(message: &Message) {
    let mut wire = Vec::new();
    message.write(&mut wire);
    // Long names for compact ones, and Latin-1 as UTF-8, may take a message over a limit.
    if wire.len() > SIP_MESSAGE_MAX || message.headers().len() >= SIP_HEADERS_MAX {
        return;
    }
    let again = sip::parse(&wire)
        .expect("what we write can be read")
        .message;
    assert_eq!(again, *message);
    let mut framer = Framer::new();
    framer.push(&wire);
    assert_eq!(framer.next(), Some(Ok(Frame::Message(wire))));
    assert!(!framer.is_mid_message());
}

fn views(headers: &Headers) {
    let via = headers.via_top().expect("checked by the reader");
    let again = sip::Via::parse(&via.to_string()).expect("what we write can be read");
    assert_eq!(again, via);
    for party in [headers.from_(), headers.to()] {
        let party = party.expect("checked by the reader");
        let again = NameAddr::parse(&party.to_string());
        assert_eq!(again.as_ref(), Ok(&party));
        let _ = (
            party.tag(),
            party.q(),
            party.expires(),
            party.uri.user(),
            party.uri.headers().count(),
        );
    }
    assert_eq!(headers.from_tag(), headers.from_().expect("checked").tag());
    assert_eq!(headers.to_tag(), headers.to().expect("checked").tag());
    let _ = (
        headers.vias(),
        headers.contacts(),
        headers.contact_uri(),
        headers.route(),
    );
    let _ = (
        headers.record_route(),
        headers.path(),
        headers.asserted_identity(),
    );
    let _ = (
        headers.expires(),
        headers.content_type(),
        headers.knows("timer"),
    );
    let _ = (
        headers.session_expires(),
        headers.min_se(),
        headers.rseq(),
        headers.rack(),
    );
    let _ = (
        headers.replaces(),
        headers.refer_to(),
        headers.event(),
        headers.reasons(),
    );
    let _ = (
        headers.retry_after(),
        headers.max_forwards(),
        headers.allow().count(),
    );
    for proxy in [false, true] {
        for credentials in digest::credentials_of(headers, proxy) {
            let _ = credentials.count();
            let again = digest::Credentials::parse(&credentials.to_string());
            assert_eq!(again, Some(credentials));
        }
    }
    let _ = digest::challenges_of(headers);
}

/// A stream gives the same messages and pings however it is cut, and never more bytes than came.
pub(crate) fn framer(data: &[u8]) {
    let (step, stream) = match data {
        [first, rest @ ..] => (usize::from(*first % 32) + 1, rest),
        [] => return,
    };
    let whole = frames(stream, stream.len().max(1));
    assert_eq!(whole, frames(stream, step));
    let bytes: usize = whole
        .iter()
        .map(|frame| match frame {
            Ok(Frame::Message(message)) => message.len(),
            Ok(Frame::Ping | Frame::Pong) => 2,
            Err(_) => 0,
        })
        .sum();
    assert!(bytes <= stream.len());
}

/// All frames but pongs; every error counts as the same one, because a message can be too long
/// and wrong at once.
fn frames(stream: &[u8], step: usize) -> Vec<Result<Frame, FramingError>> {
    let mut framer = Framer::new();
    let mut out = Vec::new();
    for piece in stream.chunks(step) {
        framer.push(piece);
        while let Some(frame) = framer.next() {
            if frame.is_err() {
                out.push(Err(FramingError::TooLong));
                return out;
            }
            if frame != Ok(Frame::Pong) {
                out.push(frame);
            }
        }
    }
    out
}

/// What is read, written and read again no longer changes; an answer has the offer's lines, and
/// nobody is sent to a group.
pub(crate) fn session(data: &[u8]) {
    let Ok(session) = sdp::parse(data) else {
        return;
    };
    let written = session.write();
    if let Ok(second) = sdp::parse(&written) {
        assert_eq!(second.write(), written);
    }
    let profiles = [
        sdp::Profile::Avp,
        sdp::Profile::Savp,
        sdp::Profile::DtlsSavpf,
    ];
    for profile in profiles {
        for plain in [
            sdp::Plain::Welcome,
            sdp::Plain::Accepted,
            sdp::Plain::Refused,
        ] {
            session_with(&session, &ours(profile, plain));
        }
    }
}

fn ours(profile: sdp::Profile, plain: sdp::Plain) -> sdp::Ours {
    let key = |suite: SrtpSuite| {
        let octets = [7; SrtpKey::OCTETS_MAX];
        SrtpKey::new(suite, &octets[..suite.key_len() + suite.salt_len()])
    };
    sdp::Ours {
        address: "192.0.2.1".parse().expect("an address"),
        port: 20_000,
        id: 1,
        version: 1,
        codecs: vec![Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu],
        events: true,
        comfort: true,
        ptime_ms: 20,
        direction: sdp::Direction::SendRecv,
        profile,
        plain,
        keys: sdp::SUITES.into_iter().filter_map(key).collect(),
        dtls: Some(sdp::OurDtls {
            fingerprint: Fingerprint([9; 32]),
            role: None,
            ice_name: IceText::new("ours").expect("ice characters"),
            ice_password: IceText::new("0123456789abcdef012345").expect("ice characters"),
        }),
    }
}

/// The same, and nothing is sent in clear where we refuse that.
fn session_with(session: &sdp::Session, ours: &sdp::Ours) {
    if let Ok((answer, agreed)) = sdp::answer(session, ours) {
        let clear = agreed.shield == sdp::Shield::None;
        assert!(!clear || ours.plain != sdp::Plain::Refused);
        assert!(!clear || agreed.profile == sdp::Profile::Avp);
        assert_eq!(answer.media.len(), session.media.len());
        let taken = answer.media.iter().filter(|media| media.port != 0).count();
        assert_eq!(taken, 1);
        check(&agreed);
        let back = sdp::parse(&answer.write()).expect("what we write can be read");
        assert_eq!(back.media.len(), answer.media.len());
        let next = sdp::offer_again(ours, &answer, agreed.media);
        assert_eq!(next.media.len(), answer.media.len());
    }
    let offer = sdp::offer(ours);
    assert_eq!(sdp::parse(&offer.write()).as_ref(), Ok(&offer));
    if let Ok(agreed) = sdp::accept_answer(&offer, session) {
        let clear = agreed.shield == sdp::Shield::None;
        assert!(!clear || ours.profile == sdp::Profile::Avp);
        check(&agreed);
    }
}

fn check(agreed: &sdp::Agreed) {
    assert!(agreed.codec != Codec::Opus || agreed.ptime_ms != 30);
    assert!([10, 20, 30, 40, 60].contains(&agreed.ptime_ms));
    assert!(agreed.pt_out < 128 && agreed.pt_in < 128);
    match agreed.remote {
        Some(remote) => {
            assert!(remote.port() != 0);
            assert!(!remote.ip().is_unspecified() && !remote.ip().is_multicast());
        }
        None => assert!(!agreed.send || agreed.ice.is_some()),
    }
}

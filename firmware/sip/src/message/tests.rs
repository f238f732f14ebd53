use model::limits::{SIP_HEADERS_MAX, SIP_MESSAGE_MAX};

use super::*;
use crate::{Contacts, Fault, Leniency, Scheme};

const HEAD: &str = "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\n\
                    To: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n";

fn options(more: &str) -> String {
    format!("OPTIONS sip:c@d SIP/2.0\r\n{HEAD}{more}\r\n")
}

fn read(text: &str) -> Result<Request, (Fault, u16)> {
    match parse(text.as_bytes()) {
        Ok(parsed) => match parsed.message {
            Message::Request(request) => Ok(request),
            Message::Response(_) => panic!("a response: {text}"),
        },
        Err(error) => Err((error.fault, error.status)),
    }
}

fn forgiven(bytes: &[u8]) -> Vec<Leniency> {
    parse(bytes).expect("forgiven").leniencies.iter().collect()
}

#[test]
fn an_exact_message_needs_no_leniency_and_is_written_as_it_came() {
    let text = options("Content-Length: 0\r\n");
    let parsed = parse(text.as_bytes()).expect("exact");
    assert!(parsed.leniencies.is_empty());
    let mut wire = Vec::new();
    parsed.message.write(&mut wire);
    assert_eq!(String::from_utf8(wire).as_deref(), Ok(text.as_str()));
}

#[test]
fn each_leniency_has_its_name() {
    use Leniency as L;
    let exact = options("Content-Length: 0\r\n");
    let check = |bytes: Vec<u8>, wanted: &[Leniency]| {
        assert_eq!(
            forgiven(&bytes),
            wanted,
            "{}",
            String::from_utf8_lossy(&bytes)
        );
    };
    let swap = |from: &str, to: &str| {
        assert!(exact.contains(from));
        exact.replacen(from, to, 1).into_bytes()
    };
    check(exact.clone().into_bytes(), &[]);
    check(format!("\r\n\r\n{exact}").into_bytes(), &[L::LeadingLines]);
    check(exact.replace("\r\n", "\n").into_bytes(), &[L::LfOnly]);
    check(swap("SIP/2.0\r", "sip/2.0\r"), &[L::VersionCase]);
    check(swap("OPTIONS sip", "OPTIONS  sip"), &[L::StartLineSpace]);
    check(swap("sip:c@d SIP", "sip:#1@d SIP"), &[L::UriCharacters]);
    check(exact.trim_end().as_bytes().to_vec(), &[L::MissingEmptyLine]);
    check(format!("{exact}junk").into_bytes(), &[L::LongDatagram]);
    check(
        swap("To:", "From: <sip:a@b>;tag=1\r\nTo:"),
        &[L::RepeatedHeader],
    );
    check(swap("Max-Forwards: 70\r\n", ""), &[L::MissingMaxForwards]);
    check(swap("z9hG4bK1", "1"), &[L::MissingBranch]);
    check(swap("<sip:c@d>\r", "< sip:c@d>\r"), &[L::BracketSpace]);
    check(swap("<sip:c@d>\r", "Łódź <sip:c@d>\r"), &[L::DisplayName]);
    check(
        swap("\r\nTo:", "\r\nX: a\rb\r\nTo:"),
        &[L::ControlCharacter],
    );
    let body = swap("Content-Length: 0\r\n\r\n", "\r\nbody");
    check(body, &[L::MissingContentLength]);
    let response = exact.replacen("OPTIONS sip:c@d SIP/2.0", "SIP/2.0 200", 1);
    check(response.into_bytes(), &[L::MissingReasonSpace]);
    let mut latin = exact
        .replacen("To:", "Subject: caf?\r\nTo:", 1)
        .into_bytes();
    let at = latin.iter().position(|&b| b == b'?').expect("put there");
    latin[at] = 0xE9;
    check(latin.clone(), &[L::NotUtf8]);
    let message = parse(&latin).expect("forgiven").message;
    assert_eq!(message.headers().get(&HeaderName::Subject), Some("café"));
}

#[test]
fn malformed_messages_and_their_answers() {
    let check =
        |text: String, fault, status| assert_eq!(read(&text), Err((fault, status)), "{text}");
    check(String::new(), Fault::Empty, 400);
    check("\r\n\r\n".into(), Fault::Empty, 400);
    check("x".repeat(SIP_MESSAGE_MAX + 1), Fault::TooLong, 513);
    check(options("no colon\r\n"), Fault::HeaderLine, 400);
    check(options(": empty name\r\n"), Fault::HeaderLine, 400);
    check(options("a b: c\r\n"), Fault::HeaderLine, 400);
    check(
        options(&"X: y\r\n".repeat(SIP_HEADERS_MAX)),
        Fault::TooManyHeaders,
        400,
    );
    check(options("Content-Length: 5\r\n"), Fault::BodyShort, 400);
    check(
        options("l: 1\r\nl: 2\r\n"),
        Fault::Repeated("Content-Length"),
        400,
    );
    check(options("To: <sip:e@f>\r\n"), Fault::Repeated("To"), 400);
    check(
        options("").replace("SIP/2.0\r", "SIP/3.0\r"),
        Fault::Version,
        505,
    );
    check(
        options("").replace("SIP/2.0\r", "HTTP/1.1\r"),
        Fault::StartLine,
        400,
    );
    check(
        options("").replace("sip:c@d SIP", "sip:c@ SIP"),
        Fault::RequestUri,
        400,
    );
    check(
        options("").replace("OPTIONS sip", "OPT@ONS sip"),
        Fault::Method,
        400,
    );
    check(
        options("").replace("1 OPTIONS", "1 INVITE"),
        Fault::CSeqMethod,
        400,
    );
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        let without = options("").replace(&format!("\r\n{name}:"), "\r\nX-Gone:");
        check(without, Fault::Missing(name), 400);
    }
    assert!(parse(b"SIP/2.0 99 low\r\n\r\n").is_err());
}

#[test]
fn a_fault_is_answered_with_the_headers_that_could_be_read() {
    let text = options("broken line\r\n").replace("\r\nMax", ", SIP/2.0/TCP p\r\nMax");
    let error = parse(text.as_bytes()).expect_err("broken");
    let response = error.response("our-tag").expect("an answer is due");
    let mut wire = Vec::new();
    response.write(&mut wire);
    insta::assert_snapshot!(String::from_utf8_lossy(&wire).replace("\r\n", "\n"), @r"
    SIP/2.0 400 Bad Request - header line is malformed
    Via: SIP/2.0/UDP h;branch=z9hG4bK1, SIP/2.0/TCP p
    From: <sip:a@b>;tag=1
    To: <sip:c@d>;tag=our-tag
    Call-ID: x
    CSeq: 1 OPTIONS
    Content-Length: 0

    ");
    // An ACK is never answered (RFC 3261 §17.1.1.3), nor is a response.
    let ack = text.replace("OPTIONS", "ACK");
    assert!(
        parse(ack.as_bytes())
            .expect_err("broken")
            .response("t")
            .is_none()
    );
    let response = text.replace("OPTIONS sip:c@d SIP/2.0", "SIP/2.0 200 OK");
    assert!(
        parse(response.as_bytes())
            .expect_err("broken")
            .response("t")
            .is_none()
    );
}

#[test]
fn values_cannot_break_out_of_their_line() {
    let mut request = read(&options("")).expect("legal");
    request
        .headers
        .push(HeaderName::Subject, "a\r\nInjected: b\r\n\r\nc");
    let mut response = Response::to_request(&request, 200, "t");
    response.reason = "fine\r\nInjected: b".into();
    for message in [Message::Request(request), Message::Response(response)] {
        let mut wire = Vec::new();
        message.write(&mut wire);
        let again = parse(&wire).expect("legal").message;
        let injected = HeaderName::Other("Injected".into());
        assert!(!again.headers().contains(&injected));
        assert!(again.body().is_empty());
    }
}

#[test]
fn uris_of_all_kinds() {
    let uri = |text| Uri::parse(text).expect("legal");
    let tel = uri("tel:+48-22-123;phone-context=example.com");
    assert_eq!(
        (tel.scheme(), tel.user().as_deref()),
        (&Scheme::Tel, Some("+48-22-123"))
    );
    assert_eq!(tel.host(), None);
    let full = uri("SIPS:a:pw@[2001:db8::1]:5061;transport=tcp;lr?Replaces=x%3Bto-tag%3D1&b=");
    assert_eq!(full.scheme(), &Scheme::Sips);
    assert_eq!(
        (full.user_raw(), full.password(), full.port()),
        (Some("a"), Some("pw"), Some(5061))
    );
    assert_eq!(full.param("TRANSPORT").as_deref(), Some("tcp"));
    assert_eq!(
        full.headers().next(),
        Some(("Replaces".into(), "x;to-tag=1".into()))
    );
    let bare = full
        .clone()
        .without_headers()
        .without_param("lr")
        .with_param("x", Some("1;2"));
    assert_eq!(
        bare.as_str(),
        "SIPS:a:pw@[2001:db8::1]:5061;transport=tcp;x=1%3B2"
    );
    assert_eq!(bare, uri(bare.as_str()));
    let built = Uri::sip(Some("J Ü@x"), &crate::Host::Name("h".into()), Some(1));
    assert_eq!(built.as_str(), "sip:J%20%C3%9C%40x@h:1");
    assert_eq!(built, uri(built.as_str()));
    for bad in [
        "",
        "sip:",
        "sip",
        ":x",
        "sip:@h",
        "sip:a@",
        "sip:a b@c",
        "sip:a%4@c",
        "sip:a@b@c",
        "sip:h:",
        "sip:h:70000",
        "sip:a@[::1",
        "1a:b",
        "tel:",
        "sip:a@h;x=",
        "sip:ü@h\"",
    ] {
        assert!(Uri::parse(bad).is_err(), "{bad}");
    }
}

/// The examples of RFC 3261 §19.1.4.
#[test]
fn equivalence_of_uris() {
    let same = |a: &str, b: &str| {
        let (a, b) = (Uri::parse(a).expect("legal"), Uri::parse(b).expect("legal"));
        assert_eq!(a.equivalent(&b), b.equivalent(&a));
        a.equivalent(&b)
    };
    assert!(same(
        "sip:%61lice@atlanta.com;transport=TCP",
        "sip:alice@AtLanTa.CoM;Transport=tcp"
    ));
    assert!(same(
        "sip:carol@chicago.com",
        "sip:carol@chicago.com;newparam=5"
    ));
    assert!(same(
        "sip:carol@chicago.com",
        "sip:carol@chicago.com;security=on"
    ));
    assert!(same(
        "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
        "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"
    ));
    assert!(same(
        "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:alice@atlanta.com?priority=urgent&subject=project%20x"
    ));
    assert!(!same(
        "SIP:ALICE@AtLanTa.CoM;Transport=udp",
        "sip:alice@AtLanTa.CoM;Transport=UDP"
    ));
    assert!(!same("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"));
    assert!(!same(
        "sip:bob@biloxi.com",
        "sip:bob@biloxi.com;transport=udp"
    ));
    assert!(!same(
        "sip:bob@biloxi.com",
        "sip:bob@biloxi.com:6000;transport=tcp"
    ));
    assert!(!same(
        "sip:carol@chicago.com",
        "sip:carol@chicago.com?Subject=next%20meeting"
    ));
    assert!(!same("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"));
    assert!(!same(
        "sip:carol@chicago.com;security=on",
        "sip:carol@chicago.com;security=off"
    ));
}

#[test]
fn lists_and_stars() {
    let contacts = |value: &str| {
        let request = read(&options(&format!("m: {value}\r\n"))).expect("legal");
        request.headers.contacts()
    };
    assert_eq!(contacts("*"), Ok(Contacts::Star));
    assert_eq!(contacts("*, <sip:a>"), Err(Fault::Malformed("Contact")));
    let Ok(Contacts::List(list)) = contacts(r#""a, <b>" <sip:x@y>;q=0.7 , sip:z;expires=5,,"#)
    else {
        panic!("legal")
    };
    assert_eq!(list.len(), 2);
    assert_eq!(
        (list[0].display.as_deref(), list[0].q()),
        (Some("a, <b>"), Some(700))
    );
    assert_eq!(
        (list[1].uri.as_str(), list[1].expires()),
        ("sip:z", Some(5))
    );
    let via = crate::Via::parse("SIP/2.0/UDP h:1 ; branch=z9HG4BKx;rport").expect("legal");
    assert!(via.has_magic_branch() && via.wants_rport());
    let mut marked = via.clone();
    marked.mark_source("192.0.2.9:7".parse().expect("an address"));
    assert_eq!(
        marked.to_string(),
        "SIP/2.0/UDP h:1;branch=z9HG4BKx;rport=7;received=192.0.2.9"
    );
    assert_eq!((marked.rport(), marked.port_or_default()), (Some(7), 1));
}

proptest::proptest! {
    /// Whatever a person is called, the URI and the name that we write are read back.
    #[test]
    fn any_name_survives_the_wire(user in ".{1,40}", name in "[^\r\n]{0,40}", port: u16) {
        let uri = Uri::sip(Some(&user), &crate::Host::Name("office".into()), Some(port));
        let mut party = crate::NameAddr::new(uri.clone()).with_tag("t1");
        party.display = Some(name);
        let again = crate::NameAddr::parse(&party.to_string());
        proptest::prop_assert_eq!(again.as_ref(), Ok(&party));
        let read = uri.user().map(String::from);
        proptest::prop_assert_eq!(read, Some(user));
        proptest::prop_assert_eq!(uri.port(), Some(port));
    }
}

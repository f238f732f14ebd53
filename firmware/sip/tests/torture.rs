//! The messages of RFC 4475 and RFC 5118 against the table `tests/vectors/sip/expected.txt`.

use std::{collections::BTreeSet, path::PathBuf};

use sip::{Contacts, Fault, HeaderName, Leniency, Message, ParseError, Parsed, Request, sdp};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/sip")
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.sip"))).expect("the vector is committed")
}

fn read(name: &str) -> Result<Parsed, ParseError> {
    sip::parse(&bytes(name))
}

fn request(name: &str) -> Request {
    match read(name).expect("the table says so").message {
        Message::Request(request) => request,
        Message::Response(_) => panic!("{name} is a response"),
    }
}

/// `name | section | outcome | leniencies | what the exchange answers`: the last is for `pbx`.
struct Line {
    name: String,
    outcome: String,
    forgiven: String,
}

fn table() -> Vec<Line> {
    let text = std::fs::read_to_string(folder().join("expected.txt")).expect("committed");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            // The outcome may hold any token, but no ` | `.
            let columns: Vec<_> = line.split(" |").map(str::trim).collect();
            assert_eq!(columns.len(), 5, "{line}");
            Line {
                name: columns[0].to_owned(),
                outcome: columns[2].to_owned(),
                forgiven: columns[3].to_owned(),
            }
        })
        .collect()
}

#[test]
fn every_message_has_its_outcome() {
    for line in table() {
        let read = read(&line.name);
        let outcome = match &read {
            Ok(parsed) => match &parsed.message {
                Message::Request(request) => format!("accept {}", request.method),
                Message::Response(response) => format!("accept {}", response.status),
            },
            Err(error) => match error.response("t") {
                Some(response) => format!("reject {}", response.status),
                None => "discard".to_owned(),
            },
        };
        assert_eq!(outcome, line.outcome, "{}: {:?}", line.name, read.err());
        if let Ok(parsed) = read {
            let names: Vec<_> = parsed.leniencies.iter().map(Leniency::name).collect();
            let wanted: Vec<_> = line.forgiven.split_whitespace().collect();
            let sorted = |names: Vec<&str>| names.into_iter().map(String::from).collect();
            let (names, wanted): (BTreeSet<_>, BTreeSet<_>) = (sorted(names), sorted(wanted));
            assert_eq!(names, wanted, "{}", line.name);
        }
    }
}

#[test]
fn every_file_is_in_the_table() {
    let known: BTreeSet<_> = table().into_iter().map(|line| line.name).collect();
    let mut found = BTreeSet::new();
    for rfc in ["rfc4475", "rfc5118"] {
        for entry in std::fs::read_dir(folder().join(rfc)).expect("committed") {
            let path = entry.expect("readable").path();
            let stem = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .expect("ASCII");
            found.insert(format!("{rfc}/{stem}"));
        }
    }
    assert_eq!(known, found);
    assert_eq!(found.len(), 61);
}

/// What is read is written exactly, and read again as the same message without any leniency of
/// the line level.
#[test]
fn what_is_written_is_read_back() {
    for line in table() {
        let Ok(parsed) = read(&line.name) else {
            continue;
        };
        let mut wire = Vec::new();
        parsed.message.write(&mut wire);
        let again = sip::parse(&wire).unwrap_or_else(|error| panic!("{}: {error}", line.name));
        assert_eq!(again.message, parsed.message, "{}", line.name);
        for gone in [
            Leniency::StartLineSpace,
            Leniency::LongDatagram,
            Leniency::MissingContentLength,
            Leniency::LfOnly,
        ] {
            assert!(!again.leniencies.contains(gone), "{} {gone:?}", line.name);
        }
    }
}

#[test]
fn the_short_tortuous_invite_in_detail() {
    let request = request("rfc4475/wsinv");
    let headers = &request.headers;
    assert_eq!(request.uri.params().as_str(), ";unknownparam");
    assert_eq!(headers.to_tag(), Some("1918181833n"));
    assert_eq!(headers.to().expect("legal").tag(), Some("1918181833n"));
    let from = headers.from_().expect("legal");
    assert_eq!(from.display.as_deref(), Some("J Rosenberg \\\""));
    assert_eq!(
        (from.tag(), headers.from_tag()),
        (Some("98asjd8"), Some("98asjd8"))
    );
    assert_eq!(headers.max_forwards(), Ok(Some(68)));
    assert_eq!(
        headers.cseq().map(|cseq| cseq.to_string()),
        Ok("9 INVITE".into())
    );
    let vias: Vec<_> = headers
        .vias()
        .expect("legal")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        vias,
        [
            "SIP/2.0/UDP 192.0.2.2;branch=390skdjuw",
            "SIP/2.0/TCP spindle.example.com;branch=z9hG4bK9ikj8",
            "SIP/2.0/UDP 192.168.255.111;branch=z9hG4bK30239",
        ]
    );
    assert_eq!(headers.get(&HeaderName::Subject), Some(""));
    let new = HeaderName::Other("newfangledheader".into());
    assert_eq!(
        headers.get(&new),
        Some("newfangled value continued newfangled value")
    );
    let contacts = match headers.contacts().expect("legal") {
        Contacts::List(contacts) => contacts,
        Contacts::Star => panic!("no star there"),
    };
    assert_eq!(contacts[0].display.as_deref(), Some("Quoted string \"\""));
    assert_eq!(contacts[0].q(), Some(330));
    assert_eq!(contacts[0].params.get("newparam"), Some("newvalue"));
    let route = headers.route().expect("legal");
    assert!(route[0].uri.is_loose());
    assert_eq!(request.body.len(), 150);
    assert!(sdp::parse(&request.body).is_ok());
}

#[test]
fn strange_characters_survive() {
    let request = request("rfc4475/intmeth");
    let to = request.headers.to().expect("legal");
    assert_eq!(
        to.display.as_deref(),
        Some("BEL:\u{7} NUL:\u{0} DEL:\u{7f}")
    );
    let user = request.uri.user_raw().expect("there is one");
    assert_eq!(user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
    assert_eq!(
        request.uri.password(),
        Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)")
    );
    let from = request.headers.from_().expect("legal");
    assert_eq!(from.tag(), Some("_token~1'+`*%!-."));
    let extension = HeaderName::from_text("extensionHeader-!.%*+_`'~");
    assert_eq!(request.headers.get(&extension), Some("\u{feff}大停電"));
}

#[test]
fn escapes_are_undone_where_they_mean_something() {
    let first = request("rfc4475/esc01");
    assert_eq!(first.uri.user().as_deref(), Some("sips:user@example.com"));
    assert_eq!(
        first.headers.to().expect("legal").uri.user().as_deref(),
        Some("user")
    );
    let contact = first.headers.contact_uri().expect("legal");
    assert_eq!(contact.user().as_deref(), Some("caller"));
    // `%6C%72` is "lr" only after unescaping a name, which nobody does when comparing names.
    assert_eq!(contact.param("n%61me").as_deref(), Some("value%41"));
    let null = request("rfc4475/escnull");
    assert_eq!(
        null.headers.to().expect("legal").uri.user().as_deref(),
        Some("null-\0-null")
    );
    let second = request("rfc4475/esc02");
    assert_eq!(second.method.as_str(), "RE%47IST%45R");
    assert_eq!(second.headers.get_all(&HeaderName::Contact).count(), 2);
    assert_eq!(
        second.headers.to().expect("legal").display.as_deref(),
        Some("%Z%45")
    );
    let semi = request("rfc4475/semiuri");
    assert_eq!(semi.uri.user().as_deref(), Some("user;par=u@example.net"));
    assert!(semi.uri.params().is_empty());
}

#[test]
fn a_contact_with_headers_needs_brackets() {
    let contacts = |name| request(name).headers.contacts();
    assert_eq!(contacts("rfc4475/regbadct"), Err(Fault::Uri));
    let Ok(Contacts::List(list)) = contacts("rfc4475/regescrt") else {
        panic!("legal in brackets")
    };
    let headers: Vec<_> = list[0].uri.headers().collect();
    assert_eq!(headers, [("Route".into(), "<sip:sip.example.com>".into())]);
    // In brackets a parameter is the URI's, without them the header's.
    let Ok(Contacts::List(bare)) = contacts("rfc4475/cparam01") else {
        panic!("legal")
    };
    let Ok(Contacts::List(inside)) = contacts("rfc4475/cparam02") else {
        panic!("legal")
    };
    assert!(bare[0].params.contains("unknownparam") && bare[0].uri.params().is_empty());
    assert!(inside[0].params.is_empty() && inside[0].uri.params().contains("unknownparam"));
}

#[test]
fn long_and_binary() {
    let long = request("rfc4475/longreq");
    let vias = long.headers.vias().expect("legal");
    assert_eq!(vias.len(), 33);
    assert_eq!(
        vias[32].received().map(|ip| ip.to_string()).as_deref(),
        Some("192.0.2.5")
    );
    let binary = request("rfc4475/mpart01");
    assert!(binary.body.contains(&0xFF) && binary.body.contains(&0));
    let none = Vec::new();
    assert_eq!(
        sip::digest::credentials_of(&request("rfc4475/regaut01").headers, false),
        none
    );
}

#[test]
fn addresses_of_version_6() {
    let host = |name| {
        let uri = request(name).uri;
        (uri.host().map(ToString::to_string), uri.port())
    };
    let address = |text: &str| Some(text.to_owned());
    assert_eq!(
        host("rfc5118/port-ambiguous"),
        (address("[2001:db8::10:5070]"), None)
    );
    assert_eq!(
        host("rfc5118/port-unambiguous"),
        (address("[2001:db8::10]"), Some(5070))
    );
    let three = host("rfc5118/abnf-three-colons");
    assert_eq!(three, host("rfc5118/abnf-two-colons"));
    for name in [
        "rfc5118/via-received-with-delim",
        "rfc5118/via-received-no-delim",
    ] {
        let via = request(name).headers.via_top().expect("legal");
        assert_eq!(
            via.received().map(|ip| ip.to_string()),
            address("2001:db8::9:255")
        );
    }
    let session = sdp::parse(&request("rfc5118/mult-ip-in-sdp").body).expect("legal");
    assert_eq!(
        session.address_of(0).map(|ip| ip.to_string()),
        address("192.0.2.1")
    );
    assert_eq!(
        session.address_of(1).map(|ip| ip.to_string()),
        address("2001:db8::1")
    );
    let mapped = sdp::parse(&request("rfc5118/ipv4-mapped-ipv6").body).expect("legal");
    assert_eq!(
        mapped.address_of(0).map(|ip| ip.to_string()),
        address("::ffff:192.0.2.2")
    );
}

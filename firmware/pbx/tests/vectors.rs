//! What the exchange answers to the messages of RFC 4475 and RFC 5118: each has its answer in
//! `tests/vectors/sip/expected.txt`, for whoever sends it, and where that is a challenge, for a phone of ours.

mod office;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use office::{TEXT, exchange, now};
use pbx::{Input, Output, Pbx};
use sip::{Message, digest};

/// Jan's phone; in what it registers, To is his.
const USER: &str = "2005";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/sip")
}

/// The final response to a datagram, if there is one. It may repeat what was no SIP.
fn answer(pbx: &mut Pbx, ms: u64, bytes: Vec<u8>) -> Option<String> {
    let address = |text: &str| -> SocketAddr { text.parse().expect("literal") };
    let input = Input::Datagram {
        local: address("192.0.2.1:5060"),
        remote: address("192.0.2.15:5060"),
        bytes,
    };
    pbx.handle(now(ms), input);
    let all = std::iter::from_fn(|| pbx.poll()).filter_map(|output| match output {
        Output::Datagram { bytes, .. } | Output::Bytes { bytes, .. } => {
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => None,
    });
    let texts: Vec<String> = all.collect();
    let is_final =
        |text: &String| ('2'..='6').any(|class| text.starts_with(&format!("SIP/2.0 {class}")));
    texts.into_iter().find(is_final)
}

/// The same from Jan's phone, which was challenged before.
fn answer_to_jan(name: &str, bytes: Vec<u8>) -> Option<String> {
    let mut pbx = exchange(TEXT, Vec::new(), Vec::new());
    let asks = "REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKask\r\n\
                From: <sip:2005@192.0.2.1>;tag=p\r\nTo: <sip:2005@192.0.2.1>\r\nCall-ID: ask\r\n\
                CSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
    let asked = answer(&mut pbx, 10, asks.into()).expect("challenged");
    let read = |bytes: &[u8]| sip::parse(bytes).map(|parsed| parsed.message);
    let (Ok(Message::Response(asked)), Ok(Message::Request(request))) =
        (read(asked.as_bytes()), read(&bytes))
    else {
        panic!("{name} was challenged");
    };
    let challenge = &digest::challenges_of(&asked.headers)[0];
    let (method, uri) = (&request.method, request.uri.as_str());
    let proof = digest::answer(challenge, (USER, "s3cret"), method, uri, (1, "c"));
    let proof = format!("Authorization: {proof}\r\n").into_bytes();
    let mut bytes = bytes;
    if *method == sip::Method::Register {
        replace_user_of_to(&mut bytes);
    }
    let end = position(&bytes, b"\r\n").expect("a start line") + 2;
    bytes.splice(end..end, proof);
    answer(&mut pbx, 20, bytes)
}

/// Whoever sends a REGISTER may register its own number only. Where To has no user it stays as it is.
fn replace_user_of_to(bytes: &mut Vec<u8>) {
    let before = b"\r\nTo: sip:";
    if let Some(at) = position(bytes, before) {
        let user = at + before.len();
        let end = user + position(&bytes[user..], b"@").expect("a user");
        bytes.splice(user..end, USER.bytes());
    }
}

fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|at| at == part)
}

/// `STATUS`, or `STATUS HEADER: VALUE` where the table names a header that has to be there; `none`.
fn as_table(response: Option<&str>, wanted: &str) -> String {
    let Some(response) = response else {
        return "none".to_owned();
    };
    let status = &response["SIP/2.0 ".len()..][..3];
    let header = wanted
        .split_once(' ')
        .and_then(|(_, header)| header.split_once(": "));
    let named = header.and_then(|(name, _)| {
        let mut lines = response.lines();
        lines.find(|line| line.split(':').next() == Some(name))
    });
    named.map_or(status.to_owned(), |line| format!("{status} {line}"))
}

#[test]
fn every_message_has_its_answer() {
    let table = std::fs::read_to_string(folder().join("expected.txt")).expect("committed");
    let mut wrong = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<_> = line.split(" |").map(str::trim).collect();
        let (name, wanted) = (columns[0], columns[4]);
        let bytes = std::fs::read(folder().join(format!("{name}.sip"))).expect("committed");
        let first = answer(
            &mut exchange(TEXT, Vec::new(), Vec::new()),
            10,
            bytes.clone(),
        );
        let (stranger, ours) = wanted.split_once(" then ").unwrap_or((wanted, ""));
        let mut found = as_table(first.as_deref(), stranger);
        if found == "401" {
            let second = answer_to_jan(name, bytes);
            found += &format!(" then {}", as_table(second.as_deref(), ours));
        }
        if found != wanted {
            wrong.push(format!("{name}: {found} instead of {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

//! rsip as a second opinion: for messages that both readers accept, the fields agree or stand on
//! the named list of rsip's faults in `faults.rs`.

mod faults;
mod fields;

use std::path::PathBuf;

use faults::FAULTS;
use fields::{ours, theirs};
use model::Random;

/// Compares both readings; gives the number of fields compared, or what nobody can explain.
fn compare(data: &[u8]) -> Result<usize, String> {
    let Ok(parsed) = sip::parse(data) else {
        return Ok(0);
    };
    let Some(theirs) = theirs(data) else {
        return Ok(0);
    };
    let ours = ours(&parsed.message);
    let mut agreed = 0;
    for (field, reading) in &theirs {
        match ours.get(field) {
            Some(ours) if ours == reading => agreed += 1,
            other => {
                let known = FAULTS.iter().any(|fault| (fault.explains)(field, data));
                if !known {
                    let text = String::from_utf8_lossy(data);
                    return Err(format!(
                        "{field}: ours {other:?}, rsip {reading:?} in\n{text}"
                    ));
                }
            }
        }
    }
    Ok(agreed)
}

#[test]
fn the_torture_messages() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/sip");
    let mut agreed = 0;
    for rfc in ["rfc4475", "rfc5118"] {
        for entry in std::fs::read_dir(root.join(rfc)).expect("committed") {
            let data = std::fs::read(entry.expect("readable").path()).expect("readable");
            agreed += compare(&data).unwrap_or_else(|why| panic!("{why}"));
        }
    }
    assert!(
        agreed > 150,
        "{agreed} fields compared: too few to mean anything"
    );
}

/// Messages made of the forms that real phones use.
#[test]
fn made_up_messages() {
    let mut random = Random::derive([7; 32], "differential");
    let mut agreed = 0;
    for _ in 0..2_000 {
        let text = message(&mut random);
        assert!(sip::parse(text.as_bytes()).is_ok(), "{text}");
        agreed += compare(text.as_bytes()).unwrap_or_else(|why| panic!("{why}"));
    }
    assert!(
        agreed > 5_000,
        "{agreed} fields compared: too few to mean anything"
    );
}

fn message(random: &mut Random) -> String {
    let mut pick = |choices: &[&'static str]| {
        let below = u32::try_from(choices.len()).unwrap_or(1);
        choices[usize::try_from(random.below(below)).unwrap_or(0)]
    };
    let method = pick(&["INVITE", "REGISTER", "OPTIONS", "BYE", "MESSAGE"]);
    let uri = pick(&[
        "sip:office",
        "sip:2006@office.example:5070",
        "sips:a.b%20c@192.0.2.1;transport=tcp",
        "sip:*97@office;user=phone",
    ]);
    let start = match pick(&["request", "request", "200", "486"]) {
        "request" => format!("{method} {uri} SIP/2.0"),
        code => format!("SIP/2.0 {code} Some phrase"),
    };
    let via = pick(&[
        "Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bKa1;rport",
        "Via: SIP/2.0/TLS pbx.example;branch=z9hG4bK-x.y_z;received=192.0.2.9",
        "Via: SIP/2.0/UDP h1;branch=z9hG4bK1, SIP/2.0/TCP h2;branch=z9hG4bK2",
        "Via: SIP/2.0/UDP h1 ;branch = z9hG4bK1",
        "v: SIP/2.0/UDP h1;branch=z9hG4bK1",
    ]);
    let from = pick(&[
        "From: <sip:2005@office>;tag=a1",
        "From: \"Anna; Nowak, <x>\" <sip:2005@office:5060>;tag=a2",
        "From: Anna Nowak <sip:2005@office;user=phone>;tag=a3;x=y",
        "From: sip:2005@office;tag=a4",
        "From: <sip:2005@office> ; tag = a5",
        "From: <tel:+48221234567>;tag=a6",
    ]);
    let to = pick(&[
        "To: <sip:2006@office>",
        "To: <sip:2006@office>;tag=b1",
        "t: <sip:2006@office>",
    ]);
    let contact = pick(&[
        "Contact: <sip:2005@192.0.2.7:5062>",
        "Contact: <sip:2005@192.0.2.7;transport=tcp>;expires=60",
        "Contact: <sip:2005@h?Replaces=a%3Bb>",
        "Subject: none",
    ]);
    let (length, body) = match pick(&["none", "three", "short"]) {
        "three" => ("Content-Length: 3", "abc"),
        "short" => ("Content-Length: 1", "abc"),
        _ => ("Content-Length: 0", ""),
    };
    let fixed = format!("Max-Forwards: 70\r\nCall-ID: c1@h\r\nCSeq: 42 {method}");
    format!("{start}\r\n{via}\r\n{from}\r\n{to}\r\n{contact}\r\n{fixed}\r\n{length}\r\n\r\n{body}")
}

/// The list stays true: every fault is still there, and our reading of its sample is right.
#[test]
fn every_fault_is_still_there() {
    for fault in FAULTS {
        let data = fault.sample.as_bytes();
        let ours = ours(&sip::parse(data).expect("legal").message);
        let (field, right) = fault.reading;
        assert_eq!(
            ours.get(field).map(String::as_str),
            Some(right),
            "{}",
            fault.name
        );
        let theirs = theirs(data).unwrap_or_default();
        assert_ne!(
            theirs.get(field).map(String::as_str),
            Some(right),
            "{} is mended",
            fault.name
        );
        assert!((fault.explains)(field, data), "{}", fault.name);
    }
}

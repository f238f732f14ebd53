use model::IceText;
use proptest::prelude::*;

use super::message::{
    ICE_CONTROLLED, MESSAGE_INTEGRITY, Reader, USE_CANDIDATE, USERNAME, Writer, XOR_MAPPED_ADDRESS,
};
use super::*;

/// RFC 5769 §2: the password of all its short-term vectors.
const PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";
const TRANSACTION: Transaction = [
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
];

fn hex(text: &str) -> Vec<u8> {
    let octet = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits");
    (0..text.len()).step_by(2).map(octet).collect()
}

fn ice() -> IceParams {
    let text = |text| IceText::new(text).expect("legal");
    IceParams {
        local_name: text("evtj"),
        local_password: text(PASSWORD),
        remote_name: text("h6vY"),
        remote_password: text("nobodyasks"),
    }
}

/// A request as a browser makes it.
fn request(attributes: &[(u16, &[u8])], password: &str) -> Vec<u8> {
    let mut out = [0; 400];
    let mut writer = Writer::start(&mut out, 1, &TRANSACTION).expect("room");
    for (kind, value) in attributes {
        writer.attribute(*kind, value).expect("room");
    }
    writer.sign(password.as_bytes()).expect("room");
    writer.fingerprint().expect("room");
    let len = writer.len();
    out[..len].to_vec()
}

fn is_right(message: &[u8]) -> bool {
    let message = Reader::read(message).expect("a message");
    let tag = message.attributes().find(|a| a.kind == MESSAGE_INTEGRITY);
    let tag = tag.expect("signed");
    message.is_signed(&tag, PASSWORD.as_bytes()) && message.fingerprint_is_right()
}

/// RFC 5769 §2.1: its padding is made of spaces, its priority and tie-breaker are of no use to us.
#[test]
fn the_request_of_the_rfc_is_a_role_conflict() {
    let bytes = hex("000100582112a442b7e7a701bc34d686fa87dfae\
         802200105354554e207465737420636c69656e74002400046e0001ff\
         80290008932ff9b151263b36000600096576746a3a68367659202020\
         000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf");
    let check = Check::read(&bytes, &ice()).expect("signed with the password");
    assert_eq!(check.transaction, TRANSACTION);
    assert_eq!(
        check.outcome,
        Outcome::RoleConflict,
        "it carries ICE-CONTROLLED"
    );
    for bit in 0..bytes.len() * 8 {
        let mut other = bytes.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        assert!(Check::read(&other, &ice()).is_err(), "bit {bit}");
    }
}

/// RFC 5769 §2.2 and §2.3: signature, fingerprint and hidden address of answers.
#[test]
fn the_answers_of_the_rfc_are_made_by_our_rules() {
    let answers = [
        (
            "192.0.2.1:32853",
            "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220\
             002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7\
             80280004c07d4c96",
        ),
        (
            "[2001:db8:1234:5678:11:2233:4455:6677]:32853",
            "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220\
             002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9\
             00080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c",
        ),
    ];
    for (address, text) in answers {
        let theirs = hex(text);
        assert!(is_right(&theirs), "{address}");
        let check = Check {
            transaction: TRANSACTION,
            outcome: Outcome::Path { nominated: false },
        };
        let mut out = [0; ANSWER_MAX];
        let address = address.parse().expect("an address");
        let len = check.answer(&ice(), address, &mut out).expect("room");
        let ours = &out[..len];
        assert!(is_right(ours));
        // Ours has no SOFTWARE, which tells strangers what to look for.
        let mapped = |bytes| {
            let message = Reader::read(bytes).expect("a message");
            let found = message.attributes().find(|a| a.kind == XOR_MAPPED_ADDRESS);
            found.expect("an address").value.to_vec()
        };
        assert_eq!(mapped(ours), mapped(&theirs));
    }
}

#[test]
fn a_nomination_is_told_from_a_check() {
    let name: (u16, &[u8]) = (USERNAME, b"evtj:h6vY");
    let plain = request(&[name], PASSWORD);
    let chosen = request(&[name, (USE_CANDIDATE, b"")], PASSWORD);
    let outcome = |bytes: &[u8]| Check::read(bytes, &ice()).map(|check| check.outcome);
    assert_eq!(outcome(&plain), Ok(Outcome::Path { nominated: false }));
    assert_eq!(outcome(&chosen), Ok(Outcome::Path { nominated: true }));
    // Behind the signature anybody could have written it.
    let mut out = [0; 400];
    let mut writer = Writer::start(&mut out, 1, &TRANSACTION).expect("room");
    writer.attribute(USERNAME, name.1).expect("room");
    writer.sign(PASSWORD.as_bytes()).expect("room");
    writer.attribute(USE_CANDIDATE, b"").expect("room");
    writer.fingerprint().expect("room");
    let len = writer.len();
    let late = outcome(&out[..len]);
    assert_eq!(late, Ok(Outcome::Path { nominated: false }));
}

#[test]
fn strangers_are_no_checks() {
    let ours: &[u8] = b"evtj:h6vY";
    let refused = |bytes: &[u8]| Check::read(bytes, &ice()).expect_err("no check");
    for name in [
        &b"evtj:other"[..],
        b"evtj",
        b"h6vY:evtj",
        b"",
        b"evtj:h6vYx",
    ] {
        let bytes = request(&[(USERNAME, name)], PASSWORD);
        assert_eq!(refused(&bytes), StunError::NotAuthentic, "{name:?}");
    }
    let wrong = request(&[(USERNAME, ours)], "another-password");
    assert_eq!(refused(&wrong), StunError::NotAuthentic);
    assert_eq!(refused(&request(&[], PASSWORD)), StunError::NotAuthentic);
    let mut answer = request(&[(USERNAME, ours)], PASSWORD);
    answer[0] = 1;
    assert_eq!(refused(&answer), StunError::NoRequest);
    let mut unsigned = request(&[], PASSWORD)[..20].to_vec();
    unsigned[2..4].copy_from_slice(&[0, 0]);
    assert_eq!(refused(&unsigned), StunError::NotAuthentic);
    assert_eq!(refused(b""), StunError::Malformed);
}

#[test]
fn what_must_be_understood_is_named() {
    let name: (u16, &[u8]) = (USERNAME, b"evtj:h6vY");
    let bytes = request(&[name, (0x7777, b"?"), (0xc001, b"fine")], PASSWORD);
    let check = Check::read(&bytes, &ice()).expect("signed");
    assert!(matches!(check.outcome, Outcome::Unknown(kinds, 1) if kinds[0] == 0x7777));
    let mut out = [0; ANSWER_MAX];
    let from = "192.0.2.9:9".parse().expect("an address");
    let len = check.answer(&ice(), from, &mut out).expect("room");
    assert!(is_right(&out[..len]));
    let message = Reader::read(&out[..len]).expect("a message");
    let listed = message.attributes().find(|a| a.kind == UNKNOWN_ATTRIBUTES);
    assert_eq!(listed.expect("the list").value, [0x77, 0x77]);
    let error = message.attributes().find(|a| a.kind == ERROR_CODE);
    assert_eq!(error.expect("a code").value[..4], [0, 0, 4, 20]);
    let many: Vec<(u16, &[u8])> = (0..20).map(|n| (0x7000 + n, &b""[..])).collect();
    let all = [&[name][..], &many].concat();
    let check = Check::read(&request(&all, PASSWORD), &ice()).expect("signed");
    let len = check.answer(&ice(), from, &mut out).expect("room");
    assert!(is_right(&out[..len]), "as many as there is room for");
}

#[test]
fn a_far_end_that_follows_learns_that_we_do_not_lead() {
    let controlled: (u16, &[u8]) = (ICE_CONTROLLED, &[1; 8]);
    let bytes = request(&[(USERNAME, b"evtj:h6vY"), controlled], PASSWORD);
    let check = Check::read(&bytes, &ice()).expect("signed");
    let mut out = [0; ANSWER_MAX];
    let from = "192.0.2.9:9".parse().expect("an address");
    let len = check.answer(&ice(), from, &mut out).expect("room");
    let message = Reader::read(&out[..len]).expect("a message");
    let error = message.attributes().find(|a| a.kind == ERROR_CODE);
    assert_eq!(error.expect("a code").value[..4], [0, 0, 4, 87]);
}

proptest! {
    #[test]
    fn nothing_that_comes_is_a_danger(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        prop_assert!(Check::read(&bytes, &ice()).is_err());
    }

    #[test]
    fn a_torn_request_is_no_check(at in 0_usize..60, octet: u8, cut in 0_usize..100) {
        let mut bytes = request(&[(USERNAME, b"evtj:h6vY"), (USE_CANDIDATE, b"")], PASSWORD);
        let whole = bytes.clone();
        bytes[at] = octet;
        bytes.truncate(bytes.len().saturating_sub(cut));
        prop_assume!(bytes != whole);
        prop_assert!(Check::read(&bytes, &ice()).is_err());
    }
}

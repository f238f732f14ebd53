use std::net::{IpAddr, Ipv4Addr};

use model::{Instant, limits::DIGEST_NONCES};

use super::*;
use crate::{Method, Request, Uri};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 8));
const REALM: &str = "office";

fn request() -> Request {
    let uri = Uri::parse("sip:office.example").expect("legal");
    Request::new(Method::Register, uri)
}

struct World {
    nonces: Nonces,
    now: Instant,
    challenge: Challenge,
}

impl World {
    fn new(first: First) -> Self {
        let mut nonces = Nonces::new([9; 32]);
        let now = Instant::from_millis(5_000);
        let [challenge, _] = nonces.challenge(now, HERE, REALM, first, false);
        Self {
            nonces,
            now,
            challenge,
        }
    }

    fn answer(&self, password: &str, count: u32) -> Credentials {
        let who = ("2005", password);
        answer(
            &self.challenge,
            who,
            &Method::Register,
            "sip:office.example",
            (count, "c"),
        )
    }

    fn judge(&mut self, from: IpAddr, credentials: &Credentials) -> Verdict {
        self.nonces
            .judge(self.now, from, &request(), credentials, (REALM, "right"))
    }
}

/// RFC 7616 §3.9.1: both algorithms on the same example.
#[test]
fn the_examples_of_the_rfc() {
    let hash = |algorithm, nonce, cnonce| {
        hash::Question {
            algorithm,
            username: "Mufasa",
            realm: "http-auth@example.org",
            password: "Circle of Life",
            method: "GET",
            uri: "/dir/index.html",
            nonce,
            qop: Some(("00000001", cnonce)),
        }
        .response()
    };
    let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    assert_eq!(
        hash(Algorithm::Md5, nonce, cnonce),
        "8ca523f5e9506fed4657c9700eebdbec"
    );
    assert_eq!(
        hash(Algorithm::Sha256, nonce, cnonce),
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    );
}

/// RFC 2069 form as RFC 3261 §22 still allows it; the numbers are those of RFC 2617 §3.5 without
/// qop.
#[test]
fn an_answer_without_qop() {
    let question = hash::Question {
        algorithm: Algorithm::Md5,
        username: "Mufasa",
        realm: "testrealm@host.com",
        password: "Circle Of Life",
        method: "GET",
        uri: "/dir/index.html",
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        qop: None,
    };
    assert_eq!(question.response(), "670fd8c2df070c60b045671b8b24ff02");
}

#[test]
fn right_wrong_and_replayed() {
    for first in [First::Sha256, First::Md5] {
        let mut world = World::new(first);
        let good = world.answer("right", 1);
        let bad = world.answer("wrong", 1);
        assert_eq!(world.judge(HERE, &bad), Verdict::Wrong);
        assert_eq!(world.judge(HERE, &good), Verdict::Fresh);
        assert_eq!(world.judge(HERE, &good), Verdict::Replay);
        let next = world.answer("right", 2);
        assert_eq!(world.judge(HERE, &next), Verdict::Fresh);
    }
}

#[test]
fn counts_may_overtake_each_other_within_the_window() {
    let mut world = World::new(First::Sha256);
    for (count, verdict) in [
        (10, Verdict::Fresh),
        (9, Verdict::Fresh),
        (9, Verdict::Replay),
        (100, Verdict::Fresh),
        (99, Verdict::Fresh),
        (10, Verdict::Replay),
        (36, Verdict::Replay),
        (37, Verdict::Fresh),
        (u32::MAX, Verdict::Fresh),
        (u32::MAX, Verdict::Replay),
    ] {
        let credentials = world.answer("right", count);
        assert_eq!(world.judge(HERE, &credentials), verdict, "count {count}");
    }
}

#[test]
fn another_source_an_old_nonce_and_a_made_up_nonce_are_stale() {
    let mut world = World::new(First::Sha256);
    let good = world.answer("right", 1);
    assert_eq!(world.judge(THERE, &good), Verdict::Stale);
    let start = world.now;
    world.now = start + core::time::Duration::from_secs(NONCE_LIFETIME_S + 1);
    assert_eq!(world.judge(HERE, &good), Verdict::Stale);
    world.now = start;
    world.challenge.nonce.replace_range(0..1, "f");
    let forged = world.answer("right", 1);
    assert_eq!(world.judge(HERE, &forged), Verdict::Stale);
    world.challenge.nonce = "ż".repeat(28);
    let odd = world.answer("right", 1);
    assert_eq!(world.judge(HERE, &odd), Verdict::Stale);
    // The wrong password never learns that the nonce is stale.
    let wrong = world.answer("wrong", 1);
    assert_eq!(world.judge(HERE, &wrong), Verdict::Wrong);
}

#[test]
fn a_legacy_answer_is_good_once() {
    let mut world = World::new(First::Md5);
    world.challenge.qop = false;
    let legacy = world.answer("right", 1);
    assert_eq!(legacy.qop, None);
    assert_eq!(world.judge(HERE, &legacy), Verdict::Fresh);
    assert_eq!(world.judge(HERE, &legacy), Verdict::Replay);
    // Nor may the nonce be used with a count afterwards.
    world.challenge.qop = true;
    let counted = world.answer("right", 7);
    assert_eq!(world.judge(HERE, &counted), Verdict::Replay);
}

#[test]
fn other_realm_and_other_target_are_wrong() {
    let mut world = World::new(First::Sha256);
    let who = ("2005", "right");
    let other = answer(
        &world.challenge,
        who,
        &Method::Register,
        "sip:2006@office",
        (1, "c"),
    );
    assert_eq!(world.judge(HERE, &other), Verdict::Wrong);
    let port = answer(
        &world.challenge,
        who,
        &Method::Register,
        "sip:office:5060",
        (1, "c"),
    );
    assert_eq!(world.judge(HERE, &port), Verdict::Fresh);
    world.challenge.realm = "elsewhere".into();
    let realm = world.answer("right", 2);
    assert_eq!(world.judge(HERE, &realm), Verdict::Wrong);
}

#[test]
fn a_nonce_that_lost_its_slot_is_stale_not_fresh() {
    assert_eq!(DIGEST_NONCES % 2, 0);
    let mut world = World::new(First::Sha256);
    let old = world.answer("right", 1);
    assert_eq!(world.judge(HERE, &old), Verdict::Fresh);
    // Each call issues two nonces: after this many the first one's place is wanted again.
    for _ in 0..DIGEST_NONCES / 2 {
        let [next, _] = world
            .nonces
            .challenge(world.now, HERE, REALM, First::Sha256, false);
        world.challenge = next;
    }
    let newer = world.answer("right", 1);
    assert_eq!(world.judge(HERE, &newer), Verdict::Fresh);
    assert_eq!(world.judge(HERE, &old), Verdict::Stale);
}

#[test]
fn headers_are_read_back_as_written() {
    let mut nonces = Nonces::new([1; 32]);
    let realm = r#"a "quoted", realm"#;
    for challenge in nonces.challenge(Instant::ZERO, HERE, realm, First::Md5, true) {
        assert_eq!(
            Challenge::parse(&challenge.to_string()),
            Some(challenge.clone())
        );
        let who = (r#"o"brien\"#, "x");
        let credentials = answer(&challenge, who, &Method::Invite, "sip:a@b", (0x0a, "cn"));
        assert_eq!(
            Credentials::parse(&credentials.to_string()).as_ref(),
            Some(&credentials)
        );
        assert_eq!(credentials.count(), Some(10));
    }
}

#[test]
fn odd_credentials() {
    let parse = Credentials::parse;
    let base = r#"Digest username="u",realm="r",nonce="n",uri="sip:a",response="0""#;
    assert!(parse(base).is_some_and(|c| c.algorithm == Algorithm::Md5 && c.qop.is_none()));
    for tail in [
        r#",algorithm=SHA-512-256"#,
        r#",qop=auth-int,nc=00000001,cnonce="c""#,
        r#",qop=auth,cnonce="c""#,
        r#",username="v""#,
        r#",username*=UTF-8''v"#,
    ] {
        assert_eq!(parse(&format!("{base}{tail}")), None, "{tail}");
    }
    let star = base.replace(r#"username="u""#, "username*=UTF-8''J%C3%A4s");
    assert_eq!(parse(&star).map(|c| c.username).as_deref(), Some("Jäs"));
    assert_eq!(parse("Basic dTpw"), None);
    assert_eq!(parse("Digest"), None);
    let count = |nc: &str| {
        let text = format!(r#"{base},qop="auth",nc={nc},cnonce="c""#);
        parse(&text).and_then(|c| c.count())
    };
    assert_eq!(count("0000000a"), Some(10));
    for bad in ["0", "+1", "100000000", "x"] {
        assert_eq!(count(bad), None, "{bad}");
    }
}

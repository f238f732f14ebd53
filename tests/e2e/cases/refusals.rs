//! Registration by hand, single requests, and messages that no phone should send.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use tests_e2e::{
    exchange::{Exchange, Office},
    phone::{Algorithm, Phone},
    set::Set,
    wait::{now, s},
};

/// What the person at the set says in these tests.
const MARK_HZ: u32 = 940;

fn office() -> Exchange {
    Exchange::start(&Office::with(&["2005", "2006"]))
}

/// The set calls the echo test and hears itself.
fn call_in_progress(exchange: &Exchange) -> Set<'_> {
    let set = Set::of(exchange);
    set.hears_itself(MARK_HZ);
    set
}

#[test]
fn sha_256_is_offered_first_and_taken() {
    let exchange = office();
    let mut phone = Phone::new(exchange.at.udp, "2005");
    let challenge = phone.register_once("", 300);
    assert_eq!(challenge.status(), 401, "{}", challenge.0);
    let offers = challenge.headers("WWW-Authenticate");
    assert!(offers[0].contains("algorithm=SHA-256"), "{offers:?}");
    let answer = phone.answer_challenge(&challenge, Algorithm::Sha256, 300);
    assert_eq!(answer.status(), 200, "{}", answer.0);
    assert_eq!(exchange.metric("registrations"), 1);
    assert_eq!(phone.register(Algorithm::Sha256, 0).status(), 200);
    assert_eq!(exchange.metric("registrations"), 0);
    exchange.stop();
}

#[test]
fn who_asks_again_without_credentials_is_offered_md5_alone() {
    let exchange = office();
    let mut phone = Phone::new(exchange.at.udp, "2005");
    let first = phone.register_once("", 300);
    assert_eq!(first.headers("WWW-Authenticate").len(), 2, "{}", first.0);
    // libre before 2.10 gives up when any challenge is not MD5.
    let second = phone.register_once("", 300);
    let offers = second.headers("WWW-Authenticate");
    assert!(
        offers.len() == 1 && offers[0].contains("algorithm=MD5"),
        "{offers:?}"
    );
    let answer = phone.answer_challenge(&second, Algorithm::Md5, 300);
    assert_eq!(answer.status(), 200, "{}", answer.0);
    // From now on this owner's phones are offered what they know at once, after a restart too.
    let exchange = exchange.restart();
    let offers = Phone::new(exchange.at.udp, "2005").register_once("", 300);
    let offers = offers.headers("WWW-Authenticate");
    assert!(
        offers.len() == 1 && offers[0].contains("algorithm=MD5"),
        "{offers:?}"
    );
    exchange.stop();
}

#[test]
fn a_wrong_password_is_refused_for_ever() {
    let exchange = office();
    let mut phone = Phone::new(exchange.at.udp, "2005").with_password("guessed");
    for _ in 0..10 {
        assert_eq!(phone.register(Algorithm::Sha256, 300).status(), 401);
    }
    assert_eq!(exchange.metric("registrations"), 0);
    assert!(exchange.metric("auth_wrong_total") >= 10);
    exchange.stop();
}

#[test]
fn credentials_cannot_be_used_twice() {
    let exchange = office();
    let mut phone = Phone::new(exchange.at.udp, "2005");
    let challenge = phone.register_once("", 300);
    let good = phone.answer_challenge(&challenge, Algorithm::Sha256, 300);
    assert_eq!(good.status(), 200, "{}", good.0);
    let again = phone.answer_challenge(&challenge, Algorithm::Sha256, 300);
    assert_eq!(again.status(), 401, "{}", again.0);
    exchange.stop();
}

#[test]
fn single_requests_get_the_answers_of_the_rfc() {
    let exchange = office();
    let at = exchange.at.udp;
    let here = format!("sip:{at}");
    let mut phone = Phone::new(at, "2005");
    let options = phone.ask("OPTIONS", &here, "", "");
    assert_eq!(options.status(), 200, "{}", options.0);
    let unknown = phone.ask("DANCE", &here, "", "");
    assert_eq!(unknown.status(), 405, "{}", unknown.0);
    assert!(!unknown.headers("Allow").is_empty(), "{}", unknown.0);
    let bye = phone.ask("BYE", &here, "", "");
    assert_eq!(bye.status(), 481, "{}", bye.0);
    let required = phone.ask("OPTIONS", &here, "Require: x-teleport\r\n", "");
    assert_eq!(required.status(), 420, "{}", required.0);
    assert_eq!(required.headers("Unsupported"), ["x-teleport"]);
    exchange.stop();
}

#[test]
fn an_offer_without_a_known_codec_is_not_acceptable() {
    let exchange = office();
    let at = exchange.at.udp;
    let mut phone = Phone::new(at, "2005");
    let contact = format!("Contact: <sip:2005@{}>\r\n", phone.address());
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
               m=audio 40000 RTP/AVP 96\r\na=rtpmap:96 FANCY/8000\r\n";
    let answer = phone.ask_as_owner("INVITE", &format!("sip:*43@{at}"), &contact, sdp);
    assert_eq!(answer.status(), 488, "{}", answer.0);
    exchange.rest();
    exchange.stop();
}

#[test]
fn garbage_does_not_disturb_a_call() {
    let exchange = office();
    let set = call_in_progress(&exchange);
    let phone = Phone::new(exchange.at.udp, "2005");
    let invite = phone.request("INVITE", &format!("sip:2006@{}", exchange.at.udp), "", "");
    let huge = format!(
        "OPTIONS sip:x SIP/2.0\r\nSubject: {}\r\n\r\n",
        "x".repeat(65_000)
    );
    let mut mutated = invite.clone().into_bytes();
    for round in 0..2_000_usize {
        // A cheap walk over all places and values, the same in every run.
        let at = round * 31 % mutated.len();
        mutated[at] = mutated[at].wrapping_add(u8::try_from(round * 7 % 251).expect("below 251"));
        phone.send(&mutated);
        phone.send(&vec![
            u8::try_from(round % 256).expect("below 256");
            round % 1_400
        ]);
        if round % 100 == 0 {
            phone.send(huge.get(..65_000).expect("it is longer").as_bytes());
            mutated = invite.clone().into_bytes();
        }
    }
    // The same on a stream, which ends at the first byte that cannot be SIP.
    let mut stream = TcpStream::connect(exchange.at.tcp).expect("the exchange listens");
    let _ = stream.write_all(&vec![0xff; 200_000]);
    let options = Phone::new(exchange.at.udp, "2005").ask(
        "OPTIONS",
        &format!("sip:{}", exchange.at.udp),
        "",
        "",
    );
    assert_eq!(options.status(), 200, "it still answers");
    set.hears(MARK_HZ, s(30));
    let metrics = exchange.metrics();
    assert!(metrics["sip_garbage_total"] > 1_000, "{metrics:?}");
    assert_eq!(metrics["calls"], 1, "{metrics:?}");
    set.hang_up();
    exchange.rest();
    exchange.stop();
}

#[test]
fn half_open_connections_are_closed_in_15_seconds() {
    let exchange = office();
    let half = "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1\r\n";
    // Nothing, a part of a message, and a TLS handshake that never begins.
    let cases: [(SocketAddr, &str); 4] = [
        (exchange.at.tcp, ""),
        (exchange.at.tcp, half),
        (exchange.at.tls, ""),
        (exchange.at.tls, "\u{16}\u{3}\u{1}"),
    ];
    let started = now();
    let streams = cases.map(|(at, text)| {
        let mut stream = TcpStream::connect(at).expect("the exchange listens");
        stream.write_all(text.as_bytes()).expect("it is read");
        stream.set_read_timeout(Some(s(60))).expect("it is one");
        stream
    });
    for (mut stream, case) in streams.into_iter().zip(cases) {
        let mut end = [0; 64];
        loop {
            match stream.read(&mut end) {
                Ok(0) => break,
                // What TLS says of its end.
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::ConnectionReset => break,
                Err(e) => panic!("{case:?} is still open after {:?}: {e}", started.elapsed()),
            }
        }
        let took = started.elapsed();
        // To the millisecond in `control::handshakes` and `pbx::flows`, whose time is handed in; here the rest
        // is for a machine that is busy with other things.
        assert!(took < s(30), "{case:?} was closed after {took:?}");
    }
    exchange.stop();
}

use std::sync::Arc;

use config::{Config, Media};
use model::{SrtpSuite, Transport};

use super::*;

/// The settings of a phone by the keys that stand in `[media]`.
fn settings(keys: &str) -> Media {
    let text = format!("[office]\ncountry = \"PL\"\n[media]\n{keys}\n");
    let config = Arc::new(Config::parse(&text).expect("a legal text"));
    config.media.clone()
}

const WIDE: &str = "codecs = [\"opus\", \"g722\", \"pcma\", \"pcmu\"]\n";

fn leg(port: u16, keys: &str, transport: Transport) -> Talk {
    let terms = Terms::new(settings(keys), transport);
    let octet = u8::try_from(port / 1_000).expect("small");
    let secrets = Secrets::new([octet; 32], port.into(), Some(Fingerprint([octet; 32])));
    let mut talk = Talk::new(IpAddr::from([127, 0, 0, 1]), 7, terms, secrets);
    talk.set_port(port);
    talk
}

fn talk(port: u16) -> Talk {
    leg(port, "", Transport::Udp)
}

fn commands(talk: &mut Talk) -> Vec<MediaCommand> {
    let place = MediaLeg {
        slot: 0,
        generation: 0,
    };
    talk.commands(place, IpAddr::from([127, 0, 0, 1]), true)
}

fn params_from(talk: &mut Talk, source: [u8; 4]) -> RtpParams {
    let place = MediaLeg {
        slot: 0,
        generation: 0,
    };
    match talk.commands(place, source.into(), true).first() {
        Some(MediaCommand::SetRtp { params, .. }) => *params,
        other => panic!("no agreement: {other:?}"),
    }
}

/// Offer and answer between two legs of ours, and what both came to.
fn agree(caller: &mut Talk, called: &mut Talk) -> Result<[Protection; 2], TalkError> {
    let offer = caller.offer(&[]);
    called.hear_offer(&offer)?;
    let answer = called.answer(&[])?;
    caller.hear_answer(&answer)?;
    let outcome = |talk: &Talk| talk.outcome().expect("agreed").protection;
    Ok([outcome(caller), outcome(called)])
}

#[test]
fn both_legs_of_a_call_come_to_one_codec() {
    let narrow = "codecs = [\"pcma\", \"pcmu\"]";
    let mut caller = leg(4000, narrow, Transport::Udp);
    let mut inbound = talk(5000);
    let offer = caller.offer(&[Codec::Pcmu]);
    inbound.hear_offer(&offer).expect("a legal offer");
    assert_eq!(inbound.offered(), [Codec::Pcmu, Codec::Pcma]);
    let answer = inbound.answer(&[Codec::Pcma]).expect("common");
    assert_eq!(inbound.answer(&[]), Ok(answer.clone()), "given once");
    caller.hear_answer(&answer).expect("fits the offer");
    assert_eq!(caller.codec(), Some(Codec::Pcma));
    let params = params_from(&mut caller, [127, 0, 0, 1]);
    assert_eq!(
        (params.learn, params.remote.map(|r| r.port())),
        (Learn::Never, Some(5000))
    );
    let source = [192, 0, 2, 1];
    let params = params_from(&mut caller, source);
    assert_eq!(params.learn, Learn::From(source.into()));
}

#[test]
fn a_changed_description_has_a_new_version_and_an_equal_one_has_not() {
    let mut talk = talk(4000);
    let first = talk.offer(&[]);
    assert_eq!(talk.offer_again(&[]), first);
    let other = talk.offer(&[Codec::Pcmu]);
    assert!(String::from_utf8_lossy(&other).starts_with("v=0\r\no=- 3 2 "));
}

#[test]
fn a_phone_is_offered_what_it_may_have_in_the_order_of_the_caller() {
    let narrow = "codecs = [\"pcma\", \"g722\"]";
    let mut called = leg(4000, narrow, Transport::Udp);
    let offer = called.offer(&[Codec::Opus, Codec::G722, Codec::Pcmu]);
    let offer = sdp::parse(&offer).expect("legal");
    let codecs: Vec<_> = offer.media[0].codecs().map(|(_, codec)| codec).collect();
    assert_eq!(codecs, [Codec::G722, Codec::Pcma]);
    // The phone itself offers more than it may have.
    let mut phone = leg(5000, WIDE, Transport::Udp);
    called.hear_offer(&phone.offer(&[])).expect("common");
    assert_eq!(called.offered(), [Codec::G722, Codec::Pcma]);
    assert!(called.can(Codec::Pcma) && !called.can(Codec::Opus) && !called.can(Codec::Pcmu));
}

#[test]
fn beside_a_set_nothing_is_wide_that_need_not_be() {
    let mut phone = talk(4000);
    // A set calls: the phone may choose, but is asked for G.711 first.
    let offer = sdp::parse(&phone.offer(&phone.narrow())).expect("legal");
    let codecs: Vec<_> = offer.media[0].codecs().map(|(_, codec)| codec).collect();
    let all = [Codec::Pcma, Codec::Pcmu, Codec::Opus, Codec::G722];
    assert_eq!(codecs, all);
    // A phone calls a set: its own order counts among what is narrow.
    let narrowed = |keys: &str| {
        let mut inbound = talk(5000);
        let offer = leg(6000, keys, Transport::Udp).offer(&[]);
        inbound.hear_offer(&offer).expect("common");
        let preferred = inbound.narrow();
        inbound.answer(&preferred).expect("common");
        inbound.codec()
    };
    let opus_first = "codecs = [\"opus\", \"pcmu\", \"pcma\"]";
    assert_eq!(narrowed(opus_first), Some(Codec::Pcmu));
    assert_eq!(narrowed("codecs = [\"opus\", \"g722\"]"), Some(Codec::Opus));
}

#[test]
fn an_offer_of_everything_leaves_room_in_a_datagram() {
    let offer = talk(4000).offer(&[]);
    // RFC 3261 §18.1.1: 1,300 bytes with all headers, of which there are some 600.
    assert!(offer.len() < 600, "{}", String::from_utf8_lossy(&offer));
}

#[test]
fn who_is_protected() {
    use Protection::{Clear, Srtp};
    use TalkError::Unprotected;
    use Transport::{Tls, Udp};
    let come = |a: (&str, Transport), b: (&str, Transport)| {
        let key = |policy: &str| format!("encryption = \"{policy}\"");
        let mut caller = leg(4000, &key(a.0), a.1);
        agree(&mut caller, &mut leg(5000, &key(b.0), b.1))
    };
    assert_eq!(come(("offer", Tls), ("offer", Tls)), Ok([Srtp; 2]));
    assert_eq!(come(("offer", Udp), ("offer", Udp)), Ok([Clear; 2]));
    assert_eq!(come(("offer", Tls), ("off", Tls)), Ok([Clear; 2]));
    assert_eq!(come(("off", Tls), ("offer", Tls)), Ok([Clear; 2]));
    assert_eq!(come(("require", Udp), ("offer", Udp)), Ok([Srtp; 2]));
    assert_eq!(come(("offer", Tls), ("require", Tls)), Ok([Srtp; 2]));
    assert_eq!(come(("require", Tls), ("off", Tls)), Err(Unprotected));
    assert_eq!(come(("off", Tls), ("require", Tls)), Err(Unprotected));
}

#[test]
fn both_ends_have_each_others_keys_and_a_hold_keeps_them() {
    let policy = "encryption = \"require\"";
    let mut caller = leg(4000, policy, Transport::Tls);
    let mut called = leg(5000, policy, Transport::Tls);
    agree(&mut caller, &mut called).expect("both require it");
    let keys = |talk: &mut Talk| match commands(talk)[..] {
        [
            MediaCommand::SetRtp { params, .. },
            MediaCommand::SetKeys { send, receive, .. },
        ] => {
            assert_eq!(params.protection, Protection::Srtp);
            assert_eq!(send.suite(), SrtpSuite::AesCm80);
            (send, receive)
        }
        ref other => panic!("{other:?}"),
    };
    let (ours, theirs) = (keys(&mut caller), keys(&mut called));
    assert_eq!((ours.0, ours.1), (theirs.1, theirs.0));
    assert_ne!(ours.0, ours.1);
    let again = caller.offer_again(&[]);
    called.hear_offer(&again).expect("the same again");
    let answer = called.answer(&[]).expect("the same again");
    caller.hear_answer(&answer).expect("the same again");
    assert_eq!((keys(&mut caller), keys(&mut called)), (ours, theirs));
}

/// RFC 4568 §7.1.4: whoever offers again may change its key; the other side's stays.
#[test]
fn a_hold_with_a_new_key_changes_that_key_only() {
    let policy = "encryption = \"require\"";
    let mut caller = leg(4000, policy, Transport::Tls);
    let mut called = leg(5000, policy, Transport::Tls);
    agree(&mut caller, &mut called).expect("both require it");
    let keys = |talk: &mut Talk| match commands(talk)[..] {
        [_, MediaCommand::SetKeys { send, receive, .. }] => (send, receive),
        ref other => panic!("{other:?}"),
    };
    let before = keys(&mut called);
    let offer = String::from_utf8(caller.offer_again(&[])).expect("text");
    let (head, key) = offer.split_once("inline:").expect("a key");
    let (_, rest) = key.split_at(4);
    let held = format!("{head}inline:AbCd{rest}").replace("a=sendrecv", "a=sendonly");
    assert_ne!(held, offer);
    called.hear_offer(held.as_bytes()).expect("a new key");
    let answer = called.answer(&[]).expect("a new key");
    let after = keys(&mut called);
    assert_eq!(after.0, before.0, "ours stays");
    assert_ne!(after.1, before.1, "theirs is the new one");
    caller.hear_answer(&answer).expect("ours as before");
    assert_eq!(keys(&mut caller).1, before.0);
}

/// RFC 4568 §7.1.4: an offer during a call may name other suites. A key of ours that was in use is never used again:
/// its packets would be counted from the start.
#[test]
fn a_hold_with_another_suite_has_new_keys_and_so_has_the_way_back() {
    let policy = "encryption = \"require\"";
    let mut caller = leg(4000, policy, Transport::Tls);
    let mut called = leg(5000, policy, Transport::Tls);
    agree(&mut caller, &mut called).expect("both require it");
    let ours = |talk: &mut Talk| match commands(talk)[..] {
        [_, MediaCommand::SetKeys { send, receive, .. }] => {
            assert_eq!(send.suite(), receive.suite());
            send
        }
        ref other => panic!("{other:?}"),
    };
    let mut used = vec![ours(&mut called)];
    let offer = String::from_utf8(caller.offer_again(&[])).expect("text");
    for (suite, name) in [
        (SrtpSuite::AesCm32, "AES_CM_128_HMAC_SHA1_32"),
        (SrtpSuite::AesCm80, "AES_CM_128_HMAC_SHA1_80"),
    ] {
        let offer = offer.replace("AES_CM_128_HMAC_SHA1_80", name);
        called
            .hear_offer(offer.as_bytes())
            .expect("a suite of ours");
        called.answer(&[]).expect("a suite of ours");
        let key = ours(&mut called);
        assert_eq!(key.suite(), suite);
        assert!(!used.contains(&key), "{suite:?}");
        used.push(key);
        called.hear_offer(offer.as_bytes()).expect("the same again");
        called.answer(&[]).expect("the same again");
        assert_eq!(ours(&mut called), key);
    }
}

#[test]
fn protection_is_not_given_up_during_a_call() {
    let mut caller = leg(4000, "", Transport::Tls);
    let mut called = leg(5000, "", Transport::Tls);
    assert_eq!(agree(&mut caller, &mut called), Ok([Protection::Srtp; 2]));
    let clear = talk(6000).offer(&[]);
    assert_eq!(called.hear_offer(&clear), Err(TalkError::Unprotected));
    let mut other = leg(7000, "encryption = \"off\"", Transport::Udp);
    let offer = caller.offer_again(&[]);
    other.hear_offer(&offer).expect("a plain line with keys");
    let answer = other.answer(&[]).expect("plain");
    assert_eq!(caller.hear_answer(&answer), Err(TalkError::Unprotected));
    assert_eq!(
        caller.outcome().map(|outcome| outcome.protection),
        Some(Protection::Srtp)
    );
}

#[test]
fn a_browser_gets_dtls_once_and_checks_anew_when_it_asks() {
    let mut browser = leg(4000, WIDE, Transport::Wss);
    let mut ours = leg(5000, WIDE, Transport::Wss);
    assert_eq!(agree(&mut browser, &mut ours), Ok([Protection::Srtp; 2]));
    let said = commands(&mut ours);
    let [
        MediaCommand::SetRtp { params, .. },
        MediaCommand::SetIce { ice, .. },
        MediaCommand::StartDtls {
            role, fingerprint, ..
        },
    ] = said[..]
    else {
        panic!("{said:?}");
    };
    assert!(params.rtcp_mux && params.remote.is_none() && params.send);
    assert_eq!(
        (role, fingerprint),
        (DtlsRole::Server, Fingerprint([4; 32]))
    );
    assert_eq!(
        Some((ice.remote_name, ice.remote_password)),
        browser.secrets.ice()
    );
    assert_eq!(commands(&mut browser).len(), 3);
    // Said again without a change, nothing is started again.
    let again = browser.offer_again(&[]);
    ours.hear_offer(&again).expect("the same");
    ours.answer(&[]).expect("the same");
    assert_eq!(commands(&mut ours).len(), 1);
    // Other names in checks: ours change too, and the handshake stays.
    browser.secrets.restart_ice();
    let before = ours.secrets.ice();
    let again = browser.offer_again(&[]);
    ours.hear_offer(&again).expect("new checks");
    ours.answer(&[]).expect("new checks");
    assert_ne!(ours.secrets.ice(), before);
    let said = commands(&mut ours);
    assert!(
        matches!(said[..], [_, MediaCommand::SetIce { .. }]),
        "{said:?}"
    );
}

#[test]
fn a_browser_is_never_talked_to_in_clear() {
    for transport in [Transport::Ws, Transport::Wss] {
        for policy in ["off", "offer", "require"] {
            let mut browser = leg(4000, &format!("encryption = \"{policy}\""), transport);
            let plain = talk(5000).offer(&[]);
            assert_eq!(browser.hear_offer(&plain), Err(TalkError::Unprotected));
            let offer = String::from_utf8(browser.offer(&[])).expect("text");
            assert!(offer.contains("UDP/TLS/RTP/SAVPF") && !offer.contains("crypto"));
        }
    }
}

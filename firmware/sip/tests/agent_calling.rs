//! The calling side against hand-written messages: RFC 3665 §3 seen from Alice, forks, challenges
//! and CANCEL races.

mod rig;

use rig::{
    ended, invite_params,
    script::{Script, body, has_header, header, tag},
};
use sip::{HeaderName, Headers, How, Method, NameAddr, Outcome, UsageEvent, UsageKey};

const CONTACT: &str = "Contact: <sip:bob@192.0.2.2:5062>";

fn call(script: &mut Script) -> (UsageKey, String) {
    let mut params = invite_params(0, Some(b"offer".to_vec()));
    params.peer = script.peer;
    let usage = script.act(|agent, now| agent.invite(now, params).expect("room"));
    (usage, script.expect("INVITE "))
}

/// A call that Bob answered.
fn established(script: &mut Script) -> (UsageKey, String, String) {
    let (usage, invite) = call(script);
    script.answer_with(&invite, "200 OK", "b1", CONTACT, "answer");
    let ack = script.expect("ACK ");
    assert!(matches!(script.event(), UsageEvent::Answered { .. }));
    (usage, invite, ack)
}

#[test]
fn the_requests_of_a_successful_call() {
    let mut script = Script::new();
    let (usage, invite) = call(&mut script);
    assert!(invite.starts_with("INVITE sip:b@192.0.2.2 SIP/2.0\r\n"));
    assert!(header(&invite, "Via").starts_with("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK"));
    assert!(header(&invite, "Via").ends_with(";rport"));
    assert_eq!(header(&invite, "Max-Forwards"), "70");
    assert_eq!(header(&invite, "Contact"), "<sip:192.0.2.1:5060>");
    assert_eq!(header(&invite, "Session-Expires"), "1800");
    assert_eq!(header(&invite, "Min-SE"), "90");
    assert!(header(&invite, "Supported").contains("100rel"));
    assert_eq!(body(&invite), "offer");

    script.answer(&invite, "100 Trying", "", "");
    script.no_event();
    script.answer(&invite, "180 Ringing", "b1", CONTACT);
    assert!(matches!(script.event(), UsageEvent::Ringing));
    let routes = "Record-Route: <sip:p1.example;lr>\nRecord-Route: <sip:p2.example;lr>";
    script.answer_with(
        &invite,
        "200 OK",
        "b1",
        &format!("{CONTACT}\n{routes}"),
        "answer",
    );
    let ack = script.expect("ACK sip:bob@192.0.2.2:5062 SIP/2.0\r\n");
    // RFC 3261 §12.1.2: the caller takes the route set in reverse.
    let seen: Vec<&str> = ack
        .lines()
        .filter_map(|l| l.strip_prefix("Route: "))
        .collect();
    assert_eq!(seen, ["<sip:p2.example;lr>", "<sip:p1.example;lr>"]);
    let number = header(&invite, "CSeq").replace("INVITE", "ACK");
    assert_eq!(header(&ack, "CSeq"), number);
    assert_ne!(header(&ack, "Via"), header(&invite, "Via"));
    match script.event() {
        UsageEvent::Answered { sdp: Some(sdp), .. } => assert_eq!(sdp, b"answer"),
        other => panic!("{other:?}"),
    }
    // The ACK was lost: the 2xx comes again, and so does the same ACK.
    script.answer_with(&invite, "200 OK", "b1", CONTACT, "answer");
    assert_eq!(script.take(), ack);
    script.no_event();

    let reason = sip::Reason::q850(16, "Normal");
    script.act(|agent, now| agent.hang_up(now, usage, Some(reason)).expect("lives"));
    let bye = script.expect("BYE sip:bob@192.0.2.2:5062 SIP/2.0\r\n");
    assert_eq!(tag(header(&bye, "To")), "b1");
    assert_eq!(header(&bye, "Reason"), "Q.850;cause=16;text=\"Normal\"");
    let of = |text: &str| header(text, "CSeq").split(' ').next().map(str::to_owned);
    let number = |text: &str| {
        of(text)
            .and_then(|n| n.parse::<u32>().ok())
            .expect("number")
    };
    assert_eq!(number(&bye), number(&invite) + 1);
    script.answer(&bye, "200 OK", "", "");
    // Even after the end a repeated 2xx is acknowledged.
    script.answer_with(&invite, "200 OK", "b1", CONTACT, "answer");
    assert_eq!(script.take(), ack);
    script.rest();
}

#[test]
fn a_preloaded_route_and_extra_headers_go_out() {
    let mut script = Script::new();
    let mut params = invite_params(0, None);
    params.route = vec![
        NameAddr::parse("<sip:edge.example;lr>").expect("legal"),
        NameAddr::parse("<sip:core.example;lr>").expect("legal"),
    ];
    params.headers = Headers::new();
    params
        .headers
        .push(HeaderName::AlertInfo, "<urn:alert:source:internal>");
    params.contact = Some(NameAddr::parse("<sip:office@203.0.113.5:5060>").expect("legal"));
    params.max_forwards = 12;
    script.act(|agent, now| agent.invite(now, params).expect("room"));
    let invite = script.expect("INVITE sip:b@192.0.2.2 SIP/2.0\r\n");
    let routes: Vec<&str> = invite
        .lines()
        .filter_map(|l| l.strip_prefix("Route: "))
        .collect();
    assert_eq!(routes, ["<sip:edge.example;lr>", "<sip:core.example;lr>"]);
    assert_eq!(header(&invite, "Alert-Info"), "<urn:alert:source:internal>");
    assert_eq!(header(&invite, "Contact"), "<sip:office@203.0.113.5:5060>");
    assert_eq!(header(&invite, "Max-Forwards"), "12");
    assert_eq!(header(&invite, "Content-Length"), "0");
    // Without an offer of ours a reliable 1xx could carry theirs; that is not asked for.
    assert!(!header(&invite, "Supported").contains("100rel"));
}

#[test]
fn an_unanswered_invite_is_repeated_and_given_up() {
    let mut script = Script::new();
    call(&mut script);
    script.wait_ms(31_999);
    assert_eq!(script.times(), [500, 1500, 3500, 7500, 15_500, 31_500]);
    script.no_event();
    script.wait_ms(1);
    assert!(matches!(ended(script.event()), How::Timeout));
    assert_eq!(script.agent.sizes(), sip::AgentSizes::default());
}

#[test]
fn a_provisional_response_ends_the_repeating_for_good() {
    let mut script = Script::new();
    let (_, invite) = call(&mut script);
    script.answer(&invite, "100 Trying", "", "");
    script.wait_ms(600_000);
    script.silent();
    script.no_event();
}

#[test]
fn a_refusal_is_acknowledged_in_its_transaction() {
    let mut script = Script::new();
    let (_, invite) = call(&mut script);
    script.answer(&invite, "486 Busy Here", "b1", "Reason: Q.850;cause=17");
    let ack = script.expect("ACK sip:b@192.0.2.2 SIP/2.0\r\n");
    assert_eq!(header(&ack, "Via"), header(&invite, "Via"));
    assert_eq!(tag(header(&ack, "To")), "b1");
    match script.event() {
        UsageEvent::Ended {
            how: How::Refused { status, .. },
            q850,
        } => assert_eq!((status, q850), (486, Some(17))),
        other => panic!("{other:?}"),
    }
    script.answer(&invite, "486 Busy Here", "b1", "");
    assert_eq!(script.take(), ack);
    script.no_event();
    script.rest();
}

#[test]
fn on_a_stream_nothing_is_repeated_and_nothing_lingers() {
    let mut script = Script::on_stream();
    let (_, invite) = call(&mut script);
    assert!(header(&invite, "Via").starts_with("SIP/2.0/TCP "));
    assert_eq!(
        header(&invite, "Contact"),
        "<sip:192.0.2.1:5060;transport=tcp>"
    );
    script.wait_ms(10_000);
    script.silent();
    script.answer(&invite, "404 Not Found", "b1", "");
    script.expect("ACK ");
    assert_eq!(script.agent.sizes(), sip::AgentSizes::default());
}

#[test]
fn a_challenge_is_handed_up_with_its_headers() {
    let mut script = Script::new();
    let (_, invite) = call(&mut script);
    let challenge = "Proxy-Authenticate: Digest realm=\"atlanta\", nonce=\"f84f1c\"";
    script.answer(
        &invite,
        "407 Proxy Authentication Required",
        "b1",
        challenge,
    );
    script.expect("ACK ");
    match ended(script.event()) {
        How::Refused {
            status, headers, ..
        } => {
            assert_eq!(status, 407);
            assert!(headers.contains(&HeaderName::ProxyAuthenticate));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_cancel_waits_for_a_provisional_response() {
    let mut script = Script::new();
    let (usage, invite) = call(&mut script);
    let reason = sip::Reason::sip(200, "Call completed elsewhere");
    script.act(|agent, now| agent.cancel(now, usage, Some(reason)).expect("lives"));
    assert!(matches!(ended(script.event()), How::Local));
    script.silent();
    script.answer(&invite, "180 Ringing", "b1", CONTACT);
    let cancel = script.expect("CANCEL sip:b@192.0.2.2 SIP/2.0\r\n");
    assert_eq!(header(&cancel, "Via"), header(&invite, "Via"));
    assert_eq!(header(&cancel, "To"), header(&invite, "To"));
    let number = header(&invite, "CSeq").replace("INVITE", "CANCEL");
    assert_eq!(header(&cancel, "CSeq"), number);
    assert_eq!(
        header(&cancel, "Reason"),
        "SIP;cause=200;text=\"Call completed elsewhere\""
    );
    // Lost: it is repeated.
    script.wait_ms(500);
    assert_eq!(script.take(), cancel);
    script.answer(&cancel, "200 OK", "b1", "");
    script.answer(&invite, "487 Request Terminated", "b1", "");
    script.expect("ACK ");
    script.wait_ms(60_000);
    script.silent();
    script.no_event();
    script.rest();
}

#[test]
fn an_answer_that_crosses_the_cancel_is_acknowledged_and_ended() {
    let mut script = Script::new();
    let (usage, invite) = call(&mut script);
    script.answer(&invite, "180 Ringing", "b1", CONTACT);
    script.event();
    script.act(|agent, now| agent.cancel(now, usage, None).expect("lives"));
    assert!(matches!(ended(script.event()), How::Local));
    let cancel = script.expect("CANCEL ");
    script.answer_with(&invite, "200 OK", "b1", CONTACT, "answer");
    script.answer(&cancel, "200 OK", "b1", "");
    let ack = script.expect("ACK sip:bob@192.0.2.2:5062 ");
    let bye = script.expect("BYE sip:bob@192.0.2.2:5062 ");
    assert_eq!(tag(header(&bye, "To")), "b1");
    script.answer(&bye, "200 OK", "", "");
    script.answer_with(&invite, "200 OK", "b1", CONTACT, "answer");
    assert_eq!(script.take(), ack);
    script.silent();
    script.no_event();
    script.rest();
}

#[test]
fn a_cancelled_invite_that_is_never_answered_is_forgotten() {
    let mut script = Script::new();
    let (usage, invite) = call(&mut script);
    script.answer(&invite, "180 Ringing", "b1", CONTACT);
    script.event();
    script.act(|agent, now| agent.cancel(now, usage, None).expect("lives"));
    let cancel = script.expect("CANCEL ");
    script.answer(&cancel, "200 OK", "b1", "");
    script.event();
    // RFC 3261 §9.1: 64·T1 after the CANCEL.
    script.wait_ms(32_000);
    assert_eq!(script.agent.sizes(), sip::AgentSizes::default());
}

#[test]
fn the_first_2xx_wins_and_later_forks_are_ended() {
    let mut script = Script::new();
    let (_, invite) = call(&mut script);
    script.answer(&invite, "180 Ringing", "b1", CONTACT);
    script.answer(
        &invite,
        "180 Ringing",
        "b2",
        "Contact: <sip:b2@198.51.100.2>",
    );
    script.answer_with(&invite, "200 OK", "b1", CONTACT, "answer");
    script.expect("ACK sip:bob@192.0.2.2:5062 ");
    script.answer_with(
        &invite,
        "200 OK",
        "b2",
        "Contact: <sip:b2@198.51.100.2>",
        "other",
    );
    script.expect("ACK sip:b2@198.51.100.2 ");
    let bye = script.expect("BYE sip:b2@198.51.100.2 ");
    assert_eq!(tag(header(&bye, "To")), "b2");
    script.answer(&bye, "200 OK", "", "");
    let kinds: Vec<&str> = script
        .events
        .iter()
        .map(|event| match event {
            UsageEvent::Ringing => "ringing",
            UsageEvent::Answered { .. } => "answered",
            _ => "other",
        })
        .collect();
    assert_eq!(kinds, ["ringing", "ringing", "answered"]);
}

#[test]
fn early_media_of_the_first_fork_only() {
    let mut script = Script::new();
    let (_, invite) = call(&mut script);
    script.answer_with(&invite, "183 Session Progress", "b1", CONTACT, "early");
    match script.event() {
        UsageEvent::EarlyMedia { sdp, status } => {
            assert_eq!((&sdp[..], status), (&b"early"[..], 183))
        }
        other => panic!("{other:?}"),
    }
    script.answer_with(&invite, "183 Session Progress", "b1", CONTACT, "early");
    script.no_event();
    script.answer_with(&invite, "183 Session Progress", "b2", CONTACT, "intruder");
    assert!(matches!(
        script.event(),
        UsageEvent::Progress { status: 183 }
    ));
    // A 2xx without SDP means the one given before.
    script.answer(&invite, "200 OK", "b1", CONTACT);
    match script.event() {
        UsageEvent::Answered { sdp: Some(sdp), .. } => assert_eq!(sdp, b"early"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_without_offer_takes_theirs_and_answers_in_the_ack() {
    let mut script = Script::new();
    let params = invite_params(0, None);
    let usage = script.act(|agent, now| agent.invite(now, params).expect("room"));
    let invite = script.expect("INVITE ");
    script.answer_with(&invite, "200 OK", "b1", CONTACT, "their offer");
    script.silent();
    assert!(matches!(
        script.event(),
        UsageEvent::Answered { sdp: Some(_), .. }
    ));
    script.answer_with(&invite, "200 OK", "b1", CONTACT, "their offer");
    script.silent();
    script.act(|agent, now| {
        agent
            .accept_offer(now, usage, b"ours".to_vec())
            .expect("waits")
    });
    let ack = script.expect("ACK ");
    assert_eq!(body(&ack), "ours");
    script.answer_with(&invite, "200 OK", "b1", CONTACT, "their offer");
    assert_eq!(script.take(), ack);
    script.act(|agent, now| agent.hang_up(now, usage, None).expect("lives"));
    let bye = script.expect("BYE ");
    script.answer(&bye, "200 OK", "", "");
    script.rest();
}

#[test]
fn a_call_without_offer_can_be_hung_up_before_the_answer() {
    let mut script = Script::new();
    let params = invite_params(0, None);
    let usage = script.act(|agent, now| agent.invite(now, params).expect("room"));
    let invite = script.expect("INVITE ");
    script.answer_with(&invite, "200 OK", "b1", CONTACT, "their offer");
    script.act(|agent, now| agent.reject_offer(now, usage, 488).expect("waits"));
    assert_eq!(body(&script.expect("ACK ")), "");
    let bye = script.expect("BYE ");
    script.answer(&bye, "200 OK", "", "");
    script.rest();
}

#[test]
fn a_longer_session_interval_is_tried_again() {
    let mut script = Script::new();
    let (_, invite) = call(&mut script);
    script.answer(
        &invite,
        "422 Session Interval Too Small",
        "b1",
        "Min-SE: 3600",
    );
    let ack = script.expect("ACK ");
    assert_eq!(tag(header(&ack, "To")), "b1");
    let again = script.expect("INVITE ");
    assert_eq!(header(&again, "Session-Expires"), "3600");
    assert_eq!(header(&again, "Min-SE"), "3600");
    assert_eq!(header(&again, "Call-ID"), header(&invite, "Call-ID"));
    assert_eq!(header(&again, "From"), header(&invite, "From"));
    assert!(!header(&again, "To").contains("tag="));
    assert_ne!(header(&again, "CSeq"), header(&invite, "CSeq"));
    assert_eq!(body(&again), "offer");
    script.no_event();
    // The same again is a refusal.
    script.answer(
        &again,
        "422 Session Interval Too Small",
        "b2",
        "Min-SE: 3600",
    );
    script.expect("ACK ");
    assert!(matches!(
        ended(script.event()),
        How::Refused { status: 422, .. }
    ));
    script.rest();
}

#[test]
fn a_request_that_says_481_ends_the_call() {
    let mut script = Script::new();
    let (usage, _, _) = established(&mut script);
    let mut headers = Headers::new();
    headers.push(HeaderName::ContentType, "application/dtmf-relay");
    let body_text = b"Signal=5\r\nDuration=160\r\n".to_vec();
    script.act(|agent, now| {
        agent
            .request_in(now, usage, Method::Info, &headers, body_text)
            .expect("lives")
    });
    let info = script.expect("INFO sip:bob@192.0.2.2:5062 ");
    assert!(!has_header(&info, "Contact"));
    script.answer(&info, "481 Call Does Not Exist", "", "");
    assert!(matches!(script.outcomes.pop_front(), Some(Outcome::Response(r)) if r.status == 481));
    assert!(matches!(ended(script.event()), How::UnknownToPeer));
    script.expect("BYE ");
}

#[test]
fn the_called_side_ends_the_call() {
    let mut script = Script::new();
    let (_, invite, ack) = established(&mut script);
    let bye = format!(
        "BYE sip:192.0.2.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKb1\n\
         Max-Forwards: 70\nFrom: {}\nTo: {}\nCall-ID: {}\nCSeq: 1 BYE",
        header(&ack, "To"),
        header(&ack, "From"),
        header(&invite, "Call-ID"),
    );
    let wrong = bye
        .replace(";tag=b1", ";tag=zz")
        .replace("z9hG4bKb1", "z9hG4bKb2");
    script.say(&wrong, "");
    script.expect("SIP/2.0 481");
    let wrong = bye
        .replace("Call-ID: ", "Call-ID: x")
        .replace("z9hG4bKb1", "z9hG4bKb3");
    script.say(&wrong, "");
    script.expect("SIP/2.0 481");
    script.no_event();
    script.say(&bye, "");
    script.expect("SIP/2.0 200 OK");
    assert!(matches!(ended(script.event()), How::Bye));
    script.rest();
}

/// RFC 3261 §15: who says BYE has answered. The answer was overtaken, and must not begin a call.
fn a_bye_faster_than_its_answer(rang: bool) {
    let mut script = Script::new();
    let (_, invite) = call(&mut script);
    let bye = format!(
        "BYE sip:192.0.2.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKb1\n\
         Max-Forwards: 70\nFrom: {};tag=b1\nTo: {}\nCall-ID: {}\nCSeq: 1 BYE",
        header(&invite, "To"),
        header(&invite, "From"),
        header(&invite, "Call-ID"),
    );
    let other_call = bye.replace("Call-ID: ", "Call-ID: x");
    script.say(&other_call.replace("z9hG4bKb1", "z9hG4bKb2"), "");
    script.expect("SIP/2.0 481");
    if rang {
        script.answer(&invite, "180 Ringing", "b1", CONTACT);
        assert!(matches!(script.event(), UsageEvent::Ringing));
    }
    script.no_event();
    script.say(&bye, "");
    script.expect("SIP/2.0 200 OK");
    assert!(matches!(ended(script.event()), How::Bye));
    if rang {
        script.expect("CANCEL ");
    }
    // The BYE comes again because its answer was lost, and so does the 200 until its ACK.
    script.say(&bye, "");
    script.expect("SIP/2.0 200 OK");
    script.answer_with(&invite, "200 OK", "b1", CONTACT, "answer");
    let ack = script.expect("ACK sip:bob@192.0.2.2:5062 SIP/2.0\r\n");
    script.answer_with(&invite, "200 OK", "b1", CONTACT, "answer");
    assert_eq!(script.take(), ack);
    script.silent();
    script.no_event();
    script.wait_ms(40_000);
    script.no_event();
    script.rest();
}

#[test]
fn a_bye_that_overtakes_the_answer_ends_the_call() {
    a_bye_faster_than_its_answer(false);
    a_bye_faster_than_its_answer(true);
}

#[test]
fn another_fork_that_answers_after_a_bye_is_hung_up() {
    let mut script = Script::new();
    let (_, invite) = call(&mut script);
    let bye = format!(
        "BYE sip:192.0.2.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKb1\n\
         Max-Forwards: 70\nFrom: {};tag=b1\nTo: {}\nCall-ID: {}\nCSeq: 1 BYE",
        header(&invite, "To"),
        header(&invite, "From"),
        header(&invite, "Call-ID"),
    );
    script.say(&bye, "");
    script.expect("SIP/2.0 200 OK");
    assert!(matches!(ended(script.event()), How::Bye));
    script.answer_with(&invite, "200 OK", "c1", CONTACT, "answer");
    script.expect("ACK ");
    let bye = script.expect("BYE ");
    assert_eq!(tag(header(&bye, "To")), "c1");
}

#[test]
fn a_broken_connection_ends_what_waits_on_it() {
    let mut script = Script::on_stream();
    let mut params = invite_params(0, Some(b"offer".to_vec()));
    params.peer = script.peer;
    script.act(|agent, now| agent.invite(now, params).expect("room"));
    script.act(|agent, now| agent.flow_failed(now, model::FlowId(2)));
    script.no_event();
    script.act(|agent, now| agent.flow_failed(now, model::FlowId(1)));
    assert!(matches!(ended(script.event()), How::TransportFailed));
    assert_eq!(script.agent.sizes(), sip::AgentSizes::default());
}

#[test]
fn answers_that_belong_to_nothing_are_dropped() {
    let mut script = Script::new();
    let (_, invite) = call(&mut script);
    let forged = invite.replace("z9hG4bK", "z9hG4bKf");
    script.answer(&forged, "200 OK", "b1", CONTACT);
    // Two Via: it was meant for a proxy before us.
    let via = header(&invite, "Via").to_owned();
    let twice = invite.replace(&format!("Via: {via}"), &format!("Via: {via}, {via}"));
    script.answer(&twice, "200 OK", "b1", CONTACT);
    let other = invite.replace(" INVITE\r\n", " BYE\r\n");
    script.answer(&other, "200 OK", "b1", CONTACT);
    script.no_event();
    script.silent();
    assert_eq!(script.agent.counters().stray_responses, 3);
}

#[test]
fn the_answer_to_a_request_of_the_user_comes_after_the_call_too() {
    let mut script = Script::new();
    let (usage, _, _) = established(&mut script);
    let none = Headers::new();
    script.act(|agent, now| {
        agent
            .request_in(now, usage, Method::Message, &none, b"hello".to_vec())
            .expect("lives")
    });
    let message = script.expect("MESSAGE ");
    script.act(|agent, now| agent.hang_up(now, usage, None).expect("lives"));
    script.answer(&message, "200 OK", "", "");
    assert!(matches!(script.outcomes.pop_front(), Some(Outcome::Response(r)) if r.status == 200));
    script.expect("BYE ");
}

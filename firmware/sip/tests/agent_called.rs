//! The called side against hand-written messages: RFC 3665 §3 seen from Bob, and what RFC 3261
//! says about the rest.

mod rig;

use rig::script::{Script, body, has_header, header, in_dialog, invite, tag};
use sip::{Headers, How, UsageEvent, UsageKey};

const OFFER: &str = "v=0\r\no=alice 1 1 IN IP4 192.0.2.2\r\n";

/// Bob's phone has answered; gives the call and the 200.
fn answered(script: &mut Script) -> (UsageKey, String) {
    script.say(&invite("z9hG4bK74bf9", ""), OFFER);
    let (call, _) = script.incoming.pop_front().expect("a call");
    script.act(|agent, now| agent.answer(now, call, b"answer".to_vec()).expect("open"));
    let ok = script.expect("SIP/2.0 200 ");
    (call, ok)
}

fn confirmed(script: &mut Script) -> (UsageKey, String) {
    let (call, ok) = answered(script);
    script.say(&in_dialog("ACK", "1 ACK", "z9hG4bK74bd5", &ok, ""), "");
    assert!(matches!(script.event(), UsageEvent::Confirmed));
    (call, ok)
}

fn how(script: &mut Script) -> How {
    rig::ended(script.event())
}

#[test]
fn the_responses_of_a_successful_call() {
    let mut script = Script::new();
    script.say(
        &invite(
            "z9hG4bK74bf9",
            "Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr>",
        ),
        OFFER,
    );
    let trying = script.trying();
    assert!(!header(&trying, "To").contains("tag="));
    // RFC 3581 §4: the real source is filled in.
    assert_eq!(
        header(&trying, "Via"),
        "SIP/2.0/UDP client.atlanta.example.com:5060;branch=z9hG4bK74bf9;rport=5060\
         ;received=192.0.2.2"
    );
    let (call, _) = script.incoming.pop_front().expect("a call");
    script.act(|agent, now| agent.ring(now, call, 180, None).expect("open"));
    let ringing = script.expect("SIP/2.0 180 Ringing\r\n");
    script.act(|agent, now| agent.answer(now, call, b"answer".to_vec()).expect("open"));
    let ok = script.expect("SIP/2.0 200 OK\r\n");
    for text in [&ringing, &ok] {
        assert_eq!(
            header(text, "Record-Route"),
            "<sip:p2.example;lr>, <sip:p1.example;lr>"
        );
        assert_eq!(header(text, "Contact"), "<sip:192.0.2.1:5060>");
        assert!(has_header(text, "Allow") && has_header(text, "Supported"));
    }
    assert_eq!(tag(header(&ringing, "To")), tag(header(&ok, "To")));
    assert_eq!(body(&ok), "answer");
    assert_eq!(header(&ok, "CSeq"), "1 INVITE");
    script.say(&in_dialog("ACK", "1 ACK", "z9hG4bK74bd5", &ok, ""), "");
    assert!(matches!(script.event(), UsageEvent::Confirmed));

    // Bob hangs up: his request follows the route set and goes to Alice's Contact.
    script.act(|agent, now| agent.hang_up(now, call, None).expect("lives"));
    let bye = script.expect("BYE sip:alice@client.atlanta.example.com SIP/2.0\r\n");
    let routes: Vec<&str> = bye
        .lines()
        .filter_map(|l| l.strip_prefix("Route: "))
        .collect();
    assert_eq!(routes, ["<sip:p2.example;lr>", "<sip:p1.example;lr>"]);
    assert_eq!(
        header(&bye, "To"),
        "\"Alice\" <sip:alice@atlanta.example.com>;tag=9fxced76sl"
    );
    assert_eq!(tag(header(&bye, "From")), tag(header(&ok, "To")));
    script.answer(&bye, "200 OK", "", "");
    assert!(matches!(how(&mut script), How::Local));
    script.rest();
}

#[test]
fn a_strict_router_gets_the_old_form() {
    let mut script = Script::new();
    script.say(
        &invite(
            "z9hG4bK1",
            "Record-Route: <sip:old.example>, <sip:p1.example;lr>",
        ),
        OFFER,
    );
    let (call, _) = script.incoming.pop_front().expect("a call");
    script.act(|agent, now| agent.answer(now, call, b"answer".to_vec()).expect("open"));
    let ok = script.expect("SIP/2.0 200");
    script.say(&in_dialog("ACK", "1 ACK", "z9hG4bK2", &ok, ""), "");
    script.act(|agent, now| agent.hang_up(now, call, None).expect("lives"));
    // RFC 3261 §12.2.1.2: the strict router in the request line, the target as last Route.
    let bye = script.expect("BYE sip:old.example SIP/2.0\r\n");
    let routes: Vec<&str> = bye
        .lines()
        .filter_map(|l| l.strip_prefix("Route: "))
        .collect();
    assert_eq!(
        routes,
        [
            "<sip:p1.example;lr>",
            "<sip:alice@client.atlanta.example.com>"
        ]
    );
}

#[test]
fn a_repeated_invite_is_answered_from_the_transaction() {
    let mut script = Script::new();
    let text = invite("z9hG4bK74bf9", "");
    script.say(&text, OFFER);
    let trying = script.trying();
    script.say(&text, OFFER);
    assert_eq!(script.take(), trying);
    let (call, _) = script.incoming.pop_front().expect("a call");
    assert!(script.incoming.is_empty());
    script.act(|agent, now| agent.ring(now, call, 180, None).expect("open"));
    let ringing = script.take();
    script.say(&text, OFFER);
    assert_eq!(script.take(), ringing);
    script.act(|agent, now| agent.answer(now, call, b"answer".to_vec()).expect("open"));
    script.take();
    script.say(&text, OFFER);
    script.silent();
    assert_eq!(script.agent.counters().repeated_requests, 3);
}

#[test]
fn a_2xx_is_repeated_until_the_ack() {
    let mut script = Script::new();
    let (_, ok) = answered(&mut script);
    script.wait_ms(10_000);
    // RFC 3261 §13.3.1.4: T1 doubling to T2.
    let repeated = script.sent.clone();
    assert_eq!(script.times(), [500, 1500, 3500, 7500]);
    assert!(repeated.iter().all(|text| *text == ok));
    let ack = in_dialog("ACK", "1 ACK", "z9hG4bK74bd5", &ok, "");
    script.say(&ack, "");
    assert!(matches!(script.event(), UsageEvent::Confirmed));
    script.say(&ack, "");
    script.no_event();
    script.wait_ms(60_000);
    script.silent();
}

#[test]
fn a_2xx_is_repeated_on_streams_too() {
    let mut script = Script::on_stream();
    answered(&mut script);
    script.wait_ms(4_000);
    assert_eq!(script.times(), [500, 1500, 3500]);
}

#[test]
fn a_missing_ack_ends_the_call_with_bye() {
    let mut script = Script::new();
    answered(&mut script);
    script.wait_ms(31_999);
    script.no_event();
    script.skip();
    script.wait_ms(1);
    let bye = script.expect("BYE ");
    assert!(header(&bye, "Reason").starts_with("SIP;cause=408"));
    assert!(matches!(how(&mut script), How::AckMissing));
    script.rest();
}

#[test]
fn the_bye_of_the_called_side_waits_for_the_ack() {
    let mut script = Script::new();
    let (call, ok) = answered(&mut script);
    script.act(|agent, now| agent.hang_up(now, call, None).expect("lives"));
    assert!(matches!(how(&mut script), How::Local));
    script.silent();
    script.say(&in_dialog("ACK", "1 ACK", "z9hG4bK74bd5", &ok, ""), "");
    let bye = script.expect("BYE ");
    script.answer(&bye, "200 OK", "", "");
    script.no_event();
    script.rest();
}

#[test]
fn the_bye_of_the_called_side_goes_without_an_ack_in_the_end() {
    let mut script = Script::new();
    let (call, _) = answered(&mut script);
    script.act(|agent, now| agent.hang_up(now, call, None).expect("lives"));
    script.wait_ms(31_999);
    assert!(
        script
            .sent
            .iter()
            .all(|text| text.starts_with("SIP/2.0 200"))
    );
    script.skip();
    script.wait_ms(1);
    script.expect("BYE ");
    assert!(matches!(how(&mut script), How::Local));
    script.no_event();
    script.rest();
}

#[test]
fn the_caller_hangs_up_and_says_why() {
    let mut script = Script::new();
    let (_, ok) = confirmed(&mut script);
    let reason = "Reason: SIP;cause=200, Q.850;cause=16;text=\"x\"";
    let bye = in_dialog("BYE", "2 BYE", "z9hG4bKnashds7", &ok, reason);
    script.say(&bye, "");
    let first = script.expect("SIP/2.0 200 OK");
    match script.event() {
        UsageEvent::Ended {
            how: How::Bye,
            q850,
        } => assert_eq!(q850, Some(16)),
        other => panic!("{other:?}"),
    }
    // Lost: the BYE comes again and is answered from its transaction.
    script.say(&bye, "");
    assert_eq!(script.take(), first);
    script.no_event();
    // A new request finds no dialog any more.
    script.say(&in_dialog("INFO", "3 INFO", "z9hG4bK3", &ok, ""), "");
    script.expect("SIP/2.0 481 ");
    script.rest();
}

#[test]
fn a_bye_before_the_ack_ends_the_call() {
    let mut script = Script::new();
    let (_, ok) = answered(&mut script);
    script.say(&in_dialog("BYE", "2 BYE", "z9hG4bKnashds7", &ok, ""), "");
    script.expect("SIP/2.0 200 OK");
    assert!(matches!(how(&mut script), How::Bye));
    script.wait_ms(60_000);
    script.silent();
    script.rest();
}

#[test]
fn a_bye_before_the_answer_ends_the_invite_with_487() {
    let mut script = Script::new();
    script.say(&invite("z9hG4bK74bf9", ""), OFFER);
    let (call, _) = script.incoming.pop_front().expect("a call");
    script.act(|agent, now| agent.ring(now, call, 180, None).expect("open"));
    let ringing = script.take();
    script.say(
        &in_dialog("BYE", "2 BYE", "z9hG4bKnashds7", &ringing, ""),
        "",
    );
    script.expect("SIP/2.0 200 ");
    let refused = script.expect("SIP/2.0 487 ");
    assert_eq!(header(&refused, "CSeq"), "1 INVITE");
    assert!(matches!(how(&mut script), How::Bye));
    script.rest();
}

#[test]
fn a_refusal_is_repeated_until_its_ack() {
    let mut script = Script::new();
    script.say(
        &invite("z9hG4bK74bf9", "Record-Route: <sip:p1.example;lr>"),
        OFFER,
    );
    let (call, _) = script.incoming.pop_front().expect("a call");
    let mut headers = Headers::new();
    headers.push(sip::HeaderName::RetryAfter, "7");
    script.act(|agent, now| agent.reject(now, call, 486, &headers).expect("open"));
    let busy = script.expect("SIP/2.0 486 Busy Here\r\n");
    assert_eq!(header(&busy, "Retry-After"), "7");
    assert!(!has_header(&busy, "Record-Route"));
    assert!(matches!(how(&mut script), How::Local));
    script.wait_ms(4_000);
    assert_eq!(script.times(), [500, 1500, 3500]);
    // The ACK of a refusal bears the INVITE's branch.
    script.say(&in_dialog("ACK", "1 ACK", "z9hG4bK74bf9", &busy, ""), "");
    script.wait_ms(60_000);
    script.silent();
    assert_eq!(script.agent.counters().stray_acks, 0);
    script.rest();
}

#[test]
fn a_cancel_ends_the_ringing() {
    let mut script = Script::new();
    script.say(&invite("z9hG4bK74bf9", ""), OFFER);
    let (call, _) = script.incoming.pop_front().expect("a call");
    script.act(|agent, now| agent.ring(now, call, 180, None).expect("open"));
    let ringing = script.take();
    let cancel = invite(
        "z9hG4bK74bf9",
        "Reason: SIP;cause=200;text=\"Call completed elsewhere\"",
    )
    .replace("INVITE", "CANCEL");
    script.say(&cancel, "");
    let ok = script.expect("SIP/2.0 200 OK");
    assert_eq!(header(&ok, "CSeq"), "1 CANCEL");
    // RFC 3261 §9.2: the same To tag in both answers.
    assert_eq!(tag(header(&ok, "To")), tag(header(&ringing, "To")));
    let refused = script.expect("SIP/2.0 487 Request Terminated\r\n");
    assert_eq!(header(&refused, "CSeq"), "1 INVITE");
    assert!(matches!(script.event(), UsageEvent::Cancelled));
    match how(&mut script) {
        How::Cancelled { sip_cause } => assert_eq!(sip_cause, Some(200)),
        other => panic!("{other:?}"),
    }
    // Repeated: answered from the transaction, nothing told.
    script.say(&cancel, "");
    assert_eq!(script.take(), ok);
    script.no_event();
    script.say(&in_dialog("ACK", "1 ACK", "z9hG4bK74bf9", &refused, ""), "");
    script.rest();
}

#[test]
fn a_cancel_after_the_answer_changes_nothing() {
    let mut script = Script::new();
    let (_, ok) = answered(&mut script);
    script.say(&invite("z9hG4bK74bf9", "").replace("INVITE", "CANCEL"), "");
    let answer = script.expect("SIP/2.0 200 OK");
    assert_eq!(header(&answer, "CSeq"), "1 CANCEL");
    script.no_event();
    script.say(&in_dialog("ACK", "1 ACK", "z9hG4bK74bd5", &ok, ""), "");
    assert!(matches!(script.event(), UsageEvent::Confirmed));
}

#[test]
fn a_cancel_of_nothing_is_answered_481() {
    let mut script = Script::new();
    script.say(&invite("z9hG4bK74bf9", "").replace("INVITE", "CANCEL"), "");
    script.expect("SIP/2.0 481 ");
    script.rest();
}

#[test]
fn an_invite_without_offer_gets_ours_and_its_ack_the_answer() {
    let mut script = Script::new();
    script.say(&invite("z9hG4bK74bf9", ""), "");
    let (call, _) = script.incoming.pop_front().expect("a call");
    script.act(|agent, now| agent.answer(now, call, b"offer".to_vec()).expect("open"));
    let ok = script.expect("SIP/2.0 200");
    assert_eq!(body(&ok), "offer");
    script.say(
        &in_dialog("ACK", "1 ACK", "z9hG4bK74bd5", &ok, ""),
        "their answer",
    );
    match script.event() {
        UsageEvent::AnswerToOurOffer { sdp } => assert_eq!(sdp, b"their answer"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(script.event(), UsageEvent::Confirmed));
}

#[test]
fn ringing_goes_on_every_minute() {
    let mut script = Script::new();
    script.say(&invite("z9hG4bK74bf9", ""), OFFER);
    let (call, _) = script.incoming.pop_front().expect("a call");
    script.act(|agent, now| agent.ring(now, call, 180, None).expect("open"));
    script.skip();
    script.wait_ms(150_000);
    assert_eq!(script.times(), [60_000, 120_000]);
    script.act(|agent, now| agent.reject(now, call, 480, &Headers::new()).expect("open"));
    script.rest();
}

#[test]
fn requests_out_of_order_get_500() {
    let mut script = Script::new();
    let (_, ok) = confirmed(&mut script);
    script.say(&in_dialog("INFO", "5 INFO", "z9hG4bK5", &ok, ""), "");
    script.expect("SIP/2.0 200");
    assert!(matches!(script.event(), UsageEvent::Info { .. }));
    script.say(&in_dialog("INFO", "4 INFO", "z9hG4bK4", &ok, ""), "");
    let late = script.expect("SIP/2.0 500");
    assert!(has_header(&late, "Retry-After"));
    script.no_event();
}

#[test]
fn a_contact_of_a_reinvite_is_the_new_target() {
    let mut script = Script::new();
    let (call, ok) = confirmed(&mut script);
    let moved = "Contact: <sip:alice@198.51.100.7:5062;transport=udp>";
    script.say(
        &in_dialog("INVITE", "2 INVITE", "z9hG4bK6", &ok, moved),
        "hold",
    );
    script.expect("SIP/2.0 100");
    match script.event() {
        UsageEvent::Offer { sdp: Some(sdp) } => assert_eq!(sdp, b"hold"),
        other => panic!("{other:?}"),
    }
    script.act(|agent, now| {
        agent
            .accept_offer(now, call, b"held".to_vec())
            .expect("waits")
    });
    let accepted = script.expect("SIP/2.0 200");
    assert_eq!(body(&accepted), "held");
    assert_eq!(tag(header(&accepted, "To")), tag(header(&ok, "To")));
    script.say(&in_dialog("ACK", "2 ACK", "z9hG4bK7", &ok, ""), "");
    script.no_event();
    script.act(|agent, now| agent.hang_up(now, call, None).expect("lives"));
    script.expect("BYE sip:alice@198.51.100.7:5062;transport=udp SIP/2.0\r\n");
    script.rest();
}

#[test]
fn other_requests_in_the_dialog_reach_the_user() {
    let mut script = Script::new();
    let (_, ok) = confirmed(&mut script);
    script.say(&in_dialog("OPTIONS", "2 OPTIONS", "z9hG4bK6", &ok, ""), "");
    let options = script.expect("SIP/2.0 200");
    assert!(has_header(&options, "Allow") && has_header(&options, "Accept"));
    script.no_event();
    let info = in_dialog(
        "INFO",
        "3 INFO",
        "z9hG4bK8",
        &ok,
        "Content-Type: Application/DTMF-Relay",
    );
    script.say(&info, "");
    script.expect("SIP/2.0 200");
    match script.event() {
        UsageEvent::Info { content_type, .. } => {
            assert_eq!(content_type, "application/dtmf-relay");
        }
        other => panic!("{other:?}"),
    }
}

//! Changing sessions: hold, glare, refusals, UPDATE, PRACK, against hand-written messages and
//! between two agents.

mod rig;

use rig::{
    World, ended, invite_params,
    script::{Script, body, has_header, header, in_dialog, invite, tag},
    sdp,
};
use sip::{How, Method, UsageEvent, UsageKey};

const CONTACT: &str = "Contact: <sip:bob@192.0.2.2:5062>";

fn offered(event: UsageEvent) -> Vec<u8> {
    match event {
        UsageEvent::Offer { sdp: Some(sdp) } => sdp,
        other => panic!("no offer: {other:?}"),
    }
}

fn our_answer(event: UsageEvent) -> Vec<u8> {
    match event {
        UsageEvent::AnswerToOurOffer { sdp } => sdp,
        other => panic!("no answer: {other:?}"),
    }
}

/// A call from us that Bob answered with `allow`.
fn calling(script: &mut Script, more: &str) -> (UsageKey, String, String) {
    let params = invite_params(0, Some(b"offer".to_vec()));
    let call = script.act(|agent, now| agent.invite(now, params).expect("room"));
    let invite = script.expect("INVITE ");
    let more = format!("{CONTACT}\n{more}");
    script.answer_with(&invite, "200 OK", "b1", &more, "answer");
    let ack = script.expect("ACK ");
    script.event();
    (call, invite, ack)
}

/// A request of Bob in the call of `ack`.
fn of_bob(method: &str, cseq: u32, ack: &str, more: &str) -> String {
    format!(
        "{method} sip:192.0.2.1:5060 SIP/2.0\n\
         Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKb{cseq}{method}\nMax-Forwards: 70\n\
         From: {}\nTo: {}\nCall-ID: {}\nCSeq: {cseq} {method}\n{CONTACT}\n{more}",
        header(ack, "To"),
        header(ack, "From"),
        header(ack, "Call-ID"),
    )
}

#[test]
fn hold_and_resume_from_both_sides() {
    let mut world = World::perfect();
    let (a, b) = world.call();
    for (n, from, to) in [(0, a, b), (1, b, a)] {
        world.with(n, |agent, now| {
            agent.offer(now, from, sdp("hold")).expect("lives")
        });
        world.run_ms(10);
        assert_eq!(offered(world.take_event(1 - n, to)), sdp("hold"));
        world.with(1 - n, |agent, now| {
            agent.accept_offer(now, to, sdp("held")).expect("waits");
        });
        world.run_ms(10);
        assert_eq!(our_answer(world.take_event(n, from)), sdp("held"));
    }
    world.with(0, |agent, now| agent.hang_up(now, a, None).expect("lives"));
    world.run_ms(10);
    world.take_event(0, a);
    assert!(matches!(ended(world.take_event(1, b)), How::Bye));
    world.rest();
}

#[test]
fn a_refused_offer_leaves_the_call_as_it_was() {
    let mut world = World::perfect();
    let (a, b) = world.call();
    world.with(0, |agent, now| {
        agent.offer(now, a, sdp("video")).expect("lives")
    });
    world.run_ms(10);
    offered(world.take_event(1, b));
    world.with(1, |agent, now| {
        agent.reject_offer(now, b, 488).expect("waits")
    });
    world.run_ms(10);
    assert!(matches!(
        world.take_event(0, a),
        UsageEvent::OfferRefused { status: 488 }
    ));
    world.with(0, |agent, now| {
        agent.offer(now, a, sdp("audio")).expect("lives")
    });
    world.run_ms(10);
    assert_eq!(offered(world.take_event(1, b)), sdp("audio"));
}

#[test]
fn offers_made_at_once_are_both_done_in_the_end() {
    for seed in 1..20 {
        let mut world = World::new(
            seed,
            rig::Weather {
                latency_ms: (20, 40),
                loss_percent: 0,
                duplicate_percent: 0,
            },
        );
        let a = world.invite(0, Some(sdp("offer")));
        world.run_ms(100);
        let (b, _) = world.take_incoming(1);
        world.with(1, |agent, now| {
            agent.answer(now, b, sdp("answer")).expect("open")
        });
        world.run_ms(100);
        world.take_event(0, a);
        world.take_event(1, b);
        world.with(0, |agent, now| {
            agent.offer(now, a, sdp("from a")).expect("lives")
        });
        world.with(1, |agent, now| {
            agent.offer(now, b, sdp("from b")).expect("lives")
        });
        let mut done = [false, false];
        for _ in 0..600 {
            world.run_ms(10);
            for (n, call) in [(0, a), (1, b)] {
                while let Some(event) = world.next_event(n, call) {
                    match event {
                        UsageEvent::Offer { .. } => world.with(n, |agent, now| {
                            agent.accept_offer(now, call, sdp("yes")).expect("waits");
                        }),
                        UsageEvent::AnswerToOurOffer { .. } => done[n] = true,
                        UsageEvent::OfferTurn => world.with(n, |agent, now| {
                            agent.offer(now, call, sdp("anew")).expect("lives");
                        }),
                        other => panic!("{other:?}"),
                    }
                }
            }
        }
        assert_eq!(done, [true, true], "seed {seed}\n{}", world.log.join("\n"));
        assert!(world.log.iter().any(|line| line.contains("491")));
        world.with(1, |agent, now| agent.hang_up(now, b, None).expect("lives"));
        world.rest();
    }
}

#[test]
fn after_glare_the_owner_of_the_call_id_waits_longer() {
    let mut script = Script::new();
    let (call, _, ack) = calling(&mut script, "");
    script.act(|agent, now| agent.offer(now, call, b"hold".to_vec()).expect("lives"));
    let reinvite = script.expect("INVITE sip:bob@192.0.2.2:5062 ");
    assert_eq!(tag(header(&reinvite, "To")), "b1");
    script.say(&of_bob("INVITE", 1, &ack, ""), "their hold");
    script.expect("SIP/2.0 491 Request Pending\r\n");
    let ack_of_refusal = of_bob("ACK", 1, &ack, "").replace("b1ACK", "b1INVITE");
    script.say(&ack_of_refusal, "");
    script.no_event();
    script.answer(&reinvite, "491 Request Pending", "", "");
    script.expect("ACK ");
    let began = script.now.as_millis();
    script.wait_ms(2_099);
    script.silent();
    script.wait_ms(1_901);
    let at = script.sent_at.front().copied().expect("tried again") - began;
    assert!((2_100..=4_000).contains(&at), "{at}");
    assert_eq!(body(&script.expect("INVITE ")), "hold");
}

#[test]
fn an_offer_that_crossed_theirs_is_made_anew_when_theirs_was_accepted() {
    let mut script = Script::new();
    let (call, _, ack) = calling(&mut script, "");
    script.act(|agent, now| agent.offer(now, call, b"stale".to_vec()).expect("lives"));
    let reinvite = script.expect("INVITE sip:bob@192.0.2.2:5062 ");
    script.answer(&reinvite, "491 Request Pending", "", "");
    script.expect("ACK ");
    // Their second try comes first and is welcome.
    script.say(&of_bob("INVITE", 2, &ack, ""), "their hold");
    script.expect("SIP/2.0 100");
    assert_eq!(offered(script.event()), b"their hold");
    script.act(|agent, now| {
        agent
            .accept_offer(now, call, b"ok".to_vec())
            .expect("waits")
    });
    let ok = script.expect("SIP/2.0 200");
    script.say(&of_bob("ACK", 2, &ack, ""), "");
    assert_eq!(body(&ok), "ok");
    script.wait_ms(4_000);
    // What was offered before would undo what both agree on now.
    script.silent();
    assert!(matches!(script.event(), UsageEvent::OfferTurn));
    script.act(|agent, now| agent.offer(now, call, b"fresh".to_vec()).expect("lives"));
    assert_eq!(body(&script.expect("INVITE ")), "fresh");
}

#[test]
fn a_second_offer_before_the_first_is_answered_gets_500() {
    let mut script = Script::new();
    let (call, _, ack) = calling(&mut script, "");
    script.say(&of_bob("INVITE", 1, &ack, ""), "one");
    script.expect("SIP/2.0 100");
    script.event();
    script.say(&of_bob("UPDATE", 2, &ack, ""), "two");
    let later = script.expect("SIP/2.0 500");
    assert!(has_header(&later, "Retry-After"));
    script.say(&of_bob("INVITE", 3, &ack, ""), "three");
    script.expect("SIP/2.0 500");
    script.no_event();
    // Cancelled: the first one gets 487 and the session stays.
    script.say(
        &of_bob("CANCEL", 1, &ack, "").replace("b1CANCEL", "b1INVITE"),
        "",
    );
    script.expect("SIP/2.0 200");
    let refused = script.expect("SIP/2.0 487");
    assert_eq!(header(&refused, "CSeq"), "1 INVITE");
    let late = script.act(|agent, now| agent.accept_offer(now, call, b"x".to_vec()));
    assert_eq!(late, Err(sip::AgentError::NotNow));
    script.act(|agent, now| agent.offer(now, call, b"hold".to_vec()).expect("lives"));
    script.expect("INVITE ");
}

#[test]
fn a_reinvite_without_sdp_asks_for_our_offer() {
    let mut script = Script::new();
    let (call, _, ack) = calling(&mut script, "");
    script.say(&of_bob("INVITE", 1, &ack, ""), "");
    script.expect("SIP/2.0 100");
    assert!(matches!(script.event(), UsageEvent::Offer { sdp: None }));
    script.act(|agent, now| {
        agent
            .accept_offer(now, call, b"ours".to_vec())
            .expect("waits")
    });
    let ok = script.expect("SIP/2.0 200");
    assert_eq!(body(&ok), "ours");
    // Not answered yet: our next offer waits for the ACK.
    script.act(|agent, now| agent.offer(now, call, b"hold".to_vec()).expect("lives"));
    script.silent();
    script.wait_ms(500);
    assert_eq!(script.take(), ok);
    script.say(&of_bob("ACK", 1, &ack, ""), "theirs");
    assert_eq!(our_answer(script.event()), b"theirs");
    assert_eq!(body(&script.expect("INVITE ")), "hold");
}

#[test]
fn a_missing_ack_of_a_reinvite_ends_the_call() {
    let mut script = Script::new();
    let (call, _, ack) = calling(&mut script, "");
    script.say(&of_bob("INVITE", 1, &ack, ""), "hold");
    script.event();
    script.act(|agent, now| {
        agent
            .accept_offer(now, call, b"held".to_vec())
            .expect("waits")
    });
    script.wait_ms(32_000);
    assert!(matches!(ended(script.event()), How::AckMissing));
}

#[test]
fn a_2xx_of_a_reinvite_that_comes_again_is_acknowledged_again() {
    let mut script = Script::new();
    let (call, _, _) = calling(&mut script, "");
    script.act(|agent, now| agent.offer(now, call, b"hold".to_vec()).expect("lives"));
    let reinvite = script.expect("INVITE ");
    script.answer_with(&reinvite, "200 OK", "", CONTACT, "held");
    let ack = script.expect("ACK ");
    assert_eq!(our_answer(script.event()), b"held");
    script.answer_with(&reinvite, "200 OK", "", CONTACT, "held");
    assert_eq!(script.take(), ack);
    script.no_event();
}

#[test]
fn a_reinvite_that_times_out_or_meets_481_ends_the_call() {
    let mut script = Script::new();
    let (call, _, _) = calling(&mut script, "");
    script.act(|agent, now| agent.offer(now, call, b"hold".to_vec()).expect("lives"));
    let reinvite = script.expect("INVITE ");
    script.answer(&reinvite, "481 Gone", "", "");
    script.expect("ACK ");
    assert!(matches!(ended(script.event()), How::UnknownToPeer));
    script.expect("BYE ");
    script.rest();

    let mut script = Script::new();
    let (call, _, _) = calling(&mut script, "");
    script.act(|agent, now| agent.offer(now, call, b"hold".to_vec()).expect("lives"));
    script.wait_ms(32_000);
    assert!(matches!(ended(script.event()), How::Timeout));
    script.rest();
}

#[test]
fn update_without_sdp_is_answered_by_the_agent() {
    let mut script = Script::new();
    let (call, _, ack) = calling(&mut script, "Allow: UPDATE");
    let moved = of_bob("UPDATE", 1, &ack, "").replace(":5062", ":5099");
    script.say(&moved, "");
    let ok = script.expect("SIP/2.0 200");
    assert!(has_header(&ok, "Contact"));
    script.no_event();
    script.act(|agent, now| agent.hang_up(now, call, None).expect("lives"));
    script.expect("BYE sip:bob@192.0.2.2:5099 ");
}

// ---- reliable provisional responses

#[test]
fn reliable_ringing_between_two_agents() {
    let mut world = World::perfect();
    let mut params = invite_params(0, Some(sdp("offer")));
    params.headers.push(sip::HeaderName::Require, "100rel");
    let a = world.with(0, |agent, now| agent.invite(now, params).expect("room"));
    world.run_ms(10);
    let (b, _) = world.take_incoming(1);
    world.with(1, |agent, now| {
        agent.ring(now, b, 183, Some(sdp("early"))).expect("open");
        agent.ring(now, b, 180, None).expect("open");
        // RFC 3262 §5: the answer waits for both PRACKs.
        agent.answer(now, b, sdp("early")).expect("open");
    });
    world.run_ms(20);
    let log = world.log.join("\n");
    let order: Vec<&str> = world
        .log
        .iter()
        .filter_map(|line| line.get(2..))
        .filter(|line| !line.starts_with("SIP/2.0 100"))
        .map(|line| line.split(" sip:").next().unwrap_or(line))
        .collect();
    assert_eq!(
        order,
        [
            "INVITE",
            "SIP/2.0 183 Session Progress",
            "PRACK",
            "SIP/2.0 200 OK",
            "SIP/2.0 180 Ringing",
            "PRACK",
            "SIP/2.0 200 OK",
            "SIP/2.0 200 OK",
            "ACK"
        ],
        "{log}"
    );
    assert!(matches!(
        world.take_event(0, a),
        UsageEvent::EarlyMedia { status: 183, .. }
    ));
    assert!(matches!(world.take_event(0, a), UsageEvent::Ringing));
    match world.take_event(0, a) {
        UsageEvent::Answered {
            sdp: Some(body), ..
        } => assert_eq!(body, sdp("early")),
        other => panic!("{other:?}"),
    }
    world.with(0, |agent, now| agent.hang_up(now, a, None).expect("lives"));
    world.rest();
}

#[test]
fn a_missing_prack_refuses_the_call() {
    let mut script = Script::new();
    script.say(&invite("z9hG4bK1", "Require: 100rel"), "offer");
    let (call, _) = script.incoming.pop_front().expect("a call");
    script.act(|agent, now| agent.ring(now, call, 180, None).expect("open"));
    let ringing = script.expect("SIP/2.0 180");
    assert_eq!(header(&ringing, "Require"), "100rel");
    script.wait_ms(31_999);
    // RFC 3262 §3: doubling without a cap.
    assert_eq!(script.times(), [500, 1500, 3500, 7500, 15_500, 31_500]);
    script.wait_ms(1);
    script.expect("SIP/2.0 504");
    assert!(matches!(ended(script.event()), How::PrackMissing));
    script.rest();
}

#[test]
fn a_prack_must_match() {
    let mut script = Script::new();
    script.say(&invite("z9hG4bK1", "Require: 100rel"), "offer");
    let (call, _) = script.incoming.pop_front().expect("a call");
    script.act(|agent, now| agent.ring(now, call, 180, None).expect("open"));
    let ringing = script.expect("SIP/2.0 180");
    let rseq: u32 = header(&ringing, "RSeq").parse().expect("number");
    let prack = |n: u32, rseq: u32, cseq: &str| {
        in_dialog(
            "PRACK",
            &format!("{n} PRACK"),
            &format!("z9hG4bKp{n}"),
            &ringing,
            &format!("RAck: {rseq} {cseq}"),
        )
    };
    script.say(&prack(2, rseq + 1, "1 INVITE"), "");
    script.expect("SIP/2.0 481");
    script.say(&prack(3, rseq, "2 INVITE"), "");
    script.expect("SIP/2.0 481");
    script.say(&prack(4, rseq, "1 INVITE"), "");
    let ok = script.expect("SIP/2.0 200");
    assert_eq!(header(&ok, "CSeq"), "4 PRACK");
    script.say(&prack(4, rseq, "1 INVITE"), "");
    assert_eq!(script.take(), ok);
    script.wait_ms(30_000);
    script.silent();
}

#[test]
fn a_reliable_response_is_acknowledged_once_and_in_order() {
    let mut script = Script::new();
    let params = invite_params(0, Some(b"offer".to_vec()));
    script.act(|agent, now| agent.invite(now, params).expect("room"));
    let invite = script.expect("INVITE ");
    let reliable = |rseq: u32| format!("{CONTACT}\nRequire: 100rel\nRSeq: {rseq}");
    script.answer_with(
        &invite,
        "183 Session Progress",
        "b1",
        &reliable(77),
        "early",
    );
    let prack = script.expect("PRACK sip:bob@192.0.2.2:5062 ");
    let number = header(&invite, "CSeq").to_owned();
    assert_eq!(header(&prack, "RAck"), format!("77 {number}"));
    assert_eq!(tag(header(&prack, "To")), "b1");
    script.event();
    // Again, and one too far ahead: as if they had not come.
    script.answer_with(
        &invite,
        "183 Session Progress",
        "b1",
        &reliable(77),
        "early",
    );
    script.answer_with(
        &invite,
        "183 Session Progress",
        "b1",
        &reliable(79),
        "other",
    );
    script.silent();
    script.no_event();
    script.answer(&invite, "180 Ringing", "b1", &reliable(78));
    script.expect("PRACK ");
    assert!(matches!(script.event(), UsageEvent::Ringing));
    // Another fork counts for itself.
    script.answer(&invite, "180 Ringing", "b2", &reliable(5));
    script.expect("PRACK ");
}

#[test]
fn an_early_session_is_changed_by_update_from_both_sides() {
    let mut world = World::perfect();
    let mut params = invite_params(0, Some(sdp("offer")));
    params.headers.push(sip::HeaderName::Require, "100rel");
    let a = world.with(0, |agent, now| agent.invite(now, params).expect("room"));
    world.run_ms(10);
    let (b, _) = world.take_incoming(1);
    world.with(1, |agent, now| {
        agent.ring(now, b, 183, Some(sdp("early"))).expect("open");
        // Not settled before the PRACK: it waits by itself.
        agent.offer(now, b, sdp("b's update")).expect("lives");
    });
    world.run_ms(20);
    assert!(matches!(
        world.take_event(0, a),
        UsageEvent::EarlyMedia { .. }
    ));
    assert_eq!(offered(world.take_event(0, a)), sdp("b's update"));
    world.with(0, |agent, now| {
        agent.accept_offer(now, a, sdp("yes")).expect("waits")
    });
    world.run_ms(20);
    assert_eq!(our_answer(world.take_event(1, b)), sdp("yes"));
    world.with(0, |agent, now| {
        agent.offer(now, a, sdp("a's update")).expect("lives")
    });
    world.run_ms(20);
    assert_eq!(offered(world.take_event(1, b)), sdp("a's update"));
    world.with(1, |agent, now| {
        agent.accept_offer(now, b, sdp("ok")).expect("waits")
    });
    world.run_ms(20);
    assert_eq!(our_answer(world.take_event(0, a)), sdp("ok"));
    world.with(1, |agent, now| {
        agent.answer(now, b, sdp("ignored")).expect("open")
    });
    world.run_ms(20);
    assert!(matches!(
        world.take_event(0, a),
        UsageEvent::Answered { .. }
    ));
    assert!(matches!(world.take_event(1, b), UsageEvent::Confirmed));
    let updates = world
        .log
        .iter()
        .filter(|l| l.contains(Method::Update.as_str()))
        .count();
    assert_eq!(updates, 2);
    world.with(1, |agent, now| agent.hang_up(now, b, None).expect("lives"));
    world.rest();
}

#[test]
fn an_offer_of_ours_in_a_reliable_response_is_answered_in_the_prack() {
    let mut script = Script::new();
    script.say(&invite("z9hG4bK1", "Require: 100rel"), "");
    let (call, _) = script.incoming.pop_front().expect("a call");
    // Without SDP there is nothing that a first reliable response could say.
    script.act(|agent, now| agent.ring(now, call, 180, None).expect("open"));
    assert!(!has_header(&script.expect("SIP/2.0 180"), "RSeq"));
    script.act(|agent, now| {
        let early = Some(b"our offer".to_vec());
        agent.ring(now, call, 183, early).expect("open");
    });
    let early = script.expect("SIP/2.0 183");
    assert_eq!(body(&early), "our offer");
    let rack = format!("RAck: {} 1 INVITE", header(&early, "RSeq"));
    let prack = in_dialog("PRACK", "2 PRACK", "z9hG4bKp", &early, &rack);
    script.say(&prack, "their answer");
    let ok = script.expect("SIP/2.0 200");
    assert_eq!(header(&ok, "CSeq"), "2 PRACK");
    assert_eq!(our_answer(script.event()), b"their answer");
    script.act(|agent, now| agent.answer(now, call, b"unused".to_vec()).expect("open"));
    assert_eq!(body(&script.expect("SIP/2.0 200")), "");
}

//! Session timers of both roles: RFC 4028.

mod rig;

use rig::{
    World, ended, invite_params,
    script::{Script, body, has_header, header, in_dialog, invite, tag},
};
use sip::{How, UsageEvent, UsageKey};

const CONTACT: &str = "Contact: <sip:bob@192.0.2.2:5062>";

/// A call from us, answered with these headers.
fn calling(script: &mut Script, more: &str) -> (UsageKey, String) {
    let params = invite_params(0, Some(b"offer".to_vec()));
    let call = script.act(|agent, now| agent.invite(now, params).expect("room"));
    let invite = script.expect("INVITE ");
    let more = format!("{CONTACT}\n{more}");
    script.answer_with(&invite, "200 OK", "b1", &more, "answer");
    script.expect("ACK ");
    script.event();
    (call, invite)
}

/// A call to us with these headers, answered and confirmed; gives the 200.
fn called(script: &mut Script, more: &str) -> (UsageKey, String) {
    script.say(&invite("z9hG4bK1", more), "offer");
    let (call, _) = script.incoming.pop_front().expect("a call");
    script.act(|agent, now| agent.answer(now, call, b"answer".to_vec()).expect("open"));
    let ok = script.expect("SIP/2.0 200");
    script.say(&in_dialog("ACK", "1 ACK", "z9hG4bK2", &ok, ""), "");
    script.event();
    (call, ok)
}

#[test]
fn the_caller_refreshes_by_update_at_half_time() {
    let mut script = Script::new();
    let granted = "Session-Expires: 600;refresher=uac\nRequire: timer\nAllow: INVITE, UPDATE";
    calling(&mut script, granted);
    script.wait_ms(299_999);
    script.silent();
    script.wait_ms(1);
    let update = script.expect("UPDATE sip:bob@192.0.2.2:5062 ");
    assert_eq!(header(&update, "Session-Expires"), "600;refresher=uac");
    assert_eq!(body(&update), "");
    script.answer(&update, "200 OK", "", "Session-Expires: 600;refresher=uac");
    script.wait_ms(300_000);
    script.expect("UPDATE ");
    script.no_event();
}

#[test]
fn the_caller_refreshes_by_reinvite_where_update_is_unknown() {
    let mut script = Script::new();
    calling(
        &mut script,
        "Session-Expires: 600;refresher=uac\nRequire: timer",
    );
    script.wait_ms(300_000);
    let reinvite = script.expect("INVITE sip:bob@192.0.2.2:5062 ");
    assert_eq!(body(&reinvite), "offer");
    assert_eq!(tag(header(&reinvite, "To")), "b1");
    let more = format!("{CONTACT}\nSession-Expires: 600;refresher=uac");
    script.answer_with(&reinvite, "200 OK", "", &more, "answer");
    script.expect("ACK ");
    assert!(matches!(
        script.event(),
        UsageEvent::AnswerToOurOffer { .. }
    ));
    script.wait_ms(299_999);
    script.silent();
}

#[test]
fn a_refresh_that_is_refused_is_tried_again_until_the_session_expires() {
    let mut script = Script::new();
    calling(
        &mut script,
        "Session-Expires: 90;refresher=uac\nAllow: UPDATE",
    );
    for pause in [45_000, 10_000] {
        script.wait_ms(pause);
        let update = script.expect("UPDATE ");
        script.answer(&update, "500 Not Now", "", "");
    }
    // 90 − min(32, 30) = 60 s after the answer.
    script.wait_ms(4_999);
    script.silent();
    script.no_event();
    script.wait_ms(1);
    script.expect("BYE ");
    assert!(matches!(ended(script.event()), How::SessionExpired));
    script.rest();
}

#[test]
fn a_refresh_by_update_falls_back_to_reinvite() {
    let mut script = Script::new();
    calling(
        &mut script,
        "Session-Expires: 600;refresher=uac\nAllow: UPDATE",
    );
    script.wait_ms(300_000);
    let update = script.expect("UPDATE ");
    script.answer(&update, "405 Method Not Allowed", "", "");
    script.wait_ms(10_000);
    script.expect("INVITE ");
    script.no_event();
}

#[test]
fn a_session_that_the_peer_must_refresh_expires() {
    let mut script = Script::new();
    calling(
        &mut script,
        "Session-Expires: 600;refresher=uas\nRequire: timer",
    );
    script.wait_ms(567_999);
    script.silent();
    script.no_event();
    script.wait_ms(1);
    let bye = script.expect("BYE ");
    assert!(header(&bye, "Reason").contains("Session expired"));
    assert!(matches!(ended(script.event()), How::SessionExpired));
    script.rest();
}

#[test]
fn without_session_expires_in_the_answer_there_is_no_timer() {
    let mut script = Script::new();
    calling(&mut script, "");
    assert_eq!(script.agent.sizes().alarms, 1); // timer M alone
    script.wait_ms(40_000);
    assert_eq!(script.agent.next_deadline(), None);
}

#[test]
fn the_called_side_lets_a_caller_with_timers_refresh() {
    let mut script = Script::new();
    let (_, ok) = called(&mut script, "Supported: timer\nSession-Expires: 300");
    assert_eq!(header(&ok, "Session-Expires"), "300;refresher=uac");
    assert_eq!(header(&ok, "Require"), "timer");
    script.wait_ms(200_000);
    let update = in_dialog(
        "UPDATE",
        "2 UPDATE",
        "z9hG4bK3",
        &ok,
        "Supported: timer\nSession-Expires: 300;refresher=uac",
    );
    script.say(&update, "");
    let refreshed = script.expect("SIP/2.0 200");
    assert_eq!(header(&refreshed, "Session-Expires"), "300;refresher=uac");
    script.wait_ms(267_999);
    script.no_event();
    script.wait_ms(1);
    script.expect("BYE ");
    assert!(matches!(ended(script.event()), How::SessionExpired));
}

#[test]
fn the_called_side_refreshes_for_a_caller_without_timers() {
    let mut script = Script::new();
    let (_, ok) = called(&mut script, "");
    assert_eq!(header(&ok, "Session-Expires"), "1800;refresher=uas");
    assert!(!has_header(&ok, "Require"));
    script.wait_ms(900_000);
    let reinvite = script.expect("INVITE ");
    assert_eq!(body(&reinvite), "answer");
    // Such a caller answers without Session-Expires; the watch must go on all the same.
    let more = "Contact: <sip:alice@client.atlanta.example.com>";
    script.answer_with(&reinvite, "200 OK", "", more, "offer");
    script.expect("ACK ");
    script.wait_ms(900_000);
    script.expect("INVITE ");
}

#[test]
fn a_small_timer_is_refused_inside_the_dialog_too() {
    let mut script = Script::new();
    let (_, ok) = called(&mut script, "Supported: timer\nSession-Expires: 300");
    let small = "Supported: timer\nSession-Expires: 20";
    script.say(&in_dialog("UPDATE", "2 UPDATE", "z9hG4bK3", &ok, small), "");
    assert_eq!(header(&script.expect("SIP/2.0 422"), "Min-SE"), "90");
    script.say(
        &in_dialog("INVITE", "3 INVITE", "z9hG4bK4", &ok, small),
        "hold",
    );
    assert_eq!(header(&script.expect("SIP/2.0 422"), "Min-SE"), "90");
    script.no_event();
}

#[test]
fn two_agents_keep_a_call_for_a_day_and_lose_it_when_the_wire_is_cut() {
    let mut world = World::perfect();
    let (a, b) = world.call();
    world.run_ms(86_400_000);
    world.no_event(0, a);
    world.no_event(1, b);
    assert!(
        world
            .log
            .iter()
            .filter(|line| line.contains("UPDATE"))
            .count()
            >= 90
    );
    world.cut();
    world.run_ms(1_800_000);
    assert!(matches!(
        ended(world.take_event(0, a)),
        How::Timeout | How::SessionExpired
    ));
    assert!(matches!(ended(world.take_event(1, b)), How::SessionExpired));
    world.rest();
}

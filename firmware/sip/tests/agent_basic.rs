//! Two agents on a perfect network: the happy paths.

mod rig;

use rig::{World, ended, sdp};
use sip::{How, Method, Outcome, Output, UsageEvent};

#[test]
fn options_is_answered_by_the_user() {
    let mut world = World::perfect();
    let client = world.options(0);
    world.run_ms(10);
    let (server, request) = world.take_request(1);
    assert_eq!(request.method, Method::Options);
    let response = world.agent(1).response_to(&request, 200);
    world.with(1, |agent, now| {
        agent.respond(now, server, &response).expect("open");
    });
    world.run_ms(10);
    let outcome = world.take_response(0, client);
    assert!(matches!(outcome, Outcome::Response(r) if r.status == 200));
    world.rest();
}

#[test]
fn a_call_rings_is_answered_and_ended_by_the_caller() {
    let mut world = World::perfect();
    let a = world.invite(0, Some(sdp("offer")));
    world.run_ms(10);
    let (b, request) = world.take_incoming(1);
    assert_eq!(request.body, sdp("offer"));
    world.with(1, |agent, now| {
        agent.ring(now, b, 180, None).expect("rings")
    });
    world.run_ms(10);
    assert!(matches!(world.take_event(0, a), UsageEvent::Ringing));
    world.with(1, |agent, now| {
        agent.answer(now, b, sdp("answer")).expect("answers")
    });
    world.run_ms(10);
    match world.take_event(0, a) {
        UsageEvent::Answered {
            sdp: Some(body), ..
        } => assert_eq!(body, sdp("answer")),
        other => panic!("{other:?}"),
    }
    assert!(matches!(world.take_event(1, b), UsageEvent::Confirmed));
    world.with(0, |agent, now| agent.hang_up(now, a, None).expect("lives"));
    assert!(matches!(ended(world.take_event(0, a)), How::Local));
    world.run_ms(10);
    assert!(matches!(ended(world.take_event(1, b)), How::Bye));
    world.rest();
}

#[test]
fn a_call_is_ended_by_the_called_side() {
    let mut world = World::perfect();
    let (a, b) = world.call();
    world.with(1, |agent, now| agent.hang_up(now, b, None).expect("lives"));
    world.run_ms(10);
    assert!(matches!(ended(world.take_event(0, a)), How::Bye));
    assert!(matches!(ended(world.take_event(1, b)), How::Local));
    world.rest();
}

#[test]
fn a_call_is_cancelled_and_another_refused() {
    let mut world = World::perfect();
    let a = world.invite(0, Some(sdp("offer")));
    world.run_ms(10);
    let (b, _) = world.take_incoming(1);
    world.with(1, |agent, now| {
        agent.ring(now, b, 180, None).expect("rings")
    });
    world.run_ms(10);
    let reason = sip::Reason::sip(200, "Call completed elsewhere");
    world.with(0, |agent, now| {
        agent.cancel(now, a, Some(reason)).expect("rings")
    });
    world.run_ms(10);
    assert!(matches!(world.take_event(1, b), UsageEvent::Cancelled));
    match ended(world.take_event(1, b)) {
        How::Cancelled { sip_cause } => assert_eq!(sip_cause, Some(200)),
        other => panic!("{other:?}"),
    }
    world.rest();

    let a = world.invite(0, Some(sdp("offer")));
    world.run_ms(10);
    let (b, _) = world.take_incoming(1);
    world.with(1, |agent, now| {
        agent
            .reject(now, b, 486, &sip::Headers::new())
            .expect("open");
    });
    world.run_ms(10);
    match ended(world.take_event(0, a)) {
        How::Refused { status, reason, .. } => assert_eq!((status, &*reason), (486, "Busy Here")),
        other => panic!("{other:?}"),
    }
    world.rest();
}

#[test]
fn nothing_is_left_of_what_was_never_answered() {
    let mut world = World::perfect();
    world.cut();
    let a = world.invite(0, None);
    let client = world.options(0);
    world.run_ms(33_000);
    assert!(matches!(ended(world.take_event(0, a)), How::Timeout));
    assert!(matches!(world.take_response(0, client), Outcome::Timeout));
    let sends = world.sent(0);
    // INVITE at 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s; OPTIONS at 0, 0.5, 1.5, 3.5 and every 4 s.
    assert_eq!(sends, 7 + 11);
    world.rest();
    assert!(
        world
            .agent(0)
            .poll()
            .is_none_or(|o: Output| panic!("{o:?}"))
    );
}

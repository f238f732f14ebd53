//! The machines against the tables and figures of RFC 3261 §17 and RFC 6026 §7.

use core::time::Duration;

use super::*;

const T: fn() -> Timing = Timing::default;

fn pause(effects: &Effects, timer: Timer) -> Option<u128> {
    effects
        .start
        .iter()
        .flatten()
        .find(|(which, _)| *which == timer)
        .map(|(_, after)| after.as_millis())
}

#[test]
fn an_invite_is_repeated_at_doubling_pauses_and_given_up_after_32_s() {
    let (mut client, first) = InviteClient::start(&T(), false);
    assert!(first.send);
    assert_eq!(pause(&first, Timer::GiveUp), Some(32_000));
    let mut pauses = vec![pause(&first, Timer::Retransmit)];
    for _ in 0..5 {
        let again = client.timer(Timer::Retransmit);
        assert!(again.send);
        pauses.push(pause(&again, Timer::Retransmit));
    }
    // RFC 3261 §17.1.1.2: 500 ms, 1 s, 2 s, 4 s, 8 s, 16 s; no cap at T2 for INVITE.
    assert_eq!(
        pauses,
        [500, 1000, 2000, 4000, 8000, 16_000].map(Some).to_vec()
    );
    let end = client.timer(Timer::GiveUp);
    assert!(end.timed_out && end.done);
}

#[test]
fn an_invite_on_a_stream_is_sent_once() {
    let (_, first) = InviteClient::start(&T(), true);
    assert_eq!(pause(&first, Timer::Retransmit), None);
    assert_eq!(pause(&first, Timer::GiveUp), Some(32_000));
}

#[test]
fn a_refusal_is_acknowledged_each_time_it_comes_and_told_once() {
    let (mut client, _) = InviteClient::start(&T(), false);
    let ringing = client.response(&T(), 180);
    assert!(ringing.pass && ringing.stop.contains(&Some(Timer::GiveUp)));
    let busy = client.response(&T(), 486);
    assert!(busy.pass && busy.ack);
    assert_eq!(pause(&busy, Timer::Linger), Some(32_000));
    let again = client.response(&T(), 486);
    assert!(again.ack && !again.pass);
    assert_eq!(client.response(&T(), 200), Effects::NONE);
    assert!(client.timer(Timer::Linger).done);
}

#[test]
fn on_a_stream_a_refused_invite_is_forgotten_at_once() {
    let (mut client, _) = InviteClient::start(&T(), true);
    let busy = client.response(&T(), 486);
    assert!(busy.done && busy.ack && busy.pass);
}

#[test]
fn every_2xx_reaches_the_user_for_timer_m() {
    let (mut client, _) = InviteClient::start(&T(), true);
    let answered = client.response(&T(), 200);
    assert!(answered.pass && !answered.ack && !answered.done);
    assert_eq!(pause(&answered, Timer::Linger), Some(32_000));
    assert_eq!(client.response(&T(), 200), Effects::PASS);
    assert_eq!(client.response(&T(), 180), Effects::NONE);
    assert!(client.timer(Timer::Linger).done);
}

#[test]
fn a_request_is_repeated_up_to_t2_also_after_a_provisional_response() {
    let (mut client, first) = NonInviteClient::start(&T(), false);
    let mut pauses = vec![pause(&first, Timer::Retransmit)];
    for _ in 0..4 {
        pauses.push(pause(
            &client.timer(&T(), Timer::Retransmit),
            Timer::Retransmit,
        ));
    }
    assert_eq!(pauses, [500, 1000, 2000, 4000, 4000].map(Some).to_vec());
    assert!(client.response(&T(), 100).pass);
    let again = client.timer(&T(), Timer::Retransmit);
    assert_eq!(pause(&again, Timer::Retransmit), Some(4000));
    let end = client.response(&T(), 200);
    assert_eq!(pause(&end, Timer::Linger), Some(5000));
    assert_eq!(client.response(&T(), 200), Effects::NONE);
    assert!(client.timer(&T(), Timer::Linger).done);
}

#[test]
fn a_refusal_is_repeated_until_the_ack_or_for_32_s() {
    let mut server = InviteServer::start(false);
    assert!(server.timer(&T(), Timer::Retransmit).send, "100 Trying");
    let ringing = server.respond(&T(), 180);
    assert!(ringing.send && ringing.stop.contains(&Some(Timer::Retransmit)));
    let busy = server.respond(&T(), 486);
    assert_eq!(pause(&busy, Timer::Retransmit), Some(500));
    assert_eq!(pause(&busy, Timer::GiveUp), Some(32_000));
    let mut pauses = Vec::new();
    for _ in 0..5 {
        pauses.push(pause(
            &server.timer(&T(), Timer::Retransmit),
            Timer::Retransmit,
        ));
    }
    assert_eq!(pauses, [1000, 2000, 4000, 4000, 4000].map(Some).to_vec());
    assert_eq!(server.respond(&T(), 200), Effects::NONE);
    let mut lost = server;
    assert!(lost.timer(&T(), Timer::GiveUp).done);
    let confirmed = server.ack(&T());
    assert_eq!(pause(&confirmed, Timer::Linger), Some(5000));
    assert_eq!(server.repeated(), Effects::NONE);
    assert!(server.timer(&T(), Timer::Linger).done);
}

#[test]
fn after_a_2xx_a_repeated_invite_is_absorbed() {
    let mut server = InviteServer::start(true);
    let ok = server.respond(&T(), 200);
    assert_eq!(pause(&ok, Timer::Linger), Some(32_000));
    assert_eq!(server.repeated(), Effects::NONE);
    assert_eq!(server.ack(&T()), Effects::PASS);
    assert_eq!(server.respond(&T(), 200), Effects::SEND);
    assert!(server.timer(&T(), Timer::Linger).done);
}

#[test]
fn a_repeated_request_is_answered_from_the_transaction() {
    let mut server = NonInviteServer::start(false);
    assert_eq!(server.repeated(), Effects::NONE);
    let ok = server.respond(&T(), 200);
    assert!(ok.send);
    assert_eq!(pause(&ok, Timer::Linger), Some(32_000));
    assert_eq!(server.repeated(), Effects::SEND);
    assert_eq!(server.respond(&T(), 500), Effects::NONE);
    assert!(server.timer(Timer::Linger).done);
    let mut stream = NonInviteServer::start(true);
    assert!(stream.respond(&T(), 200).done);
}

#[test]
fn timers_which_cannot_run_in_a_state_do_nothing() {
    let all = [Timer::Retransmit, Timer::GiveUp, Timer::Linger];
    let (mut client, _) = InviteClient::start(&T(), false);
    client.response(&T(), 180);
    assert!(all.iter().all(|t| client.timer(*t) == Effects::NONE));
    let mut server = InviteServer::start(false);
    assert!(
        all[1..]
            .iter()
            .all(|t| server.timer(&T(), *t) == Effects::NONE)
    );
    let mut plain = NonInviteServer::start(false);
    assert!(all.iter().all(|t| plain.timer(*t) == Effects::NONE));
}

#[test]
fn other_base_values_scale_everything() {
    let quick = Timing {
        t1: Duration::from_millis(10),
        t2: Duration::from_millis(40),
        t4: Duration::from_millis(50),
    };
    let (_, first) = NonInviteClient::start(&quick, false);
    assert_eq!(pause(&first, Timer::GiveUp), Some(640));
    assert_eq!(quick.t4_or_zero(false).as_millis(), 50);
    // Timer D never falls below 32 s.
    assert_eq!(quick.d(false).as_secs(), 32);
}

//! What every request must fulfil, retransmission, overload, and the memory of many REGISTERs.

mod rig;

use model::limits;
use rig::script::{Script, has_header, header, in_dialog, invite};
use sip::{AgentConfig, Method};

fn register(n: u32) -> String {
    format!(
        "REGISTER sip:192.0.2.1 SIP/2.0\n\
         Via: SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bKr{n};rport\n\
         Max-Forwards: 70\n\
         From: <sip:2005@192.0.2.1>;tag=f{n}\n\
         To: <sip:2005@192.0.2.1>\n\
         Call-ID: reg{n}@10.0.0.7\n\
         CSeq: {n} REGISTER\n\
         Contact: <sip:2005@10.0.0.7:5060>"
    )
}

fn grant(script: &mut Script) {
    let (server, request) = script.requests.pop_front().expect("a request");
    let response = script.agent.response_to(&request, 200);
    script.act(|agent, now| agent.respond(now, server, &response).expect("open"));
}

#[test]
fn a_register_is_answered_once_and_repeated_from_the_transaction() {
    let mut script = Script::new();
    script.say(&register(1), "");
    script.say(&register(1), "");
    script.silent();
    assert_eq!(script.requests.len(), 1);
    let (server, request) = script.requests.pop_front().expect("a request");
    let response = script.agent.response_to(&request, 200);
    script.act(|agent, now| agent.respond(now, server, &response).expect("open"));
    let ok = script.expect("SIP/2.0 200 OK");
    assert!(header(&ok, "Via").contains(";rport=5060;received=192.0.2.2"));
    script.say(&register(1), "");
    assert_eq!(script.take(), ok);
    let again = script.act(|agent, now| agent.respond(now, server, &response));
    assert_eq!(again, Err(sip::AgentError::NotNow));
    // Timer J: 32 s on UDP.
    script.wait_ms(31_999);
    assert_eq!(script.agent.sizes().servers, 1);
    script.wait_ms(1);
    assert_eq!(script.agent.sizes(), sip::AgentSizes::default());
}

#[test]
fn refusals_before_anybody_looks() {
    let check = |text: &str, body: &str, status: &str, name: &str, value: &str| {
        let mut script = Script::new();
        script.say(text, body);
        let response = script.take();
        assert!(
            response.starts_with(&format!("SIP/2.0 {status} ")),
            "{response}"
        );
        if !name.is_empty() {
            assert!(header(&response, name).contains(value), "{response}");
        }
        assert!(script.requests.is_empty() && script.incoming.is_empty());
        assert!(header(&response, "To").contains(";tag="));
        script.rest();
    };
    let new = invite("z9hG4bK1", "");
    let bye = new.replace("INVITE", "BYE");
    let unknown = new.replace("INVITE", "DANCE");
    check(&unknown, "", "405", "Allow", "INVITE, ACK, BYE");
    let elsewhere = new.replacen("INVITE sip:", "INVITE im:", 1);
    check(&elsewhere, "", "416", "", "");
    let require = invite("z9hG4bK1", "Require: 100rel, magic\nRequire: carpet");
    check(&require, "", "420", "Unsupported", "magic, carpet");
    check(
        &new.replace("Max-Forwards: 70", "Max-Forwards: 0"),
        "",
        "483",
        "",
        "",
    );
    check(&bye, "", "481", "", "");
    check(
        &new.replace("biloxi.example.com>", "biloxi.example.com>;tag=gone"),
        "",
        "481",
        "",
        "",
    );
    check(
        &invite("z9hG4bK1", "Supported: timer\nSession-Expires: 30"),
        "",
        "422",
        "Min-SE",
        "90",
    );
}

#[test]
fn options_with_its_last_hop_and_unknown_bodies() {
    let mut script = Script::new();
    let options = invite("z9hG4bK1", "")
        .replace("INVITE", "OPTIONS")
        .replace("Max-Forwards: 70", "Max-Forwards: 0");
    script.say(&options, "");
    let (server, request) = script.requests.pop_front().expect("for us");
    assert_eq!(request.method, Method::Options);
    let response = script.agent.capabilities(&request);
    script.act(|agent, now| agent.respond(now, server, &response).expect("open"));
    let ok = script.expect("SIP/2.0 200");
    for name in ["Allow", "Supported", "Accept"] {
        assert!(has_header(&ok, name));
    }
}

#[test]
fn a_body_that_is_no_sdp_gets_415() {
    let mut script = Script::new();
    let head = invite("z9hG4bK1", "Content-Encoding: gzip");
    script.say(&head, "xx");
    let refused = script.expect("SIP/2.0 415");
    assert_eq!(header(&refused, "Accept"), "application/sdp");
    assert_eq!(header(&refused, "Accept-Encoding"), "identity");
    // Optional bodies are ignored instead.
    let head = invite(
        "z9hG4bK2",
        "Content-Encoding: gzip\nContent-Disposition: x;handling=optional",
    )
    .replace("CSeq: 1", "CSeq: 2");
    script.say(&head, "xx");
    script.trying();
}

#[test]
fn a_request_by_two_ways_is_taken_once() {
    let mut script = Script::new();
    script.say(&invite("z9hG4bKway1", ""), "");
    script.say(&invite("z9hG4bKway2", ""), "");
    script.expect("SIP/2.0 482");
    assert_eq!(script.incoming.len(), 1);
    assert_eq!(script.agent.counters().merged, 1);
}

#[test]
fn a_refused_request_may_come_again_with_the_same_cseq() {
    let mut script = Script::new();
    script.say(&invite("z9hG4bKa", ""), "");
    let (call, _) = script.incoming.pop_front().expect("a call");
    script.act(|agent, now| {
        agent
            .reject(now, call, 401, &sip::Headers::new())
            .expect("open")
    });
    script.skip();
    script.say(&invite("z9hG4bKb", ""), "");
    script.trying();
}

#[test]
fn an_old_branch_matches_by_the_old_rule() {
    let mut script = Script::new();
    let old = invite("1", "");
    script.say(&old, "");
    let trying = script.trying();
    script.say(&old, "");
    assert_eq!(script.take(), trying);
    // The same poor branch in another call is another transaction.
    let other = old.replace("3848276298220188511", "77");
    script.say(&other, "");
    script.trying();
    assert_eq!(script.incoming.len(), 2);
    let (call, _) = script.incoming.pop_front().expect("a call");
    script.skip();
    script.act(|agent, now| {
        agent
            .reject(now, call, 486, &sip::Headers::new())
            .expect("open")
    });
    let busy = script.expect("SIP/2.0 486");
    script.say(&in_dialog("ACK", "1 ACK", "1", &busy, ""), "");
    script.wait_ms(3_000);
    script.silent();
}

#[test]
fn too_many_open_requests_get_503_and_the_rest_lives() {
    let mut script = Script::with_config(AgentConfig {
        retry_after_s: 9,
        ..AgentConfig::default()
    });
    let room = u32::try_from(limits::SIP_TRANSACTIONS).expect("small");
    for n in 0..room {
        script.say(&register(n), "");
    }
    script.silent();
    script.say(&register(room), "");
    let refused = script.expect("SIP/2.0 503");
    assert_eq!(header(&refused, "Retry-After"), "9");
    assert_eq!(script.agent.counters().overload, 1);
    assert_eq!(script.agent.sizes().servers, limits::SIP_TRANSACTIONS);
    // One answer makes room for one more.
    grant(&mut script);
    script.expect("SIP/2.0 200");
    script.say(&register(room + 1), "");
    script.silent();
    assert_eq!(script.requests.len(), limits::SIP_TRANSACTIONS);
}

#[test]
fn ten_thousand_registers_leave_nothing_and_never_refuse() {
    let mut script = Script::new();
    for n in 0..10_000 {
        script.say(&register(n), "");
        grant(&mut script);
        script.skip();
        assert!(script.agent.sizes().servers <= limits::SIP_ABSORBING);
    }
    assert_eq!(script.agent.counters().overload, 0);
    let early = 10_000 - u64::try_from(limits::SIP_ABSORBING).expect("small");
    assert_eq!(script.agent.counters().forgotten_early, early);
    script.rest();
}

#[test]
fn a_flood_leaves_only_so_many_timers_of_forgotten_transactions() {
    let mut script = Script::new();
    let bound = 4 * limits::SIP_TRANSACTIONS;
    let mut most = 0;
    for n in 0..40_000 {
        script.say(&register(n), "");
        grant(&mut script);
        script.skip();
        most = most.max(script.agent.sizes().alarms);
    }
    assert!((bound..=bound + 1).contains(&most), "{most}");
    script.rest();
}

#[test]
fn too_many_calls_get_503() {
    let mut script = Script::new();
    for n in 0..limits::SIP_DIALOGS {
        let call =
            invite(&format!("z9hG4bK{n}"), "").replace("3848276298220188511", &n.to_string());
        script.say(&call, "");
        script.silent();
    }
    script.say(&invite("z9hG4bKmore", ""), "");
    script.expect("SIP/2.0 503");
    let params = rig::invite_params(0, None);
    let refused = script.act(|agent, now| agent.invite(now, params));
    assert_eq!(refused, Err(sip::AgentError::Full));
}

#[test]
fn what_cannot_be_read_is_refused_without_a_transaction() {
    let mut script = Script::new();
    let bad = invite("z9hG4bK1", "")
        .replace("CSeq: 1 INVITE", "CSeq: 1 BYE")
        .replace('\n', "\r\n")
        + "\r\n\r\n";
    let error = sip::parse(bad.as_bytes()).expect_err("CSeq of another method");
    let peer = script.peer;
    script.act(|agent, _| agent.receive_malformed(&peer, &error));
    let refused = script.expect("SIP/2.0 400");
    assert!(header(&refused, "To").contains(";tag="));
    assert_eq!(script.agent.sizes(), sip::AgentSizes::default());
    assert_eq!(script.agent.counters().malformed, 1);
}

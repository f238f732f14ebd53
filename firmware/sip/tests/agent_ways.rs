//! Ways and names: connections that break, phones that come back elsewhere, a box behind NAT,
//! Contacts, extra headers, and finding a call by its dialog.

mod rig;

use std::net::SocketAddr;

use model::{FlowId, Transport};
use rig::{
    ended, invite_params,
    script::{Script, body, has_header, header, in_dialog, invite, tag},
};
use sip::{HeaderName, Headers, How, NameAddr, Replaces, UsageEvent, UsageKey};

fn ringing(script: &mut Script) -> UsageKey {
    script.say(&invite("z9hG4bK1", ""), "offer");
    script.incoming.pop_front().expect("a call").0
}

fn answered(script: &mut Script) -> (UsageKey, String) {
    let call = ringing(script);
    script.act(|agent, now| agent.answer(now, call, b"answer".to_vec()).expect("open"));
    let ok = script.expect("SIP/2.0 200");
    script.say(&in_dialog("ACK", "1 ACK", "z9hG4bK2", &ok, ""), "");
    assert!(matches!(script.event(), UsageEvent::Confirmed));
    (call, ok)
}

#[test]
fn an_unanswered_call_ends_with_its_connection_and_an_answered_one_stays() {
    let mut script = Script::on_stream();
    ringing(&mut script);
    script.act(|agent, now| agent.flow_failed(now, FlowId(1)));
    assert!(matches!(ended(script.event()), How::TransportFailed));
    script.rest();

    let mut script = Script::on_stream();
    let (call, _) = answered(&mut script);
    script.act(|agent, now| agent.flow_failed(now, FlowId(1)));
    script.no_event();
    // The phone comes back on another connection.
    let mut back = script.peer;
    back.flow = Some(FlowId(2));
    back.transport = Transport::Tls;
    script.act(|agent, _| agent.move_to(call, back).expect("lives"));
    script.act(|agent, now| agent.hang_up(now, call, None).expect("lives"));
    let bye = script.expect("BYE ");
    assert!(header(&bye, "Via").starts_with("SIP/2.0/TLS "));
}

#[test]
fn requests_follow_the_peers_last_message() {
    let mut script = Script::new();
    let (call, ok) = answered(&mut script);
    // NAT gave the phone another port.
    script.peer.remote = "192.0.2.2:61234".parse().expect("address");
    script.say(&in_dialog("INFO", "2 INFO", "z9hG4bK3", &ok, ""), "");
    script.expect("SIP/2.0 200");
    script.act(|agent, now| agent.hang_up(now, call, None).expect("lives"));
    script.expect("BYE ");
    assert_eq!(script.last_peer.map(|p| p.remote), Some(script.peer.remote));
}

#[test]
fn a_datagram_that_cannot_be_sent_fails_its_transactions() {
    let mut script = Script::new();
    let params = invite_params(0, Some(b"offer".to_vec()));
    script.act(|agent, now| agent.invite(now, params).expect("room"));
    let peer = rig::peer(0, 1);
    script.act(|agent, now| agent.send_failed(now, &peer));
    assert!(matches!(ended(script.event()), How::TransportFailed));
    assert_eq!(script.agent.sizes(), sip::AgentSizes::default());
}

#[test]
fn a_box_behind_nat_names_its_outer_address() {
    let mut script = Script::new();
    let outer: SocketAddr = "203.0.113.9:15060".parse().expect("address");
    script.agent.set_advertised(Box::new(move |_| outer));
    let params = invite_params(0, Some(b"offer".to_vec()));
    script.act(|agent, now| agent.invite(now, params).expect("room"));
    let sent = script.expect("INVITE ");
    assert!(header(&sent, "Via").starts_with("SIP/2.0/UDP 203.0.113.9:15060;"));
    assert_eq!(header(&sent, "Contact"), "<sip:203.0.113.9:15060>");
}

#[test]
fn contact_and_headers_of_the_user_go_into_every_message() {
    let mut script = Script::new();
    let call = ringing(&mut script);
    let contact = NameAddr::parse("<sip:2005@192.0.2.1:5060;x=1>").expect("legal");
    let mut extra = Headers::new();
    extra.push(HeaderName::PAssertedIdentity, "<sip:2005@office.example>");
    script.act(|agent, now| {
        agent.set_contact(call, &contact).expect("lives");
        agent.set_headers(call, extra).expect("lives");
        agent.ring(now, call, 180, None).expect("open");
        agent.answer(now, call, b"answer".to_vec()).expect("open");
    });
    for status in ["180", "200"] {
        let text = script.expect(&format!("SIP/2.0 {status}"));
        assert_eq!(header(&text, "Contact"), "<sip:2005@192.0.2.1:5060;x=1>");
        assert_eq!(
            header(&text, "P-Asserted-Identity"),
            "<sip:2005@office.example>"
        );
    }
}

#[test]
fn a_call_is_found_by_its_dialog() {
    let mut script = Script::new();
    let call = ringing(&mut script);
    let id = script.agent.dialog_id(call).expect("early dialog");
    assert_eq!(id.remote_tag, "9fxced76sl");
    let mut replaces = Replaces {
        call_id: id.call_id,
        to_tag: id.local_tag,
        from_tag: id.remote_tag,
        early_only: false,
    };
    assert_eq!(script.agent.find(&replaces), Some((call, true)));
    script.act(|agent, now| agent.answer(now, call, b"answer".to_vec()).expect("open"));
    assert_eq!(script.agent.find(&replaces), Some((call, false)));
    replaces.from_tag.push('x');
    assert_eq!(script.agent.find(&replaces), None);
}

#[test]
fn a_call_that_is_over_can_do_nothing() {
    let mut script = Script::new();
    let call = ringing(&mut script);
    script.act(|agent, now| agent.reject(now, call, 603, &Headers::new()).expect("open"));
    script.act(|agent, now| {
        let never = Err(sip::AgentError::NotNow);
        assert_eq!(agent.ring(now, call, 180, None), never);
        assert_eq!(agent.answer(now, call, Vec::new()), never);
        assert_eq!(agent.reject(now, call, 480, &Headers::new()), never);
        assert_eq!(agent.hang_up(now, call, None), never);
        assert_eq!(agent.offer(now, call, Vec::new()), never);
        assert_eq!(agent.accept_offer(now, call, Vec::new()), never);
        assert_eq!(agent.reject_offer(now, call, 488), never);
        assert_eq!(agent.set_headers(call, Headers::new()), never);
    });
}

#[test]
fn only_what_the_state_allows() {
    let mut script = Script::new();
    let call = ringing(&mut script);
    script.act(|agent, now| {
        let never = Err(sip::AgentError::NotNow);
        assert_eq!(agent.ring(now, call, 200, None), never);
        assert_eq!(agent.ring(now, call, 100, None), never);
        assert_eq!(agent.reject(now, call, 200, &Headers::new()), never);
        assert_eq!(agent.cancel(now, call, None), never);
        assert_eq!(agent.accept_offer(now, call, Vec::new()), never);
        for method in [sip::Method::Bye, sip::Method::Invite, sip::Method::Cancel] {
            let headers = Headers::new();
            let sent = agent.request_in(now, call, method, &headers, Vec::new());
            assert_eq!(sent.err(), Some(sip::AgentError::NotNow));
        }
    });
    script.silent();
    script.no_event();
}

// ---- what a call takes with it

const CONTACT: &str = "Contact: <sip:bob@192.0.2.2:5062>";

fn calling(script: &mut Script) -> UsageKey {
    let params = invite_params(0, Some(b"offer".to_vec()));
    let call = script.act(|agent, now| agent.invite(now, params).expect("room"));
    let invite = script.expect("INVITE ");
    script.answer_with(&invite, "200 OK", "b1", CONTACT, "answer");
    script.expect("ACK ");
    script.event();
    call
}

#[test]
fn a_reinvite_that_stays_open_is_cancelled_after_three_minutes() {
    let mut script = Script::new();
    let call = calling(&mut script);
    script.act(|agent, now| agent.offer(now, call, b"hold".to_vec()).expect("lives"));
    let reinvite = script.expect("INVITE ");
    script.answer(&reinvite, "100 Trying", "", "");
    script.wait_ms(179_999);
    script.silent();
    script.wait_ms(1);
    let cancel = script.expect("CANCEL ");
    assert_eq!(header(&cancel, "Via"), header(&reinvite, "Via"));
    assert_eq!(tag(header(&cancel, "To")), "b1");
    script.answer(&cancel, "200 OK", "", "");
    script.answer(&reinvite, "487 Request Terminated", "", "");
    script.expect("ACK ");
    assert!(matches!(
        script.event(),
        UsageEvent::OfferRefused { status: 487 }
    ));
    script.act(|agent, now| agent.offer(now, call, b"again".to_vec()).expect("lives"));
    assert_eq!(body(&script.expect("INVITE ")), "again");
}

#[test]
fn an_open_reinvite_ends_with_its_call() {
    for rings in [false, true] {
        let mut script = Script::new();
        let call = calling(&mut script);
        script.act(|agent, now| agent.offer(now, call, b"hold".to_vec()).expect("lives"));
        let reinvite = script.expect("INVITE ");
        if rings {
            script.answer(&reinvite, "100 Trying", "", "");
        }
        script.act(|agent, now| agent.hang_up(now, call, None).expect("lives"));
        let bye = script.expect("BYE ");
        script.answer(&bye, "200 OK", "", "");
        if !rings {
            script.answer(&reinvite, "100 Trying", "", "");
        }
        script.rest();
    }
}

#[test]
fn an_offer_that_waits_is_answered_when_the_call_ends() {
    let mut script = Script::new();
    let (call, ok) = answered(&mut script);
    script.say(
        &in_dialog("INVITE", "2 INVITE", "z9hG4bK3", &ok, ""),
        "hold",
    );
    script.expect("SIP/2.0 100");
    script.act(|agent, now| agent.hang_up(now, call, None).expect("lives"));
    script.expect("BYE ");
    let refused = script.expect("SIP/2.0 487");
    assert_eq!(header(&refused, "CSeq"), "2 INVITE");
    assert!(has_header(&refused, "Via"));
    script.rest();
}

#[test]
fn after_a_reseed_the_agent_says_what_a_new_one_says() {
    let later = |script: &mut Script| {
        script.skip();
        calling_text(script)
    };
    let seed = || model::Random::new([42; 32]);
    let mut old = Script::new();
    let living = ringing(&mut old);
    calling(&mut old);
    old.agent.reseed(seed());
    let mut new = Script::new();
    new.agent = sip::Agent::new(sip::AgentConfig::default(), seed());
    assert_eq!(later(&mut old), later(&mut new));
    // What lived goes on.
    old.act(|agent, now| {
        agent
            .reject(now, living, 486, &Headers::new())
            .expect("open")
    });
    old.expect("SIP/2.0 486");
}

fn calling_text(script: &mut Script) -> Vec<String> {
    let params = invite_params(0, Some(b"offer".to_vec()));
    let call = script.act(|agent, now| agent.invite(now, params).expect("room"));
    let invite = script.expect("INVITE ");
    script.answer_with(&invite, "200 OK", "b1", CONTACT, "answer");
    let ack = script.expect("ACK ");
    script.act(|agent, now| agent.hang_up(now, call, None).expect("lives"));
    vec![invite, ack, script.expect("BYE ")]
}

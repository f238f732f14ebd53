//! SIPp on both ends: many calls with voice, bad networks, and every way a call can fail.

use tests_e2e::{
    exchange::{Exchange, Office},
    phone::{Algorithm, Phone},
    set::Set,
    sipp::{Script, Sipp},
    wait::s,
};

/// An office with two people, whose phones know MD5 only, as SIPp does.
fn office() -> Exchange {
    started(&Office::with(&["2005", "2006"]))
}

fn started(office: &Office) -> Exchange {
    let exchange = Exchange::start(office);
    for extension in ["2005", "2006"] {
        Phone::teach_md5(exchange.at.udp, extension);
    }
    exchange
}

/// SIPp as the phone of 2006: registered, and playing `scenario`.
fn called(exchange: &Exchange, scenario: &str, calls: u32, more: &[&str]) -> Sipp {
    let script = Script::new(scenario, exchange.at.udp)
        .calls(calls)
        .limit(s(120))
        .with(more);
    registered(exchange, script, 0)
}

/// SIPp as the phone of 2006, registered over UDP behind so many proxies with long names.
fn registered(exchange: &Exchange, script: Script, proxies: usize) -> Sipp {
    let address = script.address();
    let sipp = script.listen();
    let mut registrar = Phone::new(exchange.at.udp, "2006").for_contact(address);
    if proxies > 0 {
        registrar = registrar.by_path(proxies);
    }
    let answer = registrar.register(Algorithm::Md5, 600);
    assert_eq!(answer.status(), 200, "{}", answer.0);
    sipp
}

/// SIPp as the phone of 2005, calling.
fn caller(exchange: &Exchange, scenario: &str, to: &str) -> Script {
    let at = exchange.at.udp;
    Script::new(scenario, at)
        .call("2005", to)
        .with(&["-auth_uri", &format!("{to}@{at}")])
        .limit(s(120))
}

/// All calls that ended so, and nothing left of them.
#[track_caller]
fn all_ended(exchange: &Exchange, count: usize, cause: &str) {
    let calls = exchange.ended_calls(count);
    assert_eq!(calls.len(), count);
    let other = calls.iter().find(|call| call["cause"] != cause);
    assert!(other.is_none(), "{other:?} did not end by {cause}");
    exchange.rest();
}

#[test]
fn two_hundred_calls_with_voice() {
    let exchange = office();
    let mut jan = called(&exchange, "answer", 200, &["-rtp_echo"]);
    let mut anna = caller(&exchange, "call", "2006")
        .calls(200)
        .key("TALK_MS", "3000")
        .with(&["-r", "10", "-l", "30"])
        .start();
    anna.succeeds();
    jan.succeeds();
    all_ended(&exchange, 200, "normal");
    let metrics = exchange.metrics();
    let (came, went) = (
        metrics["media_datagrams_in_total"],
        metrics["media_datagrams_out_total"],
    );
    // 3 s of packets every 20 ms, there and echoed back; a busy machine lets SIPp send fewer, but
    // what came must go on.
    assert!(came > 200 * 150, "{metrics:?}");
    assert!(went * 100 >= came * 95, "{metrics:?}");
    assert_eq!(metrics["media_send_failed_total"], 0, "{metrics:?}");
    exchange.stop();
}

#[test]
fn a_phone_registers_with_md5_and_leaves() {
    let exchange = office();
    let at = exchange.at.udp;
    let register = |expires: &str| {
        Script::new("register", at)
            .call("2005", "")
            .key("CONTACT_PORT", "5999")
            .key("EXPIRES", expires)
            .key("STATUS", "200")
            .run()
    };
    register("300");
    assert_eq!(exchange.metric("registrations"), 1);
    register("0");
    assert_eq!(exchange.metric("registrations"), 0);
    exchange.stop();
}

#[test]
fn a_wrong_password_never_registers_and_never_calls() {
    let exchange = office();
    let at = exchange.at.udp;
    Script::new("register", at)
        .key("PASSWORD", "guessed")
        .call("2005", "")
        .key("CONTACT_PORT", "5999")
        .key("EXPIRES", "300")
        .key("STATUS", "401")
        .calls(20)
        .run();
    caller(&exchange, "refused", "2006")
        .key_first("PASSWORD", "guessed")
        .key("STATUS", "401")
        .calls(20)
        .run();
    let metrics = exchange.metrics();
    assert_eq!(metrics["registrations"], 0);
    assert!(metrics["auth_wrong_total"] >= 40, "{metrics:?}");
    assert!(exchange.calls().is_empty(), "{:?}", exchange.calls());
    exchange.rest();
    exchange.stop();
}

#[test]
fn a_caller_gives_up_while_it_rings() {
    let exchange = office();
    let mut jan = called(&exchange, "ring", 10, &[]);
    caller(&exchange, "cancel", "2006").calls(10).run();
    jan.succeeds();
    all_ended(&exchange, 10, "cancelled");
    exchange.stop();
}

#[test]
fn a_busy_phone_is_busy() {
    let exchange = office();
    let mut jan = called(&exchange, "busy", 10, &[]);
    caller(&exchange, "refused", "2006")
        .key("STATUS", "486")
        .calls(10)
        .run();
    jan.succeeds();
    all_ended(&exchange, 10, "busy");
    exchange.stop();
}

#[test]
fn nobody_answers() {
    let exchange = started(&Office::with(&["2005", "2006"]).limit("ring_timeout_s = 5"));
    let mut jan = called(&exchange, "ring", 3, &[]);
    caller(&exchange, "refused", "2006")
        .key("STATUS", "480")
        .calls(3)
        .run();
    jan.succeeds();
    all_ended(&exchange, 3, "no_answer");
    exchange.stop();
}

#[test]
fn an_unknown_number_is_not_found() {
    let exchange = office();
    caller(&exchange, "refused", "7777")
        .key("STATUS", "404")
        .calls(5)
        .run();
    exchange.rest();
    exchange.stop();
}

#[test]
fn a_person_without_a_phone_cannot_be_reached() {
    let exchange = office();
    caller(&exchange, "refused", "2006")
        .key("STATUS", "480")
        .calls(5)
        .run();
    exchange.rest();
    exchange.stop();
}

#[test]
fn hold_and_resume_by_re_invite() {
    let exchange = office();
    let set = Set::of(&exchange);
    let mut anna = caller(&exchange, "hold", "301").start();
    set.rings(s(30));
    set.lift();
    set.hears(1_000, s(30));
    anna.go_on();
    anna.message_with("CSeq: 3 ACK", s(30));
    set.hears_not(1_000, s(30));
    anna.go_on();
    anna.message_with("CSeq: 4 ACK", s(30));
    set.hears(1_000, s(30));
    anna.go_on();
    anna.succeeds();
    set.hang_up();
    all_ended(&exchange, 1, "normal");
    exchange.stop();
}

/// Calls over a network that loses this share of all messages, both ways, at both phones.
fn calls_with_loss(percent: &str, calls: u32) {
    let exchange = office();
    // SIPp takes a repeated INVITE for a surprise when both of its answers to the first are lost:
    // it shall then go on repeating its 200 instead of giving up.
    let lossy = ["-lost", percent, "-default_behaviors", "all,-abortunexp"];
    let mut jan = called(
        &exchange,
        "answer",
        calls,
        &[&lossy[..], &["-rtp_echo"]].concat(),
    );
    let mut anna = caller(&exchange, "call", "2006")
        .calls(calls)
        .key("TALK_MS", "1000")
        .with(&["-r", "20", "-l", "50"])
        .with(&lossy)
        .start();
    anna.succeeds();
    jan.succeeds();
    all_ended(&exchange, calls as usize, "normal");
    exchange.stop();
}

#[test]
fn calls_survive_three_per_cent_loss() {
    calls_with_loss("3", 100);
}

#[test]
fn retransmissions_carry_calls_over_a_bad_network() {
    calls_with_loss("15", 20);
}

#[test]
fn calls_over_tcp_with_one_connection_each() {
    let exchange = office();
    let mut jan = called(&exchange, "answer", 20, &["-rtp_echo"]);
    let at = exchange.at.tcp;
    let mut anna = Script::new("call", at)
        .call("2005", "2006")
        .key("TALK_MS", "500")
        .calls(20)
        .limit(s(120))
        .with(&["-auth_uri", &format!("2006@{at}"), "-t", "tn", "-r", "10"])
        .start();
    anna.succeeds();
    jan.succeeds();
    all_ended(&exchange, 20, "normal");
    exchange.stop();
}

/// Calls to a phone that is registered over UDP and whose INVITE is longer than a datagram should be
/// (RFC 3261 §18.1.1); what SIPp was sent.
fn long_requests(over_tcp: bool) -> String {
    let exchange = office();
    let calls = 3;
    let script = Script::new("answer", exchange.at.udp)
        .calls(calls)
        .limit(s(120));
    let script = if over_tcp { script.over_tcp() } else { script };
    let mut jan = registered(&exchange, script, 5);
    let mut anna = caller(&exchange, "call", "2006")
        .calls(calls)
        .key("TALK_MS", "500")
        .with(&["-l", "1"])
        .start();
    anna.succeeds();
    jan.succeeds();
    all_ended(&exchange, calls as usize, "normal");
    exchange.stop();
    jan.messages()
}

/// The transport in the Via of every INVITE that was received.
fn vias(messages: &str) -> Vec<&str> {
    let received = messages.split("message received").skip(1);
    let invites = received.filter(|message| message.contains("\nINVITE sip:"));
    invites
        .map(|message| {
            let (head, _) = message.split_once("Content-Length:").expect("a head");
            assert!(head.len() > 1_300, "{} bytes: {head}", head.len());
            let (_, via) = message.split_once("Via: SIP/2.0/").expect("a Via");
            via.split(' ').next().expect("a transport")
        })
        .collect()
}

#[test]
fn a_request_too_long_for_a_datagram_goes_over_tcp() {
    let messages = long_requests(true);
    assert_eq!(vias(&messages), ["TCP"; 3], "{messages}");
}

#[test]
fn a_phone_that_takes_no_connection_gets_its_long_request_by_udp() {
    let messages = long_requests(false);
    let vias = vias(&messages);
    assert!(
        vias.len() >= 3 && vias.iter().all(|&via| via == "UDP"),
        "{vias:?} in {messages}"
    );
}

//! A request that is too long for a datagram goes over TCP, and back to UDP where the phone takes no
//! connection (RFC 3261 §18.1.1).

mod office;

use std::net::SocketAddr;

use model::{Binding, EntryId, FlowId, Transport};
use office::{TEXT, exchange, now};
use pbx::{Input, Output, Pbx};
use sip::{Message, Method, digest};

const BOX: &str = "192.0.2.1:5060";
const CALLER: &str = "192.0.2.6:5060";
const PHONE: &str = "192.0.2.5:5060";

struct Rig {
    pbx: Pbx,
    ms: u64,
    calls: u32,
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("literal")
}

impl Rig {
    /// Jan's phone is registered over UDP, by a path of this many proxies with long names.
    fn start(proxies: usize) -> Self {
        let proxy = format!("<sip:{}@192.0.2.9;lr>", "p".repeat(220));
        let binding = Binding {
            owner: EntryId::new("jan").expect("legal"),
            key: "phone".into(),
            contact: format!("sip:2005@{PHONE}"),
            path: vec![proxy; proxies],
            source: address(PHONE),
            local: address(BOX),
            transport: Transport::Udp,
            flow: None,
            call_id: "r".into(),
            cseq: 1,
            expires: model::Wall::from_secs(1_800_007_000),
            user_agent: String::new(),
            q: 1_000,
        };
        let mut rig = Self {
            pbx: exchange(TEXT, Vec::new(), vec![binding]),
            ms: 0,
            calls: 0,
        };
        rig.drain();
        rig
    }

    fn tell(&mut self, input: Input) -> Vec<Output> {
        self.ms += 5;
        self.pbx.handle(now(self.ms), input);
        self.drain()
    }

    fn drain(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.pbx.poll()).collect()
    }

    fn invite(&mut self, cseq: u32, extra: &str) -> Vec<Output> {
        let sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.6\r\ns=-\r\nc=IN IP4 192.0.2.6\r\nt=0 0\r\n\
                   m=audio 40000 RTP/AVP 8\r\n";
        let (call, length) = (self.calls, sdp.len());
        let head = format!(
            "INVITE sip:2005@192.0.2.1 SIP/2.0\n\
             Via: SIP/2.0/UDP 192.0.2.6;branch=z9hG4bKi{call}x{cseq}\n\
             From: <sip:2006@192.0.2.1>;tag=c\nTo: <sip:2005@192.0.2.1>\n\
             Call-ID: two{call}\nCSeq: {cseq} INVITE\nContact: <sip:2006@{CALLER}>\n\
             Max-Forwards: 70\n{extra}Content-Type: application/sdp\n\
             Content-Length: {length}\n\n"
        );
        self.tell(Input::Datagram {
            local: address(BOX),
            remote: address(CALLER),
            bytes: (head.replace('\n', "\r\n") + sdp).into_bytes(),
        })
    }

    /// Ewa calls Jan; what that makes the exchange do.
    fn call(&mut self) -> Vec<Output> {
        self.calls += 1;
        let refused = text_to(&self.invite(1, ""), CALLER, "SIP/2.0 401").expect("a challenge");
        let Ok(parsed) = sip::parse(refused.as_bytes()) else {
            panic!("{refused}");
        };
        let Message::Response(response) = parsed.message else {
            panic!("{refused}");
        };
        let challenge = &digest::challenges_of(&response.headers)[0];
        let (who, uri) = (("2006", "s3cret"), "sip:2005@192.0.2.1");
        let credentials = digest::answer(challenge, who, &Method::Invite, uri, (1, "c"));
        self.invite(2, &format!("Authorization: {credentials}\n"))
    }
}

/// The datagram to `remote` that begins like this.
fn text_to(outputs: &[Output], to: &str, begin: &str) -> Option<String> {
    outputs.iter().find_map(|output| match output {
        Output::Datagram { remote, bytes, .. } if *remote == address(to) => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            text.starts_with(begin).then_some(text)
        }
        _ => None,
    })
}

/// The connection that is asked for, and what is written to it.
fn stream(outputs: &[Output]) -> Option<(FlowId, String)> {
    let asked = outputs.iter().find_map(|output| match output {
        Output::Connect {
            flow,
            transport: Transport::Tcp,
            remote,
        } if *remote == address(PHONE) => Some(*flow),
        _ => None,
    })?;
    outputs.iter().find_map(|output| match output {
        Output::Bytes { flow, bytes } if *flow == asked => {
            Some((asked, String::from_utf8_lossy(bytes).into_owned()))
        }
        _ => None,
    })
}

fn ringing(invite: &str) -> Vec<u8> {
    response(invite, "180 Ringing", "", "")
}

/// What the phone answers; `named` are parameters of the URI in its Contact.
fn response(invite: &str, status: &str, named: &str, sdp: &str) -> Vec<u8> {
    let keep = |line: &&str| {
        ["Via:", "From:", "Call-ID:", "CSeq:"]
            .iter()
            .any(|name| line.starts_with(name))
    };
    let headers: Vec<&str> = invite.lines().filter(keep).collect();
    let to = invite
        .lines()
        .find(|line| line.starts_with("To:"))
        .expect("a To");
    format!(
        "SIP/2.0 {status}\r\n{}\r\n{to};tag=phone\r\nContact: <sip:2005@{PHONE}{named}>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
        headers.join("\r\n"),
        sdp.len()
    )
    .into_bytes()
}

#[test]
fn a_short_request_is_a_datagram() {
    let mut rig = Rig::start(0);
    let outputs = rig.call();
    assert!(stream(&outputs).is_none(), "{outputs:?}");
    let sent = text_to(&outputs, PHONE, "INVITE ").expect("the phone is called");
    assert!(sent.len() <= model::limits::SIP_UDP_MAX);
}

#[test]
fn a_long_one_goes_over_a_connection_and_is_answered_there() {
    let mut rig = Rig::start(5);
    let outputs = rig.call();
    let (flow, sent) = stream(&outputs).expect("a connection");
    assert!(text_to(&outputs, PHONE, "INVITE ").is_none(), "not twice");
    assert!(sent.len() > model::limits::SIP_UDP_MAX);
    assert!(
        sent.contains("\r\nVia: SIP/2.0/TCP 192.0.2.1:5060;"),
        "{sent}"
    );
    rig.tell(Input::FlowOpened {
        flow,
        transport: Transport::Tcp,
        local: address("192.0.2.1:40000"),
        remote: address(PHONE),
    });
    let bytes = ringing(&sent);
    let outputs = rig.tell(Input::Bytes { flow, bytes });
    assert!(
        text_to(&outputs, CALLER, "SIP/2.0 180").is_some(),
        "{outputs:?}"
    );
    // The next call uses the same connection.
    let outputs = rig.call();
    assert!(
        !outputs.iter().any(|o| matches!(o, Output::Connect { .. })),
        "{outputs:?}"
    );
    let again = |o: &Output| matches!(o, Output::Bytes { flow: at, .. } if *at == flow);
    assert!(outputs.iter().any(again), "{outputs:?}");
}

#[test]
fn a_phone_that_takes_no_connection_is_called_by_datagrams() {
    let mut rig = Rig::start(5);
    let outputs = rig.call();
    let (flow, over_tcp) = stream(&outputs).expect("a connection");
    let outputs = rig.tell(Input::FlowClosed { flow });
    let sent = text_to(&outputs, PHONE, "INVITE ").expect("the phone is called after all");
    assert_eq!(sent, over_tcp.replacen("SIP/2.0/TCP", "SIP/2.0/UDP", 1));
    // UDP loses things: it is repeated until the phone answers.
    rig.ms += 500;
    let outputs = rig.tell(Input::Tick);
    assert_eq!(text_to(&outputs, PHONE, "INVITE "), Some(sent.clone()));
    let outputs = rig.tell(Input::Datagram {
        local: address(BOX),
        remote: address(PHONE),
        bytes: ringing(&sent),
    });
    assert!(
        text_to(&outputs, CALLER, "SIP/2.0 180").is_some(),
        "{outputs:?}"
    );
    // It is not asked again for a while, then it is.
    let outputs = rig.call();
    assert!(stream(&outputs).is_none(), "{outputs:?}");
    assert!(text_to(&outputs, PHONE, "INVITE ").is_some());
    rig.ms += 600_000;
    rig.tell(Input::Tick);
    assert!(stream(&rig.call()).is_some());
}

#[test]
fn a_connection_that_breaks_before_the_answer_costs_no_call() {
    let mut rig = Rig::start(5);
    let outputs = rig.call();
    let (flow, _) = stream(&outputs).expect("a connection");
    rig.tell(Input::FlowOpened {
        flow,
        transport: Transport::Tcp,
        local: address("192.0.2.1:40000"),
        remote: address(PHONE),
    });
    let outputs = rig.tell(Input::FlowClosed { flow });
    assert!(text_to(&outputs, PHONE, "INVITE ").is_some(), "{outputs:?}");
}

#[test]
fn a_phone_that_names_its_connection_is_spoken_to_there_until_the_end() {
    let sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.5\r\ns=-\r\nc=IN IP4 192.0.2.5\r\nt=0 0\r\n\
               m=audio 40000 RTP/AVP 8\r\n";
    for (named, stays) in [(";transport=TCP", true), ("", false)] {
        let mut rig = Rig::start(5);
        let outputs = rig.call();
        let (flow, sent) = stream(&outputs).expect("a connection");
        rig.tell(Input::FlowOpened {
            flow,
            transport: Transport::Tcp,
            local: address("192.0.2.1:40000"),
            remote: address(PHONE),
        });
        let bytes = response(&sent, "200 OK", named, sdp);
        let outputs = rig.tell(Input::Bytes { flow, bytes });
        let is_ack = |o: &Output| matches!(o, Output::Bytes { flow: at, bytes } if *at == flow && bytes.starts_with(b"ACK "));
        assert_eq!(outputs.iter().any(is_ack), stays, "{named}: {outputs:?}");
        let by_datagram = text_to(&outputs, PHONE, "ACK ").is_some();
        assert_eq!(by_datagram, !stays, "{named}: {outputs:?}");
    }
}

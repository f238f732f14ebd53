//! A phone that registers through proxies is called through them, in their order (RFC 3327), after a restart
//! of the exchange too.

mod office;

use std::net::SocketAddr;

use model::{Binding, StateChange};
use office::{TEXT, exchange, now};
use pbx::{Input, Output, Pbx};
use sip::{Message, Method, digest};

const BOX: &str = "192.0.2.1:5060";
const PROXY: &str = "192.0.2.9:5060";
const CALLER: &str = "192.0.2.6:5060";

struct Rig {
    pbx: Pbx,
    ms: u64,
    bindings: Vec<Binding>,
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("literal")
}

impl Rig {
    fn start(bindings: Vec<Binding>) -> Self {
        let mut pbx = exchange(TEXT, Vec::new(), bindings.clone());
        while pbx.poll().is_some() {}
        Self {
            pbx,
            ms: 0,
            bindings,
        }
    }

    /// What is sent after this datagram, with where it goes.
    fn says(&mut self, from: &str, text: &str) -> Vec<(SocketAddr, String)> {
        self.ms += 5;
        let input = Input::Datagram {
            local: address(BOX),
            remote: address(from),
            bytes: text.replace('\n', "\r\n").into_bytes(),
        };
        self.pbx.handle(now(self.ms), input);
        let mut sent = Vec::new();
        while let Some(output) = self.pbx.poll() {
            match output {
                Output::Datagram { remote, bytes, .. } => {
                    sent.push((remote, String::from_utf8(bytes).expect("SIP is text")));
                }
                Output::State(StateChange::Bound(binding)) => self.bindings.push(binding),
                _ => {}
            }
        }
        sent
    }

    /// The same, with the right answer to the challenge; `text` is given its CSeq and Authorization.
    fn asks(
        &mut self,
        from: &str,
        user: &str,
        method: (Method, &str),
        text: impl Fn(u32, &str) -> String,
    ) -> Vec<(SocketAddr, String)> {
        let refused = self.says(from, &text(1, ""));
        let parsed = sip::parse(refused[0].1.as_bytes()).map(|parsed| parsed.message);
        let Ok(Message::Response(response)) = parsed else {
            panic!("{refused:?}");
        };
        let challenge = &digest::challenges_of(&response.headers)[0];
        let (method, uri) = method;
        let answer = digest::answer(challenge, (user, "s3cret"), &method, uri, (1, "c"));
        self.says(from, &text(2, &format!("Authorization: {answer}\n")))
    }

    fn register(&mut self) -> String {
        let text = |cseq: u32, extra: &str| {
            format!(
                "REGISTER sip:192.0.2.1 SIP/2.0\n\
                 Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx{cseq}\n\
                 Via: SIP/2.0/UDP 10.0.0.7;branch=z9hG4bKp{cseq}\n\
                 From: <sip:2005@192.0.2.1>;tag=p\nTo: <sip:2005@192.0.2.1>\n\
                 Call-ID: register\nCSeq: {cseq} REGISTER\nContact: <sip:2005@10.0.0.7:5060>\n\
                 Path: <sip:outer@192.0.2.9;lr>\nPath: <sip:inner@10.0.0.1;lr>\n\
                 Supported: path\nExpires: 3600\nMax-Forwards: 70\n{extra}Content-Length: 0\n\n"
            )
        };
        let method = (Method::Register, "sip:192.0.2.1");
        let sent = self.asks(PROXY, "2005", method, text);
        let to_proxy = sent.into_iter().find(|(to, _)| *to == address(PROXY));
        to_proxy.expect("an answer").1
    }

    /// Ewa calls Jan; what goes to the proxy.
    fn call(&mut self) -> String {
        let sdp = "v=0\no=- 1 1 IN IP4 192.0.2.6\ns=-\nc=IN IP4 192.0.2.6\nt=0 0\n\
                   m=audio 40000 RTP/AVP 8\n";
        let length = sdp.replace('\n', "\r\n").len();
        let text = |cseq: u32, extra: &str| {
            format!(
                "INVITE sip:2005@192.0.2.1 SIP/2.0\n\
                 Via: SIP/2.0/UDP 192.0.2.6;branch=z9hG4bKi{cseq}\n\
                 From: <sip:2006@192.0.2.1>;tag=c\nTo: <sip:2005@192.0.2.1>\nCall-ID: call\n\
                 CSeq: {cseq} INVITE\nContact: <sip:2006@{CALLER}>\nMax-Forwards: 70\n{extra}\
                 Content-Type: application/sdp\nContent-Length: {length}\n\n{sdp}"
            )
        };
        let method = (Method::Invite, "sip:2005@192.0.2.1");
        let sent = self.asks(CALLER, "2006", method, text);
        let to_proxy = sent.into_iter().find(|(to, _)| *to == address(PROXY));
        to_proxy.expect("the phone is called").1
    }
}

fn values<'m>(message: &'m str, name: &str) -> Vec<&'m str> {
    let lines = message.lines();
    let of_name = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    of_name.flat_map(|value| value.split(", ")).collect()
}

#[test]
fn a_phone_behind_proxies_is_called_through_them() {
    let mut rig = Rig::start(Vec::new());
    let ok = rig.register();
    let path = ["<sip:outer@192.0.2.9;lr>", "<sip:inner@10.0.0.1;lr>"];
    assert!(ok.starts_with("SIP/2.0 200"), "{ok}");
    assert_eq!(values(&ok, "Path"), path);
    let kept = rig.bindings.clone();
    for mut rig in [rig, Rig::start(kept)] {
        let invite = rig.call();
        let first = invite.lines().next();
        assert_eq!(first, Some("INVITE sip:2005@10.0.0.7:5060 SIP/2.0"));
        assert_eq!(values(&invite, "Route"), path, "{invite}");
    }
}

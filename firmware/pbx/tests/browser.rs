//! A browser as a phone: SIP over WebSocket (RFC 7118) on a flow, from REGISTER to the lost
//! connection.

mod office;

use std::net::SocketAddr;

use model::{
    Cause, EventBody, FaxTone, FlowId, MediaCommand, MediaEvent, MediaFigures, MediaLeg, Rule,
    StateChange, Transport, VoiceOptions,
};
use office::{TEXT, exchange, now};
use pbx::{Input, Output, Pbx};
use sip::{Message, Method, digest};

const FLOW: FlowId = FlowId(1 << 62 | 7);
const LOCAL: &str = "127.0.0.1:8443";
const BROWSER: &str = "127.0.0.1:50123";

struct Rig {
    pbx: Pbx,
    ms: u64,
    bindings: Vec<model::Binding>,
}

impl Rig {
    fn start(bindings: Vec<model::Binding>) -> Self {
        let mut rig = Self {
            pbx: exchange(TEXT, Vec::new(), bindings),
            ms: 0,
            bindings: Vec::new(),
        };
        rig.drain();
        rig
    }

    /// A browser's connection is up.
    fn open(&mut self) {
        let outputs = self.tell(Input::FlowOpened {
            flow: FLOW,
            transport: Transport::Wss,
            local: address(LOCAL),
            remote: address(BROWSER),
        });
        assert!(outputs.is_empty(), "{outputs:?}");
    }

    fn tell(&mut self, input: Input) -> Vec<Output> {
        self.ms += 5;
        self.pbx.handle(now(self.ms), input);
        self.drain()
    }

    fn drain(&mut self) -> Vec<Output> {
        let all: Vec<Output> = std::iter::from_fn(|| self.pbx.poll()).collect();
        for output in &all {
            match output {
                Output::State(StateChange::Bound(binding)) => self.bindings.push(binding.clone()),
                Output::State(StateChange::Unbound { key, .. }) => {
                    self.bindings.retain(|binding| binding.key != *key);
                }
                _ => {}
            }
        }
        all
    }

    /// One message of the browser; what it is sent back.
    fn says(&mut self, text: &str) -> Vec<String> {
        let bytes = text.replace('\n', "\r\n").into_bytes();
        let outputs = self.tell(Input::Bytes { flow: FLOW, bytes });
        to_browser(outputs)
    }

    /// So much time goes by.
    fn pass(&mut self, ms: u64) -> Vec<Output> {
        self.ms += ms;
        self.tell(Input::Tick)
    }

    /// The media plane lets go of every leg that it is told to; the datagrams that are sent, and how calls end.
    fn let_go(&mut self, mut outputs: Vec<Output>) -> (Vec<String>, Vec<(Cause, Rule)>) {
        let (mut told, mut ended) = (Vec::new(), Vec::new());
        // Each leg is over when the media plane has let it go.
        while !outputs.is_empty() {
            told.extend(datagrams(&outputs));
            let mut next = Vec::new();
            for output in outputs {
                match output {
                    Output::Media(MediaCommand::RemoveLeg { leg }) => {
                        let figures = MediaFigures::default();
                        next.extend(
                            self.tell(Input::Media(MediaEvent::LegRemoved { leg, figures })),
                        );
                    }
                    Output::Record(record) => ended.extend(match record.event.body {
                        EventBody::CallEnded { cause, .. } => Some((cause, record.event.rule)),
                        _ => None,
                    }),
                    _ => {}
                }
            }
            outputs = next;
        }
        (told, ended)
    }

    /// Nothing is left of any call when all timers have run.
    fn is_empty_after(&mut self, ms: u64) {
        for _ in 0..ms / 500 {
            let outputs = self.pass(495);
            self.let_go(outputs);
        }
        let left = self.pbx.figures();
        let used = [left.calls, left.sip_legs, left.media_legs, left.bridges];
        assert_eq!(used, [0; 4], "{left:?}");
        assert_eq!(
            [left.usages, left.transactions, left.flows],
            [0; 3],
            "{left:?}"
        );
    }

    /// The browser registers; the 200.
    fn register(&mut self) -> String {
        let challenged = self.says(&register(1, ""));
        let challenges = challenges(&challenged[0]);
        // Browser stacks know MD5 only, and read the first challenge or the last.
        let kinds: Vec<digest::Algorithm> = challenges.iter().map(|c| c.algorithm).collect();
        let [md5, sha256] = [digest::Algorithm::Md5, digest::Algorithm::Sha256];
        assert_eq!(kinds, [md5, sha256, md5]);
        assert_eq!(challenges[0], challenges[2]);
        let who = ("2005", "s3cret");
        let credentials =
            digest::answer(&challenges[0], who, &Method::Register, "sip:box", (1, "c"));
        let answers = self.says(&register(2, &format!("Authorization: {credentials}\n")));
        assert_eq!(answers.len(), 1);
        answers[0].clone()
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("literal")
}

fn to_browser(outputs: Vec<Output>) -> Vec<String> {
    let text = |output| match output {
        Output::Bytes { flow, bytes } => {
            assert_eq!(flow, FLOW);
            Some(String::from_utf8(bytes).expect("SIP is text"))
        }
        Output::Datagram { bytes, .. } => panic!("{}", String::from_utf8_lossy(&bytes)),
        _ => None,
    };
    outputs.into_iter().filter_map(text).collect()
}

fn challenges(response: &str) -> Vec<digest::Challenge> {
    let parsed = sip::parse(response.as_bytes()).unwrap_or_else(|_| panic!("{response}"));
    match parsed.message {
        Message::Response(response) => digest::challenges_of(&response.headers),
        Message::Request(_) => panic!("{response}"),
    }
}

/// As a browser stack writes it: its host has no address, and there is no Content-Length.
fn register(cseq: u32, extra: &str) -> String {
    format!(
        "REGISTER sip:box SIP/2.0\n\
         Via: SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK{cseq}\n\
         From: <sip:2005@box>;tag=a\n\
         To: <sip:2005@box>\n\
         Call-ID: one\n\
         CSeq: {cseq} REGISTER\n\
         Supported: path, outbound\n\
         Contact: <sip:2005@df7jal23ls0d.invalid;transport=ws>;reg-id=1\
         ;+sip.instance=\"<urn:uuid:f81d-7dec-14a06cf1>\";expires=600\n\
         Max-Forwards: 70\n{extra}\n"
    )
}

#[test]
fn a_browser_registers_with_md5_first_and_keeps_its_flow() {
    let mut rig = Rig::start(Vec::new());
    rig.open();
    let answer = rig.register();
    assert!(answer.starts_with("SIP/2.0 200 "), "{answer}");
    for line in [
        "Require: outbound\r\n",
        ";+sip.instance=\"<urn:uuid:f81d-7dec-14a06cf1>\";reg-id=1;expires=600\r\n",
        "Via: SIP/2.0/WSS df7jal23ls0d.invalid;",
    ] {
        assert!(answer.contains(line), "{line:?} is not in {answer}");
    }
    assert_eq!(rig.bindings.len(), 1);
    assert_eq!(rig.bindings[0].transport, Transport::Wss);
    assert_eq!(rig.bindings[0].flow, Some(FLOW));
    assert_eq!(rig.says("\n\n"), ["\r\n"], "a keep-alive is answered");
    assert!(rig.says("\n").is_empty(), "and its answer is not");
}

#[test]
fn a_lost_flow_is_a_lost_registration() {
    let mut rig = Rig::start(Vec::new());
    rig.open();
    // Even a contact that reads like an address cannot be called back.
    let mut answer = String::new();
    for (cseq, extra) in [(1, String::new()), (2, "given".into())] {
        let extra = if extra.is_empty() {
            extra
        } else {
            let who = ("2005", "s3cret");
            let challenge = &challenges(&answer)[0];
            let one = digest::answer(challenge, who, &Method::Register, "sip:box", (1, "c"));
            format!("Authorization: {one}\n")
        };
        let text =
            register(cseq, &extra).replace("df7jal23ls0d.invalid;transport", "127.0.0.1;transport");
        answer = rig.says(&text).remove(0);
    }
    assert!(answer.starts_with("SIP/2.0 200 "), "{answer}");
    rig.tell(Input::FlowClosed { flow: FLOW });
    assert!(rig.bindings.is_empty());
    assert_eq!(rig.pbx.figures().bindings, 0);
}

#[test]
fn after_a_restart_browsers_must_come_again() {
    let mut rig = Rig::start(Vec::new());
    rig.open();
    rig.register();
    let stored = rig.bindings.clone();
    let mut again = Rig::start(stored);
    assert_eq!(again.pbx.figures().bindings, 0);
    again.open();
    assert!(again.register().starts_with("SIP/2.0 200 "));
}

fn datagrams(outputs: &[Output]) -> impl Iterator<Item = String> {
    outputs.iter().filter_map(|output| match output {
        Output::Datagram { bytes, .. } => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    })
}

/// The registration of Ewa's phone.
fn phone_of_ewa() -> model::Binding {
    model::Binding {
        owner: model::EntryId::new("ewa").expect("legal"),
        key: "sip:2006@127.0.0.1:6000".into(),
        contact: "sip:2006@127.0.0.1:6000".into(),
        path: Vec::new(),
        source: address("127.0.0.1:6000"),
        local: address("127.0.0.1:5060"),
        transport: Transport::Udp,
        flow: None,
        call_id: "ewa".into(),
        cseq: 1,
        expires: now(3_600_000).wall,
        user_agent: String::new(),
        q: 1_000,
    }
}

/// Something that Ewa's phone says.
fn from_ewa(text: &str) -> Input {
    Input::Datagram {
        local: address("127.0.0.1:5060"),
        remote: address("127.0.0.1:6000"),
        bytes: text.replace('\n', "\r\n").into_bytes(),
    }
}

/// Ewa's phone calls 2005.
fn invite(cseq: u32, extra: &str) -> Input {
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
               m=audio 40000 RTP/AVP 8\r\n";
    let head = format!(
        "INVITE sip:2005@127.0.0.1 SIP/2.0\n\
         Via: SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bKi{cseq}\n\
         From: <sip:2006@127.0.0.1>;tag=c\nTo: <sip:2005@127.0.0.1>\n\
         Call-ID: two\nCSeq: {cseq} INVITE\nContact: <sip:2006@127.0.0.1:6000>\n\
         Max-Forwards: 70\n{extra}Content-Type: application/sdp\n\
         Content-Length: {}\n\n",
        sdp.len()
    );
    Input::Datagram {
        local: address("127.0.0.1:5060"),
        remote: address("127.0.0.1:6000"),
        bytes: (head.replace('\n', "\r\n") + sdp).into_bytes(),
    }
}

/// The credentials of Ewa's phone for its next INVITE, as the exchange asks for them.
fn proof(rig: &mut Rig, cseq: u32) -> String {
    let outputs = rig.tell(invite(cseq, ""));
    let refused = outputs.iter().find_map(|output| match output {
        Output::Datagram { bytes, .. } => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            text.starts_with("SIP/2.0 401").then_some(text)
        }
        _ => None,
    });
    let challenge = &challenges(&refused.expect("callers prove who they are"))[0];
    let who = ("2006", "s3cret");
    let uri = "sip:2005@127.0.0.1";
    let one = digest::answer(challenge, who, &Method::Invite, uri, (1, "c"));
    format!("Authorization: {one}\n")
}

#[test]
fn no_new_call_while_the_media_plane_is_at_its_limit() {
    let mut rig = Rig::start(Vec::new());
    rig.open();
    rig.register();
    let mut told = |cseq: u32, overloaded: bool| {
        rig.tell(Input::Media(MediaEvent::Overloaded(overloaded)));
        let proof = proof(&mut rig, cseq);
        let outputs = rig.tell(invite(cseq + 1, &proof));
        let refused = outputs.iter().any(|output| match output {
            Output::Datagram { bytes, .. } => bytes.starts_with(b"SIP/2.0 503"),
            _ => false,
        });
        (refused, rig.pbx.figures().calls)
    };
    assert_eq!(told(1, true), (true, 0));
    assert_eq!(told(3, false), (false, 1));
    assert_eq!(rig.pbx.counters().media_overloaded, 1);
}

#[test]
fn calls_to_a_browser_go_over_its_flow() {
    let mut rig = Rig::start(Vec::new());
    rig.open();
    rig.register();
    let proof = proof(&mut rig, 1);
    let outputs = rig.tell(invite(2, &proof));
    let sent = outputs.into_iter().find_map(|output| match output {
        Output::Bytes { flow: FLOW, bytes } => Some(String::from_utf8(bytes).expect("text")),
        _ => None,
    });
    let sent = sent.expect("the browser is called");
    for part in [
        "INVITE sip:2005@df7jal23ls0d.invalid;transport=ws SIP/2.0\r\n",
        "Via: SIP/2.0/WSS 127.0.0.1:8443;",
        ";transport=ws>",
    ] {
        assert!(sent.contains(part), "{part:?} is not in {sent}");
    }
    // The connection breaks while it rings: the caller is told at once.
    let outputs = rig.tell(Input::FlowClosed { flow: FLOW });
    let told = outputs.iter().any(|output| match output {
        Output::Datagram { bytes, .. } => {
            let text = String::from_utf8_lossy(bytes);
            text.starts_with("SIP/2.0 4") || text.starts_with("SIP/2.0 5")
        }
        _ => false,
    });
    assert!(told, "{outputs:?}");
}

#[test]
fn a_browser_that_says_nothing_is_let_go() {
    let mut rig = Rig::start(Vec::new());
    rig.open();
    assert_eq!(
        rig.says("\n\n"),
        ["\r\n"],
        "keep-alives alone are not enough"
    );
    rig.ms += 15_000;
    let outputs = rig.tell(Input::Tick);
    assert!(
        outputs.contains(&Output::Close { flow: FLOW }),
        "{outputs:?}"
    );
    assert_eq!(rig.pbx.figures().flows, 0);
}

#[test]
fn a_far_end_that_is_gone_ends_the_call_with_its_cause() {
    let mut rig = Rig::start(Vec::new());
    rig.open();
    rig.register();
    let proof = proof(&mut rig, 1);
    let outputs = rig.tell(invite(2, &proof));
    let seat = outputs.iter().find_map(|output| match output {
        Output::Media(MediaCommand::AddRtpLeg { leg, .. }) => Some(*leg),
        _ => None,
    });
    let leg = seat.expect("the caller has a place");
    let outputs = rig.tell(Input::Media(MediaEvent::PeerSilent { leg }));
    let (_, ended) = rig.let_go(outputs);
    assert_eq!(ended, [(Cause::PeerLost, Rule::MediaPeerSilent)]);
    assert_eq!(rig.pbx.figures().calls, 0);
}

/// What a browser answers to `invite`, or what it calls with.
const BROWSER_SDP: &str = "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 0.0.0.0\nt=0 0\na=group:BUNDLE 0\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 8\na=mid:0\na=rtcp-mux\na=setup:SETUP\n\
    a=ice-ufrag:abcd\na=ice-pwd:theirs/is/of/no/use1234\na=fingerprint:sha-256 ";

fn browser_sdp(setup: &str) -> String {
    BROWSER_SDP.replace("SETUP", setup) + &["C4"; 32].join(":") + "\n"
}

/// The browser's 200.
fn answer_of(invite: &str) -> String {
    let head = |name: &str| {
        let mut lines = invite.lines().filter(|line| line.starts_with(name));
        lines.next().expect("every INVITE has it").to_owned()
    };
    format!(
        "SIP/2.0 200 OK\n{}\n{}\n{};tag=tab\n{}\n{}\n\
         Contact: <sip:2005@df7jal23ls0d.invalid;transport=ws>\n\
         Content-Type: application/sdp\n\n{}",
        head("Via: "),
        head("From: "),
        head("To: "),
        head("Call-ID: "),
        head("CSeq: "),
        browser_sdp("active"),
    )
}

/// Ewa's phone talks with a browser; the browser's place in the media plane.
fn talk(rig: &mut Rig) -> MediaLeg {
    let proof = proof(rig, 1);
    let mut legs = Vec::new();
    let mut sent = None;
    for output in rig.tell(invite(2, &proof)) {
        match output {
            Output::Media(MediaCommand::AddRtpLeg { leg, .. }) => legs.push(leg),
            Output::Bytes { bytes, .. } => sent = String::from_utf8(bytes).ok(),
            _ => {}
        }
    }
    let answer = answer_of(&sent.expect("the browser is called"));
    rig.tell(Input::Bytes {
        flow: FLOW,
        bytes: answer.replace('\n', "\r\n").into_bytes(),
    });
    let outputs = rig.pass(60);
    let ok = datagrams(&outputs).find(|text| text.starts_with("SIP/2.0 200"));
    let ok = ok.expect("Ewa is told");
    let to = ok.lines().find(|line| line.starts_with("To: "));
    let ack = format!(
        "ACK sip:2005@127.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bKa\n\
         From: <sip:2006@127.0.0.1>;tag=c\n{}\nCall-ID: two\nCSeq: 2 ACK\n\
         Max-Forwards: 70\nContent-Length: 0\n\n",
        to.expect("with a tag")
    );
    rig.tell(from_ewa(&ack));
    legs[1]
}

#[test]
fn a_tab_that_is_closed_in_a_call_ends_it_when_nothing_comes_any_more() {
    let mut rig = Rig::start(Vec::new());
    rig.open();
    rig.register();
    let leg = talk(&mut rig);
    // The browser may come back by another connection, and its media goes on as long as it is there.
    let outputs = rig.tell(Input::FlowClosed { flow: FLOW });
    assert_eq!(rig.let_go(outputs), (Vec::new(), Vec::new()));
    assert_eq!(rig.pbx.figures().calls, 1);
    let outputs = rig.tell(Input::Media(MediaEvent::PeerSilent { leg }));
    let (told, ended) = rig.let_go(outputs);
    assert_eq!(ended, [(Cause::PeerLost, Rule::MediaPeerSilent)]);
    let bye = told.iter().find(|text| text.starts_with("BYE "));
    let bye = bye.expect("Ewa is told").replacen("BYE ", "", 1);
    let (_, head) = bye.split_once("\r\n").expect("headers");
    rig.tell(from_ewa(&format!(
        "SIP/2.0 200 OK\n{}",
        head.replace('\r', "")
    )));
    rig.is_empty_after(40_000);
}

#[test]
fn a_tab_that_is_closed_while_it_calls_ends_the_call_at_once() {
    let mut rig = Rig::start(vec![phone_of_ewa()]);
    rig.open();
    rig.register();
    let sdp = browser_sdp("actpass");
    let call = |cseq: u32, extra: &str| {
        format!(
            "INVITE sip:2006@box SIP/2.0\nVia: SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bKc{cseq}\n\
             From: <sip:2005@box>;tag=b\nTo: <sip:2006@box>\nCall-ID: three\nCSeq: {cseq} INVITE\n\
             Contact: <sip:2005@df7jal23ls0d.invalid;transport=ws>\nMax-Forwards: 70\n{extra}\
             Content-Type: application/sdp\n\n{sdp}"
        )
    };
    let refused = rig.says(&call(1, ""));
    let challenge = &challenges(refused.last().expect("a challenge"))[0];
    let who = ("2005", "s3cret");
    let one = digest::answer(challenge, who, &Method::Invite, "sip:2006@box", (1, "c"));
    let bytes = call(2, &format!("Authorization: {one}\n")).replace('\n', "\r\n");
    let outputs = rig.tell(Input::Bytes {
        flow: FLOW,
        bytes: bytes.into_bytes(),
    });
    let rings = datagrams(&outputs).find(|text| text.starts_with("INVITE "));
    let ringing = answer_of(&rings.expect("Ewa's phone rings")).replace("200 OK", "180 Ringing");
    let (ringing, _) = ringing.split_once("Content-Type").expect("a description");
    rig.tell(from_ewa(&format!("{ringing}Content-Length: 0\n\n")));
    let outputs = rig.tell(Input::FlowClosed { flow: FLOW });
    let (told, ended) = rig.let_go(outputs);
    assert!(
        told.iter().any(|text| text.starts_with("CANCEL ")),
        "{told:?}"
    );
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert_eq!(ended[0].0, Cause::PeerLost);
    rig.is_empty_after(70_000);
}

#[test]
fn a_fax_machine_turns_off_what_is_done_to_voices() {
    let mut rig = Rig::start(Vec::new());
    rig.open();
    rig.register();
    let proof = proof(&mut rig, 1);
    let outputs = rig.tell(invite(2, &proof));
    let wished = outputs.iter().find_map(|output| match output {
        Output::Media(MediaCommand::SetVoice { leg, options }) => Some((*leg, *options)),
        _ => None,
    });
    let (leg, options) = wished.expect("Ewa's noise is to be taken out");
    assert!(options.denoise && !options.auto_level);
    let tone = FaxTone::Cng;
    let outputs = rig.tell(Input::Media(MediaEvent::Fax { leg, tone }));
    let plain = MediaCommand::SetVoice {
        leg,
        options: VoiceOptions {
            data: true,
            ..VoiceOptions::default()
        },
    };
    assert!(outputs.contains(&Output::Media(plain)), "{outputs:?}");
    let told = outputs.iter().any(|output| match output {
        Output::Record(record) => {
            record.event.rule == Rule::MediaFax && record.event.body == EventBody::LegFax { tone }
        }
        _ => false,
    });
    assert!(told, "{outputs:?}");
}

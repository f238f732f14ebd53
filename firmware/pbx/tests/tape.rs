//! A run written on the tape is played again without its passwords: same inputs, same outputs, from
//! the start and from a restart point in the middle.

use std::{collections::BTreeMap, sync::Arc};

use config::{Config, SecretId};
use model::{FlowId, MediaCommand, MediaEvent, Now, PairId, Protection, Random, Seq, Transport};
use pbx::{
    Entry, Fingerprint, Input, Keys, Output, Pbx, Redactor, Replayed, Setup, Snapshot, Tape, Taped,
};
use sip::{Message, Method, digest};

const TEXT: &str = r#"
[office]
country = "PL"
[[person]]
id = "jan"
name = "Jan"
extension = "2005"
sip_password = { secret = "jan-phone" }
"#;

/// A run with its tape: what `centralka` does around `Pbx`.
struct Run {
    pbx: Pbx,
    tape: Tape,
    redactor: Redactor,
    ms: u64,
    written: Vec<(Now, Vec<u8>)>,
    /// What the media plane was told.
    media: Vec<MediaCommand>,
}

fn setup() -> Setup {
    Setup {
        config: Arc::new(Config::parse(TEXT).expect("a legal text")),
        version: 1,
        jacks: Vec::new(),
        bindings: Vec::new(),
        md5: Vec::new(),
        next_seq: Seq(1),
        seed: [5; 32],
        media_legs: 8,
        pairs: Vec::new(),
        external: None,
        flows: (Vec::new(), 0),
        fingerprint: None,
        line_tones: Vec::new(),
        line_balance: Vec::new(),
        lifelines: Vec::new(),
        messages: Vec::new(),
        resumed: false,
    }
}

impl Run {
    fn start(setup: Setup) -> Self {
        let tape = Tape::default();
        let id = SecretId::new("jan-phone").expect("a legal id");
        let keys = Taped {
            vault: Keys::new([9; 32], BTreeMap::from([(id, "s3cret-2005".to_owned())])),
            tape: tape.clone(),
        };
        Self {
            pbx: Pbx::new(Now::default(), setup, Box::new(keys)),
            tape,
            redactor: Redactor::default(),
            ms: 0,
            written: Vec::new(),
            media: Vec::new(),
        }
    }

    fn now(&self) -> Now {
        Now {
            mono: model::Instant::from_millis(self.ms),
            wall: model::Wall::from_secs(1_800_000_000)
                .plus(std::time::Duration::from_millis(self.ms)),
            ..Now::default()
        }
    }

    /// Hands an input in, writes it down, and gives the messages that went out.
    fn tell(&mut self, input: Input) -> Vec<String> {
        self.ms += 7;
        let now = self.now();
        let entry = Entry::open(&input, false, &mut self.redactor);
        self.pbx.handle(now, input);
        let (mut outputs, mut said) = (Fingerprint::default(), Vec::new());
        while let Some(output) = self.pbx.poll() {
            outputs.add(&output);
            match output {
                Output::Datagram { bytes, .. } | Output::Bytes { bytes, .. } => {
                    said.push(String::from_utf8(bytes).expect("SIP is text"));
                }
                Output::Media(command) => self.media.push(command),
                _ => {}
            }
        }
        let bytes = entry.close(&self.tape.take(), outputs);
        self.written.push((now, bytes));
        said
    }

    fn datagram(&mut self, text: &str) -> Vec<String> {
        self.tell(Input::Datagram {
            local: "127.0.0.1:5060".parse().expect("literal"),
            remote: "127.0.0.1:6000".parse().expect("literal"),
            bytes: text.replace('\n', "\r\n").into_bytes(),
        })
    }

    /// A message on a connection, in two pieces; a frame of a WebSocket is whole (RFC 7118 §5).
    fn stream(&mut self, flow: FlowId, text: &str) -> Vec<String> {
        let bytes = text.as_bytes();
        let (first, rest) = bytes.split_at(if flow == FRAMED {
            0
        } else {
            bytes.len() * 2 / 3
        });
        let mut said = Vec::new();
        for piece in [first, rest].into_iter().filter(|piece| !piece.is_empty()) {
            let bytes = piece.to_vec();
            said.extend(self.tell(Input::Bytes { flow, bytes }));
        }
        said
    }

    /// A phone calls the echo test on a connection: challenged, answered. Returns the description
    /// in the 200.
    fn call_echo(&mut self, flow: FlowId, sdp: &str) -> String {
        let said = self.stream(flow, &request("INVITE", 1, "application/sdp", "", sdp));
        let line = authorization(said.last().expect("challenged"), &Method::Invite, ECHO);
        self.stream(flow, &request("ACK", 1, "application/sdp", "", ""));
        let invite = request("INVITE", 2, "application/sdp", &line, sdp);
        let mut said = self.stream(flow, &invite);
        said.extend(self.tell(Input::Durable(Seq(1_000))));
        let answer = said.iter().find(|text| text.starts_with("SIP/2.0 200"));
        answer.unwrap_or_else(|| panic!("{said:#?}")).clone()
    }

    /// A phone registers: challenged, answered. Returns the status of the second answer.
    fn register(&mut self, cseq: u32, password: &str) -> u16 {
        let said = self.datagram(&register(cseq, ""));
        let line = answer_of(&said[0], password, &Method::Register, "sip:127.0.0.1");
        let line = line.replace("\r\n", "\n");
        let said = self.datagram(&register(cseq + 1, &line));
        said[0][8..11].parse().expect("a status")
    }
}

/// The connection that is a WebSocket.
const FRAMED: FlowId = FlowId(2);
/// The number of the echo test.
const ECHO: &str = "sip:*43@127.0.0.1";
/// A key of SRTP, and a password of ICE: neither may be on the tape.
const KEY: &str = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";
const ICE: &str = "passwordOfTheBrowser00";

/// The Authorization line that answers a 401.
fn answer_of(challenged: &str, password: &str, method: &Method, uri: &str) -> String {
    let Ok(parsed) = sip::parse(challenged.as_bytes()) else {
        panic!("our own 401 is legal");
    };
    let Message::Response(challenged) = parsed.message else {
        panic!("an answer is a response");
    };
    let challenge = &digest::challenges_of(&challenged.headers)[0];
    let credentials = digest::answer(challenge, ("2005", password), method, uri, (1, "c"));
    format!("Authorization: {credentials}\r\n")
}

fn authorization(challenged: &str, method: &Method, uri: &str) -> String {
    answer_of(challenged, "s3cret-2005", method, uri)
}

/// A request to the echo test on a connection; its To tag is put in by the caller.
fn request(method: &str, cseq: u32, kind: &str, extra: &str, body: &str) -> String {
    format!(
        "{method} {ECHO} SIP/2.0\r\n\
         Via: SIP/2.0/TLS 127.0.0.1:6000;branch=z9hG4bK{method}{cseq}\r\n\
         From: <sip:2005@127.0.0.1>;tag=a\r\nTo: <{ECHO}>\r\nCall-ID: two\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:2005@127.0.0.1:6000;transport=tls>\r\n\
         Max-Forwards: 70\r\n{extra}Content-Type: {kind}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Puts the To tag of an answer into a request of the dialog.
fn in_dialog(request: &str, answer: &str) -> String {
    let to = answer.lines().find(|line| line.starts_with("To: "));
    request.replace(&format!("To: <{ECHO}>"), to.expect("a To header"))
}

fn register(cseq: u32, extra: &str) -> String {
    format!(
        "REGISTER sip:127.0.0.1 SIP/2.0\n\
         Via: SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bK{cseq}\n\
         From: <sip:2005@127.0.0.1>;tag=a\n\
         To: <sip:2005@127.0.0.1>\n\
         Call-ID: one\n\
         CSeq: {cseq} REGISTER\n\
         Contact: <sip:2005@127.0.0.1:6000>\n\
         Max-Forwards: 70\n{extra}\
         Content-Length: 0\n\n"
    )
}

/// Plays entries through a fresh exchange that knows no password.
fn replay(snapshot: &[u8], at: Now, entries: &[(Now, Vec<u8>)]) {
    let setup = Snapshot::from_bytes(snapshot)
        .and_then(|snapshot| snapshot.setup())
        .expect("what was just written");
    let tape = Tape::default();
    let mut pbx = Pbx::new(at, setup, Box::new(Replayed(tape.clone())));
    for (number, (now, bytes)) in entries.iter().enumerate() {
        let (input, verdicts, expected) = Entry::play(bytes).expect("what was just written");
        tape.load(&verdicts);
        pbx.handle(*now, input);
        let mut outputs = Fingerprint::default();
        while let Some(output) = pbx.poll() {
            outputs.add(&output);
        }
        assert_eq!(outputs, expected, "entry {number}");
    }
}

#[test]
fn a_run_repeats_from_its_start_and_from_a_restart_point() {
    let first = setup();
    let start = Snapshot::of(&first, TEXT).to_bytes();
    let mut run = Run::start(first);
    for pair in 0..4 {
        let (pair, port) = (PairId(pair), 20_000 + 2 * u16::try_from(pair).unwrap_or(0));
        run.tell(Input::Media(MediaEvent::PairReady { pair, port }));
    }
    assert_eq!(run.register(1, "s3cret-2005"), 200);
    assert_eq!(run.register(3, "guessed"), 401);
    replay(&start, Now::default(), &run.written);

    let mut seed = [0; 32];
    Random::new([3; 32]).fill(&mut seed);
    let now = run.now();
    let middle = run
        .pbx
        .restart_point(now, seed)
        .expect("no call is in progress");
    let middle = Snapshot::of(&middle, TEXT).to_bytes();
    run.written.clear();
    assert_eq!(run.register(5, "s3cret-2005"), 200);
    run.tell(Input::Tick);
    replay(&middle, now, &run.written);

    let secrets = run.written.iter().any(|(_, bytes)| {
        let text = String::from_utf8_lossy(bytes);
        text.contains("s3cret")
    });
    assert!(!secrets, "no password is on the tape");
}

/// A call with keys goes through replay although neither side's keys are on the tape.
fn protected_call(transport: Transport, sdp: &str, secrets: &[&str]) -> (Run, String) {
    let first = Setup {
        fingerprint: Some(model::Fingerprint([7; 32])),
        ..setup()
    };
    let start = Snapshot::of(&first, TEXT).to_bytes();
    let mut run = Run::start(first);
    let (pair, port) = (PairId(0), 20_000);
    run.tell(Input::Media(MediaEvent::PairReady { pair, port }));
    let framed = matches!(transport, Transport::Ws | Transport::Wss);
    let flow = if framed { FRAMED } else { FlowId(1) };
    run.tell(Input::FlowOpened {
        flow,
        transport,
        local: "127.0.0.1:5061".parse().expect("literal"),
        remote: "127.0.0.1:6000".parse().expect("literal"),
    });
    let answer = run.call_echo(flow, sdp);
    let ack = request("ACK", 2, "application/sdp", "", "");
    run.stream(flow, &in_dialog(&ack, &answer));
    let kind = "application/dtmf-relay";
    let info = request("INFO", 3, kind, "", "Signal=7\r\nDuration=100\r\n");
    run.stream(flow, &in_dialog(&info, &answer));
    let again = request("INVITE", 4, "application/sdp", "", sdp);
    run.stream(flow, &in_dialog(&again, &answer));
    replay(&start, Now::default(), &run.written);
    for secret in secrets.iter().chain(&["Signal=7"]) {
        // A piece of a stream may end in it, so any half of it is looked for.
        let (head, tail) = secret.split_at(secret.len() / 2);
        let halves = [head, tail].map(str::as_bytes);
        for (_, bytes) in &run.written {
            for half in halves.iter().filter(|half| half.len() > 6) {
                assert!(!bytes.windows(half.len()).any(|text| text == *half));
            }
        }
    }
    (run, answer)
}

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n";

fn protection_of(run: &Run) -> Vec<Protection> {
    let params = run.media.iter().filter_map(|command| match command {
        MediaCommand::SetRtp { params, .. } => Some(params.protection),
        _ => None,
    });
    params.collect()
}

#[test]
fn a_call_with_keys_in_its_descriptions_is_replayed_without_them() {
    let sdp = format!(
        "{HEAD}m=audio 7000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n"
    );
    let (run, answer) = protected_call(Transport::Tls, &sdp, &[KEY]);
    let ours = answer.split("inline:").nth(1).expect("our key");
    let ours = ours.split("\r\n").next().expect("a line");
    assert!(ours.len() == 40 && !ours.starts_with("AAAAAAAA"), "{ours}");
    assert_eq!(protection_of(&run), [Protection::Srtp; 2]);
    let keys = run.media.iter().filter_map(|command| match command {
        MediaCommand::SetKeys { send, receive, .. } => Some((*send, *receive)),
        _ => None,
    });
    let keys: Vec<_> = keys.collect();
    assert_eq!(keys.len(), 2, "said with every agreement");
    assert_eq!(keys[0], keys[1]);
    assert_eq!(keys[0].1.key(), b"wDfvg&T+)xG7@fb5");
}

#[test]
fn a_call_of_a_browser_is_replayed_without_its_passwords() {
    let hash = ["C4"; 32].join(":");
    let sdp = format!(
        "{HEAD}a=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 8\r\na=mid:0\r\na=rtcp-mux\r\n\
         a=setup:actpass\r\na=fingerprint:sha-256 {hash}\r\na=ice-ufrag:abcd\r\na=ice-pwd:{ICE}\r\n"
    );
    let (run, answer) = protected_call(Transport::Wss, &sdp, &[ICE]);
    assert!(answer.contains("a=setup:passive") && answer.contains("a=fingerprint:sha-256 07:07"));
    assert_eq!(protection_of(&run), [Protection::Srtp; 2]);
    let names = run.media.iter().filter_map(|command| match command {
        MediaCommand::SetIce { ice, .. } => Some(ice.remote_password.as_str().to_owned()),
        MediaCommand::StartDtls { .. } => Some("dtls".to_owned()),
        _ => None,
    });
    assert_eq!(names.collect::<Vec<_>>(), [ICE, "dtls"], "each once");
}

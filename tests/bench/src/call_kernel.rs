//! What a call costs the control plane: an INVITE with its challenge, a called phone that rings and
//! answers, a hang-up, until the last timer of it ran out, with the tape of its inputs. The two phones
//! are counted too; they are a small part.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
};

use anyhow::{Context as _, Result};
use config::{Config, SecretId};
use model::{
    Binding, EntryId, FlowId, Instant, MediaCommand, MediaEvent, MediaFigures, Now, PairId, Seq,
    Transport, Wall, limits,
};
use pbx::{Entry, Fingerprint, Input, Keys, Output, Pbx, Redactor, Setup, Tape, Taped};

use crate::{
    agent::reply,
    kernels::Kernel,
    wire::{self, Codec, Message, credentials, tag_of, uri_of},
};

const TEXT: &str = r#"
[office]
country = "PL"
[[person]]
id = "jan"
name = "Jan"
extension = "2005"
sip_password = { secret = "phone" }
[[person]]
id = "ewa"
name = "Ewa"
extension = "2006"
sip_password = { secret = "phone" }
"#;
/// One call after the other: the longest timer of a transaction is 32 s.
const APART_MS: u64 = 40_000;
const PAIRS: u32 = 8;
const CALLER: &str = "192.0.2.1:5060";
const CALLED: &str = "192.0.2.2:5060";
const SERVER: &str = "192.0.2.10:5060";

/// The control plane as its driver has it, and what it sent.
struct Office {
    pbx: Pbx,
    tape: Tape,
    redactor: Redactor,
    ms: u64,
    next_pair: u32,
    sent: VecDeque<(SocketAddr, String)>,
    /// Octets on the tape, so that what writes them is not left out.
    taped: usize,
    ended: u64,
}

/// A call from the caller's first INVITE to its last timer.
pub(crate) fn call() -> Result<Kernel> {
    let mut office = Office::open()?;
    let mut number = 0;
    Ok(Box::new(move || {
        number += 1;
        office.call(number);
        assert_eq!(office.ended, number, "a call did not come to its end");
        std::hint::black_box(office.taped);
    }))
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("a literal address")
}

/// The called phone's registration, for a year.
fn registration() -> Result<Binding> {
    let contact = format!("sip:2006@{CALLED}");
    Ok(Binding {
        owner: EntryId::new("ewa").context("a legal id")?,
        key: contact.clone(),
        contact,
        path: Vec::new(),
        source: address(CALLED),
        local: address(SERVER),
        transport: Transport::Udp,
        flow: None::<FlowId>,
        call_id: "registration".into(),
        cseq: 1,
        expires: Wall::from_secs(1_900_000_000),
        user_agent: "bench".into(),
        q: 1_000,
    })
}

impl Office {
    fn open() -> Result<Self> {
        let pairs = (0..PAIRS).map(|n| (PairId(n), port_of(n)));
        let setup = Setup {
            config: Arc::new(Config::parse(TEXT).ok().context("a legal text")?),
            version: 1,
            jacks: Vec::new(),
            bindings: vec![registration()?],
            md5: Vec::new(),
            next_seq: Seq(1),
            seed: [5; 32],
            media_legs: limits::MEDIA_LEGS,
            pairs: pairs.collect(),
            external: None,
            flows: (Vec::new(), 0),
            fingerprint: None,
            line_tones: Vec::new(),
            line_balance: Vec::new(),
            lifelines: Vec::new(),
            messages: Vec::new(),
            resumed: false,
        };
        let tape = Tape::default();
        let id = SecretId::new("phone").ok().context("a legal id")?;
        let vault = Taped {
            vault: Keys::new([9; 32], BTreeMap::from([(id, "s3cret".to_owned())])),
            tape: tape.clone(),
        };
        Ok(Self {
            pbx: Pbx::new(now(0), setup, Box::new(vault)),
            tape,
            redactor: Redactor::default(),
            ms: 0,
            next_pair: PAIRS,
            sent: VecDeque::new(),
            taped: 0,
            ended: 0,
        })
    }

    /// One input as `centralka` drives it, and what the media plane and the store answer.
    fn tell(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let entry = Entry::open(&input, false, &mut self.redactor);
            self.pbx.handle(now(self.ms), input);
            let mut outputs = Fingerprint::default();
            while let Some(output) = self.pbx.poll() {
                outputs.add(&output);
                match output {
                    Output::Datagram { remote, bytes, .. } => {
                        let text = String::from_utf8(bytes).expect("SIP of ours is text");
                        self.sent.push_back((remote, text));
                    }
                    Output::Media(MediaCommand::RemoveLeg { leg }) => {
                        let figures = MediaFigures::default();
                        inputs.push_back(Input::Media(MediaEvent::LegRemoved { leg, figures }));
                        let (pair, port) = (PairId(self.next_pair), port_of(self.next_pair));
                        self.next_pair += 1;
                        inputs.push_back(Input::Media(MediaEvent::PairReady { pair, port }));
                    }
                    Output::Record(record) => {
                        let body = &record.event.body;
                        self.ended += u64::from(matches!(body, model::EventBody::CallEnded { .. }));
                    }
                    _ => {}
                }
            }
            self.taped += entry.close(&self.tape.take(), outputs).len();
            inputs.extend(self.pbx.awaited().map(Input::Durable));
        }
    }

    fn say(&mut self, from: &str, text: &str) {
        self.ms += 1;
        self.tell(Input::Datagram {
            local: address(SERVER),
            remote: address(from),
            bytes: text.as_bytes().to_vec(),
        });
    }

    /// The next message to `phone` that begins so.
    fn heard(&mut self, phone: &str, begins: &str) -> String {
        let to = address(phone);
        while let Some((remote, text)) = self.sent.pop_front() {
            if remote == to && text.starts_with(begins) {
                return text;
            }
        }
        panic!("{phone} was not told {begins}");
    }

    /// Lets time pass, timer by timer.
    fn wait_until(&mut self, ms: u64) {
        while let Some((at, _)) = self.pbx.next_deadline() {
            if at.as_millis() >= ms {
                break;
            }
            self.ms = self.ms.max(at.as_millis() + 1);
            self.tell(Input::Tick);
        }
        self.ms = self.ms.max(ms);
    }

    fn call(&mut self, number: u64) {
        let body = wire::sdp(address("192.0.2.1:4000"), 1, Codec::Pcma);
        let invite = |cseq: u32, answer: &str| {
            let head = request("INVITE", "sip:2006@192.0.2.10", number, cseq, "");
            format!(
                "{head}{answer}Contact: <sip:2005@{CALLER}>\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n\
                 Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        self.say(CALLER, &invite(1, ""));
        let text = self.heard(CALLER, "SIP/2.0 401 ");
        let refused = Message::read(&text).expect("an answer");
        let to = tag_of(refused.get("To"));
        self.say(CALLER, &bare("ACK", "sip:2006@192.0.2.10", number, 1, to));
        let uri = "sip:2006@192.0.2.10";
        let answer = credentials(&refused, "2005", "s3cret", "INVITE", uri);
        self.say(CALLER, &invite(2, &answer.expect("a known challenge")));
        let text = self.heard(CALLED, "INVITE ");
        let rings = Message::read(&text).expect("a request");
        let contact = format!("Contact: <sip:2006@{CALLED}>\r\n");
        self.say(
            CALLED,
            &reply(&rings, "180 Ringing", Some("b"), &contact, ""),
        );
        let headers = format!("{contact}Content-Type: application/sdp\r\n");
        let body = wire::sdp(address("192.0.2.2:4000"), 2, Codec::Pcma);
        self.say(CALLED, &reply(&rings, "200 OK", Some("b"), &headers, &body));
        let text = self.heard(CALLER, "SIP/2.0 200 ");
        let taken = Message::read(&text).expect("an answer");
        let (to, target) = (tag_of(taken.get("To")), uri_of(taken.get("Contact")));
        self.say(CALLER, &bare("ACK", target, number, 2, to));
        self.say(CALLER, &bare("BYE", target, number, 3, to));
        let text = self.heard(CALLED, "BYE ");
        let bye = Message::read(&text).expect("a request");
        self.say(CALLED, &reply(&bye, "200 OK", None, "", ""));
        self.sent.clear();
        self.wait_until(number * APART_MS);
    }
}

fn port_of(pair: u32) -> u16 {
    20_000 + u16::try_from(pair % 4_000).unwrap_or(0) * 2
}

fn now(ms: u64) -> Now {
    Now {
        mono: Instant::from_millis(ms),
        wall: Wall::from_secs(1_800_000_000).plus(std::time::Duration::from_millis(ms)),
        ..Now::default()
    }
}

/// The caller's request up to its own headers.
fn request(method: &str, uri: &str, call: u64, cseq: u32, tag: &str) -> String {
    // The ACK of a refusal has the branch of its INVITE, that of a 2xx has one of its own.
    let branch = match (method, uri.contains("192.0.2.10:")) {
        ("ACK", false) => "INVITE",
        _ => method,
    };
    let tag = if tag.is_empty() {
        String::new()
    } else {
        format!(";tag={tag}")
    };
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {CALLER};rport;branch=z9hG4bK{branch}-{call}-{cseq}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:2005@192.0.2.10>;tag=c{call}\r\nTo: <sip:2006@192.0.2.10>{tag}\r\n\
         Call-ID: {call}@bench\r\nCSeq: {cseq} {method}\r\nUser-Agent: bench\r\n"
    )
}

/// A request without a body.
fn bare(method: &str, uri: &str, call: u64, cseq: u32, tag: &str) -> String {
    let head = request(method, uri, call, cseq, tag);
    format!("{head}Content-Length: 0\r\n\r\n")
}

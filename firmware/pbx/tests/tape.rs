//! A run written on the tape is played again without its passwords: same inputs, same outputs, from
//! the start and from a restart point in the middle.

use std::{collections::BTreeMap, sync::Arc};

use config::{Config, SecretId};
use model::{MediaEvent, Now, PairId, Random, Seq};
use pbx::{Entry, Fingerprint, Input, Keys, Output, Pbx, Replayed, Setup, Snapshot, Tape, Taped};
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
    ms: u64,
    written: Vec<(Now, Vec<u8>)>,
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
            ms: 0,
            written: Vec::new(),
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
        let entry = Entry::open(&input, false);
        self.pbx.handle(now, input);
        let (mut outputs, mut said) = (Fingerprint::default(), Vec::new());
        while let Some(output) = self.pbx.poll() {
            outputs.add(&output);
            if let Output::Datagram { bytes, .. } = output {
                said.push(String::from_utf8(bytes).expect("SIP is text"));
            }
        }
        let bytes = entry.close(self.tape.take(), outputs);
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

    /// A phone registers: challenged, answered. Returns the status of the second answer.
    fn register(&mut self, cseq: u32, password: &str) -> u16 {
        let said = self.datagram(&register(cseq, ""));
        let Ok(parsed) = sip::parse(said[0].as_bytes()) else {
            panic!("our own 401 is legal");
        };
        let Message::Response(challenged) = parsed.message else {
            panic!("an answer is a response");
        };
        let challenge = &digest::challenges_of(&challenged.headers)[0];
        let who = ("2005", password);
        let uri = "sip:127.0.0.1";
        let credentials = digest::answer(challenge, who, &Method::Register, uri, (1, "c"));
        let line = format!("Authorization: {credentials}\n");
        let said = self.datagram(&register(cseq + 1, &line));
        said[0][8..11].parse().expect("a status")
    }
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
        let entry = Entry::from_bytes(bytes).expect("what was just written");
        let (input, verdicts, expected) = entry.play().expect("a legal configuration");
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

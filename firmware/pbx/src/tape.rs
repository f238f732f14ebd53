//! The input journal: each input with what the vault answered to it and a fingerprint of what came
//! of it, so that a run can be played again and compared. Passwords, digest responses, nonces, keys
//! of voice and the digits people press while they talk are not on it; the digits by which
//! conferences are entered and led are, as their PINs are part of the configuration.

use std::{
    borrow::Cow,
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use config::Config;
use hal_port::{Capabilities, PortKind};
use model::{
    Binding, Command, Digit, EntryId, FlowId, Instant, LifelineTest, LineBalance, MediaCommand,
    MediaEvent, PairId, PortId, Seed, Seq, ToneSignature, Transport,
};
use serde::{Deserialize, Serialize};
use sip::{
    Peer,
    digest::{Algorithm, Challenge, First, Verdict},
};

use crate::{
    Input, Output, Question, Setup, Vault,
    redact::{self, Redactor},
};

/// An input as it is written down.
#[derive(Debug, Serialize, Deserialize)]
enum Written<'b> {
    FlowOpened(FlowId, Transport, SocketAddr, SocketAddr),
    Bytes(FlowId, #[serde(borrow)] Block<'b>),
    FlowClosed(FlowId),
    Datagram(SocketAddr, SocketAddr, #[serde(borrow)] Block<'b>),
    External(Option<IpAddr>),
    Port(PortId, hal_port::PortEvent),
    Media(MediaEvent),
    Command(Command),
    Config(u64, String),
    Durable(Seq),
    Tick,
}

/// One entry of the journal while it is written: an input, the verdicts and the fingerprint stand one behind
/// the other.
#[derive(Debug)]
pub struct Entry(Vec<u8>);

/// The exchange as it was before the first entry, at a moment without calls.
#[derive(Debug, Serialize, Deserialize)]
pub struct Snapshot {
    version: u64,
    text: String,
    jacks: Vec<(
        PortId,
        String,
        PortKind,
        Capabilities,
        Option<crate::Lifeline>,
    )>,
    bindings: Vec<Binding>,
    md5: Vec<EntryId>,
    next_seq: Seq,
    seed: Seed,
    media_legs: u32,
    pairs: Vec<(PairId, u16)>,
    external: Option<IpAddr>,
    flows: Vec<(FlowId, Transport, SocketAddr, SocketAddr)>,
    flows_made: u64,
    fingerprint: Option<[u8; 32]>,
    line_tones: Vec<(EntryId, Vec<ToneSignature>)>,
    line_balance: Vec<(EntryId, LineBalance)>,
    lifelines: Vec<(EntryId, LifelineTest)>,
    messages: Vec<(EntryId, u8)>,
    resumed: bool,
}

/// Why a journal cannot be played.
#[derive(Debug)]
pub enum TapeError {
    /// The bytes are no entry or snapshot of this version of the program.
    Unreadable,
    /// The configuration text in it is not legal for this version of the program.
    Config,
}

impl core::fmt::Display for TapeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "not written by this version of the program",
            Self::Config => "its configuration is not legal for this version of the program",
        })
    }
}

impl core::error::Error for TapeError {}

impl Snapshot {
    /// The state that a start with `setup` begins from; `text` is its configuration. The pairs
    /// come as inputs.
    #[must_use]
    pub fn of(setup: &Setup, text: &str) -> Self {
        let jack = |jack: &crate::Jack| {
            (
                jack.port,
                jack.name.clone(),
                jack.kind,
                jack.capabilities,
                jack.lifeline,
            )
        };
        let flow = |peer: &Peer| Some((peer.flow?, peer.transport, peer.local, peer.remote));
        Self {
            version: setup.version,
            text: text.to_owned(),
            jacks: setup.jacks.iter().map(jack).collect(),
            bindings: setup.bindings.clone(),
            md5: setup.md5.clone(),
            next_seq: setup.next_seq,
            seed: setup.seed,
            media_legs: u32::try_from(setup.media_legs).unwrap_or(u32::MAX),
            pairs: setup.pairs.clone(),
            external: setup.external,
            flows: setup.flows.0.iter().filter_map(flow).collect(),
            flows_made: setup.flows.1,
            fingerprint: setup.fingerprint.map(|print| print.0),
            line_tones: setup.line_tones.clone(),
            line_balance: setup.line_balance.clone(),
            lifelines: setup.lifelines.clone(),
            messages: setup.messages.clone(),
            resumed: setup.resumed,
        }
    }

    /// What to start an exchange with that shall repeat the run.
    ///
    /// # Errors
    /// [`TapeError::Config`].
    pub fn setup(&self) -> Result<Setup, TapeError> {
        let config = Config::parse(&self.text).map_err(|_| TapeError::Config)?;
        let jack =
            |(port, name, kind, capabilities, lifeline): &(PortId, String, _, _, _)| crate::Jack {
                port: *port,
                name: name.clone(),
                kind: *kind,
                capabilities: *capabilities,
                lifeline: *lifeline,
            };
        let peer = |&(flow, transport, local, remote): &(_, _, _, _)| Peer {
            transport,
            local,
            remote,
            flow: Some(flow),
        };
        Ok(Setup {
            config: Arc::new(config),
            version: self.version,
            jacks: self.jacks.iter().map(jack).collect(),
            bindings: self.bindings.clone(),
            md5: self.md5.clone(),
            next_seq: self.next_seq,
            seed: self.seed,
            media_legs: self.media_legs as usize,
            pairs: self.pairs.clone(),
            external: self.external,
            flows: (self.flows.iter().map(peer).collect(), self.flows_made),
            fingerprint: self.fingerprint.map(model::Fingerprint),
            line_tones: self.line_tones.clone(),
            line_balance: self.line_balance.clone(),
            lifelines: self.lifelines.clone(),
            messages: self.messages.clone(),
            resumed: self.resumed,
        })
    }

    /// The bytes for the journal.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(self).unwrap_or_default()
    }

    /// Reads what [`Snapshot::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`TapeError::Unreadable`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TapeError> {
        postcard::from_bytes(bytes).map_err(|_| TapeError::Unreadable)
    }
}

impl Entry {
    /// Writes an input down, before it is handed in. `decides`: what [`crate::Pbx::decides`] says
    /// of a digit. `redactor` sees all inputs of a run.
    #[must_use]
    pub fn open(input: &Input, decides: bool, redactor: &mut Redactor) -> Self {
        let written = match input {
            Input::FlowOpened {
                flow,
                transport,
                local,
                remote,
            } => Written::FlowOpened(*flow, *transport, *local, *remote),
            Input::Bytes { flow, bytes } => {
                Written::Bytes(*flow, Block(redactor.stream(*flow, bytes).into()))
            }
            Input::FlowClosed { flow } => {
                redactor.forget(*flow);
                Written::FlowClosed(*flow)
            }
            Input::Datagram {
                local,
                remote,
                bytes,
            } => Written::Datagram(*local, *remote, Block(redact::message(bytes))),
            Input::External(address) => Written::External(*address),
            Input::Port { port, event } => Written::Port(*port, *event),
            Input::Media(MediaEvent::Digit { leg, ms, .. }) if !decides => {
                let digit = Digit::from_char('0').expect("0 is a key");
                let (leg, ms) = (*leg, *ms);
                Written::Media(MediaEvent::Digit { leg, digit, ms })
            }
            Input::Media(event) => Written::Media(*event),
            Input::Command(command) => Written::Command(command.clone()),
            Input::Config { version, text, .. } => Written::Config(*version, text.to_string()),
            Input::Durable(seq) => Written::Durable(*seq),
            Input::Tick => Written::Tick,
        };
        // One allocation: an entry is little more than the bytes it holds.
        let room = match &written {
            Written::Bytes(_, bytes) | Written::Datagram(_, _, bytes) => bytes.0.len() + 128,
            _ => 128,
        };
        Self(postcard::to_extend(&written, Vec::with_capacity(room)).unwrap_or_default())
    }

    /// Adds what came of it and gives the bytes for the journal.
    #[must_use]
    pub fn close(self, verdicts: &[u8], outputs: Fingerprint) -> Vec<u8> {
        postcard::to_extend(&(verdicts, outputs.0), self.0).unwrap_or_default()
    }

    /// Reads what [`Entry::close`] gave: the input, the verdicts for [`Tape`], and the fingerprint of the
    /// first run.
    ///
    /// # Errors
    /// [`TapeError`].
    pub fn play(bytes: &[u8]) -> Result<(Input, Vec<u8>, Fingerprint), TapeError> {
        let (input, verdicts, outputs): (Written<'_>, Vec<u8>, u64) =
            postcard::from_bytes(bytes).map_err(|_| TapeError::Unreadable)?;
        let input = match input {
            Written::FlowOpened(flow, transport, local, remote) => Input::FlowOpened {
                flow,
                transport,
                local,
                remote,
            },
            Written::Bytes(flow, Block(bytes)) => Input::Bytes {
                flow,
                bytes: bytes.into_owned(),
            },
            Written::FlowClosed(flow) => Input::FlowClosed { flow },
            Written::Datagram(local, remote, Block(bytes)) => Input::Datagram {
                local,
                remote,
                bytes: bytes.into_owned(),
            },
            Written::External(address) => Input::External(address),
            Written::Port(port, event) => Input::Port { port, event },
            Written::Media(event) => Input::Media(event),
            Written::Command(command) => Input::Command(command),
            Written::Config(version, text) => {
                let config = Config::parse(&text).map_err(|_| TapeError::Config)?;
                Input::Config {
                    version,
                    text: text.into(),
                    config: Arc::new(config),
                }
            }
            Written::Durable(seq) => Input::Durable(seq),
            Written::Tick => Input::Tick,
        };
        Ok((input, verdicts, Fingerprint(outputs)))
    }
}

/// Where the quoted value of the next parameter `name` begins, from `from` on.
fn quoted_after(bytes: &[u8], from: usize, name: &[u8]) -> Option<usize> {
    let mut at = from;
    loop {
        at = redact::behind_pair(bytes, at, |pair| pair == *b"=\"")?;
        let before = bytes.get(from..at - 2).unwrap_or_default();
        let start = before.len().checked_sub(name.len());
        let named = start.is_some_and(|start| before[start..].eq_ignore_ascii_case(name));
        if named {
            return Some(at);
        }
    }
}

/// Bytes written as one block; serde's own way for a `Vec<u8>` goes byte by byte.
#[derive(Debug)]
struct Block<'b>(Cow<'b, [u8]>);

impl Serialize for Block<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de: 'b, 'b> Deserialize<'de> for Block<'b> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes: &[u8] = Deserialize::deserialize(deserializer)?;
        Ok(Self(bytes.into()))
    }
}

/// A hash over outputs in order (FNV-1a over words of 64 bits); secrets do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    /// Takes one more output into account.
    pub fn add(&mut self, output: &Output) {
        match output {
            Output::Connect {
                flow,
                transport,
                remote,
            } => self.value(&(0_u8, flow, transport, remote)),
            Output::Bytes { flow, bytes } => {
                self.value(&(1_u8, flow));
                self.message(bytes);
            }
            Output::Datagram {
                local,
                remote,
                bytes,
            } => {
                self.value(&(2_u8, local, remote));
                self.message(bytes);
            }
            Output::Close { flow } => self.value(&(3_u8, flow)),
            Output::Port { port, command } => self.value(&(4_u8, port, command)),
            Output::Media(command) => self.media(command),
            Output::Party(id, party) => self.value(&(6_u8, id, party)),
            Output::Record(record) => self.value(&(7_u8, record)),
            Output::State(change) => self.value(&(8_u8, change)),
        }
    }

    /// A wish to the media plane without passwords and without keys that people pressed.
    fn media(&mut self, command: &MediaCommand) {
        match command {
            MediaCommand::SetIce { leg, ice, begins } => {
                self.value(&(5_u8, leg, ice.local_name, ice.remote_name, begins));
            }
            MediaCommand::SendDigit { leg, ms, .. } => self.value(&(5_u8, leg, ms)),
            other => self.value(&(5_u8, other)),
        }
    }

    /// A message without its nonces, keys and passwords.
    fn message(&mut self, bytes: &[u8]) {
        let blanked = redact::message(bytes);
        let (bytes, mut from) = (&*blanked, 0);
        if bytes.starts_with(b"SIP/2.0 401") {
            while let Some(start) = quoted_after(bytes, from, b"nonce") {
                self.bytes(bytes.get(from..start).unwrap_or_default());
                let value = bytes.get(start..).unwrap_or_default();
                from = start + value.iter().position(|b| *b == b'"').unwrap_or(0);
            }
        }
        self.bytes(bytes.get(from..).unwrap_or_default());
    }

    fn value(&mut self, value: &impl Serialize) {
        // What postcard cannot write, no type of an output, would count as nothing.
        let _ = postcard::serialize_with_flavor(value, Words::new(self));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let mut words = Words::new(self);
        words.add(bytes);
        words.end();
    }

    const fn word(&mut self, word: u64) {
        self.0 = (self.0 ^ word)
            .wrapping_mul(0x0100_0000_01b3)
            .rotate_left(29);
    }
}

/// Bytes on their way into a fingerprint, as words, the last one filled up with zeros, and their
/// number.
struct Words<'f> {
    print: &'f mut Fingerprint,
    word: u64,
    len: u64,
}

impl<'f> Words<'f> {
    const fn new(print: &'f mut Fingerprint) -> Self {
        let (word, len) = (0, 0);
        Self { print, word, len }
    }

    const fn byte(&mut self, byte: u8) {
        self.word |= (byte as u64) << (self.len % 8 * 8);
        self.len += 1;
        if self.len.is_multiple_of(8) {
            self.print.word(self.word);
            self.word = 0;
        }
    }

    fn add(&mut self, mut bytes: &[u8]) {
        while let ([first, rest @ ..], false) = (bytes, self.len.is_multiple_of(8)) {
            self.byte(*first);
            bytes = rest;
        }
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.print.word(u64::from_le_bytes(*word));
        }
        self.len += 8 * words.len() as u64;
        for byte in rest {
            self.byte(*byte);
        }
    }

    const fn end(self) {
        self.print.word(self.word);
        self.print.word(self.len);
    }
}

impl postcard::ser_flavors::Flavor for Words<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.byte(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.add(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        self.end();
        Ok(())
    }
}

/// The verdicts given since they were last taken, in order.
#[derive(Clone, Debug, Default)]
pub struct Tape(Arc<Mutex<VecDeque<u8>>>);

impl Tape {
    /// Takes the verdicts of the input that was just handled.
    #[must_use]
    pub fn take(&self) -> Vec<u8> {
        self.lock().drain(..).collect()
    }

    /// Puts the verdicts of the next input in.
    pub fn load(&self, verdicts: &[u8]) {
        let mut all = self.lock();
        all.clear();
        all.extend(verdicts);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A vault whose verdicts are taped.
pub struct Taped<V> {
    /// The vault that judges.
    pub vault: V,
    /// Where the verdicts go.
    pub tape: Tape,
}

impl<V: Vault> Vault for Taped<V> {
    fn challenge(
        &mut self,
        now: Instant,
        source: IpAddr,
        first: First,
        stale: bool,
    ) -> [Challenge; 2] {
        self.vault.challenge(now, source, first, stale)
    }

    fn judge(&mut self, question: Question<'_>) -> Verdict {
        let verdict = self.vault.judge(question);
        self.tape.lock().push_back(match verdict {
            Verdict::Fresh => 0,
            Verdict::Stale => 1,
            Verdict::Replay => 2,
            Verdict::Wrong => 3,
        });
        verdict
    }

    fn seed(&mut self) -> Seed {
        self.vault.seed()
    }

    fn digit(&mut self, digit: Digit, decides: bool) -> Digit {
        let digit = self.vault.digit(digit, decides);
        let written = if decides { digit.event() } else { 0 };
        self.tape.lock().push_back(written);
        digit
    }

    fn replace(&mut self, passwords: crate::Passwords) {
        self.vault.replace(passwords);
    }
}

/// A vault that says again what was said: it knows no password.
#[derive(Clone, Debug)]
pub struct Replayed(pub Tape);

impl Vault for Replayed {
    fn challenge(&mut self, _: Instant, _: IpAddr, first: First, stale: bool) -> [Challenge; 2] {
        let order = match first {
            First::Sha256 => [Algorithm::Sha256, Algorithm::Md5],
            First::Md5 => [Algorithm::Md5, Algorithm::Sha256],
        };
        order.map(|algorithm| Challenge {
            realm: crate::auth::REALM.to_owned(),
            nonce: "replay".to_owned(),
            opaque: None,
            algorithm,
            qop: true,
            stale,
        })
    }

    fn judge(&mut self, _: Question<'_>) -> Verdict {
        match self.0.lock().pop_front() {
            Some(0) => Verdict::Fresh,
            Some(1) => Verdict::Stale,
            Some(2) => Verdict::Replay,
            Some(_) | None => Verdict::Wrong,
        }
    }

    fn seed(&mut self) -> Seed {
        Seed::default()
    }

    fn digit(&mut self, digit: Digit, _: bool) -> Digit {
        let written = self.0.lock().pop_front().and_then(Digit::from_event);
        written.unwrap_or(digit)
    }

    fn replace(&mut self, _: crate::Passwords) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_do_not_count_and_everything_else_does() {
        let print = |text: &str| {
            let mut print = Fingerprint::default();
            print.add(&Output::Bytes {
                flow: FlowId(1),
                bytes: text.as_bytes().to_vec(),
            });
            print
        };
        let a = print("SIP/2.0 401 x\r\nW: nonce=\"a\", q\r\n");
        assert_eq!(a, print("SIP/2.0 401 x\r\nW: nonce=\"bbb\", q\r\n"));
        assert_ne!(a, print("SIP/2.0 401 x\r\nW: nonce=\"a\", r\r\n"));
    }

    #[test]
    fn bytes_count_the_same_in_whatever_pieces_they_come() {
        let text: Vec<u8> = (0..37).collect();
        let mut whole = Fingerprint::default();
        whole.bytes(&text);
        for step in 1..text.len() {
            let mut print = Fingerprint::default();
            let mut words = Words::new(&mut print);
            text.chunks(step).for_each(|piece| words.add(piece));
            words.end();
            assert_eq!(print, whole, "in pieces of {step}");
        }
        // Journals hold it.
        assert_eq!(whole, Fingerprint(0x3013_9cda_fbcd_90fc));
        let mut longer = Fingerprint::default();
        longer.bytes(&[&text[..], &[0]].concat());
        assert_ne!(longer, whole, "zeros at the end count");
    }
}

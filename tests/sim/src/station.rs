//! A SIP phone with somebody at it: signalling, mouth and ear together.

use core::time::Duration;
use std::collections::VecDeque;
use std::net::SocketAddr;

use model::{Codec, Instant};

use crate::network::Packet;
use crate::office::BOX;
use crate::person::Person;
use crate::phone::{Agreed, EVENT_TYPES, Notice, OPUS_TYPE, Phone, Stage, payload_type};
use crate::sound::{Ear, Mouth, Tongue, unseal};

const PACKET_TIME: Duration = Duration::from_millis(20);
/// Sending times that are remembered.
const SENT_KEPT: usize = 256;

/// What was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Whose mark.
    pub talker: u8,
    /// Which packet, if it came untouched.
    pub count: Option<u32>,
    /// It is the silence of a phone that is shut.
    pub shut: bool,
}

/// The phone and its person.
#[derive(Debug)]
pub(crate) struct Station {
    /// Signalling.
    pub phone: Phone,
    /// Who sits there.
    pub person: Person,
    /// When the phone does something unasked.
    pub due: Instant,
    mouth: Mouth,
    tongue: Tongue,
    ear: Ear,
    /// 20 ms of the phone's own clock.
    packet_time: Duration,
    /// When the talker last went on after a breath.
    back: Option<Instant>,
    /// The running sound: call, sequence number and when the next packet goes.
    stream: Option<(String, u16, Instant)>,
    /// The time stamp of the packet that went last, in the clock of what is spoken.
    ts: u32,
    ssrc: u32,
    /// The sequence number of the packet that came last.
    last_seq: Option<u16>,
    /// Nothing was sent where the packet before this one would have been.
    paused: bool,
    /// A key that is being pressed: its event, how many packets of it went, and the time of the first.
    pressing: Option<(u8, u16, u32)>,
    /// The key that was pressed last, and the number of its first packet.
    key: Option<(u16, char)>,
    /// Voices heard in Opus, for the figures: in untouched packets and in windows of translated ones.
    pub opus: [u64; 2],
    /// What the phone got and should not have.
    pub wrong: Vec<String>,
    /// When the last packets went, newest last, and the number of the newest.
    sent: VecDeque<(u32, Instant)>,
}

impl Station {
    /// A phone that speaks with the mark of seat `talker`, by a clock that is off by so many parts
    /// per million.
    #[must_use]
    pub(crate) fn new(talker: u8, phone: Phone, person: Person, off_ppm: i64) -> Self {
        let slower = PACKET_TIME.as_micros() as i64 * off_ppm / 1_000;
        let packet_ns = PACKET_TIME.as_nanos() as i64 + slower;
        let due = phone.next_deadline().min(person.due());
        Self {
            phone,
            person,
            due,
            mouth: Mouth::new(talker, Codec::Pcma),
            tongue: Tongue::default(),
            ear: Ear::default(),
            packet_time: Duration::from_nanos(packet_ns.unsigned_abs()),
            back: None,
            stream: None,
            ts: 0,
            ssrc: 0x5000_0000 + u32::from(talker),
            sent: VecDeque::new(),
            last_seq: None,
            paused: false,
            pressing: None,
            key: None,
            opus: [0; 2],
            wrong: Vec::new(),
        }
    }

    /// Runs what is due: phone, person, sound. Datagrams go to `out`.
    pub(crate) fn timeout(&mut self, now: Instant, numbers: &[String], out: &mut Vec<Packet>) {
        self.phone.timeout(now);
        if self.person.due() <= now {
            self.person.act(now, &mut self.phone, numbers);
        }
        self.settle(now, out);
    }

    /// A datagram came; gives what was heard in it.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        packet: &Packet,
        out: &mut Vec<Packet>,
    ) -> Vec<Heard> {
        if packet.to.port() == self.phone.address.port() {
            self.phone.receive(now, &packet.bytes);
            self.settle(now, out);
            return Vec::new();
        }
        let in_call = self.phone.call.is_some();
        if packet.to != self.phone.media || !in_call {
            return Vec::new();
        }
        match self.phone.open(now, &packet.bytes) {
            Ok(Some(bytes)) => self.hear(now, &bytes),
            Ok(None) => Vec::new(),
            Err(wrong) => {
                self.wrong.push(wrong.to_owned());
                Vec::new()
            }
        }
    }

    /// A whole message came over a connection.
    pub(crate) fn receive_message(&mut self, now: Instant, message: &[u8], out: &mut Vec<Packet>) {
        self.phone.receive(now, message);
        self.settle(now, out);
    }

    /// The phone's connection broke.
    pub(crate) fn connection_lost(&mut self, now: Instant) {
        self.phone.connection_lost(now);
        self.due = self.due.min(self.phone.next_deadline());
    }

    /// When the packet of that number was sent.
    #[must_use]
    pub(crate) fn sent_at(&self, count: u32) -> Option<Instant> {
        let found = self.sent.iter().rev().find(|(n, _)| *n == count);
        found.map(|(_, at)| *at)
    }

    /// When the talker last went on after a breath.
    #[must_use]
    pub(crate) const fn back(&self) -> Option<Instant> {
        self.back
    }

    /// Carries out what the phone and its person came to.
    pub(crate) fn settle(&mut self, now: Instant, out: &mut Vec<Packet>) {
        while let Some(notice) = self.phone.notices.pop_front() {
            if matches!(notice, Notice::Up | Notice::Over(_)) {
                self.ear.forget();
                self.tongue.forget();
            }
            self.person.notice(now, &notice);
        }
        while let Some(bytes) = self.phone.out.pop_front() {
            let from = self.phone.address;
            out.push(Packet {
                from,
                to: BOX,
                bytes,
            });
        }
        self.speak(now, out);
        let stream = self.stream.as_ref().map_or(Instant::FAR, |(.., at)| *at);
        self.due = self
            .phone
            .next_deadline()
            .min(self.person.due())
            .min(stream);
    }

    fn speak(&mut self, now: Instant, out: &mut Vec<Packet>) {
        let talking = self.phone.call.as_ref().and_then(|call| {
            let heard = call.heard.filter(|heard| heard.they_receive)?;
            (call.stage == Stage::Up).then_some((call.id.as_str(), heard))
        });
        let Some((id, heard)) = talking else {
            self.stream = None;
            (self.pressing, self.phone.pressed) = (None, None);
            return;
        };
        if self.stream.as_ref().is_none_or(|(of, ..)| of != id) {
            self.stream = Some((id.to_owned(), 1, now));
            self.ts = 0;
        }
        let Some((_, seq, at)) = &mut self.stream else {
            return;
        };
        if *at > now {
            return;
        }
        self.ts = self.ts.wrapping_add(heard.codec.clock_hz() / 50);
        let number = *seq;
        *at = now + self.packet_time;
        let Some(packet) = self.packet(now, &heard, number) else {
            return;
        };
        if let Some((_, seq, _)) = &mut self.stream {
            *seq = seq.wrapping_add(1);
        }
        self.send(heard.remote, packet, out);
    }

    /// The next packet: of a key, of a voice, of silence, or none. Then the time goes on, and the numbers do
    /// not (RFC 3551 §4.1).
    fn packet(&mut self, now: Instant, heard: &Agreed, number: u16) -> Option<Vec<u8>> {
        let ts = self.ts;
        if let Some(bytes) = self.press(heard.events, number, ts) {
            return Some(bytes);
        }
        self.mouth.set_codec(heard.codec);
        let shut = self.phone.shut(now);
        if self.mouth.returns() && shut.is_none() {
            self.back = Some(now);
        }
        let count = self.mouth.count;
        let payload = match shut {
            None => self.mouth.speak(),
            Some(shut) if shut.silence => self.mouth.keep_silent(),
            Some(_) => {
                self.paused = true;
                return None;
            }
        };
        let marker = u8::from(core::mem::take(&mut self.paused)) << 7;
        let kind = payload_type(heard.codec, heard.opus);
        if self.sent.len() >= SENT_KEPT {
            self.sent.pop_front();
        }
        self.sent.push_back((count, now));
        Some(rtp(kind | marker, (number, ts), self.ssrc, &payload))
    }

    fn send(&mut self, to: SocketAddr, packet: Vec<u8>, out: &mut Vec<Packet>) {
        let from = self.phone.media;
        let packets = self.phone.seal(packet).into_iter();
        out.extend(packets.map(|bytes| Packet { from, to, bytes }));
    }

    /// A packet of the key that is being pressed (RFC 4733 §2.5.1): 100 ms, and its end three times.
    fn press(&mut self, events: Option<u8>, seq: u16, ts: u32) -> Option<Vec<u8>> {
        if let Some(key) = self.phone.pressed.take() {
            let event = "0123456789*#"
                .find(key)
                .and_then(|at| u8::try_from(at).ok());
            self.pressing = event.map(|event| (event, 0, ts));
            self.key = Some((seq, key));
        }
        let events = events?;
        let (event, sent, began) = self.pressing.as_mut()?;
        let end = u8::from(*sent >= 5) << 7;
        let [high, low] = (160 * (1 + *sent).min(6)).to_be_bytes();
        let marker = u8::from(*sent == 0) << 7;
        let bytes = rtp(
            events | marker,
            (seq, *began),
            self.ssrc,
            &[*event, end | 10, high, low],
        );
        *sent += 1;
        self.pressing.take_if(|(_, sent, _)| *sent > 7);
        Some(bytes)
    }

    /// The key whose first packet this is.
    #[must_use]
    pub(crate) fn key_of(&self, bytes: &[u8]) -> Option<char> {
        let [_, kind, high, low, ..] = *bytes else {
            return None;
        };
        let (seq, key) = self.key?;
        let first = kind & 0x80 != 0 && EVENT_TYPES.contains(&(kind & 0x7f));
        (first && seq == u16::from_be_bytes([high, low])).then_some(key)
    }

    fn hear(&mut self, now: Instant, bytes: &[u8]) -> Vec<Heard> {
        let kind = bytes.get(1).map_or(0, |octet| octet & 0x7f);
        if !self.phone.expects(now, kind) {
            self.wrong.push(format!(
                "payload type {kind} comes, which was not agreed on"
            ));
        }
        let heard = self.phone.call.as_ref().and_then(|call| call.heard);
        let opus = heard.map_or(OPUS_TYPE, |heard| heard.opus);
        let codec = match kind {
            kind if kind == OPUS_TYPE || kind == opus => Codec::Opus,
            0 => Codec::Pcmu,
            8 => Codec::Pcma,
            9 => Codec::G722,
            _ => return Vec::new(),
        };
        let payload = bytes.get(12..).unwrap_or(&[]);
        // What is left of a window fits only to the very next packet.
        let seq = bytes
            .get(2..4)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        if seq != self.last_seq.map(|last| last.wrapping_add(1)) {
            self.ear.forget();
        }
        self.last_seq = seq;
        if let Some(word) = unseal(payload) {
            self.opus[0] += u64::from(codec == Codec::Opus);
            return vec![Heard {
                talker: word.talker,
                count: Some(word.count),
                shut: word.shut,
            }];
        }
        let samples = self.tongue.understand(codec, payload);
        let heard = self.ear.hear(samples.into_iter());
        if codec == Codec::Opus {
            self.opus[1] += heard.len() as u64;
        }
        heard
            .into_iter()
            .map(|talker| Heard {
                talker,
                count: None,
                shut: false,
            })
            .collect()
    }

    /// The host of the phone.
    #[must_use]
    pub(crate) fn host(&self) -> SocketAddr {
        self.phone.address
    }
}

fn rtp(payload_type: u8, (seq, ts): (u16, u32), ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(12 + payload.len());
    bytes.extend([0x80, payload_type]);
    bytes.extend(seq.to_be_bytes());
    bytes.extend(ts.to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend(payload);
    bytes
}

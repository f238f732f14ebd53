//! All the phones of the office in one thread: they register, call, answer and hang up over two UDP
//! sockets, callers on one and called on the other. Only what the figures need; retransmission
//! included, so that a lost datagram costs time and not a call.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    io,
    net::{SocketAddr, UdpSocket},
    os::fd::AsFd as _,
    time::{Duration, Instant},
};

use anyhow::Result;
use nix::{
    poll::{PollFd, PollFlags, ppoll},
    sys::socket::{setsockopt, sockopt},
};

use crate::{
    clock,
    wire::{self, Codec, Message, tag_of, uri_of, user_of},
};

/// RFC 3261 §17.1.1.1.
const T1: Duration = Duration::from_millis(500);
/// RFC 3261 §17.1.2.2: T2 caps the doubling.
const T2: Duration = Duration::from_secs(4);
/// Timer B or F: after this a request has failed.
const PATIENCE: Duration = Duration::from_secs(32);

/// An account of the office.
#[derive(Clone, Debug)]
pub(crate) struct Phone {
    /// Extension, which is the SIP user too.
    pub(crate) user: String,
    /// SIP password.
    pub(crate) password: String,
    /// Which of the two sockets: 0 for callers, 1 for called.
    pub(crate) door: usize,
}

/// What the phones noticed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Heard {
    /// A REGISTER round with its challenge came to 200.
    Registered { took: Duration },
    /// It did not; the status, 408 for silence.
    NotRegistered { status: u16 },
    /// 180 came to the caller, so long after the first INVITE.
    Ringing { after: Duration },
    /// The call is up at the caller.
    Up { call: usize },
    /// The called phone got its ACK.
    Taken { phone: usize },
    /// The call came to nothing; the status, 408 for silence.
    Failed { call: usize, status: u16 },
    /// The called phone never got its ACK.
    Unacknowledged,
    /// The caller's BYE was answered: well, or not.
    Ended { call: usize, well: bool },
    /// The exchange hung up on one of the phones.
    HungUp,
}

#[derive(Clone, Copy, Debug)]
enum Purpose {
    Register {
        phone: usize,
        challenged: bool,
    },
    Invite {
        call: usize,
        challenged: bool,
    },
    Bye {
        call: usize,
    },
    /// Our 200 to an INVITE, until its ACK comes.
    Answer,
}

/// A message that is sent again until it is answered.
#[derive(Debug)]
struct Pending {
    purpose: Purpose,
    text: String,
    door: usize,
    next: Duration,
    began: Instant,
    /// A provisional response came: no more retransmissions (§17.1.1.2).
    proceeding: bool,
}

/// The caller's side of a call.
#[derive(Debug)]
pub(crate) struct Call {
    from: usize,
    /// The number that was dialled.
    to: String,
    /// Its Call-ID at the caller.
    pub(crate) id: String,
    cseq: u32,
    to_header: String,
    target: String,
    began: Instant,
    rang: bool,
    /// Where the exchange wants the caller's audio.
    pub(crate) remote: Option<SocketAddr>,
}

/// The called phone's side of its call.
#[derive(Debug)]
struct Taken {
    id: String,
    ok: String,
    pending: u64,
    remote: Option<SocketAddr>,
}

/// The phones.
#[derive(Debug)]
pub(crate) struct Agent {
    server: SocketAddr,
    doors: [UdpSocket; 2],
    locals: [SocketAddr; 2],
    phones: Vec<Phone>,
    /// Where each phone has its audio; port 9 discards.
    pub(crate) audio: Vec<SocketAddr>,
    /// What callers and called speak.
    pub(crate) codecs: [Codec; 2],
    by_user: BTreeMap<String, usize>,
    next: u64,
    pending: BTreeMap<u64, Pending>,
    due: BTreeSet<(Instant, u64)>,
    /// All calls so far, by the numbers that [`Agent::call`] gave.
    pub(crate) calls: Vec<Call>,
    by_id: BTreeMap<String, usize>,
    taken: BTreeMap<usize, Taken>,
    heard: VecDeque<Heard>,
    /// How long the called phone rings.
    pub(crate) rings_for: Duration,
    answers: BTreeSet<(Instant, u64)>,
    /// Requests that had to be sent again.
    pub(crate) repeated: u64,
}

impl Agent {
    /// Phones that know `server`.
    pub(crate) fn new(server: SocketAddr, phones: &[Phone]) -> Result<Self> {
        let doors = [door()?, door()?];
        let locals = [doors[0].local_addr()?, doors[1].local_addr()?];
        let users = phones.iter().map(|phone| phone.user.clone());
        Ok(Self {
            server,
            doors,
            locals,
            audio: vec![SocketAddr::from(([127, 0, 0, 1], 9)); phones.len()],
            codecs: [Codec::default(); 2],
            by_user: users.zip(0..).collect(),
            phones: phones.to_vec(),
            next: clock::realtime_ns() >> 10 & 0xffff_ffff,
            pending: BTreeMap::new(),
            due: BTreeSet::new(),
            calls: Vec::new(),
            by_id: BTreeMap::new(),
            taken: BTreeMap::new(),
            heard: VecDeque::new(),
            rings_for: Duration::ZERO,
            answers: BTreeSet::new(),
            repeated: 0,
        })
    }

    /// The next thing noticed.
    pub(crate) fn hear(&mut self) -> Option<Heard> {
        self.heard.pop_front()
    }

    /// Starts a REGISTER round of a phone.
    pub(crate) fn register(&mut self, phone: usize) {
        self.send_register(phone, None, clock::now());
    }

    fn send_register(&mut self, phone: usize, credentials: Option<&str>, began: Instant) {
        let number = self.number();
        let Phone { user, door, .. } = &self.phones[phone];
        let (door, local, host) = (*door, self.locals[*door], self.server.ip());
        let text = format!(
            "REGISTER sip:{host} SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch=z9hG4bKb.{number:x}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{user}@{host}>;tag=r{number:x}\r\nTo: <sip:{user}@{host}>\r\n\
             Call-ID: register-{user}-{port}\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:{user}@{local}>\r\n\
             Expires: 3600\r\n{credentials}User-Agent: bench\r\nContent-Length: 0\r\n\r\n",
            port = local.port(),
            cseq = number & 0x7fff_ffff,
            credentials = credentials.unwrap_or_default(),
        );
        let challenged = credentials.is_some();
        self.send_until(
            number,
            Purpose::Register { phone, challenged },
            text,
            door,
            began,
        );
    }

    /// Starts a call between two phones; its number in [`Agent::calls`].
    pub(crate) fn call(&mut self, from: usize, to: usize) -> usize {
        let to = self.phones[to].user.clone();
        self.dial(from, &to)
    }

    /// The same to any number.
    pub(crate) fn dial(&mut self, from: usize, to: &str) -> usize {
        let number = self.number();
        let at = self.calls.len();
        let id = format!("call-{number:x}@bench");
        self.by_id.insert(id.clone(), at);
        self.calls.push(Call {
            from,
            to: to.to_owned(),
            id,
            cseq: 1,
            to_header: format!("<sip:{to}@{}>", self.server.ip()),
            target: String::new(),
            began: clock::now(),
            rang: false,
            remote: None,
        });
        self.send_invite(at, None);
        at
    }

    fn send_invite(&mut self, at: usize, credentials: Option<&str>) {
        let number = self.number();
        let call = &self.calls[at];
        let (door, host) = (self.phones[call.from].door, self.server.ip());
        let (local, began) = (self.locals[door], call.began);
        let user = &self.phones[call.from].user;
        let body = wire::sdp(self.audio[call.from], at + 1, self.codecs[door]);
        let text = format!(
            "INVITE sip:{to}@{host} SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch=z9hG4bKb.{number:x}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{user}@{host}>;tag=c{at:x}\r\nTo: {to_header}\r\nCall-ID: {id}\r\n\
             CSeq: {cseq} INVITE\r\nContact: <sip:{user}@{local}>\r\n\
             Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n{credentials}User-Agent: bench\r\n\
             Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}",
            to = call.to,
            to_header = call.to_header,
            id = call.id,
            cseq = call.cseq,
            credentials = credentials.unwrap_or_default(),
            length = body.len(),
        );
        let challenged = credentials.is_some();
        let purpose = Purpose::Invite {
            call: at,
            challenged,
        };
        self.send_until(number, purpose, text, door, began);
    }

    /// A request in the caller's dialog; `number` is that of its branch.
    fn in_dialog(&self, at: usize, method: &str, cseq: u32, number: u64) -> String {
        let call = &self.calls[at];
        let user = &self.phones[call.from].user;
        let (local, host) = (self.locals[self.phones[call.from].door], self.server.ip());
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch=z9hG4bKb.{number:x}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{user}@{host}>;tag=c{at:x}\r\nTo: {to}\r\nCall-ID: {id}\r\n\
             CSeq: {cseq} {method}\r\nUser-Agent: bench\r\nContent-Length: 0\r\n\r\n",
            target = call.target,
            to = call.to_header,
            id = call.id,
        )
    }

    /// The caller hangs up.
    pub(crate) fn hang_up(&mut self, at: usize) {
        self.calls[at].cseq += 1;
        let number = self.number();
        let text = self.in_dialog(at, "BYE", self.calls[at].cseq, number);
        let door = self.phones[self.calls[at].from].door;
        self.send_until(number, Purpose::Bye { call: at }, text, door, clock::now());
    }

    /// Where the exchange wants the audio of a called phone.
    pub(crate) fn taken_remote(&self, phone: usize) -> Option<SocketAddr> {
        self.taken.get(&phone)?.remote
    }

    const fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn send(&self, door: usize, text: &str) {
        // What is lost is sent again.
        let _ = self.doors[door].send_to(text.as_bytes(), self.server);
    }

    fn send_until(
        &mut self,
        number: u64,
        purpose: Purpose,
        text: String,
        door: usize,
        began: Instant,
    ) {
        self.send(door, &text);
        self.due.insert((clock::now() + T1, number));
        let pending = Pending {
            purpose,
            text,
            door,
            next: T1 * 2,
            began,
            proceeding: false,
        };
        self.pending.insert(number, pending);
    }

    /// Waits at most `wait`, takes what came, sends what is due.
    pub(crate) fn turn(&mut self, wait: Duration) {
        let mut fds = [
            PollFd::new(self.doors[0].as_fd(), PollFlags::POLLIN),
            PollFd::new(self.doors[1].as_fd(), PollFlags::POLLIN),
        ];
        let first = [self.due.first(), self.answers.first()];
        let due = first.into_iter().flatten().map(|(at, _)| *at).min();
        let now = clock::now();
        let wait = due.map_or(wait, |at| wait.min(at.saturating_duration_since(now)));
        let _ = ppoll(&mut fds, Some(wait.into()), None);
        let mut buffer = vec![0; 65_536];
        for door in 0..2 {
            for _ in 0..64 {
                let Ok((len, from)) = self.doors[door].recv_from(&mut buffer) else {
                    break;
                };
                if from == self.server {
                    let text = String::from_utf8_lossy(&buffer[..len]);
                    self.take(door, &text);
                }
            }
        }
        self.send_due(clock::now());
    }

    fn take(&mut self, door: usize, text: &str) {
        let Some(message) = Message::read(text) else {
            return;
        };
        match message.status() {
            Some(status) => self.take_response(status, &message),
            None => self.take_request(door, &message),
        }
    }

    fn send_due(&mut self, now: Instant) {
        while let Some(&(at, number)) = self.answers.first().filter(|(at, _)| *at <= now) {
            self.answers.remove(&(at, number));
            self.answer(number, now);
        }
        while let Some(&(at, number)) = self.due.first().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, number));
            let Some(pending) = self.pending.get_mut(&number) else {
                continue;
            };
            if now.duration_since(pending.began) > PATIENCE {
                let purpose = pending.purpose;
                self.pending.remove(&number);
                self.failed(purpose, 408);
                continue;
            }
            let next = now + pending.next;
            pending.next = (pending.next * 2).min(T2);
            let again = (!pending.proceeding).then(|| (pending.door, pending.text.clone()));
            self.due.insert((next, number));
            if let Some((door, text)) = again {
                self.repeated += 1;
                self.send(door, &text);
            }
        }
    }

    fn failed(&mut self, purpose: Purpose, status: u16) {
        self.heard.push_back(match purpose {
            Purpose::Register { .. } => Heard::NotRegistered { status },
            Purpose::Invite { call, .. } => Heard::Failed { call, status },
            Purpose::Answer => Heard::Unacknowledged,
            Purpose::Bye { call } => Heard::Ended { call, well: false },
        });
    }

    fn take_response(&mut self, status: u16, message: &Message<'_>) {
        let Some(number) = message.branch_number() else {
            return;
        };
        let Some(pending) = self.pending.get_mut(&number) else {
            // A 2xx again: its ACK was lost (RFC 3261 §13.2.2.4).
            let call = self.by_id.get(message.get("Call-ID")).copied();
            if let (200, "INVITE", Some(call)) = (status, message.cseq().1, call) {
                self.acknowledge(call);
            }
            return;
        };
        let purpose = pending.purpose;
        if status < 200 {
            pending.proceeding = true;
            if let (180..=183, Purpose::Invite { call, .. }) = (status, purpose) {
                self.ringing(call);
            }
            return;
        }
        let began = pending.began;
        let uri = uri_of_request(&pending.text).to_owned();
        self.pending.remove(&number);
        match purpose {
            Purpose::Register { phone, challenged } => {
                self.registered(phone, challenged, status, message, &uri, began);
            }
            Purpose::Invite { call, challenged } => {
                self.invited(call, challenged, status, message, &uri, number);
            }
            Purpose::Bye { call } => self.heard.push_back(Heard::Ended {
                call,
                well: status == 200,
            }),
            Purpose::Answer => {}
        }
    }

    fn ringing(&mut self, call: usize) {
        let call = &mut self.calls[call];
        if !call.rang {
            call.rang = true;
            let after = clock::now().duration_since(call.began);
            self.heard.push_back(Heard::Ringing { after });
        }
    }

    fn registered(
        &mut self,
        phone: usize,
        challenged: bool,
        status: u16,
        message: &Message<'_>,
        uri: &str,
        began: Instant,
    ) {
        if status == 200 {
            let took = clock::now().duration_since(began);
            self.heard.push_back(Heard::Registered { took });
            return;
        }
        let Phone { user, password, .. } = &self.phones[phone];
        let credentials = wire::credentials(message, user, password, "REGISTER", uri);
        match credentials.filter(|_| !challenged) {
            Some(credentials) => self.send_register(phone, Some(&credentials), began),
            None => self.heard.push_back(Heard::NotRegistered { status }),
        }
    }

    fn invited(
        &mut self,
        at: usize,
        challenged: bool,
        status: u16,
        message: &Message<'_>,
        uri: &str,
        number: u64,
    ) {
        let to_header = message.get("To").to_owned();
        if status < 300 {
            self.ringing(at);
            let call = &mut self.calls[at];
            call.to_header = to_header;
            call.target = uri_of(message.get("Contact")).to_owned();
            call.remote = message.audio();
            self.acknowledge(at);
            self.heard.push_back(Heard::Up { call: at });
            return;
        }
        let call = &mut self.calls[at];
        let before = std::mem::replace(&mut call.to_header, to_header);
        call.target = uri.to_owned();
        // The ACK of a refusal has the branch of its INVITE (RFC 3261 §17.1.1.3).
        let ack = self.in_dialog(at, "ACK", self.calls[at].cseq, number);
        let door = self.phones[self.calls[at].from].door;
        self.send(door, &ack);
        self.calls[at].to_header = before;
        let Phone { user, password, .. } = &self.phones[self.calls[at].from];
        let credentials = wire::credentials(message, user, password, "INVITE", uri);
        match credentials.filter(|_| !challenged) {
            Some(credentials) => {
                self.calls[at].cseq += 1;
                self.send_invite(at, Some(&credentials));
            }
            None => self.heard.push_back(Heard::Failed { call: at, status }),
        }
    }

    fn acknowledge(&mut self, at: usize) {
        let number = self.number();
        let ack = self.in_dialog(at, "ACK", self.calls[at].cseq, number);
        let door = self.phones[self.calls[at].from].door;
        self.send(door, &ack);
    }

    fn take_request(&mut self, door: usize, message: &Message<'_>) {
        match message.method() {
            "INVITE" => self.take_invite(door, message),
            "ACK" => {
                let Some(phone) = self.phone_taking(message) else {
                    return;
                };
                let number = self.taken.get(&phone).map_or(0, |taken| taken.pending);
                if self.pending.remove(&number).is_some() {
                    self.heard.push_back(Heard::Taken { phone });
                }
            }
            "BYE" => {
                let reply = reply(message, "200 OK", None, "", "");
                self.send(door, &reply);
                match self.phone_taking(message) {
                    Some(phone) => {
                        let taken = self.taken.remove(&phone);
                        self.pending.remove(&taken.map_or(0, |taken| taken.pending));
                    }
                    None if self.by_id.contains_key(message.get("Call-ID")) => {
                        self.heard.push_back(Heard::HungUp);
                    }
                    None => {}
                }
            }
            _ => {
                let reply = reply(message, "200 OK", None, "", "");
                self.send(door, &reply);
            }
        }
    }

    /// The called phone whose dialog a request belongs to.
    fn phone_taking(&self, message: &Message<'_>) -> Option<usize> {
        let id = message.get("Call-ID");
        let user = user_of(message.get("To"));
        let named = self.by_user.get(user).copied();
        let is = |phone: &usize| self.taken.get(phone).is_some_and(|taken| taken.id == id);
        named.filter(is)
    }

    fn take_invite(&mut self, door: usize, message: &Message<'_>) {
        let target = message.start.split(' ').nth(1).unwrap_or_default();
        let to = user_of(message.get("To"));
        let user = if self.by_user.contains_key(to) {
            to
        } else {
            user_of(target)
        };
        let Some(&phone) = self.by_user.get(user) else {
            let refusal = reply(message, "404 Not Found", Some("none"), "", "");
            self.send(door, &refusal);
            return;
        };
        let id = message.get("Call-ID").to_owned();
        if self.taken.get(&phone).is_some_and(|taken| taken.id == id) {
            return;
        }
        let number = self.number();
        let tag = format!("t{number:x}");
        let contact = format!("Contact: <sip:{user}@{}>\r\n", self.locals[door]);
        let ringing = reply(message, "180 Ringing", Some(&tag), &contact, "");
        self.send(door, &ringing);
        let body = wire::sdp(self.audio[phone], phone + 1, self.codecs[door]);
        let headers = format!("{contact}Content-Type: application/sdp\r\n");
        let taken = Taken {
            id,
            ok: reply(message, "200 OK", Some(&tag), &headers, &body),
            pending: number,
            remote: message.audio(),
        };
        self.taken.insert(phone, taken);
        let at = clock::now() + self.rings_for;
        self.answers.insert((at, phone_number(phone)));
    }

    /// The called phone is lifted.
    fn answer(&mut self, number: u64, now: Instant) {
        let phone = usize::try_from(number).unwrap_or(usize::MAX);
        let Some(taken) = self.taken.get(&phone) else {
            return;
        };
        let (pending, text) = (taken.pending, taken.ok.clone());
        let door = self.phones[phone].door;
        self.send_until(pending, Purpose::Answer, text, door, now);
    }
}

fn phone_number(phone: usize) -> u64 {
    u64::try_from(phone).unwrap_or(u64::MAX)
}

fn uri_of_request(text: &str) -> &str {
    text.split(' ').nth(1).unwrap_or_default()
}

/// A response with the headers that come back as they were (RFC 3261 §8.2.6.2).
pub(crate) fn reply(
    message: &Message<'_>,
    status: &str,
    tag: Option<&str>,
    headers: &str,
    body: &str,
) -> String {
    let mut text = format!("SIP/2.0 {status}\r\n");
    for name in ["Via", "Record-Route", "From"] {
        for value in message.all(name) {
            text += &format!("{name}: {value}\r\n");
        }
    }
    let to = message.get("To");
    text += &match tag.filter(|_| tag_of(to).is_empty()) {
        Some(tag) => format!("To: {to};tag={tag}\r\n"),
        None => format!("To: {to}\r\n"),
    };
    text += &format!(
        "Call-ID: {}\r\nCSeq: {}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        message.get("Call-ID"),
        message.get("CSeq"),
        body.len()
    );
    text
}

/// A socket with room for a burst.
fn door() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_nonblocking(true)?;
    // More than the kernel's limit only for root; the rest do with less.
    if setsockopt(&socket, sockopt::RcvBufForce, &(8 << 20)).is_err() {
        setsockopt(&socket, sockopt::RcvBuf, &(8 << 20))?;
    }
    Ok(socket)
}

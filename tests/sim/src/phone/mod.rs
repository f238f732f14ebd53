//! A simulated SIP phone with one line: a thin, independent user agent with the manners, good and
//! bad, of real vendors. It speaks UDP to the exchange and nobody else.

mod client;
mod digest;
mod register;
mod sdp;
mod server;
mod session;
mod shield;
mod wire;

use core::time::Duration;
use std::collections::VecDeque;
use std::net::SocketAddr;

use model::{Codec, Instant, Random};

use client::Client;
use register::Registration;
pub(crate) use sdp::{Heard as Agreed, OPUS_TYPE, payload_type};
pub(crate) use session::EVENT_TYPES;
pub(crate) use shield::Srtp;
pub(crate) use wire::{Message, param, uri_of, user_of};

/// RFC 3261 §17.1.1.1.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
/// Longest ringing, on either side.
const RING_MOST: Duration = Duration::from_secs(100);
/// Whoever was mute speaks for so long at least: translators of addresses forget what is not used.
const SPEAKS_FOR: Duration = Duration::from_secs(1);
/// 64 × T1: timers B, F, H.
const GIVE_UP: Duration = Duration::from_secs(32);

/// How a vendor built it.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    /// Knows no SHA-256.
    pub md5_only: bool,
    /// Expiry that it asks for, in s.
    pub expires_s: u32,
    /// Refreshes only when this much of the time is over, in per cent; over 100 = too late.
    pub refresh_percent: u32,
    /// Keep-alives this often, in s; 0 = never.
    pub keep_alive_s: u32,
    /// Sometimes drops a call without a BYE.
    pub forgets_bye: bool,
    /// Says BYE before the ACK of its answer came, which RFC 3261 §15 forbids.
    pub hasty_bye: bool,
    /// Repeats requests ten times too often, even after a 100.
    pub storms: bool,
    /// Sends 183 with a description before the answer.
    pub early_media: bool,
    /// Codecs that it knows, best first.
    pub codecs: Vec<Codec>,
    /// Sends pressed keys as telephone events (RFC 4733), not by INFO.
    pub events: bool,
    /// What it knows of protected voice.
    pub srtp: Srtp,
}

/// How a call is going, from the phone's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// INVITE sent, nothing heard.
    Calling,
    /// It rings at the far end.
    Ringback,
    /// It rings here.
    Ringing,
    /// Answered.
    Up,
    /// CANCEL sent.
    Cancelling,
}

/// What the person at the phone notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The bell.
    Rings,
    /// Somebody answered, or the answer was taken.
    Up,
    /// The call is over, with the status that said so; 0 = the phone's own doing or a BYE.
    Over(u16),
    /// A second offer of ours came to an end; whether it was accepted.
    Changed(bool),
}

/// The person pressed the key of the phone that makes it mute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shut {
    /// When.
    pub since: Instant,
    /// When they speak again.
    pub until: Instant,
    /// The phone sends silence meanwhile rather than nothing.
    pub silence: bool,
}

/// The one call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Call-ID.
    pub id: String,
    /// Where it stands.
    pub stage: Stage,
    /// Whether the phone began it.
    pub outgoing: bool,
    /// Where our sound goes and how; none until agreed.
    pub heard: Option<sdp::Heard>,
    /// We hold the far end.
    pub holding: bool,
    shut: Option<Shut>,
    session: session::Session,
    local: String,
    remote: String,
    target: String,
    cseq: u32,
    remote_cseq: u32,
    /// When the phone ends by itself what was not answered.
    patience: Instant,
    /// The INVITE to be answered, cancelled, or acknowledged.
    invite: Message,
    ack: Option<Vec<u8>>,
    /// A 200 that waits for its ACK: next time, interval, end.
    unacked: Option<(Instant, Duration, Instant, Vec<u8>)>,
    /// The person hung up before the ACK of the answer came: the BYE waits for it (RFC 3261 §15).
    leaving: bool,
    tries: u8,
}

/// The phone.
#[derive(Debug)]
pub(crate) struct Phone {
    /// Its extension and SIP user.
    pub user: String,
    password: String,
    /// Its own idea of its SIP address.
    pub address: SocketAddr,
    /// Its own idea of its RTP address.
    pub media: SocketAddr,
    server: SocketAddr,
    /// Speaks over connections.
    pub tcp: bool,
    /// And those are protected.
    pub tls: bool,
    /// How it is built.
    pub manner: Manner,
    random: Random,
    registration: Registration,
    clients: Vec<Client>,
    refusals: Vec<server::Refusal>,
    /// Answers for repeated requests: branch and method, and the bytes.
    answered: VecDeque<(String, Vec<u8>)>,
    /// The call, if there is one.
    pub call: Option<Call>,
    challenge: Option<digest::Challenge>,
    keep_alive_at: Instant,
    /// Datagrams to the exchange.
    pub out: VecDeque<Vec<u8>>,
    /// What the person notices.
    pub notices: VecDeque<Notice>,
    /// A key to be sent as telephone event.
    pub pressed: Option<char>,
}

impl Phone {
    /// A phone that is switched on at `at`.
    #[must_use]
    pub(crate) fn new(
        (user, password): (&str, &str),
        address: SocketAddr,
        server: SocketAddr,
        manner: Manner,
        mut random: Random,
        at: Instant,
    ) -> Self {
        let mut media = address;
        media.set_port(10_000 + 2 * (random.below(5_000) as u16));
        Self {
            user: user.into(),
            password: password.into(),
            address,
            media,
            server,
            registration: Registration::new(at, &mut random),
            tcp: false,
            tls: false,
            manner,
            random,
            clients: Vec::new(),
            refusals: Vec::new(),
            answered: VecDeque::new(),
            call: None,
            challenge: None,
            keep_alive_at: Instant::FAR,
            out: VecDeque::new(),
            notices: VecDeque::new(),
            pressed: None,
        }
    }

    /// Pulls the plug and puts it back: everything is forgotten, nobody is told.
    pub(crate) fn reboot(&mut self, at: Instant) {
        self.registration = Registration::new(at, &mut self.random);
        self.clients.clear();
        self.refusals.clear();
        self.answered.clear();
        self.challenge = None;
        self.keep_alive_at = Instant::FAR;
        if self.call.take().is_some() {
            self.notices.push_back(Notice::Over(0));
        }
    }

    /// Whether the exchange accepted it and the time has not run out.
    #[must_use]
    pub(crate) fn is_registered(&self, now: Instant) -> bool {
        self.registration.until > now
    }

    /// The connection broke: whoever wants to be called makes another.
    pub(crate) fn connection_lost(&mut self, now: Instant) {
        let soon = now + Duration::from_secs(1);
        if self.registration.until > Instant::ZERO {
            self.registration.due = self.registration.due.min(soon);
        }
    }

    /// Pulls the plug for good.
    pub(crate) fn switch_off(&mut self) {
        self.reboot(Instant::FAR);
    }

    /// When `timeout` has something to do.
    #[must_use]
    pub(crate) fn next_deadline(&self) -> Instant {
        let clients = self.clients.iter().map(Client::due);
        let unacked = self.call.as_ref().and_then(|call| call.unacked.as_ref());
        let unacked = unacked.map(|waiting| waiting.0);
        let waiting = self.call.as_ref().filter(|call| call.stage != Stage::Up);
        let patience = waiting.map(|call| call.patience);
        let refusals = self.refusals.iter().map(|refusal| refusal.at);
        let again = self.call.as_ref().map(|call| call.session.again);
        clients
            .chain(unacked)
            .chain(patience)
            .chain(refusals)
            .chain(again)
            .chain([self.registration.due, self.keep_alive_at])
            .min()
            .unwrap_or(Instant::FAR)
    }

    /// Does what is due.
    pub(crate) fn timeout(&mut self, now: Instant) {
        if self.registration.due <= now {
            self.begin_register(now);
        }
        if self.keep_alive_at <= now {
            self.out.push_back(b"\r\n\r\n".to_vec());
            self.keep_alive_at = now + Duration::from_secs(self.manner.keep_alive_s.into());
        }
        self.offer_again(now);
        self.lose_patience(now);
        self.run_clients(now);
        self.repeat_answer(now);
        self.repeat_refusals(now);
    }

    /// Whom nobody answers for too long ends the call alone: the exchange may have lost its power.
    fn lose_patience(&mut self, now: Instant) {
        let bored = |call: &Call| call.stage != Stage::Up && call.patience <= now;
        match self
            .call
            .as_ref()
            .filter(|call| bored(call))
            .map(|call| call.stage)
        {
            Some(Stage::Ringing) => self.refuse(now, 480),
            Some(_) => {
                self.clients.retain(|client| !client.is_invite());
                self.call = None;
                self.notices.push_back(Notice::Over(408));
            }
            None => {}
        }
    }

    /// Takes a datagram of the exchange.
    pub(crate) fn receive(&mut self, now: Instant, bytes: &[u8]) {
        let Some(message) = Message::parse(bytes) else {
            return;
        };
        match message.status() {
            Some(status) => self.response(now, status, &message),
            None => self.request(now, &message),
        }
    }

    /// The person dials.
    pub(crate) fn dial(&mut self, now: Instant, number: &str) {
        if self.call.is_some() {
            return;
        }
        let id = format!("{:016x}@{}", self.random.next_u64(), self.address.ip());
        let tag = self.token();
        let me = format!("<sip:{}@{}>", self.user, self.server.ip());
        let invite = Message::new(format!("INVITE sip:{number}@{} SIP/2.0", self.server));
        let call = Call {
            id,
            stage: Stage::Calling,
            outgoing: true,
            heard: None,
            holding: false,
            shut: None,
            session: session::Session::new(&self.manner, &mut self.random),
            local: format!("{me};tag={tag}"),
            remote: format!("<sip:{number}@{}>", self.server.ip()),
            target: format!("sip:{number}@{}", self.server),
            cseq: 0,
            remote_cseq: 0,
            patience: now + RING_MOST,
            invite,
            ack: None,
            unacked: None,
            leaving: false,
            tries: 0,
        };
        self.call = Some(call);
        self.send_invite(now, "sendrecv");
    }

    /// The person lifts the ringing phone.
    pub(crate) fn answer(&mut self, now: Instant) {
        let media = self.media;
        let Some(call) = self.call.as_mut().filter(|c| c.stage == Stage::Ringing) else {
            return;
        };
        call.stage = Stage::Up;
        let sdp = call.answer(now, media, "sendrecv");
        let invite = call.invite.clone();
        let bytes = self.reply(&invite, 200, Some(&sdp));
        if let Some(call) = &mut self.call {
            call.unacked = Some((now + T1, T1, now + GIVE_UP, bytes));
        }
        self.notices.push_back(Notice::Up);
    }

    /// The person refuses the ringing call with this status.
    pub(crate) fn refuse(&mut self, now: Instant, status: u16) {
        let Some(call) = self.call.take_if(|c| c.stage == Stage::Ringing) else {
            return;
        };
        let bytes = self.reply(&call.invite, status, None);
        self.expect_ack(now, &call.invite, bytes);
        self.notices.push_back(Notice::Over(0));
    }

    /// The person hangs up, at whatever stage.
    pub(crate) fn hang_up(&mut self, now: Instant) {
        let Some(call) = &mut self.call else { return };
        match call.stage {
            Stage::Ringing => self.refuse(now, 486),
            // RFC 3261 §9.1: not before a provisional response; then the answer is hung up on.
            Stage::Calling => call.stage = Stage::Cancelling,
            Stage::Ringback => {
                call.stage = Stage::Cancelling;
                self.send_cancel(now);
            }
            Stage::Up if call.unacked.is_some() && !self.manner.hasty_bye => call.leaving = true,
            Stage::Up => {
                let forgets = self.manner.forgets_bye && self.random.below(3) == 0;
                if !forgets {
                    self.in_dialog(now, "BYE", None);
                }
                self.call = None;
                self.notices.push_back(Notice::Over(0));
            }
            Stage::Cancelling => {}
        }
    }

    /// The person holds the far end, or comes back.
    pub(crate) fn hold(&mut self, now: Instant, hold: bool) {
        if let Some(call) = self.free_to_offer() {
            call.holding = hold;
            let direction = call.direction();
            self.send_invite(now, direction);
        }
    }

    /// The person makes the phone mute in the call, unless that was so a moment ago.
    pub(crate) fn keep_shut(&mut self, shut: Shut) {
        let again = |before: &Shut| shut.since.since(before.until) < SPEAKS_FOR;
        if let Some(call) = self.call.as_mut().filter(|c| c.stage == Stage::Up)
            && !call.shut.as_ref().is_some_and(again)
        {
            call.shut = Some(shut);
        }
    }

    /// Whether the phone is mute in its call.
    #[must_use]
    pub(crate) fn shut(&self, now: Instant) -> Option<Shut> {
        let shut = self.call.as_ref()?.shut;
        shut.filter(|shut| now < shut.until)
    }

    /// The person presses a key during a call.
    pub(crate) fn press(&mut self, now: Instant, key: char) {
        let free = |call: &Call| call.stage == Stage::Up && call.unacked.is_none();
        if self.call.as_ref().is_some_and(free) {
            if self.manner.events {
                self.pressed = Some(key);
            } else {
                self.send_key(now, key);
            }
        }
    }

    /// What Via and Contact say of the transport.
    const fn transport(&self) -> (&'static str, &'static str) {
        if self.tls {
            ("TLS", ";transport=tls")
        } else if self.tcp {
            ("TCP", ";transport=tcp")
        } else {
            ("UDP", "")
        }
    }

    fn token(&mut self) -> String {
        format!("{:08x}", self.random.next_u32())
    }
}

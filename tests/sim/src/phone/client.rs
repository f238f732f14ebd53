//! Requests that the phone sends, and what comes back.

use core::time::Duration;

use model::Instant;

use super::digest::choose;
use super::sdp;
use super::{Call, GIVE_UP, Message, Notice, Phone, Stage, T1, T2, uri_of};

/// A request on its way.
#[derive(Debug)]
pub(super) struct Client {
    method: &'static str,
    branch: String,
    call_id: String,
    bytes: Vec<u8>,
    /// The next repetition; `FAR` once a provisional response came to an INVITE.
    repeat: Instant,
    interval: Duration,
    /// When nobody answered.
    end: Instant,
}

impl Client {
    pub(super) fn is_invite(&self) -> bool {
        self.method == "INVITE"
    }

    pub(super) fn due(&self) -> Instant {
        self.repeat.min(self.end)
    }
}

impl Phone {
    /// Puts Via, and whatever else all requests have, in front of a request and sends it.
    pub(super) fn send_request(
        &mut self,
        now: Instant,
        method: &'static str,
        mut message: Message,
    ) {
        let branch = format!("z9hG4bK{}", self.token());
        let via = format!(
            "SIP/2.0/{} {};rport;branch={branch}",
            self.transport().0,
            self.address
        );
        message.headers.insert(0, ("Via".into(), via));
        let bytes = message.bytes();
        // RFC 3261 §17.1: nothing is repeated on a connection; but a connection may break, and the
        // end of a call is worth another try on the next.
        let (repeats, interval, end) = match (self.tcp, method) {
            (true, "BYE") => (true, T2, 3 * GIVE_UP),
            (true, _) => (false, T1, GIVE_UP),
            (false, _) if self.manner.storms => (true, T1 / 10, GIVE_UP),
            (false, _) => (true, T1, GIVE_UP),
        };
        self.clients.push(Client {
            method,
            branch,
            call_id: message.get("call-id").into(),
            bytes: bytes.clone(),
            repeat: if repeats {
                now + interval
            } else {
                Instant::FAR
            },
            interval,
            end: now + end,
        });
        self.out.push_back(bytes);
    }

    /// Adds credentials if a challenge is known.
    pub(super) fn authorized(&mut self, message: Message, method: &str, uri: &str) -> Message {
        match &mut self.challenge {
            Some(challenge) => {
                let answer = challenge.answer(&self.user, &self.password, method, uri);
                message.with("Authorization", answer)
            }
            None => message,
        }
    }

    /// Remembers the challenge of a 401; whether there was one that can be answered.
    pub(super) fn take_challenge(&mut self, message: &Message) -> bool {
        let headers = message.all("www-authenticate");
        self.challenge = choose(headers, self.manner.md5_only);
        self.challenge.is_some()
    }

    /// INVITE of the call there is, first or again.
    pub(super) fn send_invite(&mut self, now: Instant, direction: &str) {
        let (media, contact) = (self.media, self.contact());
        let Some(call) = &mut self.call else { return };
        call.cseq += 1;
        let uri = call.target.clone();
        let sdp = call.offer(media, direction);
        let message = Self::dialog_request(call, "INVITE").with("Contact", contact);
        let message = self
            .authorized(message, "INVITE", &uri)
            .with("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE")
            .with_sdp(&sdp);
        self.send_request(now, "INVITE", message);
        let sent = self.clients.last().map(|client| client.bytes.clone());
        if let (Some(call), Some(bytes)) = (&mut self.call, sent)
            && let Some(invite) = Message::parse(&bytes)
            && call.outgoing
        {
            call.invite = invite;
        }
    }

    /// A request without a body inside the dialog, e.g. BYE.
    pub(super) fn in_dialog(&mut self, now: Instant, method: &'static str, sdp: Option<&str>) {
        let Some(call) = &mut self.call else { return };
        call.cseq += 1;
        let mut message = Self::dialog_request(call, method);
        if let Some(sdp) = sdp {
            message = message.with_sdp(sdp);
        }
        self.send_request(now, method, message);
    }

    /// A key pressed during the call, told by INFO.
    pub(super) fn send_key(&mut self, now: Instant, key: char) {
        let Some(call) = &mut self.call else { return };
        call.cseq += 1;
        let message = Self::dialog_request(call, "INFO").with_key(key);
        self.send_request(now, "INFO", message);
    }

    fn dialog_request(call: &Call, method: &str) -> Message {
        Message::new(format!("{method} {} SIP/2.0", call.target))
            .with("Max-Forwards", "70")
            .with("From", call.local.clone())
            .with("To", call.remote.clone())
            .with("Call-ID", call.id.clone())
            .with("CSeq", format!("{} {method}", call.cseq))
    }

    pub(super) fn contact(&self) -> String {
        let (_, param) = self.transport();
        format!("<sip:{}@{}{param}>", self.user, self.address)
    }

    /// CANCEL has the Via, To and CSeq number of its INVITE (RFC 3261 §9.1).
    pub(super) fn send_cancel(&mut self, now: Instant) {
        let Some(call) = &mut self.call else { return };
        call.patience = now + GIVE_UP;
        let cancel = echo_of(&call.invite, "CANCEL");
        let branch = call.invite.branch().to_owned();
        let repeat = if self.tcp { Instant::FAR } else { now + T1 };
        let call_id = call.id.clone();
        let bytes = cancel.bytes();
        self.clients.push(Client {
            method: "CANCEL",
            branch,
            call_id,
            bytes: bytes.clone(),
            repeat,
            interval: T1,
            end: now + GIVE_UP,
        });
        self.out.push_back(bytes);
    }

    /// Repeats what was not answered and gives up what was not for too long.
    pub(super) fn run_clients(&mut self, now: Instant) {
        let mut lost = Vec::new();
        let out = &mut self.out;
        self.clients.retain_mut(|client| {
            if client.end <= now {
                lost.push((client.method, client.call_id.clone()));
                return false;
            }
            if client.repeat <= now {
                out.push_back(client.bytes.clone());
                client.interval = client.interval.saturating_mul(2).min(T2);
                client.repeat = now + client.interval;
            }
            true
        });
        for (method, call_id) in lost {
            match method {
                "REGISTER" => self.register_over(now, 0, None),
                "INVITE" => self.call_lost(&call_id),
                _ => {}
            }
        }
    }

    /// Nobody answered our INVITE at all: the person hears nothing and gives up.
    fn call_lost(&mut self, call_id: &str) {
        if self.call.take_if(|call| call.id == call_id).is_some() {
            self.notices.push_back(Notice::Over(408));
        }
    }

    /// Takes a response.
    pub(super) fn response(&mut self, now: Instant, status: u16, message: &Message) {
        let method = message.method();
        let found = self
            .clients
            .iter()
            .position(|client| client.branch == message.branch() && client.method == method);
        let Some(at) = found else {
            // A repeated 200 means that our ACK was lost.
            if let (Some(call), "INVITE", 200) = (&self.call, method, status)
                && call.id == message.get("call-id")
                && let Some(ack) = &call.ack
            {
                self.out.push_back(ack.clone());
            }
            return;
        };
        if status < 200 {
            if method == "INVITE" {
                self.clients[at].end = Instant::FAR;
                if !self.manner.storms {
                    self.clients[at].repeat = Instant::FAR;
                }
                self.provisional(now, status, message);
            }
            return;
        }
        let client = self.clients.swap_remove(at);
        match client.method {
            "REGISTER" => self.register_over(now, status, Some(message)),
            "INVITE" => self.invite_over(now, status, message, &client.call_id),
            _ => {}
        }
    }

    fn provisional(&mut self, now: Instant, status: u16, message: &Message) {
        let codecs = self.manner.codecs.clone();
        let Some(call) = self
            .call
            .as_mut()
            .filter(|c| c.id == message.get("call-id"))
        else {
            return;
        };
        if status > 100 && call.stage == Stage::Calling {
            call.stage = Stage::Ringback;
        }
        if status > 100 && !message.body.is_empty() {
            call.heard = sdp::read(&message.body, &codecs).or(call.heard);
            call.session.hears_answer(now, call.heard.as_ref());
        }
        let cancelled = self.clients.iter().any(|client| client.method == "CANCEL");
        if call.stage == Stage::Cancelling && !cancelled {
            self.send_cancel(now);
        }
    }

    fn invite_over(&mut self, now: Instant, status: u16, message: &Message, call_id: &str) {
        if status >= 300 {
            self.acknowledge_refusal(message);
        }
        if self.call.as_ref().is_none_or(|call| call.id != call_id) {
            if status < 300 {
                self.hang_up_on(now, message);
            }
            return;
        }
        let first = self
            .call
            .as_ref()
            .is_some_and(|call| call.stage != Stage::Up);
        match (status, first) {
            (200..300, _) => self.invite_accepted(now, message),
            (401 | 407, _) => {
                let tries = self.call.as_mut().map_or(0, |call| {
                    call.tries += 1;
                    call.tries
                });
                let known = self.take_challenge(message);
                let stage = self.call.as_ref().map(|call| call.stage);
                if known && tries <= 3 && stage != Some(Stage::Cancelling) {
                    self.send_invite(now, "sendrecv");
                } else {
                    self.end_call(status);
                }
            }
            (_, true) => self.end_call(status),
            // RFC 3261 §12.2.1.2: these two end the dialog, all else only the offer.
            (408 | 481, false) => self.end_call(status),
            (491, false) => self.crossed(now),
            (_, false) => {
                if let Some(call) = &mut self.call {
                    call.offer_over(now, false);
                }
                self.notices.push_back(Notice::Changed(false));
            }
        }
    }

    fn end_call(&mut self, status: u16) {
        self.call = None;
        self.notices.push_back(Notice::Over(status));
    }

    fn invite_accepted(&mut self, now: Instant, message: &Message) {
        let codecs = self.manner.codecs.clone();
        let token = self.token();
        let (contact, address, transport) = (self.contact(), self.address, self.transport().0);
        let Some(call) = &mut self.call else { return };
        call.target = uri_of(message.get("contact")).to_owned();
        if call.stage != Stage::Up {
            call.remote = message.get("to").to_owned();
        }
        call.heard = sdp::read(&message.body, &codecs).or(call.heard);
        call.session.hears_answer(now, call.heard.as_ref());
        call.offer_over(now, true);
        let via = format!("SIP/2.0/{transport} {address};rport;branch=z9hG4bK{token}");
        let ack = Message::new(format!("ACK {} SIP/2.0", call.target))
            .with("Via", via)
            .with("Max-Forwards", "70")
            .with("From", call.local.clone())
            .with("To", call.remote.clone())
            .with("Call-ID", call.id.clone())
            .with("CSeq", format!("{} ACK", message.cseq()))
            .with("Contact", contact);
        let bytes = ack.bytes();
        call.ack = Some(bytes.clone());
        self.out.push_back(bytes);
        let before = core::mem::replace(&mut call.stage, Stage::Up);
        match before {
            Stage::Up => self.notices.push_back(Notice::Changed(true)),
            // The answer crossed our CANCEL.
            Stage::Cancelling => self.hang_up(now),
            Stage::Calling | Stage::Ringback | Stage::Ringing => {
                self.notices.push_back(Notice::Up);
            }
        }
    }

    /// An answer to a call that the phone has forgotten: acknowledged and ended at once.
    fn hang_up_on(&mut self, now: Instant, message: &Message) {
        let target = uri_of(message.get("contact")).to_owned();
        let request = |method: &str, cseq: u32| {
            Message::new(format!("{method} {target} SIP/2.0"))
                .with("Max-Forwards", "70")
                .with("From", message.get("from"))
                .with("To", message.get("to"))
                .with("Call-ID", message.get("call-id"))
                .with("CSeq", format!("{cseq} {method}"))
        };
        let (ack, bye) = (
            request("ACK", message.cseq()),
            request("BYE", message.cseq() + 1),
        );
        let token = self.token();
        let via = format!(
            "SIP/2.0/{} {};rport;branch=z9hG4bK{token}",
            self.transport().0,
            self.address
        );
        self.out.push_back(ack.with("Via", via).bytes());
        self.send_request(now, "BYE", bye);
    }

    /// The ACK of a refusal belongs to the INVITE's own transaction (RFC 3261 §17.1.1.3).
    fn acknowledge_refusal(&mut self, message: &Message) {
        let target = uri_of(message.get("to"));
        // The Via of a response ends in what the exchange added: received and rport.
        let via = message.get("via");
        let ack = Message::new(format!("ACK {target} SIP/2.0"))
            .with("Via", via)
            .with("Max-Forwards", "70")
            .with("From", message.get("from"))
            .with("To", message.get("to"))
            .with("Call-ID", message.get("call-id"))
            .with("CSeq", format!("{} ACK", message.cseq()));
        self.out.push_back(ack.bytes());
    }
}

/// A request that belongs to the transaction of `invite`.
fn echo_of(invite: &Message, method: &str) -> Message {
    Message::new(format!("{method} {} SIP/2.0", invite.uri()))
        .with("Via", invite.get("via"))
        .with("Max-Forwards", "70")
        .with("From", invite.get("from"))
        .with("To", invite.get("to"))
        .with("Call-ID", invite.get("call-id"))
        .with("CSeq", format!("{} {method}", invite.cseq()))
}

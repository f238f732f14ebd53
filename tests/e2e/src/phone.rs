//! A phone made by hand, for what SIPp and baresip cannot do: SHA-256, and impolite messages.

use std::{
    fmt::Write as _,
    io::ErrorKind,
    net::{SocketAddr, UdpSocket},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use md5::Md5;
use sha2::{Digest, Sha256};

use crate::{
    exchange::password,
    wait::{Deadline, s},
};

/// When a request is sent again, like RFC 3261's timer T1.
const AGAIN: Duration = Duration::from_millis(500);

/// Which digest a phone knows (RFC 8760).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// MD5 of RFC 2617.
    Md5,
    /// SHA-256 of RFC 7616.
    Sha256,
}

impl Algorithm {
    const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn hash(self, text: &str) -> String {
        let bytes = match self {
            Self::Md5 => Md5::digest(text).to_vec(),
            Self::Sha256 => Sha256::digest(text).to_vec(),
        };
        bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

/// A response as text, with what is asked of it.
#[derive(Clone, Debug)]
pub struct Answer(pub String);

impl Answer {
    /// Its status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        let code = self.0.get(8..11).and_then(|code| code.parse().ok());
        code.unwrap_or(0)
    }

    /// All values of a header, in their order.
    #[must_use]
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.0.lines().take_while(|line| !line.is_empty());
        let named = lines.filter_map(|line| line.split_once(':'));
        named
            .filter(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect()
    }
}

/// A UDP phone of an extension.
#[derive(Debug)]
pub struct Phone {
    socket: UdpSocket,
    server: SocketAddr,
    extension: String,
    password: String,
    call_id: String,
    cseq: u32,
    contact: SocketAddr,
    /// Headers of the registrations.
    path: String,
}

impl Phone {
    /// A phone of `extension` on a port of its own, with the right password.
    ///
    /// # Panics
    /// If no port is free.
    #[must_use]
    pub fn new(server: SocketAddr, extension: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // The exchange is on this machine: who can reach its address can be at it.
        let socket = UdpSocket::bind((server.ip(), 0)).expect("a port is free");
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .expect("50 ms is a timeout");
        let contact = socket.local_addr().expect("it is bound");
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self {
            call_id: format!("hand-{number}-{}", contact.port()),
            socket,
            server,
            extension: extension.into(),
            password: password(extension),
            cseq: 0,
            contact,
            path: String::new(),
        }
    }

    /// The same with another password.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.password = password.into();
        self
    }

    /// The same, registering another place on this machine than its own socket.
    #[must_use]
    pub const fn for_contact(mut self, contact: SocketAddr) -> Self {
        self.contact = contact;
        self
    }

    /// The same, registering by a path of so many proxies with long names, all of them at its contact
    /// (RFC 3327): what is sent to it has as many long headers.
    #[must_use]
    pub fn by_path(mut self, proxies: usize) -> Self {
        let long = "p".repeat(220);
        let proxy = format!("Path: <sip:{long}@{};lr>\r\n", self.contact);
        self.path = format!("Supported: path\r\n{}", proxy.repeat(proxies));
        self
    }

    /// The phone's own address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("it is bound")
    }

    /// Makes the exchange remember that this extension's phones know MD5 only, as such a phone
    /// does when it registers for the first time; leaves no registration behind.
    ///
    /// # Panics
    /// If the exchange does not let it in.
    #[track_caller]
    pub fn teach_md5(server: SocketAddr, extension: &str) {
        let mut phone = Self::new(server, extension);
        phone.register_once("", 0);
        let challenge = phone.register_once("", 0);
        let answer = phone.answer_challenge(&challenge, Algorithm::Md5, 0);
        assert_eq!(answer.status(), 200, "{}", answer.0);
    }

    /// Registers, as a phone that knows one digest does.
    #[track_caller]
    pub fn register(&mut self, algorithm: Algorithm, expires: u32) -> Answer {
        let challenge = self.register_once("", expires);
        if challenge.status() != 401 {
            return challenge;
        }
        self.answer_challenge(&challenge, algorithm, expires)
    }

    /// Answers a 401 to a REGISTER.
    ///
    /// # Panics
    /// If the challenge of this algorithm is not there.
    #[track_caller]
    pub fn answer_challenge(
        &mut self,
        challenge: &Answer,
        algorithm: Algorithm,
        expires: u32,
    ) -> Answer {
        let uri = format!("sip:{}", self.server);
        let credentials = self.credentials(challenge, algorithm, "REGISTER", &uri);
        self.register_once(&format!("Authorization: {credentials}\r\n"), expires)
    }

    /// One REGISTER with these headers more, and its answer.
    #[track_caller]
    pub fn register_once(&mut self, headers: &str, expires: u32) -> Answer {
        let contact = format!(
            "Contact: <sip:{}@{}>;expires={expires}\r\n{}{headers}",
            self.extension, self.contact, self.path
        );
        let uri = format!("sip:{}", self.server);
        self.ask("REGISTER", &uri, &contact, "")
    }

    fn credentials(
        &self,
        challenge: &Answer,
        algorithm: Algorithm,
        method: &str,
        uri: &str,
    ) -> String {
        let wanted = format!("algorithm={}", algorithm.name());
        let all = challenge.headers("WWW-Authenticate");
        let one = all.iter().find(|value| value.contains(&wanted));
        let Some(one) = one else {
            panic!("no {wanted} is offered:\n{}", challenge.0)
        };
        let part = |key: &str| {
            let (_, rest) = one.split_once(&format!("{key}=\"")).expect(key);
            rest.split('"').next().unwrap_or_default()
        };
        let (realm, nonce) = (part("realm"), part("nonce"));
        let user = &self.extension;
        let secret = algorithm.hash(&format!("{user}:{realm}:{}", self.password));
        let request = algorithm.hash(&format!("{method}:{uri}"));
        let response = algorithm.hash(&format!("{secret}:{nonce}:00000001:c0ffee:auth:{request}"));
        format!(
            "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm={}, qop=auth, nc=00000001, cnonce=\"c0ffee\"",
            algorithm.name()
        )
    }

    /// Sends a request outside of dialogs and gives its final answer; to INVITE it sends ACK.
    #[track_caller]
    pub fn ask(&mut self, method: &str, uri: &str, headers: &str, body: &str) -> Answer {
        self.cseq += 1;
        let message = self.request(method, uri, headers, body);
        let answer = self.send_until_answered(&message);
        if method == "INVITE" {
            let to = answer.headers("To").first().copied().unwrap_or_default();
            let ack = self.request("ACK", uri, "", "");
            let own = format!("To: <{uri}>\r\n");
            self.send(ack.replace(&own, &format!("To: {to}\r\n")).as_bytes());
        }
        answer
    }

    /// A request in the dialog with the peer that the value `to` names, and its answer.
    #[track_caller]
    pub fn ask_within(&mut self, to: &str, method: &str, uri: &str) -> Answer {
        self.ask_in_call(to, method, uri, "", "")
    }

    /// The same with headers and a description; to INVITE it sends ACK.
    #[track_caller]
    pub fn ask_in_call(
        &mut self,
        to: &str,
        method: &str,
        uri: &str,
        headers: &str,
        body: &str,
    ) -> Answer {
        self.cseq += 1;
        let own = format!("To: <{uri}>\r\n");
        let to = format!("To: {to}\r\n");
        let message = self.request(method, uri, headers, body);
        let answer = self.send_until_answered(&message.replace(&own, &to));
        if method == "INVITE" {
            let ack = self.request("ACK", uri, "", "");
            self.send(ack.replace(&own, &to).as_bytes());
        }
        answer
    }

    /// The same with credentials, after a challenge.
    #[track_caller]
    pub fn ask_as_owner(&mut self, method: &str, uri: &str, headers: &str, body: &str) -> Answer {
        let challenge = self.ask(method, uri, headers, body);
        if challenge.status() != 401 {
            return challenge;
        }
        let credentials = self.credentials(&challenge, Algorithm::Sha256, method, uri);
        let headers = format!("{headers}Authorization: {credentials}\r\n");
        self.ask(method, uri, &headers, body)
    }

    /// The text of a request with the phone's present CSeq.
    #[must_use]
    pub fn request(&self, method: &str, uri: &str, headers: &str, body: &str) -> String {
        let (own, extension, call_id, cseq) =
            (self.address(), &self.extension, &self.call_id, self.cseq);
        let to = if method == "REGISTER" {
            format!("sip:{extension}@{}", self.server)
        } else {
            uri.to_owned()
        };
        let content = content_type(body);
        format!(
            "{method} {uri} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {own};branch=z9hG4bK{call_id}-{cseq};rport\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:{extension}@{own}>;tag=hand\r\n\
             To: <{to}>\r\n\
             Call-ID: {call_id}\r\n\
             CSeq: {cseq} {method}\r\n\
             {headers}{content}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    #[track_caller]
    fn send_until_answered(&self, message: &str) -> Answer {
        let deadline = Deadline::after(s(32));
        let cseq = format!("CSeq: {} ", self.cseq);
        loop {
            self.send(message.as_bytes());
            let again = Deadline::after(AGAIN);
            while again.left().is_some() {
                let Some(text) = self.receive() else { continue };
                let answer = Answer(text);
                if answer.status() >= 200 && answer.0.contains(&cseq) {
                    return answer;
                }
            }
            assert!(deadline.left().is_some(), "no final answer to:\n{message}");
        }
    }

    /// Sends bytes as they are.
    ///
    /// # Panics
    /// If the system does not take them.
    #[track_caller]
    pub fn send(&self, bytes: &[u8]) {
        match self.socket.send_to(bytes, self.server) {
            Ok(_) => {}
            // The answer to an earlier datagram was that nobody listens: true while it starts.
            Err(e) if e.kind() == ErrorKind::ConnectionRefused => {}
            Err(e) => panic!("{} bytes were not sent: {e}", bytes.len()),
        }
    }

    /// The next datagram, if one comes within 50 ms.
    #[must_use]
    pub fn receive(&self) -> Option<String> {
        let mut buffer = [0; 65_535];
        let (length, _) = self.socket.recv_from(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    /// Answers a request, with a tag of its own.
    ///
    /// # Panics
    /// If the system does not take the answer.
    #[track_caller]
    pub fn respond(&self, request: &str, status: &str) {
        self.respond_with(request, status, "");
    }

    /// The same with a description.
    ///
    /// # Panics
    /// If the system does not take the answer.
    #[track_caller]
    pub fn respond_with(&self, request: &str, status: &str, body: &str) {
        let copied = ["via:", "from:", "to:", "call-id:", "cseq:", "record-route:"];
        let mut answer = format!("SIP/2.0 {status}\r\n");
        for line in request.lines().skip(1).take_while(|line| !line.is_empty()) {
            let lower = line.to_ascii_lowercase();
            if !copied.iter().any(|name| lower.starts_with(name)) {
                continue;
            }
            answer.push_str(line);
            if lower.starts_with("to:") && !lower.contains("tag=") {
                answer.push_str(";tag=hand-rung");
            }
            answer.push_str("\r\n");
        }
        let _ = write!(
            answer,
            "Contact: <sip:{}@{}>\r\n{}Content-Length: {}\r\n\r\n{body}",
            self.extension,
            self.address(),
            content_type(body),
            body.len()
        );
        self.send(answer.as_bytes());
    }

    /// Waits for a request of this method.
    #[must_use]
    pub fn is_asked(&self, method: &str, limit: Duration) -> Option<String> {
        let deadline = Deadline::after(limit);
        while deadline.left().is_some() {
            let request = self.receive();
            if let Some(request) = request.filter(|text| text.starts_with(method)) {
                return Some(request);
            }
        }
        None
    }
}

/// The header of a description, if there is one.
const fn content_type(body: &str) -> &'static str {
    if body.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    }
}

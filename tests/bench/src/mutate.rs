//! Messages of a stranger: valid ones of every kind, then spoiled, all from one seed.

use std::net::SocketAddr;

use crate::{random::Random, wire};

/// Longest mutated datagram.
const LONGEST: usize = 8_000;
const METHODS: [&str; 14] = [
    "REGISTER",
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "UPDATE",
    "PRACK",
    "INFO",
    "REFER",
    "SUBSCRIBE",
    "NOTIFY",
    "MESSAGE",
    "PUBLISH",
];
/// Pieces that readers have stumbled over.
const TRAPS: [&str; 24] = [
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\0",
    "\"",
    "<",
    ">",
    "%",
    "%00",
    ";;",
    ",,,",
    "sip:",
    "[::1",
    "99999999999999999999",
    "-1",
    "4294967296",
    "\u{feff}",
    "=",
    "\\",
    " \r\n ",
    "Content-Length: 1000000\r\n",
    "Content-Length: -1\r\n",
    "Via: SIP/2.0/UDP ;;;\r\n",
    "Contact: *\r\n",
];

/// The stranger.
#[derive(Debug)]
pub(crate) struct Stranger {
    random: Random,
    local: SocketAddr,
    server: SocketAddr,
    /// Call-ID of a call in progress, which must not mind.
    call: String,
    sent: u64,
}

impl Stranger {
    /// A stranger at `local` who knows the Call-ID of a call in progress but not its tags.
    pub(crate) const fn new(
        seed: u64,
        local: SocketAddr,
        server: SocketAddr,
        call: String,
    ) -> Self {
        Self {
            random: Random::new(seed),
            local,
            server,
            call,
            sent: 0,
        }
    }

    /// The next message.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        self.sent += 1;
        let mut message = match self.random.below(40) {
            0 => self.oversized(),
            1 => {
                let len = self.random.below(1_400);
                self.random.bytes(len)
            }
            2..6 => self.response().into_bytes(),
            _ => self.request().into_bytes(),
        };
        // One in ten stays as it was: what is well formed must be refused too.
        if self.random.below(10) > 0 {
            for _ in 0..=self.random.below(4) {
                self.spoil(&mut message);
            }
        }
        message.truncate(65_507);
        message
    }

    /// As long as a datagram can be, in one of three ways.
    fn oversized(&mut self) -> Vec<u8> {
        let mut text = self.request();
        match self.random.below(3) {
            0 => text.push_str(&"x".repeat(65_000)),
            1 => {
                let many = "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKmany\r\n".repeat(1_000);
                text = text.replacen("Max-Forwards", &format!("{many}Max-Forwards"), 1);
            }
            _ => {
                let long = format!("X-Long: {}\r\nMax-Forwards", "a".repeat(60_000));
                text = text.replacen("Max-Forwards", &long, 1);
            }
        }
        text.into_bytes()
    }

    fn identity(&mut self) -> (String, String) {
        let branch = match self.random.below(4) {
            0 => "again".to_owned(),
            _ => format!("{:x}", self.random.next()),
        };
        let call = match self.random.below(8) {
            0 => self.call.clone(),
            _ => format!("flood-{:x}@stranger", self.random.next()),
        };
        (branch, call)
    }

    fn request(&mut self) -> String {
        let method = METHODS[self.random.below(METHODS.len())];
        let (branch, call) = self.identity();
        let (local, host) = (self.local, self.server.ip());
        let user = 2_000 + self.random.below(12);
        let to = 2_000 + self.random.below(12);
        let tag = match self.random.below(2) {
            0 => String::new(),
            _ => format!(";tag=x{:x}", self.random.next()),
        };
        let body = match method {
            "INVITE" | "UPDATE" | "PRACK" => wire::sdp(self.local, 7, wire::Codec::Pcma),
            "MESSAGE" => "hello".to_owned(),
            "INFO" => "Signal=5\r\nDuration=160\r\n".to_owned(),
            _ => String::new(),
        };
        let credentials = match self.random.below(3) {
            0 => format!(
                "Authorization: Digest username=\"{user}\", realm=\"centralka\", nonce=\"{:x}\", \
                 uri=\"sip:{host}\", response=\"{:032x}\", algorithm=MD5, qop=auth, nc=00000001, \
                 cnonce=\"0a4f113b\"\r\n",
                self.random.next(),
                self.random.next()
            ),
            _ => String::new(),
        };
        format!(
            "{method} sip:{to}@{host} SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch=z9hG4bK{branch}\r\n\
             Max-Forwards: 70\r\nFrom: \"S\" <sip:{user}@{host}>;tag=s{branch}\r\nTo: <sip:{to}@{host}>{tag}\r\n\
             Call-ID: {call}\r\nCSeq: {cseq} {method}\r\nContact: <sip:{user}@{local}>\r\nExpires: 60\r\n\
             {credentials}RAck: 1 1 INVITE\r\nRefer-To: <sip:{to}@{host}>\r\nEvent: presence\r\n\
             Supported: 100rel, timer\r\nUser-Agent: stranger\r\nContent-Type: application/sdp\r\n\
             Content-Length: {length}\r\n\r\n{body}",
            cseq = 1 + self.random.below(9),
            length = body.len(),
        )
    }

    fn response(&mut self) -> String {
        let status =
            [100, 180, 183, 200, 202, 302, 401, 407, 486, 487, 503, 603][self.random.below(12)];
        let (branch, call) = self.identity();
        let (server, host) = (self.server, self.server.ip());
        let method = METHODS[self.random.below(METHODS.len())];
        let body = wire::sdp(self.local, 8, wire::Codec::Pcma);
        format!(
            "SIP/2.0 {status} Whatever\r\nVia: SIP/2.0/UDP {server};branch=z9hG4bK{branch};rport\r\n\
             From: <sip:2000@{host}>;tag=y{branch}\r\nTo: <sip:2001@{host}>;tag=z{branch}\r\n\
             Call-ID: {call}\r\nCSeq: 1 {method}\r\nContact: <sip:2001@{local}>\r\n\
             WWW-Authenticate: Digest realm=\"a\", nonce=\"b\", algorithm=MD5\r\n\
             Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}",
            local = self.local,
            length = body.len(),
        )
    }

    fn spoil(&mut self, message: &mut Vec<u8>) {
        if message.is_empty() {
            return;
        }
        let at = self.random.below(message.len());
        let len = (1 + self.random.below(40)).min(message.len() - at);
        match self.random.below(10) {
            0 => message[at] ^= 1 << self.random.below(8),
            1 => message[at] = self.random.byte(),
            2 => drop(message.drain(at..at + len)),
            3 => message.truncate(at),
            4 if message.len() < LONGEST => {
                let piece = message[at..at + len].to_vec();
                let times = 1 + self.random.below(30);
                message.splice(at..at, piece.repeat(times));
            }
            5 => {
                let noise = self.random.bytes(len);
                message.splice(at..at + len, noise);
            }
            6 => self.spoil_lines(message),
            7 => spoil_number(message, at),
            _ => {
                let trap = TRAPS[self.random.below(TRAPS.len())];
                message.splice(at..at, trap.bytes());
            }
        }
    }

    /// Swaps, repeats or removes whole header lines.
    fn spoil_lines(&mut self, message: &mut Vec<u8>) {
        let mut lines: Vec<Vec<u8>> = message.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
        let (one, other) = (
            self.random.below(lines.len()),
            self.random.below(lines.len()),
        );
        match self.random.below(3) {
            0 => lines.swap(one, other),
            1 => drop(lines.remove(one)),
            _ => {
                let line = lines[one].clone();
                lines.insert(other, line);
            }
        }
        *message = lines.join(&b'\n');
    }
}

/// The first number after `at` becomes a larger one than any reader keeps.
fn spoil_number(message: &mut Vec<u8>, at: usize) {
    let found = message[at..].iter().position(u8::is_ascii_digit);
    if let Some(digit) = found.map(|offset| at + offset) {
        message.splice(digit..=digit, *b"18446744073709551616");
    }
}

/// A datagram for a live RTP or RTCP port: noise, almost RTP, or a lie of RTCP.
pub(crate) fn garbage_rtp(random: &mut Random) -> Vec<u8> {
    let kind = random.below(5);
    let len = match kind {
        0 => random.below(20),
        1 => 1_400 + random.below(4_000),
        _ => 12 + random.below(300),
    };
    let mut packet = random.bytes(len);
    if let (2.., [first, second, ..]) = (kind, packet.as_mut_slice()) {
        *first = 0x80 | (*first & 0x3f);
        *second = match kind {
            // A-law, as in the call.
            2 => 8,
            // RTCP: reports, descriptions, goodbyes.
            3 => 200 + *second % 8,
            // Telephone events.
            _ => 101,
        };
    }
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger(seed: u64) -> Stranger {
        let local = SocketAddr::from(([127, 0, 0, 1], 5_061));
        let server = SocketAddr::from(([127, 0, 0, 1], 5_060));
        Stranger::new(seed, local, server, "live@call".into())
    }

    #[test]
    fn one_seed_gives_one_flood() {
        let (mut one, mut same, mut other) = (stranger(1), stranger(1), stranger(2));
        let mut differ = 0;
        for _ in 0..500 {
            let message = one.next();
            assert_eq!(message, same.next());
            assert!(message.len() <= 65_507);
            differ += usize::from(message != other.next());
        }
        assert!(differ > 450);
    }
}

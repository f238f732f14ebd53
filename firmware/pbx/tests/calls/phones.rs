//! The phones of Jan (2005) and Ewa (2006), and calls that they make.

use std::net::SocketAddr;

use model::{Binding, EntryId, MediaCommand, MediaLeg, Transport, Wall};
use pbx::Input;
use sip::{Message, Method, digest};

use crate::rig::Rig;

const BOX: &str = "192.0.2.1:5060";
pub(crate) const JAN: &str = "2005";
pub(crate) const EWA: &str = "2006";
/// What most phones offer, the best first.
pub(crate) const FORMATS: &str = "9 8 0 101";

/// Where the phone with this number is.
fn address(number: &str) -> SocketAddr {
    let last = number.trim_start_matches('2').trim_start_matches('0');
    format!("192.0.2.{last}:5060").parse().expect("four digits")
}

/// A phone's registration.
pub(crate) fn registered(owner: &str, number: &str) -> Binding {
    Binding {
        owner: EntryId::new(owner).expect("legal"),
        key: owner.into(),
        contact: format!("sip:{number}@{}", address(number)),
        path: Vec::new(),
        source: address(number),
        local: BOX.parse().expect("literal"),
        transport: Transport::Udp,
        flow: None,
        call_id: "r".into(),
        cseq: 1,
        expires: Wall::from_secs(1_800_007_000),
        user_agent: String::new(),
        q: 1_000,
    }
}

/// Jan's and Ewa's.
pub(crate) fn both() -> Vec<Binding> {
    vec![registered("jan", JAN), registered("ewa", EWA)]
}

fn description(number: &str, formats: &str) -> String {
    let ip = address(number).ip();
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio 40000 RTP/AVP {formats}\r\na=rtpmap:101 telephone-event/8000\r\n"
    )
}

/// The first line with this header.
pub(crate) fn header<'m>(message: &'m str, name: &str) -> &'m str {
    let mut lines = message.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    value.unwrap_or_else(|| panic!("no {name} in {message}"))
}

/// The payload types of a description, as they stand.
pub(crate) fn formats(message: &str) -> Vec<&str> {
    let mut lines = message.lines();
    let line = lines.find_map(|line| line.strip_prefix("m=audio "));
    let words = line.unwrap_or_else(|| panic!("no audio in {message}"));
    words.split(' ').skip(2).collect()
}

impl Rig {
    fn datagram(&mut self, from: &str, head: &str, body: &str) {
        let length = body.len();
        let head = format!("{head}Content-Length: {length}\n\n").replace('\n', "\r\n");
        self.tell(Input::Datagram {
            local: BOX.parse().expect("literal"),
            remote: address(from),
            bytes: (head + body).into_bytes(),
        });
    }

    /// A phone calls, and proves who it is; what it is told at once, if anything.
    pub(crate) fn call(&mut self, from: &str, to: &str) -> Option<String> {
        let call = self.now().as_nanos();
        let uri = format!("sip:{to}@192.0.2.1");
        let mut invite = |cseq: u32, proof: &str| {
            let head = format!(
                "INVITE {uri} SIP/2.0\nVia: SIP/2.0/UDP {};branch=z9hG4bK{call}{cseq}\n\
                 From: <sip:{from}@192.0.2.1>;tag={call}\nTo: <{uri}>\nCall-ID: {call}\n\
                 CSeq: {cseq} INVITE\nContact: <sip:{from}@{}>\nMax-Forwards: 70\n{proof}\
                 Content-Type: application/sdp\n",
                address(from),
                address(from)
            );
            let before = self.sent.len();
            self.datagram(from, &head, &description(from, self.offered));
            let mut sent = self.sent.split_off(before);
            let of_ours =
                |(to, text): &(_, String)| *to == address(from) && text.starts_with("SIP");
            let response = sent.iter().rev().find(|sent| of_ours(sent)).cloned();
            self.sent.append(&mut sent);
            response.map(|(_, text)| text)
        };
        let refused = invite(1, "").expect("a challenge");
        let parsed = sip::parse(refused.as_bytes()).expect("legal");
        let Message::Response(response) = parsed.message else {
            panic!("{refused}");
        };
        let challenge = &digest::challenges_of(&response.headers)[0];
        let answer = digest::answer(challenge, (from, "s3cret"), &Method::Invite, &uri, (1, "c"));
        invite(2, &format!("Authorization: {answer}\n"))
    }

    /// The newest message to a phone that begins like this.
    pub(crate) fn last_to(&self, number: &str, begins: &str) -> String {
        let to = address(number);
        let mut sent = self.sent.iter().rev();
        let found = sent.find(|(at, text)| *at == to && text.starts_with(begins));
        found
            .unwrap_or_else(|| panic!("{:#?}", self.sent))
            .1
            .clone()
    }

    /// A phone that is called answers.
    pub(crate) fn answer(&mut self, number: &str) {
        let invite = self.last_to(number, "INVITE ");
        let mut head = format!("SIP/2.0 200 OK\nTo: {};tag=us\n", header(&invite, "To"));
        for name in ["Via", "From", "Call-ID", "CSeq"] {
            head += &format!("{name}: {}\n", header(&invite, name));
        }
        head += &format!(
            "Contact: <sip:{number}@{}>\nContent-Type: application/sdp\n",
            address(number)
        );
        let taken = format!("{} 101", formats(&invite)[0]);
        let body = description(number, &taken);
        self.datagram(number, &head, &body);
    }

    /// A phone that called has the answer.
    pub(crate) fn confirm(&mut self, number: &str) -> String {
        let ok = self.last_to(number, "SIP/2.0 200");
        let mut head = format!(
            "ACK {} SIP/2.0\nVia: SIP/2.0/UDP {};branch=z9hG4bKack\nMax-Forwards: 70\n",
            header(&ok, "Contact").trim_matches(['<', '>']),
            address(number)
        );
        for name in ["From", "To", "Call-ID"] {
            head += &format!("{name}: {}\n", header(&ok, name));
        }
        let cseq = header(&ok, "CSeq").replace("INVITE", "ACK");
        self.datagram(number, &format!("{head}CSeq: {cseq}\n"), "");
        ok
    }

    /// The places of phones in the media plane, the oldest first.
    pub(crate) fn phone_places(&self) -> Vec<MediaLeg> {
        let added = self.media.iter().filter_map(|command| match command {
            MediaCommand::AddRtpLeg { leg, .. } => Some(*leg),
            _ => None,
        });
        added.collect()
    }
}

//! A phone that changes its codec in the middle of a call: the other one is asked to come along if it
//! has named that codec, and whether it does or not, both hear each other on.

use std::{
    net::{SocketAddr, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use tests_e2e::{
    ears::Sound,
    exchange::{Exchange, Office},
    phone::{Algorithm, Answer, Phone},
    wait::{now, s, until},
};

/// Payload types of both laws.
const ULAW: u8 = 0;
const ALAW: u8 = 8;
/// Tones with whole periods in a packet, so that all packets of one are the same.
const CALLER_HZ: u32 = 500;
const CALLED_HZ: u32 = 1_000;
/// Packets that are listened to at once: 400 ms.
const HEARD: usize = 20;

/// ITU-T G.711, table 2a or 1a.
fn sample_of(law: u8, octet: u8) -> i16 {
    let code = if law == ULAW { !octet } else { octet ^ 0x55 };
    let (part, step) = (i16::from(code >> 4 & 7), i16::from(code & 15));
    let value = match (law, part) {
        (ULAW, _) => ((step * 8 + 132) << part) - 132,
        (_, 0) => step * 16 + 8,
        (_, _) => (step * 16 + 264) << (part - 1),
    };
    // The sign bit says minus in µ-law (inverted), plus in A-law.
    if (code & 0x80 != 0) == (law == ULAW) {
        -value
    } else {
        value
    }
}

/// The octet whose sample is nearest.
fn octet_of(law: u8, sample: i16) -> u8 {
    let off = |octet: &u8| i32::from(sample_of(law, *octet)).abs_diff(i32::from(sample));
    (0..=255).min_by_key(off).unwrap_or(0)
}

/// The voice side of a phone.
struct Voice {
    socket: UdpSocket,
    /// Where it sends.
    far: SocketAddr,
    /// What it speaks.
    law: u8,
    hz: u32,
    sent: u16,
    /// When its next packet is due.
    due: Instant,
    /// What came last.
    heard: Vec<(u8, Vec<u8>)>,
}

impl Voice {
    fn new(at: SocketAddr, hz: u32) -> Self {
        let socket = UdpSocket::bind((at.ip(), 0)).expect("a port is free");
        socket
            .set_read_timeout(Some(Duration::from_millis(5)))
            .expect("it is one");
        Self {
            socket,
            far: at,
            law: ALAW,
            hz,
            sent: 0,
            due: now(),
            heard: Vec::new(),
        }
    }

    /// Its description with these payload types.
    fn sdp(&self, laws: &str, version: u32) -> String {
        let own = self.socket.local_addr().expect("it is bound");
        let (ip, port) = (own.ip(), own.port());
        format!(
            "v=0\r\no=- 1 {version} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP {laws}\r\n"
        )
    }

    /// What the far end said of itself; it speaks `law` from now on.
    #[track_caller]
    fn agree(&mut self, description: &str, law: u8) {
        let mut lines = description.lines();
        let audio = lines.find_map(|line| line.strip_prefix("m=audio "));
        let port = audio.and_then(|line| line.split(' ').next()?.parse().ok());
        self.far.set_port(port.expect("a port for voice"));
        self.law = law;
    }

    /// Nobody listened for a while: from now on it talks, a packet each 20 ms.
    fn begin(&mut self) {
        self.heard.clear();
        self.due = now();
    }

    /// Sends what is due, and hears what came.
    fn turn(&mut self) {
        while self.due <= now() {
            self.due += Duration::from_millis(20);
            self.say();
        }
        let mut space = [0; 1_500];
        while let Ok(length) = self.socket.recv(&mut space) {
            let packet = &space[..length];
            self.heard.push((packet[1] & 0x7f, packet[12..].to_vec()));
            self.heard.drain(..self.heard.len().saturating_sub(HEARD));
        }
    }

    fn say(&mut self) {
        let tone = Sound::tone(f64::from(self.hz), -10.0, s(1));
        let octets = tone.0[..160].iter().map(|&one| octet_of(self.law, one));
        let mut packet = vec![0x80, self.law];
        packet.extend_from_slice(&self.sent.to_be_bytes());
        packet.extend_from_slice(&(u32::from(self.sent) * 160).to_be_bytes());
        packet.extend_from_slice(&self.hz.to_be_bytes());
        packet.extend(octets);
        self.sent = self.sent.wrapping_add(1);
        self.socket
            .send_to(&packet, self.far)
            .expect("the exchange's port is open");
    }

    /// Whether all it heard last is the tone of `hz` in `law`.
    fn hears(&self, hz: u32, law: u8) -> bool {
        let right = self.heard.iter().all(|(one, _)| *one == law);
        let octets = self.heard.iter().flat_map(|(_, octets)| octets);
        let sound = Sound(octets.map(|&octet| sample_of(law, octet)).collect());
        let verdict = sound.listen(hz);
        let level = (verdict.level_dbm0 + 10.0).abs() < 1.0;
        self.heard.len() == HEARD && right && level && verdict.tone >= 7 && verdict.other <= 1
    }
}

/// Both talk until each hears the other, in the laws that they expect.
#[track_caller]
fn hear_each_other(caller: (&mut Voice, u8), called: (&mut Voice, u8)) {
    let ((caller, at_caller), (called, at_called)) = (caller, called);
    caller.begin();
    called.begin();
    until(s(60), "both hear the other", || {
        caller.turn();
        called.turn();
        let both = caller.hears(CALLED_HZ, at_caller) && called.hears(CALLER_HZ, at_called);
        both.then_some(())
    });
}

/// The INVITE by which the called is asked to change with the caller.
#[track_caller]
fn asked_again(called: &Phone) -> String {
    let asked = until(s(30), "the called is asked to come along", || {
        // Not the first INVITE once more.
        let asked = called.is_asked("INVITE", s(1));
        asked.filter(|text| text.contains("tag=hand-rung"))
    });
    assert!(asked.contains("RTP/AVP 0"), "{asked}");
    asked
}

/// The value of a header in an answer.
fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers(name).first().copied().unwrap_or_default()
}

/// What becomes of the called when the caller changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Called {
    ComesAlong,
    Refuses,
    /// Has never named the other codec, and is not asked.
    Stays,
}

/// A call in A-law whose caller changes to µ-law.
fn change(how: Called) {
    let exchange = Exchange::start(&Office::with(&["2005", "2006"]));
    let at = exchange.at.udp;
    let mut called = Phone::new(at, "2006");
    let answer = called.register(Algorithm::Sha256, 600);
    assert_eq!(answer.status(), 200, "{}", answer.0);
    let mut caller = Phone::new(at, "2005");
    let (mut anna, mut jan) = (Voice::new(at, CALLER_HZ), Voice::new(at, CALLED_HZ));
    let uri = format!("sip:2006@{at}");
    let contact = format!("Contact: <sip:2005@{}>\r\n", caller.address());
    let named = if how == Called::Stays { "8" } else { "8 0" };
    let (offer, own) = (anna.sdp("8", 1), jan.sdp(named, 1));
    let (invite, answer) = thread::scope(|scope| {
        let rings = scope.spawn(|| {
            let invite = called.is_asked("INVITE", s(30)).expect("it is called");
            called.respond_with(&invite, "200 OK", &own);
            invite
        });
        let answer = caller.ask_as_owner("INVITE", &uri, &contact, &offer);
        (rings.join().expect("it answers"), answer)
    });
    assert_eq!(answer.status(), 200, "{}", answer.0);
    anna.agree(&answer.0, ALAW);
    jan.agree(&invite, ALAW);
    hear_each_other((&mut anna, ALAW), (&mut jan, ALAW));
    let to = header(&answer, "To").to_owned();
    let again = caller.ask_in_call(&to, "INVITE", &uri, &contact, &anna.sdp("0", 2));
    assert_eq!(again.status(), 200, "{}", again.0);
    anna.agree(&again.0, ULAW);
    let law = match how {
        Called::ComesAlong => {
            let asked = asked_again(&called);
            called.respond_with(&asked, "200 OK", &jan.sdp("0", 2));
            jan.agree(&asked, ULAW);
            ULAW
        }
        Called::Refuses => {
            called.respond_with(&asked_again(&called), "488 Not Acceptable Here", "");
            ALAW
        }
        Called::Stays => ALAW,
    };
    hear_each_other((&mut anna, ULAW), (&mut jan, law));
    let bye = caller.ask_within(&to, "BYE", &uri);
    assert_eq!(bye.status(), 200, "{}", bye.0);
    let bye = called.is_asked("BYE", s(30)).expect("it is told");
    called.respond_with(&bye, "200 OK", "");
    let calls = exchange.ended_calls(1);
    assert_eq!(calls[0]["cause"], "normal", "{calls:?}");
    exchange.stop();
}

#[test]
fn who_is_asked_to_change_the_codec_comes_along() {
    change(Called::ComesAlong);
}

#[test]
fn who_does_not_change_the_codec_is_heard_and_hears_all_the_same() {
    change(Called::Refuses);
    change(Called::Stays);
}

//! Browsers as phones: `/sip` met by a real WebSocket client.

use std::{
    io::Write,
    net::TcpStream,
    sync::mpsc::{Receiver, sync_channel},
};

use panel::{WebInbox, WebLine, WebPhoneWord, web_phones};
use tungstenite::{
    ClientRequestBuilder, HandshakeError, Message, WebSocket, client::IntoClientRequest as _,
};

use crate::browser::{Box, PATIENCE};

type Phone = WebSocket<TcpStream>;

const OPTIONS: &str = "OPTIONS sip:box SIP/2.0\r\n\r\n";

/// A panel and the exchange behind it, which this test plays.
struct Rig {
    panel: Box,
    inbox: WebInbox,
    woken: Receiver<()>,
}

impl Rig {
    fn start() -> Self {
        let (wake, woken) = sync_channel(1_000);
        let (phones, inbox) = web_phones(move || {
            // The test may have ended, or has enough to wake up for.
            let _ = wake.try_send(());
        });
        Self {
            panel: Box::with_phones(phones),
            inbox,
            woken,
        }
    }

    /// The next thing that a browser says.
    fn word(&mut self) -> WebPhoneWord {
        loop {
            if let Some(word) = self.inbox.next_word() {
                return word;
            }
            self.woken.recv_timeout(PATIENCE).expect("a browser speaks");
        }
    }

    /// A browser that is let in, and the way back to it.
    fn phone(&mut self) -> (Phone, WebLine) {
        let phone = self.connect(&["sip"], None).expect("let in");
        let WebPhoneWord::Opened {
            secure,
            local,
            remote,
            line,
            ..
        } = self.word()
        else {
            panic!("a connection begins with its opening");
        };
        let ours = phone.get_ref().local_addr().expect("bound");
        assert_eq!((secure, local, remote), (false, self.panel.address, ours));
        (phone, line)
    }

    /// Knocks at `/sip`; the status of a refusal.
    fn connect(&self, protocols: &[&str], origin: Option<&str>) -> Result<Phone, u16> {
        let uri = format!("ws://{}/sip", self.panel.address);
        let mut request = ClientRequestBuilder::new(uri.parse().expect("a URI"));
        for protocol in protocols {
            request = request.with_sub_protocol(*protocol);
        }
        if let Some(origin) = origin {
            request = request.with_header("origin", origin);
        }
        let request = request.into_client_request().expect("legal");
        let socket = TcpStream::connect(self.panel.address).expect("the panel listens");
        socket.set_read_timeout(Some(PATIENCE)).expect("an option");
        match tungstenite::client(request, socket) {
            Ok((phone, response)) => {
                let protocol = response.headers().get("sec-websocket-protocol");
                assert_eq!(protocol.expect("the subprotocol is told"), "sip");
                Ok(phone)
            }
            Err(HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                Err(response.status().as_u16())
            }
            Err(other) => panic!("{other}"),
        }
    }
}

fn said(word: WebPhoneWord) -> Vec<u8> {
    match word {
        WebPhoneWord::Said { bytes, .. } => bytes,
        other => panic!("{other:?}"),
    }
}

/// Reads until the far end closes, and gives the code it closed with.
fn closing_code(phone: &mut Phone) -> u16 {
    loop {
        match phone.read().expect("the end is announced") {
            Message::Close(Some(frame)) => return frame.code.into(),
            Message::Close(None) => panic!("closed without a reason"),
            _ => {}
        }
    }
}

#[test]
fn messages_go_both_ways_one_a_frame() {
    let mut rig = Rig::start();
    let (mut phone, line) = rig.phone();
    phone.send(Message::text(OPTIONS)).expect("sent");
    assert_eq!(said(rig.word()), OPTIONS.as_bytes());
    let bytes = b"INFO sip:box SIP/2.0\r\n\r\n\xff\xfe";
    phone.send(Message::binary(&bytes[..])).expect("sent");
    assert_eq!(said(rig.word()), bytes);
    line.send(b"SIP/2.0 200 OK\r\n\r\n".to_vec()).expect("open");
    line.send(bytes.to_vec()).expect("open");
    let heard = phone.read().expect("an answer");
    assert_eq!(heard, Message::text("SIP/2.0 200 OK\r\n\r\n"));
    let heard = phone.read().expect("another");
    assert_eq!(heard, Message::binary(&bytes[..]), "what is no text");
    let figures = rig.panel.visitor().get("/metrics").body;
    assert!(
        figures.contains("centralka_panel_web_phones 1"),
        "{figures}"
    );
    phone.close(None).expect("sent");
    assert!(matches!(rig.word(), WebPhoneWord::Closed { .. }));
}

#[test]
fn the_exchange_ends_a_connection_by_letting_go_of_it() {
    let mut rig = Rig::start();
    let (mut phone, line) = rig.phone();
    drop(line);
    assert_eq!(closing_code(&mut phone), 1_008);
    assert!(matches!(rig.word(), WebPhoneWord::Closed { .. }));
}

#[test]
fn a_message_that_is_too_long_ends_the_connection() {
    let mut rig = Rig::start();
    let (mut phone, _line) = rig.phone();
    let longest = "x".repeat(model::limits::SIP_MESSAGE_MAX);
    phone.send(Message::text(longest.as_str())).expect("sent");
    assert_eq!(said(rig.word()).len(), longest.len());
    // The far end may be gone before all of it is written.
    let _ = phone.send(Message::text(longest + "x"));
    assert!(matches!(rig.word(), WebPhoneWord::Closed { .. }));
}

#[test]
fn who_does_not_speak_sip_or_comes_from_elsewhere_is_refused() {
    let rig = Rig::start();
    let own = format!("http://{}", rig.panel.address);
    assert!(rig.connect(&["sip"], Some(&own)).is_ok());
    let allowed = Some("https://crm.example");
    assert!(rig.connect(&["other", "sip"], allowed).is_ok());
    assert_eq!(
        rig.connect(&["sip"], Some("https://evil.example")).err(),
        Some(403)
    );
    assert_eq!(rig.connect(&["xmpp"], None).err(), Some(400));
    assert_eq!(rig.connect(&[], None).err(), Some(400));
    let plain = rig.panel.visitor().get("/sip");
    assert_eq!(plain.problem(), (426, "no_websocket".into()));
    let without = Box::start();
    assert_eq!(without.visitor().get("/sip").status, 404);
}

#[test]
fn a_storm_from_one_address_leaves_the_panel_to_others() {
    let mut rig = Rig::start();
    // Half-open: the handshake begins and never ends.
    let half: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut socket = TcpStream::connect(rig.panel.address).expect("the panel listens");
            socket
                .write_all(b"GET /sip HTTP/1.1\r\nhost: box\r\nupgrade: websocket\r\n")
                .expect("sent");
            socket
        })
        .collect();
    let most = model::limits::WEB_PHONES_PER_ADDRESS;
    let phones: Vec<(Phone, WebLine)> = (0..most).map(|_| rig.phone()).collect();
    assert_eq!(rig.connect(&["sip"], None).err(), Some(429));
    assert_eq!(rig.panel.visitor().get("/healthz").status, 200);
    drop(half);
    // They vanish without a goodbye, and every place is free again.
    drop(phones);
    for _ in 0..most {
        assert!(matches!(rig.word(), WebPhoneWord::Closed { .. }));
    }
    let (mut phone, line) = rig.phone();
    line.send(OPTIONS.into()).expect("open");
    assert_eq!(phone.read().expect("heard"), Message::text(OPTIONS));
}

#[test]
fn a_panel_that_stops_says_so() {
    let mut rig = Rig::start();
    let (mut phone, _line) = rig.phone();
    let stopped = std::thread::spawn(move || {
        rig.panel.stop();
        rig
    });
    assert_eq!(closing_code(&mut phone), 1_012);
    let mut rig = stopped.join().expect("the panel stops");
    assert!(matches!(rig.word(), WebPhoneWord::Closed { .. }));
}

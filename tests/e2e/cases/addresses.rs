//! Other addresses and ports while the exchange runs: new ones count at once, calls go on where they began.

use std::{
    fs,
    net::{SocketAddr, TcpStream, UdpSocket},
    time::Duration,
};

use tests_e2e::{
    exchange::{Exchange, Office},
    phone::{Algorithm, Phone},
    ports,
    wait::{s, until},
};

/// A call to the echo test that lasts until it is ended here.
struct Echo {
    phone: Phone,
    /// To of the dialog.
    to: String,
    uri: String,
    voice: UdpSocket,
    /// Where the exchange hears voice.
    exchange: SocketAddr,
    sent: u16,
}

impl Echo {
    #[track_caller]
    fn call(at: SocketAddr, extension: &str) -> Self {
        let voice = UdpSocket::bind((at.ip(), 0)).expect("a port is free");
        voice
            .set_read_timeout(Some(Duration::from_millis(20)))
            .expect("it is one");
        let own = voice.local_addr().expect("it is bound").port();
        let mut phone = Phone::new(at, extension);
        let contact = format!("Contact: <sip:{extension}@{}>\r\n", phone.address());
        let family = if at.is_ipv6() { "IP6" } else { "IP4" };
        let address = format!("IN {family} {}", at.ip());
        let sdp = format!(
            "v=0\r\no=- 1 1 {address}\r\ns=-\r\nc={address}\r\nt=0 0\r\n\
             m=audio {own} RTP/AVP 8\r\n"
        );
        let uri = format!("sip:*43@{at}");
        let answer = phone.ask_as_owner("INVITE", &uri, &contact, &sdp);
        assert_eq!(answer.status(), 200, "{}", answer.0);
        let told = format!("c={address}");
        assert!(answer.0.contains(&told), "{}", answer.0);
        let to = answer.headers("To").first().copied().unwrap_or_default();
        let audio = answer
            .0
            .lines()
            .find_map(|line| line.strip_prefix("m=audio "));
        let port = audio.and_then(|line| line.split(' ').next()?.parse().ok());
        Self {
            to: to.to_owned(),
            exchange: SocketAddr::new(at.ip(), port.expect("the answer names a port")),
            phone,
            uri,
            voice,
            sent: 0,
        }
    }

    /// What it says comes back.
    #[track_caller]
    fn is_heard(&mut self) {
        let mut space = [0; 1_500];
        while self.voice.recv(&mut space).is_ok() {}
        until(s(30), "what was said comes back", || {
            let mut packet = vec![0x80, 8];
            packet.extend_from_slice(&self.sent.to_be_bytes());
            packet.extend_from_slice(&(u32::from(self.sent) * 160).to_be_bytes());
            packet.extend_from_slice(b"echo");
            packet.extend_from_slice(&[0x2a; 160]);
            self.sent += 1;
            self.voice
                .send_to(&packet, self.exchange)
                .expect("the exchange's port is open");
            self.voice.recv(&mut space).ok()
        });
    }

    #[track_caller]
    fn end(mut self) {
        let bye = self.phone.ask_within(&self.to, "BYE", &self.uri);
        assert_eq!(bye.status(), 200, "{}", bye.0);
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// The office with another line of `[network]`.
fn with_network(office: &Office, key: &str, line: &str) -> Office {
    let mut lines: Vec<&str> = office.0.lines().collect();
    let place = lines.iter().position(|line| line.starts_with(key));
    lines[place.expect("the key is there")] = line;
    Office(lines.join("\n") + "\n")
}

/// Gives the exchange this configuration by SIGHUP and waits until it is in force.
#[track_caller]
fn reload(exchange: &Exchange, office: &Office) {
    let before = exchange.ask(&["config", "history"]).lines().count();
    exchange.reload(office);
    until(s(60), "the new configuration is in force", || {
        let history = exchange.ask(&["config", "history"]);
        (history.lines().count() > before).then_some(())
    });
}

/// Waits until `listen.json` has all of this.
#[track_caller]
fn listens_at(exchange: &Exchange, wanted: &[String]) {
    until(s(60), "the new addresses are written down", || {
        let text = fs::read_to_string(exchange.data().join("listen.json")).ok()?;
        wanted
            .iter()
            .all(|one| text.contains(&format!("\"{one}\"")))
            .then_some(())
    });
}

/// Registers, calls and talks over IPv6 alone.
#[test]
fn a_phone_over_ipv6_is_let_in_and_heard() {
    if UdpSocket::bind("[::1]:0").is_err() {
        return; // this machine has no IPv6
    }
    let office = Office::with(&["2005"]);
    let office = with_network(&office, "sip_udp", r#"sip_udp = ["[::1]:0"]"#);
    let exchange = Exchange::start(&office);
    let at = exchange.at.udp;
    assert!(at.is_ipv6(), "{at}");
    let mut phone = Phone::new(at, "2005");
    let answer = phone.register(Algorithm::Sha256, 600);
    assert_eq!(answer.status(), 200, "{}", answer.0);
    let mut call = Echo::call(at, "2005");
    call.is_heard();
    call.end();
    let calls = exchange.ended_calls(1);
    assert_eq!(calls[0]["cause"], "normal");
    exchange.stop();
}

#[test]
fn new_addresses_count_at_once_and_the_old_ones_serve_their_calls() {
    let (old, new) = (ports::free_udp(), ports::free_udp());
    let tcp = ports::free_tcp();
    let office = Office::with(&["2005", "2006"]).udp_port(old);
    let exchange = Exchange::start(&office);
    let mut call = Echo::call(exchange.at.udp, "2005");
    call.is_heard();
    let moved = Office::with(&["2005", "2006"]).udp_port(new);
    let line = format!(r#"sip_tcp = ["127.0.0.1:{tcp}"]"#);
    reload(&exchange, &with_network(&moved, "sip_tcp", &line));
    listens_at(&exchange, &[local(new).to_string(), local(tcp).to_string()]);
    let mut phone = Phone::new(local(new), "2006");
    assert_eq!(phone.register(Algorithm::Sha256, 300).status(), 200);
    TcpStream::connect(local(tcp)).expect("the new TCP address is open");
    until(s(30), "the old TCP address is closed", || {
        TcpStream::connect(exchange.at.tcp).err()
    });
    // The call that began at the old address goes on there, and ends there.
    call.is_heard();
    assert_eq!(exchange.metric("calls"), 1);
    assert!(ports::is_taken_udp(old), "the call's address is still open");
    call.end();
    until(s(30), "the old address is closed", || {
        (!ports::is_taken_udp(old)).then_some(())
    });
    let calls = exchange.ended_calls(1);
    assert_eq!(calls[0]["cause"], "normal", "{calls:?}");
    exchange.rest();
    exchange.stop();
}

#[test]
fn an_address_of_somebody_else_is_named_and_nothing_changes() {
    let old = ports::free_udp();
    let office = Office::with(&["2005", "2006"]).udp_port(old);
    let exchange = Exchange::start(&office);
    let mut call = Echo::call(exchange.at.udp, "2005");
    call.is_heard();
    let before = exchange.ask(&["config", "export"]);
    let taken = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    let wrong = taken.local_addr().expect("it is bound").port();
    // A new person and a new TCP address come with it, and must not count either.
    let tcp = ports::free_tcp();
    let bad = Office::with(&["2005", "2006", "2007"]).udp_port(wrong);
    let line = format!(r#"sip_tcp = ["127.0.0.1:{tcp}"]"#);
    let bad = with_network(&bad, "sip_tcp", &line);
    let line = bad.0.lines().position(|line| line.contains("sip_udp"));
    let line = format!("line {}", line.expect("it is there") + 1);
    let address = format!("127.0.0.1:{wrong}");
    let parts = [
        &*line,
        "network.sip_udp",
        "address.unavailable",
        &*address,
        "another program",
    ];
    // By the file, as `systemctl reload` does.
    exchange.reload(&bad);
    exchange.says("nothing changed");
    for part in parts {
        exchange.says(part);
    }
    // By hand.
    let file = exchange.folder().write("bad.toml", &bad.0);
    let refused = exchange.run(&["config", "import", &file.to_string_lossy()]);
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
    assert_eq!(exchange.ask(&["config", "export"]), before);
    TcpStream::connect(local(tcp)).expect_err("the other new address is not open");
    let refused = Phone::new(exchange.at.udp, "2007").register(Algorithm::Sha256, 300);
    assert_ne!(refused.status(), 200, "nobody new is let in");
    // The old address takes registrations and calls, and the call goes on.
    let mut phone = Phone::new(exchange.at.udp, "2006");
    assert_eq!(phone.register(Algorithm::Sha256, 300).status(), 200);
    let mut second = Echo::call(exchange.at.udp, "2006");
    second.is_heard();
    call.is_heard();
    // When the other program is gone, the same file is in order.
    drop(taken);
    reload(&exchange, &bad);
    let mut phone = Phone::new(local(wrong), "2007");
    assert_eq!(phone.register(Algorithm::Sha256, 300).status(), 200);
    call.is_heard();
    call.end();
    second.end();
    exchange.rest();
    exchange.stop();
}

/// Whether SIP over UDP is answered at this address of the machine.
fn answers(at: SocketAddr) -> bool {
    let phone = Phone::new(at, "2006");
    let options = phone.request("OPTIONS", &format!("sip:{at}"), "", "");
    let deadline = tests_e2e::wait::Deadline::after(s(2));
    while deadline.left().is_some() {
        phone.send(options.as_bytes());
        if phone.receive().is_some() {
            return true;
        }
    }
    false
}

#[test]
fn an_address_that_overlaps_the_one_it_replaces_counts_at_once() {
    let (udp, tcp) = (ports::free_udp(), ports::free_tcp());
    let at = |ip: &str| {
        let office = Office::with(&["2005", "2006"]);
        let office = with_network(&office, "sip_udp", &format!(r#"sip_udp = ["{ip}:{udp}"]"#));
        with_network(&office, "sip_tcp", &format!(r#"sip_tcp = ["{ip}:{tcp}"]"#))
    };
    let second = |port: u16| SocketAddr::from(([127, 0, 0, 2], port));
    let exchange = Exchange::start(&at("127.0.0.1"));
    let mut call = Echo::call(local(udp), "2005");
    call.is_heard();
    assert!(!answers(second(udp)), "only one address is open");
    reload(&exchange, &at("0.0.0.0"));
    listens_at(
        &exchange,
        &[format!("0.0.0.0:{udp}"), format!("0.0.0.0:{tcp}")],
    );
    assert!(answers(second(udp)) && answers(local(udp)), "all are open");
    TcpStream::connect(second(tcp)).expect("for TCP too");
    let mut wide = Echo::call(second(udp), "2006");
    wide.is_heard();
    call.is_heard();
    // And back: calls that began at the wide address go on and can be ended.
    reload(&exchange, &at("127.0.0.1"));
    listens_at(&exchange, &[local(udp).to_string(), local(tcp).to_string()]);
    assert!(answers(local(udp)));
    until(s(30), "the wide TCP address is closed", || {
        TcpStream::connect(second(tcp)).err()
    });
    TcpStream::connect(local(tcp)).expect("the exact one is open");
    for mut call in [wide, call] {
        call.is_heard();
        call.end();
    }
    until(s(30), "the wide address is closed", || {
        (!answers(second(udp))).then_some(())
    });
    assert!(answers(local(udp)));
    exchange.rest();
    exchange.stop();
}

#[test]
fn new_voice_ports_are_those_of_new_calls() {
    let (old, new) = (ports::free_voice(16), ports::free_voice(16));
    let office = Office::with(&["2005", "2006"]).voice_ports(old, old + 15);
    let exchange = Exchange::start(&office);
    let mut first = Echo::call(exchange.at.udp, "2005");
    assert!(
        (old..old + 16).contains(&first.exchange.port()),
        "{}",
        first.exchange
    );
    first.is_heard();
    let moved = Office::with(&["2005", "2006"]).voice_ports(new, new + 15);
    reload(&exchange, &moved);
    until(s(30), "pairs of the new ports", || {
        (exchange.metric("port_pairs_ready") > 0).then_some(())
    });
    let mut second = Echo::call(exchange.at.udp, "2006");
    assert!(
        (new..new + 16).contains(&second.exchange.port()),
        "{}",
        second.exchange
    );
    second.is_heard();
    first.is_heard();
    let port = first.exchange.port();
    first.end();
    until(
        s(30),
        "the old port is closed when its call is over",
        || (!ports::is_taken_udp(port)).then_some(()),
    );
    second.is_heard();
    second.end();
    exchange.rest();
    exchange.stop();
}

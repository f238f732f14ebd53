//! Starts, ends and power failures of the program.

use std::{fs, net::UdpSocket};

use tests_e2e::{
    baresip,
    exchange::{Exchange, Office, serve_in_vain},
    folder::Folder,
    phone::{Algorithm, Phone},
    ports,
    set::Set,
    wait::{now, s, until},
};

#[test]
fn a_phone_that_knows_md5_only_registers_when_it_tries_again() {
    let exchange = Exchange::start(&Office::with(&["2005"]));
    let over = baresip::Over::Udp;
    let mut phone = baresip::Phone::unregistered(&exchange, "2005", over, 700);
    // baresip tries again 30 to 60 s after it did not understand the first challenge.
    phone.is_registered(s(180));
    phone.quit();
    exchange.stop();
}

#[test]
fn after_a_power_failure_phones_ring_and_open_calls_are_closed() {
    let office = Office::with(&["2005", "2006"]).udp_port(ports::free_udp());
    let exchange = Exchange::start(&office);
    let mut phone = Phone::new(exchange.at.udp, "2005");
    assert_eq!(phone.register(Algorithm::Sha256, 3_600).status(), 200);
    let set = Set::of(&exchange);
    set.hears_itself(940);
    let exchange = exchange.power_failure();
    let calls = exchange.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0]["cause"], "power_lost", "{calls:?}");
    assert!(!calls[0]["ended"].is_null(), "{calls:?}");
    // The phone did not register again, and rings.
    let set = Set::of(&exchange);
    set.lift();
    set.hears_dial_tone(s(30));
    set.dial("2005");
    let invite = phone.is_asked("INVITE", s(30));
    let invite = invite.expect("the phone must be called");
    phone.respond(&invite, "180 Ringing");
    set.hang_up();
    let cancel = phone.is_asked("CANCEL", s(30));
    phone.respond(&cancel.expect("it stops ringing"), "200 OK");
    phone.respond(&invite, "487 Request Terminated");
    exchange.rest();
    exchange.stop();
}

#[test]
fn a_stop_lets_calls_end_and_takes_no_new_ones() {
    let office = Office::with(&["2005", "2006"]).limit("stop_wait_s = 12");
    let mut exchange = Exchange::start(&office);
    let set = Set::of(&exchange);
    set.hears_itself(940);
    let asked = now();
    exchange.terminate();
    exchange.says("new calls are refused");
    let at = exchange.at.udp;
    let mut phone = Phone::new(at, "2005");
    let contact = format!("Contact: <sip:2005@{}>\r\n", phone.address());
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
               m=audio 40000 RTP/AVP 8\r\n";
    let refused = phone.ask_as_owner("INVITE", &format!("sip:*43@{at}"), &contact, sdp);
    assert_eq!(refused.status(), 503, "{}", refused.0);
    let status = exchange.process().exit(s(60));
    assert!(status.success(), "{status}");
    assert!(asked.elapsed() >= s(11), "the call had its time");
    let calls = exchange.calls();
    let ended = calls.iter().find(|call| call["from"] == "301");
    let ended = ended.expect("the call of the set is in the list");
    assert_eq!(ended["cause"], "stopping", "{ended}");
    assert!(!exchange.data().join("listen.json").exists());
}

#[test]
fn a_taken_port_is_named() {
    let folder = Folder::new();
    let taken = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it is bound").port();
    let office = Office::with(&["2005"]).udp_port(port);
    let config = folder.write("office.toml", office.0);
    let (code, said) = serve_in_vain(&folder.join("data"), &config);
    assert_eq!(code, Some(2), "{said}");
    for part in [
        "network.sip_udp",
        &format!("127.0.0.1:{port}"),
        "another program",
    ] {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
}

#[test]
fn a_bad_configuration_is_named_by_line_key_and_rule() {
    let folder = Folder::new();
    let text = Office::with(&["2005"]).0.replace("\"PL\"", "\"XX\"");
    let line = text.lines().position(|line| line.contains("\"XX\""));
    let line = line.expect("it was put there") + 1;
    let config = folder.write("office.toml", text);
    let (code, said) = serve_in_vain(&folder.join("data"), &config);
    assert_eq!(code, Some(2), "{said}");
    for part in [
        format!("line {line}"),
        "office.country".into(),
        "XX".into(),
        "[".into(),
    ] {
        assert!(said.contains(&part), "{part:?} is not in: {said}");
    }
}

#[test]
fn a_file_in_place_of_the_data_folder_is_named() {
    let folder = Folder::new();
    let config = folder.write("office.toml", Office::with(&["2005"]).0);
    let file = folder.write("data", "not a folder");
    let (code, said) = serve_in_vain(&file, &config);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(&*file.to_string_lossy()), "{said}");
    let kept = fs::read_to_string(&file).expect("it is still there");
    assert_eq!(kept, "not a folder", "nothing was changed");
}

#[test]
fn a_second_exchange_on_the_same_data_is_refused() {
    let exchange = Exchange::start(&Office::with(&["2005"]));
    let config = exchange.folder().join("office.toml");
    let (code, said) = serve_in_vain(&exchange.data(), &config);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("another"), "{said}");
    assert_eq!(exchange.metric("up"), 1, "the first one goes on");
    exchange.stop();
}

#[test]
fn a_bad_import_changes_nothing() {
    let exchange = Exchange::start(&Office::with(&["2005"]));
    let before = exchange.ask(&["config", "export"]);
    let file = exchange
        .folder()
        .write("bad.toml", "format = 1\nvolume = 11\n");
    let bad = exchange.run(&["config", "import", &file.to_string_lossy()]);
    assert_eq!(bad.status.code(), Some(2));
    let said = String::from_utf8_lossy(&bad.stderr).into_owned();
    for part in ["line 2", "volume"] {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
    assert_eq!(exchange.ask(&["config", "export"]), before);
    exchange.stop();
}

#[test]
fn a_new_configuration_counts_at_once_and_drops_no_call() {
    let office = Office::with(&["2005"]);
    let exchange = Exchange::start(&office);
    let set = Set::of(&exchange);
    set.hears_itself(940);
    exchange.reload(&office.person("2007"));
    until(s(30), "the new person's phone registers", || {
        let mut phone = Phone::new(exchange.at.udp, "2007");
        (phone.register(Algorithm::Sha256, 300).status() == 200).then_some(())
    });
    set.hears(940, s(30));
    assert_eq!(exchange.metric("calls"), 1);
    // A faulty text changes nothing.
    exchange.reload(&Office("format = 1\nvolume = 11\n".into()));
    exchange.says("nothing changed");
    assert_eq!(
        Phone::new(exchange.at.udp, "2007")
            .register(Algorithm::Sha256, 300)
            .status(),
        200
    );
    set.hears(940, s(30));
    set.hang_up();
    exchange.rest();
    exchange.stop();
}

#[test]
fn a_call_is_explained_and_its_journal_plays_again() {
    let exchange = Exchange::start(&Office::with(&["2005"]));
    let set = Set::of(&exchange);
    set.hears_itself(940);
    set.hang_up();
    let calls = exchange.ended_calls(1);
    let id = calls[0]["id"].as_str().expect("a call has an id");
    let polish = exchange.ask(&["call", "explain", id, "--language", "pl"]);
    let english = exchange.ask(&["call", "explain", id, "--language", "en"]);
    assert!(polish.contains("301") && polish != english, "{polish}");
    let table = exchange.ask(&["call", "list", "--language", "pl"]);
    assert!(table.contains("*43"), "{table}");
    let exchange = exchange.restart();
    let sound = exchange.ask(&["verify"]);
    assert!(sound.contains(" 0 faults"), "{sound}");
    let journal = fs::read_dir(exchange.data().join("journal")).expect("it is kept");
    let mut played = 0;
    for file in journal.flatten() {
        let said = exchange.ask(&["replay", &file.path().to_string_lossy()]);
        assert!(said.contains(" 0 with other outputs"), "{said}");
        let inputs = said.lines().last().and_then(|line| line.split(' ').next());
        played += inputs.and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
    }
    assert!(
        played > 20,
        "the call's inputs are in the journal, not {played}"
    );
    exchange.stop();
}

#[test]
fn after_kill_9_the_records_are_sound() {
    let mut exchange = Exchange::start(&Office::with(&["2005"]));
    for _ in 0..3 {
        let set = Set::of(&exchange);
        set.hears_itself(940);
        exchange = exchange.power_failure();
        let said = exchange.ask(&["verify"]);
        assert!(said.contains(" 0 faults"), "{said}");
    }
    let calls = exchange.calls();
    assert_eq!(calls.len(), 3, "{calls:?}");
    assert!(
        calls.iter().all(|call| call["cause"] == "power_lost"),
        "{calls:?}"
    );
    exchange.stop();
}

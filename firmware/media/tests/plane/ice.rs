//! Far ends that do ICE: checks are answered, the media follows nominations, DTLS passes.

use std::net::SocketAddr;

use hmac::{Hmac, KeyInit, Mac};
use media::{Channel, PlaneCommand};
use model::{
    DtlsRole, Fingerprint, IceParams, IceText, MediaCommand, MediaEvent, RtpParams, SrtpSuite,
};
use rtp::srtp::{OVERHEAD, Sender};
use sha1::Sha1;

use crate::rig::{Phone, Rig, Sent, address};
use crate::secure::{key, protected};

const PASSWORD: &str = "a/long/enough/password22";

fn ice(remote_name: &str) -> IceParams {
    let text = |text| IceText::new(text).expect("legal");
    IceParams {
        local_name: text("ours"),
        local_password: text(PASSWORD),
        remote_name: text(remote_name),
        remote_password: text("theirs/is/of/no/use"),
    }
}

/// A binding request as browsers send it (RFC 8445 §7.2.2).
fn check(id: u8, names: &str, password: &str, nominated: bool) -> Vec<u8> {
    let mut bytes = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    bytes.extend([id; 12]);
    let mut attribute = |kind: u16, value: &[u8]| {
        bytes.extend(kind.to_be_bytes());
        bytes.extend((value.len() as u16).to_be_bytes());
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    };
    attribute(0x0006, names.as_bytes());
    attribute(0x802a, &[7; 8]);
    attribute(0x0024, &[0x6e, 0, 1, 0xff]);
    if nominated {
        attribute(0x0025, &[]);
    }
    let announce = |bytes: &mut Vec<u8>, more: usize| {
        let len = (bytes.len() - 20 + more) as u16;
        bytes[2..4].copy_from_slice(&len.to_be_bytes());
    };
    announce(&mut bytes, 24);
    let mut mac = Hmac::<Sha1>::new_from_slice(password.as_bytes()).expect("any length");
    mac.update(&bytes);
    bytes.extend([0, 8, 0, 20]);
    bytes.extend(mac.finalize().into_bytes());
    announce(&mut bytes, 8);
    let sum = crc32fast::hash(&bytes) ^ 0x5354_554e;
    bytes.extend([0x80, 0x28, 0, 4]);
    bytes.extend(sum.to_be_bytes());
    bytes
}

fn params(slot: u16) -> RtpParams {
    RtpParams {
        rtcp_mux: true,
        // A browser names an address that means nothing.
        remote: Some("0.0.0.0:9".parse().expect("an address")),
        ..protected(slot)
    }
}

/// A browser in slot 0, with its keys, and a phone in slot 1 that hears it.
fn browser(rig: &mut Rig) -> (Phone, Sender, Phone) {
    let a = rig.phone_with(0, params(0));
    rig.command(MediaCommand::SetIce {
        leg: a.leg,
        ice: ice("them"),
        begins: true,
    });
    rig.command(MediaCommand::SetKeys {
        leg: a.leg,
        send: key(SrtpSuite::AesGcm128, 1),
        receive: key(SrtpSuite::AesGcm128, 2),
    });
    let b = rig.phone(1);
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.forget();
    (a, Sender::new(&key(SrtpSuite::AesGcm128, 2)), b)
}

fn sealed(phone: &mut Phone, sender: &mut Sender) -> Vec<u8> {
    let mut bytes = phone.packet();
    let len = bytes.len();
    bytes.resize(len + OVERHEAD, 0);
    let len = sender.protect(&mut bytes, len).expect("new");
    bytes.truncate(len);
    bytes
}

fn answers(rig: &Rig, phone: &Phone) -> Vec<SocketAddr> {
    let is_answer = |sent: &&Sent| sent.bytes[..2] == [1, 1];
    rig.heard(phone.leg)
        .iter()
        .filter(is_answer)
        .map(|sent| sent.to)
        .collect()
}

fn media(rig: &Rig, phone: &Phone) -> Vec<SocketAddr> {
    let is_sound = |sent: &&Sent| sent.bytes[0] == 0x80;
    rig.heard(phone.leg)
        .iter()
        .filter(is_sound)
        .map(|sent| sent.to)
        .collect()
}

#[test]
fn the_media_follows_the_nominations() {
    let mut rig = Rig::new();
    let (mut a, mut keys, mut b) = browser(&mut rig);
    let [home, away] = [address(20), address(21)];
    rig.say(&mut b);
    assert_eq!(media(&rig, &a), [], "nobody was nominated");
    let bytes = check(1, "ours:them", PASSWORD, false);
    rig.packet(a.leg, Channel::Rtp, home, &bytes);
    assert_eq!(answers(&rig, &a), [home]);
    rig.say(&mut b);
    assert_eq!(media(&rig, &a), []);
    let bytes = sealed(&mut a, &mut keys);
    rig.packet(a.leg, Channel::Rtp, home, &bytes);
    assert_eq!(rig.heard(b.leg).len(), 1, "a checked path may speak");
    let bytes = sealed(&mut a, &mut keys);
    rig.packet(a.leg, Channel::Rtp, away, &bytes);
    assert_eq!(rig.heard(b.leg).len(), 1, "even the key needs a path");
    let bytes = check(2, "ours:them", PASSWORD, true);
    rig.packet(a.leg, Channel::Rtp, home, &bytes);
    rig.say(&mut b);
    assert_eq!(media(&rig, &a), [home]);
    rig.packet(a.leg, Channel::Rtp, home, &bytes);
    let bytes = check(3, "ours:them", PASSWORD, true);
    rig.packet(a.leg, Channel::Rtp, away, &bytes);
    rig.say(&mut b);
    assert_eq!(media(&rig, &a), [home, away]);
    let moves: Vec<_> = rig
        .events
        .iter()
        .filter_map(|event| match *event {
            MediaEvent::SourceLearned { leg, remote } if leg == a.leg => Some(remote),
            _ => None,
        })
        .collect();
    assert_eq!(moves, [home, away], "told once each");
}

#[test]
fn who_does_not_know_the_password_gets_no_answer() {
    let mut rig = Rig::new();
    let (a, _, _) = browser(&mut rig);
    let stranger = address(30);
    for (names, password) in [
        ("ours:them", "another/password/of/them"),
        ("ours:other", PASSWORD),
        ("other:them", PASSWORD),
    ] {
        let bytes = check(1, names, password, true);
        rig.packet(a.leg, Channel::Rtp, stranger, &bytes);
    }
    let bytes = check(1, "ours:them", PASSWORD, true);
    rig.packet(a.leg, Channel::Rtp, stranger, &bytes[..40]);
    rig.packet(a.leg, Channel::Rtcp, stranger, &bytes);
    assert!(rig.sent.is_empty() && rig.events.is_empty());
    assert_eq!(rig.plane.figures().checks_refused, 4);
}

#[test]
fn a_check_that_somebody_caught_moves_nothing() {
    let mut rig = Rig::new();
    let (a, _, mut b) = browser(&mut rig);
    let bytes = check(1, "ours:them", PASSWORD, true);
    rig.packet(a.leg, Channel::Rtp, address(20), &bytes);
    rig.packet(a.leg, Channel::Rtp, address(30), &bytes);
    rig.say(&mut b);
    assert_eq!(answers(&rig, &a), [address(20)]);
    assert_eq!(media(&rig, &a), [address(20)]);
}

#[test]
fn a_flood_of_checks_is_answered_at_a_bounded_rate() {
    let mut rig = Rig::new();
    let (a, _, _) = browser(&mut rig);
    let bytes = check(1, "ours:them", PASSWORD, true);
    for _ in 0..300 {
        rig.packet(a.leg, Channel::Rtp, address(20), &bytes);
    }
    assert_eq!(answers(&rig, &a).len(), 50);
    rig.pass(2_000);
    for _ in 0..300 {
        rig.packet(a.leg, Channel::Rtp, address(20), &bytes);
    }
    assert_eq!(answers(&rig, &a).len(), 100);
}

#[test]
fn a_restart_keeps_the_media_until_another_path_is_chosen() {
    let mut rig = Rig::new();
    let (mut a, mut keys, mut b) = browser(&mut rig);
    let bytes = check(1, "ours:them", PASSWORD, true);
    rig.packet(a.leg, Channel::Rtp, address(20), &bytes);
    rig.command(MediaCommand::SetIce {
        leg: a.leg,
        ice: ice("anew"),
        begins: true,
    });
    rig.packet(a.leg, Channel::Rtp, address(21), &bytes);
    rig.say(&mut b);
    assert_eq!(media(&rig, &a), [address(20)], "the old name is over");
    let bytes = sealed(&mut a, &mut keys);
    rig.packet(a.leg, Channel::Rtp, address(20), &bytes);
    assert_eq!(rig.heard(b.leg).len(), 1);
    let bytes = check(2, "ours:anew", PASSWORD, true);
    rig.packet(a.leg, Channel::Rtp, address(22), &bytes);
    rig.say(&mut b);
    assert_eq!(media(&rig, &a), [address(20), address(22)]);
}

#[test]
fn handshakes_pass_on_checked_paths_alone() {
    let mut rig = Rig::new();
    let (a, _, _) = browser(&mut rig);
    let hello = [22, 254, 253, 0, 0, 1, 2, 3];
    rig.packet(a.leg, Channel::Rtp, address(20), &hello);
    let start = MediaCommand::StartDtls {
        leg: a.leg,
        role: DtlsRole::Server,
        fingerprint: Fingerprint([0; 32]),
    };
    rig.command(PlaneCommand::Plain(start));
    rig.packet(a.leg, Channel::Rtp, address(20), &hello);
    assert_eq!(rig.handshakes, [], "no path yet");
    let bytes = check(1, "ours:them", PASSWORD, false);
    rig.packet(a.leg, Channel::Rtp, address(20), &bytes);
    rig.packet(a.leg, Channel::Rtp, address(20), &hello);
    assert_eq!(rig.handshakes, [(a.leg, address(20), hello.to_vec())]);
    rig.forget();
    for to in [Some(address(20)), Some(address(30)), None] {
        rig.plane.send_handshake(a.leg, to, &hello);
    }
    rig.pass(0);
    rig.packet(a.leg, Channel::Rtp, address(20), &[99]);
    let sent: Vec<_> = rig.heard(a.leg).iter().map(|sent| sent.to).collect();
    assert_eq!(sent, [address(20)], "strangers and nobody get nothing");
    assert_eq!(rig.heard(a.leg)[0].bytes, hello);
}

/// Whether it was told that the browser is gone.
fn told_gone(rig: &Rig, phone: &Phone) -> usize {
    let gone = MediaEvent::PeerSilent { leg: phone.leg };
    rig.events.iter().filter(|event| **event == gone).count()
}

#[test]
fn a_browser_whose_tab_is_closed_before_its_first_check_is_gone() {
    let mut rig = Rig::new();
    let a = rig.phone_with(0, params(0));
    let said = |begins| MediaCommand::SetIce {
        leg: a.leg,
        ice: ice("them"),
        begins,
    };
    // Before the answer it need not begin.
    rig.command(said(false));
    rig.pass(60_000);
    rig.command(said(true));
    rig.pass(29_999);
    assert_eq!(told_gone(&rig, &a), 0);
    rig.pass(60_000);
    assert_eq!(told_gone(&rig, &a), 1);
    // Whoever describes itself anew is expected anew.
    rig.command(MediaCommand::SetIce {
        leg: a.leg,
        ice: ice("anew"),
        begins: true,
    });
    rig.pass(31_000);
    assert_eq!(told_gone(&rig, &a), 2);
}

#[test]
fn a_browser_that_sends_neither_checks_nor_packets_is_gone() {
    let mut rig = Rig::new();
    let (mut a, mut keys, mut b) = browser(&mut rig);
    rig.pass(29_000);
    assert_eq!(told_gone(&rig, &a), 0, "it may still begin");
    let mut id = 0;
    let mut check_comes = |rig: &mut Rig| {
        id += 1;
        let bytes = check(id, "ours:them", PASSWORD, true);
        rig.packet(a.leg, Channel::Rtp, address(20), &bytes);
    };
    // On hold nothing but checks come.
    for _ in 0..4 {
        check_comes(&mut rig);
        rig.pass(29_000);
    }
    check_comes(&mut rig);
    rig.pass(29_000);
    let bytes = sealed(&mut a, &mut keys);
    rig.packet(a.leg, Channel::Rtp, address(20), &bytes);
    rig.pass(29_000);
    assert_eq!(told_gone(&rig, &a), 0);
    // What strangers send is no sign of life.
    let forged = check(99, "ours:them", "another/password/of/them", true);
    rig.packet(a.leg, Channel::Rtp, address(20), &forged);
    rig.packet(a.leg, Channel::Rtp, address(20), &a.packet());
    rig.say(&mut b);
    assert!(!media(&rig, &a).is_empty());
    rig.pass(999);
    assert_eq!(told_gone(&rig, &a), 0);
    rig.pass(2);
    assert_eq!(told_gone(&rig, &a), 1);
    let before = rig.heard(a.leg).len();
    for _ in 0..10 {
        rig.say(&mut b);
        rig.pass(20);
    }
    rig.pass(60_000);
    assert_eq!(rig.heard(a.leg).len(), before, "nothing is sent any more");
    assert_eq!(told_gone(&rig, &a), 1, "told once");
}

#[test]
fn a_phone_without_checks_may_be_silent() {
    let mut rig = Rig::new();
    let (mut a, b) = (rig.phone(0), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.say(&mut a);
    rig.pass(300_000);
    assert_eq!(told_gone(&rig, &a), 0);
}

//! Protected legs: SRTP in, out and through, and nothing in clear.

use std::net::SocketAddr;

use media::{Channel, PlaneCommand};
use model::{
    Codec, Learn, MediaCommand, MediaEvent, MediaLeg, Protection, RtpParams, SecurityFault,
    SrtpKey, SrtpSuite,
};
use rtp::srtp::{OVERHEAD, Receiver, Sender};

use crate::rig::{PCMA, Phone, Rig, Sent, address, params, talkers};

const SUITES: [SrtpSuite; 4] = [
    SrtpSuite::AesCm80,
    SrtpSuite::AesCm32,
    SrtpSuite::AesGcm128,
    SrtpSuite::AesGcm256,
];

pub(crate) fn key(suite: SrtpSuite, seed: u8) -> SrtpKey {
    let octets: Vec<u8> = (0..suite.key_len() + suite.salt_len())
        .map(|n| seed.wrapping_add(n as u8))
        .collect();
    SrtpKey::new(suite, &octets).expect("as long as the suite wants")
}

/// The far end's half of the protection.
struct Guarded {
    phone: Phone,
    sender: Sender,
    receiver: Receiver,
}

pub(crate) fn protected(slot: u16) -> RtpParams {
    RtpParams {
        protection: Protection::Srtp,
        ..params(slot)
    }
}

fn keys(leg: MediaLeg, suite: SrtpSuite, seed: u8) -> MediaCommand {
    MediaCommand::SetKeys {
        leg,
        send: key(suite, seed),
        receive: key(suite, seed + 1),
    }
}

impl Guarded {
    fn new(rig: &mut Rig, slot: u16, suite: SrtpSuite, params: RtpParams) -> Self {
        let phone = rig.phone_with(slot, params);
        rig.command(keys(phone.leg, suite, 10 + slot as u8));
        Self {
            phone,
            sender: Sender::new(&key(suite, 11 + slot as u8)),
            receiver: Receiver::new(&key(suite, 10 + slot as u8)),
        }
    }

    fn packet(&mut self) -> Vec<u8> {
        let clear = self.phone.packet();
        let mut bytes = clear.clone();
        bytes.resize(clear.len() + OVERHEAD, 0);
        let len = self.sender.protect(&mut bytes, clear.len()).expect("new");
        bytes.truncate(len);
        bytes
    }

    fn say(&mut self, rig: &mut Rig) {
        let bytes = self.packet();
        rig.packet(self.phone.leg, Channel::Rtp, self.phone.address, &bytes);
    }

    /// Opens everything that came for this phone; none of it may be readable without the key.
    fn open(&mut self, rig: &mut Rig) {
        let leg = self.phone.leg;
        for sent in rig.sent.entry((leg, Channel::Rtp)).or_default() {
            let len = self.receiver.unprotect(&mut sent.bytes);
            sent.bytes.truncate(len.expect("protected with our key"));
        }
    }
}

#[test]
fn sound_is_relayed_from_and_to_protected_legs() {
    for suite in SUITES {
        let mut rig = Rig::new();
        let mut a = Guarded::new(&mut rig, 0, suite, protected(0));
        let mut b = Guarded::new(&mut rig, 1, SrtpSuite::AesCm80, protected(1));
        rig.join(a.phone.leg, 0);
        rig.join(b.phone.leg, 0);
        for _ in 0..30 {
            a.say(&mut rig);
            b.say(&mut rig);
            rig.pass(20);
        }
        a.open(&mut rig);
        b.open(&mut rig);
        assert_eq!(rig.heard(a.phone.leg).len(), 30);
        assert_eq!(
            talkers(&rig.samples(a.phone.leg, Codec::Pcma, PCMA), 2),
            [1]
        );
        assert_eq!(
            talkers(&rig.samples(b.phone.leg, Codec::Pcma, PCMA), 2),
            [0]
        );
        let secured = [a.phone.leg, b.phone.leg].map(|leg| MediaEvent::Secured { leg });
        assert!(secured.iter().all(|event| rig.events.contains(event)));
        assert_eq!(rig.plane.figures().unauthentic, 0);
        assert_eq!(rig.plane.figures().unprotected, 0);
    }
}

#[test]
fn a_protected_and_a_plain_leg_talk_and_are_mixed() {
    let mut rig = Rig::new();
    let mut a = Guarded::new(&mut rig, 0, SrtpSuite::AesGcm128, protected(0));
    let mut b = rig.phone(1);
    rig.join(a.phone.leg, 0);
    rig.join(b.leg, 0);
    for _ in 0..30 {
        a.say(&mut rig);
        rig.say(&mut b);
        rig.pass(20);
    }
    a.open(&mut rig);
    let hears = |rig: &Rig, leg| talkers(&rig.samples(leg, Codec::Pcma, PCMA), 3);
    assert_eq!(hears(&rig, a.phone.leg), [1]);
    assert_eq!(hears(&rig, b.leg), [0]);
    rig.forget();
    let mut c = rig.phone(2);
    rig.join(c.leg, 0);
    for _ in 0..40 {
        a.say(&mut rig);
        rig.say(&mut b);
        rig.say(&mut c);
        rig.pass(20);
    }
    a.open(&mut rig);
    assert_eq!(hears(&rig, a.phone.leg), [1, 2], "mixed");
    assert_eq!(hears(&rig, c.leg), [0, 1]);
}

#[test]
fn before_the_keys_nothing_is_heard_and_nothing_is_sent() {
    let mut rig = Rig::new();
    let mut a = rig.phone_with(0, protected(0));
    let mut b = rig.phone(1);
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    for _ in 0..200 {
        rig.say(&mut a);
        rig.say(&mut b);
        let report = [0x80, 201, 0, 1, 0, 0, 0, 77];
        let from = a.params.remote_rtcp.expect("set");
        rig.packet(a.leg, Channel::Rtcp, from, &report);
        rig.pass(20);
    }
    rig.command(MediaCommand::SendDigit {
        leg: a.leg,
        digit: model::Digit::from_char('5').expect("a key"),
        ms: 60,
    });
    rig.pass(8_000);
    let sent = |rig: &Rig, channel| rig.sent.get(&(a.leg, channel)).map_or(0, Vec::len);
    assert_eq!(
        (sent(&rig, Channel::Rtp), sent(&rig, Channel::Rtcp)),
        (0, 0)
    );
    assert_eq!(rig.heard(b.leg).len(), 0, "what came in clear is not heard");
    assert_eq!(rig.plane.figures().unauthentic, 400);
    // The keys come: the digit that waited is sent, sound goes on, and the goodbye is protected.
    rig.command(keys(a.leg, SrtpSuite::AesCm80, 1));
    rig.pass(200);
    rig.forget();
    rig.say(&mut b);
    rig.command(MediaCommand::RemoveLeg { leg: a.leg });
    let mut receiver = Receiver::new(&key(SrtpSuite::AesCm80, 1));
    let mut packet = rig.heard(a.leg)[0].bytes.clone();
    assert!(receiver.unprotect(&mut packet).is_ok());
    let mut goodbye = rig.sent[&(a.leg, Channel::Rtcp)][0].bytes.clone();
    assert!(receiver.unprotect_rtcp(&mut goodbye).is_ok());
}

#[test]
fn a_far_end_that_speaks_in_clear_is_told_of_once() {
    let mut rig = Rig::new();
    let mut a = Guarded::new(&mut rig, 0, SrtpSuite::AesCm80, protected(0));
    let b = rig.phone(1);
    rig.join(a.phone.leg, 0);
    rig.join(b.leg, 0);
    let complaint = MediaEvent::SecurityFailed {
        leg: a.phone.leg,
        fault: SecurityFault::Clear,
    };
    let complaints = |rig: &Rig| rig.events.iter().filter(|e| **e == complaint).count();
    // As long as it has shown the key a moment ago, somebody else may have sent it.
    for _ in 0..200 {
        a.say(&mut rig);
        let other = a.phone.packet();
        rig.packet(a.phone.leg, Channel::Rtp, a.phone.address, &other);
        rig.pass(20);
    }
    assert_eq!(complaints(&rig), 0);
    rig.forget();
    for _ in 0..200 {
        let clear = a.phone.packet();
        rig.packet(a.phone.leg, Channel::Rtp, a.phone.address, &clear);
        rig.pass(20);
    }
    assert_eq!(complaints(&rig), 1);
    assert_eq!(rig.heard(b.leg).len(), 0);
    rig.command(MediaCommand::RemoveLeg { leg: a.phone.leg });
    assert!(matches!(
        rig.events.last(),
        Some(MediaEvent::LegRemoved { figures, .. })
            if figures.malformed == 400 && figures.packets_in == 200
    ));
}

#[test]
fn a_recorded_packet_is_not_heard_again() {
    let mut rig = Rig::new();
    let mut a = Guarded::new(&mut rig, 0, SrtpSuite::AesGcm256, protected(0));
    let b = rig.phone(1);
    rig.join(a.phone.leg, 0);
    rig.join(b.leg, 0);
    let packets: Vec<_> = (0..20).map(|_| a.packet()).collect();
    for bytes in packets.iter().chain(&packets) {
        rig.packet(a.phone.leg, Channel::Rtp, a.phone.address, bytes);
        rig.pass(20);
    }
    assert_eq!(rig.heard(b.leg).len(), 20);
    assert_eq!(rig.plane.figures().unauthentic, 20);
}

#[test]
fn the_same_keys_again_change_nothing_and_others_replace_them() {
    let mut rig = Rig::new();
    let mut a = Guarded::new(&mut rig, 0, SrtpSuite::AesCm80, protected(0));
    let mut b = rig.phone(1);
    rig.join(a.phone.leg, 0);
    rig.join(b.leg, 0);
    let mut kept: Vec<Vec<u8>> = Vec::new();
    for n in 0..20 {
        if n == 10 {
            rig.command(keys(a.phone.leg, SrtpSuite::AesCm80, 10));
            for bytes in &kept {
                rig.packet(a.phone.leg, Channel::Rtp, a.phone.address, bytes);
            }
            assert_eq!(rig.heard(b.leg).len(), 10, "the replay window is kept");
        }
        let bytes = a.packet();
        rig.packet(a.phone.leg, Channel::Rtp, a.phone.address, &bytes);
        kept.push(bytes);
        rig.say(&mut b);
        rig.pass(20);
    }
    a.open(&mut rig);
    assert_eq!(rig.heard(a.phone.leg).len(), 20);
    assert_eq!(rig.heard(b.leg).len(), 20);
    assert_eq!(rig.keys_back, 1, "the former box is given back");
    rig.command(keys(a.phone.leg, SrtpSuite::AesGcm128, 50));
    rig.forget();
    rig.say(&mut b);
    a.say(&mut rig);
    assert_eq!(rig.heard(b.leg).len(), 0, "the old key is worth nothing");
    let mut fresh = Receiver::new(&key(SrtpSuite::AesGcm128, 50));
    let mut packet = rig.heard(a.phone.leg)[0].bytes.clone();
    assert!(fresh.unprotect(&mut packet).is_ok());
}

#[test]
fn who_has_the_key_is_the_far_end_and_nobody_else_is_learned() {
    let mut rig = Rig::new();
    let nat = RtpParams {
        remote: Some("10.1.1.1:4000".parse().expect("an address")),
        learn: Learn::From(address(0).ip()),
        ..protected(0)
    };
    let mut a = Guarded::new(&mut rig, 0, SrtpSuite::AesCm80, nat);
    let mut b = rig.phone(1);
    rig.join(a.phone.leg, 0);
    rig.join(b.leg, 0);
    // From the right machine, in the right form, without the key.
    for _ in 0..10 {
        let clear = a.phone.packet();
        rig.packet(a.phone.leg, Channel::Rtp, address(0), &clear);
    }
    assert_eq!(rig.events.len(), 1, "Secured alone: {:?}", rig.events);
    // One packet with the key, from wherever it comes.
    let elsewhere: SocketAddr = "203.0.113.7:9000".parse().expect("an address");
    let bytes = a.packet();
    rig.packet(a.phone.leg, Channel::Rtp, elsewhere, &bytes);
    assert_eq!(rig.heard(b.leg).len(), 1);
    rig.say(&mut b);
    assert_eq!(rig.heard(a.phone.leg)[0].to, elsewhere);
    let learned = MediaEvent::SourceLearned {
        leg: a.phone.leg,
        remote: elsewhere,
    };
    assert!(rig.events.contains(&learned));
    // The window is closed: the key alone moves nobody any more.
    let bytes = a.packet();
    rig.packet(a.phone.leg, Channel::Rtp, address(9), &bytes);
    assert_eq!(rig.heard(b.leg).len(), 1);
}

#[test]
fn reports_share_the_port_and_are_protected() {
    let mut rig = Rig::new();
    let mux = RtpParams {
        rtcp_mux: true,
        remote_rtcp: None,
        ..protected(0)
    };
    let mut a = Guarded::new(&mut rig, 0, SrtpSuite::AesCm80, mux);
    let mut b = rig.phone(1);
    rig.join(a.phone.leg, 0);
    rig.join(b.leg, 0);
    for _ in 0..600 {
        a.say(&mut rig);
        rig.say(&mut b);
        rig.pass(20);
    }
    assert!(!rig.sent.contains_key(&(a.phone.leg, Channel::Rtcp)));
    let is_report = |sent: &&mut Sent| (192..=223).contains(&sent.bytes[1]);
    let sent = rig.sent.get_mut(&(a.phone.leg, Channel::Rtp));
    let mut reports = 0;
    for sent in sent
        .expect("sound and reports")
        .iter_mut()
        .filter(is_report)
    {
        assert_eq!(sent.to, a.phone.address);
        let len = a.receiver.unprotect_rtcp(&mut sent.bytes).expect("ours");
        assert_eq!(&sent.bytes[4..8], &0xc000_0000_u32.to_be_bytes());
        assert!(len > 28, "a report and a name");
        reports += 1;
    }
    assert!(reports >= 2, "in 12 s: {reports}");
    // Theirs are read on the shared port: lost packets of ours are known.
    let mut report = vec![0x81, 201, 0, 7];
    report.extend(a.phone.ssrc.to_be_bytes());
    report.extend(0xc000_0000_u32.to_be_bytes());
    report.extend([0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let len = report.len();
    report.resize(len + OVERHEAD, 0);
    let len = a.sender.protect_rtcp(&mut report, len).expect("new");
    report.truncate(len);
    rig.packet(a.phone.leg, Channel::Rtp, a.phone.address, &report);
    rig.command(MediaCommand::RemoveLeg { leg: a.phone.leg });
    assert!(matches!(
        rig.events.last(),
        Some(MediaEvent::LegRemoved { figures, .. }) if figures.lost_far == 3
    ));
}

#[test]
fn keys_for_nobody_are_given_back_to_be_freed() {
    let mut rig = Rig::new();
    let nobody = MediaLeg {
        slot: 3,
        generation: 9,
    };
    rig.command(keys(nobody, SrtpSuite::AesCm80, 1));
    assert_eq!(rig.keys_back, 1);
    assert_eq!(rig.plane.figures().refused, 1);
    let send = key(SrtpSuite::AesCm80, 1);
    let bare = MediaCommand::SetKeys {
        leg: nobody,
        send,
        receive: send,
    };
    rig.command(PlaneCommand::Plain(bare));
    assert_eq!(rig.plane.figures().refused, 2, "without a box");
}

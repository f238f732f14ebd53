//! DTLS-SRTP over real sockets: the handshake with a far end in either role, then sound both ways.

use std::sync::Arc;
use std::time::Duration;

use dimpl::{Config, Dtls, DtlsCertificate, Output, certificate};
use model::{
    Codec, DtlsRole, Fingerprint, MediaCommand, MediaEvent, Protection, Route, RtpParams,
    SecurityFault, SrtpKey, SrtpSuite,
};
use rtp::srtp::{OVERHEAD, Receiver, Sender};
use sha2::{Digest, Sha256};

use crate::rig::{PATIENCE, Phone, Rig, clock};

/// A far end that does DTLS on the phone's socket.
struct Shaker {
    dtls: Dtls,
    client: bool,
    certificate: Option<Vec<u8>>,
    keys: Option<(Sender, Receiver)>,
}

fn fingerprint(certificate: &DtlsCertificate) -> Fingerprint {
    Fingerprint(Sha256::digest(&certificate.certificate).into())
}

impl Shaker {
    fn new(certificate: DtlsCertificate, client: bool) -> Self {
        let mut dtls = Dtls::new_12(Arc::new(Config::default()), certificate, clock());
        dtls.set_active(client);
        Self {
            dtls,
            client,
            certificate: None,
            keys: None,
        }
    }

    /// Time passes and a datagram may have come; what it has to say goes to the engine.
    fn step(&mut self, phone: &Phone) {
        let mut buffer = [0; 2_000];
        let came = phone.socket.recv_from(&mut buffer).ok();
        self.dtls.handle_timeout(clock()).expect("in time");
        if let Some((len, from)) = came {
            assert_eq!(from, phone.engine);
            if (20..64).contains(&buffer[0]) {
                self.dtls.handle_packet(&buffer[..len]).expect("goes on");
            }
        }
        loop {
            match self.dtls.poll_output(&mut buffer) {
                Output::Packet(bytes) => {
                    let sent = phone.socket.send_to(bytes, phone.engine);
                    sent.expect("loopback takes it");
                }
                Output::PeerCert(der) => self.certificate = Some(der.to_vec()),
                Output::KeyingMaterial(material, _) => {
                    // The first profile that both have: AEAD_AES_256_GCM, 32 and 12 octets.
                    let key = |at: usize| {
                        let key = &material[32 * at..32 * (at + 1)];
                        let salt = &material[64 + 12 * at..64 + 12 * (at + 1)];
                        SrtpKey::new(SrtpSuite::AesGcm256, &[key, salt].concat()).expect("44")
                    };
                    let (ours, theirs) = if self.client { (0, 1) } else { (1, 0) };
                    let keys = (Sender::new(&key(ours)), Receiver::new(&key(theirs)));
                    self.keys = Some(keys);
                }
                Output::Timeout(_) => return,
                _ => {}
            }
        }
    }
}

/// A leg that is to be protected, in the echo test, and the phone at its far end.
fn leg(rig: &mut Rig, role: DtlsRole, named: Fingerprint) -> Phone {
    let phone = rig.local_phone(0);
    let far = phone.socket.local_addr().expect("bound");
    let params = RtpParams {
        remote: Some(far),
        rtcp_mux: true,
        protection: Protection::Srtp,
        ..RtpParams::of(Codec::Pcma)
    };
    let leg = phone.leg;
    rig.send(MediaCommand::SetRtp { leg, params });
    rig.send(MediaCommand::SetRoute {
        leg,
        route: Route::Echo,
    });
    rig.send(MediaCommand::StartDtls {
        leg,
        role,
        fingerprint: named,
    });
    phone
}

fn talk_protected(role: DtlsRole) {
    let mut rig = Rig::new((0, 0), Vec::new());
    let certificate = certificate::generate_self_signed_certificate().expect("made");
    let named = fingerprint(&certificate);
    let mut phone = leg(&mut rig, role, named);
    let mut far = Shaker::new(certificate, role == DtlsRole::Server);
    let deadline = clock() + PATIENCE;
    while far.keys.is_none() {
        assert!(clock() < deadline, "no keys: {:?}", rig.events);
        far.step(&phone);
        rig.listen(clock());
    }
    let shown = Sha256::digest(far.certificate.as_ref().expect("shown"));
    assert_eq!(Fingerprint(shown.into()), rig.engine.fingerprint());
    let (mut sender, mut receiver) = far.keys.take().expect("made above");
    let mut heard = 0;
    while heard < 10 {
        assert!(clock() < deadline, "no echo: {:?}", rig.events);
        let mut packet = phone.packet();
        let clear = packet.clone();
        packet.resize(clear.len() + OVERHEAD, 0);
        let len = sender.protect(&mut packet, clear.len()).expect("new");
        let sent = phone.socket.send_to(&packet[..len], phone.engine);
        sent.expect("loopback takes it");
        // Keys go by the control thread, which knows where the leg is.
        rig.listen(clock());
        // The last flight may be on its way again; the first packets may come before our keys.
        let mut buffer = [0; 2_000];
        while let Ok((len, _)) = phone.socket.recv_from(&mut buffer) {
            if buffer[0] == 0x80 && !(192..=223).contains(&buffer[1]) {
                let len = receiver.unprotect(&mut buffer[..len]).expect("ours");
                assert_eq!(len, clear.len());
                heard += 1;
            }
        }
    }
    rig.wait(|event| (*event == MediaEvent::Secured { leg: phone.leg }).then_some(()));
    assert_eq!(rig.engine.status().handshakes_done, 1);
    let figures = rig.remove(phone.leg);
    assert!(figures.packets_out >= 10);
}

#[test]
fn a_far_end_that_opens_the_handshake_talks_protected() {
    talk_protected(DtlsRole::Server);
}

#[test]
fn a_far_end_that_waits_for_the_handshake_talks_protected() {
    talk_protected(DtlsRole::Client);
}

#[test]
fn another_certificate_than_the_one_named_gets_no_keys() {
    let mut rig = Rig::new((0, 0), Vec::new());
    let certificate = certificate::generate_self_signed_certificate().expect("made");
    let phone = leg(&mut rig, DtlsRole::Server, Fingerprint([7; 32]));
    let mut far = Shaker::new(certificate, true);
    let failed = MediaEvent::SecurityFailed {
        leg: phone.leg,
        fault: SecurityFault::WrongFingerprint,
    };
    let deadline = clock() + PATIENCE;
    while !rig.events.contains(&failed) {
        assert!(clock() < deadline, "no verdict: {:?}", rig.events);
        far.step(&phone);
        rig.listen(clock() + Duration::from_millis(1));
    }
    assert!(!rig.events.contains(&MediaEvent::Secured { leg: phone.leg }));
    assert_eq!(rig.engine.status().handshakes_failed, 1);
}

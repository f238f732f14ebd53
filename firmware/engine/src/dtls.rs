//! DTLS-SRTP (RFC 5763, RFC 5764): handshakes of all legs, on the media helper.
//!
//! The media thread hands over datagrams that come on proven paths, and sends what is answered;
//! out of the handshake come the two keys, if the far end's certificate is the one that its SDP
//! names. A server asks for a cookie first, so that nobody is flooded on behalf of a forged source.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{self, Duration};

use dimpl::{Config, Dtls, DtlsCertificate, KeyingMaterial, Output, SrtpProfile, certificate};
use model::{DtlsRole, Fingerprint, Instant, MediaLeg, SecurityFault, SrtpKey, SrtpSuite, limits};
use sha2::{Digest, Sha256};

use crate::dtls_link::{Flight, Flights};
use crate::link::{self, Waker};

/// First wait for an answer before a flight is repeated; it doubles each time (RFC 6347 §4.2.4.1
/// recommends a second, for networks without telephony; people wait for this one).
const FIRST_RETRY: Duration = Duration::from_millis(200);
/// Repetitions of a flight: 200 ms doubled so often is longer than a handshake may take.
const RETRIES: usize = 6;
/// Datagrams of far ends handled per turn.
const TURN: usize = 64;

/// What became of a handshake.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The keys are there, and the far end is who it should be.
    Keys {
        leg: MediaLeg,
        send: SrtpKey,
        receive: SrtpKey,
    },
    /// There will be none.
    Failed(MediaLeg, SecurityFault),
}

/// One handshake.
struct Handshake {
    dtls: Dtls,
    /// The media thread that the leg is on.
    thread: usize,
    role: DtlsRole,
    /// Where the far end speaks from; `None` until it spoke.
    far: Option<SocketAddr>,
    fingerprint: Fingerprint,
    /// The far end's certificate is the one named.
    verified: bool,
    keys: Option<(SrtpKey, SrtpKey)>,
    /// The keys were handed on; only the far end's repeated last flight is answered.
    done: bool,
    next: Instant,
    deadline: Instant,
}

/// All handshakes, the certificate, and the rings to and from the media threads.
pub(crate) struct Handshakes {
    config: Arc<Config>,
    certificate: DtlsCertificate,
    /// What `dimpl` calls the start of our time.
    origin: time::Instant,
    all: BTreeMap<MediaLeg, Handshake>,
    /// By media thread.
    links: Vec<Flights>,
    buffer: Vec<u8>,
    /// Datagrams of ours that found no room in the ring; their flight is repeated.
    pub(crate) lost: u64,
}

/// Everything that handshakes need: they themselves for the helper, the ends of their rings for each
/// media thread, and the fingerprint of the certificate that this start of the program shows: a
/// self-signed one, known by its fingerprint in our SDP (RFC 5763 §5).
///
/// # Errors
/// The machine has no randomness, or the crypto provider refuses our settings.
pub(crate) fn open(
    now: Instant,
    media: &[Waker],
    helper: &Waker,
) -> io::Result<(Handshakes, Vec<Flights>, Fingerprint)> {
    let slots = limits::DTLS_RING;
    let (mut links, mut ends) = (Vec::new(), Vec::new());
    for thread in media {
        let (flights_in, from_media) = link::ring(slots, 1, helper);
        let (to_media, flights_out) = link::ring(slots, 1, thread);
        links.push((to_media, from_media));
        ends.push((flights_in, flights_out));
    }
    let made = certificate::generate_self_signed_certificate().map_err(io::Error::other)?;
    let fingerprint = fingerprint_of(&made.certificate);
    Ok((Handshakes::new(now, made, links)?, ends, fingerprint))
}

fn fingerprint_of(certificate: &[u8]) -> Fingerprint {
    Fingerprint(Sha256::digest(certificate).into())
}

impl Handshakes {
    fn new(now: Instant, certificate: DtlsCertificate, links: Vec<Flights>) -> io::Result<Self> {
        let config = Config::builder()
            .flight_start_rto(FIRST_RETRY)
            .flight_retries(RETRIES)
            .handshake_timeout(Duration::from_millis(limits::DTLS_MS_MAX))
            .build()
            .map_err(io::Error::other)?;
        Ok(Self {
            config: Arc::new(config),
            certificate,
            origin: origin(now),
            all: BTreeMap::new(),
            links,
            buffer: vec![0; limits::RTP_PACKET_MAX],
            lost: 0,
        })
    }

    /// Begins a handshake; one of the same leg before it is forgotten.
    ///
    /// # Errors
    /// Too many are going on.
    pub(crate) fn start(
        &mut self,
        now: Instant,
        (leg, thread): (MediaLeg, usize),
        role: DtlsRole,
        fingerprint: Fingerprint,
    ) -> Result<(), SecurityFault> {
        self.all.remove(&leg);
        if self.all.len() >= limits::DTLS_HANDSHAKES {
            self.all.retain(|_, handshake| !handshake.done);
        }
        if self.all.len() >= limits::DTLS_HANDSHAKES {
            return Err(SecurityFault::Handshake);
        }
        let at = self.at(now);
        let (config, certificate) = (self.config.clone(), self.certificate.clone());
        // A server takes 1.3 as well as 1.2, for browsers that send the hello of both in several
        // pieces; a client that offered both would stumble over the first stray datagram.
        let dtls = match role {
            DtlsRole::Server => Dtls::new_auto(config, certificate, at),
            DtlsRole::Client => {
                let mut dtls = Dtls::new_12(config, certificate, at);
                dtls.set_active(true);
                dtls
            }
        };
        let handshake = Handshake {
            dtls,
            thread,
            role,
            far: None,
            fingerprint,
            verified: false,
            keys: None,
            done: false,
            next: now,
            deadline: now + Duration::from_millis(limits::DTLS_MS_MAX),
        };
        self.all.insert(leg, handshake);
        Ok(())
    }

    /// A leg is on another media thread from now on.
    pub(crate) fn follow(&mut self, leg: MediaLeg, thread: usize) {
        if let Some(handshake) = self.all.get_mut(&leg) {
            handshake.thread = thread;
        }
    }

    /// When [`Handshakes::turn`] has work of itself.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let all = self.all.values();
        all.map(|handshake| handshake.next.min(handshake.deadline))
            .min()
    }

    /// Handles what came and what is due; whether there may be more at once.
    pub(crate) fn turn(&mut self, now: Instant, verdicts: &mut Vec<Verdict>) -> bool {
        let mut more = false;
        for at in 0..self.links.len() {
            more |= self.hear(now, at, verdicts);
        }
        let due = |handshake: &Handshake| handshake.next.min(handshake.deadline) <= now;
        let legs = self.all.iter().filter(|(_, handshake)| due(handshake));
        let legs: Vec<MediaLeg> = legs.map(|(leg, _)| *leg).collect();
        for leg in legs {
            self.step(now, leg, None, verdicts);
        }
        for (to_media, _) in &mut self.links {
            to_media.flush();
            to_media.wake();
        }
        more
    }

    /// Handles what came to one media thread; whether there may be more.
    fn hear(&mut self, now: Instant, at: usize, verdicts: &mut Vec<Verdict>) -> bool {
        for _ in 0..TURN {
            let next = self.links.get_mut(at).and_then(|(_, from)| from.pop().ok());
            let Some(flight) = next else {
                return false;
            };
            let leg = flight.leg;
            if let Some(handshake) = self.all.get_mut(&leg) {
                handshake.far = flight.far;
                self.step(now, leg, Some(flight.bytes()), verdicts);
            }
        }
        true
    }

    /// One input of one handshake: a datagram, or the time.
    fn step(
        &mut self,
        now: Instant,
        leg: MediaLeg,
        datagram: Option<&[u8]>,
        verdicts: &mut Vec<Verdict>,
    ) {
        let at = self.at(now);
        let Some(handshake) = self.all.get_mut(&leg) else {
            return;
        };
        let over = now >= handshake.deadline;
        let result = handshake
            .dtls
            .handle_timeout(at)
            .and_then(|()| datagram.map_or(Ok(()), |bytes| handshake.dtls.handle_packet(bytes)));
        let mut fault = result.err().map(|error| match error {
            dimpl::Error::Timeout(_) => SecurityFault::Timeout,
            _ => SecurityFault::Handshake,
        });
        if fault.is_none() {
            fault = self.drain(leg).err();
        }
        let Some(handshake) = self.all.get_mut(&leg) else {
            return;
        };
        if let Some((send, receive)) = handshake.keys.filter(|_| handshake.verified)
            && fault.is_none()
        {
            handshake.keys = None;
            handshake.done = true;
            // Kept for the far end's last flight, which is repeated if our last one was lost.
            handshake.deadline = now + Duration::from_millis(limits::DTLS_MS_MAX);
            verdicts.push(Verdict::Keys { leg, send, receive });
            return;
        }
        if over {
            fault = fault.or(Some(SecurityFault::Timeout));
        }
        if let Some(fault) = fault {
            let done = handshake.done;
            self.all.remove(&leg);
            if !done {
                verdicts.push(Verdict::Failed(leg, fault));
            }
        }
    }

    /// Takes everything out that a handshake has to say.
    fn drain(&mut self, leg: MediaLeg) -> Result<(), SecurityFault> {
        let Some(handshake) = self.all.get_mut(&leg) else {
            return Ok(());
        };
        loop {
            match handshake.dtls.poll_output(&mut self.buffer) {
                Output::Packet(bytes) => {
                    let flight = Flight::new(leg, handshake.far, bytes);
                    let link = self.links.get_mut(handshake.thread);
                    let way = flight.zip(link);
                    if way.is_none_or(|(flight, link)| link.0.send(flight).is_err()) {
                        self.lost = self.lost.saturating_add(1);
                    }
                }
                Output::PeerCert(certificate) => {
                    if fingerprint_of(certificate) != handshake.fingerprint {
                        return Err(SecurityFault::WrongFingerprint);
                    }
                    handshake.verified = true;
                }
                Output::KeyingMaterial(material, profile) => {
                    let keys = split(&material, profile, handshake.role);
                    handshake.keys = Some(keys.ok_or(SecurityFault::Handshake)?);
                }
                Output::Timeout(at) => {
                    let since = at.saturating_duration_since(self.origin);
                    handshake.next = Instant::ZERO + since;
                    return Ok(());
                }
                // No datagram of ours is longer than the buffer, for the MTU is below it.
                Output::BufferTooSmall { .. } => return Err(SecurityFault::Handshake),
                _ => {}
            }
        }
    }

    fn at(&self, now: Instant) -> time::Instant {
        self.origin + now.since(Instant::ZERO)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "read once, to translate the engine's clock into what the library counts in"
)]
fn origin(now: Instant) -> time::Instant {
    let real = time::Instant::now();
    real.checked_sub(now.since(Instant::ZERO)).unwrap_or(real)
}

/// The keys for what we send and what we hear: the client's key, the server's, and their salts in
/// the same order (RFC 5764 §4.2).
fn split(
    material: &KeyingMaterial,
    profile: SrtpProfile,
    role: DtlsRole,
) -> Option<(SrtpKey, SrtpKey)> {
    let suite = match profile {
        SrtpProfile::AES128_CM_SHA1_80 => SrtpSuite::AesCm80,
        SrtpProfile::AEAD_AES_128_GCM => SrtpSuite::AesGcm128,
        SrtpProfile::AEAD_AES_256_GCM => SrtpSuite::AesGcm256,
        _ => return None,
    };
    let (keys, salts) = material.split_at_checked(2 * suite.key_len())?;
    let key = |at: usize| {
        let mut octets = [0; SrtpKey::OCTETS_MAX];
        let (key_len, salt_len) = (suite.key_len(), suite.salt_len());
        let whole = octets.get_mut(..key_len + salt_len)?;
        let (key, salt) = whole.split_at_mut_checked(key_len)?;
        key.copy_from_slice(keys.get(at * key_len..(at + 1) * key_len)?);
        salt.copy_from_slice(salts.get(at * salt_len..(at + 1) * salt_len)?);
        SrtpKey::new(suite, whole)
    };
    let (client, server) = (key(0)?, key(1)?);
    match role {
        DtlsRole::Client => Some((client, server)),
        DtlsRole::Server => Some((server, client)),
    }
}

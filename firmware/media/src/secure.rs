//! Protected legs: what comes is sorted and opened before anybody hears it, what goes is sealed
//! after everybody has spoken. All datagrams of the plane pass [`Plane::packet`] and
//! [`Plane::guard`], so that nothing of a protected leg is heard or sent in clear.

use core::time::Duration;
use std::net::SocketAddr;

use model::{Instant, MediaEvent, MediaLeg, Protection, RtpParams, SecurityFault, SrtpKey, limits};
use rtp::packet::is_rtcp;
use rtp::srtp::{Receiver, Sender, SrtpError};
use rtp::stun::{ANSWER_MAX, is_stun};

use crate::output::{Channel, Datagram, Kind, Retired};
use crate::paths::Paths;
use crate::plane::Plane;
use crate::rtp_leg::RtpLeg;
use crate::slot::Slot;

/// Packets of the far end that do not open, one after the other, before the control plane is told
/// that it does not speak as agreed…
const UNOPENED: u32 = 3;
/// …if no good one came for so long: who has shown the key is not doubted because of others, who
/// can forge its address.
const UNOPENED_FOR: Duration = Duration::from_secs(2);

/// The keys of a leg. Built by the media helper, owned by the plane while they are in use, wiped
/// when dropped.
#[derive(Debug)]
pub struct Keys {
    send: SrtpKey,
    receive: SrtpKey,
    sender: Sender,
    receiver: Receiver,
}

impl Keys {
    /// Session keys from the master keys for what we send and what we hear. Called by the media
    /// helper, which may allocate.
    #[must_use]
    pub fn boxed(send: &SrtpKey, receive: &SrtpKey) -> Box<Self> {
        Box::new(Self {
            send: *send,
            receive: *receive,
            sender: Sender::new(send),
            receiver: Receiver::new(receive),
        })
    }

    /// Goes on where `before` was with each key that has not changed: its packets must neither
    /// be numbered nor heard twice (RFC 3711 §9.1).
    fn follow(&mut self, before: &mut Self) {
        if self.send == before.send {
            core::mem::swap(&mut self.sender, &mut before.sender);
        }
        if self.receive == before.receive {
            core::mem::swap(&mut self.receiver, &mut before.receiver);
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // The session keys wipe themselves.
        for key in [&mut self.send, &mut self.receive] {
            let len = key.key().len().saturating_add(key.salt().len());
            let zeros = [0; SrtpKey::OCTETS_MAX];
            let blank = SrtpKey::new(key.suite(), zeros.get(..len).unwrap_or(&[]));
            if let Some(blank) = blank {
                *key = blank;
                core::hint::black_box(key);
            }
        }
    }
}

/// How the packets of one leg are protected.
#[derive(Debug, Default)]
pub(crate) struct Secure {
    protection: Protection,
    /// RTCP shares the RTP port.
    mux: bool,
    keys: Option<Box<Keys>>,
    /// The far end does ICE.
    ice: bool,
    /// Handshakes are let through.
    dtls: bool,
    /// The control plane knows that the leg is protected.
    told: bool,
    /// Packets that did not open since the last good one, and when that or the keys came.
    unopened: u32,
    good_at: Instant,
    complained: bool,
}

impl Secure {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn set(&mut self, now: Instant, params: &RtpParams) {
        if self.protection != params.protection {
            self.told = false;
            self.start(now);
        }
        self.protection = params.protection;
        self.mux = params.rtcp_mux;
    }

    /// The far end has time again to show that it has the key.
    fn start(&mut self, now: Instant) {
        self.unopened = 0;
        self.good_at = now;
        self.complained = false;
    }

    /// Whether each packet is what it is: in clear, on the port of its kind.
    pub(crate) const fn is_plain(&self) -> bool {
        matches!(self.protection, Protection::Clear) && !self.mux && !self.ice && !self.dtls
    }

    /// Whether nothing may be sent for want of keys.
    pub(crate) const fn is_shut(&self) -> bool {
        matches!(self.protection, Protection::Srtp) && self.keys.is_none()
    }

    /// Takes other keys; gives the former back.
    fn take(&mut self, now: Instant, mut keys: Box<Keys>) -> Option<Box<Keys>> {
        let mut before = self.keys.take();
        if let Some(before) = &mut before {
            keys.follow(before);
        }
        self.keys = Some(keys);
        self.start(now);
        before
    }

    /// Takes the protection off a packet, in place.
    fn open(&mut self, channel: Channel, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let keys = self.keys.as_mut().ok_or(SrtpError::Forged)?;
        match channel {
            Channel::Rtp => keys.receiver.unprotect(packet),
            Channel::Rtcp => keys.receiver.unprotect_rtcp(packet),
        }
    }

    /// Protects a packet of `len` octets, in place, as far as the leg is protected.
    fn seal(
        &mut self,
        channel: Channel,
        buffer: &mut [u8],
        len: usize,
    ) -> Result<usize, SrtpError> {
        match (self.protection, &mut self.keys) {
            (Protection::Clear, _) => Ok(len),
            (Protection::Srtp, None) => Err(SrtpError::Clear),
            (Protection::Srtp, Some(keys)) => match channel {
                Channel::Rtp => keys.sender.protect(buffer, len),
                Channel::Rtcp => keys.sender.protect_rtcp(buffer, len),
            },
        }
    }

    /// A packet of the far end did not open; whether the control plane is to be told.
    fn complain(&mut self, now: Instant) -> bool {
        self.unopened = self.unopened.saturating_add(1);
        let serious = self.keys.is_some()
            && self.unopened >= UNOPENED
            && now.since(self.good_at) >= UNOPENED_FOR;
        serious && !core::mem::replace(&mut self.complained, true)
    }
}

/// What a datagram on a shared port is, by its first octet (RFC 7983 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Check,
    Handshake,
    Media(Channel),
    Unknown,
}

impl Sort {
    fn of(secure: &Secure, channel: Channel, datagram: &[u8]) -> Self {
        match datagram.first() {
            _ if is_stun(datagram) => Self::Check,
            Some(20..=63) => Self::Handshake,
            Some(128..=191) if secure.mux && is_rtcp(datagram) => Self::Media(Channel::Rtcp),
            Some(128..=191) => Self::Media(channel),
            _ => Self::Unknown,
        }
    }
}

impl Plane {
    /// A datagram of a leg that is protected, or whose port carries more than sound.
    pub(crate) fn sort(
        &mut self,
        now: Instant,
        leg: MediaLeg,
        channel: Channel,
        from: SocketAddr,
        datagram: &[u8],
    ) {
        let Some(rtp) = self.slots.of(leg).and_then(Slot::rtp_mut) else {
            return;
        };
        match Sort::of(&rtp.secure, channel, datagram) {
            Sort::Check if channel == Channel::Rtp => self.check(now, leg, from, datagram),
            Sort::Handshake if rtp.secure.dtls && channel == Channel::Rtp => {
                if rtp.source.may_shake(from) {
                    let way = (leg, channel);
                    self.out.queue(Kind::Handshake, way, from, &[datagram]);
                } else {
                    count_refused(rtp, from);
                }
            }
            Sort::Media(kind) if rtp.secure.protection == Protection::Srtp => {
                self.open(now, leg, kind, from, datagram);
            }
            Sort::Media(kind) => self.hear(now, leg, kind, from, datagram),
            Sort::Check | Sort::Handshake | Sort::Unknown => count_refused(rtp, from),
        }
    }

    /// Opens a packet and lets it be heard.
    fn open(
        &mut self,
        now: Instant,
        leg: MediaLeg,
        channel: Channel,
        from: SocketAddr,
        datagram: &[u8],
    ) {
        let Some(rtp) = self.slots.of(leg).and_then(Slot::rtp_mut) else {
            return;
        };
        let mut buffer = [0; limits::RTP_PACKET_MAX];
        let Some(packet) = buffer.get_mut(..datagram.len()) else {
            return count_refused(rtp, from);
        };
        packet.copy_from_slice(datagram);
        match rtp.secure.open(channel, packet) {
            Ok(len) => {
                rtp.secure.unopened = 0;
                rtp.secure.good_at = now;
                if let Some(paths) = &mut rtp.source.paths {
                    paths.heard(now);
                }
                let clear = buffer.get(..len).unwrap_or(&[]);
                self.hear(now, leg, channel, from, clear);
            }
            Err(_) => {
                count_refused(rtp, from);
                self.figures.unauthentic = self.figures.unauthentic.saturating_add(1);
                if rtp.source.knows(from) && rtp.secure.complain(now) {
                    let fault = SecurityFault::Clear;
                    self.out.event(MediaEvent::SecurityFailed { leg, fault });
                }
            }
        }
    }

    /// Answers a connectivity check that is signed with the leg's password.
    fn check(&mut self, now: Instant, leg: MediaLeg, from: SocketAddr, datagram: &[u8]) {
        let Some(rtp) = self.slots.of(leg).and_then(Slot::rtp_mut) else {
            return;
        };
        let mut out = [0; ANSWER_MAX];
        let paths = rtp.source.paths.as_mut();
        let Some(answer) = paths.and_then(|paths| paths.check(now, from, datagram, &mut out))
        else {
            self.figures.checks_refused = self.figures.checks_refused.saturating_add(1);
            return count_refused(rtp, from);
        };
        let bytes = out.get(..answer.len).unwrap_or(&[]);
        let way = (leg, Channel::Rtp);
        self.out.queue(Kind::Setup, way, from, &[bytes]);
        self.watch(leg.slot);
        if answer.moved {
            let remote = from;
            self.out.event(MediaEvent::SourceLearned { leg, remote });
            self.retime(now);
        }
    }

    /// Sends our part of a DTLS handshake: to `to`, or to where the far end is if that is not
    /// known yet. Dropped if a handshake with that address is not to be had.
    pub fn send_handshake(&mut self, leg: MediaLeg, to: Option<SocketAddr>, bytes: &[u8]) {
        let Some(rtp) = self.slots.of(leg).and_then(Slot::rtp_mut) else {
            return;
        };
        let to = to.or_else(|| rtp.source.far_end());
        let to = to.filter(|&to| rtp.secure.dtls && rtp.source.may_shake(to));
        if let Some(to) = to {
            let way = (leg, Channel::Rtp);
            self.out.queue(Kind::Setup, way, to, &[bytes]);
        }
    }

    /// Keys for a leg came; those before them go to be freed.
    pub(crate) fn set_keys(&mut self, now: Instant, leg: MediaLeg, keys: Box<Keys>) {
        let Some(rtp) = self.slots.of(leg).and_then(Slot::rtp_mut) else {
            self.out.retire(Retired::Keys(keys));
            return self.refused();
        };
        let before = rtp.secure.take(now, keys);
        rtp.source.shut(rtp.secure.is_shut());
        rtp.secure.told = false;
        if let Some(before) = before {
            self.out.retire(Retired::Keys(before));
        }
        self.tell_secured(leg);
        self.retime(now);
    }

    /// Tells the control plane once when both protection and keys are there.
    pub(crate) fn tell_secured(&mut self, leg: MediaLeg) {
        let Some(rtp) = self.slots.of(leg).and_then(Slot::rtp_mut) else {
            return;
        };
        let secure = &mut rtp.secure;
        let secured = secure.protection == Protection::Srtp && secure.keys.is_some();
        if secured && !core::mem::replace(&mut secure.told, true) {
            self.out.event(MediaEvent::Secured { leg });
        }
    }

    pub(crate) fn set_ice(&mut self, now: Instant, leg: MediaLeg, mut paths: Box<Paths>) {
        let Some(rtp) = self.slots.of(leg).and_then(Slot::rtp_mut) else {
            self.out.retire(Retired::Paths(paths));
            return self.refused();
        };
        rtp.secure.ice = true;
        if let Some(before) = rtp.source.paths.take() {
            paths.follow(&before);
            self.out.retire(Retired::Paths(before));
        }
        paths.begin(now);
        if let Some(rtp) = self.slots.of(leg).and_then(Slot::rtp_mut) {
            rtp.source.paths = Some(paths);
        }
        self.retime(now);
    }

    /// Handshakes of this leg are let through from now on.
    pub(crate) fn expect_handshake(&mut self, leg: MediaLeg) {
        match self.slots.of(leg).and_then(Slot::rtp_mut) {
            Some(rtp) => rtp.secure.dtls = true,
            None => self.refused(),
        }
    }

    /// The last gate before the driver: protects what is to be protected; `None` if the datagram
    /// must not leave.
    pub(crate) fn guard(&mut self, datagram: Datagram) -> Option<Datagram> {
        if datagram.kind != Kind::Media {
            return Some(datagram);
        }
        let living = self.slots.of(datagram.leg).and_then(Slot::rtp_mut);
        let sealed = if let Some(rtp) = living {
            seal(&mut rtp.secure, datagram, self.out.bytes_of(&datagram))
        } else {
            // The leg ended with the very input that made this: its goodbye.
            self.out.seal_of_retired(datagram)
        };
        if sealed.is_none() {
            self.figures.unprotected = self.figures.unprotected.saturating_add(1);
        }
        sealed
    }
}

/// The datagram as it may leave; `None` if it must not.
pub(crate) fn seal(secure: &mut Secure, datagram: Datagram, bytes: &mut [u8]) -> Option<Datagram> {
    let len = secure.seal(datagram.channel, bytes, datagram.len).ok()?;
    let channel = if secure.mux {
        Channel::Rtp
    } else {
        datagram.channel
    };
    Some(Datagram {
        len,
        channel,
        ..datagram
    })
}

fn count_refused(rtp: &mut RtpLeg, from: SocketAddr) {
    let known = rtp.source.knows(from);
    rtp.refuse::<()>(known);
}

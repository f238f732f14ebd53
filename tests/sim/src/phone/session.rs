//! What the phone and the exchange agree on in a call: codecs, numbers of payloads, and how a phone
//! comes to other ones while somebody talks.

use core::time::Duration;
use std::net::SocketAddr;

use model::{Codec, Instant, Random};

use super::sdp::{self, Heard, OPUS_TYPE, Types};
use super::shield::{Said, Shield};
use super::{Call, Manner, Notice, Phone, Stage};

/// What was agreed on before may still be on its way for so long.
pub(super) const ON_ITS_WAY: Duration = Duration::from_secs(2);
/// Numbers of telephone events that the phones use, and no codec of theirs.
pub(crate) const EVENT_TYPES: [u8; 4] = [101, 96, 110, 127];

/// The phone's side of a session.
#[derive(Clone, Debug)]
pub(super) struct Session {
    version: u32,
    /// What it offers, best first.
    codecs: Vec<Codec>,
    /// Its number of telephone events.
    events: u8,
    /// Payload types that were agreed on, those before them, and since when.
    types: Vec<u8>,
    before: Vec<u8>,
    since: Instant,
    /// Payload types of an offer that nobody has answered.
    offered: Vec<u8>,
    /// When an offer that crossed one of the exchange is made again.
    pub(super) again: Instant,
    /// Its keys.
    shield: Shield,
}

impl Session {
    /// Nothing agreed on.
    pub(super) fn new(manner: &Manner, random: &mut Random) -> Self {
        Self {
            version: 0,
            codecs: manner.codecs.clone(),
            events: EVENT_TYPES[0],
            types: Vec::new(),
            before: Vec::new(),
            since: Instant::ZERO,
            offered: Vec::new(),
            again: Instant::FAR,
            shield: Shield::new(manner.srtp, random),
        }
    }

    /// Keys come with the description that answers our offer, or there are none.
    pub(super) fn hears_answer(&mut self, now: Instant, heard: Option<&Heard>) {
        let nothing = Said::default();
        self.shield
            .answered(now, heard.map_or(&nothing, |heard| &heard.said));
    }

    fn agree(&mut self, now: Instant, types: Vec<u8>) {
        self.offered.clear();
        if types != self.types {
            self.before = core::mem::replace(&mut self.types, types);
            self.since = now;
        }
    }

    /// Our offer.
    fn offer(&mut self, media: SocketAddr, direction: &str) -> String {
        self.version += 1;
        self.again = Instant::FAR;
        let types = Types {
            codecs: self.codecs.clone(),
            opus: OPUS_TYPE,
            events: Some(self.events),
        };
        self.offered = types.numbers().collect();
        let said = self.shield.offers();
        self.write(media, &types, (direction, said))
    }

    /// Our answer to an offer of which we take this.
    pub(super) fn answer(
        &mut self,
        now: Instant,
        media: SocketAddr,
        heard: &Heard,
        direction: &str,
    ) -> String {
        self.version += 1;
        let types = Types {
            codecs: vec![heard.codec],
            opus: heard.opus,
            events: heard.events,
        };
        self.agree(now, types.numbers().collect());
        let said = self.shield.answers(now, &heard.said);
        self.write(media, &types, (direction, said))
    }

    fn write(&self, media: SocketAddr, types: &Types, (direction, said): (&str, Said)) -> String {
        sdp::write(media, self.version, types, (direction, &said))
    }
}

impl Call {
    /// What our next offer says of the direction.
    pub(super) const fn direction(&self) -> &'static str {
        if self.holding { "sendonly" } else { "sendrecv" }
    }

    /// Our next offer.
    pub(super) fn offer(&mut self, media: SocketAddr, direction: &str) -> String {
        self.session.offer(media, direction)
    }

    /// Our answer to their offer, or our offer if they made none.
    pub(super) fn answer(&mut self, now: Instant, media: SocketAddr, direction: &str) -> String {
        match &self.heard {
            Some(heard) => self.session.answer(now, media, heard, direction),
            None => self.session.offer(media, direction),
        }
    }

    /// Our offer was taken, or not.
    pub(super) fn offer_over(&mut self, now: Instant, taken: bool) {
        let offered = core::mem::take(&mut self.session.offered);
        if taken && !offered.is_empty() {
            self.session.agree(now, offered);
        }
    }
}

impl Phone {
    /// The call, if an offer may be made in it: one at a time, and none before the ACK of an answer
    /// (RFC 3261 §14.1).
    pub(super) fn free_to_offer(&mut self) -> Option<&mut Call> {
        let busy = self.clients.iter().any(super::Client::is_invite);
        let free = |call: &&mut Call| call.stage == Stage::Up && call.unacked.is_none() && !busy;
        self.call.as_mut().filter(free)
    }

    /// The phone wants to speak otherwise from now on: another codec, other codecs first, another number
    /// of telephone events.
    pub(crate) fn change(&mut self, now: Instant) {
        let mut codecs = self.manner.codecs.clone();
        let mut fresh = Vec::new();
        let most = 1 + self.random.below(codecs.len() as u32);
        for _ in 0..most {
            let at = self.random.below(codecs.len() as u32) as usize;
            fresh.push(codecs.remove(at));
        }
        let events = EVENT_TYPES[self.random.below(EVENT_TYPES.len() as u32) as usize];
        if let Some(call) = self.free_to_offer() {
            (call.session.codecs, call.session.events) = (fresh, events);
            let direction = call.direction();
            self.send_invite(now, direction);
        }
    }

    /// Our offer crossed one of theirs: another try, at another time than theirs (RFC 3261 §14.1).
    pub(super) fn crossed(&mut self, now: Instant) {
        let ms = u64::from(self.random.below(2_000));
        if let Some(call) = &mut self.call {
            let owner = if call.outgoing { 2_100 } else { 0 };
            call.offer_over(now, false);
            call.session.again = now + Duration::from_millis(owner + ms);
        }
        self.notices.push_back(Notice::Changed(false));
    }

    /// Makes an offer again that crossed one of theirs.
    pub(super) fn offer_again(&mut self, now: Instant) {
        let due = |call: &Call| call.session.again <= now;
        if !self.call.as_ref().is_some_and(due) {
            return;
        }
        if let Some(call) = self.free_to_offer() {
            let direction = call.direction();
            self.send_invite(now, direction);
        } else if let Some(call) = &mut self.call {
            call.session.again = now + Duration::from_millis(500);
        }
    }

    /// The phone wants another key from now on.
    pub(crate) fn draw_key(&mut self, now: Instant) {
        let mut random = self.random.clone();
        if let Some(call) = self.free_to_offer() {
            call.session.shield.draw(&mut random);
            let direction = call.direction();
            self.random = random;
            self.send_invite(now, direction);
        }
    }

    /// Protects a packet of the call, if that was agreed on; gives what goes to the exchange then.
    pub(crate) fn seal(&mut self, packet: Vec<u8>) -> Vec<Vec<u8>> {
        match &mut self.call {
            Some(call) => call.session.shield.seal(packet),
            None => vec![packet],
        }
    }

    /// Takes the protection off a packet that came; an error if it is not as it was agreed on.
    pub(crate) fn open(
        &mut self,
        now: Instant,
        packet: &[u8],
    ) -> Result<Option<Vec<u8>>, &'static str> {
        match &mut self.call {
            Some(call) => {
                let asked = !call.session.offered.is_empty();
                call.session.shield.open(now, packet, asked)
            }
            None => Ok(None),
        }
    }

    /// Whether a packet with this payload type is one that the phone has to expect.
    pub(crate) fn expects(&self, now: Instant, payload_type: u8) -> bool {
        let Some(call) = &self.call else { return true };
        let session = &call.session;
        let late = now.since(session.since) <= ON_ITS_WAY;
        session.types.contains(&payload_type)
            || session.offered.contains(&payload_type)
            || late && session.before.contains(&payload_type)
    }
}

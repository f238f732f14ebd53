//! Giving a block to a leg: announcements and digits come over it, then it goes into a packet or to
//! the port.

use std::net::SocketAddr;

use dsp::codec::PAYLOAD_MAX;
use dsp::dtmf::DtmfSender;
use model::{Instant, MediaEvent, MediaLeg};

use crate::RtpLeg;
use crate::block::{Block, Rate};
use crate::clip::Clips;
use crate::keying::{Manner as Keyed, Step};
use crate::outgoing::HEADER;
use crate::output::{Channel, Outbox};
use crate::sending::Manner;
use crate::slot::{Leg, Slot, Slots};

/// Levels of the row and column tones of a digit that we play (ES 201 235-2).
const DIGIT_LOW_DBM0: i8 = -11;
/// See [`DIGIT_LOW_DBM0`].
const DIGIT_HIGH_DBM0: i8 = -9;

/// What a tick works on besides the bridge.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    pub(crate) now: Instant,
    /// Counts the ticks that ran: legs take turns by it.
    pub(crate) tick: u64,
    pub(crate) slots: &'a mut Slots,
    pub(crate) clips: &'a mut Clips,
    pub(crate) out: &'a mut Outbox,
    /// Slots whose path is to be chosen anew after the tick.
    pub(crate) over: &'a mut Vec<u16>,
}

impl Stage<'_> {
    /// Gives a block to the leg in `at`; `sounds` says that it is sound, not the want of it.
    pub(crate) fn deliver(&mut self, at: u16, block: &Block, sounds: bool) {
        let Some(slot) = self.slots.at(at) else {
            return;
        };
        let name = MediaLeg {
            slot: at,
            generation: slot.generation,
        };
        let rate = slot.rate();
        let Slot {
            leg: Some(leg),
            digit,
            ..
        } = slot
        else {
            return;
        };
        if let Leg::Rtp(leg) = leg
            && (sounds && digit.is_none() && block.rate() == rate)
            && hears_as_it_is(leg)
        {
            leg.ear.seam.follow(block.last());
            return say((self.now, self.tick), (name, leg), block, self.out);
        }
        let (mut block, mut sounds) = (*block, sounds);
        let channel = (name, Channel::Rtp);
        match key_step(leg, digit, self.now) {
            Key::None => {}
            Key::Quiet => return,
            Key::Packet(to, head, payload) => {
                self.out.transmit(channel, to, &[&head, &payload]);
                return;
            }
            Key::Sound => {
                block = Block::silence(Rate::Narrow);
                if let Some(tone) = digit {
                    tone.fill(block.samples_mut());
                }
                sounds = true;
            }
        }
        let ear = match leg {
            Leg::Rtp(leg) => &mut leg.ear,
            Leg::Port(leg) => &mut leg.ear,
        };
        let mut hears = ear.fit(&block, rate);
        let saying = ear.saying.as_mut();
        let over = saying.and_then(|player| self.clips.play(player, rate));
        sounds |= over.is_some();
        if over.is_none()
            && let Some(player) = ear.saying.take()
        {
            let clip = player.clip;
            self.out.event(MediaEvent::ClipEnded { leg: name, clip });
            self.over.push(at);
        }
        let samples = hears.samples_mut();
        ear.overlay(over.as_ref().map(Block::samples), samples);
        ear.seam.join(samples);
        match leg {
            Leg::Port(leg) => leg.hear(hears.samples()),
            Leg::Rtp(leg) if sounds => say((self.now, self.tick), (name, leg), &hears, self.out),
            Leg::Rtp(leg) => leg.sending.drop_rest(),
        }
    }
}

/// Puts a block into the leg's packet, and sends that when it is full.
fn say(
    (now, tick): (Instant, u64),
    (name, leg): (MediaLeg, &mut RtpLeg),
    block: &Block,
    out: &mut Outbox,
) {
    if let Some(made) = leg.pause(now, block.samples()) {
        if let Some((to, head, description)) = made {
            out.transmit((name, Channel::Rtp), to, &[&head, &description]);
        }
        return;
    }
    if !leg.say(now, tick, name.slot, block.samples()) {
        return;
    }
    let mut octets = [0; PAYLOAD_MAX];
    if let Some((to, head, length)) = leg.finish(now, &mut octets) {
        let octets = octets.get(..length).unwrap_or(&[]);
        out.transmit((name, Channel::Rtp), to, &[&head, octets]);
    }
}

/// What a digit makes of this tick.
enum Key {
    /// There is none.
    None,
    /// Nothing is heard or sent.
    Quiet,
    /// An event is sent.
    Packet(SocketAddr, [u8; HEADER], [u8; 4]),
    /// It sounds.
    Sound,
}

fn key_step(leg: &mut Leg, digit: &mut Option<DtmfSender>, now: Instant) -> Key {
    let keyed = match leg {
        Leg::Rtp(leg) => leg.keyed(),
        Leg::Port(_) => Keyed::InBand,
    };
    match leg.keying().tick(keyed) {
        Step::Nothing => {
            *digit = None;
            return Key::None;
        }
        Step::Quiet => return Key::Quiet,
        Step::Event {
            payload,
            first,
            after,
        } => {
            let made = match leg {
                Leg::Rtp(leg) => leg.key_packet(now, first, after, &payload),
                Leg::Port(_) => None,
            };
            return made.map_or(Key::Quiet, |(to, head)| Key::Packet(to, head, payload));
        }
        Step::StartTone(key, ms) => {
            *digit = Some(DtmfSender::new(key, ms, DIGIT_LOW_DBM0, DIGIT_HIGH_DBM0));
        }
        Step::Tone => {}
    }
    Key::Sound
}

/// Whether a leg may be sent what others are sent in this tick; the rest has something of its own.
pub(crate) fn is_plain(slot: &mut Slot) -> bool {
    slot.rtp()
        .is_some_and(|leg| leg.can_send() && !leg.saves_silence() && hears_as_it_is(leg))
}

/// Whether nothing has to be done to what a leg hears, as is nearly always the case.
fn hears_as_it_is(leg: &RtpLeg) -> bool {
    leg.keying.is_idle() && leg.ear.is_plain()
}

/// Whether a leg that encodes for itself can change to a shared stream in this tick: its encoder
/// has settled and a packet is just beginning.
pub(crate) fn may_join(slot: &Slot, at: u16, tick: u64) -> Option<Manner> {
    let manner = slot.manner(at)?;
    let leg = slot.rtp()?;
    let settled = leg.ear.same >= leg.sending.settling_ticks();
    (settled && leg.sending.is_empty() && manner.begins(tick)).then_some(manner)
}

//! One tick: every leg that is mixed, hears a tone or digits, or is a port gets 10 ms of sound.

use core::time::Duration;

use dsp::dtmf::DtmfSender;
use dsp::{TICK_SAMPLES, mix};
use model::{BridgeId, Instant, MediaLeg};

use crate::keying::{Manner, Step};
use crate::output::Channel;
use crate::plane::{Plane, TICK};
use crate::slot::{Leg, Path, Slot};

/// One block of sound.
type Block = [i16; TICK_SAMPLES];
/// Levels of the row and column tones of a digit that we play (ES 201 235-2).
const DIGIT_LOW_DBM0: i8 = -11;
/// See [`DIGIT_LOW_DBM0`].
const DIGIT_HIGH_DBM0: i8 = -9;
/// Sound that was missed is thrown away up to this many ticks; beyond it the buffers have dropped
/// it themselves.
const DISCARD_TICKS_MAX: u64 = 50;

impl Plane {
    /// Runs the tick that is due. A driver that comes too late gets one tick, never a burst: the
    /// missed ones are counted, their sound is thrown away, and timestamps go on with time.
    pub(crate) fn tick(&mut self, now: Instant) {
        let Some(due) = self.next_tick else {
            return;
        };
        let period = u64::try_from(TICK.as_nanos()).unwrap_or(u64::MAX);
        let late_ns = now.as_nanos().saturating_sub(due.as_nanos());
        let missed = late_ns.checked_div(period).unwrap_or(0);
        let nominal =
            Instant::from_nanos(due.as_nanos().saturating_add(missed.saturating_mul(period)));
        self.figures.ticks_missed = self.figures.ticks_missed.saturating_add(missed);
        self.figures.ticks = self.figures.ticks.saturating_add(1);
        for index in 0..self.bridges.used() {
            let id = BridgeId(u16::try_from(index).unwrap_or(u16::MAX));
            self.mix(nominal, id, missed.min(DISCARD_TICKS_MAX));
        }
        let mut needed = false;
        for at in 0..self.slots.used().len() {
            let at = u16::try_from(at).unwrap_or(u16::MAX);
            if self.slots.see(at).is_some_and(Slot::needs_tick) {
                self.make(nominal, at);
                needed |= self.slots.see(at).is_some_and(Slot::needs_tick);
            }
        }
        self.next_tick = needed.then(|| nominal.plus(TICK));
    }

    /// The sound of one bridge.
    fn mix(&mut self, now: Instant, id: BridgeId, missed: u64) {
        let mixing = self
            .bridges
            .members(id)
            .first()
            .and_then(|&at| self.slots.see(at))
            .is_some_and(|slot| slot.path == Path::Mix(id));
        if !mixing {
            return;
        }
        let mut sum = [0_i32; TICK_SAMPLES];
        let members = self.bridges.members(id);
        for (&at, said) in members.iter().zip(&mut self.said) {
            *said = [0; TICK_SAMPLES];
            match self.slots.at(at).and_then(|slot| slot.leg.as_mut()) {
                Some(Leg::Rtp(leg))
                    if leg.is_heard() && leg.listening.rate_hz() == dsp::RATE_HZ =>
                {
                    for left in (1..=missed).rev() {
                        let behind = TICK.saturating_mul(u32::try_from(left).unwrap_or(0));
                        leg.listening.pull(before(now, behind), said);
                    }
                    leg.listening.pull(now, said);
                }
                Some(Leg::Port(leg)) => *said = leg.said,
                Some(Leg::Rtp(_)) | None => {}
            }
            mix::add(&mut sum, said);
        }
        let mut index = 0_usize;
        loop {
            let member = self.bridges.members(id).get(index).copied();
            let Some((at, said)) = member.zip(self.said.get(index)) else {
                break;
            };
            let mut hears = [0; TICK_SAMPLES];
            mix::minus_own(&sum, said, &mut hears);
            self.deliver(now, at, &mut hears);
            index = index.saturating_add(1);
        }
    }

    /// The sound of one leg that is not mixed.
    fn make(&mut self, now: Instant, at: u16) {
        let Some(slot) = self.slots.at(at) else {
            return;
        };
        let mut hears = [0; TICK_SAMPLES];
        match slot.path {
            Path::Mix(_) => return,
            Path::Silent | Path::Relay(_) => {}
            Path::Tone => {
                if let Some(tone) = &mut slot.tone {
                    tone.fill(&mut hears);
                }
            }
            Path::Echo => {
                if let Some(port) = slot.port_mut() {
                    hears = port.said;
                }
            }
        }
        self.deliver(now, at, &mut hears);
    }

    /// Gives a block to a leg; a digit being sent takes its place.
    fn deliver(&mut self, now: Instant, at: u16, hears: &mut Block) {
        let Some(slot) = self.slots.at(at) else {
            return;
        };
        let name = MediaLeg {
            slot: at,
            generation: slot.generation,
        };
        let Slot {
            leg: Some(leg),
            digit,
            path,
            ..
        } = slot
        else {
            return;
        };
        let manner = match leg {
            Leg::Rtp(leg) => leg.manner(),
            Leg::Port(_) => Manner::InBand,
        };
        let mut sounds = matches!(path, Path::Tone | Path::Mix(_));
        match leg.keying().tick(manner) {
            Step::Nothing => *digit = None,
            Step::Quiet => return,
            Step::Event { payload, first } => {
                if let Leg::Rtp(leg) = leg
                    && let Some((to, head)) = leg.key_packet(now, first, &payload)
                {
                    self.out.transmit((name, Channel::Rtp), to, &head, &payload);
                }
                return;
            }
            Step::StartTone(key, ms) => {
                *digit = Some(DtmfSender::new(key, ms, DIGIT_LOW_DBM0, DIGIT_HIGH_DBM0));
                fill_digit(digit, hears);
                if let (Leg::Rtp(leg), false) = (&mut *leg, sounds) {
                    leg.new_content();
                }
                sounds = true;
            }
            Step::Tone => {
                fill_digit(digit, hears);
                sounds = true;
            }
        }
        match leg {
            Leg::Port(leg) => leg.hears = *hears,
            Leg::Rtp(leg) if sounds => {
                let stagger = self.figures.ticks.saturating_add(u64::from(at));
                if let Some(made) = leg.say(now, stagger, hears) {
                    self.out
                        .transmit((name, Channel::Rtp), made.to, &made.head, made.payload);
                }
            }
            Leg::Rtp(_) => {}
        }
    }
}

/// The moment `by` before `now`.
fn before(now: Instant, by: Duration) -> Instant {
    let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
    Instant::from_nanos(now.as_nanos().saturating_sub(by))
}

fn fill_digit(digit: &mut Option<DtmfSender>, hears: &mut Block) {
    match digit {
        Some(tone) => tone.fill(hears),
        None => *hears = [0; TICK_SAMPLES],
    }
}

//! One tick: every leg that is mixed, hears a tone, a clip or digits, or is a port gets 10 ms of
//! sound.

use dsp::mix::Limiter;
use model::{BridgeId, Instant, MediaEvent, MediaLeg};

use crate::block::{Block, Rate};
use crate::mixer::{self, Made, share::Common};
use crate::plane::{Plane, TICK};
use crate::slot::{Path, Slot};
use crate::stage::Stage;

/// Sound that was missed is thrown away up to this many ticks; beyond it the buffers have dropped
/// it themselves.
const DISCARD_TICKS_MAX: u64 = 50;

/// The plane's parts that a stage works on.
macro_rules! stage {
    ($plane:expr, $now:expr) => {
        Stage {
            now: $now,
            tick: $plane.beat,
            slots: &mut $plane.slots,
            clips: &mut $plane.clips,
            out: &mut $plane.out,
            over: &mut $plane.over,
        }
    };
}

/// The tick in ns.
const PERIOD: u64 = 10_000_000;
const _: () = assert!(PERIOD as u128 == TICK.as_nanos());

impl Plane {
    /// When the next tick is run: in its time, or with the one after it if it waits for that.
    pub(crate) fn tick_due(&self) -> Option<Instant> {
        let tick = self.next_tick?;
        Some(if self.next_waits() {
            tick.plus(TICK)
        } else {
            tick
        })
    }

    /// Whether no packet can end in the next tick, so that it waits for the one after it
    /// ([`Manner::of`](crate::sending::Manner::of) lets packets end in even ones).
    const fn next_waits(&self) -> bool {
        self.paired && self.beat.is_multiple_of(2)
    }

    /// Whether the time of a tick is over that waits for the one after it, and which any command
    /// runs first: the driver then hands over what it has for that before it gives the command.
    #[must_use]
    pub fn is_behind(&self, now: Instant) -> bool {
        self.next_waits() && self.next_tick.is_some_and(|tick| tick < now)
    }

    /// Runs the tick that waits, if its time is over: what is changed now is none of its business.
    pub(crate) fn catch_up(&mut self, now: Instant) {
        if let Some(tick) = self.next_tick.filter(|_| self.is_behind(now)) {
            self.tick_once(tick);
        }
    }

    /// Runs the tick that is due, after the one that waited for it.
    pub(crate) fn tick(&mut self, now: Instant) {
        if self.next_waits() {
            let before = now.as_nanos().saturating_sub(PERIOD);
            self.tick_once(Instant::from_nanos(before));
        }
        self.tick_once(now);
    }

    /// Runs one tick. A driver that comes too late gets one, never a burst: the missed ones are
    /// counted, their sound is thrown away, and timestamps go on with time.
    fn tick_once(&mut self, now: Instant) {
        let Some(due) = self.next_tick else {
            return;
        };
        let late_ns = now.as_nanos().saturating_sub(due.as_nanos());
        let missed = late_ns / PERIOD;
        let nominal =
            Instant::from_nanos(due.as_nanos().saturating_add(missed.saturating_mul(PERIOD)));
        self.figures.ticks_missed = self.figures.ticks_missed.saturating_add(missed);
        self.figures.ticks = self.figures.ticks.saturating_add(1);
        self.beat = self.beat.wrapping_add(1);
        for index in 0..self.bridges.used() {
            let id = BridgeId(u16::try_from(index).unwrap_or(u16::MAX));
            self.mix(nominal, id, missed.min(DISCARD_TICKS_MAX));
        }
        let (mut needed, mut paired, mut repaced) = (false, true, false);
        let mut index = 0;
        while let Some(at) = self.slots.nth(index) {
            index = index.saturating_add(1);
            if self.slots.see(at).is_some_and(Slot::listens_in) {
                self.tell_inband(nominal, at);
            }
            if self.slots.see(at).is_some_and(Slot::needs_tick) {
                self.make(nominal, at);
                if let Some(slot) = self.slots.see(at) {
                    needed |= slot.needs_tick();
                    paired &= slot.can_wait();
                    repaced |= slot.wanted_pace() != slot.pace;
                }
            }
        }
        self.next_tick = needed.then(|| nominal.plus(TICK));
        self.paired = needed && paired;
        self.ticked = Some(nominal);
        // What an announcement or an exception kept from being relayed may be relayed again.
        while let Some(at) = self.over.pop() {
            self.rewire_of(nominal, at);
            repaced = true;
        }
        if repaced {
            self.pace(true);
        }
    }

    /// The sound of one bridge.
    fn mix(&mut self, now: Instant, id: BridgeId, missed: u64) {
        let first = self.bridges.members(id).first();
        let slot = first.and_then(|&at| self.slots.see(at));
        if slot.is_none_or(|slot| slot.path != Path::Mix(id)) {
            return;
        }
        let Some(bridge) = self.bridges.at(id) else {
            return;
        };
        let mut stage = stage!(self, now);
        mixer::run(
            &mut stage,
            bridge,
            &mut self.hearing,
            &mut self.work,
            missed,
        );
    }

    /// The sound of one leg that is not mixed.
    fn make(&mut self, now: Instant, at: u16) {
        let Some(slot) = self.slots.at(at) else {
            return;
        };
        let mut block = Block::silence(Rate::Narrow);
        let mut sounds = true;
        match slot.path {
            Path::Mix(_) => return,
            Path::Music(place) => return self.play_music(now, at, place),
            Path::Silent | Path::Relay(_) => sounds = false,
            Path::Tone => {
                if let Some(tone) = &mut slot.tone {
                    tone.fill(block.samples_mut());
                }
            }
            Path::Echo => {
                sounds = false;
                if let Some(port) = slot.port_mut() {
                    block = Block::of(Rate::Narrow, &port.said);
                }
            }
            Path::Prompt => {
                let rate = slot.rate();
                let player = slot.prompt.as_mut();
                match player.and_then(|player| self.clips.play(player, rate)) {
                    Some(next) => block = next,
                    None => {
                        self.prompt_is_over(at);
                        sounds = false;
                    }
                }
            }
        }
        stage!(self, now).deliver(at, &block, sounds);
    }

    fn prompt_is_over(&mut self, at: u16) {
        let Some(slot) = self.slots.at(at) else {
            return;
        };
        slot.path = Path::Silent;
        let leg = MediaLeg {
            slot: at,
            generation: slot.generation,
        };
        if let Some(ear) = slot.ear() {
            ear.turn();
        }
        if let Some(player) = slot.prompt.take() {
            let clip = player.clip;
            self.out.event(MediaEvent::ClipEnded { leg, clip });
        }
    }

    /// Music for all who hear it, when the first of them, in `first`, has its turn.
    fn play_music(&mut self, now: Instant, first: u16, place: u16) {
        let hears = |slot: &Slot| slot.path == Path::Music(place) && slot.needs_tick();
        let before = |&(at, _): &(u16, &Slot)| at < first;
        if self
            .slots
            .used()
            .take_while(before)
            .any(|(_, slot)| hears(slot))
        {
            return;
        }
        let Some(clip) = self.clips.at(place) else {
            return;
        };
        let made = Made {
            down: None,
            limiter: Limiter::new(),
            last: clip.last(),
        };
        clip.seek(now.as_nanos() / PERIOD);
        let (narrow, wide) = clip.next_block();
        let mut groups = clip.groups;
        let common = Common {
            narrow: &narrow,
            wide: &wide,
        };
        let mut stage = stage!(self, now);
        self.work.listeners.clear();
        let mut index = 0;
        while let Some(at) = stage.slots.nth(index) {
            index = index.saturating_add(1);
            if !stage.slots.see(at).is_some_and(hears) {
                continue;
            }
            if mixer::consider(&mut stage, &mut groups, at, false, &made) {
                self.work.listeners.push(at);
            } else {
                let rate = stage.slots.see(at).map_or(Rate::Narrow, Slot::rate);
                stage.deliver(at, common.at(rate), true);
            }
        }
        groups.settle(&self.work.listeners, stage.slots);
        let listeners = (self.work.listeners.as_slice(), &common);
        groups.send(&mut stage, listeners, &mut self.work.payloads);
        if let Some(clip) = self.clips.at(place) {
            clip.groups = groups;
        }
    }
}

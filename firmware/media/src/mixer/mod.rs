//! The sound of a bridge: all who speak are summed once; who only listens hears the sum, encoded
//! once for all alike; who speaks hears the sum without its own part; exceptions are corrected for
//! the few who have any.

pub(crate) mod activity;
pub(crate) mod bridges;
pub(crate) mod ear;
pub(crate) mod hearing;
pub(crate) mod share;

use dsp::mix::{self, Limiter};
use dsp::resample::Down2;
use model::limits;

use crate::block::{Block, Rate, WIDE};
use crate::slot::{Slot, Slots};
use crate::stage::{Stage, is_plain, may_join};
use bridges::Bridge;
use ear::duck;
use hearing::Hearing;
use share::{Common, Groups, Payloads};

type Sum = [i32; WIDE];

/// The scratch of the bridge in work.
#[derive(Debug)]
pub(crate) struct Work {
    /// What each member said.
    said: Vec<[i16; WIDE]>,
    /// Who said anything, by member.
    speaks: [bool; limits::LEGS_PER_BRIDGE],
    sum: Sum,
    /// Who is sent a shared stream in this tick.
    pub(crate) listeners: Vec<u16>,
    pub(crate) payloads: Payloads,
}

impl Work {
    /// Scratch for bridges and music with so many legs.
    pub(crate) fn new(legs: usize) -> Self {
        Self {
            said: vec![[0; WIDE]; limits::LEGS_PER_BRIDGE],
            speaks: [false; limits::LEGS_PER_BRIDGE],
            sum: [0; WIDE],
            listeners: Vec::with_capacity(legs),
            payloads: Payloads::new(),
        }
    }

    /// Address and length of what every tick touches.
    pub(crate) fn memory(&self) -> (usize, usize) {
        let said = self.said.as_slice();
        (said.as_ptr().addr(), size_of_val(said))
    }

    fn spoke(&self, index: usize) -> bool {
        self.speaks.get(index).copied().unwrap_or(false)
    }

    /// What a member said, if anything.
    fn part(&self, index: usize, rate: Rate) -> Option<&[i16]> {
        let said = self.said.get(index).filter(|_| self.spoke(index))?;
        said.get(..rate.samples())
    }

    /// Hears all members and sums up what they say.
    fn gather(&mut self, stage: &mut Stage<'_>, bridge: &mut Bridge, missed: u64) {
        self.sum = [0; WIDE];
        let samples = bridge.rate.samples();
        let members = bridge.members().iter().zip(&mut self.speaks);
        for ((&at, speaks), said) in members.zip(&mut self.said) {
            *speaks = false;
            let Some(slot) = stage.slots.at(at) else {
                continue;
            };
            let said = said.get_mut(..samples).unwrap_or(&mut []);
            if slot.speak(stage.now, bridge.rate, missed, said) {
                *speaks = true;
                mix::add(&mut self.sum, said);
            }
        }
        let tail = core::mem::take(&mut bridge.tail);
        if tail != 0 {
            let mut weight = 1.0;
            for total in self.sum.iter_mut().take(samples) {
                weight -= 1.0 / (samples as f32 + 1.0);
                *total = total.saturating_add((tail as f32 * weight) as i32);
            }
        }
    }

    /// What a member hears that speaks or has exceptions.
    fn own(&self, bridge: &Bridge, (index, at): (usize, u16), hearing: &mut Hearing) -> Sum {
        let mut sum = self.sum;
        if let Some(own) = self.part(index, bridge.rate) {
            mix::subtract(&mut sum, own);
        }
        hearing.of(bridge.exceptions, at, |one| {
            let speaker = bridge.index_of(one.speaker);
            one.correct(speaker.and_then(|i| self.part(i, bridge.rate)), &mut sum);
        });
        sum
    }
}

/// One tick of a bridge. `missed` blocks of everybody are thrown away before.
pub(crate) fn run(
    stage: &mut Stage<'_>,
    bridge: &mut Bridge,
    hearing: &mut Hearing,
    work: &mut Work,
    missed: u64,
) {
    work.gather(stage, bridge, missed);
    let over = match &mut bridge.saying {
        Some(player) => stage.clips.play(player, bridge.rate),
        None => None,
    };
    let over = over.as_ref().map(Block::samples);
    let duck_before = bridge.duck;
    let mut full = Block::silence(bridge.rate);
    bridge.limiter.run(&work.sum, full.samples_mut());
    duck(&mut bridge.duck, over, full.samples_mut());
    choose(stage, bridge, hearing, work);
    let mut narrow = full;
    if bridge.mixed {
        narrow = Block::silence(Rate::Narrow);
        bridge.down.run(full.samples(), narrow.samples_mut());
    }
    for index in 0..bridge.members().len() {
        let Some(&at) = bridge.members().get(index) else {
            break;
        };
        if stage.slots.see(at).is_some_and(|slot| slot.is_sharing()) {
            continue;
        }
        let alone = work.spoke(index) || hearing.concern(bridge.exceptions, at);
        if alone {
            let sum = work.own(bridge, (index, at), hearing);
            let mut own = Block::silence(bridge.rate);
            if let Some(ear) = stage.slots.at(at).and_then(Slot::ear) {
                ear.limiter.run(&sum, own.samples_mut());
            }
            let mut level = duck_before;
            duck(&mut level, over, own.samples_mut());
            stage.deliver(at, &own, true);
        } else {
            stage.deliver(at, &full, true);
        }
    }
    let common = Common {
        narrow: &narrow,
        wide: &full,
    };
    let mut groups = bridge.groups;
    groups.send(stage, (&work.listeners, &common), &mut work.payloads);
    bridge.groups = groups;
    bridge.last = [&narrow, &full].map(|block| block.samples().last().copied().unwrap_or(0));
    if over.is_none() && bridge.saying.take().is_some() {
        stage.over.extend(bridge.members().first());
    }
    if !bridge.exceptions.is_empty() {
        hearing.tidy(&mut bridge.exceptions, None);
        if bridge.exceptions.is_empty() {
            stage.over.extend(bridge.members().first());
        }
    }
}

/// How a shared sound was made up to now, for who goes on by itself.
pub(crate) struct Made<'a> {
    /// What made it narrow.
    pub(crate) down: Option<&'a Down2>,
    pub(crate) limiter: Limiter,
    /// Its last samples, narrow and wide.
    pub(crate) last: [i16; 2],
}

/// Decides for every member whether it is sent the shared stream in this tick.
fn choose(stage: &mut Stage<'_>, bridge: &mut Bridge, hearing: &Hearing, work: &mut Work) {
    work.listeners.clear();
    // Each of two hears the other: there is nothing to share, and whoever did while there were more goes on alone.
    let two = bridge.members().len() <= 2;
    let mut groups = bridge.groups;
    for (index, &at) in bridge.members().iter().enumerate() {
        let alone = two || work.spoke(index) || hearing.concern(bridge.exceptions, at);
        let made = Made {
            down: Some(&bridge.down),
            limiter: bridge.limiter,
            last: bridge.last,
        };
        let shares = consider(stage, &mut groups, at, alone, &made);
        if shares {
            work.listeners.push(at);
        }
    }
    groups.settle(&work.listeners, stage.slots);
    bridge.groups = groups;
}

/// Whether the leg in `at` is sent the shared stream of `groups` in this tick; makes the change
/// from or to a stream of its own. `alone` says that it hears something else than the others.
pub(crate) fn consider(
    stage: &mut Stage<'_>,
    groups: &mut Groups,
    at: u16,
    alone: bool,
    made: &Made<'_>,
) -> bool {
    let Some(slot) = stage.slots.at(at) else {
        return false;
    };
    let plain = !alone && is_plain(slot);
    if slot.is_sharing() {
        if !plain {
            part(stage.slots, groups, at, made);
        }
        return plain;
    }
    if plain
        && let Some(manner) = may_join(slot, at, stage.tick)
        && groups.admit(at, manner)
    {
        if let Some(ear) = slot.ear() {
            ear.shared = true;
        }
        return true;
    }
    if let Some(ear) = slot.ear() {
        ear.same = if plain { ear.same.saturating_add(1) } else { 0 };
    }
    false
}

/// The leg in `at` goes on by itself, as if it had done so before.
pub(crate) fn part(slots: &mut Slots, groups: &Groups, at: u16, made: &Made<'_>) {
    groups.part(at, slots);
    let Some(slot) = slots.at(at) else { return };
    let rate = slot.rate();
    if let Some(ear) = slot.ear() {
        ear.shared = false;
        ear.same = 0;
        if let Some(down) = made.down {
            ear.down = down.clone();
        }
        ear.limiter = made.limiter;
        let open = ear.seam.is_open();
        let [narrow, wide] = made.last;
        ear.seam.follow(match rate {
            Rate::Narrow => narrow,
            Rate::Wide => wide,
        });
        if open {
            ear.seam.open();
        }
    }
}

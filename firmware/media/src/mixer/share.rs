//! One encoding for all who hear the same: listeners of one mix or one music, with the same codec
//! and packet time, are sent the octets that one of them, the leader, encodes.

use dsp::codec::PAYLOAD_MAX;
use model::{Instant, MediaLeg};

use crate::block::{Block, Rate};
use crate::output::{Channel, Outbox};
use crate::sending::Manner;
use crate::slot::{Slot, Slots};
use crate::stage::Stage;

/// Different manners of one sound; who comes with one more encodes for itself.
const GROUPS: usize = 8;

/// Those who are sent the same octets.
#[derive(Clone, Copy, Debug)]
struct Group {
    manner: Manner,
    /// The slot of the leg whose encoder is used.
    leader: u16,
}

/// The groups of one sound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Groups([Option<Group>; GROUPS]);

/// The octets of this tick's packets, by group.
pub(crate) struct Payloads {
    octets: Box<[[u8; PAYLOAD_MAX]; GROUPS]>,
    /// Octets and ticks of each; none while its packet is not full.
    made: [Option<(usize, u8)>; GROUPS],
}

impl core::fmt::Debug for Payloads {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Payloads").field(&self.made).finish()
    }
}

impl Payloads {
    pub(crate) fn new() -> Self {
        Self {
            octets: Box::new([[0; PAYLOAD_MAX]; GROUPS]),
            made: [None; GROUPS],
        }
    }
}

/// What all of them hear, at the rates that somebody needs.
pub(crate) struct Common<'a> {
    pub(crate) narrow: &'a Block,
    pub(crate) wide: &'a Block,
}

impl Common<'_> {
    pub(crate) const fn at(&self, rate: Rate) -> &Block {
        match rate {
            Rate::Narrow => self.narrow,
            Rate::Wide => self.wide,
        }
    }
}

impl Groups {
    pub(crate) const fn new() -> Self {
        Self([None; GROUPS])
    }

    /// The leader of those who are sent in this manner.
    pub(crate) fn leader(&self, manner: &Manner) -> Option<u16> {
        let group = self
            .0
            .iter()
            .flatten()
            .find(|group| group.manner == *manner);
        group.map(|group| group.leader)
    }

    /// Sends the sound of this tick to all `listeners`, after [`Groups::settle`].
    pub(crate) fn send(
        &mut self,
        stage: &mut Stage<'_>,
        (listeners, common): (&[u16], &Common<'_>),
        payloads: &mut Payloads,
    ) {
        payloads.made = [None; GROUPS];
        // Leaders first: their octets are there when the others come.
        let leaders = self.0.iter().enumerate();
        for (index, group) in leaders.filter_map(|(index, group)| Some((index, group.as_ref()?))) {
            let (Some(octets), Some(made)) =
                (payloads.octets.get_mut(index), payloads.made.get_mut(index))
            else {
                continue;
            };
            let slot = stage.slots.at(group.leader);
            *made = slot.and_then(|slot| lead(slot, stage.tick, &group.manner, common, octets));
        }
        for &at in listeners {
            let Some(slot) = stage.slots.at(at) else {
                continue;
            };
            let Some(manner) = slot.manner(at) else {
                continue;
            };
            let index = self
                .0
                .iter()
                .position(|group| group.as_ref().is_some_and(|group| group.manner == manner));
            let Some(index) = index else { continue };
            let made = payloads.made.get(index).copied().flatten();
            let octets = payloads.octets.get(index);
            if let (Some((length, ticks)), Some(octets)) = (made, octets) {
                let octets = octets.get(..length).unwrap_or(&[]);
                send_one(stage.now, (at, slot), ticks, octets, stage.out);
            }
        }
    }

    /// Every manner among `listeners` has a leader among them; streams go on when leaders change.
    pub(crate) fn settle(&mut self, listeners: &[u16], slots: &mut Slots) {
        let mut led = [false; GROUPS];
        for &at in listeners {
            let Some(manner) = slots.at(at).and_then(|slot| slot.manner(at)) else {
                continue;
            };
            let found = self
                .0
                .iter()
                .position(|group| group.as_ref().is_some_and(|group| group.manner == manner));
            let Some(index) = found else { continue };
            let (Some(Some(group)), Some(led)) = (self.0.get_mut(index), led.get_mut(index)) else {
                continue;
            };
            if *led {
                continue;
            }
            *led = true;
            if !listeners.contains(&group.leader) {
                hand_over(slots, group.leader, at, &manner);
                group.leader = at;
            }
        }
        for (group, led) in self.0.iter_mut().zip(led) {
            if !led {
                *group = None;
            }
        }
    }

    /// `at` is not sent the shared stream any more and goes on by itself.
    pub(crate) fn part(&self, at: u16, slots: &mut Slots) {
        let Some(manner) = slots.at(at).and_then(|slot| slot.manner(at)) else {
            return;
        };
        // A leader keeps its stream here and gives it over when another is found.
        let leader = self.leader(&manner).filter(|&leader| leader != at);
        let Some((own, leader)) = leader.and_then(|leader| slots.two(at, leader)) else {
            return;
        };
        if let (Some(own), Some(leader)) = (own.rtp_mut(), leader.rtp_mut()) {
            own.sending.go_on_from(&leader.sending, manner.ticks);
        }
    }

    /// Whether `at`, who encodes for itself up to now, may be sent what the group is sent: a leader
    /// is found or it becomes one.
    pub(crate) fn admit(&mut self, at: u16, manner: Manner) -> bool {
        if self.leader(&manner).is_some() {
            return true;
        }
        let Some(place) = self.0.iter_mut().find(|group| group.is_none()) else {
            return false;
        };
        *place = Some(Group { manner, leader: at });
        true
    }

    /// `leader` will not lead any more, since it goes away with its encoder: another of those who
    /// are sent the same takes its stream over.
    pub(crate) fn resign(&mut self, leader: u16, others: &[u16], slots: &mut Slots) {
        for group in self.0.iter_mut() {
            let Some(led) = group.as_mut().filter(|group| group.leader == leader) else {
                continue;
            };
            let manner = led.manner;
            let heir = others.iter().copied().find(|&at| {
                let slot = slots.at(at).filter(|slot| slot.is_sharing());
                at != leader && slot.and_then(|slot| slot.manner(at)) == Some(manner)
            });
            match heir {
                Some(heir) => {
                    hand_over(slots, leader, heir, &manner);
                    led.leader = heir;
                }
                None => *group = None,
            }
        }
    }
}

/// The stream of `from` goes on at `to`.
fn hand_over(slots: &mut Slots, from: u16, to: u16, manner: &Manner) {
    let Some((from_slot, to_slot)) = slots.two(from, to) else {
        return;
    };
    if from_slot.manner(from).as_ref() != Some(manner) {
        return;
    }
    if let (Some(from), Some(to)) = (from_slot.rtp_mut(), to_slot.rtp_mut()) {
        to.sending.change_places(&mut from.sending);
        from.sending.go_on_from(&to.sending, manner.ticks);
    }
}

/// The leader's part: its packet grows; its octets when it is full.
fn lead(
    slot: &mut Slot,
    tick: u64,
    manner: &Manner,
    common: &Common<'_>,
    octets: &mut [u8],
) -> Option<(usize, u8)> {
    let leg = slot.rtp_mut()?;
    let block = common.at(leg.sending.rate());
    leg.sending.collect(block.samples());
    manner.ends(tick).then(|| leg.sending.encode(octets))
}

fn send_one(
    now: Instant,
    (at, slot): (u16, &mut Slot),
    ticks: u8,
    octets: &[u8],
    out: &mut Outbox,
) {
    let generation = slot.generation;
    let Some(leg) = slot.rtp_mut() else { return };
    if octets.is_empty() {
        return;
    }
    if let Some((to, head)) = leg.stamp(now, ticks, octets.len()) {
        let name = MediaLeg {
            slot: at,
            generation,
        };
        out.transmit((name, Channel::Rtp), to, &[&head, octets]);
    }
}

//! A leg that moves to another plane, beside the same one that changes its bridge within a single
//! plane: everybody hears the same, octet by octet.

use core::time::Duration;

use dsp::g711::Law;
use model::{BridgeId, Codec, Digit, MediaCommand, MediaEvent, Route, RtpParams, TapId};

use crate::clips::{TUNE, load};
use crate::guard::guarded;
use crate::rig::{Phone, Rig, leg, params};

/// One plane with everybody, and two with the same people.
struct Worlds {
    whole: Rig,
    parts: [Rig; 2],
    /// On which of the two each phone is, in the order of slots.
    at: Vec<usize>,
    phones: Vec<Phone>,
}

impl Worlds {
    /// Phones with these parameters, each on the part named beside it.
    fn new(phones: &[(usize, RtpParams)]) -> Self {
        let mut worlds = Self {
            whole: Rig::new(),
            parts: [Rig::new(), Rig::new()],
            at: Vec::new(),
            phones: Vec::new(),
        };
        for (slot, &(part, params)) in phones.iter().enumerate() {
            let slot = u16::try_from(slot).expect("few");
            worlds.parts[part].phone_with(slot, params);
            worlds.phones.push(worlds.whole.phone_with(slot, params));
            worlds.at.push(part);
        }
        worlds
    }

    fn command(&mut self, slot: u16, command: MediaCommand) {
        self.whole.command(command);
        self.parts[self.at[usize::from(slot)]].command(command);
    }

    fn join(&mut self, slot: u16, bridge: u16) {
        self.whole.join(leg(slot), bridge);
        self.parts[self.at[usize::from(slot)]].join(leg(slot), bridge);
    }

    /// Joins a bridge that is on the other part.
    fn cross(&mut self, slot: u16, bridge: u16) {
        self.whole.join(leg(slot), bridge);
        let from = self.at[usize::from(slot)];
        let to = 1 - from;
        let now = self.parts[from].now;
        let plane = &mut self.parts[from].plane;
        let moving = guarded(|| plane.depart(now, leg(slot))).expect("it is there");
        assert_eq!((moving.leg(), moving.port()), (leg(slot), None));
        self.parts[from].paced.remove(&leg(slot));
        self.parts[from].drain();
        let plane = &mut self.parts[to].plane;
        guarded(|| plane.arrive(now, moving, BridgeId(bridge)));
        self.parts[to].drain();
        self.at[usize::from(slot)] = to;
    }

    /// Everybody talks, for so many packets, in the order of slots.
    fn talk(&mut self, packets: usize) {
        for _ in 0..packets {
            for (phone, &part) in self.phones.iter_mut().zip(&self.at) {
                if phone.params.codec == Codec::G722 {
                    continue;
                }
                let bytes = phone.packet();
                let channel = media::Channel::Rtp;
                self.whole.packet(phone.leg, channel, phone.address, &bytes);
                self.parts[part].packet(phone.leg, channel, phone.address, &bytes);
            }
            self.pass(20);
        }
    }

    fn pass(&mut self, ms: u64) {
        self.whole.pass(ms);
        for part in &mut self.parts {
            part.pass(ms);
        }
    }

    /// Whatever was sent to anybody, reports too, was sent alike.
    fn compare(&self) {
        let datagrams = |rig: &Rig| -> Vec<_> {
            let all = rig.sent.iter().flat_map(|(&(leg, channel), sent)| {
                let each = sent.iter();
                each.map(move |one| (leg, channel, one.at, one.to, one.bytes.clone()))
            });
            all.collect()
        };
        let whole = datagrams(&self.whole);
        let mut parts: Vec<_> = self.parts.iter().flat_map(datagrams).collect();
        // Both may have sent something of a leg at one instant: its numbers tell in which order.
        let number = |bytes: &[u8]| [bytes[2], bytes[3]];
        parts.sort_by_key(|(leg, channel, at, _, bytes)| (*leg, *channel, *at, number(bytes)));
        assert!(whole.len() > 100, "they talked");
        for (whole, part) in whole.iter().zip(&parts) {
            assert_eq!(whole, part);
        }
        assert_eq!(whole.len(), parts.len());
    }
}

fn of(codec: Codec, slot: u16) -> RtpParams {
    RtpParams {
        codec,
        pt_out: codec.static_pt().expect("an old codec"),
        pt_in: codec.static_pt().expect("an old codec"),
        ..params(slot)
    }
}

fn four() -> Worlds {
    let worlds = [0, 0, 1, 1].into_iter().zip(0..);
    let phones: Vec<_> = worlds.map(|(part, slot)| (part, params(slot))).collect();
    let mut worlds = Worlds::new(&phones);
    for (slot, bridge) in [(0, 1), (1, 1), (2, 2), (3, 2)] {
        worlds.join(slot, bridge);
    }
    worlds
}

#[test]
fn from_call_to_call_as_in_an_attended_transfer() {
    let mut worlds = four();
    worlds.talk(30);
    // The one who transfers hangs up; those who are left hear each other: relayed all the time.
    worlds.join(2, 3);
    worlds.cross(1, 3);
    worlds.talk(30);
    let over = |slot| MediaCommand::RemoveLeg { leg: leg(slot) };
    worlds.command(0, over(0));
    worlds.command(3, over(3));
    worlds.talk(30);
    worlds.compare();
}

#[test]
fn into_a_conference_and_out_of_it_at_any_moment() {
    for ms in [0, 3, 10, 14, 19] {
        let mut worlds = four();
        worlds.talk(20);
        worlds.pass(ms);
        worlds.cross(0, 2);
        worlds.talk(20);
        worlds.pass(20 - ms);
        worlds.cross(1, 2);
        worlds.talk(20);
        worlds.cross(3, 1);
        worlds.talk(3);
        worlds.cross(0, 1);
        worlds.talk(20);
        worlds.compare();
    }
}

#[test]
fn with_other_codecs_keys_and_a_track() {
    let phones = [
        (0, of(Codec::Pcma, 0)),
        (0, of(Codec::Pcmu, 1)),
        (1, of(Codec::Pcma, 2)),
        (1, of(Codec::G722, 3)),
        (1, of(Codec::Pcmu, 4)),
    ];
    let mut worlds = Worlds::new(&phones);
    for (slot, bridge) in [(0, 1), (1, 1), (2, 2), (3, 2), (4, 2)] {
        worlds.join(slot, bridge);
    }
    let tap = TapId(6);
    worlds.command(0, MediaCommand::StartTap { leg: leg(0), tap });
    worlds.talk(20);
    let key = MediaCommand::SendDigit {
        leg: leg(0),
        digit: Digit::from_char('7').expect("a key"),
        ms: 200,
    };
    worlds.command(0, key);
    worlds.talk(3);
    worlds.cross(0, 2);
    worlds.talk(20);
    worlds.command(0, MediaCommand::StopTap { tap });
    worlds.cross(3, 1);
    worlds.talk(20);
    worlds.compare();
    let tracks = worlds.parts.iter().flat_map(|part| part.tapped.clone());
    assert_eq!(tracks.collect::<Vec<_>>(), worlds.whole.tapped);
    let refused = worlds.parts.iter().map(|part| part.plane.figures().refused);
    assert_eq!(refused.sum::<u64>(), 0);
}

#[test]
fn music_is_in_step_on_all_planes() {
    let mut worlds = four();
    load(&mut worlds.whole, 370);
    worlds.parts.iter_mut().for_each(|part| load(part, 370));
    for slot in [1, 2, 0, 3] {
        let route = Route::Music(TUNE);
        let leg = leg(slot);
        worlds.command(slot, MediaCommand::SetRoute { leg, route });
        worlds.pass(130);
    }
    worlds.pass(1_000);
    let last = |rig: &Rig, slot| {
        let sent = rig.heard(leg(slot)).last().expect("music");
        (sent.at, sent.payload().to_vec())
    };
    let here = last(&worlds.parts[0], 1);
    assert!(here.1.iter().any(|&octet| octet != here.1[0]), "sound");
    assert_eq!(here, last(&worlds.parts[1], 2));
    assert_eq!(here, last(&worlds.whole, 1));
}

#[test]
fn a_leg_that_is_not_there_does_not_move_and_a_taken_slot_refuses() {
    let mut worlds = four();
    let now = worlds.whole.now;
    let mut stranger = leg(2);
    stranger.generation += 1;
    assert!(worlds.parts[1].plane.depart(now, stranger).is_none());
    let moving = worlds.parts[1].plane.depart(now, leg(2)).expect("there");
    worlds.parts[1].drain();
    worlds.whole.plane.arrive(now, moving, BridgeId(1));
    worlds.whole.drain();
    let failed = |event: &&MediaEvent| matches!(event, MediaEvent::LegFailed { .. });
    assert_eq!(worlds.whole.events.iter().filter(failed).count(), 1);
    assert_eq!(worlds.whole.dead, [leg(2)]);
}

/// Whole periods of these tones are no whole ticks: a tick that is left out is heard.
const TALKERS_HZ: [f32; 2] = [430.0, 370.0];

/// Three in a bridge of each part. The one in slot 0 goes to the other part `ms` after a packet and arrives
/// when that part has had its next tick; it and slot 3 talk all the time. The part where it arrived, and how
/// many packets slot 0 had been sent before.
fn late(ms: u64, other_parity: bool) -> (Rig, usize) {
    const LATE_MS: u64 = 10;
    let slots = [0, 0, 0, 1, 1, 1].into_iter().zip(0..);
    let phones: Vec<_> = slots.map(|(part, slot)| (part, params(slot))).collect();
    let mut worlds = Worlds::new(&phones);
    for slot in 0..6 {
        worlds.join(slot, 1 + slot / 3);
    }
    let Worlds { parts, phones, .. } = &mut worlds;
    let ([here, there], [mover, _, _, other, ..]) = (parts, &mut phones[..]) else {
        panic!("six phones");
    };
    (mover.voice.hz, other.voice.hz) = (TALKERS_HZ[0], TALKERS_HZ[1]);
    for turn in 0..40 {
        here.say(mover);
        there.say(other);
        if turn == 2 && other_parity {
            // It oversleeps a tick: its packets end between those of the first part from now on.
            there.now = there.now + Duration::from_millis(20);
            there.pass(0);
            assert_eq!(there.plane.figures().ticks_missed, 1);
        } else {
            there.pass(20);
        }
        here.pass(20);
    }
    here.say(mover);
    there.say(other);
    for part in [&mut *here, &mut *there] {
        part.pass(ms);
    }
    let moving = here.plane.depart(here.now, leg(0)).expect("it is there");
    here.paced.remove(&leg(0));
    here.drain();
    let mut sent = here.heard(leg(0)).to_vec();
    let before = sent.len();
    there.forget();
    there.pass(LATE_MS);
    there.plane.arrive(there.now, moving, BridgeId(2));
    there.drain();
    there.pass(20 - ms - LATE_MS);
    for _ in 0..50 {
        there.say(mover);
        there.say(other);
        there.pass(20);
    }
    sent.extend_from_slice(there.heard(leg(0)));
    there.sent.insert((leg(0), media::Channel::Rtp), sent);
    (core::mem::replace(there, Rig::new()), before)
}

/// The largest step out of a sine, which is 4,000 high: of G.711 alone it is less than 300.
fn roughest(samples: &[i16], hz: f32) -> f32 {
    let turn = 2.0 * (hz / 8_000.0 * std::f32::consts::TAU).cos();
    let step = |three: &[i16]| {
        let [a, b, c] = [0, 1, 2].map(|at| f32::from(three[at]));
        (a - turn * b + c).abs()
    };
    samples.windows(3).map(step).fold(0.0, f32::max)
}

#[test]
fn a_leg_that_arrives_after_its_tick_is_late_but_nothing_is_lost() {
    let cases = [0, 3, 9, 10].map(|ms| [(ms, false), (ms, true)]);
    for (ms, other_parity) in cases.into_iter().flatten() {
        let (rig, before) = late(ms, other_parity);
        let sent = rig.heard(leg(0));
        for two in sent[before - 1..].windows(2) {
            let step = two[1].timestamp().wrapping_sub(two[0].timestamp());
            let lasts = two[0].payload().len();
            assert_eq!(step as usize, lasts, "{ms} {other_parity}: no hole");
            assert_eq!(two[1].seq(), two[0].seq().wrapping_add(1));
        }
        let listeners = [(0, before, TALKERS_HZ[1]), (3, 0, TALKERS_HZ[0])];
        for (slot, first, hz) in listeners {
            let heard = rig.heard(leg(slot));
            let octets = heard[first..].iter().flat_map(|one| one.payload());
            let all: Vec<i16> = octets.map(|&octet| Law::A.decode(octet)).collect();
            let loud = |sample: &i16| sample.unsigned_abs() > 500;
            let begun = all.iter().position(loud).expect("the talker");
            let rough = roughest(&all[begun..], hz);
            assert!(rough < 400.0, "{ms} {other_parity} {slot}: {rough}");
        }
    }
}

//! How routes are carried out: relay where no sample must change, else the mixer.

use dsp::mix::Limiter;
use model::{BridgeId, Instant, MediaLeg, Route};

use crate::RtpLeg;
use crate::mixer::bridges::Bridge;
use crate::mixer::{self, Made};
use crate::output::Pace;
use crate::plane::{Plane, TICK};
use crate::slot::{Leg, Path, Slot};

impl Plane {
    /// The paths of the leg in `at`, and of all in its bridge, are chosen anew.
    pub(crate) fn rewire_of(&mut self, now: Instant, at: u16) {
        let Some(slot) = self.slots.see(at) else {
            return;
        };
        let prompt = slot.prompt.is_some();
        let path = match slot.route {
            Route::Bridge(id) => return self.rewire(now, id),
            Route::Silence => Path::Silent,
            Route::Tone(_) => Path::Tone,
            Route::Echo => Path::Echo,
            Route::Prompt(_) if prompt => Path::Prompt,
            Route::Prompt(_) => Path::Silent,
            Route::Music(clip) => self.clips.find(clip).map_or(Path::Silent, Path::Music),
        };
        let fresh = self.set_path(now, at, path);
        let again = matches!(path, Path::Tone | Path::Prompt);
        // A second tone is a new one even on the same path.
        if !fresh && again {
            self.turn(at);
        }
    }

    /// The paths of all legs in a bridge are chosen anew.
    pub(crate) fn rewire(&mut self, now: Instant, id: BridgeId) {
        let relayed = self
            .bridges
            .pair(id)
            .filter(|&(a, b)| self.can_relay(id, a, b));
        if let Some((a, b)) = relayed {
            self.set_path(now, a, Path::Relay(b));
            self.set_path(now, b, Path::Relay(a));
            for at in [a, b] {
                let keyed = self.is_peer_keyed(id, at);
                self.swallow_keys(at, keyed);
            }
            if let Some(bridge) = self.bridges.at(id) {
                bridge.tail = 0;
            }
            return;
        }
        let rates = || {
            let members = self.bridges.members(id).iter();
            members.filter_map(|&at| self.slots.see(at)).map(Slot::rate)
        };
        let rate = rates().max().unwrap_or_default();
        let mixed = rates().any(|one| one < rate);
        let Some(bridge) = self.bridges.at(id) else {
            return;
        };
        bridge.mixed = mixed;
        let retuned = core::mem::replace(&mut bridge.rate, rate) != rate;
        if bridge.members().is_empty() {
            bridge.tail = 0;
            bridge.saying = None;
        }
        let mut index = 0;
        while let Some(&at) = self.bridges.members(id).get(index) {
            if retuned && let Some(mouth) = self.slots.at(at).and_then(Slot::mouth) {
                mouth.retune();
            }
            self.set_path(now, at, Path::Mix(id));
            let keyed = self.is_peer_keyed(id, at);
            self.swallow_keys(at, keyed);
            let call = self.bridges.members(id).len() <= 2;
            if let Some(rtp) = self.slots.at(at).and_then(Slot::rtp_mut) {
                rtp.inband.machines = call;
            }
            index = index.saturating_add(1);
        }
    }

    /// Whether the only other leg of the bridge takes keys as events or in signalling.
    fn is_peer_keyed(&self, id: BridgeId, at: u16) -> bool {
        let Some((a, b)) = self.bridges.pair(id) else {
            return false;
        };
        let other = self.slots.see(if a == at { b } else { a });
        other.and_then(Slot::rtp).is_some_and(RtpLeg::takes_keys)
    }

    /// Whether keys in the sound of the leg in `at` are sent on in another way from now on.
    fn swallow_keys(&mut self, at: u16, swallows: bool) {
        if let Some(rtp) = self.slots.at(at).and_then(Slot::rtp_mut) {
            rtp.inband.swallows = swallows;
        }
    }

    /// Whether what one says is, packet by packet, what the other can hear. A leg without
    /// parameters says and hears nothing, so there is nothing to mix either.
    fn can_relay(&self, id: BridgeId, a: u16, b: u16) -> bool {
        let plain = |bridge: &Bridge| bridge.exceptions.is_empty() && bridge.saying.is_none();
        if !self.bridges.see(id).is_some_and(plain) {
            return false;
        }
        let rtp = |at| self.slots.see(at).and_then(Slot::rtp);
        let (Some(a), Some(b)) = (rtp(a), rtp(b)) else {
            return false;
        };
        if a.mouth.is_changed() || b.mouth.is_changed() {
            return false;
        }
        if a.ear.saying.is_some() || b.ear.saying.is_some() {
            return false;
        }
        // Keys in the sound of wide codecs, to be told otherwise: it must be decoded anyway.
        let converts =
            |a: &RtpLeg, b: &RtpLeg| a.law().is_none() && a.keys_in_sound() && b.takes_keys();
        if converts(a, b) || converts(b, a) {
            return false;
        }
        match (a.params(), b.params()) {
            (Some(a), Some(b)) => a.codec == b.codec && a.ptime_ms == b.ptime_ms,
            (Some(_), None) | (None, _) => true,
        }
    }

    /// The leg hears by another path from now on; whether it is another.
    pub(crate) fn set_path(&mut self, now: Instant, at: u16, path: Path) -> bool {
        if self.slots.see(at).is_none_or(|slot| slot.path == path) {
            return false;
        }
        // Whoever hears something else is not sent what others are sent.
        self.part(at);
        let Some(slot) = self.slots.at(at) else {
            return false;
        };
        let before = core::mem::replace(&mut slot.path, path);
        let relayed = matches!(before, Path::Relay(_));
        let mixed = matches!(path, Path::Mix(_));
        if let Some(mouth) = slot.mouth() {
            match (before, path) {
                (_, Path::Mix(_)) => mouth.come(relayed),
                (Path::Mix(_), _) => {
                    mouth.leave();
                }
                (_, _) => {}
            }
        }
        if let Some(Leg::Rtp(leg)) = &mut slot.leg {
            leg.inband.machines = true;
            if matches!(path, Path::Relay(_) | Path::Echo) {
                leg.pause.connect(now);
            }
            if mixed {
                leg.listening.start(now);
            } else {
                leg.listening.stop();
            }
            if matches!(path, Path::Silent | Path::Echo | Path::Relay(_)) {
                // Nobody fills this packet any more, and nothing of ours is heard from now on: later both would be
                // sound of long ago.
                leg.sending.drop_rest();
                leg.ear.seam.follow(0);
            }
        }
        if relayed && mixed {
            // The mixer goes on where the relay was.
            if let Some(ear) = self.slots.at(at).and_then(Slot::ear) {
                ear.seam.follow(ear.seam.last());
            }
            self.renumber(at);
        } else if matches!((before, path), (Path::Silent | Path::Echo, Path::Relay(_))) {
            // What is relayed first is the beginning of all sound.
            self.renumber(at);
        } else {
            self.turn(at);
        }
        true
    }

    /// Other sound from now on.
    fn turn(&mut self, at: u16) {
        if let Some(ear) = self.slots.at(at).and_then(Slot::ear) {
            ear.turn();
        }
        self.renumber(at);
    }

    fn renumber(&mut self, at: u16) {
        if let Some(rtp) = self.slots.at(at).and_then(Slot::rtp_mut) {
            rtp.out.new_content();
        }
    }

    /// A leg that is sent a shared stream goes on by itself, and another one leads if it led: before
    /// its route, its codec or its end.
    pub(crate) fn part(&mut self, at: u16) {
        let Some(slot) = self.slots.see(at).filter(|slot| slot.is_sharing()) else {
            return;
        };
        match slot.path {
            Path::Mix(id) => {
                let Some(bridge) = self.bridges.at(id) else {
                    return;
                };
                let mut groups = bridge.groups;
                let made = Made {
                    down: Some(&bridge.down),
                    limiter: bridge.limiter,
                    last: bridge.last,
                };
                mixer::part(&mut self.slots, &groups, at, &made);
                groups.resign(at, bridge.members(), &mut self.slots);
                bridge.groups = groups;
            }
            Path::Music(place) => {
                let hears = |slot: &Slot| slot.path == Path::Music(place);
                let listeners = &mut self.work.listeners;
                listeners.clear();
                let all = self.slots.used().filter(|(_, slot)| hears(slot));
                listeners.extend(all.map(|(other, _)| other));
                let Some(clip) = self.clips.at(place) else {
                    return;
                };
                let made = Made {
                    down: None,
                    limiter: Limiter::new(),
                    last: clip.last(),
                };
                let mut groups = clip.groups;
                mixer::part(&mut self.slots, &groups, at, &made);
                groups.resign(at, listeners, &mut self.slots);
                clip.groups = groups;
            }
            Path::Silent | Path::Tone | Path::Echo | Path::Relay(_) | Path::Prompt => {}
        }
    }

    /// A leg may have a new, earlier deadline.
    pub(crate) fn watch(&mut self, at: u16) {
        if let Some(slot) = self.slots.see(at) {
            self.soonest = self.soonest.min(slot.deadline());
        }
    }

    /// Finds the next deadline; starts the tick if somebody needs it now, stops it if nobody does.
    pub(crate) fn retime(&mut self, now: Instant) {
        let (mut needed, mut paired) = (false, true);
        self.soonest = Instant::FAR;
        for (_, slot) in self.slots.used() {
            self.soonest = self.soonest.min(slot.deadline());
            needed |= slot.needs_tick();
            paired &= slot.can_wait();
        }
        self.paired = needed && paired;
        self.next_tick = match self.next_tick {
            _ if !needed => None,
            Some(tick) => Some(tick),
            None => Some(self.first_tick(now)),
        };
        self.pace(false);
    }

    /// The first tick at `now` or after it that did not run yet.
    fn first_tick(&mut self, now: Instant) -> Instant {
        let period = u64::try_from(TICK.as_nanos()).unwrap_or(u64::MAX);
        let after = self
            .ticked
            .map_or(0, |ticked| ticked.as_nanos().saturating_add(1));
        let number = now.as_nanos().max(after).div_ceil(period);
        self.beat = number;
        Instant::from_nanos(number.saturating_mul(period))
    }

    /// Tells the driver of legs whose packets are wanted sooner than before, and on a tick (`all`) of
    /// those that may wait for the next one too: a bridge of two is one of one for a moment, and it
    /// takes six system calls to let a leg wait and hurry again.
    pub(crate) fn pace(&mut self, all: bool) {
        let mut index = 0;
        while let Some(at) = self.slots.nth(index) {
            index = index.saturating_add(1);
            let Some(slot) = self.slots.at(at) else {
                return;
            };
            let pace = slot.wanted_pace();
            let leg = MediaLeg {
                slot: at,
                generation: slot.generation,
            };
            let tells = pace != slot.pace && (all || pace == Pace::AtOnce);
            if tells && self.out.pace(leg, pace) {
                slot.pace = pace;
            }
        }
    }
}

//! Commands: legs and clips come and go, routes, gains, announcements, tracks.

use dsp::auto_level::AutoLevel;
use dsp::codec::PAYLOAD_MAX;
use dsp::denoise::Denoise;
use dsp::tone::Tone;
use model::{
    BridgeId, ClipId, Digit, Gain, Hearer, Instant, MediaCommand, MediaEvent, MediaFault, MediaLeg,
    Route, RtpParams, TapId, VoiceOptions, limits,
};

use crate::block::Rate;
use crate::clip::Untaken;
use crate::output::{Channel, Retired, TapPart, Tapped};
use crate::plane::Plane;
use crate::slot::{Leg, Path, Slot};
use crate::{Clip, Codecs, PlaneCommand};

impl Plane {
    /// Executes a command.
    pub fn command(&mut self, now: Instant, command: PlaneCommand) {
        self.catch_up(now);
        match command {
            PlaneCommand::AddRtpLeg { leg, object } => self.add(now, leg, Leg::Rtp(object)),
            PlaneCommand::AddPortLeg { leg, object } => self.add(now, leg, Leg::Port(object)),
            PlaneCommand::SetRtp {
                leg,
                params,
                codecs,
            } => self.set_rtp(now, leg, params, codecs),
            PlaneCommand::SetKeys { leg, keys } => self.set_keys(now, leg, keys),
            PlaneCommand::SetIce { leg, paths } => self.set_ice(now, leg, paths),
            PlaneCommand::SetVoice {
                leg,
                options,
                denoise,
            } => self.set_voice(now, leg, options, denoise),
            PlaneCommand::AddClip { clip, object } => self.add_clip(clip, object),
            PlaneCommand::Plain(command) => {
                if !self.obey(now, &command) {
                    self.refused();
                }
            }
        }
    }

    /// Executes a command that brings nothing along; whether it could be.
    fn obey(&mut self, now: Instant, command: &MediaCommand) -> bool {
        match *command {
            MediaCommand::SetRoute { leg, route } => self.set_route(now, leg, route),
            MediaCommand::SetHearing {
                bridge,
                listener,
                speaker,
                gain,
            } => self.set_hearing(now, bridge, (listener, speaker), gain),
            MediaCommand::Say { to, clip } => self.announce(now, to, clip),
            MediaCommand::DropClip { clip } => self.drop_clip(now, clip),
            MediaCommand::StartTap { leg, tap } => self.start_tap(now, leg, tap),
            MediaCommand::PauseTap { tap, paused } => self.pause_tap(now, tap, paused),
            MediaCommand::StopTap { tap } => self.stop_tap(now, tap),
            MediaCommand::StartDtls { leg, .. } => {
                self.expect_handshake(leg);
                true
            }
            MediaCommand::SendDigit { leg, digit, ms } => self.send_digit(now, leg, digit, ms),
            MediaCommand::RemoveLeg { leg } => self.remove(now, leg),
            _ => false,
        }
    }

    pub(crate) fn refused(&mut self) {
        self.figures.refused = self.figures.refused.saturating_add(1);
    }

    fn add(&mut self, now: Instant, leg: MediaLeg, object: Leg) {
        match self.slots.at(leg.slot) {
            Some(slot) if slot.leg.is_none() => {
                *slot = Slot {
                    generation: leg.generation,
                    leg: Some(object),
                    ..Slot::default()
                };
                self.slots.changed(leg.slot);
                self.retime(now);
            }
            Some(_) | None => {
                self.out.event(MediaEvent::LegFailed {
                    leg,
                    fault: MediaFault::NoSlot,
                });
                self.out.retire(object.retire(leg));
            }
        }
    }

    fn set_rtp(&mut self, now: Instant, leg: MediaLeg, params: RtpParams, mut codecs: Box<Codecs>) {
        if self.slots.of(leg).and_then(Slot::rtp_mut).is_none() {
            self.out.retire(Retired::Codecs(codecs));
            return self.refused();
        }
        self.part(leg.slot);
        if let Some(rtp) = self.slots.of(leg).and_then(Slot::rtp_mut) {
            if rtp.changes_codec(&params) {
                // What was begun in the old codec is ended in it.
                let mut octets = [0; PAYLOAD_MAX];
                if let Some((to, head, length)) = rtp.finish(now, &mut octets) {
                    let octets = octets.get(..length).unwrap_or(&[]);
                    self.out.transmit((leg, Channel::Rtp), to, &[&head, octets]);
                }
            }
            rtp.set(now, params, &mut codecs);
        }
        self.out.retire(Retired::Codecs(codecs));
        self.tell_secured(leg);
        self.rewire_of(now, leg.slot);
        self.retime(now);
    }

    pub(crate) fn set_route(&mut self, now: Instant, leg: MediaLeg, route: Route) -> bool {
        if self.slots.of(leg).is_none() {
            return false;
        }
        self.part(leg.slot);
        let Some(slot) = self.slots.of(leg) else {
            return false;
        };
        let before = core::mem::replace(&mut slot.route, route);
        slot.prompt = None;
        slot.tone = match route {
            Route::Tone(spec) => Some(Tone::new(spec)),
            _ => None,
        };
        let mut done = true;
        match (before, route) {
            (Route::Bridge(old), Route::Bridge(new)) if old == new => {}
            (Route::Bridge(old), _) => {
                self.leave(old, leg.slot);
                done = self.join(leg.slot, route);
                self.rewire(now, old);
            }
            (_, _) => done = self.join(leg.slot, route),
        }
        if let Route::Prompt(clip) = route {
            let player = self.clips.player(clip);
            done = player.is_some();
            if !done {
                // Whoever waits for its end goes on at once.
                self.out.event(MediaEvent::ClipEnded { leg, clip });
            }
            if let Some(slot) = self.slots.at(leg.slot) {
                slot.prompt = player;
            }
        }
        if let Route::Music(clip) = route {
            done = self.clips.find(clip).is_some();
        }
        self.rewire_of(now, leg.slot);
        self.retime(now);
        done
    }

    /// Enters the leg into the bridge of `route`, if it names one; a bridge that is full or not
    /// there leaves the leg in silence.
    fn join(&mut self, at: u16, route: Route) -> bool {
        let Route::Bridge(id) = route else {
            return true;
        };
        let joined = self.bridges.join(id, at).is_ok();
        if !joined && let Some(slot) = self.slots.at(at) {
            slot.route = Route::Silence;
        }
        joined
    }

    /// Takes the leg out of a bridge; what it said last wears away there.
    pub(crate) fn leave(&mut self, id: BridgeId, at: u16) {
        let last = self.slots.at(at).and_then(Slot::mouth);
        let last = last.map_or(0, |mouth| mouth.leave());
        self.bridges.leave(id, at);
        if let Some(bridge) = self.bridges.at(id) {
            bridge.tail = bridge.tail.saturating_add(i32::from(last));
            self.hearing.tidy(&mut bridge.exceptions, Some(at));
        }
    }

    fn set_hearing(
        &mut self,
        now: Instant,
        id: BridgeId,
        (listener, speaker): (MediaLeg, MediaLeg),
        gain: Gain,
    ) -> bool {
        let there = |slot: Option<&mut Slot>| slot.is_some_and(|s| s.route == Route::Bridge(id));
        if listener == speaker || !there(self.slots.of(listener)) || !there(self.slots.of(speaker))
        {
            return false;
        }
        let sounds = self
            .slots
            .see(listener.slot)
            .is_some_and(|slot| slot.path == Path::Mix(id));
        let Some(bridge) = self.bridges.at(id) else {
            return false;
        };
        let pair = (listener.slot, speaker.slot);
        let done = self.hearing.set(&mut bridge.exceptions, pair, gain, sounds);
        self.rewire(now, id);
        self.retime(now);
        done
    }

    fn announce(&mut self, now: Instant, to: Hearer, clip: ClipId) -> bool {
        let Some(player) = self.clips.player(clip) else {
            return false;
        };
        match to {
            Hearer::Bridge(id) => {
                let Some(bridge) = self.bridges.at(id) else {
                    return false;
                };
                if bridge.members().is_empty() {
                    return false;
                }
                bridge.saying = Some(player);
                self.rewire(now, id);
            }
            Hearer::Leg(leg) => {
                let Some(ear) = self.slots.of(leg).and_then(Slot::ear) else {
                    return false;
                };
                if let Some(before) = ear.saying.replace(player) {
                    let clip = before.clip;
                    self.out.event(MediaEvent::ClipEnded { leg, clip });
                }
                self.rewire_of(now, leg.slot);
            }
        }
        self.retime(now);
        true
    }

    fn add_clip(&mut self, clip: ClipId, object: Box<Clip>) {
        let ms = object.sound().ms();
        match self.clips.add(clip, object) {
            Ok(()) => self.out.event(MediaEvent::ClipReady { clip, ms }),
            Err((object, why)) => {
                self.out.retire(Retired::Clip(clip, object));
                self.out.event(match why {
                    Untaken::Known => MediaEvent::ClipReady { clip, ms },
                    Untaken::Full => MediaEvent::ClipFailed { clip },
                });
            }
        }
    }

    /// Who hears the clip falls silent; for whoever waits for the end of a prompt this is it.
    fn drop_clip(&mut self, now: Instant, clip: ClipId) -> bool {
        let Some(place) = self.clips.find(clip) else {
            return false;
        };
        let mut index = 0;
        while let Some(at) = self.slots.nth(index) {
            index = index.saturating_add(1);
            let Some(slot) = self.slots.at(at) else { break };
            let music = slot.path == Path::Music(place);
            let prompt = slot.prompt.is_some_and(|player| player.clip == clip);
            if let Some(ear) = slot.ear() {
                ear.saying.take_if(|player| player.clip == clip);
            }
            let generation = slot.generation;
            if prompt {
                slot.prompt = None;
                let leg = MediaLeg {
                    slot: at,
                    generation,
                };
                self.out.event(MediaEvent::ClipEnded { leg, clip });
            }
            if music || prompt {
                self.part(at);
                self.set_path(now, at, Path::Silent);
            }
        }
        for index in 0..self.bridges.used() {
            let id = BridgeId(u16::try_from(index).unwrap_or(u16::MAX));
            if let Some(bridge) = self.bridges.at(id)
                && bridge
                    .saying
                    .take_if(|player| player.clip == clip)
                    .is_some()
            {
                self.rewire(now, id);
            }
        }
        if let Some(object) = self.clips.remove(clip) {
            self.out.retire(Retired::Clip(clip, object));
        }
        self.retime(now);
        true
    }

    /// What is wished already goes on as it is; what is no longer used goes to be freed.
    fn set_voice(
        &mut self,
        now: Instant,
        leg: MediaLeg,
        options: VoiceOptions,
        mut denoise: Option<Box<Denoise>>,
    ) {
        let Some(mouth) = self.slots.of(leg).and_then(Slot::mouth) else {
            self.out.retire_voice(denoise);
            return self.refused();
        };
        let before = mouth.level.take().filter(|_| options.auto_level);
        mouth.level = before.or_else(|| options.auto_level.then(AutoLevel::new));
        if mouth.denoise.is_none() || denoise.is_none() {
            core::mem::swap(&mut mouth.denoise, &mut denoise);
            mouth.clean = Rate::Narrow;
            mouth.seam.open();
        }
        self.out.retire_voice(denoise);
        if let Some(rtp) = self.slots.of(leg).and_then(Slot::rtp_mut) {
            rtp.set_data(options.data);
        }
        self.rewire_of(now, leg.slot);
        self.retime(now);
    }

    fn start_tap(&mut self, now: Instant, leg: MediaLeg, tap: TapId) -> bool {
        let room = self.taps < limits::TAPS;
        let slot = self.slots.of(leg).filter(|_| room);
        if !slot.is_some_and(|slot| slot.taps.add(tap)) {
            return false;
        }
        self.taps = self.taps.saturating_add(1);
        let part = TapPart::Began;
        self.out.tap(&Tapped { tap, at: now, part });
        true
    }

    fn tapped(&mut self, tap: TapId) -> Option<&mut Slot> {
        let mine = |slot: &Slot| slot.taps.iter().any(|one| one.id == tap);
        let (at, _) = self.slots.used().find(|(_, slot)| mine(slot))?;
        self.slots.at(at)
    }

    fn pause_tap(&mut self, now: Instant, tap: TapId, paused: bool) -> bool {
        let Some(one) = self.tapped(tap).and_then(|slot| slot.taps.get_mut(tap)) else {
            return false;
        };
        if core::mem::replace(&mut one.paused, paused) != paused {
            let part = if paused {
                TapPart::Paused
            } else {
                TapPart::Resumed
            };
            self.out.tap(&Tapped { tap, at: now, part });
        }
        true
    }

    fn stop_tap(&mut self, now: Instant, tap: TapId) -> bool {
        let Some(slot) = self.tapped(tap) else {
            return false;
        };
        slot.taps.remove(tap);
        self.taps = self.taps.saturating_sub(1);
        let part = TapPart::Ended;
        self.out.tap(&Tapped { tap, at: now, part });
        true
    }

    pub(crate) fn send_digit(
        &mut self,
        now: Instant,
        leg: MediaLeg,
        digit: Digit,
        ms: u16,
    ) -> bool {
        let Some(object) = self.slots.of(leg).and_then(|slot| slot.leg.as_mut()) else {
            return false;
        };
        let taken = object.keying().press(digit, ms);
        self.retime(now);
        taken
    }

    fn remove(&mut self, now: Instant, leg: MediaLeg) -> bool {
        if self.slots.of(leg).is_none() {
            return false;
        }
        self.send_report(now, leg, true);
        self.tell_last_minute(leg);
        self.set_route(now, leg, Route::Silence);
        while let Some(tap) = self.slots.of(leg).and_then(|slot| slot.taps.first()) {
            self.stop_tap(now, tap);
        }
        let Some(slot) = self.slots.of(leg) else {
            return false;
        };
        let Some(object) = slot.leg.take() else {
            return false;
        };
        slot.tone = None;
        slot.digit = None;
        self.out.event(MediaEvent::LegRemoved {
            leg,
            figures: object.figures(),
        });
        self.out.retire(object.retire(leg));
        self.slots.changed(leg.slot);
        self.retime(now);
        true
    }
}

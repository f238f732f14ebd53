//! Analog sets as legs: hook and digits in, ringing and tones out.

use call::{LegEvent, NewCall, Ring};
use config::Tone;
use hal_port::{PortCommand, PortEvent};
use model::{
    CallId, Cause, Digit, LegId, LegKind, MediaCommand, MediaFigures, MediaLeg, Now, Party, PortId,
    Protection, Route, Rule,
};

use crate::{
    Output, Pbx,
    ports::{self, SetDid, SetPhase},
    ringer::{Placed, Round, Wanted},
    world::World,
};

impl Pbx {
    pub(crate) fn port_event(&mut self, now: Now, port: PortId, event: PortEvent) {
        if self.line_event(now, port, event) {
            return;
        }
        if let PortEvent::Lifeline(on_line) = event {
            self.set_is_on_line(now, port, on_line);
            return;
        }
        if matches!(event, PortEvent::OffHook | PortEvent::Fault(_)) {
            self.give_way_of_set(now, port);
            self.silence_bell(now, port);
        }
        let planned = match event {
            PortEvent::OffHook => self.hook_is_planned(now, port, true),
            PortEvent::OnHook => self.hook_is_planned(now, port, false),
            _ => false,
        };
        if planned {
            return;
        }
        if event == PortEvent::OffHook && self.comes_back_lifted(now, port) {
            return;
        }
        let did = self.jacks.event(port, event);
        if matches!(event, PortEvent::OnHook | PortEvent::Fault(_)) {
            self.forget_waiting_caller(port);
        }
        match did {
            SetDid::Lifted => self.set_lifted(now, port),
            SetDid::Answered(leg) => self.set_answered(now, port, leg),
            SetDid::HungUp(media) | SetDid::Parted(media) => {
                self.remove_media(media);
                self.supervise(port);
                let world = World::of(&self.config, &self.registrar, &self.jacks, &self.lines);
                self.switch.set_hung_up(now, port, &world);
            }
            SetDid::Flash if self.flash_of_set(now, port) => {}
            SetDid::Flash => {
                let world = World::of(&self.config, &self.registrar, &self.jacks, &self.lines);
                self.switch.flash(now, port, &world);
            }
            SetDid::Unlocked => self.unlock(now, port),
            SetDid::Stirred => self.set_stirs(now, port),
            SetDid::Pulse { leg, digit } => {
                let label = char::from(b'0'.saturating_add(digit.min(9)));
                if let Some(digit) = Digit::from_char(label) {
                    self.leg_event(now, leg, LegEvent::Digit(digit));
                }
            }
            SetDid::Failed(phase) => self.set_failed(now, port, phase),
            SetDid::Recovered => {
                self.note_fault(now, port, false);
                // A chip that was without power knows nothing any more.
                self.tell_profile(port);
                self.leave_again(port);
                self.show_messages_again(now, port);
            }
            SetDid::Nothing => {}
        }
        self.settle_lamp_later(now, port);
    }

    pub(crate) fn set_lifted(&mut self, now: Now, port: PortId) {
        let seat = self.stop_announcing(now, port);
        self.begin_at_set(now, port, seat);
    }

    /// A set that is off hook begins a call, with its place in the media plane if it has one already.
    pub(crate) fn begin_at_set(&mut self, now: Now, port: PortId, seat: Option<MediaLeg>) {
        let entry = self.jacks.get(port).and_then(|jack| jack.entry.clone());
        let taken_back = self.switch.take_back(port);
        let Some(media) = seat.or_else(|| self.seat_for_port(port)) else {
            self.jacks.set_phase(port, SetPhase::Mute);
            self.leave_off_hook(now, port);
            return;
        };
        if let Some(leg) = taken_back {
            self.jacks.set_phase(port, SetPhase::Up { leg, media });
            self.hear_as_attended(port);
            return;
        }
        // A set that nobody configured may be lifted, but has nobody to call as.
        let Some(owner) = entry else {
            self.part(now, port, media, Cause::Forbidden);
            return;
        };
        let new = NewCall {
            kind: LegKind::Port {
                owner: owner.clone(),
                port,
            },
            from: self.presented(&owner),
            dialled: None,
            own: None,
            obstacle: None,
        };
        let world = World::of(&self.config, &self.registrar, &self.jacks, &self.lines);
        match self.switch.start(now, new, &world) {
            Ok((_, leg)) => {
                self.jacks.set_phase(port, SetPhase::Up { leg, media });
                self.jacks.add_leg(port, leg);
            }
            Err(refusal) => {
                if refusal == call::Refusal::TooManyCalls {
                    self.counters.too_many_calls += 1;
                }
                self.part(now, port, media, Cause::Congestion);
            }
        }
    }

    pub(crate) fn set_answered(&mut self, now: Now, port: PortId, leg: LegId) {
        let seat = self.stop_announcing(now, port);
        let Some(media) = seat.or_else(|| self.seat_for_port(port)) else {
            self.jacks.set_phase(port, SetPhase::Mute);
            self.leave_off_hook(now, port);
            let refused = LegEvent::Refused {
                cause: Cause::Congestion,
                status: None,
            };
            self.leg_event(now, leg, refused);
            return;
        };
        self.jacks.set_phase(port, SetPhase::Up { leg, media });
        self.hear_as_attended(port);
        self.leg_event(now, leg, LegEvent::Answered(None, Protection::Clear));
    }

    fn set_failed(&mut self, now: Now, port: PortId, phase: SetPhase) {
        self.note_fault(now, port, true);
        let announcing = self.stop_announcing(now, port);
        let used = match phase {
            SetPhase::Up { media, .. } | SetPhase::Parting(media) | SetPhase::Restless(media) => {
                Some(media)
            }
            _ => announcing,
        };
        if let Some(media) = used {
            self.remove_media(media);
        }
        self.switch.set_lost(port);
        let legs = self.jacks.get(port).map(|jack| jack.legs.clone());
        for leg in legs.unwrap_or_default() {
            self.leg_event(now, leg.id, LegEvent::Ended(Cause::PeerLost));
        }
    }

    fn note_fault(&mut self, now: Now, port: PortId, out_of_service: bool) {
        let body = model::EventBody::PortFault {
            port,
            out_of_service,
        };
        self.note(now, Rule::PortFault, body);
    }

    /// Rings the set for a leg and tells it who calls; a set that was lifted this very moment is busy
    /// (glare).
    pub(crate) fn ring_set(
        &mut self,
        now: Now,
        (leg, call): (LegId, CallId),
        port: PortId,
        from: &Party,
        ring: Ring,
    ) {
        let free = self
            .jacks
            .get(port)
            .is_some_and(|jack| jack.phase == SetPhase::Idle && !jack.out_of_service);
        if !free {
            let refused = LegEvent::Refused {
                cause: Cause::Busy,
                status: None,
            };
            self.leg_event(now, leg, refused);
            return;
        }
        // A call is more than a lamp or a test.
        self.give_way_of_set(now, port);
        if let Some(media) = self.stop_announcing(now, port) {
            self.remove_media(media);
        }
        self.jacks.add_leg(port, leg);
        self.jacks.set_phase(port, SetPhase::Ringing(leg));
        let cadence = match ring {
            Ring::Inside => self.config.country.ring.inside_ms(),
            Ring::Outside => self.config.country.ring.cadence_ms.clone(),
            Ring::Back => self.config.country.ring.back_ms(),
        };
        let cadence = ports::cadence(&cadence);
        // Of a party that the set itself has called nothing is told.
        let nobody = ring == Ring::Back && *from == Party::default();
        let way = self.way_to_set(port).filter(|_| !nobody);
        let announced = way.is_some_and(|way| {
            let info = self.caller_info(now, call, from, way.scheme);
            self.announce_call(now, port, leg, (way, info), cadence)
        });
        if !announced {
            let tell = Some(leg);
            self.give_turn(
                now,
                Wanted {
                    port,
                    tell,
                    cadence,
                },
                true,
            );
        }
    }

    /// Rings a set as soon as the ringing supply bears it.
    pub(crate) fn give_turn(&mut self, now: Now, wanted: Wanted, tell: bool) {
        let round = Round::new(self.config.country.ring.span_and_pause_ms());
        let at_once = usize::from(self.config.limits.bells_at_once);
        match self.ringer.place(now.mono, wanted, round, at_once) {
            Placed::Soon => self.ring_bells(now),
            Placed::Waits => {
                if let Some(leg) = wanted.tell.filter(|_| tell) {
                    let waits = LegEvent::Waits(Rule::PortRingLoad);
                    self.leg_event(now, leg, waits);
                }
            }
        }
    }

    /// Begins the bells whose turn has come.
    pub(crate) fn ring_bells(&mut self, now: Now) {
        while let Some(Wanted {
            port,
            tell,
            cadence,
        }) = self.ringer.due(now.mono)
        {
            let command = PortCommand::StartRing(cadence);
            self.out.push_back(Output::Port { port, command });
            self.bell_began(now, port);
            if let Some(leg) = tell {
                self.leg_event(now, leg, LegEvent::Rang);
            }
        }
    }

    /// Stops the bell of a port for good.
    pub(crate) fn stop_bell(&mut self, now: Now, port: PortId) {
        let command = PortCommand::StopRing;
        self.out.push_back(Output::Port { port, command });
        self.silence_bell(now, port);
    }

    /// The bell of a port is silent: another may have its turn.
    fn silence_bell(&mut self, now: Now, port: PortId) {
        if !self.ringer.silence(port) {
            return;
        }
        if let Some(next) = self.ringer.next_waiting() {
            self.give_turn(now, next, false);
        }
    }

    /// Ends a leg on a set, if it is one: whoever is still off hook hears why.
    pub(crate) fn release_set(&mut self, now: Now, leg: LegId, cause: Cause) {
        self.forget_clip(leg);
        let of_set = self.jacks.of_leg(leg);
        if let Some((port, _)) = of_set {
            self.end_metering(now, leg);
            self.forget_set_leg(now, leg, port);
        }
        match of_set {
            Some((port, SetPhase::Ringing(rung))) if rung == leg => {
                // A set that is rung for somebody it holds is connected with them.
                self.leave_bridge(leg);
                self.give_up_ringing(now, port, cause);
            }
            Some((port, SetPhase::Up { leg: active, media })) if active == leg => {
                self.leave_bridge(leg);
                self.part(now, port, media, cause);
            }
            Some(_) | None => self.leave_bridge(leg),
        }
        self.leg_event(now, leg, LegEvent::Gone(MediaFigures::default()));
    }

    /// Nobody rings the set any more.
    fn give_up_ringing(&mut self, now: Now, port: PortId, cause: Cause) {
        let lifted = self.is_lifted_for_data(port);
        let media = self.stop_announcing(now, port);
        self.stop_bell(now, port);
        match (media, lifted) {
            (Some(media), true) => self.part(now, port, media, cause),
            (None, true) => {
                self.jacks.set_phase(port, SetPhase::Mute);
                self.leave_off_hook(now, port);
            }
            (media, false) => {
                self.jacks.set_phase(port, SetPhase::Idle);
                if let Some(media) = media {
                    self.remove_media(media);
                }
            }
        }
        self.settle_lamp_later(now, port);
    }

    /// The call is over and the set is off hook: it hears why until it is hung up.
    fn part(&mut self, now: Now, port: PortId, media: MediaLeg, cause: Cause) {
        self.jacks.set_phase(port, SetPhase::Parting(media));
        self.leave_off_hook(now, port);
        self.tell_of_end(now, port, cause);
        let tone = match cause {
            Cause::Busy | Cause::Normal | Cause::Rejected | Cause::ElsewhereAnswered => Tone::Busy,
            Cause::NotFound | Cause::Removed => Tone::SpecialInfo,
            Cause::BadNumber
            | Cause::Cancelled
            | Cause::NoAnswer
            | Cause::Unreachable
            | Cause::Forbidden
            | Cause::NotAcceptable
            | Cause::Unprotected
            | Cause::Congestion
            | Cause::PeerLost
            | Cause::ProtocolError
            | Cause::Administrator
            | Cause::Moderator
            | Cause::Stopping
            | Cause::PowerLost
            | Cause::Internal => Tone::Congestion,
        };
        let spec = *self.config.country.tone(tone);
        self.media(MediaCommand::SetRoute {
            leg: media,
            route: Route::Tone(spec),
        });
    }
}

//! Analog sets as legs: hook and digits in, ringing and tones out.

use call::{LegEvent, NewCall};
use config::Tone;
use hal_port::{PortCommand, PortEvent};
use model::{
    Cause, Digit, LegId, LegKind, MediaCommand, MediaFigures, MediaLeg, Now, PortId, Protection,
    Route, Rule,
};

use crate::{
    Output, Pbx,
    pbx::Owner,
    ports::{self, SetDid, SetPhase},
    world::World,
};

impl Pbx {
    pub(crate) fn port_event(&mut self, now: Now, port: PortId, event: PortEvent) {
        match self.jacks.event(port, event) {
            SetDid::Lifted => self.set_lifted(now, port),
            SetDid::Answered(leg) => self.set_answered(now, port, leg),
            SetDid::HungUp { leg, media } => {
                self.remove_media(media);
                self.leg_event(now, leg, LegEvent::Ended(Cause::Normal));
            }
            SetDid::Parted(media) => self.remove_media(media),
            SetDid::Pulse { leg, digit } => {
                let label = char::from(b'0'.saturating_add(digit.min(9)));
                if let Some(digit) = Digit::from_char(label) {
                    self.leg_event(now, leg, LegEvent::Digit(digit));
                }
            }
            SetDid::Failed(phase) => self.set_failed(now, port, phase),
            SetDid::Recovered => self.note_fault(now, port, false),
            SetDid::Nothing => {}
        }
    }

    fn set_lifted(&mut self, now: Now, port: PortId) {
        let entry = self.jacks.get(port).and_then(|jack| jack.entry.clone());
        let Some(media) = self.slots.take() else {
            self.counters.no_media_ports += 1;
            self.jacks.set_phase(port, SetPhase::Mute);
            return;
        };
        self.by_media.insert(media, Owner::Port(port));
        self.media(MediaCommand::AddPortLeg { leg: media, port });
        // A set that nobody configured may be lifted, but has nobody to call as.
        let Some(owner) = entry else {
            self.part(port, media, Cause::Forbidden);
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
        let world = World::of(&self.config, &self.registrar, &self.jacks);
        match self.switch.start(now, new, &world) {
            Ok((_, leg)) => {
                self.jacks.set_phase(port, SetPhase::Up { leg, media });
                self.jacks.set_dialling(port, true);
            }
            Err(refusal) => {
                if refusal == call::Refusal::TooManyCalls {
                    self.counters.too_many_calls += 1;
                }
                self.part(port, media, Cause::Congestion);
            }
        }
    }

    fn set_answered(&mut self, now: Now, port: PortId, leg: LegId) {
        let Some(media) = self.slots.take() else {
            self.counters.no_media_ports += 1;
            self.jacks.set_phase(port, SetPhase::Mute);
            let refused = LegEvent::Refused {
                cause: Cause::Congestion,
                status: None,
            };
            self.leg_event(now, leg, refused);
            return;
        };
        self.by_media.insert(media, Owner::Port(port));
        self.media(MediaCommand::AddPortLeg { leg: media, port });
        self.jacks.set_phase(port, SetPhase::Up { leg, media });
        self.leg_event(now, leg, LegEvent::Answered(None, Protection::Clear));
    }

    fn set_failed(&mut self, now: Now, port: PortId, phase: SetPhase) {
        self.note_fault(now, port, true);
        match phase {
            SetPhase::Up { leg, media } => {
                self.remove_media(media);
                self.leg_event(now, leg, LegEvent::Ended(Cause::PeerLost));
            }
            SetPhase::Ringing(leg) => {
                let refused = LegEvent::Refused {
                    cause: Cause::Unreachable,
                    status: None,
                };
                self.leg_event(now, leg, refused);
            }
            SetPhase::Parting(media) => self.remove_media(media),
            SetPhase::Idle | SetPhase::Mute => {}
        }
    }

    fn note_fault(&mut self, now: Now, port: PortId, out_of_service: bool) {
        let body = model::EventBody::PortFault {
            port,
            out_of_service,
        };
        self.note(now, Rule::PortFault, body);
    }

    /// Rings the set for a leg; a set that was lifted this very moment is busy (glare).
    pub(crate) fn ring_set(&mut self, now: Now, leg: LegId, port: PortId) {
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
        self.jacks.set_phase(port, SetPhase::Ringing(leg));
        let command = ports::ring(&self.config.country.ring.cadence_ms);
        self.out.push_back(Output::Port { port, command });
        self.leg_event(now, leg, LegEvent::Rang);
    }

    /// Ends a leg on a set, if it is one: whoever is still off hook hears why.
    pub(crate) fn release_set(&mut self, now: Now, leg: LegId, cause: Cause) {
        self.forget_clip(leg);
        match self.jacks.of_leg(leg) {
            Some((port, SetPhase::Ringing(_))) => {
                self.jacks.set_phase(port, SetPhase::Idle);
                let command = PortCommand::StopRing;
                self.out.push_back(Output::Port { port, command });
            }
            Some((port, SetPhase::Up { media, .. })) => {
                self.leave_bridge(leg);
                self.part(port, media, cause);
            }
            Some((_, SetPhase::Idle | SetPhase::Parting(_) | SetPhase::Mute)) | None => {
                self.leave_bridge(leg);
            }
        }
        self.leg_event(now, leg, LegEvent::Gone(MediaFigures::default()));
    }

    /// The call is over and the set is off hook: it hears why until it is hung up.
    fn part(&mut self, port: PortId, media: MediaLeg, cause: Cause) {
        self.jacks.set_phase(port, SetPhase::Parting(media));
        self.jacks.set_dialling(port, false);
        let tone = match cause {
            Cause::Busy | Cause::Normal | Cause::Rejected | Cause::ElsewhereAnswered => Tone::Busy,
            Cause::NotFound | Cause::BadNumber | Cause::Removed => Tone::SpecialInfo,
            Cause::Cancelled
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

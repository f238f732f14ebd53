//! The media plane seen from here: what it reports, bridges, and places that become free.

use call::LegEvent;
use config::PortRange;
use model::{
    BridgeId, Cause, LegId, LineHeard, MediaCommand, MediaEvent, MediaFigures, MediaLeg, Now,
    PairId, Route, Rule,
};

use crate::{Output, Pbx, leg::Stage, pbx::Owner, ports::SetPhase, world::World};

impl Pbx {
    pub(crate) fn media(&mut self, command: MediaCommand) {
        self.out.push_back(Output::Media(command));
    }

    /// A pair waits for a leg. One that was bound before the range changed is too late.
    pub(crate) fn pair_ready(&mut self, pair: PairId, port: u16) {
        if self.config.network.rtp_ports.contains(port) {
            self.pairs.ready(pair, port);
        } else {
            self.media(MediaCommand::DropPair { pair });
        }
    }

    /// Other ports are configured: new legs get pairs from there, legs in progress keep theirs.
    pub(crate) fn use_ports(&mut self, ports: PortRange) {
        let PortRange { first, last } = ports;
        self.media(MediaCommand::UsePorts { first, last });
        for pair in self.pairs.keep(|port| ports.contains(port)) {
            self.media(MediaCommand::DropPair { pair });
        }
    }

    pub(crate) fn media_event(&mut self, now: Now, event: MediaEvent) {
        match event {
            MediaEvent::PairReady { pair, port } => self.pair_ready(pair, port),
            MediaEvent::LegFailed { leg, .. } => self.seat_failed(now, leg),
            MediaEvent::Digit { leg, digit, ms } => match self.leg_of(leg) {
                Some(id) => self.digit_in_media(now, id, digit, ms),
                None => self.digit_of_restless(now, leg),
            },
            MediaEvent::Secured { leg } => {
                if let Some(id) = self.leg_of(leg) {
                    self.leg_secured(now, id);
                }
            }
            MediaEvent::SecurityFailed { leg, fault } => {
                if let Some(id) = self.leg_of(leg) {
                    self.leg_unprotected(now, id, fault);
                }
            }
            MediaEvent::Fax { leg, tone } => self.fax_heard(now, leg, tone),
            MediaEvent::PeerSilent { leg } => {
                if let Some(id) = self.leg_of(leg) {
                    self.leg_event(now, id, LegEvent::Lost(Rule::MediaPeerSilent));
                }
            }
            MediaEvent::LegRemoved { leg, figures } => self.seat_free(now, leg, figures),
            MediaEvent::ClipEnded { leg, clip } => {
                if let Some(id) = self.leg_of(leg) {
                    self.clip_ended(now, id, clip);
                }
            }
            MediaEvent::Line { leg, heard } => match (self.by_media.get(&leg), heard) {
                (Some(&Owner::Line(port)), heard) => self.line_heard(now, port, heard),
                (Some(&Owner::Port(port)), LineHeard::Played { whole }) => {
                    self.port_played(now, port, whole);
                }
                _ => {}
            },
            MediaEvent::ClipFailed { clip } => self.clip_failed(now, clip),
            MediaEvent::QualityMinute { leg, minute } => self.sounded(now, leg, minute),
            MediaEvent::FirstPacket { .. }
            | MediaEvent::SourceLearned { .. }
            | MediaEvent::ClipReady { .. }
            | MediaEvent::QualitySecond { .. } => {}
            MediaEvent::Overloaded(overloaded) => self.media_overloaded = overloaded,
        }
    }

    /// Tells call control what happened to a leg.
    pub(crate) fn leg_event(&mut self, now: Now, leg: LegId, event: LegEvent) {
        let world = World::of(&self.config, &self.registrar, &self.jacks, &self.lines);
        self.switch.leg_event(now, leg, event, &world);
    }

    /// The leg that sits on a place of the media plane.
    #[must_use]
    pub fn leg_of(&self, media: MediaLeg) -> Option<LegId> {
        match self.by_media.get(&media)? {
            Owner::Sip(leg) => Some(*leg),
            Owner::Port(port) => match self.jacks.get(*port)?.phase {
                SetPhase::Up { leg, .. } => Some(leg),
                SetPhase::Idle
                | SetPhase::Ringing(_)
                | SetPhase::Parting(_)
                | SetPhase::Mute
                | SetPhase::Locked
                | SetPhase::Left { .. }
                | SetPhase::Restless(_) => None,
            },
            Owner::Line(port) => self.lines.get(*port)?.leg(),
            Owner::Leaving => None,
        }
    }

    /// The place of a leg in the media plane.
    pub(crate) fn media_of(&self, leg: LegId) -> Option<MediaLeg> {
        if let Some(sip) = self.legs.get(&leg) {
            return sip.media;
        }
        if let Some(media) = self.lines.media_of(leg) {
            return Some(media);
        }
        self.jacks.media_of(leg)
    }

    /// The media plane could not do it: the leg ends, and the place is free again.
    fn seat_failed(&mut self, now: Now, media: MediaLeg) {
        let leg = self.leg_of(media);
        let owner = self.by_media.remove(&media);
        self.slots.give_back(media);
        if let Some(Owner::Port(port)) = owner {
            self.announcement_failed(now, port, media);
        }
        let Some(id) = leg else { return };
        if let Some(sip) = self.legs.get_mut(&id) {
            sip.media = None;
        }
        self.leg_event(now, id, LegEvent::Ended(Cause::Congestion));
    }

    fn seat_free(&mut self, now: Now, media: MediaLeg, figures: MediaFigures) {
        let Some(owner) = self.by_media.remove(&media) else {
            return;
        };
        self.slots.give_back(media);
        if let Owner::Sip(leg) = owner {
            self.leg_gone(now, leg, figures);
        }
    }

    /// Asks the media plane to give a place back. A SIP leg waits for the figures; whatever else
    /// sat there is done with it.
    pub(crate) fn remove_media(&mut self, media: MediaLeg) {
        if let Some(owner @ (Owner::Port(_) | Owner::Line(_))) = self.by_media.get_mut(&media) {
            *owner = Owner::Leaving;
        }
        self.media(MediaCommand::RemoveLeg { leg: media });
    }

    /// The last of a SIP leg.
    pub(crate) fn leg_gone(&mut self, now: Now, leg: LegId, figures: MediaFigures) {
        let Some(gone) = self.legs.remove(&leg) else {
            return;
        };
        if let Stage::Leaving { until } | Stage::Answering { until, .. } = gone.stage {
            self.waiting.remove(&(until, leg));
        }
        self.leg_event(now, leg, LegEvent::Gone(figures));
    }

    /// Lets two legs hear each other and nothing else.
    pub(crate) fn bridge(&mut self, now: Now, a: LegId, b: LegId) {
        let known = self.bridge_of.get(&a).copied();
        if known.is_some() && known == self.bridge_of.get(&b).copied() {
            return;
        }
        // Of three one is somebody else now, or somebody of three others.
        let crowd = |leg| {
            let bridge = self.bridge_of.get(&leg).copied();
            bridge.filter(|_| self.jacks.is_united(leg))
        };
        match (crowd(a), crowd(b)) {
            (Some(one), Some(other)) => return self.merge_bridges(other, one),
            (Some(bridge), None) => return self.change_bridge(b, bridge),
            (None, Some(bridge)) => return self.change_bridge(a, bridge),
            (None, None) => {}
        }
        self.leave_bridge(a);
        self.leave_bridge(b);
        let Some(bridge) = self.bridges.take() else {
            self.leg_event(now, a, LegEvent::Ended(Cause::Congestion));
            return;
        };
        for leg in [a, b] {
            self.enter_bridge(leg, bridge);
        }
    }

    fn change_bridge(&mut self, leg: LegId, bridge: BridgeId) {
        self.leave_bridge(leg);
        self.enter_bridge(leg, bridge);
    }

    /// All who are in a bridge go to another one. Who hears music, a prompt or a tone goes on hearing that.
    pub(crate) fn merge_bridges(&mut self, from: BridgeId, to: BridgeId) {
        if from == to {
            return;
        }
        let legs = self.bridge_of.iter();
        let legs = legs.filter_map(|(&leg, &bridge)| (bridge == from).then_some(leg));
        let legs: Vec<LegId> = legs.collect();
        for leg in legs {
            let route = self.jacks.leg_mut(leg).map(|leg| leg.hears);
            let tone = matches!(route, Some(Route::Tone(_)));
            if tone || self.hears_clip(leg) {
                self.leave_bridge(leg);
                self.bridge_of.insert(leg, to);
            } else {
                self.change_bridge(leg, to);
            }
        }
    }

    pub(crate) fn enter_bridge(&mut self, leg: LegId, bridge: BridgeId) {
        self.bridge_of.insert(leg, bridge);
        self.forget_clip(leg);
        self.route(leg, Route::Bridge(bridge));
    }

    /// What a leg hears; of a set that attends to another one, from when it comes back.
    pub(crate) fn route(&mut self, leg: LegId, route: Route) {
        if let Some(known) = self.jacks.leg_mut(leg) {
            known.hears = route;
            // With two parties at once the tone or the music of one leg is all that is heard.
            if !self.jacks.attends(leg) {
                return;
            }
        }
        if let Some(media) = self.media_of(leg) {
            self.media(MediaCommand::SetRoute { leg: media, route });
        }
    }

    pub(crate) fn leave_bridge(&mut self, leg: LegId) {
        let Some(bridge) = self.bridge_of.remove(&leg) else {
            return;
        };
        if !self.is_used(bridge) {
            self.room_bridges.retain(|_, used| *used != bridge);
            self.bridges.give_back(bridge);
        }
    }

    fn is_used(&self, bridge: BridgeId) -> bool {
        self.bridge_of.values().any(|&used| used == bridge)
    }
}

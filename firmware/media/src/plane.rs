//! The data plane: one plain struct that is told packets, blocks, commands and the time, and says
//! what is to be sent and reported.

use core::time::Duration;
use std::net::SocketAddr;

use dsp::TICK_SAMPLES;
use dsp::tone::Tone;
use model::{
    Digit, Instant, MediaCommand, MediaEvent, MediaFault, MediaLeg, Now, Route, RtpParams, limits,
};

use crate::bridge::Bridges;
use crate::output::{Channel, Outbox, Output};
use crate::rtp_leg::{Arrived, Payload};
use crate::slot::{Leg, Path, Slot, Slots};
use crate::{PlaneCommand, outgoing::Heard};
use rtp::rtcp::NtpClock;

/// The tick: the mixer, tones and ports work in steps of this.
pub const TICK: Duration = Duration::from_millis(10);

/// What the plane waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Sound is to be made: somebody is mixed, hears a tone or digits, or is a port.
    Tick,
    /// A report is to be sent, or a key is over because nothing was heard of it.
    Timer,
}

/// What was counted for the plane as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlaneFigures {
    /// Ticks that ran.
    pub ticks: u64,
    /// Ticks that were left out because the driver came too late.
    pub ticks_missed: u64,
    /// Commands about legs that are not there (any more), or that ask for what cannot be.
    pub refused: u64,
    /// Packets for legs that are not there (any more).
    pub orphans: u64,
    /// Outputs that were lost because the driver did not drain.
    pub overflow: u64,
    /// Packets of protected legs that were in clear, forged or repeated.
    pub unauthentic: u64,
    /// Connectivity checks without the password, of another session, or too many.
    pub checks_refused: u64,
    /// Packets of ours that could not be protected and were not sent.
    pub unprotected: u64,
}

/// All legs and bridges. One input, then `poll` until `None`, then `next_deadline`.
///
/// Allocates when made and never again; the objects of legs come and go in boxes.
#[derive(Debug)]
pub struct Plane {
    pub(crate) slots: Slots,
    pub(crate) bridges: Bridges,
    pub(crate) out: Outbox,
    pub(crate) clock: NtpClock,
    /// The next tick; `None` while nobody needs one.
    pub(crate) next_tick: Option<Instant>,
    /// Not later than the earliest deadline of all legs.
    pub(crate) soonest: Instant,
    /// What the legs of the bridge in work said.
    pub(crate) said: Vec<[i16; TICK_SAMPLES]>,
    pub(crate) figures: PlaneFigures,
}

impl Plane {
    /// A plane of the exchange's full size. `start` fixes the calendar time of reports.
    #[must_use]
    pub fn new(start: Now) -> Self {
        Self::with_limits(start, limits::MEDIA_LEGS, limits::BRIDGES)
    }

    /// A plane for at most so many legs and bridges: small ones make full normal in simulations.
    #[must_use]
    pub fn with_limits(start: Now, legs: usize, bridges: usize) -> Self {
        let legs = legs.min(limits::MEDIA_LEGS);
        Self {
            slots: Slots::new(legs),
            bridges: Bridges::new(bridges.min(limits::BRIDGES)),
            out: Outbox::new(legs),
            clock: NtpClock::new(start),
            next_tick: None,
            soonest: Instant::FAR,
            said: vec![[0; TICK_SAMPLES]; limits::LEGS_PER_BRIDGE],
            figures: PlaneFigures::default(),
        }
    }

    /// The oldest output; call until `None` after each input.
    pub fn poll(&mut self) -> Option<Output<'_>> {
        while let Some(datagram) = self.out.next_datagram() {
            if let Some(datagram) = self.guard(datagram) {
                return Some(self.out.show(&datagram));
            }
        }
        self.out.poll()
    }

    /// When [`Plane::timeout`] has work, and why; `None` while nothing is planned.
    #[must_use]
    pub fn next_deadline(&self) -> Option<(Instant, Due)> {
        match self.next_tick {
            Some(tick) if tick <= self.soonest => Some((tick, Due::Tick)),
            Some(_) | None if self.soonest < Instant::FAR => Some((self.soonest, Due::Timer)),
            Some(tick) => Some((tick, Due::Tick)),
            None => None,
        }
    }

    /// Whether [`Plane::timeout`] at `now` runs a tick: the driver exchanges the ports' blocks
    /// first.
    #[must_use]
    pub fn tick_is_due(&self, now: Instant) -> bool {
        self.next_tick.is_some_and(|tick| tick <= now)
    }

    /// Figures of the plane as a whole.
    #[must_use]
    pub fn figures(&self) -> PlaneFigures {
        PlaneFigures {
            overflow: self.out.overflow,
            ..self.figures
        }
    }

    /// Address and length in bytes of the arenas that every tick and packet touches: for a driver
    /// that locks them in memory.
    #[must_use]
    pub fn memory(&self) -> [(usize, usize); 4] {
        let [bytes, datagrams] = self.out.memory();
        let said = self.said.as_slice();
        let said = (said.as_ptr().addr(), size_of_val(said));
        [self.slots.memory(), said, bytes, datagrams]
    }

    /// The time has come to `now`.
    pub fn timeout(&mut self, now: Instant) {
        if self.tick_is_due(now) {
            self.tick(now);
        }
        if self.soonest <= now {
            self.run_timers(now);
        }
    }

    /// Executes a command.
    pub fn command(&mut self, now: Instant, command: PlaneCommand) {
        match command {
            PlaneCommand::AddRtpLeg { leg, object } => self.add(now, leg, Leg::Rtp(object)),
            PlaneCommand::AddPortLeg { leg, object } => self.add(now, leg, Leg::Port(object)),
            PlaneCommand::SetKeys { leg, keys } => self.set_keys(now, leg, keys),
            PlaneCommand::Plain(command) => self.obey(now, &command),
        }
    }

    /// Executes a command that brings nothing along.
    fn obey(&mut self, now: Instant, command: &MediaCommand) {
        match *command {
            MediaCommand::SetRtp { leg, params } => self.set_rtp(now, leg, params),
            MediaCommand::SetRoute { leg, route } => self.set_route(now, leg, route),
            MediaCommand::SendDigit { leg, digit, ms } => {
                if !self.send_digit(now, leg, digit, ms) {
                    self.refused();
                }
            }
            MediaCommand::RemoveLeg { leg } => self.remove(now, leg),
            MediaCommand::SetIce { leg, ice } => self.set_ice(now, leg, ice),
            MediaCommand::StartDtls { leg, .. } => self.expect_handshake(leg),
            _ => self.refused(),
        }
    }

    /// A datagram came to a socket of `leg`.
    pub fn packet(
        &mut self,
        now: Instant,
        leg: MediaLeg,
        channel: Channel,
        from: SocketAddr,
        datagram: &[u8],
    ) {
        let Some(slot) = self.slots.of(leg) else {
            self.figures.orphans = self.figures.orphans.saturating_add(1);
            return;
        };
        let Some(rtp_leg) = slot.rtp_mut() else {
            return;
        };
        if rtp_leg.secure.is_plain() {
            self.hear(now, leg, channel, from, datagram);
        } else {
            self.sort(now, leg, channel, from, datagram);
        }
    }

    /// An RTP or RTCP packet that may be believed as far as protection goes.
    pub(crate) fn hear(
        &mut self,
        now: Instant,
        leg: MediaLeg,
        channel: Channel,
        from: SocketAddr,
        datagram: &[u8],
    ) {
        let Some(slot) = self.slots.of(leg) else {
            return;
        };
        let path = slot.path;
        let Some(rtp_leg) = slot.rtp_mut() else {
            return;
        };
        match channel {
            Channel::Rtcp => self.rtcp(now, leg, from, datagram),
            Channel::Rtp => {
                let arrived = rtp_leg.arrive(now, leg.slot, from, datagram);
                self.arrived(now, leg, path, &arrived);
            }
        }
    }

    /// Passes on what a packet means: at once to the one who hears it, and to the control plane.
    fn arrived(&mut self, now: Instant, leg: MediaLeg, path: Path, arrived: &Arrived<'_>) {
        if let Some((heard, payload, bytes)) = arrived.relay {
            match path {
                Path::Relay(to) => self.relay(now, to, heard, payload, bytes),
                Path::Echo => self.relay(now, leg.slot, heard, payload, bytes),
                Path::Silent | Path::Tone | Path::Mix(_) => {}
            }
            if payload == Payload::Event {
                self.watch(leg.slot);
            }
        }
        if arrived.first {
            self.out.event(MediaEvent::FirstPacket { leg });
        }
        if let Some(remote) = arrived.learned {
            self.out.event(MediaEvent::SourceLearned { leg, remote });
            self.retime(now);
        }
        for (digit, ms) in arrived.digits.into_iter().flatten() {
            self.digit_heard(now, leg, digit, ms);
        }
    }

    fn relay(&mut self, now: Instant, to: u16, heard: Heard, payload: Payload, bytes: &[u8]) {
        let Some(slot) = self.slots.at(to) else {
            return;
        };
        let leg = MediaLeg {
            slot: to,
            generation: slot.generation,
        };
        let made = slot
            .rtp_mut()
            .and_then(|rtp| rtp.relay(now, heard, payload, bytes.len()));
        if let Some((remote, head)) = made {
            self.out.transmit((leg, Channel::Rtp), remote, &head, bytes);
        }
    }

    /// A key of the far end is over: the control plane is told once; the only other leg of a
    /// bridge gets it too if the packets themselves did not reach it.
    pub(crate) fn digit_heard(&mut self, now: Instant, leg: MediaLeg, digit: Digit, ms: u16) {
        self.out.event(MediaEvent::Digit { leg, digit, ms });
        let Some(slot) = self.slots.see(leg.slot) else {
            return;
        };
        let Route::Bridge(id) = slot.route else {
            return;
        };
        let Some((a, b)) = self.bridges.pair(id) else {
            return;
        };
        let other = if a == leg.slot { b } else { a };
        let relayed = matches!(slot.path, Path::Relay(_));
        let Some(peer) = self.slots.see(other) else {
            return;
        };
        let takes_events = peer
            .rtp()
            .and_then(|rtp| rtp.params())
            .is_some_and(|params| params.event_pt_out.is_some());
        if relayed && takes_events {
            return;
        }
        let peer_leg = MediaLeg {
            slot: other,
            generation: peer.generation,
        };
        self.send_digit(now, peer_leg, digit, ms);
    }

    /// What `leg`'s port said in the tick that is due; ignored if it is no port.
    pub fn port_said(&mut self, leg: MediaLeg, block: &[i16; TICK_SAMPLES]) {
        if let Some(port) = self.slots.of(leg).and_then(Slot::port_mut) {
            port.said = *block;
        }
    }

    /// What `leg`'s port is to hear next, from the last tick; `None` if it is no port.
    pub fn port_hears(&mut self, leg: MediaLeg) -> Option<&[i16; TICK_SAMPLES]> {
        self.slots
            .of(leg)
            .and_then(Slot::port_mut)
            .map(|port| &port.hears)
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
                self.slots.changed();
                self.retime(now);
            }
            Some(_) | None => {
                self.out.event(MediaEvent::LegFailed {
                    leg,
                    fault: MediaFault::NoSlot,
                });
                self.out.retire(leg, object.retire());
            }
        }
    }

    fn set_rtp(&mut self, now: Instant, leg: MediaLeg, params: RtpParams) {
        let Some(rtp) = self.slots.of(leg).and_then(Slot::rtp_mut) else {
            return self.refused();
        };
        rtp.set(now, params);
        self.tell_secured(leg);
        self.rewire_of(now, leg.slot);
        self.retime(now);
    }

    fn set_route(&mut self, now: Instant, leg: MediaLeg, route: Route) {
        let Some(slot) = self.slots.of(leg) else {
            return self.refused();
        };
        let before = core::mem::replace(&mut slot.route, route);
        slot.tone = match route {
            Route::Tone(spec) => Some(Tone::new(spec)),
            Route::Silence
            | Route::Echo
            | Route::Bridge(_)
            | Route::Music(_)
            | Route::Prompt(_) => None,
        };
        match (before, route) {
            (Route::Bridge(old), Route::Bridge(new)) if old == new => {}
            (Route::Bridge(old), _) => {
                self.bridges.leave(old, leg.slot);
                self.join(leg.slot, route);
                self.rewire(now, old);
            }
            (_, _) => self.join(leg.slot, route),
        }
        self.rewire_of(now, leg.slot);
        self.retime(now);
    }

    /// Enters the leg into the bridge of `route`, if it names one; a bridge that is full or not
    /// there leaves the leg in silence.
    fn join(&mut self, at: u16, route: Route) {
        let Route::Bridge(id) = route else { return };
        if self.bridges.join(id, at).is_err() {
            if let Some(slot) = self.slots.at(at) {
                slot.route = Route::Silence;
            }
            self.refused();
        }
    }

    fn send_digit(&mut self, now: Instant, leg: MediaLeg, digit: Digit, ms: u16) -> bool {
        let Some(object) = self.slots.of(leg).and_then(|slot| slot.leg.as_mut()) else {
            return false;
        };
        let taken = object.keying().press(digit, ms);
        self.retime(now);
        taken
    }

    fn remove(&mut self, now: Instant, leg: MediaLeg) {
        if self.slots.of(leg).is_none() {
            return self.refused();
        }
        self.send_report(now, leg, true);
        self.set_route(now, leg, Route::Silence);
        let Some(slot) = self.slots.of(leg) else {
            return;
        };
        let Some(object) = slot.leg.take() else {
            return;
        };
        slot.tone = None;
        slot.digit = None;
        self.out.event(MediaEvent::LegRemoved {
            leg,
            figures: object.figures(),
        });
        self.out.retire(leg, object.retire());
        self.slots.changed();
        self.retime(now);
    }
}

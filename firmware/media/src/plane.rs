//! The data plane: one plain struct that is told packets, blocks, commands and the time, and says
//! what is to be sent and reported.

use core::time::Duration;
use std::net::SocketAddr;

use dsp::TICK_SAMPLES;
use dsp::g711::Law;
use model::{Codec, Digit, Instant, MediaEvent, MediaLeg, Now, Route, limits};
use rtp::rtcp::NtpClock;

use crate::RtpLeg;
use crate::block::{NARROW, Seam};
use crate::clip::Clips;
use crate::mixer::Work;
use crate::mixer::bridges::Bridges;
use crate::mixer::hearing::Hearing;
use crate::outgoing::Heard;
use crate::output::{Channel, Outbox, Output, TapPart, Tapped};
use crate::rtp_leg::{Arrived, Payload};
use crate::slot::{Leg, Path, Slot, Slots};

/// The tick: the mixer, tones and ports work in steps of this.
pub const TICK: Duration = Duration::from_millis(10);

/// Octets of the longest packet of G.711: 60 ms and more.
const SOUND_MAX: usize = 512;

/// How a key came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As telephone events.
    Event,
    /// As tones, which were taken out of the sound.
    Sound,
}

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
    /// The next tick; `None` while nobody needs one. Always a whole number of ticks after the
    /// beginning of time, so that a leg that moves to another plane goes on in step.
    pub(crate) next_tick: Option<Instant>,
    /// The last tick that ran: no leg has two at one instant.
    pub(crate) ticked: Option<Instant>,
    /// The number of the tick in work, by which legs take turns: that of its time, as long as none
    /// was left out.
    pub(crate) beat: u64,
    /// All who need the tick send packets of a whole number of two: those ticks in which none ends
    /// are run together with the ones after them, and nobody is woken for them.
    pub(crate) paired: bool,
    /// Not later than the earliest deadline of all legs.
    pub(crate) soonest: Instant,
    pub(crate) clips: Clips,
    pub(crate) hearing: Hearing,
    /// The scratch of the bridge in work.
    pub(crate) work: Work,
    /// Slots whose path is to be chosen anew after the tick.
    pub(crate) over: Vec<u16>,
    /// Tracks that are recorded.
    pub(crate) taps: usize,
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
            ticked: None,
            beat: 0,
            paired: false,
            soonest: Instant::FAR,
            clips: Clips::new(),
            hearing: Hearing::new(),
            work: Work::new(legs),
            over: Vec::with_capacity(legs.saturating_mul(3)),
            taps: 0,
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
        match self.tick_due() {
            Some(tick) if tick <= self.soonest => Some((tick, Due::Tick)),
            Some(_) | None if self.soonest < Instant::FAR => Some((self.soonest, Due::Timer)),
            Some(tick) => Some((tick, Due::Tick)),
            None => None,
        }
    }

    /// When the next tick is, if one is planned.
    #[must_use]
    pub const fn next_tick(&self) -> Option<Instant> {
        self.next_tick
    }

    /// Whether [`Plane::timeout`] at `now` runs a tick: the driver exchanges the ports' blocks
    /// first.
    #[must_use]
    pub fn tick_is_due(&self, now: Instant) -> bool {
        self.tick_due().is_some_and(|tick| tick <= now)
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
    pub fn memory(&self) -> [(usize, usize); 5] {
        let [slots, taken] = self.slots.memory();
        let [bytes, datagrams] = self.out.memory();
        [slots, taken, self.work.memory(), bytes, datagrams]
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
            if payload == Payload::Sound {
                self.tap_packet(now, leg.slot, &heard, bytes);
                self.listen_in(now, leg, path, bytes);
            }
            match path {
                Path::Relay(to) => self.relay(now, to, heard, payload, bytes),
                Path::Echo => self.relay(now, leg.slot, heard, payload, bytes),
                Path::Silent | Path::Tone | Path::Mix(_) | Path::Music(_) | Path::Prompt => {}
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
            self.digit_heard(now, leg, (digit, ms), Form::Event);
        }
    }

    fn relay(&mut self, now: Instant, to: u16, heard: Heard, payload: Payload, bytes: &[u8]) {
        let takes_events = |rtp: &RtpLeg| rtp.params().is_some_and(|p| p.event_pt_out.is_some());
        let takes_events = self
            .slots
            .see(to)
            .and_then(Slot::rtp)
            .is_some_and(takes_events);
        let Some(speaker) = self.slots.see(heard.slot).and_then(Slot::rtp) else {
            return;
        };
        let event_hz = (payload == Payload::Event).then(|| speaker.event_clock_hz());
        let muted = payload == Payload::Sound && speaker.is_tone(now, takes_events);
        let Some(slot) = self.slots.at(to) else {
            return;
        };
        let leg = MediaLeg {
            slot: to,
            generation: slot.generation,
        };
        let Some(rtp) = slot.rtp_mut().filter(|rtp| rtp.ear.saying.is_none()) else {
            return;
        };
        let event = event_hz.and_then(|hz| rtp.recount(bytes, hz));
        let bytes = match (payload, &event) {
            (Payload::Event, Some(event)) => event,
            (Payload::Event, None) => return,
            (Payload::Sound | Payload::Comfort, _) => bytes,
        };
        let mut joined = [0; NARROW];
        let (mut first, mut rest): (&[u8], &[u8]) = (&[], bytes);
        let law = rtp.law();
        let silence;
        if muted {
            let Some(law) = law else { return };
            silence = [law.encode(0); SOUND_MAX];
            rtp.ear.seam.open();
            rest = silence.get(..bytes.len()).unwrap_or(&[]);
        }
        let bytes = rest;
        if let (Some(law), Payload::Sound) = (law, payload) {
            if rtp.ear.seam.is_open() {
                let length = bytes.len().min(NARROW);
                let octets = joined.get_mut(..length).unwrap_or(&mut []);
                join(&mut rtp.ear.seam, law, bytes, octets);
                (first, rest) = (octets, bytes.get(length..).unwrap_or(&[]));
            }
            if let Some(&last) = bytes.last() {
                rtp.ear.seam.follow(law.decode(last));
            }
        }
        if let Some((remote, head)) = rtp.relay(now, heard, payload, bytes.len()) {
            let channel = (leg, Channel::Rtp);
            self.out.transmit(channel, remote, &[&head, first, rest]);
        }
    }

    /// A packet of sound goes to the tracks of its leg, as it came.
    fn tap_packet(&mut self, now: Instant, at: u16, heard: &Heard, payload: &[u8]) {
        let Some(slot) = self.slots.at(at) else {
            return;
        };
        let codec = slot.rtp().and_then(|rtp| rtp.params()).map(|p| p.codec);
        let Some(codec) = codec else { return };
        for tap in slot.taps.iter_mut() {
            let at = tap.time_of(now, heard, codec.clock_hz());
            if !tap.paused {
                let part = TapPart::Sound { codec, payload };
                let tap = tap.id;
                self.out.tap(&Tapped { tap, at, part });
            }
        }
    }

    /// Signals in the sound of a packet that the mixer does not decode.
    fn listen_in(&mut self, now: Instant, leg: MediaLeg, path: Path, payload: &[u8]) {
        let Some(rtp) = self.slots.of(leg).and_then(Slot::rtp_mut) else {
            return;
        };
        match path {
            Path::Mix(_) => return,
            Path::Relay(_) if !rtp.keys_in_sound() => return,
            Path::Relay(_)
            | Path::Silent
            | Path::Tone
            | Path::Echo
            | Path::Music(_)
            | Path::Prompt => rtp.listen_in_packet(payload),
        }
        self.tell_inband(now, leg.slot);
    }

    /// Tells what was heard in the sound of the leg in `at` since this was done last.
    pub(crate) fn tell_inband(&mut self, now: Instant, at: u16) {
        let Some(slot) = self.slots.at(at) else {
            return;
        };
        let leg = MediaLeg {
            slot: at,
            generation: slot.generation,
        };
        let (key, tone, swallows) = match &mut slot.leg {
            Some(Leg::Rtp(leg)) => {
                let (key, tone) = leg.inband.take();
                (key, tone, leg.inband.swallows)
            }
            Some(Leg::Port(leg)) => (None, leg.fax.process(&leg.said), false),
            None => return,
        };
        if let Some(tone) = tone {
            self.out.event(MediaEvent::Fax { leg, tone });
        }
        match key {
            Some((digit, ms)) if swallows => self.digit_heard(now, leg, (digit, ms), Form::Sound),
            // The other leg hears the tone.
            Some((digit, ms)) => self.out.event(MediaEvent::Digit { leg, digit, ms }),
            None => {}
        }
    }

    /// A key of the far end is over: the control plane is told once; the only other leg of a
    /// bridge gets it too if the packets themselves did not reach it.
    pub(crate) fn digit_heard(
        &mut self,
        now: Instant,
        leg: MediaLeg,
        (digit, ms): (Digit, u16),
        form: Form,
    ) {
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
        let relayed = matches!(slot.path, Path::Relay(_)) && form == Form::Event;
        let Some(peer) = self.slots.see(other) else {
            return;
        };
        let params = peer.rtp().and_then(|rtp| rtp.params());
        let takes_events = params.is_some_and(|params| params.event_pt_out.is_some());
        let signalled = params.is_some_and(|params| params.digits_in_signalling);
        if signalled || (relayed && takes_events) {
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
        let due = self.next_tick;
        let Some(slot) = self.slots.of(leg) else {
            return;
        };
        if let Some(port) = slot.port_mut() {
            port.said = *block;
        }
        let mut running = slot.taps.iter().filter(|tap| !tap.paused).peekable();
        let (Some(at), Some(_)) = (due, running.peek()) else {
            return;
        };
        let mut octets = [0; TICK_SAMPLES];
        Law::A.encode_into(block, &mut octets);
        let part = TapPart::Sound {
            codec: Codec::Pcma,
            payload: &octets,
        };
        for tap in running {
            let tap = tap.id;
            self.out.tap(&Tapped { tap, at, part });
        }
    }

    /// What `leg`'s port is to hear next, from the last tick; `None` if it is no port.
    pub fn port_hears(&mut self, leg: MediaLeg) -> Option<&[i16; TICK_SAMPLES]> {
        self.slots
            .of(leg)
            .and_then(Slot::port_mut)
            .map(|port| &port.hears)
    }
}

/// The first samples of relayed sound, joined to what was heard before.
fn join(seam: &mut Seam, law: Law, from: &[u8], to: &mut [u8]) {
    let mut samples = [0; NARROW];
    let samples = samples.get_mut(..to.len()).unwrap_or(&mut []);
    law.decode_into(from, samples);
    seam.join(samples);
    law.encode_into(samples, to);
}

//! A plane, its time, and simple far ends that talk in sines.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use dsp::g711::Law;
use media::{
    Channel, Codecs, Output, Pace, Plane, PlaneCommand, PortLeg, Retired, RtpLeg, TapPart, Tapped,
};
use model::{
    BridgeId, Codec, Instant, Learn, MediaCommand, MediaEvent, MediaLeg, Now, PortId, Route,
    RtpIdentity, RtpParams, TapId,
};

use crate::guard::guarded;

pub(crate) const PCMA: u8 = 8;

/// A datagram that the plane sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) at: Instant,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

impl Sent {
    pub(crate) fn marker(&self) -> bool {
        self.bytes[1] & 0x80 != 0
    }
    pub(crate) fn payload_type(&self) -> u8 {
        self.bytes[1] & 0x7f
    }
    pub(crate) fn seq(&self) -> u16 {
        u16::from_be_bytes([self.bytes[2], self.bytes[3]])
    }
    pub(crate) fn timestamp(&self) -> u32 {
        u32::from_be_bytes(self.bytes[4..8].try_into().expect("four bytes"))
    }
    pub(crate) fn ssrc(&self) -> u32 {
        u32::from_be_bytes(self.bytes[8..12].try_into().expect("four bytes"))
    }
    pub(crate) fn payload(&self) -> &[u8] {
        &self.bytes[12..]
    }
}

/// A step of a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Sound(TapId, Instant, Codec, Vec<u8>),
    Began(TapId),
    Paused(TapId),
    Resumed(TapId),
    Ended(TapId),
}

impl Step {
    fn of(step: &Tapped<'_>) -> Self {
        match step.part {
            TapPart::Sound { codec, payload } => {
                Self::Sound(step.tap, step.at, codec, payload.to_vec())
            }
            TapPart::Began => Self::Began(step.tap),
            TapPart::Paused => Self::Paused(step.tap),
            TapPart::Resumed => Self::Resumed(step.tap),
            TapPart::Ended => Self::Ended(step.tap),
        }
    }
}

/// A sine that goes on where it stopped.
#[derive(Clone, Debug)]
pub(crate) struct Voice {
    pub(crate) hz: f32,
    n: u32,
}

impl Voice {
    pub(crate) fn block(&mut self, out: &mut [i16]) {
        for sample in out {
            let turn = self.hz * self.n as f32 / 8_000.0;
            *sample = (4_000.0 * (turn * std::f32::consts::TAU).sin()) as i16;
            self.n = (self.n + 1) % 8_000;
        }
    }
}

/// A phone: where it is, and the state of what it sends.
#[derive(Clone, Debug)]
pub(crate) struct Phone {
    pub(crate) leg: MediaLeg,
    pub(crate) address: SocketAddr,
    pub(crate) params: RtpParams,
    pub(crate) ssrc: u32,
    pub(crate) seq: u16,
    pub(crate) timestamp: u32,
    pub(crate) voice: Voice,
}

impl Phone {
    /// The next packet of sound.
    pub(crate) fn packet(&mut self) -> Vec<u8> {
        let samples = usize::from(self.params.ptime_ms) * 8;
        let mut pcm = vec![0; samples];
        self.voice.block(&mut pcm);
        let mut payload = vec![0; samples];
        Law::of(self.params.codec)
            .expect("companded")
            .encode_into(&pcm, &mut payload);
        let bytes = rtp(
            self.params.pt_in,
            false,
            self.seq,
            self.timestamp,
            self.ssrc,
            &payload,
        );
        self.seq = self.seq.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(samples as u32);
        bytes
    }
}

pub(crate) fn rtp(
    pt: u8,
    marker: bool,
    seq: u16,
    timestamp: u32,
    ssrc: u32,
    payload: &[u8],
) -> Vec<u8> {
    let mut bytes = vec![0x80, pt | if marker { 0x80 } else { 0 }];
    bytes.extend(seq.to_be_bytes());
    bytes.extend(timestamp.to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The plane with its surroundings.
pub(crate) struct Rig {
    pub(crate) plane: Plane,
    pub(crate) now: Instant,
    pub(crate) sent: BTreeMap<(MediaLeg, Channel), Vec<Sent>>,
    pub(crate) events: Vec<MediaEvent>,
    /// What was told of seconds and minutes.
    pub(crate) quality: Vec<MediaEvent>,
    /// Parts of DTLS handshakes that are for the driver.
    pub(crate) handshakes: Vec<(MediaLeg, SocketAddr, Vec<u8>)>,
    pub(crate) dead: Vec<MediaLeg>,
    pub(crate) keys_back: usize,
    /// Filters that are not used any more.
    pub(crate) voices_back: usize,
    pub(crate) tapped: Vec<Step>,
    /// Legs whose packets are wanted before the tick only.
    pub(crate) paced: BTreeSet<MediaLeg>,
    pub(crate) ports: BTreeMap<MediaLeg, (Voice, Vec<i16>)>,
    /// How often the plane wanted to be woken for ticks.
    pub(crate) woken: usize,
}

pub(crate) fn leg(slot: u16) -> MediaLeg {
    MediaLeg {
        slot,
        generation: 1,
    }
}

/// The frequency that marks the talker in this slot; all of them fit into 100 ms.
pub(crate) fn mark(slot: u16) -> f32 {
    300.0 + 110.0 * f32::from(slot)
}

pub(crate) fn params(slot: u16) -> RtpParams {
    RtpParams {
        remote: Some(address(slot)),
        remote_rtcp: Some(SocketAddr::new(
            address(slot).ip(),
            address(slot).port() + 1,
        )),
        learn: Learn::Never,
        codec: Codec::Pcma,
        pt_out: PCMA,
        pt_in: PCMA,
        event_pt_out: Some(101),
        event_pt_in: Some(101),
        ptime_ms: 20,
        send: true,
        receive: true,
        ..RtpParams::of(Codec::Pcma)
    }
}

pub(crate) fn address(slot: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 10_000 + slot * 2))
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::for_legs(64)
    }

    pub(crate) fn for_legs(legs: usize) -> Self {
        Self {
            plane: Plane::with_limits(Now::default(), legs, 16),
            now: Instant::from_millis(1_000),
            sent: BTreeMap::new(),
            events: Vec::new(),
            quality: Vec::new(),
            handshakes: Vec::new(),
            dead: Vec::new(),
            keys_back: 0,
            voices_back: 0,
            tapped: Vec::new(),
            paced: BTreeSet::new(),
            ports: BTreeMap::new(),
            woken: 0,
        }
    }

    pub(crate) fn command(&mut self, command: impl Into<PlaneCommand>) {
        let command = command.into();
        guarded(|| self.plane.command(self.now, command));
        self.drain();
    }

    pub(crate) fn route(&mut self, leg: MediaLeg, route: Route) {
        self.command(MediaCommand::SetRoute { leg, route });
    }

    pub(crate) fn join(&mut self, leg: MediaLeg, bridge: u16) {
        self.route(leg, Route::Bridge(BridgeId(bridge)));
    }

    /// An offer/answer outcome.
    pub(crate) fn set_rtp(&mut self, leg: MediaLeg, params: RtpParams) {
        let codecs = Codecs::boxed(&params).expect("memory");
        self.command(PlaneCommand::SetRtp {
            leg,
            params,
            codecs,
        });
    }

    /// An RTP leg in `slot` with these parameters, and the phone at its far end.
    pub(crate) fn phone_with(&mut self, slot: u16, params: RtpParams) -> Phone {
        let identity = RtpIdentity {
            ssrc: 0xc000_0000 + u32::from(slot),
            seq: 65_000,
            timestamp: 1_000_000,
        };
        self.command(PlaneCommand::AddRtpLeg {
            leg: leg(slot),
            object: RtpLeg::boxed(identity),
        });
        self.set_rtp(leg(slot), params);
        Phone {
            leg: leg(slot),
            address: address(slot),
            params,
            ssrc: 77 + u32::from(slot),
            seq: 100 * slot,
            timestamp: 5_000 * u32::from(slot),
            voice: Voice {
                hz: mark(slot),
                n: 0,
            },
        }
    }

    pub(crate) fn phone(&mut self, slot: u16) -> Phone {
        self.phone_with(slot, params(slot))
    }

    /// A port leg in `slot`, with somebody at it who talks.
    pub(crate) fn set(&mut self, slot: u16) -> MediaLeg {
        self.command(PlaneCommand::AddPortLeg {
            leg: leg(slot),
            object: PortLeg::boxed(PortId(slot)),
        });
        let voice = Voice {
            hz: mark(slot),
            n: 0,
        };
        self.ports.insert(leg(slot), (voice, Vec::new()));
        leg(slot)
    }

    pub(crate) fn packet(
        &mut self,
        leg: MediaLeg,
        channel: Channel,
        from: SocketAddr,
        bytes: &[u8],
    ) {
        guarded(|| self.plane.packet(self.now, leg, channel, from, bytes));
        self.drain();
    }

    /// The phone sends its next packet.
    pub(crate) fn say(&mut self, phone: &mut Phone) {
        let bytes = phone.packet();
        self.packet(phone.leg, Channel::Rtp, phone.address, &bytes);
    }

    /// Time passes; what is due is run when it is due.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while let Some((due, _)) = self.plane.next_deadline() {
            if due > end {
                break;
            }
            self.now = self.now.max(due);
            if self.plane.tick_is_due(self.now) {
                self.woken += 1;
                self.exchange();
            }
            guarded(|| self.plane.timeout(self.now));
            self.drain();
        }
        self.now = end;
    }

    /// All phones talk for so many packets of 20 ms, a little apart from each other.
    pub(crate) fn talk(&mut self, phones: &mut [&mut Phone], packets: usize) {
        for _ in 0..packets {
            for phone in phones.iter_mut() {
                self.say(phone);
            }
            self.pass(20);
        }
    }

    fn exchange(&mut self) {
        let plane = &mut self.plane;
        for (&leg, (voice, heard)) in &mut self.ports {
            if let Some(block) = plane.port_hears(leg) {
                heard.extend(block);
            }
            let mut block = [0; 80];
            voice.block(&mut block);
            guarded(|| plane.port_said(leg, &block));
        }
    }

    pub(crate) fn drain(&mut self) {
        while let Some(output) = guarded(|| self.plane.poll()) {
            match output {
                Output::Transmit {
                    leg,
                    channel,
                    to,
                    bytes,
                } => self.sent.entry((leg, channel)).or_default().push(Sent {
                    at: self.now,
                    to,
                    bytes: bytes.to_vec(),
                }),
                Output::Handshake { leg, from, bytes } => {
                    self.handshakes.push((leg, from, bytes.to_vec()));
                }
                Output::Event(
                    event @ (MediaEvent::QualitySecond { .. } | MediaEvent::QualityMinute { .. }),
                ) => self.quality.push(event),
                Output::Event(event) => self.events.push(event),
                Output::Tap(step) => self.tapped.push(Step::of(&step)),
                Output::Pace { leg, pace } => {
                    let told = match pace {
                        Pace::Tick => self.paced.insert(leg),
                        Pace::AtOnce => self.paced.remove(&leg),
                    };
                    assert!(told, "{leg:?} is told {pace:?} twice");
                }
                Output::Dead(object) => match object {
                    Retired::Rtp(leg, _) | Retired::Port(leg, _) => {
                        self.paced.remove(&leg);
                        self.dead.push(leg);
                    }
                    Retired::Keys(_) => self.keys_back += 1,
                    Retired::Voice(_) => self.voices_back += 1,
                    Retired::Codecs(_) | Retired::Paths(_) | Retired::Clip(..) => {}
                },
            }
        }
        // A driver that waits with packets until the tick must have one.
        let tick = self.plane.next_deadline().map(|(_, due)| due);
        assert!(
            self.paced.is_empty() || self.plane.tick_is_due(Instant::FAR),
            "{:?} wait for {tick:?}",
            self.paced
        );
    }

    /// The RTP datagrams that were sent to a leg's far end.
    pub(crate) fn heard(&self, leg: MediaLeg) -> &[Sent] {
        self.sent
            .get(&(leg, Channel::Rtp))
            .map_or(&[], Vec::as_slice)
    }

    /// Forgets what was sent and heard so far.
    pub(crate) fn forget(&mut self) {
        self.sent.clear();
        self.events.clear();
        for (_, heard) in self.ports.values_mut() {
            heard.clear();
        }
    }

    /// The samples of all sound that went to a far end, in timestamp order, gaps as silence.
    pub(crate) fn samples(&self, leg: MediaLeg, codec: Codec, pt: u8) -> Vec<i16> {
        let packets: Vec<&Sent> = self
            .heard(leg)
            .iter()
            .filter(|sent| sent.payload_type() == pt)
            .collect();
        let Some(first) = packets.first().map(|sent| sent.timestamp()) else {
            return Vec::new();
        };
        let mut samples = Vec::new();
        for sent in packets {
            let at = sent.timestamp().wrapping_sub(first) as usize;
            let mut pcm = vec![0; sent.payload().len()];
            Law::of(codec)
                .expect("companded")
                .decode_into(sent.payload(), &mut pcm);
            if samples.len() < at + pcm.len() {
                samples.resize(at + pcm.len(), 0);
            }
            samples[at..at + pcm.len()].copy_from_slice(&pcm);
        }
        samples
    }

    /// What the set at a port heard.
    pub(crate) fn port_heard(&self, leg: MediaLeg) -> &[i16] {
        &self.ports[&leg].1
    }
}

/// Amplitude of the sine of `hz` in `samples`.
pub(crate) fn amplitude(samples: &[i16], hz: f32) -> f32 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, &sample) in samples.iter().enumerate() {
        let turn = hz * n as f32 / 8_000.0 * std::f32::consts::TAU;
        re += f32::from(sample) * turn.cos();
        im += f32::from(sample) * turn.sin();
    }
    2.0 * (re * re + im * im).sqrt() / samples.len().max(1) as f32
}

/// The slots whose marks are heard at about their full level, of those below `slots`.
pub(crate) fn talkers(samples: &[i16], slots: u16) -> Vec<u16> {
    (0..slots)
        .filter(|&slot| amplitude(samples, mark(slot)) > 2_000.0)
        .collect()
}

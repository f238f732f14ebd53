//! A bridge with one who talks and others who listen, carried by the plane.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use dsp::codec::{Decoder, Encoder, PAYLOAD_MAX, SAMPLES_MAX};
use media::{Channel, Output, Plane, PlaneCommand, RtpLeg};
use model::{
    BridgeId, Codec, Instant, MediaCommand, MediaLeg, Now, OpusParams, Route, RtpIdentity,
    RtpParams, VoiceOptions,
};

use crate::Speech;

/// Somebody in the bridge.
#[derive(Clone, Copy, Debug)]
pub struct Party {
    /// What the party's phone speaks.
    pub codec: Codec,
    /// What is done to the party's voice.
    pub voice: VoiceOptions,
}

const PACKET: Duration = Duration::from_millis(20);

struct Phone {
    leg: MediaLeg,
    address: SocketAddr,
    params: RtpParams,
    voice: VoiceOptions,
    encoder: Encoder,
    seq: u16,
    timestamp: u32,
}

impl Phone {
    fn new(slot: u16, party: Party) -> Self {
        let address = SocketAddr::from(([192, 0, 2, 1], 10_000 + slot * 2));
        Self {
            leg: MediaLeg {
                slot,
                generation: 1,
            },
            address,
            params: RtpParams {
                remote: Some(address),
                ..RtpParams::of(party.codec)
            },
            voice: party.voice,
            encoder: Encoder::new(party.codec, OpusParams::default()).expect("memory"),
            seq: 1,
            timestamp: 160,
        }
    }

    /// The packet with the next 20 ms.
    fn packet(&mut self, block: &[i16]) -> Vec<u8> {
        let mut payload = [0; PAYLOAD_MAX];
        let len = self.encoder.encode(block, &mut payload);
        let mut bytes = vec![0x80, self.params.pt_in];
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.timestamp.to_be_bytes());
        bytes.extend((77 + u32::from(self.leg.slot)).to_be_bytes());
        bytes.extend(&payload[..len]);
        self.seq = self.seq.wrapping_add(1);
        let step = self.params.codec.clock_hz() / 50;
        self.timestamp = self.timestamp.wrapping_add(step);
        bytes
    }
}

struct Room {
    plane: Plane,
    now: Instant,
    /// Timestamp and payload of what the listener was sent.
    heard: BTreeMap<u32, Vec<u8>>,
    listener: MediaLeg,
}

impl Room {
    fn new(listener: MediaLeg) -> Self {
        Self {
            plane: Plane::with_limits(Now::default(), 32, 4),
            now: Instant::from_millis(1_000),
            heard: BTreeMap::new(),
            listener,
        }
    }

    fn seat(&mut self, phone: &Phone) {
        let identity = RtpIdentity {
            ssrc: 0xc000_0000 + u32::from(phone.leg.slot),
            seq: 1,
            timestamp: 1_000_000,
        };
        let leg = phone.leg;
        let object = RtpLeg::boxed(identity);
        let params = phone.params;
        let route = Route::Bridge(BridgeId(0));
        self.tell(PlaneCommand::AddRtpLeg { leg, object });
        self.tell(MediaCommand::SetRtp { leg, params }.into());
        self.tell(MediaCommand::SetRoute { leg, route }.into());
        let options = phone.voice;
        if options != VoiceOptions::default() {
            self.tell(MediaCommand::SetVoice { leg, options }.into());
        }
    }

    fn tell(&mut self, command: PlaneCommand) {
        self.plane.command(self.now, command);
        self.drain();
    }

    fn pass_until(&mut self, end: Instant) {
        while let Some((due, _)) = self.plane.next_deadline() {
            if due > end {
                break;
            }
            self.now = self.now.max(due);
            self.plane.timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn drain(&mut self) {
        while let Some(output) = self.plane.poll() {
            if let Output::Transmit {
                leg,
                channel: Channel::Rtp,
                bytes,
                ..
            } = output
                && leg == self.listener
            {
                let timestamp = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
                self.heard.insert(timestamp, bytes[12..].to_vec());
            }
        }
    }
}

/// What `listener` hears of `speech`, said by `talker` in a bridge with `others` who say nothing.
///
/// # Panics
/// If a codec refuses what another one made.
#[must_use]
pub fn carry(speech: &Speech, talker: Party, listener: Party, others: &[Party]) -> Speech {
    let parties = [talker, listener].into_iter().chain(others.iter().copied());
    let mut phones: Vec<Phone> = (0..)
        .zip(parties)
        .map(|(slot, party)| Phone::new(slot, party))
        .collect();
    let mut room = Room::new(phones[1].leg);
    for phone in &phones {
        room.seat(phone);
    }
    let rate = |phone: &Phone| phone.encoder.sample_hz() as usize / 50;
    assert_eq!(rate(&phones[0]), speech.hz as usize / 50);
    let mut next = room.now;
    for block in speech.samples.chunks_exact(speech.hz as usize / 50) {
        for (at, phone) in (0_u32..).zip(&mut phones) {
            let quiet = vec![0; rate(phone)];
            let packet = phone.packet(if at == 0 { block } else { &quiet });
            // Phones do not send in step: each has a moment of its own within the 20 ms.
            room.pass_until(next + Duration::from_micros(u64::from(at) * 1_700 % 19_000));
            room.plane
                .packet(room.now, phone.leg, Channel::Rtp, phone.address, &packet);
            room.drain();
        }
        next = next + PACKET;
        room.pass_until(next);
    }
    room.pass_until(next + 10 * PACKET);
    decoded(&room.heard, listener)
}

/// All that was sent to the listener, gaps as silence.
fn decoded(heard: &BTreeMap<u32, Vec<u8>>, listener: Party) -> Speech {
    let mut decoder = Decoder::new(listener.codec, OpusParams::default()).expect("memory");
    let hz = decoder.sample_hz();
    let first = heard.keys().next().copied().unwrap_or(0);
    let mut samples = Vec::new();
    for (timestamp, payload) in heard {
        let ticks = timestamp.wrapping_sub(first) as usize;
        let place = ticks * hz as usize / listener.codec.clock_hz() as usize;
        let mut block = [0; SAMPLES_MAX];
        let len = decoder
            .decode(payload, &mut block)
            .expect("our own payload");
        if samples.len() < place + len {
            samples.resize(place + len, 0);
        }
        samples[place..place + len].copy_from_slice(&block[..len]);
    }
    Speech { hz, samples }
}

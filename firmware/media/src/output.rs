//! What the plane asks of its driver, kept in buffers that never grow.

use std::collections::VecDeque;
use std::net::SocketAddr;

use dsp::denoise::Denoise;
use model::{ClipId, Codec, Instant, MediaEvent, MediaLeg, TapId, limits};
use rtp::srtp::OVERHEAD;

use crate::secure::seal;
use crate::{Clip, Codecs, Keys, Paths, PortLeg, RtpLeg};

/// Which socket of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// The even port: sound.
    Rtp,
    /// The odd port: reports.
    Rtcp,
}

/// When the sound that comes for a leg is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// As soon as it comes: it is sent on, or nothing runs by itself.
    #[default]
    AtOnce,
    /// Before the next tick, and not earlier: it is only mixed, or only looked at. While any leg
    /// is of this kind a tick is planned.
    Tick,
}

/// One thing for the driver to do, in the order given.
#[derive(Debug)]
pub enum Output<'a> {
    /// Send this datagram.
    Transmit {
        /// From the sockets of this leg.
        leg: MediaLeg,
        /// Which of the two.
        channel: Channel,
        /// The far end.
        to: SocketAddr,
        /// The datagram.
        bytes: &'a [u8],
    },
    /// A datagram of a DTLS handshake came: hand it to who does the handshake, and what that says
    /// to [`crate::Plane::send_handshake`].
    Handshake {
        /// The leg whose keys are agreed.
        leg: MediaLeg,
        /// The far end.
        from: SocketAddr,
        /// The datagram.
        bytes: &'a [u8],
    },
    /// A step of a recorded track.
    Tap(Tapped<'a>),
    /// From now on datagrams for the leg's RTP port are wanted at this pace; `AtOnce` at first. A
    /// driver that hands all of them over at once does no harm.
    Pace {
        /// The leg.
        leg: MediaLeg,
        /// Its pace.
        pace: Pace,
    },
    /// Tell the control plane.
    Event(MediaEvent),
    /// An object is no longer used: free it elsewhere. That of a leg comes right after `LegRemoved`
    /// or `LegFailed`; then its sockets are closed.
    Dead(Retired),
}

/// A step of a track: what one party says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tapped<'a> {
    /// The track.
    pub tap: TapId,
    /// When the first sample was said; what was lost on the way shows as a gap.
    pub at: Instant,
    /// What there is.
    pub part: TapPart<'a>,
}

/// What a step of a track holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TapPart<'a> {
    /// Sound, as it came when it came in a packet, after its protection was taken off.
    Sound {
        /// How it is encoded.
        codec: Codec,
        /// One packet, at most `limits::RTP_PACKET_MAX` octets, or 10 ms of a port.
        payload: &'a [u8],
    },
    /// The track begins.
    Began,
    /// Nothing is recorded from here on.
    Paused,
    /// Recorded again from here on.
    Resumed,
    /// The track is over.
    Ended,
}

/// An object that is over, to be freed by a thread that may free.
#[derive(Debug)]
pub enum Retired {
    /// A leg that spoke RTP.
    Rtp(MediaLeg, Box<RtpLeg>),
    /// A leg that was a port.
    Port(MediaLeg, Box<PortLeg>),
    /// Keys that others took the place of; the leg itself may live.
    Keys(Box<Keys>),
    /// The leg has other paths now, or is over.
    Paths(Box<Paths>),
    /// The leg has other codecs now.
    Codecs(Box<Codecs>),
    /// Noise of this leg is taken out no more.
    Voice(Box<Denoise>),
    /// It is not played any more, or was not taken in.
    Clip(ClipId, Box<Clip>),
}

/// Bytes per leg that wait for the driver: a datagram with 60 ms of G.711, protected, and a track's
/// copy of 20 ms.
const BYTES: usize = 768;
/// Datagrams per leg that wait: one of sound and one report, and a digit.
const DATAGRAMS: usize = 3;
/// Events per leg that wait.
const EVENTS: usize = 4;
/// Steps of tracks that wait, for each track of a leg: one packet, or a mark and a block of a port.
const TAPS: usize = 2 * limits::TAPS_OF_LEG;
/// Objects that wait; one input retires at most one.
const RETIRED: usize = 8;

/// What a queued datagram is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Sound or a report: protected before it leaves, if the leg is.
    Media,
    /// Our part of a handshake or an answer to a check: what makes protection possible.
    Setup,
    /// The far end's part of a handshake, for the driver.
    Handshake,
}

/// A datagram that waits for the driver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Datagram {
    pub(crate) leg: MediaLeg,
    pub(crate) channel: Channel,
    /// The far end.
    pub(crate) to: SocketAddr,
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    tap: TapId,
    at: Instant,
    part: StepPart,
}

#[derive(Clone, Copy, Debug)]
enum StepPart {
    Sound {
        codec: Codec,
        start: usize,
        len: usize,
    },
    Began,
    Paused,
    Resumed,
    Ended,
}

/// Everything that `poll` will give out.
#[derive(Debug)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    datagrams: VecDeque<Datagram>,
    taps: VecDeque<Step>,
    paces: VecDeque<(MediaLeg, Pace)>,
    events: VecDeque<MediaEvent>,
    retired: VecDeque<Retired>,
    /// What did not fit: the driver did not drain.
    pub(crate) overflow: u64,
}

impl Outbox {
    /// Room for what one tick of so many legs asks for.
    pub(crate) fn new(legs: usize) -> Self {
        let room = |each: usize| legs.saturating_add(4).saturating_mul(each);
        Self {
            bytes: Vec::with_capacity(room(BYTES).max(limits::RTP_PACKET_MAX)),
            datagrams: VecDeque::with_capacity(room(DATAGRAMS)),
            taps: VecDeque::with_capacity(room(TAPS)),
            paces: VecDeque::with_capacity(room(1)),
            events: VecDeque::with_capacity(room(EVENTS)),
            retired: VecDeque::with_capacity(RETIRED),
            overflow: 0,
        }
    }

    /// Queues a datagram of sound or a report made of `parts`; whether there was room.
    pub(crate) fn transmit(
        &mut self,
        way: (MediaLeg, Channel),
        to: SocketAddr,
        parts: &[&[u8]],
    ) -> bool {
        self.queue(Kind::Media, way, to, parts)
    }

    /// Queues a datagram, with room for its protection behind it.
    pub(crate) fn queue(
        &mut self,
        kind: Kind,
        (leg, channel): (MediaLeg, Channel),
        to: SocketAddr,
        parts: &[&[u8]],
    ) -> bool {
        let start = self.bytes.len();
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let room = self.bytes.capacity().saturating_sub(start) >= len.saturating_add(OVERHEAD)
            && self.datagrams.len() < self.datagrams.capacity();
        if !room {
            self.overflow = self.overflow.saturating_add(1);
            return false;
        }
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.bytes.extend_from_slice(&[0; OVERHEAD]);
        self.datagrams.push_back(Datagram {
            leg,
            channel,
            to,
            kind,
            start,
            len,
        });
        true
    }

    /// Queues a step of a track.
    pub(crate) fn tap(&mut self, step: &Tapped<'_>) {
        let Tapped { tap, at, part } = *step;
        let part = match part {
            TapPart::Began => StepPart::Began,
            TapPart::Paused => StepPart::Paused,
            TapPart::Resumed => StepPart::Resumed,
            TapPart::Ended => StepPart::Ended,
            TapPart::Sound { codec, payload } => {
                let (start, len) = (self.bytes.len(), payload.len());
                if self.bytes.capacity().saturating_sub(start) < len {
                    self.overflow = self.overflow.saturating_add(1);
                    return;
                }
                self.bytes.extend_from_slice(payload);
                StepPart::Sound { codec, start, len }
            }
        };
        if self.taps.len() < self.taps.capacity() {
            self.taps.push_back(Step { tap, at, part });
        } else {
            self.overflow = self.overflow.saturating_add(1);
        }
    }

    /// Queues another pace; whether there was room, which there is for one of each leg.
    pub(crate) fn pace(&mut self, leg: MediaLeg, pace: Pace) -> bool {
        let room = self.paces.len() < self.paces.capacity();
        if room {
            self.paces.push_back((leg, pace));
        }
        room
    }

    pub(crate) fn event(&mut self, event: MediaEvent) {
        if self.events.len() < self.events.capacity() {
            self.events.push_back(event);
        } else {
            self.overflow = self.overflow.saturating_add(1);
        }
    }

    /// A filter that is not used any more, if there is one.
    pub(crate) fn retire_voice(&mut self, denoise: Option<Box<Denoise>>) {
        if let Some(denoise) = denoise {
            self.retire(Retired::Voice(denoise));
        }
    }

    /// Queues a dead object. Never dropped here, for dropping frees: one input retires at most one
    /// object and the driver drains after each.
    pub(crate) fn retire(&mut self, object: Retired) {
        self.retired.push_back(object);
    }

    /// Address and length of the bytes and of the list of datagrams.
    pub(crate) fn memory(&self) -> [(usize, usize); 2] {
        let (list, _) = self.datagrams.as_slices();
        let list_len = self
            .datagrams
            .capacity()
            .saturating_mul(size_of::<Datagram>());
        [
            (self.bytes.as_ptr().addr(), self.bytes.capacity()),
            (list.as_ptr().addr(), list_len),
        ]
    }

    /// Takes the oldest datagram out of the queue.
    pub(crate) fn next_datagram(&mut self) -> Option<Datagram> {
        self.datagrams.pop_front()
    }

    /// The octets of a datagram that was taken out, with the room behind it.
    pub(crate) fn bytes_of(&mut self, datagram: &Datagram) -> &mut [u8] {
        bytes_of(&mut self.bytes, datagram)
    }

    /// Protects a datagram of a leg that ended with the very input that made it.
    pub(crate) fn seal_of_retired(&mut self, datagram: Datagram) -> Option<Datagram> {
        let object = self.retired.iter_mut().find_map(|object| match object {
            Retired::Rtp(name, object) if *name == datagram.leg => Some(object),
            _ => None,
        })?;
        let bytes = bytes_of(&mut self.bytes, &datagram);
        seal(&mut object.secure, datagram, bytes)
    }

    /// What the driver is told of a datagram that was taken out.
    pub(crate) fn show(&self, datagram: &Datagram) -> Output<'_> {
        let end = datagram.start.saturating_add(datagram.len);
        let bytes = self.bytes.get(datagram.start..end).unwrap_or(&[]);
        match datagram.kind {
            Kind::Handshake => Output::Handshake {
                leg: datagram.leg,
                from: datagram.to,
                bytes,
            },
            Kind::Media | Kind::Setup => Output::Transmit {
                leg: datagram.leg,
                channel: datagram.channel,
                to: datagram.to,
                bytes,
            },
        }
    }

    /// What else there is when no datagram waits.
    pub(crate) fn poll(&mut self) -> Option<Output<'_>> {
        if let Some(Step { tap, at, part }) = self.taps.pop_front() {
            let part = match part {
                StepPart::Began => TapPart::Began,
                StepPart::Paused => TapPart::Paused,
                StepPart::Resumed => TapPart::Resumed,
                StepPart::Ended => TapPart::Ended,
                StepPart::Sound { codec, start, len } => TapPart::Sound {
                    codec,
                    payload: self
                        .bytes
                        .get(start..start.saturating_add(len))
                        .unwrap_or(&[]),
                },
            };
            return Some(Output::Tap(Tapped { tap, at, part }));
        }
        self.bytes.clear();
        if let Some((leg, pace)) = self.paces.pop_front() {
            return Some(Output::Pace { leg, pace });
        }
        if let Some(event) = self.events.pop_front() {
            return Some(Output::Event(event));
        }
        self.retired.pop_front().map(Output::Dead)
    }
}

fn bytes_of<'a>(bytes: &'a mut [u8], datagram: &Datagram) -> &'a mut [u8] {
    let end = datagram.start.saturating_add(datagram.len);
    let end = end.saturating_add(OVERHEAD);
    bytes.get_mut(datagram.start..end).unwrap_or(&mut [])
}

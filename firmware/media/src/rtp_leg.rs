//! A leg that speaks RTP: what comes in is judged, counted and filed; what goes out has our
//! numbers.

use std::net::SocketAddr;

use dsp::codec::Decoder;
use dsp::{TICK_SAMPLES, g711::Law};
use model::{Codec, Digit, Instant, MediaFigures, RtpIdentity, RtpParams};
use rtp::event::{Ended, Event, EventReceiver, SILENT_END};
use rtp::packet::Packet;
use rtp::session::{Arrival, Receiver};

use crate::keying::{Keying, Manner};
use crate::listening::Listening;
use crate::outgoing::{HEADER, Heard, Outgoing};
use crate::reporting::Reporting;
use crate::secure::Secure;
use crate::source::{Source, Verdict};

/// Longest packet time in ms, and its octets of G.711.
const PTIME_MS_MAX: u8 = 60;
const PACK_MAX: usize = 480;

/// State of an RTP leg. Built by the media helper, owned by the plane while the leg lives.
#[derive(Debug)]
pub struct RtpLeg {
    pub(crate) out: Outgoing,
    params: Option<RtpParams>,
    pub(crate) source: Source,
    pub(crate) secure: Secure,
    receiver: Receiver,
    events: EventReceiver,
    /// When the last packet of an event came.
    event_news: Option<Instant>,
    pub(crate) listening: Listening,
    pub(crate) keying: Keying,
    pub(crate) reporting: Reporting,
    /// Encoded sound that waits for its packet to be full.
    pack: [u8; PACK_MAX],
    filled: usize,
    heard_first: bool,
    /// The last packet was not to be heard.
    muted: bool,
    pub(crate) figures: MediaFigures,
}

/// What kind of payload is relayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    Sound,
    /// The noise of a pause (RFC 3389).
    Comfort,
    Event,
}

/// What an arriving packet means to others.
#[derive(Debug, Default)]
pub(crate) struct Arrived<'a> {
    /// The far end was found behind its NAT.
    pub(crate) learned: Option<SocketAddr>,
    /// The first packet that was heard.
    pub(crate) first: bool,
    /// Keys that are over.
    pub(crate) digits: [Option<(Digit, u16)>; 2],
    /// What others may hear at once.
    pub(crate) relay: Option<(Heard, Payload, &'a [u8])>,
}

/// A packet of our own, ready to be sent.
pub(crate) struct Made<'a> {
    pub(crate) to: SocketAddr,
    pub(crate) head: [u8; HEADER],
    pub(crate) payload: &'a [u8],
}

impl RtpLeg {
    /// A leg whose numbers start at `identity`; silent and deaf until it has parameters. Called
    /// by the media helper, which may allocate.
    #[must_use]
    pub fn boxed(identity: RtpIdentity) -> Box<Self> {
        Box::new(Self {
            out: Outgoing::new(identity),
            params: None,
            source: Source::nobody(),
            secure: Secure::new(),
            receiver: Receiver::new(),
            events: EventReceiver::new(),
            event_news: None,
            listening: Listening::new(Codec::Pcma, Decoder::Pcm(Law::A)),
            keying: Keying::new(),
            reporting: Reporting::new(identity.ssrc),
            pack: [0; PACK_MAX],
            filled: 0,
            heard_first: false,
            muted: false,
            figures: MediaFigures::default(),
        })
    }

    pub(crate) const fn params(&self) -> Option<&RtpParams> {
        self.params.as_ref()
    }

    /// A new offer/answer outcome.
    pub(crate) fn set(&mut self, now: Instant, params: RtpParams) {
        let ptime_ms = match params.ptime_ms {
            ms @ 10..=PTIME_MS_MAX if ms % 10 == 0 => ms,
            _ => 20,
        };
        let params = RtpParams { ptime_ms, ..params };
        let before = self.params;
        let far_end = |p: &RtpParams| (p.remote, p.codec);
        if before.as_ref().map(far_end) != Some(far_end(&params)) {
            self.receiver.forget_source();
            self.listening.restart();
            // The decoders of other codecs are too large to be made here.
            if let Some(law) = Law::of(params.codec) {
                self.listening.retune(params.codec, Decoder::Pcm(law));
            }
        }
        let ours = |p: &RtpParams| (p.codec, p.ptime_ms, p.remote, p.send);
        if before.as_ref().map(ours) != Some(ours(&params)) {
            self.new_content();
        }
        self.source.open(now, &params);
        self.params = Some(params);
        self.secure.set(now, &params);
        self.source.shut(self.secure.is_shut());
        self.reporting.start(now);
    }

    /// Other sound goes out from now on.
    pub(crate) fn new_content(&mut self) {
        self.out.new_content();
        self.filled = 0;
    }

    /// How digits go out.
    pub(crate) fn manner(&self) -> Manner {
        match self.params {
            Some(RtpParams {
                event_pt_out: Some(_),
                ptime_ms,
                ..
            }) => Manner::Event {
                every_ticks: u16::from(ptime_ms / 10),
            },
            _ => Manner::InBand,
        }
    }

    /// Whether anything can be sent to the far end.
    pub(crate) fn can_send(&self) -> bool {
        self.params.is_some_and(|p| p.send) && self.source.remote().is_some()
    }

    /// A datagram came to the RTP port.
    pub(crate) fn arrive<'a>(
        &mut self,
        now: Instant,
        slot: u16,
        from: SocketAddr,
        datagram: &'a [u8],
    ) -> Arrived<'a> {
        let mut arrived = Arrived::default();
        let Some((params, packet, payload)) = self.admit(now, from, datagram, &mut arrived) else {
            return arrived;
        };
        if !core::mem::replace(&mut self.heard_first, true) {
            arrived.first = true;
        }
        let clock_hz = params.codec.clock_hz();
        match self.receiver.receive(&packet, now, clock_hz) {
            Arrival::New { .. } => {}
            Arrival::First { .. } => {
                if payload != Payload::Event {
                    self.listening.restart();
                }
                if let Some(slot) = arrived.digits.first_mut() {
                    *slot = self.events.restart().and_then(key);
                }
            }
            Arrival::Duplicate | Arrival::Unexpected => return arrived,
        }
        let used = match payload {
            Payload::Event => {
                self.hear_event(now, &packet, &mut arrived);
                true
            }
            Payload::Sound | Payload::Comfort => {
                let comfort = payload == Payload::Comfort;
                self.listening.codec() == params.codec && self.listening.hear(now, &packet, comfort)
            }
        };
        let count = if used {
            &mut self.figures.packets_in
        } else {
            &mut self.figures.late
        };
        *count = count.saturating_add(1);
        let muted = core::mem::replace(&mut self.muted, !params.receive);
        if params.receive {
            let heard = Heard {
                slot,
                ssrc: packet.ssrc,
                seq: packet.seq,
                timestamp: packet.timestamp,
                marker: packet.marker,
                resumed: muted,
            };
            arrived.relay = Some((heard, payload, packet.payload));
        } else {
            arrived.digits = [None; 2];
        }
        arrived
    }

    /// Whether a datagram is sound or a key from the far end; all others are counted.
    fn admit<'a>(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &'a [u8],
        arrived: &mut Arrived<'a>,
    ) -> Option<(RtpParams, Packet<'a>, Payload)> {
        let known = self.source.knows(from);
        let readable = self.params.zip(Packet::read(datagram).ok());
        let Some((params, packet)) = readable else {
            return self.refuse(known);
        };
        let payload = if packet.payload_type == params.pt_in {
            Payload::Sound
        } else if Some(packet.payload_type) == params.event_pt_in {
            Payload::Event
        } else if Some(packet.payload_type) == params.comfort_pt {
            Payload::Comfort
        } else {
            return self.refuse(known);
        };
        match self.source.judge(now, from, packet.ssrc, packet.seq) {
            Verdict::Known => {}
            Verdict::Learned(remote) => {
                arrived.learned = Some(remote);
                self.receiver.forget_source();
            }
            Verdict::Stranger => return self.refuse(false),
        }
        Some((params, packet, payload))
    }

    pub(crate) fn refuse<T>(&mut self, known: bool) -> Option<T> {
        let count = if known {
            &mut self.figures.malformed
        } else {
            &mut self.figures.stranger
        };
        *count = count.saturating_add(1);
        None
    }

    fn hear_event(&mut self, now: Instant, packet: &Packet<'_>, arrived: &mut Arrived<'_>) {
        let Some(event) = Event::read(packet.payload) else {
            self.figures.malformed = self.figures.malformed.saturating_add(1);
            return;
        };
        self.event_news = Some(now);
        let heard = self.events.receive(now, packet.timestamp, event);
        let over = [heard.ended, heard.finished];
        for (place, ended) in arrived.digits.iter_mut().zip(over) {
            *place = place.take().or_else(|| ended.and_then(key));
        }
    }

    /// A key whose last packets were lost.
    pub(crate) fn expire_event(&mut self, now: Instant) -> Option<(Digit, u16)> {
        self.events.expire(now).and_then(key)
    }

    /// When the next report is due, or a key that is being heard ends for want of news.
    pub(crate) fn deadline(&self) -> Instant {
        let silent = self
            .event_news
            .filter(|_| self.events.current().is_some())
            .map_or(Instant::FAR, |news| news.plus(SILENT_END));
        self.reporting.due().unwrap_or(Instant::FAR).min(silent)
    }

    /// Whether what the far end says is heard.
    pub(crate) fn is_heard(&self) -> bool {
        self.params.is_some_and(|params| params.receive)
    }

    /// Adds a block to the packet in the making; gives the packet when it is full.
    /// `stagger` counts ticks and is different for each leg.
    pub(crate) fn say(
        &mut self,
        now: Instant,
        stagger: u64,
        block: &[i16; TICK_SAMPLES],
    ) -> Option<Made<'_>> {
        let params = self.params.filter(|p| p.send)?;
        let to = self.source.remote()?;
        let ticks = u64::from(params.ptime_ms / 10).max(1);
        let start = self.filled == 0 && self.out.starts_from_silence(now);
        if start && !stagger.is_multiple_of(ticks) {
            return None;
        }
        let whole = usize::from(params.ptime_ms).saturating_mul(8).min(PACK_MAX);
        let rest = self.pack.get_mut(self.filled..whole).unwrap_or(&mut []);
        let written = Law::of(params.codec)?.encode_into(block, rest);
        self.filled = self.filled.saturating_add(written);
        if self.filled < whole {
            return None;
        }
        self.filled = 0;
        let samples = u32::try_from(whole).unwrap_or(0);
        let timestamp = self.out.timestamp_at(now, samples);
        let head = self.out.own(now, params.pt_out, timestamp, false, whole);
        Some(Made {
            to,
            head,
            payload: self.pack.get(..whole).unwrap_or(&[]),
        })
    }

    /// A packet of a telephone event that we send.
    pub(crate) fn key_packet(
        &mut self,
        now: Instant,
        first: bool,
        payload: &[u8; 4],
    ) -> Option<(SocketAddr, [u8; HEADER])> {
        let params = self.params.filter(|p| p.send)?;
        let to = self.source.remote()?;
        let payload_type = params.event_pt_out?;
        if first {
            self.new_content();
        }
        let timestamp = self.out.event_timestamp(now, first);
        let head = self
            .out
            .own(now, payload_type, timestamp, first, payload.len());
        Some((to, head))
    }

    /// Sends somebody's packet on, at once, under our numbers.
    pub(crate) fn relay(
        &mut self,
        now: Instant,
        heard: Heard,
        payload: Payload,
        len: usize,
    ) -> Option<(SocketAddr, [u8; HEADER])> {
        let params = self.params.filter(|p| p.send)?;
        let to = self.source.remote()?;
        if !self.keying.is_idle() {
            return None;
        }
        let payload_type = match payload {
            Payload::Sound => params.pt_out,
            Payload::Event => params.event_pt_out?,
            Payload::Comfort => params.comfort_pt?,
        };
        let samples = u32::from(params.ptime_ms).saturating_mul(8);
        let head = self.out.relayed(now, heard, payload_type, samples, len)?;
        Some((to, head))
    }

    /// Everything that was counted.
    pub(crate) fn figures(&self) -> MediaFigures {
        let received = self.receiver.figures();
        // Timestamp units of G.711 are 125 µs.
        let jitter_us = u64::from(received.jitter_max).saturating_mul(125);
        let far = &self.reporting.far;
        let round_trip_us = far.round_trip.map_or(0, |time| time.as_micros());
        MediaFigures {
            packets_out: self.out.sent().0,
            lost: received.lost,
            duplicate: received.duplicates,
            // A source that is not believed yet, or numbers of long ago.
            stranger: self.figures.stranger.saturating_add(received.unexpected),
            concealed: self.listening.changes().concealed,
            jitter_us_max: u32::try_from(jitter_us).unwrap_or(u32::MAX),
            lost_far: far.lost,
            round_trip_us: u32::try_from(round_trip_us).unwrap_or(u32::MAX),
            ..self.figures
        }
    }

    pub(crate) fn receiver(&mut self) -> &mut Receiver {
        &mut self.receiver
    }
}

/// The key of an event, if it is one, and how long it was pressed.
fn key(ended: Ended) -> Option<(Digit, u16)> {
    let digit = Digit::from_event(ended.event)?;
    let ms = u16::try_from(ended.duration / dsp::SAMPLES_PER_MS).unwrap_or(u16::MAX);
    Some((digit, ms))
}

//! A leg that speaks RTP: what comes in is judged, counted and filed; what goes out has our
//! numbers.

use core::time::Duration;
use std::net::SocketAddr;

use dsp::codec::Decoder;
use dsp::g711::Law;
use model::{Codec, Digit, Instant, MediaFigures, QualitySecond, RtpIdentity, RtpParams};
use rtp::bursts::Bursts;
use rtp::event::{Ended, Event, EventReceiver, SILENT_END};
use rtp::packet::Packet;
use rtp::session::{Arrival, Receiver};

use crate::block::{Block, Rate};
use crate::inband::Inband;
use crate::keying::{Keying, Manner};
use crate::listening::{Listening, Sound};
use crate::mixer::ear::{Ear, Mouth};
use crate::outgoing::{HEADER, Heard, Outgoing};
use crate::pause::Pause;
use crate::plane::TICK;
use crate::quality::{Quality, Reading};
use crate::reporting::Reporting;
use crate::secure::Secure;
use crate::sending::{Codecs, Manner as Packing, Sending, packet_time};
use crate::source::{Source, Verdict};

/// State of an RTP leg. Built by the media helper, owned by the plane while the leg lives.
#[derive(Debug)]
pub struct RtpLeg {
    pub(crate) out: Outgoing,
    params: Option<RtpParams>,
    pub(crate) source: Source,
    pub(crate) secure: Secure,
    receiver: Receiver,
    /// How what is missing lies; kept if the far end wants to know.
    pub(crate) bursts: Bursts,
    events: EventReceiver,
    /// When the last packet of an event came.
    event_news: Option<Instant>,
    pub(crate) listening: Listening,
    pub(crate) keying: Keying,
    pub(crate) inband: Inband,
    pub(crate) reporting: Reporting,
    pub(crate) sending: Sending,
    pub(crate) pause: Pause,
    pub(crate) ear: Ear,
    pub(crate) mouth: Mouth,
    pub(crate) quality: Quality,
    heard_first: bool,
    /// The last packet was not to be heard.
    muted: bool,
    /// It carries data and no voice: its sound is left as it comes.
    pub(crate) data: bool,
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
            bursts: Bursts::default(),
            events: EventReceiver::new(),
            event_news: None,
            listening: Listening::new(Codec::Pcma, Decoder::Pcm(Law::A), Sound::none()),
            keying: Keying::new(),
            inband: Inband::new(),
            reporting: Reporting::new(identity.ssrc),
            sending: Sending::new(),
            pause: Pause::default(),
            ear: Ear::new(),
            mouth: Mouth::new(),
            quality: Quality::default(),
            heard_first: false,
            muted: false,
            data: false,
            figures: MediaFigures::default(),
        })
    }

    /// Whether it carries data and no voice from now on.
    pub(crate) fn set_data(&mut self, data: bool) {
        self.data = data;
        self.listening.set_data(data);
    }

    pub(crate) const fn params(&self) -> Option<&RtpParams> {
        self.params.as_ref()
    }

    /// A new offer/answer outcome. `codecs` are those of it; what was in use comes back in them.
    pub(crate) fn set(&mut self, now: Instant, params: RtpParams, codecs: &mut Codecs) {
        let params = RtpParams {
            ptime_ms: packet_time(&params),
            ..params
        };
        let before = self.params;
        if before.as_ref().is_none_or(|p| other_codec(p, &params)) {
            core::mem::swap(&mut self.sending.encoder, &mut codecs.encoder);
            core::mem::swap(&mut self.sending.pcm, &mut codecs.pcm);
            let Codecs { decoder, sound, .. } = codecs;
            self.listening.retune(params.codec, decoder, sound);
            self.sending.drop_rest();
            self.out.set_clock(params.codec.clock_hz());
            self.mouth.retune();
            if before.is_some() {
                self.ear.turn();
            }
        } else {
            self.sending.make_room(&mut codecs.pcm);
        }
        let far_end = |p: &RtpParams| (p.remote, p.codec);
        if before.as_ref().map(far_end) != Some(far_end(&params)) {
            self.receiver.forget_source();
            self.listening.restart();
        }
        let ours = |p: &RtpParams| (p.codec, p.ptime_ms, p.remote, p.send);
        if before.as_ref().map(ours) != Some(ours(&params)) {
            self.out.new_content();
        }
        if !params.send {
            // After the hold it would be sound of before it, perhaps of somebody who has left since.
            self.sending.drop_rest();
        }
        self.source.open(now, &params);
        self.params = Some(params);
        self.secure.set(now, &params);
        self.source.shut(self.secure.is_shut());
        self.reporting.start(now);
        self.quality.start(now);
    }

    /// Whether these parameters need another encoder than those in force.
    pub(crate) fn changes_codec(&self, params: &RtpParams) -> bool {
        self.params.as_ref().is_none_or(|p| other_codec(p, params))
    }

    /// How digits go out.
    pub(crate) fn keyed(&self) -> Manner {
        match self.params {
            Some(RtpParams {
                event_pt_out: Some(_),
                event_clock_hz,
                ptime_ms,
                ..
            }) => Manner::Event {
                every_ticks: u16::from(ptime_ms / 10),
                units: u16::try_from(event_clock_hz / 100).unwrap_or(0),
            },
            _ => Manner::InBand,
        }
    }

    /// Whether anything can be sent to the far end.
    pub(crate) fn can_send(&self) -> bool {
        self.params.as_ref().is_some_and(|p| p.send) && self.source.remote().is_some()
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
        let Some((packet, payload)) = self.admit(now, from, datagram, &mut arrived) else {
            return arrived;
        };
        let receive = self.is_heard();
        if !core::mem::replace(&mut self.heard_first, true) {
            arrived.first = true;
        }
        let clock_hz = self.clock_hz();
        let arrival = self.receiver.receive(&packet, now, clock_hz);
        match arrival {
            Arrival::New { .. } => {}
            Arrival::First { .. } => {
                if payload != Payload::Event {
                    self.listening.restart();
                }
                self.events.restart();
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
                self.listening.hear(now, &packet, comfort)
            }
        };
        if self.params.as_ref().is_some_and(|params| params.xr)
            && let Arrival::New { seq } | Arrival::First { seq } = arrival
        {
            let first = matches!(arrival, Arrival::First { .. });
            self.bursts.came(seq, first, used);
        }
        let count = if used {
            &mut self.figures.packets_in
        } else {
            &mut self.figures.late
        };
        *count = count.saturating_add(1);
        let muted = core::mem::replace(&mut self.muted, !receive);
        if receive {
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
    ) -> Option<(Packet<'a>, Payload)> {
        let known = self.source.knows(from);
        let readable = self.params.as_ref().zip(Packet::read(datagram).ok());
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
        Some((packet, payload))
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
        let clock_hz = self.event_clock_hz();
        self.event_news = Some(now);
        let heard = self.events.receive(now, packet.timestamp, event);
        let over = [heard.ended, heard.finished];
        for (place, ended) in arrived.digits.iter_mut().zip(over) {
            *place = ended.and_then(|ended| key(ended, clock_hz));
        }
    }

    /// A key whose last packets were lost.
    pub(crate) fn expire_event(&mut self, now: Instant) -> Option<(Digit, u16)> {
        let clock_hz = self.event_clock_hz();
        let ended = self.events.expire(now);
        ended.and_then(|ended| key(ended, clock_hz))
    }

    /// When the next report is due, a key that is being heard ends for want of news, or the far end
    /// is gone.
    pub(crate) fn deadline(&self) -> Instant {
        let silent = self
            .event_news
            .filter(|_| self.events.current().is_some())
            .map_or(Instant::FAR, |news| news.plus(SILENT_END));
        let report = self.reporting.due().unwrap_or(Instant::FAR);
        let gone = self
            .source
            .paths
            .as_ref()
            .map_or(Instant::FAR, |paths| paths.silent_at());
        let own = self.quality.due().min(self.pause.due());
        report.min(silent).min(own).min(gone)
    }

    /// Whether what the far end says is heard.
    pub(crate) fn is_heard(&self) -> bool {
        self.params.as_ref().is_some_and(|params| params.receive)
    }

    /// Whether anything of the far end was heard.
    pub(crate) const fn has_heard(&self) -> bool {
        self.heard_first
    }

    /// Whether an event comes, or its last packet came less than `after` ago.
    pub(crate) fn is_beside_event(&self, now: Instant, after: Duration) -> bool {
        self.event_news.is_some_and(|news| now.since(news) < after)
    }

    /// What the far end says in this tick, as its part of a mix at `rate`, in `out`; whether it has
    /// any. `missed` blocks before it are thrown away.
    pub(crate) fn speak(&mut self, now: Instant, rate: Rate, missed: u64, out: &mut [i16]) -> bool {
        let from = Rate::of_hz(self.listening.rate_hz());
        let mut block = Block::silence(from);
        let said = block.samples_mut();
        let audible = self.is_heard();
        if audible {
            for left in (0..=missed).rev() {
                let behind = TICK.saturating_mul(u32::try_from(left).unwrap_or(0));
                let behind = u64::try_from(behind.as_nanos()).unwrap_or(0);
                let at = Instant::from_nanos(now.as_nanos().saturating_sub(behind));
                self.listening.pull(at, said);
            }
        }
        let mute = audible && self.listen_in(now, said);
        self.mouth.speak(said, (from, rate), audible && !mute, out)
    }

    /// Adds a block to the packet in the making; whether that is full now, and [`RtpLeg::finish`] is
    /// due. `tick` counts ticks, `at` is the leg's slot: legs take turns. A packet that is full before its
    /// turn was begun on another plane, whose ticks were others or of which this leg missed one between the
    /// two: it goes as it is, and the next one is shorter.
    pub(crate) fn say(&mut self, now: Instant, tick: u64, at: u16, block: &[i16]) -> bool {
        let Some(params) = self.params.as_ref().filter(|p| p.send) else {
            return false;
        };
        let packing = Packing::of(params, at);
        let start = self.sending.is_empty() && self.out.starts_from_silence(now);
        if start && !packing.begins(tick) {
            return false;
        }
        self.sending.collect(block);
        packing.ends(tick) || self.sending.is_full(packing.ticks)
    }

    /// Sends what waits for the rest of its packet, as a shorter one.
    pub(crate) fn finish(
        &mut self,
        now: Instant,
        octets: &mut [u8],
    ) -> Option<(SocketAddr, [u8; HEADER], usize)> {
        if self.sending.is_empty() {
            return None;
        }
        let (length, ticks) = self.sending.encode(octets);
        if length == 0 {
            return None;
        }
        let (to, head) = self.stamp(now, ticks, length)?;
        Some((to, head, length))
    }

    /// The head of the next packet of sound, of so many ticks and octets.
    pub(crate) fn stamp(
        &mut self,
        now: Instant,
        ticks: u8,
        length: usize,
    ) -> Option<(SocketAddr, [u8; HEADER])> {
        let params = self.params.as_ref().filter(|p| p.send)?;
        let to = self.source.remote()?;
        let units = self.out.units(ticks);
        let timestamp = self.out.timestamp_at(now, units);
        let head = self.out.own(now, params.pt_out, timestamp, false, length);
        self.out.lasts(units);
        Some((to, head))
    }

    /// A packet of a telephone event that we send, of the segment that began `after` units of the
    /// clock of events after it.
    pub(crate) fn key_packet(
        &mut self,
        now: Instant,
        first: bool,
        after: u32,
        payload: &[u8; 4],
    ) -> Option<(SocketAddr, [u8; HEADER])> {
        let params = self.params.filter(|p| p.send)?;
        let to = self.source.remote()?;
        let payload_type = params.event_pt_out?;
        if first {
            self.out.new_content();
            self.sending.drop_rest();
        }
        let timestamp = self.out.event_timestamp(now, first);
        let after = recounted(after, params.event_clock_hz, params.codec.clock_hz());
        let timestamp = timestamp.wrapping_add(after);
        let head = self
            .out
            .own(now, payload_type, timestamp, first, payload.len());
        Some((to, head))
    }

    /// A telephone event whose durations count in a clock of `hz`, with those of this leg's clock;
    /// `None` if it is no event.
    pub(crate) fn recount(&self, event: &[u8], hz: u32) -> Option<[u8; 4]> {
        let event = Event::read(event)?;
        let duration = recounted(event.duration.into(), hz, self.event_clock_hz());
        let duration = u16::try_from(duration).unwrap_or(u16::MAX);
        Some(Event { duration, ..event }.write())
    }

    /// Sends somebody's packet on, at once, under our numbers.
    pub(crate) fn relay(
        &mut self,
        now: Instant,
        heard: Heard,
        payload: Payload,
        len: usize,
    ) -> Option<(SocketAddr, [u8; HEADER])> {
        let params = self.params.as_ref().filter(|p| p.send)?;
        let to = self.source.remote()?;
        if !self.keying.is_idle() {
            return None;
        }
        let payload_type = match payload {
            Payload::Sound => params.pt_out,
            Payload::Event => params.event_pt_out?,
            Payload::Comfort => params.comfort_pt?,
        };
        let units = self.out.units(params.ptime_ms / 10);
        let head = self.out.relayed(now, heard, payload_type, units, len)?;
        Some((to, head))
    }

    /// Timestamp units in µs.
    fn jitter_us(&self, units: u32) -> u32 {
        let clock_hz = self.params.as_ref().map_or(8_000, |p| p.codec.clock_hz());
        let us = u64::from(units).saturating_mul(1_000_000);
        let us = us.checked_div(clock_hz.into()).unwrap_or(0);
        u32::try_from(us).unwrap_or(u32::MAX)
    }

    /// What the second that ends now was like. `connected` says that the leg hears and is heard, not
    /// tones or nothing. `None` while the leg does not speak RTP.
    pub(crate) fn second(&mut self, now: Instant, connected: bool) -> Option<QualitySecond> {
        let params = self.params?;
        let received = self.receiver.figures();
        let jitter_ms = self.jitter_us(self.receiver.jitter()) / 1_000;
        let far = &self.reporting.far;
        let round_trip = far.round_trip.map_or(0, |time| time.as_millis());
        let expected = connected && params.receive && params.remote.is_some();
        let reading = Reading {
            codec: params.codec,
            packets: self.figures.packets_in,
            lost: received.lost,
            late: self.figures.late,
            jitter_ms: u8::try_from(jitter_ms).unwrap_or(u8::MAX),
            round_trip_ms: u16::try_from(round_trip).unwrap_or(u16::MAX),
            far_loss_256: far.fraction_lost,
            far_late_256: far.late_256,
            far_mos_100: far.mos_100,
            wait_us: self.listening.wait_us(),
            metering: core::mem::take(&mut self.listening.metering),
            expected: expected && !self.listening.pauses(),
        };
        Some(self.quality.second(now, &reading))
    }

    /// Everything that was counted.
    pub(crate) fn figures(&self) -> MediaFigures {
        let received = self.receiver.figures();
        let jitter_us = self.jitter_us(received.jitter_max);
        let far = &self.reporting.far;
        let round_trip_us = far.round_trip.map_or(0, |time| time.as_micros());
        MediaFigures {
            packets_out: self.out.sent().0,
            lost: received.lost,
            duplicate: received.duplicates,
            // A source that is not believed yet, or numbers of long ago.
            stranger: self.figures.stranger.saturating_add(received.unexpected),
            concealed: self.listening.changes().concealed,
            jitter_us_max: jitter_us,
            lost_far: far.lost,
            round_trip_us: u32::try_from(round_trip_us).unwrap_or(u32::MAX),
            ..self.figures
        }
    }

    /// Units a second of the RTP clock.
    pub(crate) fn clock_hz(&self) -> u32 {
        self.params
            .as_ref()
            .map_or(dsp::RATE_HZ, |p| p.codec.clock_hz())
    }

    /// Units a second in which telephone events count.
    pub(crate) fn event_clock_hz(&self) -> u32 {
        let params = self.params.as_ref();
        params.map_or(dsp::RATE_HZ, |p| p.event_clock_hz)
    }

    pub(crate) fn receiver(&mut self) -> &mut Receiver {
        &mut self.receiver
    }
}

/// So many units of a clock of `from_hz` in units of one of `to_hz`.
fn recounted(units: u32, from_hz: u32, to_hz: u32) -> u32 {
    let units = u64::from(units).saturating_mul(to_hz.into());
    let units = units.checked_div(from_hz.into()).unwrap_or(0);
    u32::try_from(units).unwrap_or(u32::MAX)
}

/// The key of an event, if it is one, and how long it was pressed: it counts in the clock of
/// events.
fn key(ended: Ended, clock_hz: u32) -> Option<(Digit, u16)> {
    let digit = Digit::from_event(ended.event)?;
    let ms = ended.duration.checked_div(clock_hz / 1_000).unwrap_or(0);
    Some((digit, u16::try_from(ms).unwrap_or(u16::MAX)))
}

fn other_codec(a: &RtpParams, b: &RtpParams) -> bool {
    a.codec != b.codec || (b.codec == Codec::Opus && a.opus != b.opus)
}

//! The formats of an audio line: codecs, telephone events, comfort noise, packet time.

use core::fmt::Write as _;

use model::{Codec, OpusParams};

use super::{Attribute, Media};
use crate::grammar::number;

/// The payload type of comfort noise at 8 kHz (RFC 3389 §4).
pub(super) const COMFORT_PT: u8 = 13;
/// Packet times that we send, in ms.
const PTIMES_MS: [u8; 5] = [10, 20, 30, 40, 60];
/// The packet time where nothing is said (RFC 3551 §4.2).
const PTIME_MS: u8 = 20;
/// The longest packet that we take, in ms.
const MAXPTIME_MS: u8 = 60;
/// Bit rates that Opus has, in bit/s (RFC 7587 §6.1).
const OPUS_BIT_RATE: core::ops::RangeInclusive<u32> = 6_000..=510_000;
/// What we tell others of our Opus: we hear 16 kHz and use error correction.
const OPUS_FMTP: &str = "maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1";

impl Media {
    /// The payload type and codec of each audio format we speak, in the sender's order.
    pub fn codecs(&self) -> impl Iterator<Item = (u8, Codec)> {
        let maps = self.rtpmaps();
        self.payload_types()
            .filter_map(move |pt| codec_of(pt, maps.of(pt)).map(|codec| (pt, codec)))
    }

    /// The payload type of telephone events with this clock in Hz (RFC 4733 §2.4.1).
    #[must_use]
    pub fn event_pt(&self, clock_hz: u32) -> Option<u8> {
        let maps = self.rtpmaps();
        let is_event = |map: Encoding<'_>| {
            map.name.eq_ignore_ascii_case("telephone-event") && map.hz == clock_hz
        };
        self.payload_types()
            .find(|&pt| maps.of(pt).is_some_and(is_event))
    }

    /// The payload type of telephone events for `codec` and their clock in Hz: that of the codec
    /// where it is offered (RFC 4733 §2.1), else the other one, which careless phones mean.
    #[must_use]
    pub(super) fn event_for(&self, codec: Codec) -> Option<(u8, u32)> {
        let other = if codec.clock_hz() == 8_000 {
            48_000
        } else {
            8_000
        };
        [codec.clock_hz(), other]
            .into_iter()
            .find_map(|hz| self.event_pt(hz).map(|pt| (pt, hz)))
    }

    /// The payload type of comfort noise, if the sender takes it beside `codec` (RFC 3389 §4: 13
    /// stands for a clock of 8 kHz, and we make it for 8 kHz sound only).
    #[must_use]
    pub(super) fn comfort_pt(&self, codec: Codec) -> Option<u8> {
        let narrow = codec.sample_hz() == 8_000;
        let named = || self.payload_types().any(|pt| pt == COMFORT_PT);
        (narrow && named()).then_some(COMFORT_PT)
    }

    /// What the sender wishes of the Opus that it is sent (RFC 7587 §6.1); `stereo` and all others
    /// mean nothing to us.
    #[must_use]
    pub(super) fn opus(&self, pt: u8) -> OpusParams {
        let mut wish = OpusParams::default();
        let values = self.values("fmtp").find_map(|value| {
            let (format, parameters) = value.trim().split_once([' ', '\t'])?;
            (number::<u8>(format) == Some(pt)).then_some(parameters)
        });
        for parameter in values.unwrap_or_default().split(';') {
            let Some((name, value)) = parameter.split_once('=') else {
                continue;
            };
            let value = number::<u32>(value.trim()).unwrap_or(0);
            match name.trim().to_ascii_lowercase().as_str() {
                "useinbandfec" => wish.fec = value == 1,
                "usedtx" => wish.dtx = value == 1,
                "maxplaybackrate" => wish.narrow = (1..16_000).contains(&value),
                "maxaveragebitrate" if value != 0 => {
                    let (least, most) = OPUS_BIT_RATE.into_inner();
                    wish.max_bit_rate = value.clamp(least, most);
                }
                _ => {}
            }
        }
        wish
    }

    /// Whether the sender wishes for voice metrics (RFC 3611 §5.1).
    #[must_use]
    pub(super) fn wants_metrics(&self) -> bool {
        let mut formats = self
            .values("rtcp-xr")
            .flat_map(|value| value.split_ascii_whitespace());
        formats.any(|format| format.eq_ignore_ascii_case("voip-metrics"))
    }

    /// The packet time in ms that the sender wants `codec` in: one of 10, 20, 30, 40 and 60, not
    /// above its `maxptime`; 20 where it wants nothing that there is.
    #[must_use]
    pub fn ptime_ms(&self, codec: Codec) -> u8 {
        let read = |name| {
            let text = self.attribute(name)?.trim();
            // Some phones write `20.0`.
            number::<u32>(text.split('.').next().unwrap_or(text))
        };
        let most = read("maxptime").unwrap_or(u32::MAX);
        let wanted = read("ptime").unwrap_or_else(|| u32::from(PTIME_MS));
        // RFC 6716 §2.1.4: Opus has no frame of 30 ms.
        let has = |&ms: &u8| codec != Codec::Opus || ms != 30;
        let fits = |&ms: &u8| u32::from(ms) <= most;
        let all = || PTIMES_MS.into_iter().filter(has).filter(fits);
        let same = all().find(|&ms| u32::from(ms) == wanted);
        let usual = || all().rfind(|&ms| ms <= PTIME_MS);
        same.or_else(usual).unwrap_or(PTIMES_MS[0])
    }

    /// Reads all rtpmaps once, so that a long hostile list costs its length and not its square.
    fn rtpmaps(&self) -> RtpMaps<'_> {
        let mut maps = RtpMaps {
            place: [0; 128],
            all: Vec::with_capacity(8),
        };
        for value in self.values("rtpmap") {
            let Some((pt, encoding)) = value.trim().split_once([' ', '\t']) else {
                continue;
            };
            let place = number::<usize>(pt).and_then(|pt| maps.place.get_mut(pt));
            if let Some(place @ 0) = place
                && let Some(map) = rtpmap(encoding.trim())
            {
                maps.all.push(map);
                *place = u8::try_from(maps.all.len()).unwrap_or(0);
            }
        }
        maps
    }

    /// Numbers of the format list that are RTP payload types (RFC 3550 §5.1: 7 bits).
    pub(super) fn payload_types(&self) -> impl Iterator<Item = u8> {
        let numbers = self
            .formats
            .iter()
            .filter_map(|format| number::<u8>(format));
        numbers.filter(|pt| *pt < 128)
    }
}

/// What an rtpmap says.
#[derive(Clone, Copy)]
struct Encoding<'a> {
    name: &'a str,
    hz: u32,
    channels: u8,
}

/// The rtpmap of each payload type.
struct RtpMaps<'a> {
    /// Where it stands in `all`, counted from 1; 0 = there is none.
    place: [u8; 128],
    all: Vec<Encoding<'a>>,
}

impl<'a> RtpMaps<'a> {
    fn of(&self, pt: u8) -> Option<Encoding<'a>> {
        let place = self.place.get(usize::from(pt)).copied()?;
        self.all.get(usize::from(place).checked_sub(1)?).copied()
    }
}

/// `name/clock[/channels]`; what cannot be read is 0, which nothing has.
fn rtpmap(encoding: &str) -> Option<Encoding<'_>> {
    let mut parts = encoding.split('/');
    Some(Encoding {
        name: parts.next()?,
        hz: parts.next().and_then(number).unwrap_or(0),
        channels: parts.next().map_or(1, |text| number(text).unwrap_or(0)),
    })
}

/// The codec of a payload type: by its rtpmap, or a static number without one.
fn codec_of(pt: u8, map: Option<Encoding<'_>>) -> Option<Codec> {
    const ALL: [Codec; 4] = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus];
    ALL.into_iter().find(|codec| match map {
        Some(map) => {
            codec.name().eq_ignore_ascii_case(map.name)
                && codec.clock_hz() == map.hz
                && codec.rtpmap_channels().unwrap_or(1) == map.channels
        }
        None => codec.static_pt() == Some(pt),
    })
}

/// The formats of a line of ours.
#[derive(Clone, Debug, Default)]
pub(super) struct Formats {
    /// Most wanted first.
    pub(super) codecs: Vec<(u8, Codec)>,
    /// Telephone events: payload type and clock in Hz.
    pub(super) events: Vec<(u8, u32)>,
    /// Whether comfort noise is taken.
    pub(super) comfort: bool,
}

impl Formats {
    /// Writes them into a line.
    pub(super) fn write(&self, media: &mut Media, ptime_ms: u8) {
        let lines = self.codecs.len() + self.events.len() + 1;
        media.formats.reserve(lines);
        media.attributes.reserve(2 * lines + 2);
        // Of one text each value is copied at its length, not made with room and cut down.
        let mut text = String::with_capacity(64);
        let mut format = |pt: u8, name: &str, hz: u32, channels, fmtp: Option<&str>| {
            // Writing into a String cannot fail.
            let _ = write!(text, "{pt}");
            media.formats.push(text.as_str().into());
            let number = text.len();
            let _ = write!(text, " {name}/{hz}");
            if let Some(channels) = channels {
                let _ = write!(text, "/{channels}");
            }
            let map = Attribute::new("rtpmap", text.as_str());
            media.attributes.push(map);
            if let Some(fmtp) = fmtp {
                text.truncate(number);
                let _ = write!(text, " {fmtp}");
                let fmtp = Attribute::new("fmtp", text.as_str());
                media.attributes.push(fmtp);
            }
            text.clear();
        };
        for &(pt, codec) in &self.codecs {
            let fmtp = (codec == Codec::Opus).then_some(OPUS_FMTP);
            let channels = codec.rtpmap_channels();
            format(pt, codec.name(), codec.clock_hz(), channels, fmtp);
        }
        if self.comfort {
            format(COMFORT_PT, "CN", 8_000, None, None);
        }
        for &(pt, hz) in &self.events {
            format(pt, "telephone-event", hz, None, Some("0-16"));
        }
        let ptime = [("ptime", ptime_ms), ("maxptime", MAXPTIME_MS)];
        for (name, ms) in ptime {
            media.attributes.push(Attribute::new(name, ms.to_string()));
        }
    }
}

//! The formats of an audio line: codecs, telephone events, comfort noise, packet time.

use model::{Codec, OpusParams};

use super::{Attribute, Media};
use crate::grammar::{Decimal, number, split, split_at_space, trim};

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
        Formats::of(self).codecs.into_iter()
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
            let Some((pt, encoding)) = split_at_space(trim(value)) else {
                continue;
            };
            let place = number::<usize>(pt).and_then(|pt| maps.place.get_mut(pt));
            if let Some(place @ 0) = place {
                maps.all.push(rtpmap(trim(encoding)));
                *place = u8::try_from(maps.all.len()).unwrap_or(0);
            }
        }
        maps
    }

    /// Numbers of the format list that are RTP payload types (RFC 3550 §5.1: 7 bits).
    pub(super) fn payload_types(&self) -> impl Iterator<Item = u8> {
        let numbers = self.formats.split(' ').filter_map(number::<u8>);
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
fn rtpmap(encoding: &str) -> Encoding<'_> {
    let (name, rest) = split(encoding, b'/').unwrap_or((encoding, ""));
    let (hz, channels) = match split(rest, b'/') {
        Some((hz, channels)) => (hz, number(channels).unwrap_or(0)),
        None => (rest, 1),
    };
    Encoding {
        name,
        hz: number(hz).unwrap_or(0),
        channels,
    }
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

/// The formats of an audio line that mean something to us.
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
    /// Those that a line names, in its sender's order.
    pub(super) fn of(media: &Media) -> Self {
        let maps = media.rtpmaps();
        let mut formats = Self::default();
        for pt in media.payload_types() {
            let map = maps.of(pt);
            if let Some(codec) = codec_of(pt, map) {
                formats.codecs.push((pt, codec));
            } else if let Some(Encoding { name, hz, .. }) = map
                && name.eq_ignore_ascii_case("telephone-event")
            {
                formats.events.push((pt, hz));
            }
            formats.comfort |= pt == COMFORT_PT;
        }
        formats
    }

    /// The payload type of telephone events with this clock in Hz (RFC 4733 §2.4.1).
    pub(super) fn event_pt(&self, clock_hz: u32) -> Option<u8> {
        let event = self.events.iter().find(|(_, hz)| *hz == clock_hz);
        event.map(|&(pt, _)| pt)
    }

    /// The payload type of telephone events for `codec` and their clock in Hz: that of the codec
    /// where it is offered (RFC 4733 §2.1), else the other one, which careless phones mean.
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
    pub(super) fn comfort_pt(&self, codec: Codec) -> Option<u8> {
        let narrow = codec.sample_hz() == 8_000;
        (narrow && self.comfort).then_some(COMFORT_PT)
    }

    /// Writes them into a line.
    pub(super) fn write(&self, media: &mut Media, ptime_ms: u8) {
        let lines = self.codecs.len() + self.events.len() + 1;
        media.formats.reserve(4 * lines);
        media.attributes.reserve(2 * lines + 2);
        let mut format = |pt: u8, name: &str, hz: u32, channels: Option<u8>, fmtp: Option<&str>| {
            let number = Decimal::of(pt);
            if !media.formats.is_empty() {
                media.formats.push(' ');
            }
            media.formats.push_str(number.as_str());
            let hz = Decimal::of(hz);
            let mut map = [number.as_str(), " ", name, "/", hz.as_str()].concat();
            if let Some(channels) = channels {
                map.push('/');
                map.push_str(Decimal::of(channels).as_str());
            }
            media.attributes.push(Attribute::new("rtpmap", map));
            if let Some(fmtp) = fmtp {
                let value = [number.as_str(), " ", fmtp].concat();
                media.attributes.push(Attribute::new("fmtp", value));
            }
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
            let ms = Decimal::of(ms);
            media.attributes.push(Attribute::new(name, ms.as_str()));
        }
    }
}

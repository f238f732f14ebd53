//! Telephone events (RFC 4733): the four octets, sending a key, and hearing one key press once
//! however many of its packets come.

use core::time::Duration;

use model::Instant;

/// An event without news for this long has ended (RFC 4733 §2.5.2.2: three update intervals).
pub const SILENT_END: Duration = Duration::from_millis(150);
/// Weaker events, in −dBm0, are no events (RFC 4733 §2.3.3: below −55 dBm0).
const VOLUME_WEAKEST: u8 = 55;
/// The last packet of an event is sent this often (RFC 4733 §2.5.1.4).
const END_PACKETS: u8 = 3;
/// Packets of events this much older, in timestamp units, are stragglers: 20 s at 8 kHz.
const OLD: u32 = 160_000;

/// The payload of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Event number; 0–15 are keys, see `model::Digit`.
    pub event: u8,
    /// The last packet of the event.
    pub end: bool,
    /// Level in −dBm0, 0–63.
    pub volume: u8,
    /// Time since the event's timestamp, in timestamp units.
    pub duration: u16,
}

impl Event {
    /// Reads a payload; `None` if it has less than four octets. More are ignored.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Self> {
        let &[event, flags, high, low] = payload.first_chunk::<4>()?;
        Some(Self {
            event,
            end: flags & 0x80 != 0,
            volume: flags & 0x3f,
            duration: u16::from_be_bytes([high, low]),
        })
    }

    /// The four octets.
    #[must_use]
    pub fn write(&self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        let end = if self.end { 0x80 } else { 0 };
        [self.event, end | (self.volume & 0x3f), high, low]
    }
}

/// A packet of an event to be sent with `Sender::packet`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPacket {
    /// The event's own timestamp, the same for all packets of it (of each segment of 65,535
    /// units).
    pub timestamp: u32,
    /// Set on the first packet only.
    pub marker: bool,
    /// The payload.
    pub event: Event,
}

/// Sends one event at a time. While it is active, packets of it replace the packets of sound.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventSender {
    active: Option<Sending>,
}

#[derive(Clone, Copy, Debug)]
struct Sending {
    event: u8,
    volume: u8,
    timestamp: u32,
    /// Units since `timestamp`.
    elapsed: u32,
    /// Units that the event still lasts.
    left: u32,
    marker: bool,
    /// End packets still to send; meaningful when `left` is 0.
    ends: u8,
}

impl EventSender {
    /// A sender at rest.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether an event is being sent.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active.is_some()
    }

    /// Begins an event that lasts `duration` timestamp units from `timestamp`
    /// (`Sender::timestamp`) on, at `volume` −dBm0. Returns false, and does nothing, while another
    /// one is being sent.
    pub fn start(&mut self, event: u8, volume: u8, timestamp: u32, duration: u32) -> bool {
        if self.active.is_some() {
            return false;
        }
        self.active = Some(Sending {
            event,
            volume: volume.min(63),
            timestamp,
            elapsed: 0,
            left: duration,
            marker: true,
            ends: END_PACKETS,
        });
        true
    }

    /// Lets the event end with the next packet: the key was released.
    pub fn release(&mut self) {
        if let Some(sending) = &mut self.active {
            sending.left = 0;
        }
    }

    /// The packet of an interval in which `units` passed; call it once a packet time and count the
    /// time with `Sender::skip`. `None` when no event is active.
    pub fn next(&mut self, units: u32) -> Option<EventPacket> {
        let sending = self.active.as_mut()?;
        if sending.left > 0 {
            let part = sending.left.min(units);
            sending.elapsed = sending.elapsed.saturating_add(part);
            sending.left = sending.left.saturating_sub(part);
        }
        // RFC 4733 §2.5.1.3: a longer event goes on in a new segment, without marker.
        let full = u32::from(u16::MAX);
        if sending.elapsed > full {
            sending.timestamp = sending.timestamp.wrapping_add(full);
            sending.elapsed = sending.elapsed.saturating_sub(full);
        }
        let end = sending.left == 0;
        let packet = EventPacket {
            timestamp: sending.timestamp,
            marker: sending.marker,
            event: Event {
                event: sending.event,
                end,
                volume: sending.volume,
                duration: u16::try_from(sending.elapsed).unwrap_or(u16::MAX),
            },
        };
        sending.marker = false;
        if end {
            sending.ends = sending.ends.saturating_sub(1);
            if sending.ends == 0 {
                self.active = None;
            }
        }
        Some(packet)
    }
}

/// An event that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Event number.
    pub event: u8,
    /// How long it lasted, in timestamp units, as far as was heard.
    pub duration: u32,
}

/// What a packet told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The event before this one is over; comes first.
    pub ended: Option<Ended>,
    /// An event begins.
    pub started: Option<u8>,
    /// The event that began (now or before) is over.
    pub finished: Option<Ended>,
}

/// Hears each event once: packets may be lost, doubled or out of order.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventReceiver {
    current: Option<Hearing>,
    /// Timestamp of the last event begun; packets of it or older ones are old news.
    last: Option<u32>,
    /// The far end may count another time since then: only what has that very timestamp is old news.
    restarted: bool,
}

#[derive(Clone, Copy, Debug)]
struct Hearing {
    event: u8,
    timestamp: u32,
    /// Units of segments before the current one.
    before: u32,
    duration: u16,
    updated: Instant,
}

impl Hearing {
    fn ended(&self) -> Ended {
        Ended {
            event: self.event,
            duration: self.before.saturating_add(u32::from(self.duration)),
        }
    }
}

impl EventReceiver {
    /// A receiver that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The event that is being heard.
    #[must_use]
    pub fn current(&self) -> Option<u8> {
        self.current.map(|hearing| hearing.event)
    }

    /// Files a packet of the event payload type.
    pub fn receive(&mut self, now: Instant, timestamp: u32, event: Event) -> Heard {
        let mut heard = Heard::default();
        if event.volume > VOLUME_WEAKEST {
            return heard;
        }
        match self.current {
            Some(hearing) if hearing.timestamp == timestamp => {}
            Some(hearing) if is_segment_after(&hearing, timestamp, event) => {
                self.last = Some(timestamp);
                self.current = Some(Hearing {
                    timestamp,
                    before: hearing.before.saturating_add(u32::from(u16::MAX)),
                    duration: 0,
                    ..hearing
                });
            }
            _ => {
                let known = |last| match self.restarted {
                    true => timestamp == last,
                    false => is_old(timestamp, last),
                };
                if self.last.is_some_and(known) {
                    return heard;
                }
                self.restarted = false;
                heard.ended = self.current.map(|hearing| hearing.ended());
                heard.started = Some(event.event);
                self.last = Some(timestamp);
                self.current = Some(Hearing {
                    event: event.event,
                    timestamp,
                    before: 0,
                    duration: 0,
                    updated: now,
                });
            }
        }
        if let Some(hearing) = &mut self.current {
            hearing.duration = hearing.duration.max(event.duration);
            hearing.updated = now;
            if event.end {
                heard.finished = Some(hearing.ended());
                self.current = None;
            }
        }
        heard
    }

    /// Ends an event whose last packets were lost; call it once a tick.
    pub fn expire(&mut self, now: Instant) -> Option<Ended> {
        let hearing = self.current?;
        if now.since(hearing.updated) < SILENT_END {
            return None;
        }
        self.current = None;
        Some(hearing.ended())
    }

    /// Another source, or another time of the same one, from now on. A far end that changes its codec
    /// while a key is down goes on with the event: more packets of it are no second press, and if none
    /// come it ends as any other.
    pub fn restart(&mut self) {
        self.restarted = true;
    }
}

/// RFC 4733 §2.5.1.3: the same event goes on 65,535 units later.
fn is_segment_after(hearing: &Hearing, timestamp: u32, event: Event) -> bool {
    hearing.event == event.event && hearing.timestamp.wrapping_add(u32::from(u16::MAX)) == timestamp
}

/// Whether `timestamp` is `newest` or up to [`OLD`] before it; further back it is a new time base.
fn is_old(timestamp: u32, newest: u32) -> bool {
    newest.wrapping_sub(timestamp) < OLD
}

#[cfg(test)]
mod tests;

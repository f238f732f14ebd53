//! Silence that a leg is sent: described once in a while instead of packet by packet (RFC 3389), where
//! the far end takes that and the configuration wants it. And the opposite, packets of silence for a
//! far end that sends nothing until it hears something.

use core::time::Duration;
use std::net::SocketAddr;

use dsp::codec::PAYLOAD_MAX;
use dsp::comfort::{DESCRIPTION, describe};
use model::Instant;

use crate::RtpLeg;
use crate::decoded::QUIET_PEAK;
use crate::outgoing::HEADER;

/// Ticks of silence after which it is left out: words are not cut apart.
const LONG_TICKS: u16 = 30;
/// The description is sent again after this time: it may have been lost, and the way stays open.
const TOLD_FOR: Duration = Duration::from_secs(2);
/// A far end that is connected, was sent nothing and sends nothing is sent silence after this time,
/// and so often.
const OPEN_EVERY: Duration = Duration::from_millis(200);
const OPEN_TIMES: u8 = 25;
/// Ticks of a packet of silence.
const OPEN_TICKS: u8 = 2;

/// What the leg was sent of silence.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pause {
    /// Ticks of silence in a row.
    ticks: u16,
    /// When it was described last.
    told: Option<Instant>,
    /// When the next packet of silence is sent, and how many are left.
    opening: Option<(Instant, u8)>,
}

impl Pause {
    /// The leg is connected from now on.
    pub(crate) fn connect(&mut self, now: Instant) {
        self.opening = Some((now.plus(OPEN_EVERY), OPEN_TIMES));
    }

    /// When a packet of silence is due.
    pub(crate) fn due(&self) -> Instant {
        self.opening.map_or(Instant::FAR, |(due, _)| due)
    }

    /// Takes a block that the leg is to hear; whether it is silence that goes on for long.
    fn goes_on(&mut self, block: &[i16]) -> bool {
        if block
            .iter()
            .all(|sample| sample.unsigned_abs() < QUIET_PEAK)
        {
            self.ticks = self.ticks.saturating_add(1);
        } else {
            *self = Self {
                opening: self.opening,
                ..Self::default()
            };
        }
        self.ticks > LONG_TICKS
    }
}

/// A described pause: where it goes, its head, and the description.
type Described = (SocketAddr, [u8; HEADER], [u8; DESCRIPTION]);
/// A datagram in the making: where it goes, its head, and the length of what follows.
type Made = Option<(SocketAddr, [u8; HEADER], usize)>;

impl RtpLeg {
    /// Whether silence is left out of what the leg is sent.
    pub(crate) fn saves_silence(&self) -> bool {
        let wanted = |p: &model::RtpParams| p.saves_silence && p.comfort_pt.is_some();
        self.law().is_some() && self.params().is_some_and(wanted)
    }

    /// Whether this block is left out, and what is sent in its place, if anything.
    pub(crate) fn pause(&mut self, now: Instant, block: &[i16]) -> Option<Option<Described>> {
        if !self.saves_silence() || !self.pause.goes_on(block) || !self.sending.is_empty() {
            return None;
        }
        if self
            .pause
            .told
            .is_some_and(|told| now.since(told) < TOLD_FOR)
        {
            return Some(None);
        }
        self.pause.told = Some(now);
        let description = describe(block);
        let params = self.params().filter(|params| params.send)?;
        let payload_type = params.comfort_pt?;
        let to = self.source.remote()?;
        let units = self.out.units(1);
        let timestamp = self.out.timestamp_at(now, units);
        let length = description.len();
        let head = self.out.own(now, payload_type, timestamp, false, length);
        self.out.lasts(units);
        // What follows the pause begins a stretch of its own (RFC 3551 §4.1).
        self.out.new_content();
        Some(Some((to, head, description)))
    }

    /// The packet of silence that is due, if the far end still waits for one.
    pub(crate) fn open_way(&mut self, now: Instant, octets: &mut [u8; PAYLOAD_MAX]) -> Made {
        let (due, left) = self.pause.opening?;
        if due > now {
            return None;
        }
        let sent = u64::from(OPEN_TIMES.saturating_sub(left));
        let waits = !self.has_heard() && self.out.sent().0 <= sent;
        let again = left.checked_sub(1).filter(|left| waits && *left > 0);
        self.pause.opening = again.map(|left| (now.plus(OPEN_EVERY), left));
        if !waits || !self.can_send() {
            return None;
        }
        let silence = [0; 160];
        let samples = self.sending.rate().samples();
        for _ in 0..OPEN_TICKS {
            self.sending.collect(silence.get(..samples).unwrap_or(&[]));
        }
        self.finish(now, octets)
    }
}

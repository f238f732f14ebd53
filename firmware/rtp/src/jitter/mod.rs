//! The jitter buffer: encoded frames of 10 to 120 ms go in as they come, in any order, and come out
//! in playing order, each when it is due. Whoever plays decodes them, conceals what is missing, keeps
//! what is left of a frame, and makes time longer or shorter as [`JitterBuffer::pull`] asks, so that
//! the wait follows the network and the far end's clock.
//!
//! On a calm network the fastest packet waits 13 ms: one tick of 10 ms, because sound is taken in
//! such steps, and a little to spare. Media time is counted in units of the codec's RTP clock.

mod delay;
mod drift;
mod frames;

use model::Instant;
use model::limits::{JITTER_MS, RTP_PACKET_MAX, RTP_PACKET_MS_MAX};

use delay::{Delay, WAIT_MAX_US};
use frames::{Frames, Stored};

/// After this long without a frame concealment is silent.
const FADED_MS: u32 = 60;
/// Late packets for this long mean that the far end's time was set back.
const LATE_RUN_MS: u32 = 200;
/// Frames that nobody played are kept this long, to start from.
const KEPT_MS: u32 = 60;
/// They are looked through when there is sound of this time, in ms: some packets at once, because
/// every packet of a relayed call comes by here.
const LOOKED_THROUGH_MS: u32 = 160;
/// Waits that are too short by less are left alone, in µs.
const TOO_SHORT_US: i64 = 500;
/// Waits that are too long by less are left alone, in µs.
const TOO_LONG_US: i64 = 2_500;
/// A packet that comes later than this, in ms, is none that was held up: time was set back.
const HELD_UP_MS: u32 = 2_000;
/// The tick in which sound is taken, in µs.
const TICK_US: i64 = 10_000;
/// Media time of the first packet, so far from 0 that no clock drift reaches it.
const BASE: u64 = 1 << 40;
/// How long a description of noise counts, in ms: what follows it is silence.
const COMFORT_MS: u32 = 10;

/// The sound of one packet.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// RTP timestamp.
    pub timestamp: u32,
    /// RTP sequence number: a gap in time without one in numbers is silence, not loss.
    pub seq: u16,
    /// The marker bit.
    pub marker: bool,
    /// Units of the RTP clock that it lasts; of no meaning with `comfort`.
    pub units: u32,
    /// It describes the noise of a pause (RFC 3389).
    pub comfort: bool,
    /// What is inside.
    pub payload: &'a [u8],
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// At least a part of it will be played.
    Stored,
    /// Its time is over.
    Late,
    /// One of the same time is there already.
    Duplicate,
    /// Empty, without duration, or longer than `limits::RTP_PACKET_MS_MAX`.
    Refused,
}

/// What is to be played next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<'a> {
    /// A frame, of which the first `skip` units are over.
    Frame {
        /// What is inside.
        payload: &'a [u8],
        /// Units that it lasts.
        units: u32,
        /// Units of it that are not to be heard.
        skip: u32,
    },
    /// The noise of the pause that begins, by RFC 3389; nothing of it is played yet.
    Comfort {
        /// What is inside.
        payload: &'a [u8],
    },
    /// So many units are missing and are to be concealed.
    Lost {
        /// How many.
        units: u32,
        /// The frame after the gap, which may say in brief what was in a frame of its own length
        /// before it, and how many units of that are not to be heard. Only when asked for.
        following: Option<(&'a [u8], u32)>,
    },
    /// Nobody speaks for so many units: before the first packet, in a pause, or more than 60 ms
    /// without one.
    Idle {
        /// How many.
        units: u32,
    },
}

/// What the buffer counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JitterFigures {
    /// Packets that came after their time.
    pub late: u64,
    /// Packets of whose time one was there.
    pub duplicate: u64,
    /// Packets refused for their length.
    pub refused: u64,
    /// Packets given up for want of room.
    pub given_up: u64,
    /// Fresh starts after a jump of the far end's time, and jumps over a burst that came too late.
    pub jumps: u64,
}

/// The buffer of one stream. Allocates once, when made.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    frames: Frames,
    stream: Option<Stream>,
    delay: Delay,
    /// Units of a millisecond.
    per_ms: u32,
    wait_max_us: i64,
    /// When sound was taken last, in µs.
    pulled_at: Option<i64>,
    /// Nobody plays: nothing is late, and the last frames are kept.
    unheard: bool,
    figures: JitterFigures,
}

/// Positions of the stream in media time.
#[derive(Clone, Copy, Debug)]
struct Stream {
    /// RTP timestamp and media time of the newest packet.
    timestamp: u32,
    time: u64,
    /// The next unit to be given out.
    taken: u64,
    /// One after the newest unit that came, be it late.
    head: u64,
    /// One after the last real unit given out: nothing before it is given out any more.
    played: u64,
    /// Number of the last frame given out.
    seq: Option<u16>,
    /// A description of noise was given out last: silence is meant.
    comfort: bool,
    /// Since when, in media time, only late packets came.
    late_since: Option<u64>,
}

impl JitterBuffer {
    /// An empty buffer for an RTP clock of `clock_hz`, which nobody plays yet.
    #[must_use]
    pub fn new(clock_hz: u32) -> Self {
        Self {
            frames: Frames::new(),
            stream: None,
            delay: Delay::new(),
            per_ms: (clock_hz / 1_000).max(1),
            wait_max_us: WAIT_MAX_US,
            pulled_at: None,
            unheard: true,
            figures: JitterFigures::default(),
        }
    }

    /// Empties the buffer for a new source or new timestamps; figures stay.
    pub fn restart(&mut self) {
        self.frames.clear();
        self.stream = None;
        let held = self.delay.held();
        self.delay = Delay::new();
        self.delay.hold(held);
    }

    /// From now on the wait is at least this long, in µs: 0 = as short as the network allows.
    pub fn hold(&mut self, least_us: u32) {
        self.delay.hold(i64::from(least_us));
    }

    /// Another codec: as [`JitterBuffer::restart`].
    pub fn retune(&mut self, clock_hz: u32) {
        self.per_ms = (clock_hz / 1_000).max(1);
        self.restart();
    }

    /// Figures so far.
    #[must_use]
    pub const fn figures(&self) -> JitterFigures {
        self.figures
    }

    /// Units of a millisecond.
    #[must_use]
    pub const fn per_ms(&self) -> u32 {
        self.per_ms
    }

    /// The wait of the fastest packet that is aimed at, in µs; 0 before the first.
    pub fn wait_us(&mut self) -> u32 {
        if self.stream.is_none() {
            return 0;
        }
        u32::try_from(self.delay.wait(self.wait_max_us)).unwrap_or(0)
    }

    /// By how much the far end's clock is fast, in parts per million, after the first minute.
    #[must_use]
    pub fn drift_ppm(&self) -> Option<i16> {
        self.delay.drift_ppm()
    }

    /// Files a frame that came at `now`.
    pub fn push(&mut self, now: Instant, frame: &Frame<'_>) -> Pushed {
        let units = if frame.comfort {
            self.per_ms.saturating_mul(COMFORT_MS)
        } else {
            frame.units
        };
        let longest = self.per_ms.saturating_mul(RTP_PACKET_MS_MAX);
        let octets = frame.payload.len();
        if units == 0 || units > longest || octets == 0 || octets > RTP_PACKET_MAX {
            self.figures.refused = self.figures.refused.saturating_add(1);
            return Pushed::Refused;
        }
        let mut stream = self.place(frame.timestamp);
        let time = media_time(&stream, frame.timestamp);
        let end = time.saturating_add(units.into());
        let at = micros(now);
        let transit = at.saturating_sub(self.us_of(time));
        self.delay.note(at, transit);
        if self.stream.is_none() {
            stream.taken = self.due(at).min(time);
        } else if !self.unheard {
            self.recentre(&mut stream, at, time, frame.marker);
        }
        if end <= stream.taken && !self.unheard {
            stream.head = stream.head.max(end);
            return self.late(now, stream, frame);
        }
        stream.late_since = None;
        if time >= stream.time {
            stream.time = time;
            stream.timestamp = frame.timestamp;
        }
        stream.head = stream.head.max(end);
        self.stream = Some(stream);
        let stored = Stored {
            time,
            units,
            seq: frame.seq,
            comfort: frame.comfort,
            ..Stored::default()
        };
        match self.frames.put(stored, frame.payload) {
            Ok(given_up) => {
                let given_up = u64::try_from(given_up).unwrap_or(0);
                self.figures.given_up = self.figures.given_up.saturating_add(given_up);
                Pushed::Stored
            }
            Err(frames::Taken) => {
                self.figures.duplicate = self.figures.duplicate.saturating_add(1);
                Pushed::Duplicate
            }
        }
    }

    /// The stream that a timestamp belongs to: a new one if the far end's time jumped, or stood
    /// still and came back.
    fn place(&mut self, timestamp: u32) -> Stream {
        if let Some(stream) = self.stream {
            let time = media_time(&stream, timestamp);
            let ahead = u64::from(self.per_ms.saturating_mul(JITTER_MS));
            let behind = u64::from(self.per_ms.saturating_mul(HELD_UP_MS));
            let near = time <= stream.taken.saturating_add(ahead)
                && time.saturating_add(behind) >= stream.taken;
            if near {
                return stream;
            }
            self.figures.jumps = self.figures.jumps.saturating_add(1);
            self.restart();
        }
        Stream {
            timestamp,
            time: BASE,
            taken: BASE,
            head: BASE,
            played: BASE,
            seq: None,
            comfort: false,
            late_since: None,
        }
    }

    /// The media time that should be played at the next tick.
    fn due(&mut self, at: i64) -> u64 {
        // The next tick may be run a little after its time, or with the one after it.
        let next = self.pulled_at.map_or(at, |pulled| {
            let next = pulled.saturating_add(TICK_US);
            if at < next.saturating_add(TICK_US) {
                next
            } else {
                at
            }
        });
        let wanted = self.delay.wanted(self.wait_max_us).unwrap_or(at);
        self.time_of(next.saturating_sub(wanted))
    }

    /// Moves playing when nothing is stored, so that nobody hears it: to the wanted wait when
    /// someone begins to speak, and back to a late packet in whose place nothing was played.
    fn recentre(&mut self, stream: &mut Stream, at: i64, time: u64, marker: bool) {
        let dry = self.frames.first().is_none() && stream.head <= stream.taken;
        if !dry || time < stream.played {
            return;
        }
        let faded = u64::from(self.per_ms.saturating_mul(FADED_MS));
        let silent = self.is_faded(stream) || stream.comfort;
        let spurt = silent && (marker || time >= stream.head.saturating_add(faded));
        if spurt {
            stream.taken = self.due(at).min(time).max(stream.played);
        } else if time < stream.taken {
            let transit = at.saturating_sub(self.us_of(time));
            let fastest = self.delay.fastest().unwrap_or(transit);
            if transit.saturating_sub(fastest) <= self.wait_max_us {
                stream.taken = time;
            }
        }
    }

    fn is_faded(&self, stream: &Stream) -> bool {
        let faded = u64::from(self.per_ms.saturating_mul(FADED_MS));
        stream.played == BASE || stream.taken >= stream.played.saturating_add(faded)
    }

    /// A packet whose time is over.
    fn late(&mut self, now: Instant, mut stream: Stream, frame: &Frame<'_>) -> Pushed {
        self.figures.late = self.figures.late.saturating_add(1);
        let since = *stream.late_since.get_or_insert(stream.taken);
        self.stream = Some(stream);
        let run = u64::from(self.per_ms.saturating_mul(LATE_RUN_MS));
        if stream.taken.saturating_sub(since) >= run {
            self.figures.jumps = self.figures.jumps.saturating_add(1);
            self.restart();
            return self.push(now, frame);
        }
        Pushed::Late
    }

    /// The next block is taken at `now`, while `held` units given out earlier have not been heard.
    /// Tells by how many µs playing should be later (positive: insert) or earlier (negative: drop);
    /// 0 when it is well.
    pub fn pull(&mut self, now: Instant, held: u32) -> i64 {
        let at = micros(now);
        self.pulled_at = Some(at);
        let Some(mut stream) = self.stream else {
            return 0;
        };
        let Some(wanted) = self.delay.wanted(self.wait_max_us) else {
            return 0;
        };
        let play = stream.taken.saturating_sub(held.into());
        let shift = wanted.saturating_sub(at.saturating_sub(self.us_of(play)));
        if shift < self.wait_max_us.saturating_neg() {
            // A held-up burst is not worth a slow call.
            let over = self.units_of(shift.saturating_neg());
            stream.taken = stream.taken.saturating_add(over.into());
            self.stream = Some(stream);
            self.figures.jumps = self.figures.jumps.saturating_add(1);
            return 0;
        }
        let shorter = shift < TOO_LONG_US.saturating_neg() && self.delay.may_shrink();
        if shorter || shift > TOO_SHORT_US {
            return shift;
        }
        0
    }

    /// What is to be played next, `want` units of it or less; only a frame may be longer, and a gap
    /// that the frame after it can fill (`brief` asks for that). `later` is what
    /// [`JitterBuffer::pull`] asked for: in a gap time may stand still for so long.
    pub fn next(&mut self, want: u32, brief: bool, later: i64) -> Next<'_> {
        let idle = Next::Idle { units: want };
        let Some(mut stream) = self.stream else {
            return idle;
        };
        while self.frames.first().is_some_and(|f| f.end() <= stream.taken) {
            self.frames.take_first();
        }
        let first = self.frames.first().copied();
        if let Some(frame) = first.filter(|frame| frame.time <= stream.taken) {
            self.frames.take_first();
            return self.give(stream, frame);
        }
        let to_first = first.map_or(u64::MAX, |f| f.time.saturating_sub(stream.taken));
        let to_first = u32::try_from(to_first).unwrap_or(u32::MAX);
        let gap = want.min(to_first);
        let pause = first
            .zip(stream.seq)
            .is_some_and(|(frame, seq)| frame.seq == seq.wrapping_add(1));
        if stream.comfort || pause || self.is_faded(&stream) {
            stream.taken = stream.taken.saturating_add(gap.into());
            self.stream = Some(stream);
            return Next::Idle { units: gap };
        }
        if let Some(frame) = first.filter(|f| brief && !f.comfort && f.units >= to_first) {
            stream.taken = frame.time;
            self.stream = Some(stream);
            return Next::Lost {
                units: to_first,
                following: Some((
                    self.frames.payload(&frame),
                    frame.units.saturating_sub(to_first),
                )),
            };
        }
        let stand = self.units_of(later).min(gap);
        stream.taken = stream
            .taken
            .saturating_add(gap.saturating_sub(stand).into());
        self.stream = Some(stream);
        Next::Lost {
            units: gap,
            following: None,
        }
    }

    /// Gives a frame out.
    fn give(&mut self, mut stream: Stream, frame: Stored) -> Next<'_> {
        let skip = u32::try_from(stream.taken.saturating_sub(frame.time)).unwrap_or(frame.units);
        stream.seq = Some(frame.seq);
        stream.comfort = frame.comfort;
        if !frame.comfort {
            stream.taken = frame.end();
        }
        stream.played = stream.taken;
        self.stream = Some(stream);
        let payload = self.frames.payload(&frame);
        if frame.comfort {
            return Next::Comfort { payload };
        }
        Next::Frame {
            payload,
            units: frame.units,
            skip,
        }
    }

    /// Whether [`JitterBuffer::next`] has a frame now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let next = self.frames.first().zip(self.stream);
        next.is_some_and(|(frame, stream)| frame.time <= stream.taken && !frame.comfort)
    }

    /// Nobody plays from now on. Playing time follows the wanted wait, and the last frames are kept.
    pub fn unplay(&mut self) {
        self.unheard = true;
    }

    /// While nobody plays, after each packet: forgets in time what is too old to start from.
    pub fn pass(&mut self, now: Instant) {
        let most = u64::from(self.per_ms.saturating_mul(LOOKED_THROUGH_MS));
        let first = self.frames.first().zip(self.stream);
        if first.is_some_and(|(first, stream)| stream.head.saturating_sub(first.time) > most) {
            self.forget(now);
        }
    }

    /// Forgets what is too old to start from.
    fn forget(&mut self, now: Instant) {
        let Some(mut stream) = self.stream else {
            return;
        };
        let Some(wanted) = self.delay.wanted(self.wait_max_us) else {
            return;
        };
        stream.taken = self.time_of(micros(now).saturating_sub(wanted));
        self.stream = Some(stream);
        let kept = u64::from(self.per_ms.saturating_mul(KEPT_MS));
        while self
            .frames
            .first()
            .is_some_and(|f| f.end().saturating_add(kept) <= stream.taken)
        {
            self.frames.take_first();
        }
    }

    /// Somebody plays from now on, who has heard all that came: each frame kept is handed over in
    /// order, to warm up a decoder. Playing goes on after the last one.
    pub fn play(&mut self, now: Instant, mut warm: impl FnMut(&[u8])) {
        self.forget(now);
        self.unheard = false;
        self.pulled_at = None;
        let Some(mut stream) = self.stream else {
            return;
        };
        while let Some(frame) = self.frames.take_first() {
            stream.seq = Some(frame.seq);
            stream.comfort = frame.comfort;
            stream.played = frame.end();
            if !frame.comfort {
                warm(self.frames.payload(&frame));
            }
        }
        stream.played = stream.played.max(stream.head);
        stream.taken = stream.played;
        self.stream = Some(stream);
    }

    /// How much must be made up before the first block at `now`, in units, because playing waits
    /// and nobody waited before; at most 60 ms.
    pub fn ahead(&mut self, now: Instant) -> u32 {
        let Some(stream) = self.stream else { return 0 };
        let Some(wanted) = self.delay.wanted(self.wait_max_us) else {
            return 0;
        };
        let play = self.time_of(micros(now).saturating_sub(wanted));
        let ahead = stream.taken.saturating_sub(play);
        let most = self.per_ms.saturating_mul(FADED_MS);
        u32::try_from(ahead).unwrap_or(most).min(most)
    }

    /// Media time in µs.
    fn us_of(&self, time: u64) -> i64 {
        let us = time.saturating_mul(1_000).checked_div(self.per_ms.into());
        i64::try_from(us.unwrap_or(0)).unwrap_or(i64::MAX)
    }

    /// µs in media time.
    fn time_of(&self, us: i64) -> u64 {
        let us = u64::try_from(us).unwrap_or(0);
        us.saturating_mul(self.per_ms.into()) / 1_000
    }

    /// A span of µs in units; 0 for a negative one.
    fn units_of(&self, us: i64) -> u32 {
        u32::try_from(self.time_of(us.max(0))).unwrap_or(u32::MAX)
    }
}

fn micros(now: Instant) -> i64 {
    i64::try_from(now.as_nanos() / 1_000).unwrap_or(i64::MAX)
}

/// The media time of a timestamp: the nearest to the newest packet's.
fn media_time(stream: &Stream, timestamp: u32) -> u64 {
    let ahead = timestamp.wrapping_sub(stream.timestamp) as i32;
    stream.time.saturating_add_signed(ahead.into())
}

#[cfg(test)]
mod tests;

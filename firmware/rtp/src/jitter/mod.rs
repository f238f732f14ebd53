//! The jitter buffer plays samples, not packets: packets of any length and in any order go in by
//! timestamp, runs of samples come out, and playing is moved by single samples where nobody hears
//! it, so that the wait follows the network and the far end's clock.

mod delay;
mod ring;

use model::limits::RTP_PACKET_SAMPLES_MAX;

use delay::{DELAY_MAX, DELAY_MIN, Delay, SPARE};
use ring::{CAPACITY, Ring};

/// Samples of the longest packet taken, see `limits::RTP_PACKET_SAMPLES_MAX`.
pub const PACKET_SAMPLES_MAX: usize = RTP_PACKET_SAMPLES_MAX;
/// After this long without a sample concealment is silent: 60 ms.
const FADED: u64 = 480;
/// Late packets for this long mean that the far end's time was set back: 200 ms.
const LATE_RUN: u64 = 1_600;
/// So many packets in a row that come at the last moment or later show that the fast ones before
/// them took another path.
const TIGHT_RUN: u8 = 10;
/// A sample is inserted or dropped in speech at most once in this many: 20 ms (0.6 % of speed),
/// and twice as often while the wait is wrong by more than [`FAR_OFF`].
const STEP_EVERY: usize = 160;
/// 40 ms.
const FAR_OFF: u32 = 320;
/// Speech is not changed in shorter runs than this.
const RUN_MIN: usize = 40;
/// A run whose samples all stay below this is silence: about −47 dBm0.
const QUIET_PEAK: u16 = 100;
/// Media time of the first packet, so far from 0 that no clock drift reaches it.
const BASE: u64 = 1 << 40;

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// At least a part of it will be played.
    Stored,
    /// Its time is over.
    Late,
    /// All of it was there already.
    Duplicate,
    /// Empty or longer than [`PACKET_SAMPLES_MAX`].
    Refused,
}

/// What `pull` wrote, and how many samples: the caller asks again until its block is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Real samples.
    Sound(usize),
    /// These samples are missing and are to be concealed; nothing was written.
    Lost(usize),
    /// Nobody speaks: before the first packet, or more than 60 ms without one. Zeros were written.
    Idle(usize),
}

impl Run {
    /// Samples of the run.
    #[must_use]
    pub const fn len(self) -> usize {
        match self {
            Self::Sound(n) | Self::Lost(n) | Self::Idle(n) => n,
        }
    }

    /// Whether the run has no samples (only for an empty block).
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// What the buffer counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JitterFigures {
    /// Packets that came after their time.
    pub late: u64,
    /// Packets of which every sample was there.
    pub duplicate: u64,
    /// Packets refused for their length.
    pub refused: u64,
    /// Samples missing when they were due.
    pub missing: u64,
    /// Samples inserted to wait longer or to follow the far end's clock.
    pub inserted: u64,
    /// Samples dropped to wait less or to follow the far end's clock.
    pub dropped: u64,
    /// Fresh starts after a jump of the far end's time.
    pub jumps: u64,
}

/// The buffer of one stream. Allocates once, when made.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    ring: Ring,
    stream: Option<Stream>,
    delay: Delay,
    /// Samples since speech was last changed.
    unchanged: usize,
    figures: JitterFigures,
}

/// Positions of the stream in media time.
#[derive(Clone, Copy, Debug)]
struct Stream {
    /// RTP timestamp and media time of the newest packet.
    timestamp: u32,
    time: u64,
    /// The next sample to be played.
    play: u64,
    /// One after the newest sample that came, be it late.
    head: u64,
    /// One after the last real sample played: nothing before it is played any more.
    played: u64,
    /// Packets in a row that came at the last moment or later.
    tight: u8,
    /// Since when, in media time, only late packets came.
    late_since: Option<u64>,
}

impl Stream {
    /// Whether nothing is stored for now or later.
    const fn is_dry(&self) -> bool {
        self.head <= self.play
    }

    const fn is_faded(&self) -> bool {
        self.play >= self.played.saturating_add(FADED)
    }
}

impl Default for JitterBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl JitterBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self {
            ring: Ring::new(),
            stream: None,
            delay: Delay::new(),
            unchanged: 0,
            figures: JitterFigures::default(),
        }
    }

    /// Empties the buffer for a new source or new timestamps; figures stay.
    pub fn restart(&mut self) {
        self.ring.clear();
        self.stream = None;
        self.delay = Delay::new();
    }

    /// Figures so far.
    #[must_use]
    pub fn figures(&self) -> JitterFigures {
        self.figures
    }

    /// The wait of the fastest packets of the last seconds, in samples; 0 before the first.
    #[must_use]
    pub fn delay_samples(&self) -> u32 {
        let longest = self.delay.longest().unwrap_or(0);
        u32::try_from(longest).unwrap_or(0)
    }

    /// Files the decoded samples of a packet. `marker` is the packet's marker bit.
    pub fn push(&mut self, timestamp: u32, marker: bool, samples: &[i16]) -> Pushed {
        if samples.is_empty() || samples.len() > PACKET_SAMPLES_MAX {
            self.figures.refused = self.figures.refused.saturating_add(1);
            return Pushed::Refused;
        }
        let length = samples.len() as u64;
        let mut stream = match self.stream {
            Some(stream) => stream,
            None => begin(timestamp, length),
        };
        let mut time = media_time(&stream, timestamp);
        let far = stream.play.saturating_add(CAPACITY as u64);
        if time.saturating_add(length) > far || time.saturating_add(CAPACITY as u64) < stream.play {
            // The far end's time jumped, or stood still and came back: start anew.
            self.figures.jumps = self.figures.jumps.saturating_add(1);
            self.restart();
            stream = begin(timestamp, length);
            time = stream.time;
        }
        self.recentre(&mut stream, time, marker);
        let margin = distance(time, stream.play);
        self.note(&mut stream, margin);
        if time.saturating_add(length) <= stream.play {
            stream.head = stream.head.max(time.saturating_add(length));
            return self.late(stream, timestamp, samples);
        }
        stream.late_since = None;
        let mut new = 0_u32;
        for (at, &sample) in (time..).zip(samples) {
            if at >= stream.play && self.ring.put(at, sample) {
                new = new.saturating_add(1);
            }
        }
        if time >= stream.time {
            stream.time = time;
            stream.timestamp = timestamp;
        }
        stream.head = stream.head.max(time.saturating_add(length));
        self.stream = Some(stream);
        if new == 0 {
            self.figures.duplicate = self.figures.duplicate.saturating_add(1);
            return Pushed::Duplicate;
        }
        Pushed::Stored
    }

    /// Gives the next run of samples, at most `out.len()`.
    pub fn pull(&mut self, out: &mut [i16]) -> Run {
        let Some(stream) = self.stream else {
            out.fill(0);
            return Run::Idle(out.len());
        };
        if out.is_empty() {
            return Run::Idle(0);
        }
        let shift = self.delay.shift();
        let (stream, shift) = if shift < DELAY_MAX.saturating_neg() {
            // Far beyond the longest wait: a held-up burst is not worth a slow call.
            (self.skip(stream, shift.unsigned_abs()), 0)
        } else {
            (stream, shift)
        };
        let (there, length) = self
            .ring
            .run(stream.play, out.len().min(PACKET_SAMPLES_MAX));
        let out = out.get_mut(..length).unwrap_or(&mut []);
        self.delay.pass(length);
        self.unchanged = self.unchanged.saturating_add(length);
        if there {
            self.sound(stream, out, shift)
        } else {
            self.gap(stream, out, shift)
        }
    }

    /// Files the margin of a packet.
    fn note(&mut self, stream: &mut Stream, margin: i32) {
        stream.tight = if margin < SPARE {
            stream.tight.saturating_add(1)
        } else {
            0
        };
        if stream.tight >= TIGHT_RUN {
            self.delay = Delay::new();
            stream.tight = 0;
        }
        self.delay.note(margin);
    }

    /// A packet whose time is over.
    fn late(&mut self, mut stream: Stream, timestamp: u32, samples: &[i16]) -> Pushed {
        self.figures.late = self.figures.late.saturating_add(1);
        let since = *stream.late_since.get_or_insert(stream.play);
        self.stream = Some(stream);
        if stream.play.saturating_sub(since) >= LATE_RUN {
            self.figures.jumps = self.figures.jumps.saturating_add(1);
            self.restart();
            return self.push(timestamp, true, samples);
        }
        Pushed::Late
    }

    /// Moves playing when nothing is stored, so that nobody hears it: to the wanted wait when
    /// someone begins to speak, and back to a late packet that is still worth playing.
    fn recentre(&mut self, stream: &mut Stream, time: u64, marker: bool) {
        if !stream.is_dry() || time < stream.played {
            return;
        }
        let margin = distance(time, stream.play);
        let longest = self.delay.longest().unwrap_or(DELAY_MIN);
        let slower = longest.saturating_sub(margin);
        let spurt = stream.is_faded() && (marker || time >= stream.head.saturating_add(FADED));
        let play = if spurt {
            if slower > DELAY_MAX {
                // So much slower than all packets before: another path, or another clock.
                self.delay = Delay::new();
            }
            let wait = self.delay.target().unwrap_or(2 * DELAY_MIN);
            let wait = u64::try_from(wait).unwrap_or(0);
            time.saturating_sub(wait).max(stream.played)
        } else if margin < 0 && slower <= DELAY_MAX {
            time
        } else {
            return;
        };
        self.delay.moved(distance(stream.play, play));
        stream.play = play;
    }

    /// Plays real samples, one more or less than the block has if the wait is to change.
    fn sound(&mut self, stream: Stream, out: &mut [i16], shift: i32) -> Run {
        let length = out.len();
        let quiet = self.is_quiet(stream.play, length);
        let every = if shift.unsigned_abs() > FAR_OFF {
            STEP_EVERY / 2
        } else {
            STEP_EVERY
        };
        let may_step = length >= RUN_MIN && (quiet || self.unchanged >= every);
        let most = if quiet { (length / 2) as i32 } else { 1 };
        let step = if may_step {
            shift.clamp(most.saturating_neg(), most)
        } else {
            0
        };
        let real = if step > 0 {
            self.play_longer(stream.play, out, step.unsigned_abs() as usize)
        } else {
            self.play_shorter(stream.play, out, step.unsigned_abs() as usize)
        };
        let play = stream.play.saturating_add(real as u64);
        self.moved(stream, play, length);
        if let Some(stream) = &mut self.stream {
            stream.played = play;
        }
        Run::Sound(length)
    }

    /// Fills `out` with `extra` samples less than it has and makes those up. Returns the number of
    /// samples taken.
    fn play_longer(&mut self, play: u64, out: &mut [i16], extra: usize) -> usize {
        let real = out.len().saturating_sub(extra);
        self.copy(play, out.get_mut(..real).unwrap_or(&mut []));
        if extra == 1 {
            // Where two neighbours are most alike, the sample between them is heard least.
            let at = most_alike(out.get(..real).unwrap_or(&[]));
            if let Some(tail) = out.get_mut(at..) {
                tail.rotate_right(1);
                if let [gap, after, ..] = tail {
                    *gap = *after;
                }
            }
        } else {
            // Quiet noise mirrored is quiet noise.
            for n in 0..extra {
                let back = real.saturating_sub(n).saturating_sub(1);
                let sample = out.get(back).copied().unwrap_or(0);
                if let Some(slot) = out.get_mut(real.saturating_add(n)) {
                    *slot = sample;
                }
            }
        }
        real
    }

    /// Fills `out` and leaves up to `fewer` samples out, as far as they are there. Returns the
    /// number of samples taken.
    fn play_shorter(&mut self, play: u64, out: &mut [i16], fewer: usize) -> usize {
        let length = out.len();
        let (_, there) = self.ring.run(play, length.saturating_add(fewer));
        let fewer = there.saturating_sub(length).min(fewer);
        self.copy(play, out);
        if fewer == 0 {
            return length;
        }
        let at = if fewer == 1 {
            most_alike(out)
        } else {
            length / 2
        };
        if let Some(tail) = out.get_mut(at..) {
            tail.rotate_left(fewer.min(tail.len()));
        }
        let end = length.saturating_sub(fewer).max(at);
        let more = play.saturating_add(length as u64);
        self.copy(more, out.get_mut(end..).unwrap_or(&mut []));
        // When the cut lies closer to the end than it is long, the rest is taken unheard.
        for n in 0..fewer {
            self.ring.take(more.saturating_add(n as u64));
        }
        length.saturating_add(fewer)
    }

    /// Nothing is there to be played.
    fn gap(&mut self, stream: Stream, out: &mut [i16], shift: i32) -> Run {
        let length = out.len();
        let idle = stream.is_faded() || stream.played == BASE;
        // Time may stand still or run on at no cost, but not past what is stored.
        let most = length as i32;
        let shift = shift.clamp(most.saturating_neg(), most);
        let step = if idle || shift > 0 { shift } else { 0 };
        let mut play = stream.play.saturating_add(length as u64);
        if step > 0 {
            play = play.saturating_sub(u64::from(step.unsigned_abs()));
        } else if step < 0 {
            let wanted = step.unsigned_abs() as usize;
            let (there, free) = self.ring.run(play, wanted);
            let free = if there { 0 } else { free };
            play = play.saturating_add(free as u64);
        }
        self.moved(stream, play, length);
        if idle {
            out.fill(0);
            return Run::Idle(length);
        }
        self.figures.missing = self.figures.missing.saturating_add(length as u64);
        Run::Lost(length)
    }

    /// Drops the next `samples`, and what is known of margins: it is of another time.
    fn skip(&mut self, mut stream: Stream, samples: u32) -> Stream {
        for _ in 0..samples {
            self.ring.take(stream.play);
            stream.play = stream.play.saturating_add(1);
        }
        self.delay = Delay::new();
        self.figures.dropped = self.figures.dropped.saturating_add(samples.into());
        stream.played = stream.played.max(stream.play.min(stream.head));
        self.stream = Some(stream);
        stream
    }

    /// `length` samples were played and playing is at `play` now.
    fn moved(&mut self, mut stream: Stream, play: u64, length: usize) {
        let even = stream.play.saturating_add(length as u64);
        let by = distance(even, play);
        if by != 0 {
            self.unchanged = 0;
            self.delay.moved(by);
            let samples = u64::from(by.unsigned_abs());
            let counter = if by > 0 {
                &mut self.figures.inserted
            } else {
                &mut self.figures.dropped
            };
            *counter = counter.saturating_add(samples);
        }
        stream.play = play;
        self.stream = Some(stream);
    }

    fn is_quiet(&self, play: u64, length: usize) -> bool {
        (play..)
            .take(length)
            .filter_map(|time| self.ring.get(time))
            .all(|sample| sample.unsigned_abs() < QUIET_PEAK)
    }

    fn copy(&mut self, from: u64, out: &mut [i16]) {
        for (time, slot) in (from..).zip(out) {
            *slot = self.ring.take(time).unwrap_or(0);
        }
    }
}

/// A stream whose first packet waits for two packet times, within the limits of the wait.
fn begin(timestamp: u32, length: u64) -> Stream {
    let two = length.saturating_mul(2);
    let wait = two.clamp(
        DELAY_MIN.unsigned_abs().into(),
        DELAY_MAX.unsigned_abs().into(),
    );
    let play = BASE.saturating_sub(wait);
    Stream {
        timestamp,
        time: BASE,
        play,
        head: BASE,
        played: BASE,
        tight: 0,
        late_since: None,
    }
}

/// The media time of a timestamp: the nearest to the newest packet's.
fn media_time(stream: &Stream, timestamp: u32) -> u64 {
    let ahead = timestamp.wrapping_sub(stream.timestamp) as i32;
    stream.time.saturating_add_signed(ahead.into())
}

/// `a − b` in samples.
fn distance(a: u64, b: u64) -> i32 {
    let apart = i32::try_from(a.abs_diff(b)).unwrap_or(i32::MAX);
    if a < b { apart.saturating_neg() } else { apart }
}

/// Where two neighbours differ least.
fn most_alike(samples: &[i16]) -> usize {
    samples
        .windows(2)
        .enumerate()
        .min_by_key(|(_, pair)| match pair {
            [a, b] => a.abs_diff(*b),
            _ => u16::MAX,
        })
        .map_or(0, |(at, _)| at)
}

#[cfg(test)]
mod tests;

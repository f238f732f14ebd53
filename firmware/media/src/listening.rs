//! The sound of a far end: put in order, decoded, concealed, and its clock followed. While nobody
//! mixes it nothing is decoded; the buffer keeps the last frames and learns the network, so that the
//! mixer starts with a decoder that is warm and a wait that is right.

mod loudness;

use dsp::codec::Decoder;
use dsp::comfort::ComfortNoise;
use dsp::conceal::Conceal;
use dsp::level::{Measured, Metering};
use model::{Codec, Instant};
use rtp::jitter::{Frame, JitterBuffer, Next, Pushed};
use rtp::packet::Packet;

use crate::block::Rate;
use crate::decoded::{Decoded, FRAME_MAX, QUIET_PEAK};
use loudness::Loudness;

/// A sample is inserted or dropped in speech at most once in so many ms (0.6 % of speed).
const SLIP_EVERY_MS: usize = 20;
/// A whole pitch period at most once in so many ms.
const PERIOD_EVERY_MS: usize = 30;
/// From so many ms on whole periods are taken, below single samples.
const PERIOD_FROM_MS: usize = 4;
/// In loud speech a wait that is too long by less than this, in ms, stays until it is softer: taking
/// time out of the middle of a vowel is heard, waiting is not.
const LOUD_SLIP_FROM_MS: usize = 10;
/// Loud speech loses whole pitch periods only if the wait is too long by this, in ms.
const LOUD_PERIOD_FROM_MS: usize = 25;
/// For data so many µs are waited, come what may; only a wait that is off by the half of it is
/// corrected, at once.
const DATA_WAIT_US: u32 = 60_000;
const DATA_OFF_US: u64 = 30_000;
/// Opus conceals in steps of this many ms.
const CONCEAL_MS: usize = 10;

/// Who plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Player {
    Nobody,
    /// The mixer, from the next block on.
    Begins,
    Mixer,
}

/// What was made up or left out, in samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Made up in the place of missing ones.
    pub(crate) concealed: u64,
    /// Inserted to wait longer or to follow the far end's clock.
    pub(crate) inserted: u64,
    /// Dropped to wait less or to follow the far end's clock.
    pub(crate) dropped: u64,
}

/// The listening half of an RTP leg.
#[derive(Debug)]
pub(crate) struct Listening {
    buffer: JitterBuffer,
    codec: Codec,
    decoder: Decoder,
    sound: Sound,
    comfort: ComfortNoise,
    player: Player,
    /// Samples of a millisecond.
    per_ms: usize,
    /// Samples since time was changed last.
    unchanged: usize,
    /// The far end said that it pauses.
    paused: bool,
    /// The newest samples are real, so time may be changed in them.
    real: bool,
    changes: Changes,
    /// How loud the talker is.
    loudness: Loudness,
    /// It is a fax machine or a modem, and no talker.
    data: bool,
    /// The level of what was played since somebody looked.
    pub(crate) metering: Metering,
}

/// Where sound that was decoded is worked on.
#[derive(Debug)]
pub(crate) struct Sound {
    conceal: Conceal,
    decoded: Decoded,
}

impl Sound {
    /// For sound of this rate. Called by the media helper: it allocates.
    pub(crate) fn new(rate_hz: u32) -> Self {
        Self {
            conceal: Conceal::new(rate_hz),
            decoded: Decoded::new(Rate::of_hz(rate_hz)),
        }
    }

    /// For no sound at all: before the first codec.
    pub(crate) fn none() -> Self {
        Self {
            conceal: Conceal::forgetful(),
            decoded: Decoded::nothing(),
        }
    }
}

impl Listening {
    /// Hears a codec. Called by the media helper: it allocates.
    pub(crate) fn new(codec: Codec, decoder: Decoder, sound: Sound) -> Self {
        let rate_hz = decoder.sample_hz();
        Self {
            buffer: JitterBuffer::new(codec.clock_hz()),
            codec,
            decoder,
            sound,
            comfort: ComfortNoise::new(),
            player: Player::Nobody,
            per_ms: per_ms(rate_hz),
            unchanged: 0,
            paused: false,
            real: false,
            changes: Changes::default(),
            loudness: Loudness::new(),
            data: false,
            metering: Metering::new(),
        }
    }

    /// Hears another codec from now on; what worked for the last one comes back in its place, to be
    /// freed elsewhere.
    pub(crate) fn retune(&mut self, codec: Codec, decoder: &mut Decoder, sound: &mut Sound) {
        self.per_ms = per_ms(decoder.sample_hz());
        self.buffer.retune(codec.clock_hz());
        self.codec = codec;
        core::mem::swap(&mut self.decoder, decoder);
        core::mem::swap(&mut self.sound, sound);
    }

    /// Whether it is data from now on, of which nothing may be changed, or a voice.
    pub(crate) fn set_data(&mut self, data: bool) {
        self.data = data;
        self.buffer.hold(if data { DATA_WAIT_US } else { 0 });
    }

    /// Another source, or the same with new numbers.
    pub(crate) fn restart(&mut self) {
        self.buffer.restart();
        self.decoder.reset();
        self.comfort = ComfortNoise::new();
    }

    /// Samples a second of what [`Listening::pull`] gives.
    pub(crate) fn rate_hz(&self) -> u32 {
        self.decoder.sample_hz()
    }

    /// The mixer plays from now on. What was relayed a moment ago warms up the decoder; since the
    /// mixer waits for late packets and the relay did not, the time of that wait is made up, so that
    /// the two join without a click.
    pub(crate) fn start(&mut self, now: Instant) {
        if self.player != Player::Nobody {
            return;
        }
        self.player = Player::Begins;
        self.sound.decoded.clear();
        self.real = false;
        let Self {
            buffer,
            decoder,
            sound: Sound { conceal, decoded },
            ..
        } = self;
        buffer.play(now, |payload| {
            let len = decoder
                .decode(payload, decoded.room(FRAME_MAX))
                .unwrap_or(0);
            conceal.good(decoded.room(len));
        });
    }

    /// The mixer plays no more.
    pub(crate) fn stop(&mut self) {
        self.player = Player::Nobody;
        self.buffer.unplay();
    }

    /// A packet of sound, or with `comfort` the description of a pause's noise; false if the mixer
    /// plays and it came too late for that.
    pub(crate) fn hear(&mut self, now: Instant, packet: &Packet<'_>, comfort: bool) -> bool {
        let samples = match comfort {
            true => 0,
            false => self.decoder.samples_of(packet.payload).unwrap_or(0),
        };
        let frame = Frame {
            timestamp: packet.timestamp,
            seq: packet.seq,
            marker: packet.marker,
            units: self.units(samples),
            comfort,
            payload: packet.payload,
        };
        // Opus pauses by packets of two octets at most (RFC 7587 §3.1.3).
        let opus_pause = packet.payload.len() <= 2 && matches!(self.decoder, Decoder::Opus(_));
        self.paused = comfort || opus_pause;
        let pushed = self.buffer.push(now, &frame);
        if self.player == Player::Nobody {
            self.buffer.pass(now);
            self.sample_level(packet);
        }
        pushed != Pushed::Late
    }

    /// The level of what is relayed: of every fifth packet 10 ms, and only where that is cheap.
    fn sample_level(&mut self, packet: &Packet<'_>) {
        let Decoder::Pcm(law) = self.decoder else {
            return;
        };
        if packet.seq.is_multiple_of(5) && !self.paused {
            let mut block = [0; dsp::TICK_SAMPLES];
            let len = law.decode_into(packet.payload, &mut block).min(block.len());
            self.metering.measure(block.get(..len).unwrap_or(&[]));
        }
    }

    /// Decodes a packet while nobody plays, to be listened to and forgotten: the mixer warms the
    /// decoder up when it takes over.
    pub(crate) fn decode_aside(&mut self, payload: &[u8]) -> &[i16] {
        if self.player != Player::Nobody {
            return &[];
        }
        self.sound.decoded.clear();
        let out = self.sound.decoded.room(FRAME_MAX);
        let length = self.decoder.decode(payload, out).unwrap_or(0);
        out.get(..length).unwrap_or(&[])
    }

    /// Whether the far end said that it pauses.
    pub(crate) const fn pauses(&self) -> bool {
        self.paused
    }

    /// The wait that the network asks for, in µs.
    pub(crate) fn wait_us(&mut self) -> u32 {
        self.buffer.wait_us()
    }

    /// The next block, of the tick at `now`: 10 ms at [`Listening::rate_hz`].
    pub(crate) fn pull(&mut self, now: Instant, block: &mut [i16]) {
        if self.player == Player::Begins {
            self.player = Player::Mixer;
            let ahead = self.buffer.ahead(now);
            let ahead = self.whole_periods(self.samples(ahead));
            let made = self.sound.decoded.room(ahead);
            let len = made.len();
            self.sound.conceal.lost(made);
            self.sound.decoded.keep(0, len);
        }
        let held = self.units(self.sound.decoded.len());
        let shift_us = self.buffer.pull(now, held);
        self.fill(block.len(), shift_us);
        self.change_time(block.len(), shift_us);
        self.fill(block.len(), shift_us);
        if !self.sound.decoded.take(block) {
            block.fill(0);
        }
        self.unchanged = self.unchanged.saturating_add(block.len());
        let measured = Measured::of(block);
        self.loudness.follow(measured.peak());
        self.metering.note(block, &measured);
    }

    /// Whole pitch periods join best: the next multiple of one, but for 2 ms.
    fn whole_periods(&self, length: usize) -> usize {
        if length == 0 {
            return 0;
        }
        let spare = self.per_ms.saturating_mul(2);
        let period = self.sound.conceal.period().max(1);
        length.saturating_sub(spare).next_multiple_of(period)
    }

    /// What was made up or left out so far.
    pub(crate) fn changes(&self) -> Changes {
        self.changes
    }

    /// Decodes or makes up until `length` samples are there.
    fn fill(&mut self, length: usize, shift_us: i64) {
        // Every step brings at least one unit; the limit is for what is not as it should be.
        for _ in 0..length {
            let missing = length.saturating_sub(self.sound.decoded.len());
            if missing == 0 {
                return;
            }
            self.step(missing, shift_us);
        }
    }

    /// Plays what comes next.
    fn step(&mut self, missing: usize, shift_us: i64) {
        let brief = matches!(self.decoder, Decoder::Opus(_));
        // What Opus makes up comes in steps; the rest of one is played later.
        let conceal = CONCEAL_MS.saturating_mul(self.per_ms).max(1);
        let missing = if brief {
            missing.next_multiple_of(conceal)
        } else {
            missing
        };
        let want = self.units(missing).max(1);
        let per_ms = self.per_ms;
        let clock = self.buffer.per_ms();
        let samples = |units: u32| samples_of(units, per_ms, clock);
        match self.buffer.next(want, brief, shift_us) {
            Next::Frame {
                payload,
                units,
                skip,
            } => {
                let (whole, skip) = (samples(units), samples(skip));
                let out = self.sound.decoded.room(whole);
                match self.decoder.decode(payload, out) {
                    Ok(len) if len == whole => {
                        self.sound
                            .conceal
                            .good(self.sound.decoded.keep(skip, whole));
                        self.real = true;
                    }
                    Ok(_) | Err(_) => self.make_up(whole.saturating_sub(skip)),
                }
            }
            Next::Comfort { payload } => self.comfort.set(payload),
            Next::Lost {
                units,
                following: Some((next, skip)),
            } => {
                let (whole, skip) = (samples(units.saturating_add(skip)), samples(skip));
                let out = self.sound.decoded.room(whole);
                if self.decoder.decode_fec(next, out) {
                    // It is coarse, and its beginning may have been made up otherwise.
                    self.sound.conceal.join();
                    self.sound
                        .conceal
                        .good(self.sound.decoded.keep(skip, whole));
                    let made = whole.saturating_sub(skip);
                    self.count_concealed(made);
                } else {
                    self.make_up(samples(units));
                }
            }
            Next::Lost {
                units,
                following: None,
            } => self.make_up(samples(units)),
            Next::Idle { units } => {
                let len = samples(units);
                let out = self.sound.decoded.room(len);
                self.comfort.fill(out);
                self.sound.conceal.good(self.sound.decoded.keep(0, len));
                self.real = false;
            }
        }
    }

    /// Makes up missing samples: by the codec if it can, else by the last pitch period; of data by
    /// silence, which modems know how to live with.
    fn make_up(&mut self, length: usize) {
        if self.data {
            self.sound.decoded.room(length).fill(0);
            self.sound.conceal.good(self.sound.decoded.keep(0, length));
            self.real = false;
            return self.count_concealed(length);
        }
        let whole = length.next_multiple_of(CONCEAL_MS.saturating_mul(self.per_ms).max(1));
        if self.decoder.conceal(self.sound.decoded.room(whole)) {
            if self.real {
                self.sound.conceal.join();
            }
            self.sound.conceal.good(self.sound.decoded.keep(0, length));
        } else {
            self.sound.conceal.lost(self.sound.decoded.room(length));
            self.sound.decoded.keep(0, length);
        }
        self.real = false;
        self.count_concealed(length);
    }

    fn count_concealed(&mut self, length: usize) {
        let length = u64::try_from(length).unwrap_or(0);
        self.changes.concealed = self.changes.concealed.saturating_add(length);
    }

    /// Makes time longer or shorter. Longer at once, in speech by a pitch period or by a sample: the
    /// next packet may be late. Shorter in the next moment that is soft; in speech only if the wait
    /// is far too long.
    fn change_time(&mut self, length: usize, shift_us: i64) {
        if shift_us == 0 || !self.real {
            return;
        }
        if self.data && shift_us.unsigned_abs() < DATA_OFF_US {
            return;
        }
        let longer = shift_us > 0;
        let by = usize::try_from(shift_us.unsigned_abs()).unwrap_or(0);
        let by = by.saturating_mul(self.per_ms) / 1_000;
        let per_ms = self.per_ms;
        let ms = |ms: usize| ms.saturating_mul(per_ms);
        if longer && self.sound.decoded.is_quiet(length) {
            let changed = self.sound.decoded.mirror(by.min(length / 2));
            return self.changed(changed, longer);
        }
        let scale = if self.per_ms > 8 { 2 } else { 1 };
        if !longer && self.is_soft(length) {
            let most = by.min(length / 2);
            self.decode_ahead(length.saturating_mul(2).saturating_add(most));
            let most = most.min(self.spare(length));
            if self.is_soft(length.saturating_add(most)) {
                let changed = self.sound.decoded.drop_blended(scale, most);
                return self.changed(changed, longer);
            }
        }
        let (slip_from, period_from) = match longer {
            true => (0, PERIOD_FROM_MS),
            false => (LOUD_SLIP_FROM_MS, LOUD_PERIOD_FROM_MS),
        };
        if by >= ms(period_from) && self.unchanged >= ms(PERIOD_EVERY_MS) {
            self.decode_ahead(length.saturating_mul(3));
            let most = if longer {
                by
            } else {
                by.min(self.spare(length))
            };
            let changed = self.sound.decoded.change_period(scale, most, longer);
            if changed > 0 {
                return self.changed(changed, longer);
            }
        }
        if by >= ms(slip_from) && self.unchanged >= ms(SLIP_EVERY_MS) {
            self.decode_ahead(length.saturating_add(1));
            if !longer && self.spare(length) == 0 {
                return;
            }
            let changed = self.sound.decoded.slip(length, longer);
            self.changed(changed, longer);
        }
    }

    /// Whether the next `length` samples are silence, or nearly so for this talker.
    fn is_soft(&mut self, length: usize) -> bool {
        let peak = self.sound.decoded.peak(length);
        peak < QUIET_PEAK || !self.loudness.is_loud(peak)
    }

    /// Samples beyond the next `length`: no more may be dropped.
    fn spare(&self, length: usize) -> usize {
        self.sound.decoded.len().saturating_sub(length)
    }

    /// Decodes frames that are there anyway, until `length` samples are.
    fn decode_ahead(&mut self, length: usize) {
        while self.sound.decoded.len() < length && self.buffer.is_ready() {
            let before = self.sound.decoded.len();
            self.step(length, 0);
            if self.sound.decoded.len() <= before {
                return;
            }
        }
    }

    fn changed(&mut self, samples: usize, longer: bool) {
        if samples == 0 {
            return;
        }
        self.unchanged = 0;
        let count = if longer {
            &mut self.changes.inserted
        } else {
            &mut self.changes.dropped
        };
        *count = count.saturating_add(u64::try_from(samples).unwrap_or(0));
    }

    /// Samples in units of the RTP clock, rounded up.
    fn units(&self, samples: usize) -> u32 {
        let clock = u64::from(self.buffer.per_ms());
        let samples = u64::try_from(samples).unwrap_or(0);
        let rate = u64::try_from(self.per_ms).unwrap_or(1).max(1);
        u32::try_from(samples.saturating_mul(clock).div_ceil(rate)).unwrap_or(u32::MAX)
    }

    fn samples(&self, units: u32) -> usize {
        samples_of(units, self.per_ms, self.buffer.per_ms())
    }
}

/// Units of the RTP clock in samples.
fn samples_of(units: u32, per_ms: usize, clock: u32) -> usize {
    let units = usize::try_from(units).unwrap_or(0);
    let clock = usize::try_from(clock).unwrap_or(1).max(1);
    units.saturating_mul(per_ms).checked_div(clock).unwrap_or(0)
}

fn per_ms(rate_hz: u32) -> usize {
    usize::try_from(rate_hz / 1_000).unwrap_or(8).max(1)
}

#[cfg(test)]
mod tests;

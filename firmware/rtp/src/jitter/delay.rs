//! How long to wait: from the transit times of packets, that is arrival minus media time, in µs.
//! Only differences of them mean anything.
//!
//! The fastest packets of the last eight seconds give the path's own length; a histogram of how much
//! slower the others were, which forgets, gives the wait that all but one in 200 keep. A standstill
//! of the network that ends in a burst counts once, not once a packet: one is bad luck, a row of them
//! is the network.

use super::drift::Drift;

/// The tick: sound is taken in steps of this, so a packet must be there that much earlier, in µs.
const TICK_US: i64 = 10_000;
/// Time that the slowest counted packet comes before it must, in µs.
const SPARE_US: i64 = 2_000;
/// Least and longest wait of the fastest packet, in µs.
pub(super) const WAIT_MIN_US: i64 = TICK_US + SPARE_US;
/// See [`WAIT_MIN_US`].
pub(super) const WAIT_MAX_US: i64 = 120_000;
/// Wait before anything is known, in µs: what a calm line needs, so that nothing has to be changed
/// in the middle of speech there. Any other line shows itself in its first packets.
pub(super) const WAIT_FIRST_US: i64 = 14_000;
/// Packets after which the histogram is believed: half a second.
const BELIEVED: u16 = 25;
/// Bins of the histogram, 1 ms each.
const BINS: usize = 128;
const BIN_US: i64 = 1_000;
/// The fastest packets of one moment and the next differ by no more bins through drift alone.
const DRIFT_BINS: usize = 1;
/// So many packets do not change the wait that all but the slowest keep, unless one was slower.
const RECOUNT: u8 = 16;
/// Part of the packets that may come too late.
const LATE_PART: f32 = 0.005;
/// What a packet still weighs after the next one: half is forgotten in 350 packets, 7 s.
const KEEP: f32 = 0.998;
/// Spans of which the fastest packet is known, and their length in µs.
const SPANS: usize = 8;
const SPAN_US: i64 = 1_000_000;
/// Spans that must be full before the wait is made shorter.
const SPANS_TO_SHRINK: u8 = 2;
/// So many packets in a row beyond the longest wait show that the path became longer.
const BEYOND_RUN: u8 = 10;
/// A packet this much slower than the fastest, in µs, is the head of a standstill if those behind it
/// come faster than they were sent.
const STANDSTILL_US: i64 = 30_000;

/// The estimator.
#[derive(Clone, Debug)]
pub(super) struct Delay {
    /// Least transit of each span, newest first; `i64::MAX` = none.
    spans: [i64; SPANS],
    span_end: i64,
    known: u8,
    /// Transit at the lower edge of the first bin.
    anchor: i64,
    bins: [f32; BINS],
    /// Weight of the next packet: it grows instead of all others becoming less.
    weight: f32,
    counted: u16,
    /// Transit and arrival of the packet before.
    before: Option<(i64, i64)>,
    beyond: u8,
    /// Wait of all but the slowest, when it is up to date.
    quantile: Option<i64>,
    /// Packets that it was not looked for again after.
    uncounted: u8,
    drift: Drift,
    /// The shortest wait that is wanted, in µs.
    least: i64,
}

impl Delay {
    pub(super) const fn new() -> Self {
        Self {
            spans: [i64::MAX; SPANS],
            span_end: 0,
            known: 0,
            anchor: 0,
            bins: [0.0; BINS],
            weight: 1.0,
            counted: 0,
            before: None,
            beyond: 0,
            quantile: None,
            uncounted: 0,
            drift: Drift::new(),
            least: 0,
        }
    }

    /// Files a packet that arrived at `at_us`.
    pub(super) fn note(&mut self, at_us: i64, transit: i64) {
        self.turn_spans(at_us);
        let fastest = self.fastest().unwrap_or(transit);
        let slower = transit.saturating_sub(fastest);
        let burst = self.before.is_some_and(|(transit_before, at_before)| {
            let headed = transit_before.saturating_sub(fastest) > STANDSTILL_US;
            let apart = at_us.saturating_sub(at_before);
            let sent_apart = apart.saturating_sub(transit.saturating_sub(transit_before));
            headed && apart.saturating_mul(2) < sent_apart
        });
        self.beyond = if slower <= WAIT_MAX_US.saturating_sub(TICK_US) {
            0
        } else if burst {
            self.beyond
        } else {
            self.beyond.saturating_add(1)
        };
        if self.beyond >= BEYOND_RUN || slower < STANDSTILL_US.saturating_neg() {
            // Another path: what was known is of no use. The far end's clock is the same.
            let drift = self.drift.clone();
            *self = Self::new();
            self.drift = drift;
            self.drift.path_changed();
            self.turn_spans(at_us);
        }
        self.drift.note(at_us, transit);
        if let Some(span) = self.spans.first_mut() {
            *span = transit.min(*span);
        }
        self.before = Some((transit, at_us));
        if !burst {
            self.count(transit);
        }
    }

    fn turn_spans(&mut self, at_us: i64) {
        if self.known == 0 {
            self.known = 1;
            self.span_end = at_us.saturating_add(SPAN_US);
        }
        // After a long pause all spans are empty; turning them all is enough.
        for _ in 0..SPANS {
            if at_us < self.span_end {
                return;
            }
            self.spans.rotate_right(1);
            if let Some(span) = self.spans.first_mut() {
                *span = i64::MAX;
            }
            self.known = self.known.saturating_add(1);
            self.span_end = self.span_end.saturating_add(SPAN_US);
        }
        self.span_end = self.span_end.max(at_us);
    }

    fn count(&mut self, transit: i64) {
        let Some(fastest) = self.fastest() else {
            return;
        };
        if self.counted == 0 {
            self.anchor = fastest;
        }
        self.counted = self.counted.saturating_add(1);
        self.move_anchor(fastest);
        let bin = transit.saturating_sub(self.anchor) / BIN_US;
        let bin = usize::try_from(bin).unwrap_or(0).min(BINS - 1);
        self.uncounted = self.uncounted.saturating_add(1);
        if self.uncounted >= RECOUNT || self.quantile.is_none_or(|wait| wait_of(bin) > wait) {
            self.quantile = None;
        }
        if let Some(bin) = self.bins.get_mut(bin) {
            *bin += self.weight;
        }
        self.weight /= KEEP;
        if self.weight > 1e6 {
            for bin in &mut self.bins {
                *bin /= self.weight;
            }
            self.weight = 1.0;
        }
    }

    /// Keeps the first bin at the fastest packets.
    fn move_anchor(&mut self, fastest: i64) {
        let by = fastest.saturating_sub(self.anchor).div_euclid(BIN_US);
        let bins = usize::try_from(by.unsigned_abs()).unwrap_or(BINS).min(BINS);
        if bins <= DRIFT_BINS {
            // The clocks drift: what was noted was right in its time.
            self.anchor = fastest;
            return;
        }
        self.quantile = None;
        if by > 0 {
            self.bins.rotate_left(bins);
            let (rest, out) = self.bins.split_at_mut(BINS.saturating_sub(bins));
            let below: f32 = out.iter().sum();
            out.fill(0.0);
            // What was faster than the fastest of now is as fast.
            if let Some(first) = rest.first_mut() {
                *first += below;
            }
        } else {
            self.bins.rotate_right(bins);
            let (new, rest) = self.bins.split_at_mut(bins);
            let beyond: f32 = new.iter().sum();
            new.fill(0.0);
            if let Some(last) = rest.last_mut() {
                *last += beyond;
            }
        }
        self.anchor = self.anchor.saturating_add(by.saturating_mul(BIN_US));
    }

    /// Transit of the fastest packet known.
    pub(super) fn fastest(&self) -> Option<i64> {
        let least = self.spans.iter().copied().min()?;
        (least != i64::MAX).then_some(least)
    }

    /// The shortest wait from now on, in µs.
    pub(super) const fn hold(&mut self, least: i64) {
        self.least = least;
    }

    /// The shortest wait that is wanted, in µs.
    pub(super) const fn held(&self) -> i64 {
        self.least
    }

    /// The wait that the fastest packet should have, in µs, at most `max`.
    pub(super) fn wait(&mut self, max: i64) -> i64 {
        self.natural_wait(max).max(self.least.min(max))
    }

    fn natural_wait(&mut self, max: i64) -> i64 {
        if self.counted < BELIEVED {
            let known = self.slowest_bin();
            return WAIT_FIRST_US.max(known).min(max);
        }
        let quantile = match self.quantile {
            Some(quantile) => quantile,
            None => {
                self.uncounted = 0;
                self.slowest_bin()
            }
        };
        self.quantile = Some(quantile);
        quantile.min(max)
    }

    /// The wait that all but [`LATE_PART`] of the packets keep.
    fn slowest_bin(&self) -> i64 {
        let all: f32 = self.bins.iter().sum();
        let mut left = all * LATE_PART;
        let mut bin = BINS;
        for weight in self.bins.iter().rev() {
            left -= *weight;
            if left < 0.0 {
                break;
            }
            bin = bin.saturating_sub(1);
        }
        wait_of(bin.saturating_sub(1))
    }

    /// The transit at which the mean packet should be played, in µs: the fastest one's and its wait.
    pub(super) fn wanted(&mut self, max: i64) -> Option<i64> {
        let fastest = self.fastest()?;
        Some(fastest.saturating_add(self.wait(max)))
    }

    /// Whether enough is known to make the wait shorter.
    pub(super) const fn may_shrink(&self) -> bool {
        self.known > SPANS_TO_SHRINK
    }

    /// By how much the far end's clock is fast, in parts per million; `None` in the first minute.
    pub(super) fn drift_ppm(&self) -> Option<i16> {
        self.drift.ppm()
    }
}

/// The wait that packets of a bin keep, in µs.
fn wait_of(bin: usize) -> i64 {
    let over = i64::try_from(bin).unwrap_or(0);
    over.saturating_mul(BIN_US).saturating_add(WAIT_MIN_US)
}

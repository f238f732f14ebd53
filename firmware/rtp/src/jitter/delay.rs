//! How long to wait: from the margins of the packets of the last eight seconds.
//!
//! The margin of a packet is the time, in samples, from its arrival until its first sample is due;
//! negative when it came too late. The fastest packet should wait as long as the slowest one was
//! slower, and a little more.

/// Least and longest wait of the fastest packet, in samples: 20 and 120 ms.
pub(super) const DELAY_MIN: i32 = 160;
/// See [`DELAY_MIN`].
pub(super) const DELAY_MAX: i32 = 960;
/// A packet that misses its time by more than this was held up, not jittered: 60 ms.
const OUTAGE: i32 = -480;
/// The slowest packet should come this long before its time: 5 ms.
pub(super) const SPARE: i32 = 40;
/// Deviations up to this are left alone: 2 ms.
const SLACK: i32 = 16;
/// Spans of one second of playing time each.
const SPANS: usize = 8;
const SPAN_SAMPLES: u32 = 8_000;
/// Spans that must be full before the delay is made shorter.
const SPANS_TO_SHRINK: u8 = 4;

#[derive(Clone, Copy, Debug)]
struct Span {
    min: i32,
    max: i32,
}

const NOTHING: Span = Span {
    min: i32::MAX,
    max: i32::MIN,
};

/// The estimator.
#[derive(Clone, Debug)]
pub(super) struct Delay {
    spans: [Span; SPANS],
    /// Samples played in the current span, the first of `spans`.
    played: u32,
    /// Spans begun since the start, up to [`SPANS`].
    known: u8,
}

impl Delay {
    pub(super) const fn new() -> Self {
        Self {
            spans: [NOTHING; SPANS],
            played: 0,
            known: 0,
        }
    }

    /// Files the margin of a packet.
    pub(super) fn note(&mut self, margin: i32) {
        if margin < OUTAGE {
            return;
        }
        if let Some(span) = self.spans.first_mut() {
            span.min = span.min.min(margin);
            span.max = span.max.max(margin);
        }
    }

    /// Playing was moved: every margin is larger by `by` samples from now on.
    pub(super) fn moved(&mut self, by: i32) {
        for span in &mut self.spans {
            if span.max >= span.min {
                span.min = span.min.saturating_add(by);
                span.max = span.max.saturating_add(by);
            }
        }
    }

    /// Counts playing time.
    pub(super) fn pass(&mut self, samples: usize) {
        let samples = u32::try_from(samples).unwrap_or(SPAN_SAMPLES);
        self.played = self.played.saturating_add(samples);
        if self.played >= SPAN_SAMPLES {
            self.played = 0;
            self.known = self.known.saturating_add(1).min(SPANS as u8);
            self.spans.rotate_right(1);
            if let Some(span) = self.spans.first_mut() {
                *span = NOTHING;
            }
        }
    }

    /// The margin of the fastest packet known.
    pub(super) fn longest(&self) -> Option<i32> {
        let max = self.spans.iter().map(|span| span.max).max()?;
        (max != i32::MIN).then_some(max)
    }

    /// The wait that the fastest packet should have.
    pub(super) fn target(&self) -> Option<i32> {
        let max = self.longest()?;
        let min = self.spans.iter().map(|span| span.min).min()?;
        let spread = max.saturating_sub(min);
        Some(spread.saturating_add(SPARE).clamp(DELAY_MIN, DELAY_MAX))
    }

    /// Samples by which playing should be later (positive: insert) or earlier (negative: drop).
    pub(super) fn shift(&self) -> i32 {
        let (Some(longest), Some(target)) = (self.longest(), self.target()) else {
            return 0;
        };
        let shift = target.saturating_sub(longest);
        let shrinking_early = shift < 0 && self.known < SPANS_TO_SHRINK && longest <= DELAY_MAX;
        if shift.abs() <= SLACK || shrinking_early {
            return 0;
        }
        shift
    }
}

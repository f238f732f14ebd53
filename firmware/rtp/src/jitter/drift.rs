//! How much faster or slower the far end's clock is than ours, from the fastest packets of each ten
//! seconds.

/// Spans that are compared, and their length in µs: two minutes.
const SPANS: usize = 12;
const SPAN_US: i64 = 10_000_000;
/// Spans that must be there: 40 s.
const SPANS_MIN: usize = 4;
/// More than this between two spans, in µs, is another path: 1,000 ppm are 10 ms.
const STEP_US: i64 = 12_000;

#[derive(Clone, Debug)]
pub(super) struct Drift {
    /// Least transit of past spans, oldest first.
    least: [i64; SPANS],
    len: usize,
    /// Least transit of the span that runs, and when it ends.
    now: i64,
    end: i64,
}

impl Drift {
    pub(super) const fn new() -> Self {
        Self {
            least: [0; SPANS],
            len: 0,
            now: i64::MAX,
            end: i64::MIN,
        }
    }

    /// Transit times of now cannot be compared with those before.
    pub(super) fn path_changed(&mut self) {
        self.len = 0;
        self.now = i64::MAX;
    }

    pub(super) fn note(&mut self, at_us: i64, transit: i64) {
        if at_us >= self.end {
            self.close(at_us);
        }
        self.now = self.now.min(transit);
    }

    fn close(&mut self, at_us: i64) {
        let least = core::mem::replace(&mut self.now, i64::MAX);
        let in_time = at_us < self.end.saturating_add(SPAN_US);
        let newest = self
            .len
            .checked_sub(1)
            .and_then(|at| self.least.get(at).copied());
        let follows = newest.is_none_or(|before| before.abs_diff(least) <= STEP_US.unsigned_abs());
        if !in_time || !follows {
            self.len = 0;
            self.end = at_us;
        }
        self.end = self.end.saturating_add(SPAN_US);
        if least == i64::MAX || !in_time {
            return;
        }
        if self.len == SPANS {
            self.least.copy_within(1.., 0);
            self.len = SPANS - 1;
        }
        if let Some(slot) = self.least.get_mut(self.len) {
            *slot = least;
        }
        self.len = self.len.saturating_add(1);
    }

    /// The slope of the line through all spans (least squares): a fast clock's packets come earlier
    /// and earlier.
    pub(super) fn ppm(&self) -> Option<i16> {
        let least = self.least.get(..self.len)?;
        if least.len() < SPANS_MIN {
            return None;
        }
        let first = *least.first()?;
        let middle = (least.len() as f64 - 1.0) / 2.0;
        let (mut product, mut square) = (0.0, 0.0);
        for (n, transit) in least.iter().enumerate() {
            let from_middle = n as f64 - middle;
            product += from_middle * transit.saturating_sub(first) as f64;
            square += from_middle * from_middle;
        }
        let us_per_span = product / square;
        Some((-us_per_span * 1e6 / SPAN_US as f64) as i16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_known_after_a_minute_and_exactly_after_two() {
        for ppm in [-200_i64, -20, 0, 20, 200] {
            let mut drift = Drift::new();
            let mut state = 7_i64;
            for n in 0..9_000_i64 {
                state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
                let at = n * 20_000;
                let jitter = (state >> 8) % 20_000;
                drift.note(at + jitter, jitter - at * ppm / 1_000_000);
                match n * 20 / 1_000 {
                    0..40 => assert_eq!(drift.ppm(), None),
                    60..120 => {
                        let told = drift.ppm().expect("known");
                        assert!(i64::from(told).abs_diff(ppm) <= 30, "{ppm}: {told}");
                    }
                    125.. => {
                        let told = drift.ppm().expect("known");
                        assert!(i64::from(told).abs_diff(ppm) <= 8, "{ppm}: {told}");
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn another_path_is_no_drift() {
        let mut drift = Drift::new();
        for n in 0..9_000_i64 {
            drift.note(n * 20_000, if n < 5_000 { 0 } else { 60_000 });
            assert!(drift.ppm().is_none_or(|ppm| ppm.abs() <= 1), "{n}");
        }
    }
}

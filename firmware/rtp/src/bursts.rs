//! How the packets that are missing lie: in bursts, or alone (RFC 3611 §4.7.2).

use crate::rtcp::GMIN;

/// A burst begins and ends with a missing packet and has fewer than [`GMIN`] good ones in a row in
/// between. A packet that is missing alone belongs to the gap around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bursts {
    /// The newest packet, by its number with wraps counted.
    highest: Option<u64>,
    packets: u64,
    missing: u64,
    /// Bursts that are over, their packets, and those of them that are missing.
    bursts: u64,
    burst_packets: u64,
    burst_missing: u64,
    /// The burst that may go on: from its first missing packet to its last, and how many are missing.
    span: u64,
    span_missing: u64,
    /// Good packets since the last missing one.
    good: u64,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BurstFigures {
    /// Part of the packets in bursts that is missing, in 1/256.
    pub burst_density_256: u8,
    /// Part of the packets in gaps that is missing, in 1/256.
    pub gap_density_256: u8,
    /// Mean length of a burst in packets.
    pub burst_packets: u64,
    /// Mean length of a gap in packets.
    pub gap_packets: u64,
}

impl Bursts {
    /// A packet came that has this number in its stream; `first` says that it begins one, `used`
    /// that it was not too late.
    pub fn came(&mut self, number: u64, first: bool, used: bool) {
        let before = self.highest.filter(|_| !first);
        let ahead = before.map_or(1, |before| number.saturating_sub(before));
        // One that comes after its turn was counted as missing.
        let Some(missing) = ahead.checked_sub(1) else {
            return;
        };
        self.highest = Some(number);
        if missing > 0 {
            self.miss(missing);
        }
        if used {
            self.packets = self.packets.saturating_add(1);
            self.good = self.good.saturating_add(1);
            if self.good >= u64::from(GMIN) {
                self.close();
            }
        } else {
            self.miss(1);
        }
    }

    fn miss(&mut self, count: u64) {
        self.packets = self.packets.saturating_add(count);
        self.missing = self.missing.saturating_add(count);
        let good = core::mem::take(&mut self.good);
        if self.span > 0 {
            self.span = self.span.saturating_add(good);
        }
        self.span = self.span.saturating_add(count);
        self.span_missing = self.span_missing.saturating_add(count);
    }

    /// What began as a burst goes on no more.
    fn close(&mut self) {
        let span = core::mem::take(&mut self.span);
        let missing = core::mem::take(&mut self.span_missing);
        if missing > 1 {
            self.bursts = self.bursts.saturating_add(1);
            self.burst_packets = self.burst_packets.saturating_add(span);
            self.burst_missing = self.burst_missing.saturating_add(missing);
        }
    }

    /// The figures so far; a burst that may go on counts as it is.
    #[must_use]
    pub fn figures(&self) -> BurstFigures {
        let mut all = *self;
        all.close();
        let gap_packets = all.packets.saturating_sub(all.burst_packets);
        let gap_missing = all.missing.saturating_sub(all.burst_missing);
        let gaps = all.bursts.saturating_add(1);
        BurstFigures {
            burst_density_256: part_256(all.burst_missing, all.burst_packets),
            gap_density_256: part_256(gap_missing, gap_packets),
            burst_packets: all.burst_packets.checked_div(all.bursts).unwrap_or(0),
            gap_packets: gap_packets.checked_div(gaps).unwrap_or(0),
        }
    }
}

/// `part` of `whole` in 1/256, 255 at most; 0 of nothing.
#[must_use]
pub fn part_256(part: u64, whole: u64) -> u8 {
    let part = part.saturating_mul(256).checked_div(whole).unwrap_or(0);
    u8::try_from(part).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter a packet: `.` came, `x` never came, `l` came too late.
    fn figures(story: &str) -> BurstFigures {
        let mut bursts = Bursts::default();
        for (at, what) in story.chars().enumerate() {
            if what != 'x' {
                bursts.came(1_000 + at as u64, at == 0, what == '.');
            }
        }
        bursts.figures()
    }

    fn good(count: usize) -> String {
        ".".repeat(count)
    }

    #[test]
    fn alone_is_no_burst() {
        let story = [good(20), good(20), good(24)].join("x");
        let wanted = BurstFigures {
            gap_density_256: part_256(2, 66),
            gap_packets: 66,
            ..BurstFigures::default()
        };
        assert_eq!(figures(&story), wanted);
        assert_eq!(figures(&good(100)).gap_density_256, 0);
    }

    #[test]
    fn a_burst_has_fewer_than_sixteen_good_ones_in_a_row() {
        // Ten packets of which five are missing or late, then one alone.
        let story = good(30) + "xl" + &good(5) + "xxl" + &good(40) + "x" + &good(20);
        let wanted = BurstFigures {
            burst_density_256: 128,
            gap_density_256: part_256(1, 91),
            burst_packets: 10,
            gap_packets: 45,
        };
        assert_eq!(figures(&story), wanted);
        let story = good(30) + "x" + &good(15) + "x" + &good(30);
        assert_eq!(figures(&story).burst_packets, 17);
        let story = good(30) + "x" + &good(16) + "x" + &good(30);
        assert_eq!(figures(&story).burst_packets, 0);
    }

    #[test]
    fn a_burst_that_goes_on_counts_as_it_is() {
        let story = good(30) + "xxx.";
        assert_eq!(figures(&story).burst_packets, 3);
        assert_eq!(figures(&story).burst_density_256, 255);
    }

    #[test]
    fn disorder_and_a_new_stream_are_no_loss() {
        let mut bursts = Bursts::default();
        for (number, first) in [(9, true), (10, false), (9, false), (3, true), (4, false)] {
            bursts.came(number, first, true);
        }
        assert_eq!(bursts.figures().gap_packets, 4);
        assert_eq!(bursts.figures().gap_density_256, 0);
    }
}

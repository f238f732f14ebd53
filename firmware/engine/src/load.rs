//! How much of its core a media thread uses, and what is given up when that is too much: first what
//! nobody needs, then new calls. Never a call that goes on.

use std::time::Duration;

use model::Instant;

/// How often the load is judged.
pub(crate) const WINDOW: Duration = Duration::from_secs(1);
/// Above this part of a core, in per mille, packets begin to wait for each other.
const HIGH: u64 = 800;
/// Below this part there is room again.
const LOW: u64 = 600;
/// Windows below `LOW` before a step back, so that the load does not swing.
const CALM: u8 = 5;

/// What is given up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Nothing.
    #[default]
    Normal,
    /// What is only looked at: the quality of each second. The minutes go on.
    Spare,
    /// New calls too.
    Full,
}

/// The load, by the processor time that the thread itself used: another program that takes the
/// processor away makes ticks late, which is counted, but refusing calls would not help there.
#[derive(Debug, Default)]
pub(crate) struct Load {
    pub(crate) level: Level,
    /// How much of its core the thread used in the last window, in per mille.
    pub(crate) permille: u64,
    since: Instant,
    used_ns: u64,
    calm: u8,
}

impl Load {
    /// Whether a window is over.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        now.since(self.since) >= WINDOW
    }

    /// Ends a window: the thread has used `used_ns` of processor time so far. Goes one step up or
    /// down at most; whether it did.
    pub(crate) fn judge(&mut self, now: Instant, used_ns: u64) -> bool {
        let wall = u64::try_from(now.since(self.since).as_nanos()).unwrap_or(u64::MAX);
        let busy = used_ns.saturating_sub(self.used_ns).saturating_mul(1_000) / wall.max(1);
        self.permille = busy;
        self.since = now;
        self.used_ns = used_ns;
        let before = self.level;
        if busy >= HIGH {
            self.calm = 0;
            self.level = match before {
                Level::Normal => Level::Spare,
                Level::Spare | Level::Full => Level::Full,
            };
        } else if busy < LOW && before > Level::Normal {
            self.calm += 1;
            if self.calm >= CALM {
                self.calm = 0;
                self.level = match before {
                    Level::Full => Level::Spare,
                    Level::Spare | Level::Normal => Level::Normal,
                };
            }
        } else {
            self.calm = 0;
        }
        self.level != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The levels after windows with these loads in per cent.
    fn levels(loads: &[u64]) -> Vec<Level> {
        let (mut load, mut used, mut ms) = (Load::default(), 0, 0);
        let mut step = |percent: &u64| {
            used += percent * 10_000_000;
            ms += 1_000;
            let now = Instant::from_millis(ms);
            assert!(load.is_due(now));
            let before = load.level;
            assert_eq!(load.judge(now, used), load.level != before);
            load.level
        };
        loads.iter().map(&mut step).collect()
    }

    #[test]
    fn spare_things_go_first_then_new_calls_and_they_come_back_in_turn() {
        use Level::{Full, Normal, Spare};
        assert_eq!(levels(&[79, 80, 99, 99]), [Normal, Spare, Full, Full]);
        let down = levels(&[90, 90, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50]);
        assert_eq!(down[5..7], [Full, Spare]);
        assert_eq!(down[10..], [Spare, Normal]);
        // In between nothing changes, and calm begins anew.
        let held = levels(&[90, 90, 50, 50, 50, 50, 70, 50, 50, 50, 50, 50]);
        assert_eq!(held[10..], [Full, Spare]);
    }
}

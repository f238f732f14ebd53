//! When what the exchange decided goes to the writer: each wait for the disk and each wake-up of
//! its thread cost more than all the rest of a commit, so commits are few.

use std::time::Duration;

use model::{Instant, Seq, limits};

/// How long what nobody waits for gathers. The commit has what is left of the limit.
const GATHER: Duration = Duration::from_millis(limits::COMMIT_MS_MAX * 3 / 4);
/// Time from one commit that an answer waits for to the next: under 28 calls a second there is no
/// delay, above they share.
const COMMIT_PAUSE: Duration = Duration::from_millis(limits::DURABLE_WAIT_MS_MAX * 7 / 10);

/// What is known of the batch that gathers and of the last one that was hurried.
#[derive(Debug)]
pub(crate) struct Gather {
    /// Since when the oldest of it waits, as far as it was not refused.
    since: Option<Instant>,
    /// The record that the writer was last asked to hurry with.
    hurried: Seq,
    /// When that was.
    hurried_at: Option<Instant>,
}

impl Gather {
    /// Nothing gathers.
    pub(crate) const fn new() -> Self {
        Self {
            since: None,
            hurried: Seq(0),
            hurried_at: None,
        }
    }

    /// Something gathers at `now`.
    pub(crate) fn add(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    /// Until when it need not be handed over, if an answer waits for `awaited`; `None`: nothing
    /// gathers, or all of it is to be handed over.
    pub(crate) fn until(&self, awaited: Option<Seq>) -> Option<Instant> {
        let since = self.since?;
        let hurry = match self.urgent(awaited) {
            None => None,
            Some(_) => Some(self.hurried_at? + COMMIT_PAUSE),
        };
        hurry.into_iter().chain([since + GATHER]).min()
    }

    /// It is handed over at `now`; whether with haste.
    pub(crate) fn hand_over(&mut self, now: Instant, awaited: Option<Seq>) -> bool {
        self.since = None;
        let urgent = self.urgent(awaited);
        if let Some(seq) = urgent {
            self.hurried = seq;
            self.hurried_at = Some(now);
        }
        urgent.is_some()
    }

    /// The record that an answer waits for and that the writer was not asked to hurry with yet.
    fn urgent(&self, awaited: Option<Seq>) -> Option<Seq> {
        awaited.filter(|seq| *seq > self.hurried)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    #[test]
    fn what_nobody_waits_for_gathers_from_its_first_part_on() {
        let mut gather = Gather::new();
        assert_eq!(gather.until(None), None);
        gather.add(at(10));
        gather.add(at(50));
        assert_eq!(gather.until(None), Some(at(85)));
        assert!(!gather.hand_over(at(85), None));
        assert_eq!(gather.until(None), None);
    }

    #[test]
    fn the_first_answer_waits_for_the_disk_only_and_those_that_follow_share() {
        let mut gather = Gather::new();
        gather.add(at(10));
        assert_eq!(gather.until(Some(Seq(3))), None, "at once");
        assert!(gather.hand_over(at(10), Some(Seq(3))));
        // It still waits, and something else gathers meanwhile.
        gather.add(at(12));
        assert_eq!(gather.until(Some(Seq(3))), Some(at(87)));
        assert_eq!(gather.until(Some(Seq(9))), Some(at(45)));
        assert_eq!(gather.until(Some(Seq(11))), Some(at(45)));
        assert!(gather.hand_over(at(45), Some(Seq(11))));
        // What was handed over without haste delays nobody.
        gather.add(at(100));
        assert!(!gather.hand_over(at(175), None));
        gather.add(at(176));
        assert!(gather.until(Some(Seq(20))) <= Some(at(176)));
    }
}

//! Legs on their way out. The engine says that one is over without waking anybody: in a busy office the
//! control thread comes by anyway, and else it looks after a while.

use std::time::Duration;

use model::{Instant, MediaLeg};

/// How long the end of a leg may stay unheard after the engine knows of it.
const LOOK: Duration = Duration::from_millis(60);
/// Longest pause between two looks for one that does not come.
const LOOK_MAX: Duration = Duration::from_secs(1);

/// Legs that the engine was told to end and did not call ended yet.
#[derive(Debug)]
pub(crate) struct Parting {
    legs: Vec<MediaLeg>,
    /// When they are looked for if nothing else brought a turn; set when the engine knows of them.
    look_at: Option<Instant>,
    pause: Duration,
}

impl Parting {
    /// None parts.
    pub(crate) const fn new() -> Self {
        Self {
            legs: Vec::new(),
            look_at: None,
            pause: LOOK,
        }
    }

    /// The engine is to be told to end `leg`.
    pub(crate) fn add(&mut self, leg: MediaLeg) {
        self.legs.push(leg);
    }

    /// The engine was called at `now` and knows of all.
    pub(crate) fn known(&mut self, now: Instant) {
        if !self.legs.is_empty() {
            self.look_at.get_or_insert(now + self.pause);
        }
    }

    /// `leg` is over.
    pub(crate) fn over(&mut self, leg: MediaLeg) {
        self.legs.retain(|&other| other != leg);
        if self.legs.is_empty() {
            *self = Self {
                legs: std::mem::take(&mut self.legs),
                ..Self::new()
            };
        }
    }

    /// Whether the engine is to be asked in a turn at `now`. What is not over when its time has come is
    /// looked for again, ever more seldom: the engine may never have known it.
    pub(crate) fn look(&mut self, now: Instant) -> bool {
        if self.look_at.is_some_and(|at| at <= now) {
            self.pause = (self.pause * 2).min(LOOK_MAX);
            self.look_at = Some(now + self.pause);
        }
        self.look_at.is_some()
    }

    /// When there must be a turn for it.
    pub(crate) const fn next_look(&self) -> Option<Instant> {
        self.look_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn leg(slot: u16) -> MediaLeg {
        let generation = 1;
        MediaLeg { slot, generation }
    }

    #[test]
    fn ends_of_legs_are_looked_for_until_all_are_heard() {
        let at = Instant::from_millis;
        let mut parting = Parting::new();
        parting.known(at(0));
        assert!(!parting.look(at(0)), "none parts");
        parting.add(leg(1));
        parting.add(leg(2));
        assert_eq!(parting.next_look(), None, "the engine was not told");
        parting.known(at(10));
        assert_eq!(parting.next_look(), Some(at(70)));
        assert!(parting.look(at(20)), "whatever brings a turn");
        parting.over(leg(3));
        parting.over(leg(1));
        parting.known(at(30));
        assert!(parting.look(at(70)));
        assert_eq!(parting.next_look(), Some(at(190)), "the other is late");
        for _ in 0..9 {
            let due = parting.next_look().expect("it parts");
            assert!(parting.look(due));
            assert!(
                parting
                    .next_look()
                    .is_some_and(|next| next > due && next <= due + LOOK_MAX)
            );
        }
        parting.over(leg(2));
        assert!(parting.next_look().is_none() && !parting.look(at(90_000)));
        parting.add(leg(4));
        parting.known(at(100_000));
        assert_eq!(parting.next_look(), Some(at(100_060)));
    }
}

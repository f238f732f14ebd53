//! How often the control thread wakes under load. A sleep and a wake-up cost more than half of what a
//! message costs, and each message of a call comes alone; so a thread with much to do looks only so
//! often, and finds several each time, as network cards do with their interrupts.

use std::time::Duration;

use model::Instant;

/// How long what is to be done is counted before it is judged.
const SPAN: Duration = Duration::from_millis(100);
/// Inputs of a span from which on turns are apart: those of about 30 calls a second.
const BUSY_FROM: u32 = 40;
/// Inputs of a span below which they are not any more.
const BUSY_UNTIL: u32 = 28;
/// From the begin of one turn to the next while there is much to do. A message waits half of it on
/// average; a call has six that wait for one another.
const APART: Duration = Duration::from_millis(8);
/// Inputs that make a turn worth its wake-up: after these the next is not kept away, so that who waits
/// for one answer after the other is not held up.
const ENOUGH: u32 = 12;

/// What was done lately.
#[derive(Debug)]
pub(crate) struct Moderation {
    /// When the last turn began, and its inputs.
    turn: (Instant, u32),
    /// When the span is over.
    span_ends: Instant,
    /// Inputs of it.
    inputs: u32,
    busy: bool,
}

impl Moderation {
    /// Nothing was to be done yet.
    pub(crate) const fn new() -> Self {
        Self {
            turn: (Instant::ZERO, 0),
            span_ends: Instant::ZERO,
            inputs: 0,
            busy: false,
        }
    }

    /// An input is handed to the exchange.
    pub(crate) const fn count(&mut self) {
        self.inputs = self.inputs.saturating_add(1);
        self.turn.1 = self.turn.1.saturating_add(1);
    }

    /// A turn begins at `now`.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.turn = (now, 0);
        if now < self.span_ends {
            return;
        }
        // After a pause the span was longer, and what is counted of it says little: few inputs.
        let paused = now >= self.span_ends + SPAN;
        let limit = if self.busy { BUSY_UNTIL } else { BUSY_FROM };
        self.busy = !paused && self.inputs >= limit;
        self.inputs = 0;
        self.span_ends = now + SPAN;
    }

    /// How long the thread is to leave everything alone at `now`.
    pub(crate) fn pause(&self, now: Instant) -> Duration {
        match self.turn {
            (began, inputs) if self.busy && inputs < ENOUGH => (began + APART).since(now),
            _ => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    /// Runs turns of `inputs` from `from` to `until`, `apart` ms from each other; the last pause in ms.
    fn run(moderation: &mut Moderation, from: u64, until: u64, apart: usize, inputs: u32) -> u128 {
        let mut pause = Duration::ZERO;
        for ms in (from..until).step_by(apart) {
            moderation.begin(at(ms));
            (0..inputs).for_each(|_| moderation.count());
            pause = moderation.pause(at(ms + 1));
        }
        pause.as_millis()
    }

    #[test]
    fn a_thread_with_little_to_do_takes_everything_at_once() {
        let mut moderation = Moderation::new();
        assert_eq!(run(&mut moderation, 0, 5_000, 5, 1), 0, "20 in a span");
    }

    #[test]
    fn with_much_to_do_turns_are_apart_until_it_is_over() {
        let mut moderation = Moderation::new();
        assert_eq!(run(&mut moderation, 0, 1_000, 2, 1), 7, "50 in a span");
        assert_eq!(run(&mut moderation, 1_000, 2_000, 8, 3), 7, "37 of them");
        assert_eq!(
            run(&mut moderation, 2_000, 2_100, 8, 12),
            0,
            "enough in each"
        );
        assert_eq!(run(&mut moderation, 2_100, 3_000, 8, 2), 0, "25 of them");
        run(&mut moderation, 3_000, 4_000, 2, 1);
        moderation.begin(at(4_500));
        assert_eq!(moderation.pause(at(4_500)), Duration::ZERO, "after a rest");
    }
}

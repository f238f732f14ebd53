//! The flight recorder of a media thread: what its last seconds were like, in a ring that the thread
//! writes without waiting and anybody may read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::Duration;

use model::Instant;

/// Stretches that are kept: ten seconds of a thread that is never idle.
const KEPT: usize = 1_024;
/// What turns are put together for: one tick.
const STRETCH: Duration = Duration::from_millis(10);

/// Some turns of a media thread, those of about 10 ms. A thread without work has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// When the first of the turns began, in µs since the engine started.
    pub at_us: u64,
    /// How many turns.
    pub turns: u32,
    /// How long they took together, in µs.
    pub busy_us: u32,
    /// How long the longest took, in µs.
    pub longest_us: u32,
    /// How late the latest tick ran, in µs; 0 without one.
    pub late_us: u32,
    /// Datagrams received.
    pub datagrams_in: u32,
    /// Datagrams sent.
    pub datagrams_out: u32,
}

/// The ring, as both ends see it.
#[derive(Debug)]
pub(crate) struct Flight {
    words: Box<[[AtomicU64; 4]]>,
    /// Stretches written so far.
    written: AtomicU64,
}

fn pair(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn halves(word: u64) -> (u32, u32) {
    let low = u32::try_from(word & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    (u32::try_from(word >> 32).unwrap_or(u32::MAX), low)
}

impl Flight {
    pub(crate) fn shared() -> Arc<Self> {
        let empty = || [const { AtomicU64::new(0) }; 4];
        Arc::new(Self {
            words: std::iter::repeat_with(empty).take(KEPT).collect(),
            written: AtomicU64::new(0),
        })
    }

    fn place(&self, number: u64) -> Option<&[AtomicU64; 4]> {
        let at = usize::try_from(number).unwrap_or(0) % KEPT;
        self.words.get(at)
    }

    /// By the one thread that records.
    fn put(&self, stretch: &Stretch) {
        let number = self.written.load(Ordering::Relaxed);
        let Some(place) = self.place(number) else {
            return;
        };
        // A reader that sees one of the words below sees the number that the last call stored.
        fence(Ordering::Release);
        let words = [
            stretch.at_us,
            pair(stretch.turns, stretch.busy_us),
            pair(stretch.longest_us, stretch.late_us),
            pair(stretch.datagrams_in, stretch.datagrams_out),
        ];
        for (to, word) in place.iter().zip(words) {
            to.store(word, Ordering::Relaxed);
        }
        self.written.store(number + 1, Ordering::Release);
    }

    /// The last stretches, oldest first. Those that are written over at this moment are left out.
    pub(crate) fn read(&self) -> Vec<Stretch> {
        let kept = KEPT as u64;
        let end = self.written.load(Ordering::Acquire);
        let mut found = Vec::with_capacity(KEPT);
        for number in end.saturating_sub(kept)..end {
            let Some(place) = self.place(number) else {
                continue;
            };
            let [at_us, work, worst, datagrams] =
                [0, 1, 2, 3].map(|word: usize| place[word].load(Ordering::Relaxed));
            let (turns, busy_us) = halves(work);
            let (longest_us, late_us) = halves(worst);
            let (datagrams_in, datagrams_out) = halves(datagrams);
            let stretch = Stretch {
                at_us,
                turns,
                busy_us,
                longest_us,
                late_us,
                datagrams_in,
                datagrams_out,
            };
            found.push((number, stretch));
        }
        fence(Ordering::Acquire);
        let now = self.written.load(Ordering::Relaxed);
        // The one that `written` names may be half written over.
        found.retain(|(number, _)| number + kept > now);
        found.into_iter().map(|(_, stretch)| stretch).collect()
    }
}

/// What a turn was like.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Turn {
    pub(crate) took: Duration,
    pub(crate) late: Duration,
    pub(crate) datagrams_in: u32,
    pub(crate) datagrams_out: u32,
}

/// The recording end.
#[derive(Debug)]
pub(crate) struct Recorder {
    flight: Arc<Flight>,
    current: Stretch,
}

impl Recorder {
    pub(crate) fn new(flight: Arc<Flight>) -> Self {
        Self {
            flight,
            current: Stretch::default(),
        }
    }

    /// Takes in a turn that began at `began`.
    pub(crate) fn record(&mut self, began: Instant, turn: Turn) {
        let at_us = began.as_nanos() / 1_000;
        let stretch = &mut self.current;
        if stretch.turns > 0 && at_us.saturating_sub(stretch.at_us) >= micros64(STRETCH) {
            self.flight.put(stretch);
            *stretch = Stretch::default();
        }
        if stretch.turns == 0 {
            stretch.at_us = at_us;
        }
        let took_us = micros(turn.took);
        stretch.turns = stretch.turns.saturating_add(1);
        stretch.busy_us = stretch.busy_us.saturating_add(took_us);
        stretch.longest_us = stretch.longest_us.max(took_us);
        stretch.late_us = stretch.late_us.max(micros(turn.late));
        stretch.datagrams_in = stretch.datagrams_in.saturating_add(turn.datagrams_in);
        stretch.datagrams_out = stretch.datagrams_out.saturating_add(turn.datagrams_out);
    }
}

fn micros64(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(took_us: u64, late_us: u64) -> Turn {
        Turn {
            took: Duration::from_micros(took_us),
            late: Duration::from_micros(late_us),
            datagrams_in: 2,
            datagrams_out: 1,
        }
    }

    #[test]
    fn turns_of_ten_milliseconds_are_one_stretch_and_the_last_ones_are_kept() {
        let flight = Flight::shared();
        let mut recorder = Recorder::new(flight.clone());
        let at = |ms: u64| Instant::from_millis(ms);
        recorder.record(at(100), turn(30, 0));
        recorder.record(at(105), turn(50, 7));
        assert_eq!(flight.read(), [], "it goes on");
        recorder.record(at(110), turn(1, 0));
        let first = Stretch {
            at_us: 100_000,
            turns: 2,
            busy_us: 80,
            longest_us: 50,
            late_us: 7,
            datagrams_in: 4,
            datagrams_out: 2,
        };
        assert_eq!(flight.read(), [first]);
        for n in 0..5_000 {
            recorder.record(at(1_000 + n * 10), turn(n, 0));
        }
        let kept = flight.read();
        // The place that the next one goes to counts as written over.
        assert_eq!(kept.len(), KEPT - 1);
        assert_eq!(kept.last().map(|last| last.busy_us), Some(4_998));
        assert!(
            kept.windows(2)
                .all(|two| two[0].at_us + 10_000 == two[1].at_us)
        );
    }

    #[test]
    fn a_reader_never_sees_half_of_one() {
        let flight = Flight::shared();
        let writer = flight.clone();
        let thread = std::thread::spawn(move || {
            for n in 0..200_000_u32 {
                writer.put(&Stretch {
                    at_us: u64::from(n),
                    turns: n,
                    busy_us: n,
                    longest_us: n,
                    late_us: n,
                    datagrams_in: n,
                    datagrams_out: n,
                });
            }
        });
        while !thread.is_finished() {
            for stretch in flight.read() {
                let n = stretch.turns;
                let whole = stretch.at_us == u64::from(n)
                    && [stretch.busy_us, stretch.late_us, stretch.datagrams_out] == [n; 3];
                assert!(whole, "{stretch:?}");
            }
        }
        thread.join().expect("it does not panic");
    }
}

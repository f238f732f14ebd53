//! Which bells may sound when: a ringing supply bears so many at the same moment. All cadences of a
//! country have rounds of one length and sound for the same part of it, so that bells take turns:
//! where the supply is short, the next set begins when the burst of the first is over.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use hal_port::Cadence;
use model::{Instant, LegId, PortId};

/// A set that is to be rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) port: PortId,
    /// Who is told when the bell begins.
    pub(crate) tell: Option<LegId>,
    pub(crate) cadence: Cadence,
}

/// A set that has its turn.
#[derive(Clone, Copy, Debug)]
struct Turn {
    /// How far into the round its bursts begin.
    offset: Duration,
    /// When its bell begins; `None` = it has begun.
    begins: Option<Instant>,
    wanted: Wanted,
}

/// What became of a wish to ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    /// The bell begins within this round.
    Soon,
    /// No turn is free: it waits until another bell is silent for good.
    Waits,
}

/// All bells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ringer {
    turns: BTreeMap<PortId, Turn>,
    waiting: VecDeque<Wanted>,
    /// When a round began.
    epoch: Instant,
}

/// The parts of a round of the country's ringing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Round {
    part: Duration,
    parts: u32,
    length: Duration,
}

impl Round {
    /// Of sound of `span_ms`, gaps in it included, and then a pause.
    pub(crate) fn new((span_ms, pause_ms): (u16, u16)) -> Self {
        let (span, pause) = (u32::from(span_ms.max(1)), u32::from(pause_ms));
        Self {
            part: Duration::from_millis(span.into()),
            parts: ((span + pause) / span).max(1),
            length: Duration::from_millis((span + pause).into()),
        }
    }

    /// How far into a round it is so long after one began.
    fn phase(&self, since: Duration) -> Duration {
        let us = since.as_micros() % self.length.as_micros().max(1);
        Duration::from_micros(u64::try_from(us).unwrap_or(0))
    }

    /// Whether bursts that begin so far into the round sound together.
    fn meet(&self, one: Duration, other: Duration) -> bool {
        let apart = one.abs_diff(other);
        apart.min(self.length.saturating_sub(apart)) < self.part
    }
}

impl Ringer {
    /// Gives a set its turn: never more than `at_once` bells sound. It rings now while that leaves the supply half
    /// free; then only in whole parts of the round, of which there are most.
    pub(crate) fn place(
        &mut self,
        now: Instant,
        wanted: Wanted,
        round: Round,
        at_once: usize,
    ) -> Placed {
        self.silence(wanted.port);
        if self.turns.is_empty() {
            self.epoch = now;
        }
        let phase = round.phase(now.since(self.epoch));
        let taken = |offset| {
            let offsets = self.turns.values().map(|turn| turn.offset);
            offsets.filter(|&other| round.meet(offset, other)).count()
        };
        let halves = |&offset: &Duration| (taken(offset) + 1) * 2 <= at_once;
        let offered = [phase].into_iter().filter(halves).chain(
            (0..round.parts)
                .map(|part| round.part * part)
                .filter(|&offset| taken(offset) < at_once),
        );
        let waits = |offset| round.phase(offset + round.length - phase);
        let Some(offset) = offered.min_by_key(|&offset| waits(offset)) else {
            self.waiting.push_back(wanted);
            return Placed::Waits;
        };
        let turn = Turn {
            offset,
            begins: Some(now + waits(offset)),
            wanted,
        };
        self.turns.insert(wanted.port, turn);
        Placed::Soon
    }

    /// The bell of a port is silent for good; whether a turn became free.
    pub(crate) fn silence(&mut self, port: PortId) -> bool {
        self.waiting.retain(|wanted| wanted.port != port);
        self.turns.remove(&port).is_some()
    }

    /// Whether a set waits for its turn.
    pub(crate) fn waits(&self, port: PortId) -> bool {
        self.waiting.iter().any(|wanted| wanted.port == port)
    }

    /// The set that waits longest.
    pub(crate) fn next_waiting(&mut self) -> Option<Wanted> {
        self.waiting.pop_front()
    }

    /// A bell that begins now.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Wanted> {
        let due = |turn: &&mut Turn| turn.begins.is_some_and(|at| at <= now);
        let turn = self.turns.values_mut().find(due)?;
        turn.begins = None;
        Some(turn.wanted)
    }

    /// When a bell begins.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.turns.values().filter_map(|turn| turn.begins).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(port: u16) -> Wanted {
        Wanted {
            port: PortId(port),
            tell: Some(LegId(port.into())),
            cadence: Cadence::new(&[1_000, 4_000]).expect("legal"),
        }
    }

    /// Places sets one after the other, 100 ms apart; when each begins, in ms.
    fn begin(sets: u16, at_once: usize) -> Vec<Option<u64>> {
        let mut ringer = Ringer::default();
        let round = Round::new((1_000, 4_000));
        let mut starts = Vec::new();
        for set in 0..sets {
            let now = Instant::from_millis(u64::from(set) * 100);
            let placed = ringer.place(now, wanted(set), round, at_once);
            starts.push((placed == Placed::Soon).then_some(0));
        }
        while let Some(at) = ringer.next_deadline() {
            let turn = ringer.due(at).expect("due");
            starts[usize::from(turn.port.0)] = Some(at.as_millis());
        }
        starts
    }

    #[test]
    fn never_more_bells_than_the_supply_bears() {
        for at_once in [1, 2, 3] {
            let starts = begin(20, at_once);
            let placed: Vec<u64> = starts.iter().flatten().copied().collect();
            assert_eq!(placed.len(), (5 * at_once).min(20), "{starts:?}");
            for moment in (0..30_000).step_by(50) {
                let sound = |start: &&u64| moment >= **start && (moment - **start) % 5_000 < 1_000;
                let sounding = placed.iter().filter(sound).count();
                assert!(sounding <= at_once, "{sounding} bells at {moment} ms");
            }
        }
    }

    #[test]
    fn sets_ring_now_while_half_the_supply_is_free_and_then_within_a_burst() {
        let starts: Vec<u64> = begin(8, 8).into_iter().flatten().collect();
        assert_eq!(starts[..4], [0, 100, 200, 300]);
        assert!(starts.iter().all(|&at| at <= 1_500), "{starts:?}");
    }

    #[test]
    fn who_waits_gets_the_turn_that_becomes_free() {
        let mut ringer = Ringer::default();
        let round = Round::new((2_000, 4_000));
        let now = Instant::ZERO;
        for set in 0..3 {
            assert_eq!(ringer.place(now, wanted(set), round, 1), Placed::Soon);
        }
        assert_eq!(ringer.place(now, wanted(3), round, 1), Placed::Waits);
        assert!(ringer.waits(PortId(3)) && !ringer.waits(PortId(0)));
        assert!(!ringer.silence(PortId(9)));
        assert!(ringer.silence(PortId(1)));
        let next = ringer.next_waiting().expect("one waits");
        assert_eq!(ringer.place(now, next, round, 1), Placed::Soon);
        assert_eq!(ringer.next_waiting(), None);
    }
}

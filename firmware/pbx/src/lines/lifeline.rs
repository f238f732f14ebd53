//! The test of a lifeline: a relay that joins a set to a line when there is no power. While both are idle the set's
//! port stops feeding, the relay is let go for a moment, and it is looked whether the set came onto the line;
//! then it is drawn, and it is looked whether the set came back.
//!
//! It is made in the hours that the configuration names for measuring lines, or when somebody asks, and gives way at
//! once to a ring, a lifted set and a call. Where no contact of the relay tells and no voltage shows
//! ([`hal_port::LifelineSight`]) it says that nothing can be told.

use core::time::Duration;

use hal_port::{Linefeed, PortCommand};
use model::{
    EntryId, Instant, LifelineTest, LifelineVerdict, LineNews, Now, PortId, Rule, StateChange,
};

use super::{Line, Lines, Phase};
use crate::{Output, Pbx, ports::SetPhase};

/// From the end of the feed to a measurement of what is left on the jack; a contact needs none.
const UNFED: Duration = Duration::from_millis(500);
const SETTLED: Duration = Duration::from_millis(50);
/// A relay moves within 20 ms, and a chip has measured within this time.
const MOVES: Duration = Duration::from_millis(600);
/// One that works is tested again after a week, one that does not after a day; in µs.
const AGAIN_US: i64 = 7 * 86_400_000_000;
const FAILED_AGAIN_US: i64 = 86_400_000_000;

/// A test that waits or goes on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wish {
    /// Somebody waits for it: the hours do not matter.
    asked: bool,
}

/// A line taken for a test of its lifeline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Testing {
    pub(super) set: PortId,
    step: Step,
    pub(super) until: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The set's port has stopped feeding.
    Unfed,
    /// The relay was let go.
    Released,
    /// The relay was drawn again.
    Drawn,
}

impl Lines {
    /// What the last tests of lifelines found.
    pub(crate) fn lifelines(&self) -> Vec<(EntryId, LifelineTest)> {
        let known = self.all.values();
        known
            .filter_map(|line| Some((line.entry.clone()?, line.lifeline?)))
            .collect()
    }

    /// Lines whose lifeline was found not to switch.
    pub(crate) fn lifelines_stuck(&self) -> usize {
        let stuck = |line: &&Line| {
            let test = line.lifeline.filter(|_| line.entry.is_some());
            test.is_some_and(|test| test.verdict.is_stuck())
        };
        self.all.values().filter(stuck).count()
    }

    /// The line whose lifeline is tested with this set.
    fn tested_with(&self, set: PortId) -> Option<PortId> {
        let with =
            |line: &Line| matches!(&line.phase, Phase::Lifeline(testing) if testing.set == set);
        let mut all = self.all.iter();
        all.find(|(_, line)| with(line)).map(|(&port, _)| port)
    }
}

impl Pbx {
    /// Somebody wants the test now.
    pub(crate) fn test_lifeline(&mut self, now: Now, entry: &EntryId) {
        let Some((port, line)) = self.lines.of_entry(entry) else {
            return;
        };
        line.lifeline_wish.get_or_insert_default().asked = true;
        self.go_on_with_lifeline(now, port);
    }

    /// Looks whether a test is due; `may`: these are the hours.
    pub(super) fn look_for_lifeline(&mut self, now: Now, port: PortId, may: bool) {
        let has = self.jacks.lifeline_of_line(port).is_some();
        let Some(line) = self.lines.get_mut(port) else {
            return;
        };
        let due = line.lifeline.is_none_or(|known| {
            let again = if known.verdict.is_stuck() {
                FAILED_AGAIN_US
            } else {
                AGAIN_US
            };
            now.wall.0.saturating_sub(known.at.0) >= again
        });
        if may && has && due && line.entry.is_some() {
            line.lifeline_wish.get_or_insert_default();
        } else if line.lifeline_wish.is_some_and(|wish| !wish.asked && !may) {
            line.lifeline_wish = None;
        }
        self.go_on_with_lifeline(now, port);
    }

    /// Takes the line for the test that waits, if it and the set are idle.
    pub(super) fn go_on_with_lifeline(&mut self, now: Now, port: PortId) {
        let Some(line) = self.lines.get(port) else {
            return;
        };
        let Some(wish) = line.lifeline_wish else {
            return;
        };
        let stays = wish.asked || self.may_test_lines(now);
        let lifeline = self.jacks.lifeline_of_line(port);
        let idle = lifeline.filter(|&(set, _)| line.is_free() && self.set_is_idle(set));
        let Some((set, sensed)) = idle.filter(|_| stays && !self.switch.is_stopping()) else {
            return;
        };
        if let Some(line) = self.lines.get_mut(port) {
            line.phase = Phase::Lifeline(Testing {
                set,
                step: Step::Unfed,
                until: now.mono + if sensed { SETTLED } else { UNFED },
            });
        }
        self.feed(set, Linefeed::Open);
    }

    fn set_is_idle(&self, set: PortId) -> bool {
        let idle = |jack: &crate::ports::Jack| jack.phase == SetPhase::Idle && !jack.out_of_service;
        self.jacks.get(set).is_some_and(idle) && !self.is_announcing(set) && !self.is_tested(set)
    }

    fn testing(&mut self, port: PortId) -> Option<&mut Testing> {
        match &mut self.lines.get_mut(port)?.phase {
            Phase::Lifeline(testing) => Some(testing),
            _ => None,
        }
    }

    /// The time of a step is over.
    pub(super) fn lifeline_step(&mut self, now: Now, port: PortId) {
        let Some(&mut Testing { set, step, .. }) = self.testing(port) else {
            return;
        };
        let on_line = self.jacks.get(set).is_some_and(|jack| jack.on_line);
        match (step, on_line) {
            (Step::Unfed, true) => self.lifeline_is(now, port, LifelineVerdict::StaysOn),
            (Step::Unfed, false) => self.move_relay(now, port, set, Step::Released),
            (Step::Released, _) => {
                let unseen = self.is_unseen(port);
                self.lifeline_is(
                    now,
                    port,
                    if unseen {
                        LifelineVerdict::Unseen
                    } else {
                        LifelineVerdict::StaysOff
                    },
                );
            }
            (Step::Drawn, _) => self.lifeline_is(now, port, LifelineVerdict::StaysOn),
        }
    }

    /// Nothing has ever shown where the set is.
    fn is_unseen(&self, port: PortId) -> bool {
        let lifeline = self.jacks.lifeline_of_line(port);
        let known = self.lines.get(port).and_then(|line| line.lifeline);
        let worked = known.and_then(|known| known.worked);
        lifeline.is_none_or(|(_, sensed)| !sensed) && worked.is_none()
    }

    fn move_relay(&mut self, now: Now, port: PortId, set: PortId, step: Step) {
        if let Some(testing) = self.testing(port) {
            testing.step = step;
            testing.until = now.mono + MOVES;
        }
        self.release_relay(set, step == Step::Released);
    }

    fn release_relay(&mut self, set: PortId, released: bool) {
        let command = PortCommand::Lifeline(released);
        self.out.push_back(Output::Port { port: set, command });
    }

    /// The set was seen on the line, or off it again.
    pub(crate) fn set_is_on_line(&mut self, now: Now, set: PortId, on_line: bool) {
        self.jacks.set_on_line(set, on_line);
        let Some(port) = self.lines.tested_with(set) else {
            return;
        };
        match (self.testing(port).map(|testing| testing.step), on_line) {
            (Some(Step::Released), true) => self.move_relay(now, port, set, Step::Drawn),
            (Some(Step::Drawn), false) => self.lifeline_is(now, port, LifelineVerdict::Works),
            _ => {}
        }
    }

    /// The test is over: writes down what was found.
    fn lifeline_is(&mut self, now: Now, port: PortId, verdict: LifelineVerdict) {
        let Some(line) = self.lines.get_mut(port) else {
            return;
        };
        let wish = line.lifeline_wish.take().unwrap_or_default();
        let before = line.lifeline.and_then(|known| known.worked);
        let works = verdict == LifelineVerdict::Works;
        let test = LifelineTest {
            at: now.wall,
            verdict,
            worked: works.then_some(now.wall).or(before),
        };
        line.lifeline = Some(test);
        let entry = line.entry.clone();
        self.hang_up_line(now, port);
        if let Some(line) = entry {
            self.state(StateChange::Lifeline { line, test });
        }
        let rule = match (verdict.is_stuck(), wish.asked) {
            (true, _) => Rule::LifelineStuck,
            (false, true) => Rule::LifelineAsked,
            (false, false) => Rule::LifelineHours,
        };
        self.line_news(now, port, rule, LineNews::Lifeline { verdict });
        self.go_on_searching(now, port);
    }

    /// The line has no set on it any more: the relay is drawn, the set's port feeds.
    pub(super) fn draw_relay(&mut self, set: PortId) {
        self.release_relay(set, false);
        self.feed(set, Linefeed::Forward);
    }

    /// The set is wanted for something better: the test is made when both are idle again.
    pub(crate) fn give_way_of_set(&mut self, now: Now, set: PortId) {
        if let Some(port) = self.lines.tested_with(set) {
            self.give_way(now, port);
        }
    }
}

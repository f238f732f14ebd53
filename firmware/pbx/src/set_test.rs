//! A test of a set: it is rung with every way of caller ID, so that somebody who watches its display sees
//! which it reads.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use config::SetCallerId;
use model::{
    CallerField, CallerIdOutcome, CallerIdScheme, CallerInfo, CallerText, EventBody, Instant, Now,
    PortId, Rule,
};
use serde::{Deserialize, Serialize};

use crate::{
    Pbx,
    announce::Why,
    caller::Way,
    ports::{self, SetPhase},
};

/// Silence between two rings of a test.
const BETWEEN: Duration = Duration::from_secs(3);
/// The set shows this number with the first way, the next with the second.
const FIRST_NUMBER: u16 = 901;

/// What became of one way in a test of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetTest {
    /// The number that the set shows if it reads this way; with it the name of the way, where names are
    /// told.
    pub number: String,
    /// The way, as `[[analog]] caller_id` has it.
    pub way: String,
    /// What became of it; `None` = it has yet to come.
    pub outcome: Option<CallerIdOutcome>,
}

/// All tests: those that go on, and the last of each port.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tests {
    all: BTreeMap<PortId, Test>,
}

#[derive(Clone, Debug, Default)]
struct Test {
    todo: VecDeque<usize>,
    done: Vec<SetTest>,
    /// When the next way begins; `None` while one is being tried.
    next: Option<Instant>,
}

impl Tests {
    /// When the next way is tried.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.all.values().filter_map(|test| test.next).min()
    }
}

impl Pbx {
    /// Begins a test of the set on a port, if it lies there unused.
    pub(crate) fn test_set(&mut self, now: Now, port: PortId) {
        let free = |jack: &ports::Jack| {
            let fxs = jack.kind == hal_port::PortKind::Fxs;
            fxs && jack.phase == SetPhase::Idle && !jack.out_of_service
        };
        let goes_on = self
            .tests
            .all
            .get(&port)
            .is_some_and(|test| !test.todo.is_empty());
        if !self.jacks.get(port).is_some_and(free) || self.is_announcing(port) || goes_on {
            return;
        }
        let sheet = |(at, (way, _)): (u16, (&str, CallerIdScheme))| SetTest {
            number: (FIRST_NUMBER + at).to_string(),
            way: way.to_owned(),
            outcome: None,
        };
        let done: Vec<SetTest> = (0..).zip(SetCallerId::schemes()).map(sheet).collect();
        let test = Test {
            todo: (0..done.len()).collect(),
            done,
            next: Some(now.mono),
        };
        self.tests.all.insert(port, test);
    }

    /// What the last test of the set on a port has shown so far; nothing if there was none.
    #[must_use]
    pub fn set_test(&self, port: PortId) -> Vec<SetTest> {
        let test = self.tests.all.get(&port);
        test.map_or_else(Vec::new, |test| test.done.clone())
    }

    /// Whether the set is tested now.
    pub(crate) fn is_tested(&self, port: PortId) -> bool {
        let test = self.tests.all.get(&port);
        test.is_some_and(|test| !test.todo.is_empty())
    }

    /// Tries the ways whose time has come.
    pub(crate) fn run_tests(&mut self, now: Now) {
        let due = |test: &Test| test.next.is_some_and(|at| at <= now.mono);
        while let Some((&port, test)) = self.tests.all.iter_mut().find(|(_, test)| due(test)) {
            test.next = None;
            let Some(&at) = test.todo.front() else {
                continue;
            };
            self.try_way(now, port, at);
        }
    }

    fn try_way(&mut self, now: Now, port: PortId, at: usize) {
        let idle = |jack: &ports::Jack| jack.phase == SetPhase::Idle && !jack.out_of_service;
        let free = self.jacks.get(port).is_some_and(idle) && !self.is_announcing(port);
        let (Some((name, scheme)), true) = (SetCallerId::schemes().nth(at), free) else {
            self.end_test(port);
            return;
        };
        let way = Way {
            scheme,
            rule: Rule::SetTested,
        };
        let number = FIRST_NUMBER.saturating_add(u16::try_from(at).unwrap_or(0));
        let text = |text: &str| CallerField::Text(CallerText::fitting(text));
        let info = CallerInfo {
            when: self.stamp(now),
            number: text(&number.to_string()),
            name: text(name),
            ..CallerInfo::default()
        };
        if !self.can_tell(port, way) {
            self.set_was_tested(now, port, scheme, CallerIdOutcome::Impossible);
            self.next_test(now, port);
            return;
        }
        let cadence = ports::cadence(&self.config.country.ring.cadence_ms);
        self.tell_set(now, port, Why::Test, (way, info), cadence);
    }

    /// One way was tried.
    pub(crate) fn set_was_tested(
        &mut self,
        now: Now,
        port: PortId,
        scheme: CallerIdScheme,
        outcome: CallerIdOutcome,
    ) {
        let body = EventBody::PortTested {
            port,
            scheme,
            outcome,
        };
        self.note(now, Rule::SetTested, body);
        if let Some(test) = self.tests.all.get_mut(&port)
            && let Some(&at) = test.todo.front()
            && let Some(sheet) = test.done.get_mut(at)
        {
            sheet.outcome = Some(outcome);
        }
    }

    /// The next way, after a while.
    pub(crate) fn next_test(&mut self, now: Now, port: PortId) {
        if let Some(test) = self.tests.all.get_mut(&port) {
            test.todo.pop_front();
            test.next = (!test.todo.is_empty()).then(|| now.mono + BETWEEN);
        }
    }

    /// Somebody uses the set: the rest is not tried.
    pub(crate) fn end_test(&mut self, port: PortId) {
        if let Some(test) = self.tests.all.get_mut(&port) {
            test.todo.clear();
            test.next = None;
            for sheet in test.done.iter_mut().filter(|sheet| sheet.outcome.is_none()) {
                sheet.outcome = Some(CallerIdOutcome::Cut);
            }
        }
    }
}

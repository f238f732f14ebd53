//! Whatever happens in whatever order, CDRs and the live view say what a plain look at all events
//! says.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod office;

use std::collections::{BTreeMap, BTreeSet};

use model::{CallId, EventBody, Record, Seq, Target};
use office::{Folder, Scribe, ids, open};
use proptest::prelude::*;
use store::{Batch, Cdr, LiveState, LiveView, Store};

/// What may happen next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The next thing of this call: it rings, is answered, ends; after that a straggling event.
    Call(u8),
    /// What was said so far is committed.
    Commit,
    /// The power fails.
    Cut,
    /// Time passes, in ms.
    Pass(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => (0..6_u8).prop_map(Step::Call),
        4 => Just(Step::Commit),
        1 => Just(Step::Cut),
        4 => (1..5_000_u16).prop_map(Step::Pass),
    ];
    proptest::collection::vec(step, 1..60)
}

/// How far each call has come, and the batches that wait for their commit.
struct World<'a> {
    folder: &'a Folder,
    store: Option<Store>,
    scribe: Scribe,
    stage: BTreeMap<u8, u8>,
    /// How many calls each number has made.
    nth: BTreeMap<u8, u128>,
    waiting: Vec<Batch>,
    live: LiveView,
}

impl World<'_> {
    fn step(&mut self, step: Step) {
        match step {
            Step::Pass(ms) => {
                self.scribe.pass(u64::from(ms));
            }
            Step::Commit => self.commit(),
            Step::Cut => {
                self.waiting.clear();
                self.stage.clear();
                for nth in self.nth.values_mut() {
                    *nth += 1;
                }
                self.store = None;
                let (store, recovered) = open(self.folder);
                self.scribe = Scribe::new(recovered.next_seq);
                self.scribe.now.wall = recovered.wall;
                self.live = store.live().unwrap();
                self.store = Some(store);
            }
            Step::Call(n) => {
                let nth = *self.nth.entry(n).or_insert(1);
                let call = u128::from(n) * 1_000 + nth;
                let stage = self.stage.entry(n).or_insert(0);
                *stage += 1;
                let batch = match stage {
                    1 => self.scribe.ringing_call(call),
                    2 => self.scribe.answer(call),
                    3 => self.scribe.hang_up(call, 500),
                    _ => {
                        self.stage.remove(&n);
                        self.nth.insert(n, nth + 1);
                        // Media of the leg come late, after the call is over.
                        let leg = Some(ids(call).1);
                        let body = EventBody::LegResumed;
                        let rule = model::Rule::PartyResumed;
                        let straggler = self.scribe.record(Some(ids(call).0), leg, rule, body);
                        Batch {
                            records: vec![straggler],
                            ..Batch::default()
                        }
                    }
                };
                self.waiting.push(batch);
            }
        }
    }

    fn commit(&mut self) {
        let batches = std::mem::take(&mut self.waiting);
        self.store.as_mut().unwrap().append(&batches).unwrap();
        for record in batches.iter().flat_map(|batch| &batch.records) {
            self.live.apply(record, &|_| None);
        }
    }
}

/// The CDR of a call by a plain look at its events up to its end: the reference.
fn check_cdr(cdr: &Cdr, records: &[Record]) {
    let end = records
        .iter()
        .position(|r| matches!(r.event.body, EventBody::CallEnded { .. }));
    let records = &records[..end.map_or(records.len(), |at| at + 1)];
    let first = &records[0];
    assert_eq!(
        (cdr.first_seq, cdr.started, cdr.trust),
        (first.seq, first.at.wall, first.at.trust)
    );
    let answer = records
        .iter()
        .find(|record| matches!(record.event.body, EventBody::CallAnswered { .. }));
    assert_eq!(cdr.answered, answer.map(|record| record.at.wall));
    assert_eq!(cdr.answered_by.is_some(), answer.is_some());
    let routed = records.iter().any(|record| {
        matches!(&record.event.body, EventBody::Routed { target: Target::Person(id) }
            if cdr.target == Some(Target::Person(id.clone())))
    });
    assert!(routed);
    match &records[records.len() - 1].event {
        model::Event {
            body:
                EventBody::CallEnded {
                    cause,
                    duration,
                    talk,
                },
            rule,
            ..
        } => {
            assert_eq!((cdr.cause, cdr.rule), (Some(*cause), Some(*rule)));
            assert_eq!((cdr.duration, cdr.talk), (Some(*duration), *talk));
            assert_eq!(talk.is_some(), answer.is_some());
            assert!(cdr.ended.unwrap() >= cdr.started);
        }
        _ => assert_eq!((cdr.cause, cdr.ended, cdr.duration), (None, None, None)),
    }
}

fn check(store: &Store, live: &LiveView) {
    let mut calls: BTreeMap<CallId, Vec<Record>> = BTreeMap::new();
    for stored in store.records(Seq(1), 10_000).unwrap() {
        if let Some(call) = stored.record.event.call {
            calls.entry(call).or_default().push(stored.record);
        }
    }
    let cdrs = store.calls(10_000, None).unwrap();
    assert!(
        cdrs.windows(2)
            .all(|two| two[0].first_seq > two[1].first_seq),
        "newest first"
    );
    assert_eq!(
        cdrs.iter().map(|cdr| cdr.call).collect::<BTreeSet<_>>(),
        calls.keys().copied().collect::<BTreeSet<_>>()
    );
    for cdr in &cdrs {
        check_cdr(cdr, &calls[&cdr.call]);
        // Paging finds the same.
        let below = store.calls(1, Some(Seq(cdr.first_seq.0 + 1))).unwrap();
        assert_eq!(below, std::slice::from_ref(cdr));
    }
    let open: BTreeSet<_> = cdrs
        .iter()
        .filter(|cdr| cdr.ended.is_none())
        .map(|cdr| cdr.call)
        .collect();
    assert_eq!(live.calls.keys().copied().collect::<BTreeSet<_>>(), open);
    for call in live.calls.values() {
        let answered = store.cdr(call.call).unwrap().unwrap().answered.is_some();
        assert_eq!(call.state() == LiveState::Talking, answered);
        assert_eq!(call.legs.len(), 2);
    }
    // From the disk the present looks the same as from the stream.
    assert_eq!(store.live().unwrap(), *live);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn projections_say_what_the_events_say(steps in steps()) {
        let folder = Folder::new();
        let (store, recovered) = open(&folder);
        let mut world = World {
            folder: &folder,
            store: Some(store),
            scribe: Scribe::new(recovered.next_seq),
            stage: BTreeMap::new(),
            nth: BTreeMap::new(),
            waiting: Vec::new(),
            live: LiveView::default(),
        };
        for step in steps {
            world.step(step);
        }
        world.commit();
        check(world.store.as_ref().unwrap(), &world.live);
        world.step(Step::Cut);
        check(world.store.as_ref().unwrap(), &world.live);
        prop_assert!(world.live.calls.is_empty());
    }
}

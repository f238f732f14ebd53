//! A small office that the tests of the store write about: a folder of its own each, and calls.
#![allow(dead_code, reason = "each test program uses a part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use model::{
    Binding, CallId, Cause, EntryId, Event, EventBody, Instant, LegId, LegKind, MediaFigures, Now,
    Party, PartyId, Record, Rule, Seq, StateChange, Target, Transport, Trust, Wall,
};
use store::{Batch, Store};

/// The first moment of the tests: 2026-03-02 08:00 UTC.
pub(crate) const MORNING: Wall = Wall::from_secs(1_772_438_400);

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "centralka-store-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn open(folder: &Folder) -> (Store, store::Recovered) {
    Store::open(folder.path(), MORNING, Trust::Synced).unwrap()
}

pub(crate) fn entry(name: &str) -> EntryId {
    EntryId::new(name).unwrap()
}

/// Makes records with running numbers and times.
pub(crate) struct Scribe {
    pub(crate) seq: u64,
    pub(crate) now: Now,
}

impl Scribe {
    pub(crate) fn new(next: Seq) -> Self {
        let now = Now {
            mono: Instant::from_millis(1_000),
            wall: MORNING,
            trust: Trust::Synced,
        };
        Self { seq: next.0, now }
    }

    pub(crate) fn pass(&mut self, ms: u64) -> &mut Self {
        let by = Duration::from_millis(ms);
        self.now.mono = self.now.mono.plus(by);
        self.now.wall = self.now.wall.plus(by);
        self
    }

    pub(crate) fn record(
        &mut self,
        call: Option<CallId>,
        leg: Option<LegId>,
        rule: Rule,
        body: EventBody,
    ) -> Record {
        let seq = Seq(self.seq);
        self.seq += 1;
        Record {
            seq,
            at: self.now,
            event: Event {
                call,
                leg,
                rule,
                body,
            },
        }
    }

    pub(crate) fn note(&mut self, rule: Rule, body: EventBody) -> Record {
        self.record(None, None, rule, body)
    }

    /// Jan's phone calls Anna's; it rings.
    pub(crate) fn ringing_call(&mut self, n: u128) -> Batch {
        let (call, a, b) = ids(n);
        let started = EventBody::CallStarted {
            from: PartyId(n * 10 + 1),
            to: PartyId(n * 10 + 2),
        };
        let leg = |owner: &str, outbound, party| EventBody::LegStarted {
            kind: LegKind::Phone {
                owner: entry(owner),
                transport: Transport::Udp,
            },
            outbound,
            party: Some(PartyId(n * 10 + party)),
        };
        let target = Target::Person(entry("anna"));
        let records = vec![
            self.record(Some(call), Some(a), Rule::CallFromPhone, started),
            self.record(
                Some(call),
                Some(a),
                Rule::CallFromPhone,
                leg("jan", false, 1),
            ),
            self.record(
                Some(call),
                None,
                Rule::DialledPerson,
                EventBody::Routed { target },
            ),
            self.record(
                Some(call),
                Some(b),
                Rule::RingAllPhones,
                leg("anna", true, 2),
            ),
            self.pass(80)
                .record(Some(call), Some(b), Rule::PhoneRang, EventBody::LegRang),
        ];
        let parties = vec![
            (PartyId(n * 10 + 1), party("2002", "Jan Kowalski")),
            (PartyId(n * 10 + 2), party("2001", "Anna Nowak")),
        ];
        Batch {
            records,
            parties,
            ..Batch::default()
        }
    }

    pub(crate) fn answer(&mut self, n: u128) -> Batch {
        let (call, _, b) = ids(n);
        let codec = Some(model::Codec::Pcma);
        let answered = EventBody::LegAnswered {
            codec,
            protection: model::Protection::Clear,
        };
        Batch {
            records: vec![
                self.pass(3_000)
                    .record(Some(call), Some(b), Rule::PhoneAnswered, answered),
                self.record(
                    Some(call),
                    Some(b),
                    Rule::PhoneAnswered,
                    EventBody::CallAnswered { by: b },
                ),
            ],
            ..Batch::default()
        }
    }

    /// Anna hangs up `ms` after the answer.
    pub(crate) fn hang_up(&mut self, n: u128, ms: u64) -> Batch {
        let (call, a, b) = ids(n);
        self.pass(ms);
        let over = |cause| EventBody::LegEnded {
            cause,
            status: None,
            media: MediaFigures {
                packets_in: 50,
                packets_out: 50,
                ..MediaFigures::default()
            },
        };
        let ended = EventBody::CallEnded {
            cause: Cause::Normal,
            duration: Duration::from_millis(3_080 + ms),
            talk: Some(Duration::from_millis(ms)),
        };
        Batch {
            records: vec![
                self.record(Some(call), Some(b), Rule::PartyHungUp, over(Cause::Normal)),
                self.record(Some(call), Some(a), Rule::PartyHungUp, over(Cause::Normal)),
                self.record(Some(call), None, Rule::PartyHungUp, ended),
            ],
            ..Batch::default()
        }
    }

    /// A whole call in three batches.
    pub(crate) fn whole_call(&mut self, n: u128) -> Vec<Batch> {
        vec![
            self.ringing_call(n),
            self.answer(n),
            self.hang_up(n, 72_000),
        ]
    }
}

pub(crate) fn ids(n: u128) -> (CallId, LegId, LegId) {
    (CallId(n), LegId(n * 10 + 1), LegId(n * 10 + 2))
}

pub(crate) fn party(number: &str, name: &str) -> Party {
    Party {
        number: number.into(),
        name: name.into(),
    }
}

pub(crate) fn binding(owner: &str, expires: Wall) -> Binding {
    Binding {
        owner: entry(owner),
        key: format!("<urn:uuid:{owner}>"),
        contact: format!("sip:{owner}@192.0.2.7:5060"),
        path: vec![],
        source: "192.0.2.7:5060".parse().unwrap(),
        local: "192.0.2.1:5060".parse().unwrap(),
        transport: Transport::Udp,
        flow: None,
        call_id: "abc".into(),
        cseq: 7,
        expires,
        user_agent: "Phone 1".into(),
        q: 1_000,
    }
}

pub(crate) fn bound(owner: &str, expires: Wall) -> Batch {
    let state = vec![StateChange::Bound(binding(owner, expires))];
    Batch {
        state,
        ..Batch::default()
    }
}

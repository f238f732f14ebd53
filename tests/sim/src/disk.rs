//! The disk: what was written and what is synced. A power cut keeps what is synced, and of a commit
//! under way everything or nothing, as a transaction of the store does. The rules of the start are
//! those of `store::recover`, here on plain lists: its own tests hold it to the same on real files.

use core::time::Duration;
use std::collections::BTreeMap;

use model::{
    Binding, Cause, EntryId, Event, EventBody, Instant, LifelineTest, LineBalance, MediaFigures,
    Now, Party, PartyId, Random, Record, Rule, Seq, StateChange, ToneSignature,
};
use store::{CdrFold, REFRESH_WRITE};

use crate::exchange::Effect;

/// Time from a record that nobody waits for to its commit.
const LAZY: Duration = Duration::from_millis(model::limits::COMMIT_MS_MAX);

#[derive(Debug)]
enum Entry {
    /// A record and the world's time of it.
    Record(Instant, Record),
    Party(PartyId, Party),
    State(StateChange),
}

/// What the exchange finds when it starts.
#[derive(Debug)]
pub(crate) struct Found {
    /// See `pbx::Setup::next_seq`.
    pub next_seq: Seq,
    /// See `pbx::Setup::bindings`.
    pub bindings: Vec<Binding>,
    /// See `pbx::Setup::md5`.
    pub md5: Vec<EntryId>,
    /// See `pbx::Setup::line_tones`.
    pub line_tones: Vec<(EntryId, Vec<ToneSignature>)>,
    /// Impedances that balance lines.
    pub line_balance: Vec<(EntryId, LineBalance)>,
    /// What tests of lifelines found.
    pub lifelines: Vec<(EntryId, LifelineTest)>,
}

/// The disk.
#[derive(Debug)]
pub(crate) struct Disk {
    random: Random,
    /// Longest time of a commit, in ms.
    pub sync_ms: u32,
    log: Vec<Entry>,
    synced: usize,
    /// A commit under way: its end, and how much it makes safe.
    commit: Option<(Instant, usize)>,
    /// When the next one begins at the latest.
    wanted: Option<Instant>,
}

impl Disk {
    /// An empty disk.
    #[must_use]
    pub(crate) const fn new(random: Random, sync_ms: u32) -> Self {
        Self {
            random,
            sync_ms,
            log: Vec::new(),
            synced: 0,
            commit: None,
            wanted: None,
        }
    }

    /// Takes what the exchange wants stored.
    pub(crate) fn write(&mut self, now: Instant, effect: Effect) {
        let entry = match effect {
            Effect::Record(record) => Entry::Record(now, record),
            Effect::Party(id, party) => Entry::Party(id, party),
            Effect::State(change) => Entry::State(change),
            Effect::Datagram(..)
            | Effect::Bell(..)
            | Effect::Tapped(..)
            | Effect::Relay(..)
            | Effect::Pulses(..)
            | Effect::Connect(..)
            | Effect::Bytes(..)
            | Effect::Close(_) => return,
        };
        self.log.push(entry);
        self.wanted.get_or_insert(now + LAZY);
    }

    /// An answer waits for the commit of this record.
    pub(crate) fn hurry(&mut self, now: Instant, awaited: Seq) {
        let under_way = self.commit.map_or(self.synced, |(_, upto)| upto);
        if self.last_seq(under_way).is_none_or(|seq| seq < awaited) {
            self.wanted = Some(now);
            self.begin(now);
        }
    }

    /// When `timeout` has something to do.
    #[must_use]
    pub(crate) fn next_deadline(&self) -> Instant {
        match (self.commit, self.wanted) {
            (Some((end, _)), _) => end,
            (None, Some(wanted)) => wanted,
            (None, None) => Instant::FAR,
        }
    }

    /// Ends and begins commits that are due; gives what is durable since.
    pub(crate) fn timeout(&mut self, now: Instant) -> Option<Seq> {
        let mut durable = None;
        if let Some((_, upto)) = self.commit.take_if(|(end, _)| *end <= now) {
            self.synced = upto;
            durable = self.last_seq(upto);
        }
        self.begin(now);
        durable
    }

    fn begin(&mut self, now: Instant) {
        if self.commit.is_none() && self.wanted.take_if(|wanted| *wanted <= now).is_some() {
            let ms = 1 + self.random.below(self.sync_ms);
            let end = now + Duration::from_millis(ms.into());
            self.commit = Some((end, self.log.len()));
        }
    }

    fn last_seq(&self, upto: usize) -> Option<Seq> {
        let entries = self.log.get(..upto)?.iter().rev();
        entries
            .filter_map(|entry| match entry {
                Entry::Record(_, record) => Some(record.seq),
                Entry::Party(..) | Entry::State(_) => None,
            })
            .next()
    }

    /// The power fails.
    pub(crate) fn cut(&mut self) {
        let kept = match self.commit {
            Some((_, upto)) if self.random.below(2) == 1 => upto,
            _ => self.synced,
        };
        self.log.truncate(kept);
        self.synced = kept;
        self.commit = None;
        self.wanted = None;
    }

    /// Ends the calls that the cut left open, as the store does, and says what the exchange needs.
    pub(crate) fn recover(&mut self, at: Instant, now: Now) -> Found {
        let last = self.records().last();
        let died = last.map_or(Instant::ZERO, |(_, record)| record.at.mono);
        let mut next = self.last_seq(self.log.len()).map_or(1, |seq| seq.0 + 1);
        let open: Vec<CdrFold> = self
            .folds()
            .into_iter()
            .filter(|(fold, _)| fold.is_open())
            .map(|(fold, _)| fold)
            .collect();
        for fold in open {
            let talk = fold.answered_at.map(|answered| died.since(answered));
            let legs = fold.legs.iter().filter(|leg| leg.open);
            let mut bodies: Vec<_> = legs.map(|leg| (Some(leg.id), leg_lost())).collect();
            let duration = died.since(fold.started_at);
            let ended = EventBody::CallEnded {
                cause: Cause::PowerLost,
                duration,
                talk,
            };
            bodies.push((None, ended));
            for (leg, body) in bodies {
                let event = Event {
                    call: Some(fold.cdr.call),
                    leg,
                    rule: Rule::PowerLost,
                    body,
                };
                let seq = Seq(next);
                next += 1;
                let record = Record {
                    seq,
                    at: now,
                    event,
                };
                self.log.push(Entry::Record(at, record));
            }
        }
        self.synced = self.log.len();
        Found {
            next_seq: Seq(next),
            bindings: self.bindings(now),
            md5: self.md5(),
            line_tones: self.line_tones(),
            line_balance: self.line_balance(),
            lifelines: self.lifelines(),
        }
    }

    fn bindings(&self, now: Now) -> Vec<Binding> {
        let mut all: BTreeMap<(EntryId, String), Binding> = BTreeMap::new();
        for entry in &self.log {
            match entry {
                Entry::State(StateChange::Bound(new) | StateChange::Refreshed(new)) => {
                    all.insert((new.owner.clone(), new.key.clone()), new.clone());
                }
                Entry::State(StateChange::Unbound { owner, key }) => {
                    all.remove(&(owner.clone(), key.clone()));
                }
                Entry::State(
                    StateChange::DigestMd5 { .. }
                    | StateChange::LineTones { .. }
                    | StateChange::LineBalance { .. }
                    | StateChange::Lifeline { .. }
                    | StateChange::Messages { .. },
                )
                | Entry::Record(..)
                | Entry::Party(..) => {}
            }
        }
        let mut bindings: Vec<Binding> = all.into_values().collect();
        bindings.retain_mut(|binding| {
            let holds = binding.expires.plus(REFRESH_WRITE) > now.wall;
            binding.expires = binding.expires.max(now.wall.plus(REFRESH_WRITE));
            holds
        });
        bindings
    }

    fn md5(&self) -> Vec<EntryId> {
        let mut all = std::collections::BTreeSet::new();
        for entry in &self.log {
            if let Entry::State(StateChange::DigestMd5 { owner, md5 }) = entry {
                if *md5 {
                    all.insert(owner.clone());
                } else {
                    all.remove(owner);
                }
            }
        }
        all.into_iter().collect()
    }

    fn line_tones(&self) -> Vec<(EntryId, Vec<ToneSignature>)> {
        let mut all = BTreeMap::new();
        for entry in &self.log {
            if let Entry::State(StateChange::LineTones { line, tones }) = entry {
                all.insert(line.clone(), tones.clone());
            }
        }
        all.into_iter().collect()
    }

    fn line_balance(&self) -> Vec<(EntryId, LineBalance)> {
        let mut all = BTreeMap::new();
        for entry in &self.log {
            if let Entry::State(StateChange::LineBalance { line, balance }) = entry {
                all.insert(line.clone(), *balance);
            }
        }
        all.into_iter().collect()
    }

    fn lifelines(&self) -> Vec<(EntryId, LifelineTest)> {
        let mut all = BTreeMap::new();
        for entry in &self.log {
            if let Entry::State(StateChange::Lifeline { line, test }) = entry {
                all.insert(line.clone(), *test);
            }
        }
        all.into_iter().collect()
    }

    /// Every record with the world's time of it.
    pub(crate) fn records(&self) -> impl Iterator<Item = (Instant, &Record)> {
        self.log.iter().filter_map(|entry| match entry {
            Entry::Record(at, record) => Some((*at, record)),
            Entry::Party(..) | Entry::State(_) => None,
        })
    }

    /// The numbers behind the parties.
    #[must_use]
    pub(crate) fn parties(&self) -> BTreeMap<PartyId, &Party> {
        let parties = self.log.iter().filter_map(|entry| match entry {
            Entry::Party(id, party) => Some((*id, party)),
            Entry::Record(..) | Entry::State(_) => None,
        });
        parties.collect()
    }

    /// The fold of every call in the order of their starts, with the world's time of each start.
    #[must_use]
    pub(crate) fn folds(&self) -> Vec<(CdrFold, Instant)> {
        let mut folds: Vec<(CdrFold, Instant)> = Vec::new();
        let mut places = BTreeMap::new();
        for (at, record) in self.records() {
            if let Some(fold) = CdrFold::begin(record) {
                places.insert(fold.cdr.call, folds.len());
                folds.push((fold, at));
            } else if let Some(&place) = record.event.call.and_then(|call| places.get(&call)) {
                folds[place].0.apply(record);
            }
        }
        folds
    }
}

fn leg_lost() -> EventBody {
    EventBody::LegEnded {
        cause: Cause::PowerLost,
        status: None,
        media: MediaFigures::default(),
    }
}

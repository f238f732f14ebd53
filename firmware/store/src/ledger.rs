//! Appending: records, people's data, state and projections in one transaction.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use model::{
    Binding, CallId, EntryId, EventBody, LineEvidence, LineSample, Party, PartyId, Record, Seq,
    StateChange, Trust, Wall, limits::PARTY_TEXT_MAX,
};

use crate::{
    Cdr, CdrFold, Store, StoreError,
    encode::{Hash, LedgerRow, call_key, json, party_key, signed},
    store::Head,
};

/// Records of one segment of the ledger before it is closed.
const SEGMENT_RECORDS: u64 = 65_536;
/// Longest calendar time that one segment spans, in µs: a week. Retention drops whole segments.
const SEGMENT_US: i64 = 7 * 86_400_000_000;
/// Records after which the oldest open call is noted anew.
const OPEN_FROM_STEP: u64 = 1_000;
/// Ended calls whose times one step of the clock corrects; older ones of the same boot stay marked
/// as written by an unchecked clock.
const CORRECTED_MAX: i64 = 10_000;
/// Ended calls remembered so that a straggling event begins no new CDR.
const ENDED_KEPT: usize = 512;

/// What one turn of the exchange wants remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Events in the order of their numbers.
    pub records: Vec<Record>,
    /// People's data that the records name; texts longer than `limits::PARTY_TEXT_MAX` are cut.
    pub parties: Vec<(PartyId, Party)>,
    /// Changes of state in the order they happened.
    pub state: Vec<StateChange>,
    /// What analog ports measured, by the names of their jacks.
    pub samples: Vec<(String, LineSample)>,
    /// Hang-ups on lines, each with the A-law of its last seconds.
    pub evidence: Vec<(LineEvidence, Vec<u8>)>,
    /// Frames of the input journal, made with [`crate::journal::frame`].
    pub journal: Vec<u8>,
    /// The exchange as it was before the first frame of `journal`, at that frame's time: starts a
    /// new journal segment.
    pub snapshot: Option<Vec<u8>>,
    /// Frames before those of `journal` were thrown away by the sender: nothing more is journaled
    /// until a snapshot, because a journal with a hole replays wrongly.
    pub journal_hole: bool,
    /// Somebody waits for the commit of this batch, or of one before it: the writer says when it
    /// is done ([`crate::WriterOptions::durable`]).
    pub awaited: bool,
}

/// Keys of memos with what was learned of outside lines begin with this; the entry follows.
pub(crate) const LINE_TONES: &str = "line tones/";
/// The same of the impedances that balance lines.
pub(crate) const LINE_BALANCE: &str = "line balance/";
/// The same of what tests of lifelines found.
pub(crate) const LIFELINE: &str = "lifeline/";
/// The same of messages that wait for sets.
pub(crate) const MESSAGES: &str = "messages/";

impl Batch {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            records,
            parties,
            state,
            samples,
            evidence,
            journal,
            snapshot,
            journal_hole,
            awaited,
        } = self;
        records.is_empty()
            && parties.is_empty()
            && state.is_empty()
            && samples.is_empty()
            && evidence.is_empty()
            && journal.is_empty()
            && snapshot.is_none()
            && !journal_hole
            && !awaited
    }

    /// Entries that count against `limits::WRITER_QUEUE`.
    #[must_use]
    pub fn len(&self) -> usize {
        let rows = self.records.len() + self.parties.len() + self.state.len();
        rows + self.samples.len() + self.evidence.len()
    }
}

/// What an append did beside storing everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// The last record of the ledger, durable now.
    pub durable: Seq,
    /// Records left out because their number was in the ledger already (delivered twice).
    pub repeated: u64,
    /// Numbers that were jumped over; the ledger should have none.
    pub gaps: u64,
    /// Rows beside the ledger (people's data, state, CDRs) that a damaged page did not take.
    pub damaged: u64,
}

/// Changes to the store's memory that come into force with the commit.
struct Pending {
    head: Head,
    /// New rows of the ledger.
    rows: Vec<(LedgerRow, Hash)>,
    folds: BTreeMap<CallId, CdrFold>,
    ended: Vec<CallId>,
    done: Appended,
    /// What is left out because a page of it is damaged.
    skip: BTreeSet<Side>,
    /// What could not be written.
    failed: Option<Side>,
}

/// What stands beside the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Party,
    State,
    Cdr,
    Recording,
    Line,
}

impl Store {
    /// Writes everything of `batches` in one transaction; durable when this returns. The journal
    /// parts are not the database's and left alone.
    ///
    /// A damaged page beside the ledger does not keep the ledger from being written: what it would
    /// have taken is left out and counted.
    ///
    /// # Errors
    /// As any write; the store is then as if it had not been called.
    pub fn append(&mut self, batches: &[Batch]) -> Result<Appended, StoreError> {
        let mut skip = BTreeSet::new();
        loop {
            let mut pending = Pending {
                head: self.head.clone(),
                rows: Vec::new(),
                folds: BTreeMap::new(),
                ended: Vec::new(),
                done: Appended::default(),
                skip: skip.clone(),
                failed: None,
            };
            let done = self.atomically(|store| store.write_all(batches, &mut pending));
            match (done, pending.failed) {
                (Ok(()), _) => return Ok(self.accept(pending)),
                // SQLite gives up a transaction that met a damaged page: another one goes round it.
                (Err(StoreError::Damaged { .. }), Some(side)) if skip.insert(side) => {}
                (Err(error), _) => return Err(error),
            }
        }
    }

    fn write_all(&mut self, batches: &[Batch], to: &mut Pending) -> Result<(), StoreError> {
        for batch in batches {
            let at = to.head.next_seq;
            let parties = &batch.parties;
            self.beside(to, (Side::Party, parties.len()), |store| {
                store.put_parties(parties, at)
            })?;
            for record in &batch.records {
                self.append_record(to, record)?;
            }
            for change in &batch.state {
                self.beside(to, (Side::State, 1), |store| store.put_state(change))?;
            }
            for (port, sample) in &batch.samples {
                self.beside(to, (Side::Line, 1), |store| store.put_sample(port, sample))?;
            }
            for (evidence, sound) in &batch.evidence {
                self.beside(to, (Side::Line, 1), |store| {
                    store.put_evidence(evidence, sound)
                })?;
            }
        }
        self.put_rows(&to.rows)?;
        self.put_cdrs(to)?;
        self.move_open_from(to)
    }

    /// Writes rows that the ledger can do without.
    fn beside(
        &mut self,
        to: &mut Pending,
        (side, rows): (Side, usize),
        work: impl FnOnce(&mut Self) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if rows == 0 {
            return Ok(());
        }
        if to.skip.contains(&side) {
            to.done.damaged += rows as u64;
            return Ok(());
        }
        work(self).inspect_err(|_| to.failed = Some(side))
    }

    /// The commit is done: what it wrote is what the store remembers.
    fn accept(&mut self, pending: Pending) -> Appended {
        let Pending {
            head,
            folds,
            ended,
            mut done,
            ..
        } = pending;
        done.durable = Seq(head.next_seq.0.saturating_sub(1));
        self.head = head;
        self.folds.extend(folds);
        for call in ended {
            self.folds.remove(&call);
            self.ended.push_back(call);
        }
        let extra = self.ended.len().saturating_sub(ENDED_KEPT);
        self.ended.drain(..extra);
        done
    }

    fn append_record(&mut self, to: &mut Pending, record: &Record) -> Result<(), StoreError> {
        if record.seq < to.head.next_seq {
            to.done.repeated += 1;
            return Ok(());
        }
        to.done.gaps += record.seq.0 - to.head.next_seq.0;
        let row = LedgerRow::of(to.head.boot, record);
        self.roll_segment(&mut to.head, record)?;
        let hash = row.hash(&to.head.hash);
        to.rows.push((row, hash));
        to.head.hash = hash;
        to.head.next_seq = Seq(record.seq.0.saturating_add(1));
        to.head.last_wall = record.at.wall;
        match record.event.body {
            EventBody::Erased { party } => {
                self.beside(to, (Side::Party, 1), |store| store.erase(party))?
            }
            EventBody::ClockStepped {
                from,
                to: right,
                trust,
            } => {
                let by_us = right.0.saturating_sub(from.0);
                let first = to.head.boot_first_seq;
                self.beside(to, (Side::Cdr, 1), |store| {
                    store.correct_cdrs(first, by_us, trust)
                })?;
            }
            EventBody::RecordingStarted { .. }
            | EventBody::TrackStarted { .. }
            | EventBody::RecordingPaused { .. }
            | EventBody::RecordingResumed { .. }
            | EventBody::RecordingEnded { .. }
            | EventBody::RecordingStored { .. }
            | EventBody::RecordingLost { .. } => {
                let boot = to.head.boot;
                self.beside(to, (Side::Recording, 1), |store| {
                    store.put_recording(boot, record)
                })?;
            }
            _ => {}
        }
        self.fold(to, record);
        Ok(())
    }

    /// The rows of one commit, by one statement made ready once.
    fn put_rows(&mut self, rows: &[(LedgerRow, Hash)]) -> Result<(), StoreError> {
        let values = rows.iter().map(|(row, hash)| {
            (
                row.seq, row.boot, row.mono, row.wall, row.trust, row.call, row.leg, &row.rule,
                &row.body, hash,
            )
        });
        self.execute_each(
            "INSERT INTO ledger (seq, boot, mono, wall, trust, call, leg, rule, body, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            values,
        )
    }

    /// Takes the record into the CDR of its call.
    fn fold(&self, to: &mut Pending, record: &Record) {
        if matches!(record.event.body, EventBody::ClockStepped { .. }) {
            for call in self.folds.keys() {
                to.folds
                    .entry(*call)
                    .or_insert_with(|| self.folds[call].clone());
            }
            to.folds.values_mut().for_each(|fold| fold.apply(record));
            return;
        }
        let Some(call) = record.event.call else {
            return;
        };
        let fold = match to.folds.entry(call) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let known = self.folds.get(&call).cloned();
                let fresh = || CdrFold::begin(record).filter(|_| !self.ended.contains(&call));
                let Some(fold) = known.or_else(fresh) else {
                    return;
                };
                place.insert(fold)
            }
        };
        let was_open = fold.is_open();
        fold.apply(record);
        if was_open && !fold.is_open() {
            to.ended.push(call);
        }
    }

    /// Writes the CDRs that changed; those of calls that only rang on are left alone.
    fn put_cdrs(&mut self, pending: &mut Pending) -> Result<(), StoreError> {
        let mut changed = Vec::new();
        for (call, fold) in &pending.folds {
            if self
                .folds
                .get(call)
                .is_some_and(|before| before.cdr == fold.cdr)
            {
                continue;
            }
            // An open call's events end with the ledger; the exact end comes with the last one.
            let end = signed(pending.head.next_seq.0) - 1;
            let last = if fold.is_open() { i64::MAX } else { end };
            changed.push((fold.cdr.clone(), last));
        }
        self.beside(pending, (Side::Cdr, changed.len()), |store| {
            store.put_cdr_rows(&changed)
        })
    }

    /// Notes now and then before which record no call is open, so that the next start need not
    /// look far back.
    fn move_open_from(&mut self, pending: &mut Pending) -> Result<(), StoreError> {
        let head = &mut pending.head;
        if head.next_seq.0 - head.open_from.0 < OPEN_FROM_STEP {
            return Ok(());
        }
        let before = self
            .folds
            .iter()
            .filter(|(call, _)| !pending.folds.contains_key(call));
        let all = pending.folds.iter().chain(before).map(|(_, fold)| fold);
        let oldest = all
            .filter(|fold| fold.is_open())
            .map(|fold| fold.cdr.first_seq)
            .min();
        let from = oldest.unwrap_or(head.next_seq);
        if from > head.open_from {
            head.open_from = from;
            let sql = "UPDATE boot SET open_from = ?1 WHERE id = ?2";
            self.execute(sql, (signed(from.0), signed(head.boot)))?;
        }
        Ok(())
    }

    /// CDRs and the last records of their calls.
    fn put_cdr_rows(&mut self, cdrs: &[(Cdr, i64)]) -> Result<(), StoreError> {
        let values = cdrs.iter().map(|(cdr, last_seq)| {
            (
                signed(cdr.first_seq.0),
                last_seq,
                call_key(cdr.call),
                cdr.ended.is_none(),
                json(cdr),
            )
        });
        self.execute_each(
            "INSERT INTO cdr (first_seq, last_seq, call, open, body) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (first_seq) DO UPDATE
             SET last_seq = excluded.last_seq, open = excluded.open, body = excluded.body",
            values,
        )
    }

    /// Corrects the times of this boot's ended calls after a step of the clock, newest first, at
    /// most [`CORRECTED_MAX`]; those that go on are corrected by their fold.
    fn correct_cdrs(&mut self, first: Seq, by_us: i64, trust: Trust) -> Result<(), StoreError> {
        let sql = "SELECT body, last_seq FROM cdr WHERE first_seq >= ?1 AND open = 0
                   ORDER BY first_seq DESC LIMIT ?2";
        let values = [signed(first.0), CORRECTED_MAX];
        let rows: Vec<(String, i64)> =
            self.query(sql, values, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut corrected = Vec::new();
        for (body, last_seq) in rows {
            // A damaged row is the reader's to report.
            let Ok(mut cdr) = serde_json::from_str::<Cdr>(&body) else {
                continue;
            };
            if cdr.trust != Trust::Synced {
                cdr.correct(by_us, trust);
                corrected.push((cdr, last_seq));
            }
        }
        self.put_cdr_rows(&corrected)
    }

    /// Closes the segment when it is long enough: a checkpoint of the hash chain.
    fn roll_segment(&mut self, head: &mut Head, next: &Record) -> Result<(), StoreError> {
        let records = head.next_seq.0 - head.segment_first_seq.0;
        let span = next.at.wall.0.saturating_sub(head.segment_first_wall.0);
        if records < SEGMENT_RECORDS && (records == 0 || span.saturating_abs() < SEGMENT_US) {
            return Ok(());
        }
        let hash: Hash = head.hash;
        let last = signed(head.next_seq.0 - 1);
        self.execute(
            "UPDATE segment SET last_seq = ?1, after = ?2, last_wall = ?3 WHERE first_seq = ?4",
            (
                last,
                hash,
                head.last_wall.0,
                signed(head.segment_first_seq.0),
            ),
        )?;
        self.begin_segment(head, next.seq, next.at.wall)
    }

    /// A new segment whose first record is `first`.
    pub(crate) fn begin_segment(
        &mut self,
        head: &mut Head,
        first: Seq,
        wall: Wall,
    ) -> Result<(), StoreError> {
        let hash: Hash = head.hash;
        self.execute(
            "INSERT INTO segment (first_seq, before) VALUES (?1, ?2)",
            (signed(first.0), hash),
        )?;
        head.segment_first_seq = first;
        head.segment_first_wall = wall;
        Ok(())
    }

    fn put_parties(&mut self, parties: &[(PartyId, Party)], at: Seq) -> Result<(), StoreError> {
        let values = parties.iter().map(|(id, party)| {
            (
                party_key(*id),
                cut(&party.number),
                cut(&party.name),
                signed(at.0),
            )
        });
        self.execute_each(
            "INSERT INTO party (id, number, name, seq) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE SET number = excluded.number, name = excluded.name
             WHERE erased = 0",
            values,
        )
    }

    /// Empties the row; a later write of the same id does not fill it again.
    fn erase(&mut self, id: PartyId) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO party (id, number, name, seq, erased) VALUES (?1, '', '', 0, 1)
             ON CONFLICT (id) DO UPDATE SET number = '', name = '', erased = 1",
            [party_key(id)],
        )
        .map(drop)
    }

    pub(crate) fn put_state(&mut self, change: &StateChange) -> Result<(), StoreError> {
        match change {
            StateChange::Bound(binding) | StateChange::Refreshed(binding) => {
                self.put_binding(binding)
            }
            StateChange::Unbound { owner, key } => self
                .execute(
                    "DELETE FROM binding WHERE owner = ?1 AND key = ?2",
                    (owner.as_str(), key),
                )
                .map(drop),
            StateChange::LineTones { line, tones } => {
                let body = serde_json::to_vec(tones).expect("tones are plain numbers");
                self.execute(
                    "INSERT OR REPLACE INTO memo (key, value) VALUES (?1, ?2)",
                    (format!("{LINE_TONES}{line}"), body),
                )
                .map(drop)
            }
            StateChange::LineBalance { line, balance } => {
                let body = serde_json::to_vec(balance).expect("a balance is plain numbers");
                self.execute(
                    "INSERT OR REPLACE INTO memo (key, value) VALUES (?1, ?2)",
                    (format!("{LINE_BALANCE}{line}"), body),
                )
                .map(drop)
            }
            StateChange::Lifeline { line, test } => {
                let body = serde_json::to_vec(test).expect("a test is plain numbers and words");
                self.execute(
                    "INSERT OR REPLACE INTO memo (key, value) VALUES (?1, ?2)",
                    (format!("{LIFELINE}{line}"), body),
                )
                .map(drop)
            }
            StateChange::Messages { set, messages: 0 } => self
                .execute(
                    "DELETE FROM memo WHERE key = ?1",
                    [format!("{MESSAGES}{set}")],
                )
                .map(drop),
            StateChange::Messages { set, messages } => self
                .execute(
                    "INSERT OR REPLACE INTO memo (key, value) VALUES (?1, ?2)",
                    (format!("{MESSAGES}{set}"), vec![*messages]),
                )
                .map(drop),
            StateChange::DigestMd5 { owner, md5: true } => self
                .execute(
                    "INSERT OR IGNORE INTO digest_md5 (owner) VALUES (?1)",
                    [owner.as_str()],
                )
                .map(drop),
            StateChange::DigestMd5 { owner, md5: false } => self
                .execute("DELETE FROM digest_md5 WHERE owner = ?1", [owner.as_str()])
                .map(drop),
        }
    }

    fn put_binding(&mut self, binding: &Binding) -> Result<(), StoreError> {
        let body = serde_json::to_string(binding).expect("a binding has string keys only");
        let owner: &EntryId = &binding.owner;
        self.execute(
            "INSERT INTO binding (owner, key, expires, body) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (owner, key) DO UPDATE
             SET expires = excluded.expires, body = excluded.body",
            (owner.as_str(), &binding.key, binding.expires.0, body),
        )
        .map(drop)
    }
}

/// `text` without what is over the limit, cut between characters.
fn cut(text: &str) -> &str {
    let end = text.floor_char_boundary(PARTY_TEXT_MAX);
    text.get(..end).unwrap_or("")
}

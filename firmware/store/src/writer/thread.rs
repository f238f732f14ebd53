//! The loop of the writer thread.

use std::{
    sync::{
        Arc,
        atomic::Ordering::{Relaxed, Release},
    },
    time::Duration,
};

use model::Seq;

use super::{Shared, WriterOptions, queue::Taken, refresh::Refreshes};
use crate::{Appended, Batch, Journal, Store, StoreError, clock::Stopwatch, journal::first_now};

/// First and longest pause after a failed commit.
const RETRY_FIRST: Duration = Duration::from_millis(100);
/// See [`RETRY_FIRST`].
const RETRY_MAX: Duration = Duration::from_secs(5);

pub(super) struct WriterThread {
    store: Store,
    shared: Arc<Shared>,
    durable: Box<dyn FnMut(Seq) + Send>,
    journal: Option<Journal>,
    /// Taken and not on the disk.
    batches: Vec<Batch>,
    /// Somebody waits for the commit of what was taken.
    awaited: bool,
    refreshes: Refreshes,
    /// The disk failed: since when and for how long batches are held.
    hold: Option<(Stopwatch, Duration)>,
}

impl WriterThread {
    pub(super) fn new(store: Store, shared: Arc<Shared>, options: WriterOptions) -> Self {
        let WriterOptions { durable, journal } = options;
        // Without them the first refresh of each phone is written, which does no harm.
        let refreshes = Refreshes::new(store.bindings().unwrap_or_default());
        Self {
            store,
            shared,
            durable,
            journal,
            batches: Vec::new(),
            awaited: false,
            refreshes,
            hold: None,
        }
    }

    pub(super) fn run(mut self) -> Result<(), StoreError> {
        loop {
            let own = self.refreshes.left();
            let taken = self.shared.queue.take(self.hold, own);
            let closed = taken.closed;
            let jobs = self.accept(taken);
            let written = self.write(closed);
            if self.batches.is_empty() && std::mem::take(&mut self.awaited) {
                let durable = self.durable_now();
                (self.durable)(durable);
            }
            for job in jobs {
                job(&mut self.store);
            }
            if closed {
                return self.finish(written);
            }
        }
    }

    fn finish(self, written: Result<(), StoreError>) -> Result<(), StoreError> {
        if let Some(mut journal) = self.journal {
            // The database matters more: its error is the one to report.
            let _ = journal.sync();
        }
        written.and_then(|()| self.store.close())
    }

    /// Sorts what was taken: journal frames are written, refreshes wait for their minute.
    fn accept(&mut self, taken: Taken) -> Vec<super::queue::Job> {
        if taken.journal_dropped > 0 {
            let dropped = taken.journal_dropped as u64;
            self.shared
                .counters
                .journal_dropped_bytes
                .fetch_add(dropped, Relaxed);
            if let Some(journal) = &mut self.journal {
                journal.hole();
            }
        }
        for mut batch in taken.batches {
            self.write_journal(&mut batch);
            self.awaited |= std::mem::take(&mut batch.awaited);
            let before = batch.len();
            self.keep_refreshes(&mut batch);
            self.shared.queue.done(before - batch.len());
            if !batch.is_empty() {
                self.batches.push(batch);
            }
        }
        if let Some(journal) = &self.journal {
            self.shared
                .wants_snapshot
                .store(journal.wants_snapshot(), Relaxed);
        }
        taken.jobs
    }

    fn write_journal(&mut self, batch: &mut Batch) {
        let frames = std::mem::take(&mut batch.journal);
        let snapshot = batch.snapshot.take();
        let hole = std::mem::take(&mut batch.journal_hole);
        let Some(journal) = &mut self.journal else {
            return;
        };
        let before = journal.dropped_bytes();
        if hole {
            journal.hole();
        }
        let begun = match snapshot {
            Some(snapshot) => {
                // The first record of a start is older than the first input, and as old as `Pbx`.
                let first = batch.records.first().map(|record| record.at);
                let now = first.or_else(|| first_now(&frames)).unwrap_or_default();
                journal.begin(now, &snapshot)
            }
            None => Ok(()),
        };
        let done = match begun {
            Ok(()) if frames.is_empty() => Ok(()),
            Ok(()) => journal.append(&frames),
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            tracing::warn!(%error, "input journal not written");
        }
        let dropped = journal.dropped_bytes() - before;
        self.shared
            .counters
            .journal_dropped_bytes
            .fetch_add(dropped, Relaxed);
    }

    /// Takes refreshes out of `batch`; a newer change of the same registration replaces them.
    fn keep_refreshes(&mut self, batch: &mut Batch) {
        let changes = std::mem::take(&mut batch.state).into_iter();
        batch.state = changes
            .filter_map(|change| self.refreshes.sort(change))
            .collect();
    }

    /// Writes what waits, if it may: nothing while the disk is given a pause, unless it is the
    /// last chance.
    fn write(&mut self, last_chance: bool) -> Result<(), StoreError> {
        if self
            .hold
            .is_some_and(|(since, pause)| !since.left(pause).is_zero())
            && !last_chance
        {
            return Ok(());
        }
        let refreshes = self.refreshes.due(last_chance);
        let refreshed = refreshes.len() as u64;
        if self.batches.is_empty() && refreshed == 0 {
            self.hold = None;
            return Ok(());
        }
        self.batches.push(Batch {
            state: refreshes,
            ..Batch::default()
        });
        let watch = Stopwatch::start();
        let done = self.store.append(&self.batches);
        self.batches.pop();
        match done {
            Ok(appended) => {
                self.committed(appended, watch);
                self.shared.counters.refreshes.fetch_add(refreshed, Relaxed);
                if refreshed > 0 {
                    self.refreshes.written();
                }
                Ok(())
            }
            // The refreshes wait for another turn.
            Err(error) if !error.is_passing() => match self.write_singly() {
                Ok(appended) => {
                    self.committed(appended, watch);
                    Ok(())
                }
                Err(error) => self.failed(error),
            },
            Err(error) => self.failed(error),
        }
    }

    /// One of the batches can never be written: finds it and gives it up, writes the others.
    fn write_singly(&mut self) -> Result<Appended, StoreError> {
        let mut sum = Appended {
            durable: self.durable_now(),
            ..Appended::default()
        };
        let mut batches = std::mem::take(&mut self.batches).into_iter();
        while let Some(batch) = batches.next() {
            match self.store.append(std::slice::from_ref(&batch)) {
                Ok(done) => {
                    sum.durable = done.durable;
                    sum.repeated += done.repeated;
                    sum.gaps += done.gaps;
                    sum.damaged += done.damaged;
                    self.count_written(&batch);
                }
                Err(error) if error.is_passing() => {
                    self.batches.push(batch);
                    self.batches.extend(batches);
                    return Err(error);
                }
                Err(error) => {
                    tracing::error!(%error, "a batch cannot be written and is given up");
                    self.shared.counters.rejected.fetch_add(1, Relaxed);
                    self.shared.queue.done(batch.len());
                }
            }
        }
        Ok(sum)
    }

    fn durable_now(&self) -> Seq {
        Seq(self.store.next_seq().0.saturating_sub(1))
    }

    fn count_written(&self, batch: &Batch) {
        self.shared
            .counters
            .records
            .fetch_add(batch.records.len() as u64, Relaxed);
        self.shared.queue.done(batch.len());
    }

    fn committed(&mut self, done: Appended, watch: Stopwatch) {
        let counters = &self.shared.counters;
        let us = u64::try_from(watch.elapsed().as_micros()).unwrap_or(u64::MAX);
        counters.commits.fetch_add(1, Relaxed);
        counters.commit_us.fetch_add(us, Relaxed);
        counters.commit_us_max.fetch_max(us, Relaxed);
        counters.repeated.fetch_add(done.repeated, Relaxed);
        counters.gaps.fetch_add(done.gaps, Relaxed);
        if done.damaged > 0 && counters.damaged.fetch_add(done.damaged, Relaxed) == 0 {
            tracing::error!("the database is damaged beside the ledger: not everything is kept");
        }
        for batch in std::mem::take(&mut self.batches) {
            self.count_written(&batch);
        }
        if self.hold.take().is_some() {
            tracing::info!("the disk takes writes again");
            self.shared.queue.set_trouble(String::new());
        }
        self.shared.durable.store(done.durable.0, Release);
    }

    /// Counts a failed commit and gives the disk a pause.
    fn failed(&mut self, error: StoreError) -> Result<(), StoreError> {
        self.shared.counters.commit_errors.fetch_add(1, Relaxed);
        let pause = match self.hold {
            Some((_, pause)) => (pause * 2).min(RETRY_MAX),
            None => {
                tracing::error!(%error, "the ledger is not written; it is kept and tried again");
                RETRY_FIRST
            }
        };
        self.shared.queue.set_trouble(error.to_string());
        self.hold = Some((Stopwatch::start(), pause));
        Err(error)
    }
}

//! What waits for the writer thread.

use core::fmt;
use std::{
    sync::{Condvar, Mutex, MutexGuard},
    time::Duration,
};

use model::limits::WRITER_QUEUE;

use crate::{Batch, Store, StoreError, clock::Stopwatch};

/// Bytes of journal frames that may wait; more are dropped, which asks for a new snapshot.
const JOURNAL_WAITING_MAX: usize = 4 * 1024 * 1024;
/// Jobs that may wait: each has a thread waiting for it, so there are never many.
const JOBS: usize = 256;

/// Work to be done on the writer thread.
pub(crate) type Job = Box<dyn FnOnce(&mut Store) + Send>;

/// A batch that was not taken, given back to its sender.
#[derive(Debug)]
pub enum Refused {
    /// `limits::WRITER_QUEUE` entries wait already.
    Full(Box<Batch>),
    /// The writer has stopped.
    Gone(Box<Batch>),
}

impl Refused {
    /// The batch.
    #[must_use]
    pub fn into_batch(self) -> Batch {
        match self {
            Self::Full(batch) | Self::Gone(batch) => *batch,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "too much waits for the disk",
            Self::Gone(_) => "the writer has stopped",
        })
    }
}

impl core::error::Error for Refused {}

/// Batches and jobs in the order they came.
#[derive(Default)]
pub(crate) struct Queue {
    inside: Mutex<Inside>,
    wake: Condvar,
}

#[derive(Default)]
struct Inside {
    taken: Taken,
    /// Entries that are not on the disk, also those that the thread has taken.
    entries: usize,
    journal_bytes: usize,
    /// Whether the thread sleeps: waking one that does not is a system call for nothing.
    asleep: bool,
    closed: bool,
    trouble: String,
}

/// What the thread takes at once.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) batches: Vec<Batch>,
    pub(crate) jobs: Vec<Job>,
    /// Bytes of journal frames that were dropped for want of room.
    pub(crate) journal_dropped: usize,
    pub(crate) closed: bool,
}

impl Queue {
    /// Adds a batch.
    pub(crate) fn push(&self, mut batch: Batch) -> Result<(), Refused> {
        let mut inside = self.lock();
        if inside.closed {
            return Err(Refused::Gone(Box::new(batch)));
        }
        if inside.entries > 0 && inside.entries + batch.len() > WRITER_QUEUE {
            return Err(Refused::Full(Box::new(batch)));
        }
        let bytes = batch.journal.len() + batch.snapshot.as_ref().map_or(0, Vec::len);
        if inside.journal_bytes > 0 && inside.journal_bytes + bytes > JOURNAL_WAITING_MAX {
            inside.taken.journal_dropped += bytes.max(1);
            batch.journal.clear();
            batch.snapshot = None;
            batch.journal_hole = true;
        } else {
            inside.journal_bytes += bytes;
        }
        inside.entries += batch.len();
        inside.taken.batches.push(batch);
        self.rouse(inside);
        Ok(())
    }

    /// Adds a job.
    pub(crate) fn push_job(&self, job: Job) -> Result<(), StoreError> {
        let mut inside = self.lock();
        if inside.closed {
            return Err(StoreError::WriterGone);
        }
        if inside.taken.jobs.len() >= JOBS {
            return Err(StoreError::Busy);
        }
        inside.taken.jobs.push(job);
        self.rouse(inside);
        Ok(())
    }

    /// Takes no more; the thread ends after what waits.
    pub(crate) fn close(&self) {
        let mut inside = self.lock();
        inside.closed = true;
        self.rouse(inside);
    }

    /// Wakes the thread if it sleeps.
    fn rouse(&self, mut inside: MutexGuard<'_, Inside>) {
        let wake = std::mem::take(&mut inside.asleep);
        drop(inside);
        if wake {
            self.wake.notify_one();
        }
    }

    /// Waits until there is something to do, and takes it. `hold` keeps batches back for so long
    /// (the disk failed a moment ago), `at_latest` wakes the thread for work of its own.
    pub(crate) fn take(
        &self,
        hold: Option<(Stopwatch, Duration)>,
        at_latest: Option<Duration>,
    ) -> Taken {
        let woken = Stopwatch::start();
        let mut inside = self.lock();
        loop {
            if inside.closed || !inside.taken.jobs.is_empty() {
                break;
            }
            let batches = match hold {
                Some((since, pause)) => Some(since.left(pause)),
                None if inside.taken.batches.is_empty() => None,
                None => break,
            };
            let own = at_latest.map(|after| woken.left(after));
            let wait = batches.into_iter().chain(own).min();
            if wait.is_some_and(|wait| wait.is_zero()) {
                break;
            }
            inside.asleep = true;
            inside = self.sleep(inside, wait);
            inside.asleep = false;
        }
        inside.journal_bytes = 0;
        let mut taken = std::mem::take(&mut inside.taken);
        taken.closed = inside.closed;
        taken
    }

    /// Sleeps until woken, at most for `wait`.
    fn sleep<'q>(
        &self,
        inside: MutexGuard<'q, Inside>,
        wait: Option<Duration>,
    ) -> MutexGuard<'q, Inside> {
        match wait {
            None => self
                .wake
                .wait(inside)
                .unwrap_or_else(std::sync::PoisonError::into_inner),
            Some(wait) => match self.wake.wait_timeout(inside, wait) {
                Ok((inside, _)) => inside,
                Err(poisoned) => poisoned.into_inner().0,
            },
        }
    }

    /// `entries` are on the disk or given up.
    pub(crate) fn done(&self, entries: usize) {
        let mut inside = self.lock();
        inside.entries = inside.entries.saturating_sub(entries);
    }

    pub(crate) fn set_trouble(&self, trouble: String) {
        self.lock().trouble = trouble;
    }

    pub(crate) fn waiting(&self) -> u64 {
        self.lock().entries as u64
    }

    pub(crate) fn trouble(&self) -> String {
        self.lock().trouble.clone()
    }

    /// Nothing that is done under the lock can panic half-way, so a poisoned one is still whole.
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

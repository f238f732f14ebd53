//! The writer thread: the one that waits for the disk, so that nobody else does.
//!
//! What is handed over is committed at once, all that waits together: whoever wants commits to be
//! few gathers before (`limits::COMMIT_MS_MAX`). When the disk fails the thread keeps what it has,
//! tries again and counts; calls go on. When the queue is full the sender keeps its batch and is told.

mod queue;
mod refresh;
mod thread;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    mpsc::sync_channel,
};

use model::Seq;

use crate::{Batch, Journal, Store, StoreError};
use queue::Queue;
pub use queue::Refused;
use thread::WriterThread;

/// What the writer is given beside the store.
pub struct WriterOptions {
    /// Called on the writer thread with the last durable record after each commit that somebody
    /// waits for ([`Batch::awaited`]); it must not block (wake the control thread).
    pub durable: Box<dyn FnMut(Seq) + Send>,
    /// The input journal, if one is kept.
    pub journal: Option<Journal>,
}

/// The thread, held by whoever stops it.
pub struct Writer {
    handle: WriterHandle,
    thread: std::thread::JoinHandle<Result<(), StoreError>>,
}

/// A way to the writer thread; clones lead to the same one.
#[derive(Clone)]
pub struct WriterHandle {
    shared: Arc<Shared>,
}

/// Counters since the start, for `/metrics`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriterStats {
    /// Transactions that are on the disk.
    pub commits: u64,
    /// Records in them.
    pub records: u64,
    /// Registrations written only because they were refreshed.
    pub refreshes: u64,
    /// Commits that failed and are tried again.
    pub commit_errors: u64,
    /// Batches that found the queue full and stayed with their sender.
    pub refused: u64,
    /// Batches given up because the database will never take them: our own fault.
    pub rejected: u64,
    /// Records that came twice and were left out.
    pub repeated: u64,
    /// Sequence numbers that were jumped over.
    pub gaps: u64,
    /// Rows beside the ledger that a damaged page did not take.
    pub damaged: u64,
    /// Bytes of the input journal that were not written.
    pub journal_dropped_bytes: u64,
    /// Time spent in commits, in µs.
    pub commit_us: u64,
    /// The longest commit, in µs.
    pub commit_us_max: u64,
    /// Entries that wait for the disk now.
    pub waiting: u64,
    /// Why the last attempt failed; empty when it did not.
    pub trouble: String,
}

/// What the thread and the handles share.
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) counters: Counters,
    pub(crate) durable: AtomicU64,
    pub(crate) wants_snapshot: AtomicBool,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) records: AtomicU64,
    pub(crate) refreshes: AtomicU64,
    pub(crate) commit_errors: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) repeated: AtomicU64,
    pub(crate) gaps: AtomicU64,
    pub(crate) damaged: AtomicU64,
    pub(crate) journal_dropped_bytes: AtomicU64,
    pub(crate) commit_us: AtomicU64,
    pub(crate) commit_us_max: AtomicU64,
}

impl Writer {
    /// Starts the thread. From now on the store is written through [`Self::handle`] only.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the system gives no thread.
    pub fn spawn(store: Store, options: WriterOptions) -> Result<Self, StoreError> {
        let path = store.path.clone();
        let shared = Arc::new(Shared {
            queue: Queue::default(),
            counters: Counters::default(),
            durable: AtomicU64::new(store.next_seq().0.saturating_sub(1)),
            wants_snapshot: AtomicBool::new(options.journal.is_some()),
        });
        let handle = WriterHandle {
            shared: Arc::clone(&shared),
        };
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || WriterThread::new(store, shared, options).run())
            .map_err(|error| StoreError::from_io(&path, error))?;
        Ok(Self { handle, thread })
    }

    /// A way to the thread.
    #[must_use]
    pub fn handle(&self) -> WriterHandle {
        self.handle.clone()
    }

    /// Takes no more, writes what waits (refreshed registrations too), marks the stop as orderly
    /// and ends the thread.
    ///
    /// # Errors
    /// What kept the last of it from the disk.
    pub fn stop(self) -> Result<(), StoreError> {
        self.handle.shared.queue.close();
        self.thread.join().unwrap_or(Err(StoreError::WriterGone))
    }
}

impl WriterHandle {
    /// Hands a batch over. Never waits for the disk.
    ///
    /// # Errors
    /// [`Refused`] gives the batch back when the queue is full (counted; send it again with the
    /// next turn) or the writer has stopped.
    pub fn try_send(&self, batch: Batch) -> Result<(), Refused> {
        if batch.is_empty() {
            return Ok(());
        }
        self.shared.queue.push(batch).inspect_err(|_| {
            self.shared.counters.refused.fetch_add(1, Relaxed);
        })
    }

    /// Runs `work` on the writer thread as one transaction, after everything that was handed over
    /// before, and waits until it is on the disk: saves by API and CLI. Not for the control thread,
    /// and not from within another piece of work or [`WriterOptions::durable`].
    ///
    /// # Errors
    /// Those of `work` and of the commit; [`StoreError::WriterGone`]; [`StoreError::Busy`] when
    /// hundreds wait already.
    pub fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, wait) = sync_channel(1);
        let job = move |store: &mut Store| {
            // Nobody waits any more if this fails.
            let _ = answer.send(store.atomically(work));
        };
        self.shared.queue.push_job(Box::new(job))?;
        wait.recv().unwrap_or(Err(StoreError::WriterGone))
    }

    /// The last record that is on the disk.
    #[must_use]
    pub fn durable(&self) -> Seq {
        Seq(self.shared.durable.load(Relaxed))
    }

    /// Whether the input journal asks for a snapshot with the next batch that has frames.
    #[must_use]
    pub fn wants_snapshot(&self) -> bool {
        self.shared.wants_snapshot.load(Relaxed)
    }

    /// The counters.
    #[must_use]
    pub fn stats(&self) -> WriterStats {
        let Counters {
            commits,
            records,
            refreshes,
            commit_errors,
            refused,
            rejected,
            repeated,
            gaps,
            damaged,
            journal_dropped_bytes,
            commit_us,
            commit_us_max,
        } = &self.shared.counters;
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        WriterStats {
            commits: read(commits),
            records: read(records),
            refreshes: read(refreshes),
            commit_errors: read(commit_errors),
            refused: read(refused),
            rejected: read(rejected),
            repeated: read(repeated),
            gaps: read(gaps),
            damaged: read(damaged),
            journal_dropped_bytes: read(journal_dropped_bytes),
            commit_us: read(commit_us),
            commit_us_max: read(commit_us_max),
            waiting: self.shared.queue.waiting(),
            trouble: self.shared.queue.trouble(),
        }
    }
}

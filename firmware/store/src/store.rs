//! The database open for writing: by one process, one thread.

use std::{
    collections::{BTreeMap, VecDeque},
    fs::{File, OpenOptions},
    io::{Read as _, Seek as _, Write as _},
    ops::Deref,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use model::{CallId, Seq, Trust, Wall};
use rusqlite::{Connection, OpenFlags};

use crate::{
    CdrFold, Reader, Recovered, StoreError,
    encode::{Hash, signed},
    recover, schema,
    seal::BoxKey,
};

/// The database inside the data folder.
pub const DATABASE_FILE: &str = "centralka.db";
/// The key that opens the secrets, mode 0600.
pub const BOX_KEY_FILE: &str = "box.key";
/// Held by the one process that writes.
pub const LOCK_FILE: &str = "centralka.lock";

/// Where the next record goes.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) boot: u64,
    pub(crate) boot_first_seq: Seq,
    pub(crate) next_seq: Seq,
    /// No open call began before this record, as last written.
    pub(crate) open_from: Seq,
    pub(crate) hash: Hash,
    pub(crate) last_wall: Wall,
    pub(crate) segment_first_seq: Seq,
    pub(crate) segment_first_wall: Wall,
}

/// The store, open for writing. All reading is that of [`Reader`], to which this derefs.
///
/// Every method is atomic; [`Self::atomically`] makes several one.
pub struct Store {
    reader: Reader,
    pub(crate) head: Head,
    /// Calls that go on, folded so far.
    pub(crate) folds: BTreeMap<CallId, CdrFold>,
    /// Calls that ended lately: stragglers of theirs begin no new CDR.
    pub(crate) ended: VecDeque<CallId>,
    pub(crate) key: BoxKey,
    /// Dropped last: another process may open only when the database is closed.
    _lock: Lock,
}

impl Deref for Store {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Store {
    /// Opens the store in `dir`, making it if there is none, and closes what a power failure left
    /// open. `wall` and `trust` are the clock's word; what is written is never earlier than the
    /// last record ([`Recovered::wall`]).
    ///
    /// Takes a few milliseconds. Old pages are not read: after an unclean stop
    /// ([`Recovered::unclean`]) the caller lets [`crate::verify()`] look at them in the background.
    ///
    /// # Errors
    /// [`StoreError::Locked`], `ReadOnly`, `Full`, `Damaged`, `NotOurs`, `Newer`, `BoxKeyMissing`,
    /// `BoxKeyBad`; each names the file and changes nothing.
    pub fn open(dir: &Path, wall: Wall, trust: Trust) -> Result<(Self, Recovered), StoreError> {
        std::fs::create_dir_all(dir).map_err(|error| StoreError::from_io(dir, error))?;
        let lock = Self::lock(dir)?;
        let path = dir.join(DATABASE_FILE);
        let conn = connect_writable(&path)?;
        // Before anything is changed: the file may be another program's.
        schema::check(&conn, &path)?;
        set_up(&conn).map_err(|error| StoreError::from_sqlite(&path, error))?;
        schema::migrate(&conn, &path)?;
        let has_secrets = conn
            .query_row("SELECT EXISTS (SELECT 1 FROM secret)", [], |row| row.get(0))
            .map_err(|error| StoreError::from_sqlite(&path, error))?;
        let key = BoxKey::load_or_make(&dir.join(BOX_KEY_FILE), has_secrets)?;
        let reader = Reader::of(conn, path);
        let (head, last) = recover::find_head(&reader, wall)?;
        let mut store = Self {
            reader,
            head,
            folds: BTreeMap::new(),
            ended: VecDeque::new(),
            key,
            _lock: lock,
        };
        let recovered = recover::recover(&mut store, last, wall, trust)?;
        Ok((store, recovered))
    }

    /// Runs `work` as one transaction: all of it is on the disk when this returns `Ok`, nothing
    /// of it after an error. Inside another one it is simply a part of that.
    ///
    /// # Errors
    /// Those of `work`, and those of the commit.
    pub fn atomically<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if !self.reader.conn.is_autocommit() {
            return work(self);
        }
        self.run("BEGIN IMMEDIATE")?;
        let done = work(self).and_then(|value| self.run("COMMIT").map(|()| value));
        if done.is_err() && !self.reader.conn.is_autocommit() {
            // The first error is the one to report.
            let _ = self.run("ROLLBACK");
        }
        done
    }

    /// Marks the stop as orderly and brings the log file back into the database.
    ///
    /// # Errors
    /// As any write. The next start is right in any case, only slower.
    pub fn close(mut self) -> Result<(), StoreError> {
        let boot = signed(self.head.boot);
        self.execute("UPDATE boot SET closed = 1 WHERE id = ?1", [boot])?;
        self.reader
            .query("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// The sequence number that the next record must have.
    #[must_use]
    pub fn next_seq(&self) -> Seq {
        self.head.next_seq
    }

    /// Bounds the database to `pages` pages of 4 KiB, as a full disk would.
    ///
    /// # Errors
    /// As any write.
    pub fn limit_pages(&mut self, pages: u32) -> Result<(), StoreError> {
        self.reader
            .query(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
            .map(drop)
    }

    /// Takes the lock or says who has it.
    pub(crate) fn lock(dir: &Path) -> Result<Lock, StoreError> {
        let path = dir.join(LOCK_FILE);
        let fail = |error| StoreError::from_io(&path, error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = file.take(16).read_to_string(&mut pid);
                let pid = if pid.trim().is_empty() {
                    "unknown".into()
                } else {
                    pid.trim().into()
                };
                return Err(StoreError::Locked { path, pid });
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(fail(error)),
        }
        // Only a courtesy to whoever finds it locked: the lock itself is the kernel's.
        file.set_len(0).map_err(fail)?;
        file.rewind().map_err(fail)?;
        write!(file, "{}", std::process::id()).map_err(fail)?;
        Ok(Lock(file))
    }

    pub(crate) fn run(&mut self, sql: &str) -> Result<(), StoreError> {
        self.execute(sql, []).map(drop)
    }

    /// One cached statement; the number of rows changed.
    pub(crate) fn execute(
        &mut self,
        sql: &str,
        values: impl rusqlite::Params,
    ) -> Result<usize, StoreError> {
        let mut statement = self.reader.prepare(sql)?;
        statement
            .execute(values)
            .map_err(|error| self.reader.fail(error))
    }

    /// The same statement for each of `all`.
    pub(crate) fn execute_each(
        &mut self,
        sql: &str,
        all: impl Iterator<Item = impl rusqlite::Params>,
    ) -> Result<(), StoreError> {
        let mut statement = self.reader.prepare(sql)?;
        for values in all {
            statement
                .execute(values)
                .map_err(|error| self.reader.fail(error))?;
        }
        Ok(())
    }
}

/// The lock of [`LOCK_FILE`], held.
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Not left to closing: a process that is being started at this moment has a copy of every
        // open file until it runs its own program.
        let _ = self.0.unlock();
    }
}

fn connect_writable(path: &PathBuf) -> Result<Connection, StoreError> {
    let fail = |error| StoreError::from_sqlite(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // Made by us first so that its mode is 0600: names and numbers are in it.
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| StoreError::from_io(path, error))?;
    let conn = Connection::open_with_flags(path, flags).map_err(fail)?;
    conn.set_prepared_statement_cache_capacity(64);
    conn.busy_timeout(std::time::Duration::from_secs(2))
        .map_err(fail)?;
    Ok(conn)
}

fn set_up(conn: &Connection) -> rusqlite::Result<()> {
    // FULL: a commit is on the disk when it returns. cell_size_check finds damage where it is read.
    // Half a MiB of pages in memory: a commit writes at the ends of a few tables, as ids grow.
    conn.execute_batch(
        "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -512; PRAGMA cell_size_check = ON;
         PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;
         PRAGMA journal_size_limit = 16777216;",
    )
}

//! The database open for reading: the panel's threads and the CLI each have their own.

use std::path::{Path, PathBuf};

use model::{
    Binding, CallId, EntryId, LifelineTest, LineBalance, Party, PartyId, Seq, ToneSignature,
};
use rusqlite::{CachedStatement, Connection, OpenFlags, OptionalExtension as _, Row};
use serde::de::DeserializeOwned;

use crate::{
    CallView, Cdr, LiveView, StoreError, StoredRecord,
    encode::{LedgerRow, call_key, party_key, signed},
    ledger::{LIFELINE, LINE_BALANCE, LINE_TONES, MESSAGES},
    schema,
    store::DATABASE_FILE,
};

/// Longest answer of one listing, in rows: what asks for more must page.
pub const ROWS_MAX: usize = 10_000;

/// Reads a store that this or another process may be writing. It never waits for the writer and
/// the writer never for it.
pub struct Reader {
    pub(crate) conn: Connection,
    pub(crate) path: PathBuf,
}

impl Reader {
    /// Opens the store in `dir` for reading only.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`] when there is no store or it may not be read, `NotOurs`, `Newer`,
    /// `Damaged`.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_file(&dir.join(DATABASE_FILE))
    }

    /// Opens a database file by its own name: a backup.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_file(path: &Path) -> Result<Self, StoreError> {
        let fail = |error| StoreError::from_sqlite(path, error);
        std::fs::metadata(path).map_err(|error| StoreError::from_io(path, error))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags).map_err(fail)?;
        conn.set_prepared_statement_cache_capacity(32);
        conn.busy_timeout(std::time::Duration::from_secs(2))
            .map_err(fail)?;
        conn.execute_batch(
            "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -1024; PRAGMA cell_size_check = ON;
             PRAGMA trusted_schema = OFF;",
        )
        .map_err(fail)?;
        if schema::check(&conn, path)? == 0 {
            return Err(StoreError::NotOurs { path: path.into() });
        }
        Ok(Self::of(conn, path.into()))
    }

    pub(crate) fn of(conn: Connection, path: PathBuf) -> Self {
        Self { conn, path }
    }

    /// The newest calls, newest first: at most `limit` (and [`ROWS_MAX`]) that began before the
    /// record `before`; all when that is none. Page by the last one's `first_seq`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] and other failures to read.
    pub fn calls(&self, limit: usize, before: Option<Seq>) -> Result<Vec<Cdr>, StoreError> {
        let before = before.map_or(i64::MAX, |seq| signed(seq.0));
        let limit = signed(limit.min(ROWS_MAX) as u64);
        let sql = "SELECT first_seq, body FROM cdr WHERE first_seq < ?1
                   ORDER BY first_seq DESC LIMIT ?2";
        self.query(sql, [before, limit], text_row)?
            .into_iter()
            .map(cdr_of)
            .collect()
    }

    /// The record of one call.
    ///
    /// # Errors
    /// As [`Self::calls`].
    pub fn cdr(&self, call: CallId) -> Result<Option<Cdr>, StoreError> {
        let sql = "SELECT first_seq, body FROM cdr WHERE call = ?1";
        self.one(sql, [call_key(call)], text_row)?
            .map(cdr_of)
            .transpose()
    }

    /// Every event of one call, in order; empty when the call is unknown or its segment dropped.
    ///
    /// # Errors
    /// As [`Self::calls`], and [`StoreError::Unreadable`].
    pub fn call_records(&self, call: CallId) -> Result<Vec<StoredRecord>, StoreError> {
        let sql = "SELECT first_seq, last_seq FROM cdr WHERE call = ?1";
        let range = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let Some((first, last)) = self.one::<(i64, i64)>(sql, [call_key(call)], range)? else {
            return Ok(Vec::new());
        };
        let sql = "SELECT seq, boot, mono, wall, trust, call, leg, rule, body FROM ledger
                   WHERE seq BETWEEN ?1 AND ?2 AND call = ?3 ORDER BY seq";
        let key = call_key(call);
        self.query(sql, (first, last, key), LedgerRow::read)?
            .into_iter()
            .map(LedgerRow::decode)
            .collect()
    }

    /// Everything about one call.
    ///
    /// # Errors
    /// As [`Self::call_records`].
    pub fn call(&self, call: CallId) -> Result<Option<CallView>, StoreError> {
        let mut view: Option<CallView> = None;
        for stored in self.call_records(call)? {
            match &mut view {
                Some(view) => view.apply(&stored.record),
                None => view = CallView::begin(&stored.record),
            }
        }
        // The CDR knows corrections of the clock, which are no events of the call.
        if let (Some(view), Some(cdr)) = (&mut view, self.cdr(call)?) {
            view.set_cdr(cdr);
        }
        Ok(view)
    }

    /// Records from `from` on, in order, at most `limit` (and [`ROWS_MAX`]).
    ///
    /// # Errors
    /// As [`Self::call_records`].
    pub fn records(&self, from: Seq, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        let sql = "SELECT seq, boot, mono, wall, trust, call, leg, rule, body FROM ledger
                   WHERE seq >= ?1 ORDER BY seq LIMIT ?2";
        let limit = signed(limit.min(ROWS_MAX) as u64);
        self.query(sql, [signed(from.0), limit], LedgerRow::read)?
            .into_iter()
            .map(LedgerRow::decode)
            .collect()
    }

    /// The last record's number, 0 when there is none.
    ///
    /// # Errors
    /// As [`Self::calls`].
    pub fn last_seq(&self) -> Result<Seq, StoreError> {
        let sql = "SELECT coalesce(max(seq), 0) FROM ledger";
        let last = self.one(sql, [], |row| row.get(0))?.unwrap_or(0);
        Ok(Seq(crate::encode::unsigned(last)))
    }

    /// The people's data behind `id`; none when it was erased, dropped or never came.
    ///
    /// # Errors
    /// As [`Self::calls`].
    pub fn party(&self, id: PartyId) -> Result<Option<Party>, StoreError> {
        let sql = "SELECT number, name FROM party WHERE id = ?1 AND erased = 0";
        self.one(sql, [party_key(id)], |row| {
            Ok(Party {
                number: row.get(0)?,
                name: row.get(1)?,
            })
        })
    }

    /// The registrations as last written (a refresh lags by up to a minute).
    ///
    /// # Errors
    /// As [`Self::calls`].
    pub fn bindings(&self) -> Result<Vec<Binding>, StoreError> {
        let sql = "SELECT 0, body FROM binding ORDER BY owner, key";
        let rows = self.query(sql, [], text_row)?;
        let read = |(_, body): (i64, String)| serde_json::from_str(&body);
        rows.into_iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(|error| self.damaged(&error))
    }

    /// Devices that are offered MD5 first.
    ///
    /// # Errors
    /// As [`Self::calls`].
    pub fn digest_md5(&self) -> Result<Vec<EntryId>, StoreError> {
        let rows = self.query("SELECT owner FROM digest_md5", [], |row| {
            row.get::<_, String>(0)
        })?;
        let read = |owner: String| EntryId::new(&owner);
        rows.into_iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(|error| self.damaged(&error))
    }

    /// The tones by which the hang-ups of outside lines are known.
    ///
    /// # Errors
    /// As [`Self::calls`].
    pub fn line_tones(&self) -> Result<Vec<(EntryId, Vec<ToneSignature>)>, StoreError> {
        self.of_lines(LINE_TONES)
    }

    /// The impedances that balance outside lines.
    ///
    /// # Errors
    /// As [`Self::calls`].
    pub fn line_balance(&self) -> Result<Vec<(EntryId, LineBalance)>, StoreError> {
        self.of_lines(LINE_BALANCE)
    }

    /// What tests of the lifelines of outside lines found.
    ///
    /// # Errors
    /// As [`Self::calls`].
    pub fn lifelines(&self) -> Result<Vec<(EntryId, LifelineTest)>, StoreError> {
        self.of_lines(LIFELINE)
    }

    /// What was found out about lines, under keys that begin with `prefix`.
    fn of_lines<T: DeserializeOwned>(&self, prefix: &str) -> Result<Vec<(EntryId, T)>, StoreError> {
        let sql = "SELECT key, value FROM memo WHERE key LIKE ?1 || '%' ORDER BY key";
        let rows = self.query(sql, [prefix], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
        let read = |(key, body): (String, Vec<u8>)| {
            let line = EntryId::new(key.strip_prefix(prefix).unwrap_or_default());
            Some((line.ok()?, serde_json::from_slice(&body).ok()?))
        };
        // What cannot be read is found out again.
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// How many messages wait, by set.
    ///
    /// # Errors
    /// As [`Self::calls`].
    pub fn messages(&self) -> Result<Vec<(EntryId, u8)>, StoreError> {
        let sql = "SELECT key, value FROM memo WHERE key LIKE 'messages/%' ORDER BY key";
        let rows = self.query(sql, [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
        let read = |(key, body): (String, Vec<u8>)| {
            let set = EntryId::new(key.strip_prefix(MESSAGES).unwrap_or_default());
            Some((set.ok()?, *body.first()?))
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// Registrations and calls in progress, from state and the ledger; keep it current with
    /// [`LiveView::apply`] for the records after [`LiveView::seq`].
    ///
    /// # Errors
    /// As [`Self::call_records`].
    pub fn live(&self) -> Result<LiveView, StoreError> {
        // One read transaction, so that state, CDRs and ledger are of the same moment.
        let _moment = self
            .conn
            .unchecked_transaction()
            .map_err(|error| self.fail(error))?;
        let mut live = LiveView::new(self.last_seq()?, &self.bindings()?);
        for call in self.open_calls()? {
            for stored in self.call_records(call)? {
                live.apply_past(&stored.record, &|id| self.party(id).ok().flatten());
            }
        }
        Ok(live)
    }

    /// A small value by its name.
    ///
    /// # Errors
    /// As [`Self::calls`].
    pub fn memo(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.one("SELECT value FROM memo WHERE key = ?1", [key], |row| {
            row.get(0)
        })
    }

    /// Calls without an end, in the order they began.
    pub(crate) fn open_calls(&self) -> Result<Vec<CallId>, StoreError> {
        let sql = "SELECT call FROM cdr WHERE open = 1 AND first_seq >=
                   (SELECT open_from FROM boot ORDER BY id DESC LIMIT 1) ORDER BY first_seq";
        let keys = self.query(sql, [], |row| row.get::<_, [u8; 16]>(0))?;
        Ok(keys
            .into_iter()
            .map(|key| CallId(u128::from_be_bytes(key)))
            .collect())
    }

    pub(crate) fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        self.conn
            .prepare_cached(sql)
            .map_err(|error| self.fail(error))
    }

    /// All rows of a query.
    pub(crate) fn query<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.prepare(sql)?;
        let rows = statement
            .query_map(values, read)
            .map_err(|error| self.fail(error))?;
        rows.collect::<Result<_, _>>()
            .map_err(|error| self.fail(error))
    }

    /// The first row of a query.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.prepare(sql)?;
        statement
            .query_row(values, read)
            .optional()
            .map_err(|error| self.fail(error))
    }

    pub(crate) fn fail(&self, error: rusqlite::Error) -> StoreError {
        StoreError::from_sqlite(&self.path, error)
    }

    pub(crate) fn damaged(&self, detail: &dyn std::fmt::Display) -> StoreError {
        StoreError::Damaged {
            path: self.path.clone(),
            detail: detail.to_string(),
        }
    }
}

fn text_row(row: &Row<'_>) -> rusqlite::Result<(i64, String)> {
    Ok((row.get(0)?, row.get(1)?))
}

fn cdr_of((seq, body): (i64, String)) -> Result<Cdr, StoreError> {
    serde_json::from_str(&body).map_err(|error| StoreError::Unreadable {
        seq: Seq(crate::encode::unsigned(seq)),
        detail: format!("call detail: {error}"),
    })
}

//! The format of the database: one file a migration, applied in order, each in one transaction.

use std::path::Path;

use rusqlite::Connection;

use crate::StoreError;

/// "Cntr": the mark of our databases in SQLite's header.
pub(crate) const APPLICATION_ID: i32 = 0x436e_7472;

/// Migration `n` leads from format `n` to format `n + 1`.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_open_from.sql"),
    include_str!("migrations/0003_recording.sql"),
    include_str!("migrations/0004_track_order.sql"),
    include_str!("migrations/0005_pause.sql"),
    include_str!("migrations/0006_line_sample.sql"),
    include_str!("migrations/0007_line_evidence.sql"),
    include_str!("migrations/0008_line_hour.sql"),
    include_str!("migrations/0009_shared_track.sql"),
];

/// The newest format that this program knows.
pub(crate) const KNOWN: u32 = 9;
const _: () = assert!(MIGRATIONS.len() == KNOWN as usize);

/// Makes the database this program's, whatever older format it has.
pub(crate) fn migrate(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let fail = |error| StoreError::from_sqlite(path, error);
    let found = check(conn, path)?;
    for (at, sql) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let script = format!(
            "BEGIN IMMEDIATE; {sql}; PRAGMA application_id = {APPLICATION_ID};
             PRAGMA user_version = {}; COMMIT;",
            at + 1
        );
        if let Err(error) = conn.execute_batch(&script) {
            // Already rolled back when the error was a full disk; a second time does no harm.
            let _ = conn.execute_batch("ROLLBACK");
            return Err(fail(error));
        }
    }
    Ok(())
}

/// The format of an existing database, 0 for an empty one; refuses those that are not ours or
/// are newer than we.
pub(crate) fn check(conn: &Connection, path: &Path) -> Result<u32, StoreError> {
    let fail = |error| StoreError::from_sqlite(path, error);
    let number = |name: &str| conn.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0));
    let found: u32 = number("user_version").map_err(fail)?;
    let owner: u32 = number("application_id").map_err(fail)?;
    let tables: u32 = conn
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(fail)?;
    if owner != APPLICATION_ID.cast_unsigned() && (owner != 0 || tables != 0) {
        return Err(StoreError::NotOurs { path: path.into() });
    }
    if found > KNOWN {
        return Err(StoreError::Newer {
            path: path.into(),
            found,
            known: KNOWN,
        });
    }
    Ok(found)
}

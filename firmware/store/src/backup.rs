//! Copies of the whole store in one file, and the way back.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, backup::Backup};

use crate::{
    BOX_KEY_FILE, DATABASE_FILE, Reader, Store, StoreError, VerifyReport, attached, verify,
};

/// Pages copied at once; between two steps the writer may write.
const STEP_PAGES: i32 = 256;

/// Whether recordings go into a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recordings {
    /// All that are finished.
    Copied,
    /// None: the list of them stays, without sound.
    LeftOut,
}

/// Copies the store in `dir` into the new file `to`, with the music and, if wanted, the recordings, also
/// while the exchange runs. The box key is
/// put into the copy, so that it can be restored on another box: whoever has the file has the
/// secrets, and its mode is 0600.
///
/// # Errors
/// [`StoreError::Io`] when `to` exists, [`StoreError::Full`], `ReadOnly`, `BoxKeyMissing`, and
/// failures to read. No half-made file is left behind.
pub fn backup(dir: &Path, to: &Path, recordings: Recordings) -> Result<(), StoreError> {
    let reader = Reader::open(dir)?;
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    drop(
        options
            .open(to)
            .map_err(|error| StoreError::from_io(to, error))?,
    );
    let folders: &[&str] = match recordings {
        Recordings::Copied => &[attached::SOUNDS_FOLDER, attached::RECORDINGS_FOLDER],
        Recordings::LeftOut => &[attached::SOUNDS_FOLDER],
    };
    let done = copy(&reader.conn, to).and_then(|copy| {
        put_key(&copy, dir, to)?;
        attached::put(&copy, dir, folders, to)
    });
    if done.is_err() {
        // The error is worth more than the attempt to tidy up.
        let _ = std::fs::remove_file(to);
    }
    done
}

fn copy(from: &Connection, to: &Path) -> Result<Connection, StoreError> {
    let fail = |error| StoreError::from_sqlite(to, error);
    let mut copy = Connection::open(to).map_err(fail)?;
    let backup = Backup::new(from, &mut copy).map_err(fail)?;
    backup
        .run_to_completion(STEP_PAGES, Duration::ZERO, None)
        .map_err(fail)?;
    drop(backup);
    // One file, nothing beside it.
    copy.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))
        .map_err(fail)?;
    Ok(copy)
}

fn put_key(copy: &Connection, dir: &Path, to: &Path) -> Result<(), StoreError> {
    let path = dir.join(BOX_KEY_FILE);
    let key = match std::fs::read(&path) {
        Ok(key) => key,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(StoreError::BoxKeyMissing { path });
        }
        Err(error) => return Err(StoreError::from_io(&path, error)),
    };
    copy.execute(
        "INSERT OR REPLACE INTO memo (key, value) VALUES ('box key', ?1)",
        [key],
    )
    .map(drop)
    .map_err(|error| StoreError::from_sqlite(to, error))
}

/// Puts a backup in place of the store in `dir`, and its files beside it. The store that was there is
/// kept with the ending `.before-restore`; sounds and recordings that are only there stay.
///
/// # Errors
/// [`StoreError::Damaged`] when the backup is not sound, [`StoreError::Locked`] while the exchange
/// runs, and failures to write. The store that was there stays until the last step.
pub fn restore(file: &Path, dir: &Path) -> Result<VerifyReport, StoreError> {
    let report = verify(file)?;
    if let Some(fault) = report.faults.first() {
        return Err(StoreError::Damaged {
            path: file.into(),
            detail: fault.to_string(),
        });
    }
    let key = Reader::open_file(file)?
        .memo("box key")?
        .ok_or_else(|| StoreError::BoxKeyMissing { path: file.into() })?;
    std::fs::create_dir_all(dir).map_err(|error| StoreError::from_io(dir, error))?;
    let _lock = Store::lock(dir)?;
    let fresh = dir.join(format!("{DATABASE_FILE}.restoring"));
    let _ = std::fs::remove_file(&fresh);
    let copy = copy(&Reader::open_file(file)?.conn, &fresh)?;
    attached::unpack(&copy, file, dir)?;
    copy.execute("DELETE FROM memo WHERE key = 'box key'", [])
        .and_then(|_| attached::strip(&copy))
        .map_err(|error| StoreError::from_sqlite(&fresh, error))?;
    drop(copy);
    for name in [
        DATABASE_FILE.to_owned(),
        format!("{DATABASE_FILE}-wal"),
        BOX_KEY_FILE.to_owned(),
    ] {
        put_aside(&dir.join(name))?;
    }
    let _ = std::fs::remove_file(dir.join(format!("{DATABASE_FILE}-shm")));
    write_key(&dir.join(BOX_KEY_FILE), &key)?;
    let place = dir.join(DATABASE_FILE);
    let fail = |error| StoreError::from_io(&place, error);
    File::open(&fresh)
        .and_then(|file| file.sync_all())
        .map_err(fail)?;
    std::fs::rename(&fresh, &place).map_err(fail)?;
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(fail)?;
    Ok(report)
}

fn put_aside(path: &Path) -> Result<(), StoreError> {
    let aside = PathBuf::from(format!("{}.before-restore", path.display()));
    match std::fs::rename(path, aside) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::from_io(path, error)),
    }
}

fn write_key(path: &Path, key: &[u8]) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    options
        .open(path)
        .and_then(|mut file| file.write_all(key).and_then(|()| file.sync_all()))
        .map_err(|error| StoreError::from_io(path, error))
}

//! Files beside the database in a copy: recordings and sounds, in pieces with a checksum each file.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Component, Path, PathBuf},
};

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

use crate::{StoreError, encode::signed};

/// Bytes of a piece: what is in memory at once, however long a recording is.
const PIECE: usize = 1 << 20;
/// Files that are not finished, or that only a running recorder can read.
const UNFINISHED: &str = "part";
const LIVE_FOLDER: &str = "segments";
const SCHEMA: &str = "
    CREATE TABLE kept_file (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL,
        sha256 BLOB NOT NULL) STRICT;
    CREATE TABLE kept_piece (id INTEGER PRIMARY KEY, file INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
    CREATE INDEX kept_piece_file ON kept_piece (file);";

/// Where the sounds that people brought are, inside the data folder.
pub const SOUNDS_FOLDER: &str = "sounds";
/// Where recordings are, inside the data folder.
pub const RECORDINGS_FOLDER: &str = "recordings";

/// Puts the files of these folders of `dir` into the copy at `to`. A file that goes away meanwhile is
/// left out.
pub(crate) fn put(
    copy: &Connection,
    dir: &Path,
    folders: &[&str],
    to: &Path,
) -> Result<(), StoreError> {
    let fail = |error| StoreError::from_sqlite(to, error);
    copy.execute_batch(SCHEMA).map_err(fail)?;
    for folder in folders {
        let mut paths = Vec::new();
        walk(&dir.join(folder), &mut paths)?;
        paths.sort();
        for path in paths {
            let name = path
                .strip_prefix(dir)
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            copy.execute_batch("BEGIN").map_err(fail)?;
            let done = put_one(copy, &path, &name, to)?;
            let end = if done { "COMMIT" } else { "ROLLBACK" };
            copy.execute_batch(end).map_err(fail)?;
        }
    }
    Ok(())
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), StoreError> {
    let fail = |error| StoreError::from_io(folder, error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(fail)?,
    };
    for entry in entries {
        let entry = entry.map_err(fail)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(fail)?);
        if kind.is_dir() && entry.file_name() != LIVE_FOLDER {
            walk(&path, found)?;
        } else if kind.is_file() && path.extension().is_none_or(|ending| ending != UNFINISHED) {
            found.push(path);
        }
    }
    Ok(())
}

/// One file; `false` if it is not there any more.
fn put_one(copy: &Connection, path: &Path, name: &str, to: &Path) -> Result<bool, StoreError> {
    let fail = |error| StoreError::from_sqlite(to, error);
    let broken = |error| StoreError::from_io(path, error);
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        file => file.map_err(broken)?,
    };
    copy.execute(
        "INSERT INTO kept_file (path, bytes, sha256) VALUES (?1, 0, x'')",
        [name],
    )
    .map_err(fail)?;
    let id = copy.last_insert_rowid();
    let (mut sha, mut bytes) = (Sha256::new(), 0_u64);
    loop {
        let mut piece = Vec::new();
        let came = (&mut file)
            .take(PIECE as u64)
            .read_to_end(&mut piece)
            .map_err(broken)?;
        if came == 0 {
            break;
        }
        sha.update(&piece);
        bytes += came as u64;
        copy.execute(
            "INSERT INTO kept_piece (file, data) VALUES (?1, ?2)",
            (id, piece),
        )
        .map_err(fail)?;
    }
    let digest = sha.finalize().to_vec();
    let sql = "UPDATE kept_file SET bytes = ?2, sha256 = ?3 WHERE id = ?1";
    copy.execute(sql, (id, signed(bytes), digest))
        .map_err(fail)?;
    Ok(true)
}

/// A file of a copy.
struct Kept {
    id: i64,
    path: String,
    sha256: Vec<u8>,
}

/// Whether it is a copy with files at all.
fn has_files(copy: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'kept_file'";
    copy.query_row(sql, [], |row| Ok(row.get::<_, i64>(0)? > 0))
}

fn kept(copy: &Connection) -> rusqlite::Result<Vec<Kept>> {
    if !has_files(copy)? {
        return Ok(Vec::new());
    }
    let mut statement = copy.prepare("SELECT id, path, sha256 FROM kept_file ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok(Kept {
            id: row.get(0)?,
            path: row.get(1)?,
            sha256: row.get(2)?,
        })
    })?;
    rows.collect()
}

/// Gives the pieces of a file in their order; whether they are those that were put in.
fn pieces(
    copy: &Connection,
    file: &Kept,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> rusqlite::Result<io::Result<bool>> {
    let mut sha = Sha256::new();
    let mut statement = copy.prepare("SELECT data FROM kept_piece WHERE file = ?1 ORDER BY id")?;
    let mut rows = statement.query([file.id])?;
    while let Some(row) = rows.next()? {
        let data = row.get_ref(0)?.as_blob()?;
        sha.update(data);
        if let Err(error) = take(data) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(sha.finalize().as_slice() == file.sha256))
}

/// Files of a copy that are not as they were put in, or that have no place in a data folder.
pub(crate) fn altered(copy: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut found = Vec::new();
    for file in kept(copy)? {
        let whole = pieces(copy, &file, |_| Ok(()))?.unwrap_or(false);
        if !whole || place(Path::new(""), &file.path).is_none() {
            found.push(file.path);
        }
    }
    Ok(found)
}

/// Where a file of a copy belongs; only below the two folders.
fn place(dir: &Path, path: &str) -> Option<PathBuf> {
    let parts: Vec<Component<'_>> = Path::new(path).components().collect();
    let first = parts.first()?.as_os_str();
    let known = first == SOUNDS_FOLDER || first == RECORDINGS_FOLDER;
    let plain = parts
        .iter()
        .all(|part| matches!(part, Component::Normal(_)));
    (known && plain && parts.len() > 1).then(|| dir.join(path))
}

/// Puts the files of a copy into `dir`, each whole or not at all; others that are there stay.
pub(crate) fn unpack(copy: &Connection, from: &Path, dir: &Path) -> Result<(), StoreError> {
    let fail = |error| StoreError::from_sqlite(from, error);
    for file in kept(copy).map_err(fail)? {
        let damaged = || StoreError::Damaged {
            path: from.into(),
            detail: format!("{} is not as it was", file.path),
        };
        let path = place(dir, &file.path).ok_or_else(damaged)?;
        let broken = |error| StoreError::from_io(&path, error);
        let folder = path.parent().unwrap_or(dir);
        fs::create_dir_all(folder).map_err(broken)?;
        let fresh = path.with_extension(UNFINISHED);
        let mut out = File::create(&fresh).map_err(broken)?;
        let whole = pieces(copy, &file, |data| out.write_all(data)).map_err(fail)?;
        if !whole.map_err(broken)? {
            let _ = fs::remove_file(&fresh);
            return Err(damaged());
        }
        out.sync_all().map_err(broken)?;
        fs::rename(&fresh, &path).map_err(broken)?;
    }
    Ok(())
}

/// Takes the files out of a restored database again.
pub(crate) fn strip(copy: &Connection) -> rusqlite::Result<()> {
    if has_files(copy)? {
        copy.execute_batch("DROP TABLE kept_piece; DROP TABLE kept_file; VACUUM;")?;
    }
    Ok(())
}

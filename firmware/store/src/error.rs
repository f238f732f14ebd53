//! What can go wrong with the box's memory, said so that a person knows what to do.

use std::{io, path::PathBuf};

use model::Seq;
use rusqlite::ErrorCode;

/// Why the store did not do what was asked. Nothing was changed when one of these comes back.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the store open for writing.
    #[error("{} is in use by another process (pid {pid}): talk to the running service or stop it first", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// Who wrote it, as far as known.
        pid: String,
    },
    /// The folder, file or disk cannot be written.
    #[error("{} cannot be written: the disk is mounted read-only or the rights are missing", path.display())]
    ReadOnly {
        /// The file or folder.
        path: PathBuf,
    },
    /// No space is left.
    #[error("the disk that holds {} is full: make room there", path.display())]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// Bytes on the disk are not what was written there.
    #[error("{} is damaged ({detail}): look with `centralka verify`, then `centralka restore` a backup", path.display())]
    Damaged {
        /// The damaged file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The file is a database of another program.
    #[error("{} is not a store of Centralka", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// A newer Centralka wrote this store.
    #[error("{} has format {found}, this program knows formats up to {known}: start the newer program or restore a backup", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format found.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// There are secrets and the key to read them is gone.
    #[error("{} is missing and the store holds secrets sealed with it: put it back from a backup", path.display())]
    BoxKeyMissing {
        /// Where the key is expected.
        path: PathBuf,
    },
    /// The key is not the one the secrets were sealed with, or a sealed secret was changed.
    #[error(
        "secret {id} does not open with the box key: restore key and store from the same backup"
    )]
    Sealed {
        /// The secret's id.
        id: String,
    },
    /// The key file is no key.
    #[error("{} is no box key: it must hold exactly 32 bytes", path.display())]
    BoxKeyBad {
        /// The key file.
        path: PathBuf,
    },
    /// A save names a base version that is not the newest one.
    #[error("the configuration has moved on to version {newest}")]
    ConfigMoved {
        /// The newest version.
        newest: u64,
    },
    /// A text, name or value is longer than its limit.
    #[error("{what} is longer than {max} bytes")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// The limit in bytes.
        max: usize,
    },
    /// A row of the ledger cannot be read: damage, or a newer program wrote it.
    #[error("ledger record {seq} cannot be read: {detail}")]
    Unreadable {
        /// The record.
        seq: Seq,
        /// What is wrong with it.
        detail: String,
    },
    /// Too much waits for the disk already.
    #[error("too many saves wait for the disk: try again")]
    Busy,
    /// The writer thread has ended.
    #[error("the writer has stopped")]
    WriterGone,
    /// An input or output error with none of the meanings above.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// An SQLite error with none of the meanings above: our own fault.
    #[error("database: {0}")]
    Sqlite(rusqlite::Error),
}

impl StoreError {
    /// Gives an SQLite error its meaning.
    #[must_use]
    pub(crate) fn from_sqlite(path: &std::path::Path, error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(failure, text) = &error else {
            return Self::Sqlite(error);
        };
        let path = path.to_path_buf();
        // SQLite answers CANTOPEN, not READONLY, when it may not make its -wal file.
        match failure.code {
            ErrorCode::DiskFull => Self::Full { path },
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
                Self::ReadOnly { path }
            }
            ErrorCode::DatabaseCorrupt => Self::Damaged {
                path,
                detail: text.clone().unwrap_or_else(|| failure.to_string()),
            },
            ErrorCode::NotADatabase => Self::Damaged {
                path,
                detail: "its header is not that of a database".into(),
            },
            _ => Self::Sqlite(error),
        }
    }

    /// Gives an error of the file system its meaning.
    #[must_use]
    pub(crate) fn from_io(path: &std::path::Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                Self::ReadOnly { path }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path },
            _ => Self::Io { path, source },
        }
    }

    /// Whether trying the same again later can help (full or read-only disk, bad sector, busy).
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Full { .. }
            | Self::ReadOnly { .. }
            | Self::Io { .. }
            | Self::Damaged { .. }
            | Self::Busy => true,
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(
                    ErrorCode::DatabaseBusy
                        | ErrorCode::DatabaseLocked
                        | ErrorCode::SystemIoFailure
                        | ErrorCode::OutOfMemory
                        | ErrorCode::OperationInterrupted
                        | ErrorCode::FileLockingProtocolFailed
                )
            ),
            Self::Locked { .. }
            | Self::NotOurs { .. }
            | Self::Newer { .. }
            | Self::BoxKeyMissing { .. }
            | Self::Sealed { .. }
            | Self::BoxKeyBad { .. }
            | Self::ConfigMoved { .. }
            | Self::TooLong { .. }
            | Self::Unreadable { .. }
            | Self::WriterGone => false,
        }
    }
}

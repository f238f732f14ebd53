//! Versions of the configuration text. What the text means is the `config` crate's business: here
//! it is a text with an author, a reason and a hash.

use model::{Wall, limits::CONFIG_TEXT_MAX};
use rusqlite::Row;
use sha2::{Digest as _, Sha256};

use crate::{
    Reader, Store, StoreError,
    encode::{signed, unsigned},
};

/// Bytes kept of an author or a reason.
const NOTE_MAX: usize = 1_000;

/// One save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigVersion {
    /// Counted from 1.
    pub version: u64,
    /// When it was saved.
    pub wall: Wall,
    /// Who saved it: the id of a person, `cli`, `import`.
    pub author: String,
    /// Why, in the author's words; may be empty.
    pub reason: String,
    /// SHA-256 of the text.
    pub hash: [u8; 32],
    /// The whole text; empty in listings.
    pub text: String,
}

/// A text to be saved.
#[derive(Clone, Copy, Debug)]
pub struct ConfigSave<'a> {
    /// The version the author started from; `None` saves on top of whatever is newest.
    pub base: Option<u64>,
    /// See [`ConfigVersion::author`].
    pub author: &'a str,
    /// See [`ConfigVersion::reason`].
    pub reason: &'a str,
    /// The whole text, at most `limits::CONFIG_TEXT_MAX` bytes.
    pub text: &'a str,
    /// When.
    pub wall: Wall,
}

impl Store {
    /// Saves a version; returns its number. Durable when this returns, or with the transaction
    /// around it. A text equal to the newest one makes no new version.
    ///
    /// # Errors
    /// [`StoreError::ConfigMoved`] when `base` is not the newest version, [`StoreError::TooLong`],
    /// and as any write.
    pub fn save_config(&mut self, save: ConfigSave<'_>) -> Result<u64, StoreError> {
        for (what, text, max) in [
            ("the configuration", save.text, CONFIG_TEXT_MAX),
            ("the author", save.author, NOTE_MAX),
            ("the reason", save.reason, NOTE_MAX),
        ] {
            if text.len() > max {
                return Err(StoreError::TooLong { what, max });
            }
        }
        let hash: [u8; 32] = Sha256::digest(save.text.as_bytes()).into();
        self.atomically(|store| {
            let newest = store.newest_config()?;
            let version = newest.as_ref().map_or(0, |newest| newest.version);
            if save.base.is_some_and(|base| base != version) {
                return Err(StoreError::ConfigMoved { newest: version });
            }
            if newest.is_some_and(|newest| newest.hash == hash) {
                return Ok(version);
            }
            let version = version.saturating_add(1);
            store.execute(
                "INSERT INTO config (version, wall, author, reason, hash, text)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (
                    signed(version),
                    save.wall.0,
                    save.author,
                    save.reason,
                    hash,
                    save.text,
                ),
            )?;
            Ok(version)
        })
    }
}

impl Reader {
    /// The version in force, or the one to be put in force at start.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] also when the text is not the one that was saved.
    pub fn newest_config(&self) -> Result<Option<ConfigVersion>, StoreError> {
        let sql = "SELECT version, wall, author, reason, hash, text FROM config
                   ORDER BY version DESC LIMIT 1";
        self.whole(self.one(sql, [], read)?)
    }

    /// A version of the history.
    ///
    /// # Errors
    /// As [`Self::newest_config`].
    pub fn config(&self, version: u64) -> Result<Option<ConfigVersion>, StoreError> {
        let sql = "SELECT version, wall, author, reason, hash, text FROM config
                   WHERE version = ?1";
        self.whole(self.one(sql, [signed(version)], read)?)
    }

    /// The history, newest first, without the texts.
    ///
    /// # Errors
    /// As any reading.
    pub fn config_history(&self, limit: usize) -> Result<Vec<ConfigVersion>, StoreError> {
        let sql = "SELECT version, wall, author, reason, hash, '' FROM config
                   ORDER BY version DESC LIMIT ?1";
        self.query(sql, [signed(limit as u64)], read)
    }

    fn whole(&self, found: Option<ConfigVersion>) -> Result<Option<ConfigVersion>, StoreError> {
        if let Some(version) = &found {
            let hash: [u8; 32] = Sha256::digest(version.text.as_bytes()).into();
            if hash != version.hash {
                let what = format!("configuration version {} was altered", version.version);
                return Err(self.damaged(&what));
            }
        }
        Ok(found)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<ConfigVersion> {
    Ok(ConfigVersion {
        version: unsigned(row.get(0)?),
        wall: Wall(row.get(1)?),
        author: row.get(2)?,
        reason: row.get(3)?,
        hash: row.get(4)?,
        text: row.get(5)?,
    })
}

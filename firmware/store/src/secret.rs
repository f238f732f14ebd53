//! Secrets: passwords of phones and trunks, kept reversibly because digest authentication needs
//! them, sealed with the box key, versioned, referred to by id from the configuration text.

use core::fmt;

use model::Wall;

use crate::{
    Store, StoreError,
    encode::{signed, unsigned},
};

/// Bytes of one secret.
pub const SECRET_MAX: usize = 4_096;
/// Versions of one secret that are kept.
const VERSIONS_KEPT: u64 = 8;

/// An opened secret. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// The id that the configuration text names.
    pub id: String,
    /// Counted from 1 for each id.
    pub version: u64,
    /// The secret itself.
    pub value: Vec<u8>,
}

impl Secret {
    /// The value as text, for passwords.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        core::str::from_utf8(&self.value).ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("id", &self.id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Seals a new version of the secret `id`; returns its number. Older versions stay readable
    /// (the last eight), because an older configuration may be put back.
    ///
    /// # Errors
    /// [`StoreError::TooLong`], and as any write.
    pub fn put_secret(&mut self, id: &str, value: &[u8], wall: Wall) -> Result<u64, StoreError> {
        if value.len() > SECRET_MAX {
            return Err(StoreError::TooLong {
                what: "a secret",
                max: SECRET_MAX,
            });
        }
        self.atomically(|store| {
            let sql = "SELECT max(version) FROM secret WHERE id = ?1";
            let last: Option<i64> = store.one(sql, [id], |row| row.get(0))?.flatten();
            let version = last.map_or(0, unsigned).saturating_add(1);
            let sealed = store.key.seal(&store.path, id, version, value)?;
            store.execute(
                "INSERT INTO secret (id, version, wall, sealed) VALUES (?1, ?2, ?3, ?4)",
                (id, signed(version), wall.0, sealed),
            )?;
            let oldest = signed(version.saturating_sub(VERSIONS_KEPT));
            store.execute(
                "DELETE FROM secret WHERE id = ?1 AND version <= ?2",
                (id, oldest),
            )?;
            Ok(version)
        })
    }

    /// The newest version of the secret `id`.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when it does not open, and failures to read.
    pub fn secret(&self, id: &str) -> Result<Option<Secret>, StoreError> {
        let sql = "SELECT id, version, sealed FROM secret WHERE id = ?1
                   ORDER BY version DESC LIMIT 1";
        let row = self.one(sql, [id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        row.map(|row| self.open_secret(row)).transpose()
    }

    /// The newest version of every secret, by id: for a configuration that is to be applied.
    ///
    /// # Errors
    /// As [`Self::secret`].
    pub fn secrets(&self) -> Result<Vec<Secret>, StoreError> {
        let sql = "SELECT id, max(version), sealed FROM secret GROUP BY id ORDER BY id";
        let rows = self.query(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        rows.into_iter().map(|row| self.open_secret(row)).collect()
    }

    /// Forgets every version of the secret `id`. Unknown ids are no error.
    ///
    /// # Errors
    /// As any write.
    pub fn forget_secret(&mut self, id: &str) -> Result<(), StoreError> {
        self.execute("DELETE FROM secret WHERE id = ?1", [id])
            .map(drop)
    }

    fn open_secret(
        &self,
        (id, version, sealed): (String, i64, Vec<u8>),
    ) -> Result<Secret, StoreError> {
        let version = unsigned(version);
        let value = self.key.open(&id, version, &sealed)?;
        Ok(Secret { id, version, value })
    }
}

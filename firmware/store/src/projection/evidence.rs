//! The sound of hang-ups on lines, for whoever doubts that they were hang-ups.

use model::{CallId, LineEvidence, Seq, Wall, limits::LINE_EVIDENCE};
use rusqlite::{Row, params};

use crate::{
    Reader, Store, StoreError,
    encode::{call_key, signed, unsigned},
};

const COLUMNS: &str = "id, port, wall, call, sign, tone, false_one";

impl Store {
    /// Keeps the sound of a hang-up, and of each line the newest few only.
    pub(crate) fn put_evidence(
        &mut self,
        evidence: &LineEvidence,
        sound: &[u8],
    ) -> Result<(), StoreError> {
        let plain = "a sign and a tone are plain words and numbers";
        let sql = format!(
            "INSERT OR IGNORE INTO line_evidence ({COLUMNS}, sound)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        );
        let tone = evidence.tone.as_ref();
        self.execute(
            &sql,
            params![
                signed(evidence.id.0),
                evidence.port,
                evidence.at.0,
                evidence.call.map(call_key),
                serde_json::to_string(&evidence.sign).expect(plain),
                tone.map(|tone| serde_json::to_string(tone).expect(plain)),
                evidence.false_one,
                sound,
            ],
        )?;
        let sql = "DELETE FROM line_evidence WHERE port = ?1 AND id <=
                   (SELECT id FROM line_evidence WHERE port = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
        self.execute(sql, (&evidence.port, signed(LINE_EVIDENCE as u64)))
            .map(drop)
    }

    /// Marks a hang-up as none; what it was, if it is known and was not marked before.
    ///
    /// # Errors
    /// As any write.
    pub fn mark_false(&mut self, id: Seq) -> Result<Option<LineEvidence>, StoreError> {
        self.atomically(|store| {
            let Some(known) = store.evidence(id)?.filter(|known| !known.false_one) else {
                return Ok(None);
            };
            let sql = "UPDATE line_evidence SET false_one = 1 WHERE id = ?1";
            store.execute(sql, [signed(id.0)])?;
            Ok(Some(known))
        })
    }
}

impl Reader {
    /// The hang-ups of a line whose sound is kept, newest first.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] and other failures to read.
    pub fn line_evidence(&self, port: &str) -> Result<Vec<LineEvidence>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM line_evidence WHERE port = ?1 ORDER BY id DESC");
        let rows = self.query(&sql, [port], row)?;
        // A sign that this program does not know is none that it could show.
        Ok(rows.into_iter().flatten().collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// As [`Self::line_evidence`].
    pub fn evidence(&self, id: Seq) -> Result<Option<LineEvidence>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM line_evidence WHERE id = ?1");
        Ok(self.one(&sql, [signed(id.0)], row)?.flatten())
    }

    /// Its sound: A-law of 8 kHz.
    ///
    /// # Errors
    /// As [`Self::line_evidence`].
    pub fn evidence_sound(&self, id: Seq) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT sound FROM line_evidence WHERE id = ?1";
        self.one(sql, [signed(id.0)], |row| row.get(0))
    }
}

fn row(row: &Row<'_>) -> rusqlite::Result<Option<LineEvidence>> {
    let (sign, tone): (String, Option<String>) = (row.get(4)?, row.get(5)?);
    let Ok(sign) = serde_json::from_str(&sign) else {
        return Ok(None);
    };
    let call: Option<[u8; 16]> = row.get(3)?;
    Ok(Some(LineEvidence {
        id: Seq(unsigned(row.get(0)?)),
        port: row.get(1)?,
        at: Wall(row.get(2)?),
        call: call.map(|key| CallId(u128::from_be_bytes(key))),
        sign,
        tone: tone.and_then(|tone| serde_json::from_str(&tone).ok()),
        false_one: row.get(6)?,
    }))
}

//! The panel's doors: web passwords, sessions, API tokens, the claim code, and small memos.
//!
//! Nothing here hashes: callers hand in argon2id strings and SHA-256 of tokens, so that a copy of
//! the database opens no door.

use model::{EntryId, Wall};
use rusqlite::Row;

use crate::{Reader, Store, StoreError, encode::signed};

/// SHA-256 of a token that only its bearer knows.
pub type TokenHash = [u8; 32];

/// Sessions at once; the oldest ends when one more begins.
pub const SESSIONS: usize = 1_000;
/// Bytes kept of a memo.
pub const MEMO_MAX: usize = 65_536;

/// Somebody logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The person.
    pub person: EntryId,
    /// When it began.
    pub created: Wall,
    /// When it ends.
    pub expires: Wall,
    /// The browser's User-Agent, for the list of one's own sessions.
    pub agent: String,
}

/// A program that may use the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Its name, unique.
    pub name: String,
    /// What it may do, in the panel's words.
    pub rights: String,
    /// When it was made.
    pub created: Wall,
    /// When it ends; never if none.
    pub expires: Option<Wall>,
}

impl Store {
    /// Sets the web password of a person: an argon2id string. All sessions of the person end.
    ///
    /// # Errors
    /// As any write.
    pub fn set_login(
        &mut self,
        person: &EntryId,
        hash: &str,
        wall: Wall,
    ) -> Result<(), StoreError> {
        self.atomically(|store| {
            store.execute(
                "INSERT INTO login (person, hash, changed) VALUES (?1, ?2, ?3)
                 ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, changed = excluded.changed",
                (person.as_str(), hash, wall.0),
            )?;
            store.end_sessions(person)
        })
    }

    /// Begins a session, or renews the one with this token.
    ///
    /// # Errors
    /// As any write.
    pub fn begin_session(&mut self, token: TokenHash, session: &Session) -> Result<(), StoreError> {
        self.atomically(|store| {
            store.execute(
                "DELETE FROM session WHERE expires <= ?1",
                [session.created.0],
            )?;
            store.execute(
                "DELETE FROM session WHERE token IN
                 (SELECT token FROM session ORDER BY created DESC LIMIT -1 OFFSET ?1)",
                [signed((SESSIONS - 1) as u64)],
            )?;
            store.execute(
                "INSERT OR REPLACE INTO session (token, person, created, expires, agent)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                (
                    token,
                    session.person.as_str(),
                    session.created.0,
                    session.expires.0,
                    &session.agent,
                ),
            )?;
            Ok(())
        })
    }

    /// Ends one session; whether there was one.
    ///
    /// # Errors
    /// As any write.
    pub fn end_session(&mut self, token: TokenHash) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM session WHERE token = ?1", [token])? > 0)
    }

    /// Ends all sessions of a person.
    ///
    /// # Errors
    /// As any write.
    pub fn end_sessions(&mut self, person: &EntryId) -> Result<(), StoreError> {
        self.execute("DELETE FROM session WHERE person = ?1", [person.as_str()])
            .map(drop)
    }

    /// Adds an API token, or replaces the one of the same name.
    ///
    /// # Errors
    /// As any write.
    pub fn put_api_token(&mut self, hash: TokenHash, token: &ApiToken) -> Result<(), StoreError> {
        self.execute(
            "INSERT OR REPLACE INTO api_token (name, token, rights, created, expires)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            (
                &token.name,
                hash,
                &token.rights,
                token.created.0,
                token.expires.map(|at| at.0),
            ),
        )
        .map(drop)
    }

    /// Takes an API token back; whether there was one of that name.
    ///
    /// # Errors
    /// As any write.
    pub fn drop_api_token(&mut self, name: &str) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM api_token WHERE name = ?1", [name])? > 0)
    }

    /// Sets the claim code (its hash) that makes the first administrator; replaces a former one.
    ///
    /// # Errors
    /// As any write.
    pub fn set_claim(&mut self, code: TokenHash) -> Result<(), StoreError> {
        self.put_memo("claim", &code)
    }

    /// Uses up the claim code: `true` exactly once, for the right code.
    ///
    /// # Errors
    /// As any write.
    pub fn use_claim(&mut self, code: TokenHash) -> Result<bool, StoreError> {
        let sql = "DELETE FROM memo WHERE key = 'claim' AND value = ?1";
        Ok(self.execute(sql, [code])? > 0)
    }

    /// Remembers a small value under a name.
    ///
    /// # Errors
    /// [`StoreError::TooLong`], and as any write.
    pub fn put_memo(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        if value.len() > MEMO_MAX {
            return Err(StoreError::TooLong {
                what: "a memo",
                max: MEMO_MAX,
            });
        }
        self.execute(
            "INSERT OR REPLACE INTO memo (key, value) VALUES (?1, ?2)",
            (key, value),
        )
        .map(drop)
    }

    /// Forgets a small value. Unknown names are no error.
    ///
    /// # Errors
    /// As any write.
    pub fn drop_memo(&mut self, key: &str) -> Result<(), StoreError> {
        self.execute("DELETE FROM memo WHERE key = ?1", [key])
            .map(drop)
    }
}

impl Reader {
    /// The argon2id string of a person's web password.
    ///
    /// # Errors
    /// As any reading.
    pub fn login(&self, person: &EntryId) -> Result<Option<String>, StoreError> {
        self.one(
            "SELECT hash FROM login WHERE person = ?1",
            [person.as_str()],
            |row| row.get(0),
        )
    }

    /// Whether anybody can log in: if not, the claim code is asked for.
    ///
    /// # Errors
    /// As any reading.
    pub fn has_login(&self) -> Result<bool, StoreError> {
        let found = self.one("SELECT EXISTS (SELECT 1 FROM login)", [], |row| row.get(0))?;
        Ok(found.unwrap_or(false))
    }

    /// Every session that was begun and not ended, with its token's hash; expired ones too.
    ///
    /// # Errors
    /// As any reading.
    pub fn sessions(&self) -> Result<Vec<(TokenHash, Session)>, StoreError> {
        let sql = "SELECT person, created, expires, agent, token FROM session ORDER BY created";
        let rows = self.query(sql, [], |row| Ok((row.get(4)?, read_session(row)?)))?;
        rows.into_iter()
            .map(|(token, session)| Ok((token, session.map_err(|bad| self.damaged(&bad))?)))
            .collect()
    }

    /// The session of a token, if it holds at `wall`.
    ///
    /// # Errors
    /// As any reading.
    pub fn session(&self, token: TokenHash, wall: Wall) -> Result<Option<Session>, StoreError> {
        let sql = "SELECT person, created, expires, agent FROM session
                   WHERE token = ?1 AND expires > ?2";
        self.one(sql, (token, wall.0), read_session)?
            .transpose()
            .map_err(|bad| self.damaged(&bad))
    }

    /// The API token with this hash, if it holds at `wall`.
    ///
    /// # Errors
    /// As any reading.
    pub fn api_token(&self, hash: TokenHash, wall: Wall) -> Result<Option<ApiToken>, StoreError> {
        let sql = "SELECT name, rights, created, expires FROM api_token
                   WHERE token = ?1 AND (expires IS NULL OR expires > ?2)";
        self.one(sql, (hash, wall.0), read_token)
    }

    /// Every API token, by name.
    ///
    /// # Errors
    /// As any reading.
    pub fn api_tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        let sql = "SELECT name, rights, created, expires FROM api_token ORDER BY name";
        self.query(sql, [], read_token)
    }
}

fn read_session(row: &Row<'_>) -> rusqlite::Result<Result<Session, model::ParseIdError>> {
    let (created, expires, agent) = (Wall(row.get(1)?), Wall(row.get(2)?), row.get(3)?);
    Ok(
        EntryId::new(&row.get::<_, String>(0)?).map(|person| Session {
            person,
            created,
            expires,
            agent,
        }),
    )
}

fn read_token(row: &Row<'_>) -> rusqlite::Result<ApiToken> {
    Ok(ApiToken {
        name: row.get(0)?,
        rights: row.get(1)?,
        created: Wall(row.get(2)?),
        expires: row.get::<_, Option<i64>>(3)?.map(Wall),
    })
}

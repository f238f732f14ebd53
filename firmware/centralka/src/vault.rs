//! The panel's durable secrets in the store: password hashes, sessions, the claim code.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use model::{ClaimStep, Command, EntryId, Wall};
use panel::{Right, StoredSession, StoredToken, VaultError};
use store::{Reader, Session, Store, StoreError, WriterHandle};

use crate::{
    clock::Clock,
    recovery::Window,
    word::{Mouth, Word},
};

/// A session that was not used for so long is over.
const SESSION_DAYS: i64 = 30;

/// The vault of the running program.
pub(crate) struct StoreVault {
    pub(crate) writer: WriterHandle,
    pub(crate) reader: Mutex<Reader>,
    pub(crate) claim: PathBuf,
    /// Whether a code counts that was made when somebody could sign in already.
    pub(crate) window: Arc<Window>,
    pub(crate) mouth: Mouth,
    pub(crate) clock: Clock,
}

impl StoreVault {
    fn write(
        &self,
        work: impl FnOnce(&mut Store) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<(), VaultError> {
        self.writer.write(work).map_err(|e| fault(&e))
    }
}

fn fault(error: &impl ToString) -> VaultError {
    VaultError(error.to_string())
}

fn person_id(person: &str) -> Result<EntryId, VaultError> {
    EntryId::new(person).map_err(|e| fault(&e))
}

impl panel::Vault for StoreVault {
    fn password_hash(&self, person: &str) -> Result<Option<String>, VaultError> {
        let id = person_id(person)?;
        let reader = self
            .reader
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        reader.login(&id).map_err(|e| fault(&e))
    }

    fn set_password_hash(&self, person: &str, hash: &str) -> Result<(), VaultError> {
        let (id, hash) = (person_id(person)?, hash.to_owned());
        self.write(move |store| store.set_login(&id, &hash, Wall(0)))
    }

    fn claim_code(&self) -> Result<Option<String>, VaultError> {
        match fs::read_to_string(&self.claim) {
            // One that is left over from before an administrator came opens nothing.
            Ok(_) if self.has_login()? && !self.window.is_open(self.clock.now().mono) => Ok(None),
            Ok(text) => Ok(Some(text.trim().to_owned()).filter(|code| !code.is_empty())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(fault(&error)),
        }
    }

    fn claim_used(&self) -> Result<(), VaultError> {
        self.window.close();
        // A busy exchange has the new version of its configuration in the books all the same.
        let _ = self
            .mouth
            .say(Word::Command(Command::Claim(ClaimStep::Used)));
        match fs::remove_file(&self.claim) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(fault(&error)),
        }
    }

    fn has_login(&self) -> Result<bool, VaultError> {
        let reader = self
            .reader
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        reader.has_login().map_err(|e| fault(&e))
    }

    fn sessions(&self) -> Result<Vec<StoredSession>, VaultError> {
        let reader = self
            .reader
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let all = reader.sessions().map_err(|e| fault(&e))?;
        let stored = |(key, session): ([u8; 32], Session)| StoredSession {
            key,
            person: session.person.to_string(),
            began: session.created,
            seen: Wall(session.expires.0 - SESSION_DAYS * 86_400_000_000),
        };
        Ok(all.into_iter().map(stored).collect())
    }

    fn put_session(&self, session: &StoredSession) -> Result<(), VaultError> {
        let key = session.key;
        let row = Session {
            person: person_id(&session.person)?,
            created: session.began,
            expires: Wall(session.seen.0 + SESSION_DAYS * 86_400_000_000),
            agent: String::new(),
        };
        self.write(move |store| store.begin_session(key, &row))
    }

    fn drop_session(&self, key: &[u8; 32]) -> Result<(), VaultError> {
        let key = *key;
        self.write(move |store| store.end_session(key).map(|_| ()))
    }

    fn api_token(&self, key: &[u8; 32], now: Wall) -> Result<Option<StoredToken>, VaultError> {
        let reader = self
            .reader
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let found = reader.api_token(*key, now).map_err(|e| fault(&e))?;
        // A right that this version does not know lets nobody in.
        Ok(found.and_then(|token| {
            let right = Right::from_word(&token.rights)?;
            let name = token.name;
            Some(StoredToken { name, right })
        }))
    }
}

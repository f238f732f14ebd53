//! Where the panel keeps what must survive a restart and is nobody's business: password hashes,
//! sessions, the claim code. `store` implements it; [`MemoryVault`] serves tests and development.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use model::Wall;

/// The vault could not be read or written; the text is for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("vault: {0}")]
pub struct VaultError(pub String);

/// A session as stored. The token itself is known to the browser only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// SHA-256 of the token in the cookie.
    pub key: [u8; 32],
    /// Id of the person's entry.
    pub person: String,
    /// When it began.
    pub began: Wall,
    /// When it was last used, to the hour.
    pub seen: Wall,
}

/// What is stored of a program's token. The token itself is known to the program only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredToken {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub right: crate::Right,
}

/// Durable secrets of the panel. Methods may block; each returns after the change is durable.
pub trait Vault: Send + Sync + 'static {
    /// The person's web password as a PHC string, if one was set.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails; the same for all methods.
    fn password_hash(&self, person: &str) -> Result<Option<String>, VaultError>;

    /// Sets the person's web password.
    ///
    /// # Errors
    /// See [`Vault::password_hash`].
    fn set_password_hash(&self, person: &str, hash: &str) -> Result<(), VaultError>;

    /// The one-time code that makes an administrator: the first one, or, made at the box by its button, one more
    /// for an office that lost its password. `None` once it was used or is too old.
    ///
    /// # Errors
    /// See [`Vault::password_hash`].
    fn claim_code(&self) -> Result<Option<String>, VaultError>;

    /// The code was used: it is gone for ever, and so is the file that showed it.
    ///
    /// # Errors
    /// See [`Vault::password_hash`].
    fn claim_used(&self) -> Result<(), VaultError>;

    /// Whether anybody has a password: a claim code makes a further administrator then.
    ///
    /// # Errors
    /// See [`Vault::password_hash`].
    fn has_login(&self) -> Result<bool, VaultError>;

    /// Every stored session, at start.
    ///
    /// # Errors
    /// See [`Vault::password_hash`].
    fn sessions(&self) -> Result<Vec<StoredSession>, VaultError>;

    /// Stores a session, new or seen again.
    ///
    /// # Errors
    /// See [`Vault::password_hash`].
    fn put_session(&self, session: &StoredSession) -> Result<(), VaultError>;

    /// Forgets a session; an unknown one is no error.
    ///
    /// # Errors
    /// See [`Vault::password_hash`].
    fn drop_session(&self, key: &[u8; 32]) -> Result<(), VaultError>;

    /// The program's token whose SHA-256 is `key`, if it holds at `now`.
    ///
    /// # Errors
    /// See [`Vault::password_hash`].
    fn api_token(&self, key: &[u8; 32], now: Wall) -> Result<Option<StoredToken>, VaultError>;
}

/// A vault that forgets everything at the end of the process.
#[derive(Debug, Default)]
pub struct MemoryVault {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    hashes: BTreeMap<String, String>,
    claim: Option<String>,
    sessions: BTreeMap<[u8; 32], StoredSession>,
    tokens: BTreeMap<[u8; 32], StoredToken>,
}

impl MemoryVault {
    /// An empty vault; with `claim`, the first visitor who knows the code becomes administrator.
    #[must_use]
    pub fn new(claim: Option<&str>) -> Self {
        let inner = Inner {
            claim: claim.map(str::to_owned),
            ..Inner::default()
        };
        Self {
            inner: Mutex::new(inner),
        }
    }

    /// Lets a program in with this token.
    pub fn add_token(&self, token: &str, stored: StoredToken) {
        self.lock().tokens.insert(crate::token_hash(token), stored);
    }

    /// The button at the box was held: there is a code though somebody may have a password.
    pub fn recover(&self, code: &str) {
        self.lock().claim = Some(code.to_owned());
    }

    /// Takes every token back.
    pub fn drop_tokens(&self) {
        self.lock().tokens.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vault for MemoryVault {
    fn password_hash(&self, person: &str) -> Result<Option<String>, VaultError> {
        Ok(self.lock().hashes.get(person).cloned())
    }

    fn set_password_hash(&self, person: &str, hash: &str) -> Result<(), VaultError> {
        self.lock().hashes.insert(person.into(), hash.into());
        Ok(())
    }

    fn claim_code(&self) -> Result<Option<String>, VaultError> {
        Ok(self.lock().claim.clone())
    }

    fn claim_used(&self) -> Result<(), VaultError> {
        self.lock().claim = None;
        Ok(())
    }

    fn has_login(&self) -> Result<bool, VaultError> {
        Ok(!self.lock().hashes.is_empty())
    }

    fn sessions(&self) -> Result<Vec<StoredSession>, VaultError> {
        Ok(self.lock().sessions.values().cloned().collect())
    }

    fn put_session(&self, session: &StoredSession) -> Result<(), VaultError> {
        self.lock().sessions.insert(session.key, session.clone());
        Ok(())
    }

    fn drop_session(&self, key: &[u8; 32]) -> Result<(), VaultError> {
        self.lock().sessions.remove(key);
        Ok(())
    }

    fn api_token(&self, key: &[u8; 32], _now: Wall) -> Result<Option<StoredToken>, VaultError> {
        Ok(self.lock().tokens.get(key).cloned())
    }
}

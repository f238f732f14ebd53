//! Sessions: who is behind a cookie. Kept in memory, written through to the vault.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    bearer::token_hash as key_of,
    vault::{StoredSession, Vault, VaultError},
};
use model::Wall;

/// A session ends this long after its last use.
const IDLE_MAX: Duration = Duration::from_secs(12 * 3_600);
/// A session ends this long after its beginning.
const AGE_MAX: Duration = Duration::from_secs(14 * 86_400);
/// How exactly the last use is stored: flash wears.
const SEEN_STEP: Duration = Duration::from_secs(3_600);
/// Sessions at once; the one unused longest makes room.
const SESSIONS_MAX: usize = 1_000;
/// Bytes of randomness in a token.
const TOKEN_BYTES: usize = 32;

/// All sessions.
pub(crate) struct Sessions {
    vault: Arc<dyn Vault>,
    open: Mutex<BTreeMap<[u8; 32], StoredSession>>,
}

impl Sessions {
    /// The sessions that the vault remembers.
    pub(crate) fn load(vault: Arc<dyn Vault>) -> Result<Self, VaultError> {
        let open = vault.sessions()?.into_iter().map(|s| (s.key, s)).collect();
        Ok(Self {
            vault,
            open: Mutex::new(open),
        })
    }

    /// Opens a session; the token returned is for the cookie and stored nowhere. May block.
    pub(crate) fn open(&self, now: Wall, person: &str) -> Result<String, VaultError> {
        let mut raw = [0u8; TOKEN_BYTES];
        getrandom::fill(&mut raw).map_err(|e| VaultError(format!("no randomness: {e}")))?;
        let token: String = raw.iter().map(|b| format!("{b:02x}")).collect();
        let session = StoredSession {
            key: key_of(&token),
            person: person.into(),
            began: now,
            seen: now,
        };
        self.vault.put_session(&session)?;
        let mut dropped = Vec::new();
        {
            let mut open = self.lock();
            open.retain(|key, s| {
                let keep = is_alive(s, now);
                if !keep {
                    dropped.push(*key);
                }
                keep
            });
            if open.len() >= SESSIONS_MAX
                && let Some(oldest) = open.values().min_by_key(|s| s.seen).map(|s| s.key)
            {
                open.remove(&oldest);
                dropped.push(oldest);
            }
            open.insert(session.key, session);
        }
        for key in dropped {
            self.vault.drop_session(&key)?;
        }
        Ok(token)
    }

    /// The id of the person behind a token. The second part asks for the last use to be stored
    /// with [`Sessions::store_seen`].
    pub(crate) fn person(&self, now: Wall, token: &str) -> Option<(String, bool)> {
        let key = key_of(token);
        let mut open = self.lock();
        let session = open.get_mut(&key)?;
        if !is_alive(session, now) {
            return None;
        }
        let stale = between(session.seen, now) >= SEEN_STEP;
        if stale {
            session.seen = now;
        }
        Some((session.person.clone(), stale))
    }

    /// Stores when a session was last used. May block.
    pub(crate) fn store_seen(&self, token: &str) -> Result<(), VaultError> {
        let session = self.lock().get(&key_of(token)).cloned();
        session.map_or(Ok(()), |session| self.vault.put_session(&session))
    }

    /// Ends a session; an unknown one is no error. May block.
    pub(crate) fn close(&self, token: &str) -> Result<(), VaultError> {
        let key = key_of(token);
        self.lock().remove(&key);
        self.vault.drop_session(&key)
    }

    /// Ends all sessions of a person but the one of `token`, which is stored anew: a vault may
    /// have ended it together with the others. May block.
    pub(crate) fn close_others(&self, person: &str, token: &str) -> Result<(), VaultError> {
        let kept = key_of(token);
        let mut dropped = Vec::new();
        self.lock().retain(|key, session| {
            let keep = *key == kept || session.person != person;
            if !keep {
                dropped.push(*key);
            }
            keep
        });
        for key in dropped {
            self.vault.drop_session(&key)?;
        }
        self.vault.drop_session(&kept)?;
        self.store_seen(token)
    }

    /// Ends all sessions of a person. May block.
    pub(crate) fn close_all(&self, person: &str) -> Result<(), VaultError> {
        let mut dropped = Vec::new();
        self.lock().retain(|key, session| {
            let keep = session.person != person;
            if !keep {
                dropped.push(*key);
            }
            keep
        });
        dropped
            .iter()
            .try_for_each(|key| self.vault.drop_session(key))
    }

    /// Sessions open now, also those that time has ended and nobody has cleared.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], StoredSession>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_alive(session: &StoredSession, now: Wall) -> bool {
    between(session.seen, now) < IDLE_MAX && between(session.began, now) < AGE_MAX
}

/// From `earlier` to `later`; zero when the calendar clock went back.
fn between(earlier: Wall, later: Wall) -> Duration {
    Duration::from_micros(u64::try_from(later.0.saturating_sub(earlier.0)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::MemoryVault;

    fn hour(h: i64) -> Wall {
        Wall::from_secs(h * 3_600)
    }

    #[test]
    fn a_session_lives_by_use_and_ends_by_age() {
        let vault = Arc::new(MemoryVault::new(None));
        let sessions = Sessions::load(vault.clone()).expect("memory");
        let token = sessions.open(hour(0), "jan").expect("memory");
        assert_eq!(token.len(), 2 * TOKEN_BYTES);
        let mut now = 0;
        while now < 14 * 24 - 11 {
            now += 11;
            assert!(sessions.person(hour(now), &token).is_some(), "hour {now}");
            sessions.store_seen(&token).expect("memory");
        }
        assert_eq!(sessions.person(hour(14 * 24), &token), None);
        let again = Sessions::load(vault).expect("memory");
        assert_eq!(
            again.person(hour(now), &token),
            Some(("jan".into(), false)),
            "it survives a restart"
        );
        assert_eq!(again.person(hour(now + 12), &token), None, "idle");
    }

    #[test]
    fn a_closed_session_is_gone_from_the_vault_too() {
        let vault = Arc::new(MemoryVault::new(None));
        let sessions = Sessions::load(vault.clone()).expect("memory");
        let token = sessions.open(hour(0), "jan").expect("memory");
        sessions.close(&token).expect("memory");
        assert_eq!(sessions.person(hour(0), &token), None);
        assert_eq!(vault.sessions().expect("memory"), []);
        assert_eq!(sessions.person(hour(0), "guess"), None);
    }

    #[test]
    fn sessions_are_limited_and_the_oldest_goes() {
        let sessions = Sessions::load(Arc::new(MemoryVault::new(None))).expect("memory");
        let first = sessions.open(hour(0), "jan").expect("memory");
        for _ in 0..SESSIONS_MAX {
            sessions.open(hour(1), "ewa").expect("memory");
        }
        assert_eq!(sessions.count(), SESSIONS_MAX);
        assert_eq!(sessions.person(hour(1), &first), None);
    }
}

//! What every handler has at hand.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use model::Now;
use tokio::sync::{Semaphore, watch};

use crate::{
    answer::Failure,
    api::{Person, Role},
    authority::Authority,
    exchange::Exchange,
    feed::Feed,
    password,
    sessions::Sessions,
    throttle::Throttle,
    vault::{Vault, VaultError},
    web_phones::WebPhones,
};

/// Passwords hashed at once: each takes 19 MiB and tens of milliseconds of a core.
const HASHES_AT_ONCE: usize = 2;

/// Reads the clock of the program.
pub type Clock = Arc<dyn Fn() -> Now + Send + Sync>;

/// Shared by all handlers.
#[derive(Clone)]
pub(crate) struct Desk(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) exchange: Arc<dyn Exchange>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) figures: Figures,
    pub(crate) given: Given,
    pub(crate) stopping: watch::Receiver<bool>,
    clock: Clock,
    throttle: Mutex<Throttle>,
    hashing: Semaphore,
    /// Held while a claim is checked and used, so that a code works once.
    pub(crate) claiming: tokio::sync::Mutex<()>,
}

/// What the panel was given at its start and only passes on.
pub(crate) struct Given {
    pub(crate) version: String,
    /// Where browsers lead that are phones.
    pub(crate) phones: Option<WebPhones>,
    /// The box's own authority.
    pub(crate) authority: Option<Authority>,
}

/// The panel's own figures.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Connections open now.
    pub(crate) connections: AtomicU64,
    /// Connections closed at once because too many were open.
    pub(crate) connections_refused: AtomicU64,
    /// Wrong passwords and claim codes.
    pub(crate) logins_failed: AtomicU64,
    /// Tries told to wait.
    pub(crate) logins_slowed: AtomicU64,
    /// Requests refused because another site made them.
    pub(crate) foreign_refused: AtomicU64,
    /// Browsers that found no place as phones.
    pub(crate) web_phones_refused: AtomicU64,
}

impl Figures {
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl std::ops::Deref for Desk {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Desk {
    pub(crate) fn new(
        exchange: Arc<dyn Exchange>,
        feed: Arc<Feed>,
        vault: Arc<dyn Vault>,
        clock: Clock,
        given: Given,
        stopping: watch::Receiver<bool>,
    ) -> Result<Self, VaultError> {
        let sessions = Arc::new(Sessions::load(vault.clone())?);
        Ok(Self(Arc::new(Inner {
            exchange,
            feed,
            vault,
            sessions,
            figures: Figures::default(),
            given,
            stopping,
            clock,
            throttle: Mutex::new(Throttle::default()),
            hashing: Semaphore::new(HASHES_AT_ONCE),
            claiming: tokio::sync::Mutex::new(()),
        })))
    }

    pub(crate) fn now(&self) -> Now {
        (self.clock)()
    }

    pub(crate) fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs something that may block where it may.
    pub(crate) async fn ask<T, E, F>(&self, question: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
        F: FnOnce(&Inner) -> Result<T, E> + Send + 'static,
    {
        let desk = self.clone();
        match tokio::task::spawn_blocking(move || question(&desk)).await {
            Ok(answer) => answer.map_err(Into::into),
            Err(error) => Err(Failure::internal(&error.to_string())),
        }
    }

    /// Whether the password is the person's; takes the same time for a person without one.
    pub(crate) async fn is_password(
        &self,
        person: Option<String>,
        typed: String,
    ) -> Result<bool, Failure> {
        let _turn = self.hashing.acquire().await;
        self.ask(move |desk| {
            let hash = match &person {
                Some(person) => desk.vault.password_hash(person)?,
                None => None,
            };
            let known = hash.is_some();
            let right = password::is_right(&typed, hash.as_deref().unwrap_or(password::DECOY));
            Ok::<_, VaultError>(known && right)
        })
        .await
    }

    /// Sets a person's password.
    pub(crate) async fn set_password(&self, person: String, typed: String) -> Result<(), Failure> {
        let _turn = self.hashing.acquire().await;
        self.ask(move |desk| {
            let hash = password::hash(&typed).ok_or_else(|| VaultError("no randomness".into()))?;
            desk.vault.set_password_hash(&person, &hash)
        })
        .await
    }
}

impl Inner {
    /// The person with this login, if web access was given.
    pub(crate) fn person_by_login(&self, login: &str) -> Option<Person> {
        let wanted = login.to_lowercase();
        let mut people = self.exchange.people().into_iter();
        people.find(|p| !p.login.is_empty() && p.login.to_lowercase() == wanted)
    }

    /// The person with this id.
    pub(crate) fn person(&self, id: &str) -> Option<Person> {
        self.exchange.people().into_iter().find(|p| p.id == id)
    }
}

/// Whether the role may change things.
pub(crate) const fn is_administrator(role: Role) -> bool {
    matches!(role, Role::Administrator)
}

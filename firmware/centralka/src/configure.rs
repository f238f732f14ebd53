//! Changing the configuration: every save, import and undo of panel, CLI and file goes through
//! here, checked as a whole, stored as a version, then put in force at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use config::{
    Config, Document, Language, MergeError, Problems, Secret, SecretId, Streams, UnknownSecrets,
};
use model::{Random, Wall};
use store::{ConfigSave, ConfigVersion, Store, StoreError, WriterHandle};

use crate::{
    doors::Unavailable,
    live::InForce,
    porter::{Plan, Porter},
    word::{Mouth, NotHeard, Word},
};

/// Why a change was not made; nothing has changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigureError {
    /// The text is wrong.
    #[error("{0}")]
    Text(Problems),
    /// Somebody else changed the same place in the meantime.
    #[error("the same place was changed in the meantime:\n{0}")]
    Conflict(String),
    /// There is no such version.
    #[error("there is no version {0} of the configuration")]
    NoVersion(u64),
    /// The store could not take it.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The running exchange did not take it.
    #[error("{0}")]
    Busy(#[from] NotHeard),
}

/// Where the versions are kept and who must hear of a new one.
enum Hand {
    /// The exchange runs in this process.
    Running {
        writer: WriterHandle,
        mouth: Mouth,
        porter: Arc<Porter>,
    },
    /// The CLI has the store to itself.
    Alone(Box<Mutex<Store>>),
}

/// The one who changes the configuration.
pub(crate) struct Configurator {
    hand: Hand,
    in_force: InForce,
    text: RwLock<(u64, Arc<str>)>,
    randomness: Mutex<(Random, Random)>,
    clock: Box<dyn Fn() -> Wall + Send + Sync>,
}

/// A version that was made.
pub(crate) struct Saved {
    pub(crate) version: u64,
    pub(crate) config: Arc<Config>,
}

/// A text to be put in force.
pub(crate) struct Draft<'d> {
    pub(crate) text: &'d str,
    /// The version it began from; `None`: it replaces whatever is there.
    pub(crate) base: Option<u64>,
    pub(crate) author: &'d str,
    pub(crate) reason: &'d str,
    pub(crate) unknown: UnknownSecrets,
}

/// What a store has.
pub(crate) struct Known {
    pub(crate) version: u64,
    pub(crate) text: Arc<str>,
    pub(crate) config: Arc<Config>,
}

/// The newest version of a store, if it has one.
pub(crate) fn newest(store: &Store) -> Result<Option<Known>, ConfigureError> {
    let Some(version) = store.newest_config()? else {
        return Ok(None);
    };
    let known = secret_ids(store)?;
    let document = Document::parse(&version.text).map_err(ConfigureError::Text)?;
    let config = document
        .check(config::Known::Only(&known))
        .map_err(ConfigureError::Text)?;
    Ok(Some(Known {
        version: version.version,
        text: version.text.into(),
        config: Arc::new(config),
    }))
}

fn secret_ids(store: &Store) -> Result<BTreeSet<SecretId>, StoreError> {
    let secrets = store.secrets()?;
    Ok(secrets
        .iter()
        .filter_map(|secret| SecretId::new(&secret.id).ok())
        .collect())
}

/// Every password of a store.
pub(crate) fn passwords(store: &Store) -> Result<pbx::Passwords, StoreError> {
    let secrets = store.secrets()?;
    Ok(secrets
        .iter()
        .filter_map(|secret| Some((SecretId::new(&secret.id).ok()?, secret.text()?.to_owned())))
        .collect())
}

/// Checks a text, puts its secrets and itself into the store, and says what it means. `ready` has
/// the last word before anything is written.
pub(crate) fn import_into(
    store: &mut Store,
    draft: &Draft<'_>,
    wall: Wall,
    randomness: &mut (Random, Random),
    ready: impl FnOnce(&Document, &Config) -> Result<(), ConfigureError>,
) -> Result<Known, ConfigureError> {
    let document = Document::parse(draft.text).map_err(ConfigureError::Text)?;
    let (plain, secret) = randomness;
    let mut streams = Streams { plain, secret };
    let imported = match store.newest_config()? {
        // A file kept by hand has no ids: its entries are known again, so that phones stay
        // registered and events keep their meaning.
        Some(newest) => {
            let current = Document::parse(&newest.text).map_err(ConfigureError::Text)?;
            let kept = passwords(store)?
                .into_iter()
                .map(|(id, text)| (id, Secret::new(text)))
                .collect();
            config::reimport(&document, &current, &kept, draft.unknown, &mut streams)
        }
        None => config::import(&document, &secret_ids(store)?, draft.unknown, &mut streams),
    };
    let imported = imported.map_err(ConfigureError::Text)?;
    ready(&document, &imported.config)?;
    let text: Arc<str> = imported.document.text().into();
    let version = keep(store, draft, &text, &imported.secrets, wall)?;
    Ok(Known {
        version,
        text,
        config: Arc::new(imported.config),
    })
}

fn keep(
    store: &mut Store,
    draft: &Draft<'_>,
    text: &str,
    secrets: &BTreeMap<SecretId, Secret>,
    wall: Wall,
) -> Result<u64, StoreError> {
    store.atomically(|store| {
        for (id, secret) in secrets {
            store.put_secret(id.as_str(), secret.reveal().as_bytes(), wall)?;
        }
        store.save_config(ConfigSave {
            base: None,
            author: draft.author,
            reason: draft.reason,
            text,
            wall,
        })
    })
}

impl Configurator {
    /// For the running exchange.
    pub(crate) fn running(
        writer: WriterHandle,
        (mouth, porter): (Mouth, Arc<Porter>),
        in_force: InForce,
        known: &Known,
        randomness: (Random, Random),
        clock: Box<dyn Fn() -> Wall + Send + Sync>,
    ) -> Self {
        Self {
            hand: Hand::Running {
                writer,
                mouth,
                porter,
            },
            in_force,
            text: RwLock::new((known.version, Arc::clone(&known.text))),
            randomness: Mutex::new(randomness),
            clock,
        }
    }

    /// The version in force and its text.
    pub(crate) fn text(&self) -> (u64, Arc<str>) {
        self.text
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Puts a text in force. One that began from an older version is merged with what came since.
    pub(crate) fn save(&self, draft: &Draft<'_>) -> Result<Saved, ConfigureError> {
        let mut randomness = self.randomness();
        let merged = self.merged(draft)?;
        let wall = (self.clock)();
        let text = merged.as_deref().unwrap_or(draft.text).to_owned();
        let (author, reason) = (draft.author.to_owned(), draft.reason.to_owned());
        let unknown = draft.unknown;
        let (plain, secret) = &mut *randomness;
        let mut streams = (Random::new(seed_of(plain)), Random::new(seed_of(secret)));
        let porter = match &self.hand {
            Hand::Running { porter, .. } => Some(Arc::clone(porter)),
            Hand::Alone(_) => None,
        };
        let (known, passwords, plan) = self.write(move |store| {
            let draft = Draft {
                text: &text,
                base: None,
                author: &author,
                reason: &reason,
                unknown,
            };
            let mut plan = None;
            // What cannot be opened must not be stored.
            let ready = |document: &Document, config: &Config| {
                if let Some(porter) = &porter {
                    let planned = porter.plan(&config.network);
                    let blame = |taken: Unavailable| ConfigureError::Text(taken.blame(document));
                    plan = Some(planned.map_err(blame)?);
                }
                Ok(())
            };
            let known = import_into(store, &draft, wall, &mut streams, ready)?;
            Ok((known, passwords(store)?, plan))
        })?;
        self.enforce(&known, passwords, plan)?;
        Ok(Saved {
            version: known.version,
            config: known.config,
        })
    }

    /// `None` when the draft can be taken as it is.
    fn merged(&self, draft: &Draft<'_>) -> Result<Option<String>, ConfigureError> {
        let (newest, theirs) = self.text();
        let Some(base) = draft.base.filter(|base| *base != newest) else {
            return Ok(None);
        };
        let base = self.version(base)?;
        merge(&base.text, draft.text, &theirs).map(Some)
    }

    /// Takes the change of one version back out of the configuration.
    pub(crate) fn undo(&self, version: u64, author: &str) -> Result<Saved, ConfigureError> {
        if version < 2 {
            return Err(ConfigureError::NoVersion(version));
        }
        let (after, before) = (self.version(version)?, self.version(version - 1)?);
        let (newest, current) = self.text();
        // Undoing is merging the way back into what is there now.
        let text = merge(&after.text, &before.text, &current)?;
        self.save(&Draft {
            text: &text,
            base: Some(newest),
            author,
            reason: &format!("undo of version {version}"),
            unknown: UnknownSecrets::Refuse,
        })
    }

    /// One version with its text.
    pub(crate) fn version(&self, version: u64) -> Result<ConfigVersion, ConfigureError> {
        let found = self.write(move |store| Ok(store.config(version)?))?;
        found.ok_or(ConfigureError::NoVersion(version))
    }

    /// The newest versions without their texts.
    pub(crate) fn history(&self, limit: usize) -> Result<Vec<ConfigVersion>, ConfigureError> {
        self.write(move |store| Ok(store.config_history(limit)?))
    }

    /// A password of the store in clear, for the card that is handed to its owner.
    pub(crate) fn password(&self, id: &SecretId) -> Result<Option<String>, ConfigureError> {
        let id = id.to_string();
        self.write(move |store| {
            let secret = store.secret(&id)?;
            Ok(secret.and_then(|secret| secret.text().map(str::to_owned)))
        })
    }

    fn enforce(
        &self,
        known: &Known,
        passwords: pbx::Passwords,
        plan: Option<Plan>,
    ) -> Result<(), ConfigureError> {
        *self.text.write().unwrap_or_else(PoisonError::into_inner) =
            (known.version, Arc::clone(&known.text));
        *self
            .in_force
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::clone(&known.config);
        if let Hand::Running { mouth, porter, .. } = &self.hand {
            // The version is stored: the exchange must take it, however busy it is.
            mouth.insist(Word::Config {
                version: known.version,
                text: Arc::clone(&known.text),
                config: Arc::clone(&known.config),
                passwords,
            })?;
            if let Some(plan) = plan {
                porter.carry_out(plan, mouth);
            }
        }
        Ok(())
    }

    /// What time it is for records.
    pub(crate) fn now(&self) -> Wall {
        (self.clock)()
    }

    /// Works on the store, whoever has it.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, ConfigureError> + Send + 'static,
    ) -> Result<T, ConfigureError> {
        match &self.hand {
            // The store's own errors undo the transaction, ours are carried out of it: whatever
            // fails here fails before its first write.
            Hand::Running { writer, .. } => writer.write(move |store| Ok(work(store)))?,
            Hand::Alone(store) => work(&mut store.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    fn randomness(&self) -> MutexGuard<'_, (Random, Random)> {
        self.randomness
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Configurator {
    /// Closes a store that the CLI had to itself.
    pub(crate) fn close(self) -> Result<(), StoreError> {
        match self.hand {
            Hand::Running { .. } => Ok(()),
            Hand::Alone(store) => store
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner)
                .close(),
        }
    }

    /// For the CLI, when no exchange runs on the store.
    pub(crate) fn alone(
        store: Store,
        known: Option<&Known>,
        randomness: (Random, Random),
        clock: Box<dyn Fn() -> Wall + Send + Sync>,
    ) -> Self {
        let empty = || Arc::new(Config::parse("[office]\ncountry = \"PL\"\n").expect("legal"));
        let config = known.map_or_else(empty, |known| Arc::clone(&known.config));
        let text = known.map_or_else(|| (0, Arc::from("")), |k| (k.version, Arc::clone(&k.text)));
        Self {
            hand: Hand::Alone(Box::new(Mutex::new(store))),
            in_force: Arc::new(RwLock::new(config)),
            text: RwLock::new(text),
            randomness: Mutex::new(randomness),
            clock,
        }
    }
}

fn seed_of(random: &mut Random) -> model::Seed {
    let mut seed = [0; 32];
    random.fill(&mut seed);
    seed
}

/// Merges by id and key path; a conflict is told in words.
fn merge(base: &str, mine: &str, theirs: &str) -> Result<String, ConfigureError> {
    let read = |text: &str| Document::parse(text).map_err(ConfigureError::Text);
    let (base, mine, theirs) = (read(base)?, read(mine)?, read(theirs)?);
    match config::merge(&base, &mine, &theirs) {
        Ok(merged) => Ok(merged.text().to_owned()),
        Err(MergeError::Text(problems)) => Err(ConfigureError::Text(problems)),
        Err(MergeError::NotImported) => Err(ConfigureError::Conflict(
            "entries without an id cannot be merged: begin from the newest version".into(),
        )),
        Err(MergeError::Conflicts(conflicts)) => {
            let sentences = conflicts.iter().map(|c| c.sentence(Language::En));
            Err(ConfigureError::Conflict(
                sentences.collect::<Vec<_>>().join("\n"),
            ))
        }
    }
}

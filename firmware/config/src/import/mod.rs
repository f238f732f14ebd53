//! Import: ids for entries that have none, and secrets taken out of the text. Nothing else of the
//! text changes: the edits are cut into it at their bytes, so that an imported text, exported and
//! imported again, is the same to the byte.

mod matching;

use core::fmt;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use model::{EntryId, Random};
use toml_edit::{Item, Table};

use crate::{
    config::{Config, KINDS, Known},
    problem::Problems,
    secret::{SecretId, Written, written},
    text::Document,
};

/// Keys that hold a password, of whatever kind of entry.
pub(crate) const SECRET_KEYS: [&str; 2] = ["sip_password", "password"];

/// Letters and digits that nobody confuses, spoken or written (Crockford's base 32, small).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters of a new id after its kind: 40 bits.
const ID_LEN: usize = 8;
/// Characters of a new password: 80 bits, and still typed into a phone without pain.
const PASSWORD_LEN: usize = 16;

/// A password on its way from the text to the store. Never printed, never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A password that the store had.
    #[must_use]
    pub const fn new(password: String) -> Self {
        Self(password)
    }

    /// A new password.
    #[must_use]
    pub fn generate(secret: &mut Random) -> Self {
        Self(letters(secret, PASSWORD_LEN))
    }

    /// The password itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What to do with a reference to a secret that the store does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownSecrets {
    /// It is an error that names the line.
    Refuse,
    /// Make a new password under the same id (`--new-secrets`): for a text that came without its
    /// store, like an example or another box's export.
    Renew,
}

/// The two streams of randomness.
#[derive(Debug)]
pub struct Streams<'r> {
    /// For ids: reproducible.
    pub plain: &'r mut Random,
    /// For passwords.
    pub secret: &'r mut Random,
}

/// A text that is ready for the store.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The text with ids and references.
    pub document: Document,
    /// What it means.
    pub config: Config,
    /// Secrets that the store must have before the configuration is in force: those that were
    /// written out, and new ones.
    pub secrets: BTreeMap<SecretId, Secret>,
}

/// Makes a text ready for an empty store, or for one whose version in force does not matter: checks
/// it, adds missing ids and takes out passwords. `known` are the secrets of the store.
///
/// # Errors
/// Everything that is wrong with the text; nothing has changed then.
pub fn import(
    document: &Document,
    known: &BTreeSet<SecretId>,
    unknown: UnknownSecrets,
    streams: &mut Streams<'_>,
) -> Result<Imported, Problems> {
    work(document, None, known, unknown, streams)
}

/// As [`import()`], for a text that comes after `current`, the version in force: an entry without an
/// id is known again by its extension, login, port or name and keeps the id it has in `current`, and a
/// password that is still the one in `secrets` (those of the store) stays the same secret. So a file
/// that is kept by hand, without ids, may be imported again after each change.
///
/// # Errors
/// As [`import()`].
pub fn reimport(
    document: &Document,
    current: &Document,
    secrets: &BTreeMap<SecretId, Secret>,
    unknown: UnknownSecrets,
    streams: &mut Streams<'_>,
) -> Result<Imported, Problems> {
    let known = secrets.keys().cloned().collect();
    work(document, Some((current, secrets)), &known, unknown, streams)
}

fn work(
    document: &Document,
    current: Option<(&Document, &BTreeMap<SecretId, Secret>)>,
    known: &BTreeSet<SecretId>,
    unknown: UnknownSecrets,
    streams: &mut Streams<'_>,
) -> Result<Imported, Problems> {
    document.check(match unknown {
        UnknownSecrets::Refuse => Known::Only(known),
        UnknownSecrets::Renew => Known::Any,
    })?;
    let mut ids = ids_of(document);
    let (mut matched, mut kept) = (BTreeMap::new(), BTreeMap::new());
    if let Some((current, secrets)) = current {
        ids.extend(ids_of(current));
        matched = matching::ids(document, current);
        kept = passwords(current, secrets);
    }
    let mut work = Work {
        text: document.text(),
        known,
        ids,
        matched,
        kept,
        edits: Vec::new(),
        secrets: BTreeMap::new(),
        streams,
    };
    for (kind, table) in entries_of(document) {
        work.entry(kind, table);
    }
    let Work { edits, secrets, .. } = work;
    let document = Document::parse(&apply(document.text(), edits))?;
    let all = known.iter().chain(secrets.keys()).cloned().collect();
    let config = document.check(Known::Only(&all))?;
    Ok(Imported {
        document,
        config,
        secrets,
    })
}

/// The secret and the password behind each entry and key of a text.
type Passwords<'c> = BTreeMap<(EntryId, &'static str), (SecretId, &'c Secret)>;

fn passwords<'c>(current: &Document, secrets: &'c BTreeMap<SecretId, Secret>) -> Passwords<'c> {
    let mut out = BTreeMap::new();
    for (_, table) in entries_of(current) {
        let id = table
            .get("id")
            .and_then(Item::as_str)
            .and_then(|id| EntryId::new(id).ok());
        for key in SECRET_KEYS {
            if let (Some(id), Some(Written::Reference(text))) = (&id, table.get(key).map(written))
                && let Ok(secret) = EntryId::new(text)
                && let Some(password) = secrets.get(&secret)
            {
                out.insert((id.clone(), key), (secret, password));
            }
        }
    }
    out
}

/// Every entry with its kind, in the order of kinds and of the text.
pub(crate) fn entries_of(document: &Document) -> impl Iterator<Item = (&'static str, &Table)> {
    let arrays = KINDS
        .iter()
        .filter_map(|kind| Some((*kind, document.root().get(kind)?.as_array_of_tables()?)));
    arrays.flat_map(|(kind, array)| array.iter().map(move |table| (kind, table)))
}

fn ids_of(document: &Document) -> BTreeSet<EntryId> {
    let written = entries_of(document).filter_map(|(_, table)| table.get("id")?.as_str());
    written.filter_map(|id| EntryId::new(id).ok()).collect()
}

/// A range of the text and what comes in its place.
type Edit = (Range<usize>, String);

struct Work<'a, 'r> {
    text: &'a str,
    known: &'a BTreeSet<SecretId>,
    ids: BTreeSet<EntryId>,
    matched: BTreeMap<usize, EntryId>,
    kept: Passwords<'a>,
    edits: Vec<Edit>,
    secrets: BTreeMap<SecretId, Secret>,
    streams: &'a mut Streams<'r>,
}

impl Work<'_, '_> {
    fn entry(&mut self, kind: &str, table: &Table) {
        let written = table.get("id").and_then(Item::as_str);
        let id = match written.and_then(|id| EntryId::new(id).ok()) {
            Some(id) => id,
            None => {
                let start = table.span().map_or(0, |span| span.start);
                let matched = self.matched.remove(&start);
                let id = matched.unwrap_or_else(|| self.new_id(kind));
                self.insert_after_line(start, &format!("id = \"{id}\""));
                id
            }
        };
        for key in SECRET_KEYS {
            if let Some(item) = table.get(key) {
                self.secret(&id, key, item);
            }
        }
    }

    fn secret(&mut self, entry: &EntryId, key: &'static str, item: &Item) {
        match written(item) {
            Written::Password(password) => {
                let kept = self.kept.get(&(entry.clone(), key));
                let kept = kept.filter(|(_, secret)| secret.reveal() == password);
                let id = match kept.map(|(id, _)| id.clone()) {
                    Some(id) => id,
                    None => {
                        let id = self.new_id("secret");
                        self.secrets.insert(id.clone(), Secret(password.into()));
                        id
                    }
                };
                if let Some(span) = item.span() {
                    self.edits.push((span, format!("{{ secret = \"{id}\" }}")));
                }
            }
            Written::Reference(text) => {
                let id = EntryId::new(text)
                    .ok()
                    .filter(|id| !self.known.contains(id));
                if let Some(id) = id
                    && !self.secrets.contains_key(&id)
                {
                    self.secrets
                        .insert(id, Secret::generate(self.streams.secret));
                }
            }
            Written::Other => {}
        }
    }

    /// A new line after the one of byte `at`, indented like it.
    fn insert_after_line(&mut self, at: usize, line: &str) {
        let before = self.text.get(..at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let indent: String = before.get(start..).unwrap_or_default().into();
        let rest = self.text.get(at..).unwrap_or_default();
        let edit = match rest.find('\n') {
            Some(newline) => {
                let after = at + newline + 1;
                (after..after, format!("{indent}{line}\n"))
            }
            None => (
                self.text.len()..self.text.len(),
                format!("\n{indent}{line}\n"),
            ),
        };
        self.edits.push(edit);
    }

    fn new_id(&mut self, kind: &str) -> EntryId {
        loop {
            let name = format!("{kind}-{}", letters(self.streams.plain, ID_LEN));
            let id = EntryId::new(&name).expect("a kind and letters of the alphabet are an id");
            if !self.known.contains(&id)
                && !self.secrets.contains_key(&id)
                && self.ids.insert(id.clone())
            {
                return id;
            }
        }
    }
}

fn letters(random: &mut Random, count: usize) -> String {
    let letter = |bits: u32| char::from(ALPHABET[(bits % 32) as usize]);
    (0..count).map(|_| letter(random.next_u32())).collect()
}

/// `text` with `edits`, which do not overlap.
fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = String::with_capacity(text.len() + edits.len() * 40);
    let mut done = 0;
    for (range, new) in edits {
        out.push_str(text.get(done..range.start).unwrap_or_default());
        out.push_str(&new);
        done = range.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

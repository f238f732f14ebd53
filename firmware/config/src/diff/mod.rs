//! What differs between two texts, by id and key: never by line or position.

mod plain;
mod tree;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use plain::Plain;
pub use tree::Fields;
pub(crate) use tree::{Entry, Tree};
pub(crate) use words::{subject, value};

use crate::text::Document;

/// Where a value stands: `[section] key`, or `[[section]]` with `id` and `key`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Name of the table; empty for a key above all tables.
    pub section: String,
    /// Id of the entry, in a `[[section]]`.
    #[serde(default)]
    pub id: Option<String>,
    /// The key; none for the entry as a whole.
    #[serde(default)]
    pub key: Option<String>,
}

impl Place {
    /// A value.
    #[must_use]
    pub fn key(section: &str, id: Option<&str>, key: &str) -> Self {
        Self {
            section: section.into(),
            id: id.map(str::to_owned),
            key: Some(key.into()),
        }
    }

    /// An entry as a whole.
    #[must_use]
    pub fn entry(section: &str, id: &str) -> Self {
        Self {
            section: section.into(),
            id: Some(id.into()),
            key: None,
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// A value is another one, is new or is gone.
    Value {
        /// Where.
        place: Place,
        /// The value before, if there was one.
        old: Option<Plain>,
        /// The value now, if there is one.
        new: Option<Plain>,
        /// Name and number of the entry, for people.
        label: String,
    },
    /// A new entry.
    Added {
        /// Which.
        place: Place,
        /// Its values in the order of the text.
        fields: Fields,
        /// Name and number of the entry, for people.
        label: String,
    },
    /// An entry is gone.
    Removed {
        /// Which.
        place: Place,
        /// Its values in the order of the text.
        fields: Fields,
        /// Name and number of the entry, for people.
        label: String,
    },
    /// The entries of one kind stand in another order.
    Reordered {
        /// Name of the table.
        section: String,
    },
    /// Every value is the same, the bytes are not.
    Layout,
}

impl Change {
    fn hide_secrets(&mut self) {
        match self {
            Self::Value {
                place, old, new, ..
            } => {
                for value in [old, new].into_iter().flatten() {
                    value.hide_secrets(place.key.as_deref());
                }
            }
            Self::Added { fields, .. } | Self::Removed { fields, .. } => {
                for (key, value) in &mut fields.0 {
                    value.hide_secrets(Some(key));
                }
            }
            Self::Reordered { .. } | Self::Layout => {}
        }
    }
}

/// Everything that changed from `old` to `new`, in the order of `new`, what is gone last. Passwords of
/// a text that was never imported are not in it.
#[must_use]
pub fn diff(old: &Document, new: &Document) -> Vec<Change> {
    let mut changes = trees(&Tree::new(old), &Tree::new(new));
    changes.iter_mut().for_each(Change::hide_secrets);
    if changes.is_empty() && old != new {
        changes.push(Change::Layout);
    }
    changes
}

pub(crate) fn trees(old: &Tree, new: &Tree) -> Vec<Change> {
    let mut out = Vec::new();
    let none = Fields::default();
    for (section, fields) in &new.sections {
        let before = old.sections.get(section).unwrap_or(&none);
        values(
            before,
            fields,
            |key| Place::key(section, None, key),
            "",
            &mut out,
        );
    }
    for (section, fields) in &old.sections {
        if !new.sections.contains_key(section) {
            values(
                fields,
                &none,
                |key| Place::key(section, None, key),
                "",
                &mut out,
            );
        }
    }
    for kind in old
        .kinds
        .keys()
        .chain(new.kinds.keys().filter(|k| !old.kinds.contains_key(*k)))
    {
        entries(kind, old.entries(kind), new.entries(kind), &mut out);
    }
    out
}

fn entries(kind: &str, old: &[Entry], new: &[Entry], out: &mut Vec<Change>) {
    let before: BTreeMap<_, _> = old.iter().map(|e| (e.id.as_str(), e)).collect();
    let after: BTreeMap<_, _> = new.iter().map(|e| (e.id.as_str(), e)).collect();
    for entry in new {
        match before.get(entry.id.as_str()) {
            None => out.push(Change::Added {
                place: Place::entry(kind, &entry.id),
                fields: entry.fields.clone(),
                label: entry.label(),
            }),
            Some(was) => {
                let place = |key: &str| Place::key(kind, Some(&entry.id), key);
                values(&was.fields, &entry.fields, place, &entry.label(), out);
            }
        }
    }
    for entry in old.iter().filter(|e| !after.contains_key(e.id.as_str())) {
        out.push(Change::Removed {
            place: Place::entry(kind, &entry.id),
            fields: entry.fields.clone(),
            label: entry.label(),
        });
    }
    let stayed = |list: &[Entry], other: &BTreeMap<&str, &Entry>| -> Vec<String> {
        let both = list.iter().filter(|e| other.contains_key(e.id.as_str()));
        both.map(|e| e.id.clone()).collect()
    };
    if stayed(old, &after) != stayed(new, &before) {
        out.push(Change::Reordered {
            section: kind.into(),
        });
    }
}

fn values(
    old: &Fields,
    new: &Fields,
    place: impl Fn(&str) -> Place,
    label: &str,
    out: &mut Vec<Change>,
) {
    // A text that was never checked may have any number of keys.
    let (before, after) = (old.by_key(), new.by_key());
    let gone = old
        .0
        .iter()
        .filter(|(key, _)| !after.contains_key(key.as_str()));
    for (key, _) in new.0.iter().chain(gone) {
        let (was, is) = (before.get(key.as_str()), after.get(key.as_str()));
        if was != is {
            out.push(Change::Value {
                place: place(key),
                old: was.copied().cloned(),
                new: is.copied().cloned(),
                label: label.into(),
            });
        }
    }
}

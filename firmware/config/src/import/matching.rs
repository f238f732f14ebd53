//! Which entry of the version in force an entry without an id is: somebody may keep their own file
//! without ids and import it again after each change, and their phones must stay registered.

use std::collections::{BTreeMap, BTreeSet};

use model::EntryId;
use toml_edit::{Item, Table};

use super::entries_of;
use crate::text::Document;

/// By what an entry is known again, the surest first.
const KNOWN_BY: [(&str, &[&str]); 10] = [
    ("person", &["extension", "login", "name"]),
    ("device", &["sip_user", "extension", "name"]),
    ("trunk", &["name", "host"]),
    ("number", &["number"]),
    ("schedule", &["name"]),
    ("music", &["source", "name"]),
    ("prompt", &["source", "name"]),
    ("conference", &["number", "name"]),
    ("analog", &["port"]),
    ("line", &["port"]),
];

/// The ids of entries of `new` that have none, by the byte where the entry begins. An id is given
/// once, and never one that `new` has written anywhere.
pub(super) fn ids(new: &Document, current: &Document) -> BTreeMap<usize, EntryId> {
    let slots = slots(current);
    let mut taken: BTreeSet<EntryId> = entries_of(new).filter_map(|(_, t)| id_of(t)).collect();
    let mut out = BTreeMap::new();
    for (kind, keys) in KNOWN_BY {
        for key in keys {
            for (start, table) in nameless(new, kind) {
                let value = table.get(key).and_then(Item::as_str);
                let Some(value) = value.filter(|_| !out.contains_key(&start)) else {
                    continue;
                };
                let mut ids = slots.get(&(kind, *key, value)).into_iter().flatten();
                if let Some(id) = ids.find(|id| !taken.contains(id)) {
                    taken.insert(id.clone());
                    out.insert(start, id.clone());
                }
            }
        }
    }
    out
}

/// The ids of entries by kind, key and value.
type Slots<'c> = BTreeMap<(&'c str, &'c str, &'c str), Vec<EntryId>>;

fn slots(current: &Document) -> Slots<'_> {
    let mut out = Slots::new();
    for (kind, table) in entries_of(current) {
        let keys = KNOWN_BY.iter().find(|(name, _)| *name == kind);
        for key in keys.map_or(&[][..], |(_, keys)| keys) {
            let value = table.get(key).and_then(Item::as_str);
            if let (Some(value), Some(id)) = (value, id_of(table)) {
                out.entry((kind, *key, value)).or_default().push(id);
            }
        }
    }
    out
}

fn id_of(table: &Table) -> Option<EntryId> {
    EntryId::new(table.get("id")?.as_str()?).ok()
}

fn nameless<'n>(new: &'n Document, kind: &'n str) -> impl Iterator<Item = (usize, &'n Table)> {
    let entries =
        entries_of(new).filter(move |(name, table)| *name == kind && !table.contains_key("id"));
    entries.filter_map(|(_, table)| Some((table.span()?.start, table)))
}

//! Tables of a text that is being edited: finding them, and putting entries where they belong.

use toml_edit::{ArrayOfTables, DocumentMut, Item, Key, Table};

use crate::diff::Place;

/// The id of an entry; empty for one without, which no text that was imported has.
pub(crate) fn id_of(table: &Table) -> &str {
    table.get("id").and_then(Item::as_str).unwrap_or_default()
}

/// The table in which a place is.
pub(crate) fn table<'d>(document: &'d DocumentMut, place: &Place) -> Option<&'d Table> {
    if place.section.is_empty() {
        return Some(document.as_table());
    }
    match (document.get(&place.section)?, &place.id) {
        (Item::Table(table), None) => Some(table),
        (Item::ArrayOfTables(tables), Some(id)) => tables.iter().find(|t| id_of(t) == id),
        _ => None,
    }
}

/// As [`table`], to be changed.
pub(crate) fn table_mut<'d>(document: &'d mut DocumentMut, place: &Place) -> Option<&'d mut Table> {
    if place.section.is_empty() {
        return Some(document.as_table_mut());
    }
    match (document.get_mut(&place.section)?, &place.id) {
        (Item::Table(table), None) => Some(table),
        (Item::ArrayOfTables(tables), Some(id)) => tables.iter_mut().find(|t| id_of(t) == id),
        _ => None,
    }
}

/// Inserts after the last key of `before` that `table` has; at the front if it has none.
pub(crate) fn insert_after(table: &mut Table, before: &[String], key: &Key, item: Item) {
    let at = table
        .iter()
        .enumerate()
        .filter(|(_, (k, _))| before.iter().any(|b| b == k));
    let keep = at.map(|(at, _)| at + 1).max().unwrap_or(0);
    let later: Vec<String> = table.iter().skip(keep).map(|(k, _)| k.to_owned()).collect();
    let later: Vec<(Key, Item)> = later.iter().filter_map(|k| table.remove_entry(k)).collect();
    table.insert_formatted(key, item);
    for (key, item) in later {
        table.insert_formatted(&key, item);
    }
}

/// Takes out the entries of a kind, to be changed and [`put`] back.
pub(crate) fn take(document: &mut DocumentMut, kind: &str) -> Vec<Table> {
    match document.get_mut(kind) {
        Some(Item::ArrayOfTables(tables)) => core::mem::take(tables).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Puts the entries of a kind where they were, or at the end if there were none.
pub(crate) fn put(document: &mut DocumentMut, kind: &str, tables: Vec<Table>) {
    if tables.is_empty() {
        document.remove(kind);
    } else {
        let array: ArrayOfTables = tables.into_iter().collect();
        document.insert(kind, Item::ArrayOfTables(array));
    }
}

/// The position of the last table in the text; tables are written in the order of positions.
pub(crate) fn last_position(document: &DocumentMut) -> isize {
    let all = document.iter().flat_map(|(_, item)| match item {
        Item::Table(table) => vec![table.position()],
        Item::ArrayOfTables(tables) => tables.iter().map(Table::position).collect(),
        Item::None | Item::Value(_) => Vec::new(),
    });
    all.flatten().max().unwrap_or(0)
}

//! Editing a text in place, with its comments.

use std::collections::BTreeMap;

use toml_edit::{ArrayOfTables, DocumentMut, Item, Key, Table};

use super::Step;
use crate::{diff::Place, text::Document};

/// `mine` being edited, with `theirs` to copy from.
pub(super) struct Editor {
    pub(super) mine: DocumentMut,
    pub(super) theirs: DocumentMut,
}

impl Editor {
    pub(super) fn new(mine: &Document, theirs: &Document) -> Self {
        Self {
            mine: mine.editable(),
            theirs: theirs.editable(),
        }
    }

    pub(super) fn finish(self) -> String {
        self.mine.to_string()
    }

    pub(super) fn apply(&mut self, step: &Step) {
        match step {
            Step::Set(place) => self.set(place),
            Step::Clear(place) => {
                if let (Some(table), Some(key)) = (table_mut(&mut self.mine, place), &place.key) {
                    table.remove(key);
                }
            }
            Step::Add(place) => self.add(place),
            Step::Remove(place) => self.remove(place),
        }
    }

    /// Takes the value at `place` from theirs. A value that was there keeps the comments of mine; a
    /// new one brings its own and stands after the key that precedes it in theirs.
    fn set(&mut self, place: &Place) {
        self.make_section(place);
        let Some(name) = place.key.as_deref() else {
            return;
        };
        let Some(theirs) = table(&self.theirs, place) else {
            return;
        };
        let Some((key, item)) = theirs.get_key_value(name) else {
            return;
        };
        let before = theirs
            .iter()
            .take_while(|(k, _)| *k != name)
            .map(|(k, _)| k.to_owned());
        let before: Vec<String> = before.collect();
        let (key, mut item) = (key.clone(), item.clone());
        let Some(mine) = table_mut(&mut self.mine, place) else {
            return;
        };
        if let Some(old) = mine.get_mut(name) {
            if let (Item::Value(new), Item::Value(old)) = (&mut item, &*old) {
                *new.decor_mut() = old.decor().clone();
            }
            *old = item;
        } else {
            insert_after(mine, &before, &key, item);
        }
    }

    /// The table `[section]` in mine, at the end of the text, with the comment it has in theirs.
    fn make_section(&mut self, place: &Place) {
        let name = place.section.as_str();
        if place.id.is_some() || name.is_empty() || self.mine.contains_key(name) {
            return;
        }
        let mut new = Table::new();
        if let Some(theirs) = table(&self.theirs, place) {
            *new.decor_mut() = theirs.decor().clone();
        }
        new.set_position(Some(self.last_position() + 1));
        self.mine.insert(name, Item::Table(new));
    }

    fn add(&mut self, place: &Place) {
        let id = place.id.as_deref().unwrap_or_default();
        let Some(Item::ArrayOfTables(theirs)) = self.theirs.get(&place.section) else {
            return;
        };
        let before: Vec<String> = theirs
            .iter()
            .map_while(|t| (id_of(t) != id).then(|| id_of(t).to_owned()))
            .collect();
        let Some(mut new) = theirs.iter().find(|t| id_of(t) == id).cloned() else {
            return;
        };
        let last = self.last_position();
        let mut tables = self.take(&place.section);
        let after = before
            .iter()
            .rev()
            .find_map(|id| tables.iter().position(|t| id_of(t) == id));
        let at = after.map_or(0, |after| after + 1);
        let neighbour = tables.get(after.unwrap_or(0)).and_then(Table::position);
        new.set_position(neighbour.or(Some(last + 1)));
        tables.insert(at.min(tables.len()), new);
        self.put(&place.section, tables);
    }

    fn remove(&mut self, place: &Place) {
        let id = place.id.as_deref().unwrap_or_default();
        let mut tables = self.take(&place.section);
        tables.retain(|table| id_of(table) != id);
        self.put(&place.section, tables);
    }

    /// Puts the entries named in `order` into that order, on the places that they have together;
    /// others stay where they are.
    pub(super) fn reorder(&mut self, kind: &str, order: &[String]) {
        let mut tables = self.take(kind);
        let slots: Vec<usize> = (0..tables.len())
            .filter(|at| order.iter().any(|id| id == id_of(&tables[*at])))
            .collect();
        let by_id: BTreeMap<String, Table> = slots
            .iter()
            .map(|at| (id_of(&tables[*at]).to_owned(), tables[*at].clone()))
            .collect();
        for (slot, id) in slots.iter().zip(order) {
            if let Some(table) = by_id.get(id) {
                let position = tables[*slot].position();
                tables[*slot] = table.clone();
                tables[*slot].set_position(position);
            }
        }
        self.put(kind, tables);
    }

    fn take(&mut self, kind: &str) -> Vec<Table> {
        match self.mine.get(kind) {
            Some(Item::ArrayOfTables(tables)) => tables.iter().cloned().collect(),
            _ => Vec::new(),
        }
    }

    fn put(&mut self, kind: &str, tables: Vec<Table>) {
        if tables.is_empty() {
            self.mine.remove(kind);
            return;
        }
        let array: ArrayOfTables = tables.into_iter().collect();
        self.mine.insert(kind, Item::ArrayOfTables(array));
    }

    fn last_position(&self) -> isize {
        let all = self.mine.iter().flat_map(|(_, item)| match item {
            Item::Table(table) => vec![table.position()],
            Item::ArrayOfTables(tables) => tables.iter().map(Table::position).collect(),
            Item::None | Item::Value(_) => Vec::new(),
        });
        all.flatten().max().unwrap_or(0)
    }
}

/// The id of an entry; empty for one without, which no text that was imported has.
pub(super) fn id_of(table: &Table) -> &str {
    table.get("id").and_then(Item::as_str).unwrap_or_default()
}

/// The table in which a place is.
pub(super) fn table<'d>(document: &'d DocumentMut, place: &Place) -> Option<&'d Table> {
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
pub(super) fn table_mut<'d>(document: &'d mut DocumentMut, place: &Place) -> Option<&'d mut Table> {
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
fn insert_after(table: &mut Table, before: &[String], key: &Key, item: Item) {
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

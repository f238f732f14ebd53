//! Editing a text in place, with its comments.

use std::collections::BTreeMap;

use toml_edit::{DocumentMut, Item, Table};

use super::Step;
use crate::{
    diff::Place,
    text::{Document, id_of, insert_after, last_position, put, table, table_mut, take},
};

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
        new.set_position(Some(last_position(&self.mine) + 1));
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
        let last = last_position(&self.mine);
        let mut tables = take(&mut self.mine, &place.section);
        let after = before
            .iter()
            .rev()
            .find_map(|id| tables.iter().position(|t| id_of(t) == id));
        let at = after.map_or(0, |after| after + 1);
        let neighbour = tables.get(after.unwrap_or(0)).and_then(Table::position);
        new.set_position(neighbour.or(Some(last + 1)));
        tables.insert(at.min(tables.len()), new);
        put(&mut self.mine, &place.section, tables);
    }

    fn remove(&mut self, place: &Place) {
        let id = place.id.as_deref().unwrap_or_default();
        let mut tables = take(&mut self.mine, &place.section);
        tables.retain(|table| id_of(table) != id);
        put(&mut self.mine, &place.section, tables);
    }

    /// Puts the entries named in `order` into that order, on the places that they have together;
    /// others stay where they are.
    pub(super) fn reorder(&mut self, kind: &str, order: &[String]) {
        let mut tables = take(&mut self.mine, kind);
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
        put(&mut self.mine, kind, tables);
    }
}

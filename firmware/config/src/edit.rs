//! Edits of the text by a program: the panel's forms. The text keeps its comments and order; ids
//! and secrets come with the import that follows.

use serde::{Deserialize, Serialize};
use toml_edit::{DocumentMut, Item, Key, Table};

use crate::{
    config::KINDS,
    diff::{Fields, Place, Plain},
    problem::Problems,
    text::{Document, id_of, insert_after, last_position, put, table_mut, take},
};

/// The tables that are no lists of entries.
pub(crate) const SECTIONS: [&str; 5] = ["office", "network", "media", "codes", "limits"];

/// One edit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    /// Gives a key a value. A password goes in as text and is taken out by the import.
    Set {
        /// Where; with a key.
        place: Place,
        /// The value.
        value: Plain,
    },
    /// Removes a key, so that its default applies.
    Clear {
        /// Where; with a key.
        place: Place,
    },
    /// Adds an entry after the last of its kind. The import gives it an id.
    Add {
        /// The kind, like `person`.
        section: String,
        /// Its values.
        fields: Fields,
    },
    /// Removes an entry with its comments.
    Remove {
        /// Which; without key.
        place: Place,
    },
}

/// Why an edit cannot be made. Whether its values are good is told by the check that follows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// No table has this name, or it is a list where a table is wanted or the other way round.
    #[error("there is no table `{0}` of this kind")]
    NoSection(String),
    /// No entry has this id.
    #[error("no {section} has the id `{id}`")]
    NoEntry {
        /// The kind.
        section: String,
        /// The id.
        id: String,
    },
    /// A place without the key it needs, or with one too many.
    #[error("the place does not fit the edit")]
    Place,
    /// An id never changes.
    #[error("an id never changes")]
    Id,
    /// The edited text is too long.
    #[error(transparent)]
    Text(#[from] Problems),
}

/// Makes all `edits`, in their order, or none.
///
/// # Errors
/// The first edit that cannot be made.
pub fn edit(document: &Document, edits: &[Edit]) -> Result<Document, EditError> {
    let mut text = document.editable();
    for edit in edits {
        apply(&mut text, edit)?;
    }
    Ok(Document::parse(&text.to_string())?)
}

fn apply(text: &mut DocumentMut, edit: &Edit) -> Result<(), EditError> {
    match edit {
        Edit::Set { place, value } => {
            let key = key_of(place)?;
            set(find(text, place)?, key, value)?;
        }
        Edit::Clear { place } => {
            let key = key_of(place)?;
            let table = find(text, place)?;
            if table.get(key).is_some_and(|item| !item.is_value()) {
                return Err(EditError::Place);
            }
            table.remove(key);
        }
        Edit::Add { section, fields } => add(text, section, fields)?,
        Edit::Remove { place } => {
            let (Some(id), None) = (&place.id, &place.key) else {
                return Err(EditError::Place);
            };
            find(text, place)?;
            let mut tables = take(text, &place.section);
            tables.retain(|table| id_of(table) != id);
            put(text, &place.section, tables);
        }
    }
    Ok(())
}

/// The key of a value that may be edited.
fn key_of(place: &Place) -> Result<&str, EditError> {
    match place.key.as_deref() {
        None => Err(EditError::Place),
        Some("id") if place.id.is_some() => Err(EditError::Id),
        Some(key) => Ok(key),
    }
}

/// The table of a place; a section that is not written yet is added at the end.
fn find<'d>(text: &'d mut DocumentMut, place: &Place) -> Result<&'d mut Table, EditError> {
    let name = place.section.as_str();
    let known = match &place.id {
        Some(_) => KINDS.contains(&name),
        None => name.is_empty() || SECTIONS.contains(&name),
    };
    if !known {
        return Err(EditError::NoSection(cut(name)));
    }
    if place.id.is_none() && !name.is_empty() && !text.contains_key(name) {
        let mut new = Table::new();
        new.set_position(Some(last_position(text) + 1));
        text.insert(name, Item::Table(new));
    }
    let missing = || match &place.id {
        Some(id) => EditError::NoEntry {
            section: cut(name),
            id: cut(id),
        },
        None => EditError::NoSection(cut(name)),
    };
    table_mut(text, place).ok_or_else(missing)
}

/// A value that was there keeps its comments. Whole tables are no values.
fn set(table: &mut Table, key: &str, value: &Plain) -> Result<(), EditError> {
    let mut new = value.to_value();
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        Some(_) => return Err(EditError::Place),
        None => {
            let all: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
            insert_after(table, &all, &Key::new(key), Item::Value(new));
        }
    }
    Ok(())
}

fn add(text: &mut DocumentMut, section: &str, fields: &Fields) -> Result<(), EditError> {
    if !KINDS.contains(&section) || text.get(section).is_some_and(|i| !i.is_array_of_tables()) {
        return Err(EditError::NoSection(cut(section)));
    }
    let mut tables = take(text, section);
    let last = tables.last().and_then(Table::position);
    let mut new = Table::new();
    new.set_position(last.or(Some(last_position(text) + 1)));
    for (key, value) in &fields.0 {
        new.insert(key, Item::Value(value.to_value()));
    }
    tables.push(new);
    put(text, section, tables);
    Ok(())
}

fn cut(name: &str) -> String {
    crate::problem::cut(name)
}

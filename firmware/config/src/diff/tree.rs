//! A text as sections, entries and values.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use toml_edit::{Item, TableLike};

use super::Plain;
use crate::{config::KINDS, text::Document};

/// Values by key, in the order of the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields(pub Vec<(String, Plain)>);

impl Fields {
    fn new(table: &dyn TableLike) -> Self {
        let fields = table.iter();
        Self(
            fields
                .filter_map(|(key, item)| Some((key.into(), Plain::of(item)?)))
                .collect(),
        )
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Plain> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// Whether the same keys have the same values, in whatever order.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.by_key() == other.by_key()
    }

    pub(crate) fn by_key(&self) -> BTreeMap<&str, &Plain> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value))
            .collect()
    }

    fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Plain::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(k, v)| (k, v)))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Plain::deserialize(deserializer)? {
            Plain::Table(fields) => Ok(Self(fields)),
            _ => Err(de::Error::custom("values by key")),
        }
    }
}

/// An entry of a `[[table]]`.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its id; in a text that was never imported `#0`, `#1`, … by position.
    pub(crate) id: String,
    pub(crate) fields: Fields,
}

impl Entry {
    /// Name and number, as far as it has them; else its id.
    pub(crate) fn label(&self) -> String {
        let fields = &self.fields;
        let name = ["name", "login", "host"]
            .iter()
            .find_map(|key| fields.text(key));
        let number = ["extension", "number", "sip_user", "port"]
            .iter()
            .find_map(|key| fields.text(key));
        match (name, number) {
            (Some(name), Some(number)) => format!("{name} ({number})"),
            (Some(one), None) | (None, Some(one)) => one.into(),
            (None, None) => self.id.clone(),
        }
    }
}

/// A whole text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    /// `[sections]` by name; the keys above all tables under the empty name.
    pub(crate) sections: BTreeMap<String, Fields>,
    /// `[[kinds]]` by name, entries in the order of the text.
    pub(crate) kinds: BTreeMap<String, Vec<Entry>>,
}

impl Tree {
    pub(crate) fn new(document: &Document) -> Self {
        let mut out = Self::default();
        let mut top = Fields::default();
        for (key, item) in document.root() {
            match item {
                Item::Table(table) => {
                    out.sections.insert(key.into(), Fields::new(table));
                }
                Item::ArrayOfTables(tables) if KINDS.contains(&key) => {
                    let entries = tables.iter().enumerate().map(|(at, table)| Entry {
                        id: table
                            .get("id")
                            .and_then(Item::as_str)
                            .map_or_else(|| format!("#{at}"), str::to_owned),
                        fields: Fields::new(table),
                    });
                    out.kinds.insert(key.into(), entries.collect());
                }
                other => top
                    .0
                    .extend(Plain::of(other).map(|value| (key.to_owned(), value))),
            }
        }
        out.sections.insert(String::new(), top);
        out
    }

    pub(crate) fn entries(&self, kind: &str) -> &[Entry] {
        self.kinds.get(kind).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn entry(&self, kind: &str, id: &str) -> Option<&Entry> {
        self.entries(kind).iter().find(|entry| entry.id == id)
    }

    /// The value at a place.
    pub(crate) fn value(&self, place: &super::Place) -> Option<&Plain> {
        let key = place.key.as_deref()?;
        match &place.id {
            Some(id) => self.entry(&place.section, id)?.fields.get(key),
            None => self.sections.get(&place.section)?.get(key),
        }
    }
}

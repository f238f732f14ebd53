//! A value without its looks.

use crate::import::SECRET_KEYS;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use toml_edit::{Array, InlineTable, Item, TableLike, Value};

/// A value of the text without comments, quotes and layout.
#[derive(Clone, Debug, PartialEq)]
pub enum Plain {
    /// A text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A decimal number, as written; no key takes one.
    Decimal(String),
    /// Yes or no.
    Flag(bool),
    /// A date or time, as written; no key takes one.
    Date(String),
    /// A list.
    List(Vec<Self>),
    /// A table in braces, in the order of the text.
    Table(Vec<(String, Self)>),
}

impl Plain {
    pub(crate) fn of(item: &Item) -> Option<Self> {
        match item {
            Item::None => None,
            Item::Value(value) => Some(Self::of_value(value)),
            Item::Table(table) => Some(Self::of_table(table)),
            Item::ArrayOfTables(tables) => Some(Self::List(
                tables.iter().map(|table| Self::of_table(table)).collect(),
            )),
        }
    }

    fn of_value(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.value().clone()),
            Value::Integer(number) => Self::Whole(*number.value()),
            Value::Float(number) => Self::Decimal(number.value().to_string()),
            Value::Boolean(flag) => Self::Flag(*flag.value()),
            Value::Datetime(date) => Self::Date(date.value().to_string()),
            Value::Array(array) => Self::List(array.iter().map(Self::of_value).collect()),
            Value::InlineTable(table) => Self::of_table(table),
        }
    }

    fn of_table(table: &dyn TableLike) -> Self {
        let fields = table.iter();
        Self::Table(
            fields
                .filter_map(|(key, item)| Some((key.into(), Self::of(item)?)))
                .collect(),
        )
    }

    /// The value as TOML.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Text(text) | Self::Decimal(text) | Self::Date(text) => text.into(),
            Self::Whole(number) => (*number).into(),
            Self::Flag(flag) => (*flag).into(),
            Self::List(list) => list.iter().map(Self::to_value).collect::<Array>().into(),
            Self::Table(fields) => {
                let fields = fields
                    .iter()
                    .map(|(key, value)| (key.as_str(), value.to_value()));
                fields.collect::<InlineTable>().into()
            }
        }
    }

    /// The value of JSON; `None` for null and for numbers that are not whole.
    fn of_json(json: &serde_json::Value) -> Option<Self> {
        Some(match json {
            serde_json::Value::Null => return None,
            serde_json::Value::Bool(flag) => Self::Flag(*flag),
            serde_json::Value::Number(number) => Self::Whole(number.as_i64()?),
            serde_json::Value::String(text) => Self::Text(text.clone()),
            serde_json::Value::Array(list) => {
                Self::List(list.iter().map(Self::of_json).collect::<Option<_>>()?)
            }
            serde_json::Value::Object(map) => Self::Table(
                map.iter()
                    .map(|(key, value)| Some((key.clone(), Self::of_json(value)?)))
                    .collect::<Option<_>>()?,
            ),
        })
    }

    /// Makes a password that stands under `key`, or in a table under a key of its own, unreadable:
    /// a text that was never imported still has them.
    pub(crate) fn hide_secrets(&mut self, key: Option<&str>) {
        match self {
            Self::Text(text) if key.is_some_and(|key| SECRET_KEYS.contains(&key)) => {
                *text = "…".into()
            }
            Self::Table(fields) => {
                for (key, value) in fields {
                    value.hide_secrets(Some(key));
                }
            }
            _ => {}
        }
    }

    /// Whether this is a reference to a secret.
    pub(crate) fn is_secret(&self) -> bool {
        matches!(self, Self::Table(fields) if matches!(&fields[..], [(key, Self::Text(_))] if key == crate::secret::REFERENCE_KEY))
    }
}

impl Serialize for Plain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) | Self::Decimal(text) | Self::Date(text) => {
                serializer.serialize_str(text)
            }
            Self::Whole(number) => serializer.serialize_i64(*number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::List(list) => serializer.collect_seq(list),
            Self::Table(fields) => serializer.collect_map(fields.iter().map(|(k, v)| (k, v))),
        }
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        let expected = "a text, a whole number, true, false, a list or an object of these";
        Self::of_json(&json).ok_or_else(|| de::Error::custom(expected))
    }
}

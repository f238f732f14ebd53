//! A value without its looks.

use serde::{Serialize, Serializer};
use toml_edit::{Item, TableLike, Value};

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

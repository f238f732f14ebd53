//! Differences in words.

use super::{Change, Place, Plain};
use crate::{
    Language,
    words::{Words, fill},
};

/// Longest value shown in a sentence, in characters.
const VALUE_LEN_MAX: usize = 80;

impl Change {
    /// The change as a sentence. Secrets are never shown.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        let words = Words::of(language);
        match self {
            Self::Value {
                place,
                old,
                new,
                label,
            } => {
                let template = match (old, new) {
                    _ if is_secret(old) || is_secret(new) => words.replaced,
                    _ if key_is_secret(place) => words.replaced,
                    (Some(_), Some(_)) => words.changed,
                    (None, _) => words.set,
                    (Some(_), None) => words.cleared,
                };
                fill(template, |name| match name {
                    "subject" => Some(subject(place, label, words)),
                    "key" => place.key.as_deref().map(|key| words.key(key).into()),
                    "old" => Some(value(old, words)),
                    "new" => Some(value(new, words)),
                    _ => None,
                })
            }
            Self::Added { place, label, .. } => about(words.added, place, label, words),
            Self::Removed { place, label, .. } => about(words.removed, place, label, words),
            Self::Reordered { section } => {
                fill(words.reordered, |_| Some(words.section(section).1.into()))
            }
            Self::Layout => words.layout.into(),
        }
    }
}

fn about(template: &str, place: &Place, label: &str, words: &Words) -> String {
    fill(template, |_| Some(subject(place, label, words)))
}

pub(crate) fn subject(place: &Place, label: &str, words: &Words) -> String {
    let (one, _) = words.section(&place.section);
    if place.id.is_none() {
        one.into()
    } else {
        format!("{one} {label}")
    }
}

fn key_is_secret(place: &Place) -> bool {
    place
        .key
        .as_deref()
        .is_some_and(|key| crate::import::SECRET_KEYS.contains(&key))
}

fn is_secret(value: &Option<Plain>) -> bool {
    value.as_ref().is_some_and(Plain::is_secret)
}

pub(crate) fn value(value: &Option<Plain>, words: &Words) -> String {
    let text = value
        .as_ref()
        .map_or_else(|| words.nothing.into(), |v| shown(v, words));
    let mut cut: String = text.chars().take(VALUE_LEN_MAX).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

fn shown(value: &Plain, words: &Words) -> String {
    match value {
        Plain::Text(text) if text.is_empty() => words.nothing.into(),
        Plain::Text(text) | Plain::Decimal(text) | Plain::Date(text) => text.clone(),
        Plain::Whole(number) => number.to_string(),
        Plain::Flag(flag) => (if *flag { words.yes } else { words.no }).into(),
        Plain::List(list) if list.is_empty() => words.nothing.into(),
        Plain::List(list) => {
            let members: Vec<_> = list.iter().map(|member| shown(member, words)).collect();
            members.join(", ")
        }
        Plain::Table(_) if value.is_secret() => "…".into(),
        Plain::Table(fields) => {
            let members = fields
                .iter()
                .map(|(key, member)| format!("{key} {}", shown(member, words)));
            members.collect::<Vec<_>>().join(", ")
        }
    }
}

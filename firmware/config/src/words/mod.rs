//! Sentences at the edge: templates with `{parameters}`, one file a language.

mod cs;
mod en;
mod pl;
mod ru;

use crate::Language;

/// The sentences and names of one language.
pub(crate) struct Words {
    /// An entry is new: `{subject}`.
    pub(crate) added: &'static str,
    /// An entry is gone: `{subject}`.
    pub(crate) removed: &'static str,
    /// A value is another one: `{subject}`, `{key}`, `{old}`, `{new}`.
    pub(crate) changed: &'static str,
    /// A value is there that was not: `{subject}`, `{key}`, `{new}`.
    pub(crate) set: &'static str,
    /// A value is gone, its default applies: `{subject}`, `{key}`, `{old}`.
    pub(crate) cleared: &'static str,
    /// A secret is another one: `{subject}`, `{key}`.
    pub(crate) replaced: &'static str,
    /// Entries in another order: `{kinds}`.
    pub(crate) reordered: &'static str,
    /// Comments or layout changed.
    pub(crate) layout: &'static str,
    /// Both sides changed one thing: `{subject}`, `{key}`, `{base}`, `{mine}`, `{theirs}`.
    pub(crate) conflict: &'static str,
    /// One side changed an entry that the other removed: `{subject}`.
    pub(crate) conflict_removed: &'static str,
    pub(crate) yes: &'static str,
    pub(crate) no: &'static str,
    /// An empty list, an empty text, no value.
    pub(crate) nothing: &'static str,
    /// Tables by name: what one is called, and what all are called.
    sections: &'static [(&'static str, &'static str, &'static str)],
    /// Keys by name.
    keys: &'static [(&'static str, &'static str)],
}

impl Words {
    pub(crate) const fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &en::WORDS,
            Language::Pl => &pl::WORDS,
            Language::Cs => &cs::WORDS,
            Language::Ru => &ru::WORDS,
        }
    }

    /// What a table is called: one, and all. One that has no words keeps its name.
    pub(crate) fn section<'n>(&self, name: &'n str) -> (&'n str, &'n str) {
        let found = self.sections.iter().find(|(section, ..)| *section == name);
        found.map_or((name, name), |(_, one, all)| (one, all))
    }

    /// What a key is called. One that has no words keeps its name.
    pub(crate) fn key<'n>(&self, name: &'n str) -> &'n str {
        let found = self.keys.iter().find(|(key, _)| *key == name);
        found.map_or(name, |(_, words)| words)
    }
}

/// `template` with every `{name}` replaced by what `value` knows under that name; an unknown name
/// stays as it is, so that a mistake is seen.
pub(crate) fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let known = after
            .split_once('}')
            .and_then(|(name, tail)| Some((value(name)?, tail)));
        match known {
            Some((text, tail)) => {
                out.push_str(&text);
                rest = tail;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_schema_has_words_in_every_language() {
        for (name, language) in Language::ALL {
            let words = Words::of(language);
            for help in crate::reference() {
                let key = help.key.rsplit('.').next().unwrap_or_default();
                assert!(words.keys.iter().any(|(k, _)| *k == key), "{name}: {key}");
            }
            for section in crate::config::KINDS
                .iter()
                .chain(&["", "office", "network", "media", "codes", "limits"])
            {
                assert!(
                    words.sections.iter().any(|(s, ..)| s == section),
                    "{name}: {section}"
                );
            }
            assert_eq!(words.keys.len(), en::WORDS.keys.len(), "{name}");
        }
    }

    #[test]
    fn unknown_parameters_stay_visible() {
        let filled = fill("{a} and {b} and {", |name| {
            (name == "a").then(|| "x{b}".into())
        });
        assert_eq!(filled, "x{b} and {b} and {");
    }
}

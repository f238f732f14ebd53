//! Reading a TOML table key by key: every question is remembered, so that what nobody asked for
//! is an unknown key, and every answer that does not fit is a problem with its line.

use core::ops::RangeInclusive;
use std::collections::{BTreeMap, BTreeSet};

use model::EntryId;
use toml_edit::{Item, Table, Value};

use crate::{
    problem::{Bad, Fault, PROBLEMS_MAX, Problem, Problems, cut},
    secret::SecretId,
};

/// Collects problems and remembers on which line each key stands.
pub(crate) struct Report {
    line_starts: Vec<usize>,
    places: BTreeMap<String, u32>,
    entries: BTreeMap<EntryId, String>,
    written: BTreeSet<EntryId>,
    secrets: Vec<(String, SecretId)>,
    problems: Vec<Problem>,
    dropped: usize,
}

impl Report {
    pub(crate) fn new(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        Self {
            line_starts: core::iter::once(0)
                .chain(breaks.map(|(at, _)| at + 1))
                .collect(),
            places: BTreeMap::new(),
            entries: BTreeMap::new(),
            written: BTreeSet::new(),
            secrets: Vec::new(),
            problems: Vec::new(),
            dropped: 0,
        }
    }

    /// The line, counted from 1, of a byte of the text.
    pub(crate) fn line_of(&self, byte: usize) -> u32 {
        let line = self.line_starts.partition_point(|start| *start <= byte);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// Adds a problem, unless two checks came to the very same.
    pub(crate) fn add(&mut self, line: u32, key: &str, bad: Bad) {
        let problem = Problem {
            line,
            key: key.into(),
            rule: bad.rule,
            params: bad.params,
        };
        if self.problems.contains(&problem) {
            return;
        }
        if self.is_full() {
            self.dropped += 1;
        } else {
            self.problems.push(problem);
        }
    }

    /// Whether further problems are only counted.
    fn is_full(&self) -> bool {
        self.problems.len() >= PROBLEMS_MAX
    }

    /// A problem of a key that was read before, or of its section if the key is not there.
    pub(crate) fn add_at(&mut self, key: &str, rule: Fault, params: Vec<(&'static str, String)>) {
        let line = self.place(key);
        self.add(line, key, Bad { rule, params });
    }

    /// The line of a key, else that of the section it would stand in, else 1.
    pub(crate) fn place(&self, key: &str) -> u32 {
        let mut rest = key;
        loop {
            if let Some(line) = self.places.get(rest) {
                return *line;
            }
            match rest.rfind('.') {
                Some(dot) => rest = &rest[..dot],
                None => return 1,
            }
        }
    }

    /// This id is written in the text, not provisional: others may refer to it.
    pub(crate) fn name_written(&mut self, id: &EntryId) {
        self.written.insert(id.clone());
    }

    pub(crate) fn is_written(&self, id: &EntryId) -> bool {
        self.written.contains(id)
    }

    /// The entry with this id stands at `path`.
    pub(crate) fn name_entry(&mut self, id: &EntryId, path: &str) {
        self.entries.insert(id.clone(), path.into());
    }

    /// Where the entry with this id stands, like `person[0]`.
    pub(crate) fn entry_path(&self, id: &EntryId) -> Option<String> {
        self.entries.get(id).cloned()
    }

    /// The text refers to a secret under `key`.
    pub(crate) fn secret_used(&mut self, key: &str, id: &SecretId) {
        self.secrets.push((key.into(), id.clone()));
    }

    /// Every reference to a secret with its key.
    pub(crate) fn secrets(&self) -> &[(String, SecretId)] {
        &self.secrets
    }

    pub(crate) fn remember(&mut self, key: &str, line: u32) {
        self.places.insert(key.into(), line);
    }

    /// `value` if nothing was wrong, else all that was.
    pub(crate) fn finish<T>(mut self, value: Option<T>) -> Result<T, Problems> {
        self.problems.sort_by_key(|problem| problem.line);
        if self.dropped > 0 {
            let line = self.problems.last().map_or(1, |problem| problem.line);
            self.problems.push(Problem {
                line,
                key: String::new(),
                rule: Fault::More,
                params: vec![("count", self.dropped.to_string())],
            });
        }
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(Problems(self.problems)),
        }
    }
}

/// One table being read.
pub(crate) struct Section<'t, 'r> {
    table: &'t Table,
    path: String,
    line: u32,
    asked: Vec<&'static str>,
    pub(crate) report: &'r mut Report,
}

impl<'t, 'r> Section<'t, 'r> {
    pub(crate) fn new(table: &'t Table, path: String, report: &'r mut Report) -> Self {
        let line = table.span().map_or(1, |span| report.line_of(span.start));
        report.remember(&path, line);
        Self {
            table,
            path,
            line,
            asked: Vec::new(),
            report,
        }
    }

    /// The full path of `key` in this section.
    pub(crate) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.into()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    fn line_of_key(&self, key: &str, item: &Item) -> u32 {
        let key_span = self.table.key(key).and_then(toml_edit::Key::span);
        let span = key_span.or_else(|| item.span());
        span.map_or(self.line, |span| self.report.line_of(span.start))
    }

    /// The item of `key`, remembered as asked for.
    pub(crate) fn item(&mut self, key: &'static str) -> Option<&'t Item> {
        self.asked.push(key);
        let item = self.table.get(key)?;
        let line = self.line_of_key(key, item);
        let path = self.path_of(key);
        self.report.remember(&path, line);
        Some(item)
    }

    pub(crate) fn bad(&mut self, key: &str, bad: Bad) {
        let path = self.path_of(key);
        let line = self.report.place(&path);
        self.report.add(line, &path, bad);
    }

    fn wrong_type(&mut self, key: &str, expected: &str, item: &Item) {
        let params = vec![
            ("expected", expected.to_owned()),
            ("found", type_name(item).to_owned()),
        ];
        self.bad(
            key,
            Bad {
                rule: Fault::Type,
                params,
            },
        );
    }

    /// A text of any kind.
    pub(crate) fn string(&mut self, key: &'static str) -> Option<&'t str> {
        let item = self.item(key)?;
        let text = item.as_str();
        if text.is_none() {
            self.wrong_type(key, "a text in quotes", item);
        }
        text
    }

    /// A text that `parse` understands.
    pub(crate) fn parsed<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Bad>,
    ) -> Option<T> {
        let text = self.string(key)?;
        parse(text).map_err(|bad| self.bad(key, bad)).ok()
    }

    /// A text that people read: 1 to `max` characters, no control characters.
    pub(crate) fn label(&mut self, key: &'static str, max: usize) -> Option<String> {
        self.parsed(key, |text| label(text, max))
    }

    pub(crate) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let item = self.item(key)?;
        let flag = item.as_bool();
        if flag.is_none() {
            self.wrong_type(key, "true or false", item);
        }
        flag
    }

    /// A whole number in `range`.
    pub(crate) fn whole<T>(&mut self, key: &'static str, range: RangeInclusive<T>) -> Option<T>
    where
        T: TryFrom<i64> + PartialOrd + core::fmt::Display,
    {
        let item = self.item(key)?;
        let Some(value) = item.as_integer() else {
            self.wrong_type(key, "a whole number", item);
            return None;
        };
        let fits = T::try_from(value).ok().filter(|v| range.contains(v));
        if fits.is_none() {
            let params = vec![
                ("value", value.to_string()),
                ("min", range.start().to_string()),
                ("max", range.end().to_string()),
            ];
            self.bad(
                key,
                Bad {
                    rule: Fault::Range,
                    params,
                },
            );
        }
        fits
    }

    /// A list of texts that `parse` understands, at most `max` of them.
    pub(crate) fn list<T>(
        &mut self,
        key: &'static str,
        max: usize,
        parse: impl Fn(&str) -> Result<T, Bad>,
    ) -> Option<Vec<T>> {
        let item = self.item(key)?;
        let Some(array) = item.as_array() else {
            self.wrong_type(key, "a list of texts in [ ]", item);
            return None;
        };
        if array.len() > max {
            let params = vec![
                ("length", array.len().to_string()),
                ("max", max.to_string()),
            ];
            self.bad(
                key,
                Bad {
                    rule: Fault::ListLong,
                    params,
                },
            );
            return None;
        }
        let members: Vec<Option<T>> = array.iter().map(|v| self.member(key, v, &parse)).collect();
        members.into_iter().collect()
    }

    fn member<T>(
        &mut self,
        key: &str,
        value: &Value,
        parse: impl Fn(&str) -> Result<T, Bad>,
    ) -> Option<T> {
        let result = match value.as_str() {
            Some(text) => parse(text),
            None => Err(Bad {
                rule: Fault::Type,
                params: vec![
                    ("expected", "a text in quotes".into()),
                    ("found", value_name(value).into()),
                ],
            }),
        };
        let path = self.path_of(key);
        let line = value
            .span()
            .map_or(self.line, |span| self.report.line_of(span.start));
        result.map_err(|bad| self.report.add(line, &path, bad)).ok()
    }

    /// The table `[key]`; `None` and a problem when it is written in another form.
    pub(crate) fn table(&mut self, key: &'static str) -> Option<&'t Table> {
        let item = self.item(key)?;
        let table = item.as_table();
        if table.is_none() {
            self.wrong_form(key, format!("[{key}]"));
        }
        table
    }

    /// The entries `[[key]]`, at most `max`.
    pub(crate) fn entries(&mut self, key: &'static str, max: usize) -> Vec<&'t Table> {
        let Some(item) = self.item(key) else {
            return Vec::new();
        };
        let Some(entries) = item.as_array_of_tables() else {
            self.wrong_form(key, format!("[[{key}]]"));
            return Vec::new();
        };
        if entries.len() > max {
            let params = vec![
                ("count", entries.len().to_string()),
                ("max", max.to_string()),
            ];
            self.bad(
                key,
                Bad {
                    rule: Fault::EntriesMany,
                    params,
                },
            );
        }
        entries.iter().take(max).collect()
    }

    fn wrong_form(&mut self, key: &str, form: String) {
        let params = vec![("form", form)];
        self.bad(
            key,
            Bad {
                rule: Fault::Form,
                params,
            },
        );
    }

    /// Whether `key` is written at all.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A problem of the section as a whole.
    pub(crate) fn bad_section(&mut self, bad: Bad) {
        self.report.add(self.line, &self.path, bad);
    }

    /// `value` of `key` is outside `range`.
    pub(crate) fn range_bad(&mut self, key: &str, value: u16, range: RangeInclusive<u16>) {
        let params = vec![
            ("value", value.to_string()),
            ("min", range.start().to_string()),
            ("max", range.end().to_string()),
        ];
        self.bad(
            key,
            Bad {
                rule: Fault::Range,
                params,
            },
        );
    }

    /// `key` must be there.
    pub(crate) fn missing(&mut self, key: &str) {
        self.bad(
            key,
            Bad {
                rule: Fault::KeyMissing,
                params: Vec::new(),
            },
        );
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn finish(self) {
        for (key, item) in self.table {
            if self.asked.contains(&key) {
                continue;
            }
            let line = self.line_of_key(key, item);
            let path = self.path_of(&cut(key));
            // When nothing more is listed, nothing more is guessed: a text may have any number of these.
            let near = (!self.report.is_full())
                .then(|| nearest(key, &self.asked))
                .flatten();
            let bad = match near {
                Some(near) => Bad {
                    rule: Fault::KeyMisspelt,
                    params: vec![("suggestion", near.into())],
                },
                None => Bad {
                    rule: Fault::KeyUnknown,
                    params: Vec::new(),
                },
            };
            self.report.add(line, &path, bad);
        }
    }
}

/// A text for people, see [`Section::label`].
pub(crate) fn label(text: &str, max: usize) -> Result<String, Bad> {
    let length = text.chars().count();
    let rule = if text.is_empty() {
        Fault::Empty
    } else if length > max {
        Fault::Long
    } else if text.trim() != text {
        Fault::Untrimmed
    } else if let Some(at) = text.chars().position(is_control) {
        return Err(Bad {
            rule: Fault::Control,
            params: vec![("at", (at + 1).to_string())],
        });
    } else {
        return Ok(text.into());
    };
    let params = vec![("length", length.to_string()), ("max", max.to_string())];
    Err(Bad { rule, params })
}

/// Control characters, and those that turn the direction of writing or end a line, with which a
/// name could pretend to be something else in a list.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn type_name(item: &Item) -> &'static str {
    match item {
        Item::None => "nothing",
        Item::Value(value) => value_name(value),
        Item::Table(_) => "a table",
        Item::ArrayOfTables(_) => "a list of tables",
    }
}

const fn value_name(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a decimal number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date or time",
        Value::Array(_) => "a list",
        Value::InlineTable(_) => "a table in { }",
    }
}

/// The name nearest to `key`, if one is near enough to be a slip of the keyboard.
pub(crate) fn nearest<'n>(key: &str, names: &[&'n str]) -> Option<&'n str> {
    if key.len() > 40 {
        return None;
    }
    let near = names
        .iter()
        .map(|name| (distance(key, name), *name))
        .min()?;
    (near.0 <= 1 + key.len() / 4).then_some(near.1)
}

/// Edits (insert, remove, change of a byte) from `a` to `b`: Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, y) in b.bytes().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

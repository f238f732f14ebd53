//! The text itself: TOML with its comments and order.

mod tables;

use model::limits;
use toml_edit::Table;

pub(crate) use tables::{id_of, insert_after, last_position, put, table, table_mut, take};

use crate::{
    config::{Config, Known},
    problem::{Bad, Fault, Problem, Problems, cut_to},
    read::Report,
};

/// A text that is TOML. Nothing is known about its meaning until [`Document::check`].
#[derive(Clone, Debug)]
pub struct Document {
    text: String,
    parsed: toml_edit::Document<String>,
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Document {}

impl Document {
    /// Reads a text. Lines that end in CR LF end in LF from here on, and a byte order mark is dropped.
    ///
    /// # Errors
    /// The text is longer than `limits::CONFIG_TEXT_MAX`, or not TOML.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        let fail = |line, rule, params| {
            Problems(vec![Problem {
                line,
                key: String::new(),
                rule,
                params,
            }])
        };
        if text.len() > limits::CONFIG_TEXT_MAX {
            let params = vec![
                ("bytes", text.len().to_string()),
                ("max", limits::CONFIG_TEXT_MAX.to_string()),
            ];
            return Err(fail(1, Fault::TextTooLong, params));
        }
        let text = text
            .strip_prefix('\u{feff}')
            .unwrap_or(text)
            .replace("\r\n", "\n");
        match toml_edit::Document::parse(text.clone()) {
            Ok(parsed) => Ok(Self { text, parsed }),
            Err(error) => {
                let report = Report::new(&text);
                let line = match error.span() {
                    Some(span) => report.line_of(span.start),
                    None => line_of_longest_key(&text),
                };
                // The parser's own words, which may quote the text: made harmless for a terminal.
                let reason = cut_to(error.message(), 200);
                Err(fail(line, Fault::Syntax, vec![("reason", reason)]))
            }
        }
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// As [`Document::parse`], or the bytes are not UTF-8.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Problems> {
        match core::str::from_utf8(bytes) {
            Ok(text) => Self::parse(text),
            Err(error) => {
                let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let breaks = before.iter().filter(|b| **b == b'\n').count();
                let bad = Bad {
                    rule: Fault::Encoding,
                    params: vec![("at", error.valid_up_to().to_string())],
                };
                Err(Problems(vec![Problem {
                    line: u32::try_from(breaks + 1).unwrap_or(u32::MAX),
                    key: String::new(),
                    rule: bad.rule,
                    params: bad.params,
                }]))
            }
        }
    }

    /// The text, to the byte.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn root(&self) -> &Table {
        self.parsed.as_table()
    }

    /// The text to be edited.
    pub(crate) fn editable(&self) -> toml_edit::DocumentMut {
        self.parsed.clone().into_mut()
    }

    /// What the text means.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of lines.
    pub fn check(&self, known: Known<'_>) -> Result<Config, Problems> {
        Config::read(self.root(), &self.text, known)
    }

    /// A problem that shows only when the text is put in force, at the line of `key` (a path like
    /// `network.sip_udp`).
    #[must_use]
    pub fn blame(&self, key: &str, rule: Fault, params: Vec<(&'static str, String)>) -> Problems {
        Problems(vec![Problem {
            line: Config::line_of(self.root(), &self.text, key),
            key: key.into(),
            rule,
            params,
        }])
    }
}

/// The parser does not say where it gave up on a key of too many parts: the line with most dots.
fn line_of_longest_key(text: &str) -> u32 {
    let dots = |line: &str| line.bytes().filter(|b| *b == b'.').count();
    let longest = text
        .lines()
        .enumerate()
        .max_by_key(|(at, line)| (dots(line), usize::MAX - at));
    longest
        .and_then(|(at, _)| u32::try_from(at + 1).ok())
        .unwrap_or(1)
}

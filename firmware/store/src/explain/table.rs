//! Text tables, and the list of calls as one.

use core::fmt::Write as _;

use super::{Label, Language, Names, Scene, Words, duration};
use crate::Cdr;

/// A table of calls in the order given, one line each below a heading; the last column is the id
/// that `call explain` takes.
#[must_use]
pub fn list(cdrs: &[Cdr], names: &Names<'_>, language: Language) -> String {
    let words = language.words();
    let heading = [
        Label::Time,
        Label::From,
        Label::To,
        Label::Result,
        Label::Talk,
        Label::Call,
    ];
    let mut rows = vec![heading.map(|label| words.label(label).to_owned())];
    rows.extend(cdrs.iter().map(|cdr| row(cdr, names, words)));
    columns(&rows)
}

/// Rows in columns, each as wide as its widest cell; all rows have as many cells as the first.
#[must_use]
pub fn columns(rows: &[impl AsRef<[String]>]) -> String {
    let first = rows.first().map_or(0, |row| row.as_ref().len());
    let mut widths = vec![0; first];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row.as_ref()) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, &width) in row.as_ref().iter().zip(&widths) {
            // Writing to a String cannot fail.
            let _ = write!(line, "{cell:<width$}  ");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn row(cdr: &Cdr, names: &Names<'_>, words: &'static dyn Words) -> [String; 6] {
    let scene = Scene {
        cdr: Some(cdr),
        legs: &[],
        names,
        words,
        leg: None,
    };
    let result = match (cdr.cause, cdr.talk) {
        (None, _) => words.label(Label::InProgress),
        (Some(model::Cause::Normal), Some(_)) => words.label(Label::Answered),
        (Some(cause), _) => words.cause(cause),
    };
    [
        (names.time)(cdr.started),
        scene.caller(),
        scene.called(),
        result.to_owned(),
        cdr.talk
            .map(|talk| duration(talk, words))
            .unwrap_or_default(),
        cdr.call.to_string(),
    ]
}

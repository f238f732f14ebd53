//! The schema is made from the types that the reader fills; these tests hold the two together.

use super::{LEAST, problems};
use crate::{KeyHelp, ValueKind, reference, schema};

#[test]
fn the_schema_is_as_reviewed() {
    let json = serde_json::to_string_pretty(&schema()).expect("JSON");
    insta::assert_snapshot!(json);
}

#[test]
fn the_reference_is_as_reviewed() {
    let lines = reference().into_iter().map(|k| {
        let default = k.default.map(|d| format!(" = {d}")).unwrap_or_default();
        let range = match (k.min, k.max) {
            (None, None) => String::new(),
            (min, max) => format!(
                " [{}..{}]",
                min.map_or(String::new(), |m| m.to_string()),
                max.map_or(String::new(), |m| m.to_string())
            ),
        };
        let unit = k.unit.map(|u| format!(" {u}")).unwrap_or_default();
        let must = if k.required { " required" } else { "" };
        let choices = if k.choices.len() > 6 {
            "many".into()
        } else {
            k.choices.join("|")
        };
        format!(
            "{}{default}{range}{unit}{must} {choices}\n    {}\n",
            k.key, k.help
        )
    });
    insta::assert_snapshot!(lines.collect::<String>());
}

#[test]
fn every_key_has_a_help_text() {
    for key in reference() {
        assert!(key.help.len() > 10, "{}: {:?}", key.key, key.help);
    }
}

/// A text in which `key` has the value `value`.
fn text_with(key: &str, value: &str) -> String {
    match key.split_once("[].") {
        Some((kind, key)) => format!("{LEAST}[[{kind}]]\n{key} = {value}\n"),
        None => match key.split_once('.') {
            Some(("office", "country")) => format!("[office]\ncountry = {value}\n"),
            Some(("office", key)) => format!("{LEAST}{key} = {value}\n"),
            Some((section, key)) => format!("{LEAST}[{section}]\n{key} = {value}\n"),
            None => format!("{key} = {value}\n{LEAST}"),
        },
    }
}

/// The problems that name `key`.
fn problems_of(key: &KeyHelp, value: &str) -> Vec<String> {
    let name = key.key.replace("[]", "[0]");
    let all = problems(&text_with(&key.key, value));
    all.lines()
        .filter(|line| line.contains(&format!(" {name}: ")))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_reader_knows_every_key_of_the_schema() {
    for key in reference() {
        for problem in problems_of(&key, "[[1]]") {
            assert!(!problem.contains("no such key"), "{problem}");
        }
        assert!(
            !problems_of(&key, "1979-05-27").is_empty(),
            "{}: takes a date",
            key.key
        );
    }
}

#[test]
fn the_reader_takes_the_defaults_of_the_schema() {
    for key in reference() {
        if let Some(default) = &key.default {
            assert_eq!(
                problems_of(&key, &default.to_string()),
                [""; 0],
                "{}",
                key.key
            );
        }
    }
}

#[test]
fn the_reader_keeps_the_ranges_of_the_schema() {
    let whole = |key: &&KeyHelp| {
        problems_of(key, "true")
            .iter()
            .any(|p| p.contains("a whole number"))
    };
    let mut seen = 0;
    for key in reference().iter().filter(whole) {
        let (min, max) = (
            key.min.expect("a least value"),
            key.max.expect("a largest value"),
        );
        let out = |value: i64| {
            problems_of(key, &value.to_string())
                .iter()
                .any(|p| p.contains("[range]"))
        };
        // `format` has one good value; its others have a message of their own.
        if key.key != "format" {
            assert!(out(min - 1) && out(max + 1), "{}", key.key);
        }
        assert!(
            !out(min) || key.key == "limits.registration_max_s",
            "{}",
            key.key
        );
        assert!(!out(max), "{}", key.key);
        seen += 1;
    }
    assert!(seen > 8, "only {seen} numbers");
}

#[test]
fn the_reader_takes_every_choice_of_the_schema() {
    for key in reference() {
        for choice in &key.choices {
            assert_eq!(
                problems_of(&key, &format!("\"{choice}\"")),
                [""; 0],
                "{}",
                key.key
            );
        }
    }
}

#[test]
fn a_name_may_be_as_long_as_the_schema_says() {
    let name = reference()
        .into_iter()
        .find(|k| k.key == "office.name")
        .expect("a key");
    let max = usize::try_from(name.max.expect("a length")).expect("small");
    assert!(problems_of(&name, &format!("\"{}\"", "ż".repeat(max))).is_empty());
    assert!(!problems_of(&name, &format!("\"{}\"", "x".repeat(max + 1))).is_empty());
}

#[test]
fn the_reader_takes_the_examples_of_the_schema() {
    for key in reference() {
        if let Some(example) = &key.example {
            let value = if key.kind == ValueKind::List {
                format!("[\"{example}\"]")
            } else {
                format!("\"{example}\"")
            };
            let wrong: Vec<_> = problems_of(&key, &value)
                .into_iter()
                .filter(|p| {
                    !p.contains("[reference.unknown]")
                        && !p.contains("[form]")
                        && !p.contains("[address.taken]")
                })
                .collect();
            assert_eq!(wrong, [""; 0], "{}", key.key);
        }
    }
}

#[test]
fn kinds_are_what_the_reader_wants() {
    for key in reference() {
        let wants = |found: &str| {
            problems_of(&key, found)
                .iter()
                .any(|p| p.contains("[type]") || p.contains("[form]"))
        };
        let (text, whole, flag, list) =
            (!wants("\"x\""), !wants("1"), !wants("true"), !wants("[]"));
        let taken = match key.kind {
            ValueKind::Text | ValueKind::Choice | ValueKind::Secret => {
                text && !whole && !flag && !list
            }
            ValueKind::Whole => whole && !text && !flag && !list,
            ValueKind::Flag => flag && !text && !whole && !list,
            ValueKind::List => list && !text && !whole && !flag,
        };
        assert!(taken, "{}: {:?}", key.key, key.kind);
    }
}

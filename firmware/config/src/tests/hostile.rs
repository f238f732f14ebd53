//! Texts that mean harm. Each has a clear answer, quickly, and none a panic.

use proptest::prelude::*;

use super::{LEAST, MINIMAL, problems};
use crate::{Document, Language, diff, merge};

/// The first rule that a text breaks.
fn rule(text: &str) -> String {
    match crate::Config::parse(text) {
        Ok(_) => "fine".into(),
        Err(problems) => problems.list()[0].rule.name().into(),
    }
}

/// The corpus of the fuzz target, good texts and bad ones, each with all that is wrong with it.
#[test]
fn the_corpus_is_answered_as_reviewed() {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus/config");
    let files = std::fs::read_dir(folder).expect("the corpus");
    let mut told: Vec<String> = files
        .map(|file| {
            let path = file.expect("a file").path();
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let text = std::fs::read_to_string(path).expect("UTF-8");
            all_ways(&text);
            format!("{name}\n    {}\n", problems(&text).replace('\n', "\n    "))
        })
        .collect();
    told.sort();
    insta::assert_snapshot!(told.concat());
}

/// Sends a text through everything that takes one.
fn all_ways(text: &str) {
    let Ok(document) = Document::parse(text) else {
        return;
    };
    let minimal = super::document(MINIMAL);
    let least = super::document(LEAST);
    for change in diff(&minimal, &document)
        .into_iter()
        .chain(diff(&document, &minimal))
    {
        let _ = change.sentence(Language::Pl);
    }
    let imported = super::imported(MINIMAL).document;
    for [base, mine, theirs] in [
        [&imported, &document, &least],
        [&imported, &least, &document],
        [&document, &imported, &least],
        [&minimal, &document, &least],
        [&document, &least, &minimal],
        [&least, &minimal, &document],
    ] {
        let merged = merge(base, mine, theirs);
        assert!(
            !matches!(merged, Err(crate::MergeError::Text(_))),
            "{merged:?}"
        );
    }
    let place = crate::Place::key("limits", None, "calls");
    let value = crate::Plain::Whole(1);
    if let Ok(edited) = crate::edit(&document, &[crate::Edit::Set { place, value }]) {
        let merged = merge(&document, &edited, &least);
        assert!(
            !matches!(merged, Err(crate::MergeError::Text(_))),
            "{merged:?}"
        );
    }
    if let Ok(first) = super::import_with(text, &[], crate::UnknownSecrets::Renew) {
        let known: Vec<_> = first.secrets.keys().map(model::EntryId::as_str).collect();
        let text = first.document.text();
        let again = super::import_with(text, &known, crate::UnknownSecrets::Refuse);
        assert_eq!(
            again.expect("what was imported is good").document,
            first.document
        );
    }
}

#[test]
fn deep_nesting_is_refused() {
    assert_eq!(
        rule(&format!("{LEAST}x = {}", "[".repeat(100_000))),
        "syntax"
    );
    assert_eq!(
        rule(&format!("{LEAST}x = {}", "{a=".repeat(100_000))),
        "syntax"
    );
    assert_eq!(
        rule(&format!("{LEAST}{}b = 1", "a.".repeat(100_000))),
        "syntax"
    );
    assert_eq!(rule(&format!("[{}b]", "a.".repeat(100_000))), "syntax");
}

#[test]
fn a_text_that_is_too_long_is_not_even_parsed() {
    let text = format!("{LEAST}# {}", "x".repeat(model::limits::CONFIG_TEXT_MAX));
    assert_eq!(rule(&text), "text.too_long");
}

#[test]
fn numbers_beyond_all_bounds() {
    for number in [
        "99999999999999999999999999",
        "-9223372036854775808",
        "1e400",
        "nan",
        "0xffffffffffffffff",
        "-1",
    ] {
        let text = format!("{LEAST}[limits]\ncalls = {number}\n");
        assert!(
            ["range", "type", "syntax"].contains(&rule(&text).as_str()),
            "{number}"
        );
    }
}

#[test]
fn names_cannot_hide_things() {
    for name in [
        "\\u0000",
        "a\\nb",
        "a\\u001b[31m",
        "\\u202Enaj",
        "a\\u200bb",
        "\\u2028",
        "x\\u007f",
    ] {
        let text = format!("{LEAST}[[person]]\nlogin = 'x'\nname = \"x{name}x\"\n");
        assert_eq!(rule(&text), "text.control", "{name}");
    }
    let text = format!(
        "{LEAST}[[person]]\nlogin = 'x'\nname = \"{}\"\n",
        "x".repeat(100_000)
    );
    assert_eq!(rule(&text), "text.long");
}

#[test]
fn what_is_quoted_back_is_short_and_harmless() {
    let text = format!(
        "{LEAST}[[person]]\nextension = \"\\u001b[31m{}\"\n\"\\u0007{}\" = 1\n",
        "9".repeat(5000),
        "k".repeat(5000)
    );
    let told = problems(&text);
    assert!(told.len() < 600, "{told}");
    assert!(!told.contains('\u{1b}') && !told.contains('\u{7}'));
}

#[test]
fn too_many_entries_are_refused() {
    let text = format!(
        "{LEAST}{}",
        "[[trunk]]\nhost='a'\n".repeat(model::limits::TRUNKS + 1)
    );
    assert_eq!(rule(&text), "entries.many");
    let addresses = vec!["'0.0.0.0:0'"; 17].join(",");
    assert_eq!(
        rule(&format!("{LEAST}[network]\nsip_udp=[{addresses}]\n")),
        "list.long"
    );
}

#[test]
fn bytes_that_are_not_text() {
    let problems = Document::from_bytes(b"[office]\nname = \"\xff\"").expect_err("not UTF-8");
    assert_eq!(
        problems.to_string(),
        "line 2: the text is not UTF-8 from byte 17 on [encoding]"
    );
    assert!(Document::parse("a = \"\u{0}\"").is_err());
}

#[test]
fn any_number_of_unknown_keys_is_told_quickly() {
    let keys: String = (0..200_000).map(|n| format!("calks{n}=1\n")).collect();
    let text = format!("{LEAST}[limits]\n{keys}");
    let problems = crate::Config::parse(&text).expect_err("wrong");
    assert!(problems.to_string().ends_with("and 199900 more [more]"));
    let (old, new) = (super::document(&text), super::document(LEAST));
    assert_eq!(diff(&old, &new).len(), 200_000);
}

#[test]
fn a_thousand_people_with_one_extension() {
    let text = format!("{LEAST}{}", "[[person]]\nextension='2005'\n".repeat(1000));
    let problems = crate::Config::parse(&text).expect_err("wrong");
    assert_eq!(problems.list().len(), crate::PROBLEMS_MAX + 1);
}

/// An imported text with some of its lines cut out, doubled or moved: mostly TOML still.
pub(super) fn shuffled() -> impl Strategy<Value = String> {
    let moves = proptest::collection::vec(
        (
            any::<prop::sample::Index>(),
            any::<prop::sample::Index>(),
            0..3u8,
        ),
        1..8,
    );
    moves.prop_map(|moves| {
        let imported = super::imported(MINIMAL);
        let mut lines: Vec<&str> = imported.document.text().lines().collect();
        for (from, to, how) in moves {
            let line = lines[from.index(lines.len())];
            if how != 0 {
                lines.remove(from.index(lines.len()));
            }
            if how != 1 {
                lines.insert(to.index(lines.len() + 1), line);
            }
        }
        lines.join("\n")
    })
}

/// A text with some of its bytes changed, cut out or doubled.
fn mutated() -> impl Strategy<Value = String> {
    let edits = proptest::collection::vec(
        (
            any::<prop::sample::Index>(),
            0..4usize,
            "[\\[\\]{}\"'=.,# \n0-9a-z\\\\]{0,3}",
        ),
        1..6,
    );
    edits.prop_map(|edits| {
        let mut text: Vec<char> = MINIMAL.chars().collect();
        for (at, remove, insert) in edits {
            let at = at.index(text.len());
            let end = (at + remove).min(text.len());
            text.splice(at..end, insert.chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_makes_a_panic(text in prop_oneof![mutated(), shuffled()]) {
        all_ways(&text);
    }

    #[test]
    fn no_noise_makes_a_panic(text in "\\PC{0,200}") {
        let _ = crate::Config::parse(&text);
    }
}

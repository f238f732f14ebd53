//! Three-way merge and undo.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{document, imported};
use crate::{Change, Conflict, Document, Language, MergeError, diff, diff::Tree, merge, undo};

const BASE: &str = r#"# Our office.
format = 1

[office]
# As on the door.
name = "Kowalski Dental"
country = "PL"

# The boss.
[[person]]
id = "jan"
name = "Jan Kowalski"   # since 1999
extension = "2005"

[[person]]
id = "anna"
name = "Anna Nowak"
extension = "2001"

[codes]
echo_test = "*43" # everybody knows it

[[analog]]
id = "fax"
port = "fxs1"
extension = "301"
# the end
"#;

fn edited(edits: &[(&str, &str)]) -> Document {
    let mut text = BASE.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    document(&text)
}

fn conflicts(base: &Document, mine: &Document, theirs: &Document) -> Vec<Conflict> {
    match merge(base, mine, theirs) {
        Err(MergeError::Conflicts(conflicts)) => conflicts,
        other => panic!("expected conflicts, got {other:?}"),
    }
}

#[test]
fn changes_of_both_sides_come_together() {
    let mine = edited(&[
        ("extension = \"2005\"", "extension = \"2006\""),
        ("# The boss.", "# The boss, in room 3."),
        ("echo_test = \"*43\"", "echo_test = \"*44\""),
    ]);
    let theirs = edited(&[
        (
            "name = \"Kowalski Dental\"",
            "name = \"Kowalski & Nowak\"\n# Where we are.\ntimezone = \"Europe/Warsaw\"",
        ),
        (
            "\n[[person]]\nid = \"anna\"",
            "\n# New here.\n[[person]]\nid = \"ola\"\nextension = \"2002\" # provisional\n\n[[person]]\nid = \"anna\"",
        ),
        (
            "extension = \"301\"\n",
            "extension = \"301\"\n\n# Times to wait.\n[limits]\ndigit_timeout_s = 3\n",
        ),
        ("everybody knows it", "known to all"),
        ("# the end", "# the very end"),
    ]);
    let merged = merge(&edited(&[]), &mine, &theirs).expect("no overlap");
    insta::assert_snapshot!(merged.text());
}

#[test]
fn what_both_changed_alike_is_no_conflict() {
    let both = [("extension = \"2005\"", "extension = \"2006\"")];
    let mine = edited(&[both[0], ("# the end", "")]);
    let theirs = edited(&[both[0], ("Nowak", "Nowak-Kowalska")]);
    let merged = merge(&edited(&[]), &mine, &theirs).expect("no overlap");
    assert!(merged.text().contains("2006") && merged.text().contains("Nowak-Kowalska"));
}

#[test]
fn overlaps_list_both_sides() {
    let remove_anna = "\n[[person]]\nid = \"anna\"\nname = \"Anna Nowak\"\nextension = \"2001\"\n";
    let mine = edited(&[
        ("2005", "2006"),
        (remove_anna, ""),
        ("name = \"Kowalski Dental\"\n", ""),
    ]);
    let theirs = edited(&[
        ("2005", "2007"),
        ("2001", "2009"),
        ("Kowalski Dental", "Smile"),
    ]);
    let told = |mine, theirs| {
        let all = conflicts(&edited(&[]), mine, theirs);
        all.iter()
            .map(|c| {
                format!(
                    "{}\n{}\n",
                    c.sentence(Language::En),
                    c.sentence(Language::Pl)
                )
            })
            .collect::<String>()
    };
    insta::assert_snapshot!(format!(
        "{}--\n{}",
        told(&mine, &theirs),
        told(&theirs, &mine)
    ));
    let json =
        serde_json::to_string_pretty(&conflicts(&edited(&[]), &mine, &theirs)).expect("JSON");
    insta::assert_snapshot!(json);
}

#[test]
fn one_change_out_of_the_middle() {
    let first = edited(&[]);
    let second = edited(&[
        ("2005", "2006"),
        (
            "\n[[analog]]\nid = \"fax\"\nport = \"fxs1\"\nextension = \"301\"",
            "",
        ),
    ]);
    let third = document(&second.text().replace("Anna Nowak", "Anna Wiśniewska"));
    let fourth = document(&third.text().replace("*43", "*44"));
    let undone = undo(&first, &second, &fourth).expect("nothing built on it");
    insta::assert_snapshot!(undone.text());
    assert_eq!(undo(&first, &second, &second), Ok(first.clone()));
    // Undoing the removal of a person whom nobody changed since brings the comments back, too.
    let without = edited(&[(
        "# The boss.\n[[person]]\nid = \"jan\"\nname = \"Jan Kowalski\"   # since 1999\nextension = \"2005\"\n\n",
        "",
    )]);
    let later = document(&without.text().replace("*43", "*44"));
    let back = undo(&first, &without, &later).expect("nothing built on it");
    assert_eq!(back, document(&first.text().replace("*43", "*44")));
}

#[test]
fn undoing_what_others_built_on_is_a_conflict() {
    let first = edited(&[]);
    let second = edited(&[("2005", "2006")]);
    let third = edited(&[("2005", "2007")]);
    let found = conflicts(&second, &third, &first);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].sentence(Language::En),
        "Person Jan Kowalski (2005): extension was 2006; one change makes it 2007, the other 2005"
    );
}

#[test]
fn two_good_texts_can_make_a_bad_one() {
    let mine = document(&format!(
        "{BASE}\n[[person]]\nid = \"x\"\nextension = \"2010\"\n"
    ));
    let theirs = document(&format!(
        "{BASE}\n[[person]]\nid = \"y\"\nextension = \"2010\"\n"
    ));
    let merged = merge(&edited(&[]), &mine, &theirs).expect("no overlap by id");
    let problems = merged
        .check(crate::Known::Any)
        .expect_err("one extension, two people");
    assert_eq!(problems.list()[0].rule, crate::Fault::Duplicate);
}

#[test]
fn a_text_that_was_never_imported_is_not_merged() {
    let raw = document(&format!("{BASE}\n[[person]]\nextension = \"2010\"\n"));
    let twice = document(&format!(
        "{BASE}\n[[person]]\nid = \"jan\"\nextension = \"2010\"\n"
    ));
    let other = edited(&[("*43", "*44")]);
    for bad in [raw, twice] {
        assert_eq!(
            merge(&edited(&[]), &other, &bad),
            Err(MergeError::NotImported)
        );
        assert_eq!(
            merge(&edited(&[]), &bad, &other),
            Err(MergeError::NotImported)
        );
    }
}

#[test]
fn order_is_merged() {
    let swap = |text: &str| {
        let (jan, anna) = (
            text.find("# The boss").expect("Jan"),
            text.find("\n[[person]]\nid = \"anna\"").expect("Anna"),
        );
        let codes = text.find("\n[codes]").expect("codes");
        document(&format!(
            "{}{}\n{}{}",
            &text[..jan],
            text[anna..codes].trim_start(),
            &text[jan..anna],
            &text[codes..]
        ))
    };
    let mine = edited(&[("*43", "*44")]);
    let theirs = swap(BASE);
    let merged = merge(&edited(&[]), &mine, &theirs).expect("no overlap");
    let ids = |document: &Document| -> Vec<String> {
        Tree::new(document)
            .entries("person")
            .iter()
            .map(|e| e.id.clone())
            .collect()
    };
    assert_eq!(ids(&theirs), ["anna", "jan"]);
    assert_eq!(ids(&merged), ["anna", "jan"]);
    assert!(merged.text().find("Anna").expect("Anna") < merged.text().find("Jan").expect("Jan"));
    assert!(merged.text().contains("*44"));
}

/// A person of a generated office; `None` of the fields means that the key is not written.
type Made = (u8, u8, Option<u8>, bool);

/// An office as data: what a text says and in which order.
fn office() -> impl Strategy<Value = (Option<u8>, Option<u8>, Vec<Made>)> {
    let person = (0..5u8, 0..3u8, proptest::option::of(0..3u8), any::<bool>());
    let people = proptest::collection::vec(person, 0..5);
    (
        proptest::option::of(0..3u8),
        proptest::option::of(0..3u8),
        people,
    )
}

/// The office as a text with a comment at everything, different for each side.
fn written(side: &str, (name, echo, people): &(Option<u8>, Option<u8>, Vec<Made>)) -> Document {
    let mut out = format!("# top {side}\nformat = 1\n\n[office]\ncountry = \"PL\" # {side}\n");
    if let Some(name) = name {
        out.push_str(&format!("# name {side}\nname = \"office {name}\"\n"));
    }
    let mut seen = BTreeSet::new();
    for (id, name, mobile, first) in people {
        if !seen.insert(id) {
            continue;
        }
        out.push_str(&format!(
            "\n# person {side} {id}\n[[person]]\nid = \"p{id}\"\n"
        ));
        let name = format!("name = \"n{name}\" # {side} {id}\n");
        let mobile = mobile
            .map(|m| format!("# mobile\nmobile = \"+4822000000{m}\"\n"))
            .unwrap_or_default();
        out.push_str(&if *first {
            format!("{mobile}{name}")
        } else {
            format!("{name}{mobile}")
        });
        out.push_str(&format!("extension = \"200{id}\"\n"));
    }
    if let Some(echo) = echo {
        out.push_str(&format!(
            "\n# codes {side}\n[codes]\necho_test = \"*4{echo}\"\n"
        ));
    }
    document(&format!("{out}# end {side}\n"))
}

/// Every value of a text by section, id and key.
fn values(
    document: &Document,
) -> std::collections::BTreeMap<(String, String, String), crate::Plain> {
    let tree = Tree::new(document);
    let mut out = std::collections::BTreeMap::new();
    for (section, fields) in &tree.sections {
        for (key, value) in &fields.0 {
            out.insert((section.clone(), String::new(), key.clone()), value.clone());
        }
    }
    for (kind, entries) in &tree.kinds {
        for entry in entries {
            for (key, value) in &entry.fields.0 {
                out.insert((kind.clone(), entry.id.clone(), key.clone()), value.clone());
            }
        }
    }
    out
}

fn places(changes: &[Change]) -> BTreeSet<(String, Option<String>)> {
    let place = |change: &Change| match change {
        Change::Value { place, .. }
        | Change::Added { place, .. }
        | Change::Removed { place, .. } => {
            // An entry that comes or goes overlaps with each of its values.
            let key = place.id.clone().or_else(|| place.key.clone());
            Some((place.section.clone(), key))
        }
        Change::Reordered { .. } | Change::Layout => None,
    };
    changes.iter().filter_map(place).collect()
}

/// Merges both ways round, and compares with what each value must be.
fn merge_is_right(
    base: &Document,
    mine: &Document,
    theirs: &Document,
) -> Result<Option<Document>, TestCaseError> {
    let other_way = merge(base, theirs, mine);
    match merge(base, mine, theirs) {
        Ok(merged) => {
            let (vb, vm, vt, got) = (values(base), values(mine), values(theirs), values(&merged));
            let all: BTreeSet<_> = [&vb, &vm, &vt, &got]
                .into_iter()
                .flat_map(|v| v.keys())
                .collect();
            for place in all {
                let want = if vt.get(place) == vb.get(place) {
                    vm.get(place)
                } else {
                    vt.get(place)
                };
                prop_assert_eq!(got.get(place), want, "{:?} in\n{}", place, merged.text());
            }
            prop_assert_eq!(values(&other_way.expect("no overlap either way")), got);
            Ok(Some(merged))
        }
        Err(MergeError::Conflicts(conflicts)) => {
            prop_assert!(!conflicts.is_empty());
            prop_assert!(matches!(other_way, Err(MergeError::Conflicts(_))));
            Ok(None)
        }
        Err(MergeError::NotImported) => {
            prop_assert_eq!(other_way, Err(MergeError::NotImported));
            Ok(None)
        }
        Err(other) => Err(TestCaseError::fail(other.to_string())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_merge_has_theirs_where_they_changed_and_mine_elsewhere(b in office(), m in office(), t in office()) {
        let (base, mine, theirs) = (written("base", &b), written("mine", &m), written("theirs", &t));
        let merged = merge_is_right(&base, &mine, &theirs)?;
        if let Some(merged) = merged {
            prop_assert!(merged.text().starts_with("# top mine"));
            prop_assert!(merged.check(crate::Known::Any).is_ok());
        }
    }

    #[test]
    fn a_merge_is_right_whatever_the_order_of_lines(
        m in super::hostile::shuffled(),
        t in super::hostile::shuffled(),
    ) {
        let base = imported(super::MINIMAL).document;
        if let (Ok(mine), Ok(theirs)) = (Document::parse(&m), Document::parse(&t)) {
            merge_is_right(&base, &mine, &theirs)?;
        }
    }

    #[test]
    fn undo_takes_back_exactly_one_change(a in office(), b in office(), c in office()) {
        let (first, second, side) = (written("", &a), written("", &b), written("", &c));
        prop_assert_eq!(undo(&first, &second, &second), Ok(first.clone()));
        let (one, two) = (places(&diff(&first, &second)), places(&diff(&first, &side)));
        if one.is_disjoint(&two) {
            let both = merge(&first, &second, &side).expect("no overlap");
            let undone = undo(&first, &second, &both).expect("no overlap");
            prop_assert_eq!(values(&undone), values(&side));
        }
    }

    #[test]
    fn a_merge_of_nothing_keeps_every_byte(a in office(), b in office()) {
        let (base, other) = (written("base", &a), written("other", &b));
        prop_assert_eq!(merge(&base, &other, &base), Ok(other.clone()));
        prop_assert_eq!(merge(&base, &base, &other), Ok(other.clone()));
        prop_assert_eq!(merge(&base, &other, &other), Ok(other.clone()));
        prop_assert_eq!(other.editable().to_string(), other.text());
    }

    #[test]
    fn the_editor_gives_back_what_it_read(text in super::import::text()) {
        let document = imported_any(&text);
        prop_assert_eq!(document.editable().to_string(), document.text());
    }
}

fn imported_any(text: &str) -> Document {
    super::import_with(text, &[], crate::UnknownSecrets::Renew)
        .expect("good")
        .document
}

#[test]
fn the_editor_gives_back_the_minimal_text() {
    let document = imported(super::MINIMAL).document;
    assert_eq!(document.editable().to_string(), document.text());
}

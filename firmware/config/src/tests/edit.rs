//! Edits by the panel.

use proptest::prelude::*;

use super::{MINIMAL, document, imported};
use crate::{Edit, EditError, Place, Plain, diff::Tree, edit};

/// Edits as the panel sends them.
fn edits(json: &str) -> Vec<Edit> {
    serde_json::from_str(json).expect("edits")
}

#[test]
fn a_form_changes_what_it_shows_and_nothing_else() {
    let old = document(&MINIMAL.replace("[[person]]", "# Him.\n[[person]]\nid = \"jan\""));
    let edits = edits(
        r#"[
        {"edit": "set", "place": {"section": "person", "id": "jan", "key": "name"}, "value": "Jan \"J\" Kowalski"},
        {"edit": "set", "place": {"section": "person", "id": "jan", "key": "ring_timeout_s"}, "value": 45},
        {"edit": "clear", "place": {"section": "person", "id": "jan", "key": "role"}},
        {"edit": "set", "place": {"section": "network", "key": "sip_udp"}, "value": ["0.0.0.0:0", "[::]:0"]},
        {"edit": "set", "place": {"section": "limits", "key": "calls"}, "value": 20},
        {"edit": "add", "section": "person", "fields": {"name": "Anna Nowak", "extension": "2001", "sip_password": "s3cret-2001"}},
        {"edit": "add", "section": "device", "fields": {"person": "jan", "sip_user": "jan-mobile"}}
    ]"#,
    );
    let new = edit(&old, &edits).expect("good edits");
    insta::assert_snapshot!(new.text());
    assert!(new.check(crate::Known::Any).is_ok());
    let made = imported(new.text());
    assert_eq!(made.secrets.len(), 2);
}

#[test]
fn an_entry_is_removed_with_its_comment() {
    let old = document(&MINIMAL.replace(
        "[[conference]]",
        "# Every week.\n[[conference]]\nid = \"monday\"",
    ));
    let new = edit(
        &old,
        &[Edit::Remove {
            place: Place::entry("conference", "monday"),
        }],
    )
    .expect("good");
    assert!(!new.text().contains("Every week") && !new.text().contains("conference"));
    assert!(new.check(crate::Known::Any).is_ok());
}

#[test]
fn edits_that_make_no_sense_are_refused_and_nothing_changes() {
    let old = document(MINIMAL);
    let refused = |json: &str| edit(&old, &edits(json)).expect_err("no sense");
    let nobody =
        r#"[{"edit": "clear", "place": {"section": "person", "id": "nobody", "key": "role"}}]"#;
    assert!(matches!(refused(nobody), EditError::NoEntry { .. }));
    let nothing = r#"[{"edit": "set", "place": {"section": "nothing", "key": "a"}, "value": 1}]"#;
    assert!(matches!(refused(nothing), EditError::NoSection(_)));
    let list = r#"[{"edit": "set", "place": {"section": "person", "key": "a"}, "value": 1}]"#;
    assert!(matches!(refused(list), EditError::NoSection(_)));
    let id = r#"[{"edit": "set", "place": {"section": "person", "id": "x", "key": "id"}, "value": "y"}]"#;
    assert_eq!(refused(id), EditError::Id);
    let all = r#"[{"edit": "clear", "place": {"section": "", "key": "person"}}]"#;
    assert_eq!(refused(all), EditError::Place);
    assert_eq!(
        refused(&all.replace("clear\"", "set\", \"value\": 1")),
        EditError::Place
    );
    let whole = r#"[{"edit": "remove", "place": {"section": "person", "id": "x", "key": "id"}}]"#;
    assert_eq!(refused(whole), EditError::Place);
    for bad in [
        "[{\"edit\": \"set\", \"place\": {\"section\": \"\", \"key\": \"a\"}, \"value\": null}]",
        "[{\"edit\": \"paint\"}]",
        "[{\"edit\": \"set\", \"place\": {\"section\": \"\", \"key\": \"a\"}, \"value\": 1.5}]",
    ] {
        assert!(serde_json::from_str::<Vec<Edit>>(bad).is_err(), "{bad}");
    }
}

#[test]
fn values_cannot_break_out_of_their_place() {
    let evil = "\"\n[[person]]\nlogin = \"root\"\n'''\u{0}\\";
    let place = Place::key("office", None, "name");
    let value = Plain::Text(evil.into());
    let new = edit(
        &document(MINIMAL),
        &[Edit::Set {
            place: place.clone(),
            value: value.clone(),
        }],
    )
    .expect("TOML");
    let tree = Tree::new(&new);
    assert_eq!(tree.value(&place), Some(&value));
    assert_eq!(tree.entries("person").len(), 1);
    let key = Edit::Set {
        place: Place::key("office", None, evil),
        value: Plain::Whole(1),
    };
    let new = edit(&document(MINIMAL), &[key]).expect("TOML");
    assert!(
        new.check(crate::Known::Any)
            .expect_err("no such key")
            .to_string()
            .contains("key.unknown")
    );
}

/// A value of any kind and content.
fn value() -> impl Strategy<Value = Plain> {
    let leaf = prop_oneof![
        "\\PC{0,30}".prop_map(Plain::Text),
        "[\n\t\"'\\\\\u{0}\u{7f}#\\[\\]=]{0,8}".prop_map(Plain::Text),
        any::<i64>().prop_map(Plain::Whole),
        any::<bool>().prop_map(Plain::Flag),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        proptest::collection::vec(inner, 0..4).prop_map(Plain::List)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_set_is_read_back_and_nothing_else_changes(
        section in proptest::sample::select(vec!["office", "network", "media", "codes", "limits", "person"]),
        key in "[a-z_]{1,8}|\\PC{1,12}",
        value in value(),
    ) {
        let old = document(&MINIMAL.replace("[[person]]", "[[person]]\nid = \"jan\""));
        let id = (section == "person").then_some("jan");
        let place = Place::key(section, id, &key);
        prop_assume!(key != "id");
        let new = edit(&old, &[Edit::Set { place: place.clone(), value: value.clone() }]).expect("good edit");
        let (before, after) = (Tree::new(&old), Tree::new(&new));
        prop_assert_eq!(after.value(&place), Some(&value));
        let others = crate::diff::trees(&before, &after);
        prop_assert!(others.len() <= 1, "{:?}", others);
        for comment in ["# also sip_tcp", "# id is added on import", "# the port's name"] {
            prop_assert!(new.text().contains(comment));
        }
        // Taken back, not a byte is left of it.
        if before.value(&place).is_none() {
            let back = edit(&new, &[Edit::Clear { place }]).expect("good edit");
            if after.sections.len() == before.sections.len() {
                prop_assert_eq!(back.text(), old.text());
            }
        }
    }
}

//! Edits by the panel.

use super::{MINIMAL, document, imported};
use crate::{Edit, EditError, Place, edit};

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
    let value = crate::Plain::Text(evil.into());
    let new = edit(
        &document(MINIMAL),
        &[Edit::Set {
            place: place.clone(),
            value: value.clone(),
        }],
    )
    .expect("TOML");
    let tree = crate::diff::Tree::new(&new);
    assert_eq!(tree.value(&place), Some(&value));
    assert_eq!(tree.entries("person").len(), 1);
    let key = Edit::Set {
        place: Place::key("office", None, evil),
        value: crate::Plain::Whole(1),
    };
    let new = edit(&document(MINIMAL), &[key]).expect("TOML");
    assert!(
        new.check(crate::Known::Any)
            .expect_err("no such key")
            .to_string()
            .contains("key.unknown")
    );
}

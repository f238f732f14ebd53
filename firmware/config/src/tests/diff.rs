//! Differences in words.

use super::{MINIMAL, document, imported};
use crate::{Change, Language, diff};

/// Two versions of one office that differ in every way.
fn versions() -> (crate::Document, crate::Document) {
    let old = imported(MINIMAL).document;
    let mut new = old
        .text()
        .replace(
            "extension = \"2005\"",
            "extension = \"2006\"\nemail = \"jan@kowalski.example\"",
        )
        .replace("role = \"user\"", "role = \"supervisor\"")
        .replace("language = \"pl\"\n", "")
        .replace("monitor = \"#44\"", "monitor = \"\"")
        .replace(
            "[\"127.0.0.1:5060\"]",
            "[\"127.0.0.1:5060\", \"127.0.0.2:5060\"]",
        );
    let start = new.find("[[conference]]").expect("conference");
    let end = new.find("[[analog]]").expect("analog");
    new.replace_range(start..end, "");
    let secret = new.find("secret-").expect("a secret");
    new.replace_range(secret..secret + 8, "secret-z");
    new.push_str("\n[[person]]\nid = \"anna\"\nname = \"Anna Nowak\"\nextension = \"2001\"\n");
    (old, document(&new))
}

#[test]
fn differences_are_told_in_every_language() {
    let (old, new) = versions();
    let mut told = String::new();
    for (name, language) in Language::ALL {
        told.push_str(&format!("== {name}\n"));
        for change in diff(&old, &new) {
            told.push_str(&format!("{}\n", change.sentence(language)));
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn differences_are_data_first() {
    let (old, new) = versions();
    let json = serde_json::to_string_pretty(&diff(&old, &new)).expect("JSON");
    insta::assert_snapshot!(json);
}

#[test]
fn the_same_text_has_no_difference_and_layout_is_one() {
    let old = document(MINIMAL);
    assert_eq!(diff(&old, &old), []);
    let looks = document(&MINIMAL.replace("# also panel_https", "# and panel_https"));
    assert_eq!(diff(&old, &looks), [Change::Layout]);
    let spaced = document(&MINIMAL.replace("country = \"PL\"", "country   =   'PL'"));
    assert_eq!(diff(&old, &spaced), [Change::Layout]);
}

#[test]
fn order_is_a_difference_of_its_own() {
    let people = |a: &str, b: &str| {
        document(&format!(
            "[office]\ncountry='PL'\n[[person]]\nid='{a}'\nlogin='{a}'\n[[person]]\nid='{b}'\nlogin='{b}'\n"
        ))
    };
    let changes = diff(&people("a", "b"), &people("b", "a"));
    assert_eq!(
        changes,
        [Change::Reordered {
            section: "person".into()
        }]
    );
    assert_eq!(
        changes[0].sentence(Language::Pl),
        "Osoby: zmieniono kolejność"
    );
}

#[test]
fn passwords_of_a_raw_text_are_never_shown() {
    let other = MINIMAL.replace("s3cret-2005", "s3cret-other");
    let more = format!("{MINIMAL}[[trunk]]\nhost = \"x\"\npassword = \"s3cret-trunk\"\n");
    for new in [other, more] {
        for (old, new) in [(MINIMAL, new.as_str()), (new.as_str(), MINIMAL)] {
            let changes = diff(&document(old), &document(new));
            let told: String = changes.iter().map(|c| c.sentence(Language::En)).collect();
            let data = serde_json::to_string(&changes).expect("JSON");
            assert!(
                !changes.is_empty() && !told.contains("s3cret") && !data.contains("s3cret"),
                "{data}"
            );
        }
    }
}

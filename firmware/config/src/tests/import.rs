//! Ids and secrets.

use proptest::prelude::*;

use super::{LEAST, MINIMAL, import_with, imported};
use crate::UnknownSecrets;

fn known(imported: &crate::Imported) -> Vec<&str> {
    imported
        .secrets
        .keys()
        .map(model::EntryId::as_str)
        .collect()
}

#[test]
fn import_adds_ids_and_takes_passwords_out_and_touches_nothing_else() {
    let first = imported(MINIMAL);
    insta::assert_snapshot!(first.document.text());
    assert_eq!(first.secrets.len(), 1);
    let (id, secret) = first.secrets.first_key_value().expect("one secret");
    assert_eq!(secret.reveal(), "s3cret-2005");
    assert_eq!(first.config.people[0].sip_password.as_ref(), Some(id));
    assert!(!format!("{first:?}").contains("s3cret-2005"));
}

#[test]
fn what_was_exported_comes_back_to_the_byte() {
    let first = imported(MINIMAL);
    let again = import_with(
        first.document.text(),
        &known(&first),
        UnknownSecrets::Refuse,
    )
    .expect("good");
    assert_eq!(again.document, first.document);
    assert_eq!(again.config, first.config);
    assert!(again.secrets.is_empty());
}

#[test]
fn ids_repeat_with_the_seed() {
    assert_eq!(imported(MINIMAL).document, imported(MINIMAL).document);
}

#[test]
fn a_text_without_a_last_newline_and_with_odd_layout_survives() {
    let text = "[office]\ncountry='PL'\n  [[ person ]] # Jan\n  sip_password='''s3cret-1'''\t# old\n  extension=\"1\"\n[[analog]]\nport=\"fxs1\"\n[[person]]";
    let problems =
        import_with(text, &[], UnknownSecrets::Refuse).expect_err("the last person is empty");
    assert!(
        problems
            .to_string()
            .starts_with("line 8: person[1]: a person needs")
    );
    let text = text.strip_suffix("\n[[person]]").expect("suffix");
    insta::assert_snapshot!(imported(text).document.text());
    let text = format!("{LEAST}[[analog]]\nport='fxs1'");
    assert!(
        imported(&text)
            .document
            .text()
            .ends_with("[[analog]]\nid = \"analog-7g8s0e3k\"\nport='fxs1'")
            || imported(&text).document.text().ends_with("port='fxs1'")
    );
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_dropped() {
    let text = format!("\u{feff}{}", MINIMAL.replace('\n', "\r\n"));
    assert_eq!(imported(&text).document, imported(MINIMAL).document);
}

#[test]
fn an_unknown_secret_is_an_error_that_names_the_line() {
    let text = MINIMAL.replace("\"s3cret-2005\"", "{ secret = \"jan-phone\" }");
    let problems = import_with(&text, &[], UnknownSecrets::Refuse).expect_err("unknown");
    assert_eq!(
        problems.to_string(),
        "line 18: person[0].sip_password: the store has no secret `jan-phone`; write the password in its place, or import with --new-secrets [secret.unknown]"
    );
    assert!(import_with(&text, &["jan-phone"], UnknownSecrets::Refuse).is_ok());
}

#[test]
fn new_secrets_are_made_on_demand_and_once_per_name() {
    let text = format!(
        "{}\n[[person]]\nextension = \"2006\"\nsip_password = {{ secret = \"jan-phone\" }}\n[[person]]\nextension = \"2007\"\nsip_password = {{ secret = \"old\" }}\n",
        MINIMAL.replace("\"s3cret-2005\"", "{ secret = \"jan-phone\" }")
    );
    let made = import_with(&text, &["old"], UnknownSecrets::Renew).expect("good");
    assert_eq!(made.secrets.len(), 1);
    let (id, secret) = made.secrets.first_key_value().expect("one");
    assert_eq!(id.as_str(), "jan-phone");
    assert_eq!(secret.reveal().len(), 16);
    assert!(made.document.text().contains("{ secret = \"jan-phone\" }"));
    assert_eq!(made.config.people[1].sip_password.as_ref(), Some(id));
}

#[test]
fn a_text_that_is_wrong_changes_nothing() {
    let text = MINIMAL.replace("2005", "x");
    assert!(import_with(&text, &[], UnknownSecrets::Renew).is_err());
}

/// Layout that means nothing: what may stand between the lines of a text.
fn noise() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("\n".to_owned()),
        "# [a-zA-Ząęß \\[\\]\"'=]{0,20}\n",
        Just("   # indented\n\n".to_owned()),
    ]
}

fn person(at: usize) -> impl Strategy<Value = String> {
    let name = "[A-Za-zżółć'\\-]{1,12}";
    let password = prop_oneof![
        Just(String::new()),
        "[!#-&(-~]{12,20}".prop_map(|p| format!("sip_password = '{p}' # secret\n")),
        "[a-z]{3,8}".prop_map(|id| format!("sip_password={{secret=\"{id}\"}}\n")),
    ];
    let id = prop_oneof![Just(String::new()), Just(format!("id = 'p{at}'\n"))];
    (noise(), id, name, password, noise(), noise()).prop_map(move |(n1, id, name, password, n2, n3)| {
        format!("{n1}[[person]] # {at}\n{id}{n2}name = \"{name}\"\n{password}{n3}extension = \"{}\"\n", 3000 + at)
    })
}

pub(super) fn text() -> impl Strategy<Value = String> {
    let people = (0..6usize).prop_flat_map(|count| (0..count).map(person).collect::<Vec<_>>());
    (noise(), people, noise()).prop_map(|(top, people, end)| {
        format!(
            "{top}format = 1\n{top}[office]\ncountry = \"CZ\"\n{}{end}",
            people.concat()
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn import_is_done_once(text in text()) {
        let first = import_with(&text, &[], UnknownSecrets::Renew).expect("good");
        let known: Vec<&str> = first.secrets.keys().map(|id| id.as_str()).collect();
        let again = import_with(first.document.text(), &known, UnknownSecrets::Refuse).expect("good");
        prop_assert_eq!(again.document.text(), first.document.text());
        prop_assert_eq!(&again.config, &first.config);
        prop_assert!(again.secrets.is_empty());
    }

    #[test]
    fn import_only_adds_ids_and_takes_out_passwords(text in text()) {
        let first = import_with(&text, &[], UnknownSecrets::Renew).expect("good");
        let lines: Vec<&str> = first.document.text().lines().collect();
        let mut at = 0;
        for line in text.lines() {
            let secret = line.trim_start().starts_with("sip_password = '");
            while lines[at].starts_with("id = \"person-") && lines[at] != line {
                at += 1;
            }
            prop_assert!(lines[at] == line || secret, "{:?} became {:?}", line, lines[at]);
            at += 1;
        }
    }
}

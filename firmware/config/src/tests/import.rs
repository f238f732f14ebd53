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

/// `text` imported after `first`, whose store has its secrets.
fn again(first: &crate::Imported, text: &str) -> crate::Imported {
    let (mut plain, mut secret) = (model::Random::new([3; 32]), model::Random::new([4; 32]));
    let mut streams = crate::Streams {
        plain: &mut plain,
        secret: &mut secret,
    };
    let text = super::document(text);
    crate::reimport(
        &text,
        &first.document,
        &first.secrets,
        UnknownSecrets::Refuse,
        &mut streams,
    )
    .expect("good")
}

#[test]
fn a_file_kept_by_hand_may_be_imported_again_and_again() {
    let first = imported(MINIMAL);
    let same = again(&first, MINIMAL);
    assert_eq!(same.document, first.document);
    assert!(same.secrets.is_empty());

    let renamed = again(&first, &MINIMAL.replace("Jan Kowalski", "Jan K."));
    assert_eq!(renamed.config.people[0].id, first.config.people[0].id);
    assert_eq!(
        renamed.config.people[0].sip_password,
        first.config.people[0].sip_password
    );
    assert_eq!(crate::diff(&first.document, &renamed.document).len(), 1);

    let renumbered = again(
        &first,
        &MINIMAL.replace("extension = \"2005\"", "extension = \"2006\""),
    );
    assert_eq!(
        renumbered.config.people[0].id, first.config.people[0].id,
        "known by the name"
    );
    assert!(renumbered.secrets.is_empty());

    let password = again(&first, &MINIMAL.replace("s3cret-2005", "s3cret-new"));
    assert_eq!(password.config.people[0].id, first.config.people[0].id);
    assert_ne!(
        password.config.people[0].sip_password,
        first.config.people[0].sip_password
    );
    assert_eq!(
        password.secrets.len(),
        1,
        "a new secret, so that undo finds the old one"
    );
}

#[test]
fn an_id_is_known_again_once_and_by_the_surest_sign() {
    let two = "[office]\ncountry='PL'\n[[person]]\nname='Jan'\nextension='1'\n[[person]]\nname='Jan'\nextension='2'\n";
    let first = imported(two);
    let ids = |imported: &crate::Imported| -> Vec<_> {
        imported
            .config
            .people
            .iter()
            .map(|p| p.id.clone())
            .collect()
    };
    let [one, other] = &ids(&first)[..] else {
        panic!("two people")
    };
    let swapped = two
        .replace("'1'", "'3'")
        .replace("'2'", "'1'")
        .replace("'3'", "'2'");
    assert_eq!(ids(&again(&first, &swapped)), [other.clone(), one.clone()]);
    let third = format!("{}[[person]]\nname='Jan'\nextension='3'\n", two);
    let third = ids(&again(&first, &third));
    assert_eq!(third[..2], [one.clone(), other.clone()]);
    assert!(third[2] != *one && third[2] != *other);
    let renumbered = two.replace("'1'", "'11'").replace("'2'", "'12'");
    assert_eq!(
        ids(&again(&first, &renumbered)),
        [one.clone(), other.clone()]
    );
    // An id that is written somewhere is given to nobody else.
    let written = two.replace("extension='2'", &format!("extension='2'\nid='{one}'"));
    let written = ids(&again(&first, &written));
    assert!(written[0] != *one && written[1] == *one);
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
    fn importing_the_raw_text_again_changes_nothing(text in text()) {
        let first = import_with(&text, &[], UnknownSecrets::Renew).expect("good");
        let second = again(&first, &text);
        prop_assert_eq!(second.document.text(), first.document.text());
        prop_assert!(second.secrets.is_empty());
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

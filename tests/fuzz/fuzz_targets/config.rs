//! A text of a stranger through everything that takes a configuration.
#![no_main]

use std::collections::BTreeSet;

use config::{Document, Edit, Known, Language, MergeError, Place, Plain, Streams, UnknownSecrets};
use libfuzzer_sys::fuzz_target;
use model::Random;

const LEAST: &str = "[office]\ncountry = \"PL\"\n";

fuzz_target!(|data: &[u8]| {
    let Ok(document) = Document::from_bytes(data) else { return };
    let least = Document::parse(LEAST).expect("a country is enough");
    if let Err(problems) = document.check(Known::Any) {
        assert!(!problems.list().is_empty() && problems.to_string().len() < 100_000);
    }
    for change in config::diff(&least, &document) {
        let _ = change.sentence(Language::Pl);
    }
    let place = Place::key("limits", None, "calls");
    let edits = [Edit::Set { place, value: Plain::Whole(1) }];
    let edited = config::edit(&document, &edits);
    if let Ok(edited) = &edited {
        let merged = config::merge(&document, edited, &least);
        assert!(!matches!(merged, Err(MergeError::Text(_))));
    }
    let (mut plain, mut secret) = (Random::new([1; 32]), Random::new([2; 32]));
    let mut streams = Streams { plain: &mut plain, secret: &mut secret };
    let unknown = UnknownSecrets::Renew;
    let Ok(first) = config::import(&document, &BTreeSet::new(), unknown, &mut streams) else { return };
    let known = first.secrets.keys().cloned().collect();
    let again = config::import(&first.document, &known, UnknownSecrets::Refuse, &mut streams)
        .expect("what was imported is good");
    assert_eq!(again.document.text(), first.document.text());
});

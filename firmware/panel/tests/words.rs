//! The pages have words for every rule, event and cause that the exchange can name.

use std::{fs, path::Path};

use model::{Cause, Rule};
use panel::convert::{cause_name, event_names};
use serde_json::Value;

fn words(language: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web-ui/src/i18n");
    let text = fs::read_to_string(folder.join(format!("{language}.json"))).expect(language);
    serde_json::from_str(&text).expect(language)
}

#[test]
fn every_language_explains_every_call() {
    // Not every rule can appear in a call; these never do.
    let elsewhere = [
        "clock.",
        "config.",
        "register.",
        "periodic",
        "operator",
        "access.",
    ];
    for language in ["en", "pl", "cs", "ru"] {
        let words = words(language);
        let missing: Vec<String> = Rule::ALL
            .iter()
            .filter(|rule| !elsewhere.iter().any(|e| rule.name().starts_with(e)))
            .map(|rule| format!("rule.{}", rule.name()))
            .chain(
                Cause::ALL
                    .iter()
                    .map(|c| format!("cause.{}", cause_name(*c))),
            )
            .chain(event_names().iter().map(|name| format!("event.{name}")))
            .filter(|key| !words[key].is_string())
            .collect();
        assert!(missing.is_empty(), "{language}: {missing:?}");
    }
}

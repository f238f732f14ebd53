//! Sounds that people brought: what names them, and what must be there.

use model::Clip;

use super::{LEAST, document, import_with, imported, problems};
use crate::{Config, UnknownSecrets, merge};

fn entry(table: &str, id: &str, digit: char) -> String {
    let source: String = std::iter::repeat_n(digit, 64).collect();
    format!("[[{table}]]\nid = \"{id}\"\nsource = \"{source}\"\n")
}

fn room(greeting: &str) -> String {
    format!("[[conference]]\nid = \"monday\"\nnumber = \"900\"\ngreeting = \"{greeting}\"\n")
}

#[test]
fn a_conference_greets_with_a_prompt() {
    let text = format!("{LEAST}{}{}", entry("prompt", "hello", 'a'), room("hello"));
    let config = Config::parse(&text).expect("legal");
    let prompt = config.greeting(&config.conferences[0]).expect("it has one");
    assert_eq!(
        (prompt.id.as_str(), prompt.name.as_str()),
        ("hello", "hello")
    );
    assert_eq!(prompt.clip(), Clip::uploaded_prompt(&[0xaa; 32]));
    let greeted = config.greeted_by(&prompt.id).map(|room| room.id.as_str());
    assert_eq!(greeted.collect::<Vec<_>>(), ["monday"]);
}

#[test]
fn a_greeting_that_is_no_prompt_is_told_with_line_key_and_rule() {
    let music = entry("music", "tune", 'a');
    for greeting in ["hello", "tune"] {
        let text = format!("{LEAST}{music}{}", room(greeting));
        let line = text.lines().count();
        let told = problems(&text);
        let key = format!("line {line}: conference[0].greeting: ");
        assert!(told.starts_with(&key), "{told}");
        assert!(
            told.contains("prompt") && told.contains("reference"),
            "{told}"
        );
    }
}

#[test]
fn a_prompt_needs_a_sound_of_its_own() {
    let nothing = problems(&format!("{LEAST}[[prompt]]\nname = \"Hello\"\n"));
    assert!(
        nothing.contains("prompt[0]") && nothing.contains("source"),
        "{nothing}"
    );
    let [one, other] = [entry("prompt", "one", 'b'), entry("prompt", "other", 'b')];
    let twice = problems(&format!("{LEAST}{one}{other}"));
    assert!(
        twice.contains("prompt[1].source") && twice.contains("prompt[0].source"),
        "{twice}"
    );
    // The same octets may be both: one goes round, the other does not.
    let both = format!("{LEAST}{one}{}", entry("music", "tune", 'b'));
    assert_eq!(problems(&both), "fine");
}

/// Somebody keeps a file without ids: the prompt is known again by its sound, and the greeting still
/// finds it.
#[test]
fn a_prompt_keeps_its_id_when_a_file_without_ids_is_imported() {
    let named = format!(
        "{LEAST}{}",
        entry("prompt", "x", 'c').replace("id = \"x\"\n", "")
    );
    let first = imported(&named);
    let id = first.config.prompts[0].id.clone();
    assert!(id.as_str().starts_with("prompt-"), "{id}");
    let again = import_with(first.document.text(), &[], UnknownSecrets::Refuse).expect("good");
    assert_eq!(again.config.prompts[0].id, id);
}

#[test]
fn a_new_greeting_and_a_new_name_come_together() {
    let base = format!(
        "{LEAST}{}{}{}",
        entry("prompt", "hello", 'a'),
        entry("prompt", "welcome", 'b'),
        room("hello")
    );
    let mine = base.replace("greeting = \"hello\"", "greeting = \"welcome\"");
    let theirs = base.replace(
        "id = \"welcome\"\n",
        "id = \"welcome\"\nname = \"Welcome\"\n",
    );
    let merged = merge(&document(&base), &document(&mine), &document(&theirs));
    let config = Config::parse(merged.expect("no overlap").text()).expect("legal");
    let prompt = config.greeting(&config.conferences[0]).expect("it has one");
    assert_eq!(prompt.name, "Welcome");
}

//! The house rules, each a test: design §2 and §7, architecture conventions 6–9.

use xtask::house::{House, arrows, manifests, pure, sizes, unsafety, words};
use xtask::{acceptance, tree};

#[track_caller]
fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

fn house() -> House {
    House::read(&tree::root()).expect("the repository can be read")
}

#[test]
fn the_rules_see_the_repository() {
    let house = house();
    let names: Vec<&str> = house.packages.iter().map(|p| p.name.as_str()).collect();
    for name in ["model", "hal-port", "tests-layout", "xtask"] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    let model = house.packages.iter().find(|p| p.name == "model");
    let needs = &model.expect("seen above").needs;
    assert!(needs.contains(&"serde".to_owned()), "{needs:?}");
    assert!(house.files.len() > 50);
}

#[test]
fn arrows_never_turn_round() {
    none(arrows::check(&house()));
}

#[test]
fn cores_stand_on_nothing_that_does_io() {
    none(pure::check(&house(), &tree::root()).expect("Cargo knows the tree"));
}

#[test]
fn files_and_functions_are_small() {
    none(sizes::check(&house()));
}

#[test]
fn nothing_is_left_undone_or_tied_to_a_machine() {
    none(words::check(&house()));
}

#[test]
fn unsafe_is_where_it_must_be_and_nowhere_else() {
    none(unsafety::check(&house()));
}

#[test]
fn manifests_agree() {
    none(manifests::check(&house()));
}

#[test]
fn the_root_is_what_the_mission_fixes() {
    none(manifests::check_root(&house()));
}

#[test]
fn every_item_of_the_mission_is_shown_or_planned() {
    none(acceptance::check(&tree::root()).expect("the map can be read"));
}

//! The document of the interface is committed, and the browser's client is made from it: neither
//! may lag behind the handlers.

use std::{fs, path::Path};

#[test]
fn the_committed_document_is_current() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web-ui/api/openapi.json");
    let committed = fs::read_to_string(file).expect("web-ui/api/openapi.json is committed");
    let current = panel::openapi().to_pretty_json().expect("JSON") + "\n";
    assert!(
        committed == current,
        "run `cargo run -p panel --example openapi`, then `npm run gen` in web-ui"
    );
}

#[test]
fn every_change_is_documented_with_its_refusals() {
    let document = serde_json::to_value(panel::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("methods") {
            let answers = operation["responses"].as_object().expect("responses");
            if method != "get" && !path.ends_with("/login") && !path.ends_with("/claim") {
                assert!(answers.contains_key("401"), "{method} {path}");
            }
        }
    }
}

//! Writes `web-ui/api/openapi.json`. Run it when the test `the_committed_document_is_current` says so.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web-ui/api/openapi.json");
    let mut text = panel::openapi()
        .to_pretty_json()
        .map_err(io::Error::other)?;
    text.push('\n');
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, text)
}

//! The files of this repository.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Folders that are built, fetched or written in use, by name or by path from the root.
const SKIPPED: [&str; 9] = [
    ".git",
    "target",
    "node_modules",
    "data",
    "web-ui/dist",
    "tests/fuzz/target",
    "tests/fuzz/artifacts",
    "tests/fuzz/corpus",
    "tests/vectors",
];

/// A text file.
#[derive(Clone, Debug)]
pub struct File {
    /// Path from the root, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl File {
    /// What follows the last dot of the name, or the name of a file without one.
    #[must_use]
    pub fn extension(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.rsplit('.').next().unwrap_or_default()
    }

    /// Generated from something else, and says so in its first lines.
    #[must_use]
    pub fn is_generated(&self) -> bool {
        let head = self.text.lines().take(5);
        head.into_iter()
            .any(|line| line.contains("auto-generated") || line.contains("@generated"))
    }
}

/// The root of the repository that this program was built in.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Every text file under `root` that people write, in order of path.
///
/// # Errors
/// A folder or file that cannot be read.
pub fn files(root: &Path) -> io::Result<Vec<File>> {
    let mut found = Vec::new();
    walk(root, "", &mut found)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn walk(root: &Path, folder: &str, found: &mut Vec<File>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let path = if folder.is_empty() {
            name.clone()
        } else {
            format!("{folder}/{name}")
        };
        let kind = entry.file_type()?;
        let skipped = SKIPPED.contains(&name.as_str()) || SKIPPED.contains(&path.as_str());
        if kind.is_dir() && !skipped {
            walk(root, &path, found)?;
        } else if kind.is_file()
            && name != ".git"
            && let Ok(text) = String::from_utf8(fs::read(entry.path())?)
        {
            found.push(File { path, text });
        }
    }
    Ok(())
}

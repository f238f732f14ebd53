//! Packages: where they lie, what they are called, what each manifest says.

use anyhow::Context as _;
use toml_edit::{DocumentMut, Item};

use super::House;
use crate::tree::File;

/// What may be visible at the root, and the hidden folders of tools beside it.
const ROOT: [&str; 18] = [
    "Cargo.toml",
    "Cargo.lock",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "rust-toolchain.toml",
    "firmware",
    "hal",
    "image",
    "scripts",
    "tests",
    "web-ui",
    ".cargo",
    ".ci",
    ".config",
    ".gitattributes",
    ".gitignore",
    ".git",
];
/// What every manifest takes from the workspace.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

/// A package of ours.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder, from the root.
    pub folder: String,
    /// `core`, `shell`, `tool` or `test`; empty when the manifest does not say.
    pub kind: String,
    /// Names of what it needs to build and run, tests excepted.
    pub needs: Vec<String>,
    manifest: DocumentMut,
}

/// Every package under the root; the root manifest is none, nor is one with a workspace of its own
/// (fuzz targets need another toolchain).
///
/// # Errors
/// A manifest that is not TOML.
pub fn packages(files: &[File]) -> anyhow::Result<Vec<Package>> {
    let mut found = Vec::new();
    for file in files {
        let Some(folder) = file.path.strip_suffix("/Cargo.toml") else {
            continue;
        };
        let manifest: DocumentMut = file
            .text
            .parse()
            .with_context(|| format!("{} is not TOML", file.path))?;
        if manifest.contains_key("workspace") {
            continue;
        }
        let text = |item: &Item| item.as_str().unwrap_or_default().to_owned();
        found.push(Package {
            name: text(&manifest["package"]["name"]),
            folder: folder.into(),
            kind: kind(&manifest),
            needs: needs(&manifest),
            manifest,
        });
    }
    Ok(found)
}

fn kind(manifest: &DocumentMut) -> String {
    let layer = manifest["package"]
        .get("metadata")
        .and_then(|m| m.get("layer"));
    let kind = layer.and_then(|layer| layer.get("kind"));
    kind.and_then(Item::as_str).unwrap_or_default().into()
}

/// Dependencies for building and running, those of single targets included.
fn needs(manifest: &DocumentMut) -> Vec<String> {
    let mut names = Vec::new();
    let mut take = |table: Option<&Item>| {
        let table = table.and_then(Item::as_table_like);
        for (key, item) in table.into_iter().flat_map(|table| table.iter()) {
            let renamed = item.get("package").and_then(Item::as_str);
            names.push(renamed.unwrap_or(key).to_owned());
        }
    };
    let mut take_all = |from: &dyn Fn(&str) -> Option<Item>| {
        for section in ["dependencies", "build-dependencies"] {
            take(from(section).as_ref());
        }
    };
    take_all(&|section| manifest.get(section).cloned());
    let targets = manifest.get("target").and_then(Item::as_table_like);
    for (_, target) in targets.into_iter().flat_map(|targets| targets.iter()) {
        take_all(&|section| target.get(section).cloned());
    }
    names
}

/// A folder's package is named after it; every manifest inherits what is the same for all.
#[must_use]
pub fn check(house: &House) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in &house.packages {
        let mut say =
            |what: String| complaints.push(format!("{}/Cargo.toml: {what}", package.folder));
        let parts: Vec<&str> = package.folder.split('/').collect();
        let (wanted, kinds): (String, &[&str]) = match parts[..] {
            ["firmware", name] => (name.into(), &["core", "shell"]),
            ["hal", name] => (format!("hal-{name}"), &["core", "shell"]),
            ["tests", name] => (format!("tests-{name}"), &["test"]),
            ["scripts", name] => (name.into(), &["tool"]),
            _ => {
                say("packages lie in firmware, hal, tests or scripts, in flat folders".into());
                continue;
            }
        };
        if package.name != wanted {
            say(format!(
                "the package of this folder is called {wanted}, not {}",
                package.name
            ));
        }
        if !kinds.contains(&package.kind.as_str()) {
            say(format!(
                "[package.metadata.layer] kind is {:?}, not one of {kinds:?}",
                package.kind
            ));
        }
        let inherits = |table: &Item, key: &str| {
            let entry = table.get(key).and_then(|entry| entry.get("workspace"));
            entry.and_then(Item::as_bool) == Some(true)
        };
        for key in INHERITED {
            if !inherits(&package.manifest["package"], key) {
                say(format!("{key}.workspace = true is missing"));
            }
        }
        let lints = package
            .manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"));
        if lints.and_then(Item::as_bool) != Some(true) {
            say("[lints] workspace = true is missing".into());
        }
    }
    complaints
}

/// The root is what the mission fixes and nothing else.
#[must_use]
pub fn check_root(house: &House) -> Vec<String> {
    let mut strangers: Vec<&str> = house
        .files
        .iter()
        .filter_map(|file| file.path.split('/').next())
        .filter(|entry| !ROOT.contains(entry))
        .collect();
    strangers.dedup();
    strangers
        .into_iter()
        .map(|entry| format!("{entry}: is not an entry of the root"))
        .collect()
}

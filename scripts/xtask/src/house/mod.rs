//! The house rules. Each rule is a function from the repository to complaints; `tests/layout` asks
//! that there are none, `xtask house` prints them.

pub mod arrows;
pub mod manifests;
pub mod pure;
pub mod sizes;
pub mod unsafety;
pub mod words;

use std::path::Path;

use crate::tree::{File, files};

/// The repository as the rules see it.
#[derive(Debug)]
pub struct House {
    /// Every text file.
    pub files: Vec<File>,
    /// Every package of ours.
    pub packages: Vec<manifests::Package>,
}

impl House {
    /// Reads the repository at `root`.
    ///
    /// # Errors
    /// A file that cannot be read, a manifest that is not TOML.
    pub fn read(root: &Path) -> anyhow::Result<Self> {
        let files = files(root)?;
        let packages = manifests::packages(&files)?;
        Ok(Self { files, packages })
    }

    /// Everything that breaks a rule, but for the rule that needs Cargo ([`pure::check`]).
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let rules: [fn(&Self) -> Vec<String>; 6] = [
            manifests::check,
            arrows::check,
            sizes::check,
            words::check,
            unsafety::check,
            manifests::check_root,
        ];
        rules.iter().flat_map(|rule| rule(self)).collect()
    }
}

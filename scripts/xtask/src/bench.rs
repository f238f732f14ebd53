//! `cargo xtask bench WHAT [OPTIONS]`: builds program and bench for release and measures: `media` is
//! the table of calls, conferences and memory. What there is to measure: `tests/bench/README.md`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

/// Runs the bench on what stands in the folder; false if a figure that was to be checked does not
/// hold.
///
/// # Errors
/// When cargo or the bench cannot be started, or the program cannot be built.
pub fn bench(folder: &Path, words: &[String]) -> anyhow::Result<bool> {
    let built = Command::new("cargo")
        .current_dir(folder)
        .args(["build", "--release", "--package", "centralka"])
        .args(["--package", "tests-bench"])
        .status()
        .context("cargo could not be started")?;
    ensure!(built.success(), "the program could not be built");
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let programs = target
        .unwrap_or_else(|| folder.join("target"))
        .join("release");
    let status = Command::new(programs.join("bench"))
        .current_dir(folder)
        .arg("--bin")
        .arg(programs.join("centralka"))
        .args(words)
        .status()
        .context("the bench could not be started")?;
    Ok(status.success())
}

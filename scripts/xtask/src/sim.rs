//! `cargo xtask sim [SEED] [--profile P] [--minutes N] [--silent]`: plays one virtual world with a line
//! for every effect, seed and commit first and last; `--hour` measures an hour of office time.

#![expect(clippy::print_stdout, reason = "speaks to people on a terminal")]

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

/// Runs the simulator on what stands in the folder; whether the world kept its promises.
///
/// # Errors
/// When cargo cannot be started.
pub fn sim(folder: &Path, words: &[String]) -> anyhow::Result<bool> {
    let mut words = words.to_vec();
    if words.first().is_none_or(|word| word.starts_with("--")) {
        // Any number will do that nobody chose.
        words.insert(0, std::process::id().to_string());
    }
    let commit = commit(folder);
    println!("{commit}");
    let mut cargo = Command::new("cargo");
    cargo.current_dir(folder).args(["run", "--quiet"]);
    if words.iter().any(|word| word == "--hour") {
        cargo.arg("--release");
    }
    let status = cargo
        .args(["--package", "tests-sim", "--bin", "sim", "--"])
        .args(&words)
        .status()
        .context("cargo could not be started")?;
    println!("{commit}");
    Ok(status.success())
}

/// Plays a journal with the program that stands in the folder; whether everything came out the same.
///
/// # Errors
/// When cargo cannot be started.
pub fn replay(folder: &Path, file: &str) -> anyhow::Result<bool> {
    let file = std::path::absolute(file)?;
    let status = Command::new("cargo")
        .current_dir(folder)
        .args(["run", "--quiet", "--package", "centralka", "--", "replay"])
        .arg(file)
        .status()
        .context("cargo could not be started")?;
    Ok(status.success())
}

/// The commit, and whether there is more than it in the folder.
fn commit(folder: &Path) -> String {
    let git = |words: &[&str]| {
        let output = Command::new("git").current_dir(folder).args(words).output();
        let output = output.ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let head = git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".into());
    let changed = git(&["status", "--porcelain"]).is_some_and(|list| !list.is_empty());
    format!("commit {head}{}", if changed { " and changes" } else { "" })
}

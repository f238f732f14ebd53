//! `cargo xtask soak lines [--port] [--hours N] [--seed N] [--first CALL]`: hours of sound in which no call may be ended, see `tests/lines`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

/// Builds the soak for release and runs it; false if it would have ended a call.
///
/// # Errors
/// When cargo cannot be started, or there is no such soak.
pub fn soak(folder: &Path, words: &[String]) -> anyhow::Result<bool> {
    let Some(("lines", words)) = words
        .split_first()
        .map(|(name, rest)| (name.as_str(), rest))
    else {
        bail!("usage: cargo xtask soak lines [--port] [--hours N] [--seed N] [--first CALL]");
    };
    let status = Command::new("cargo")
        .current_dir(folder)
        .args([
            "run",
            "--release",
            "--quiet",
            "--package",
            "tests-lines",
            "--bin",
            "soak",
            "--",
        ])
        .args(words)
        .status()
        .context("cargo could not be started")?;
    Ok(status.success())
}

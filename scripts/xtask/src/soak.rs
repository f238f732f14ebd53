//! `cargo xtask soak lines [--port] [--hours N] [--seed N] [--first CALL]`: hours of sound in which no call may be ended, see `tests/lines`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

/// Names the folder of speech that the soak plays.
const SPEECH: &str = "CENTRALKA_SPEECH";
/// Where Debian's package of it has it.
const DEBIANS: &str = "/usr/share/asterisk/sounds/en_US_f_Allison";

/// Builds the soak for release and runs it; false if it would have ended a call.
///
/// # Errors
/// When cargo cannot be started, there is no such soak, or no speech for it.
pub fn soak(folder: &Path, words: &[String]) -> anyhow::Result<bool> {
    let Some(("lines", words)) = words
        .split_first()
        .map(|(name, rest)| (name.as_str(), rest))
    else {
        bail!("usage: cargo xtask soak lines [--port] [--hours N] [--seed N] [--first CALL]");
    };
    let speech = std::env::var_os(SPEECH).map_or_else(|| DEBIANS.into(), PathBuf::from);
    if !speech.is_dir() {
        bail!(
            "there is no speech in {}: install asterisk-core-sounds-en-wav and espeak-ng, or let {SPEECH} name a folder of WAV files",
            speech.display()
        );
    }
    let status = Command::new("cargo")
        .current_dir(folder)
        .env(SPEECH, speech)
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

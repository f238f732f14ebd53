//! `cargo xtask fuzz [--seconds N] [TARGET …]`: gives fuzz targets time, see `tests/fuzz`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

/// What libFuzzer wants of the compiler: a count of every edge, operands of comparisons, checks of every
/// access to memory and of every sum.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
    --cfg fuzzing -Cdebug-assertions -Ccodegen-units=1 -Zsanitizer=address";
/// The machine that it is for; named, so that build scripts are built without all that.
const MACHINE: &str = "x86_64-unknown-linux-gnu";

/// What was asked for.
struct Wish {
    seconds: u32,
    targets: Vec<String>,
}

/// Builds all targets with the nightly toolchain and runs those that are named, or all, one after the
/// other; false if one crashed.
///
/// # Errors
/// When a word is none, a target is not there, the toolchain is not there or a target does not build.
pub fn fuzz(folder: &Path, words: &[String]) -> anyhow::Result<bool> {
    let fuzz = folder.join("tests/fuzz");
    let wish = wish(&fuzz, words)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| folder.join("target")).join("fuzz");
    let built = Command::new("cargo")
        .current_dir(&fuzz)
        .args(["+nightly", "build", "--locked", "--release"])
        .args(["--target", MACHINE, "--target-dir"])
        .arg(&target)
        .env("RUSTFLAGS", FLAGS)
        .status()
        .context("cargo could not be started")?;
    ensure!(
        built.success(),
        "the targets could not be built; they need `rustup toolchain install nightly`"
    );
    let mut held = true;
    for name in &wish.targets {
        // What is found goes to the first folder.
        let found = target.join("corpus").join(name);
        fs::create_dir_all(&found).context("the folder for what is found")?;
        let artifacts = target.join("artifacts").join(name);
        fs::create_dir_all(&artifacts).context("the folder for crashes")?;
        let status = Command::new(target.join(MACHINE).join("release").join(name))
            .arg(&found)
            .arg(fuzz.join("corpus").join(name))
            .arg(format!("-max_total_time={}", wish.seconds))
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"])
            .status()
            .with_context(|| format!("{name} could not be started"))?;
        held &= status.success();
    }
    Ok(held)
}

fn wish(fuzz: &Path, words: &[String]) -> anyhow::Result<Wish> {
    let mut known: Vec<String> = fs::read_dir(fuzz.join("corpus"))?
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    known.sort();
    let (mut seconds, mut targets) = (60, Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--seconds" {
            let number = words.next().and_then(|word| word.parse().ok());
            seconds = number.context("--seconds wants a number")?;
        } else {
            ensure!(known.contains(word), "there is no target {word}: {known:?}");
            targets.push(word.clone());
        }
    }
    if targets.is_empty() {
        targets = known;
    }
    Ok(Wish { seconds, targets })
}
